"""Where an export stands, as plain data that can be kept as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Self

from attrs import field, frozen

from livechat_async.errors import ConfigurationError

__all__ = ["Checkpoint", "IncompleteDay", "Window"]

_KIND = "livechat_async.export.export"
_VERSION = 1
_BEGIN_ANEW = "begin anew without it"


@frozen
class Window:
    """Days that are walked together.

    Attributes:
        first: the first day.
        last: the last day, which belongs to it.
    """

    first: date
    last: date

    @property
    def is_day(self) -> bool:
        """Whether it is a single day."""
        return self.first == self.last

    def halves(self) -> tuple[Window, Window]:
        """Two windows of the same days, the older first. It has to have two days."""
        middle = self.first + timedelta(days=(self.last - self.first).days // 2)
        return Window(self.first, middle), Window(middle + timedelta(days=1), self.last)


@frozen(kw_only=True)
class IncompleteDay:
    """A day that holds more than can be paged, and was exported in part.

    Attributes:
        day: which.
        total: how many items it holds; None where LiveChat does not say.
        exported: how many of them could be had: the latest.
    """

    day: date
    total: int | None
    exported: int


@frozen(kw_only=True)
class Checkpoint:
    """Where an export stands: what it asks, which days are left, and which ids may come again.

    It holds no credentials. It names the filters of the query, though, and ids of items.

    Attributes:
        query: what is asked, by name. An export goes on only from a checkpoint of the same.
        first: the first day of the whole range.
        last: the last day, also where it was left out: then the day on which the export was begun.
        windows: the days that are left, the oldest first; none if it is finished.
        windows_done: how many windows are finished.
        items_done: how many items were handed out.
        items_expected: how many there are, by the first answer; None where it does not say.
        items_broken: how many were left out, with ``on_broken="skip"``.
        handed_out: ids of items that may be met again, by the last day on which.
        incomplete: days that were cut off, with ``on_overfull_day="partial"``.
    """

    query: Mapping[str, Any] = field(hash=False)
    first: date
    last: date
    windows: tuple[Window, ...]
    windows_done: int = 0
    items_done: int = 0
    items_expected: int | None = None
    items_broken: int = 0
    handed_out: Mapping[date, tuple[str, ...]] = field(factory=dict, hash=False, repr=False)
    incomplete: tuple[IncompleteDay, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether the export it is of has handed out everything."""
        return not self.windows

    def to_json(self) -> str:
        """As one line of text, for `from_json`."""
        return json.dumps(
            {
                "kind": _KIND,
                "version": _VERSION,
                "query": dict(self.query),
                "first": self.first.isoformat(),
                "last": self.last.isoformat(),
                "windows": [
                    [each.first.isoformat(), each.last.isoformat()] for each in self.windows
                ],
                "windows_done": self.windows_done,
                "items_done": self.items_done,
                "items_expected": self.items_expected,
                "items_broken": self.items_broken,
                "handed_out": {day.isoformat(): ids for day, ids in self.handed_out.items()},
                "incomplete": [
                    [each.day.isoformat(), each.total, each.exported] for each in self.incomplete
                ],
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The checkpoint of a text that `to_json` gave.

        Raises:
            ConfigurationError: it is cut short, damaged, something else, or of another version.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise ConfigurationError(
                f"the checkpoint is cut short, or is none: it is no whole JSON text; {_BEGIN_ANEW}"
            ) from None
        except TypeError:
            raise ConfigurationError(
                f"a checkpoint is read from text, not from {type(text).__name__}"
            ) from None
        if not isinstance(data, dict) or data.get("kind") != _KIND:
            raise ConfigurationError(f"that is no checkpoint of an export; {_BEGIN_ANEW}")
        if data.get("version") != _VERSION:
            raise ConfigurationError(
                f"the checkpoint is of version {data.get('version')!r}, and this release reads "
                f"version {_VERSION}: finish the export with the release that began it, or "
                f"{_BEGIN_ANEW}"
            )
        try:
            return cls._from_data(data)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
            raise ConfigurationError(
                f"the checkpoint is damaged ({problem}); {_BEGIN_ANEW}"
            ) from None

    @classmethod
    def _from_data(cls, data: dict[str, Any]) -> Self:
        first, last = date.fromisoformat(data["first"]), date.fromisoformat(data["last"])
        windows = tuple(
            Window(date.fromisoformat(begin), date.fromisoformat(end))
            for begin, end in data["windows"]
        )
        if not _are_the_end_of(windows, first, last):
            raise ValueError("the days that are left are not the end of the range")
        expected = data["items_expected"]
        return cls(
            query={_text(name): value for name, value in data["query"].items()},
            first=first,
            last=last,
            windows=windows,
            windows_done=_count(data["windows_done"]),
            items_done=_count(data["items_done"]),
            items_expected=None if expected is None else _count(expected),
            items_broken=_count(data["items_broken"]),
            handed_out={
                date.fromisoformat(day): tuple(map(_text, ids))
                for day, ids in data["handed_out"].items()
            },
            incomplete=tuple(
                IncompleteDay(
                    day=date.fromisoformat(day),
                    total=None if total is None else _count(total),
                    exported=_count(exported),
                )
                for day, total, exported in data["incomplete"]
            ),
        )


def _are_the_end_of(windows: tuple[Window, ...], first: date, last: date) -> bool:
    """Whether they follow each other without a gap, up to the last day."""
    if not windows:
        return first <= last
    ends = [window.last for window in windows]
    begins = [window.first for window in windows[1:]]
    return (
        first <= windows[0].first
        and ends[-1] == last
        and all(window.first <= window.last for window in windows)
        and all(
            begin - end == timedelta(days=1) for end, begin in zip(ends[:-1], begins, strict=True)
        )
    )


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no number of something")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
