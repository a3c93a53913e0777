from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cli_runner import CLEANED, HOSTILE, Done, controls, run, run_process, show

from livechat_async.cli.common import how_long, to_json
from livechat_async.redaction import printable
from livechat_async.sandbox import Sandbox

Here = Callable[..., Awaitable[Done]]
LONG_PAGE = "https://www.example.com/" + "very/long/path/" * 12 + "?size=[36]"


def meet(sandbox: Sandbox) -> None:
    sandbox.add_visitor(
        id="S1.mary",
        name="Mary Brown",
        group=2,
        page_current=LONG_PAGE,
        page_title="Shoes",
        city="Wrocław",
        region="Lower Silesia",
        country="Poland",
        country_code="PL",
        visits=3,
        state="chatting",
        new_field={"some": "thing"},
    )
    sandbox.add_visitor(id="S2.sam", name="Sam Lee", state="queued", omit=["last_visit_ts"])


async def test_a_pipe_gets_plain_columns(sandbox: Sandbox, env: dict[str, str]) -> None:
    meet(sandbox)

    # A process, because the encoding of its pipes is what it decides itself.
    settings = {"FORCE_COLOR": "1", "COLUMNS": "40", "PYTHONIOENCODING": "latin-1"}
    done = await run_process("visitors", "list", env={**env, **settings})

    assert (done.code, done.err) == (0, "")
    names, mary, sam = (line.split("\t") for line in done.out.splitlines())
    assert names == [
        *("id", "name", "state", "group", "page", "city", "region", "country", "since", "visits"),
        "agents",
    ]
    assert mary[:8] == [
        *("S1.mary", "Mary Brown", "chatting", "2", LONG_PAGE),
        *("Wrocław", "Lower Silesia", "Poland"),
    ]
    assert mary[8].endswith("+00:00")
    assert mary[9:] == ["3", "John Doe"]
    assert sam[0] == "S2.sam"
    assert not controls(done.out)
    assert not set(done.out) & set("│─╭━…")


async def test_json_is_the_whole_answer_on_a_pipe_and_on_a_terminal(
    sandbox: Sandbox, env: dict[str, str]
) -> None:
    meet(sandbox)

    pipe, (code, terminal) = await asyncio.gather(
        run("visitors", "list", "--json", env=env),
        show("visitors", "list", "--json", env=env),
    )

    assert (pipe.code, pipe.err, code) == (0, "", 0)
    assert json.loads(pipe.out) == json.loads(terminal.text)
    assert "\x1b" not in terminal.text
    mary, sam = json.loads(pipe.out)
    assert mary["new_field"] == {"some": "thing"}
    assert mary["page_current"] == LONG_PAGE
    assert mary["last_visit"].endswith("+00:00")
    assert sam["operators"] == []
    assert '"city": "Wrocław"' in pipe.out


async def test_a_terminal_gets_a_table_that_fits(sandbox: Sandbox, env: dict[str, str]) -> None:
    meet(sandbox)

    _, narrow = await show("visitors", "list", env=env)
    code, wide = await show("visitors", "list", env=env, width=120)

    assert code == 0
    assert "\x1b[" in narrow.text
    for terminal, width in ((narrow, 80), (wide, 120)):
        lines = terminal.plain.splitlines()
        assert lines[0].strip() == "2 visitors"
        assert max(map(len, lines)) <= width
        for text in ("Mary Brown", "S1.mary", "with John Doe", "Sam Lee", "S2.sam", "3 visits"):
            assert text in terminal.plain
        assert "< 1 min" in terminal.plain
    assert "/very/long/path" in narrow.plain
    assert "Wrocław, PL" in narrow.plain
    assert "https://www.example.com/very/long" in wide.plain
    assert "Shoes" in wide.plain
    assert "Poland" in wide.plain


async def test_a_time_without_a_zone_is_shown_as_it_is(
    sandbox: Sandbox, env: dict[str, str]
) -> None:
    twins = ["last_visit_ts", "page_entered_ts", "page_time_ts", "chat_start_time_ts"]
    sandbox.add_visitor(omit=[*twins, "visit_path"], last_visit="2026-01-31 14:35:00")
    sandbox.add_visitor(omit=["last_visit_ts", "last_visit", "visits"], name="Without a time")

    _, terminal = await show("visitors", "list", env=env)

    assert "14:35" in terminal.plain
    assert "Without a time" in terminal.plain


async def test_no_colour_where_none_is_wanted_and_no_table_where_none_can_be_drawn(
    sandbox: Sandbox, env: dict[str, str]
) -> None:
    meet(sandbox)

    (_, colourless), (_, dumb) = await asyncio.gather(
        show("visitors", "list", env={**env, "NO_COLOR": "1"}),
        show("visitors", "list", env={**env, "TERM": "dumb"}),
    )

    assert "─" in colourless.text
    assert not any(code in colourless.text for code in ("\x1b[3", "\x1b[1;3"))
    assert dumb.text.startswith("id\tname\tstate")


async def test_names_from_strangers_are_text_and_nothing_else(
    sandbox: Sandbox, env: dict[str, str], here: Here
) -> None:
    sandbox.add_visitor(
        name=HOSTILE, page_current=HOSTILE, page_title=HOSTILE, city=HOSTILE, state=HOSTILE
    )

    pipe, as_json = await here("visitors", "list"), await here("visitors", "list", "--json")
    (_, terminal), (_, json_terminal) = await asyncio.gather(
        show("visitors", "list", env=env, width=300),
        show("visitors", "list", "--json", env=env, width=300),
    )

    assert len(pipe.out.splitlines()) == 2
    assert pipe.out.splitlines()[1].split("\t")[1] == CLEANED
    assert not controls(pipe.out)
    assert terminal.plain.count(CLEANED) >= 2
    assert "\x1b[2J" not in terminal.text
    assert not controls(terminal.plain)
    assert json.loads(as_json.out)[0]["name"] == HOSTILE
    assert not controls(as_json.out)
    assert not controls(json_terminal.text.replace("\r", ""))


def test_half_a_character_does_no_harm() -> None:
    assert printable("half \ud800") == "half �"
    assert to_json(["half \ud800", "Łódź"]) == '["half \\ud800", "Łódź"]'


@pytest.mark.parametrize("indent", [None, 2])
def test_a_value_of_too_many_levels_costs_no_other_in_json(indent: int | None) -> None:
    """An unknown field may be nested as deep as it was sent (field case 42)."""
    deep: Any = 1
    for level in range(100_000):
        deep = {"a": deep} if level % 2 else [deep]
    found = json.loads(to_json([{"id": "S1", "deep": deep}, {"id": "S2"}], indent=indent))
    assert [item["id"] for item in found] == ["S1", "S2"]
    assert "more than 100 levels" in json.dumps(found[0]["deep"])


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        *((-5, "< 1 min"), (59, "< 1 min"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h")),
        *((86_399, "23 h"), (86_400, "1 d"), (864_000, "10 d")),
    ],
)
def test_a_time_span_is_shown_in_one_unit(ago: int, text: str) -> None:
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert how_long(now - timedelta(seconds=ago), now) == text


async def test_an_empty_site_is_said_to_be_empty(env: dict[str, str], here: Here) -> None:
    pipe, as_json = await here("visitors", "list"), await here("visitors", "list", "--json")
    code, terminal = await show("visitors", "list", env=env)

    assert (code, terminal.plain) == (0, "No visitors.\n")
    assert pipe.out.startswith("id\tname")
    assert len(pipe.out.splitlines()) == 1
    assert json.loads(as_json.out) == []


@pytest.mark.parametrize("command", ["list", "count"])
async def test_filters_reach_the_server(sandbox: Sandbox, here: Here, command: str) -> None:
    meet(sandbox)

    done = await here("visitors", command, "--state", "queued", "--group", "0", "--group", "2")

    assert done.code == 0
    query = sandbox.requests[0].query
    assert query["state"] == "queued"
    assert query["group"] == ["0", "2"]


async def test_the_count_is_a_number_or_json(sandbox: Sandbox, here: Here) -> None:
    meet(sandbox)

    plain = await here("visitors", "count")
    as_json = await here("visitors", "count", "--state", "chatting", "--json")

    assert (plain.code, plain.out) == (0, "2\n")
    assert json.loads(as_json.out) == {"count": 1}
