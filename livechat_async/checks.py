"""What arguments may be: seconds, counts, prices, choices, days, time zones, hosts, ports.

A ``check_`` function returns the value, or raises the `refusal` of it: a `ConfigurationError` that
names the argument, the value and the remedy. `needs`, `seconds`, `count`, `choice`, `flag` and
`text` make attrs validators; in `attrs.validators.optional` they allow None.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache, partial
from inspect import iscoroutinefunction
from ipaddress import ip_address
from typing import Any, TypeAlias, TypeGuard

from attrs import Attribute
from attrs.validators import and_

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import shown

# Text, as `re` compiles it at its first use: the import stays quick.
_HOST_NAME = r"[^\W_][\w.-]{0,252}"

Validator: TypeAlias = Callable[[Any, "Attribute[Any]", Any], None]

_LARGEST_PORT = 65_535
_LONGEST_NAME = 50  # characters that are compared with what is known
_FLAG_NEEDED = "True or False is needed"
NOT_BLANK = "text is needed that is not blank"


def refusal(name: str, value: object, needed: str) -> ConfigurationError:
    """The error for an argument that cannot be used; ``needed`` says what to pass instead."""
    return ConfigurationError(f"{name}={shown(value)}: {needed}")


def closest(value: object, known: Iterable[object]) -> str:
    """What is known and looks most like the value; ``""`` if nothing does."""
    from difflib import get_close_matches  # noqa: PLC0415 (only a mistake needs it)

    if not isinstance(value, str):
        return ""
    names = {str(each).lower(): str(each) for each in known}
    found = get_close_matches(value[:_LONGEST_NAME].lower(), names, n=1)
    return names[found[0]] if found else ""


def meant(value: object, known: Iterable[object]) -> str:
    """The end of a message: the question whether something `closest` was meant, if there is any."""
    found = closest(value, known)
    return f"; did you mean {found!r}?" if found else ""


def check_kind(name: str, value: Any, kind: type[Any], example: str) -> None:
    """An object of this class; the example shows how to make one."""
    if not isinstance(value, kind):
        raise refusal(name, value, f"a {kind.__name__} is needed, as in {example}")


def check_call(name: str, value: Any, needed: str) -> None:
    """A function; ``needed`` says of what."""
    if not callable(value):
        raise refusal(name, value, f"a function {needed} is needed")


def check_clock(name: str, value: Any) -> None:
    """A function that gives seconds."""
    if not callable(value) or iscoroutinefunction(value):
        raise refusal(name, value, "a function that gives seconds is needed, such as time.time")


def check_flag(name: str, value: Any) -> bool:
    """True or False: programs disagree on what other values mean."""
    if not isinstance(value, bool):
        raise refusal(name, value, _FLAG_NEEDED)
    return value


def check_seconds(
    name: str, value: Any, *, at_least: float = 0.0, above_zero: bool = False
) -> float:
    """A finite number of seconds, ``at_least`` or more; or ``above_zero``, which refuses zero."""
    if not _are_seconds(value, at_least, above_zero=above_zero):
        raise refusal(name, value, _seconds_needed(at_least, above_zero=above_zero))
    return float(value)


def is_text(value: object) -> TypeGuard[str]:
    """Whether this is text that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def needs(needed: str, is_right: Callable[[Any], object]) -> Validator:
    """An attrs validator: a `ConfigurationError` says what is needed, unless the value is right."""

    def validate(instance: object, attribute: Attribute[Any], value: Any) -> None:
        if not is_right(value):
            place = f"{type(instance).__name__}({attribute.name}={shown(value)})"
            raise ConfigurationError(f"{place}: {needed}")

    return validate


def seconds(*, at_least: float = 0.0, above_zero: bool = False) -> Validator:
    """The rule of `check_seconds` as an attrs validator."""
    return needs(
        _seconds_needed(at_least, above_zero=above_zero),
        partial(_are_seconds, at_least=at_least, above_zero=above_zero),
    )


def _are_seconds(value: Any, at_least: float, *, above_zero: bool) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    # An int may be larger than any float. NaN is in no range.
    return at_least <= value <= sys.float_info.max and (value > 0 or not above_zero)


def _seconds_needed(at_least: float, *, above_zero: bool) -> str:
    return f"a number of seconds is needed, {'above 0' if above_zero else f'{at_least:g} or more'}"


def check_count(name: str, value: Any, at_least: int = 1) -> int:
    """A whole number, ``at_least`` or more."""
    if not _is_count(value, at_least):
        raise refusal(name, value, _count_needed(at_least))
    return int(value)


def count(at_least: int = 1) -> Validator:
    """The rule of `check_count` as an attrs validator."""
    return needs(_count_needed(at_least), partial(_is_count, at_least=at_least))


def _is_count(value: Any, at_least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= at_least


def _count_needed(at_least: int) -> str:
    return f"a whole number is needed, {at_least} or more"


def flag() -> Validator:
    """The rule of `check_flag` as an attrs validator."""
    return needs(_FLAG_NEEDED, lambda value: isinstance(value, bool))


def text(at_most: int | None = None) -> Validator:
    """Text that is not blank, of ``at_most`` characters, as an attrs validator."""
    not_blank = needs(NOT_BLANK, is_text)
    if at_most is None:
        return not_blank
    limit = f"at most {at_most} characters are possible"
    return and_(not_blank, needs(limit, lambda value: len(value) <= at_most))


def choice(choices: Iterable[str]) -> Validator:
    """The rule of `check_choice` as an attrs validator, which allows None."""

    def validate(instance: object, attribute: Attribute[Any], value: Any) -> None:
        if value is not None:
            check_choice(f"{type(instance).__name__}: {attribute.name}", value, choices)

    return validate


def check_price(name: str, value: Any) -> str:
    """The exact text of a price, such as ``49.50``; a float has none, and a comma is no period."""
    number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    price = format(Decimal(value), "f") if number else value
    if not isinstance(price, str) or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", price):
        raise refusal(name, value, "a Decimal, a whole number or a text such as '49.50' is needed")
    return price


def check_choice(name: str, value: Any, choices: Iterable[str]) -> str:
    """One of a closed set of texts, such as the members of a `StrEnum`."""
    for choice in choices:
        if value == choice:
            return str(choice)
    known = ", ".join(repr(str(choice)) for choice in choices)
    hint = meant(value, choices)
    raise ConfigurationError(f"{name}={shown(value)} is none of {known}{hint}")


def check_items(
    name: str, values: Any, kind: type[Any] | tuple[type[Any], ...], example: str
) -> list[Any]:
    """At least one item of a kind; the example shows a list of them."""
    is_list = isinstance(values, Iterable) and not isinstance(values, (str, bytes))
    items: list[Any] = list(values) if is_list else []
    if not items:
        raise refusal(name, values, f"a list is needed, as in {example}")
    for index, item in enumerate(items):
        if not isinstance(item, kind):
            raise refusal(f"{name}[{index}]", item, f"an item is needed as in {example}")
    return items


def check_list(name: str, values: Any, needed: str) -> list[Any]:
    """The items of a list, which may be any iterable but a text; ``needed`` ends the remedy."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise refusal(name, values, f"a list of {needed}")
    return list(values)


def check_numbers(name: str, values: Any, default: str) -> list[int]:
    """At least one whole number from 0; ``default`` is what leaving the list out means."""
    numbers = check_list(name, values, "numbers is needed, as in [0, 2]")
    if not numbers:
        raise ConfigurationError(f"{name} is empty: leave it out to mean {default}")
    for number in numbers:
        if not _is_count(number, 0):
            item = name.removesuffix("s")
            raise ConfigurationError(
                f"{name}: {shown(number)} is no {item}; {name} are whole numbers from 0"
            )
    return numbers


def parse_day(text: Any) -> date | None:
    """The day in a text such as ``2023-01-31``; None for any other form."""
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return day if day.isoformat() == text else None  # fromisoformat also takes 20230131


def check_day(name: str, value: Any) -> date:
    """A `datetime.date`, and no datetime: its time would be lost."""
    if isinstance(value, datetime):
        lost = "LiveChat takes whole days, so its time would be lost"
        raise refusal(name, value, f"{lost}; pass {name}.date(), of the time zone you mean")
    if isinstance(value, date):
        return value
    remedy = ", as in date(2023, 1, 31)"
    if isinstance(value, str):
        remedy = "; date.fromisoformat makes one of 'YYYY-MM-DD'"
    raise refusal(name, value, f"a datetime.date is needed{remedy}")


def check_days_in_order(first: date | None, last: date | None) -> None:
    """``date_from`` is not after ``date_to``."""
    if first is not None and last is not None and first > last:
        raise ConfigurationError(
            f"date_from={first.isoformat()} is after date_to={last.isoformat()}: swap the two"
        )


@lru_cache(maxsize=256)
def find_zone(name: str) -> tzinfo | None:
    """The time zone of this name; None if this system does not know it."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 (slow to import, and few programs need it)

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


def check_zone(name: str, value: Any) -> tzinfo:
    """The time zone of a name such as ``Europe/Warsaw``."""
    if not isinstance(value, str):
        needed = "a name such as 'Europe/Warsaw' is needed; a ZoneInfo has it as its key"
        raise refusal(name, value, needed)
    zone = find_zone(value)
    if zone is None:
        from zoneinfo import available_timezones  # noqa: PLC0415 (as above)

        raise ConfigurationError(
            f"{name}={shown(value)} is not known here: use a name such as 'Europe/Warsaw'; where "
            "the system has no time zones, install the package tzdata"
            f"{meant(value, available_timezones())}"
        )
    return zone


def check_port(name: str, value: Any) -> int:
    """A TCP port, or 0 for any free one."""
    if not _is_count(value, 0) or value > _LARGEST_PORT:
        raise refusal(name, value, f"0 for any free port is needed, or up to {_LARGEST_PORT}")
    return int(value)


def problem_of_url(text: str, example: str) -> str:
    """Why a text is no whole URL, as the end of a sentence about it; empty if it is one."""
    from yarl import URL  # noqa: PLC0415 (the import of this module stays quick)

    try:
        url = URL(text)
        is_whole = url.scheme in {"http", "https"} and re.fullmatch(r"[^\s/\\]+", url.host or "")
    except ValueError:
        return f"is not a URL: use one such as {example}"
    return "" if is_whole else f"has to be a whole URL, such as {example}"


def is_loopback(host: object) -> bool:
    """Whether the host is this machine: ``localhost``, ``127.0.0.0/8`` or ``::1``."""
    if not isinstance(host, str):
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_hosts(name: str, values: Any) -> frozenset[str]:
    """Exact host names and IP addresses, in lower case."""
    hosts = check_list(name, values, "host names is needed, as in ['sandbox']")
    for host in hosts:
        if not isinstance(host, str) or not (is_address(host) or re.fullmatch(_HOST_NAME, host)):
            raise ConfigurationError(
                f"{name}: {shown(host)} is no host name: give each name exactly, such as "
                "'sandbox', without a scheme, a port or a wildcard"
            )
    return frozenset(str(ip_address(host)) if is_address(host) else host.lower() for host in hosts)


def is_address(host: str) -> bool:
    """Whether the host is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_deeper(value: Any, levels: int) -> bool:
    """Whether JSON has more than this many levels. No recursion of ours goes deeper."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(is_deeper(item, levels - 1) for item in value)
