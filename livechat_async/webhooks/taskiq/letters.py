"""Dead letters in Redis: to list, to run again, and to discard."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import redis

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import SecretBytes
from livechat_async.webhooks.sqlite.letters import DeadLetter, chosen_of
from livechat_async.webhooks.taskiq.connection import RedisUrl, check_prefix, reason_of
from livechat_async.webhooks.taskiq.store import DISCARD, REPLAY, keys_of

__all__ = ["RedisLetters"]

_ANSWER_TIMEOUT = 10.0


class RedisLetters:
    """The dead letters of a `TaskiqEngine`, whether or not a bot runs. Its methods block.

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

    def list(self, ids: Iterable[int] | None = None) -> builtins.list[DeadLetter]:
        """The dead letters, oldest first: all, or those with these ids.

        Raises:
            ConfigurationError: there is none with one of the ids, or Redis cannot be used now.
        """
        return self._do(ids, "")

    def replay(self, ids: Iterable[int] | None = None) -> builtins.list[DeadLetter]:
        """Let dead letters run again: a worker takes them at once, or when it starts.

        Returns:
            The letters as they were. Their attempts start from the first again.

        Raises:
            ConfigurationError: as for `list`; then nothing was changed.
        """
        return self._do(ids, REPLAY)

    def discard(self, ids: Iterable[int] | None = None) -> builtins.list[DeadLetter]:
        """Remove dead letters for good.

        Returns:
            The letters that were removed.

        Raises:
            ConfigurationError: as for `list`; then nothing was changed.
        """
        return self._do(ids, DISCARD)

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def _do(self, ids: Iterable[int] | None, script: str) -> builtins.list[DeadLetter]:
        """Run the script with each of the letters. A full Redis refuses transactions."""
        try:
            letters = dict(self._read())
            chosen = chosen_of(list(letters.values()), ids)
            if script and chosen:
                by_id = {letter.id: name for name, letter in letters.items()}
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

    def _read(self) -> builtins.list[tuple[str, DeadLetter]]:
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
        body=SecretBytes(found.get(b"body", b"")),
        received=datetime.fromtimestamp(float(found.get(b"received", 0)), UTC),
        died=datetime.fromtimestamp(float(found[b"died"]), UTC),
        attempts=int(found[b"attempts"]),
        error=found[b"error"].decode("utf-8", "replace"),
    )
