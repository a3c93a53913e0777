"""Bodies of writes, which may be forms or JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from livechat_async.redaction import conceal
from livechat_async.sandbox.http.answers import BadRequest
from livechat_async.sandbox.http.parse_str import parse_str
from livechat_async.sandbox.http.requests import RecordedRequest

__all__ = ["content_type_of", "read_body", "read_tags"]

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


def content_type_of(request: RecordedRequest) -> str:
    """The content type without its parameters, such as ``application/json``; "" if missing."""
    return str(request.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def read_body(request: RecordedRequest, lists: Collection[str] = ()) -> Any:
    """Read the body of a request; its secrets show in no ``repr``.

    Args:
        request: the request.
        lists: names that stand for lists.

    Raises:
        BadRequest: it is neither a form nor a JSON object, or does not fit its content type.
    """
    kind = content_type_of(request)
    if kind == _FORM:
        return conceal(_read_form(request.body, lists))
    if kind == _JSON:
        return conceal(_read_json(request.body))
    raise BadRequest(f"Content-Type has to be {_FORM} or {_JSON}, not {kind or 'missing'}")


def read_tags(request: RecordedRequest) -> list[str]:
    """The tags of ``PUT .../tags``: ``tag[]=a&tag[]=b`` or ``{"tag": ["a", "b"]}``.

    Raises:
        BadRequest: there are none. An empty list in JSON is fine: it removes all tags.
    """
    tags = read_body(request, lists=("tag",)).get("tag")
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag for tag in tags):
        raise BadRequest("tag is required and has to be a list of texts, tag[]=sales in a form")
    return tags


def _read_form(body: bytes, lists: Collection[str]) -> Mapping[str, object]:
    values = parse_str(body.decode("utf-8", "surrogateescape"))
    for name in lists:
        items = values.get(name)
        # To PHP an array with gaps in its numbers is still an array.
        if isinstance(items, dict) and all(key.isdecimal() for key in items):
            values[name] = list(items.values())
    return values


def _read_json(body: bytes) -> Mapping[str, object]:
    try:
        value: Any = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        # json.loads accepts a lone surrogate as an escape, yet it is no character.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as problem:
        raise BadRequest(f"the body is not valid JSON: {_reason(problem)}") from None
    if not isinstance(value, dict):
        raise BadRequest("the body has to be a JSON object")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _reason(problem: ValueError | RecursionError) -> str:
    # The text of a UnicodeError holds the body, and that has a token.
    return "not UTF-8" if isinstance(problem, UnicodeError) else str(problem)
