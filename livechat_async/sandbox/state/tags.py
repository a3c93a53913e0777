"""The tags of an account."""

from __future__ import annotations

from livechat_async.sandbox.http.answers import NotFound, Wire
from livechat_async.sandbox.http.queries import items_of
from livechat_async.sandbox.state.timeline import Timeline

__all__ = ["Tags"]

# The tags of made-up chats and tickets, each with its group.
_TAGS = (("sales", 2), ("support", 0), ("feedback", 0), ("complaint", 0))
_CREATED = 1_402_989_014


class Tags:
    """The tags by name and group. Chats and tickets may have others, too."""

    def __init__(self, chats: Timeline, tickets: Timeline, author: str) -> None:
        self._timelines = {"inChats": chats, "inTickets": tickets}
        self._items: dict[tuple[str, int], Wire] = {}
        for name, group in _TAGS:
            self.add(name, group, author, _CREATED)

    def list(self, group: int | None) -> list[Wire]:
        """The tags of one group, or of all, with the number of chats and tickets that have them."""
        found = (item for item in self._items.values() if group in (None, item["group"]))
        return [self._counted(item) for item in found]

    def add(self, name: str, group: int, author: str, moment: int) -> Wire | None:
        """Add a tag to a group; None if the group has it already."""
        if (name, group) in self._items:
            return None
        item = {"name": name, "author": author, "creation_date": moment, "group": group}
        self._items[name, group] = item
        return self._counted(item)

    def remove(self, name: str, group: int) -> None:
        """Remove a tag from a group; a `NotFound` if there is none."""
        if self._items.pop((name, group), None) is None:
            raise NotFound("Tag not found")

    def _counted(self, item: Wire) -> Wire:
        name = item["name"]
        counts = {
            part: len(
                timeline.select(
                    matches=lambda each: name in items_of(each, "tags"),
                    key=("tag", name),
                    by_outline=True,
                )
            )
            for part, timeline in self._timelines.items()
        }
        return {**item, "count": counts}
