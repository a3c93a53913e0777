"""The canned responses of an account."""

from __future__ import annotations

from collections.abc import Callable

from livechat_async.sandbox.http.answers import Wire
from livechat_async.sandbox.state.numbered import Numbered
from livechat_async.sandbox.webhooks.events import Announcer

__all__ = ["CannedResponses"]

_TEXTS = (
    (3151, "Can I help you with anything else?", ["help", "else"]),
    (3161, "What product are you interested in?", ["product", "interest"]),
)
_CREATED = {"creation_date": 1_358_257_181, "created_by": "john.doe@example.com"}
_IN_WEBHOOKS = ("group", "id", "modification_date", "tags", "text")


class CannedResponses(Numbered):
    """The canned responses by number; one that is written sends its webhook."""

    def __init__(self, clock: Callable[[], float], announcer: Announcer) -> None:
        made = (
            {"id": number, "group": 0, "text": text, **_CREATED, "tags": tags}
            for number, text, tags in _TEXTS
        )
        super().__init__("Canned response", made)
        self._clock = clock
        self._announcer = announcer

    def write(self, author: str, number: int | None = None, **fields: object) -> Wire:
        """Create a canned response, or set fields of the one with this number."""
        now = int(self._clock())
        old = self._items.get(str(number))
        if old is None:
            number = self.new_number() if number is None else number
            item = {"id": number, "group": 0, "creation_date": now, "created_by": author, **fields}
        else:
            item = {**old, **fields, "modification_date": now, "modified_by": author}
        self.put(item)
        part = {"modification_date": now, **item}
        self._announcer.announce(
            "canned_response_changed",
            lambda: {"canned_response": {name: part[name] for name in _IN_WEBHOOKS}},
        )
        return item
