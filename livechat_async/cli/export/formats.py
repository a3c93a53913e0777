"""Converts an export from JSON lines to CSV or Parquet, in bounded memory."""

from __future__ import annotations

import asyncio
import csv
import importlib
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from livechat_async import Chat, ConfigurationError
from livechat_async.cli.export import Format
from livechat_async.cli.export.files import create_output
from livechat_async.cli.output.show import safe_cell
from livechat_async.decoding.converter import shared_converter
from livechat_async.models._base import plain_of
from livechat_async.private_files import name_file

_ROWS_AT_A_TIME = 5_000

COLUMNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("id", "type"), "text"),
    **dict.fromkeys(("started", "ended"), "time"),
    "duration": "number",
    "pending": "flag",
    **dict.fromkeys(("visitor_id", "visitor_name", "visitor_email", "visitor_ip"), "text"),
    **dict.fromkeys(("city", "region", "country"), "text"),
    "agents": "texts",
    "groups": "numbers",
    "tags": "texts",
    "rate": "text",
    "goals": "texts",
    **dict.fromkeys(("engagement", "url", "referrer"), "text"),
    **dict.fromkeys(("queued", "messages"), "number"),
    **dict.fromkeys(("message", "timezone"), "text"),
}
"""The columns of `Chat.to_row`, and the kind of each."""

_TIMES = [name for name, kind in COLUMNS.items() if kind == "time"]


def check_format(kind: Format) -> None:
    """Raise a `ConfigurationError` if a package is missing that the format needs."""
    if kind is Format.PARQUET:
        try:
            importlib.import_module("pyarrow.parquet")
        except ModuleNotFoundError:
            raise ConfigurationError(
                "--format parquet needs pyarrow: pip install 'livechat_async[parquet]'"
            ) from None


async def convert(part: Path, kind: Format, warn: Callable[[str], None]) -> Path | None:
    """Convert JSON lines to another format, in a file beside them; None for JSON lines.

    ``warn`` is called with a message about numbers that do not fit.
    """
    if kind is Format.JSONL:
        return None
    converted = part.with_suffix(".tmp")
    try:
        with create_output(converted) as file:
            if kind is Format.CSV:
                await _to_csv(part, file)
            elif misfits := await _to_parquet(part, file):
                warn(
                    f"{misfits:,} numbers do not fit into 64 bits and are empty in Parquet: "
                    "--format jsonl keeps them"
                )
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        with suppress(OSError):
            converted.unlink()
        name_file(error, converted)
        raise
    return converted


def _rows(part: Path) -> Iterator[list[dict[str, Any]]]:
    to_chat = partial(shared_converter().structure, cl=Chat)
    with part.open("rb") as lines:
        chats = map(to_chat, map(json.loads, lines))
        rows = (plain_of(chat._row()) for chat in chats)  # noqa: SLF001 (a text keeps its offset)
        while some := list(islice(rows, _ROWS_AT_A_TIME)):
            yield some


async def _to_csv(part: Path, output: BinaryIO) -> None:
    file = io.TextIOWrapper(output, encoding="utf-8", newline="")
    table = csv.writer(file)
    table.writerow(COLUMNS)
    for rows in _rows(part):
        table.writerows(map(safe_cell, row.values()) for row in rows)
        await asyncio.sleep(0)  # so that Ctrl-C comes in
    file.detach()


async def _to_parquet(part: Path, output: BinaryIO) -> int:
    """Write the rows, and return how many numbers are left out because they do not fit."""
    arrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    types = {
        "text": arrow.string(),
        "time": arrow.timestamp("us", tz="UTC"),
        "number": arrow.int64(),
        "flag": arrow.bool_(),
        "texts": arrow.list_(arrow.string()),
        "numbers": arrow.list_(arrow.int64()),
    }
    fields = [(name, types[kind]) for name, kind in COLUMNS.items()]
    schema = arrow.schema([*fields, *((f"{name}_text", types["text"]) for name in _TIMES)])
    misfits = 0
    with parquet.ParquetWriter(output, schema) as writer:
        for rows in _rows(part):
            typed = [_with_moments(row) for row in rows]
            try:
                batch = arrow.RecordBatch.from_pylist(typed, schema=schema)
            except (ValueError, OverflowError):  # rare, so that values are not checked in advance
                misfits += sum(map(_make_fit, typed))
                batch = arrow.RecordBatch.from_pylist(typed, schema=schema)
            writer.write_batch(batch)
            await asyncio.sleep(0)  # so that Ctrl-C comes in
    return misfits


def _make_fit(row: dict[str, Any]) -> int:
    """Empty numbers that do not fit into 64 bits, and count them. Mend half characters."""
    misfits = 0
    for name, value in row.items():
        values = value if isinstance(value, list) else [value]
        fit = [_fitting(one) for one in values]
        misfits += fit.count(None) - values.count(None)
        row[name] = fit if isinstance(value, list) else fit[0]
    return misfits


def _fitting(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return None if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def _with_moments(row: dict[str, Any]) -> dict[str, Any]:
    """The row with moments for times. A time without a zone is no moment: only its text is kept."""
    for name in _TIMES:
        text = row[name]
        moment = datetime.fromisoformat(text) if text else None
        row[f"{name}_text"] = text
        row[name] = None
        if moment is not None and moment.tzinfo:
            with suppress(OverflowError):  # in UTC, it is before the year 1 or after 9999
                row[name] = moment.astimezone(UTC)
    return row
