"""``livechat-async completion`` and ``livechat-async man``: files for the shell and for ``man``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    get_completion_class,
)

from livechat_async.cli.common import NAME
from livechat_async.cli.manual import manual_page
from livechat_async.cli.parsing import argument

VARIABLE = "_LIVECHAT_ASYNC_COMPLETE"
"""What the script sets at each Tab, to ask for completions."""


class _Bash(BashComplete):
    """Bash puts a value into the line as it is, so blanks are escaped here."""

    def format_completion(self, item: CompletionItem[Any]) -> str:
        return f"{item.type},{item.value.replace(' ', chr(92) + ' ')}"


add_completion_class(_Bash)


class _Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def print_completion(
    context: click.Context, shell: Annotated[_Shell, argument(f"One of {', '.join(_Shell)}.")]
) -> None:
    r"""Print the script by which a shell completes commands, options and their values.

    It asks this program at each Tab, so it fits later versions, too. In zsh, compinit has to run
    before it.

    Examples:
      livechat-async completion bash >> ~/.bashrc
      livechat-async completion zsh >> ~/.zshrc
      livechat-async completion fish \
        > ~/.config/fish/completions/livechat-async.fish
    """
    kind = get_completion_class(shell.value)
    if kind is None:
        raise click.UsageError(f"the installed version of click has no script for {shell.value}")
    click.echo(kind(context.find_root().command, {}, NAME, VARIABLE).source())


def print_manual(context: click.Context) -> None:
    """Print the manual page of all commands, for man.

    Examples:
      livechat-async man | man -l -
      livechat-async man > ~/.local/share/man/man1/livechat-async.1
    """
    root = context.find_root().command
    assert isinstance(root, click.Group)  # noqa: S101 - it is the app
    click.echo(manual_page(root, NAME), nl=False)
