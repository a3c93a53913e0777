"""Turns the body of a webhook into a typed event, or an error that says what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from livechat_async.checks import is_deeper
from livechat_async.decoding.bodies import load_json
from livechat_async.decoding.converter import shared_converter
from livechat_async.decoding.hooks import is_nothing
from livechat_async.decoding.problems import WireError, find_wire_error
from livechat_async.display import cut, number_of
from livechat_async.errors import WebhookError
from livechat_async.models._base import quirks_of
from livechat_async.models.webhooks import DATA_TYPES, WebhookDataType, WebhookEventType
from livechat_async.redaction import conceal, kind_of, redact, secrets_in
from livechat_async.webhooks.events import EVENT_CLASSES, UnknownEvent, WebhookEvent

_SHOWN = 150  # characters of a broken value in a message
_DEEPEST = 100  # levels; many more are too deep for pickle, for one
_OTHER_SPELLINGS = quirks_of(WebhookEventType).spellings
_ONLY_IN_V3 = frozenset({"action", "payload", "secret_key", "webhook_id"})
_DATA = tuple(member.value for member in WebhookDataType)
# An event with one data type is about that.
_NEEDED = {str(kind): data[0] for kind, data in DATA_TYPES.items() if len(data) == 1}


def parse_webhook(body: bytes | bytearray | str | Mapping[str, Any]) -> WebhookEvent:
    """Turn the body of a webhook into an event.

    Args:
        body: the body as sent, or the mapping that its JSON holds, which is neither changed nor
            kept.

    Returns:
        An event of the class for its ``event_type``; an `UnknownEvent` if this library does not
        know the type.

    Raises:
        WebhookError: the body is not JSON, is not an event of version 2 of the API, or lacks the
            object the event is about.
    """
    outcome = _event_or_error(body)
    if isinstance(outcome, WebhookEvent):
        return outcome
    # The body holds a secret. It must be in none of our frames in the traceback, so the error is
    # made elsewhere and the body is deleted first.
    del body
    raise outcome


def _event_or_error(body: Any) -> WebhookEvent | WebhookError:
    try:
        content = body if isinstance(body, bytes) else _to_bytes(body)
    except Exception:  # noqa: BLE001 (a mapping may hold anything)
        return _error("", "JSON", f"a {kind_of(body)} that JSON cannot hold")
    try:
        document = load_json(content)
    except WireError as error:
        found = f"{number_of(len(content), 'byte')} of something else ({error.found})"
        return _error("", "JSON", cut(found, _SHOWN) if content else "an empty body")
    if content.count(b"[") + content.count(b"{") > _DEEPEST and is_deeper(document, _DEEPEST):
        return _error("", f"JSON of at most {_DEEPEST} levels", "more of them")
    if not isinstance(document, dict):
        return _error("", "an object", _kind(document))
    return _read(document)


def _to_bytes(body: Any) -> bytes:
    if isinstance(body, (bytearray, memoryview)):
        return bytes(body)
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    return json.dumps(body, default=_to_dict, allow_nan=False).encode()


def _to_dict(value: object) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def _read(document: dict[str, Any]) -> WebhookEvent | WebhookError:
    kind = document.get("event_type")
    if not isinstance(kind, str) or not kind.strip():
        return _not_an_event(document)
    kind = document["event_type"] = _OTHER_SPELLINGS.get(kind, kind)
    cls = _CLASSES.get(kind, UnknownEvent)
    document["data_types"] = brought = set()
    for name in _DATA:
        if name in document:
            is_empty_list = name == WebhookDataType.PRE_CHAT_SURVEY and document[name] in ([], {})
            if is_empty_list or not is_nothing(document[name]):
                brought.add(name)
            elif cls is not UnknownEvent:
                del document[name]
    needed = _NEEDED.get(kind)
    if needed is not None and needed not in brought:
        remedy = f"Register the webhook with the data type {needed.value!r}"
        return _error(needed.value, "the object the event is about", "nothing", remedy)
    try:
        return shared_converter().structure(document, cls)
    except Exception as error:  # noqa: BLE001 (cattrs has many)
        return _unreadable(find_wire_error(error), document)


_CLASSES: Mapping[str, type[WebhookEvent]] = {str(kind): c for kind, c in EVENT_CLASSES.items()}


def _error(path: str, expected: str, found: str, remedy: str = "") -> WebhookError:
    return WebhookError(path=path, expected=expected, found=found, remedy=remedy)


def _not_an_event(document: dict[str, Any]) -> WebhookError:
    if not _ONLY_IN_V3.isdisjoint(document):
        wanted = "an event of version 2 of LiveChat's API"
        remedy = "Register the webhook through version 2, the one this library supports"
        return _error("", wanted, "one of version 3", remedy)
    found = _kind(document["event_type"]) if "event_type" in document else "no such field"
    return _error("event_type", "the name of an event", found)


def _unreadable(problem: WireError, document: dict[str, Any]) -> WebhookError:
    # Secrets are hidden before the text is shortened: half a secret would not be found. A broken
    # body may hold a secret under any name.
    found = {"[": "a list", "{": "an object"}.get(problem.found[:1])
    if found is None:
        found = redact(problem.found, secrets_in(conceal(document)))
    return _error(problem.path, problem.expected, cut(found, _SHOWN))


def _kind(value: Any) -> str:
    """The kind of a JSON value, for messages; the value itself may be a secret."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return "a text" if value.strip() else "a blank text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a number"
