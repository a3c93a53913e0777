"""What all lists have in common: their forms, their limits, and tables that fit."""

from __future__ import annotations

import csv
import io
import json
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from cli_runner import Done, Running, show
from hypothesis import given
from hypothesis import strategies as st

from livechat_async.cli.output.listing import _fit
from livechat_async.cli.output.show import local_time
from livechat_async.sandbox import Body, Sandbox

Here = Callable[..., Awaitable[Done]]
Start = Callable[..., Running]

ADDRESS = "a.customer.with.quite.a.long.name@shop.example.com"
PAGED = ("chats", "tickets")
AT_ONCE = ("agents", "groups", "tags", "goals", "greetings", "canned-responses", "visitors")


@pytest.fixture
def in_warsaw(monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment on a machine in Warsaw."""
    monkeypatch.setenv("TZ", "Europe/Warsaw")
    time.tzset()
    yield {**env, "TZ": "Europe/Warsaw"}
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("kind", PAGED)
async def test_a_list_that_ends_early_says_so(sandbox: Sandbox, here: Here, kind: str) -> None:
    """25 of 120 were shown without a word (field case 28)."""
    sandbox.seed_chats(120)
    sandbox.seed_tickets(120)

    page, few, everything = (
        await here(kind, "list"),
        await here(kind, "list", "--limit", "3", "--json"),
        await here(kind, "list", "--all"),
    )

    assert len(page.out.splitlines()) == 25 + 1
    assert page.err == f"25 of 120 {kind}, --all for the rest\n"
    assert len(few.out.splitlines()) == 3
    assert few.err == f"3 of 120 {kind}, --all for the rest\n"
    assert (len(everything.out.splitlines()), everything.err) == (120 + 1, "")


async def test_a_table_that_ends_early_says_so(sandbox: Sandbox, env: dict[str, str]) -> None:
    """(field case 28)."""
    sandbox.seed_chats(30)

    code, terminal = await show("chats", "list", env=env)

    lines = terminal.plain.splitlines()
    assert (code, lines[0].strip()) == (0, "25 of 30 chats")
    assert lines[-1] == "25 of 30 chats, --all for the rest"


@pytest.mark.parametrize("kind", AT_ONCE)
async def test_a_list_in_one_answer_can_be_limited(sandbox: Sandbox, here: Here, kind: str) -> None:
    sandbox.add_visitor()
    sandbox.add_visitor()

    whole = await here(kind, "list")
    one = await here(kind, "list", "--limit", "1")
    as_json = await here(kind, "list", "--limit", "1", "--json")

    total = len(whole.out.splitlines()) - 1
    noun = kind.replace("-", " ")
    assert total > 1
    assert one.out.splitlines() == whole.out.splitlines()[:2]
    assert one.err == f"1 of {total} {noun}\n"
    assert len(json.loads(as_json.out)) == 1


@pytest.mark.parametrize("kind", [*PAGED, *AT_ONCE])
async def test_every_list_has_the_same_forms(sandbox: Sandbox, here: Here, kind: str) -> None:
    """``--json`` was an array here and lines there, without a word (field case 27)."""
    sandbox.add_visitor()
    sandbox.seed_chats(2)
    sandbox.seed_tickets(2)

    plain = await here(kind, "list")
    table = await here(kind, "list", "--csv")
    as_json = await here(kind, "list", "--json")
    about = await here(kind, "list", "--help", COLUMNS="200")

    names = plain.out.splitlines()[0].split("\t")
    rows = list(csv.reader(io.StringIO(table.out)))
    assert rows[0] == names
    assert len(rows) == len(plain.out.splitlines())
    chosen = await here(kind, "list", "--columns", f"{names[1]}, {names[0]}")
    assert chosen.out.splitlines()[0] == f"{names[1]}\t{names[0]}"
    help_text = " ".join(about.out.split())
    assert f"separated by commas, of: {', '.join(names)}." in help_text
    if kind in PAGED:
        assert all(isinstance(json.loads(line), dict) for line in as_json.out.splitlines())
        assert "--json As JSON lines, an object a line" in help_text
    else:
        assert isinstance(json.loads(as_json.out), list)
        assert "--json As one JSON document, a list" in help_text


async def test_columns_are_chosen_in_their_order(sandbox: Sandbox, env: dict[str, str]) -> None:
    sandbox.add_chat(id="MH022RD0K5", visitor={"name": "Mary, Brown", "email": ADDRESS})

    code, terminal = await show("chats", "list", "--columns", "email,id", env=env)
    _, table = await show("chats", "list", "--columns", "visitor,id", "--csv", env=env)

    assert code == 0
    assert terminal.plain.index("Email") < terminal.plain.index("Id")
    assert ADDRESS in terminal.plain
    assert table.plain == 'visitor,id\n"Mary, Brown",MH022RD0K5\n'


async def test_csv_holds_no_formula(sandbox: Sandbox, here: Here) -> None:
    sandbox.add_chat(visitor={"name": "=HYPERLINK(1)", "email": ADDRESS})

    done = await here("chats", "list", "--csv", "--columns", "visitor")

    assert done.out == "visitor\n'=HYPERLINK(1)\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--columns", "id,mail"), "--columns: 'id,mail' names no columns of: id, type, started"),
        (("--columns", "id,emial"), "messages, url; did you mean 'email'? Try"),
        (("--columns", ","), "names no columns of: id"),
        (("--json", "--csv"), "--json goes without --csv"),
        (("--json", "--columns", "id"), "--json goes without --columns"),
        (("--all", "--limit", "3"), "--all and --limit contradict each other"),
        (("--limit", "0"), "--limit: '0' is not a whole number of 1 or more"),
    ],
)
async def test_options_that_contradict_each_other_are_refused(
    sandbox: Sandbox, here: Here, arguments: tuple[str, ...], message: str
) -> None:
    done = await here("chats", "list", *arguments)

    assert (done.code, done.out, sandbox.requests) == (2, "", [])
    assert message in done.err


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("kind", PAGED)
async def test_an_address_is_whole_whatever_texts_stand_beside_it(
    sandbox: Sandbox, env: dict[str, str], kind: str, width: int
) -> None:
    """One long text widened its column, and addresses were cut (field case 28)."""
    long = "why does the shop not answer " * 9
    sandbox.add_chat(visitor={"name": long, "email": ADDRESS}, tags=[long])
    sandbox.add_ticket(subject=long, requester={"name": long, "mail": ADDRESS})

    code, terminal = await show(kind, "list", env=env, width=width)

    assert code == 0
    assert ADDRESS in terminal.plain
    assert "why does" in terminal.plain
    assert max(map(len, terminal.plain.splitlines())) <= width


async def test_times_are_local_and_name_their_zone(
    sandbox: Sandbox, in_warsaw: dict[str, str], here: Here
) -> None:
    """Times were UTC without a word (field case 28)."""
    winter, summer = 1_673_299_800, 1_688_938_200  # 2023-01-09T21:30:00Z, 2023-07-09T21:30:00Z
    for started in (winter, summer):
        sandbox.add_chat(started_timestamp=started, ended_timestamp=started + 60)
    chat_id = sandbox.add_chat(id="MH022RD0K5", started_timestamp=winter)

    _, terminal = await show("chats", "list", env=in_warsaw)
    _, one = await show("chats", "get", chat_id, env=in_warsaw)
    pipe = await here("chats", "list", "--columns", "started", TZ="Europe/Warsaw")

    assert "2023-01-09 22:30 CET" in terminal.plain
    assert "2023-07-09 23:30 CEST" in terminal.plain
    assert "Started:   2023-01-09 22:30:00 CET" in one.plain
    assert "2023-01-09T21:30:00+00:00" in pipe.out


@given(st.none() | st.datetimes(timezones=st.none() | st.timezones()))
def test_any_time_is_shown(moment: datetime | None) -> None:
    shown = local_time(moment)

    assert shown == shown.strip()
    assert bool(shown) == (moment is not None)


@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.integers(1, 60), st.integers(1, 60)).map(
            lambda widths: (max(widths), sorted(widths)[1], min(widths))
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 200),
)
def test_a_table_fits_and_texts_give_first(widths: list[tuple[int, int, int]], room: int) -> None:
    fitted = _fit(widths, room)

    assert sum(fitted) == min(sum(width for width, *_ in widths), max(room, len(widths)))
    for floor in (1, 2):
        is_cut = any(got < column[floor] for got, column in zip(fitted, widths, strict=True))
        can_give = any(got > column[floor] for got, column in zip(fitted, widths, strict=True))
        assert not (is_cut and can_give)
    assert all(1 <= got <= column[0] for got, column in zip(fitted, widths, strict=True))


BROKEN: dict[str, Any] = {
    "chats": {"chats": [{"id": "A1"}, {"id": "A2", "duration": "long"}], "total": 2, "pages": 1},
    "tickets": {"tickets": [{"id": "A1"}, {"id": [7]}], "total": 2},
    "visitors": [{"id": "A1", "state": "browsing"}, {"id": [7], "state": "browsing"}],
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_what_cannot_be_read_ends_a_list_or_is_left_out(
    sandbox: Sandbox, here: Here, kind: str
) -> None:
    sandbox.inject(Body(BROKEN[kind]), times=2)

    stopped = await here(kind, "list")
    skipped = await here(kind, "list", "--on-broken", "skip")

    assert stopped.code == 1
    assert "--verbose shows the beginning of the answer; --on-broken skip goes on" in stopped.err
    assert len(stopped.err.splitlines()) == 1
    header, *lines = skipped.out.splitlines()
    assert (skipped.code, header[:2]) == (0, "id")
    assert [line.split("\t")[0] for line in lines] == ["A1"]
    assert "expected " in skipped.err or "is not " in skipped.err
    assert f"[{len(lines)}]." in skipped.err
    assert "--all for the rest" not in skipped.err


async def test_a_watch_leaves_out_what_cannot_be_read_and_says_so_once(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    sandbox.inject(Body(BROKEN["visitors"]), times=3)

    watch = start("visitors", "watch", "--interval", "0.2", "--json", env=env)
    arrived, left = json.loads(await watch.line()), json.loads(await watch.line())
    done = await watch.end(signal.SIGINT)

    assert [arrived["change"], left["change"]] == ["arrived", "left"]
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("warning: the watch skips visitors that cannot be read: [1].id")


async def test_a_list_that_is_watched_can_leave_out_what_cannot_be_read(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    sandbox.inject(Body(BROKEN["visitors"]), times=2)
    watch = ("visitors", "list", "--watch", "--interval", "0.2", "--json", "--on-broken", "skip")

    process = start(*watch, env=env)
    lists = [json.loads(await process.line()) for _ in range(3)]
    done = await process.end(signal.SIGINT)

    assert [len(visitors) for visitors in lists] == [1, 1, 0]
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("warning: skipped visitors that cannot be read: [1].id")
