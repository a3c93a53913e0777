"""The page about the command line, made from the commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from livechat_async.cli.app import app

__all__ = ["PROGRAM", "describe_commands", "every_command"]

PROGRAM = "livechat-async"
_INTRODUCTION = """\
# The command line

This page is made from the program itself: `{program} COMMAND --help` shows the same.
[The start page](../index.md#install) installs it.
"""
_EXAMPLES = re.compile(r"\n*^Examples:\n", re.MULTILINE)
_STYLE = re.compile(r"\[/?[a-z ]*\]")


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
    shared: list[tuple[str, str]] = []  # described once, at the top
    for command, context in every_command():
        path: str = context.command_path
        depth = len(path.split())
        text, examples = _split_examples(inspect.cleandoc(command.help or ""))
        if depth > 1:
            parts.append(f"{'#' * depth} {path}\n")
        parts.append(f"{text}\n")
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        parts.append(f"```text\n{usage}\n```\n")
        records = [each.get_help_record(context) for each in command.get_params(context)]
        own = [each for each in records if each and each not in shared]
        shared = shared or own
        parts.extend(_describe_parameters(own))
        if examples:
            parts.append(f"```console\n{_as_prompts(examples)}\n```\n")
    return "\n".join(parts)


def _split_examples(text: str) -> tuple[str, str]:
    before, *after = _EXAMPLES.split(text, maxsplit=1)
    return _escape(_STYLE.sub("", before)), inspect.cleandoc(after[0]) if after else ""


def _describe_parameters(records: list[tuple[str, str]]) -> Iterator[str]:
    rows = [
        f"| `{names}` | {_in_cell(_escape(help_text))} |"
        for names, help_text in records
        if "--help" not in names
    ]
    if rows:
        yield "\n".join(["| option | meaning |", "| --- | --- |", *rows, ""])


def _as_prompts(examples: str) -> str:
    lines = examples.splitlines()
    return "\n".join(f"$ {line}" if line.startswith(PROGRAM) else line for line in lines)


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _escape(text: str) -> str:
    """The text with nothing that Markdown or HTML would take for markup."""
    return re.sub(r"([*<>`\[\]\\])", r"\\\1", text)
