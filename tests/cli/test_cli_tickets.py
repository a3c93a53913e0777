from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from cli_runner import Done, show

from livechat_async.sandbox import Sandbox

Here = Callable[..., Awaitable[Done]]
HOSTILE = "[red]Evil[/red]\x1b[2J\x1b]0;title\x07\nsecond\tline\x9b31m\u202egpj.exe:smile:"
CLEANED = "[red]Evil[/red]␛[2J␛]0;title␇␊second␉line�31m�gpj.exe:smile:"


def add_known(sandbox: Sandbox) -> str:
    return sandbox.add_ticket(
        id="O5CR4",
        status="open",
        subject="Where is [my] order?",
        requester={"mail": "mary@example.com", "name": "Mary Brown"},
        assignee={"id": "jane.doe@example.com", "name": "Jane Doe"},
        groups=[{"id": 2, "name": "Support"}],
        tags=["sales", "vip"],
        date="2023-01-09T21:33:20Z",
        modified="2023-01-10T08:00:00Z",
        new_field={"some": "thing"},
        events=[
            {
                "type": "message",
                "date": "2023-01-09T21:33:20Z",
                "author": {"id": "mary@example.com", "name": "Mary Brown", "type": "client"},
                "message": "It has not arrived.\nPlease look.",
                "attachments": [{"url": "https://example.com/bill.pdf", "name": "bill.pdf"}],
            },
            {
                "type": "assignee_changed",
                "date": "2023-01-09T21:40:00Z",
                "author": {"id": "john.doe@example.com", "name": "John Doe", "type": "agent"},
                "to": {"id": "jane.doe@example.com", "name": "Jane Doe"},
            },
            {
                "type": "status_changed",
                "date": "2023-01-09T21:41:00Z",
                "current": "pending",
                "previous": "open",
            },
            {"type": "rating_offer_sent", "date": "2023-01-09T21:42:00Z"},
        ],
    )


async def test_a_pipe_gets_plain_columns(sandbox: Sandbox, here: Here) -> None:
    add_known(sandbox)

    done = await here("tickets", "list")

    assert (done.code, done.err) == (0, "")
    names, ticket = (line.split("\t") for line in done.out.splitlines())
    assert dict(zip(names, ticket, strict=True)) == {
        "id": "O5CR4",
        "status": "open",
        "subject": "Where is [my] order?",
        "requester": "Mary Brown",
        "email": "mary@example.com",
        "assignee": "Jane Doe",
        "groups": "2",
        "tags": "sales, vip",
        "date": "2023-01-09T21:33:20+00:00",
        "modified": "2023-01-10T08:00:00+00:00",
    }


async def test_a_terminal_gets_a_table(sandbox: Sandbox, env: dict[str, str]) -> None:
    add_known(sandbox)
    sandbox.add_ticket(assignee=None)

    (code, terminal), (_, none) = await asyncio.gather(
        show("tickets", "list", env=env),
        show("tickets", "list", "--tag", "nobody", env=env),
    )

    lines = terminal.plain.splitlines()
    assert (code, lines[0].strip()) == (0, "2 tickets")
    assert max(map(len, lines)) <= 80
    for text in (
        "O5CR4",
        "open",
        "Where is [my]",
        "2023-01-10 08:00",
        "Mary Brown",
        "(not assigned)",
    ):
        assert text in terminal.plain
    assert none.plain.startswith("No tickets")


async def test_json_lines_hold_every_field(sandbox: Sandbox, here: Here) -> None:
    add_known(sandbox)

    listed, one = (
        await here("tickets", "list", "--json"),
        await here("tickets", "get", "O5CR4", "--json"),
    )

    assert json.loads(listed.out)["new_field"] == {"some": "thing"}
    assert json.loads(one.out)["new_field"] == {"some": "thing"}


async def test_a_list_ends_at_max_items_unless_all_are_wanted(sandbox: Sandbox, here: Here) -> None:
    sandbox.seed_tickets(60)

    few = await here("tickets", "list", "--max-items", "3", "--json")
    page = await here("tickets", "list")
    everything = await here("tickets", "list", "--all", "--json")

    assert len(few.out.splitlines()) == 3
    assert len(page.out.splitlines()) == 25 + 1
    ids = [json.loads(line)["id"] for line in everything.out.splitlines()]
    assert len(set(ids)) == len(ids) == 60


async def test_filters_reach_the_server(sandbox: Sandbox, here: Here) -> None:
    done = await here(
        *("tickets", "list", "--from", "2023-01-01", "--to", "2023-02-01", "--status", "open"),
        *("--unassigned", "--assignee", "jane@example.com", "--requester", "mary@example.com"),
        *("--group", "0", "--source", "mail", "--query", "order", "--tag", "a", "--tagged"),
        *("--order", "asc"),
    )

    assert done.code == 0, done.err
    assert sandbox.requests[0].query == {
        "date_from": "2023-01-01",
        "date_to": "2023-02-01",
        "status": "open",
        "assigned": "0",
        "assignee": "jane@example.com",
        "requester": {"mail": "mary@example.com"},
        "group": "0",
        "source": "mail",
        "query": "order",
        "tag": "a",
        "tagged": "1",
        "order": "asc",
        "page": "1",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("list", "--from", "2023-02-01", "--to", "2023-01-01"), "swap the two"),
        (("list", "--status", "lost"), "lost"),
        (("list", "--requester", "nobody"), "e-mail address"),
        (("list", "--order", "up"), "up"),
        (("get", " "), "blank"),
    ],
)
async def test_a_wrong_call_is_exit_code_2(
    sandbox: Sandbox, here: Here, arguments: tuple[str, ...], message: str
) -> None:
    done = await here("tickets", *arguments)

    assert (done.code, done.out, sandbox.requests) == (2, "", [])
    assert message in done.err


async def test_a_ticket_is_shown_event_by_event(
    sandbox: Sandbox, env: dict[str, str], here: Here
) -> None:
    add_known(sandbox)

    done = await here("tickets", "get", "O5CR4")
    code, terminal = await show("tickets", "get", "O5CR4", env=env)

    assert (done.code, code, done.err) == (0, 0, "")
    assert terminal.plain == done.out
    assert "\x1b[" in terminal.text
    head, history = done.out.split("\n\n")
    assert "Subject:   Where is [my] order?" in head
    assert "Requester: Mary Brown · mary@example.com" in head
    assert "Groups:    Support" in head
    assert history.splitlines() == [
        "21:33:20 Mary Brown: It has not arrived.",
        "    Please look.",
        "    https://example.com/bill.pdf",
        "21:40:00 John Doe: (assignee changed: Jane Doe)",
        "21:41:00 (status changed: open → pending)",
        "21:42:00 (rating offer sent)",
    ]


async def test_no_such_ticket_is_exit_code_1(here: Here) -> None:
    done = await here("tickets", "get", "NOONE")

    assert (done.code, done.out) == (1, "")
    assert "404" in done.err


async def test_tickets_of_strangers_are_text_and_nothing_else(
    sandbox: Sandbox, env: dict[str, str], here: Here
) -> None:
    ticket_id = sandbox.add_ticket(
        subject=HOSTILE,
        requester={"mail": HOSTILE, "name": HOSTILE},
        tags=[HOSTILE],
        events=[{"type": "message", "author": {"name": HOSTILE}, "message": HOSTILE}],
    )

    pipe, get = await here("tickets", "list"), await here("tickets", "get", ticket_id)
    (_, table), (_, history) = await asyncio.gather(
        show("tickets", "list", env=env, width=400),
        show("tickets", "get", ticket_id, env=env, width=400),
    )

    assert pipe.out.splitlines()[1].split("\t")[2] == CLEANED
    for text in (pipe.out, get.out, table.plain, history.plain):
        assert "\x1b" not in text
        assert "\u202e" not in text
    for terminal in (table, history):
        assert CLEANED in terminal.plain
        assert "\x1b[2J" not in terminal.text
