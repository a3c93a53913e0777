"""Completion: the script for a shell, and the answers that the script asks for at each Tab."""

from __future__ import annotations

import os
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    get_completion_class,
    shell_complete,
)

VARIABLE = "_LIVECHAT_ASYNC_COMPLETE"
"""What the script sets to ask for completions."""


class _Bash(BashComplete):
    """Bash puts a value into the line as it is, so blanks are escaped here."""

    def format_completion(self, item: CompletionItem[Any]) -> str:
        return f"{item.type},{item.value.replace(' ', chr(92) + ' ')}"


add_completion_class(_Bash)


def is_asked() -> bool:
    """Whether a shell asks for completions, and not a person for a command."""
    return bool(os.environ.get(VARIABLE))


def answer(app: click.Command, name: str) -> int:
    """Print what completes the line of the shell, and return the exit code."""
    return shell_complete(app, {}, name, VARIABLE, os.environ[VARIABLE])


def script(app: click.Command, name: str, shell: str) -> str | None:
    """What sets completion up in a shell; None if click knows none for it."""
    kind = get_completion_class(shell)
    return None if kind is None else kind(app, {}, name, VARIABLE).source()
