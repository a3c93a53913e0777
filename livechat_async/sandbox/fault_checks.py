"""What the arguments of faults may be; each raises ConfigurationError for anything else."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import Attribute

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox.http.answers import to_json

__all__ = [
    "check_change",
    "check_content",
    "check_flag",
    "check_header",
    "check_headers",
    "check_part",
    "check_paths",
    "check_redirect_status",
    "check_seconds",
    "check_size",
    "check_status",
    "check_wait",
]

_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})


def check_content(instance: object, attribute: Attribute[Any], value: object) -> None:
    """It can be sent: text and bytes as they are, anything else as JSON."""
    if isinstance(value, bytes):
        return
    try:
        to_json(value)
    except (TypeError, ValueError, RecursionError) as problem:
        raise ConfigurationError(
            f"{_place(instance, attribute, value)} has no form in JSON ({problem}): give text, "
            "bytes, numbers, lists or dicts"
        ) from None


def check_seconds(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Seconds."""
    if not _is_duration(value):
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: seconds are needed, 0 or more"
        )


def check_header(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Text that can be a header."""
    if not isinstance(value, str) or not value.isprintable() or not value:
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: text in one line is needed"
        )


def check_status(instance: object, attribute: Attribute[Any], value: object) -> None:
    """A status."""
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:  # noqa: PLR2004 - HTTP's own
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: a status from 200 to 599 is needed"
        )


def check_wait(instance: object, attribute: Attribute[Any], value: object) -> None:
    """What ``Retry-After`` can say."""
    if value is None or _is_duration(value):
        return
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ConfigurationError(
                f"{_place(instance, attribute, value)} has no time zone: give it one, such as "
                "tzinfo=UTC"
            )
    elif not isinstance(value, str) or not value.isprintable():
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: seconds, a datetime or text are needed"
        )


def check_headers(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Further headers, or none."""
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{_place(instance, attribute, value)}: a dict is needed")
    for name, text in value.items():
        if not _is_header(name, text):
            raise ConfigurationError(f"Status: header {name!r}: {text!r} cannot be sent")
        if name.lower() in _FRAMING:
            raise ConfigurationError(
                f"Status: header {name!r} is the sandbox's own; CutBody sends too little"
            )


def check_part(instance: object, attribute: Attribute[Any], value: object) -> None:
    """A part of a whole."""
    if not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: a part is needed, from 0 to less than 1"
        )


def check_size(instance: object, attribute: Attribute[Any], value: object) -> None:
    """A number of bytes."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: a number of bytes is needed, 1 or more"
        )


def check_redirect_status(instance: object, attribute: Attribute[Any], value: object) -> None:
    """The status of a redirect."""
    if value not in (301, 302, 303, 307, 308):
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: 301, 302, 303, 307 or 308 is needed"
        )


def check_flag(instance: object, attribute: Attribute[Any], value: object) -> None:
    """True or False."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{_place(instance, attribute, value)}: True or False is needed")


def check_change(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Paths, and values for JSON."""
    if not isinstance(value, Mapping) or not all(isinstance(path, str) for path in value):
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: a dict is needed, such as {{'pages': 0}}"
        )
    check_content(instance, attribute, {**value})


def check_paths(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Some paths."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(path, str) for path in value):
        raise ConfigurationError(
            f"{_place(instance, attribute, value)}: a list is needed, such as ['pages']"
        )


def _is_header(name: object, text: object) -> bool:
    return (
        isinstance(name, str)
        and isinstance(text, str)
        and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) is not None
        and text.isprintable()
    )


def _is_duration(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= 0
    )


def _place(instance: object, attribute: Attribute[Any], value: object) -> str:
    return f"{type(instance).__name__}({attribute.name}={value!r})"
