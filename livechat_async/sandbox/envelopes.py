"""Changes to the JSON of an answer, part by part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from livechat_async.sandbox.http.answers import to_json

__all__ = ["edit"]

_LEADS_NOWHERE = (LookupError, TypeError)


def edit(body: bytes, change: Mapping[str, object], omit: Iterable[str]) -> bytes:
    """The body with some parts changed and others left out.

    Args:
        body: JSON; anything else stays as it is.
        change: paths such as ``chats.0.duration``, and their new values.
        omit: paths.
    """
    try:
        value = json.loads(body)
    except ValueError:
        return body
    for path, new in change.items():
        with suppress(*_LEADS_NOWHERE):
            place, key = _place(value, path)
            place[key] = new
    for path in omit:
        with suppress(*_LEADS_NOWHERE):
            place, key = _place(value, path)
            del place[key]
    return to_json(value)


def _place(value: Any, path: str) -> tuple[Any, str | int]:
    """The object or list a path ends in, and the key there."""
    *way, last = path.split(".")
    for key in way:
        value = value[_key(value, key)]
    return value, _key(value, last)


def _key(value: object, key: str) -> str | int:
    return int(key) if isinstance(value, list) and key.isdecimal() else key
