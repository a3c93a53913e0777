"""A visitor who cannot be read: raised, or skipped and reported."""

from __future__ import annotations

import json
from typing import Any

import pytest
from wire import Wire

from livechat_async import (
    Arrived,
    BrokenItem,
    ConfigurationError,
    DecodeError,
    Left,
    LiveChatClient,
    VisitorList,
)

GOOD: list[dict[str, Any]] = [{"id": "A", "state": "x"}, {"id": "C", "state": "x"}]
BROKEN = {"id": "B", "state": "x", "chats": "many"}
PROBLEM = BrokenItem(1, "[1].chats", "a whole number", "'many'")


async def test_a_broken_visitor_is_raised_or_skipped_and_reported(
    client: LiveChatClient, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """Visitors have the policy that chats have (field case 2)."""
    answer = [GOOD[0], BROKEN, GOOD[1]]
    wire.answers = [answer, answer]
    with pytest.raises(DecodeError, match=r"\[1\]\.chats") as caught:
        await client.visitors.list()
    assert caught.value.attempts == 1
    visitors = await client.visitors.list(on_broken="skip")
    assert [visitor.id for visitor in visitors] == ["A", "C"]
    assert isinstance(visitors, VisitorList)
    assert visitors.broken == [PROBLEM]
    assert "[1].chats is not a whole number" in caplog.text
    assert "many" not in caplog.messages[-1]


async def test_a_report_of_a_broken_visitor_is_short(client: LiveChatClient, wire: Wire) -> None:
    """Many of them are kept: for the length of an export, for one (field case 2)."""
    wire.answers = [[{**BROKEN, "chats": "many" * 100_000}]]
    (broken,) = (await client.visitors.list(on_broken="skip")).broken
    assert broken.found.startswith("'manymany")
    assert len(broken.found) < 200


async def test_a_watch_goes_on_without_a_broken_visitor(
    client: LiveChatClient, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so once, as long as the same visitor is broken (field case 2)."""
    broken = [GOOD[0], BROKEN]
    wire.answers = [broken, broken, [*broken, GOOD[1]], GOOD]
    watch = client.visitors.watch(interval=0.01, on_broken="skip")
    assert watch.broken == ()
    async with watch:
        assert (await anext(watch)).visitor.id == "A"  # type: ignore[union-attr]
        assert watch.broken == [PROBLEM]
        assert (await anext(watch)).visitor.id == "C"  # type: ignore[union-attr]
    assert caplog.text.count("[1].chats is not a whole number") == 1


async def test_the_visitors_can_be_written_as_json(client: LiveChatClient, wire: Wire) -> None:
    """A list that also holds a report is a list for the converter (field case 2)."""
    wire.answers = [GOOD]
    plain = client.converter.unstructure(await client.visitors.list())
    assert [visitor["id"] for visitor in json.loads(json.dumps(plain))] == ["A", "C"]


async def test_a_visitor_who_comes_and_goes_broken_does_not_end_a_watch(
    client: LiveChatClient, wire: Wire
) -> None:
    """While they cannot be read they count as absent, without a policy too (field case 2)."""
    sound = {**BROKEN, "chats": 2}
    wire.answers = [[GOOD[0], sound], [GOOD[0], BROKEN], [GOOD[0], sound]]
    async with client.visitors.watch(interval=0.01) as watch:
        changes = [await anext(watch) for _ in range(4)]
    assert [(type(change), change.visitor.id) for change in changes] == [  # type: ignore[union-attr]
        *((Arrived, "A"), (Arrived, "B"), (Left, "B"), (Arrived, "B")),
    ]


async def test_another_policy_is_refused_before_anything_is_sent(
    client: LiveChatClient, wire: Wire
) -> None:
    for refuse in (
        lambda: client.visitors.list(on_broken="ignore"),  # type: ignore[arg-type]
        lambda: client.visitors.watch(on_broken="ignore"),  # type: ignore[arg-type]
    ):
        with pytest.raises(ConfigurationError, match="on_broken='ignore'"):
            await refuse()  # type: ignore[misc]
    assert not wire.sent


async def test_a_list_of_visitors_becomes_json(client: LiveChatClient, wire: Wire) -> None:
    wire.answers = [GOOD]

    visitors = client.converter.unstructure(await client.visitors.list())

    assert [visitor["id"] for visitor in visitors] == ["A", "C"]
