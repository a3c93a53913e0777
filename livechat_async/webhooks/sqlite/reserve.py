"""Room on the disk that is given up when the disk is full, so that jobs can still end."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["Reserve"]

_SIZE = 8 * 1024 * 1024  # more than SQLite's log has when its content moves to the database


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
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
            file = os.open(new, flags, 0o600)
            try:
                left = memoryview(bytes(_SIZE))
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
