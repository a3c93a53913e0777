"""Receivers without waits between attempts; each is closed at the end of its test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from receiver_help import CREDENTIALS, LIMIT, MakeReceiver

from livechat_async.webhooks import MemoryEngine, WebhookReceiver


@pytest.fixture
async def make_receiver() -> AsyncIterator[MakeReceiver]:
    receivers: list[WebhookReceiver] = []

    def make(client: Any = None, **options: Any) -> WebhookReceiver:
        options.setdefault("credentials", CREDENTIALS)
        options.setdefault("backoff", 0)
        options.setdefault("attempts", 5)
        options.setdefault("engine", MemoryEngine())
        receiver = WebhookReceiver(client, **options)
        receiver._runner.grace = LIMIT
        receivers.append(receiver)
        return receiver

    yield make
    for receiver in receivers:
        await receiver.close(timeout=0)


@pytest.fixture
def bot(make_receiver: MakeReceiver) -> WebhookReceiver:
    return make_receiver()
