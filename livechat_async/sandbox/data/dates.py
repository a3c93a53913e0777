"""Days, zones and times: what callers may give, and how chats and tickets write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from livechat_async.checks import find_zone, parse_day, refusal

DAY = 86_400
"""Seconds."""

_MOMENTS = range(-(10**10), 10**11)  # Unix seconds that are a day in any zone
# A plus sign that was not encoded arrives as a space.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d{1,9})?"
    r"(?:([Zz])|([ +-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def to_day(name: str, value: object) -> date | None:
    """A day that a caller gave: a date, text such as ``2013-01-23``, or None."""
    if value is None:
        return None
    day = value if isinstance(value, date) else parse_day(value)
    if day is None or isinstance(day, datetime):
        raise refusal(name, value, "a day is needed, a date or text such as '2013-01-23'")
    return day


def to_seconds(name: str, value: object) -> int:
    """The Unix seconds of a time that a caller gave: an aware datetime, or Unix seconds."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return int(value.timestamp())
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**11:
        return value
    raise refusal(name, value, "whole Unix seconds or an aware datetime are needed")


def zone_of(name: object) -> tzinfo | None:
    """The zone of a name such as ``America/Phoenix``; None if there is none."""
    if name == "UTC":
        return UTC  # known everywhere, also where no list of zones is installed
    return find_zone(name) if isinstance(name, str) and name else None


def day_start(day: date, zone: tzinfo = UTC) -> int:
    """The first second of a day."""
    return int(datetime.combine(day, time(), zone).timestamp())


def day_end(day: date, zone: tzinfo = UTC) -> int:
    """The first second after a day."""
    if day == date.max:
        return day_start(day, zone) + DAY
    return day_start(day + timedelta(days=1), zone)


def moments_of(
    first: date | None, last: date | None, zone: tzinfo = UTC
) -> tuple[int | None, int | None]:
    """The first second of the first day, and the one after the last; None for no day."""
    start = None if first is None else day_start(first, zone)
    return start, None if last is None else day_end(last, zone)


def read_moment(text: object, zone: tzinfo, *, is_end: bool = False) -> int | None:
    """A day or time of a query as Unix seconds, as an end the second after it; None if neither.

    The documentation names days only. Public programs send times as well, as in
    ``2026-11-01T00:00:00Z``; one without an offset is in the zone.
    """
    if (day := parse_day(text)) is not None:
        return day_end(day, zone) if is_end else day_start(day, zone)
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    offset = "+00:00" if match[3] else ""
    if match[4]:
        offset = f"{'-' if match[4] == '-' else '+'}{match[5]}:{match[6]}"
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}{offset}")
    except ValueError:
        return None
    aware = moment if offset else moment.replace(tzinfo=zone)
    return int(aware.timestamp()) + is_end


def chat_date(seconds: int, zone: tzinfo) -> str:
    """Unix seconds in the form of chats: ``Wed, 01/23/13 11:40:53 am``."""
    # Not strftime: its names of days follow the locale.
    moment = datetime.fromtimestamp(seconds, zone)
    half = "am" if moment.hour < 12 else "pm"  # noqa: PLR2004 - noon
    return (
        f"{_WEEKDAYS[moment.weekday()]}, {moment.month:02}/{moment.day:02}/{moment.year % 100:02} "
        f"{moment.hour % 12 or 12:02}:{moment.minute:02}:{moment.second:02} {half}"
    )


def iso_date(seconds: int) -> str:
    """Unix seconds in the form of tickets: ``2019-03-01T12:00:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_ticket_time(value: object) -> int | None:
    """The Unix seconds of a time in a ticket, text or number; None for anything else."""
    seconds = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        seconds = None if moment.tzinfo is None else int(moment.timestamp())
    return seconds if isinstance(seconds, int) and seconds in _MOMENTS else None
