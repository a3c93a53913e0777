"""Help for a terminal: names are never cut, and examples can be pasted."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import cleandoc
from textwrap import fill, indent
from typing import Any

import click

from livechat_async.cli.wording import label_of

EXIT_CODES = (
    ("0", "Success."),
    ("1", "A call or a check failed, or the answer to a question was no."),
    ("2", "A value, an option or a setting is wrong."),
    ("130", "It was stopped, by Ctrl-C or SIGTERM."),
    ("141", "The reader of its output is gone."),
)

_WIDEST, _NARROWEST = 100, 40
_MOST_LEFT = 32
"""The most characters of a name that has its text beside it; else the text is below."""
_EXAMPLES = "Examples:"
_WHOLE = r"(?<!\w)'[^']+'(?!\w)|\[[^\]]+\]"
_GLUE = "\xa0"  # a blank at which no line ends


def help_of(command: click.Command, context: click.Context) -> str:
    """The help of a command or a group."""
    width = max(min(shutil.get_terminal_size().columns, _WIDEST), _NARROWEST)
    about, examples = split_help(command)
    parts = [_filled(paragraph, width) for paragraph in about]
    parts.append(f"{_heading('Usage:')} {usage_of(command, context)}")
    for title, rows in rows_of(command, context):
        parts.append(f"{_heading(f'{title}:')}\n{_in_columns(rows, width)}")
    if context.parent is not None:
        root = context.find_root().command_path
        parts.append(f"{_heading('Exit codes:')} '{root} --help' lists them")
    if examples:
        parts.append(f"{_heading(_EXAMPLES)}\n{indent(examples, '  ')}")
    return "\n\n".join(parts)


def split_help(command: click.Command) -> tuple[list[str], str]:
    """The paragraphs of a command's help, and its examples, a line each."""
    about, _, examples = cleandoc(command.help or "").partition(_EXAMPLES)
    paragraphs = [" ".join(part.split()) for part in about.split("\n\n")]
    return [part for part in paragraphs if part], cleandoc(examples)


def usage_of(command: click.Command, context: click.Context) -> str:
    """How the command is written, in one line, with the options that it cannot do without."""
    options = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    needed = [_names_of(one, [label_of(one)]) for one in options if one.required and not one.envvar]
    return " ".join([context.command_path, *needed, *command.collect_usage_pieces(context)])


def rows_of(
    command: click.Command, context: click.Context
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The sections of the help, each with names and what they mean."""
    parameters = command.get_params(context)
    arguments = [one for one in parameters if isinstance(one, click.Argument)]
    options = [one for one in parameters if isinstance(one, click.Option) and not one.hidden]
    root = context.find_root().command
    shared: Sequence[click.Parameter] = () if command is root else getattr(root, "shared", ())
    common = [*shared, command.get_help_option(context)]
    own = [one for one in options if command is root or one not in common]
    summaries: Callable[[click.Context], Iterable[tuple[str, str]]]
    summaries = getattr(command, "summaries", lambda _: ())
    sections = (
        ("Commands", list(summaries(context))),
        ("Arguments", [(one.make_metavar(context), getattr(one, "help", "")) for one in arguments]),
        ("Options", [_option_row(one) for one in own]),
        (
            "Options of every command",
            [_option_row(one) for one in options if one not in own],
        ),
        ("Exit codes", list(EXIT_CODES) if command is root else []),
    )
    return ((title, rows) for title, rows in sections if rows)


def _option_row(option: click.Option) -> tuple[str, str]:
    short = [name for name in option.opts if not name.startswith("--")]
    names = _names_of(option, [*short, label_of(option), *option.secondary_opts])
    return names, " ".join([option.help or "", *_remarks(option)]).strip()


def _names_of(option: click.Option, names: Sequence[str]) -> str:
    value = "" if option.is_flag else f" {option.metavar or _kind(option)}"
    return f"{', '.join(names)}{value}"


def _kind(option: click.Option) -> str:
    choices = getattr(option.type, "choices", None)
    if choices:
        return "|".join(choices)
    return "NUMBER" if option.type.name == "number" else (option.name or "").upper()


def _remarks(option: click.Option) -> Iterator[str]:
    default: Any = option.default
    if option.required:
        yield "[required]"
    elif isinstance(default, (int, float, str)) and not isinstance(default, bool):
        yield f"[default: {default:g}]" if isinstance(default, float) else f"[default: {default}]"
    if option.envvar:
        yield f"[variable: {option.envvar}]"


def _heading(text: str) -> str:
    return text if os.environ.get("NO_COLOR") else click.style(text, bold=True)


def _filled(text: str, width: int, gap: str = "") -> str:
    """Lines of words. Names, commands in quotes, and remarks in brackets are never broken."""
    lines = fill(
        re.sub(_WHOLE, lambda whole: whole[0].replace(" ", _GLUE), text),
        width,
        initial_indent=gap,
        subsequent_indent=gap,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace(_GLUE, " ")


def _in_columns(rows: Iterable[tuple[str, str]], width: int) -> str:
    """Names and texts side by side. A long name has its text below it."""
    rows = list(rows)
    left = max((len(name) for name, _ in rows if len(name) <= _MOST_LEFT), default=0) + 2
    lines = []
    for name, text in rows:
        gap = " " * (left + 2)
        body = _filled(text, width, gap)
        if len(name) + 2 <= left:
            lines.append(f"  {name:<{left}}{body.lstrip()}".rstrip())
        else:
            lines += [f"  {name}", body]
    return "\n".join(lines)
