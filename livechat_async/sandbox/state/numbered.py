"""What an account has by number, such as its goals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from livechat_async.sandbox.http.answers import NotFound, Wire

__all__ = ["Numbered"]


class Numbered:
    """Objects by their ``id``, in the order of their creation.

    Args:
        noun: what they are.
        items: those that every account has.
    """

    def __init__(self, noun: str, items: Iterable[Wire] = ()) -> None:
        self._noun = noun
        self._items: dict[str, Wire] = {str(item["id"]): item for item in items}
        self._last = 0

    def __iter__(self) -> Iterator[Wire]:
        return iter(self._items.values())

    def get(self, number: str) -> Wire:
        """An object by the text of its number; do not change it. A `NotFound` if there is none."""
        if number not in self._items:
            raise NotFound(f"{self._noun} not found")
        return self._items[number]

    def new_number(self) -> int:
        """An unused number: the first after those that were given so far."""
        number = self._last + 1
        while str(number) in self._items:
            number += 1
        return number

    def put(self, item: Wire) -> Wire:
        """Add an object, or replace the one with its ``id``, and return it."""
        number = item["id"]
        if str(number) not in self._items:
            self._last = max(self._last, number)
        self._items[str(number)] = item
        return item

    def remove(self, number: str) -> None:
        """Remove an object; a `NotFound` if there is none."""
        self.get(number)
        del self._items[number]
