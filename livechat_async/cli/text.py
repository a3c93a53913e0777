"""Text from strangers, made harmless for a terminal and for lines of columns."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from livechat_async.redaction import TRICKY

__all__ = ["how_long", "number_of", "to_json"]

_UNSAFE_IN_JSON = re.compile(rf"[{TRICKY}]")

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def to_json(data: Any, *, indent: int | None = None) -> str:
    """JSON that keeps all letters as they are, and escapes what a terminal would obey."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def how_long(since: datetime | None, now: datetime) -> str:
    """How long ago it was, such as ``12 min``; of a time without a zone, the time itself."""
    if since is None:
        return ""
    if since.tzinfo is None:
        return f"{since:%H:%M}"
    seconds = (now - since).total_seconds()
    if seconds < _MINUTE:
        return "< 1 min"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min"
    return f"{seconds // _HOUR:.0f} h" if seconds < _DAY else f"{seconds // _DAY:.0f} d"


def number_of(number: int, thing: str) -> str:
    """Such as ``1 visitor`` or ``2 visitors``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
