"""Tells the registered webhooks of what happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from livechat_async.redaction import Secret
from livechat_async.sandbox.webhooks.deliverer import Deliverer
from livechat_async.sandbox.webhooks.events import Event
from livechat_async.sandbox.webhooks.registrations import Registrations

__all__ = ["Announcer", "Parts", "TokenScope"]

TokenScope: TypeAlias = Literal["event", "registration"]

Parts: TypeAlias = Callable[[], Mapping[str, object]]
"""Makes what there is to tell, by data type; asked only if somebody wants to know."""


class Announcer:
    """Makes the bodies of webhooks.

    Args:
        license_id: the licence.
        clock: gives the Unix seconds.
        registrations: who is told what.
        deliverer: brings it there.
        scope: whose the token of a body is: of the event, or of the registration.
    """

    def __init__(
        self,
        license_id: int,
        clock: Callable[[], float],
        registrations: Registrations,
        deliverer: Deliverer,
        scope: TokenScope,
    ) -> None:
        self.license_id = license_id
        self._clock = clock
        self._registrations = registrations
        self._deliverer = deliverer
        self._one_each_event = scope == "event"
        self._events = 0

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    def announce(
        self,
        event_type: str,
        parts: Parts,
        *,
        unique_id: str | None = None,
        token: Secret | None = None,
    ) -> list[Secret]:
        """Something has happened. It is told only while the sandbox runs.

        Args:
            event_type: what.
            parts: the bodies' data.
            unique_id: the event's id; a new one by default.
            token: the event's token; a new one by default.

        Returns:
            The tokens that were told to somebody.
        """
        wanted = [each for each in self._registrations if each.event_type == event_type]
        if not wanted or not self._deliverer.is_running:
            return []
        self._events += 1
        event = Event(
            event_type=event_type,
            # Test data, like every id and token of a sandbox: counted, not random.
            unique_id=f"d{self._events:031x}" if unique_id is None else unique_id,
            token=Secret(f"a{self._events:031x}") if token is None else token,
            parts=parts(),
        )
        told: list[Secret] = []
        for registration in wanted:
            token = event.token if self._one_each_event else registration.token
            told.append(token)
            self._deliverer.deliver(
                registration,
                event.unique_id,
                event.body(self.license_id, token, registration.data_types),
            )
        return told
