"""The file of jobs: how it is opened, what is in it, what can be wrong with it, and its reserve."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from typing import Any

from livechat_async import private_files
from livechat_async.checks import refusal
from livechat_async.errors import LiveChatError
from livechat_async.redaction import printable

# So long a step waits for another program's lock. LiveChat waits about 10 s for an answer.
_BUSY_SECONDS = 2.0
_RESERVE = 8 * 1024 * 1024  # more than SQLite's log has when its content moves to the database
_APPLICATION = 0x4C434A42  # marks our files in their header
_VERSION = 1
_SCHEMA = """
CREATE TABLE jobs (
    key TEXT PRIMARY KEY,
    handler TEXT NOT NULL,
    body BLOB NOT NULL,
    received REAL NOT NULL,              -- all times are in Unix seconds
    due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, -- that ended
    losses INTEGER NOT NULL DEFAULT 0,   -- of a process that ran the job
    owner INTEGER                        -- the process that runs the job
);
CREATE INDEX jobs_waiting ON jobs (handler, due) WHERE owner IS NULL;
CREATE INDEX jobs_running ON jobs (owner) WHERE owner IS NOT NULL;
CREATE TABLE done (key TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX done_until ON done (until);
CREATE TABLE latest (
    series TEXT PRIMARY KEY, key TEXT NOT NULL, until REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    handler TEXT NOT NULL,
    body BLOB NOT NULL,
    received REAL NOT NULL,
    died REAL NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL
);
"""
# By the name of SQLite's primary error code: what is wrong, what to do, and whether waiting helps.
_PROBLEMS: dict[str, tuple[str, bool]] = {
    "SQLITE_BUSY": ("another program keeps it locked: end that program's transaction", True),
    "SQLITE_FULL": ("the disk is full: make room for 8 MiB or more", True),
    "SQLITE_IOERR": ("the disk cannot be read or written", True),
    "SQLITE_NOMEM": ("there is not enough memory", True),
    "SQLITE_CANTOPEN": (
        "it cannot be opened: its folder has to exist, and this user has to be able to write there",
        False,
    ),
    "SQLITE_READONLY": (
        "it cannot be written: this user has to be able to write the file and its folder",
        False,
    ),
    "SQLITE_NOTADB": ("it is no SQLite database: move it away, or name another file", False),
    "SQLITE_CORRUPT": (
        "it is damaged: move it away, and save what can be saved with 'sqlite3 FILE .recover'",
        False,
    ),
}


class DatabaseError(LiveChatError):
    """The database cannot be used now. ``is_lasting``: waiting does not help."""

    def __init__(self, text: str, *, is_lasting: bool, is_full: bool = False) -> None:
        super().__init__(text)
        self.is_lasting: bool = is_lasting
        self.is_full: bool = is_full


def checked_path(path: Any) -> str:
    """The path of a database as text, or ConfigurationError."""
    if not isinstance(path, (str, os.PathLike)):
        raise refusal("path", path, "the name of a file is needed, such as 'bot.sqlite3'")
    text = os.fspath(path)
    if not isinstance(text, str) or not text or "\0" in text or text == ":memory:":
        needed = "the name of a file is needed; a MemoryEngine keeps jobs in memory"
        raise refusal("path", path, needed)
    return text


def problem_of(error: sqlite3.Error | OSError, path: str) -> DatabaseError:
    """What is wrong with the database, and what to do about it."""
    said = printable(str(error))
    name = getattr(error, "sqlite_errorname", "")
    code = next((code for code in _PROBLEMS if name == code or name.startswith(f"{code}_")), None)
    if code is None:
        return DatabaseError(f"{printable(path)}: {said}", is_lasting=False)
    if code == "SQLITE_FULL":
        return disk_is_full(path)
    text, passes = _PROBLEMS[code]
    return DatabaseError(f"{printable(path)}: {text} ({said})", is_lasting=not passes)


def disk_is_full(path: str) -> DatabaseError:
    """The disk has no room for new jobs."""
    text, _ = _PROBLEMS["SQLITE_FULL"]
    return DatabaseError(f"{printable(path)}: {text}", is_lasting=False, is_full=True)


def connect(path: str, *, create: bool = True) -> sqlite3.Connection:
    """Open a database of jobs, and make it if there is none.

    Raises:
        DatabaseError: it cannot be opened, or is something else.
    """
    try:
        if create:
            _create_private(path)
        elif not os.path.exists(path):  # noqa: PTH110 (a path is text here, as sqlite3 takes it)
            raise DatabaseError(f"{printable(path)}: there is no such file", is_lasting=True)
        database = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except (sqlite3.Error, OSError) as error:
        raise problem_of(error, path) from None
    try:
        _prepare(database, path)
    except BaseException as error:
        with suppress(sqlite3.Error):
            database.close()
        if isinstance(error, sqlite3.Error):
            raise problem_of(error, path) from None
        raise
    return database


def _create_private(path: str) -> None:
    """Make an empty file that only its owner can read: events hold tokens."""
    # A file that exists must not be opened here: to close it would free SQLite's locks on it.
    with suppress(FileExistsError, OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _prepare(database: sqlite3.Connection, path: str) -> None:
    if _is_new(database, path):
        database.execute("PRAGMA journal_mode = WAL")
        with transaction(database):
            if _is_new(database, path):  # another process may have been quicker
                for statement in _SCHEMA.split(";\n"):
                    database.execute(statement)
                database.execute(f"PRAGMA application_id = {_APPLICATION}")
                database.execute(f"PRAGMA user_version = {_VERSION}")
    else:  # it may be that it can only be read
        database.execute(f"PRAGMA user_version = {_VERSION}")
    # In WAL, NORMAL would lose the last transactions when the machine loses power.
    database.execute("PRAGMA synchronous = FULL")


def _is_new(database: sqlite3.Connection, path: str) -> bool:
    """Whether the database is empty. Raises DatabaseError if it is not one of ours."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if (application, version, tables) == (0, 0, 0):
        return True
    problem = ""
    if application != _APPLICATION:
        problem = "it is the database of another program: name another file"
    elif version != _VERSION:
        problem = (
            f"another version of livechat_async made it (format {version}, and this one uses "
            f"{_VERSION}): use that version, or name another file"
        )
    if problem:
        raise DatabaseError(f"{printable(path)}: {problem}", is_lasting=True)
    return False


class transaction:  # noqa: N801 (a context manager that is quicker than a generator)
    """A transaction that has the right to write from its start."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                with suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")


class Reserve:
    """A file of zeros beside the database. While it is missing, no new jobs are stored.

    To record that a job has ended takes some room too. Without the reserve, a full disk would stop
    all jobs, and those that ended would run again.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def is_there(self) -> bool:
        """Whether there is room; all processes see the same file."""
        return os.path.exists(self._path)  # noqa: PTH110 (a path is text here)

    def fill(self) -> None:
        """Make the file, if the disk has room for it."""
        if self.is_there():
            return
        new = f"{self._path}-{os.getpid()}"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | private_files.SAFELY
            file = os.open(new, flags, 0o600)
            try:
                left = memoryview(bytes(_RESERVE))
                while left:
                    left = left[os.write(file, left) :]
                os.fsync(file)
            finally:
                os.close(file)
            os.replace(new, self._path)  # noqa: PTH105
        except OSError:
            self._remove(new)

    def give_up(self) -> None:
        """Free the room."""
        self._remove(self._path)

    def _remove(self, path: str) -> None:
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108
