"""What the models do not know is found: fields, values and types; and what they contradict."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from livechat_async.captures import Capture, Difference, Report, check_captures
from livechat_async.captures.files import CaptureFolder


def report_on(folder: Path, *captures: dict[str, Any]) -> Report:
    place = CaptureFolder(folder)
    for each in captures:
        usual = {"kind": "answer", "method": "GET", "path": "/visitors", "status": 200}
        place.add(Capture(**{**usual, **each}))
    place.close()
    return check_captures(folder)


def found(folder: Path, *captures: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    report = report_on(folder, *captures)
    return [(each.kind, each.path, each.found, each.count) for each in report.differences]


VISITOR = {"id": "S1.a", "state": "browsing"}
CHAT = {"id": "MH1", "type": "chat"}
WEBHOOK: dict[str, Any] = {"kind": "webhook", "method": "POST", "path": "/", "status": 0}
FIRST = "000001-GET-visitors.json"
A_COUNT = "a number, or an object holding one under 'count', 'total' or 'visitors'"
ANY_FIELD = ("new field", "[].mood", "text", 1)


@pytest.mark.parametrize(
    ("capture", "differences"),
    [
        ({"body": [VISITOR]}, []),
        ({"body": [{**VISITOR, "name": None, "visit_path": [], "chat": []}]}, []),
        ({"body": [{**VISITOR, "mood": "gold"}]}, [ANY_FIELD]),
        ({"body": [{**VISITOR, "mood": {"a": 1}}]}, [("new field", "[].mood", "object", 1)]),
        (
            {"body": [{**VISITOR, "mood": n} for n in range(3)]},
            [("new field", "[].mood", "number", 3)],
        ),
        ({"body": [{**VISITOR, "state": "on hold"}]}, [("new value", "[].state", "text", 1)]),
        ({"body": [{**VISITOR, "name": 5}]}, [("new type", "[].name", "number", 1)]),
        ({"body": [{**VISITOR, "name": {"a": "b"}}]}, [("new type", "[].name", "object", 1)]),
        ({"body": [{**VISITOR, "id": 5, "chats": "7"}]}, []),
        (
            {"body": [{**VISITOR, "chats": "mary"}]},
            [("contradiction", "[].chats", "text, and a whole number is expected", 1)],
        ),
        (
            {"body": [{"id": "S1.a"}]},
            [("contradiction", "[].state", "missing, and a value is expected", 1)],
        ),
        (
            {"body": {"visitors": []}},
            [("contradiction", "", "object, and a list is expected", 1)],
        ),
        ({"size": 5}, [("contradiction", "", "JSON is expected", 1)]),
        ({"query": "count=1", "body": {"count": 7}}, []),
        ({"query": "count=0", "body": [VISITOR]}, []),
        (
            {"query": "count=1", "body": {"n": 7}},
            [("contradiction", "", f"object, and {A_COUNT} is expected", 1)],
        ),
        ({"path": "/chats", "body": {"chats": [CHAT], "total": 1, "pages": 1}}, []),
        (
            {
                "path": "/chats",
                "body": {"chats": [{**CHAT, "tickets": [{"a": 1}], "x": 1}], "next": 5},
            },
            [
                ("new type", "chats[].tickets[]", "object", 1),
                ("new field", "chats[].x", "number", 1),
                ("new field", "next", "number", 1),
            ],
        ),
        ({"path": "/v2/chats/MH1", "body": {"chats": [CHAT]}}, []),
        (
            {"path": "/chats/MH1", "body": {**CHAT, "visitor": {"id": "a", "plan": "b"}}},
            [("new field", "visitor.plan", "text", 1)],
        ),
        (
            {"path": "/reports/chats/total_chats", "body": {"2026-01": {"chats": 5, "calls": 1}}},
            [("new field", "{}.calls", "number", 1)],
        ),
        (
            {"path": "/reports/chats/agents_occupancy", "body": {"00:00": "mary"}},
            [("contradiction", "{}", "text, and a whole number is expected", 1)],
        ),
        (
            {**WEBHOOK, "body": {"event_type": "chat_moved", "chat": {"id": "a", "queue": 5}}},
            [("new value", "event_type", "text", 1), ("new field", "chat.queue", "number", 1)],
        ),
        ({"status": 404, "body": {"error": "mary"}}, []),
        ({"path": "/unknown", "body": {"error": "mary"}}, []),
        ({"method": "DELETE", "path": "/goals/5", "body": {"result": "mary"}}, []),
    ],
)
def test_a_difference_is_found_where_it_is(
    tmp_path: Path, capture: dict[str, Any], differences: list[Any]
):
    assert found(tmp_path, capture) == differences


def test_each_new_value_counts_alone_and_the_first_file_is_named(tmp_path: Path):
    bodies = [[{**VISITOR, "state": state}] for state in ("on hold", "asleep", "on hold")]
    report = report_on(tmp_path, *({"body": body} for body in bodies))
    assert report.differences == tuple(
        Difference(
            call="GET /visitors",
            path="[].state",
            kind="new value",
            found="text",
            example=f'"{state}"',
            count=count,
            file=f"00000{number}-GET-visitors.json",
        )
        for state, count, number in (("on hold", 2, 1), ("asleep", 1, 2))
    )


def test_nothing_of_a_file_that_was_changed_by_hand_is_in_the_report(tmp_path: Path):
    body = {
        **VISITOR,
        "mary@mary.org": "Mary Brown",
        "state": "Mary",
        "last_visit": "mary",
        "mood": {"mary": "Mary Brown 555-0100-22"},
    }
    report = report_on(tmp_path, {"body": [body]}, {"path": "/mary/brown", "body": "Mary"})
    assert len(report.differences) == 4
    text = f"{report.to_markdown()} {report.to_json()}".lower()
    assert [word for word in ("mary", "brown", "0100") if word in text] == []


def test_a_report_is_a_table_for_an_issue(tmp_path: Path):
    calls = (
        {"body": [{**VISITOR, "mood": True}]},
        {"status": 500, "size": 0},
        {"path": "/agents/mary/tags"},
    )
    row = ("`GET /visitors`", "`[].mood`", "new field", "true or false", "`true`", "1", FIRST)
    *lines, last = report_on(tmp_path, *calls).to_markdown().splitlines()
    assert lines == [
        "Compared: 3 answers and 0 webhooks.",
        "",
        "| call | path | difference | found | such as | times | first in |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        f"| {' | '.join(row)} |",
        "",
    ]
    calls_without = r"`GET /visitors: 500` \(1\), `GET /agents/[a-z]{4}/[a-z]{4}` \(1\)"
    assert re.fullmatch(f"No model describes: {calls_without}.", last)


def test_nothing_in_a_name_or_value_breaks_the_table(tmp_path: Path):
    """What a capture holds is chosen by others, and the report is pasted into an issue."""
    odd = "x`|\n| y `](http://example.com) \x1b[31m \u202e"
    body = [{**VISITOR, odd: 5, "state": odd}]
    lines = report_on(tmp_path, {"body": body}).to_markdown().splitlines()
    rows = [line.split(" | ") for line in lines[4:]]
    assert [len(row) for row in rows] == [7, 7]
    assert [row[1].count("`") for row in rows] == [2, 2]
    assert all(line.isprintable() for line in lines)


def test_a_report_without_differences_says_so(tmp_path: Path):
    assert report_on(tmp_path, {"body": []}).to_markdown().splitlines() == [
        "Compared: 1 answer and 0 webhooks.",
        "The models know every field, type and value in them.",
    ]
