"""The settings of a client, each checked when it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import tzinfo
from typing import Any, TypeAlias, cast, get_args

from attrs import Attribute, field, frozen
from attrs.validators import optional
from yarl import URL

from livechat_async.checks import (
    Validator,
    check_choice,
    check_count,
    check_hosts,
    check_kind,
    check_zone,
    count,
    flag,
    is_loopback,
    needs,
    problem_of_url,
    refusal,
    seconds,
)
from livechat_async.credentials import Credentials, CredentialsSource, Region, check_credentials
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, WireText, kind_of, repr_of_fields, reveal, shown

Limiter: TypeAlias = AbstractAsyncContextManager[Any, Any]

_ERROR_STATUSES = range(400, 600)
_RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
# Patterns stay text: `re` compiles each at its first use and caches it, so the import is quick.
_EXAMPLE = "https://api.livechatinc.com"
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_OUR_HEADERS = {
    "authorization": "pass credentials instead",
    "content-length": "it follows from the body",
    "content-type": "it follows from the request's encoding",
    "host": "it follows from base_url",
    "x-api-version": "this client speaks version 2",
    "x-region": "pass region instead",
}

_limit: Validator = optional(seconds(above_zero=True))


@frozen
class Timeouts:
    """How long to wait, in seconds.

    Args:
        connect: for making one connection, with its TLS handshake. None for no limit of its own.
        attempt: for one exchange: connecting, sending, and reading the whole answer. None for no
            limit of its own.
        deadline: for a whole call, with all attempts, the waits between them, and the wait for
            ``max_concurrency``. No wait begins that cannot end before it. None for no limit.

    Raises:
        ConfigurationError: a value is not a number above zero.
    """

    connect: float | None = field(default=5.0, validator=_limit)
    attempt: float | None = field(default=15.0, validator=_limit)
    deadline: float | None = field(default=60.0, validator=_limit)

    __repr__ = repr_of_fields


def _are_statuses(value: Any) -> bool:
    return isinstance(value, frozenset) and all(
        status in _ERROR_STATUSES and not isinstance(status, bool) for status in value
    )


def _to_statuses(value: Iterable[int]) -> frozenset[int]:
    try:
        return value if isinstance(value, (str, bytes)) else frozenset(value)  # type: ignore[return-value]
    except TypeError:
        return value  # type: ignore[return-value]  # the validator refuses it


@frozen
class RetryPolicy:
    """Which failures are repeated, how often, and after which waits.

    The wait before attempt *n* + 1 is a random number of seconds from 0 to
    ``backoff * 2 ** (n - 1)``, at most ``backoff_max`` (full jitter). The server's ``Retry-After``
    takes its place.

    A read is repeated after a failed connect, a lost connection, a cut or empty answer, an
    attempt's timeout, and the ``statuses``. A write is repeated only if it surely was not
    processed: no connection, 429, or 503 with ``Retry-After``.

    Args:
        attempts: the most requests of a call; 1 for no repetition.
        backoff: seconds; 0 for no waits.
        backoff_max: seconds.
        retry_after_max: seconds. If the server asks for more, the call fails at once, with
            ``retry_after`` on the error.
        statuses: error statuses that are worth another attempt.
        retry_writes: repeat writes like reads, although LiveChat may then carry one out twice.

    Raises:
        ConfigurationError: a value cannot be used.
    """

    attempts: int = field(default=4, validator=count())
    backoff: float = field(default=0.5, validator=seconds())
    backoff_max: float = field(default=8.0, validator=seconds())
    retry_after_max: float = field(default=30.0, validator=seconds())
    statuses: frozenset[int] = field(
        default=_RETRIED_STATUSES,
        converter=_to_statuses,
        validator=needs("a collection of error statuses is needed, such as {503}", _are_statuses),
    )
    retry_writes: bool = field(default=False, validator=flag())

    __repr__ = repr_of_fields

    @classmethod
    def none(cls) -> RetryPolicy:
        """One attempt a call."""
        return cls(attempts=1)


def _to_base_url(value: Any) -> URL:
    problem = problem_of_base_url(reveal(value))
    if problem is not None:
        if not isinstance(value, Secret):
            del value  # it may hold a password
        raise ConfigurationError(f"base_url{problem}")
    return URL(reveal(value))


def problem_of_base_url(value: Any) -> str | None:
    """Why no credentials may be sent to a URL, as the end of a sentence about it; None if may."""
    if not isinstance(value, (str, URL)):
        return f" has to be text, such as {_EXAMPLE}, not {kind_of(value)}"
    # What is before an @ may be a password, whether or not this is a URL.
    found = "" if "@" in str(value) or "%40" in str(value) else f"={shown(str(value))}"
    problem = problem_of_url(str(value), _EXAMPLE)
    if problem:
        return f"{found} {problem}"
    url = URL(str(value))
    if url.user is not None or url.password is not None:
        return " holds a user name or password: pass credentials instead"
    if "?" in str(value) or "#" in str(value):
        taken = "only scheme, host, port and path are taken"
        return f" for {url.host} holds a query or fragment: {taken}"
    return None


def problem_of_plain_http(url: URL, allowed: Collection[str] = ()) -> str | None:
    """Why a valid URL may not be called without TLS, as `problem_of_base_url` says it."""
    host = url.host or ""
    if url.scheme != "http" or is_loopback(host) or host in allowed:
        return None
    return (
        f" for {host} is plain http, which would show the credentials to the network: use https; "
        "http is for loopback only"
    )


def _check_scheme(options: ClientOptions, _: object, url: URL) -> None:
    problem = problem_of_plain_http(url, options.allow_insecure_hosts)
    if problem is not None:
        raise ConfigurationError(
            f"base_url{problem}, or for a sandbox in another container with "
            f"allow_insecure_hosts=[{url.host!r}] or LIVECHAT_ALLOW_INSECURE_HOSTS"
        )


def _to_hosts(value: Any) -> frozenset[str]:
    return check_hosts("allow_insecure_hosts", value)


def _to_timezone(value: Any) -> tzinfo | None:
    if value is None or isinstance(value, tzinfo):
        return value
    if not isinstance(value, str):
        raise refusal("timezone", value, "a tzinfo or a name such as 'Europe/Warsaw' is needed")
    return check_zone("timezone", value)


def _to_headers(value: Any) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"headers has to be a mapping, such as {{'X-Name': 'text'}}, not {kind_of(value)}"
        )
    given: Mapping[Any, Any] = value
    headers: dict[str, str] = {}
    for name, content in given.items():
        if not isinstance(name, str) or not re.fullmatch(_HEADER_NAME, name):
            raise ConfigurationError(
                f"headers: {shown(name)} is no header name; use letters, digits and hyphens"
            )
        if name.lower() in _OUR_HEADERS:
            raise ConfigurationError(f"headers: {name} is set here; {_OUR_HEADERS[name.lower()]}")
        # We cannot know which header of a proxy is a secret, so all are.
        text = WireText(reveal(content)) if isinstance(content, (str, Secret)) else None
        if text is None or not text.isprintable():
            raise ConfigurationError(f"headers: the value of {name} has to be one line of text")
        headers[name] = text
    return headers


def _to_credentials(value: Any) -> Credentials | CredentialsSource | None:
    if value is None:
        return None
    if callable(value):
        return cast("CredentialsSource", value)
    return check_credentials(value)


def _check_limiter(name: str, value: Any) -> None:
    if not isinstance(value, AbstractAsyncContextManager):
        needed = "an async context manager is needed, as in AsyncLimiter(100, 60) of aiolimiter"
        raise refusal(name, value, needed)


def _rule(check: Callable[..., object], *options: Any) -> Validator:
    """A rule of `checks` as a validator that names the argument of `LiveChatClient`."""

    def validate(_: object, attribute: Attribute[Any], value: Any) -> None:
        check(attribute.name, value, *options)

    return validate


@frozen(kw_only=True, eq=False, repr=False)
class ClientOptions:
    """The options of a client. `LiveChatClient` documents each."""

    credentials: Credentials | CredentialsSource | None = field(converter=_to_credentials)
    base_url: URL = field(converter=_to_base_url, validator=_check_scheme)
    allow_insecure_hosts: frozenset[str] = field(default=frozenset(), converter=_to_hosts)
    retry: RetryPolicy = field(validator=_rule(check_kind, RetryPolicy, "RetryPolicy(attempts=3)"))
    timeouts: Timeouts = field(validator=_rule(check_kind, Timeouts, "Timeouts(deadline=30)"))
    max_response_bytes: int = field(validator=_rule(check_count))
    max_header_bytes: int | None = field(default=None, validator=optional(_rule(check_count)))
    timezone: tzinfo | None = field(converter=_to_timezone)
    headers: Mapping[str, str] = field(converter=_to_headers)
    region: Region | None = field(validator=optional(_rule(check_choice, get_args(Region))))
    limiter: Limiter | None = field(validator=optional(_rule(_check_limiter)))
