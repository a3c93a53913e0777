"""Dead letters in a SQLite file: to list, to run again, and to discard."""

from __future__ import annotations

import builtins
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from os import PathLike
from typing import Any

from attrs import field, frozen

from livechat_async.checks import check_clock, check_list
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import SecretBytes, shown
from livechat_async.webhooks.sqlite.database import (
    DatabaseError,
    checked_path,
    connect,
    problem_of,
    transaction,
)

__all__ = ["DeadLetter", "SQLiteLetters", "chosen_of"]


_ALL = "SELECT id, handler, body, received, died, attempts, error FROM dead ORDER BY id"
_RUN_AGAIN = (
    "INSERT OR IGNORE INTO jobs (key, handler, body, received, due)"
    " SELECT key, handler, body, received, :now FROM dead WHERE id = :id"
)
_REMOVE = "DELETE FROM dead WHERE id = :id"


@frozen(kw_only=True)
class DeadLetter:
    """A job that was given up.

    Attributes:
        id: its number in this file.
        handler: the handler's name.
        body: the event as LiveChat sent it. It holds the token.
        received: when the event came, aware, in UTC.
        died: when the job was given up, aware, in UTC.
        attempts: how often the handler ran.
        error: why it was given up: one line, and the traceback if there is one. No secrets.
    """

    id: int
    handler: str
    body: bytes = field(repr=False)
    received: datetime
    died: datetime
    attempts: int
    error: str


class SQLiteLetters:
    """The dead letters of a `SQLiteEngine`'s file, whether or not a bot runs.

    Each method blocks, and opens the file only while it works.

    Args:
        path: the file, which has to exist.
        clock: gives Unix seconds.

    Raises:
        ConfigurationError: the file does not exist, or is no database of jobs.
    """

    def __init__(
        self, path: str | PathLike[str], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = checked_path(path)
        check_clock("clock", clock)
        self._clock = clock
        self._open().close()

    def list(self, ids: Iterable[int] | None = None) -> builtins.list[DeadLetter]:
        """The dead letters, oldest first: all, or those with these ids.

        Raises:
            ConfigurationError: there is none with one of the ids, or the file cannot be used now.
        """
        return self._do(ids, [])

    def replay(self, ids: Iterable[int] | None = None) -> builtins.list[DeadLetter]:
        """Let dead letters run again: a bot takes them within a second, or when it starts.

        Returns:
            The letters as they were. Their attempts start from the first again.

        Raises:
            ConfigurationError: as for `list`; then nothing was changed.
        """
        return self._do(ids, [_RUN_AGAIN, _REMOVE])

    def discard(self, ids: Iterable[int] | None = None) -> builtins.list[DeadLetter]:
        """Remove dead letters for good.

        Returns:
            The letters that were removed.

        Raises:
            ConfigurationError: as for `list`; then nothing was changed.
        """
        return self._do(ids, [_REMOVE])

    def _open(self) -> sqlite3.Connection:
        try:
            return connect(self._path, create=False)
        except DatabaseError as problem:
            raise ConfigurationError(f"the bot's database {problem}") from None

    def _do(self, ids: Iterable[int] | None, steps: Sequence[str]) -> builtins.list[DeadLetter]:
        """Do the steps with each of the letters."""
        try:
            with closing(self._open()) as database, transaction(database):
                rows = database.execute(_ALL).fetchall()
                letters = chosen_of([_letter(row) for row in rows], ids)
                for letter in letters:
                    for step in steps:
                        database.execute(step, {"id": letter.id, "now": self._clock()})
        except sqlite3.Error as error:
            problem = problem_of(error, self._path)
            raise ConfigurationError(f"the bot's database {problem}") from None
        return letters


def _letter(row: tuple[Any, ...]) -> DeadLetter:
    number, handler, body, received, died, attempts, error = row
    return DeadLetter(
        id=number,
        handler=handler,
        body=SecretBytes(body),
        received=datetime.fromtimestamp(received, UTC),
        died=datetime.fromtimestamp(died, UTC),
        attempts=attempts,
        error=error,
    )


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
