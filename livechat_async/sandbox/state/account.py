"""A LiveChat account: all that the pages and methods of a sandbox read and change."""

from __future__ import annotations

from collections.abc import Callable

from livechat_async.sandbox.faults import FaultQueue
from livechat_async.sandbox.http.requests import RequestLog
from livechat_async.sandbox.options import CountShape, TokenScope
from livechat_async.sandbox.state.chats import Chats
from livechat_async.sandbox.state.tickets import Tickets
from livechat_async.sandbox.state.visitors import Visitors
from livechat_async.sandbox.webhooks.deliverer import Deliverer
from livechat_async.sandbox.webhooks.events import Announcer
from livechat_async.sandbox.webhooks.registrations import Registrations

__all__ = ["Account"]


class Account:
    """The state of an account, the options of its pages, its recorded requests and its faults.

    `Sandbox` describes the options. The clock returns the Unix seconds.
    """

    def __init__(
        self,
        *,
        license_id: int,
        clock: Callable[[], float],
        deliverer: Deliverer,
        token_scope: TokenScope,
        count_shape: CountShape,
        record_cap: int,
    ) -> None:
        self.license_id = license_id
        self.count_shape = count_shape
        self.record_cap = record_cap
        self.deliverer = deliverer
        self.registrations = Registrations()
        self.announcer = Announcer(license_id, self.registrations, deliverer, token_scope)
        self.chats = Chats(clock)
        self.tickets = Tickets(clock, self.announcer)
        self.visitors = Visitors(clock, self.chats, self.announcer)
        self.canned_responses = 0
        self.requests = RequestLog()
        self.faults = FaultQueue()
