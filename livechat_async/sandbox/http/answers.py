"""What is answered, before it becomes HTTP: a status, a body, and the shapes errors come in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from attrs import field, frozen

__all__ = ["HTML", "JSON", "NO_RIGHTS", "Answer", "error", "errors", "json_answer", "to_json"]

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"

NO_RIGHTS = (
    "You have no rights to access this data. Check your API Key and/or username"  # as LiveChat
)


@frozen
class Answer:
    """An answer.

    Attributes:
        status: the HTTP status.
        body: the bytes of the body.
        content_type: the whole ``Content-Type`` header.
        headers: further headers.
    """

    status: int = field(converter=int)
    body: bytes = field(repr=False)
    content_type: str = JSON
    headers: Mapping[str, str] = field(factory=dict[str, str])


def to_json(value: object) -> bytes:
    """The value as JSON in UTF-8.

    Raises:
        TypeError: it holds something JSON has no form for.
        ValueError: it holds NaN or an infinity, or contains itself.
        RecursionError: it is nested too deeply.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A lone surrogate has no UTF-8; backslashreplace happens to write JSON's own escape for it.
    return text.encode("utf-8", "backslashreplace")


def json_answer(value: object, status: int = HTTPStatus.OK) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, to_json(value))


def error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """``{"error": "..."}``, the shape of most failures."""
    return Answer(status, to_json({"error": text}), headers=headers or {})


def errors(texts: Iterable[str]) -> Answer:
    """400 with ``{"errors": ["...", ...]}``, the shape of refused arguments."""
    return Answer(HTTPStatus.BAD_REQUEST, to_json({"errors": list(texts)}))
