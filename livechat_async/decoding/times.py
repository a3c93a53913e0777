"""Times as LiveChat writes them: text of two forms, Unix seconds, and numbers of unknown unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import timezone as offset_zone
from functools import lru_cache
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from livechat_async.decoding.hooks import NOTHING, is_nothing, to_int, whole_number
from livechat_async.decoding.problems import WireError, show, wrong
from livechat_async.decoding.quick import Hook, Quick, QuickHook

__all__ = [
    "DATE_HOOK",
    "TEXTS",
    "Texts",
    "datetime_hook",
    "is_no_time",
    "parse_time",
    "shown_zone",
    "time_or_number_hook",
    "time_or_zero_hook",
    "to_unix_time",
]


class Texts:
    """The texts without a time zone in the object that is being decoded.

    Attributes:
        zone: the zone that the object names for them; it wins over the client's.
        is_naive: whether one of them had no zone.
    """

    zone: tzinfo | None = None
    is_naive: bool = False


TEXTS: Final[ContextVar[Texts | None]] = ContextVar("texts", default=None)
"""Those of the object being decoded; None outside of an object whose times could mix."""

_UnixTime: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
_UNIX_EPOCH: Final = datetime.fromtimestamp(0, UTC)  # as a twin, zero says that there is no time
_HOURS = {
    f"{hour:02} {half}m": f"{hour % 12 + (12 if half == 'p' else 0):02}"
    for hour in range(1, 13)
    for half in "ap"
}
_QUARTER, _SECOND, _DAY = timedelta(minutes=15), timedelta(seconds=1), timedelta(days=1)
_ISO_LENGTH, _CHAT_LENGTH = 19, 25
_LONG_ISO = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?"
_MOST_MOMENTS = 8192


def is_no_time(value: Any) -> bool:
    """Whether a value stands for nothing where a time is due: MySQL's zero date says never."""
    return is_nothing(value) or (isinstance(value, str) and value.startswith("0000-00-00"))


def parse_time(text: str) -> datetime | None:
    """The time in a text: ISO, or the chats' ``Wed, 01/23/13 11:40:53 am``.

    It is aware if the text names an offset, else naive; None for a text of another form. The name
    of the weekday is not checked. A ValueError says that there is no such time.
    """
    length = len(text)
    if length == _CHAT_LENGTH and text[3] == ",":
        # Not strptime, whose am and pm depend on the locale.
        hour = _HOURS.get(text[14:16] + text[22:])
        if hour is None or text[4:14:3] != " // " or not (text[:3].isalpha() and text.isascii()):
            return None
        text = f"20{text[11:13]}-{text[5:7]}-{text[8:10]} {hour}{text[16:22]}"
        length = _ISO_LENGTH
    if length == _ISO_LENGTH:
        # With these marks, fromisoformat takes digits only in between.
        has_marks = text[4] == text[7] == "-" and text[13] == text[16] == ":" and text[10] in " T"
        return datetime.fromisoformat(text) if has_marks else None
    return datetime.fromisoformat(text) if re.fullmatch(_LONG_ISO, text, re.ASCII) else None


def _zone_of_texts(timezone: tzinfo | None) -> tzinfo | None:
    texts = TEXTS.get()
    if texts is None:
        return timezone
    texts.is_naive = texts.is_naive or (texts.zone or timezone) is None
    return texts.zone or timezone


def shown_zone(pairs: Iterable[tuple[Any, Any]]) -> tzinfo:
    """The zone of an object's texts, by a time that it also has in Unix seconds; else UTC."""
    for text, twin in pairs:
        with suppress(ValueError, TypeError, OverflowError, OSError):  # it does not have both
            time: Any = parse_time(text)
            unix: Any = to_unix_time(twin, "")
            unix = datetime.fromtimestamp(unix, UTC) if isinstance(unix, int) else unix
            ahead = time.replace(tzinfo=UTC) - unix
            shift = round(ahead / _QUARTER) * _QUARTER
            if abs(ahead - shift) < _SECOND and abs(shift) < _DAY:
                return offset_zone(shift)
    return UTC


def datetime_hook(timezone: tzinfo | None) -> QuickHook:
    """The hook of times: text of one of LiveChat's forms, or Unix seconds.

    The time zone is that of texts without one, and of the times that are made.
    """

    def to_datetime(value: Any, _: Any) -> datetime:
        try:
            if isinstance(value, datetime) and value.tzinfo is not None:  # of `to_unix_time`
                return value if timezone is None else value.astimezone(timezone)
            time = parse_time(value) if isinstance(value, str) else None
            if time is not None:
                return time.replace(tzinfo=time.tzinfo or _zone_of_texts(timezone))
            return datetime.fromtimestamp(to_int(value, int), timezone or UTC)
        except (ValueError, OverflowError, OSError):
            pass  # a text or number of the right form that is no time, such as the 32nd
        raise wrong("a time", value)

    in_zone = None if timezone is None else lambda time: time.astimezone(timezone)
    twin = Quick(_UnixTime, in_zone, nothing=(_UNIX_EPOCH,))
    read = _time_reader(timezone, to_datetime)
    return QuickHook(to_datetime, lambda: Quick(int | str, read, twin=twin))


def _time_reader(timezone: tzinfo | None, to_datetime: Hook) -> Callable[[int | str], datetime]:
    """The function that reads usual times. It remembers them, as polls repeat them."""

    @lru_cache(maxsize=_MOST_MOMENTS)
    def moment(value: int | str) -> datetime:
        if isinstance(value, int):
            return datetime.fromtimestamp(value, timezone or UTC)
        return parse_time(value) or to_datetime(value, datetime)

    @lru_cache(maxsize=_MOST_MOMENTS)
    def moment_in(zone: tzinfo, text: int | str) -> datetime:
        return moment(text).replace(tzinfo=zone)

    def read(value: int | str) -> datetime:
        time = moment(value)
        zone = None if time.tzinfo else _zone_of_texts(timezone)
        return time if zone is None else moment_in(zone, value)

    return read


def _to_date(value: Any, _: Any = date) -> date:
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            return date.fromisoformat(value)
    except ValueError:
        pass  # a text of the right form that is no day, such as the 32nd
    raise wrong("a day, as YYYY-MM-DD", value)


DATE_HOOK: Final = QuickHook(_to_date, lambda: Quick(str, lru_cache(maxsize=1024)(_to_date)))
"""The hook of a day without a time."""


def to_unix_time(value: Any, name: str) -> int | datetime | None:
    """A time in Unix seconds, as a number or text; None where there is no time.

    Whole seconds stay a number, because a user's hook of times may know only numbers. Beyond
    these, it accepts what msgspec accepts on the quick way. The name is that of the field.
    """
    if is_no_time(value):
        return None
    try:
        number = whole_number(value) if isinstance(value, str) or type(value) is int else None
        if number is not None:
            return number if datetime.fromtimestamp(number, UTC) != _UNIX_EPOCH else None
        time: datetime | None = msgspec.convert(value, _UnixTime | None, strict=False)
    except (ValueError, OverflowError, OSError):  # msgspec's is a kind of the first
        raise WireError("Unix seconds", show(value), f".{name}") from None
    return time if time != _UNIX_EPOCH else None


def time_or_zero_hook(timezone: tzinfo | None) -> QuickHook:
    """The hook of a time where zero says that there is none."""
    usual = datetime_hook(timezone)
    read_time = _time_reader(timezone, usual.careful)

    def to_time(value: Any, type_: Any) -> datetime | None:
        return None if whole_number(value) == 0 else usual(value, type_)

    def read(value: int | str) -> datetime | None:
        return None if whole_number(value) == 0 else read_time(value)

    return QuickHook(to_time, lambda: Quick(int | str, read))


def time_or_number_hook(timezone: tzinfo | None) -> QuickHook:
    """The hook of what is a time as text; a number is of unknown unit, so it stays a number."""
    to_datetime = datetime_hook(timezone).careful
    read_time = _time_reader(timezone, to_datetime)

    def to_time_or_number(value: Any, _: Any = None) -> datetime | int | None:
        if is_no_time(value):
            return None
        number = whole_number(value)
        return to_datetime(value, datetime) if number is None else number

    def read(text: str) -> datetime | int | None:
        is_time = text[4:5] == "-" or text[3:4] == ","
        return read_time(text) if is_time else to_time_or_number(text)

    return QuickHook(to_time_or_number, lambda: Quick(int | str | None, read, int, NOTHING))
