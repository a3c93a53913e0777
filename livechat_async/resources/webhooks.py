"""Webhooks: which events LiveChat sends, and where to.

https://developers.livechat.com/docs/management/configuration-api/v2.0#webhooks
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from attrs import field, frozen
from yarl import URL

from livechat_async.decoding.bodies import single_reader, value_reader
from livechat_async.errors import ConfigurationError, NotFoundError
from livechat_async.http.request import Request
from livechat_async.http.session import SessionManager
from livechat_async.models.webhooks import (
    DATA_TYPES,
    Webhook,
    WebhookDataType,
    WebhookEventType,
)
from livechat_async.redaction import Secret, conceal, kind_of
from livechat_async.resources._arguments import as_choice, given_text

__all__ = ["WantedEvents", "WebhooksResource"]

WantedEvents: TypeAlias = (
    Iterable[str] | Mapping[WebhookEventType, Iterable[str]] | Mapping[str, Iterable[str]]
)
"""Some events, or some events and the data types of each."""

_USUAL_PORTS = (None, 80, 443)
_NOT_IN_URLS = r'[\s"<>\\^`{|}]'


class WebhooksResource:
    """The webhooks that are registered: ``client.webhooks``.

    A URL may hold a user name and a password, which LiveChat then sends with every webhook. Such a
    URL is a secret: it shows in no ``repr``, log or error.
    """

    def __init__(self, session: SessionManager) -> None:
        self._session = session

    async def list(self) -> builtins.list[Webhook]:
        """All webhooks of the account, also those of other programs. The API does not page them.

        https://developers.livechat.com/docs/management/configuration-api/v2.0#webhooks

        Raises:
            ConfigurationError: no credentials; nothing was sent.
            CallError: the call failed.
        """
        read = value_reader(self._session.converter, _Registered)
        registered = await self._session.call(Request("GET", "/webhooks"), read)
        return registered.value.events  # type: ignore[no-any-return]

    async def create(
        self,
        event_type: WebhookEventType | str,
        *,
        url: str,
        data_types: Iterable[WebhookDataType | str] | None = None,
    ) -> Webhook:
        """Register a webhook. One that is there already makes no difference: there are two then.

        https://developers.livechat.com/docs/management/configuration-api/v2.0#webhooks

        Args:
            event_type: when it is sent.
            url: where to. Of ``http`` LiveChat makes ``https``. A user name and a password in it,
                percent-encoded, are sent along as the header ``Authorization``.
            data_types: what it brings; by default all that goes with the event.

        Returns:
            The webhook as LiveChat made it.

        Raises:
            ConfigurationError: an argument that cannot be meant; nothing was sent.
            CallError: the call failed. After a `DecodeError` the webhook exists.
        """
        url = conceal(url, "secret")
        _check_url(url)
        event = _event(event_type)
        body = {"event_type": event, "data_types": _data_types(event, data_types), "url": url}
        request = Request("POST", "/webhooks", body=body, encoding="form")
        hook = self._session.converter.get_structure_hook(Webhook)
        response = await self._session.call(request, single_reader(hook, Webhook, "events"))
        return response.value

    async def delete(self, webhook_id: str) -> None:
        """Remove a webhook.

        https://developers.livechat.com/docs/management/configuration-api/v2.0#webhooks

        Args:
            webhook_id: its id, 32 hexadecimal digits.

        Raises:
            ConfigurationError: no id; nothing was sent.
            CallError: the call failed; a `NotFoundError` says that there is no such webhook.
        """
        path_params = {"webhook_id": given_text("webhook_id", webhook_id)}
        await self._session.send(
            Request("DELETE", "/webhooks/{webhook_id}", path_params=path_params)
        )

    async def ensure(self, url: str, events: WantedEvents) -> builtins.list[Webhook]:
        """Make the webhooks of one URL be what a bot needs; a second call changes nothing.

        ::

            await client.webhooks.ensure(url, ["chat_started", "chat_ended"])
            await client.webhooks.ensure(url, {"chat_started": ["visitor"]})

        What is missing is created. What brings other data, or has another user name or password,
        is replaced. What is there besides, or twice, is removed. Webhooks of any other address are
        left alone: another host, port, path or query; ``http`` and ``https`` are the same.

        Everything new is there before anything old is removed, so no event is missed, and one that
        happens in between may come twice. If a call fails, call it again.

        Args:
            url: where they are sent to, as for `create`.
            events: which events, each with all its data; or a mapping of events to the data types
                of each. None at all removes every webhook of this address.

        Returns:
            The webhooks of this address, in the order of ``events``.

        Raises:
            ConfigurationError: an argument that cannot be meant; nothing was sent.
            CallError: a call failed; what was done before stays.
        """
        url = conceal(url, "secret")
        _check_url(url)
        wanted, target = _wanted(events), _target(url)
        found = [(webhook, _target(webhook.url)) for webhook in await self.list()]
        there = [(webhook, its) for webhook, its in found if its and its.is_at(target)]
        kept: builtins.list[Webhook] = []
        for event, data_types in wanted.items():
            good = (
                webhook
                for webhook, its in there
                if its == target
                and webhook.event_type == event
                and set(webhook.data_types) == set(data_types)
            )
            webhook = next(good, None)
            if webhook is None:
                webhook = await self.create(event, url=url, data_types=data_types)
            kept.append(webhook)
        needed = {webhook.id for webhook in kept}
        for webhook_id in dict.fromkeys(webhook.id for webhook, _ in there):
            if webhook_id in needed:
                continue
            with suppress(NotFoundError):  # somebody else was faster
                await self.delete(webhook_id)
        return kept


@frozen
class _Registered:
    """The envelope of the list."""

    events: list[Webhook]


@frozen
class _Target:
    """Where a URL leads, and what opens the door there."""

    address: tuple[str, int | None, str, str] = field(repr=False)
    user_info: Secret

    def is_at(self, other: _Target | None) -> bool:
        return other is not None and self.address == other.address


def _target(text: str) -> _Target | None:
    try:
        url = URL(str(text))
        host, port = (url.raw_host or "").rstrip("."), url.explicit_port
    except ValueError:
        return None
    # What LiveChat makes https of http of has the port of the other one.
    place = (
        host,
        None if port in _USUAL_PORTS else port,
        url.raw_path or "/",
        url.raw_query_string,
    )
    return _Target(place, Secret(f"{url.user or ''}\0{url.password or ''}"))


# Problems are found in functions of their own: a frame that raises holds nothing but the `Secret`.
def _check_url(url: Any) -> None:
    problem = _problem_of(url)
    if problem is not None:
        raise ConfigurationError(f"url {problem}")


def _problem_of(value: Any) -> str | None:
    if not isinstance(value, str):
        return f"is text, not {kind_of(value)}"
    if re.search(_NOT_IN_URLS, value) or not value.isprintable():
        return (
            "holds a blank or a character that has to be percent-encoded, such as by "
            "urllib.parse.quote"
        )
    try:
        url = URL(str(value))
        if url.scheme in {"http", "https"} and url.host:
            return "holds a fragment, which is never sent: leave it out" if "#" in value else None
    except ValueError:
        return (
            "is not a URL: what is special in a user name or password has to be percent-encoded, "
            "such as by urllib.parse.quote"
        )
    return "has to be a whole URL, such as https://example.com/livechat"


def _event(value: Any) -> WebhookEventType:
    choice = as_choice("event_type", value, WebhookEventType)
    if choice is None:
        raise ConfigurationError("event_type=None: an event is needed, such as 'chat_started'")
    return WebhookEventType(choice)


def _data_types(event: WebhookEventType, values: Any) -> list[WebhookDataType]:
    possible = DATA_TYPES[event]
    if values is None:
        return list(possible)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise ConfigurationError(
            f"data_types={values!r}: a list is needed, as in ['{possible[0]}']"
        )
    given: list[Any] = list(values)
    for value in given:
        if value not in possible:
            known = ", ".join(repr(kind.value) for kind in possible)
            name = value.value if isinstance(value, WebhookDataType) else value
            raise ConfigurationError(f"data_types: {event} brings no {name!r}, but {known}")
    if not given:
        raise ConfigurationError("data_types is empty: leave it out to mean all that there are")
    return [WebhookDataType(value) for value in dict.fromkeys(given)]


def _wanted(events: Any) -> dict[WebhookEventType, list[WebhookDataType]]:
    if isinstance(events, (str, bytes)) or not isinstance(events, Iterable):
        raise ConfigurationError(f"events={events!r}: a list is needed, as in ['chat_started']")
    pairs = events.items() if isinstance(events, Mapping) else ((name, None) for name in events)
    wanted: dict[WebhookEventType, list[WebhookDataType]] = {}
    for name, kinds in pairs:
        event = _event(name)
        wanted[event] = _data_types(event, kinds)
    return wanted
