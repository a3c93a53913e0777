from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat_async.cli.common import to_json
from livechat_async.cli.listen.view import (
    EVENT_COLUMNS,
    event_cells,
    event_data,
    event_line,
    without_secrets,
)
from livechat_async.webhooks import parse_webhook

FIXTURES = Path(__file__).parent.parent / "fixtures"
BODIES: list[dict[str, Any]] = [
    body
    for path in sorted(FIXTURES.glob("webhooks_*.json"))
    for body in json.loads(path.read_text()).values()
]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ANY_TEXT = st.text(max_size=40)


def name_of(body: dict[str, Any]) -> str:
    return str(body["event_type"])


@pytest.mark.parametrize("body", BODIES, ids=name_of)
def test_the_data_of_an_event_makes_the_same_event(body: dict[str, Any]) -> None:
    event = parse_webhook(body)

    data = json.loads(to_json(event_data(event)))

    assert parse_webhook(data) == event
    assert parse_webhook(data).key == event.key
    assert set(data) == set(body)
    assert set(without_secrets(data)) == set(body) - {"token"}


@pytest.mark.parametrize("body", BODIES, ids=name_of)
def test_what_people_see_has_no_token(body: dict[str, Any]) -> None:
    event = parse_webhook(body)
    for shown in ("\t".join(event_cells(event, NOW)), event_line(event, NOW, 200).plain):
        assert event.token is not None
        assert event.token.reveal() not in shown
        assert "03:04:05" in shown
        assert body["event_type"][:13] in shown


def test_each_event_fills_its_columns() -> None:
    envelope = {"token": "x", "license_id": "1", "event_unique_id": "u"}
    visitor = {"id": "S1", "name": "Mary", "email": "mary@example.com"}
    page = "https://example.com/cart"
    chat = {"id": "PJ1", "url": page, "tags": ["sales", "vip"]}
    requester = {"mail": "john.doe@example.com", "name": "John Doe"}
    ticket = {"id": "CCWWM", "subject": "Welcome"}
    cases: list[tuple[str, dict[str, Any], list[str]]] = [
        (
            "chat_started",
            {"chat": chat, "visitor": visitor},
            ["PJ1", "S1", "Mary", "mary@example.com", page],
        ),
        ("chat_ended", {"chat": chat}, ["PJ1", "", "", "", page]),
        ("chat_changed", {"chat": chat}, ["PJ1", "", "", "", "sales, vip"]),
        ("chat_changed", {"chat": {"id": "PJ1"}}, ["PJ1", "", "", "", "no tags"]),
        ("chat_changed", {}, ["", "", "", "", "no tags"]),
        (
            "visitor_queued",
            {"visitor": {**visitor, "page_current": page}},
            ["", "S1", "Mary", "mary@example.com", page],
        ),
        (
            "ticket_created",
            {"ticket": {**ticket, "requester": requester}},
            ["CCWWM", "", "John Doe", "john.doe@example.com", "Welcome"],
        ),
        ("ticket_created", {"ticket": ticket}, ["CCWWM", "", "", "", "Welcome"]),
        (
            "canned_response_changed",
            {"canned_response": {"id": 7, "tags": ["hi", "ho"], "text": "Hello"}},
            ["7", "", "#hi #ho", "", "Hello"],
        ),
        ("canned_response_changed", {"canned_response": {"text": "Hello"}}, [*[""] * 4, "Hello"]),
        ("brand_new", {"more": 1}, [""] * 5),
    ]
    for kind, parts, expected in cases:
        event = parse_webhook({**envelope, "event_type": kind, **parts})
        cells = event_cells(event, NOW)
        assert len(cells) == len(EVENT_COLUMNS)
        assert cells[:3] == ("2026-01-02T03:04:05.000+00:00", kind, f"{kind}:1:u")
        assert list(cells[3:]) == expected, kind


@given(
    kind=st.sampled_from(["chat_started", "chat_changed", "visitor_queued"]) | ANY_TEXT,
    name=ANY_TEXT,
    visitor_id=ANY_TEXT,
    page=ANY_TEXT,
    width=st.integers(20, 200),
)
def test_a_line_is_one_line_whatever_strangers_write(
    kind: str, name: str, visitor_id: str, page: str, width: int
) -> None:
    visitor = {"id": visitor_id, "name": name, "email": name, "page_current": page}
    event = parse_webhook(
        {"event_type": kind if kind.strip() else "x", "visitor": visitor, "token": "t"}
    )
    line = event_line(event, NOW, width)
    assert line.cell_len <= width
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", line.plain)
