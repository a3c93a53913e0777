"""A LiveChat of your own: an HTTP server on this machine that speaks the documented API strictly.

It is for testing bots and services without an account. It shares no code with the client's requests
and answers: the same mistake on both sides would go unnoticed.

Read it in this order: `sandbox` (the class `Sandbox`, its options and server), `actions` (its
methods), `api` and ``pages`` (the documented API), `control` (the methods as HTTP calls), `openapi`
(their description), ``state`` (what an account holds), ``data`` (made-up data), ``webhooks``
(deliveries), ``http`` (requests and answers), `faults` and `chaos` (what can go wrong on demand).
"""

from __future__ import annotations

from livechat_async.sandbox.chaos import Chaos, ChaosProfile
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
from livechat_async.sandbox.sandbox import Sandbox
from livechat_async.sandbox.state.account import CountShape, Plan
from livechat_async.sandbox.state.chats import Movement
from livechat_async.sandbox.webhooks.deliverer import Attempt, Delivery
from livechat_async.sandbox.webhooks.events import TokenScope

__all__ = [
    "Attempt",
    "Body",
    "Chaos",
    "ChaosProfile",
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
    "Plan",
    "RecordedRequest",
    "Redirect",
    "Sandbox",
    "Slow",
    "StartedChat",
    "Status",
    "TokenScope",
]
