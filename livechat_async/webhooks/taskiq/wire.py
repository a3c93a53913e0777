"""An event as JSON in a queue, and back to the same event. Pure.

This is not the JSON LiveChat sends: an event keeps what that said, and not how. Unlike a pickle, it
can make nothing but the models of this package, whoever wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from enum import Enum
from types import MappingProxyType, ModuleType
from typing import Any, Final

from attrs import fields

from livechat_async.errors import ConfigurationError, WebhookError
from livechat_async.models import chats, tickets, visitors, webhooks
from livechat_async.models._base import WireModel
from livechat_async.redaction import Secret
from livechat_async.webhooks import events
from livechat_async.webhooks.events import WebhookEvent

__all__ = ["decode_event", "encode_event"]

_TAG = "$"  # a JSON object with this key stands for the kind of value it names
_VALUE = "is"


def _named(modules: tuple[ModuleType, ...]) -> Mapping[str, type[Any]]:
    found = [value for module in modules for value in vars(module).values()]
    kinds = [kind for kind in found if isinstance(kind, type)]
    return {kind.__name__: kind for kind in kinds if issubclass(kind, (WireModel, Enum))}


_CLASSES: Final = MappingProxyType(_named((chats, tickets, visitors, webhooks, events)))


def encode_event(event: WebhookEvent) -> Secret:
    """The event as JSON, all of it ASCII. A secret, since the event's token is in it.

    Raises:
        ConfigurationError: it holds a value that LiveChat cannot have sent.
    """
    return Secret(json.dumps(_plain(event), separators=(",", ":")))


def decode_event(text: str) -> WebhookEvent:
    """The event that `encode_event` was given.

    Raises:
        WebhookError: it is nothing that this version's `encode_event` makes.
    """
    event = None
    with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
        event = _rich(json.loads(text))
    if isinstance(event, WebhookEvent):
        return event
    # Raised here, where nothing is left of what went wrong: its text would show a secret.
    del text, event
    raise WebhookError(path="", expected="an event of this version", found="something else")


def _plain(value: Any) -> Any:
    """What JSON can hold of it: itself, or an object that names its kind."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        plain = {key: _plain(item) for key, item in value.items()}
        return {_TAG: "dict", _VALUE: plain} if _TAG in plain else plain
    if value is None or type(value) in (str, bool, int, float):
        return value
    kind, held = _tagged(value)
    return {_TAG: kind, _VALUE: held}


def _tagged(value: Any) -> tuple[str, Any]:
    kind = type(value).__name__
    if isinstance(value, WireModel):
        known = fields(type(value))
        return kind, {each.alias: _plain(getattr(value, each.name)) for each in known}
    if isinstance(value, Enum):
        return kind, value.value
    if isinstance(value, (tuple, frozenset)):
        # Where the order means nothing, it is to be the same every time.
        return kind, [_plain(item) for item in (value if kind == "tuple" else sorted(value))]
    if isinstance(value, datetime):
        return "datetime", value.isoformat()
    if isinstance(value, str):
        return "Secret", str(value)
    raise ConfigurationError(
        f"an event with a {kind} cannot go through a queue: LiveChat sends no such"
    )


def _rich(value: Any) -> Any:
    if isinstance(value, list):
        return [_rich(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _TAG not in value:
        return {key: _rich(item) for key, item in value.items()}
    kind, held = value[_TAG], value[_VALUE]
    made = _MADE.get(kind)
    return _model(_CLASSES[kind], held) if made is None else made(held)


def _model(cls: type[Any], held: Any) -> Any:
    if issubclass(cls, Enum):
        return cls(held)
    return cls(**{name: _rich(item) for name, item in held.items()})


_MADE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Secret": Secret,
    "datetime": datetime.fromisoformat,
    "dict": lambda held: {key: _rich(item) for key, item in held.items()},
    "frozenset": lambda held: frozenset(_rich(held)),
    "tuple": lambda held: tuple(_rich(held)),
}
