"""The control endpoints under ``/_sandbox/``, for programs in other languages. JSON only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

from attrs import asdict, fields_dict

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox import faults
from livechat_async.sandbox.actions import Archives
from livechat_async.sandbox.data.live_chats import StartedChat
from livechat_async.sandbox.fault_queue import FaultQueue
from livechat_async.sandbox.http.answers import Answer, error, json_answer
from livechat_async.sandbox.http.requests import RecordedRequest, RequestLog
from livechat_async.sandbox.pages.api import segments, wrong_method
from livechat_async.sandbox.state.movement import Movement
from livechat_async.sandbox.state.visitors import DEFAULT_AGENT, Store
from livechat_async.sandbox.webhooks.controls import WebhookControls

__all__ = ["PREFIX", "Control"]

PREFIX = "_sandbox"

_Body: TypeAlias = dict[str, Any]
_Routes: TypeAlias = dict[str, Callable[[_Body], object]]

_FAULTS = {name: getattr(faults, name) for name in faults.__all__ if name != "Fault"}


class Control:
    """What a program may do to the sandbox through HTTP.

    Args:
        store: the visitors.
        archives: the chats that have ended, and the tickets.
        webhooks: what was delivered.
        log: the requests of the API.
        queue: the faults to come.
    """

    def __init__(
        self,
        store: Store,
        archives: Archives,
        webhooks: WebhookControls,
        log: RequestLog,
        queue: FaultQueue,
    ) -> None:
        self._store = store
        self._archives = archives
        self._webhooks = webhooks
        self._log = log
        self._queue = queue
        self._movements: dict[str, Movement] = {}

    def answer(self, request: RecordedRequest) -> Answer:
        """Carry a request out."""
        if "Origin" in request.headers:
            return error(
                HTTPStatus.FORBIDDEN,
                "Web pages may not drive the sandbox: send no Origin header",
            )
        path = segments(request.raw_path)[1:]
        if path[:1] == ["visitors"] and len(path) > 1 and path[1] not in self._store:
            return error(HTTPStatus.NOT_FOUND, f"there is no visitor {path[1]!r}")
        routes = self._routes(path)
        if not routes:
            return error(HTTPStatus.NOT_FOUND, f"There is nothing at {request.path}")
        if request.method not in routes:
            return wrong_method(request.method, list(routes))
        try:
            result = routes[request.method](_read_body(request))
        except ConfigurationError as problem:
            return error(HTTPStatus.BAD_REQUEST, str(problem))
        return json_answer({"result": "done"} if result is None else result)

    def _routes(self, path: list[str]) -> _Routes:
        match path:
            case ["visitors"]:
                return {"GET": lambda _: self._store.copy(), "POST": self._add_visitor}
            case ["visitors", visitor_id, *rest]:
                return self._visitor_routes(visitor_id, rest)
            case ["faults"]:
                return {"POST": self._inject, "DELETE": lambda _: self._queue.clear()}
            case ["requests"]:
                return {
                    "GET": lambda _: [record.to_wire() for record in self._log],
                    "DELETE": lambda _: self._log.clear(),
                }
            case ["deliveries" | "canned_responses", *_]:
                return self._webhook_routes(path)
            case _:
                return self._archive_routes(path)

    def _visitor_routes(self, visitor_id: str, rest: list[str]) -> _Routes:
        store = self._store
        match rest:
            case []:
                return {
                    "GET": lambda _: store.copy(visitor_id),
                    "PATCH": lambda body: self._update_visitor(visitor_id, body),
                    "DELETE": lambda _: store.remove(visitor_id),
                }
            case ["queue"]:
                return {"POST": lambda _: store.queue(visitor_id)}
            case ["chat"]:
                return {
                    "POST": lambda body: self._start_chat(visitor_id, body),
                    "DELETE": lambda _: store.end_chat(visitor_id),
                }
            case ["messages"]:
                return {"POST": lambda body: self._say(visitor_id, body)}
            case ["details"]:
                return {"GET": lambda _: [asdict(item) for item in store.details_of(visitor_id)]}
            case _:
                return {}

    def _webhook_routes(self, path: list[str]) -> _Routes:
        webhooks = self._webhooks
        match path:
            case ["deliveries"]:
                return {
                    "GET": lambda _: [delivery.to_wire() for delivery in webhooks.deliveries],
                    "DELETE": lambda _: webhooks.clear_deliveries(),
                }
            case ["deliveries", delivery_id, "repeat"]:
                return {"POST": lambda _: webhooks.repeat_delivery(delivery_id)}
            case ["canned_responses"]:
                return {"POST": self._change_canned_response}
            case _:
                return {}

    def _archive_routes(self, path: list[str]) -> _Routes:
        archives = self._archives
        match path:
            case ["chats", chat_id]:
                return {"DELETE": lambda _: archives.remove_chat(chat_id)}
            case ["tickets", ticket_id]:
                return {"DELETE": lambda _: archives.remove_ticket(ticket_id)}
            case ["arrivals" | "departures" as name]:
                return {
                    "POST": lambda body: self._begin_movement(name, body),
                    "GET": lambda _: self._movements[name].ids if name in self._movements else [],
                    "DELETE": lambda _: self._end_movement(name),
                }
            case [name]:
                routes: dict[str, _Routes] = {
                    "chats": {"GET": lambda _: archives.chats, "POST": self._add_chat},
                    "tickets": {"GET": lambda _: archives.tickets, "POST": self._add_ticket},
                    "transcripts": {"GET": lambda _: archives.transcripts},
                    "seed": {"POST": self._seed},
                }
                return routes.get(name, {})
            case _:
                return {}

    def _add_chat(self, body: _Body) -> object:
        return {"id": self._archives.add_chat(**body)}

    def _add_ticket(self, body: _Body) -> object:
        return {"id": self._archives.add_ticket(**body)}

    def _seed(self, body: _Body) -> None:
        """Made-up chats and tickets: how many, and of which days."""
        _refuse_unknown(body, {"chats", "tickets", "date_from", "date_to", "seed"})
        counts = body.pop("chats", 0), body.pop("tickets", 0)
        self._archives.seed_chats(counts[0], **body)
        self._archives.seed_tickets(counts[1], **body)

    def _begin_movement(self, name: str, body: _Body) -> None:
        _refuse_unknown(body, {"per_request", "every", "day", "at_most"})
        begin = self._archives.let_chats_arrive
        if name == "departures":
            begin = self._archives.let_chats_go
        self._movements[name] = begin(**body)

    def _end_movement(self, name: str) -> None:
        if name in self._movements:
            self._movements[name].stop()

    def _add_visitor(self, body: _Body) -> object:
        return self._store.copy(self._store.add(body))

    def _update_visitor(self, visitor_id: str, body: _Body) -> object:
        self._store.update(visitor_id, body)
        return self._store.copy(visitor_id)

    def _start_chat(self, visitor_id: str, body: _Body) -> object:
        _refuse_unknown(body, {"agent", "prechat_survey"})
        chat = self._store.start_chat(
            visitor_id, body.get("agent", DEFAULT_AGENT), body.get("prechat_survey")
        )
        return _to_wire(chat)

    def _say(self, visitor_id: str, body: _Body) -> None:
        _refuse_unknown(body, {"text", "by_agent"})
        by_agent = body.get("by_agent", False)
        if not isinstance(by_agent, bool):
            raise ConfigurationError(f"by_agent={by_agent!r}: true or false is needed")
        self._store.say(visitor_id, body.get("text"), by_agent=by_agent)

    def _change_canned_response(self, body: _Body) -> object:
        _refuse_unknown(body, {"text", "id", "tags", "group"})
        text: Any = body.get("text")
        response_id = self._webhooks.change_canned_response(
            text,
            response_id=body.get("id"),
            tags=body.get("tags", ()),
            group=body.get("group", 0),
        )
        return {"id": response_id}

    def _inject(self, body: _Body) -> None:
        name, times = body.pop("fault", None), body.pop("times", 1)
        kind = _FAULTS.get(name) if isinstance(name, str) else None
        if kind is None:
            raise ConfigurationError(f"fault={name!r}: one of {', '.join(_FAULTS)} is needed")
        _refuse_unknown(body, fields_dict(kind))
        try:
            fault = kind(**body)
        except TypeError:
            raise ConfigurationError(
                f"{name} needs more than that: it has {', '.join(fields_dict(kind))}"
            ) from None
        self._queue.add(fault, times)


def _read_body(request: RecordedRequest) -> _Body:
    if not request.body:
        return {}
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ConfigurationError(
            f"Content-Type has to be application/json, not {kind or 'missing'}"
        )
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as problem:
        raise ConfigurationError(f"the body is not valid JSON: {problem}") from None
    if not isinstance(body, dict):
        raise ConfigurationError("the body has to be a JSON object")
    return body


def _refuse_unknown(body: Mapping[str, object], known: Mapping[str, object] | set[str]) -> None:
    unknown = [name for name in body if name not in known]
    if unknown:
        raise ConfigurationError(
            f"{unknown[0]!r} is not known here: use {', '.join(sorted(known))}"
        )


def _to_wire(chat: StartedChat) -> dict[str, object]:
    return {
        "visitor_id": chat.visitor_id,
        "chat_id": chat.chat_id,
        "license_id": chat.license_id,
        "token": chat.token,
        "webhook": chat.webhook_body(),
    }
