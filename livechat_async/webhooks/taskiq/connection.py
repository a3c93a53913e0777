"""How Redis is reached: its URL checked and kept secret, and what counts as Redis being away."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, conceal, redact

try:
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import AuthenticationError, RedisError, ResponseError
except ImportError as _missing:  # pragma: no cover (every session of ours has the extra)
    raise ImportError(
        f"{_missing.name} is missing: pip install 'livechat_async[distributed]'", name=_missing.name
    ) from _missing

__all__ = [
    "AWAY",
    "Redis",
    "RedisUrl",
    "check_redis",
    "milliseconds",
    "misuse_of",
    "reason_of",
    "within",
]

AWAY: Final = (RedisError, OSError)
"""What is raised when Redis cannot be reached, does not answer in time, starts, or cannot write."""

_SCHEMES = ("redis", "rediss", "unix")
_OLDEST = 7
_HOPELESS = ("WRONGTYPE", "NOPERM", "DB index", "unknown command", "Unknown Redis command")
_CONNECT_TIMEOUT = 2.0
_ANSWER_TIMEOUT = 4.0  # LiveChat waits for about 10 s for the answer that hangs on it


def within(seconds: float = 0.0) -> asyncio.Timeout:
    """So long an answer may take to come, besides ``seconds`` in which it need not.

    Raises:
        TimeoutError: where it did not. That is an OSError.
    """
    return asyncio.timeout(seconds + _ANSWER_TIMEOUT)


def milliseconds(seconds: float) -> int:
    """As Redis counts: whole milliseconds, at least one."""
    return max(1, round(seconds * 1000))


class RedisUrl:
    """Where a Redis is, with what it takes to be let in. Shows the address alone.

    Args:
        url: ``redis://[[user]:password@]host[:port][/database]``, ``rediss://`` for TLS, or
            ``unix://[[user]:password@]/path?db=0``.

    Raises:
        ConfigurationError: it is none of these.
    """

    def __init__(self, url: Any) -> None:
        # A secret given in the wrong place is still one: no frame is to show it.
        url = conceal(url, "secret")
        if not isinstance(url, str) or url.partition("://")[0] not in _SCHEMES:
            raise ConfigurationError(
                _malformed("it has to start with redis://, rediss:// or unix://")
            )
        self._url: Secret = Secret(url)
        self.address: str = _address(self._url)
        """Host, port and database for messages, with no user name and no password."""

    @property
    def secret(self) -> Secret:
        """The URL as it was given."""
        return self._url

    @property
    def options(self) -> dict[str, Any]:
        """What every connection is made with.

        A command is sent once more at most, as every one of ours may be. How long it may take is
        said with `within`: by ``socket_timeout``, redis-py uses ``asyncio.wait_for``, which on
        Python 3.11 swallows a cancellation now and then.
        """
        return {
            "protocol": 2,
            "retry": Retry(NoBackoff(), 1),
            "socket_connect_timeout": _CONNECT_TIMEOUT,
            "socket_timeout": None,
            "socket_keepalive": True,
        }

    def pool(self, most: int = 50) -> Any:
        """A pool of up to ``most`` connections, for one event loop."""
        return BlockingConnectionPool.from_url(self._url, max_connections=most, **self.options)

    def __repr__(self) -> str:
        return f"<RedisUrl of {self.address}>"


def _malformed(why: str) -> str:
    return f"this Redis URL cannot be used: {why}; for example redis://:password@127.0.0.1:6379/0"


def _address(url: Secret) -> str:
    known = _read(url)
    if known is None:
        raise ConfigurationError(
            _malformed("percent-encode what is special in its user name and password (%40 for @)")
        )
    database = known.get("db", 0)
    if "path" in known:
        return f"{known['path']} database {database}"
    return f"{known.get('host', 'localhost')}:{known.get('port', 6379)}/{database}"


def _read(url: Secret) -> dict[str, Any] | None:
    """What redis-py makes of it. Its own error would show parts of a password."""
    try:
        known = BlockingConnectionPool.from_url(url).connection_kwargs
    except (ValueError, TypeError):
        return None
    return {name: known[name] for name in ("host", "port", "db", "path") if name in known}


def reason_of(error: BaseException, url: RedisUrl) -> str:
    """What went wrong, in a line, without a secret."""
    text = str(error) or type(error).__name__
    return redact(text.splitlines()[0], [url.secret])


def misuse_of(error: BaseException, url: RedisUrl) -> str | None:
    """What has to be changed, if waiting will never help."""
    if isinstance(error, AuthenticationError) or "NOAUTH" in str(error):
        return (
            f"Redis at {url.address} refuses the user name or password of its URL, or wants one: "
            f"{reason_of(error, url)}"
        )
    if isinstance(error, ResponseError) and any(sign in str(error) for sign in _HOPELESS):
        return f"Redis at {url.address} cannot be used so: {reason_of(error, url)}"
    return None


async def check_redis(redis: Redis, url: RedisUrl) -> None:
    """Find out early what will never work.

    Raises:
        ConfigurationError: Redis answers, and refuses the password, or is too old.
        RedisError, OSError: it cannot be reached. Later it may be.
    """
    try:
        async with within():
            await redis.ping()
            version = await _version(redis)
    except RedisError as error:
        misuse = misuse_of(error, url)
        if misuse is None:
            raise
        raise ConfigurationError(misuse) from None
    if version is not None and version < _OLDEST:
        raise ConfigurationError(
            f"Redis at {url.address} is of version {version}: {_OLDEST} or newer is needed"
        )


async def _version(redis: Redis) -> int | None:
    try:
        told: Any = await redis.info("server")
        return int(str(told["redis_version"]).partition(".")[0])
    except (ResponseError, KeyError, ValueError):  # not allowed to ask, or no Redis proper
        return None
