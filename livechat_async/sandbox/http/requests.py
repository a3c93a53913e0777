"""The requests that the sandbox received, kept for tests to inspect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from attrs import evolve, field, frozen

from livechat_async.redaction import HIDDEN, SecretBytes, is_secret_name
from livechat_async.sandbox.http.parse_str import parse_str

__all__ = ["RecordedRequest", "RequestLog"]

_KEPT = 10_000


@frozen(kw_only=True)
class RecordedRequest:
    """A request the sandbox received. Its ``repr`` shows neither credentials nor the body.

    Attributes:
        method: the HTTP method.
        raw_path: the path as sent, percent-encoded.
        raw_query: the query string as sent, without the question mark.
        headers: the headers; names ignore case.
        body: the body as sent.
        received_at: when the last byte had arrived, in UTC.
        status: the status of the answer; None before the answer, and for a dropped connection.
    """

    method: str
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False, converter=SecretBytes)
    received_at: datetime
    status: int | None = None

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        return unquote(self.raw_path)

    @property
    def query(self) -> dict[str, object]:
        """The query: text, lists and dicts, as PHP reads them."""
        return parse_str(self.raw_query)

    def form(self) -> dict[str, object]:
        """The body, read as a form the way PHP reads it."""
        return parse_str(self.body.decode("utf-8", "surrogateescape"))

    def json(self) -> Any:
        """The body, read as JSON.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.body)

    def to_wire(self) -> dict[str, object]:
        """The request as plain data for JSON, with credentials in headers hidden."""
        return {
            "method": self.method,
            "path": self.path,
            "raw_path": self.raw_path,
            "raw_query": self.raw_query,
            "query": self.query,
            "headers": {
                name: HIDDEN if is_secret_name(name) else value
                for name, value in self.headers.items()
            },
            "body": self.body.decode("utf-8", "replace"),
            "received_at": self.received_at.isoformat(),
            "status": self.status,
        }


class RequestLog:
    """The last 10,000 requests, in the order of their arrival."""

    def __init__(self) -> None:
        self._records: dict[int, RecordedRequest] = {}
        self._next = 0

    def __iter__(self) -> Iterator[RecordedRequest]:
        return iter(self._records.values())

    def add(self, record: RecordedRequest) -> int:
        """Keep a request and return its number for `answered`."""
        number, self._next = self._next, self._next + 1
        self._records[number] = record
        if len(self._records) > _KEPT:
            del self._records[next(iter(self._records))]
        return number

    def answered(self, number: int, status: int) -> None:
        """Set the status of a request, unless it has been cleared meanwhile."""
        if number in self._records:
            self._records[number] = evolve(self._records[number], status=status)

    def clear(self) -> None:
        """Forget all requests."""
        self._records.clear()
