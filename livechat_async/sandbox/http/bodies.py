"""The bodies of writes: a reader as strict as that of a query, and the agent who wrote them."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Collection, Mapping
from typing import Any

from livechat_async.redaction import reveal
from livechat_async.sandbox.http.queries import QueryReader
from livechat_async.sandbox.http.requests import RecordedRequest, read_body

__all__ = ["BodyReader", "author_of", "body_of"]


class BodyReader(QueryReader):
    """Reads a form or a JSON body, or an object in it, as `QueryReader` reads a query.

    Args:
        values: the values. A number, true or false in JSON is read as its text.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        super().__init__({name: _as_text(value) for name, value in values.items()})

    def __contains__(self, name: str) -> bool:
        return self._query.get(name) is not None

    def given(self) -> list[str]:
        """The names of all parameters that were sent."""
        return [name for name in self._query if name in self]

    def require(self, *names: str) -> None:
        """Note each of these parameters that is missing."""
        self.problems.extend(f"{name} is required" for name in names if name not in self)

    def raw(self, name: str) -> Any:
        """A value as it was sent, but for numbers and flags."""
        return self._query.get(name)

    def part(self, name: str, keys: Collection[str]) -> BodyReader | None:
        """A reader of an object with some of these keys; None if it is missing or wrong."""
        value = self.raw(name)
        if value is None:
            return None
        value = {} if value == [] else value  # PHP writes an empty object so
        if not isinstance(value, dict) or not value.keys() <= set(keys):
            self.problems.append(f"{name} has to be an object with keys of: {', '.join(keys)}")
            return None
        reader = BodyReader(value)
        reader.problems = self.problems
        return reader

    def objects(self, name: str) -> list[BodyReader]:
        """A reader of each object in a list, as in ``rules[0][type]=...``."""
        found = self.raw(name)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            if name in self:
                self.problems.append(f"{name} has to be a list of objects")
            return []
        return [BodyReader(each) for each in found]

    def clock_time(self, name: str) -> Any:
        """A time of the day, such as ``09:00``."""
        return self._read(name, _is_clock_time, "a time, HH:MM")


def body_of(request: RecordedRequest, lists: Collection[str] = ()) -> BodyReader:
    """A reader of what `read_body` reads; a write that sends nothing holds nothing."""
    return BodyReader(read_body(request, lists) if request.body or request.raw_query else {})


def author_of(request: RecordedRequest, default: str) -> str:
    """The login that signed the request; the default for a bearer token, which shows none."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    try:
        login = b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        login = ""
    return login if scheme.lower() == "basic" and login else default


def _is_clock_time(value: object) -> bool:
    pattern = "([01][0-9]|2[0-3]):[0-5][0-9]"
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _as_text(value: object) -> object:
    if isinstance(value, dict):
        return {name: _as_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else reveal(value)
