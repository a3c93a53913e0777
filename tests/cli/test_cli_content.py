"""The commands for tags, goals, greetings and canned responses, and the question before a loss."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import click
import pytest
from cli_runner import COMMAND, PATIENCE, Done, show

from livechat_async import CustomVariableRule, FunnelUrl, LiveChatClient, UrlFunnel
from livechat_async.sandbox import Sandbox

Here = Callable[..., Awaitable[Done]]
VISITOR = "S1352647457.ac951bfe2e"


def rows(done: Done) -> list[dict[str, str]]:
    assert (done.code, done.err) == (0, "")
    names, *lines = (line.split("\t") for line in done.out.splitlines())
    return [dict(zip(names, line, strict=True)) for line in lines]


def lines(done: Done) -> dict[str, str]:
    """What `get` shows: a name and a value in each line."""
    assert (done.code, done.err) == (0, "")
    pairs = (line.partition(":") for line in done.out.splitlines() if line)
    return {name: value.strip() for name, _, value in pairs}


async def answered(answer: str, *arguments: str, env: dict[str, str]) -> tuple[int, str, str]:
    """Run a command whose standard input is a terminal, and answer its question."""
    master, slave = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *arguments, env=env, stdin=slave, stdout=PIPE, stderr=PIPE
        )
        assert process.stdout is not None
        asked = await asyncio.wait_for(process.stdout.readuntil(b": "), PATIENCE)
        os.write(master, answer.encode())
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        os.close(slave)
        os.close(master)
    assert process.returncode is not None
    return process.returncode, (asked + out).decode(), err.decode()


async def test_tags_are_listed_made_and_removed(sandbox: Sandbox, here: Here) -> None:
    sandbox.add_chat(tags=["sales"])
    listed = rows(await here("tags", "list", "--group", "2"))
    assert listed == [
        {
            "name": "sales",
            "group": "2",
            "in_chats": "1",
            "in_tickets": "0",
            "author": "john.doe@example.com",
            "creation_date": "2014-06-17T07:10:14+00:00",
        }
    ]
    new = ("v\x1bip", "--group", "0", "--author", "jane.doe@example.com")
    made = await here("tags", "create", *new)
    assert (made.code, made.out) == (0, "group 0 has the tag v␛ip now\n")
    assert "v␛ip" in [row["name"] for row in rows(await here("tags", "list"))]
    gone = await here("tags", "delete", "sales", "--group", "2", "--yes")
    assert (gone.code, gone.out) == (0, "the tag is removed\n")
    assert "sales" not in [row["name"] for row in rows(await here("tags", "list"))]


async def test_goals_are_made_changed_and_reached(sandbox: Sandbox, here: Here) -> None:
    made = await here("goals", "create", "Thanks", "--url", "https://example.com/thanks")
    assert (made.code, made.out) == (0, "Thanks is goal 1 now\n")
    await here("goals", "create", "Newsletter", "--variable", "subscribed=a=b")
    await here("goals", "create", "By a program")
    assert lines(await here("goals", "get", "1")) == {
        "id": "1",
        "name": "Thanks",
        "active": "yes",
        "type": "url",
        "reached_by": "https://example.com/thanks",
    }
    assert lines(await here("goals", "get", "2"))["reached_by"] == "subscribed=a=b"
    paused = await here("goals", "update", "1", "--paused", "--name", "Thank you")
    assert (lines(paused)["active"], lines(paused)["name"]) == ("no", "Thank you")
    assert lines(await here("goals", "update", "1", "--active"))["active"] == "yes"
    listed = rows(await here("goals", "list", "--type", "api"))
    assert [row["id"] for row in listed] == ["71", "72", "3"]

    chat_id = sandbox.add_chat(visitor={"id": VISITOR})
    order = ("--order-id", "A-17", "--order-price", "49.50", "--order-currency", "EUR")
    marked = await here("goals", "mark", "71", VISITOR, *order)
    assert (marked.code, marked.out) == (0, "the visitor has reached the goal\n")
    (chat,) = sandbox.chats
    assert chat["id"] == chat_id
    assert chat["goals"][0]["order"] == {
        "id": "A-17",
        "description": "",
        "price": "49.50",
        "currency": "EUR",
    }
    assert (await here("goals", "delete", "1", "-y")).out == "the goal is removed\n"
    assert (await here("goals", "get", "1")).code == 1


async def test_greetings_are_listed_and_shown(here: Here) -> None:
    listed = rows(await here("greetings", "list", "--group", "0"))
    assert [row["id"] for row in listed] == ["2291", "2411"]
    assert listed[1]["rules"] == "visits_number greater_or_equal 2"
    assert lines(await here("greetings", "get", "2411")) == listed[1]
    told = await here("greetings", "get", "2411", "--json")
    assert json.loads(told.out)["properties"]["greeting-message_text"] == "Hello again!"


async def test_rules_of_every_kind_are_shown_in_a_line(
    sandbox: Sandbox, here: Here, env: dict[str, str]
) -> None:
    rules = [
        UrlFunnel(["/shoes", FunnelUrl(url="cart", operator="contains")]),
        CustomVariableRule("empty_cart", value=True),
    ]
    async with LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client:
        made = await client.greetings.create("Cart", rules, active=False)
    assert lines(await here("greetings", "get", str(made.id)))["rules"] == (
        "custom_variable empty_cart equals true; url_funnel equals /shoes > contains cart"
    )
    _, terminal = await show("greetings", "list", env=env)
    assert "1, paused" in terminal.plain


async def test_canned_responses_are_made_changed_and_removed(here: Here) -> None:
    assert [row["id"] for row in rows(await here("canned-responses", "list"))] == ["3151", "3161"]
    new = ("Good bye.", "--tag", "bye", "--tag", "cu", "--group", "2")
    made = await here("canned-responses", "create", *new)
    assert (made.code, made.out) == (0, "it is canned response 1 now\n")
    (listed,) = rows(await here("canned-responses", "list", "--group", "2"))
    shown = lines(await here("canned-responses", "get", "1"))
    assert shown == {**listed, "tags": "cu, bye", "text": "Good bye.", "modified_by": ""}
    changed = await here("canned-responses", "update", "1", "--tag", "bye")
    assert lines(changed)["tags"] == "bye"
    assert lines(changed)["text"] == "Good bye."
    gone = await here("canned-responses", "delete", "1", "--yes")
    assert (gone.code, gone.out) == (0, "the canned response is removed\n")
    assert rows(await here("canned-responses", "list", "--group", "2")) == []


@pytest.mark.parametrize(
    ("command", "number", "texts"),
    [
        ("tags", "4 tags", ("sales", "group 2", "john.doe@example.com")),
        ("goals", "2 goals", ("Order placed", "71", "api")),
        ("greetings", "2 greetings", ("Back again", "2411", "Hello again!", "visits_number")),
        ("canned-responses", "2 canned responses", ("Can I help", "#help, #else", "3151")),
    ],
)
async def test_a_terminal_gets_a_table_and_json_has_every_field(
    env: dict[str, str], here: Here, command: str, number: str, texts: tuple[str, ...]
) -> None:
    code, terminal = await show(command, "list", env=env)
    assert (code, terminal.plain.splitlines()[0].strip()) == (0, number)
    assert max(map(len, terminal.plain.splitlines())) <= 80
    for text in texts:
        assert text in terminal.plain
    told = await here(command, "list", "--json")
    assert len(json.loads(told.out)) == int(number.partition(" ")[0])


async def test_an_empty_list_is_said_to_be_empty(here: Here, env: dict[str, str]) -> None:
    _, terminal = await show("canned-responses", "list", "--group", "7", env=env)
    assert terminal.plain.strip() == "No canned responses."
    assert (await here("tags", "list", "--group", "7", "--json")).out == "[]\n"


DELETIONS = [
    (
        ("agents", "delete", "jane.doe@example.com"),
        "Remove the agent jane.doe@example.com and the statistics?",
    ),
    (("groups", "delete", "2"), "Remove group 2?"),
    (("tags", "delete", "sales", "--group", "2"), "Remove the tag sales from group 2?"),
    (("goals", "delete", "71"), "Remove goal 71?"),
    (("canned-responses", "delete", "3151"), "Remove canned response 3151?"),
]


@pytest.mark.parametrize(("arguments", "question"), DELETIONS)
async def test_nothing_is_removed_without_a_yes(
    sandbox: Sandbox, here: Here, arguments: tuple[str, ...], question: str
) -> None:
    done = await here(*arguments)
    assert (done.code, done.out) == (2, "")
    assert f"{question} Standard input is no terminal: pass --yes" in done.err
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1)],
)
async def test_a_person_is_asked(
    sandbox: Sandbox, env: dict[str, str], answer: str, code: int
) -> None:
    arguments, question = DELETIONS[0]
    ended, out, err = await answered(answer, *arguments, env=env)
    assert ended == code, err
    assert question in out
    assert err.endswith("nothing is changed\n" if code else "")
    assert "bug" not in err
    assert len(sandbox.requests) == (code == 0)


async def test_ctrl_c_at_the_question_ends_with_its_own_code(
    sandbox: Sandbox, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        abort = click.Abort()
        abort.__context__ = KeyboardInterrupt()  # as click itself does
        raise abort

    monkeypatch.setattr(click, "confirm", interrupted)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    done = await here("goals", "delete", "71")
    assert (done.code, done.out, done.err) == (130, "", "nothing is changed\n")
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tags", "create", "vip", "--group", "0"), "--author"),
        (("tags", "create", "vip", "--group", "0", "--author", "john"), "author='john': an e-mail"),
        (("goals", "get", "seventy"), "GOAL_ID: 'seventy' is not a whole number"),
        (("goals", "list", "--type", "web"), "web"),
        (("goals", "update", "71"), "nothing to change"),
        (("goals", "create", "a", "--url", "/a", "--variable", "b=c"), "give --url or --variable"),
        (("goals", "create", "a", "--variable", "b"), "--variable: 'b' cannot be used: NAME="),
        (("goals", "mark", "71", VISITOR, "--order-price", "49,50"), "--order-price: '49,50'"),
        (("goals", "mark", "71", VISITOR, "--json"), "--json"),
        (("canned-responses", "create", "Bye."), "--tag"),
        (("canned-responses", "update", "3151"), "nothing to change"),
    ],
)
async def test_a_wrong_value_is_explained_and_nothing_is_sent(
    sandbox: Sandbox, here: Here, arguments: tuple[str, ...], said: str
) -> None:
    done = await here(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert sandbox.requests == []


@pytest.mark.parametrize(
    "command", ["agents create", "groups list", "tags create", "goals mark", "greetings get"]
)
async def test_the_help_has_an_example(here: Here, command: str) -> None:
    done = await here(*command.split(), "--help")
    assert done.code == 0
    assert "Examples:" in done.out
    assert f"livechat-async {command} " in done.out
