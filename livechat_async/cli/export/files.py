"""The files of an export, which lose and double no line, whatever fails and whenever it stops.

``chats.jsonl.part`` holds the items so far as JSON lines. ``chats.jsonl.checkpoint`` says where to
continue, and how many bytes of the part count. Other formats are made from the part at the end.

1. An export locks the part before it reads or changes anything, and keeps the lock to the end.
2. A checkpoint replaces the one before it once all lines that it counts are safe. What follows
   them in the part is cut off when the export resumes.
3. Only regular files are opened or replaced; no link is followed. Only their owner can read them.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from livechat_async import ConfigurationError, private_files
from livechat_async.export.checkpoint import Checkpoint, checksum

_OVERWRITE = "use --overwrite instead of --resume"
_OURS = (".part", ".checkpoint", ".tmp")
_MODE = 0o600


class ExportFile:
    """What an export writes. The output has its name only once it is complete.

    Attributes:
        output: the complete file.
        part: the unfinished file.
        lines: how many lines the part has, counting those that are not safe yet.
        saved: how many lines the checkpoint on the disk counts.
        is_published: whether the output is complete, and only the rest has to be removed.
    """

    def __init__(self, output: Path) -> None:
        if output.is_dir():
            raise ConfigurationError(f"{output} is a directory: --output names a file")
        if output.suffix in _OURS:
            raise ConfigurationError(
                f"--output {output}: unfinished exports have names with {output.suffix} at the "
                "end. Choose another name"
            )
        self.output = output
        self.part: Path = output.with_name(f"{output.name}.part")
        self._kept = output.with_name(f"{output.name}.checkpoint")
        self._draft = output.with_name(f"{output.name}.checkpoint.tmp")
        for path in (output, self.part, self._kept, self._draft):
            _is_there(path)
        if not output.parent.is_dir():
            raise ConfigurationError(f"there is no directory {output.parent} for --output")
        self.lines: int = 0
        self.saved: int = 0
        self._good = 0
        self.is_published: bool = False
        self._file: BinaryIO | None = None

    def begin(self, checkpoint: Checkpoint, *, overwrite: bool) -> None:
        """Begin an empty part, with its first checkpoint."""
        if not overwrite:
            self._check_nothing_is_left()
        is_new = False
        if self._file is None and not (overwrite and self._open()):
            is_new = self._open(create=True)
        try:
            # First of all, so that lines never are without a checkpoint.
            self.save(checkpoint)
        except BaseException:
            if is_new:
                self.discard_if_empty()
            raise
        self.cut()

    def resume(self) -> Checkpoint | None:
        """Lock what an unfinished export left, and say where to continue. `cut` comes next.

        It changes nothing, and gives None if nothing is there, so that the export has to begin.
        """
        size = os.fstat(self._file.fileno()).st_size if self._open() and self._file else 0
        found = self._read_checkpoint()
        if found is None:
            if size:
                raise ConfigurationError(f"{self.part} has no checkpoint any more: {_OVERWRITE}")
            if _is_there(self.output):
                raise ConfigurationError(
                    f"{self.output} is finished, and there is nothing to resume: {_OVERWRITE}"
                )
            return None
        checkpoint, self._good = found
        self.lines = self.saved = checkpoint.items_done
        if self._file is None and checkpoint.is_finished and _is_there(self.output):
            self.is_published = True
        elif size < self._good:
            raise ConfigurationError(
                f"{self.part} has {size:,} bytes, but its checkpoint says {self._good:,}: "
                f"{_OVERWRITE}"
            )
        elif self._file is None:
            self._open(create=True)
        return checkpoint

    def cut(self) -> None:
        """Cut off what is in the part after the lines that its checkpoint counts."""
        assert self._file is not None  # noqa: S101 - begin or resume comes first
        self._file.truncate(self._good)
        self._file.seek(self._good)

    def write(self, line: str) -> None:
        """Write a line. It is safe after the next `save`."""
        assert self._file is not None  # noqa: S101 - begin or resume comes first
        data = f"{line}\n".encode()
        self._file.write(data)
        self._good += len(data)
        self.lines += 1

    def save(self, checkpoint: Checkpoint) -> None:
        """Make all lines safe, with their checkpoint. If that fails, the one before it stands.

        After an `OSError` nothing may be saved any more: the system may have dropped what it could
        not write, and report no second error.
        """
        assert self._file is not None  # noqa: S101 - begin or resume comes first
        self._file.flush()
        os.fsync(self._file.fileno())
        if not self._has_its_name():
            raise ConfigurationError(
                f"another program has removed or replaced {self.part}: {_OVERWRITE}"
            )
        content = _content(self._good, checkpoint.to_json())
        kept = f'{{{content}, "checksum": "{checksum(content)}"}}\n'.encode()
        _is_there(self._draft)  # it may have become something that must not be replaced
        private_files.replace(self._kept, kept, self._draft)
        self.saved = checkpoint.items_done
        _sync_directory(self._kept.parent)

    def close(self) -> None:
        """Close the part, and leave it to be continued. Closing twice does no harm."""
        if self._file is not None:
            with suppress(OSError):  # what `save` did not make safe does not count
                self._file.close()
            self._file = None

    def discard_if_empty(self) -> bool:
        """Remove everything if nothing is saved; say whether that was so.

        The part comes first: a checkpoint of nothing can be resumed without it.
        """
        if self.saved or self.is_published:
            return False
        with suppress(OSError):
            self._remove(self.part, self._kept, self._draft)
            return True
        return False

    def publish(self, converted: Path | None) -> None:
        """Give the output its name: to the converted file, or to the part itself."""
        _is_there(self.output)  # it may have become something that must not be replaced
        self._close_on_windows()
        (converted or self.part).replace(self.output)
        self.is_published = True
        _sync_directory(self.output.parent)
        if converted is not None:
            self._remove(self.part)
        self.tidy_up()

    def tidy_up(self) -> None:
        """Remove the checkpoint of a complete export."""
        self._kept.unlink(missing_ok=True)

    def _check_nothing_is_left(self) -> None:
        left = [self._kept] if self._file else [self.part, self._kept]
        for path in filter(_is_there, left):
            raise ConfigurationError(
                f"{path} is left of an unfinished export: use --resume or --overwrite"
            )
        if _is_there(self.output):
            raise ConfigurationError(
                f"{self.output} exists already: use --overwrite, or name another file"
            )

    def _open(self, *, create: bool = False) -> bool:
        """Open and lock the part, or a new one; False if it is not there."""
        while self._file is None:
            # Not mode "a", which always writes at the end, nor "w", which empties before the lock.
            flags = os.O_RDWR | private_files.SAFELY | (os.O_CREAT | os.O_EXCL if create else 0)
            try:
                self._file = os.fdopen(os.open(self.part, flags, _MODE), "r+b")
            except OSError as error:
                if isinstance(error, FileNotFoundError) and not create:
                    return False
                raise ConfigurationError(
                    f"{self.part} cannot be written: {error.strerror}"
                ) from None
            try:
                self._take()
            except BaseException:
                self.close()
                raise
        return True

    def _take(self) -> None:
        """Lock the part, unless it has lost its name before: then close it."""
        assert self._file is not None  # noqa: S101 - it was just opened
        # On Windows, others could not even read a part that is locked.
        if sys.platform != "win32" and not private_files.lock(self._file.fileno()):
            raise ConfigurationError(f"another export is writing {self.part}: wait, or stop it")
        if not self._has_its_name():
            self.close()  # the export that had the lock is finished
        elif os.fstat(self._file.fileno()).st_nlink > 1:
            raise ConfigurationError(
                f"{self.part} is a hard link, so another file would change with it: put a copy in "
                "its place"
            )
        elif sys.platform != "win32":
            os.fchmod(self._file.fileno(), _MODE)

    def _has_its_name(self) -> bool:
        """Whether the open file is still the part, and not one that was renamed or removed."""
        assert self._file is not None  # noqa: S101 - begin or resume comes first
        try:
            there = self.part.lstat()
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._file.fileno()))

    def _remove(self, *paths: Path) -> None:
        self._close_on_windows()
        for path in paths:
            path.unlink(missing_ok=True)

    def _close_on_windows(self) -> None:
        if sys.platform == "win32":  # there, an open file can be neither renamed nor removed
            self.close()

    def _read_checkpoint(self) -> tuple[Checkpoint, int] | None:
        if not _is_there(self._kept):
            return None
        try:
            data: Any = json.loads(self._kept.read_bytes())
            good, kept, found = data["bytes"], data["checkpoint"], data.get("checksum")
        except FileNotFoundError:  # another export has just finished
            return None
        except (ValueError, KeyError, TypeError, RecursionError):
            good = kept = found = None
        damage = ConfigurationError(f"{self._kept} is cut short or damaged: {_OVERWRITE}")
        if isinstance(good, bool) or not isinstance(good, int) or good < 0:
            raise damage
        text = json.dumps(kept)
        try:
            checkpoint = Checkpoint.from_json(text)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self._kept}: {error} (here: --overwrite)") from None
        if found != checksum(_content(good, text)):
            raise damage
        return checkpoint, good


def create_output(path: Path) -> BinaryIO:
    """A new file for its owner only. It replaces a file that an earlier export left."""
    if _is_there(path):
        path.unlink()
    return private_files.create(path)


def _content(good: int, checkpoint: str) -> str:
    return f'"bytes": {good}, "checkpoint": {checkpoint}'


def _is_there(path: Path) -> bool:
    """Whether there is a regular file of this name. Anything else of this name is refused."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ConfigurationError(f"--output {path}: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        kind = "a symbolic link" if stat.S_ISLNK(mode) else "no regular file"
        raise ConfigurationError(
            f"{path} is {kind}, which an export neither follows nor replaces: remove it, or "
            "choose another --output"
        )
    return True


def _sync_directory(directory: Path) -> None:
    """Make a new name in a directory safe. Not every system can, or needs to."""
    if sys.platform == "win32":
        return
    with suppress(PermissionError):  # a directory that can be written but not read
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
        finally:
            os.close(descriptor)
