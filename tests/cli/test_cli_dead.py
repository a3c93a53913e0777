from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cli_runner import run, show, until

from livechat_async.webhooks import (
    ChatStarted,
    ReceiverStatus,
    SQLiteEngine,
    WebhookReceiver,
)

TOKEN = "27f41c8da685c81a890f9e5f8ce48387"


def body(number: int) -> bytes:
    document: dict[str, Any] = {
        "event_type": "chat_started",
        "event_unique_id": f"{number:032x}",
        "token": TOKEN,
        "license_id": "12345",
        "visitor": {"id": f"S{number}.a", "name": "Mary \x1b[2J", "email": "mary@example.com"},
    }
    return json.dumps(document).encode()


async def handle(
    path: Path, *numbers: int, handled: int, error: Exception | None = None
) -> ReceiverStatus:
    """Let a bot handle events, and those that wait in its file, until it has handled enough."""
    bot = WebhookReceiver(credentials=None, engine=SQLiteEngine(path), attempts=1)

    @bot.on(ChatStarted)
    async def show_plan(_: ChatStarted) -> None:
        if error is not None:
            raise error

    async with bot:
        for number in numbers:
            assert (await bot.receive(body(number), {})).status == 200
        await until(lambda: bot.status().done + bot.status().dead_letters >= handled)
        return bot.status()


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    path = tmp_path / "bot.sqlite3"
    status = await handle(
        path, 1, 2, 3, handled=3, error=OSError(f"the CRM is away\x1b[2J, {TOKEN}")
    )
    assert status.dead == 3
    return path


async def dead(*arguments: str, path: Path) -> Any:
    return await run("webhooks", "dead", *arguments, "--engine", str(path), env={})


async def test_dead_letters_are_listed_shown_replayed_and_discarded(path: Path) -> None:
    listed = await dead("list", path=path)
    header, *lines = [line.split("\t") for line in listed.out.splitlines()]
    assert header == ["id", "died", "event_type", "handler", "attempts", "error"]
    assert [[line[0], *line[2:]] for line in lines] == [
        [number, "chat_started", "show_plan", "1", "OSError: the CRM is away␛[2J, ***"]
        for number in "123"
    ]

    shown = await dead("show", "2", path=path)
    assert "handler: show_plan\n" in shown.out
    assert "Traceback (most recent call last):" in shown.out
    assert '"email": "mary@example.com"' in shown.out
    assert f'"event_unique_id": "{2:032x}"' in shown.out

    as_json = json.loads((await dead("show", "2", "--json", path=path)).out)
    assert (as_json["id"], as_json["attempts"], as_json["handler"]) == (2, 1, "show_plan")
    assert as_json["event"]["visitor"]["id"] == "S2.a"

    replayed = await dead("replay", "1", "3", path=path)
    assert (replayed.code, replayed.out) == (0, "2 events will be handled again\n")
    discarded = await dead("discard", "--all", path=path)
    assert (discarded.code, discarded.out) == (0, "1 dead letter removed\n")
    for done in (listed, shown, replayed):
        assert TOKEN not in done.out + done.err
        assert "\x1b[2J" not in done.out

    assert (await handle(path, handled=2)).done == 2
    assert json.loads((await dead("list", "--json", path=path)).out) == []


async def test_a_terminal_gets_a_table(path: Path) -> None:
    code, table = await show("webhooks", "dead", "list", "--engine", str(path), env={})
    assert code == 0
    assert "3 dead letters" in table.plain
    assert "OSError: the CRM is away␛[2J, ***" in table.plain
    await dead("discard", "--all", path=path)
    code, table = await show("webhooks", "dead", "list", "--engine", str(path), env={})
    assert table.plain == "No dead letters.\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("show", "99"), "there is no dead letter 99"),
        (("replay", "1", "98"), "there is no dead letter 98"),
        (("replay",), "their ids, or --all"),
        (("discard", "1", "--all"), "their ids, or --all"),
        (("discard", "one"), "'one' is not a whole number"),
    ],
)
async def test_wrong_ids_change_nothing(
    path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    done = await dead(*arguments, path=path)
    assert done.code == 2
    assert problem in done.err
    assert len((await dead("list", path=path)).out.splitlines()) == 4


async def test_a_wrong_file_is_named_and_not_made(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database" * 1_000)
    done = await dead("list", path=tmp_path / "typo.sqlite3")
    assert (done.code, "typo.sqlite3: there is no such file" in done.err) == (2, True)
    done = await dead("list", path=tmp_path / "notes.txt")
    assert (done.code, "notes.txt: it is no SQLite database" in done.err) == (2, True)
    done = await run("webhooks", "dead", "list", "--engine", "http://127.0.0.1", env={})
    assert (done.code, "it has to start with redis://" in done.err) == (2, True)
    assert os.listdir(tmp_path) == ["notes.txt"]  # noqa: PTH208
