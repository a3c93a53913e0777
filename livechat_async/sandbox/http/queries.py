"""The parameters of a list: read strictly, and every mistake told."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, tzinfo
from typing import Any, TypeAlias

from livechat_async.sandbox.data.dates import day_end, day_start, read_day, zone_of
from livechat_async.sandbox.state.timeline import Wire

__all__ = ["Matches", "QueryReader", "items_of", "mentions", "part_of"]

Matches: TypeAlias = Callable[[Wire, Any], bool]


class QueryReader:
    """Reads a query; what is wrong with it gathers in ``problems``.

    Args:
        query: the query, as PHP reads it. Parameters nobody asks for make no difference.
    """

    def __init__(self, query: Mapping[str, object]) -> None:
        self._query = query
        self.problems: list[str] = []
        if "callback" in query:
            self.problems.append("callback (JSONP) is for web pages only")

    def text(self, name: str) -> str | None:
        """A text that is not blank."""
        value = self._query.get(name)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.problems.append(f"{name} has to be text")
        return None

    def number(self, name: str, least: int = 0) -> int | None:
        """A whole number."""
        value = self._query.get(name)
        if value is None:
            return None
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) and int(value) >= least:
            return int(value)
        self.problems.append(f"{name} has to be a number, {least} or more")
        return None

    def flag(self, name: str) -> bool | None:
        """0 or 1."""
        value = self._query.get(name)
        if value in (None, "0", "1"):
            return None if value is None else value == "1"
        self.problems.append(f"{name} has to be 0 or 1")
        return None

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """One of a few texts."""
        value = self._query.get(name)
        if value is None or (isinstance(value, str) and value in choices):
            return value
        self.problems.append(f"{name} has to be one of: {', '.join(choices)}")
        return None

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Some texts, as in ``tag[]=sales&tag[]=support``."""
        value = self._query.get(name)
        if value is None:
            return None
        items = list(value.values()) if isinstance(value, dict) else value
        if isinstance(items, list) and all(isinstance(item, str) and item for item in items):
            return tuple(items)
        self.problems.append(f"{name}[] has to be text, as in {name}[]=sales")
        return None

    def nested(self, name: str, key: str) -> str | None:
        """A text that is not blank, as in ``requester[mail]=mary.brown@example.com``."""
        value = self._query.get(name)
        if value is None:
            return None
        inner = value.get(key) if isinstance(value, dict) else None
        if isinstance(inner, str) and inner.strip():
            return inner
        self.problems.append(f"{name}[{key}] has to be text")
        return None

    def zone(self) -> tzinfo:
        """The ``timezone``; UTC by default."""
        name = self._query.get("timezone")
        zone = UTC if name is None else zone_of(name)
        if zone is None:
            self.problems.append(
                "timezone has to be a zone of the TZ database, such as America/Phoenix"
            )
        return zone or UTC

    def days(self, zone: tzinfo) -> tuple[int | None, int | None]:
        """``date_from`` and ``date_to``, as the first second and the one after the last."""
        names = ("date_from", "date_to")
        days = [read_day(self._query.get(name)) for name in names]
        for name, day in zip(names, days, strict=True):
            if day is None and name in self._query:
                self.problems.append(f"{name} has to be a day, YYYY-MM-DD")
        first, last = days
        return (
            None if first is None else day_start(first, zone),
            None if last is None else day_end(last, zone),
        )

    def page(self) -> int:
        """The ``page``; 1 by default."""
        page = self.number("page", least=1)
        return 1 if page is None else page


def items_of(item: object, name: str) -> list[Any]:
    """A list in an item; empty for anything else, for tests may add broken items."""
    value = item.get(name) if isinstance(item, Mapping) else None
    return value if isinstance(value, list) else []


def part_of(item: object, name: str) -> Mapping[str, Any]:
    """An object in an item; empty for anything else."""
    value = item.get(name) if isinstance(item, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def mentions(parts: Iterator[object], text: str) -> bool:
    """Whether a text stands in one of these, whatever its case."""
    wanted = text.casefold()
    return any(isinstance(part, str) and wanted in part.casefold() for part in parts)
