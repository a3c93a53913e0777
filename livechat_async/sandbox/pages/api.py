"""The documented API over a store: a recorded request in, an answer out. Knows no sockets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Literal, TypeAlias
from urllib.parse import unquote

from livechat_async.credentials import Credentials
from livechat_async.sandbox.http.answers import NO_RIGHTS, Answer, error, errors, json_answer
from livechat_async.sandbox.http.bodies import BadBody
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.pages.chats import ChatsApi, Routes
from livechat_async.sandbox.pages.details import check_details, read_details
from livechat_async.sandbox.pages.tickets import TicketsApi
from livechat_async.sandbox.pages.webhooks import WebhooksApi
from livechat_async.sandbox.state.visitors import Store

__all__ = ["Api", "CountShape", "segments", "wrong_method"]

CountShape: TypeAlias = Literal["object", "number", "text"]

_FILTER_STATES = (
    "chatting",
    "queued",
    "browsing",
    "invited",
    "refused invitation",
    "chat closed",
)
"""The states that can be asked for; a visitor may be in others."""

_ADDED = {"result": "Visitor details added"}


def segments(raw_path: str) -> list[str]:
    """The parts of a path, percent-decoded each; one slash at the end makes no difference."""
    return [unquote(part) for part in raw_path.removesuffix("/").split("/")[1:]]


def wrong_method(method: str, allowed: Sequence[str]) -> Answer:
    """405, naming the methods that are allowed."""
    names = ", ".join(allowed)
    return error(
        HTTPStatus.METHOD_NOT_ALLOWED,
        f"Method {method} is not allowed here, only {names}",
        {"Allow": names},
    )


class Api:
    """The Visitors page, and the way to the others.

    Args:
        store: the visitors.
        accepted: the credentials that may ask; adding details needs none.
        count_shape: how ``count=1`` is answered, which LiveChat documents nowhere:
            ``{"count": 7}``, ``7`` or ``"7"``.
        chats: the Archives page.
        tickets: the Tickets page.
        webhooks: the Webhooks page.
    """

    def __init__(
        self,
        store: Store,
        accepted: Sequence[Credentials],
        count_shape: CountShape,
        *,
        chats: ChatsApi,
        tickets: TicketsApi,
        webhooks: WebhooksApi,
    ) -> None:
        self._store = store
        self._chats = chats
        self._tickets = tickets
        self._webhooks = webhooks
        self._accepted = [_split(credentials.authorization()) for credentials in accepted]
        self._count_shape = count_shape

    def answer(self, request: RecordedRequest) -> Answer:
        """Carry a request out."""
        path = segments(request.raw_path)
        if path[:1] == ["v2"]:
            path = path[1:]
        elif request.headers.get("X-API-Version", "").strip() != "2":
            return errors(["X-API-Version: 2 is required, as a header or as /v2/ in the path"])
        match path:
            case ["visitors", visitor_id, "details"]:
                # The licence and the token in the body are what it goes by.
                routes: Routes = {"POST": lambda _: self._add_details(visitor_id, request)}
                is_allowed = True
            case _:
                routes = self._routes(path)
                is_allowed = _split(request.headers.get("Authorization", "")) in self._accepted
        if not routes:
            return error(HTTPStatus.NOT_FOUND, f"There is nothing at {request.path}")
        if request.method not in routes:
            return wrong_method(request.method, [*routes])
        return routes[request.method](request) if is_allowed else _no_rights()

    def _routes(self, path: list[str]) -> Routes:
        match path:
            case ["visitors"]:
                return {"GET": self._list}
            case ["chats", *rest]:
                return self._chats.routes(rest)
            case ["tickets", *rest]:
                return self._tickets.routes(rest)
            case ["webhooks", *rest]:
                return self._webhooks.routes(rest)
            case _:
                return {}

    def _list(self, request: RecordedRequest) -> Answer:
        query = request.query
        problems: list[str] = []
        state = _read_state(query, problems)
        groups = _read_groups(query, problems)
        counts = _read_count(query, problems)
        if "callback" in query:
            problems.append("callback (JSONP) is for web pages only")
        if problems:
            return errors(problems)
        found = self._store.find(state, groups)
        return self._count(len(found)) if counts else json_answer(found)

    def _count(self, number: int) -> Answer:
        shapes = {"object": {"count": number}, "number": number, "text": str(number)}
        return json_answer(shapes[self._count_shape])

    def _add_details(self, visitor_id: str, request: RecordedRequest) -> Answer:
        try:
            body = read_details(request.headers.get("Content-Type", ""), request.body)
        except BadBody as problem:
            return errors([str(problem)])
        if visitor_id not in self._store:
            return error(HTTPStatus.NOT_FOUND, "Visitor not found")
        is_known = body.token is not None and self._store.accepts(visitor_id, body.token)
        if not is_known or body.license_id != str(self._store.license_id):
            return _no_rights()
        details = check_details(body.values)
        if isinstance(details, list):
            return errors(details)
        if not body.dropped:
            self._store.add_details(visitor_id, details)
        return json_answer(_ADDED)


def _no_rights() -> Answer:
    return error(HTTPStatus.UNAUTHORIZED, NO_RIGHTS)


def _split(authorization: str) -> tuple[str, str]:
    """Scheme and value; the scheme ignores case."""
    scheme, _, value = authorization.partition(" ")
    return scheme.lower(), value


def _read_state(query: Mapping[str, object], problems: list[str]) -> str | None:
    state = query.get("state")
    if state is None or (isinstance(state, str) and state in _FILTER_STATES):
        return state
    problems.append(f"state has to be one of: {', '.join(_FILTER_STATES)}")
    return None


def _read_groups(query: Mapping[str, object], problems: list[str]) -> set[int] | None:
    if "group" not in query:
        return None
    value = query["group"]
    items = list(value.values()) if isinstance(value, dict) else value
    if isinstance(items, list) and all(_is_number(item) for item in items):
        return {int(item) for item in items}
    problems.append("group[] has to be the number of a group, as in group[]=0")
    return None


def _read_count(query: Mapping[str, object], problems: list[str]) -> bool:
    count = query.get("count", "0")
    if count not in ("0", "1"):
        problems.append("count has to be 0 or 1")
    return count == "1"


def _is_number(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) is not None
