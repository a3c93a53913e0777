"""What a test does to the chats that have ended, and to the tickets."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from livechat_async.sandbox.data.visitors import plain
from livechat_async.sandbox.state.chats import ChatArchive
from livechat_async.sandbox.state.movement import Movement
from livechat_async.sandbox.state.tickets import TicketArchive
from livechat_async.sandbox.webhooks.announcer import Announcer

__all__ = ["Archives"]


class Archives:
    """The part of a sandbox that has to do with ``/chats`` and ``/tickets``.

    Args:
        clock: gives the Unix seconds.
        announcer: tells the webhooks.
    """

    def __init__(self, clock: Callable[[], float], announcer: Announcer) -> None:
        self._chats = ChatArchive(clock)
        self._tickets = TicketArchive(clock, announcer)

    @property
    def chats(self) -> list[dict[str, Any]]:
        """Copies of all chats of the archives, the newest first; `chat_ids` is cheaper."""
        chats: list[dict[str, Any]] = plain("chats", [*self._chats.items])
        return chats

    @property
    def tickets(self) -> list[dict[str, Any]]:
        """Copies of all tickets, the last changed first."""
        tickets: list[dict[str, Any]] = plain("tickets", [*self._tickets.items])
        return tickets

    def chat_ids(
        self,
        *,
        date_from: date | str | None = None,
        date_to: date | str | None = None,
        timezone: str = "UTC",
    ) -> list[str]:
        """The ids of the chats in the archives, the newest first: what a walk should find.

        Args:
            date_from: the first day a chat may have begun on.
            date_to: the last day.
            timezone: where these days are.

        Raises:
            ConfigurationError: no such day or zone.
        """
        return self._chats.ids(date_from, date_to, timezone)

    def add_chat(self, /, *, omit: Collection[str] = (), **fields: object) -> str:
        """Put a chat into the archives.

        Args:
            omit: names of wire fields the chat is not to have.
            **fields: wire fields, known or not, which replace those of a short chat with John Doe
                that ended just now. ``started`` and ``ended`` may be aware datetimes, and their
                texts follow ``started_timestamp`` and ``ended_timestamp`` in the zone
                ``timezone``. With ``type="missed_chat"`` it is a message somebody left, and
                ``time`` may be an aware datetime.

        Returns:
            The chat's id: the one given, or a new one such as ``P0YNXR9RKS``.

        Raises:
            ConfigurationError: the id is in use, or a value cannot be sent.
        """
        return self._chats.add(fields, omit)

    def remove_chat(self, chat_id: str) -> None:
        """Take a chat out of the archives.

        Raises:
            ConfigurationError: there is no such chat.
        """
        self._chats.remove(chat_id)

    def seed_chats(
        self,
        count: int,
        *,
        date_from: date | str | None = None,
        date_to: date | str | None = None,
        seed: int = 0,
    ) -> None:
        """Put made-up chats into the archives, evenly spread over some days.

        They are the same every time for the same days, and are made only when they are asked for:
        a million of them take little memory.

        Args:
            count: how many.
            date_from: the first day, in UTC; by default 90 days before the end.
            date_to: the last day; by default they end now.
            seed: other numbers make up other chats.

        Raises:
            ConfigurationError: these are no days, or in the wrong order.
        """
        self._chats.seed(count, date_from, date_to, seed)

    def let_chats_arrive(
        self,
        per_request: int = 1,
        *,
        every: int = 1,
        day: date | str | None = None,
        at_most: int | None = None,
    ) -> Movement:
        """Let new chats come while somebody pages: just before a ``GET /chats`` is answered.

        They are on top of the first page, and what was there moves to later pages. It goes on
        until `Movement.stop`, or until this is called again.

        Args:
            per_request: how many chats come at once.
            every: at which requests: 1 for each, 3 for the third, the sixth and so on.
            day: when they began: in the last second of this day, in UTC; by default now.
            at_most: how many come in all; None for any number.

        Returns:
            What tells their ids.

        Raises:
            ConfigurationError: a number is not above 0, or that is no day.
        """
        return self._chats.arrive(day, per_request=per_request, every=every, at_most=at_most)

    def let_chats_go(
        self,
        per_request: int = 1,
        *,
        every: int = 1,
        day: date | str | None = None,
        at_most: int | None = None,
    ) -> Movement:
        """Let chats vanish while somebody pages, the newest first; see `let_chats_arrive`.

        Args:
            per_request: how many chats go at once.
            every: at which requests.
            day: those that began on this day, in UTC; by default any.
            at_most: how many go in all; None for any number.

        Returns:
            What tells their ids.

        Raises:
            ConfigurationError: a number is not above 0, or that is no day.
        """
        return self._chats.go(day, per_request=per_request, every=every, at_most=at_most)

    @property
    def transcripts(self) -> list[tuple[str, str]]:
        """The transcripts that were sent: chat id and address, in order."""
        return list(self._chats.transcripts)

    def add_ticket(self, /, *, omit: Collection[str] = (), **fields: object) -> str:
        """Let there be a ticket; a webhook that is about that is told.

        Args:
            omit: names of wire fields the ticket is not to have.
            **fields: wire fields, known or not, which replace those of an open ticket that has just
                come by mail. ``date`` and ``modified`` may be aware datetimes.

        Returns:
            The ticket's id: the one given, or a new one such as ``5FUED``.

        Raises:
            ConfigurationError: the id is in use, or a value cannot be sent.
        """
        return self._tickets.add(fields, omit)

    def remove_ticket(self, ticket_id: str) -> None:
        """Take a ticket away.

        Raises:
            ConfigurationError: there is no such ticket.
        """
        self._tickets.remove(ticket_id)

    def seed_tickets(
        self,
        count: int,
        *,
        date_from: date | str | None = None,
        date_to: date | str | None = None,
        seed: int = 0,
    ) -> None:
        """Let there be made-up tickets, last changed evenly over some days; see `seed_chats`.

        Raises:
            ConfigurationError: these are no days, or in the wrong order.
        """
        self._tickets.seed(count, date_from, date_to, seed)
