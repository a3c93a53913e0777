"""Chats and tickets: lists that come page by page, and each of them in full."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from cli_runner import CLEANED, HOSTILE, Done, controls, show

from livechat_async.sandbox import Sandbox

Here = Callable[..., Awaitable[Done]]


def add_chat(sandbox: Sandbox) -> str:
    return sandbox.add_chat(
        id="MH022RD0K5",
        started_timestamp=1_673_300_000,
        visitor={
            "id": "S1.mary",
            "name": "Mary Brown",
            "email": "mary@example.com",
            "city": "Wrocław",
            "country": "Poland",
        },
        agents=[{"display_name": "Jane Doe", "email": "jane.doe@example.com"}],
        group=[2],
        rate="rated_good",
        tags=["sales", "vip"],
        new_field={"some": "thing"},
        messages=[
            {
                "author_name": "Jane Doe",
                "text": "Hello,\nhow can I help?",
                "timestamp": 1_673_300_005,
                "user_type": "agent",
            },
            {
                "author_name": "Mary Brown",
                "text": "Do you have [36]?",
                "timestamp": 1_673_300_065,
                "user_type": "visitor",
            },
        ],
    )


def add_missed(sandbox: Sandbox) -> str:
    return sandbox.add_chat(
        type="missed_chat",
        time=1_673_200_000,
        email="sam@example.com",
        message="When do you open?",
        visitor={"id": "S2.sam", "name": "Sam Lee"},
    )


def add_ticket(sandbox: Sandbox) -> str:
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


ADD = {"chats": add_chat, "tickets": add_ticket}


@pytest.mark.parametrize("kind", ADD)
async def test_json_holds_every_field(sandbox: Sandbox, here: Here, kind: str) -> None:
    id_ = ADD[kind](sandbox)

    listed = await here(kind, "list", "--json")
    one = await here(kind, "get", id_, "--json")

    assert json.loads(listed.out)["new_field"] == {"some": "thing"}
    assert json.loads(one.out)["new_field"] == {"some": "thing"}


@pytest.mark.parametrize("kind", ADD)
async def test_all_is_each_once_and_a_limit_asks_for_no_more_pages(
    sandbox: Sandbox, here: Here, kind: str
) -> None:
    sandbox.seed_chats(60)
    sandbox.seed_tickets(60)

    few = await here(kind, "list", "--max-items", "3", "--json")
    assert len(sandbox.requests) == 1
    everything = await here(kind, "list", "--all", "--json")

    assert len(few.out.splitlines()) == 3
    ids = [json.loads(line)["id"] for line in everything.out.splitlines()]
    assert len(set(ids)) == len(ids) == 60
    assert kind != "chats" or ids == sandbox.chat_ids()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("chats list --from 2023-02-01 --to 2023-01-01", "swap the two"),
        ("chats list --to tomorrow", "'tomorrow' is no day"),
        ("chats list --rate best", "best"),
        ("chats get", "CHAT_ID is missing"),
        ("tickets list --status lost", "lost"),
        ("tickets list --order up", "up"),
    ],
)
async def test_a_wrong_call_is_exit_code_2(
    sandbox: Sandbox, here: Here, arguments: str, message: str
) -> None:
    done = await here(*arguments.split())

    assert (done.code, done.out, sandbox.requests) == (2, "", [])
    assert message in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("kind", ADD)
async def test_what_is_not_there_is_exit_code_1(here: Here, kind: str) -> None:
    done = await here(kind, "get", "NONE")

    assert (done.code, done.out) == (1, "")
    assert "404" in done.err


def add_hostile_chat(sandbox: Sandbox) -> str:
    return sandbox.add_chat(
        visitor={"id": HOSTILE, "name": HOSTILE, "email": HOSTILE, "city": HOSTILE},
        tags=[HOSTILE],
        rate=HOSTILE,
        type=HOSTILE,
        agents=[{"display_name": HOSTILE, "email": ""}],
        chat_start_url=HOSTILE,
        messages=[{"author_name": HOSTILE, "text": HOSTILE, "user_type": "visitor"}],
    )


def add_hostile_ticket(sandbox: Sandbox) -> str:
    return sandbox.add_ticket(
        subject=HOSTILE,
        requester={"mail": HOSTILE, "name": HOSTILE},
        tags=[HOSTILE],
        events=[{"type": "message", "author": {"name": HOSTILE}, "message": HOSTILE}],
    )


@pytest.mark.parametrize(
    ("kind", "add"), [("chats", add_hostile_chat), ("tickets", add_hostile_ticket)]
)
async def test_what_strangers_wrote_is_text_and_nothing_else(
    sandbox: Sandbox,
    env: dict[str, str],
    here: Here,
    kind: str,
    add: Callable[[Sandbox], str],
) -> None:
    id_ = add(sandbox)

    pipe, get = await here(kind, "list"), await here(kind, "get", id_)
    as_json = await here(kind, "list", "--json")
    (_, table), (_, in_full) = await asyncio.gather(
        show(kind, "list", env=env, width=400), show(kind, "get", id_, env=env, width=400)
    )

    assert len(pipe.out.splitlines()) == 2
    assert CLEANED in pipe.out.splitlines()[1].split("\t")
    assert json.dumps(HOSTILE) in json.dumps(json.loads(as_json.out))
    for text in (pipe.out, get.out, as_json.out, table.plain, in_full.plain):
        assert not controls(text)
    for terminal in (table, in_full):
        assert CLEANED in terminal.plain
        assert "\x1b[2J" not in terminal.text


# Chats


async def test_chats_on_a_pipe_are_plain_columns(sandbox: Sandbox, here: Here) -> None:
    add_chat(sandbox)
    missed = add_missed(sandbox)

    done = await here("chats", "list")

    assert (done.code, done.err) == (0, "")
    names, mary, sam = (line.split("\t") for line in done.out.splitlines())
    assert names == [
        *("id", "type", "started", "duration", "visitor_id", "visitor", "email", "agents"),
        *("groups", "rate", "tags", "messages", "url"),
    ]
    assert mary[:9] == [
        *("MH022RD0K5", "chat", "2023-01-09T21:33:20+00:00", "60", "S1.mary", "Mary Brown"),
        *("mary@example.com", "Jane Doe", "2"),
    ]
    assert mary[9:12] == ["rated_good", "sales, vip", "2"]
    assert sam[:2] == [missed, "missed_chat"]
    assert sam[2].startswith("2023-01-08T")
    assert sam[6] == "sam@example.com"


async def test_chats_on_a_terminal_are_a_table(sandbox: Sandbox, env: dict[str, str]) -> None:
    add_chat(sandbox)
    add_missed(sandbox)

    (_, narrow), (code, wide), (_, none) = await asyncio.gather(
        show("chats", "list", env=env),
        show("chats", "list", env=env, width=140),
        show("chats", "list", "--tag", "unused", env=env),
    )

    assert code == 0
    for terminal, width in ((narrow, 80), (wide, 140)):
        lines = terminal.plain.splitlines()
        assert lines[0].strip() == "2 chats"
        assert max(map(len, lines)) <= width
        for text in ("MH022RD0K5", "Mary Brown", "mary@example.com", "Jane Doe", "group 2"):
            assert text in terminal.plain
        for text in ("good", "sales, vip", "2023-01-09 21:33", "(missed)", "When do you open?"):
            assert text in terminal.plain
    assert none.plain.startswith("No chats")


async def test_filters_of_chats_reach_the_server(sandbox: Sandbox, here: Here) -> None:
    done = await here(
        *("chats", "list", "--from", "2023-01-01", "--to", "2023-02-01", "--visitor", "S1"),
        *("--timezone", "Europe/Warsaw", "--query", "shoes", "--agent", "jane@example.com"),
        *("--group", "0", "--goal", "71", "--has-goal", "--sale", "7", "--no-sale", "--queued"),
        *("--rate", "rated", "--include-pending", "--tag", "a", "--tag", "b", "--tagged"),
        *("--no-comment", "--city", "Kraków", "--visitor-region", "R"),
        *("--visitor-country", "Poland"),
    )

    assert done.code == 0, done.err
    assert sandbox.requests[0].query == {
        "date_from": "2023-01-01",
        "date_to": "2023-02-01",
        "visitor_id": "S1",
        "timezone": "Europe/Warsaw",
        "query": "shoes",
        "agent": "jane@example.com",
        "group": "0",
        "goal": "71",
        "has_goal": "1",
        "sale": "7",
        "has_sale": "0",
        "queued": "1",
        "rate": "rated",
        "include_pending": "1",
        "tag": ["a", "b"],
        "tagged": "1",
        "comment": "0",
        "city": "Kraków",
        "region": "R",
        "country": "Poland",
        "page": "1",
    }


async def test_filters_that_are_not_given_are_not_sent(sandbox: Sandbox, here: Here) -> None:
    await here("chats", "list")

    assert sandbox.requests[0].query == {"page": "1"}


async def test_a_chat_is_shown_like_a_conversation(sandbox: Sandbox, here: Here) -> None:
    add_chat(sandbox)

    done = await here("chats", "get", "MH022RD0K5")

    assert (done.code, done.err) == (0, "")
    head, talk = done.out.split("\n\n")
    assert "Visitor:   Mary Brown · mary@example.com · Wrocław · Poland" in head
    assert "Agents:    Jane Doe" in head
    assert "Tags:      sales, vip" in head
    assert talk.splitlines()[:3] == [
        "21:33:25 Jane Doe: Hello,",
        "    how can I help?",
        "21:34:25 Mary Brown: Do you have [36]?",
    ]


async def test_a_missed_chat_is_its_message(sandbox: Sandbox, here: Here) -> None:
    done = await here("chats", "get", add_missed(sandbox))

    assert "Sam Lee: When do you open?" in done.out
    assert "sam@example.com" in done.out


# Tickets


async def test_tickets_on_a_pipe_are_plain_columns(sandbox: Sandbox, here: Here) -> None:
    add_ticket(sandbox)

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


async def test_tickets_on_a_terminal_are_a_table(sandbox: Sandbox, env: dict[str, str]) -> None:
    add_ticket(sandbox)
    sandbox.add_ticket(assignee=None)

    (code, terminal), (_, none) = await asyncio.gather(
        show("tickets", "list", env=env),
        show("tickets", "list", "--tag", "unused", env=env),
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


async def test_filters_of_tickets_reach_the_server(sandbox: Sandbox, here: Here) -> None:
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


async def test_a_ticket_is_shown_event_by_event(
    sandbox: Sandbox, env: dict[str, str], here: Here
) -> None:
    add_ticket(sandbox)

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
