"""Ways an answer can go wrong, to be injected: ``sandbox.inject(Status(503, retry_after=1))``.

Whether the request is carried out all the same is told with each: it is what decides if it may be
repeated.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus

from aiohttp import web
from attrs import evolve, field, frozen

from livechat_async.sandbox.envelopes import edit
from livechat_async.sandbox.fault_checks import (
    check_change,
    check_content,
    check_flag,
    check_header,
    check_headers,
    check_part,
    check_paths,
    check_redirect_status,
    check_seconds,
    check_size,
    check_status,
    check_wait,
)
from livechat_async.sandbox.http.answers import HTML, JSON, NO_RIGHTS, Answer, to_json
from livechat_async.sandbox.http.exchange import Exchange

__all__ = [
    "Body",
    "CutBody",
    "Drip",
    "DropConnection",
    "EmptyBody",
    "Envelope",
    "Fault",
    "Html",
    "Redirect",
    "Slow",
    "Status",
]

_PAGE = (
    b"<!DOCTYPE html>\n<html><body><h1>Something is between you and LiveChat</h1></body></html>\n"
)


def _to_answer(status: int, content: object, headers: Mapping[str, str] | None = None) -> Answer:
    if not isinstance(content, (str, bytes)):
        return Answer(status, to_json(content), headers=headers or {})
    body = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    kind = HTML if body.startswith(b"<") else JSON
    return Answer(status, body, kind, headers or {})


class Fault(ABC):
    """A way to go wrong."""

    @abstractmethod
    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer a request, in the wrong way."""


@frozen
class Status(Fault):
    """An error status. The request is not carried out.

    Args:
        status: 200 to 599.
        body: what is sent: text and bytes as they are, anything else as JSON; by default the error
            LiveChat would send, ``{"error": "..."}``, and nothing below 400.
        retry_after: ``Retry-After``: seconds, an aware datetime for an HTTP date, or text that is
            sent as it is.
        headers: further headers.

    Raises:
        ConfigurationError: one of them cannot be sent.
    """

    status: int = field(validator=check_status)
    body: object = field(default=None, validator=check_content)
    retry_after: float | datetime | str | None = field(
        default=None, kw_only=True, validator=check_wait
    )
    headers: Mapping[str, str] | None = field(default=None, kw_only=True, validator=check_headers)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the status."""
        headers = dict(self.headers or {})
        if self.retry_after is not None:
            headers["Retry-After"] = _retry_after(self.retry_after)
        return exchange.whole(_to_answer(self.status, self._content(), headers))

    def _content(self) -> object:
        if self.body is not None:
            return self.body
        if self.status < HTTPStatus.BAD_REQUEST:
            return b""
        if self.status == HTTPStatus.UNAUTHORIZED:
            return {"error": NO_RIGHTS}
        known = self.status in {member.value for member in HTTPStatus}
        return {"error": HTTPStatus(self.status).phrase if known else f"Error {self.status}"}


@frozen
class DropConnection(Fault):
    """The connection is closed without an answer.

    On a connection that was kept alive, clients such as aiohttp's send a GET once more by
    themselves when nothing at all comes back; ``times=2`` makes up for that.

    Args:
        after_headers: False: before the first byte, and the request is not carried out.
            True: after the headers, and the request has been carried out.
    """

    after_headers: bool = field(default=False, validator=check_flag)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Close the connection."""
        return await exchange.cut(exchange.process(), 0) if self.after_headers else exchange.drop()


@frozen
class CutBody(Fault):
    """The real answer, its body cut short and the connection closed. The request is carried out.

    Args:
        keep: the part of the body that is sent, from 0 to less than 1; never the last byte.
    """

    keep: float = field(default=0.5, validator=check_part)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer, in part."""
        answer = exchange.process()
        return await exchange.cut(answer, int(len(answer.body) * self.keep))


@frozen
class EmptyBody(Fault):
    """200 with an empty body, as LiveChat has been seen to do. The request is carried out."""

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with nothing."""
        exchange.process()
        return exchange.whole(Answer(HTTPStatus.OK, b""))


@frozen
class Html(Fault):
    """200 with a page of HTML, as a proxy may send. The request is not carried out."""

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the page."""
        return exchange.whole(Answer(HTTPStatus.OK, _PAGE, HTML))


@frozen
class Body(Fault):
    """200 with a body of one's own. The request is carried out, and its real answer dropped.

    Args:
        content: text and bytes are sent as they are, anything else as JSON.

    Raises:
        ConfigurationError: it has no form in JSON.
    """

    content: object = field(validator=check_content)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the body."""
        exchange.process()
        return exchange.whole(_to_answer(HTTPStatus.OK, self.content))


@frozen
class Envelope(Fault):
    """The real answer with parts of its JSON changed. The request is carried out.

    A part is named by its path: ``"pages"``, ``"chats.0.duration"`` for a field of the first item.
    What an answer does not have cannot be left out of it, nor can a list have an item behind its
    end; an answer that is no JSON stays as it is. With no changes at all it is the real answer: let
    that befall some requests, and the next fault meets the page you mean.

    ::

        sandbox.inject(Envelope(omit=["pages"]), times=3)
        sandbox.inject(Envelope(change={"pages": 3}), times=1000)

    Args:
        change: paths, and the values they are to have.
        omit: paths of what is to be missing.

    Raises:
        ConfigurationError: a value has no form in JSON.
    """

    change: Mapping[str, object] = field(factory=dict[str, object], validator=check_change)
    omit: Iterable[str] = field(default=(), validator=check_paths)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer, changed."""
        answer = exchange.process()
        return exchange.whole(evolve(answer, body=edit(answer.body, self.change, self.omit)))


@frozen
class Slow(Fault):
    """The real answer, late. The request is carried out before the wait.

    Args:
        seconds: how long to wait.
    """

    seconds: float = field(validator=check_seconds)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer after the wait."""
        answer = exchange.process()
        await asyncio.sleep(self.seconds)
        return exchange.whole(answer)


@frozen
class Drip(Fault):
    """The real answer in drops: headers at once, the body little by little. It is carried out.

    Args:
        seconds: the wait before each piece of the body.
        chunk: bytes in a piece.
    """

    seconds: float = field(validator=check_seconds)
    chunk: int = field(default=1, validator=check_size)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer little by little."""
        answer = exchange.process()
        response = await exchange.begin(answer)
        for start in range(0, len(answer.body), self.chunk):
            await asyncio.sleep(self.seconds)
            await response.write(answer.body[start : start + self.chunk])
        return response


@frozen
class Redirect(Fault):
    """A redirect. The request is not carried out.

    Args:
        location: where it points, sent as it is.
        status: 301, 302, 303, 307 or 308.

    Raises:
        ConfigurationError: no such redirect exists.
    """

    location: str = field(validator=check_header)
    status: int = field(default=302, validator=check_redirect_status)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the redirect."""
        return exchange.whole(Answer(self.status, b"", headers={"Location": self.location}))


def _retry_after(value: float | datetime | str) -> str:
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return str(value)
