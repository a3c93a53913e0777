"""The parameters of a write, read as strictly as those of a list."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Self

from livechat_async.sandbox.http.queries import QueryReader

__all__ = ["BodyReader"]


class BodyReader(QueryReader):
    """Reads a form or a JSON body as `QueryReader` reads a query.

    In JSON, numbers may be numbers or text; a flag is 1 or 0, not true or false.

    Args:
        body: what `read_body` gives.
    """

    def __init__(self, body: Mapping[str, object]) -> None:
        super().__init__({name: _as_text(value) for name, value in body.items()})

    def require(self, *names: str) -> None:
        """Note each of these parameters that is missing."""
        missing = [name for name in names if self._query.get(name) is None]
        self.problems += [f"{name} is required" for name in missing]

    def part(self, name: str, keys: Collection[str]) -> Self | None:
        """A reader of an object with some of these keys; None if it is missing or wrong."""
        value: Any = self._query.get(name)
        if value is None:
            return None
        value = {} if value == [] else value  # PHP writes an empty object so
        if not isinstance(value, dict) or not value.keys() <= set(keys):
            self.problems.append(f"{name} has to be an object with keys of: {', '.join(keys)}")
            return None
        reader = type(self)(value)
        reader.problems = self.problems
        return reader

    def clock_time(self, name: str) -> Any:
        """A time of the day, such as ``09:00``."""
        return self._read(name, _is_clock_time, "a time, HH:MM")

    def given(self) -> list[str]:
        """The names of all parameters that were sent."""
        return [name for name, value in self._query.items() if value is not None]


def _is_clock_time(value: object) -> bool:
    return (
        isinstance(value, str) and re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", value) is not None
    )


def _as_text(value: object) -> object:
    if isinstance(value, dict):
        return {name: _as_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else value
