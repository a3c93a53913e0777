"""Cells of CSV."""

from __future__ import annotations

import re
from typing import Any, Final

from livechat_async.redaction import printable

__all__ = ["safe_cell"]

# A spreadsheet takes a cell that begins so for a formula, also in wide letters and after blanks.
_FORMULA: Final = "[\\s\ufeff\"']*[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_AT_START: Final = re.compile(f"{_FORMULA}|[\\x00-\\x1f\\x7f]")
# Where it divides lines at ; or |, a cell also begins after each of them, even within quotes.
_AFTER_SEPARATOR: Final = re.compile(f"([;|])(?={_FORMULA})")


def safe_cell(value: Any) -> str:
    """Text for a cell of CSV that no spreadsheet takes for a formula; a list goes into one cell.

    An apostrophe goes before what would be a formula. To get the text back, remove one apostrophe
    wherever it is followed, at the start or after a separator, by what begins a formula.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    safe = _AFTER_SEPARATOR.sub(r"\1'", text)
    return printable(f"'{safe}" if _AT_START.match(text) else safe)
