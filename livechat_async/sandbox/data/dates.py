"""Days, zones and the ways chats and tickets write a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

__all__ = [
    "DAY",
    "chat_date",
    "day_end",
    "day_start",
    "iso_date",
    "read_day",
    "zone_of",
]

DAY = 86_400
"""Seconds."""

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def zone_of(name: object) -> tzinfo | None:
    """The zone of a name such as ``America/Phoenix``; None for no zone's name."""
    if name == "UTC":
        return UTC  # known everywhere, also where no list of zones is installed
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (KeyError, ValueError, OSError):
        return None


def chat_date(seconds: int, zone: tzinfo) -> str:
    """Unix seconds as chats have them: ``Wed, 01/23/13 11:40:53 am``."""
    # Not strftime: its names of days follow the locale.
    moment = datetime.fromtimestamp(seconds, zone)
    half = "am" if moment.hour < 12 else "pm"  # noqa: PLR2004 - noon
    return (
        f"{_WEEKDAYS[moment.weekday()]}, {moment.month:02}/{moment.day:02}/{moment.year % 100:02} "
        f"{moment.hour % 12 or 12:02}:{moment.minute:02}:{moment.second:02} {half}"
    )


def iso_date(seconds: int) -> str:
    """Unix seconds as tickets have them: ``2019-03-01T12:00:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_day(text: object) -> date | None:
    """A day as requests have it, ``YYYY-MM-DD``; None for anything else."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date() if isinstance(text, str) else None  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None
    return day if str(day) == text else None


def day_start(day: date, zone: tzinfo = UTC) -> int:
    """The first second of a day."""
    return int(datetime.combine(day, time(), zone).timestamp())


def day_end(day: date, zone: tzinfo = UTC) -> int:
    """The first second after a day."""
    if day == date.max:
        return day_start(day, zone) + DAY
    return day_start(day + timedelta(days=1), zone)
