"""Dead letters in Redis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import redis

from livechat_async.errors import ConfigurationError
from livechat_async.webhooks.letters import DeadLetter, DeadLetters, Step, chosen_of
from livechat_async.webhooks.taskiq.connection import RedisUrl, check_prefix, reason_of
from livechat_async.webhooks.taskiq.store import DISCARD, REPLAY, keys_of

_ANSWER_TIMEOUT = 10.0
_SCRIPTS: Mapping[Step, str] = {"list": "", "replay": REPLAY, "discard": DISCARD}


class RedisLetters(DeadLetters):
    """The dead letters of a `TaskiqEngine`.

    Args:
        redis_url: as for the engine.
        prefix: as for the engine.

    Raises:
        ConfigurationError: the URL or the prefix has another form.
    """

    def __init__(self, redis_url: str, *, prefix: str = "livechat") -> None:
        self._url = RedisUrl(redis_url)
        self._prefix = check_prefix(prefix)
        self._redis: Any = redis.Redis.from_url(
            self._url.secret.reveal(), protocol=2, socket_timeout=_ANSWER_TIMEOUT
        )

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def _do(self, step: Step, ids: Iterable[int] | None) -> list[DeadLetter]:
        script = _SCRIPTS[step]
        try:
            letters = dict(self._read())
            chosen = chosen_of(list(letters.values()), ids)
            if script and chosen:
                by_id = {letter.id: name for name, letter in letters.items()}
                # A full Redis refuses transactions.
                with self._redis.pipeline(transaction=False) as steps:
                    for letter in chosen:
                        name = by_id[letter.id]
                        keys = keys_of(self._prefix, name)
                        steps.eval(script, len(keys), *keys, name, "", "")
                    steps.execute()
        except (redis.RedisError, OSError) as error:
            problem = f"Redis at {self._url.address}: {reason_of(error, self._url)}"
            raise ConfigurationError(problem) from None
        return chosen

    def _read(self) -> list[tuple[str, DeadLetter]]:
        names = [each.decode() for each in self._redis.zrange(f"{self._prefix}:dead", 0, -1)]
        with self._redis.pipeline(transaction=False) as steps:
            for name in names:
                steps.hgetall(f"{self._prefix}:dead:{name}")
            found = steps.execute()
        # Those that have expired are empty.
        return [(name, _letter(each)) for name, each in zip(names, found, strict=True) if each]


def _letter(found: dict[bytes, bytes]) -> DeadLetter:
    return DeadLetter(
        id=int(found[b"id"]),
        handler=found.get(b"handler", b"").decode("utf-8", "replace"),
        body=found.get(b"body", b""),
        received=float(found.get(b"received", 0)),
        died=float(found[b"died"]),
        attempts=int(found[b"attempts"]),
        error=found[b"error"].decode("utf-8", "replace"),
    )
