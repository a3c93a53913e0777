"""The chats that have ended: added, made up, removed, and on the move."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date
from typing import Any, TypeGuard

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox.checks import to_day, to_number
from livechat_async.sandbox.data.chat_items import live_chat, new_chat_item
from livechat_async.sandbox.data.chats import chat_outline, made_up_chat
from livechat_async.sandbox.data.dates import DAY, day_end, day_start, zone_of
from livechat_async.sandbox.data.live_chats import LiveChat
from livechat_async.sandbox.data.visitors import plain
from livechat_async.sandbox.state.movement import Movement
from livechat_async.sandbox.state.timeline import Archive, Wire, mix

__all__ = ["ChatArchive", "check_item_id", "seed_archive"]

_SEED_DAYS = 90

_ARRIVED_SEED = 77


class ChatArchive:
    """The archives.

    Args:
        clock: gives the Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.items: Archive = Archive(made_up_chat, 10, chat_outline)
        self.transcripts: list[tuple[str, str]] = []
        self._clock = clock
        self._arrivals: Movement | None = None
        self._departures: Movement | None = None
        self._arrived = 0

    def seed(self, count: object, since: object, until: object, seed: object) -> None:
        """Add so many made-up chats; see `seed_archive`."""
        now = int(self._clock())
        seed_archive(self.items, now, count=count, since=since, until=until, seed=seed)

    def add(self, fields: Mapping[str, object], omit: Iterable[str] = ()) -> str:
        """Add a chat.

        Raises:
            ConfigurationError: a bad value, or an id that is in use.
        """
        chat_id = check_item_id(self.items, fields, omit)
        item, moment = new_chat_item(chat_id, fields, omit, int(self._clock()))
        self.items.add({**item, "id": chat_id}, moment)
        return chat_id

    def end(self, visitor: Mapping[str, Any], chat: LiveChat) -> Wire:
        """Put a live chat of a visitor into the archives, and give what is there now."""
        item: Wire = plain("chat", live_chat(visitor, chat, int(self._clock())))
        if not _is_id(item["id"]):  # a test may have given the live chat any value for it
            item["id"] = self.items.new_id()
        self.items.put(item, item["started_timestamp"])
        return item

    def remove(self, chat_id: str) -> None:
        """Remove a chat.

        Raises:
            ConfigurationError: there is none.
        """
        if not self.items.remove(chat_id):
            raise ConfigurationError(f"there is no chat {chat_id!r} in the archives")

    def ids(self, since: object, until: object, timezone: object) -> list[str]:
        """The ids of the chats of these days, the newest first.

        Raises:
            ConfigurationError: no such day or zone.
        """
        zone = zone_of(timezone)
        if zone is None:
            raise ConfigurationError(
                f"timezone={timezone!r}: a zone's name is needed, such as 'America/Phoenix'"
            )
        start = None if since is None else day_start(to_day("date_from", since), zone)
        end = None if until is None else day_end(to_day("date_to", until), zone)
        return self.items.ids(self.items.select(start, end))

    def arrive(self, day: date | str | None, **pace: Any) -> Movement:
        """Let chats come; see `Movement`."""
        moment = None if day is None else day_end(to_day("day", day)) - 1
        self._arrivals = Movement(lambda: self._arrive(moment), **pace)
        return self._arrivals

    def go(self, day: date | str | None, **pace: Any) -> Movement:
        """Let chats go; see `Movement`."""
        start = None if day is None else day_start(to_day("day", day))
        end = None if start is None else start + DAY
        self._departures = Movement(lambda: self._go(start, end), **pace)
        return self._departures

    def move(self) -> None:
        """A page is about to be answered."""
        for movement in (self._arrivals, self._departures):
            if movement is not None:
                movement.request()

    def _arrive(self, moment: int | None) -> str:
        chat_id, self._arrived = self.items.new_id(), self._arrived + 1
        started = int(self._clock()) if moment is None else moment
        chance = mix(_ARRIVED_SEED, self._arrived)
        self.items.add(made_up_chat(chat_id, chance, started, may_be_missed=False), started)
        return chat_id

    def _go(self, start: int | None, end: int | None) -> str | None:
        numbers = self.items.select(start, end)
        if not numbers:
            return None
        [chat_id] = self.items.ids(numbers[-1:])
        self.items.remove(chat_id)
        return chat_id


def check_item_id(items: Archive, fields: Mapping[str, object], omit: Iterable[str]) -> str:
    """The id of an item to be added: the one given, or a new one.

    Raises:
        ConfigurationError: the id is in use or none, or ``omit`` is not what it should be.
    """
    if isinstance(omit, str) or not isinstance(omit, Collection):
        raise ConfigurationError(f"omit={omit!r}: a list of field names is needed")
    if "id" in omit:
        raise ConfigurationError("omit names 'id', which the sandbox cannot do without")
    item_id = fields.get("id")
    if item_id is None:
        return items.new_id()
    if not _is_id(item_id):
        raise ConfigurationError(
            f"id={item_id!r}: text is needed, such as 'MH022RD0K5', "
            "and '.' or '..' cannot stand in a path"
        )
    if item_id in items:
        raise ConfigurationError(f"id={item_id!r} is in use: leave it out, or remove that first")
    return item_id


def _is_id(item_id: object) -> TypeGuard[str]:
    """Whether it can be an id: text that can stand in a path."""
    return isinstance(item_id, str) and item_id not in {"", ".", ".."}


def seed_archive(
    items: Archive, now: int, *, count: object, since: object, until: object, seed: object
) -> None:
    """Add made-up items.

    Args:
        items: the archive.
        now: Unix seconds.
        count: how many.
        since: the first day, in UTC; by default 90 days before the end.
        until: the last day; by default it ends now.
        seed: what they are made of.

    Raises:
        ConfigurationError: one of them is not what it should be.
    """
    end = now if until is None else day_end(to_day("date_to", until), UTC)
    start = end - _SEED_DAYS * DAY if since is None else day_start(to_day("date_from", since), UTC)
    if start >= end:
        raise ConfigurationError(f"date_from={since!r} has to be before date_to={until!r}")
    items.seed(to_number("count", count), start, end, to_number("seed", seed))
