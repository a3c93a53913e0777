"""The structure hooks of texts, numbers and times: one for each quirk of the wire."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import NoneType
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from livechat_async.decoding.problems import WireError, show, wrong
from livechat_async.decoding.times import ZONE_OF_TEXTS, parse_time
from livechat_async.decoding.usual import AS_IT_IS, ASK, Hook, Straight, with_usual
from livechat_async.redaction import HIDDEN, Secret

__all__ = [
    "UNIX_EPOCH",
    "datetime_hook",
    "time_or_number_hook",
    "to_bool",
    "to_decimal",
    "to_float",
    "to_id_text",
    "to_int",
    "to_secret",
    "to_str",
    "to_unix_time",
]

UNIX_EPOCH: Final = datetime.fromtimestamp(0, UTC)
"""Zero in Unix seconds, which says that there is no time."""

_MOST_MOMENTS = 8192
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,4000}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def to_str(value: Any, _: Any) -> str:
    """Text, and nothing else."""
    if isinstance(value, str):
        return value
    raise wrong("text", value)


with_usual(to_str, {str: AS_IT_IS}, blank="''")


def to_secret(value: Any, _: Any) -> Secret:
    """Text that no ``repr`` shows."""
    if isinstance(value, str):
        return Secret(value)
    raise WireError("text", f"{HIDDEN} of type {type(value).__name__}")


with_usual(to_secret, {str: "{secret}({v})"}, uses={"secret": Secret})


def to_id_text(value: Any, cls: Any) -> str:
    """Text, or a number as its text."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return to_str(value, cls)


with_usual(to_id_text, {str: AS_IT_IS, int: ASK, float: ASK})


def to_int(value: Any, _: Any) -> int:
    """A whole number, also as text, or as 3.0: JSON has one kind of numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    raise wrong("a whole number", value)


with_usual(to_int, {int: AS_IT_IS, str: ASK})


def to_float(value: Any, _: Any) -> float:
    """A finite number, also as text."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise wrong("a number", value)


@lru_cache(maxsize=1024)  # visitors from the same place have the same coordinates
def _number_in(text: str) -> float:
    return to_float(text, float)


with_usual(
    to_float,
    {
        float: f"{{v}} if -1e308 < {{v}} < 1e308 else {ASK}",
        str: "{number_in}({v})",
    },
    uses={"number_in": _number_in},
)


def to_bool(value: Any, _: Any) -> bool:
    """True or false, also as 1 and 0."""
    if value in (0, 1, "0", "1"):  # True and False are among them
        return bool(int(value))
    raise wrong("true or false", value)


with_usual(to_bool, {bool: AS_IT_IS, int: ASK, str: ASK})


def to_decimal(value: Any, _: Any) -> Decimal:
    """A number of exactly the digits that were sent."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = str(value) if is_number else value  # a float's shortest text is what was written
    if isinstance(text, str) and _NUMBER.fullmatch(text):
        try:
            return Decimal(text)
        except InvalidOperation:
            pass  # more digits than there are
    raise wrong("a number", value)


with_usual(to_decimal, {str: ASK, int: ASK, float: ASK})


def datetime_hook(timezone: tzinfo | None) -> Hook:
    """The hook of times: text of one of LiveChat's forms, or Unix seconds.

    Args:
        timezone: the zone of texts without one, and of the times that are made.
    """

    def to_datetime(value: Any, _: Any) -> datetime:
        try:
            if isinstance(value, datetime) and value.tzinfo is not None:  # of `to_unix_time`
                return value if timezone is None else value.astimezone(timezone)
            time = parse_time(value) if isinstance(value, str) else None
            if time is not None:
                return time.replace(tzinfo=time.tzinfo or ZONE_OF_TEXTS.get() or timezone)
            return datetime.fromtimestamp(to_int(value, int), timezone or UTC)
        except (ValueError, OverflowError, OSError):
            pass  # a text or number of the right form that is no time, such as the 32nd
        raise wrong("a time", value)

    @lru_cache(maxsize=_MOST_MOMENTS)  # who polls meets most of them again, poll after poll
    def moment(seconds: int) -> datetime:
        return datetime.fromtimestamp(seconds, timezone or UTC)

    return with_usual(
        to_datetime,
        {int: "{moment}({v})", str: ASK},
        unix=Straight(_UnixTime, "{v}" if timezone is None else "{v}.astimezone({timezone})"),
        uses={"moment": moment, "timezone": timezone},
    )


_UnixTime: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


def to_unix_time(value: Any, name: str) -> int | datetime | None:
    """A time in Unix seconds, as a number or text; None where there is no time.

    Whole seconds stay a number, as a user's hook of times may know no more. Of the rest, what
    msgspec takes for a time when it reads straight is one here, too.

    Args:
        value: as sent.
        name: of the field.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
            value = int(value)
        if type(value) is int:
            return value if datetime.fromtimestamp(value, UTC) != UNIX_EPOCH else None
        time: datetime | None = msgspec.convert(value, _UnixTime | None, strict=False)
    except (ValueError, OverflowError, OSError):  # msgspec's is a kind of the first
        raise WireError("Unix seconds", show(value), f".{name}") from None
    return time if time != UNIX_EPOCH else None


def time_or_number_hook(timezone: tzinfo | None) -> Hook:
    """The hook of what is a time, or a number of unknown unit, which is none."""
    to_datetime = datetime_hook(timezone)

    def to_time_or_number(value: Any, cls: Any) -> datetime | int | None:
        if value in (None, ""):
            return None
        if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value):
            return to_datetime(value, cls)  # type: ignore[no-any-return]
        try:
            return to_int(value, cls)  # a number of unknown unit is no Unix time
        except WireError:
            return to_datetime(value, cls)  # type: ignore[no-any-return]

    text = f"{ASK} if {{v}} else None"
    return with_usual(to_time_or_number, {int: AS_IT_IS, str: text, NoneType: "None"})
