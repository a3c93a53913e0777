"""Writes an export into a file: with its progress, safe stops, and a way to continue.

``chats.jsonl.part`` holds the items so far as JSON lines. ``chats.jsonl.checkpoint`` says where to
continue, and how many bytes of the part are good. Other formats are made from the part at the end.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from livechat_async import Chat, ConfigurationError, LiveChatError
from livechat_async.cli.common import INTERRUPTED, to_json
from livechat_async.cli.export.formats import Format, convert
from livechat_async.cli.output.show import is_terminal, terminal
from livechat_async.errors import OverfullDayError
from livechat_async.export.checkpoint import Checkpoint
from livechat_async.export.export import Export, ExportProgress
from livechat_async.redaction import printable

__all__ = ["ExportFile", "write_export"]

_SAVE_EVERY = 1.0  # seconds, as the two below
_BAR_EVERY = 0.1
_LINE_EVERY = 5.0
_ENCODER = msgspec.json.Encoder()
_OVERWRITE = "use --overwrite instead of --resume"

_Meter: TypeAlias = Callable[[ExportProgress], None]


class ExportFile:
    """What an export writes. The output has its name only once it is complete."""

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
        """Begin an empty part."""
        if not overwrite:
            for left in filter(Path.exists, (self.part, self._kept)):
                raise ConfigurationError(
                    f"{left} is left of an unfinished export: use --resume or --overwrite"
                )
            if self.output.exists():
                raise ConfigurationError(
                    f"{self.output} exists already: use --overwrite, or name another file"
                )
        self._open()
        self._kept.unlink(missing_ok=True)
        self._cut(0)

    def find_checkpoint(self) -> Checkpoint | None:
        """Where to continue; None if nothing is there, so that the export has to begin."""
        if not self._kept.exists():
            if self.part.exists():
                raise ConfigurationError(f"{self.part} has no checkpoint any more: {_OVERWRITE}")
            if self.output.exists():
                raise ConfigurationError(
                    f"{self.output} is finished, and there is nothing to resume: {_OVERWRITE}"
                )
            return None
        checkpoint, good = self._read_checkpoint()
        size = self.part.stat().st_size if self.part.exists() else 0
        if size < good:
            raise ConfigurationError(
                f"{self.part} has {size:,} bytes, but its checkpoint says {good:,}: {_OVERWRITE}"
            )
        return checkpoint

    @property
    def is_published(self) -> bool:
        """Whether the output is complete, and only its checkpoint has to be removed."""
        if self.part.exists() or not self.output.exists() or not self._kept.exists():
            return False
        return self._read_checkpoint()[0].is_finished

    def resume(self) -> None:
        """Continue at the checkpoint. What was written after it is cut off."""
        _, good = self._read_checkpoint()
        self._open()
        self._cut(good)

    def write(self, line: str) -> None:
        """Write a line. It is safe after the next `save`."""
        assert self._file is not None  # noqa: S101 - begin or resume comes first
        self._file.write(line.encode())
        self._file.write(b"\n")

    def save(self, checkpoint: Checkpoint) -> None:
        """Make everything written so far safe, with its checkpoint."""
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
        """Close the part, and leave it to be continued. Closing twice does no harm."""
        if self._file is not None:
            with suppress(OSError):  # what `save` did not make safe does not count
                self._file.close()

    def discard_if_empty(self, checkpoint: Checkpoint) -> bool:
        """Remove everything if the export failed before its first item."""
        if checkpoint.items_done:
            return False
        self.close()
        for name in (self._kept, self.part):
            name.unlink(missing_ok=True)
        return True

    def publish(self, converted: Path | None) -> None:
        """Give the output its name: to the converted file, or to the part itself."""
        self.close()
        (converted or self.part).replace(self.output)
        _sync_directory(self.output.parent)
        self.part.unlink(missing_ok=True)
        self.tidy_up()

    def tidy_up(self) -> None:
        """Remove the checkpoint of a complete export."""
        self._kept.unlink(missing_ok=True)

    def _open(self) -> None:
        try:
            # Not mode "a", which always writes at the end, nor "w", which empties before the lock.
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            descriptor = os.open(self.part, flags, 0o666)
        except OSError as error:
            raise ConfigurationError(f"{self.part} cannot be written: {error.strerror}") from None
        self._file = os.fdopen(descriptor, "r+b")
        if not _lock(self._file):
            self._file.close()
            raise ConfigurationError(f"another export is writing {self.part}: wait, or stop it")

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
            raise ConfigurationError(f"{self._kept} is cut short or damaged: {_OVERWRITE}")
        try:
            return Checkpoint.from_json(json.dumps(kept)), good
        except ConfigurationError as error:
            raise ConfigurationError(f"{self._kept}: {error} (here: --overwrite)") from None


def _lock(file: BinaryIO) -> bool:
    """Lock the file for as long as this process runs; False if another process has the lock."""
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


async def write_export(
    make: Callable[[Checkpoint | None], Export[Chat]],
    to_plain: Callable[[Chat], Any],
    file: ExportFile,
    kind: Format,
    *,
    resume: bool,
    overwrite: bool,
) -> None:
    """Write an export to its file. If it fails or is stopped, the part is kept to be resumed."""
    if resume and file.is_published:
        file.tidy_up()
        _say(f"{file.output} was whole already")
        return
    checkpoint = file.find_checkpoint() if resume else None
    export = make(checkpoint)
    if checkpoint is None:
        file.begin(overwrite=overwrite)
    else:
        file.resume()
        _say(f"going on after {checkpoint.items_done:,} chats")
    try:
        with _sigterm_stops():
            await _write(export, to_plain, file)
            file.publish(await convert(file.part, kind))
    except asyncio.CancelledError:
        _say(f"stopped. {_way_on(export, file)}")
        raise typer.Exit(INTERRUPTED) from None
    except (LiveChatError, OSError) as error:
        remedy = ", with --on-overfull-day partial" if isinstance(error, OverfullDayError) else ""
        _say(f"{_way_on(export, file)}{remedy}")
        raise
    finally:
        file.close()
    _sum_up(export, file)


async def _write(export: Export[Chat], to_plain: Callable[[Chat], Any], file: ExportFile) -> None:
    # First of all, so that a part never is without a checkpoint.
    file.save(export.checkpoint)
    meter = _bar if is_terminal(sys.stderr) else _lines
    saved = shown = time.monotonic()
    try:
        with meter(export.progress) as show:
            async with export:
                async for chat in export:
                    file.write(_line(to_plain(chat)))
                    now = time.monotonic()
                    if now - saved >= _SAVE_EVERY:
                        file.save(export.checkpoint)
                        saved = now
                    if now - shown >= _BAR_EVERY:
                        show(export.progress)
                        shown = now
    finally:
        file.save(export.checkpoint)


def _line(chat: Any) -> str:
    """What `to_json` makes, three times as fast where nothing has to be escaped."""
    try:
        text = _ENCODER.encode(chat).decode()
    except (TypeError, ValueError):  # half a character, or a number too large
        return to_json(chat)
    return text if text.isprintable() else to_json(chat)


def _way_on(export: Export[Chat], file: ExportFile) -> str:
    if file.discard_if_empty(export.checkpoint):
        return "nothing was written"
    done = export.progress.items_done
    return f"{done:,} chats are kept in {file.part}: run the same command with --resume to go on"


def _sum_up(export: Export[Chat], file: ExportFile) -> None:
    progress = export.progress
    _say(f"{progress.items_done:,} chats in {file.output}")
    for day in export.incomplete:
        total = "more" if day.total is None else f"{day.total:,}"
        _say(f"of {day.day} only the latest {day.exported:,} chats of {total} could be had")
    if progress.items_broken:
        _say(f"{progress.items_broken:,} chats could not be read and were left out")
    for item in export.broken[:10]:
        _say(f"  page {item.page}, {item.path}: expected {item.expected}, found {item.found}")
    if export.late:
        _say(f"{export.late:,} chats came meanwhile into days that were done: they are not in it")


def _say(line: str) -> None:
    typer.echo(printable(line), err=True)


@contextmanager
def _sigterm_stops() -> Iterator[None]:
    """Cancel the task at SIGTERM, as asyncio does at Ctrl-C."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    # Neither Windows nor a thread other than the main one can have such handlers.
    with suppress(NotImplementedError, RuntimeError, ValueError):
        if task is not None:
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGTERM)


@contextmanager
def _bar(start: ExportProgress) -> Iterator[_Meter]:
    began = time.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=terminal(sys.stderr), transient=True) as bar:
        task = bar.add_task(
            "chats", total=start.items_expected, completed=start.items_done, rate=0.0
        )

        def show(progress: ExportProgress) -> None:
            bar.update(
                task,
                description=str(progress.window.first) if progress.window else "chats",
                completed=progress.items_done,
                total=progress.items_expected,
                rate=_rate(start, progress, began),
            )

        yield show


@contextmanager
def _lines(start: ExportProgress) -> Iterator[_Meter]:
    began = shown = time.monotonic()

    def show(progress: ExportProgress) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < _LINE_EVERY:
            return
        shown = now
        done, expected = progress.items_done, progress.items_expected
        rate = _rate(start, progress, began)
        total = "" if expected is None else f" of {expected:,}"
        left = "" if expected is None else f", {(expected - done) / rate:,.0f} s left"
        _say(f"{done:,}{total} chats, {rate:,.0f}/s{left}")

    yield show


def _rate(start: ExportProgress, now: ExportProgress, began: float) -> float:
    return (now.items_done - start.items_done) / max(time.monotonic() - began, 0.001) or 1.0
