"""The documented API: its version, its credentials, the pages that answer, and recorded answers."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from http import HTTPStatus
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from livechat_async.credentials import Credentials
from livechat_async.sandbox import pages
from livechat_async.sandbox.http.answers import (
    Answer,
    BadRequest,
    NotFound,
    as_jsonp,
    bad_request,
    error,
    no_rights,
    not_found,
    to_json,
)
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route, find_route, segments
from livechat_async.sandbox.state.account import Account

if TYPE_CHECKING:
    from livechat_async.captures.replay import Replay

_Page: TypeAlias = Callable[..., Answer]

ROUTES: tuple[Route[_Page], ...] = tuple(
    route
    for module in pkgutil.iter_modules(pages.__path__)
    for route in import_module(f"{pages.__name__}.{module.name}").ROUTES
)
"""The ``ROUTES`` of every module in the folder ``pages``."""


def answer_api(
    account: Account, accepted: Sequence[Credentials], request: RecordedRequest
) -> Answer:
    """Carry out a request of the API, with accepted credentials only; also as JSONP."""
    if not segments(request.raw_path):
        return not_found("This is a sandbox of LiveChat's API: GET /_sandbox lists its controls")
    answer = _answer(account, accepted, request)
    callback = request.query.get("callback")
    if callback is None or request.method not in {"GET", "HEAD"}:
        return answer
    return as_jsonp(answer, callback)


def answer_recorded(replay: Replay, request: RecordedRequest) -> Answer:
    """The recorded answer to a request, or a 501 that says what there is."""
    found = replay.find(request.method, request.raw_path, request.raw_query)
    if found is None:
        # Not 404, which programs take for a visitor or chat that is gone.
        text = replay.explain(request.method, request.raw_path, request.raw_query)
        return error(HTTPStatus.NOT_IMPLEMENTED, text)
    body = to_json(found.body) if found.is_json else b"." * found.size
    headers = dict(found.headers)
    return Answer(found.status, body, headers.pop("Content-Type", "application/json"), headers)


def _answer(account: Account, accepted: Sequence[Credentials], request: RecordedRequest) -> Answer:
    path = segments(request.raw_path)
    if path[:1] == ["v2"]:
        path = path[1:]
    elif request.method != "OPTIONS" and request.headers.get("X-API-Version", "").strip() != "2":
        return bad_request("X-API-Version: 2 is required, as a header or as /v2/ in the path")
    found = find_route(ROUTES, request, path)
    if isinstance(found, Answer):
        return found
    route, arguments = found
    given = _split(request.headers.get("Authorization", ""))
    signatures = (_split(each.signature.authorization) for each in accepted)
    if not route.is_open and given not in signatures:
        return no_rights()
    try:
        return route.page(account, request, *arguments)
    except BadRequest as refusal:
        return bad_request(*refusal.args)
    except NotFound as missing:
        return not_found(str(missing))


def _split(authorization: str) -> tuple[str, str]:
    """Scheme and value; the scheme ignores case."""
    scheme, _, value = authorization.partition(" ")
    return scheme.lower(), value
