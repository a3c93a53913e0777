"""Converts an export from JSON lines to CSV or Parquet, in bounded memory."""

from __future__ import annotations

import asyncio
import csv
import importlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from livechat_async import ConfigurationError
from livechat_async.redaction import printable

__all__ = ["COLUMNS", "Format", "check_format", "convert", "guess_format", "safe_cell"]

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

# A spreadsheet takes a cell that begins so for a formula, also in wide letters and after blanks.
_FORMULA: Final = re.compile("[\\s\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\x00-\\x1f\\x7f]")


class Format(StrEnum):
    """The formats of an export."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def guess_format(output: Path) -> Format:
    """The format that a file's suffix names, or else JSON lines."""
    suffix = output.suffix.lower().removeprefix(".")
    return Format(suffix) if suffix in set(Format) else Format.JSONL


def check_format(kind: Format) -> None:
    """Raise a `ConfigurationError` if a package is missing that the format needs."""
    if kind is Format.PARQUET:
        try:
            importlib.import_module("pyarrow.parquet")
        except ModuleNotFoundError:
            raise ConfigurationError(
                "--format parquet needs pyarrow: pip install 'livechat_async[parquet]'"
            ) from None


async def convert(part: Path, kind: Format) -> Path | None:
    """Convert JSON lines to another format, in a file beside them; None for JSON lines."""
    if kind is Format.JSONL:
        return None
    converted = part.with_suffix(".tmp")
    await (_to_csv if kind is Format.CSV else _to_parquet)(part, converted)
    return converted


def safe_cell(value: Any) -> str:
    """Text for a cell of CSV that no spreadsheet takes for a formula; a list goes into one cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{printable(text)}" if _FORMULA.match(text) else printable(text)


def _rows(part: Path) -> Iterator[list[dict[str, Any]]]:
    with part.open("rb") as lines:
        chats = map(json.loads, lines)
        rows = ({name: value(chat) for name, (_, value) in COLUMNS.items()} for chat in chats)
        while some := list(islice(rows, _ROWS_AT_A_TIME)):
            yield some


async def _to_csv(part: Path, output: Path) -> None:
    with output.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for rows in _rows(part):
            table.writerows(map(safe_cell, row.values()) for row in rows)
            await asyncio.sleep(0)  # so that Ctrl-C comes in
        file.flush()
        os.fsync(file.fileno())


async def _to_parquet(part: Path, output: Path) -> None:
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
    with output.open("wb") as file:
        with parquet.ParquetWriter(file, schema) as writer:
            for rows in _rows(part):
                typed = [_with_moments(row) for row in rows]
                writer.write_batch(arrow.RecordBatch.from_pylist(typed, schema=schema))
                await asyncio.sleep(0)  # so that Ctrl-C comes in
        file.flush()
        os.fsync(file.fileno())


def _with_moments(row: dict[str, Any]) -> dict[str, Any]:
    """The row with moments for times. A time without a zone is no moment: only its text is kept."""
    for name in _TIMES:
        text = row[name]
        moment = datetime.fromisoformat(text) if text else None
        row[f"{name}_text"] = text
        row[name] = moment.astimezone(UTC) if moment is not None and moment.tzinfo else None
    return row
