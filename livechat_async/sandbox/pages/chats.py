"""The Archives page: ``/chats``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

from livechat_async.sandbox.http.answers import Answer, error, errors, json_answer
from livechat_async.sandbox.http.bodies import BadBody, body_of, read_tags
from livechat_async.sandbox.http.queries import Matches, QueryReader, items_of, mentions, part_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.state.chats import ChatArchive
from livechat_async.sandbox.state.timeline import PAGE_SIZE, Wire
from livechat_async.sandbox.state.visitors import Store
from livechat_async.sandbox.webhooks.announcer import Announcer
from livechat_async.sandbox.webhooks.events import chat_part, visitor_of_chat

__all__ = ["ChatsApi", "Routes", "page_count"]

Routes: TypeAlias = Mapping[str, Callable[[RecordedRequest], Answer]]
"""What answers which method."""

_OF_WHOLE_CHATS = ("query",)
"""Filters that look at what was said."""
_RATES = ("rated", "not_rated", "rated_good", "rated_bad")


class ChatsApi:
    """The Archives page.

    Args:
        archive: the chats that have ended.
        store: has those that run.
        announcer: tells the webhooks.
        record_cap: of how many records of an answer there are pages.
    """

    def __init__(
        self, archive: ChatArchive, store: Store, announcer: Announcer, record_cap: int
    ) -> None:
        self._archive = archive
        self._store = store
        self._announcer = announcer
        self._record_cap = record_cap

    def routes(self, path: list[str]) -> Routes:
        """What there is below ``/chats``."""
        match path:
            case []:
                return {"GET": self._list}
            case [chat_id]:
                return {"GET": lambda _: self._get(chat_id)}
            case [chat_id, "tags"]:
                return {"PUT": lambda request: self._tag(chat_id, request)}
            case [chat_id, "send_transcript"]:
                return {"POST": lambda request: self._send(chat_id, request)}
            case _:
                return {}

    def _list(self, request: RecordedRequest) -> Answer:
        reader = QueryReader(request.query)
        since, until = reader.days(reader.zone())
        page = reader.page()
        filters = _read_filters(reader)
        with_pending = reader.flag("include_pending")
        if page > self._record_cap // PAGE_SIZE:
            reader.problems.append(
                f"page is too high: only the latest {self._record_cap} records can be had, "
                "ask for fewer days with date_from and date_to"
            )
        if reader.problems:
            return errors(reader.problems)
        self._archive.move()

        def matches(chat: Wire) -> bool:
            return all(_FILTERS[name](chat, value) for name, value in filters)

        numbers = self._archive.items.select(
            *(since, until, matches if filters else None, filters),
            by_outline=not any(name in _OF_WHOLE_CHATS for name, _ in filters),
        )
        running = []
        if with_pending:
            running = [
                chat
                for chat in self._store.running_chats()
                if (since is None or since <= chat["started_timestamp"])
                and (until is None or chat["started_timestamp"] < until)
                and matches(chat)
            ]
        begin, end, before = (page - 1) * PAGE_SIZE, page * PAGE_SIZE, len(running)
        chats = running[begin:end] + self._archive.items.slice(
            numbers, max(0, begin - before), max(0, end - before)
        )
        total = len(numbers) + before
        return json_answer({"chats": chats, "total": total, "pages": page_count(total)})

    def _get(self, chat_id: str) -> Answer:
        chat = self._archive.items.get(chat_id)
        return _not_found() if chat is None else json_answer(chat)

    def _tag(self, chat_id: str, request: RecordedRequest) -> Answer:
        try:
            tags = read_tags(request)
        except BadBody as problem:
            is_known = chat_id in self._archive.items or self._store.runs(chat_id)
            return errors([str(problem)]) if is_known else _not_found()
        chat = self._store.tag_chat(chat_id, tags) or self._tag_archived(chat_id, tags)
        if chat is None:
            return _not_found()
        return json_answer({"chats": [chat], "total": 1, "pages": 1})

    def _tag_archived(self, chat_id: str, tags: list[str]) -> Wire | None:
        items = self._archive.items
        chat, moment = items.get(chat_id), items.moment(chat_id)
        if chat is None or moment is None:
            return None
        changed = {**chat, "tags": tags}
        items.put(changed, moment)
        if tags != chat.get("tags"):
            self._announcer.announce(
                "chat_changed",
                lambda: {"chat": chat_part(changed), "visitor": visitor_of_chat(changed)},
            )
        return changed

    def _send(self, chat_id: str, request: RecordedRequest) -> Answer:
        if chat_id not in self._archive.items:
            return _not_found()
        try:
            to = body_of(request).get("to")
        except BadBody as problem:
            return errors([str(problem)])
        if not isinstance(to, str) or not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", to):
            return errors(["to is required and has to be an e-mail address"])
        self._archive.transcripts.append((chat_id, to))
        return json_answer({"result": f"E-mail has been sent to {to}."})


def page_count(total: int) -> int:
    """How many pages so many items fill."""
    return -(-total // PAGE_SIZE)


def _not_found() -> Answer:
    return error(HTTPStatus.NOT_FOUND, "Chat not found")


def _read_filters(reader: QueryReader) -> tuple[tuple[str, Any], ...]:
    """The filters that were asked for, by name."""
    values: dict[str, Any] = {
        **{name: reader.text(name) for name in ("visitor_id", "query", "agent")},
        **{name: reader.text(name) for name in ("city", "region", "country")},
        **{name: reader.number(name) for name in ("group", "goal", "sale")},
        **{name: reader.flag(name) for name in ("has_goal", "has_sale", "queued")},
        **{name: reader.flag(name) for name in ("tagged", "comment")},
        "rate": reader.choice("rate", _RATES),
        "tag": reader.texts("tag"),
    }
    return tuple((name, value) for name, value in values.items() if value is not None)


def _sales(chat: Wire) -> list[Any]:
    """The goals that have an order: that is what a tracked sale is."""
    return [goal for goal in items_of(chat, "goals") if part_of(goal, "order")]


def _has_comment(chat: Wire) -> bool:
    """Whether the question for a comment has an answer in the survey after the chat."""
    return any(
        isinstance(answer, Mapping)
        and "comment" in str(answer.get("key", "")).lower()
        and bool(answer.get("value"))
        for answer in items_of(chat, "postchat_survey")
    )


def _is_visitor(chat: Wire, visitor_id: str) -> bool:
    return visitor_id in (chat.get("visitor_id"), part_of(chat, "visitor").get("id"))


def _is_rated(chat: Wire, rate: str) -> bool:
    given = chat.get("rate")
    return given in {"rated_good", "rated_bad"} if rate == "rated" else given == rate


def _texts(chat: Wire) -> Iterator[object]:
    yield from (part_of(chat, "visitor").get(name) for name in ("name", "email"))
    yield from (chat.get(name) for name in ("email", "message"))
    for name, key in (
        ("messages", "text"),
        ("prechat_survey", "value"),
        ("postchat_survey", "value"),
    ):
        yield from (each.get(key) for each in items_of(chat, name) if isinstance(each, Mapping))


def _values(items: list[Any], key: str) -> list[object]:
    return [item.get(key) for item in items if isinstance(item, Mapping)]


_FILTERS: Mapping[str, Matches] = {
    "visitor_id": _is_visitor,
    "query": lambda chat, text: mentions(_texts(chat), text),
    "agent": lambda chat, login: login in _values(items_of(chat, "agents"), "email"),
    "group": lambda chat, group: group in items_of(chat, "group"),
    "goal": lambda chat, goal: goal in _values(items_of(chat, "goals"), "id"),
    "has_goal": lambda chat, wanted: bool(items_of(chat, "goals")) == wanted,
    "sale": lambda chat, goal: goal in _values(_sales(chat), "id"),
    "has_sale": lambda chat, wanted: bool(_sales(chat)) == wanted,
    "queued": lambda chat, wanted: ("queue" in chat) == wanted,
    "rate": _is_rated,
    "tag": lambda chat, tags: any(tag in items_of(chat, "tags") for tag in tags),
    "tagged": lambda chat, wanted: bool(items_of(chat, "tags")) == wanted,
    "comment": lambda chat, wanted: _has_comment(chat) == wanted,
    "city": lambda chat, city: part_of(chat, "visitor").get("city") == city,
    "region": lambda chat, region: part_of(chat, "visitor").get("region") == region,
    "country": lambda chat, country: part_of(chat, "visitor").get("country") == country,
}
