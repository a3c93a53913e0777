"""An archive of any size: an index in memory, and objects that are made when somebody asks."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, TypeAlias

from attrs import frozen

__all__ = ["PAGE_SIZE", "Archive", "Build", "Wire", "mix"]

Wire: TypeAlias = dict[str, Any]
Build: TypeAlias = Callable[[str, int, int], Wire]
"""Makes the object of an id, from 64 bits of chance and Unix seconds."""

PAGE_SIZE = 25
"""Items on a page, as documented."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Odd and no multiple of three, as a factor has to be for which no two numbers share an id.
_FACTOR = 2_236_067_977_499_789
_KEPT_ANSWERS = 16


def mix(seed: int, number: int) -> int:
    """64 bits of chance that are the same every time (the finaliser of splitmix64)."""
    bits = (seed * 0xD1342543DE82EF95 + number * 0x9E3779B97F4A7C15 + 1) & 0xFFFFFFFFFFFFFFFF
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return bits ^ bits >> 31


@frozen
class _Batch:
    """Made-up items, evenly spread over a time."""

    first: int
    count: int
    start: int
    end: int
    seed: int

    def moment(self, number: int) -> int:
        """Somewhere in the item's own part of the time, so that moments ascend with numbers."""
        index, span = number - self.first, self.end - self.start
        begin, end = index * span // self.count, (index + 1) * span // self.count
        return self.start + begin + self.chance(number) % max(1, end - begin)

    def chance(self, number: int) -> int:
        return mix(self.seed, number - self.first)


class Archive:
    """Items in the order of their moments; of those with the same, the later added is the newer.

    Args:
        build: makes a made-up item.
        id_length: how many of ``A-Z0-9`` make an id.
        outline: makes it without what takes long; by default with all of it.
    """

    def __init__(self, build: Build, id_length: int, outline: Build | None = None) -> None:
        self._build = build
        self._outline = build if outline is None else outline
        self._id_length = id_length
        self._ids_possible = 36**id_length
        self._inverse = pow(_FACTOR, -1, self._ids_possible)
        # Two numbers an item are all that is kept of one nobody has added or changed.
        self._moments = array("q")
        self._numbers = array("q")
        self._batches: list[_Batch] = []
        self._kept: dict[int, tuple[int, Wire]] = {}
        self._own_ids: dict[str, int] = {}
        self._taken: set[int | None] = set()
        self._next = self._others = 0
        self._answers: dict[Hashable, Sequence[int]] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, item_id: str) -> bool:
        return self._find(item_id) is not None

    def __iter__(self) -> Iterator[Wire]:
        """All items, the newest first; they are not to be changed."""
        return map(self._item, reversed(self._numbers))

    def seed(self, count: int, start: int, end: int, seed: int) -> None:
        """Add so many made-up items, spread over the Unix seconds from ``start`` to ``end``."""
        if not count:
            return
        while not self._taken.isdisjoint(range(self._next, self._next + count)):
            self._next += 1
        batch = _Batch(self._next, count, start, end, seed)
        numbers = range(batch.first, batch.first + count)
        self._next += count
        self._batches.append(batch)
        pairs = list(zip(self._moments, self._numbers, strict=True))
        # Both parts are sorted already, which makes this a merge.
        pairs = sorted([*pairs, *((batch.moment(n), n) for n in numbers)], key=lambda pair: pair[0])
        self._moments = array("q", [moment for moment, _ in pairs])
        self._numbers = array("q", [number for _, number in pairs])
        self._answers.clear()

    def new_id(self) -> str:
        """An id nobody has; the next made-up one."""
        while self._next in self._taken:
            self._next += 1
        return self._to_id(self._next)

    def add(self, item: Wire, moment: int) -> None:
        """Add an item under its ``id``, which nobody has."""
        item_id = item["id"]
        if item_id == self.new_id():
            number = self._next
            self._next += 1
        else:
            # Numbers below nought are no ids of their own.
            self._others += 1
            number = self._own_ids[item_id] = -self._others
            self._taken.add(self._to_number(item_id))
        self._insert(number, item, moment)

    def put(self, item: Wire, moment: int) -> None:
        """Set an item in place of the one of its ``id``, if there is one."""
        place = self._find(item["id"])
        if place is None:
            self.add(item, moment)
            return
        number, position = place
        self._delete(position)
        self._insert(number, item, moment)

    def remove(self, item_id: str) -> bool:
        """Remove an item; whether there was one."""
        place = self._find(item_id)
        if place is None:
            return False
        number, position = place
        self._delete(position)
        self._kept.pop(number, None)
        self._own_ids.pop(item_id, None)
        return True

    def get(self, item_id: str) -> Wire | None:
        """An item, which is not to be changed."""
        place = self._find(item_id)
        return None if place is None else self._item(place[0])

    def moment(self, item_id: str) -> int | None:
        """When an item was, in Unix seconds."""
        place = self._find(item_id)
        return None if place is None else self._moments[place[1]]

    def select(
        self,
        since: int | None = None,
        until: int | None = None,
        matches: Callable[[Wire], bool] | None = None,
        key: Hashable = None,
        *,
        by_outline: bool = False,
    ) -> Sequence[int]:
        """The numbers of items, the oldest first.

        Args:
            since: the first moment.
            until: the moment after the last.
            matches: which items; all by default.
            key: whatever tells this ``matches`` from others: the answer is kept for the next page.
            by_outline: the outline of an item is enough for ``matches``.
        """
        low = 0 if since is None else bisect_left(self._moments, since)
        high = len(self._moments) if until is None else bisect_left(self._moments, until)
        numbers = self._numbers[low:high]
        if matches is None:
            return numbers
        question = (since, until, key)
        if question not in self._answers:
            if len(self._answers) >= _KEPT_ANSWERS:
                del self._answers[next(iter(self._answers))]
            build = self._outline if by_outline else self._build
            self._answers[question] = [n for n in numbers if matches(self._item(n, build))]
        return self._answers[question]

    def slice(
        self, numbers: Sequence[int], begin: int, end: int, *, oldest_first: bool = False
    ) -> list[Wire]:
        """Some items of a selection, counted from the newest; they are not to be changed."""
        size = len(numbers)
        begin, end = min(begin, size), min(end, size)
        if not oldest_first:
            begin, end = size - end, size - begin
        items = [self._item(number) for number in numbers[begin:end]]
        return items if oldest_first else items[::-1]

    def ids(self, numbers: Sequence[int]) -> list[str]:
        """The ids of a selection, the newest first."""
        return [self._id(number) for number in reversed(numbers)]

    def _item(self, number: int, build: Build | None = None) -> Wire:
        if number in self._kept:
            return self._kept[number][1]
        batch = self._batch(number)
        return (build or self._build)(
            self._to_id(number), batch.chance(number), batch.moment(number)
        )

    def _id(self, number: int) -> str:
        kept = self._kept.get(number)
        return self._to_id(number) if kept is None else str(kept[1]["id"])

    def _moment(self, number: int) -> int:
        if number in self._kept:
            return self._kept[number][0]
        return self._batch(number).moment(number)

    def _batch(self, number: int) -> _Batch:
        return self._batches[bisect_right(self._batches, number, key=lambda each: each.first) - 1]

    def _find(self, item_id: str) -> tuple[int, int] | None:
        """The number of an item that is there, and its place in the index."""
        number = self._own_ids.get(item_id)
        if number is None:
            number = self._to_number(item_id)
            if number is None or not self._was_made(number):
                return None
        moment = self._moment(number)
        position = bisect_left(self._moments, moment)
        while position < len(self._moments) and self._moments[position] == moment:
            if self._numbers[position] == number:
                return number, position
            position += 1
        return None

    def _was_made(self, number: int) -> bool:
        if number in self._kept:
            return True
        if not self._batches:
            return False
        batch = self._batch(number)
        return 0 <= number - batch.first < batch.count

    def _insert(self, number: int, item: Wire, moment: int) -> None:
        self._kept[number] = (moment, item)
        position = bisect_right(self._moments, moment)
        self._moments.insert(position, moment)
        self._numbers.insert(position, number)
        self._answers.clear()

    def _delete(self, position: int) -> None:
        del self._moments[position], self._numbers[position]
        self._answers.clear()

    def _to_id(self, number: int) -> str:
        # Any constant will do: it keeps the first ids from beginning with noughts.
        rest, letters = (number * _FACTOR + _FACTOR) % self._ids_possible, ""
        for _ in range(self._id_length):
            rest, digit = divmod(rest, 36)
            letters += _DIGITS[digit]
        return letters

    def _to_number(self, item_id: str) -> int | None:
        """The number whose id this is; None if it is in no id's form."""
        if len(item_id) != self._id_length or any(letter not in _DIGITS for letter in item_id):
            return None
        rest = 0
        for letter in reversed(item_id):
            rest = rest * 36 + _DIGITS.index(letter)
        number: int = (rest - _FACTOR) * self._inverse % self._ids_possible
        return number
