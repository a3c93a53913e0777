"""A user's code as a type checker sees it: a plain ``with`` goes nowhere. Nothing here is run."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import NoReturn, assert_type

from livechat_async import LiveChatClient


def plain(client: LiveChatClient) -> None:
    assert_type(client.__enter__(), NoReturn)
