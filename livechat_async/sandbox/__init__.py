"""A LiveChat of one's own: an HTTP server on loopback that speaks the documented API strictly.

It is for testing bots and services without an account. It shares no code with the client that
builds or reads requests, so that a mistake in one is not made up for by the same mistake in the
other. `Sandbox` is the way in; what can go wrong on demand is in `livechat_async.sandbox.faults`.
"""

from __future__ import annotations

from livechat_async.sandbox.data.live_chats import StartedChat
from livechat_async.sandbox.faults import (
    Body,
    CutBody,
    Drip,
    DropConnection,
    EmptyBody,
    Envelope,
    Fault,
    Html,
    Redirect,
    Slow,
    Status,
)
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.pages.api import CountShape
from livechat_async.sandbox.sandbox import Sandbox
from livechat_async.sandbox.state.movement import Movement
from livechat_async.sandbox.webhooks.announcer import TokenScope
from livechat_async.sandbox.webhooks.deliveries import Attempt, Delivery

__all__ = [
    "Attempt",
    "Body",
    "CountShape",
    "CutBody",
    "Delivery",
    "Drip",
    "DropConnection",
    "EmptyBody",
    "Envelope",
    "Fault",
    "Html",
    "Movement",
    "RecordedRequest",
    "Redirect",
    "Sandbox",
    "Slow",
    "StartedChat",
    "Status",
    "TokenScope",
]
