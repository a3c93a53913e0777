"""The archives: chats that have ended, and chats that come and go while a client pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from attrs import define, field
from attrs.validators import optional

from livechat_async.checks import count, refusal
from livechat_async.sandbox.data.chats import chat_outline, given_chat, made_up_chat
from livechat_async.sandbox.data.dates import moments_of, to_day, zone_of
from livechat_async.sandbox.data.live_chats import LiveChat
from livechat_async.sandbox.http.answers import Wire, plain
from livechat_async.sandbox.state.timeline import Timeline, is_id, mix

_ARRIVED_SEED = 77


@define(eq=False)
class Movement:
    """A change of the archives that happens just before a ``GET /chats`` is answered.

    Args:
        move: moves one chat and returns its id; None when there is nothing to move.
        per_request: the number of moves at each of these requests.
        every: at which requests: 1 for each, 3 for the third, the sixth and so on.
        at_most: the total number of moves; None for no limit.

    Raises:
        ConfigurationError: one of them is no whole number above 0.
    """

    _move: Callable[[], str | None] = field(repr=False)
    _per_request: int = field(kw_only=True, validator=count())
    _every: int = field(kw_only=True, validator=count())
    _at_most: int | None = field(kw_only=True, validator=optional(count()))
    _requests: int = field(default=0, init=False)
    _stopped: bool = field(default=False, init=False)
    _ids: list[str] = field(factory=list[str], init=False)

    @property
    def ids(self) -> list[str]:
        """The ids of the chats moved so far, in order."""
        return list(self._ids)

    def stop(self) -> None:
        """Stop moving chats."""
        self._stopped = True

    def request(self) -> None:
        """Move chats, if it is time: a request is about to be answered."""
        self._requests += 1
        if self._stopped or self._requests % self._every:
            return
        for _ in range(self._per_request):
            if self._at_most is not None and len(self._ids) >= self._at_most:
                return
            chat_id = self._move()
            if chat_id is not None:
                self._ids.append(chat_id)


class Chats(Timeline):
    """The chats that have ended."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock, made_up_chat, given_chat, 10, chat_outline)
        self.transcripts: list[tuple[str, str]] = []
        self.arrivals: Movement | None = None
        self.departures: Movement | None = None
        self._arrived = 0

    def end(self, visitor: Mapping[str, Any], chat: LiveChat) -> Wire:
        """Add the chat of a visitor that ends now, and return it."""
        item = plain("chat", chat.to_archive(visitor, self.now, is_over=True))
        if not is_id(item["id"]):  # a test may have set the live chat's id to anything
            item["id"] = self.new_id()
        self.put(item, item["started_timestamp"])
        return item

    def ids_of_days(self, date_from: object, date_to: object, timezone: object) -> list[str]:
        """The ids of the chats of these days, the newest first."""
        zone = zone_of(timezone)
        if zone is None:
            raise refusal(
                "timezone", timezone, "a zone's name is needed, such as 'America/Phoenix'"
            )
        days = to_day("date_from", date_from), to_day("date_to", date_to)
        return self.ids(self.select(*moments_of(*days, zone)))

    def begin_arrivals(self, day: date | str | None, **pace: Any) -> Movement:
        """Let chats arrive; see `Movement`."""
        _, end = moments_of(None, to_day("day", day))
        self.arrivals = Movement(lambda: self._arrive(end), **pace)
        return self.arrivals

    def begin_departures(self, day: date | str | None, **pace: Any) -> Movement:
        """Let chats go; see `Movement`."""
        day = to_day("day", day)
        start, end = moments_of(day, day)
        self.departures = Movement(lambda: self._depart(start, end), **pace)
        return self.departures

    def move(self) -> None:
        """Let chats arrive and go: a page is about to be answered."""
        for movement in (self.arrivals, self.departures):
            if movement is not None:
                movement.request()

    def _arrive(self, end: int | None) -> str:
        chat_id, self._arrived = self.new_id(), self._arrived + 1
        started = self.now if end is None else end - 1
        chance = mix(_ARRIVED_SEED, self._arrived)
        self.add(made_up_chat(chat_id, chance, started, may_be_missed=False), started)
        return chat_id

    def _depart(self, start: int | None, end: int | None) -> str | None:
        numbers = self.select(start, end)
        if not numbers:
            return None
        [chat_id] = self.ids(numbers[-1:])
        self.remove(chat_id)
        return chat_id
