"""Requests: the last ones are kept, for tests and for the page that shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import unquote

from attrs import evolve, field, frozen

from livechat_async.redaction import HIDDEN, SecretBytes, is_secret_name
from livechat_async.sandbox.http.answers import Answer
from livechat_async.sandbox.http.parse_str import parse_str

_KEPT = 10_000
_MOST_BYTES = 64 * 2**20  # of the bodies of all kept requests
_ANSWERS_KEPT = 200
_MOST_OF_ANSWER = 64 * 2**10


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
        fault: the name of the injected fault that the request met, such as ``Status``; "" if none.
        seconds: how long the sandbox took to answer; None before the answer.
    """

    method: str
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False, converter=SecretBytes)
    received_at: datetime
    status: int | None = None
    fault: str = ""
    seconds: float | None = None

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
        names = ("method", "path", "raw_path", "raw_query", "query", "status", "fault", "seconds")
        return {
            **{name: getattr(self, name) for name in names},
            "headers": {
                name: HIDDEN if is_secret_name(name) else value
                for name, value in self.headers.items()
            },
            "body": self.body.decode("utf-8", "replace"),
            "received_at": self.received_at.isoformat(),
        }


@frozen(kw_only=True)
class KeptAnswer:
    """What was answered: its headers, the beginning of its body, and the size of the whole body."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    size: int


class RequestLog:
    """The last 10,000 requests in the order of their arrival, and the last 200 answers.

    The oldest go earlier if the bodies of the requests take more than 64 MiB. An answer keeps the
    first 64 KiB of its body.

    Attributes:
        total: the number of all requests so far, also of those that are forgotten.
    """

    def __init__(self) -> None:
        self._records: dict[int, RecordedRequest] = {}
        self._answers: dict[int, KeptAnswer] = {}
        self.total: int = 0
        self._bytes = 0

    def __iter__(self) -> Iterator[RecordedRequest]:
        return iter(self._records.values())

    def add(self, record: RecordedRequest) -> int:
        """Keep a request and return its number for `answered`."""
        number, self.total = self.total, self.total + 1
        self._records[number] = record
        self._bytes += len(record.body)
        while len(self._records) > _KEPT or self._bytes > _MOST_BYTES:
            self._bytes -= len(self._records.pop(next(iter(self._records))).body)
        return number

    def answered(self, number: int, answer: Answer) -> None:
        """Set the status of a request, unless it has been cleared meanwhile; keep the answer."""
        if number not in self._records:
            return
        self._records[number] = evolve(self._records[number], status=answer.status)
        headers = {"Content-Type": answer.content_type, **answer.headers}
        self._answers[number] = KeptAnswer(
            headers=headers, body=answer.body[:_MOST_OF_ANSWER], size=len(answer.body)
        )
        if len(self._answers) > _ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]

    def ended(self, number: int, seconds: float) -> None:
        """Set how long a request took, unless it has been cleared meanwhile."""
        if number in self._records:
            self._records[number] = evolve(self._records[number], seconds=seconds)

    def newest(self, count: int) -> list[tuple[int, RecordedRequest]]:
        """The last requests with their numbers, the newest first."""
        return list(islice(reversed(self._records.items()), count))

    def find(self, number: int) -> tuple[RecordedRequest, KeptAnswer | None] | None:
        """A request and its answer, as far as they are kept."""
        record = self._records.get(number)
        return None if record is None else (record, self._answers.get(number))

    def clear(self) -> None:
        """Forget all requests."""
        self._records.clear()
        self._answers.clear()
        self._bytes = 0
