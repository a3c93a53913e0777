"""Chats as rows of a table, in CSV and Parquet, made of JSON lines in bounded memory."""

from __future__ import annotations

import asyncio
import csv
import importlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from livechat_async import ConfigurationError
from livechat_async.redaction import printable

__all__ = ["COLUMNS", "Format", "check_format", "convert", "guess_format", "safe_cell", "to_row"]

_ROWS_AT_A_TIME = 5_000

Row: TypeAlias = dict[str, Any]

COLUMNS: Final = {
    "id": "text",
    "type": "text",
    "started": "time",
    "ended": "time",
    "duration": "number",
    "pending": "flag",
    "visitor_id": "text",
    "visitor_name": "text",
    "visitor_email": "text",
    "visitor_ip": "text",
    "city": "text",
    "region": "text",
    "country": "text",
    "agents": "texts",
    "groups": "numbers",
    "tags": "texts",
    "rate": "text",
    "goals": "texts",
    "engagement": "text",
    "url": "text",
    "referrer": "text",
    "queued": "number",
    "messages": "number",
    "message": "text",
    "timezone": "text",
}
"""The columns, in order. Durations are seconds; ``messages`` is how many."""

# A spreadsheet takes a cell that begins so for a formula; the wide ones too, and after blanks.
_FORMULA: Final = re.compile("[\\s\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\x00-\\x1f\\x7f]")


class Format(StrEnum):
    """What an export can be written as."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def guess_format(output: Path) -> Format:
    """The format of a file's name; JSON lines if it names none."""
    suffix = output.suffix.lower().removeprefix(".")
    return Format(suffix) if suffix in set(Format) else Format.JSONL


def check_format(kind: Format) -> None:
    """Whether it can be written here.

    Raises:
        ConfigurationError: a package is missing.
    """
    if kind is Format.PARQUET:
        try:
            importlib.import_module("pyarrow.parquet")
        except ModuleNotFoundError:
            raise ConfigurationError(
                "--format parquet needs pyarrow: pip install 'livechat_async[parquet]'"
            ) from None


async def convert(part: Path, kind: Format) -> Path | None:
    """Make a file of another format beside JSON lines, row by row.

    Returns:
        The file that was made; None for JSON lines, which stay what they are.
    """
    if kind is Format.JSONL:
        return None
    made = part.with_suffix(".tmp")
    await (_to_csv(part, made) if kind is Format.CSV else _to_parquet(part, made))
    return made


def to_row(chat: dict[str, Any]) -> Row:
    """The row of a chat as the JSON lines have it."""
    visitor = chat.get("visitor") or {}
    messages = chat.get("messages") or []
    return {
        "id": chat["id"],
        "type": chat.get("type"),
        "started": chat.get("started") or chat.get("time"),
        "ended": chat.get("ended"),
        "duration": chat.get("duration"),
        "pending": bool(chat.get("pending")),
        "visitor_id": visitor.get("id") or chat.get("visitor_id"),
        "visitor_name": visitor.get("name") or chat.get("visitor_name"),
        "visitor_email": visitor.get("email") or chat.get("email"),
        "visitor_ip": visitor.get("ip") or chat.get("visitor_ip"),
        "city": visitor.get("city"),
        "region": visitor.get("region"),
        "country": visitor.get("country"),
        "agents": [agent["email"] or agent["display_name"] for agent in chat.get("agents") or []],
        "groups": chat.get("group") or [],
        "tags": chat.get("tags") or [],
        "rate": chat.get("rate"),
        "goals": [goal["name"] for goal in chat.get("goals") or []],
        "engagement": chat.get("engagement"),
        "url": chat.get("chat_start_url"),
        "referrer": chat.get("referrer"),
        "queued": (chat.get("queue") or {}).get("duration"),
        "messages": len(messages),
        "message": chat.get("message"),
        "timezone": chat.get("timezone"),
    }


def safe_cell(value: Any) -> str:
    """Text for a cell of CSV that no spreadsheet takes for a formula; a list in one cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{printable(text)}" if _FORMULA.match(text) else printable(text)


def _rows(part: Path) -> Iterator[list[Row]]:
    with part.open("rb") as lines:
        rows = (to_row(json.loads(line)) for line in lines)
        while some := list(islice(rows, _ROWS_AT_A_TIME)):
            yield some


async def _to_csv(part: Path, made: Path) -> None:
    with made.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for rows in _rows(part):
            table.writerows([safe_cell(row[name]) for name in COLUMNS] for row in rows)
            await asyncio.sleep(0)  # where Ctrl-C comes in
        file.flush()
        os.fsync(file.fileno())


async def _to_parquet(part: Path, made: Path) -> None:
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
    texts = [(f"{name}_text", types["text"]) for name in _times()]
    schema = arrow.schema(fields + texts)
    with made.open("wb") as file:
        with parquet.ParquetWriter(file, schema) as writer:
            for rows in _rows(part):
                batch = arrow.RecordBatch.from_pylist([_typed(row) for row in rows], schema=schema)
                writer.write_batch(batch)
                await asyncio.sleep(0)  # where Ctrl-C comes in
        file.flush()
        os.fsync(file.fileno())


def _times() -> Sequence[str]:
    return [name for name, kind in COLUMNS.items() if kind == "time"]


def _typed(row: Row) -> Row:
    """With moments for times. One without a zone is no moment: only its text is kept."""
    for name in _times():
        text = row[name]
        moment = datetime.fromisoformat(text) if text else None
        row[f"{name}_text"] = text
        row[name] = moment.astimezone(UTC) if moment is not None and moment.tzinfo else None
    return row
