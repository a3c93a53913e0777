"""What a test does with webhooks: registers them, and looks at what was delivered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import conceal, kind_of
from livechat_async.sandbox.checks import to_number
from livechat_async.sandbox.webhooks.announcer import Announcer
from livechat_async.sandbox.webhooks.deliverer import Deliverer
from livechat_async.sandbox.webhooks.deliveries import Delivery
from livechat_async.sandbox.webhooks.events import canned_response_part
from livechat_async.sandbox.webhooks.registrations import (
    DATA_TYPES,
    Registrations,
    read_registration,
)

__all__ = ["WebhookControls"]


class WebhookControls:
    """The part of a sandbox that has to do with webhooks.

    Args:
        registrations: the webhooks.
        deliverer: delivers them.
        announcer: tells them what happens.
    """

    def __init__(
        self, registrations: Registrations, deliverer: Deliverer, announcer: Announcer
    ) -> None:
        self._registrations = registrations
        self._deliverer = deliverer
        self._announcer = announcer
        self._canned_responses = 0

    def register_webhook(
        self, event_type: str, url: str, data_types: Iterable[str] | None = None
    ) -> str:
        """Register a webhook, as ``POST /webhooks`` does.

        Args:
            event_type: ``chat_started``, ``chat_ended``, ``chat_changed``, ``visitor_queued``,
                ``ticket_created`` or ``canned_response_changed``.
            url: where it is delivered to, on this machine; elsewhere nothing is sent. A user name
                and password in it become the header ``Authorization``.
            data_types: what it brings; by default all that goes with the event.

        Returns:
            The webhook's id.

        Raises:
            ConfigurationError: there is no such event, it has no such data, or that is no URL.
        """
        url = conceal(url, "secret")
        kinds = DATA_TYPES.get(event_type, ("chat",)) if data_types is None else data_types
        values = {"event_type": event_type, "url": url, "data_types": _as_list(kinds)}
        problems: list[str] = []
        registration = read_registration(values, problems)
        if problems:
            raise ConfigurationError("; ".join(problems))
        return self._registrations.add(*registration).id

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove a webhook; what is under way goes on.

        Raises:
            ConfigurationError: there is no such webhook.
        """
        if not self._registrations.remove(webhook_id):
            raise ConfigurationError(f"there is no webhook {webhook_id!r}")

    @property
    def webhooks(self) -> list[dict[str, Any]]:
        """The webhooks, as ``GET /webhooks`` shows them; ``url`` and ``token`` are secrets."""
        return [item.to_wire(self._announcer.license_id) for item in self._registrations]

    @property
    def deliveries(self) -> list[Delivery]:
        """What was delivered or is under way, the oldest first; at most the last 10,000."""
        return list(self._deliverer)

    def clear_deliveries(self) -> None:
        """Forget the deliveries so far; what is under way goes on."""
        self._deliverer.clear()

    async def delivered(self, timeout: float = 10) -> None:  # noqa: ASYNC109 - see `settled`
        """Wait until no delivery is under way, with all the repeats it takes.

        ::

            sandbox.start_chat(visitor_id)
            await sandbox.delivered()
            [delivery] = sandbox.deliveries
            assert delivery.statuses == [200]

        Args:
            timeout: seconds.

        Raises:
            TimeoutError: something is still under way then; says what.
        """
        await self._deliverer.settled(timeout)

    def repeat_delivery(self, delivery: Delivery | str) -> None:
        """Deliver something once more, byte for byte, as LiveChat does after a late answer.

        Args:
            delivery: one of `deliveries`, or its id. It may still be under way.

        Raises:
            ConfigurationError: there is no such delivery, or the sandbox does not run.
        """
        self._deliverer.repeat(delivery.id if isinstance(delivery, Delivery) else delivery)

    def change_canned_response(
        self,
        text: str,
        *,
        response_id: int | None = None,
        tags: Iterable[str] = (),
        group: int = 0,
    ) -> int:
        """Let somebody write or change a canned response.

        Args:
            text: what it says now.
            response_id: its id; without one it is new.
            tags: its tags.
            group: the group it belongs to.

        Returns:
            The canned response's id.

        Raises:
            ConfigurationError: a value cannot be sent.
        """
        if not isinstance(text, str):
            raise ConfigurationError(f"text={text!r}: text is needed, not {kind_of(text)}")
        names = _as_list(tags)
        if not isinstance(names, list) or not all(isinstance(tag, str) for tag in names):
            raise ConfigurationError(f"tags={tags!r}: a list of texts is needed, as in ['hello']")
        number = self._canned_responses + 1
        number = number if response_id is None else to_number("response_id", response_id)
        part = canned_response_part(
            number,
            group=to_number("group", group),
            text=text,
            tags=names,
            modified=self._announcer.now,
        )
        self._canned_responses = max(number, self._canned_responses)
        self._announcer.announce("canned_response_changed", lambda: {"canned_response": part})
        return number


def _as_list(values: object) -> object:
    """A list of anything but text; `str` is a list of letters to Python alone."""
    if isinstance(values, Iterable) and not isinstance(values, (str, bytes)):
        return list(values)
    return values
