"""Dead letters: the jobs that an engine has given up, to list, to run again, and to discard."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from attrs import field, frozen

from livechat_async.checks import check_list
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import SecretBytes, shown

__all__ = ["DeadLetter", "DeadLetters", "Step", "chosen_of"]

Step: TypeAlias = Literal["list", "replay", "discard"]


def _from_unix(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@frozen
class DeadLetter:
    """A job that was given up.

    Attributes:
        id: its number.
        handler: the handler's name.
        body: the event as LiveChat sent it. It holds the token.
        received: when the event came, aware, in UTC.
        died: when the job was given up, aware, in UTC.
        attempts: how often the handler ran.
        error: why it was given up: one line, and the traceback if there is one. No secrets.
    """

    id: int
    handler: str
    body: bytes = field(repr=False, converter=SecretBytes)
    received: datetime = field(converter=_from_unix)
    died: datetime = field(converter=_from_unix)
    attempts: int
    error: str


class DeadLetters(ABC):
    """The dead letters of an engine, whether or not a bot runs. Its methods block.

    They raise a `ConfigurationError`, and have changed nothing then, if there is no letter with one
    of the ids, or if the place where the letters are cannot be used now.
    """

    def list(self, ids: Iterable[int] | None = None) -> builtins.list[DeadLetter]:
        """The dead letters, oldest first: all, or those with these ids."""
        return self._do("list", ids)

    def replay(self, ids: Iterable[int] | None = None) -> builtins.list[DeadLetter]:
        """Let dead letters run again: a bot takes them within a second, or when it starts.

        Returns:
            The letters as they were. Their attempts start from the first again.
        """
        return self._do("replay", ids)

    def discard(self, ids: Iterable[int] | None = None) -> builtins.list[DeadLetter]:
        """Remove dead letters for good, and return them."""
        return self._do("discard", ids)

    @abstractmethod
    def _do(self, step: Step, ids: Iterable[int] | None) -> builtins.list[DeadLetter]: ...


def chosen_of(letters: list[DeadLetter], ids: Iterable[int] | None) -> list[DeadLetter]:
    """The letters with these ids, or all; ConfigurationError if there is none with one of them."""
    if ids is None:
        return letters
    by_id = {letter.id: letter for letter in letters}
    wanted = check_list("ids", ids, "numbers is needed, as in [1, 2]")
    missing = [each for each in wanted if not isinstance(each, int) or each not in by_id]
    if missing:
        numbers = ", ".join(map(shown, missing))
        raise ConfigurationError(f"ids: there is no dead letter {numbers}; use numbers of list()")
    return [by_id[each] for each in dict.fromkeys(wanted)]
