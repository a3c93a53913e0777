"""``livechat-async webhooks dead``: the events that a bot has given up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import click

from livechat_async.cli.common import to_json, without_secrets
from livechat_async.cli.output.listing import Listing, View, draw_list, fields, two_lines
from livechat_async.cli.output.show import local_time
from livechat_async.cli.parsing import Group, argument, option
from livechat_async.display import number_of
from livechat_async.redaction import printable

if TYPE_CHECKING:
    from livechat_async.webhooks.letters import DeadLetter, DeadLetters

app: Group = Group(help="The events that a bot has given up: its dead letters.")

_PREFIX = "livechat"
_Engine: TypeAlias = Annotated[
    str,
    option(
        "The file of the bot's SQLiteEngine, or the URL of its TaskiqEngine's Redis. Other users "
        "of this machine can see options, so the variable is safer for a URL with a password.",
        "--engine",
        envvar="LIVECHAT_BOT_ENGINE",
        metavar="FILE",
    ),
]
_Prefix: TypeAlias = Annotated[
    str, option("The prefix of the TaskiqEngine.", "--prefix", metavar="TEXT")
]
_Ids: TypeAlias = Annotated[
    list[int] | None, argument("The letters' ids, as list shows them.", metavar="[ID]...")
]
_All: TypeAlias = Annotated[bool, option("All dead letters.", "--all")]
_AsJson: TypeAlias = Annotated[bool, option("As one JSON document, with all but tokens.", "--json")]


def _to_plain(letter: DeadLetter) -> dict[str, Any]:
    event = _event(letter)
    return {
        "id": letter.id,
        "event_type": _type_of(event),
        "handler": letter.handler,
        "received": letter.received.isoformat(timespec="seconds"),
        "died": letter.died.isoformat(timespec="seconds"),
        "attempts": letter.attempts,
        "error": letter.error,
        "event": event,
    }


def _event(letter: DeadLetter) -> Any:
    """The event as it was sent, without secrets; a text if it is no JSON."""
    try:
        return without_secrets(json.loads(letter.body))
    except (ValueError, RecursionError):
        return f"{len(letter.body):,} bytes that are no JSON"


def _type_of(event: Any) -> str:
    kind = event.get("event_type") if isinstance(event, dict) else None
    return kind if isinstance(kind, str) else "unreadable"


def _summary(letter: DeadLetter) -> str:
    return letter.error.partition("\n")[0]


_LETTERS: Listing[DeadLetter] = Listing(
    "dead letter",
    columns={
        **fields("id"),
        "died": lambda letter: letter.died.isoformat(timespec="seconds"),
        "event_type": lambda letter: _type_of(_event(letter)),
        **fields("handler", "attempts"),
        "error": _summary,
    },
    cells={
        "Id": lambda letter: two_lines(str(letter.id), ""),
        "Event, handler": lambda letter: two_lines(
            _type_of(_event(letter)), letter.handler, "bold", fold=True
        ),
        "Given up, after": lambda letter: two_lines(
            local_time(letter.died), number_of(letter.attempts, "attempt")
        ),
        "Error": lambda letter: two_lines(_summary(letter), "", fold=True),
    },
    to_plain=_to_plain,
    about_json="all but tokens",
)


@app.command("list")
def list_letters(
    *, engine: _Engine, prefix: _Prefix = _PREFIX, view: Annotated[View[Any], _LETTERS.options()]
) -> None:
    """Show the dead letters, oldest first.

    A table on a terminal, elsewhere tab-separated columns below a line of their names.

    Examples:
      livechat-async webhooks dead list --engine bot.sqlite3
      LIVECHAT_BOT_ENGINE=redis://127.0.0.1:6379/0 livechat-async webhooks dead list
    """
    with _opened(engine, prefix) as letters:
        draw_list(letters.list(), view)


@app.command("show")
def show_letter(
    letter_id: Annotated[int, argument("The letter's id, as list shows it.", metavar="ID")],
    *,
    engine: _Engine,
    prefix: _Prefix = _PREFIX,
    as_json: _AsJson = False,
) -> None:
    """Show a dead letter: its error with the traceback, and its event.

    Examples:
      livechat-async webhooks dead show 7 --engine bot.sqlite3
    """
    with _opened(engine, prefix) as letters:
        (letter,) = letters.list([letter_id])
    plain = _to_plain(letter)
    if as_json:
        click.echo(to_json(plain, indent=2))
        return
    event, error = plain.pop("event"), plain.pop("error")
    for name, value in plain.items():
        click.echo(printable(f"{name}: {value}"))
    click.echo("\n".join(map(printable, error.splitlines())))
    click.echo(to_json(event, indent=2))


@app.command("replay")
def replay_letters(
    ids: _Ids = None, *, every: _All = False, engine: _Engine, prefix: _Prefix = _PREFIX
) -> None:
    """Let dead letters run again, with all their attempts.

    A bot that runs takes them within a second; otherwise they wait for its start.
    Repair the cause first, or they will be dead letters again.

    Examples:
      livechat-async webhooks dead replay 7 8 --engine bot.sqlite3
      livechat-async webhooks dead replay --all --engine bot.sqlite3
    """
    with _opened(engine, prefix) as letters:
        count = len(letters.replay(_chosen(ids, every=every)))
    click.echo(f"{number_of(count, 'event')} will be handled again")


@app.command("discard")
def discard_letters(
    ids: _Ids = None, *, every: _All = False, engine: _Engine, prefix: _Prefix = _PREFIX
) -> None:
    """Remove dead letters for good.

    Examples:
      livechat-async webhooks dead discard 7 --engine bot.sqlite3
    """
    with _opened(engine, prefix) as letters:
        count = len(letters.discard(_chosen(ids, every=every)))
    click.echo(f"{number_of(count, 'dead letter')} removed")


@contextmanager
def _opened(engine: str, prefix: str) -> Iterator[DeadLetters]:
    # Imported here, because the webhooks take long to import.
    if "://" in engine:
        try:
            from livechat_async.webhooks.taskiq.letters import RedisLetters  # noqa: PLC0415
        except ImportError as missing:
            raise click.BadParameter(f"--engine with a URL: {missing}") from None
        with closing(RedisLetters(engine, prefix=prefix)) as letters:
            yield letters
    else:
        from livechat_async.webhooks.sqlite.letters import SQLiteLetters  # noqa: PLC0415

        yield SQLiteLetters(engine)


def _chosen(ids: Sequence[int] | None, *, every: bool) -> Sequence[int] | None:
    if bool(ids) == every:
        raise click.BadParameter("say which dead letters: their ids, or --all")
    return None if every else ids
