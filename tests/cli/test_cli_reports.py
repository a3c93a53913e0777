from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cli_runner import Done, show

from livechat_async.cli.commands.reports import _METHODS
from livechat_async.resources.reports import ChatReports, TicketReports
from livechat_async.sandbox import Sandbox

Here = Callable[..., Awaitable[Done]]
JOHN = "john.doe@example.com"
HOSTILE = "=\x1b[2Jevil\t\u202e"
DAYS = ("--from", "2026-01-01", "--to", "2026-01-03")


def add_chats(sandbox: Sandbox) -> None:
    for day, rate in ((1, "rated_good"), (3, "rated_bad"), (3, "rated_bad"), (3, "not_rated")):
        start = datetime(2026, 1, day, 10, tzinfo=UTC)
        sandbox.add_chat(
            started=start,
            ended=start + timedelta(minutes=5),
            rate=rate,
            queue={"duration": 10},
            goals=[
                {
                    "id": 71,
                    "timestamp": int(start.timestamp()),
                    "order": {"currency": "EUR", "price": "49.50"},
                }
            ],
        )


async def test_a_terminal_gets_bars_of_one_scale(sandbox: Sandbox, env: dict[str, str]) -> None:
    add_chats(sandbox)

    code, terminal = await show("reports", "chats-ratings", *DAYS, env=env)

    lines = [line.rstrip() for line in terminal.plain.splitlines()]
    assert code == 0
    assert max(map(len, terminal.plain.splitlines())) <= 80
    assert lines[0] == "chats-ratings"
    assert lines[1].split() == ["period", "bad", "good", "chats"]
    third, two_thirds, longest = "█" * 6 + "▍", "█" * 12 + "▋", "█" * 19
    assert [line.split() for line in lines[3:]] == [
        ["2026-01-01", "0", "1", third, "1", third],
        ["2026-01-02", "0", "0", "0"],
        ["2026-01-03", "2", two_thirds, "0", "3", longest],
    ]
    assert "\x1b[32m" in terminal.text  # good is green
    assert "\x1b[31m" in terminal.text  # bad is red


def test_every_report_has_a_name() -> None:
    parts = (("chats", ChatReports), ("tickets", TicketReports))
    methods = {
        f"{part}.{name}" for part, kind in parts for name in vars(kind) if not name.startswith("_")
    }
    assert set(_METHODS.values()) == methods | {"availability"}


@pytest.mark.once
@pytest.mark.parametrize("width", [40, 80, 200])
async def test_no_report_is_wider_than_the_terminal(env: dict[str, str], width: int) -> None:
    async with Sandbox(seed=True) as sandbox:
        env = {
            **env,
            "LIVECHAT_BASE_URL": sandbox.url,
            "LIVECHAT_TOKEN": sandbox.credentials.token.reveal(),
        }
        for name in _METHODS:
            takes = (
                ()
                if name.endswith(("ranking", "time", "availability"))
                else ("--group-by", "month")
            )
            if name == "chats-occupancy":
                takes = ("--weekday", "monday")
            code, terminal = await show("reports", name, *takes, env=env, width=width)
            lines = terminal.plain.splitlines()
            assert code == 0, terminal.plain
            assert lines[0].strip() == name
            assert max(map(len, lines)) <= width
            # A bar never goes to a line of its own.
            assert all(line[:1] != " " for line in lines[lines.index(rule(lines)) + 1 :])


def rule(lines: list[str]) -> str:
    return next(line for line in lines if line.startswith("──"))


async def test_a_report_without_rows_is_said_to_be_empty(env: dict[str, str]) -> None:
    code, terminal = await show("reports", "chats-ranking", "--to", "2001-01-01", env=env)

    assert (code, terminal.plain) == (0, "No agents.\n")


async def test_a_pipe_gets_columns_separated_by_tabs(sandbox: Sandbox, here: Here) -> None:
    add_chats(sandbox)

    done = await here("reports", "chats-goals", *DAYS)

    names, *rows = [line.split("\t") for line in done.out.splitlines()]
    assert names == ["period", "goals", "value EUR sales_count", "value EUR value"]
    assert rows == [
        ["2026-01-01", "1", "1", "49.5"],
        ["2026-01-02", "0", "", ""],
        ["2026-01-03", "3", "3", "148.5"],
    ]


async def test_csv_has_a_line_for_each_period(sandbox: Sandbox, here: Here) -> None:
    add_chats(sandbox)

    done = await here("reports", "chats-waiting-times", *DAYS, "--group-by", "month", "--csv")

    (row,) = csv.DictReader(done.out.splitlines())
    assert row["period"] == "2026-01"
    assert (row["queued count"], row["queued max seconds"]) == ("4", "10.0")
    assert row["left_queue count"] == "0"


async def test_json_has_every_field(sandbox: Sandbox, here: Here) -> None:
    add_chats(sandbox)

    rows = await here("reports", "chats-ratings", *DAYS, "--group-by", "month", "--json")
    ranking = await here("reports", "chats-ranking", *DAYS, "--json")

    assert json.loads(rows.out) == {
        "2026-01": {"begin": "2026-01-01", "end": "2026-01-03", "bad": 2, "good": 1, "chats": 4}
    }
    (john,) = json.loads(ranking.out)
    assert (john["name"], john["good"], john["bad"]) == (JOHN, 1, 2)


async def test_options_reach_the_server(sandbox: Sandbox, here: Here) -> None:
    done = await here(
        *("reports", "chats-goals", *DAYS, "--timezone", "Europe/Warsaw", "--group", "2"),
        *("--agent", JOHN, "--group-by", "month", "--tag", "a", "--tag", "b"),
        *("--goal", "71", "--sales", "--currency", "EUR"),
    )
    lists = await here("reports", "chats-not-replied", "--group", "2", "--agent", JOHN)
    weekday = await here("reports", "chats-occupancy", "--weekday", "sunday")

    assert [each.code for each in (done, lists, weekday)] == [0, 0, 0]
    goals, not_replied, occupancy = [request.query for request in sandbox.requests]
    assert goals == {
        "date_from": "2026-01-01",
        "date_to": "2026-01-03",
        "timezone": "Europe/Warsaw",
        "group": "2",
        "agent": JOHN,
        "group_by": "month",
        "tag": ["a", "b"],
        "goal": "71",
        "sales_tracker": "1",
        "currency": "EUR",
    }
    assert not_replied == {"groups": ["2"], "agents": [JOHN]}
    assert occupancy == {"weekday": "sun"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("everything",), "NAME: 'everything' is none of: chats-total, chats-engagement"),
        (("ticket-solved",), "availability; did you mean 'tickets-solved'? Try"),
        (("chats-total", "--goal", "71"), "--goal=71: this report has no such option"),
        (("chats-occupancy",), "weekday='' is none of 'monday'"),
        (
            ("chats-total", "--weekday", "monday"),
            "--weekday='monday': this report has no such option",
        ),
        (("chats-total", "--agent", "john"), "agent='john': an e-mail address"),
        (("chats-total", "--group-by", "week"), "week"),
        (("chats-total", "--from", "2026-01-02", "--to", "2026-01-01"), "swap the two"),
    ],
)
async def test_a_wrong_call_is_exit_code_2(
    sandbox: Sandbox, here: Here, arguments: tuple[str, ...], message: str
) -> None:
    done = await here("reports", *arguments)

    assert (done.code, done.out, sandbox.requests) == (2, "", [])
    assert message in done.err


async def test_a_report_that_the_plan_lacks_is_exit_code_1(env: dict[str, str]) -> None:
    async with Sandbox(plan="team") as sandbox:
        env = {
            **env,
            "LIVECHAT_BASE_URL": sandbox.url,
            "LIVECHAT_TOKEN": sandbox.credentials.token.reveal(),
        }
        code, terminal = await show("reports", "chats-response-time", env=env)
    assert code == 1
    assert "403" in terminal.plain
    assert "team" in terminal.plain


async def test_what_strangers_sent_is_text_and_nothing_else(
    sandbox: Sandbox, env: dict[str, str], here: Here
) -> None:
    order = {"currency": HOSTILE, "price": "1"}
    start = datetime(2026, 1, 1, 10, tzinfo=UTC)
    agent = {"display_name": "x", "email": HOSTILE}
    sandbox.add_chat(
        started=start,
        rate="rated_good",
        agents=[agent],
        goals=[{"id": 71, "timestamp": int(start.timestamp()), "order": order}],
    )
    outputs: dict[Any, str] = {}
    for report in ("chats-goals", "chats-ranking"):
        for how in ((), ("--csv",), ("--json",)):
            outputs[report, how] = (await here("reports", report, *DAYS, *how)).out
        outputs[report, "shown"] = (await show("reports", report, *DAYS, env=env))[1].plain

    for out in outputs.values():
        assert "evil" in out
        assert "\x1b" not in out
        assert "\u202e" not in out
    assert "'=" in outputs["chats-ranking", ("--csv",)]


async def test_a_report_without_rows_is_an_empty_table(env: dict[str, str], here: Here) -> None:
    shown, piped = await asyncio.gather(
        show("reports", "chats-ranking", env=env), here("reports", "chats-ranking")
    )
    assert shown[0] == piped.code == 0
    assert piped.out == "agent\n"
