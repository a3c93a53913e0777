"""Jobs as messages in Redis: JSON only, from which nothing but this package's models is made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from enum import Enum
from typing import Any, Final

from attrs import fields
from taskiq import BrokerMessage, TaskiqMessage
from taskiq.abc.formatter import TaskiqFormatter

from livechat_async.errors import ConfigurationError, WebhookError
from livechat_async.models import chats, tickets, visitors, webhooks
from livechat_async.models._base import WireModel
from livechat_async.redaction import Secret, SecretBytes, conceal
from livechat_async.webhooks import events
from livechat_async.webhooks.events import WebhookEvent

__all__ = ["TASK", "JobFormatter", "decode_event", "encode_event"]

TASK: Final = "livechat_async.webhooks:job"  # the name of the only task

_TAG = "$"  # an object with this key stands for a value of the kind it names
_VALUE = "is"
_CLASSES: Final[Mapping[str, type[Any]]] = {
    each.__name__: each
    for module in (chats, tickets, visitors, webhooks, events)
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, (WireModel, Enum))
}


class JobFormatter(TaskiqFormatter):
    """taskiq's messages as JSON. Unreadable ones still reach the task, which deals with them."""

    def dumps(self, message: TaskiqMessage) -> BrokerMessage:
        """See taskiq. The result holds secrets and hides them."""
        return BrokerMessage(
            task_id=message.task_id,
            task_name=message.task_name,
            message=SecretBytes(message.model_dump_json().encode()),
            labels=message.labels,
        )

    def loads(self, message: bytes) -> TaskiqMessage:
        """See taskiq. The message is the id of its entry, a line feed, and what `dumps` made."""
        entry, _, data = message.partition(b"\n")
        loaded = TaskiqMessage(task_id="", task_name=TASK, labels={}, args=[], kwargs={})
        with suppress(ValueError):  # the errors of pydantic and json are ValueErrors
            loaded = TaskiqMessage.model_validate(json.loads(data))
        body, handler = loaded.kwargs.get("body"), loaded.kwargs.get("handler")
        if loaded.task_name != TASK or not isinstance(body, str) or not isinstance(handler, str):
            loaded.task_name, body, handler = TASK, None, None
        loaded.args = []
        loaded.kwargs = {
            "entry": entry.decode(),
            "body": conceal(body, "secret"),
            "handler": handler,
        }
        return loaded


def encode_event(event: WebhookEvent) -> Secret:
    """Write an event as JSON, in ASCII: a secret, since it holds the event's token.

    This is not the JSON that LiveChat sends: `decode_event` makes exactly the same event of it.
    """
    return Secret(json.dumps(_to_json(event), separators=(",", ":")))


def decode_event(text: Secret) -> WebhookEvent:
    """Read the event that `encode_event` wrote; WebhookError if the text is something else."""
    event = None
    with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
        event = _from_json(json.loads(text.reveal()))
    if isinstance(event, WebhookEvent):
        return event
    # Raised here, with nothing left of the cause, whose text would show a secret.
    del text, event
    raise WebhookError(path="", expected="an event of this version", found="something else")


def _to_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    if isinstance(value, Mapping):
        plain = {key: _to_json(item) for key, item in value.items()}
        return {_TAG: "dict", _VALUE: plain} if _TAG in plain else plain
    if value is None or type(value) in (str, bool, int, float):
        return value
    kind, content = type(value).__name__, value
    if isinstance(value, WireModel):
        content = {each.alias: _to_json(getattr(value, each.name)) for each in fields(type(value))}
    elif isinstance(value, Enum):
        content = value.value
    elif isinstance(value, tuple):
        content = [_to_json(item) for item in value]
    elif isinstance(value, frozenset):
        content = [_to_json(item) for item in sorted(value)]  # equal events are equal JSON
    elif isinstance(value, datetime):
        kind, content = "datetime", value.isoformat()
    elif isinstance(value, Secret):
        kind, content = "Secret", value.reveal()
    else:
        raise ConfigurationError(
            f"an event with a {kind} cannot go through a queue: LiveChat sends no such value"
        )
    return {_TAG: kind, _VALUE: content}


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _TAG not in value:
        return {key: _from_json(item) for key, item in value.items()}
    kind, content = value[_TAG], value[_VALUE]
    if kind in _MAKERS:
        return _MAKERS[kind](content)
    cls = _CLASSES[kind]
    if issubclass(cls, Enum):
        return cls(content)
    return cls(**{name: _from_json(item) for name, item in content.items()})


_MAKERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Secret": Secret,
    "datetime": datetime.fromisoformat,
    "dict": lambda content: {key: _from_json(item) for key, item in content.items()},
    "frozenset": lambda content: frozenset(_from_json(content)),
    "tuple": lambda content: tuple(_from_json(content)),
}
