"""What others send costs time that grows with its size and no faster (field cases 35, 40, 41, 42).

Each reader of the package gets 25 kB and 200 kB of each delimiter, alone and inside what it usually
reads. Eight times the size may take 20 times the time: work that grows with the square takes 64
times, and is found if 1 MB takes an eighth of a second.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from yarl import URL

from livechat_async import Chat, LiveChatError, PersonalAccessToken, Ticket, Visitor
from livechat_async.checks import parse_day
from livechat_async.cli.common import to_json
from livechat_async.cli.env_file import parse_env
from livechat_async.cli.output.show import safe_cell
from livechat_async.decoding.bodies import NotJSONError, load_json, read_envelope, value_reader
from livechat_async.decoding.converter import make_converter
from livechat_async.export.checkpoint import Checkpoint
from livechat_async.http.encoding import urlencode
from livechat_async.http.request import PreparedRequest
from livechat_async.http.response import RawResponse, parse_retry_after, status_error
from livechat_async.redaction import printable, redact
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.api import answer_api
from livechat_async.sandbox.http.parse_str import parse_str
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.webhooks import WebhookCredentials, parse_webhook

SMALL, LARGE = 25_000, 200_000
MOST_GROWTH = 20
LEAST_SECONDS = 0.000_25  # what takes less is not measured, but taken for this

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CONVERTER = make_converter()
ACCOUNT = Sandbox(seed=True)._account
CREDENTIALS = PersonalAccessToken("john.doe@example.com", "sandbox-token")
REQUEST = PreparedRequest(
    method="GET", url=URL("http://127.0.0.1/visitors"), headers={}, body=None, secrets=[]
)

DELIMITERS = [
    *(":", "://", "%3a%2f%2f", "@", "%40", "a@", "a.", "/", "//", "\\", "\\u", "\\ud83d", "?", "#"),
    *('"', "'", "{", "}", "[", "]", "[[", '{"a":', "[5,", '"a",', ",", ";", "&", "=", "a=", "&a="),
    *(
        "[]=",
        "a[]=&",
        "a[b]=1&",
        "a[b][c]",
        "+",
        "%",
        "%5B",
        "%u",
        "0",
        "1",
        "1.",
        "e",
        ".",
        "-",
        "_",
    ),
    *(
        " ",
        "\t",
        "\n",
        "\r\n",
        "\0",
        "\x1b[",
        "\u2028",
        "\ufeff",
        "\xef\xbb\xbf",
        "é",
        "\U0001f600",
    ),
    *("<", ">", "token=", 'token":"', '"token":"a', '"token": ', "Basic ", "Bearer a ", "--", "|"),
]

Reader = Callable[[str], object]


def visitor(**fields: Any) -> bytes:
    return json.dumps([{"id": "S1.a", "state": "browsing", **fields}]).encode()


def chats(text: str, total: Any = 1) -> object:
    content = f'{{"chats": [{{"id": "A"}}, {text}], "total": {total}, "pages": 1}}'.encode()
    broken: list[object] = []
    hook = CONVERTER.get_structure_hook(Chat)
    return read_envelope(content, "chats", hook, Chat, broken.append)


def answer(status: int, content: bytes, **headers: str) -> RawResponse:
    return RawResponse(status=status, reason="", headers=headers, content=content)


def error_with(content: bytes) -> object:
    return str(status_error(answer(400, content), REQUEST, NOW))


def webhook(**fields: Any) -> object:
    event = {"event_type": "chat_started", "license_id": "1", "token": "t", "chat": {"id": "A"}}
    return parse_webhook(json.dumps({**event, **fields}).encode())


def ask_sandbox(**parts: Any) -> object:
    usual: dict[str, Any] = {
        "method": "GET",
        "raw_path": "/v2/chats",
        "raw_query": "",
        "headers": {"Authorization": CREDENTIALS.authorization().reveal()},
        "body": b"",
        "received_at": NOW,
    }
    return answer_api(ACCOUNT, [CREDENTIALS], RecordedRequest(**{**usual, **parts}))


read_visitors = value_reader(CONVERTER, list[Visitor])
read_chat = value_reader(CONVERTER, Chat)
read_ticket = value_reader(CONVERTER, Ticket)

READERS: dict[str, Reader] = {
    # what LiveChat answers
    "a body": lambda text: load_json(text.encode()),
    "a text in a body": lambda text: load_json(b'"%b"' % text.encode()),
    "a list": lambda text: read_visitors(text.encode()),
    "a name": lambda text: read_visitors(visitor(name=text)),
    "a number": lambda text: read_visitors(visitor(latitude=text)),
    "a time": lambda text: read_visitors(visitor(last_visit=text)),
    "a state": lambda text: read_visitors(visitor(state=text)),
    "a zone": lambda text: read_visitors(visitor(timezone=text)),
    "a new field": lambda text: read_visitors(visitor(**{text: text})),
    "items of a page": lambda text: chats(text[: len(text) // 5]),  # each costs an error
    "the total of a page": lambda text: chats("{}", json.dumps(text)),
    "a ticket": lambda text: read_ticket(json.dumps({"id": text, "events": [text]}).encode()),
    "an error body": lambda text: error_with(text.encode()),
    "an error text": lambda text: error_with(json.dumps({"errors": [text, text]}).encode()),
    "Retry-After": lambda text: parse_retry_after(text, NOW),
    # what it delivers
    "a webhook": lambda text: parse_webhook(text.encode()),
    "a name in a webhook": lambda text: webhook(visitor={"id": "S1", "name": text}),
    "the type of a webhook": lambda text: webhook(event_type=text),
    "the licence of a webhook": lambda text: webhook(license_id=text),
    "a webhook's password": WebhookCredentials("user", "password").matches,
    # what programs send to the sandbox
    "a query": lambda text: ask_sandbox(raw_query=text),
    "a parameter": lambda text: ask_sandbox(
        raw_query=urlencode({"query": text, "date_from": text})
    ),
    "a path": lambda text: ask_sandbox(raw_path=f"/v2/chats/{text}"),
    "a form": parse_str,
    # what we print, log and keep
    "a message": lambda text: redact(text, ["secret-of-some-length"]),
    "a line": printable,
    "a cell": safe_cell,
    "a line of JSON": to_json,
    "a checkpoint": Checkpoint.from_json,
    "a day": parse_day,
    "a line of an env file": lambda text: list(parse_env(f"LIVECHAT_A={text}b{text}'", ".env")),
}

MANY: dict[str, Callable[[int], object]] = {
    "wrong items": lambda many: read_visitors(visitor(visit_path=[5] * many)),
    "wrong tags": lambda many: chats(json.dumps({"id": "B", "tags": [{}] * many})),
    "unknown fields": lambda many: read_visitors(visitor(**{f"k{n}": n for n in range(many)})),
    "wrong variables of a webhook": lambda many: webhook(visitor={"custom_variables": [5] * many}),
    "levels": lambda many: read_visitors(b"[" * many),
    "levels inside an item": lambda many: chats(
        '{"id": "B", "k": ' + "[" * many + "]" * many + "}"
    ),
    "levels of an error": lambda many: error_with(b'{"error":' * many + b"1" + b"}" * many),
    "levels of a webhook": lambda many: parse_webhook(b'{"event_type":' * many),
    "parameters": lambda many: parse_str("&".join(f"k{n}=1" for n in range(many))),
    "items of a parameter": lambda many: parse_str("&".join(["k[]=1"] * many)),
    "levels of a parameter": lambda many: parse_str("k" + "[a]" * many + "=1"),
    "keys of a parameter": lambda many: parse_str("&".join(f"k[{n}]=1" for n in range(many))),
    "messages of an error": lambda many: error_with(json.dumps({"errors": ["x"] * many}).encode()),
}

EXPECTED = (LiveChatError, NotJSONError, ValueError, ExceptionGroup)


def seconds(read: Callable[[Any], object], given: Any) -> float:
    """Processor time of one reading, at least `LEAST_SECONDS`."""
    began = time.process_time()
    with suppress(*EXPECTED):
        read(given)
    return max(time.process_time() - began, LEAST_SECONDS)


def growth(read: Callable[[Any], object], small: Any, large: Any) -> float:
    """How much longer the large input takes; the least of three, as other work only adds time."""
    least = float("inf")
    for _ in range(3):
        least = min(least, seconds(read, large) / seconds(read, small))
        if least < MOST_GROWTH:
            break
    return least


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("delimiter", DELIMITERS, ids=ascii)
def test_the_time_grows_with_the_text(name: str, delimiter: str) -> None:
    small, large = (delimiter * (size // len(delimiter.encode())) for size in (SMALL, LARGE))

    assert growth(READERS[name], small, large) < MOST_GROWTH


@pytest.mark.parametrize("name", MANY)
def test_the_time_grows_with_the_number_of(name: str) -> None:
    assert growth(MANY[name], SMALL // 3, LARGE // 3) < MOST_GROWTH
