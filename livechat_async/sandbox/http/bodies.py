"""The bodies of writes, each of which may be a form or JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from livechat_async.sandbox.http.parse_str import parse_str
from livechat_async.sandbox.http.requests import RecordedRequest

__all__ = ["BadBody", "body_of", "read_body", "read_tags"]

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


class BadBody(Exception):
    """The body cannot be read; the text says why, for the one who sent it."""


def read_body(content_type: str, body: bytes, lists: Collection[str] = ()) -> Mapping[str, object]:
    """Read a body.

    Args:
        content_type: the ``Content-Type`` header.
        body: the bytes.
        lists: names that stand for lists.

    Raises:
        BadBody: it is neither a form nor a JSON object, or not what its type says.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _FORM:
        return _read_form(body, lists)
    if kind == _JSON:
        return _read_json(body)
    raise BadBody(f"Content-Type has to be {_FORM} or {_JSON}, not {kind or 'missing'}")


def body_of(request: RecordedRequest, lists: Collection[str] = ()) -> Mapping[str, object]:
    """The body of a request; see `read_body`."""
    return read_body(request.headers.get("Content-Type", ""), request.body, lists)


def read_tags(request: RecordedRequest) -> list[str]:
    """The tags of ``PUT .../tags``: ``tag[]=a&tag[]=b`` or ``{"tag": ["a", "b"]}``.

    Raises:
        BadBody: there are none. JSON may have an empty list, to remove them all.
    """
    tags = body_of(request, lists=("tag",)).get("tag")
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag for tag in tags):
        raise BadBody("tag is required and has to be a list of texts, tag[]=sales in a form")
    return tags


def _read_form(body: bytes, lists: Collection[str]) -> Mapping[str, object]:
    values = parse_str(body.decode("utf-8", "surrogateescape"))
    for name in lists:
        items = values.get(name)
        # To PHP an array whose numbers leave some out is still an array.
        if isinstance(items, dict) and all(key.isdecimal() for key in items):
            values[name] = list(items.values())
    return values


def _read_json(body: bytes) -> Mapping[str, object]:
    try:
        value: Any = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        # A lone surrogate passes as an escape, yet it is no character.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as problem:
        raise BadBody(f"the body is not valid JSON: {_reason(problem)}") from None
    if not isinstance(value, dict):
        raise BadBody("the body has to be a JSON object")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _reason(problem: ValueError | RecursionError) -> str:
    # The text of a UnicodeError holds the body, and that has a token.
    return "not UTF-8" if isinstance(problem, UnicodeError) else str(problem)
