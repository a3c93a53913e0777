"""What the settings of receiver and engine have in common: each is checked when it is given."""

from __future__ import annotations

import math
from typing import Any

from livechat_async.errors import ConfigurationError

__all__ = ["check_seconds"]


def check_seconds(name: str, value: Any, *, above_zero: bool = True) -> float:
    """The value, if it is a number of seconds.

    Raises:
        ConfigurationError: it is no finite number, below zero, or zero where it has to be above.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigurationError(f"{name}={value!r}: a number of seconds is needed")
    try:
        seconds = float(value)
    except OverflowError:  # an int that no float can hold
        seconds = math.inf
    if not math.isfinite(seconds):
        raise ConfigurationError(f"{name}={value!r}: a number of seconds is needed")
    if seconds < 0 or (above_zero and seconds == 0):
        problem = "it has to be above zero" if above_zero else "it cannot be negative"
        raise ConfigurationError(f"{name}={value!r}: {problem}")
    return seconds
