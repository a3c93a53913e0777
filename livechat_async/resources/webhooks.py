"""Webhooks: which events LiveChat sends, and to which URLs."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from attrs import frozen
from yarl import URL

from livechat_async.checks import check_choice, check_list, meant, problem_of_url
from livechat_async.errors import ConfigurationError, NotFoundError
from livechat_async.models.webhooks import DATA_TYPES, Webhook, WebhookDataType, WebhookEventType
from livechat_async.redaction import Secret, conceal, kind_of, shown
from livechat_async.resources._arguments import given_text
from livechat_async.resources._base import Resource

WantedEvents: TypeAlias = (
    Iterable[str] | Mapping[WebhookEventType, Iterable[str]] | Mapping[str, Iterable[str]]
)
"""Events, or events with the data types of each."""

_USUAL_PORTS = (None, 80, 443)
_NOT_IN_URLS = r'[\s"<>\\^`{|}]'
_ENCODED = "has to be percent-encoded, such as by urllib.parse.quote"


class WebhooksResource(Resource):
    """The registered webhooks: ``client.webhooks``.

    A URL may contain a user name and a password, which LiveChat then sends with every webhook. Such
    a URL is a secret: no ``repr``, log or error shows it.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#webhooks
    """

    _envelope = "events"

    async def list(self) -> builtins.list[Webhook]:
        """All webhooks of the account, including those of other programs, in one answer."""
        return [*(await self._call("GET", "/webhooks", _Webhooks)).events]

    async def create(
        self,
        event_type: WebhookEventType | str,
        *,
        url: str | Secret,
        data_types: Iterable[WebhookDataType | str] | None = None,
    ) -> Webhook:
        """Register a webhook, even if there is one with the same arguments.

        Args:
            event_type: the event that it reports.
            url: where it is sent; LiveChat turns ``http`` into ``https``. A percent-encoded user
                name and password in it are sent in the header ``Authorization``.
            data_types: the data that it contains; by default all that goes with the event.

        Returns:
            The webhook as LiveChat created it.

        Raises:
            DecodeError: the answer cannot be read, but the webhook exists.
        """
        url = conceal(url, "secret")
        url = _checked(url)
        event = _event("event_type", event_type)
        body = {"event_type": event, "data_types": _data_types(event, data_types), "url": url}
        return await self._call("POST", "/webhooks", Webhook, body=body, encoding="form")

    async def delete(self, webhook_id: str) -> None:
        """Remove a webhook.

        Args:
            webhook_id: its id, 32 hexadecimal digits.

        Raises:
            NotFoundError: there is no such webhook.
        """
        webhook_id = given_text("webhook_id", webhook_id)
        await self._call("DELETE", "/webhooks/{webhook_id}", webhook_id=webhook_id)

    async def ensure(self, url: str | Secret, events: WantedEvents) -> builtins.list[Webhook]:
        """Make the webhooks of one URL those that a bot needs; a second call changes nothing.

        ::

            await client.webhooks.ensure(url, ["chat_started", "chat_ended"])
            await client.webhooks.ensure(url, {"chat_started": ["visitor"]})

        It creates missing webhooks, replaces those with other data or another user name or
        password, and removes duplicates and those that are not needed. It leaves webhooks of other
        addresses alone: another host, port, path or query; ``http`` and ``https`` are the same.

        It creates all new webhooks before it removes an old one, so no event is missed, and an
        event in between may come twice. If a call fails, the changes before it stay; call it again.

        Args:
            url: where they are sent, as for `create`.
            events: the events, each with all its data; or a mapping of events to their data types.
                An empty one removes every webhook of this address.

        Returns:
            The webhooks of this address, in the order of ``events``.
        """
        url = conceal(url, "secret")
        url = _checked(url)
        wanted, address, user_info = _wanted(events), _address(url), _user_info(url)
        there = [webhook for webhook in await self.list() if _address(webhook.url) == address]
        kept: builtins.list[Webhook] = []
        for event, data_types in wanted.items():
            good = (
                webhook
                for webhook in there
                if webhook.event_type == event
                and set(webhook.data_types) == set(data_types)
                and _user_info(webhook.url) == user_info
            )
            webhook = next(good, None)
            if webhook is None:
                webhook = await self.create(event, url=url, data_types=data_types)
            kept.append(webhook)
        needed = {webhook.id for webhook in kept}
        for webhook_id in dict.fromkeys(webhook.id for webhook in there):
            if webhook_id not in needed:
                with suppress(NotFoundError):  # another program was faster
                    await self.delete(webhook_id)
        return kept


@frozen
class _Webhooks:
    """The object around the list."""

    events: tuple[Webhook, ...]


def _address(text: Secret) -> Secret | None:
    """What two URLs have in common if they lead to the same place; None if it is no URL."""
    try:
        url = URL(text.reveal())
        host, port = (url.raw_host or "").rstrip("."), url.explicit_port
    except ValueError:
        return None
    # LiveChat turns http into https but keeps the port, so both usual ports mean the same.
    port = None if port in _USUAL_PORTS else port
    return Secret("\0".join((host, str(port), url.raw_path or "/", url.raw_query_string)))


def _user_info(text: Secret) -> Secret:
    url = URL(text.reveal())
    return Secret(f"{url.user or ''}\0{url.password or ''}")


# `_problem_of` finds problems, so that the frame that raises holds nothing but the `Secret`.
def _checked(url: Any) -> Secret:
    if not isinstance(url, Secret):
        raise ConfigurationError(
            f"url: text such as 'https://example.com/livechat' is needed, not {kind_of(url)}"
        )
    problem = _problem_of(url.reveal())
    if problem:
        raise ConfigurationError(f"url {problem}")
    return url


def _problem_of(value: str) -> str:
    if re.search(_NOT_IN_URLS, value) or not value.isprintable():
        return f"holds a blank or a character that {_ENCODED}"
    problem = problem_of_url(value, "https://example.com/livechat")
    if problem:
        return f"{problem}; what is special in a user name or password {_ENCODED}"
    return "holds a fragment, which is never sent: leave it out" if "#" in value else ""


def _event(name: str, value: Any) -> WebhookEventType:
    return WebhookEventType(check_choice(name, value, WebhookEventType))


def _data_types(event: WebhookEventType, values: Any) -> list[WebhookDataType]:
    possible = DATA_TYPES[event]
    if values is None:
        return list(possible)
    given = check_list("data_types", values, f"names is needed, as in ['{possible[0]}']")
    for value in given:
        if value not in possible:
            known = ", ".join(repr(kind.value) for kind in possible)
            name = value.value if isinstance(value, WebhookDataType) else value
            raise ConfigurationError(
                f"data_types: {event} brings no {shown(name)}, but {known}{meant(name, possible)}"
            )
    if not given:
        raise ConfigurationError("data_types is empty: leave it out to mean all that there are")
    return [WebhookDataType(value) for value in dict.fromkeys(given)]


def _wanted(events: Any) -> dict[WebhookEventType, list[WebhookDataType]]:
    if isinstance(events, Mapping):
        pairs = [*events.items()]
    else:
        names = check_list("events", events, "names is needed, as in ['chat_started']")
        pairs = [(name, None) for name in names]
    wanted = {_event("events", name): kinds for name, kinds in pairs}
    return {event: _data_types(event, kinds) for event, kinds in wanted.items()}
