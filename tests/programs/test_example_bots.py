"""The FastAPI service and the aiohttp bot, with real webhooks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from example_shell import BLOCKS, Shell

PATHS = {"fastapi": "/livechat/", "aiohttp": "/livechat"}


@pytest.fixture
def database(shell: Shell, tmp_path: Path) -> Path:
    path = tmp_path / "customers.db"
    shell.env["DATABASE"] = str(path)
    return path


def let_mary_chat(shell: Shell) -> None:
    coming, chatting, *_ = BLOCKS["chat"]
    assert shell.json(coming)["name"] == "Mary"
    assert shell.json(chatting)["visitor_id"] == "S1.mary"


def come_again(shell: Shell) -> None:
    ending, chatting, _ = BLOCKS["chat again"]
    shell.run(ending)
    shell.run(chatting)


def deliveries(shell: Shell) -> list[list[int | None]]:
    deliveries = shell.json(f"curl -sS {shell.sandbox}/_sandbox/deliveries")
    return [[attempt["status"] for attempt in delivery["attempts"]] for delivery in deliveries]


def registered(shell: Shell) -> list[str]:
    _, *lines = shell.run("livechat-async webhooks list").splitlines()
    return [line.split("\t", 1)[1] for line in lines]


def assert_quiet(shell: Shell, name: str) -> None:
    """It ended without an error, nothing was left open, and no secret was printed."""
    log = shell.log(name)
    for word in ("Traceback", "ResourceWarning", "nclosed"):
        assert word not in log
    for secret in ("LIVECHAT_TOKEN", "LIVECHAT_WEBHOOK_PASSWORD"):
        assert shell.env[secret] not in log
    assert "mary@example.com" not in log


def test_the_fastapi_service_shows_what_its_database_knows(shell: Shell, database: Path):
    shell.start_bot("fastapi")
    let_mary_chat(shell)
    seen = shell.details_when("Plan", "Gold")
    assert seen == {"Plan": "Gold", "Customer since": "2021-03-01"}
    assert shell.json(BLOCKS["chat"][-1])["done"] == 1

    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE customers SET plan = 'Platinum' WHERE email LIKE 'mary@%'")
    come_again(shell)
    shell.details_when("Plan", "Platinum")
    assert deliveries(shell) == [[200], [200]]
    shell.stop("fastapi")
    assert_quiet(shell, "fastapi")


def test_a_visitor_who_is_no_customer_is_left_alone(shell: Shell, database: Path):
    shell.start_bot("fastapi")
    coming, chatting, details, health = BLOCKS["chat"]
    shell.run(coming.replace("Mary", "Nobody"))
    shell.run(chatting)
    come_again(shell)
    shell.run(f"until {health} | grep -q '\"done\":2'; do sleep 0.05; done")
    assert shell.json(details) == []
    assert database.exists()


def test_the_aiohttp_bot_shows_earlier_chats(shell: Shell):
    shell.start_bot("aiohttp")
    let_mary_chat(shell)
    assert shell.details_when("Earlier chats", "0") == {"Earlier chats": "0"}
    come_again(shell)
    seen = shell.details_when("Earlier chats", "1")
    assert len(seen) == 2
    assert shell.json(BLOCKS["chat"][-1])["done"] == 2
    shell.stop("aiohttp")
    assert_quiet(shell, "aiohttp")


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.usefixtures("database")
def test_a_bot_registers_itself_once_and_refuses_other_senders(shell: Shell, name: str):
    shell.start_bot(name)
    url = f"{shell.bot}{PATHS[name]}"
    line = f"chat_started\tchat, visitor, pre_chat_survey\t{url}\tyes"
    assert registered(shell) == [line]

    body = Request(url, b"{}", {"Content-Type": "application/json"})  # noqa: S310
    with pytest.raises(HTTPError, match="401") as refused:
        urlopen(body)  # noqa: S310
    refused.value.close()

    shell.stop(name)
    shell.start_bot(name)
    assert registered(shell) == [line]
    assert_quiet(shell, name)
