from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cli_runner import Done, Process, Running, until
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from livechat_async.cli.export import formats
from livechat_async.cli.export.formats import COLUMNS
from livechat_async.cli.export.writing import Pace, _line
from livechat_async.cli.output.show import safe_cell
from livechat_async.export.export import Export, ExportProgress
from livechat_async.redaction import printable
from livechat_async.sandbox import Sandbox

Here = Callable[..., Awaitable[Done]]
Start = Callable[..., Running]
StartProcess = Callable[..., Awaitable[Process]]
DAYS = ("--from", "2023-01-01", "--to", "2023-01-10")
EXPORT = ("chats", "export", *DAYS)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "chats.jsonl"


@pytest.fixture
def many(sandbox: Sandbox) -> Sandbox:
    sandbox.seed_chats(60, date_from="2023-01-01", date_to="2023-01-10")
    return sandbox


@pytest.fixture
async def slow(env: dict[str, str]) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(chats=400, chats_from="2023-01-01", chats_to="2023-01-10", latency=0.2)
    async with sandbox:
        env["LIVECHAT_BASE_URL"] = sandbox.url
        env["LIVECHAT_LOGIN"] = sandbox.credentials.login
        env["LIVECHAT_TOKEN"] = sandbox.credentials.token.reveal()
        yield sandbox


def part_of(output: Path) -> Path:
    return output.with_name(f"{output.name}.part")


def checkpoint_of(output: Path) -> Path:
    return output.with_name(f"{output.name}.checkpoint")


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def text_of(output: Path) -> str | None:
    return output.read_text("utf-8") if output.exists() else None


def leave(output: Path, text: str) -> None:
    output.write_text(text)


def lines_of(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.read_text("utf-8").splitlines()]


def check_whole(output: Path, sandbox: Sandbox) -> None:
    ids = [chat["id"] for chat in lines_of(output)]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(sandbox.chat_ids())
    assert names_in(output.parent) == [output.name]


def add_broken(sandbox: Sandbox) -> str:
    """A chat that cannot be read, on the last day."""
    return sandbox.add_chat(started_timestamp=1_673_350_000, duration="long")


async def leave_part(sandbox: Sandbox, here: Here, output: Path) -> None:
    """An export that did not end, with some chats."""
    broken = add_broken(sandbox)
    # Of one window, so that the pages before the broken one are its part.
    sandbox.remove_chat(broken)
    oldest = sandbox.add_chat(started_timestamp=1_672_534_861, duration="long")
    done = await here(*EXPORT, "-o", str(output))
    sandbox.remove_chat(oldest)
    assert done.code == 1, done.err
    assert part_of(output).stat().st_size > 0


# What it makes


async def test_json_lines_hold_every_chat_with_every_field(
    many: Sandbox, here: Here, output: Path
) -> None:
    chat_id = many.add_chat(started_timestamp=1_673_300_000, new_field={"some": "thing\u2028"})

    done = await here(*EXPORT, "--output", str(output))

    assert (done.code, done.out) == (0, "")
    assert done.err == f"61 chats in {output}\n"
    check_whole(output, many)
    (chat,) = (chat for chat in lines_of(output) if chat["id"] == chat_id)
    assert chat["new_field"] == {"some": "thing\u2028"}
    assert chat["started"] == "2023-01-09T21:33:20+00:00"


async def test_an_archive_without_chats_makes_an_empty_file(here: Here, output: Path) -> None:
    done = await here(*EXPORT, "-o", str(output))

    assert (done.code, text_of(output)) == (0, "")


async def test_numbers_of_any_size_stay_as_they_are(
    sandbox: Sandbox, here: Here, output: Path
) -> None:
    sandbox.add_chat(started_timestamp=1_673_300_000, large=10**30)

    done = await here(*EXPORT, "-o", str(output))

    assert (done.code, lines_of(output)[0]["large"]) == (0, 10**30)


def test_a_line_is_harmless_on_a_terminal_too() -> None:
    assert _line({"a": "half \ud800", "b": "\u2028\x9b"}) == (
        '{"a": "half \\ud800", "b": "\\u2028\\u009b"}'
    )
    assert _line({"a": "Łódź\n"}) == '{"a":"Łódź\\n"}'


async def test_csv_has_a_row_for_each_chat_and_no_formulas(
    many: Sandbox, here: Here, tmp_path: Path
) -> None:
    output = tmp_path / "chats.csv"
    chat_id = many.add_chat(
        started_timestamp=1_673_300_000,
        visitor={"id": "S1.x", "name": "=HYPERLINK(1)", "city": "a\nb\x1b[2J", "email": "+1@x.pl"},
        tags=["-sales", "a,b"],
    )
    missed = many.add_chat(type="missed_chat", time=1_673_300_000, message="@call me")

    done = await here(*EXPORT, "-o", str(output))

    assert done.code == 0, done.err
    text = output.read_text("utf-8")
    assert len(text.splitlines()) == 63
    rows = {row["id"]: row for row in csv.DictReader(text.splitlines())}
    assert tuple(rows[chat_id]) == tuple(COLUMNS)
    assert rows.keys() == set(many.chat_ids())
    row = rows[chat_id]
    assert (row["visitor_name"], row["visitor_email"]) == ("'=HYPERLINK(1)", "'+1@x.pl")
    assert (row["city"], row["tags"]) == ("a␊b␛[2J", "'-sales; a,b")
    assert (row["started"], row["duration"], row["groups"]) == (
        "2023-01-09T21:33:20+00:00",
        "60",
        "0",
    )
    assert (row["pending"], row["messages"], row["agents"]) == (
        "false",
        "1",
        "john.doe@example.com",
    )
    assert rows[missed]["message"] == "'@call me"
    assert rows[missed]["started"].startswith("2023-01-09T21:33:20")
    assert names_in(tmp_path) == ["chats.csv"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        *(("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), (" =1", "' =1")),
        *(("\t=1", "'␉=1"), ("\rx", "'␍x"), ("\x00", "'␀"), ("\uff1d1", "'\uff1d1")),
        *(("a=1", "a=1"), ("", ""), (None, ""), (-5, "-5"), (True, "true"), (["=", "b"], "'=; b")),
        *((["a", "b"], "a; b"), ("\u202egpj", "\ufffdgpj"), ("\xa0=1", "'\xa0=1")),
    ],
)
def test_a_cell_is_never_a_formula(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("a;=cmd()", "a;'=cmd()"),
        ('a; "+1|\t@x', "a;' \"+1|'␉@x"),
        ("a;;-1", "a;;'-1"),
        (["a", "=b"], "a;' =b"),
        ("a;\uff1d1", "a;'\uff1d1"),
        *((text, text) for text in ("a;b", "1 - 2 = -1; a|b", "x=1;y=2", "it's @home, -5 °C")),
    ],
)
def test_where_another_separator_divides_cells_none_becomes_a_formula(
    value: object, cell: str
) -> None:
    """A spreadsheet may divide at ; or | although the file has commas (field case 45)."""
    assert safe_cell(value) == cell


FORMULA = re.compile("[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")
TRICKY_TEXT = st.text(
    st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20;|,\t\r\n\"' \xa0\ufeff\x00ab1") | st.characters(),
    max_size=12,
)
ROWS = st.lists(st.lists(TRICKY_TEXT | st.lists(TRICKY_TEXT, max_size=3), min_size=1, max_size=4))


def as_csv(rows: list[list[Any]]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(map(safe_cell, row) for row in rows)
    return file.getvalue()


@given(rows=ROWS)
def test_no_cell_is_a_formula_whichever_separator_a_spreadsheet_takes(
    rows: list[list[Any]],
) -> None:
    """With quotes respected or not, and with several separators at once (field case 45)."""
    text = as_csv(rows)

    cells = [
        cell
        for separator in ",;\t|"
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        for cell in row
    ]
    cells += [cell for line in text.splitlines() for cell in re.split("[;|\t]", line)]
    for cell in cells:
        # A quote that ends no cell for this separator takes the end of the line into the cell.
        assert not FORMULA.match(cell.replace("\r\n", "").lstrip('"\ufeff\xa0 ')), cell


@given(text=TRICKY_TEXT.map(printable))
def test_every_text_can_be_had_back_from_its_cell(text: str) -> None:
    begins = "[\\s\ufeff\"']*[=+\\-@\uff1d\uff0b\uff0d\uff20]"
    cell = safe_cell(text)

    assert re.sub(f"(^|[;|])'(?={begins})", r"\1", cell) == text
    if not re.search(f"(^|[;|]){begins}", text):
        assert cell == text


async def test_parquet_has_types_and_row_groups(
    many: Sandbox, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "_ROWS_AT_A_TIME", 25)
    naive = many.add_chat(
        started_timestamp=1_673_300_000,
        omit=["started_timestamp", "ended_timestamp", "timezone"],
        tags=["sales", "vip"],
        messages=[],
        events=[],
    )
    output = tmp_path / "chats.parquet"

    done = await here(*EXPORT, "-o", str(output))

    assert done.code == 0, done.err
    file = parquet.ParquetFile(output)
    assert file.num_row_groups == 3
    assert file.schema_arrow.names == [*COLUMNS, "started_text", "ended_text"]
    assert str(file.schema_arrow.field("started").type) == "timestamp[us, tz=UTC]"
    rows = {row["id"]: row for row in file.read().to_pylist()}
    assert rows.keys() == set(many.chat_ids())
    assert rows[naive]["tags"] == ["sales", "vip"]
    assert (rows[naive]["started"], rows[naive]["ended"]) == (None, None)
    assert rows[naive]["started_text"] == "2023-01-09T22:33:20"
    known = next(row for row in rows.values() if row["duration"] and row["id"] != naive)
    assert (known["ended"] - known["started"]).total_seconds() == known["duration"]
    assert names_in(tmp_path) == ["chats.parquet"]


async def test_values_that_parquet_cannot_hold_do_not_stop_it(
    many: Sandbox, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number beyond 64 bits is empty, half a character is replaced (field case 37)."""
    monkeypatch.setattr(formats, "_ROWS_AT_A_TIME", 25)
    sizes = {
        many.add_chat(started_timestamp=1_673_300_000 + number, queue={"duration": size}): size
        for number, size in enumerate((2**63 - 1, 2**63, 10**30))
    }
    groups = many.add_chat(started_timestamp=1_673_300_010, group=[1, 2**64], timezone="a\ud800b")
    output = tmp_path / "chats.parquet"

    done = await here(*EXPORT, "-o", str(output))

    assert done.code == 0, done.err
    assert "3 numbers do not fit into 64 bits and are empty in Parquet" in done.err
    rows = {row["id"]: row for row in parquet.read_table(output).to_pylist()}
    assert rows.keys() == set(many.chat_ids())
    assert [rows[chat_id]["queued"] for chat_id in sizes] == [2**63 - 1, None, None]
    assert (rows[groups]["groups"], rows[groups]["timezone"]) == ([1, None], "a\ufffdb")
    assert names_in(tmp_path) == ["chats.parquet"]

    other = tmp_path / "chats.csv"
    assert (await here(*EXPORT, "-o", str(other))).code == 0
    table = csv.DictReader((text_of(other) or "").splitlines())
    queued = {row["id"]: row["queued"] for row in table}
    assert [queued[chat_id] for chat_id in sizes] == [str(size) for size in sizes.values()]


def test_a_time_that_utc_cannot_hold_keeps_its_text_in_parquet() -> None:
    for text in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00"):
        row = formats._with_moments({"started": text, "ended": None})
        assert (row["started"], row["started_text"]) == (None, text)


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
async def test_a_chat_nested_deeply_is_written(
    many: Sandbox, here: Here, tmp_path: Path, kind: str
) -> None:
    """It is neither skipped nor stops the export (field case 36)."""
    deep: Any = 1
    for number in range(700):
        deep = {"a": deep} if number % 2 else [deep]
    chat_id = many.add_chat(started_timestamp=1_673_300_000, tickets=[deep], unknown=deep)
    output = tmp_path / f"chats.{kind}"

    done = await here(*EXPORT, "-o", str(output))

    assert done.code == 0, done.err
    assert done.err.startswith("61 chats in ")
    if kind == "jsonl":
        check_whole(output, many)
        (chat,) = (chat for chat in lines_of(output) if chat["id"] == chat_id)
        assert chat["tickets"] == [deep]
        assert chat["unknown"] == deep


async def test_the_format_goes_before_the_name(many: Sandbox, here: Here, tmp_path: Path) -> None:
    output = tmp_path / "chats.csv"

    done = await here(*EXPORT, "-o", str(output), "--format", "jsonl")

    assert done.code == 0
    check_whole(output, many)


async def test_without_pyarrow_the_message_says_how_to_get_it(
    many: Sandbox, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    done = await here(*EXPORT, "-o", str(tmp_path / "chats.parquet"))

    assert (done.code, many.requests) == (2, [])
    assert "pip install 'livechat_async[parquet]'" in done.err


async def test_filters_reach_the_server(many: Sandbox, here: Here, output: Path) -> None:
    done = await here(
        *(*EXPORT, "-o", str(output), "--timezone", "America/Phoenix", "--tag", "sales"),
        *("--tag", "vip", "--no-goal", "--rate", "rated_good", "--group", "0", "--include-pending"),
    )

    assert done.code == 0
    query = many.requests[0].query
    assert (query["timezone"], query["tag"]) == ("America/Phoenix", ["sales", "vip"])
    assert (query["has_goal"], query["rate"], query["group"]) == ("0", "rated_good", "0")
    assert query["include_pending"] == "1"
    assert "tagged" not in query


# What is refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "2023-02-01", "--to", "2023-01-01"), "swap the two"),
        (("--from", "2023-02-30"), "no day"),
        (("--from", "20230201"), "YYYY-MM-DD"),
        (("--from", "9999-01-01"), "after today"),
        (("--format", "xlsx"), "xlsx"),
        (("--prefetch", "0"), "--prefetch"),
        (("--rate", "best"), "best"),
        (("--timezone", "Mars/Base"), "Mars/Base"),
        (("--resume", "--overwrite"), "one of them"),
        (("--on-broken", "ignore"), "ignore"),
        (("--output", "."), "directory"),
        (("--output", "no/such/place.jsonl"), "no directory"),
        (("--output", f"{__file__}/chats.jsonl"), "no directory"),
        (("--output", "/proc/chats.jsonl"), "/proc"),
        (("--output", "x" * 250), "name too long"),
    ],
)
async def test_a_wrong_call_is_exit_code_2(
    many: Sandbox, here: Here, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = await here("chats", "export", "-o", str(tmp_path / "chats.jsonl"), *arguments)

    assert (done.code, done.out, many.requests) == (2, "", [])
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    assert message in done.err
    assert names_in(tmp_path) == []


async def test_what_is_there_is_kept_unless_it_may_be_replaced(
    many: Sandbox, here: Here, output: Path
) -> None:
    leave(output, "precious")

    refused = await here(*EXPORT, "-o", str(output))
    assert (refused.code, text_of(output), many.requests) == (2, "precious", [])
    assert "--overwrite" in refused.err

    done = await here(*EXPORT, "-o", str(output), "--overwrite")
    assert done.code == 0
    check_whole(output, many)


@pytest.mark.parametrize("left", [".part", ".checkpoint"])
async def test_what_an_export_left_is_kept_unless_it_may_be_replaced(
    many: Sandbox, here: Here, output: Path, left: str
) -> None:
    beside = output.with_name(output.name + left)
    beside.write_text("precious")

    refused = await here(*EXPORT, "-o", str(output))
    assert (refused.code, beside.read_text(), many.requests) == (2, "precious", [])
    assert "--resume" in refused.err
    assert "--overwrite" in refused.err

    done = await here(*EXPORT, "-o", str(output), "--overwrite")
    assert done.code == 0
    check_whole(output, many)


@pytest.mark.parametrize("option", ["--resume", "--overwrite"])
async def test_two_exports_do_not_write_the_same_file(
    many: Sandbox, here: Here, output: Path, option: str
) -> None:
    await leave_part(many, here, output)
    before = part_of(output).read_bytes(), checkpoint_of(output).read_bytes()
    with part_of(output).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = await here(*EXPORT, "-o", str(output), option)

    assert done.code == 2
    assert "another export is writing" in done.err
    assert (part_of(output).read_bytes(), checkpoint_of(output).read_bytes()) == before


# What goes wrong, and how it goes on


async def test_a_failure_before_the_first_chat_leaves_nothing(
    many: Sandbox, here: Here, output: Path
) -> None:
    done = await here(*EXPORT, "-o", str(output), LIVECHAT_TOKEN="wrong")

    assert (done.code, names_in(output.parent)) == (1, [])
    assert done.err.startswith("nothing was written\nerror: GET ")
    assert len(many.requests) == 1


async def test_after_a_failure_it_goes_on(many: Sandbox, here: Here, output: Path) -> None:
    await leave_part(many, here, output)
    kept = lines_of(part_of(output))
    assert text_of(output) is None

    done = await here(*EXPORT, "-o", str(output), "--resume")

    assert done.code == 0, done.err
    assert done.err.startswith(f"going on after {len(kept)} chats\n")
    assert lines_of(output)[: len(kept)] == kept
    check_whole(output, many)


async def test_a_failure_says_how_to_go_on(many: Sandbox, here: Here, output: Path) -> None:
    many.add_chat(started_timestamp=1_672_534_861, duration="long")

    done = await here(*EXPORT, "-o", str(output))

    note, error = done.err.splitlines()
    assert done.code == 1
    assert "chats kept in" in note
    assert "--resume" in note
    assert error.startswith("error: GET ")
    assert "pages(start" not in error


async def test_what_was_written_after_the_checkpoint_is_cut_off(
    many: Sandbox, here: Here, output: Path
) -> None:
    await leave_part(many, here, output)
    with part_of(output).open("ab") as file:
        file.write(b'{"id": "half a li' * 20_000)

    done = await here(*EXPORT, "-o", str(output), "--resume")

    assert done.code == 0
    check_whole(output, many)


async def test_broken_chats_may_be_left_out(many: Sandbox, here: Here, output: Path) -> None:
    broken = add_broken(many)

    done = await here(*EXPORT, "-o", str(output), "--on-broken", "skip")

    assert done.code == 0
    many.remove_chat(broken)
    check_whole(output, many)
    assert "left out 1 chat that cannot be read:" in done.err
    assert ".duration: expected a whole number, found 'long'" in done.err


async def test_an_overfull_day_is_an_error_unless_a_part_is_enough(
    env: dict[str, str], here: Here, output: Path
) -> None:
    async with Sandbox(
        record_cap=50, chats=60, chats_from="2023-01-05", chats_to="2023-01-05"
    ) as sandbox:
        sandbox.seed_chats(9, date_from="2023-01-01", date_to="2023-01-03")
        env.update(
            LIVECHAT_BASE_URL=sandbox.url,
            LIVECHAT_LOGIN=sandbox.credentials.login,
            LIVECHAT_TOKEN=sandbox.credentials.token.reveal(),
        )
        refused = await here(*EXPORT, "-o", str(output))
        done = await here(*(*EXPORT, "-o", str(output), "--resume", "--on-overfull-day", "partial"))

    assert (refused.code, done.code) == (1, 0), refused.err + done.err
    assert "with --on-overfull-day partial" in refused.err
    assert "2023-01-05 holds 60 items" in refused.err
    assert "of 2023-01-05 only the latest 50 chats of 60 could be had" in done.err
    ids = [chat["id"] for chat in lines_of(output)]
    assert len(ids) == len(set(ids)) == 59


async def test_late_chats_are_counted_in_the_summary(
    many: Sandbox, here: Here, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Export, "late", 3)

    done = await here(*EXPORT, "-o", str(output))

    assert (done.code, len(lines_of(output))) == (0, len(many.chat_ids()))
    assert "3 chats came meanwhile into days that were done" in done.err


# What is to be resumed


async def test_with_nothing_to_resume_it_begins(many: Sandbox, here: Here, output: Path) -> None:
    done = await here(*EXPORT, "-o", str(output), "--resume")

    assert done.code == 0
    check_whole(output, many)


async def test_a_checkpoint_cut_short_anywhere_is_refused(
    many: Sandbox, here: Here, output: Path
) -> None:
    await leave_part(many, here, output)
    whole, part = checkpoint_of(output).read_bytes(), part_of(output).read_bytes()
    many.clear_requests()

    for length in (0, 1, len(whole) // 2, len(whole) - 3):
        checkpoint_of(output).write_bytes(whole[:length])
        done = await here(*EXPORT, "-o", str(output), "--resume")
        assert (done.code, many.requests) == (2, [])
        assert "cut short" in done.err
        assert "--overwrite" in done.err
        assert part_of(output).read_bytes() == part


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "cut short or damaged"),
        ('{"bytes": true, "checkpoint": {}}', "cut short or damaged"),
        ('{"bytes": 1, "checkpoint": {}}', "no checkpoint"),
        (
            '{"bytes": 1, "checkpoint": {"kind": "livechat_async.export", "version": 9}}',
            "version 9",
        ),
    ],
)
async def test_a_checkpoint_of_something_else_is_refused(
    many: Sandbox, here: Here, output: Path, content: str, message: str
) -> None:
    part_of(output).write_text("{}")
    checkpoint_of(output).write_text(content)

    done = await here(*EXPORT, "-o", str(output), "--resume")

    assert (done.code, many.requests, part_of(output).read_text()) == (2, [], "{}")
    assert message in done.err
    assert "--overwrite" in done.err


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (("--tag", "vip"), "tag=None, this one ['vip']"),
        (("--to", "2023-01-11"), "--to='2023-01-10', this one '2023-01-11'"),
    ],
)
async def test_a_checkpoint_of_another_query_is_refused(
    many: Sandbox, here: Here, output: Path, other: tuple[str, ...], message: str
) -> None:
    await leave_part(many, here, output)
    before = part_of(output).read_bytes()
    many.clear_requests()

    done = await here(*EXPORT, "-o", str(output), "--resume", *other)

    assert (done.code, many.requests, part_of(output).read_bytes()) == (2, [], before)
    assert message in done.err
    assert "--overwrite" in done.err


async def test_a_part_and_its_checkpoint_need_each_other(
    many: Sandbox, here: Here, output: Path
) -> None:
    await leave_part(many, here, output)
    part, checkpoint = part_of(output).read_bytes(), checkpoint_of(output).read_bytes()

    part_of(output).write_bytes(part[:-5])
    shorter = await here(*EXPORT, "-o", str(output), "--resume")
    part_of(output).unlink()
    gone = await here(*EXPORT, "-o", str(output), "--resume")
    part_of(output).write_bytes(part)
    checkpoint_of(output).unlink()
    without = await here(*EXPORT, "-o", str(output), "--resume")

    assert [shorter.code, gone.code, without.code] == [2, 2, 2]
    assert f"{len(part) - 5:,} bytes" in shorter.err
    assert "0 bytes" in gone.err
    assert "no checkpoint any more" in without.err
    checkpoint_of(output).write_bytes(checkpoint)
    assert (await here(*EXPORT, "-o", str(output), "--resume")).code == 0
    check_whole(output, many)


async def test_a_part_that_is_gone_is_no_finished_export(
    many: Sandbox, here: Here, output: Path
) -> None:
    await leave_part(many, here, output)
    part_of(output).unlink()
    leave(output, "of an earlier export")

    done = await here(*EXPORT, "-o", str(output), "--resume")

    assert (done.code, text_of(output)) == (2, "of an earlier export")
    assert "0 bytes" in done.err


async def test_a_finished_export_has_nothing_to_resume(
    many: Sandbox, here: Here, output: Path
) -> None:
    await here(*EXPORT, "-o", str(output))
    many.clear_requests()

    done = await here(*EXPORT, "-o", str(output), "--resume")

    assert (done.code, many.requests) == (2, [])
    assert "is finished, and there is nothing to resume" in done.err
    check_whole(output, many)


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
async def test_killed_before_the_last_step_it_only_takes_that_step(
    many: Sandbox, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    output = tmp_path / f"chats.{suffix}"
    with monkeypatch.context() as patch:

        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(
            Path,
            "replace",
            lambda self, to: fail() if to == output else os.replace(self, to),  # noqa: PTH105
        )
        failed = await here(*EXPORT, "-o", str(output))
    many.clear_requests()
    assert (failed.code, text_of(output)) == (1, None)
    assert "--resume" in failed.err
    assert "No space left on device" in failed.err

    done = await here(*EXPORT, "-o", str(output), "--resume")

    assert (done.code, many.requests) == (0, [])
    assert len((text_of(output) or "").splitlines()) == 60 + (suffix == "csv")
    assert names_in(tmp_path) == [output.name]


async def test_killed_after_the_last_step_only_the_tidying_up_is_left(
    many: Sandbox, here: Here, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("livechat_async.cli.export.writing.ExportFile.tidy_up", lambda _: None)
        await here(*EXPORT, "-o", str(output))
    assert checkpoint_of(output).exists()
    many.clear_requests()

    done = await here(*EXPORT, "-o", str(output), "--resume")

    assert (done.code, many.requests) == (0, [])
    assert "whole already" in done.err
    check_whole(output, many)


# What stops it


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_it_safely(
    slow: Sandbox,
    env: dict[str, str],
    here: Here,
    output: Path,
    *,
    how: signal.Signals,
    start: Start,
    start_process: StartProcess,
) -> None:
    arguments = (*EXPORT, "-o", str(output), "--prefetch", "1")
    if how is signal.SIGTERM:
        running: Running = await start_process(*arguments, env=env)
    else:
        running = start(*arguments, env=env)
    await until(lambda: len(slow.requests) >= 5)
    stopped = await running.end(how)

    assert (stopped.code, stopped.out) == (130, "")
    assert stopped.err.startswith("stopped. ")
    assert "run the same command with --resume" in stopped.err
    assert len(stopped.err.splitlines()) == 1
    kept = lines_of(part_of(output))
    assert kept
    done = await here(*EXPORT, "-o", str(output), "--resume")
    assert done.code == 0
    assert lines_of(output)[: len(kept)] == kept
    check_whole(output, slow)


async def test_a_terminal_shows_a_bar_until_ctrl_c(
    slow: Sandbox,
    env: dict[str, str],
    output: Path,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("livechat_async.cli.export.writing._SETTLED", 0)
    terminal = start(*EXPORT, "-o", str(output), "--prefetch", "1", env=env, width=100)
    await terminal.until("/400")
    await terminal.until("/s")
    code = (await terminal.end(signal.SIGINT)).code

    assert code == 130
    assert "2023-01-01" in terminal.plain
    assert "stopped. " in terminal.plain
    assert "Traceback" not in terminal.plain
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")
    assert len(slow.requests) < 16


def progress_of(items_done: int, items_expected: int | None = 150_000) -> ExportProgress:
    return ExportProgress(
        items_done=items_done,
        items_expected=items_expected,
        items_broken=0,
        windows_done=0,
        windows_left=1,
        window=None,
    )


def test_without_a_total_there_is_no_time_left() -> None:
    pace = Pace()
    pace.describe(progress_of(7, None), 0)
    assert pace.describe(progress_of(47, None), 4) == "10/s"


def test_an_export_that_resumes_says_no_time_before_it_can_be_known() -> None:
    """A rate over the time in which nothing was new gave 144,660 s (field case 29)."""
    pace = Pace()
    resumed_at, first_item_at = 0.0, 30.0

    said = [
        pace.describe(progress_of(5_340), resumed_at + first_item_at),
        pace.describe(progress_of(5_365), first_item_at + 0.1),
        pace.describe(progress_of(5_940), first_item_at + 3),
        pace.describe(progress_of(149_340), first_item_at + 720),
        pace.describe(progress_of(150_007), first_item_at + 724),
    ]

    assert said == ["", "", "200/s, 12 min left", "200/s, 3 s left", "200/s, 0 s left"]


@given(
    steps=st.lists(st.tuples(st.floats(0, 100), st.integers(0, 30)), min_size=2, max_size=20),
    expected=st.integers(0, 1_000),
)
def test_no_estimate_is_negative(steps: list[tuple[float, int]], expected: int) -> None:
    pace, now, done = Pace(), 0.0, 0
    for seconds, items in steps:
        now, done = now + seconds, done + items
        assert "-" not in pace.describe(progress_of(done, expected), now)


async def test_a_pipe_gets_a_line_now_and_then(
    many: Sandbox, here: Here, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livechat_async.cli.export.writing._BAR_EVERY", 0)
    monkeypatch.setattr("livechat_async.cli.export.writing._LINE_EVERY", 0)
    monkeypatch.setattr("livechat_async.cli.export.writing._SAVE_EVERY", 0)
    monkeypatch.setattr("livechat_async.cli.export.writing._SETTLED", 0)

    done = await here(*EXPORT, "-o", str(output))

    lines = done.err.splitlines()
    assert lines[0] == "1 of 60 chats"
    assert lines[29].startswith("30 of 60 chats, ")
    assert lines[29].endswith(" s left")
    check_whole(output, many)
