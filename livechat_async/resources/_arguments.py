"""Rules for the arguments of methods, beside those in `livechat_async.checks`.

A rule takes a name and a value and returns what is sent: None for an argument that was left out. It
raises a `ConfigurationError` that names the argument and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from livechat_async.checks import (
    NOT_BLANK,
    check_choice,
    check_count,
    check_day,
    check_days_in_order,
    check_list,
    check_price,
    check_zone,
    is_text,
    refusal,
)
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import shown


def given_text(name: str, value: Any) -> str:
    """Text that is not blank, for an argument that cannot be left out."""
    if not is_text(value):
        raise refusal(name, value, NOT_BLANK)
    return value


def as_choice(name: str, value: Any, choices: Iterable[str]) -> str | None:
    """One of a closed set, as a member or as its text."""
    return None if value is None else check_choice(name, value, choices)


def as_text(name: str, value: Any) -> str | None:
    """Text that is not blank."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise refusal(name, value, f"text is needed, not {type(value).__name__}")
    if not value.strip():
        raise ConfigurationError(f"{name}={shown(value)} is blank: give a text, or leave it out")
    return value


def as_mail(name: str, value: Any) -> str | None:
    """An e-mail address, as far as its form shows."""
    text = as_text(name, value)
    if text is not None and not re.fullmatch(r"\S+@[^\s@]+", text):
        raise refusal(name, value, "an e-mail address is needed, such as 'john.doe@example.com'")
    return text


def given_mail(name: str, value: Any) -> str:
    """An e-mail address, such as the login of an agent, that cannot be left out."""
    return as_mail(name, given_text(name, value)) or ""


def as_number(name: str, value: Any) -> int | None:
    """The number of a group, a goal or a sale."""
    return None if value is None else check_count(name, value, at_least=0)


def as_price(name: str, value: Any) -> str | None:
    """An amount of money in exact digits."""
    return None if value is None else check_price(name, value)


def as_flag(name: str, value: Any) -> bool | None:
    """True or False; programs disagree on what other values mean."""
    if value is not None and not isinstance(value, bool):
        raise refusal(name, value, "True or False is needed; leave it out to mean either")
    return value


def as_tags(name: str, tags: Any) -> list[str]:
    """Tags or other names, each of them text that is not blank."""
    texts = check_list(name, tags, "texts is needed, as in ['sales']")
    for text in texts:
        if not is_text(text):
            raise ConfigurationError(
                f"{name}: {shown(text)} is no {name.removesuffix('s')}: give text that is not blank"
            )
    return texts


def given_tags(
    name: str, tags: Any, empty: str = "at least one is needed, as in ['sales']"
) -> list[str]:
    """At least one tag; ``empty`` is the remedy where there is none."""
    texts = as_tags(name, tags)
    if not texts:
        raise ConfigurationError(f"{name} is empty: {empty}")
    return texts


def as_zone_name(name: str, value: Any) -> str:
    """The name of a time zone that this system knows."""
    check_zone(name, value)
    return str(value)


def date_range(date_from: Any, date_to: Any) -> dict[str, date | None]:
    """Two days, the first not after the last."""
    days = {"date_from": date_from, "date_to": date_to}
    for name, day in days.items():
        if day is not None:
            check_day(name, day)
    check_days_in_order(date_from, date_to)
    return days


def changes(**given: Any) -> dict[str, Any]:
    """What an update sends: the arguments that were given, at least one."""
    body = {name: value for name, value in given.items() if value is not None}
    if not body:
        raise ConfigurationError(f"nothing to change: give at least one of {', '.join(given)}")
    return body
