"""The tickets: added, created by requests, made up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox.data.tickets import made_up_ticket, new_ticket_item
from livechat_async.sandbox.state.chats import check_item_id, seed_archive
from livechat_async.sandbox.state.timeline import Archive, Wire
from livechat_async.sandbox.webhooks.announcer import Announcer
from livechat_async.sandbox.webhooks.events import ticket_part

__all__ = ["TicketArchive"]


class TicketArchive:
    """The tickets, in the order of their last change.

    Args:
        clock: gives the Unix seconds.
        announcer: tells the webhooks.
    """

    def __init__(self, clock: Callable[[], float], announcer: Announcer) -> None:
        self.items: Archive = Archive(made_up_ticket, 5)
        self._clock = clock
        self._announcer = announcer

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    def seed(self, count: object, since: object, until: object, seed: object) -> None:
        """Add so many made-up tickets, changed last in this time; see `seed_archive`."""
        seed_archive(self.items, self.now, count=count, since=since, until=until, seed=seed)

    def add(self, fields: Mapping[str, object], omit: Iterable[str] = ()) -> str:
        """Add a ticket.

        Raises:
            ConfigurationError: a bad value, or an id that is in use.
        """
        ticket_id = check_item_id(self.items, fields, omit)
        item, modified = new_ticket_item(ticket_id, fields, omit, self.now)
        self.create({**item, "id": ticket_id}, modified)
        return ticket_id

    def create(self, ticket: Wire, modified: int) -> None:
        """Let there be a ticket, under an id nobody has; the webhooks are told."""
        self.items.add(ticket, modified)
        self._announcer.announce("ticket_created", lambda: {"ticket": ticket_part(ticket)})

    def remove(self, ticket_id: str) -> None:
        """Remove a ticket.

        Raises:
            ConfigurationError: there is none.
        """
        if not self.items.remove(ticket_id):
            raise ConfigurationError(f"there is no ticket {ticket_id!r}")
