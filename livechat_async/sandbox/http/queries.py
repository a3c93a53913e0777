"""The parameters of a list: a strict reader that reports every mistake, and the filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, tzinfo
from typing import Any, TypeAlias

from attrs import frozen

from livechat_async.sandbox.data.dates import read_moment, zone_of
from livechat_async.sandbox.http.answers import BadRequest, Wire

_Asked: TypeAlias = tuple[tuple[str, Any], ...]


class QueryReader:
    """Reads a query and collects what is wrong with it in ``problems``; `check` raises them.

    Args:
        query: the query, as PHP reads it. Unknown parameters make no difference.
    """

    def __init__(self, query: Mapping[str, object]) -> None:
        self._query = query
        self.problems: list[str] = []

    def text(self, name: str) -> Any:
        """Text that is not blank."""
        return self._read(name, _is_text, "text")

    def number(self, name: str, least: int = 0) -> int | None:
        """A whole number."""
        needed = f"a number, {least} or more"
        value = self._read(name, lambda text: _is_number(text) and int(text) >= least, needed)
        return None if value is None else int(value)

    def flag(self, name: str) -> bool | None:
        """0 or 1."""
        value = self._read(name, lambda value: value in ("0", "1"), "0 or 1")
        return None if value is None else value == "1"

    def choice(self, name: str, choices: Collection[str]) -> Any:
        """One of a few texts."""
        needed = f"one of: {', '.join(choices)}"
        return self._read(name, lambda value: isinstance(value, str) and value in choices, needed)

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Texts, as in ``tag[]=sales&tag[]=support``."""
        texts = self._list(name, lambda text: isinstance(text, str) and text != "", "text", "sales")
        return None if texts is None else tuple(texts)

    def numbers(self, name: str, what: str) -> set[int] | None:
        """Whole numbers, as in ``group[]=0&group[]=2``."""
        numbers = self._list(name, _is_number, what, "0")
        return None if numbers is None else {int(number) for number in numbers}

    def nested(self, name: str, key: str) -> Any:
        """Text that is not blank, as in ``requester[mail]=mary.brown@example.com``."""
        inner = part_of(self._query, name).get(key)
        self._read(name, lambda _: _is_text(inner), "text", f"[{key}]")
        return inner if _is_text(inner) else None

    def zone(self) -> tzinfo:
        """The ``timezone``; UTC by default."""
        needed = "a zone of the TZ database, such as America/Phoenix"
        return zone_of(self._read("timezone", zone_of, needed)) or UTC

    def days(self, zone: tzinfo) -> tuple[int | None, int | None]:
        """``date_from`` and ``date_to``, as the first second and the one after the last."""

        def read(name: str, *, is_end: bool) -> int | None:
            given = self._query.get(name)
            moment = read_moment(given, zone, is_end=is_end)
            if given is not None and moment is None:
                needed = "a day, YYYY-MM-DD, or a time, such as 2026-11-01T00:00:00Z"
                self.problems.append(f"{name} has to be {needed}")
            return moment

        return read("date_from", is_end=False), read("date_to", is_end=True)

    def page(self) -> int:
        """The ``page``; 1 by default."""
        return self.number("page", least=1) or 1

    def filters(self, known: Mapping[str, Filter]) -> tuple[_Asked, Callable[[Wire], bool]]:
        """The filters asked for, by name and value, and a function: whether an item fits all."""
        values = ((name, each.read(self, name)) for name, each in known.items())
        asked = tuple((name, value) for name, value in values if value is not None)
        return asked, lambda item: all(known[name].fits(item, value) for name, value in asked)

    def check(self) -> None:
        """Raise `BadRequest` if anything is wrong with the query."""
        if self.problems:
            raise BadRequest(*self.problems)

    def _read(
        self, name: str, is_right: Callable[[Any], object], needed: str, suffix: str = ""
    ) -> Any:
        """The value of a parameter; None if it is missing or wrong."""
        value = self._query.get(name)
        if value is None or is_right(value):
            return value
        self.problems.append(f"{name}{suffix} has to be {needed}")
        return None

    def _list(
        self, name: str, is_right: Callable[[Any], bool], what: str, example: str
    ) -> list[Any] | None:
        def is_list(value: object) -> bool:
            return isinstance(value, (list, dict)) and all(map(is_right, _items(value)))

        value = self._read(name, is_list, f"{what}, as in {name}[]={example}", "[]")
        return None if value is None else _items(value)


@frozen
class Filter:
    """A parameter that narrows a list: how to read it, and whether an item fits its value."""

    read: Callable[[QueryReader, str], Any]
    fits: Callable[[Wire, Any], bool]


def flag_filter(has: Callable[[Wire], object]) -> Filter:
    """A filter by 0 or 1: whether an item has something."""
    return Filter(QueryReader.flag, lambda item, wanted: bool(has(item)) == wanted)


def part_filter(part: str, key: str) -> Filter:
    """A filter by text: the value of a key in an object of the item."""
    return Filter(QueryReader.text, lambda item, text: part_of(item, part).get(key) == text)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) is not None


def _items(value: list[Any] | dict[str, Any]) -> list[Any]:
    """The items of an array, which PHP reads as a dict where its numbers have gaps."""
    return list(value.values()) if isinstance(value, dict) else value


def items_of(item: object, name: str) -> list[Any]:
    """A list in an item; empty for anything else, because tests may add broken items."""
    value = item.get(name) if isinstance(item, Mapping) else None
    return value if isinstance(value, list) else []


def objects_of(item: object, name: str) -> list[Mapping[str, Any]]:
    """The objects of a list in an item."""
    return [each for each in items_of(item, name) if isinstance(each, Mapping)]


def part_of(item: object, name: str) -> Mapping[str, Any]:
    """An object in an item; empty for anything else."""
    value = item.get(name) if isinstance(item, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def values_of(item: object, name: str, key: str) -> list[object]:
    """The values of a key in the objects of a list in an item."""
    return [each.get(key) for each in objects_of(item, name)]


def mentions(parts: Iterable[object], text: str) -> bool:
    """Whether one of these contains the text, whatever its case."""
    wanted = text.casefold()
    return any(isinstance(part, str) and wanted in part.casefold() for part in parts)
