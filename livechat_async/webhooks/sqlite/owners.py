"""Which processes live: each locks one byte of a file, until it ends in whatever way."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from threading import Lock

if sys.platform == "win32":  # pragma: no cover (tests run where there is fcntl)
    import msvcrt

    def _lock(file: int, number: int) -> None:
        os.lseek(file, number, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int, number: int) -> None:
        os.lseek(file, number, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(file: int, number: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)

    def _unlock(file: int, number: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, number)


# A process does not see its own locks, and loses all of them when it closes the file once. So it
# opens each file once, and remembers what it has locked.
_files: dict[str, tuple[int, set[int]]] = {}
_guard = Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_files.clear)  # a child has none of its parent's locks


class Owners:
    """The processes that use a database. Each has a number, and a lock on that byte of a file.

    The operating system frees the lock when the process ends, even by SIGKILL. A process that is
    only slow, or was stopped for a while, keeps it. So nothing has to be renewed, and nothing
    depends on a clock.
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)

    def take(self) -> int:
        """Become an owner, with the lowest number that is free.

        Raises:
            OSError: the file cannot be opened or locked.
        """
        with _guard:
            number = 0
            while not self._try(number):
                number += 1
            return number

    def is_alive(self, number: int) -> bool:
        """Whether the owner of this number lives."""
        with _guard:
            if not self._try(number):
                return True
            self._free(number)
            return False

    def keep(self) -> bool:
        """Lock the file again if it was removed or replaced; say whether it was.

        Then `is_alive` cannot be trusted until the other processes have done so, too.

        Raises:
            OSError: the file cannot be opened.
        """
        with _guard:
            if self._path not in _files:  # in a child, which has no lock of its parent's
                return False
            file, held = _files[self._path]
            with suppress(FileNotFoundError):
                if os.path.samestat(os.stat(self._path), os.fstat(file)):  # noqa: PTH116
                    return False
            new = self._open()
            try:
                for number in held:
                    _lock(new, number)
            except OSError:  # a new process has the number: only the file before shows ours
                os.close(new)
            else:
                _files[self._path] = (new, held)
                os.close(file)
            return True

    def release(self, number: int) -> None:
        """Be an owner no more."""
        with _guard:
            if number in _files.get(self._path, (0, ()))[1]:
                self._free(number)

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)

    def _try(self, number: int) -> bool:
        if self._path not in _files:
            _files[self._path] = (self._open(), set())
        file, held = _files[self._path]
        if number in held:
            return False
        try:
            _lock(file, number)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
                return False
            raise
        held.add(number)
        return True

    def _free(self, number: int) -> None:
        file, held = _files[self._path]
        _unlock(file, number)
        held.discard(number)
        if not held:
            del _files[self._path]
            os.close(file)
