"""The registered webhooks of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen
from yarl import URL

from livechat_async.redaction import WireText
from livechat_async.sandbox.http.answers import BadRequest

# Written from the documentation again, so that a mistake in the client's own table shows in tests.
DATA_TYPES: Mapping[str, tuple[str, ...]] = {
    "chat_started": ("chat", "visitor", "pre_chat_survey"),
    "chat_ended": ("chat", "visitor", "pre_chat_survey"),
    "chat_changed": ("chat", "visitor"),
    "visitor_queued": ("visitor",),
    "ticket_created": ("ticket",),
    "canned_response_changed": ("canned_response",),
}
"""The data types of each event type."""


@frozen(kw_only=True)
class Registration:
    """One webhook.

    Attributes:
        id: 32 hexadecimal digits.
        event_type: the events it receives.
        data_types: the data in its bodies.
        url: its URL, with user name and password. Hidden in every ``repr``.
        token: 32 hexadecimal digits. Hidden in every ``repr``.
        is_reached: whether the sandbox delivers there.
    """

    id: str
    event_type: str
    data_types: tuple[str, ...]
    url: WireText
    token: WireText
    is_reached: bool = False

    def to_wire(self, license_id: int) -> dict[str, Any]:
        """The webhook in the form of answers."""
        return {
            "licence": license_id,  # a number, and the British spelling: as documented
            "event_type": self.event_type,
            "data_types": [*self.data_types],
            "url": self.url,
            "verified": True,
            "token": self.token,
            "id": self.id,
        }


class Registrations:
    """All webhooks, in the order of their registration.

    Args:
        reaches: whether the sandbox delivers to a host.
    """

    def __init__(self, reaches: Callable[[str], bool]) -> None:
        self._reaches = reaches
        self._items: dict[str, Registration] = {}
        self._made = 0

    def __iter__(self) -> Iterator[Registration]:
        # A copy: webhooks may be registered while a caller iterates.
        return iter(list(self._items.values()))

    def add(self, event_type: str, url: str, data_types: Iterable[str]) -> Registration:
        """Register a webhook, of values that `read_registration` returned."""
        self._made += 1
        is_reached = self._reaches(URL(url).host or "")
        registration = Registration(
            # Test data: counted, not random, so that it cannot pass for a real secret.
            id=f"b{self._made:031x}",
            event_type=event_type,
            data_types=tuple(data_types),
            url=WireText(url if is_reached else _with_https(url)),
            token=WireText(f"c{self._made:031x}"),
            is_reached=is_reached,
        )
        self._items[registration.id] = registration
        return registration

    def remove(self, webhook_id: object) -> bool:
        """Remove a webhook; returns whether there was one."""
        return isinstance(webhook_id, str) and self._items.pop(webhook_id, None) is not None


def read_registration(values: Mapping[str, object]) -> tuple[str, str, tuple[str, ...]]:
    """The event type, URL and data types of a new webhook; a BadRequest if any is wrong."""
    problems: list[str] = []
    event_type, url, data_types = (values.get(name) for name in ("event_type", "url", "data_types"))
    if not isinstance(event_type, str) or event_type not in DATA_TYPES:
        problems.append(f"event_type has to be one of: {', '.join(DATA_TYPES)}")
        event_type = ""
    possible = DATA_TYPES.get(event_type, ())
    given: list[object] = data_types if isinstance(data_types, list) else []
    kinds = [kind for kind in given if isinstance(kind, str)]
    if not kinds or len(kinds) < len(given):
        problems.append("data_types is required and has to be a list, data_types[]=chat in a form")
    elif event_type and not set(kinds) <= set(possible):
        problems.append(f"data_types of {event_type} have to be of these: {', '.join(possible)}")
    if not isinstance(url, str) or not _is_address(url):
        problems.append("url is required and has to be a URL, such as https://example.com/livechat")
        url = ""
    if problems:
        raise BadRequest(*problems)
    return event_type, url, tuple(dict.fromkeys(kinds))


def _is_address(text: str) -> bool:
    try:
        url = URL(text)
        return url.scheme in {"http", "https"} and bool(url.host) and text.isprintable()
    except ValueError:
        return False


def _with_https(text: str) -> str:
    # LiveChat changes http to https, as its documentation shows. Where the sandbox delivers, http
    # stays: receivers there have no TLS.
    scheme, mark, rest = text.partition("://")
    return f"https{mark}{rest}" if scheme.lower() == "http" else text
