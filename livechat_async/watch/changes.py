"""What happened between two answers to who is on the site, as typed changes. Pure.

https://developers.livechat.com/docs/management/configuration-api/v2.0#visitors
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from attrs import frozen

from livechat_async.models.visitors import Visitor, VisitorState
from livechat_async.redaction import repr_of_fields

__all__ = [
    "Arrived",
    "Change",
    "Left",
    "PageChanged",
    "Resynced",
    "StateChanged",
    "Updated",
    "VisitorChange",
    "diff",
    "page_of",
    "to_snapshot",
]


@frozen(repr=False)
class VisitorChange:
    """The base of everything that `VisitorWatch` gives."""

    def __repr__(self) -> str:
        return repr_of_fields(self)


@frozen(repr=False)
class Arrived(VisitorChange):
    """Somebody is among those who are watched now.

    Attributes:
        visitor: who it is.
        at_start: whether the first answer of the watch had them: when they came is not known.
    """

    visitor: Visitor
    at_start: bool = False


@frozen(repr=False)
class StateChanged(VisitorChange):
    """A visitor's state became another.

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
        before: the address of the page they were on; ``""`` where that was not known.
    """

    visitor: Visitor
    before: str

    @property
    def page(self) -> str:
        """The address of the page they are on; ``""`` where that is not known."""
        return page_of(self.visitor)


@frozen(repr=False)
class Updated(VisitorChange):
    """Anything else of a visitor changed; comes only with ``updates=True``.

    Attributes:
        visitor: as they are now.
        before: as they were.
    """

    visitor: Visitor
    before: Visitor


@frozen(repr=False)
class Left(VisitorChange):
    """Somebody is no longer among those who are watched.

    They left the site, or, with a filter, the state or the groups that are watched.

    Attributes:
        visitor: as they were last seen.
    """

    visitor: Visitor


@frozen(repr=False)
class Resynced(VisitorChange):
    """Visitors are known again after polls that failed.

    The changes that follow are all that can be seen of what happened meanwhile: who came and left
    again is missing.

    Attributes:
        visitors: everybody who is watched now.
        outage: seconds in which nothing was known, from the last answer to this one, or from the
            start of the watch.
        failures: how many polls failed.
    """

    visitors: tuple[Visitor, ...]
    outage: float
    failures: int


Change: TypeAlias = Arrived | StateChanged | PageChanged | Updated | Left | Resynced
"""What a watch gives; a ``match`` can be exhaustive over it."""


def page_of(visitor: Visitor) -> str:
    """The address of the page a visitor is on, whichever field of the answer has it."""
    return visitor.page_current or visitor.page_address


def to_snapshot(visitors: Iterable[Visitor]) -> dict[str, Visitor]:
    """An answer by id, in its order.

    Of an id that occurs twice, the latter counts. A visitor with a blank id is left out: nothing
    tells them from others.
    """
    return {visitor.id: visitor for visitor in visitors if visitor.id.strip()}


def diff(
    before: Mapping[str, Visitor], after: Mapping[str, Visitor], *, updates: bool = False
) -> list[Change]:
    """The changes that make one snapshot of another.

    First who left, as ``before`` has them; then all others as ``after`` has them, the state of each
    before the page. Who left and came back meanwhile, which shows in a later ``last_visit``, is in
    both parts.

    Args:
        before: the older snapshot.
        after: the newer one.
        updates: whether there is an `Updated` for whom only something else changed.
    """
    stayed = {id_ for id_, old in before.items() if id_ in after and _is_one_visit(old, after[id_])}
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


def _is_one_visit(old: Visitor, new: Visitor) -> bool:
    return not _is_later(new.last_visit, old.last_visit)


def _is_later(new: datetime | None, old: datetime | None) -> bool:
    # An aware and a naive time, of answers with and without the twin, cannot be compared.
    if new is None or old is None or (new.tzinfo is None) != (old.tzinfo is None):
        return False
    return new > old
