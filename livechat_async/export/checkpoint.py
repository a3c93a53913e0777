"""Where an export stands, as plain data that can be stored as text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise, starmap
from typing import Annotated, Any, Self, TypeAlias

import attrs
import msgspec
from attrs import field, frozen

from livechat_async.checks import refusal
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import shown

_KIND = "livechat_async.export"
_VERSION = 1
_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]


@frozen
class Window:
    """Days that are walked together.

    Attributes:
        first: the first day.
        last: the last day, which is part of it.
    """

    first: date
    last: date

    @property
    def is_day(self) -> bool:
        """Whether it is a single day."""
        return self.first == self.last

    def halves(self) -> tuple[Window, Window]:
        """Two windows with the same days, the older first. It needs two days at least."""
        middle = self.first + timedelta(days=(self.last - self.first).days // 2)
        return Window(self.first, middle), Window(middle + timedelta(days=1), self.last)


@frozen
class IncompleteDay:
    """A day with more items than LiveChat pages, of which only some were exported.

    Attributes:
        day: the day.
        total: how many items it has; None where LiveChat does not say.
        exported: how many of them were exported: the latest ones.
    """

    day: date
    total: int | None
    exported: int


@frozen(kw_only=True)
class Checkpoint:
    """Where an export stands: its query, the days that are left, and ids that may come again.

    It holds no credentials, but it names the filters of the query and the ids of items.

    Attributes:
        query: what is asked, by name; an export resumes only from a checkpoint of the same query.
        first: the first day of the whole range.
        last: the last day; if it was left out, the day on which the export began.
        windows: the days that are left, the oldest first; none if the export is finished.
        windows_done: how many windows are finished.
        items_done: how many items were handed out.
        items_expected: how many items there are, by the first answer; None if it does not say.
        items_broken: how many items were skipped, with ``on_broken="skip"``.
        items_gone: how many items were deleted after they were handed out, before their window was
            finished.
        handed_out: ids of items that may come again, by the last day on which they may.
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
    items_gone: int = 0
    handed_out: Mapping[date, tuple[str, ...]] = field(factory=dict, hash=False, repr=False)
    incomplete: tuple[IncompleteDay, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether its export has handed out everything."""
        return not self.windows

    def to_json(self) -> str:
        """One line of text, for `from_json`."""
        data = {
            "kind": _KIND,
            "version": _VERSION,
            **attrs.asdict(self, recurse=False),
            "windows": list(map(attrs.astuple, self.windows)),
            "incomplete": list(map(attrs.astuple, self.incomplete)),
        }
        text = json.dumps(msgspec.to_builtins(data, str_keys=True), sort_keys=True)
        return f'{text[:-1]}, "checksum": "{checksum(text)}"}}'

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The checkpoint in a text that `to_json` made.

        Raises:
            ConfigurationError: the text is cut short, damaged, something else, or of a version
                that this release does not read.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise _refusal(
                f"text={shown(text)}: the checkpoint is cut short, or no JSON at all"
            ) from None
        except TypeError:
            raise refusal("text", text, "the text that to_json made is needed") from None
        if not isinstance(data, dict) or data.get("kind") != _KIND:
            raise _refusal(f"text={shown(text)}: this is no checkpoint of an export")
        if data.get("version") != _VERSION:
            raise _refusal(
                f"the checkpoint is of version {shown(data.get('version'))}, and this release "
                f"reads version {_VERSION}: finish the export with the release that began it"
            )
        # Early checkpoints have none. A damaged name of this entry leaves the others whole.
        found = data.pop("checksum", None)
        try:
            stored = msgspec.convert(data, _Stored)
        except msgspec.ValidationError as error:
            raise _refusal(f"the checkpoint is damaged: {error}") from None
        windows = tuple(starmap(Window, stored.windows))
        if not _are_the_end_of(windows, stored.first, stored.last):
            raise _refusal("the checkpoint is damaged: its windows are not the end of its range")
        if found is not None and found != checksum(json.dumps(data, sort_keys=True)):
            raise _refusal("the checkpoint is damaged: it does not match its checksum")
        incomplete = tuple(starmap(IncompleteDay, stored.incomplete))
        fields = msgspec.structs.asdict(stored)
        return cls(**{**fields, "windows": windows, "incomplete": incomplete})


class _Stored(msgspec.Struct):
    """A checkpoint as it is stored; a list stands for each window and incomplete day."""

    query: dict[str, Any]
    first: date
    last: date
    windows: list[tuple[date, date]]
    windows_done: _Count
    items_done: _Count
    items_expected: _Count | None
    items_broken: _Count
    handed_out: dict[date, tuple[str, ...]]
    incomplete: list[tuple[date, _Count | None, _Count]]
    items_gone: _Count = 0


def checksum(text: str) -> str:
    """A digest that differs once a character of the text has changed."""
    return hashlib.sha256(text.encode()).hexdigest()


def _refusal(problem: str) -> ConfigurationError:
    return ConfigurationError(f"{problem}; start over without it")


def _are_the_end_of(windows: tuple[Window, ...], first: date, last: date) -> bool:
    """Whether they follow each other without a gap, up to the last day."""
    if not windows:
        return first <= last
    return (
        first <= windows[0].first
        and windows[-1].last == last
        and all(window.first <= window.last for window in windows)
        and all(b.first - a.last == timedelta(days=1) for a, b in pairwise(windows))
    )
