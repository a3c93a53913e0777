"""What was delivered to whom, kept for tests to look at."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from livechat_async.redaction import Secret, SecretBytes

__all__ = ["Attempt", "Delivery"]


@frozen(kw_only=True)
class Attempt:
    """One try to deliver a webhook.

    Attributes:
        at: when it began, in UTC.
        status: the status that was answered; None for no answer.
        problem: why there was none; "" if there was one.
    """

    at: datetime
    status: int | None = None
    problem: str = ""


@define(kw_only=True, eq=False)
class Delivery:
    """One event on its way to one registered webhook. Its ``repr`` shows neither body nor secret.

    Attributes:
        id: counts from ``"1"``.
        event_type: such as ``chat_started``.
        event_unique_id: the event's id, the same in every repeat.
        webhook_id: which registration it belongs to.
        url: where it goes, without user name and password.
        raw_body: what is sent, the same bytes in every repeat.
        target: the URL as it was registered. A secret.
        attempts: every try so far, the oldest first.
        under_way: how many times it is being brought there, with all that this takes.
    """

    id: str
    event_type: str
    event_unique_id: str
    webhook_id: str
    url: str
    raw_body: bytes = field(repr=False, converter=SecretBytes)
    target: Secret = field(converter=Secret)
    attempts: list[Attempt] = field(factory=list[Attempt])
    under_way: int = 0

    @property
    def statuses(self) -> list[int | None]:
        """What each attempt was answered; None for no answer."""
        return [attempt.status for attempt in self.attempts]

    @property
    def done(self) -> bool:
        """Whether nothing more will be sent, unless somebody asks for a repeat."""
        return self.under_way == 0

    def body(self) -> dict[str, Any]:
        """The webhook's body, read as JSON."""
        body: dict[str, Any] = json.loads(self.raw_body)
        return body

    def to_wire(self) -> dict[str, object]:
        """The delivery as plain data for JSON, with the body but without the password."""
        return {
            "id": self.id,
            "event_type": self.event_type,
            "event_unique_id": self.event_unique_id,
            "webhook_id": self.webhook_id,
            "url": self.url,
            "body": self.body(),
            "attempts": [
                {
                    "at": attempt.at.isoformat(),
                    "status": attempt.status,
                    "problem": attempt.problem,
                }
                for attempt in self.attempts
            ],
            "done": self.done,
        }
