"""What the arguments of the resources' methods have to be: one rule a function.

Each gives back what is sent, None for an argument that was left out, and raises a
`ConfigurationError` that names the argument and says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any

from livechat_async.checks import check_day, check_days_in_order, check_zone
from livechat_async.errors import ConfigurationError

__all__ = [
    "as_choice",
    "as_flag",
    "as_groups",
    "as_mail",
    "as_number",
    "as_tags",
    "as_text",
    "as_zone_name",
    "date_range",
    "given_text",
]

_MAIL = r"\S+@[^\s@]+"


def given_text(name: str, value: Any) -> str:
    """Text that is not blank, of an argument that cannot be left out."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{name}={value!r}: text is needed that is not blank")
    return value


def as_choice(name: str, value: Any, choices: type[StrEnum]) -> str | None:
    """One of a closed set, as a member or as its text."""
    if value is None:
        return None
    try:
        return choices(value).value
    except ValueError:
        known = ", ".join(repr(known.value) for known in choices)
        raise ConfigurationError(f"{name}={value!r} is none of {known}") from None


def as_text(name: str, value: Any) -> str | None:
    """Text that is not blank."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ConfigurationError(f"{name}={value!r}: text is needed, not {type(value).__name__}")
    if not value.strip():
        raise ConfigurationError(f"{name}={value!r} is blank: give a text, or leave it out")
    return value


def as_mail(name: str, value: Any) -> str | None:
    """An e-mail address, as far as a glance can tell."""
    text = as_text(name, value)
    if text is not None and not re.fullmatch(_MAIL, text):
        raise ConfigurationError(
            f"{name}={value!r}: an e-mail address is needed, such as 'john.doe@example.com'"
        )
    return text


def as_number(name: str, value: Any) -> int | None:
    """The number of a group, a goal or a sale."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"{name}={value!r}: a whole number from 0 is needed")
    return value


def as_flag(name: str, value: Any) -> bool | None:
    """Yes or no. Anything else would be read as yes by somebody and as no by somebody else."""
    if value is not None and not isinstance(value, bool):
        raise ConfigurationError(
            f"{name}={value!r}: True or False is needed; leave it out to mean either"
        )
    return value


def as_groups(groups: Any, *, without: str) -> list[int] | None:
    """Group numbers, at least one; ``without`` says what leaving them out means."""
    if groups is None:
        return None
    if isinstance(groups, (str, bytes)) or not isinstance(groups, Iterable):
        raise ConfigurationError(f"groups={groups!r}: a list of numbers is needed, as in [0, 2]")
    numbers: list[Any] = list(groups)
    if not numbers:
        raise ConfigurationError(f"groups is empty: leave it out to mean {without}")
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise ConfigurationError(
                f"groups: {number!r} is no group; groups are whole numbers from 0"
            )
    return numbers


def as_tags(tags: Any) -> list[str]:
    """Tags, each of them text that is not blank."""
    if isinstance(tags, (str, bytes)) or not isinstance(tags, Iterable):
        raise ConfigurationError(f"tags={tags!r}: a list of texts is needed, as in ['sales']")
    texts: list[Any] = list(tags)
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            raise ConfigurationError(f"tags: {text!r} is no tag; a tag is text that is not blank")
    return texts


def as_zone_name(value: Any) -> str | None:
    """The name of a time zone that this system knows."""
    if value is None:
        return None
    check_zone("timezone", value)
    return str(value)


def date_range(date_from: Any, date_to: Any) -> dict[str, date | None]:
    """Two days, the first not after the last."""
    first, last = _day("date_from", date_from), _day("date_to", date_to)
    check_days_in_order(first, last)
    return {"date_from": first, "date_to": last}


def _day(name: str, value: Any) -> date | None:
    return None if value is None else check_day(name, value)
