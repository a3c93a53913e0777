"""Times as LiveChat writes them; pure functions."""

from __future__ import annotations

import re
from contextvars import ContextVar
from datetime import datetime, tzinfo
from functools import cache
from typing import Final

__all__ = ["ZONE_OF_TEXTS", "parse_time"]

ZONE_OF_TEXTS: Final[ContextVar[tzinfo | None]] = ContextVar("zone_of_texts", default=None)
"""The zone of times without one, as the object says that is being decoded; it goes first."""

_CENTURY = 2000


# Compiled when the first time comes. Times are many, so this is quicker than `re`'s own memory.
@cache
def _iso() -> re.Pattern[str]:
    return re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?", re.ASCII)


@cache
def _twelve_hours() -> re.Pattern[str]:
    return re.compile(
        r"[A-Za-z]{3}, (\d\d)/(\d\d)/(\d\d) (0[1-9]|1[0-2]):(\d\d):(\d\d) ([ap])m", re.ASCII
    )


def parse_time(text: str) -> datetime | None:
    """The time in a text: ISO, or the chats' ``Wed, 01/23/13 11:40:53 am``.

    Args:
        text: as sent. The name of the weekday is not looked at.

    Returns:
        Aware if the text names an offset, else naive; None for a text of another form.

    Raises:
        ValueError: the form is right, and there is no such time.
    """
    if _iso().fullmatch(text):
        return datetime.fromisoformat(text)
    found = _twelve_hours().fullmatch(text)
    if found is None:
        return None
    # Not strptime, whose am and pm depend on the locale.
    month, day, year, hour, minute, second = map(int, found.groups()[:6])
    hour = hour % 12 + (12 if found[7] == "p" else 0)
    return datetime(_CENTURY + year, month, day, hour, minute, second)  # noqa: DTZ001 (it has none)
