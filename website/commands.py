"""The page about the command line, made from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from livechat_async.cli.app import app
from livechat_async.cli.help import rows_of, split_help, usage_of

PROGRAM = "livechat-async"
_INTRODUCTION = """\
# The command line

This page is made from the program itself: `{program} COMMAND --help` shows the same.
[The start page](../index.md#install) installs it.
"""
# Each command has a section of its own, and the options of all commands are those of the program.
_NOT_SHOWN = ("Commands", "Options of every command")


def every_command() -> Iterator[tuple[Any, Any]]:
    """Each command with its context, in the order of the help; groups before their commands."""
    command: Any = app
    yield from _walk(command, PROGRAM, None)


def _walk(command: Any, name: str, parent: Any) -> Iterator[tuple[Any, Any]]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    yield command, context
    for child in command.list_commands(context) if hasattr(command, "list_commands") else ():
        found = command.get_command(context, child)
        if not found.hidden:
            yield from _walk(found, child, context)


def describe_commands() -> str:
    """The page, as Markdown."""
    parts = [_INTRODUCTION.format(program=PROGRAM)]
    for command, context in every_command():
        path: str = context.command_path
        depth = len(path.split())
        about, examples = split_help(command)
        if depth > 1:
            parts.append(f"{'#' * depth} {path}\n")
        parts.extend(f"{_escape(paragraph)}\n" for paragraph in about)
        parts.append(f"```text\n{usage_of(command, context)}\n```\n")
        parts.extend(
            _as_table(title, rows)
            for title, rows in rows_of(command, context)
            if title not in _NOT_SHOWN
        )
        if examples:
            parts.append(f"```console\n{_as_prompts(examples)}\n```\n")
    return "\n".join(parts)


def _as_table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| `{_in_cell(name)}` | {_in_cell(_escape(text))} |" for name, text in rows]
    return "\n".join([f"| {title.lower()} | meaning |", "| --- | --- |", *lines, ""])


def _as_prompts(examples: str) -> str:
    lines = examples.splitlines()
    return "\n".join(f"$ {line}" if line.startswith(PROGRAM) else line for line in lines)


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _escape(text: str) -> str:
    """The text with nothing that Markdown or HTML would take for markup."""
    return re.sub(r"([*<>`\[\]\\])", r"\\\1", text)
