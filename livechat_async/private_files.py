"""Files that only their owner can read: made, replaced as a whole, and locked."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO, Final

# Windows has no links to guard against, but would change the ends of lines.
SAFELY: Final = (
    getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)
"""Flags to open a file without following a link, and without waiting for a pipe."""


def create(path: Path) -> BinaryIO:
    """A new file; a FileExistsError if there is one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFELY
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def replace(path: Path, content: bytes, draft: Path) -> None:
    """Write a file, which is there as a whole or not at all, whenever the process ends.

    Args:
        path: the file, which may be there already.
        content: all of it.
        draft: its name while it is written, in the same folder. One that is there is removed.
    """
    draft.unlink(missing_ok=True)
    try:
        with create(draft) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        name_file(error, path)
        raise


def name_file(error: BaseException, path: Path) -> None:
    """Let an OSError name this file, unless it names one. Those of writing name none."""
    if isinstance(error, OSError) and not error.filename:
        error.filename = str(path)


def lock(file: int) -> bool:
    """Lock an open file for as long as this process has it open; False if it is locked."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - only Windows has it

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
    else:
        import fcntl  # noqa: PLC0415 - Windows has none

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
