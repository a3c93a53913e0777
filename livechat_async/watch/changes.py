"""What changed between two answers with the visitors on the site, as typed changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from attrs import frozen

from livechat_async.display import repr_of_model
from livechat_async.models.visitors import Visitor, VisitorState


@frozen(repr=False)
class VisitorChange:
    """The base of every change that `VisitorWatch` gives."""

    __repr__ = repr_of_model


@frozen(repr=False)
class Arrived(VisitorChange):
    """A visitor is now among those who are watched.

    Attributes:
        visitor: the visitor.
        at_start: whether the first answer of the watch had them; they may have come long before.
    """

    visitor: Visitor
    at_start: bool = False


@frozen(repr=False)
class StateChanged(VisitorChange):
    """A visitor's state changed.

    Attributes:
        visitor: as they are now.
        before: the state they were in.
    """

    visitor: Visitor
    before: VisitorState | str


@frozen(repr=False)
class PageChanged(VisitorChange):
    """A visitor went to another page.

    Attributes:
        visitor: as they are now.
        before: the address of the page they were on; ``""`` if it was unknown.
    """

    visitor: Visitor
    before: str

    @property
    def page(self) -> str:
        """The address of the page they are on; ``""`` if it is unknown."""
        return page_of(self.visitor)


@frozen(repr=False)
class Updated(VisitorChange):
    """Only other fields of a visitor changed; reported with ``updates=True``.

    Attributes:
        visitor: as they are now.
        before: as they were.
    """

    visitor: Visitor
    before: Visitor


@frozen(repr=False)
class Left(VisitorChange):
    """A visitor is no longer among those who are watched.

    They left the site, or the state or the groups that the watch is for.

    Attributes:
        visitor: as they were last seen.
    """

    visitor: Visitor


@frozen(repr=False)
class Resynced(VisitorChange):
    """A poll succeeded after polls that failed.

    The changes that follow show what happened meanwhile, but not visitors who came and left.

    Attributes:
        visitors: all who are watched now.
        outage: the seconds since the last answer, or since the start of the watch.
        failures: how many polls failed.
    """

    visitors: tuple[Visitor, ...]
    outage: float
    failures: int


Change: TypeAlias = Arrived | StateChanged | PageChanged | Updated | Left | Resynced
"""A change that a watch gives; a ``match`` can cover all of them."""


def page_of(visitor: Visitor) -> str:
    """The address of the page a visitor is on, from whichever field has it."""
    return visitor.page_current or visitor.page_address


def to_snapshot(visitors: Iterable[Visitor]) -> dict[str, Visitor]:
    """The visitors of an answer by id, in its order.

    If an id occurs twice, the later visitor counts. Visitors with a blank id are left out.
    """
    return {visitor.id: visitor for visitor in visitors if visitor.id.strip()}


def diff(
    before: Mapping[str, Visitor], after: Mapping[str, Visitor], *, updates: bool = False
) -> list[Change]:
    """The changes that turn one snapshot into another.

    Visitors who left come first, in the order of ``before``; then all others in the order of
    ``after``, each state before the page. A visitor with a later ``last_visit`` left and came back.

    With ``updates``, there is an `Updated` where only other fields changed.
    """
    both = [id_ for id_ in before if id_ in after]
    stayed = {id_ for id_ in both if not _came_back(before[id_].last_visit, after[id_].last_visit)}
    changes: list[Change] = [Left(old) for id_, old in before.items() if id_ not in stayed]
    for id_, new in after.items():
        if id_ not in stayed:
            changes.append(Arrived(new))
            continue
        old, news = before[id_], len(changes)
        if new.state != old.state:
            changes.append(StateChanged(new, old.state))
        if page_of(new) != page_of(old):
            changes.append(PageChanged(new, page_of(old)))
        if updates and len(changes) == news and new != old:
            changes.append(Updated(new, old))
    return changes


def _came_back(old: datetime | None, new: datetime | None) -> bool:
    # Answers with and without the twin give aware and naive times, which cannot be compared.
    if old is None or new is None or (old.tzinfo is None) != (new.tzinfo is None):
        return False
    return new > old
