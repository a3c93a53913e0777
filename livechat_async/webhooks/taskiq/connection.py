"""How Redis is reached: its URL, which stays secret, and the errors that mean "try again later"."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from urllib.parse import parse_qsl

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, OutOfMemoryError, RedisError, ResponseError

from livechat_async.checks import refusal
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, conceal, kind_of, printable, redact

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

REDIS_UNAVAILABLE: Final = (RedisError, OSError)
"""Errors that mean Redis is unreachable, slow, still loading, or read-only: wait and try again."""

_SCHEMES = ("redis", "rediss", "unix")
# What the query of a URL may set: nothing that this library sets or relies on.
_QUERY = frozenset(
    {"client_name", "db", "health_check_interval", "password", "username"}
    | {f"ssl_{each}" for each in ("ca_certs", "ca_path", "cert_reqs", "certfile", "check_hostname")}
    | {"ssl_keyfile", "ssl_min_version", "ssl_password"}
)
_OLDEST_VERSION = 7
_PREFIX_LENGTH = 100
_PERMANENT = ("WRONGTYPE", "NOPERM", "DB index", "unknown command", "Unknown Redis command")
_CONNECT_TIMEOUT = 2.0
_ANSWER_TIMEOUT = 4.0  # LiveChat waits for about 10 s for the answer to a webhook


@asynccontextmanager
async def asking(redis: Redis, seconds: float = 0.0) -> AsyncIterator[None]:
    """Limit the time for an answer from Redis, beyond the seconds that the command itself waits.

    After an error, the pool's connections are closed: they may lead to a Redis that was replaced,
    or whose answers never arrive. The next command asks for the name's address again.
    """
    try:
        async with asyncio.timeout(seconds + _ANSWER_TIMEOUT):
            yield
    except REDIS_UNAVAILABLE as error:
        # No other connection would heal these.
        if not isinstance(error, OutOfMemoryError) and "NOGROUP" not in str(error):
            with suppress(*REDIS_UNAVAILABLE):
                await redis.connection_pool.disconnect(inuse_connections=False)
        raise


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, at least one, as Redis wants them."""
    return max(1, round(seconds * 1000))


class RedisUrl:
    """The URL of a Redis. It shows the address only, never the password.

    Args:
        url: ``redis://[[user]:password@]host[:port][/database]``, ``rediss://`` for TLS, or
            ``unix://[[user]:password@]/path?db=0``. Its query may set the ``ssl_`` options of
            redis-py, ``client_name``, ``db`` and ``health_check_interval``.

    Raises:
        ConfigurationError: the URL has another form.
    """

    def __init__(self, url: Any) -> None:
        url = conceal(url, "secret")  # first: a password in a malformed URL must not show either
        if not isinstance(url, Secret):
            raise _malformed(f"it has to be text, not {kind_of(url)}")
        if url.reveal().partition("://")[0] not in _SCHEMES:
            raise _malformed("it has to start with redis://, rediss:// or unix://")
        self.secret: Secret = url
        query = url.reveal().partition("?")[2]
        # With an @, it begins within a password, no part of which may show.
        for name, _ in parse_qsl("" if "@" in query else query, keep_blank_values=True):
            if name not in _QUERY:
                raise _malformed(f"its query sets {printable(name)!r}; remove that")
        address = None if "@" in query else _address(self.secret)
        if address is None:
            raise _malformed(
                "percent-encode special characters, and check the options of its query"
            )
        self.address: str = address  # for messages: without user name and password
        # redis-py may send a command twice; all our commands allow that. `asking` limits their time
        # instead of socket_timeout: that uses asyncio.wait_for, which sometimes swallows a
        # cancellation on Python 3.11.
        self.options: dict[str, Any] = {
            "protocol": 2,
            "retry": Retry(NoBackoff(), 1),
            "socket_connect_timeout": _CONNECT_TIMEOUT,
            "socket_timeout": None,
            "socket_keepalive": True,
        }

    def pool(self, size: int = 50) -> Any:
        """A pool of up to ``size`` connections, for one event loop."""
        url = self.secret.reveal()
        return BlockingConnectionPool.from_url(url, max_connections=size, **self.options)

    def __repr__(self) -> str:
        return f"<RedisUrl of {self.address}>"


def _malformed(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"redis_url cannot be used: {why}; for example redis://:password@127.0.0.1:6379/0"
    )


def _address(url: Secret) -> str | None:
    """The address that redis-py finds in the URL; its own error would show parts of a password."""
    try:
        pool: Any = BlockingConnectionPool.from_url(url.reveal())
        pool.make_connection()  # connects to nothing, but reads all settings
        settings = pool.connection_kwargs
    except (ValueError, TypeError, RedisError):
        return None
    database = settings.get("db", 0)
    if "path" in settings:
        return f"{settings['path']} database {database}"
    return f"{settings.get('host', 'localhost')}:{settings.get('port', 6379)}/{database}"


class Availability:
    """Logs once that Redis is unavailable, with the effect of that, and once that it is back."""

    def __init__(self, url: RedisUrl, effect: str, level: int = logging.ERROR) -> None:
        self._url = url
        self._effect = effect
        self._level = level
        self._lost = False

    def lost(self, error: BaseException) -> None:
        """Note an error that means Redis is unavailable."""
        if not self._lost:
            self._lost = True
            is_full = isinstance(error, OutOfMemoryError)
            logger.log(
                self._level,
                "Redis at %s %s, and %s: %s",
                self._url.address,
                "is full (raise its maxmemory)"
                if is_full
                else "is unavailable (is its URL right?)",
                self._effect,
                reason_of(error, self._url),
            )

    def restored(self) -> bool:
        """Note that Redis has answered; whether it was unavailable before."""
        was_lost, self._lost = self._lost, False
        if was_lost:
            logger.warning("Redis at %s is back", self._url.address)
        return was_lost


def reason_of(error: BaseException, url: RedisUrl) -> str:
    """The error in one line, without secrets."""
    text = str(error) or type(error).__name__
    return redact(text.splitlines()[0], [url.secret])


def misuse_of(error: BaseException, url: RedisUrl) -> ConfigurationError | None:
    """The error that says what to change, if waiting will never help; None otherwise."""
    if isinstance(error, AuthenticationError) or "NOAUTH" in str(error):
        problem = "refuses the user name or password of its URL, or needs one"
    elif isinstance(error, ResponseError) and any(sign in str(error) for sign in _PERMANENT):
        problem = "cannot be used like this"
    else:
        return None
    return ConfigurationError(f"Redis at {url.address} {problem}: {reason_of(error, url)}")


def check_prefix(prefix: Any, name: str = "prefix") -> str:
    """A text that the names of keys in Redis begin with; ``name`` is that of the argument."""
    if not isinstance(prefix, str):
        raise refusal(name, prefix, "text is needed, such as 'livechat'")
    if not prefix.isprintable() or not 0 < len(prefix) <= _PREFIX_LENGTH:
        raise refusal(name, prefix, f"1 to {_PREFIX_LENGTH} printable characters are needed")
    return prefix


async def check_redis(redis: Redis, url: RedisUrl) -> None:
    """Raise ConfigurationError if Redis refuses the password or is too old."""
    try:
        async with asking(redis):
            await redis.ping()
            version = await _version_of(redis)
    except RedisError as error:
        misuse = misuse_of(error, url)
        if misuse is None:
            raise
        raise misuse from None
    if version is not None and version < _OLDEST_VERSION:
        raise ConfigurationError(
            f"Redis at {url.address} has version {version}: {_OLDEST_VERSION} or newer is needed"
        )


async def _version_of(redis: Redis) -> int | None:
    try:
        server: Any = await redis.info("server")
        return int(str(server["redis_version"]).partition(".")[0])
    except (ResponseError, KeyError, ValueError):  # INFO is not allowed, or it is not Redis itself
        return None
