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
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

from livechat_async import ConfigurationError
from livechat_async.cli.export.files import create_private
from livechat_async.cli.export.kinds import Format
from livechat_async.cli.output.cells import safe_cell

__all__ = ["COLUMNS", "check_format", "convert"]

_ROWS_AT_A_TIME = 5_000

_Chat: TypeAlias = dict[str, Any]


def _visitor(chat: _Chat) -> _Chat:
    return chat.get("visitor") or {}


COLUMNS: Final[Mapping[str, tuple[str, Callable[[_Chat], Any]]]] = {
    "id": ("text", lambda chat: chat["id"]),
    "type": ("text", lambda chat: chat.get("type")),
    "started": ("time", lambda chat: chat.get("started") or chat.get("time")),
    "ended": ("time", lambda chat: chat.get("ended")),
    "duration": ("number", lambda chat: chat.get("duration")),
    "pending": ("flag", lambda chat: bool(chat.get("pending"))),
    "visitor_id": ("text", lambda chat: _visitor(chat).get("id") or chat.get("visitor_id")),
    "visitor_name": ("text", lambda chat: _visitor(chat).get("name") or chat.get("visitor_name")),
    "visitor_email": ("text", lambda chat: _visitor(chat).get("email") or chat.get("email")),
    "visitor_ip": ("text", lambda chat: _visitor(chat).get("ip") or chat.get("visitor_ip")),
    "city": ("text", lambda chat: _visitor(chat).get("city")),
    "region": ("text", lambda chat: _visitor(chat).get("region")),
    "country": ("text", lambda chat: _visitor(chat).get("country")),
    "agents": (
        "texts",
        lambda chat: [
            agent["email"] or agent["display_name"] for agent in chat.get("agents") or ()
        ],
    ),
    "groups": ("numbers", lambda chat: chat.get("group") or []),
    "tags": ("texts", lambda chat: chat.get("tags") or []),
    "rate": ("text", lambda chat: chat.get("rate")),
    "goals": ("texts", lambda chat: [goal["name"] for goal in chat.get("goals") or ()]),
    "engagement": ("text", lambda chat: chat.get("engagement")),
    "url": ("text", lambda chat: chat.get("chat_start_url")),
    "referrer": ("text", lambda chat: chat.get("referrer")),
    "queued": ("number", lambda chat: (chat.get("queue") or {}).get("duration")),
    "messages": ("number", lambda chat: len(chat.get("messages") or ())),
    "message": ("text", lambda chat: chat.get("message")),
    "timezone": ("text", lambda chat: chat.get("timezone")),
}
"""The columns in order: the kind of each, and its value. Durations are seconds."""

_TIMES = [name for name, (kind, _) in COLUMNS.items() if kind == "time"]


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
        with create_private(converted) as file:
            if kind is Format.CSV:
                await _to_csv(part, file)
            elif misfits := await _to_parquet(part, file):
                warn(
                    f"{misfits:,} numbers do not fit into 64 bits and are empty in Parquet: "
                    "--format jsonl keeps them"
                )
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            converted.unlink()
        raise
    return converted


def _rows(part: Path) -> Iterator[list[dict[str, Any]]]:
    with part.open("rb") as lines:
        chats = map(json.loads, lines)
        rows = ({name: value(chat) for name, (_, value) in COLUMNS.items()} for chat in chats)
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
    fields = [(name, types[kind]) for name, (kind, _) in COLUMNS.items()]
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
