"""A visitor as LiveChat's answers show one: a plain dict in the newer form, with ``*_ts`` twins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox.http.answers import to_json

__all__ = ["NOBODY", "new_visitor", "plain", "shown", "time_text", "write_fields"]

# Every sample of the documentation has its texts one hour ahead of the Unix seconds beside them.
_ZONE = timezone(timedelta(hours=1))
_FORMAT = "%Y-%m-%d %H:%M:%S"
_TWINS = ("last_visit", "page_entered", "page_time", "chat_start_time")

NOBODY = {"id": "", "display_name": ""}
"""What stands in ``operators`` when nobody chats with the visitor."""


def time_text(seconds: int) -> str:
    """Unix seconds as the wire's text."""
    return datetime.fromtimestamp(seconds, _ZONE).strftime(_FORMAT)


def new_visitor(visitor_id: str, now: int) -> dict[str, Any]:
    """Somebody who has just come to the first page, of whom nothing else is known."""
    page, title = "http://www.example.com/", "Example"
    moment = time_text(now)
    return {
        "id": visitor_id,
        "name": "Visitor",
        "state": "browsing",
        "group": 0,
        "ip": "192.0.2.1",
        "host": "192.0.2.1",
        "browser": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "language": "en",
        "city": "",
        "region": "",
        "country": "",
        "country_code": "",
        "timezone": "",
        "latitude": "",
        "longitude": "",
        "last_visit": moment,
        "last_visit_ts": now,
        "page_entered": moment,
        "page_entered_ts": now,
        "page_time": moment,
        "page_time_ts": now,
        "page_current": page,
        "page_address": page,
        "page_title": title,
        "referrer": "",
        "invitation": "",
        "visit_path": [
            {
                "page": page,
                "title": title,
                "invitation": "",
                "time": moment,
                "time_ts": now,
                "time_ref": now,
            }
        ],
        "chat_id": "",
        "chat_start_time": "",
        "queue_start_time": "",
        "operators": [dict(NOBODY)],
        "prechat_survey": [],
        "chats": 0,
        "visits": 1,
        "page_views": 1,
        "greetings_accepted": 0,
        "greetings_all": 0,
        "greetings_refused": 0,
    }


def write_fields(
    visitor: dict[str, Any], fields: Mapping[str, object], omit: Iterable[str] = ()
) -> None:
    """Set fields of a visitor, keep time texts and their twins together, and leave some out.

    Args:
        visitor: the visitor.
        fields: wire fields. A time may be an aware datetime; of a text and its twin one is enough.
        omit: names of fields the visitor is not to have.

    Raises:
        ConfigurationError: a value JSON has no form for, or a datetime without a time zone.
    """
    # Everything is checked before anything is set: a refused call changes nothing.
    values = {name: _plain(name, value) for name, value in fields.items()}
    dropped = list(omit)
    for name in _TWINS:
        twin = f"{name}_ts"
        if name in values and twin not in values:
            seconds = _seconds(values[name])
            if seconds is None:
                dropped.append(twin)
            else:
                values[twin] = seconds
        elif twin in values and name not in values:
            values[name] = _checked_text(twin, values[twin])
    visitor.update(values)
    for name in dropped:
        visitor.pop(name, None)


def shown(visitor: Mapping[str, Any]) -> dict[str, Any]:
    """A visitor as an answer has it: with the survey only as long as somebody chats."""
    if visitor["state"] == "chatting" or "prechat_survey" not in visitor:
        return {**visitor}
    return {**visitor, "prechat_survey": []}


def plain(name: str, value: object) -> Any:
    """The value as JSON has it, which shares nothing with what the caller keeps.

    Raises:
        ConfigurationError: JSON has no form for it; the name is there for the message.
    """
    try:
        encoded = to_json(value)
    except (TypeError, ValueError, RecursionError) as problem:
        raise ConfigurationError(
            f"{name}={value!r} has no form in JSON ({problem}): give text, numbers, lists or dicts"
        ) from None
    return json.loads(encoded)


def _plain(name: str, value: object) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ConfigurationError(
                f"{name}={value!r} has no time zone: give it one, such as tzinfo=UTC"
            )
        return value.astimezone(_ZONE).strftime(_FORMAT)
    return plain(name, value)


def _seconds(text: object) -> int | None:
    """The Unix seconds of a wire text; None for whatever is none, such as a blank."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text):
        return None
    try:
        moment = datetime.strptime(text, _FORMAT).replace(tzinfo=_ZONE)
    except ValueError:
        return None
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def _checked_text(name: str, seconds: object) -> str:
    if isinstance(seconds, int):
        try:
            return time_text(seconds)
        except (OverflowError, OSError, ValueError):
            pass
    raise ConfigurationError(f"{name}={seconds!r}: whole Unix seconds are needed")
