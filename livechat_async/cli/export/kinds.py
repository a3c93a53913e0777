"""The formats of an export."""

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
