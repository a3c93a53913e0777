"""What a caller gives, checked; each raises ConfigurationError for anything else."""

from __future__ import annotations

from datetime import date, datetime

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox.data.dates import read_day

__all__ = ["to_day", "to_number", "to_seconds"]


def to_day(name: str, value: object) -> date:
    """A day a caller gave: a date, or ``YYYY-MM-DD``.

    Raises:
        ConfigurationError: it is neither.
    """
    day = value if isinstance(value, date) else read_day(value)
    if day is None or isinstance(day, datetime):
        raise ConfigurationError(
            f"{name}={value!r}: a day is needed, a date or text such as '2013-01-23'"
        )
    return day


def to_seconds(name: str, value: object) -> int:
    """A time a caller gave: an aware datetime, or Unix seconds.

    Raises:
        ConfigurationError: it is neither.
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        return int(value.timestamp())
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**11:
        return value
    raise ConfigurationError(
        f"{name}={value!r}: whole Unix seconds or an aware datetime are needed"
    )


def to_number(name: str, value: object, least: int = 0) -> int:
    """A whole number.

    Raises:
        ConfigurationError: it is none, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigurationError(f"{name}={value!r}: a whole number is needed, {least} or more")
    return value
