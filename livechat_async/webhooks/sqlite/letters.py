"""Dead letters in a SQLite file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from os import PathLike

from livechat_async.checks import check_clock
from livechat_async.errors import ConfigurationError
from livechat_async.webhooks.letters import DeadLetter, DeadLetters, Step, chosen_of
from livechat_async.webhooks.sqlite.database import (
    DatabaseError,
    checked_path,
    connect,
    problem_of,
    transaction,
)

# In the order of `DeadLetter`'s fields.
_ALL = "SELECT id, handler, body, received, died, attempts, error FROM dead ORDER BY id"
_RUN_AGAIN = (
    "INSERT OR IGNORE INTO jobs (key, handler, body, received, due)"
    " SELECT key, handler, body, received, :now FROM dead WHERE id = :id"
)
_REMOVE = "DELETE FROM dead WHERE id = :id"
_STEPS: Mapping[Step, Sequence[str]] = {
    "list": (),
    "replay": (_RUN_AGAIN, _REMOVE),
    "discard": (_REMOVE,),
}


class SQLiteLetters(DeadLetters):
    """The dead letters of a `SQLiteEngine`'s file, which is open only while a method works.

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

    def _open(self) -> sqlite3.Connection:
        try:
            return connect(self._path, create=False)
        except DatabaseError as problem:
            raise ConfigurationError(f"the bot's database {problem}") from None

    def _do(self, step: Step, ids: Iterable[int] | None) -> list[DeadLetter]:
        try:
            with closing(self._open()) as database, transaction(database):
                rows = database.execute(_ALL).fetchall()
                letters = chosen_of([DeadLetter(*row) for row in rows], ids)
                for letter in letters:
                    for statement in _STEPS[step]:
                        database.execute(statement, {"id": letter.id, "now": self._clock()})
        except sqlite3.Error as error:
            problem = problem_of(error, self._path)
            raise ConfigurationError(f"the bot's database {problem}") from None
        return letters
