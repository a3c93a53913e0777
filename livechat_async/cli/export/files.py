"""The file an export makes, and the two beside it that outlive a crash.

``chats.jsonl.part`` holds the items so far as JSON lines, and ``chats.jsonl.checkpoint`` says where
to go on and how many bytes of the part are good. Other formats are made of the part at the end.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from livechat_async import ConfigurationError
from livechat_async.export.checkpoint import Checkpoint

__all__ = ["ExportFile"]

_ANEW = "begin anew with --overwrite instead of --resume"


class ExportFile:
    """What an export writes. Nothing bears the name of the output before it is whole.

    Args:
        output: the name of the output.

    Raises:
        ConfigurationError: there can be no file of that name.
    """

    def __init__(self, output: Path) -> None:
        if output.is_dir():
            raise ConfigurationError(f"{output} is a directory: --output names a file")
        if not output.parent.is_dir():
            raise ConfigurationError(f"there is no directory {output.parent} for --output")
        self.output = output
        self.part: Path = output.with_name(f"{output.name}.part")
        self._kept = output.with_name(f"{output.name}.checkpoint")
        self._file: BinaryIO | None = None
        try:
            self._kept.exists()
        except OSError as error:
            raise ConfigurationError(f"--output {output}: {error.strerror}") from None

    def begin(self, *, overwrite: bool) -> None:
        """Begin anew.

        Raises:
            ConfigurationError: something is there that would be lost.
        """
        if not overwrite:
            for left in (self.part, self._kept):
                if left.exists():
                    raise ConfigurationError(
                        f"{left} is left of an export that did not end: go on with --resume, or "
                        "begin anew with --overwrite"
                    )
            if self.output.exists():
                raise ConfigurationError(
                    f"{self.output} is there already: replace it with --overwrite, or name another"
                )
        self._open()
        self._kept.unlink(missing_ok=True)
        self._cut(0)

    def find_checkpoint(self) -> Checkpoint | None:
        """Where to go on; None if nothing is there, so that an export has to begin.

        Raises:
            ConfigurationError: there is nothing to go on with.
        """
        if not self._kept.exists():
            if self.part.exists():
                raise ConfigurationError(f"{self.part} has no checkpoint any more: {_ANEW}")
            if self.output.exists():
                raise ConfigurationError(
                    f"{self.output} is finished, and there is nothing to resume: {_ANEW}, or name "
                    "another"
                )
            return None
        checkpoint, good = self._read_checkpoint()
        size = self.part.stat().st_size if self.part.exists() else 0
        if size < good:
            raise ConfigurationError(
                f"{self.part} has {size:,} bytes, and its checkpoint is of {good:,}: {_ANEW}"
            )
        return checkpoint

    @property
    def is_published(self) -> bool:
        """Whether only the tidying up is left of an export that is whole."""
        if self.part.exists() or not self.output.exists() or not self._kept.exists():
            return False
        checkpoint, _ = self._read_checkpoint()
        return checkpoint.is_finished

    def resume(self) -> None:
        """Go on where the checkpoint says; what was written after it is cut off."""
        _, good = self._read_checkpoint()
        self._open()
        self._cut(good)

    def write(self, line: str) -> None:
        """Write a line. It is safe from the next `save` on."""
        assert self._file is not None  # noqa: S101 - begin or resume comes first
        self._file.write(line.encode())
        self._file.write(b"\n")

    def save(self, checkpoint: Checkpoint) -> None:
        """Make all that was written safe, with the checkpoint that belongs to it."""
        assert self._file is not None  # noqa: S101 - begin or resume comes first
        self._file.flush()
        os.fsync(self._file.fileno())
        text = f'{{"bytes": {self._file.tell()}, "checkpoint": {checkpoint.to_json()}}}\n'
        draft = self._kept.with_name(f"{self._kept.name}.tmp")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._kept)
        _sync_directory(self._kept.parent)

    def close(self) -> None:
        """Close the part, and leave it for another time. Closing twice does no harm."""
        if self._file is not None:
            with suppress(OSError):  # what `save` did not make safe is not counted on
                self._file.close()

    def discard(self, checkpoint: Checkpoint) -> bool:
        """Leave nothing behind of an export that failed before it had anything; whether it did."""
        if checkpoint.items_done:
            return False
        self.close()
        for name in (self._kept, self.part):
            name.unlink(missing_ok=True)
        return True

    def publish(self, made: Path | None = None) -> None:
        """Give the output its name, and tidy up.

        Args:
            made: what was made of the part; the part itself if None.
        """
        self.close()
        (made or self.part).replace(self.output)
        _sync_directory(self.output.parent)
        self.part.unlink(missing_ok=True)
        self.tidy_up()

    def tidy_up(self) -> None:
        """Take away the checkpoint of an export that is whole."""
        self._kept.unlink(missing_ok=True)

    def _open(self) -> None:
        try:
            # Not "a", which ignores where it is told to write, nor "w", which empties it unlocked.
            descriptor = os.open(
                self.part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666
            )
        except OSError as error:
            raise ConfigurationError(f"{self.part} cannot be written: {error.strerror}") from None
        self._file = os.fdopen(descriptor, "r+b")
        if not _lock(self._file):
            self._file.close()
            raise ConfigurationError(
                f"another export is writing {self.part}: let it end, or stop it"
            )

    def _cut(self, size: int) -> None:
        assert self._file is not None  # noqa: S101 - it was just opened
        self._file.truncate(size)
        self._file.seek(size)

    def _read_checkpoint(self) -> tuple[Checkpoint, int]:
        try:
            data: Any = json.loads(self._kept.read_bytes())
            good, kept = data["bytes"], data["checkpoint"]
        except (ValueError, KeyError, TypeError, RecursionError):
            good = kept = None
        if isinstance(good, bool) or not isinstance(good, int) or good < 0:
            raise ConfigurationError(
                f"{self._kept} is cut short or damaged, so nobody knows where to go on: {_ANEW}"
            )
        try:
            return Checkpoint.from_json(json.dumps(kept)), good
        except ConfigurationError as error:
            raise ConfigurationError(f"{self._kept}: {error} (here: --overwrite)") from None


def _lock(file: BinaryIO) -> bool:
    """Keep others from writing it, as long as this process runs; whether nobody else does."""
    if sys.platform == "win32":
        return True
    import fcntl  # noqa: PLC0415 - Windows has none

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sync_directory(directory: Path) -> None:
    """Make a new name in a directory safe. Not every system can, or needs to."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
