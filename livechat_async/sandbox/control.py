"""The control calls under ``/_sandbox/``: the methods of a sandbox, for other languages. JSON only.

A call's path gives the first arguments of its method, and the body gives the others by name.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Iterable
from datetime import date
from functools import cache
from http import HTTPStatus
from typing import Any, TypeAlias, get_args

from attrs import asdict, evolve

from livechat_async.checks import check_choice, check_count, meant, refusal
from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import VisitorDetails
from livechat_async.redaction import shown
from livechat_async.sandbox.actions import Actions
from livechat_async.sandbox.chaos import ChaosProfile
from livechat_async.sandbox.data.live_chats import StartedChat
from livechat_async.sandbox.data.visitors import shown_visitor
from livechat_async.sandbox.faults import FAULTS
from livechat_async.sandbox.http.answers import Answer, Wire, error, json_answer, not_found
from livechat_async.sandbox.http.bodies import content_type_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route, find_route, segments
from livechat_async.sandbox.openapi import describe
from livechat_async.sandbox.state.account import Account
from livechat_async.sandbox.state.chats import Movement
from livechat_async.sandbox.webhooks.deliverer import Delivery

_MOST_MADE_UP = 10**6  # chats or tickets: that takes seconds, in which nothing else is answered

_Call: TypeAlias = Callable[..., object] | property


def get_visitor(sandbox: Actions, visitor_id: str) -> Wire:
    """One visitor, as an answer shows it."""
    visitor = sandbox._account.visitors.get(visitor_id)  # noqa: SLF001 - `visitors` copies all
    return shown_visitor(visitor.wire)


def add_visitor(sandbox: Actions, /, *, omit: Collection[str] = (), **fields: Any) -> Wire:
    """Let a visitor come to the site, and return the visitor.

    Args:
        omit: names of fields to leave out of answers.
        **fields: fields as an answer shows them, known or not. Without an id, there is a new one.
            With the state ``chatting``, a chat begins.
    """
    return get_visitor(sandbox, sandbox.add_visitor(omit=omit, **fields))


def update_visitor(
    sandbox: Actions, visitor_id: str, /, *, omit: Collection[str] = (), **fields: Any
) -> Wire:
    """Change a visitor, and return the visitor.

    Args:
        visitor_id: the id of a visitor who is on the site.
        omit: names of fields to leave out of answers.
        **fields: the fields that change. Leaving the state ``chatting`` ends the chat.
    """
    if "visitor_id" in fields:
        raise ConfigurationError("'visitor_id' is not known here: the path names the visitor")
    sandbox.update_visitor(visitor_id, omit=omit, **fields)
    return get_visitor(sandbox, visitor_id)


def seed(
    sandbox: Actions,
    /,
    *,
    chats: int = 0,
    tickets: int = 0,
    date_from: date | str | None = None,
    date_to: date | str | None = None,
    seed: int = 0,
) -> None:
    """Add made-up chats and tickets, evenly spread over some days.

    Args:
        chats: the number of chats, up to a million.
        tickets: the number of tickets, up to a million.
        date_from: the first day, in UTC; by default 90 days before the end.
        date_to: the last day; by default they end now.
        seed: another number makes up others.
    """
    for name, number in (("chats", chats), ("tickets", tickets)):
        if check_count(name, number, 0) > _MOST_MADE_UP:
            raise refusal(name, number, f"a number up to {_MOST_MADE_UP:,} is needed")
    sandbox.seed_chats(chats, date_from=date_from, date_to=date_to, seed=seed)
    sandbox.seed_tickets(tickets, date_from=date_from, date_to=date_to, seed=seed)


def change_canned_response(
    sandbox: Actions,
    *,
    text: str,
    id: int | None = None,  # noqa: A002 - its name in JSON
    tags: Collection[str] = (),
    group: int = 0,
) -> int:
    """Create or change a canned response, and send the webhook ``canned_response_changed``.

    Args:
        text: its new text.
        id: its id; without one, a new canned response is created.
        tags: its tags.
        group: the number of its group.

    Returns:
        the id of the canned response.
    """
    return sandbox.change_canned_response(text, response_id=id, tags=tags, group=group)


def get_chaos(sandbox: Actions) -> Wire:
    """The chaos profile at work, its seed, and the number of requests that it has judged."""
    chaos = sandbox.chaos
    if chaos is None:
        return {"profile": None, "seed": None, "requests": 0}
    return {"profile": chaos.profile, "seed": chaos.seed, "requests": chaos.requests}


def begin_chaos(sandbox: Actions, *, profile: ChaosProfile, seed: int = 0) -> Wire:
    """Let the requests of the API meet a named mixture of faults from now on.

    Args:
        profile: ``calm``, ``flaky``, ``rate-limited``, ``outage`` or ``slow``.
        seed: the n-th request meets the same fault, or none, for the same profile and seed.

    Returns:
        the profile, its seed, and the number of requests that it has judged.
    """
    check_choice("profile", profile, get_args(ChaosProfile))
    sandbox.set_chaos(profile, seed)
    return get_chaos(sandbox)


def end_chaos(sandbox: Actions) -> None:
    """End the chaos profile. Injected faults are still to come."""
    sandbox.set_chaos(None)


def inject(sandbox: Actions, /, *, fault: Any = None, times: int = 1, **arguments: Any) -> None:
    """Inject a fault, given by its name and its arguments, into the next requests.

    Each request of the API takes one fault, in the order of their injection.

    Args:
        fault: its name.
        times: the number of requests that meet it.
        **arguments: the arguments of the fault.
    """
    kind = FAULTS.get(fault) if isinstance(fault, str) else None
    if kind is None:
        raise ConfigurationError(
            f"fault={shown(fault)}: one of {', '.join(FAULTS)} is needed{meant(fault, FAULTS)}"
        )
    names = inspect.signature(kind).parameters
    _refuse_unknown(arguments, names)
    try:
        made = kind(**arguments)
    except TypeError:
        text = f"{fault} needs more than that: it has {', '.join(names)}"
        raise ConfigurationError(text) from None
    sandbox.inject(made, times)


def list_arrivals(sandbox: Actions) -> list[str]:
    """The ids of the chats that arrived."""
    return [] if sandbox.arrivals is None else sandbox.arrivals.ids


def stop_arrivals(sandbox: Actions) -> None:
    """Stop the arrivals."""
    if sandbox.arrivals is not None:
        sandbox.arrivals.stop()


def list_departures(sandbox: Actions) -> list[str]:
    """The ids of the chats that went away."""
    return [] if sandbox.departures is None else sandbox.departures.ids


def stop_departures(sandbox: Actions) -> None:
    """Stop the departures."""
    if sandbox.departures is not None:
        sandbox.departures.stop()


def list_calls(sandbox: Actions) -> dict[str, str]:
    """These calls: what each does."""
    return {
        f"{method.upper()} {path}": operation["summary"]
        for path, operations in describe_calls(sandbox)["paths"].items()
        for method, operation in operations.items()
    }


def describe_calls(_: Actions) -> Wire:
    """These calls as an OpenAPI 3.1 document, with arguments, bodies and answers."""
    return _describe()


@cache
def _describe() -> Wire:
    return describe(CALLS)


CALLS: tuple[Route[_Call], ...] = (
    Route("GET", "", list_calls),
    Route("GET", "/openapi.json", describe_calls),
    Route("GET", "/visitors", Actions.visitors),
    Route("POST", "/visitors", add_visitor),
    Route("GET", "/visitors/{visitor_id}", get_visitor),
    Route("PATCH", "/visitors/{visitor_id}", update_visitor),
    Route("DELETE", "/visitors/{visitor_id}", Actions.remove_visitor),
    Route("POST", "/visitors/{visitor_id}/page", Actions.visit_page),
    Route("POST", "/visitors/{visitor_id}/queue", Actions.queue),
    Route("POST", "/visitors/{visitor_id}/chat", Actions.start_chat),
    Route("DELETE", "/visitors/{visitor_id}/chat", Actions.end_chat),
    Route("POST", "/visitors/{visitor_id}/messages", Actions.say),
    Route("GET", "/visitors/{visitor_id}/details", Actions.details_of),
    Route("GET", "/chats", Actions.chats),
    Route("POST", "/chats", Actions.add_chat),
    Route("DELETE", "/chats/{chat_id}", Actions.remove_chat),
    Route("GET", "/transcripts", Actions.transcripts),
    Route("GET", "/tickets", Actions.tickets),
    Route("POST", "/tickets", Actions.add_ticket),
    Route("DELETE", "/tickets/{ticket_id}", Actions.remove_ticket),
    Route("GET", "/agents", Actions.agents),
    Route("POST", "/agents/{login}/status", Actions.set_agent_status),
    Route("POST", "/seed", seed),
    Route("POST", "/arrivals", Actions.let_chats_arrive),
    Route("GET", "/arrivals", list_arrivals),
    Route("DELETE", "/arrivals", stop_arrivals),
    Route("POST", "/departures", Actions.let_chats_go),
    Route("GET", "/departures", list_departures),
    Route("DELETE", "/departures", stop_departures),
    Route("GET", "/deliveries", Actions.deliveries),
    Route("DELETE", "/deliveries", Actions.clear_deliveries),
    Route("POST", "/deliveries/{delivery_id}/repeat", Actions.repeat_delivery),
    Route("POST", "/canned_responses", change_canned_response),
    Route("GET", "/chaos", get_chaos),
    Route("POST", "/chaos", begin_chaos),
    Route("DELETE", "/chaos", end_chaos),
    Route("POST", "/faults", inject),
    Route("DELETE", "/faults", Actions.clear_faults),
    Route("POST", "/latency", Actions.set_latency),
    Route("POST", "/freeze", Actions.freeze),
    Route("DELETE", "/freeze", Actions.thaw),
    Route("GET", "/requests", Actions.requests),
    Route("DELETE", "/requests", Actions.clear_requests),
)
"""All control calls, below ``/_sandbox``.

Their docstrings, their signatures and what they return describe them to users; see `openapi`.
"""


def answer_control(account: Account, sandbox: Actions, request: RecordedRequest) -> Answer:
    """Carry out a control call. The answer ends with a line break, as curl adds none."""
    answer = _answer(account, sandbox, request)
    return evolve(answer, body=answer.body + b"\n")


def _answer(account: Account, sandbox: Actions, request: RecordedRequest) -> Answer:
    path = segments(request.raw_path)[1:]
    if path[:1] == ["visitors"] and len(path) > 1 and path[1] not in account.visitors:
        return not_found(f"there is no visitor {path[1]!r}")
    found = find_route(CALLS, request, path)
    if isinstance(found, Answer):
        return found
    route, arguments = found
    try:
        return json_answer(_plain(_carry_out(route.page, sandbox, arguments, request)))
    except ConfigurationError as problem:
        return error(HTTPStatus.BAD_REQUEST, str(problem))


def _carry_out(
    call: _Call, sandbox: Actions, arguments: list[str], request: RecordedRequest
) -> object:
    body = _read_body(request)
    if isinstance(call, property):
        return call.__get__(sandbox)
    parameters = list(inspect.signature(call).parameters.values())[1 + len(arguments) :]
    if not parameters:
        return call(sandbox, *arguments)
    if parameters[-1].kind is not inspect.Parameter.VAR_KEYWORD:
        _refuse_unknown(body, [each.name for each in parameters])
    for each in parameters:
        is_needed = each.default is each.empty and each.kind is not each.VAR_KEYWORD
        if is_needed and each.name not in body:
            text = f"{each.name!r} is missing: give it in the body, which is JSON"
            raise ConfigurationError(text)
    return call(sandbox, *arguments, **body)


def _plain(result: object) -> object:
    """The result of a call as plain data for JSON."""
    if result is None or isinstance(result, Movement):
        return {"result": "done"}
    if isinstance(result, list):
        return [item if isinstance(item, (str, tuple)) else _plain(item) for item in result]
    if isinstance(result, (StartedChat, Delivery, RecordedRequest)):
        return result.to_wire()
    if isinstance(result, VisitorDetails):
        return asdict(result)
    return {"id": result} if isinstance(result, (str, int)) else result


def _read_body(request: RecordedRequest) -> dict[str, Any]:
    if not request.body:
        return {}
    kind = content_type_of(request)
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


def _refuse_unknown(body: Iterable[str], known: Iterable[str]) -> None:
    for name in body:
        if name not in known:
            names = sorted(known)
            hint = meant(name, names)
            raise ConfigurationError(f"{name!r} is not known here: use {', '.join(names)}{hint}")
