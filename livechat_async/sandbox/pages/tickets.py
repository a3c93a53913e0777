"""The Tickets page: ``/tickets``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from http import HTTPStatus
from typing import Any

from livechat_async.sandbox.data.live_chats import as_operator
from livechat_async.sandbox.data.tickets import (
    client_message,
    group_of,
    read_moment,
    ticket_of,
)
from livechat_async.sandbox.http.answers import Answer, error, errors, json_answer
from livechat_async.sandbox.http.bodies import BadBody, body_of, read_tags
from livechat_async.sandbox.http.queries import Matches, QueryReader, items_of, mentions, part_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.pages.chats import Routes, page_count
from livechat_async.sandbox.state.tickets import TicketArchive
from livechat_async.sandbox.state.timeline import PAGE_SIZE, Wire

__all__ = ["TicketsApi"]

_STATUSES = ("open", "pending", "solved", "spam")
_SOURCES = (
    *("lc2", "mail", "facebook", "agent-app-manual", "chat-window", "facebook:conversation"),
    "facebook:post",
)
_CREATED_FROM = ("chat-window", "mail", "lc2")


class TicketsApi:
    """The Tickets page.

    Args:
        archive: the tickets.
    """

    def __init__(self, archive: TicketArchive) -> None:
        self._archive = archive

    def routes(self, path: list[str]) -> Routes:
        """What there is below ``/tickets``."""
        match path:
            case []:
                return {"GET": self._list, "POST": self._create}
            case [ticket_id]:
                return {"GET": lambda _: self._get(ticket_id)}
            case [ticket_id, "tags"]:
                return {"PUT": lambda request: self._tag(ticket_id, request)}
            case _:
                return {}

    def _list(self, request: RecordedRequest) -> Answer:
        reader = QueryReader(request.query)
        days = reader.days(UTC)
        page = reader.page()
        order = reader.choice("order", ("asc", "desc"))
        filters = _read_filters(reader)
        if reader.problems:
            return errors(reader.problems)

        def matches(ticket: Wire) -> bool:
            return _is_active(ticket, *days) and all(
                _FILTERS[name](ticket, value) for name, value in filters
            )

        key = (days, filters)
        is_narrowed = key != ((None, None), ())
        numbers = self._archive.items.select(matches=matches if is_narrowed else None, key=key)
        tickets = self._archive.items.slice(
            numbers, (page - 1) * PAGE_SIZE, page * PAGE_SIZE, oldest_first=order == "asc"
        )
        return json_answer(_envelope(tickets, len(numbers)))

    def _get(self, ticket_id: str) -> Answer:
        ticket = self._archive.items.get(ticket_id)
        return _not_found() if ticket is None else json_answer(ticket)

    def _create(self, request: RecordedRequest) -> Answer:
        try:
            body = body_of(request, lists=("group",))
        except BadBody as problem:
            return errors([str(problem)])
        problems: list[str] = []
        ticket = _new_ticket(self._archive.items.new_id(), body, self._archive.now, problems)
        if problems:
            # An array under the singular key, as LiveChat answers here and nowhere else.
            return json_answer({"error": problems}, HTTPStatus.BAD_REQUEST)
        self._archive.create(ticket, self._archive.now)
        return json_answer(ticket)

    def _tag(self, ticket_id: str, request: RecordedRequest) -> Answer:
        items = self._archive.items
        ticket, moment = items.get(ticket_id), items.moment(ticket_id)
        if ticket is None or moment is None:
            return _not_found()
        try:
            tags = read_tags(request)
        except BadBody as problem:
            return errors([str(problem)])
        changed = {**ticket, "tags": tags}
        items.put(changed, moment)
        return json_answer(_envelope([changed], 1))


def _envelope(tickets: list[Wire], total: int) -> Wire:
    return {"pages": page_count(total), "total": total, "tickets": tickets}


def _not_found() -> Answer:
    return error(HTTPStatus.NOT_FOUND, "Ticket not found")


def _new_ticket(ticket_id: str, body: Mapping[str, object], now: int, problems: list[str]) -> Wire:
    requester, source = part_of(body, "requester"), part_of(body, "source")
    mail, message = _text(requester, "mail"), _text(body, "message")
    if not message:
        problems.append("message is required")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", mail):
        problems.append("requester[mail] is required and has to be an e-mail address")
    kind, url = _text(source, "type") or "lc2", _text(source, "url")
    if kind not in _CREATED_FROM:
        problems.append(f"source[type] has to be one of: {', '.join(_CREATED_FROM)}")
    if url and kind != "chat-window":
        problems.append("source[url] goes with source[type]=chat-window only")
    groups = _groups(body.get("group", [0]), problems)
    name, login = _text(requester, "name"), _text(part_of(body, "assignee"), "id")
    origin = {"type": kind, **({"url": url} if url else {})}
    ticket = ticket_of(
        ticket_id,
        now,
        requester={"mail": mail, "name": name or mail},
        subject=_text(body, "subject") or "(no subject)",
    )
    if login:
        ticket["assignee"] = {"id": login, "name": as_operator(login).display_name}
    return {
        **ticket,
        "groups": groups,
        "currentGroup": groups[0],
        "source": origin,
        "events": [client_message(mail, name or mail, message, origin, now)],
    }


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) and value.strip() else ""


def _groups(value: object, problems: list[str]) -> list[Wire]:
    items = [str(item) for item in value] if isinstance(value, list) else []
    if not items or not all(re.fullmatch(r"[0-9]{1,9}", item) for item in items):
        problems.append("group has to be a list of group numbers, as in group[]=0")
        return [group_of(0)]
    return [group_of(int(item)) for item in items]


def _read_filters(reader: QueryReader) -> tuple[tuple[str, Any], ...]:
    """The filters that were asked for, by name."""
    values: dict[str, Any] = {
        **{name: reader.text(name) for name in ("assignee", "query", "tag", "source_id")},
        **{name: reader.flag(name) for name in ("assigned", "tagged")},
        "group": reader.number("group"),
        "status": reader.choice("status", _STATUSES),
        "source": reader.choice("source", _SOURCES),
        "requester": reader.nested("requester", "mail"),
    }
    return tuple((name, value) for name, value in values.items() if value is not None)


def _is_active(ticket: Wire, since: int | None, until: int | None) -> bool:
    """Whether anything happened to the ticket in a time."""
    if since is None and until is None:
        return True
    values = [ticket.get("date"), ticket.get("modified")]
    values += [event.get("date") for event in items_of(ticket, "events") if isinstance(event, dict)]
    return any(
        moment is not None
        and (since is None or since <= moment)
        and (until is None or moment < until)
        for moment in map(read_moment, values)
    )


def _texts(ticket: Wire) -> Iterator[object]:
    yield ticket.get("subject")
    yield from (part_of(ticket, "requester").get(name) for name in ("mail", "name"))
    events: Iterable[object] = items_of(ticket, "events")
    yield from (event.get("message") for event in events if isinstance(event, dict))


def _groups_of(ticket: Wire) -> list[object]:
    """The numbers of the groups, which the documentation shows bare."""
    groups = items_of(ticket, "groups")
    return [group.get("id") if isinstance(group, dict) else group for group in groups]


_FILTERS: Mapping[str, Matches] = {
    "assignee": lambda ticket, login: part_of(ticket, "assignee").get("id") == login,
    "query": lambda ticket, text: mentions(_texts(ticket), text),
    "tag": lambda ticket, tag: tag in items_of(ticket, "tags"),
    "source_id": lambda ticket, source_id: part_of(ticket, "source").get("id") == source_id,
    "assigned": lambda ticket, wanted: bool(part_of(ticket, "assignee")) == wanted,
    "tagged": lambda ticket, wanted: bool(items_of(ticket, "tags")) == wanted,
    "group": lambda ticket, group: group in _groups_of(ticket),
    "status": lambda ticket, status: ticket.get("status") == status,
    "source": lambda ticket, source: part_of(ticket, "source").get("type") == source,
    "requester": lambda ticket, mail: part_of(ticket, "requester").get("mail") == mail,
}
