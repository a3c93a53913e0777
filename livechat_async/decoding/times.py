"""Times as LiveChat writes them: text of two forms, Unix seconds, and numbers of unknown unit."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import timezone as offset_zone
from functools import lru_cache, partial, wraps
from typing import Annotated, Any, Final, ParamSpec, TypeAlias, TypeVar

import msgspec

from livechat_async.checks import find_zone
from livechat_async.decoding.hooks import NOTHING, is_nothing, to_int, whole_number
from livechat_async.decoding.problems import WireError, show, wrong
from livechat_async.decoding.quick import NO_TIMES, TIMES, Hook, Make, Quick, QuickHook, Times

P = ParamSpec("P")
K = TypeVar("K")
T = TypeVar("T")
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
_MOST_MOMENTS, _MOST_ZONES = 2048, 64  # that are remembered: the moments are those in a zone
_find_zone = lru_cache(maxsize=1024)(find_zone)
_SECONDS, _MILLISECONDS = range(10**9, 10**10), range(10**12, 10**13)  # from 2001 to 2286


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


class _Cache(dict[K, T]):
    """Values by what they are made of, because polls repeat them.

    A full one is emptied. A look-up takes a third of the time of ``lru_cache``.
    """

    def __init__(self, make: Callable[[K], T], most: int) -> None:
        super().__init__()
        self._make = make
        self._most = most

    def __missing__(self, key: K) -> T:
        value = self._make(key)
        if len(self) >= self._most:
            self.clear()
        self[key] = value
        return value


def _moment(zone: tzinfo | None, usual_zone: tzinfo, value: int | str) -> datetime:
    """A time as text, or in Unix seconds; the zone is that of a text that names none."""
    time = None if isinstance(value, int) else parse_time(value)
    if time is None:
        return datetime.fromtimestamp(to_int(value), usual_zone)
    return time if zone is None or time.tzinfo is not None else time.replace(tzinfo=zone)


def datetime_hook(timezone: tzinfo | None) -> QuickHook:
    """The hook of times: text of one of LiveChat's forms, or Unix seconds.

    The time zone is that of texts without one, and of the times that are made.
    """

    def read(value: int | str) -> datetime:
        seen = current()
        time = moments[seen.zone or timezone][value]
        if time.tzinfo is None:
            seen.naive = True
        else:
            seen.aware = True
        return time

    def to_datetime(value: Any, _: Any) -> datetime:
        try:
            if isinstance(value, datetime) and value.tzinfo is not None:  # of `to_unix_time`
                current().aware = True
                return value if timezone is None else value.astimezone(timezone)
            if isinstance(value, str) or type(value) is int:
                return read(value)
            return read(to_int(value))
        except (ValueError, OverflowError, OSError):
            pass  # a text or number of the right form that is no time, such as the 32nd
        raise wrong("a time", value)

    current, usual_zone = TIMES.get, timezone or UTC
    moments: _Cache[tzinfo | None, _Cache[int | str, datetime]] = _Cache(
        lambda zone: _Cache(partial(_moment, zone, usual_zone), _MOST_MOMENTS), _MOST_ZONES
    )
    in_zone = None if timezone is None else lambda time: time.astimezone(timezone)
    twin = Quick(_UnixTime, in_zone, nothing=(_UNIX_EPOCH,))
    return QuickHook(to_datetime, lambda: Quick(int | str, read, twin=twin))


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


def time_or_zero_hook(to_datetime: Hook) -> QuickHook:
    """The hook of a time where zero says that there is none."""

    def to_time(value: Any, _: Any = None) -> datetime | None:
        return None if whole_number(value) == 0 else to_datetime(value, datetime)

    return QuickHook(to_time, lambda: Quick(int | str, to_time))


def time_or_number_hook(to_datetime: Hook) -> QuickHook:
    """The hook of a time as text, or as a number: it stays one if more than one unit fits it."""

    def to_time_or_number(value: Any, _: Any = None) -> Any:
        number = value if type(value) is int else whole_number(value)
        if number is None:
            return None if is_no_time(value) else to_datetime(value, datetime)
        if number in _MILLISECONDS:
            return to_datetime(_UNIX_EPOCH + timedelta(milliseconds=number), datetime)
        return to_datetime(number, datetime) if number in _SECONDS else number

    quick = Quick(int | str | None, to_time_or_number, nothing=NOTHING)
    return QuickHook(to_time_or_number, lambda: quick)


def with_own_times(read: Callable[P, T]) -> Callable[P, T]:
    """Decorator: gives a reading `TIMES` of its own.

    To set it slows the next use, so it is set once a reading if possible.
    """

    @wraps(read)
    def run(*args: P.args, **options: P.kwargs) -> T:
        before = TIMES.set(Times())
        try:
            return read(*args, **options)
        finally:
            TIMES.reset(before)

    return run


def in_one_zone(get: Callable[[Any, str], Any], zone_field: str | None, make: Make) -> Make:
    """The same function, but texts without a time zone are in the zone that the object names.

    If naive and aware times mix in the object, it is made a second time: its texts are then in the
    zone that a text and its twin show, here or in an object inside.
    """

    def make_in_one_zone(given: Any) -> Any:
        seen = current()
        if seen is NO_TIMES:
            return alone(given)
        name = zone_field and get(given, zone_field)
        seen.zone = _find_zone(name) if name and isinstance(name, str) else None
        seen.naive, seen.aware, seen.pair = False, False, None
        model = make(given)
        if seen.naive and seen.aware:
            seen.zone = _shown_zone(seen.pair)
            model = make(given)
        return model

    current, alone = TIMES.get, with_own_times(make_in_one_zone)
    return make_in_one_zone


def _shown_zone(pair: tuple[Any, Any] | None) -> tzinfo:
    """The zone of an object's texts, by a time that it also has in Unix seconds; else UTC."""
    text, twin = pair or ("", None)
    with suppress(ValueError, TypeError, OverflowError, OSError):  # it may be no pair of times
        time, unix = parse_time(text), to_unix_time(twin, "")
        if isinstance(unix, int):
            unix = datetime.fromtimestamp(unix, UTC)
        if time is not None and unix is not None:
            ahead = time.replace(tzinfo=UTC) - unix
            shift = round(ahead / _QUARTER) * _QUARTER
            if abs(ahead - shift) < _SECOND and abs(shift) < _DAY:
                return offset_zone(shift)
    return UTC
