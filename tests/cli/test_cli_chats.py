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


def controls(text: str) -> set[str]:
    return {
        character
        for character in text
        if (ord(character) < 0x20 or 0x7F <= ord(character) <= 0x9F or character == "\u202e")
        and character not in "\n\t"
    }


def add_known(sandbox: Sandbox) -> str:
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


async def test_a_pipe_gets_plain_columns(sandbox: Sandbox, here: Here) -> None:
    add_known(sandbox)
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


async def test_json_lines_hold_every_field(sandbox: Sandbox, here: Here) -> None:
    add_known(sandbox)
    add_missed(sandbox)

    done = await here("chats", "list", "--json")

    mary, sam = (json.loads(line) for line in done.out.splitlines())
    assert mary["new_field"] == {"some": "thing"}
    assert sam["message"] == "When do you open?"


async def test_a_terminal_gets_a_table(sandbox: Sandbox, env: dict[str, str]) -> None:
    add_known(sandbox)
    add_missed(sandbox)

    (_, narrow), (code, wide), (_, none) = await asyncio.gather(
        show("chats", "list", env=env),
        show("chats", "list", env=env, width=140),
        show("chats", "list", "--tag", "nobody", env=env),
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
    assert none.plain.strip() == "No chats" or none.plain.startswith("No chats")


async def test_a_list_ends_at_max_items_unless_all_are_wanted(sandbox: Sandbox, here: Here) -> None:
    sandbox.seed_chats(60)

    few = await here("chats", "list", "--max-items", "3", "--json")
    assert len(sandbox.requests) == 1
    page = await here("chats", "list")
    everything = await here("chats", "list", "--all", "--json")

    assert len(few.out.splitlines()) == 3
    assert len(page.out.splitlines()) == 25 + 1
    ids = [json.loads(line)["id"] for line in everything.out.splitlines()]
    assert ids == sandbox.chat_ids()


async def test_filters_reach_the_server(sandbox: Sandbox, here: Here) -> None:
    done = await here(
        *("chats", "list", "--from", "2023-01-01", "--to", "2023-02-01", "--visitor", "S1"),
        *("--timezone", "Europe/Warsaw", "--query", "shoes", "--agent", "jane@example.com"),
        *("--group", "0", "--goal", "71", "--has-goal", "--sale", "7", "--no-sale", "--queued"),
        *("--rate", "rated", "--include-pending", "--tag", "a", "--tag", "b", "--tagged"),
        *(
            "--no-comment",
            "--city",
            "Kraków",
            "--visitor-region",
            "R",
            "--visitor-country",
            "Poland",
        ),
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("list", "--from", "2023-02-01", "--to", "2023-01-01"), "swap the two"),
        (("list", "--to", "tomorrow"), "'tomorrow' is no day"),
        (("list", "--max-items", "0"), "--limit"),
        (("list", "--rate", "best"), "best"),
        (("list", "--timezone", "Mars/Base"), "Mars/Base"),
        (("list", "--query", " "), "blank"),
        (("get", " "), "blank"),
        (("get",), "CHAT_ID is missing"),
    ],
)
async def test_a_wrong_call_is_exit_code_2(
    sandbox: Sandbox, here: Here, arguments: tuple[str, ...], message: str
) -> None:
    done = await here("chats", *arguments)

    assert (done.code, done.out, sandbox.requests) == (2, "", [])
    assert message in done.err
    assert len(done.err.splitlines()) == 1


async def test_a_chat_is_shown_like_a_conversation(sandbox: Sandbox, here: Here) -> None:
    add_known(sandbox)

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


async def test_a_chat_as_json(sandbox: Sandbox, here: Here) -> None:
    add_known(sandbox)

    done = await here("chats", "get", "MH022RD0K5", "--json")

    assert json.loads(done.out)["new_field"] == {"some": "thing"}


async def test_no_such_chat_is_exit_code_1(here: Here) -> None:
    done = await here("chats", "get", "NOSUCHCHAT")

    assert (done.code, done.out) == (1, "")
    assert "404" in done.err


async def test_chats_with_strangers_are_text_and_nothing_else(
    sandbox: Sandbox, env: dict[str, str], here: Here
) -> None:
    chat_id = sandbox.add_chat(
        visitor={"id": HOSTILE, "name": HOSTILE, "email": HOSTILE, "city": HOSTILE},
        tags=[HOSTILE],
        rate=HOSTILE,
        type=HOSTILE,
        agents=[{"display_name": HOSTILE, "email": ""}],
        chat_start_url=HOSTILE,
        messages=[{"author_name": HOSTILE, "text": HOSTILE, "user_type": "visitor"}],
    )

    pipe, get = await here("chats", "list"), await here("chats", "get", chat_id)
    as_json = await here("chats", "list", "--json")
    (_, table), (_, transcript) = await asyncio.gather(
        show("chats", "list", env=env, width=400),
        show("chats", "get", chat_id, env=env, width=400),
    )

    assert len(pipe.out.splitlines()) == 2
    assert pipe.out.splitlines()[1].split("\t")[5] == CLEANED
    assert json.loads(as_json.out)["visitor"]["name"] == HOSTILE
    for text in (pipe.out, get.out, as_json.out, table.plain, transcript.plain):
        assert not controls(text)
    for terminal in (table, transcript):
        assert CLEANED in terminal.plain
        assert "\x1b[2J" not in terminal.text
