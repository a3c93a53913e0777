"""The steps of jobs in the database. Many steps make one transaction, so one write to the disk."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any, Final, Literal

from attrs import define, evolve, field, frozen

from livechat_async.display import number_of
from livechat_async.redaction import SecretBytes, printable
from livechat_async.webhooks.engine import Job, StoredJob
from livechat_async.webhooks.sqlite.database import (
    DatabaseError,
    Reserve,
    connect,
    disk_is_full,
    problem_of,
    transaction,
)
from livechat_async.webhooks.sqlite.owners import Owners

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_CHUNK = 100  # jobs in one statement: older SQLites allow 999 values
_UNSURE = 3  # looks; every process looks once a second
_MOST_EXPIRED = 5_000  # marks that are removed at a time


class Answer(Enum):
    """Why a job was not stored."""

    REPEAT = "it waits, runs or is done already"
    FULL = "too many jobs wait"


@frozen
class NewJob:
    """A job to store; ``starts``: this process has a free place, and runs it at once."""

    job: Job
    starts: bool


@frozen(kw_only=True)
class TakenJob(StoredJob):
    """A job for this process to run, under its key."""

    key: str


@frozen
class Ending:
    """How a run of a job ended: ``again`` at the time ``due``, or ``back`` without an attempt."""

    key: str
    kind: Literal["done", "again", "back", "dead"]
    due: float = 0.0
    attempts: int = 0
    error: str = ""


@define
class Batch:
    """Steps for one transaction.

    Attributes:
        jobs: to store.
        endings: to record.
        wanted: how many jobs this process can begin.
        before: for each handler, until when a job had to be due to be taken.
        look: whether to look after dead processes and old marks.
        mine: when looking, the keys of the jobs that this process knows it has.
    """

    jobs: list[NewJob] = field(factory=list)
    endings: list[Ending] = field(factory=list)
    wanted: int = 0
    before: dict[str, float] = field(factory=dict)
    look: bool = False
    mine: frozenset[str] = frozenset()


@define
class Report:
    """What a batch did.

    Attributes:
        answers: for each new job, the key it is stored under, or why it is not.
        taken: jobs for this process to run.
        problem: why no new jobs can be stored, though the rest was done.
        waiting: how many jobs wait.
        oldest: for each handler with waiting jobs, the earliest time one is due; None if the batch
            did not look.
        letters: how many dead letters there are.
    """

    answers: list[str | Answer] = field(factory=list)
    taken: list[TakenJob] = field(factory=list)
    problem: DatabaseError | None = None
    waiting: int = 0
    oldest: dict[str, float] | None = None
    letters: int = 0


class JobStore:
    """The database of jobs, for one process. Its methods block; one thread calls them in turn."""

    def __init__(
        self,
        path: str,
        *,
        queue_size: int,
        remember: float,
        keep: float,
        clock: Callable[[], float],
    ) -> None:
        self.path: Final = path
        self._queue_size = queue_size
        self._remember = remember
        self._keep = keep
        self._clock = clock
        self._owners = Owners(f"{path}-owners")
        self._reserve = Reserve(f"{path}-reserve")
        self._me: int | None = None
        self._database: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._waiting = 0
        self._letters = 0
        self._looked = 0.0  # the time of the latest look
        self._unsure = 0  # looks to come that cannot tell which processes live

    def open(self) -> None:
        """Open the database, if it is not open.

        Raises:
            DatabaseError: it cannot be used now.
        """
        if self._database is not None and self._file != _identity(self.path):
            logger.error(
                "%s was removed or replaced while it was in use: what waited there is lost",
                printable(self.path),
            )
            self._disconnect()
        if self._database is not None:
            return
        database = connect(self.path)
        try:
            with transaction(database):
                self._heed_clock(database, self._clock())
                self._take_over(database)
                if self._me is None:
                    self._me = self._owners.take()
                self._count(database)
        except (sqlite3.Error, OSError) as error:
            database.close()
            raise problem_of(error, self.path) from None
        self._database, self._file = database, _identity(self.path)

    def end(self, endings: Sequence[Ending]) -> None:
        """Record last outcomes if possible, and close. Jobs that still run are free for others."""
        if endings:
            with suppress(DatabaseError):
                self._apply(Batch(endings=[*endings]))
        self._disconnect()
        if self._me is not None:
            self._owners.release(self._me)
            self._me = None

    def apply(self, batch: Batch) -> Report:
        """Do all steps of a batch, or none.

        If only the new jobs cannot be stored, as on a full disk, the other steps are done.

        Raises:
            DatabaseError: the database cannot be used now.
        """
        if batch.look:
            self._reserve.fill()
        problem = None if self._reserve.is_there() else disk_is_full(self.path)
        if problem is None:
            try:
                return self._apply(batch)
            except DatabaseError as error:
                problem = error
                if problem.is_full:
                    self._make_room()
                elif not batch.jobs or not batch.endings:
                    raise
        report = self._apply(evolve(batch, jobs=[]))
        report.problem = problem
        return report

    def _make_room(self) -> None:
        """Let jobs end on a full disk: with the reserve, SQLite can use its log from the start."""
        self._reserve.give_up()
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.execute("PRAGMA wal_checkpoint(RESTART)")

    def _apply(self, batch: Batch) -> Report:
        self.open()
        database = self._database
        assert database is not None  # noqa: S101 (it is open)
        report = Report()
        waiting, letters = self._waiting, self._letters
        try:
            with transaction(database):
                self._record(database, batch.endings)
                if batch.look:
                    now = self._clock()
                    if now < self._looked:
                        self._heed_clock(database, now)
                    self._looked = now
                    if self._owners.keep():
                        if not self._unsure:
                            shown = printable(f"{self.path}-owners")
                            logger.warning("%s was removed or replaced while it was used", shown)
                        self._unsure = _UNSURE
                    if self._unsure:
                        self._unsure -= 1
                    else:
                        self._take_over(database)
                    self._let_go(database, batch.mine)
                    self._expire(database)
                    report.oldest = self._count(database)
                report.answers = self._store(database, batch.jobs)
                report.taken = self._take(database, batch.wanted, batch.before)
        except (sqlite3.Error, OSError) as error:  # an OSError is of the file of owners
            self._waiting, self._letters = waiting, letters
            problem = problem_of(error, self.path)
            if not getattr(error, "sqlite_errorname", "").startswith(
                ("SQLITE_BUSY", "SQLITE_FULL")
            ):
                self._disconnect()  # perhaps only another connection heals it
            raise problem from None
        report.waiting, report.letters = self._waiting, self._letters
        return report

    def _store(self, database: sqlite3.Connection, new: Sequence[NewJob]) -> list[str | Answer]:
        now = self._clock()
        keys = [self._key_of(database, each.job, now) for each in new]
        known: set[str] = set()
        for chunk in _chunks(keys):
            marks = _marks(chunk)
            (found,) = database.execute(
                f"SELECT group_concat(key, char(10)) FROM ("  # noqa: S608 (only question marks)
                f"SELECT key FROM jobs WHERE key IN ({marks}) UNION ALL "
                f"SELECT key FROM done WHERE key IN ({marks}) AND until > ?)",
                (*chunk, *chunk, now),
            ).fetchone()
            known.update((found or "").split("\n"))
        answers: list[str | Answer] = []
        rows: list[tuple[Any, ...]] = []
        for key, each in zip(keys, new, strict=True):
            if key in known:
                answers.append(Answer.REPEAT)
            elif not each.starts and self._waiting >= self._queue_size:
                answers.append(Answer.FULL)
            else:
                known.add(key)
                answers.append(key)
                self._waiting += not each.starts
                owner = self._me if each.starts else None
                rows.append((key, each.job.handler, each.job.body, now, now, owner))
        for some in _chunks(rows):
            values = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(some))
            database.execute(
                f"INSERT INTO jobs (key, handler, body, received, due, owner) VALUES {values}",  # noqa: S608
                [value for row in some for value in row],
            )
        if rows and self._letters:
            for some in _chunks([row[0] for row in rows]):
                gone = database.execute(f"DELETE FROM dead WHERE key IN ({_marks(some)})", some)  # noqa: S608
                self._letters -= gone.rowcount
        return answers

    def _key_of(self, database: sqlite3.Connection, job: Job, now: float) -> str:
        """The key of a job. In a series, only the latest job can be repeated."""
        if not job.series:
            return job.key
        found = database.execute("SELECT key FROM latest WHERE series = ?", (job.series,))
        (latest,) = found.fetchone() or ("",)
        key = job.after(latest).key
        row = (job.series, key, now + self._remember)
        database.execute("INSERT OR REPLACE INTO latest VALUES (?, ?, ?)", row)
        return key

    def _record(self, database: sqlite3.Connection, endings: Sequence[Ending]) -> None:
        now = self._clock()
        done = [each.key for each in endings if each.kind == "done"]
        for keys in _chunks(done):
            database.execute(f"DELETE FROM jobs WHERE key IN ({_marks(keys)})", keys)  # noqa: S608
            values = ", ".join(["(?, ?)"] * len(keys))
            until = [value for key in keys for value in (key, now + self._remember)]
            database.execute(f"INSERT OR REPLACE INTO done VALUES {values}", until)  # noqa: S608
        for each in endings:
            if each.kind == "again":
                database.execute(
                    "UPDATE jobs SET owner = NULL, due = ?, attempts = ? WHERE key = ?",
                    (each.due, each.attempts, each.key),
                )
            elif each.kind == "back":
                database.execute("UPDATE jobs SET owner = NULL WHERE key = ?", (each.key,))
            elif each.kind == "dead":
                database.execute(
                    "INSERT OR REPLACE INTO dead"
                    " (key, handler, body, received, died, attempts, error)"
                    " SELECT key, handler, body, received, ?, ?, ? FROM jobs WHERE key = ?",
                    (now, each.attempts, each.error, each.key),
                )
                database.execute("DELETE FROM jobs WHERE key = ?", (each.key,))
            self._waiting += each.kind in {"again", "back"}
            self._letters += each.kind == "dead"

    def _take(
        self, database: sqlite3.Connection, wanted: int, before: dict[str, float]
    ) -> list[TakenJob]:
        if not wanted or not before:
            return []
        found: list[tuple[float, str, str, bytes, int, int]] = []
        for handler, due in before.items():
            found += database.execute(
                "SELECT due, key, handler, body, attempts, losses FROM jobs"
                " WHERE owner IS NULL AND handler = ? AND due <= ? ORDER BY due LIMIT ?",
                (handler, due, wanted),
            ).fetchall()
        found.sort(key=lambda row: row[0])
        taken = [
            TakenJob(key=key, handler=name, body=SecretBytes(body), attempts=tried, losses=losses)
            for _, key, name, body, tried, losses in found[:wanted]
        ]
        for some in _chunks([each.key for each in taken]):
            database.execute(
                f"UPDATE jobs SET owner = ? WHERE key IN ({_marks(some)})",  # noqa: S608
                [self._me, *some],
            )
        self._waiting -= len(taken)
        return taken

    def _heed_clock(self, database: sqlite3.Connection, now: float) -> None:
        """Move jobs that came in the future: the clock was set back, and they would wait for it."""
        moved = database.execute(
            "UPDATE jobs SET due = due - (received - ?), received = ? WHERE received > ?",
            (now, now, now),
        )
        if moved.rowcount:
            jobs = number_of(moved.rowcount, "job")
            logger.warning("the clock was set back: it no longer delays %s", jobs)

    def _take_over(self, database: sqlite3.Connection) -> None:
        """Free the jobs of processes that ended."""
        owners = database.execute("SELECT DISTINCT owner FROM jobs WHERE owner IS NOT NULL")
        for (owner,) in owners.fetchall():
            if owner == self._me or self._owners.is_alive(owner):
                continue
            freed = database.execute(
                "UPDATE jobs SET owner = NULL, losses = losses + 1 WHERE owner = ?", (owner,)
            )
            logger.warning("took over %s of a process that ended", number_of(freed.rowcount, "job"))

    def _let_go(self, database: sqlite3.Connection, mine: frozenset[str]) -> None:
        """Free the jobs that were stored for this process although SQLite reported an error."""
        owned = database.execute("SELECT key FROM jobs WHERE owner = ?", (self._me,)).fetchall()
        for (key,) in owned:
            if key not in mine:
                database.execute("UPDATE jobs SET owner = NULL WHERE key = ?", (key,))

    def _expire(self, database: sqlite3.Connection) -> None:
        now = self._clock()
        for table, name in (("done", "key"), ("latest", "series")):
            database.execute(
                f"DELETE FROM {table} WHERE {name} IN"  # noqa: S608 (names of our own)
                f" (SELECT {name} FROM {table} WHERE until <= ? LIMIT {_MOST_EXPIRED})",
                (now,),
            )
        old = database.execute("DELETE FROM dead WHERE died <= ?", (now - self._keep,))
        if old.rowcount:
            days = self._keep / 86_400
            letters = number_of(old.rowcount, "dead letter")
            logger.warning("removed %s older than %g days", letters, days)

    def _count(self, database: sqlite3.Connection) -> dict[str, float]:
        """Count waiting jobs and dead letters; when the first job of each handler is due."""
        groups = database.execute(
            "SELECT handler, count(*), min(due) FROM jobs WHERE owner IS NULL GROUP BY handler"
        ).fetchall()
        self._waiting = sum(count for _, count, _ in groups)
        (self._letters,) = database.execute("SELECT count(*) FROM dead").fetchone()
        return {handler: due for handler, _, due in groups}

    def _disconnect(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 (a path is text here, as sqlite3 takes it)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
