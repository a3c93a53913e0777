"""From status and bytes to a typed value or a typed error. No input, no output, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

from attrs import define, field, frozen

from livechat_async.decoding.bodies import LARGE, NotJSONError, Reader, load_json
from livechat_async.decoding.problems import WireError, find_wire_error
from livechat_async.display import brief, number_of
from livechat_async.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    CallError,
    DecodeError,
    InvalidJSONError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    ServerError,
)
from livechat_async.http.request import PreparedRequest
from livechat_async.redaction import printable, repr_of_fields

T = TypeVar("T")

SUCCESSES: Final = range(200, 300)
_SERVER_ERRORS = range(500, 600)
_MOST_MESSAGES = 100
_LONGEST_WAIT = 1e9  # seconds, about 30 years; hundreds of digits are infinity as a float
_SHOWN_BODY = 2000
_SHOWN_FINDING = 150
_SHOWN_MESSAGE = 500
_LIFECYCLE = ("Legacy", "Deprecation", "Sunset")
_READ_ENCODINGS = ("", "identity", "gzip", "deflate", "br", "zstd")  # by aiohttp, or not needed
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_ERRORS: Mapping[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    410: NotFoundError,
    422: BadRequestError,
    429: RateLimitError,
}


@define(kw_only=True, eq=False)  # made for each answer; frozen, that would take twice as long
class RawResponse:
    """An answer, read whole: ``reason`` is the phrase of the status, ``content`` the body."""

    status: int
    reason: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    __repr__ = repr_of_fields


@frozen(kw_only=True)
class Response(Generic[T]):
    """The result of a call.

    Attributes:
        value: the typed value; None if the call gave no type.
        status: the HTTP status, 200 to 299.
        headers: the answer's headers; their case does not matter.
        attempts: the number of requests sent.
        elapsed: seconds from the call to the whole answer, with all waits.
        content: the body, decompressed.
    """

    value: T = field(repr=brief)
    status: int
    headers: Mapping[str, str] = field(repr=False)
    attempts: int
    elapsed: float
    content: bytes = field(repr=False)

    __repr__ = repr_of_fields


# Functions of their own make the errors, so no frame of a traceback holds what the server sent,
# which may repeat a secret.
def status_error(raw: RawResponse, request: PreparedRequest, now: datetime) -> APIStatusError:
    """The error for an answer that is not a success, with the server's message."""
    kind = _ERRORS.get(raw.status)
    if kind is None:
        kind = ServerError if raw.status in _SERVER_ERRORS else APIStatusError
    body = _load_or_none(raw.content)
    messages, (error_type, region) = _messages(body, request), _type_and_region(body)
    if error_type is not None:
        error_type = request.redact(_one_line(error_type), _SHOWN_FINDING)
    return kind(
        method=request.method,
        url=request.shown_url,
        status=raw.status,
        message="; ".join(messages)
        or error_type
        or request.redact(_one_line(_phrase(raw)), _SHOWN_MESSAGE),
        messages=messages,
        body=_shown_body(raw, request),
        retry_after=parse_retry_after(raw.headers.get("Retry-After"), now),
        region=region,
        error_type=error_type,
    )


def decode(raw: RawResponse, request: PreparedRequest, read: Reader[T]) -> T:
    """The body as a typed value, made by ``read``.

    Raises:
        ProtocolError: its Content-Encoding is none that is read.
        InvalidJSONError: the body is empty, cut off, or something else than JSON.
        DecodeError: it is not of that type; says where, and what stands there.
    """
    try:
        return read(raw.content)
    except NotJSONError as error:  # a whole document would come again as it is
        encoding = raw.headers.get("Content-Encoding", "").lower()
        if encoding in _READ_ENCODINGS or not raw.content:
            failure: CallError = _decode_error(
                InvalidJSONError, _not_json(error, raw), raw, request
            )
        else:
            failure = _unread_encoding(encoding, request)
    except Exception as error:  # noqa: BLE001 (whatever a hook of the user's raises, too)
        failure = _decode_error(DecodeError, find_wire_error(error), raw, request)
    raise failure


def _unread_encoding(encoding: str, request: PreparedRequest) -> ProtocolError:
    shown = request.redact(repr(encoding), _SHOWN_FINDING)
    reason = f"its Content-Encoding is {shown}, which this client does not read"
    return ProtocolError(method=request.method, url=request.shown_url, reason=reason)


def _not_json(error: NotJSONError, raw: RawResponse) -> WireError:
    kind = raw.headers.get("Content-Type", "no content type")
    size = number_of(len(raw.content), "byte")
    found = f"{size} of {kind} ({error.found})" if raw.content else "an empty body"
    return WireError("JSON", found)


def _decode_error(
    kind: type[DecodeError], problem: WireError, raw: RawResponse, request: PreparedRequest
) -> DecodeError:
    return kind(
        method=request.method,
        url=request.shown_url,
        path=request.redact(printable(problem.path), _SHOWN_FINDING),
        expected=problem.expected,
        found=request.redact(printable(problem.found), _SHOWN_FINDING),
        status=raw.status,
        body=_shown_body(raw, request),
    )


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a ``Retry-After`` in seconds or as an HTTP date; None for any other."""
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return min(float(value), _LONGEST_WAIT)
    try:
        time = parsedate_to_datetime(value)
        if time.tzinfo is None:  # an HTTP date is in GMT, also where it says -0000
            time = time.replace(tzinfo=UTC)
        return max(0.0, (time - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def deprecation_of(raw: RawResponse, request: PreparedRequest) -> str:
    """What an answer with a header ``Deprecation`` or ``Legacy`` says of its endpoint."""
    dates = [f"{name}: {raw.headers[name]}" for name in _LIFECYCLE if name in raw.headers]
    return request.redact(_one_line(", ".join(dates)), _SHOWN_FINDING)


def _load_or_none(content: bytes) -> Any:
    if len(content) >= LARGE:  # no error of LiveChat's is, and reading would hold the event loop
        return None
    try:
        return load_json(content)
    except WireError:
        return None


def _messages(body: Any, request: PreparedRequest) -> tuple[str, ...]:
    """Every text in an error body, in any of the documented shapes, as it is shown."""
    found: list[str] = []
    left = [body]  # a stack and not recursion: the nesting is as deep as the sender likes
    while left and len(found) < _MOST_MESSAGES:
        value = left.pop()
        if isinstance(value, list):
            left += reversed(value)
        elif isinstance(value, dict):
            left += filter(None, map(value.get, ("message", "errors", "error")))
        elif isinstance(value, str) and value.strip():
            found.append(request.redact(_one_line(value), _SHOWN_MESSAGE))
    return tuple(found)


def _type_and_region(body: Any) -> tuple[str | None, str | None]:
    """The kind of error and the region that the newer form of an error body names."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None, None
    type_, data = error.get("type"), error.get("data")
    region = data.get("region") if isinstance(data, dict) else None
    return (
        type_ if isinstance(type_, str) and type_.strip() else None,
        region if region in ("dal", "fra") else None,
    )


def _phrase(raw: RawResponse) -> str:
    try:
        return raw.reason or HTTPStatus(raw.status).phrase
    except ValueError:
        return "no explanation"


def _shown_body(raw: RawResponse, request: PreparedRequest) -> str:
    return request.redact(raw.content.decode("utf-8", errors="replace"), _SHOWN_BODY)


def _one_line(text: str) -> str:
    """The text on one line, without control characters."""
    return printable(" ".join(text.split()))
