"""``livechat-async completion`` and ``livechat-async man``: files for the shell and for ``man``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import click

from livechat_async.cli.common import NAME
from livechat_async.cli.completion import script
from livechat_async.cli.manual import manual_page
from livechat_async.cli.parsing import argument


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
    text = script(context.find_root().command, NAME, shell.value)
    if text is None:
        raise click.UsageError(f"the installed version of click has no script for {shell.value}")
    click.echo(text)


def print_manual(context: click.Context) -> None:
    """Print the manual page of all commands, for man.

    Examples:
      livechat-async man | man -l -
      livechat-async man > ~/.local/share/man/man1/livechat-async.1
    """
    root = context.find_root().command
    assert isinstance(root, click.Group)  # noqa: S101 - it is the app
    click.echo(manual_page(root, NAME), nl=False)
