"""Reports: what every method makes of an answer, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from wire import Wire

from livechat_async import ConfigurationError, DecodeError, GroupBy, LiveChatClient, TotalChats
from livechat_async.decoding.converter import shared_converter

FIXTURE = Path(__file__).parent.parent / "fixtures" / "reports_docs.json"
SAMPLES: dict[str, Any] = json.loads(FIXTURE.read_text("utf-8"))
NAMES = sorted({name.partition(",")[0] for name in SAMPLES})

# What version 3 answers to requests of this kind.
VERSION_3 = [
    {"total": 79, "records": {"2026-01-01": {"total": 79}}},
    {"records": {"2026-01-01": {"response_time": 3.5, "count": 2}}},
    {"records": {}, "total": 0},
    {"name": "total_chats", "request": {"distribution": "day"}, "records": {"2026-01": {}}},
]


def call(client: LiveChatClient, name: str, **given: Any) -> Any:
    method = attrgetter(name)(client.reports)
    return method("monday") if name == "chats.occupancy" else method(**given)


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every leaf of a document by its path; a null is none."""
    if isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list):
        inner = ((str(index), item) for index, item in enumerate(value))
    else:
        return {} if value is None else {path: value}
    return {
        place: leaf for key, item in inner for place, leaf in leaves(item, f"{path}/{key}").items()
    }


@pytest.mark.parametrize("sample", SAMPLES)
async def test_a_documented_answer_decodes_with_no_leaf_lost(
    wire: Wire, client: LiveChatClient, sample: str
) -> None:
    name = sample.partition(",")[0]
    wire.answers = [SAMPLES[sample]]

    report = await call(client, name)

    rows = report if isinstance(report, list) else dict(report.rows)
    plain = shared_converter().unstructure(rows)
    plain = {"ranking": plain} if isinstance(report, list) else plain
    expected = leaves(SAMPLES[sample])
    found = {path: leaf for path, leaf in leaves(plain).items() if path in expected}
    assert {
        path: float(leaf) if path.endswith("/value") else leaf for path, leaf in found.items()
    } == expected
    if not isinstance(report, list):
        assert list(report.rows) == list(SAMPLES[sample])
        assert all(not getattr(row, "extra", {}) for row in report.rows.values())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", VERSION_3)
async def test_a_report_of_version_3_is_an_error_and_never_rows_of_zeros(
    wire: Wire, client: LiveChatClient, name: str, answer: Any
) -> None:
    wire.answers = [answer]
    with pytest.raises(DecodeError):
        await call(client, name)


async def test_the_error_names_what_is_no_period(wire: Wire, client: LiveChatClient) -> None:
    wire.answers = [VERSION_3[1]]
    with pytest.raises(DecodeError, match=r"a period, such as 2026-01-31.*'records'") as caught:
        await client.reports.chats.ratings()
    assert "response_time" in caught.value.body


@pytest.mark.parametrize("name", NAMES)
async def test_rows_without_a_known_field_are_an_error_and_never_zeros(
    wire: Wire, client: LiveChatClient, name: str
) -> None:
    """A report whose fields are renamed is not one of nothing (field case 3)."""
    wire.answers = [{"2026-01-31": {"renamed": 7}}]
    with pytest.raises(DecodeError) as caught:
        await call(client, name)
    assert caught.value.path.startswith("['2026-01-31']") or name.endswith("ranking")


@pytest.mark.parametrize("row", [{"begin": "2026-01-31"}, {"bad": 1}, {"chats": 0}, {}])
async def test_a_row_with_one_known_field_or_none_at_all_is_a_row(
    wire: Wire, client: LiveChatClient, row: dict[str, Any]
) -> None:
    wire.answers = [{"2026-01-31": row and {**row, "new": 7}}]
    ((_, found),) = (await client.reports.chats.ratings()).items()
    assert found.good == 0


@pytest.mark.parametrize("answer", [{}, []])
async def test_a_report_without_rows_is_empty(
    wire: Wire, client: LiveChatClient, answer: Any
) -> None:
    wire.answers = [answer]
    report = await client.reports.chats.total()
    assert list(report.items()) == []


async def test_periods_say_when_they_start(wire: Wire, client: LiveChatClient) -> None:
    starts = {
        "2026-01-31": date(2026, 1, 31),
        "2026-02": date(2026, 2, 1),
        "14:00": time(14),
        "2026-01-31 23:00": datetime.fromisoformat("2026-01-31T23:00"),
        "2026-W05": None,
        "2026-13": None,
        "2026-02-30": None,
        "25:00": None,
        "20260131": None,
        "": None,
        "٢٠٢٦-01": None,
    }
    wire.answers = [{key: {"chats": 1} for key in starts}]

    report = await client.reports.chats.total(group_by=GroupBy.DAY)

    found = [(period.key, period.start, row) for period, row in report.items()]
    assert found == [(key, start, TotalChats(chats=1)) for key, start in starts.items()]
    assert [type(start) for _, start, _ in found] == [type(start) for start in starts.values()]


@pytest.mark.parametrize("inner", ["first_response_time", "avg_response_time"])
async def test_the_time_of_a_response_is_read_from_either_name(
    wire: Wire, client: LiveChatClient, inner: str
) -> None:
    wire.answers = [{"10:00": {inner: {"count": 2, "seconds": 1.5}}, "11:00": {inner: None}}]

    report = await client.reports.chats.response_time()

    ten, eleven = report.rows.values()
    assert (ten.count, ten.seconds) == (2, 1.5)
    assert (eleven.count, eleven.seconds) == (0, None)


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("chats.total", "goal"),
        ("chats.ranking", "timezone"),
        ("chats.ranking", "group_by"),
        ("chats.queued_visitors", "agent"),
        ("chats.waiting_times", "tags"),
        ("chats.chatting_time", "group_by"),
        ("chats.response_time", "timezone"),
        ("chats.not_replied", "agent"),
        ("chats.greetings", "agent"),
        ("chats.goals", "greeting"),
        ("availability", "tags"),
        ("availability", "group_by"),
        ("tickets.new", "agent"),
        ("tickets.sources", "agent"),
        ("tickets.ranking", "agent"),
    ],
)
async def test_a_report_refuses_what_it_does_not_take(
    wire: Wire, client: LiveChatClient, name: str, argument: str
) -> None:
    with pytest.raises(
        ConfigurationError, match=f"{argument}=.*no such argument.*date_from, date_to"
    ):
        await call(client, name, **{argument: 1})
    assert wire.sent == []


async def test_none_leaves_an_argument_out(wire: Wire, client: LiveChatClient) -> None:
    wire.answers = [{}]
    await client.reports.chats.total(date_from=None, group=None, tags=None, timezone=None)
    assert wire.sent[0].line == "GET /reports/chats/total_chats"
