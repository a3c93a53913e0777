"""The bodies of writes: a strict reader, and the agent who wrote them."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Collection, Mapping
from typing import Any

from livechat_async.sandbox.http.queries import QueryReader
from livechat_async.sandbox.http.requests import RecordedRequest, read_body

__all__ = ["BodyReader", "author_of", "body_of"]


class BodyReader(QueryReader):
    """Reads a body, or an object in it, as `QueryReader` reads a query.

    Args:
        values: the values, in JSON or of a form. A number or flag in JSON is read as its text.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        super().__init__({name: _as_form(value) for name, value in values.items()})

    def __contains__(self, name: str) -> bool:
        return self._query.get(name) is not None

    def need(self, *names: str) -> None:
        """Note which of these are missing."""
        self.problems += [f"{name} is required" for name in names if name not in self]

    def raw(self, name: str) -> Any:
        """A value as it was sent, but for numbers and flags."""
        return self._query.get(name)

    def objects(self, name: str) -> list[BodyReader]:
        """A reader of each object in a list, as in ``rules[0][type]=...``."""
        found = self.raw(name)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            if name in self:
                self.problems.append(f"{name} has to be a list of objects")
            return []
        return [BodyReader(each) for each in found]


def body_of(request: RecordedRequest, lists: Collection[str] = ()) -> BodyReader:
    """A reader of the body; no body holds nothing. ``lists`` are those of `read_body`."""
    return BodyReader(read_body(request, lists) if request.body else {})


def author_of(request: RecordedRequest, default: str) -> str:
    """The login that signed the request; the default for a bearer token, which shows none."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    try:
        login = b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        login = ""
    return login if scheme.lower() == "basic" and login else default


def _as_form(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value
