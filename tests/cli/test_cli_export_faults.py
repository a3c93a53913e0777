"""An export loses and doubles no line, whatever happens to its files.

A clean run counts the operations on files. Then something happens at each of them in turn: it
fails, or another program does something to the files. The export is resumed after that.
"""

from __future__ import annotations

import asyncio
import csv
import errno
import io
import itertools
import json
import os
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import Factory, define, field
from click.exceptions import Exit
from pyarrow import parquet

from livechat_async import Chat, ConfigurationError, Page, RequestTimeout
from livechat_async.cli.common import to_plain
from livechat_async.cli.export import Format, writing
from livechat_async.cli.export.files import ExportFile
from livechat_async.cli.export.formats import COLUMNS
from livechat_async.cli.export.writing import write_export
from livechat_async.export.checkpoint import Checkpoint
from livechat_async.export.export import Export

DAY = date(2023, 1, 1)
BUFFER = 1024  # bytes: an eighth of a usual buffer, so that lines of an eighth do
# Longer than the buffer of a file, so that operations fail within lines as well as between them.
SIZES = (10, 375, 625)  # characters of two bytes
CHATS = [
    Chat(id=f"C{number}", message="é" * SIZES[number % 3], timezone=str(number // 6))
    for number in range(18)
]
IDS = {chat.id for chat in CHATS}


@define
class Faults:
    """Counts operations on files below a directory, and lets one of them fail."""

    below: Path
    fail: Callable[[], None] = lambda: None
    at: int = 0
    stays: bool = False
    count: int = 0
    names: list[str] = field(factory=list)

    def step(self, name: str) -> bool:
        """Note an operation. An exception means that it fails."""
        self.count += 1
        self.names.append(name)
        if self.at and (self.count == self.at or (self.stays and self.count > self.at)):
            self.fail()
        return True

    def patch(self, patch: pytest.MonkeyPatch) -> None:
        def opened(path: Any, *arguments: Any) -> int:
            return (not self.is_ours(path) or self.step("open")) and real["open"](path, *arguments)

        def fsync(_: int) -> None:
            self.step("fsync")

        def renamed(old: Any, new: Any) -> None:
            self.step("replace")
            real["replace"](old, new)

        def unlinked(path: Any, **options: Any) -> None:
            self.step("unlink")
            real["unlink"](path, **options)

        def changed(descriptor: int, mode: int) -> None:
            self.step("fchmod")
            real["fchmod"](descriptor, mode)

        def made(descriptor: int, mode: str) -> io.BufferedIOBase:
            raw = Raw(descriptor, mode.replace("b", ""))
            raw.step = self.step
            return (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw, BUFFER)

        changes = {
            "open": opened,
            "fsync": fsync,
            "replace": renamed,
            "unlink": unlinked,
            "fchmod": changed,
            "fdopen": made,
        }
        real = {name: getattr(os, name) for name in changes}
        for name, change in changes.items():
            patch.setattr(os, name, change)

    def is_ours(self, path: Any) -> bool:
        return self.below in (Path(path), *Path(path).parents)


class Raw(io.FileIO):
    """A file whose writes fail after a part of them is done."""

    step: Callable[[str], object]

    def write(self, data: Any) -> int:
        half = len(data) // 2
        written = super().write(data[:half]) if half else 0
        self.step("write")
        return written + super().write(data[written:])

    def truncate(self, size: int | None = None) -> int:
        self.step("truncate")
        return super().truncate(size)


def io_error() -> None:
    raise OSError(errno.EIO, "Input/output error")


def disk_full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupt() -> None:
    raise KeyboardInterrupt


def cancel() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


def make(checkpoint: Checkpoint | None, *, stop_after: int | None = None) -> Export[Chat]:
    """An export of three days in memory, in pages of two chats."""
    given = 0

    async def fetch(number: int, *, date_from: date, date_to: date) -> Page[Chat]:
        nonlocal given
        await asyncio.sleep(0)
        days = {str(day) for day in range((date_from - DAY).days, (date_to - DAY).days + 1)}
        found = [chat for chat in CHATS if chat.timezone in days]
        shown = found[2 * number - 2 : 2 * number]
        given += len(shown)
        if stop_after is not None and given > stop_after:
            raise RequestTimeout(method="GET", url="/chats", limit="deadline", seconds=1.0)
        return Page(
            items=shown,
            number=number,
            pages=(len(found) + 1) // 2,
            total=len(found),
            size=len(shown),
            url="/chats",
            fetch=partial(fetch, date_from=date_from, date_to=date_to),
        )

    last = DAY + timedelta(days=2)
    return Export(
        fetch, query={"a": 1}, first=DAY, last=last, checkpoint=checkpoint, window_items=10
    )


@define
class Place:
    """An export in a directory, which is run once or more often."""

    directory: Path
    kind: Format
    capture: pytest.CaptureFixture[str]
    name: str = field(default=Factory(lambda self: f"chats.{self.kind}", takes_self=True))

    @property
    def output(self) -> Path:
        return self.directory / self.name

    @property
    def part(self) -> Path:
        return self.directory / f"{self.name}.part"

    @property
    def checkpoint(self) -> Path:
        return self.directory / f"{self.name}.checkpoint"

    def run(
        self,
        *,
        resume: bool = False,
        overwrite: bool = False,
        **options: Any,
    ) -> str:
        """Run it, and return what it said, with the error if it failed."""

        async def run() -> None:
            await write_export(
                lambda checkpoint: make(checkpoint, **options),
                ExportFile(self.output),
                self.kind,
                resume=resume,
                overwrite=overwrite,
            )

        error = ""
        clock = itertools.count(step=1 / 6)  # it saves every six chats
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(writing, "time", SimpleNamespace(monotonic=lambda: next(clock)))
                asyncio.run(run())
        except (Exception, KeyboardInterrupt, asyncio.CancelledError, Exit) as raised:  # noqa: BLE001
            error = f"{type(raised).__name__}: {raised}"
        return self.capture.readouterr().err + error

    def safe_lines(self) -> int:
        """How many chats are on the disk, of those that count."""
        if not self.checkpoint.exists():
            return 0
        stored = json.loads(self.checkpoint.read_text())
        if not self.part.exists():
            return len(self.ids()) if self.output.exists() else 0
        lines = self.part.read_bytes()[: stored["bytes"]].splitlines(keepends=True)
        ids = [json.loads(line)["id"] for line in lines]
        assert all(line.endswith(b"\n") for line in lines)
        assert len(ids) == len(set(ids)) == stored["checkpoint"]["items_done"]
        return len(ids)

    def ids(self) -> list[str]:
        if self.kind is Format.JSONL:
            return [json.loads(line)["id"] for line in self.output.read_bytes().splitlines()]
        if self.kind is Format.CSV:
            with self.output.open(newline="") as file:
                rows = list(csv.DictReader(file))
            assert all(len(row) == len(COLUMNS) for row in rows)
            return [row["id"] for row in rows]
        ids: list[str] = parquet.read_table(self.output)["id"].to_pylist()
        return ids

    def check_message(self, said: str) -> None:
        """Every number that was said is what is on the disk."""
        on_disk = self.safe_lines()
        if kept := re.search(r"([\d,]+) chats are kept in (\S+):", said):
            assert int(kept[1]) == on_disk, said
            assert Path(kept[2]).exists(), said
        if "nothing was written" in said:
            assert os.listdir(self.directory) == [], said  # noqa: PTH208
        if done := re.search(r"^([\d,]+) chats in ", said, re.MULTILINE):
            assert int(done[1]) == len(self.ids()), said

    def check_whole(self) -> None:
        ids = self.ids()
        assert sorted(ids) == sorted(IDS)
        assert os.listdir(self.directory) == [self.output.name]  # noqa: PTH208


@pytest.fixture(autouse=True)
def _it_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_BAR_EVERY", 1e9)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # it takes long, and no machine crashes here


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[Format], Callable[[], Place]]:
    numbers = itertools.count()

    def of(kind: Format) -> Callable[[], Place]:
        def new() -> Place:
            directory = tmp_path / str(next(numbers))
            directory.mkdir()
            return Place(directory, kind, capsys)

        return new

    return of


FAULTS = [(io_error, False), (disk_full, True), (interrupt, False), (cancel, False)]


@pytest.mark.once
@pytest.mark.parametrize(
    ("start", "kind"),
    # Every kind is JSON lines until the conversion, which comes after a resumption as well.
    [
        ("fresh", Format.JSONL),
        ("overwriting", Format.JSONL),
        *(("resumed", kind) for kind in Format),
    ],
)
@pytest.mark.parametrize(("fault", "stays"), FAULTS)
def test_whichever_operation_fails_no_line_is_lost_or_doubled(
    place: Callable[[Format], Callable[[], Place]],
    start: str,
    kind: Format,
    fault: Callable[[], None],
    *,
    stays: bool,
) -> None:
    """Resumed, an export holds each chat once, and what it said was true (field case 36).

    What failed names its file.
    """
    new = place(kind)
    before = new()
    if start != "fresh":
        before.run(stop_after=15)
        assert before.safe_lines() == 10
    if start == "overwriting":
        before.output.write_text("of an earlier export")

    def attempt(at: int) -> tuple[Place, Faults, str]:
        it = new()
        shutil.copytree(before.directory, it.directory, dirs_exist_ok=True)
        faults = Faults(it.directory, fault, at, stays)
        with pytest.MonkeyPatch.context() as patch:
            faults.patch(patch)
            said = it.run(resume=start == "resumed", overwrite=start == "overwriting")
        return it, faults, said

    clean, counted, said = attempt(0)
    clean.check_whole()
    assert {"write", "fsync", "open", "replace", "unlink", "truncate"} <= set(counted.names)
    assert counted.count > 20
    for at in range(1, counted.count + 1):
        it, faults, said = attempt(at)
        assert "OSError:" not in said or str(it.output) in said.rpartition("OSError:")[2]
        context = f"{at}: {faults.names[at - 1]}: {said}"
        if start != "overwriting" or "nothing was written" not in said:
            it.check_message(said)
        if start == "overwriting" and it.output.exists() and it.part.exists():
            assert it.output.read_text() == "of an earlier export"
        if "18 chats in" not in said:
            kept = it.safe_lines()
            again = it.run(resume=bool(os.listdir(it.directory)))  # noqa: PTH208
            if start == "overwriting" and "--overwrite instead" in again:
                again = it.run(overwrite=True)
            elif kept:
                assert f"going on after {kept} chats" in again or "whole already" in again, context
        it.check_whole()
        shutil.rmtree(it.directory)


# Chats that cannot be written


@pytest.mark.parametrize("number", range(len(CHATS)))
def test_a_chat_that_cannot_be_written_is_not_skipped_by_the_next_run(
    place: Callable[[Format], Callable[[], Place]], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Whatever its line fails with, it is written once it can be (field case 36)."""
    it = place(Format.JSONL)()

    def fail(chat: Chat) -> Any:
        if chat.id == f"C{number}":
            raise RecursionError("maximum recursion depth exceeded")
        return to_plain(chat)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "to_plain", fail)
        for resumes in (False, True):
            said = it.run(resume=resumes and it.part.exists())
            assert "RecursionError" in said
            it.check_message(said)

    it.run(resume=it.part.exists())
    it.check_whole()


@pytest.mark.parametrize("shown", range(1, len(CHATS) + 1))
def test_a_progress_line_that_fails_does_not_cost_a_chat(
    place: Callable[[Format], Callable[[], Place]], shown: int
) -> None:
    """The reader of stderr may be gone, as after `2>&1 | head -1`."""
    it = place(Format.JSONL)()
    calls = itertools.count(1)

    def show(_: object) -> None:
        if next(calls) == shown:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "_BAR_EVERY", 0)
        patch.setattr(writing, "_lines", lambda _: nullcontext(show))
        said = it.run()
    assert "BrokenPipeError" in said
    it.check_message(said)
    it.run(resume=it.part.exists())
    it.check_whole()


# Other programs


@pytest.mark.parametrize("kind", [Format.JSONL, Format.CSV])
@pytest.mark.parametrize("other", ["resume", "overwrite", "neither"])
def test_two_exports_at_once_do_not_disturb_each_other(
    place: Callable[[Format], Callable[[], Place]], kind: Format, other: str
) -> None:
    """The second is refused, or begins after the first (field case 37)."""
    new = place(kind)
    before = new()
    before.run(stop_after=15)
    heard: set[str] = set()

    def attempt(at: int) -> int:
        it = new()
        shutil.copytree(before.directory, it.directory, dirs_exist_ok=True)

        def second() -> None:
            options = {} if other == "neither" else {other: True}
            with ThreadPoolExecutor(1) as pool:
                heard.add(pool.submit(it.run, **options).result().splitlines()[-1])

        faults = Faults(it.directory, second, at)
        with pytest.MonkeyPatch.context() as patch:
            faults.patch(patch)
            it.run(resume=True)
        it.check_whole()
        shutil.rmtree(it.directory)
        return faults.count

    for at in range(2, attempt(0) + 1):
        attempt(at)

    text = "\n".join(heard)
    assert "Error: another export is writing" in text or other == "neither"
    assert ("was whole already" in text) is (other == "resume")
    assert ("use --resume or --overwrite" in text) is (other == "neither")


def test_exports_to_two_names_in_one_directory_do_not_meet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also if the names differ in their suffix only."""
    one = Place(tmp_path, Format.CSV, capsys, name="chats.csv")
    two = Place(tmp_path, Format.JSONL, capsys, name="chats")

    def both(at: int) -> int:
        def second() -> None:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(two.run, overwrite=True).result()

        faults = Faults(tmp_path, second, at)
        with pytest.MonkeyPatch.context() as patch:
            faults.patch(patch)
            one.run(overwrite=True)
        return faults.count

    for at in range(1, both(0) + 1):
        both(at)
        assert sorted(one.ids()) == sorted(two.ids()) == sorted(IDS)
        assert sorted(os.listdir(tmp_path)) == ["chats", "chats.csv"]  # noqa: PTH208
        two.output.unlink()


def test_a_part_that_another_program_removes_is_an_error(
    place: Callable[[Format], Callable[[], Place]],
) -> None:
    it = place(Format.JSONL)()
    faults = Faults(it.directory, it.part.unlink, at=30)
    with pytest.MonkeyPatch.context() as patch:
        faults.patch(patch)
        said = it.run()

    assert "has removed or replaced" in said
    assert "nothing is kept" in said


SPECIAL: dict[str, Callable[[Path, Path], object]] = {
    "a FIFO": lambda path, _: os.mkfifo(path),
    "a directory": lambda path, _: path.mkdir(),
    "a link": lambda path, victim: path.symlink_to(victim),
    "a link to nothing": lambda path, victim: path.symlink_to(victim.with_name("none")),
}


@pytest.mark.parametrize("suffix", ["", ".part", ".checkpoint", ".checkpoint.tmp"])
@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("options", [{}, {"resume": True}, {"overwrite": True}])
def test_only_a_regular_file_is_replaced(
    place: Callable[[Format], Callable[[], Place]],
    tmp_path: Path,
    suffix: str,
    special: str,
    options: dict[str, bool],
) -> None:
    """Nothing else is followed, filled or replaced (field case 37)."""
    it = place(Format.JSONL)()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path = it.output.with_name(it.output.name + suffix)
    SPECIAL[special](path, victim)
    mode = path.lstat().st_mode

    said = it.run(**options)

    assert said.startswith("ConfigurationError: ")
    assert str(path) in said
    assert path.lstat().st_mode == mode
    assert (victim.read_text(), sorted(tmp_path.iterdir())) == ("precious", [it.directory, victim])
    assert os.listdir(it.directory) == [path.name]  # noqa: PTH208


@pytest.mark.once
@pytest.mark.parametrize("suffix", ["", ".tmp", ".checkpoint.tmp"])
@pytest.mark.parametrize("special", SPECIAL)
def test_what_is_put_there_meanwhile_is_not_followed(
    place: Callable[[Format], Callable[[], Place]], tmp_path: Path, suffix: str, special: str
) -> None:
    """A link of that name, made at any moment, leads nowhere (field case 37)."""
    new = place(Format.CSV)
    victim = tmp_path / "victim"
    victim.write_text("precious")

    def attempt(at: int) -> list[str]:
        it = new()
        path = it.output.with_name(it.output.name + suffix)

        def plant() -> None:
            if not os.path.lexists(path):
                SPECIAL[special](path, victim)

        faults = Faults(it.directory, plant, at)
        with pytest.MonkeyPatch.context() as patch:
            faults.patch(patch)
            said = it.run()
        assert victim.read_text() == "precious"
        assert not victim.with_name("none").exists()
        if "18 chats in" not in said:
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif os.path.lexists(path) and (path.is_symlink() or path.is_fifo()):
                path.unlink()
            it.run(resume=it.part.exists() or it.checkpoint.exists())
            it.check_whole()
        shutil.rmtree(it.directory)
        return faults.names

    for at, operation in enumerate(attempt(0), start=1):
        if operation in {"open", "replace", "unlink"}:  # the others look at no name
            attempt(at)


@pytest.mark.parametrize("option", ["resume", "overwrite"])
def test_a_part_that_has_another_name_is_not_written(
    place: Callable[[Format], Callable[[], Place]], tmp_path: Path, option: str
) -> None:
    """A backup made of hard links stays as it was (field case 37)."""
    it = place(Format.JSONL)()
    it.run(stop_after=15)
    backup = tmp_path / "backup"
    os.link(it.part, backup)
    content = backup.read_bytes()

    said = it.run(**{option: True})

    assert "hard link" in said
    assert backup.read_bytes() == content
    backup.unlink()
    it.run(**{option: True})
    it.check_whole()


@pytest.mark.parametrize("kind", Format)
@pytest.mark.parametrize("umask", [0, 0o077])
def test_only_the_owner_can_read_the_files(
    place: Callable[[Format], Callable[[], Place]], kind: Format, umask: int
) -> None:
    """Chats are personal data, whatever the process lets others read (field case 37)."""
    it = place(kind)()

    def modes() -> set[int]:
        return {path.stat().st_mode & 0o777 for path in it.directory.iterdir()}

    before = os.umask(umask)
    try:
        it.run(stop_after=15)
        assert modes() == {0o600}
        it.part.chmod(0o644)  # as an earlier release made it
        it.run(resume=True)
    finally:
        os.umask(before)
    it.check_whole()
    assert modes() == {0o600}


def test_a_checkpoint_with_a_flipped_bit_is_refused_or_the_same(
    place: Callable[[Format], Callable[[], Place]],
) -> None:
    """The refusal names the file and the remedy, and changes nothing (field case 37)."""
    it = place(Format.JSONL)()
    it.run(stop_after=15)
    whole, part = it.checkpoint.read_bytes(), it.part.read_bytes()
    refused = 0

    def stored() -> Checkpoint | None:
        file = ExportFile(it.output)
        try:
            return file.resume()
        finally:
            file.close()

    expected = stored()
    for at, bit in itertools.product(range(len(whole)), (0, 5)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << bit
        it.checkpoint.write_bytes(damaged)
        try:
            assert stored() == expected
        except ConfigurationError as error:
            named = str(it.checkpoint) in str(error) and "--overwrite" in str(error)
            assert named, error  # noqa: PT017
            refused += 1
    assert refused > 1.8 * len(whole)
    assert it.part.read_bytes() == part

    it.checkpoint.write_bytes(whole)
    it.run(resume=True)
    it.check_whole()


@pytest.mark.parametrize("name", ["chats.part", "chats.jsonl.checkpoint", "chats.tmp"])
def test_an_output_is_not_named_like_the_files_of_another_export(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="Choose another name"):
        ExportFile(tmp_path / name)


def test_an_output_may_have_any_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    it = Place(tmp_path, Format.JSONL, capsys, name="a\nb \u202e;'.jsonl")

    said = it.run(stop_after=15)
    assert len(said.splitlines()) == 2
    it.run(resume=True)

    it.check_whole()
