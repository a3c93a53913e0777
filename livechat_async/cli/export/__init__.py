"""``chats export``: ``files`` survive crashes, ``writing`` fills and ``formats`` converts them.

The formats are named here, because the help of the command needs no more than them.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

__all__ = ["Format", "guess_format"]


class Format(StrEnum):
    """The formats of an export."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def guess_format(output: Path) -> Format:
    """The format that a file's suffix names, or else JSON lines."""
    suffix = output.suffix.lower().removeprefix(".")
    return Format(suffix) if suffix in set(Format) else Format.JSONL
