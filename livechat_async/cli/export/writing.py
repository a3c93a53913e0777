"""Runs an export into its files: with its progress, safe stops, and messages for the next step."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import click
import msgspec
from click.exceptions import Exit
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from livechat_async import Chat, LiveChatError
from livechat_async.cli.common import INTERRUPTED, in_units, to_json, to_plain
from livechat_async.cli.export import Format
from livechat_async.cli.export.files import ExportFile
from livechat_async.cli.export.formats import convert
from livechat_async.cli.output.listing import joined
from livechat_async.cli.output.show import is_terminal, say_broken, terminal
from livechat_async.display import number_of
from livechat_async.errors import OverfullDayError
from livechat_async.export.checkpoint import Checkpoint
from livechat_async.export.export import Export, ExportProgress
from livechat_async.private_files import name_file
from livechat_async.redaction import printable

_SAVE_EVERY = 1.0  # seconds, as the three below
_BAR_EVERY = 0.1
_LINE_EVERY = 5.0
_SETTLED = 2.0
_ENCODER = msgspec.json.Encoder()

_Meter: TypeAlias = Callable[[ExportProgress], None]


async def write_export(
    make: Callable[[Checkpoint | None], Export[Chat]],
    file: ExportFile,
    kind: Format,
    *,
    resume: bool,
    overwrite: bool,
) -> None:
    """Write an export to its file. If it fails or is stopped, the part is kept to be resumed."""
    try:
        checkpoint = file.resume() if resume else None
        if file.is_published:
            file.tidy_up()
            _say(f"{file.output} was whole already")
            return
        export = make(checkpoint)
        if checkpoint is None:
            file.begin(export.checkpoint, overwrite=overwrite)
        else:
            file.cut()
            _say(f"going on after {number_of(file.saved, 'chat')}")
        await _finish(export, file, kind)
    except OSError as error:
        name_file(error, file.part)
        raise
    finally:
        file.close()
    _sum_up(export, file)


async def _finish(export: Export[Chat], file: ExportFile, kind: Format) -> None:
    """Write what is left and give the output its name, or say how to go on."""
    try:
        with _sigterm_stops():
            await _write(export, file)
            file.publish(await convert(file.part, kind, _say))
    except (asyncio.CancelledError, KeyboardInterrupt):
        _say(f"stopped. {_way_on(file)}")
        raise Exit(INTERRUPTED) from None
    except Exception as error:
        remedy = ", with --on-overfull-day partial" if isinstance(error, OverfullDayError) else ""
        _say(f"{_way_on(file)}{remedy}")
        raise


async def _write(export: Export[Chat], file: ExportFile) -> None:
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
    except (Exception, asyncio.CancelledError) as error:
        has_disk_failed = isinstance(error, OSError) and not isinstance(error, LiveChatError)
        if not has_disk_failed and file.lines == export.progress.items_done:
            file.save(export.checkpoint)
        raise
    file.save(export.checkpoint)


def _line(chat: Any) -> str:
    """What `to_json` makes, three times as fast where nothing has to be escaped."""
    try:
        text = _ENCODER.encode(chat).decode()
    except (TypeError, ValueError):  # half a character, or a number too large
        return to_json(chat)
    return text if text.isprintable() else to_json(chat)


def _way_on(file: ExportFile) -> str:
    if file.discard_if_empty():
        return "nothing was written"
    place = file.output if file.is_published else file.part
    if not place.exists():
        return f"nothing is kept: {place} is gone"
    kept = number_of(file.saved, "chat")
    return f"{kept} kept in {place}: run the same command with --resume to go on"


def _sum_up(export: Export[Chat], file: ExportFile) -> None:
    progress = export.progress
    _say(f"{number_of(progress.items_done, 'chat')} in {file.output}")
    for day in export.incomplete:
        total = "more" if day.total is None else f"{day.total:,}"
        _say(f"of {day.day} only the latest {day.exported:,} chats of {total} could be had")
    say_broken(export.broken, "chat", progress.items_broken)
    if export.late:
        _say(f"{export.late:,} chats came meanwhile into days that were done: they are not in it")


def _say(line: str) -> None:
    click.echo(printable(line), err=True)


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


class Pace:
    """How fast items come, counted from the first one.

    An export that resumes first reads again what it has, so the time before counts for nothing.
    """

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def describe(self, progress: ExportProgress, now: float) -> str:
        """The rate, and the time that is left; nothing while it is too early to say.

        Args:
            progress: how far the export is, after another item.
            now: seconds of a clock that never goes back.
        """
        if self._first is None:
            self._first = now, progress.items_done
        since, before = self._first
        if now - since < _SETTLED or progress.items_done <= before:
            return ""
        rate = (progress.items_done - before) / (now - since)
        if progress.items_expected is None:
            return f"{rate:,.0f}/s"
        left = max(progress.items_expected - progress.items_done, 0) / rate
        return f"{rate:,.0f}/s, {in_units(left)} left"


@contextmanager
def _bar(start: ExportProgress) -> Iterator[_Meter]:
    pace = Pace()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=terminal(sys.stderr), transient=True) as bar:
        task = bar.add_task(
            "chats", total=start.items_expected, completed=start.items_done, pace=""
        )

        def show(progress: ExportProgress) -> None:
            bar.update(
                task,
                description=str(progress.window.first) if progress.window else "chats",
                completed=progress.items_done,
                total=progress.items_expected,
                pace=pace.describe(progress, time.monotonic()),
            )

        yield show


@contextmanager
def _lines(_: ExportProgress) -> Iterator[_Meter]:
    pace, shown = Pace(), time.monotonic()

    def show(progress: ExportProgress) -> None:
        nonlocal shown
        now = time.monotonic()
        speed = pace.describe(progress, now)
        if now - shown < _LINE_EVERY:
            return
        shown = now
        expected = progress.items_expected
        total = "" if expected is None else f" of {expected:,}"
        _say(joined(f"{progress.items_done:,}{total} chats", speed))

    yield show
