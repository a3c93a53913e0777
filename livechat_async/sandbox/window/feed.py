"""What has changed in a sandbox since the last look: the rows that the page shows.

A look compares everything with the look before, and serves all pages. So the state needs no hooks,
any thread may change it, and a sandbox without an open page pays nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

from attrs import asdict, define, field, fields

from livechat_async.display import cut
from livechat_async.sandbox.data.live_chats import LiveChat
from livechat_async.sandbox.http.answers import Wire, to_json
from livechat_async.sandbox.http.queries import items_of, objects_of, part_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.state.account import Account
from livechat_async.sandbox.state.timeline import Timeline, is_id
from livechat_async.sandbox.state.visitors import Visitor
from livechat_async.sandbox.webhooks.deliverer import Delivery

# An id, whatever differs after a change, and what makes the row.
_Item: TypeAlias = tuple[Hashable, tuple[object, ...], Callable[[], Wire]]

_REQUESTS, _DELIVERIES, _TICKETS, _ENDED_CHATS, _MESSAGES = 200, 100, 50, 10, 100
_FAULTS = 20
# A look at everything each tenth of a second; where it takes long, less often.
_INTERVAL, _LONGEST_INTERVAL, _IDLE_FOR_EACH_SECOND = 0.1, 1.0, 10
_MOST_AT_ONCE = 1_000  # rows of a table that a look makes: more would hold the event loop
_EVENTS = 10
_LONGEST = 2_000  # characters of a text
_DEEPEST = 20  # levels
_VISITOR = (
    *("id", "name", "state", "group", "ip", "city", "country", "country_code", "language"),
    *("page_current", "page_title", "referrer", "last_visit_ts", "visits", "page_views", "chats"),
)


@define
class _Table:
    """The rows that the pages have, by id."""

    rows: dict[Hashable, Wire] = field(factory=dict[Hashable, Wire])
    is_behind: bool = False
    _marks: dict[Hashable, tuple[object, ...]] = field(factory=dict[Hashable, tuple[object, ...]])

    def changes(self, items: Iterable[_Item]) -> Wire:
        """The rows to put and the ids to drop; empty if nothing changed."""
        before, self._marks, self.is_behind = self._marks, {}, False
        put: dict[Hashable, Wire] = {}
        for item_id, mark, make_row in items:
            if item_id in self._marks:  # a program chose the id of a chat twice
                continue
            seen = before.get(item_id)
            if seen != mark:
                if len(put) >= _MOST_AT_ONCE:
                    self.is_behind = True
                else:
                    seen = _copy(mark)
                    put[item_id] = _short({**make_row(), "id": item_id})
            if seen is not None:
                self._marks[item_id] = seen
        gone = [item_id for item_id in before if item_id not in self._marks]
        for item_id in gone:
            del self.rows[item_id]
        self.rows |= put
        parts = {"put": [*put.values()], "drop": gone}
        return {name: part for name, part in parts.items() if part}


class Feed:
    """The changes of an account, for all pages that are open.

    Attributes:
        due: when the next look is due, by `time.monotonic`.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        tables: dict[str, Callable[[], Iterable[_Item]]] = {
            "visitors": self._visitors,
            "chats": self._chats,
            "tickets": self._tickets,
            "deliveries": self._deliveries,
            "requests": self._requests,
        }
        self._tables = {name: (_Table(), items) for name, items in tables.items()}
        self._overview: Wire = {}
        self._newest_items: dict[Timeline, tuple[int, list[Wire]]] = {}
        self._events: deque[bytes] = deque(maxlen=_EVENTS)
        self._made = 0
        self._everything: tuple[int, bytes] = (-1, b"")
        self.due: float = 0.0

    def since(self, known: int) -> tuple[int, bytes]:
        """The number of the last event, and the events after a known one.

        A page that has none, or has missed too many, gets one event with everything. All pages
        share the events, and a slow one makes none wait.
        """
        if time.monotonic() >= self.due:
            self._look()
        if known and self._made - known <= len(self._events):
            events = [*self._events]
            return self._made, b"".join(events[len(events) - (self._made - known) :])
        if self._everything[0] != self._made:
            everything: Wire = {"now": self._account.visitors.now, "overview": self._overview}
            for name, (table, _) in self._tables.items():
                everything[name] = {"put": [*table.rows.values()]}
            self._everything = self._made, _event(everything)
        return self._everything

    def _look(self) -> None:
        began = time.monotonic()
        changes = self.changes()
        if changes:
            self._made += 1
            self._events.append(_event(changes))
        ended = time.monotonic()
        wait = min(max(_INTERVAL, _IDLE_FOR_EACH_SECOND * (ended - began)), _LONGEST_INTERVAL)
        is_behind = any(table.is_behind for table, _ in self._tables.values())
        self.due = ended + (_INTERVAL if is_behind else wait)

    def changes(self) -> Wire:
        """What changed since the last call, by table; the first time everything."""
        looks = {name: table.changes(items()) for name, (table, items) in self._tables.items()}
        result: Wire = {name: changes for name, changes in looks.items() if changes}
        overview = self._look_over()
        if overview != self._overview:
            self._overview = overview
            result["overview"] = overview
        return result

    def _look_over(self) -> Wire:
        account, faults = self._account, self._account.faults.entries
        return {
            "visitors": len(account.visitors),
            "chats_archived": len(account.chats),
            "tickets": len(account.tickets),
            "requests": account.requests.total,
            "deliveries": account.deliverer.total,
            "latency": account.pace.latency,
            "is_frozen": account.pace.is_frozen,
            "faults": [[_describe(fault), times] for fault, times in faults[:_FAULTS]],
            "faults_to_come": sum(times for _, times in faults),
            "agents": list(account.team.logins),
        }

    def _visitors(self) -> Iterator[_Item]:
        for each in self._account.visitors:
            yield each.wire["id"], (each.wire, each.details), partial(_visitor_row, each)

    def _chats(self) -> Iterator[_Item]:
        for visitor in self._account.visitors:
            chat = visitor.chat
            if chat is not None:
                mark = (len(chat.messages), tuple(chat.tags), visitor.wire.get("name"))
                # A program may have set the id to anything.
                chat_id = chat.id if is_id(chat.id) else str(chat.number)
                yield chat_id, mark, partial(_chat_row, visitor, chat)
        for item in self._newest(self._account.chats, _ENDED_CHATS):
            yield item["id"], (item,), partial(_archived_row, item)

    def _tickets(self) -> Iterator[_Item]:
        for item in self._newest(self._account.tickets, _TICKETS):
            yield item["id"], (item,), partial(_ticket_row, item)

    def _newest(self, timeline: Timeline, count: int) -> list[Wire]:
        """The last items, which are made again only after a change."""
        revision, items = self._newest_items.get(timeline, (-1, []))
        if revision != timeline.revision:
            items = timeline.slice(timeline.select(), 0, count)
            self._newest_items[timeline] = timeline.revision, items
        return items

    def _deliveries(self) -> Iterator[_Item]:
        for each in self._account.deliverer.newest(_DELIVERIES):
            mark = (len(each.attempts), each.under_way)
            yield each.id, mark, partial(_delivery_row, each)

    def _requests(self) -> Iterator[_Item]:
        for number, record in self._account.requests.newest(_REQUESTS):
            mark = (record.status, record.seconds)
            yield number, mark, partial(_request_row, record)


def _visitor_row(visitor: Visitor) -> Wire:
    row = {name: visitor.wire[name] for name in _VISITOR if name in visitor.wire}
    return {
        **row,
        "is_chatting": visitor.chat is not None,
        "operators": objects_of(visitor.wire, "operators"),
        "prechat_survey": objects_of(visitor.wire, "prechat_survey"),
        "custom_variables": objects_of(visitor.wire, "custom_variables"),
        "visit_path": objects_of(visitor.wire, "visit_path")[-_MESSAGES:],
        "details": [asdict(each) for each in visitor.details.values()],
    }


def _chat_row(visitor: Visitor, chat: LiveChat) -> Wire:
    return {
        "is_running": True,
        "visitor_id": visitor.wire["id"],
        "visitor": visitor.wire.get("name", ""),
        "agent": chat.agent.display_name,
        "started": chat.started,
        "tags": chat.tags,
        **_messages(chat.messages),
    }


def _archived_row(item: Wire) -> Wire:
    agents = [agent.get("display_name", "") for agent in objects_of(item, "agents")]
    return {
        "is_running": False,
        "visitor_id": part_of(item, "visitor").get("id"),
        "visitor": part_of(item, "visitor").get("name", ""),
        "agent": ", ".join(map(str, agents)),
        "started": item.get("started_timestamp"),
        "ended": item.get("ended_timestamp"),
        "tags": items_of(item, "tags"),
        **_messages(objects_of(item, "messages")),
    }


def _messages(messages: list[Wire] | list[Mapping[str, Any]]) -> Wire:
    """The last messages, and the number of all."""
    names = ("author_name", "text", "timestamp", "user_type")
    shown = [{name: each.get(name) for name in names} for each in messages[-_MESSAGES:]]
    return {"messages": shown, "said": len(messages)}


def _ticket_row(item: Wire) -> Wire:
    names = ("subject", "status", "modified")
    said = [event for event in objects_of(item, "events") if event.get("type") == "message"]
    events = [
        {"author": part_of(event, "author").get("name"), "text": event.get("message")}
        for event in said[-_MESSAGES:]
    ]
    row = {name: item[name] for name in names if name in item}
    people = {name: part_of(item, name) for name in ("requester", "assignee")}
    return {**row, **people, "tags": items_of(item, "tags"), "messages": events}


def _delivery_row(delivery: Delivery) -> Wire:
    attempts = [
        {"status": each.status, "problem": each.problem, "at": each.at.isoformat()}
        for each in delivery.attempts[-_MESSAGES:]
    ]
    row = {name: getattr(delivery, name) for name in ("event_type", "url", "done")}
    return {**row, "attempts": attempts}


def _request_row(record: RecordedRequest) -> Wire:
    names = ("method", "status", "fault", "seconds")
    row = {name: getattr(record, name) for name in names}
    return {**row, "path": record.raw_path, "at": record.received_at.isoformat()}


def _event(changes: Wire) -> bytes:
    """A server-sent event."""
    return b"data: %b\n\n" % to_json(changes)


def _describe(fault: Any) -> str:
    """A fault with the arguments that differ from their defaults."""
    shown = (
        f"{each.name}={getattr(fault, each.name)!r}"
        for each in fields(type(fault))
        if getattr(fault, each.name) != each.default
    )
    return cut(f"{type(fault).__name__}({', '.join(shown)})", 80)


def _copy(mark: tuple[object, ...]) -> tuple[object, ...]:
    """A shallow copy, which is enough: what is in a dict is replaced, never changed in place."""
    return tuple(dict(part) if isinstance(part, dict) else part for part in mark)


def _short(value: Any, levels: int = _DEEPEST) -> Any:
    """A copy in which texts and what is nested deep are cut: a program may have sent anything."""
    if isinstance(value, str):
        return cut(value, _LONGEST)
    if not isinstance(value, (dict, list, tuple)):
        return value
    if levels == 0:
        return "…"
    if isinstance(value, dict):
        return {key: _short(item, levels - 1) for key, item in value.items()}
    return [_short(item, levels - 1) for item in value]
