"""A LiveChat account: all that the pages and methods of a sandbox read and change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal, TypeAlias

from attrs import define

from livechat_async.sandbox.chaos import FaultQueue
from livechat_async.sandbox.data.tickets import given_ticket, made_up_ticket
from livechat_async.sandbox.http.answers import Wire
from livechat_async.sandbox.http.requests import RequestLog
from livechat_async.sandbox.state.chats import Chats
from livechat_async.sandbox.state.content import CannedResponses, Goals, Greetings, Tags
from livechat_async.sandbox.state.team import Team
from livechat_async.sandbox.state.timeline import Timeline
from livechat_async.sandbox.state.visitors import Visitors
from livechat_async.sandbox.webhooks.deliverer import Deliverer
from livechat_async.sandbox.webhooks.events import Announcer, TokenScope, ticket_part
from livechat_async.sandbox.webhooks.registrations import Registrations

CountShape: TypeAlias = Literal["object", "number", "text"]
Plan: TypeAlias = Literal["starter", "team", "business", "enterprise"]

_THAW_SECONDS = 0.02


@define(eq=False)
class Pace:
    """How fast the API answers: after ``latency`` seconds, and not at all while it is frozen."""

    latency: float = 0.0
    is_frozen: bool = False

    async def wait(self) -> None:
        """Wait until a request may be carried out."""
        if self.latency:
            await asyncio.sleep(self.latency)
        while self.is_frozen:  # noqa: ASYNC110 - an Event is of one thread; any may thaw this
            await asyncio.sleep(_THAW_SECONDS)


class _Tickets(Timeline):
    """Tickets in the order of their last change; a new one sends ``ticket_created``."""

    def __init__(self, clock: Callable[[], float], announcer: Announcer) -> None:
        super().__init__(clock, made_up_ticket, given_ticket, 5)
        self._announcer = announcer

    def add(self, item: Wire, moment: int) -> None:
        super().add(item, moment)
        self._announcer.announce("ticket_created", lambda: {"ticket": ticket_part(item)})


class Account:
    """The state of an account, the options of its pages, its recorded requests, faults and pace.

    `Sandbox` describes the options. The clock returns the Unix seconds. ``reaches`` says whether
    webhooks are delivered to a host.
    """

    def __init__(
        self,
        *,
        license_id: int,
        clock: Callable[[], float],
        reaches: Callable[[str], bool],
        deliverer: Deliverer,
        token_scope: TokenScope,
        count_shape: CountShape,
        record_cap: int,
        plan: Plan,
    ) -> None:
        self.license_id = license_id
        self.count_shape = count_shape
        self.record_cap = record_cap
        self.plan = plan
        self.deliverer = deliverer
        self.registrations: Registrations = Registrations(reaches)
        self.announcer: Announcer = Announcer(
            license_id, self.registrations, deliverer, token_scope
        )
        self.chats: Chats = Chats(clock)
        self.tickets: _Tickets = _Tickets(clock, self.announcer)
        self.team: Team = Team(clock)
        self.visitors: Visitors = Visitors(self.chats, self.announcer)
        self.tags: Tags = Tags(self.chats, self.tickets)
        self.goals: Goals = Goals(self.chats, self.visitors)
        self.greetings: Greetings = Greetings()
        self.canned_responses: CannedResponses = CannedResponses(clock, self.announcer)
        self.requests: RequestLog = RequestLog()
        self.faults: FaultQueue = FaultQueue()
        self.pace: Pace = Pace()
