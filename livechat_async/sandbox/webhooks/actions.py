"""What tests do with webhooks: register them and inspect the deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from livechat_async.checks import check_choice, check_count, check_list, check_seconds, refusal
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, WireText, kind_of, reveal
from livechat_async.sandbox.http.answers import BadRequest
from livechat_async.sandbox.state.account import Account
from livechat_async.sandbox.state.visitors import DEFAULT_AGENT
from livechat_async.sandbox.webhooks.deliverer import Delivery
from livechat_async.sandbox.webhooks.registrations import DATA_TYPES, read_registration

__all__ = ["WebhookActions"]


class WebhookActions:
    """The webhook methods of a sandbox."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def register_webhook(
        self, event_type: str, url: str, data_types: Iterable[str] | None = None
    ) -> str:
        """Register a webhook, as ``POST /webhooks`` does.

        Args:
            event_type: ``chat_started``, ``chat_ended``, ``chat_changed``, ``visitor_queued``,
                ``ticket_created`` or ``canned_response_changed``.
            url: the receiver's URL, on this machine or one of ``webhook_hosts``; nothing is sent
                elsewhere. A user name and password in it become the header ``Authorization``.
            data_types: the data in the webhook's bodies; by default all that the event has.

        Returns:
            The webhook's id.

        Raises:
            ConfigurationError: an unknown event, data the event does not have, or a bad URL.
        """
        if not isinstance(url, (str, Secret)):
            raise ConfigurationError(
                f"url has to be text, such as http://127.0.0.1:8080/livechat, not {kind_of(url)}"
            )
        url = WireText(reveal(url))
        event_type = check_choice("event_type", event_type, DATA_TYPES)
        kinds = possible = list(DATA_TYPES[event_type])
        if data_types is not None:
            needed = f"names is needed, as in {possible}"
            kinds = check_list("data_types", data_types, needed)
            for kind in kinds:
                check_choice("data_types", kind, possible)
            if not kinds:
                raise ConfigurationError(f"data_types is empty: leave it out to mean {possible}")
        values = {"event_type": event_type, "url": url, "data_types": kinds}
        try:
            registration = read_registration(values)
        except BadRequest as refusal:
            raise ConfigurationError("; ".join(refusal.args)) from None
        return self._account.registrations.add(*registration).id

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove a known webhook; deliveries under way go on."""
        if not self._account.registrations.remove(webhook_id):
            raise refusal(
                "webhook_id", webhook_id, "there is no such webhook; use an id of webhooks"
            )

    @property
    def webhooks(self) -> list[dict[str, Any]]:
        """The webhooks, as ``GET /webhooks`` shows them; ``url`` and ``token`` are secrets."""
        return [item.to_wire(self._account.license_id) for item in self._account.registrations]

    @property
    def deliveries(self) -> list[Delivery]:
        """The deliveries, done or under way, the oldest first; at most the last 10,000."""
        return list(self._account.deliverer)

    def clear_deliveries(self) -> None:
        """Forget the deliveries so far; those under way go on."""
        self._account.deliverer.clear()

    async def delivered(self, timeout: float = 10) -> None:  # noqa: ASYNC109 - see `settled`
        """Wait until no delivery is under way, including its repeats.

        ::

            sandbox.start_chat(visitor_id)
            await sandbox.delivered()
            [delivery] = sandbox.deliveries
            assert delivery.statuses == [200]

        Args:
            timeout: seconds.

        Raises:
            TimeoutError: deliveries are still under way; the message names them.
        """
        await self._account.deliverer.settled(check_seconds("timeout", timeout))

    def repeat_delivery(self, delivery: Delivery | str) -> None:
        """Repeat a delivery, byte for byte, as LiveChat does after a late answer.

        Args:
            delivery: one of `deliveries`, or its id. It may still be under way.

        Raises:
            ConfigurationError: the sandbox does not run.
        """
        self._account.deliverer.repeat(delivery.id if isinstance(delivery, Delivery) else delivery)

    def change_canned_response(
        self,
        text: str,
        *,
        response_id: int | None = None,
        tags: Iterable[str] = (),
        group: int = 0,
    ) -> int:
        """Create or change a canned response, and send the webhook ``canned_response_changed``.

        Args:
            text: its new text.
            response_id: its id; without one, a new canned response is created. So is one with an
                id that there was not.
            tags: its tags.
            group: its group.

        Returns:
            The canned response's id.

        Raises:
            ConfigurationError: a value cannot be sent.
        """
        if not isinstance(text, str):
            raise refusal("text", text, "text is needed, such as 'Hello'")
        names = check_list("tags", tags, "texts is needed, as in ['hello']")
        if not all(isinstance(tag, str) for tag in names):
            raise refusal("tags", names, "a list of texts is needed, as in ['hello']")
        number = None if response_id is None else check_count("response_id", response_id, 0)
        group = check_count("group", group, 0)
        written = self._account.canned_responses.write(
            DEFAULT_AGENT, number, group=group, text=text, tags=names
        )
        return int(written["id"])
