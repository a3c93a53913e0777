"""Answers that are too large, cut, empty, or not what was asked for."""

from __future__ import annotations

import gzip
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clients import MakeClient
from scripted_server import Reply, ScriptedServer, answer, chunked, raw

from livechat_async import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    DecodeError,
    DetailField,
    InvalidJSONError,
    LiveChatClient,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    Request,
    ResponseTooLarge,
    RetryPolicy,
    ServerError,
    VisitorDetails,
)
from livechat_async.redaction import printable

DETAILS = VisitorDetails("my-app", [DetailField("Age", 36)])
TEN_MEGABYTES = 10_000_000


async def add(client: LiveChatClient) -> None:
    await client.visitors.add_details("S1", DETAILS, license_id=1, token="t")


def endless() -> Reply:
    """Chunks without end."""
    return chunked(itertools.repeat(b" " * 65_536))


TOO_LARGE: dict[str, Reply] = {
    "with Content-Length": answer(200, b" " * TEN_MEGABYTES),
    "chunked": chunked([b" " * 1_000_000] * 10),
    "without end": endless(),
    "gzip bomb": answer(
        200, gzip.compress(b" " * TEN_MEGABYTES), headers={"Content-Encoding": "gzip"}
    ),
    "chunked gzip bomb": chunked(
        [gzip.compress(b" " * TEN_MEGABYTES)], {"Content-Encoding": "gzip"}
    ),
    "error page": answer(500, b" " * TEN_MEGABYTES),
}


@pytest.mark.parametrize("reply", TOO_LARGE.values(), ids=TOO_LARGE)
async def test_an_answer_that_is_too_large_names_the_limit_and_is_not_asked_for_again(
    server: ScriptedServer, client: LiveChatClient, reply: Reply
) -> None:
    server.script(reply)
    with pytest.raises(ResponseTooLarge, match=r"8,388,608 bytes.*max_response_bytes") as caught:
        await client.visitors.list()
    assert caught.value.limit_bytes == 8 * 1024 * 1024
    assert caught.value.attempts == 1
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("size", "fits"), [(98, True), (99, False)], ids=["as large as allowed", "one byte more"]
)
@pytest.mark.parametrize("is_chunked", [False, True], ids=["sized", "chunked"])
async def test_the_limit_is_exact(
    *, server: ScriptedServer, make_client: MakeClient, size: int, fits: bool, is_chunked: bool
) -> None:
    body = b"[" + b" " * size + b"]"
    server.script(chunked([body]) if is_chunked else answer(200, body))
    client = make_client(max_response_bytes=100)
    if fits:
        assert await client.visitors.list() == []
    else:
        with pytest.raises(ResponseTooLarge, match="100 bytes"):
            await client.visitors.list()


async def test_the_client_goes_on_after_an_answer_that_was_too_large(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client(max_response_bytes=100, max_concurrency=1)
    server.script(endless(), answer(200, b"[]"))
    with pytest.raises(ResponseTooLarge):
        await client.visitors.list()
    assert await client.visitors.list() == []


async def test_a_gzipped_answer_is_read(server: ScriptedServer, client: LiveChatClient) -> None:
    body = gzip.compress(b'[{"id": "S1", "state": "chatting"}]')
    server.script(answer(200, body, headers={"Content-Encoding": "gzip"}))
    assert [visitor.id for visitor in await client.visitors.list()] == ["S1"]


NO_JSON: dict[str, tuple[Reply, str]] = {
    "empty": (answer(200, b""), "an empty body"),
    "blank": (answer(200, b" \n"), "2 bytes of application/json"),
    "no content": (answer(204, b""), "an empty body"),
    "cut": (answer(200, b'[{"id": "S1", "sta'), "18 bytes"),
    "two documents": (answer(200, b"[][]"), "4 bytes"),
    "HTML": (
        answer(200, b"<html>maintenance</html>", headers={"Content-Type": "text/html"}),
        "24 bytes of text/html",
    ),
    "JSONP": (answer(200, b"f([]);"), "6 bytes"),
    "a bomb of brackets": (answer(200, b"[" * 200_000), "200,000 bytes"),
}


@pytest.mark.parametrize(("reply", "found"), NO_JSON.values(), ids=NO_JSON)
async def test_a_read_without_json_is_repeated_and_then_says_what_came(
    server: ScriptedServer, client: LiveChatClient, reply: Reply, found: str
) -> None:
    server.script(reply)
    with pytest.raises(InvalidJSONError, match=found) as caught:
        await client.visitors.list()
    assert caught.value.attempts == len(server.requests) == 4
    assert (caught.value.path, caught.value.expected) == ("", "JSON")


@pytest.mark.parametrize(("reply", "found"), NO_JSON.values(), ids=NO_JSON)
async def test_a_read_without_json_is_mended_by_the_next_attempt(
    server: ScriptedServer, client: LiveChatClient, reply: Reply, found: str
) -> None:
    assert found
    server.script(reply, reply, answer(200, b"[]"))
    assert await client.visitors.list() == []
    assert len(server.requests) == 3


WRONG_SHAPES: dict[str, tuple[Any, str, str]] = {
    "null": (b"null", "", "null"),
    "object": (b'{"id": "S1"}', "", "{'id': 'S1'}"),
    "text": (b'"visitors"', "", "'visitors'"),
    "empty text": (b'""', "", "''"),
    "number": (b"7", "", "7"),
    "visitor that is null": (b"[null]", r"[0]", "null"),
    "visitor that is text": (b'["S1"]', r"[0]", "'S1'"),
    "no id": ([{"state": "chatting"}], "[0]", "no such field"),
    "id that is null": ([{"id": None, "state": "x"}], "[0].id", "null"),
    "id that is a list": ([{"id": [7], "state": "x"}], "[0].id", "[7]"),
    "visitor that is no JSON": (b'[{"id": 01}]', "[0]", "malformed"),
    "no UTF-8": (b'["\xff"]', "[0]", "\ufffd"),
    "NaN": (b"[NaN]", "[0]", "null"),
    "deep": (b"[" * 200_000 + b"]" * 200_000, "[0]", "recursion"),
    "third visitor": (
        [{"id": str(n), "state": "x", "group": [5] if n == 2 else n} for n in range(4)],
        "[2].group",
        "[5]",
    ),
    "deep inside": (
        [{"id": "S1", "state": "x", "visit_path": [{"page": "/"}, {"time_ref": "x"}]}],
        "[0].visit_path[1].time_ref",
        "x",
    ),
}


@pytest.mark.parametrize(("body", "path", "found"), WRONG_SHAPES.values(), ids=WRONG_SHAPES)
async def test_a_wrong_shape_is_named_by_index_and_field_and_not_asked_for_again(
    server: ScriptedServer, client: LiveChatClient, body: Any, path: str, found: str
) -> None:
    server.script(answer(200, body))
    with pytest.raises(DecodeError) as caught:
        await client.visitors.list()
    assert not isinstance(caught.value, InvalidJSONError)
    assert caught.value.path.startswith(path)
    assert found in caught.value.found
    assert path in str(caught.value)
    assert found in str(caught.value)
    assert caught.value.status == 200
    assert caught.value.body
    assert caught.value.attempts == len(server.requests) == 1


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b'""', b'"many"', b"-1", b"true", b"1.5"])
async def test_a_count_that_is_none_is_refused(
    server: ScriptedServer, client: LiveChatClient, body: bytes
) -> None:
    server.script(answer(200, body))
    with pytest.raises(DecodeError, match="expected a number"):
        await client.visitors.count()
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
@pytest.mark.parametrize(
    "body", [b"", b'{"result": "error"}', b"<html>", b'{"cut', b"null"], ids=repr
)
async def test_any_2xx_makes_a_write_a_success_whatever_its_text_says(
    server: ScriptedServer, client: LiveChatClient, status: int, body: bytes
) -> None:
    server.script(answer(status, b"" if status == 204 else body))
    await add(client)
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"cut', b"[1]"], ids=repr)
@pytest.mark.parametrize("retry_writes", [False, True])
async def test_a_write_answered_with_a_broken_success_is_never_repeated(
    *, server: ScriptedServer, make_client: MakeClient, body: bytes, retry_writes: bool
) -> None:
    """Not even with a type to decode it to: it has been carried out."""
    server.script(answer(200, body))
    client = make_client(retry=RetryPolicy(backoff=0, retry_writes=retry_writes))
    with pytest.raises(DecodeError):
        await client.send(Request("POST", "/agents", body={"a": 1}), dict[str, int])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (402, APIStatusError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (410, NotFoundError),
        (418, APIStatusError),
        (422, BadRequestError),
        (429, RateLimitError),
        (500, ServerError),
        (501, ServerError),
        (503, ServerError),
        (599, ServerError),
        (300, APIStatusError),
        (304, APIStatusError),
        (302, APIStatusError),
        (600, APIStatusError),
    ],
)
async def test_a_status_has_its_error(
    server: ScriptedServer, make_client: MakeClient, status: int, kind: type[APIStatusError]
) -> None:
    body = b"" if status == 304 else b'{"error": "because"}'
    server.script(answer(status, body))
    with pytest.raises(APIStatusError) as caught:
        await make_client(retry=RetryPolicy.none()).visitors.list()
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.url == f"{server.url}/visitors"
    assert caught.value.method == "GET"
    assert str(status) in str(caught.value)
    if body:
        assert (caught.value.message, caught.value.messages) == ("because", ("because",))
        assert caught.value.body == body.decode()


@pytest.mark.parametrize("levels", [90, 900, 985, 1_020, 1_400, 100_000])
@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"errors":', b"}")])
async def test_an_error_body_of_any_depth_gives_the_error_of_its_status(
    server: ScriptedServer, client: LiveChatClient, begin: bytes, end: bytes, levels: int
) -> None:
    """Whether its message can be read or not (field case 5)."""
    server.script(answer(422, begin * levels + b'"deep"' + end * levels))
    with pytest.raises(BadRequestError) as caught:
        await client.visitors.list()
    assert caught.value.message in {"deep", "Unprocessable Entity", "Unprocessable Content"}
    assert (caught.value.message == "deep") or levels > 90


@pytest.mark.parametrize("item", [b"{}", b"[]", b'"a@:"', b'{"error":{}}'])
async def test_a_body_of_megabytes_is_not_searched_for_the_message_of_an_error(
    server: ScriptedServer, client: LiveChatClient, item: bytes
) -> None:
    """Searching 8 MB of brackets held the event loop for 17 s (field cases 5, 35 and 41)."""
    items = b",".join([b'"a message"'] + [item] * (6_000_000 // (len(item) + 1)))
    server.script(answer(400, b'{"errors":[' + items + b"]}"))
    with pytest.raises(BadRequestError) as caught:
        await client.visitors.list()
    assert caught.value.message == "Bad Request"
    assert caught.value.body.startswith('{"errors":["a message"')


@pytest.mark.parametrize(
    ("name", "errors"),
    [("headers", ["ProtocolError"]), ("bomb", ["ResponseTooLarge", "ProtocolError"])],
)
def test_an_answer_of_gigabytes_takes_bounded_memory(name: str, errors: list[str]) -> None:
    """Endless headers, and a body that grows a thousandfold (field case 43).

    aiohttp 3.13 decompresses all it has received at once: up to 256 MB. It fails by itself if that
    is more than 32 MB of one part, newer ones give out small parts.
    """
    program = Path(__file__).with_name("memory_program.py")
    done = subprocess.run(
        [sys.executable, program, name], capture_output=True, text=True, timeout=300, check=True
    )
    found, megabytes = done.stdout.split()
    assert found in errors
    assert int(megabytes) < 400


async def test_a_message_holds_no_character_that_a_terminal_obeys(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    """The type of a body stands in the message, whatever it is (field case 9)."""
    headers = b"Content-Type: a\xff\xc2\x9b31m\xe2\x80\xaeb\r\nContent-Length: 1"
    server.script(raw(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\n<"))
    with pytest.raises(InvalidJSONError, match="1 byte of a") as caught:
        await make_client(retry=RetryPolicy(attempts=1)).visitors.list()
    assert str(caught.value) == printable(str(caught.value))
    assert str(caught.value).encode()
