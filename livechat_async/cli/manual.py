"""The manual page, made of the help of every command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from livechat_async._version import __version__
from livechat_async.cli.help import rows_of, split_help, usage_of

# Without these, man shows other characters, which a shell does not take.
_GLYPHS = str.maketrans(
    {
        "\\": r"\(rs",
        "-": r"\-",
        "'": r"\(aq",
        "`": r"\(ga",
        "~": r"\(ti",
        "^": r"\(ha",
        '"': r"\(dq",
    }
)


def manual_page(app: click.Group, name: str) -> str:
    """The page as ``man`` reads it."""
    context = click.Context(app, info_name=name)
    about, _ = split_help(app)
    return "\n".join(
        [
            f'.TH {name.upper()} 1 "" "{name} {__version__}"',
            ".nh",  # a name that is broken with a hyphen cannot be pasted
            ".ad l",
            ".SH NAME",
            rf"{escape(name)} \- {escape(about[0].partition(':')[0])}",
            ".SH SYNOPSIS",
            escape(usage_of(app, context)),
            ".SH DESCRIPTION",
            *_paragraphs(about),
            *_sections(app, context, ".SH"),
            ".SH EVERY COMMAND",
            *_commands(app, context),
            "",
        ]
    )


def escape(text: str) -> str:
    """A text as one line of a page, where nothing in it is an instruction."""
    line = " ".join(text.split()).translate(_GLYPHS)
    return rf"\&{line}" if line.startswith(".") else line


def _commands(group: click.Group, parent: click.Context) -> Iterator[str]:
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        if command is None:
            continue
        context = click.Context(command, info_name=name, parent=parent)
        if isinstance(command, click.Group):
            yield from _commands(command, context)
            continue
        about, examples = split_help(command)
        yield f".SS {escape(usage_of(command, context))}"
        yield from _paragraphs(about)
        yield from _sections(command, context, ".PP")
        if examples:
            yield from (".PP", "Examples:", ".PP", ".EX")
            yield from (_indented(line) for line in examples.splitlines())
            yield ".EE"


def _indented(line: str) -> str:
    return " " * (2 + len(line) - len(line.lstrip())) + escape(line)


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (".PP", escape(text))


def _sections(command: click.Command, context: click.Context, heading: str) -> Iterator[str]:
    for title, rows in rows_of(command, context):
        if title == "Options of every command":  # the page has them once
            continue
        yield from [f".SH {title.upper()}"] if heading == ".SH" else [heading, f"{title}:"]
        for name, text in rows:
            yield from (".TP", rf"\fB{escape(name)}\fR", escape(text))
