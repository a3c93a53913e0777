"""The Tickets page: ``/tickets``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from http import HTTPStatus

from livechat_async.sandbox.data.dates import read_ticket_time
from livechat_async.sandbox.data.live_chats import as_operator
from livechat_async.sandbox.data.tickets import group_of, new_ticket
from livechat_async.sandbox.http.answers import (
    PAGE_SIZE,
    Answer,
    Wire,
    json_answer,
    list_answer,
    not_found,
)
from livechat_async.sandbox.http.bodies import query_of, read_body, read_tags
from livechat_async.sandbox.http.queries import (
    Filter,
    QueryReader,
    flag_filter,
    items_of,
    mentions,
    part_filter,
    part_of,
    values_of,
)
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account

_STATUSES = ("open", "pending", "solved", "spam")
_SOURCES = (
    *("lc2", "mail", "facebook", "agent-app-manual", "chat-window", "facebook:conversation"),
    "facebook:post",
)
_CREATED_FROM = ("chat-window", "mail", "lc2")


def list_tickets(account: Account, request: RecordedRequest) -> Answer:
    """``GET /tickets``: one page of the tickets that fit, the last changed first."""
    reader = query_of(request)
    days = reader.days(UTC)
    page = reader.page()
    order = reader.choice("order", ("asc", "desc"))
    asked, fits = reader.filters(_FILTERS)
    reader.check()

    def matches(ticket: Wire) -> bool:
        return _is_active(ticket, *days) and fits(ticket)

    is_narrowed = days != (None, None) or asked
    numbers = account.tickets.select(matches=matches if is_narrowed else None, key=(days, asked))
    begin, is_reversed = (page - 1) * PAGE_SIZE, order == "asc"
    tickets = account.tickets.slice(numbers, begin, begin + PAGE_SIZE, oldest_first=is_reversed)
    return list_answer("tickets", tickets, len(numbers), items_last=True)


def get_ticket(account: Account, _request: RecordedRequest, ticket_id: str) -> Answer:
    """``GET /tickets/<TICKET_ID>``: one ticket."""
    ticket = account.tickets.get(ticket_id)
    return not_found("Ticket not found") if ticket is None else json_answer(ticket)


def tag_ticket(account: Account, request: RecordedRequest, ticket_id: str) -> Answer:
    """``PUT /tickets/<TICKET_ID>/tags``: set the tags of a ticket."""
    if ticket_id not in account.tickets:
        return not_found("Ticket not found")
    changed = account.tickets.change(ticket_id, tags=read_tags(request)) or {}
    return list_answer("tickets", [changed], 1, items_last=True)


def create_ticket(account: Account, request: RecordedRequest) -> Answer:
    """``POST /tickets``: create a ticket."""
    body = read_body(request, lists=("group",))
    problems: list[str] = []
    now = account.tickets.now
    ticket = _read_ticket(account.tickets.new_id(), body, now, problems)
    if problems:
        # A list under "error" instead of "errors": LiveChat does this on this page only.
        return json_answer({"error": problems}, HTTPStatus.BAD_REQUEST)
    account.tickets.add(ticket, now)
    return json_answer(ticket)


def _read_ticket(ticket_id: str, body: Mapping[str, object], now: int, problems: list[str]) -> Wire:
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
    ticket = new_ticket(
        ticket_id,
        now,
        requester={"mail": mail, "name": _text(requester, "name") or mail},
        question=(_text(body, "subject") or "(no subject)", message),
        source={"type": kind, **({"url": url} if url else {})},
    )
    login = _text(part_of(body, "assignee"), "id")
    if login:
        ticket["assignee"] = {"id": login, "name": as_operator(login).display_name}
    ticket["groups"] = _read_groups(body.get("group", [0]), problems)
    return {**ticket, "currentGroup": ticket["groups"][0]}


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) and value.strip() else ""


def _read_groups(value: object, problems: list[str]) -> list[Wire]:
    items = [str(item) for item in value] if isinstance(value, list) else []
    if not items or not all(re.fullmatch(r"[0-9]{1,9}", item) for item in items):
        problems.append("group has to be a list of group numbers, as in group[]=0")
        return [group_of(0)]
    return [group_of(int(item)) for item in items]


def _is_active(ticket: Wire, since: int | None, until: int | None) -> bool:
    """Whether the ticket was created or changed, or has an event, in this time."""
    if since is None and until is None:
        return True
    values = [ticket.get("date"), ticket.get("modified"), *values_of(ticket, "events", "date")]
    return any(
        moment is not None
        and (since is None or since <= moment)
        and (until is None or moment < until)
        for moment in map(read_ticket_time, values)
    )


def _texts(ticket: Wire) -> Iterator[object]:
    yield ticket.get("subject")
    yield from (part_of(ticket, "requester").get(name) for name in ("mail", "name"))
    yield from values_of(ticket, "events", "message")


def _groups_of(ticket: Wire) -> list[object]:
    """The numbers of the groups; the documentation shows bare numbers too."""
    groups = items_of(ticket, "groups")
    return [group.get("id") if isinstance(group, Mapping) else group for group in groups]


_FILTERS: Mapping[str, Filter] = {
    "assignee": part_filter("assignee", "id"),
    "query": Filter(QueryReader.text, lambda ticket, text: mentions(_texts(ticket), text)),
    "tag": Filter(QueryReader.text, lambda ticket, tag: tag in items_of(ticket, "tags")),
    "source_id": part_filter("source", "id"),
    "assigned": flag_filter(lambda ticket: part_of(ticket, "assignee")),
    "tagged": flag_filter(lambda ticket: items_of(ticket, "tags")),
    "group": Filter(QueryReader.number, lambda ticket, group: group in _groups_of(ticket)),
    "status": Filter(
        lambda reader, name: reader.choice(name, _STATUSES),
        lambda ticket, status: ticket.get("status") == status,
    ),
    "source": Filter(
        lambda reader, name: reader.choice(name, _SOURCES), part_filter("source", "type").fits
    ),
    "requester": Filter(
        lambda reader, name: reader.nested(name, "mail"), part_filter("requester", "mail").fits
    ),
}

ROUTES = (
    Route("GET", "/tickets", list_tickets),
    Route("POST", "/tickets", create_ticket),
    Route("GET", "/tickets/{ticket_id}", get_ticket),
    Route("PUT", "/tickets/{ticket_id}/tags", tag_ticket),
)
