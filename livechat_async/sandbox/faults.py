"""Faults to inject into answers: ``sandbox.inject(Status(503, retry_after=1))``.

Each fault says whether the request is carried out: that decides if a client may repeat it.
"""

from __future__ import annotations

import asyncio
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web
from attrs import Attribute, evolve, field, frozen
from attrs.validators import optional

from livechat_async.checks import count, flag, needs, refusal, seconds
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import shown
from livechat_async.sandbox.http.answers import (
    HTML,
    JSON,
    Answer,
    Exchange,
    no_rights,
    plain,
    to_json,
)

_PAGE = (
    b"<!DOCTYPE html>\n<html><body><h1>Something is between you and LiveChat</h1></body></html>\n"
)
_NOWHERE = (LookupError, TypeError, ValueError)  # of a path, such as an index of 5,000 digits
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})


def _check_content(instance: object, attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, bytes):
        plain(f"{type(instance).__name__}.{attribute.name}", value)


def _check_wait(instance: object, attribute: Attribute[Any], value: object) -> None:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ConfigurationError(
                f"{attribute.name}={shown(value)} has no time zone: give it one, such as tzinfo=UTC"
            )
    elif isinstance(value, str):
        _one_line(instance, attribute, value or "-")
    elif value is not None:
        seconds()(instance, attribute, value)


def _check_headers(_instance: object, attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, Mapping):
        raise refusal(attribute.name, value, "a dict is needed, as in {'X-Name': 'text'}")
    for name, text in value.items():
        is_name = isinstance(name, str) and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name)
        if not is_name or not isinstance(text, str) or not text.isprintable():
            raise ConfigurationError(
                f"Status: headers: {shown(name)}: {shown(text)} cannot be sent; give a "
                "header's name and one line of text"
            )
        if name.lower() in _FRAMING:
            raise ConfigurationError(
                f"Status: headers: {name!r} is the sandbox's own; CutBody sends too few bytes"
            )


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


_one_line = needs(
    "one line of text is needed",
    lambda text: isinstance(text, str) and text.isprintable() and text != "",
)
_check_status = needs(
    "a status from 200 to 599 is needed",
    lambda value: isinstance(value, int) and value in range(200, 600),
)
_check_part = needs(
    "a part from 0 to less than 1 is needed",
    lambda value: isinstance(value, (int, float)) and 0 <= value < 1,
)
_check_redirect = needs(
    "301, 302, 303, 307 or 308 is needed", lambda value: value in (301, 302, 303, 307, 308)
)
_check_change = needs(
    "a dict such as {'pages': 0} is needed",
    lambda value: isinstance(value, Mapping) and _are_texts(value),
)
_check_paths = needs(
    "a list such as ['pages'] is needed",
    lambda value: isinstance(value, (list, tuple)) and _are_texts(value),
)


class Fault(ABC):
    """One way in which an answer goes wrong.

    An argument that cannot be sent is a `ConfigurationError`.
    """

    @abstractmethod
    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer a request in the wrong way."""


@frozen
class Status(Fault):
    """An error status. The request is not carried out.

    Args:
        status: 200 to 599.
        body: text and bytes are sent as they are, anything else as JSON. The default is the error
            that LiveChat would send, ``{"error": "..."}``, and nothing below 400.
        retry_after: ``Retry-After``: seconds, or text that is sent as it is; or an aware datetime,
            for an HTTP date.
        headers: further headers.
    """

    status: int = field(validator=_check_status)
    body: object = field(default=None, validator=_check_content)
    retry_after: float | datetime | str | None = field(
        default=None, kw_only=True, validator=_check_wait
    )
    headers: Mapping[str, str] | None = field(
        default=None, kw_only=True, validator=optional(_check_headers)
    )

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the status."""
        headers = dict(self.headers or {})
        if isinstance(self.retry_after, datetime):
            headers["Retry-After"] = format_datetime(self.retry_after.astimezone(UTC), usegmt=True)
        elif self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return exchange.whole(_to_answer(self.status, self._content(), headers))

    def _content(self) -> object:
        if self.body is not None:
            return self.body
        if self.status < HTTPStatus.BAD_REQUEST:
            return b""
        if self.status == HTTPStatus.UNAUTHORIZED:
            return no_rights().body
        known = self.status in {member.value for member in HTTPStatus}
        return {"error": HTTPStatus(self.status).phrase if known else f"Error {self.status}"}


@frozen
class DropConnection(Fault):
    """The connection closes without an answer.

    Some clients, such as aiohttp's, repeat a GET themselves when a kept-alive connection closes
    before the first byte. Use ``times=2`` for these.

    Args:
        after_headers: False: it closes before the first byte, and the request is not carried out.
            True: it closes after the headers, and the request has been carried out.
    """

    after_headers: bool = field(default=False, validator=flag())

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Close the connection."""
        return await exchange.cut(exchange.process(), 0) if self.after_headers else exchange.drop()


@frozen
class CutBody(Fault):
    """The real answer with its body cut short, then the connection closes. It is carried out.

    Args:
        keep: the part of the body that is sent, from 0 to less than 1; never the last byte.
    """

    keep: float = field(default=0.5, validator=_check_part)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Send a part of the answer."""
        answer = exchange.process()
        return await exchange.cut(answer, int(len(answer.body) * self.keep))


@frozen
class EmptyBody(Fault):
    """200 with an empty body, which LiveChat is known to send. The request is carried out."""

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with an empty body."""
        exchange.process()
        return exchange.whole(Answer(HTTPStatus.OK, b""))


@frozen
class Html(Fault):
    """200 with an HTML page, which a proxy may send. The request is not carried out."""

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the page."""
        return exchange.whole(Answer(HTTPStatus.OK, _PAGE, HTML))


@frozen
class Body(Fault):
    """200 with a body of your own. The request is carried out, and its real answer is dropped.

    Args:
        content: text and bytes are sent as they are, anything else as JSON.
    """

    content: object = field(validator=_check_content)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the body."""
        exchange.process()
        return exchange.whole(_to_answer(HTTPStatus.OK, self.content))


@frozen
class Envelope(Fault):
    """The real answer with parts of its JSON changed. The request is carried out.

    A path names a part: ``"pages"``, or ``"chats.0.duration"`` for a field of the first item.
    A path that leads nowhere changes nothing, and an answer that is no JSON stays as it is.
    Without changes it sends the real answer: use that to let some requests pass before the next
    fault.

    ::

        sandbox.inject(Envelope(omit=["pages"]), times=3)
        sandbox.inject(Envelope(change={"pages": 3}), times=1000)

    Args:
        change: paths and their new values.
        omit: paths of the parts to remove.
    """

    change: Mapping[str, object] = field(
        factory=dict[str, object],
        validator=[
            _check_change,
            lambda _instance, _attribute, value: plain("Envelope.change", {**value}),
        ],
    )
    omit: Iterable[str] = field(default=(), validator=_check_paths)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Send the changed answer."""
        answer = exchange.process()
        return exchange.whole(evolve(answer, body=edit(answer.body, self.change, self.omit)))


@frozen
class Slow(Fault):
    """The real answer, late. The request is carried out before the wait.

    Args:
        seconds: how long to wait.
    """

    seconds: float = field(validator=seconds())

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer after the wait."""
        answer = exchange.process()
        await asyncio.sleep(self.seconds)
        return exchange.whole(answer)


@frozen
class Drip(Fault):
    """The real answer in drops: headers at once, the body in pieces. It is carried out.

    Args:
        seconds: the wait before each piece of the body.
        chunk: bytes in a piece.
    """

    seconds: float = field(validator=seconds())
    chunk: int = field(default=1, validator=count())

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Send the answer piece by piece."""
        answer = exchange.process()
        response = await exchange.begin(answer)
        for start in range(0, len(answer.body), self.chunk):
            await asyncio.sleep(self.seconds)
            await exchange.write(response, answer.body[start : start + self.chunk])
        return response


@frozen
class Redirect(Fault):
    """A redirect. The request is not carried out.

    Args:
        location: the target, sent as it is.
        status: 301, 302, 303, 307 or 308.
    """

    location: str = field(validator=_one_line)
    status: int = field(default=302, validator=_check_redirect)

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the redirect."""
        return exchange.whole(Answer(self.status, b"", headers={"Location": self.location}))


FAULTS: Mapping[str, type[Fault]] = {
    kind.__name__: kind
    for kind in (
        *(Body, CutBody, Drip, DropConnection, EmptyBody, Envelope),
        *(Html, Redirect, Slow, Status),
    )
}
"""All faults by name."""


def edit(body: bytes, change: Mapping[str, object], omit: Iterable[str]) -> bytes:
    """The body with some parts changed and others removed; see `Envelope`."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    for path, new in change.items():
        with suppress(*_NOWHERE):
            place, key = _place(value, path)
            place[key] = new
    for path in omit:
        with suppress(*_NOWHERE):
            place, key = _place(value, path)
            del place[key]
    return to_json(value)


def _place(value: Any, path: str) -> tuple[Any, str | int]:
    """The object or list in which a path ends, and the key there."""
    *way, last = path.split(".")
    for key in way:
        value = value[_key(value, key)]
    return value, _key(value, last)


def _key(value: object, key: str) -> str | int:
    return int(key) if isinstance(value, list) and key.isdecimal() else key


def _to_answer(status: int, content: object, headers: Mapping[str, str] | None = None) -> Answer:
    if not isinstance(content, (str, bytes)):
        return Answer(status, to_json(content), headers=headers or {})
    body = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    kind = HTML if body.startswith(b"<") else JSON
    return Answer(status, body, kind, headers or {})
