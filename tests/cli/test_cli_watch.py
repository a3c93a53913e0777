from __future__ import annotations

import json
import re
import signal
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from cli_runner import Process, Running, run, without_ansi

from livechat_async.sandbox import EmptyBody, Sandbox, Status

Start = Callable[..., Running]
StartProcess = Callable[..., Awaitable[Process]]
FAST = ("visitors", "list", "--watch", "--interval", "0.2")
CHANGES = ("visitors", "watch", "--interval", "0.2")
HOME, CART = "https://www.example.com/", "https://www.example.com/cart"


async def test_a_terminal_shows_changes_until_ctrl_c(
    sandbox: Sandbox, env: dict[str, str], start_process: StartProcess
) -> None:
    sandbox.add_visitor(name="Mary Brown")

    terminal = await start_process(*FAST, env=env, width=80)
    await terminal.until("Mary Brown")
    sandbox.add_visitor(name="Sam Lee")
    await terminal.until("Sam Lee", times=2)
    code = (await terminal.end(signal.SIGINT)).code

    assert code == 130
    assert "1 visitor at " in terminal.plain
    assert "2 visitors at " in terminal.plain
    assert "every 0.2 s until Ctrl-C" in terminal.plain
    assert "Traceback" not in terminal.plain
    assert "rror" not in terminal.plain
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")


async def test_a_terminal_shows_a_passing_failure_and_goes_on(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    sandbox.inject(EmptyBody())

    terminal = start("--verbose", *FAST, env=env, width=80)
    await terminal.until("asking again: GET")
    assert "visitors at" not in terminal.plain
    await terminal.until("No visitors at ")
    sandbox.add_visitor(name="Mary [b]Brown")
    await terminal.until("Mary [b]Brown")
    sandbox.inject(Status(503, {"error": "[red]down\x1b[2Jnow"}))
    await terminal.until("[red]down␛[2Jnow")
    drawn = terminal.plain.count("Mary [b]Brown")
    await terminal.until("Mary [b]Brown", times=drawn + 2)
    code = (await terminal.end(signal.SIGINT)).code

    assert code == 130
    assert "DEBUG GET" in terminal.plain
    assert "\x1b[2Jnow" not in terminal.text


async def test_a_terminal_shows_as_many_as_fit(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    for number in range(30):
        sandbox.add_visitor(name=f"Visitor number {number}")

    terminal = start(*FAST, env=env, width=80, height=20)
    await terminal.until("and 23 more")
    code = (await terminal.end(signal.SIGINT)).code

    assert code == 130
    assert "Visitor number 6" in terminal.plain
    assert "Visitor number 7" not in terminal.plain


async def test_a_pipe_gets_a_json_list_a_line_as_soon_as_it_comes(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    sandbox.add_visitor(name="Mary Brown")

    process = start(*FAST, "--json", env=env)
    first = json.loads(await process.line())
    sandbox.inject(Status(503, retry_after=1))
    sandbox.add_visitor(name="Sam Lee")
    while len(second := json.loads(await process.line())) < 2:
        pass
    done = await process.end(signal.SIGINT)

    assert [visitor["name"] for visitor in first] == ["Mary Brown"]
    assert [visitor["name"] for visitor in second] == ["Mary Brown", "Sam Lee"]
    assert done.code == 130
    (problem,) = done.err.splitlines()
    assert problem.startswith("error: GET")
    assert problem.endswith("(asking again)")
    refused = next(i for i, request in enumerate(sandbox.requests) if request.status == 503)
    pause = sandbox.requests[refused + 1].received_at - sandbox.requests[refused].received_at
    assert pause.total_seconds() >= 1


async def test_a_pipe_gets_blocks_of_columns(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    sandbox.add_visitor(name="Mary Brown")

    process = start(*FAST, env=env)
    lines = [await process.line() for _ in range(6)]
    done = await process.end(signal.SIGINT)

    assert lines[0].startswith("id\tname")
    assert "Mary Brown" in lines[1]
    assert lines[2] == "\n"
    assert lines[:2] == lines[3:5]
    assert (done.code, done.err) == (130, "")


async def test_a_failure_that_does_not_pass_ends_it(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    process = start(*FAST, "--json", env=env)
    assert json.loads(await process.line()) == []
    sandbox.inject(Status(401))
    done = await process.end()

    assert done.code == 1
    assert done.err.startswith("error: GET")
    assert "401" in done.err


async def test_it_ends_quietly_when_the_reader_is_gone(
    env: dict[str, str], start_process: StartProcess
) -> None:
    process = await start_process(*FAST, "--json", env=env)
    await process.line()
    process.close_pipe("stdout")
    done = await process.end()

    assert (done.code, done.err) == (141, "")


async def test_a_terminal_gets_a_line_a_change_and_who_is_there(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    sandbox.add_visitor(name="Sam Lee", page_current=HOME)

    terminal = start(*CHANGES, env=env, width=80)
    await terminal.until("1 visitor, 0 chatting, every 0.2 s until Ctrl-C")
    mary = sandbox.add_visitor(id="S1.mary", name="Mary [b]Brown\x1b[2J", page_current=HOME)
    await terminal.until("+ Mary")
    sandbox.update_visitor(mary, state="queued", page_current=f"{CART}/{'long/' * 9}")
    await terminal.until("/ → /cart")
    sandbox.update_visitor(mary, state="chatting", page_current=CART)
    await terminal.until("2 visitors, 1 chatting")
    sandbox.remove_visitor(mary)
    await terminal.until("- Mary")
    code = (await terminal.end(signal.SIGINT)).code

    assert code == 130
    for text in (
        *("· Sam Lee        S", "browsing /", "+ Mary [b]Brown… S1.mary  ", "browsing → queued"),
        *("queued → chatting with John Doe", "left after < 1 min /cart"),
    ):
        assert text in terminal.plain
    assert terminal.plain.index("browsing → queued") < terminal.plain.index("/ → /cart")
    assert "\x1b[2J" not in terminal.text
    assert "\x1b[1;32m+" in terminal.text
    assert "rror" not in terminal.plain
    assert "Traceback" not in terminal.plain
    drawn = re.split(r"\r?\n|\x1b\[2K", terminal.text)
    assert max(len(without_ansi(line).strip("\r")) for line in drawn) == 80
    # The last line is taken away again, and the cursor is back.
    assert terminal.text.endswith("\x1b[2K")
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")


async def test_a_terminal_shows_an_outage_and_its_end(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    sandbox.inject(Status(503, {"error": "[red]down\x1b[2Jnow"}))

    terminal = start("--verbose", *CHANGES, env=env, width=80)
    await terminal.until("watching every 0.2 s")
    await terminal.until("no answer now")
    await terminal.until("↻ answered again, after ")
    await terminal.until("no visitors, 0 chatting")
    code = (await terminal.end(signal.SIGINT)).code

    assert code == 130
    assert "✗ GET http" in terminal.plain
    assert "[red]down␛[2Jnow" in terminal.plain
    assert "(asking again" in terminal.plain
    assert "DEBUG GET" in terminal.plain
    assert "\x1b[2Jnow" not in terminal.text


async def test_problems_go_to_stderr_where_that_is_no_terminal(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    terminal = start(*CHANGES, env=env, width=80, shares_terminal=False)
    await terminal.until("watching every")
    sandbox.inject(Status(503))
    await terminal.until("no answer now")
    await terminal.until("answered again")
    done = await terminal.end(signal.SIGINT)

    err = done.err
    assert done.code == 130
    assert err.startswith("error: GET http")
    assert err.endswith("(asking again in 0.2 s)\n")
    assert without_ansi(err) == err
    assert "✗" not in terminal.plain


async def test_a_pipe_gets_columns_a_change(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    mary = sandbox.add_visitor(id="S1.mary", name="Mary\tBrown", group=2, page_current=HOME)

    process = start(*CHANGES, env=env)
    lines = [await process.line() for _ in range(2)]
    sandbox.update_visitor(mary, state="odd\x1b[2J", page_current=CART)
    lines += [await process.line() for _ in range(2)]
    sandbox.inject(Status(503, retry_after=1))
    sandbox.remove_visitor(mary)
    lines += [await process.line() for _ in range(2)]
    done = await process.end(signal.SIGINT)

    names, *rows = (line.rstrip("\n").split("\t") for line in lines)
    assert names == ["time", "change", "id", "name", "state", "group", "page", "before"]
    times = [datetime.fromisoformat(row[0]) for row in rows]
    assert times == sorted(times)
    assert all(time.tzinfo is not None for time in times)
    who = ["S1.mary", "Mary␉Brown"]
    assert [row[1:] for row in rows] == [
        ["arrived", *who, "browsing", "2", HOME, ""],
        ["state", *who, "odd␛[2J", "2", CART, "browsing"],
        ["page", *who, "odd␛[2J", "2", CART, HOME],
        ["resynced", "", "", "", "", "", rows[3][-1]],
        ["left", *who, "odd␛[2J", "2", CART, ""],
    ]
    assert float(rows[3][-1]) >= 1
    assert done.code == 130
    (problem,) = done.err.splitlines()
    assert problem.startswith("error: GET")
    assert problem.endswith("(asking again in 1.0 s)")


async def test_a_pipe_gets_json_a_change(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    mary = sandbox.add_visitor(name="Mary Brown", page_current=HOME, new_field=["kept"])

    process = start(*CHANGES, "--json", env=env)
    changes = [await _json_of(process)]
    sandbox.update_visitor(mary, state="queued", page_current=CART)
    changes += [await _json_of(process) for _ in range(2)]
    sam = sandbox.add_visitor(name="Sam Lee")
    changes += [await _json_of(process)]
    sandbox.inject(EmptyBody())
    sandbox.remove_visitor(mary)
    changes += [await _json_of(process) for _ in range(2)]
    done = await process.end(signal.SIGINT)

    arrived, state, page, second, resynced, left = changes
    assert list(arrived) == ["time", "change", "at_start", "visitor"]
    assert (arrived["change"], arrived["at_start"]) == ("arrived", True)
    assert arrived["visitor"]["new_field"] == ["kept"]
    assert (state["change"], state["before"]) == ("state", "browsing")
    assert (page["change"], page["before"]) == ("page", HOME)
    assert state["visitor"] == page["visitor"]
    assert page["visitor"]["page_current"] == CART
    assert (second["change"], second["at_start"]) == ("arrived", False)
    assert (resynced["change"], resynced["failures"]) == ("resynced", 1)
    assert resynced["outage"] > 0
    assert [visitor["id"] for visitor in resynced["visitors"]] == [sam]
    assert list(left) == ["time", "change", "visitor"]
    assert left["change"] == "left"
    assert left["visitor"]["id"] == mary
    assert done.code == 130


async def _json_of(process: Running) -> dict[str, Any]:
    change: dict[str, Any] = json.loads(await process.line())
    datetime.fromisoformat(change["time"])
    return change


async def test_only_matching_visitors_are_followed(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    mary = sandbox.add_visitor(state="queued", group=2)
    sandbox.add_visitor(state="queued", group=1)

    process = start(
        *CHANGES, "--json", "--state", "queued", "--group", "0", "--group", "2", env=env
    )
    arrived = await _json_of(process)
    sandbox.start_chat(mary)
    left = await _json_of(process)
    await process.end(signal.SIGINT)

    assert (arrived["change"], left["change"]) == ("arrived", "left")
    assert arrived["visitor"]["id"] == left["visitor"]["id"] == mary
    assert sandbox.requests[0].query == {"state": "queued", "group": ["0", "2"]}


async def test_changes_end_with_a_failure_that_does_not_pass(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    sandbox.add_visitor()
    process = start(*CHANGES, env=env)
    await process.line()
    await process.line()
    sandbox.inject(Status(401))
    done = await process.end()

    assert done.code == 1
    assert done.err.startswith("error: GET")
    assert "401" in done.err


async def test_changes_end_quietly_when_the_reader_is_gone(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    process = start(*CHANGES, "--json", env=env)
    sandbox.add_visitor()
    await process.line()
    process.close_pipe("stdout")
    sandbox.add_visitor()
    done = await process.end()

    assert (done.code, done.err) == (141, "")


@pytest.mark.parametrize("options", [("--interval", "0"), ("--state", "asleep"), ("--group", "-1")])
async def test_a_wrong_option_is_named(options: tuple[str, str], env: dict[str, str]) -> None:
    done = await run("visitors", "watch", *options, env=env)

    assert (done.code, done.out) == (2, "")
    assert options[0] in done.err
