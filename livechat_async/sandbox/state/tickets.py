"""The tickets, in the order of their last change."""

from __future__ import annotations

from collections.abc import Callable

from livechat_async.sandbox.data.tickets import given_ticket, made_up_ticket
from livechat_async.sandbox.http.answers import Wire
from livechat_async.sandbox.state.timeline import Timeline
from livechat_async.sandbox.webhooks.events import Announcer, ticket_part

__all__ = ["Tickets"]


class Tickets(Timeline):
    """The tickets; a new one sends the webhook ``ticket_created``."""

    def __init__(self, clock: Callable[[], float], announcer: Announcer) -> None:
        super().__init__(clock, made_up_ticket, given_ticket, 5)
        self._announcer = announcer

    def add(self, item: Wire, moment: int) -> None:
        """Add a ticket under its unused ``id``."""
        super().add(item, moment)
        self._announcer.announce("ticket_created", lambda: {"ticket": ticket_part(item)})
