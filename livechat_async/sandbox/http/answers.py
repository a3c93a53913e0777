"""Answers: their status, body and error shapes, and the ways they reach a client or fail to."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias, TypeVar

from aiohttp import web
from attrs import define, field, frozen

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import shown

Wire: TypeAlias = dict[str, Any]
"""An object in the form LiveChat sends it."""

_T = TypeVar("_T")

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"

_FUNCTION = re.compile(
    r"[A-Za-z_$][\w$]{0,99}(?:\.[A-Za-z_$][\w$]{0,99}){0,9}(?:\[[0-9]{1,9}\])?", re.ASCII
)

PAGE_SIZE = 25
"""Items on a page, as documented."""


class BadRequest(Exception):
    """A request has wrong arguments; each of ``args`` says what is wrong with one."""


class NotFound(Exception):
    """There is nothing of the number in the path; the argument says what is not there."""


@frozen
class Answer:
    """An answer before it becomes HTTP: its ``Content-Type``, and further headers."""

    status: int = field(converter=int)
    body: bytes = field(repr=False)
    content_type: str = JSON
    headers: Mapping[str, str] = field(factory=dict[str, str])


@frozen
class Stream:
    """An answer of server-sent events, which goes on until the client leaves."""

    parts: AsyncGenerator[bytes, None] = field(repr=False)
    headers: Mapping[str, str] = field(factory=dict[str, str])


def to_json(value: object) -> bytes:
    """The value as JSON in UTF-8; a TypeError, ValueError or RecursionError if it has no form."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A lone surrogate has no UTF-8; backslashreplace happens to write JSON's own escape for it.
    return text.encode("utf-8", "backslashreplace")


def plain(name: str, value: _T) -> _T:
    """A deep copy of a caller's value; a ConfigurationError if JSON has no form for it."""
    try:
        encoded = to_json(value)
    except (TypeError, ValueError, RecursionError) as problem:
        raise ConfigurationError(
            f"{name}={shown(value)} has no form in JSON ({problem}): give text, numbers, lists or "
            "dicts"
        ) from None
    copy: _T = json.loads(encoded)
    return copy


def json_answer(value: object, status: int = HTTPStatus.OK) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, to_json(value))


def list_answer(name: str, items: list[Wire], total: int, *, items_last: bool = False) -> Answer:
    """An answer with one page of a list."""
    # LiveChat sends the chats before the numbers, and the tickets after them.
    fields = {name: items, "total": total, "pages": -(-total // PAGE_SIZE)}
    return json_answer(dict(reversed(fields.items())) if items_last else fields)


def error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """``{"error": "..."}``, the shape of most failures."""
    return Answer(status, to_json({"error": text}), headers=headers or {})


def bad_request(*problems: object) -> Answer:
    """400 with ``{"errors": ["...", ...]}``, the shape for refused arguments."""
    return json_answer({"errors": problems}, HTTPStatus.BAD_REQUEST)


def limit_reached(text: str) -> Answer:
    """403 for what is more than the plan allows; LiveChat documents the type alone."""
    body = {"error": {"type": "limit_reached", "message": text}}
    return json_answer(body, HTTPStatus.FORBIDDEN)


def no_rights() -> Answer:
    """401, with LiveChat's own text."""
    text = "You have no rights to access this data. Check your API Key and/or username"
    return error(HTTPStatus.UNAUTHORIZED, text)


def not_found(text: str) -> Answer:
    """404 with ``{"error": "..."}``."""
    return error(HTTPStatus.NOT_FOUND, text)


def as_jsonp(answer: Answer, callback: object) -> Answer:
    """The answer as a script that calls a function with it; 400 for what is no function's name."""
    if not isinstance(callback, str) or not _FUNCTION.fullmatch(callback):
        return bad_request("callback has to be the name of a function, such as show or app.show")
    # The comment keeps the name from being the first bytes, which other formats begin with too.
    # Old browsers end a line at the two separators.
    body = answer.body.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
    headers = {**answer.headers, "X-Content-Type-Options": "nosniff"}
    return Answer(answer.status, b"/**/%b(%b);" % (callback.encode(), body), SCRIPT, headers)


@define(eq=False)
class Exchange:
    """One request that waits for its answer.

    ``process`` carries the request out and returns the real answer: call it at most once.
    ``answered`` is called with the answer before it is sent.
    """

    _request: web.BaseRequest
    process: Callable[[], Answer]
    _answered: Callable[[Answer], None]

    def whole(self, answer: Answer) -> web.StreamResponse:
        """Send the whole answer."""
        self._answered(answer)
        return web.Response(status=answer.status, body=answer.body, headers=_headers(answer))

    async def begin(self, answer: Answer) -> web.StreamResponse:
        """Send the headers with ``Content-Length``; the caller writes the body."""
        self._answered(answer)
        response = web.StreamResponse(status=answer.status, headers=_headers(answer))
        response.content_length = len(answer.body)
        await response.prepare(self._request)
        return response

    async def cut(self, answer: Answer, size: int) -> web.StreamResponse:
        """Send the headers and the first ``size`` bytes of the body, then close the connection."""
        response = await self.begin(answer)
        await self.write(response, answer.body[:size])
        return self.drop(response)

    async def write(self, response: web.StreamResponse, part: bytes) -> None:
        """Send a part of the body, except in the answer to a HEAD, which has none."""
        if self._request.method != "HEAD":
            await response.write(part)

    def drop(self, response: web.StreamResponse | None = None) -> web.StreamResponse:
        """Close the connection; bytes that are already written still go out."""
        # A client that left first has closed it already.
        if self._request.transport is not None:
            self._request.transport.close()
        return web.Response() if response is None else response


def _headers(answer: Answer) -> dict[str, str]:
    return {"Content-Type": answer.content_type, **answer.headers}
