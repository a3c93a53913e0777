"""Items in the order of time: an index in memory, and made-up items that are built on demand."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias, TypeGuard

from attrs import frozen

from livechat_async.checks import check_count, refusal
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import shown
from livechat_async.sandbox.data.dates import DAY, moments_of, to_day
from livechat_async.sandbox.http.answers import Wire

# Makes the item of an id, from 64 random bits and Unix seconds.
_Build: TypeAlias = Callable[[str, int, int], Wire]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# A factor that is odd and no multiple of three gives each number an id of its own.
_FACTOR = 2_236_067_977_499_789
_KEPT_ANSWERS = 16
_SEED_DAYS = 90


def mix(seed: int, number: int) -> int:
    """64 bits that look random but depend only on the arguments (the finaliser of splitmix64)."""
    bits = (seed * 0xD1342543DE82EF95 + number * 0x9E3779B97F4A7C15 + 1) & 0xFFFFFFFFFFFFFFFF
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return bits ^ bits >> 31


@frozen
class _Batch:
    """Made-up items, evenly spread over a span of time."""

    first: int
    count: int
    start: int
    end: int
    seed: int

    def moment(self, number: int) -> int:
        """A moment in the item's own part of the span, so that moments ascend with numbers."""
        index, span = number - self.first, self.end - self.start
        begin, end = index * span // self.count, (index + 1) * span // self.count
        return self.start + begin + self.chance(number) % max(1, end - begin)

    def chance(self, number: int) -> int:
        return mix(self.seed, number - self.first)


class Timeline:
    """Items in the order of their moments; among equal moments, in the order they were added.

    Args:
        clock: returns the Unix seconds.
        build: makes a made-up item.
        given: makes an item and its moment from an id, a caller's fields, names to omit, and now.
        id_length: the number of characters, of ``A-Z0-9``, in an id.
        outline: makes a made-up item without its slow parts; by default with all parts.

    Attributes:
        revision: a number that grows with every change.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        build: _Build,
        given: Callable[[str, Mapping[str, object], Iterable[str], int], tuple[Wire, int]],
        id_length: int,
        outline: _Build | None = None,
    ) -> None:
        self._clock = clock
        self._given = given
        self._build = build
        self._outline = build if outline is None else outline
        self._id_length = id_length
        self._ids_possible = 36**id_length
        self._inverse = pow(_FACTOR, -1, self._ids_possible)
        # A made-up item that was never changed takes no more memory than these two numbers.
        self._moments = array("q")
        self._numbers = array("q")
        self._batches: list[_Batch] = []
        self._kept: dict[int, tuple[int, Wire]] = {}
        self._own_ids: dict[str, int] = {}
        self._taken: set[int | None] = set()
        self._next = self._others = 0
        self._answers: dict[Hashable, Sequence[int]] = {}
        self.revision: int = 0

    def __contains__(self, item_id: str) -> bool:
        return self._find(item_id) is not None

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Wire]:
        """All items, the newest first; do not change them."""
        return map(self._item, reversed(self._numbers))

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    def make_up(
        self,
        amount: object,
        date_from: object,
        date_to: object,
        seed: object,
        *,
        names: Sequence[str] = ("count", "date_from", "date_to", "seed"),
    ) -> None:
        """Add made-up items of some days; see `Actions.seed_chats`.

        ``names`` are those of the arguments in the caller's call.
        """
        start, end = moments_of(to_day(names[1], date_from), to_day(names[2], date_to))
        end = self.now if end is None else end
        start = end - _SEED_DAYS * DAY if start is None else start
        if start >= end:
            raise ConfigurationError(
                f"{names[1]}={shown(date_from)} has to be before {names[2]}={shown(date_to)}"
            )
        count, seed = check_count(names[0], amount, 0), check_count(names[3], seed, 0)
        if not count:
            return
        while not self._taken.isdisjoint(range(self._next, self._next + count)):
            self._next += 1
        batch = _Batch(self._next, count, start, end, seed)
        self._batches.append(batch)
        self._next += count
        made = [(batch.moment(number), number) for number in range(batch.first, self._next)]
        # Both parts are sorted already, which makes this a merge.
        pairs = sorted([*zip(self._moments, self._numbers, strict=True), *made], key=itemgetter(0))
        self._moments = array("q", [moment for moment, _ in pairs])
        self._numbers = array("q", [number for _, number in pairs])
        self._note_change()

    def add_given(self, fields: Mapping[str, object], omit: Iterable[str]) -> str:
        """Add an item with a caller's fields, and return its id."""
        check_omit(omit, ("id",))
        given = fields.get("id")
        item_id = self.new_id() if given is None else check_id(given, "MH022RD0K5")
        if item_id in self:
            raise refusal("id", item_id, "it is in use: leave it out, or remove that item")
        item, moment = self._given(item_id, fields, omit, self.now)
        self.add({**item, "id": item_id}, moment)
        return item_id

    def new_id(self) -> str:
        """An unused id: the next made-up one."""
        while self._next in self._taken:
            self._next += 1
        return self._to_id(self._next)

    def add(self, item: Wire, moment: int) -> None:
        """Add an item under its unused ``id``."""
        item_id = item["id"]
        if item_id == self.new_id():
            number = self._next
            self._next += 1
        else:
            # Numbers below zero stand for ids that a caller chose.
            self._others += 1
            number = self._own_ids[item_id] = -self._others
            self._taken.add(self._to_number(item_id))
        self._insert(number, item, moment)

    def put(self, item: Wire, moment: int) -> None:
        """Add an item, or replace the one with its ``id``."""
        place = self._find(item["id"])
        if place is None:
            self.add(item, moment)
            return
        number, position = place
        self._delete(position)
        self._insert(number, item, moment)

    def change(self, item_id: str, **fields: object) -> Wire | None:
        """Set fields of an item and return the new item; None if there is no such item."""
        place = self._find(item_id)
        if place is None:
            return None
        changed = {**self._item(place[0]), **fields}
        self.put(changed, self._moments[place[1]])
        return changed

    def remove(self, item_id: object) -> bool:
        """Remove an item; returns whether there was one."""
        place = self._find(item_id)
        if place is None:
            return False
        number, position = place
        self._delete(position)
        self._kept.pop(number, None)
        self._own_ids.pop(str(item_id), None)
        return True

    def get(self, item_id: str) -> Wire | None:
        """An item; do not change it."""
        place = self._find(item_id)
        return None if place is None else self._item(place[0])

    def select(
        self,
        since: int | None = None,
        until: int | None = None,
        matches: Callable[[Wire], bool] | None = None,
        key: Hashable = None,
        *,
        by_outline: bool = False,
    ) -> Sequence[int]:
        """The numbers of items from ``since`` to before ``until``, the oldest first.

        The ``key`` identifies ``matches``, to keep the result for the next page. With
        ``by_outline``, ``matches`` gets only the outline of an item.
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
        """A part of a selection, counted from the newest; do not change the items."""
        size = len(numbers)
        begin, end = min(begin, size), min(end, size)
        if not oldest_first:
            begin, end = size - end, size - begin
        items = [self._item(number) for number in numbers[begin:end]]
        return items if oldest_first else items[::-1]

    def ids(self, numbers: Sequence[int]) -> list[str]:
        """The ids of a selection, the newest first."""
        return [self._id(number) for number in reversed(numbers)]

    def _item(self, number: int, build: _Build | None = None) -> Wire:
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

    def _find(self, item_id: object) -> tuple[int, int] | None:
        """The number of an item and its place in the index; None if there is no such item."""
        if not isinstance(item_id, str):
            return None
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
        self._note_change()

    def _delete(self, position: int) -> None:
        del self._moments[position], self._numbers[position]
        self._note_change()

    def _note_change(self) -> None:
        self._answers.clear()
        self.revision += 1

    def _to_id(self, number: int) -> str:
        # Adding a constant keeps the first ids from starting with zeros.
        rest, letters = (number * _FACTOR + _FACTOR) % self._ids_possible, ""
        for _ in range(self._id_length):
            rest, digit = divmod(rest, 36)
            letters += _DIGITS[digit]
        return letters

    def _to_number(self, item_id: str) -> int | None:
        """The number of an id; None if it does not have the form of an id."""
        if len(item_id) != self._id_length or any(letter not in _DIGITS for letter in item_id):
            return None
        rest = 0
        for letter in reversed(item_id):
            rest = rest * 36 + _DIGITS.index(letter)
        number: int = (rest - _FACTOR) * self._inverse % self._ids_possible
        return number


def check_omit(omit: Any, needed: Iterable[str]) -> None:
    """Check the names of the fields to leave out; the sandbox needs some."""
    is_list = isinstance(omit, Collection) and not isinstance(omit, (str, bytes))
    names: list[Any] = [*omit] if is_list else []
    if not is_list or not all(isinstance(name, str) for name in names):
        raise refusal("omit", omit, "a list of field names is needed, as in ['email']")
    for name in needed:
        if name in names:
            raise refusal("omit", omit, f"the sandbox needs {name!r}; do not name that")


def is_id(value: object) -> TypeGuard[str]:
    """Whether a value can be an id: text that can stand in a path."""
    return isinstance(value, str) and value not in {"", ".", ".."}


def check_id(value: object, example: str) -> str:
    """An id that a caller gave."""
    if not is_id(value):
        needed = f"text is needed, such as {example!r}, and '.' or '..' cannot stand in a path"
        raise refusal("id", value, needed)
    return value
