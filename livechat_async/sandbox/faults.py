"""Ways an answer can go wrong, to be injected: ``sandbox.inject(Status(503, retry_after=1))``.

Whether the request is carried out all the same is told with each: it is what decides if it may be
repeated.
"""

from __future__ import annotations

import asyncio
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web
from attrs import Attribute, field, frozen

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox.answers import HTML, JSON, NO_RIGHTS, Answer, to_json
from livechat_async.sandbox.exchange import Exchange

__all__ = [
    "Body",
    "CutBody",
    "Drip",
    "DropConnection",
    "EmptyBody",
    "Fault",
    "Html",
    "Redirect",
    "Slow",
    "Status",
]

_PAGE = (
    b"<!DOCTYPE html>\n<html><body><h1>Something is between you and LiveChat</h1></body></html>\n"
)
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})


def _content(instance: object, attribute: Attribute[Any], value: object) -> None:
    if isinstance(value, bytes):
        return
    try:
        to_json(value)
    except (TypeError, ValueError, RecursionError) as problem:
        raise ConfigurationError(
            f"{_place(instance, attribute, value)} has no form in JSON ({problem}): give text, "
            "bytes, numbers, lists or dicts"
        ) from None


def _seconds(instance: object, attribute: Attribute[Any], value: object) -> None:
    if not _is_duration(value):
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: seconds are needed, 0 or more"
        )


def _header(instance: object, attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value.isprintable() or not value:
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: text in one line is needed"
        )


def _error_status(instance: object, attribute: Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:  # noqa: PLR2004 - HTTP's own
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: a status from 200 to 599 is needed"
        )


def _wait(instance: object, attribute: Attribute[Any], value: object) -> None:
    if value is None or _is_duration(value):
        return
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ConfigurationError(
                f"{_place(instance, attribute, value)} has no time zone: give it one, such as "
                "tzinfo=UTC"
            )
    elif not isinstance(value, str) or not value.isprintable():
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: seconds, a datetime or text are needed"
        )


def _extra(instance: object, attribute: Attribute[Any], value: object) -> None:
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{_place(instance, attribute, value)}: a dict is needed")
    for name, text in value.items():
        if not _is_header(name, text):
            raise ConfigurationError(f"Status: header {name!r}: {text!r} cannot be sent")
        if name.lower() in _FRAMING:
            raise ConfigurationError(
                f"Status: header {name!r} is the sandbox's own; CutBody sends too little"
            )


def _part(instance: object, attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: a part is needed, from 0 to less than 1"
        )


def _size(instance: object, attribute: Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: a number of bytes is needed, 1 or more"
        )


def _redirect_status(instance: object, attribute: Attribute[Any], value: object) -> None:
    if value not in (301, 302, 303, 307, 308):
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: 301, 302, 303, 307 or 308 is needed"
        )


def _flag(instance: object, attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{_place(instance, attribute, value)}: True or False is needed")


def _is_header(name: object, text: object) -> bool:
    return (
        isinstance(name, str)
        and isinstance(text, str)
        and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) is not None
        and text.isprintable()
    )


def _is_duration(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= 0
    )


def _place(instance: object, attribute: Attribute[Any], value: object) -> str:
    return f"{type(instance).__name__}({attribute.name}={value!r})"


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

    status: int = field(validator=_error_status)
    body: object = field(default=None, validator=_content)
    retry_after: float | datetime | str | None = field(default=None, kw_only=True, validator=_wait)
    headers: Mapping[str, str] | None = field(default=None, kw_only=True, validator=_extra)

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

    after_headers: bool = field(default=False, validator=_flag)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Close the connection."""
        return await exchange.cut(exchange.process(), 0) if self.after_headers else exchange.drop()


@frozen
class CutBody(Fault):
    """The real answer, its body cut short and the connection closed. The request is carried out.

    Args:
        keep: the part of the body that is sent, from 0 to less than 1; never the last byte.
    """

    keep: float = field(default=0.5, validator=_part)

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

    content: object = field(validator=_content)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the body."""
        exchange.process()
        return exchange.whole(_to_answer(HTTPStatus.OK, self.content))


@frozen
class Slow(Fault):
    """The real answer, late. The request is carried out before the wait.

    Args:
        seconds: how long to wait.
    """

    seconds: float = field(validator=_seconds)

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

    seconds: float = field(validator=_seconds)
    chunk: int = field(default=1, validator=_size)

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

    location: str = field(validator=_header)
    status: int = field(default=302, validator=_redirect_status)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the redirect."""
        return exchange.whole(Answer(self.status, b"", headers={"Location": self.location}))


def _retry_after(value: float | datetime | str) -> str:
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return str(value)
