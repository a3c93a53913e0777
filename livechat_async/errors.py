"""The tree of errors.

::

    LiveChatError
    ├── ConfigurationError      (ValueError)    a value is wrong; nothing was sent
    ├── ClientStateError        (RuntimeError)  closed, or another event loop's; nothing was sent
    ├── ExportError                             an export cannot go on as asked
    │   ├── OverfullDayError                    a day holds more than LiveChat pages
    │   └── UnsettledDaysError                  some days kept changing under every walk
    ├── WebhookError            (ValueError)    a webhook's body is no event that can be read
    ├── QueueFullError                          the receiver of webhooks takes no more for now
    └── CallError                               a call failed; says which, after how many attempts
        ├── PagingError                         page after page holds nothing new
        ├── TransportError                      no whole answer came
        │   ├── ConnectError                    no connection: the request was surely not processed
        │   │   ├── ConnectTimeout              also a RequestTimeout
        │   │   └── TLSError                    the certificate was not trusted
        │   ├── ConnectionLost                  the connection broke before the answer was whole
        │   ├── ProtocolError                   the answer cannot be read as HTTP
        │   ├── RequestTimeout  (TimeoutError)  ``limit`` says which of `Timeouts`
        │   ├── ResponseTooLarge                more than ``max_response_bytes``
        │   └── RedirectError                   a redirect that is not safe to follow
        ├── APIStatusError                      LiveChat answered with an error status
        │   ├── BadRequestError                 400, 422
        │   ├── AuthenticationError             401
        │   ├── PermissionDeniedError           403
        │   ├── NotFoundError                   404, 410
        │   ├── RateLimitError                  429
        │   └── ServerError                     500 to 599
        └── DecodeError                         the answer is not what the documentation promises
            └── InvalidJSONError                it is not even JSON: empty, cut off, or HTML

Errors hold plain data only, so all of them can be pickled, copied and sent to another process. No
error holds a secret.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal, TypeVar

from attrs import define, field, has

from livechat_async.redaction import repr_of_fields

__all__ = [
    "APIStatusError",
    "AuthenticationError",
    "BadRequestError",
    "CallError",
    "ClientStateError",
    "ConfigurationError",
    "ConnectError",
    "ConnectTimeout",
    "ConnectionLost",
    "DecodeError",
    "ExportError",
    "InvalidJSONError",
    "LiveChatError",
    "NotFoundError",
    "OverfullDayError",
    "PagingError",
    "PermissionDeniedError",
    "ProtocolError",
    "QueueFullError",
    "RateLimitError",
    "RedirectError",
    "RequestTimeout",
    "ResponseTooLarge",
    "ServerError",
    "TLSError",
    "TransportError",
    "UnsettledDaysError",
    "WebhookError",
]

_E = TypeVar("_E", bound="LiveChatError")


def _restore(cls: type[_E], args: tuple[Any, ...], state: dict[str, Any]) -> _E:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


def _try_again(method: str) -> str:
    doubt = "" if method in {"GET", "HEAD"} else f"; this {method} may have been carried out"
    return f"Try again later{doubt}"


class LiveChatError(Exception):
    """The base of every error this library raises."""

    # Exception's own __reduce__ calls the class with `args`, which keyword-only fields refuse.
    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__)

    def __repr__(self) -> str:
        return repr_of_fields(self) if has(type(self)) else super().__repr__()


class ConfigurationError(LiveChatError, ValueError):
    """A value given to the client is wrong. The message names it and the remedy."""


class ClientStateError(LiveChatError, RuntimeError):
    """The client cannot be used here: it is closed, or belongs to another event loop."""


@define(kw_only=True, slots=False, eq=False, repr=False)
class CallError(LiveChatError):
    """A call failed.

    Attributes:
        method: the HTTP method.
        url: the whole URL, with values of secret parameters hidden.
        attempts: the number of requests that were sent, or that failed to be sent.
        resume_page: in a walk over pages, the first page that could not be fetched. The walk gave
            out all pages before it; ``pager.pages(start=resume_page)`` goes on.
    """

    method: str
    url: str
    attempts: int = 1
    resume_page: int | None = None

    _advice: ClassVar[str] = ""  # what to do

    def __str__(self) -> str:
        tries = f" (after {self.attempts} attempts)" if self.attempts > 1 else ""
        sentences = [f"{self._event().rstrip('.')}{tries}", self._hint()]
        if self.resume_page is not None:
            way_on = f"go on with pages(start={self.resume_page})"
            sentences.append(f"The pages before it are done: {way_on}")
        return f"{self.method} {self.url}: {'. '.join(filter(None, sentences))}"

    def _event(self) -> str:
        """What happened."""
        return "the call failed"

    def _hint(self) -> str:
        """What to do."""
        return self._advice


@define(kw_only=True, slots=False, eq=False, repr=False)
class PagingError(CallError):
    """The walk gave up at number ``page``: page after page held nothing new."""

    page: int

    _advice = "The server does not seem to heed the parameter `page`: has this endpoint pages?"

    def _event(self) -> str:
        return f"the walk was given up at page {self.page}: the last ones held nothing new"


@define(kw_only=True, slots=False, eq=False, repr=False)
class TransportError(CallError):
    """No whole answer came; ``reason`` says why, in the words of the network layer."""

    reason: str

    def _event(self) -> str:
        return self.reason


class ConnectError(TransportError):
    """No connection could be made, so the request was surely not processed."""

    def _hint(self) -> str:
        return "Check base_url, and that this machine reaches that host"


class TLSError(ConnectError):
    """The server's certificate was not trusted. The call is not repeated."""

    def _hint(self) -> str:
        return "Check base_url and the clock and CA certificates of this machine"


class ConnectionLost(TransportError):
    """The connection broke before the answer was whole. The request may have been processed."""

    def _event(self) -> str:
        return f"the connection was lost: {self.reason}"

    def _hint(self) -> str:
        return _try_again(self.method)


class ProtocolError(TransportError):
    """The answer cannot be read as HTTP. The call is not repeated: the next answer is the same.

    The request may have been processed.
    """

    def _event(self) -> str:
        return f"the answer cannot be read as HTTP: {self.reason}"

    def _hint(self) -> str:
        if "header" in self.reason:
            return "Raise max_header_bytes if the server needs longer headers"
        return "Check base_url, and what stands between this machine and LiveChat"


@define(kw_only=True, slots=False, eq=False, repr=False)
class RequestTimeout(TransportError, TimeoutError):
    """A limit of `Timeouts` passed: ``limit`` is its name, ``seconds`` its length."""

    limit: Literal["connect", "attempt", "deadline"]
    seconds: float
    reason: str = ""

    def _event(self) -> str:
        last = f" (before that: {self.reason})" if self.reason else ""
        return f"no answer within the {self.limit} limit of {self.seconds:g} s{last}"

    def _hint(self) -> str:
        return f"Raise Timeouts({self.limit}=...) if the server needs longer"


@define(kw_only=True, slots=False, eq=False, repr=False)
class ConnectTimeout(ConnectError, RequestTimeout):
    """No connection could be made within ``Timeouts(connect=...)``."""

    limit: Literal["connect", "attempt", "deadline"] = "connect"
    reason: str = "timed out"

    def _event(self) -> str:
        return f"no connection within the connect limit of {self.seconds:g} s"


@define(kw_only=True, slots=False, eq=False, repr=False)
class ResponseTooLarge(TransportError):
    """The answer is larger than ``limit_bytes``, the ``max_response_bytes`` of the client."""

    limit_bytes: int
    reason: str = ""

    _advice = "Ask for less, or raise max_response_bytes"

    def _event(self) -> str:
        return f"the answer is larger than {self.limit_bytes:,} bytes"


@define(kw_only=True, slots=False, eq=False, repr=False)
class RedirectError(TransportError):
    """A redirect that would carry credentials or a body elsewhere, or lose the body.

    Attributes:
        status: the HTTP status.
        location: where it points, without its query.
    """

    status: int
    location: str

    _advice = "If you trust that address, use it as base_url"

    def _event(self) -> str:
        return f"the server answered {self.status} and points to {self.location}: {self.reason}"


@define(kw_only=True, slots=False, eq=False, repr=False)
class APIStatusError(CallError):
    """LiveChat answered with a status that is not a success.

    Attributes:
        status: the HTTP status.
        message: the server's message in one line, or else the phrase of the status.
        messages: every text of the error body, in order; empty if it is not in a known shape.
        body: the beginning of the body as text.
        retry_after: seconds the server asks to wait, from ``Retry-After``, or None.
        region: where the account lives, if the server says that the request went elsewhere.
        error_type: the kind of error, if the server names one: ``limit_reached``,
            ``misdirected_request`` or another.
    """

    status: int
    message: str
    messages: tuple[str, ...] = ()
    body: str = field(default="", repr=False)
    retry_after: float | None = None
    region: str | None = None
    error_type: str | None = None

    _advice = "The error's `body` holds the beginning of the answer"

    def _event(self) -> str:
        wait = "" if self.retry_after is None else f", to be asked again in {self.retry_after:g} s"
        return f"answered {self.status}{wait}: {self.message}"

    def _hint(self) -> str:
        return super()._hint() if self.region is None else f"Pass region={self.region!r}"


class BadRequestError(APIStatusError):
    """400 or 422: LiveChat refused an argument; ``message`` says which."""

    _advice = "Change the argument it names"

    def _hint(self) -> str:
        if self.resume_page not in (None, 1):
            return "LiveChat pages no further: ask for fewer dates at a time, or use chats.export"
        return super()._hint()


class AuthenticationError(APIStatusError):
    """401: the credentials are wrong, or do not fit this account."""

    _advice = "Check login and token"

    def _hint(self) -> str:
        if self.url.endswith("/details"):
            return "license_id and token have to come from the chat_started webhook of this chat"
        return super()._hint()


class PermissionDeniedError(APIStatusError):
    """403: the credentials are good, but the plan or a permission may be missing."""

    _advice = (
        "The account's plan may lack this method, or a permission is missing: check the agent's "
        "role and the token's scopes"
    )


class NotFoundError(APIStatusError):
    """404 or 410: the thing does not exist, or this account no longer has the method."""

    _advice = "Check the id; LiveChat also switches methods of version 2 off for single accounts"


class RateLimitError(APIStatusError):
    """429: too many requests. ``retry_after`` says how long to wait, if the server did."""

    _advice = "Send less at a time: see max_concurrency and limiter"


class ServerError(APIStatusError):
    """500 to 599: LiveChat failed, or something between here and there."""

    def _hint(self) -> str:
        return _try_again(self.method) if self.region is None else super()._hint()


@define(kw_only=True, slots=False, eq=False, repr=False)
class DecodeError(CallError):
    """A success whose content is not what the documentation promises.

    Attributes:
        path: the place in the answer, such as ``[3].chat_start_time``; empty for all of it.
        expected: what should be there.
        found: what is there, shortened.
        status: the HTTP status.
        body: the beginning of the body as text.
    """

    path: str
    expected: str
    found: str
    status: int
    body: str = field(default="", repr=False)

    _advice = "The error's `body` holds the beginning of the answer"

    def _event(self) -> str:
        place = f"at {self.path}" if self.path else "as the answer"
        return f"expected {self.expected} {place}, got {self.found}"


class InvalidJSONError(DecodeError):
    """A success whose body is not JSON: empty, cut off, or a page of HTML from a proxy."""


@define(kw_only=True, slots=False, eq=False, repr=False)
class ExportError(LiveChatError):
    """An export cannot go on as asked. It gave out all items before this point.

    Attributes:
        first: the first of the days that stopped it.
        last: the last of them.
        total: the number of items in them, by the latest answer; None if that has no number.
    """

    first: date
    last: date
    total: int | None


@define(kw_only=True, slots=False, eq=False, repr=False)
class OverfullDayError(ExportError):
    """A single day holds more than the ``most`` items that LiveChat pages."""

    most: int

    def __str__(self) -> str:
        total = "more items" if self.total is None else f"{self.total:,} items"
        return (
            f"{self.first} holds {total}, and LiveChat pages no more than the latest {self.most:,} "
            "of a question: narrow it by tag, group, agent or another filter, or go on from the "
            "checkpoint with on_overfull_day='partial'"
        )


@define(kw_only=True, slots=False, eq=False, repr=False)
class UnsettledDaysError(ExportError):
    """The items of some days kept changing during ``passes`` walks, so some may be missing."""

    passes: int

    def __str__(self) -> str:
        return (
            f"the items of {self.first} to {self.last} kept changing during {self.passes} walks "
            "over them: go on from the checkpoint at a quieter time"
        )


@define(kw_only=True, slots=False, eq=False, repr=False)
class WebhookError(LiveChatError, ValueError):
    """A webhook's body cannot be read as an event.

    Attributes:
        path: the place in the body, such as ``chat.messages[3].timestamp``; empty for all of it.
        expected: what should be there.
        found: what is there, shortened, and without secrets.
        remedy: what to do, or ``""``.
    """

    path: str
    expected: str
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"at {self.path} of a webhook's body" if self.path else "as the body of a webhook"
        event = f"expected {self.expected} {place}, got {self.found}"
        return f"{event}. {self.remedy}" if self.remedy else event


class QueueFullError(LiveChatError):
    """The receiver of webhooks takes no more for now: LiveChat has to deliver again later."""
