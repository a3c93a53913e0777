"""A sandbox answers whatever is sent: with a status, soon, and without a word on stderr."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress

import aiohttp
import pytest

from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.http.answers import BadRequest
from livechat_async.sandbox.http.multipart import read_multipart
from livechat_async.sandbox.http.parse_str import parse_pairs, parse_str

LOGGER = "livechat_async.sandbox"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MULTIPART = "multipart/form-data; boundary=x-y"
PART = '\r\n--x-y\r\nContent-Disposition: form-data; name="a[]"\r\n\r\n1'
UNITS = [
    *("&", "=", "[", "]", "[]", "a[]=&", "a[b]=1&", "%", "%5b", "%00", "+", ";", '"', "\\", "\r\n"),
    *("{", "[[", '{"a":', "[1,", "1", "\\ud800", "--x-y\r\n", '; name="', ":", "/", PART),
]


def read_as_multipart(text: str) -> None:
    with suppress(BadRequest):
        parse_pairs(read_multipart(text.encode(), MULTIPART))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("read", [parse_str, read_as_multipart])
def test_the_time_of_reading_a_form_grows_with_it_and_no_faster(
    read: Callable[[str], object], unit: str
) -> None:
    """Each delimiter of a form, many times (field case 35)."""

    def seconds(length: int) -> float:
        text, times = unit * (length // len(unit)), []
        for _ in range(3):
            begun = time.thread_time()
            read(text)
            times.append(time.thread_time() - begun)
        return min(times)

    assert seconds(200_000) < 10 * seconds(50_000) + 0.02


@pytest.mark.parametrize("kind", [FORM, JSON, MULTIPART])
async def test_a_megabyte_of_any_delimiter_is_answered(
    sandbox: Sandbox, http: aiohttp.ClientSession, kind: str
) -> None:
    """The API and the control, for each kind of body (field case 35)."""
    sandbox.add_visitor(id="S1.a")
    for unit in UNITS:
        body = (unit * (1_000_000 // len(unit))).encode()
        for path in ("/visitors/S1.a/details", "/tickets", "/_sandbox/visitors"):
            async with http.post(path, data=body, headers={"Content-Type": kind}) as response:
                assert response.status in {400, 401}
                assert len(await response.read()) < 2_000


@pytest.mark.parametrize("depth", [90, 500, 900, 990, 5_000, 100_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
async def test_deep_json_is_answered(
    sandbox: Sandbox, http: aiohttp.ClientSession, depth: int, begin: str, end: str
) -> None:
    """It is read or refused (field case 42)."""
    sandbox.add_visitor(id="S1.a")
    deep = begin * depth + ("1" if end == "}" else "") + end * depth
    for path, name in (
        ("/visitors/S1.a/details", "fields"),
        ("/tickets", "requester"),
        ("/webhooks", "data_types"),
        ("/goals", "type"),
        ("/agents", "name"),
        ("/greetings", "rules"),
        ("/_sandbox/visitors", "x"),
    ):
        headers, body = {"Content-Type": JSON}, f'{{"{name}": {deep}}}'
        async with http.post(path, data=body, headers=headers) as response:
            assert response.status in {200, 400, 401}
    async with http.get("/visitors") as response:
        assert response.status == 200


@pytest.mark.parametrize("value", [10**29, -(10**29), 10**11, "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize(
    ("path", "name"), [("chats", "duration"), ("tickets", "date"), ("tickets", "modified")]
)
async def test_a_time_beyond_every_year_is_kept_and_answered(
    http: aiohttp.ClientSession, path: str, name: str, value: object
) -> None:
    async with http.post(f"/_sandbox/{path}", json={name: value}) as answer:
        assert answer.status == 200, await answer.text()
    async with http.get(f"/_sandbox/{path}") as answer:
        assert (await answer.json())[0][name] == value


async def test_only_the_first_of_many_problems_are_named(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    """A megabyte of wrong fields is not answered with thirty (field case 41)."""
    chat = sandbox.start_chat(sandbox.add_visitor(id="S1.a"))
    body = {"license_id": chat.license_id, "token": str(chat.token), "id": "x"}
    content = json.dumps({**body, "fields": [1] * 200_000})
    headers = {"Content-Type": JSON}
    async with http.post("/visitors/S1.a/details", data=content, headers=headers) as response:
        assert response.status == 400
        assert len((await response.json())["errors"]) == 100


HEADS = [
    b"GET /v2/visitors HTTP/9.9\r\n\r\n",
    b"GET /secret-" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"\xff;" * 50_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 50_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"Cookie: a=b; c\r\n" * 20_000 + b"\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 6_000 + b"\r\n\r\n",
    b"GET http://[::1/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET http://a:99999/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"\x16\x03\x01\x02\x00\r\n\r\n",
]
NO_URLS = HEADS[7:9]  # the target is no URL: aiohttp 3.13 closes without an answer


@pytest.mark.parametrize("head", HEADS, ids=[repr(head[:24]) for head in HEADS])
async def test_a_malformed_head_is_answered_in_silence(
    sandbox: Sandbox,
    http: aiohttp.ClientSession,
    head: bytes,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """No traceback, and no path in the log; the next request is answered (field case 35)."""
    with caplog.at_level(logging.INFO):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(sandbox.url.rsplit(":", 1)[1])
        )
        try:
            writer.write(head)
            if head in NO_URLS:
                writer.write_eof()
            async with asyncio.timeout(60):
                answer = await reader.read()
            is_refused = answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
            assert is_refused or (head in NO_URLS and not answer)
        except ConnectionError:  # it closed before the whole head was sent
            pass
        finally:
            writer.close()
        async with http.get("/visitors") as response:
            assert response.status == 200
    names = {record.name for record in caplog.records}
    assert not any(name.startswith("aiohttp") for name in names)
    # aiohttp 3.13 leaves a target that is no URL to asyncio, which logs the error.
    ours = [record for record in caplog.records if head not in NO_URLS or record.name != "asyncio"]
    assert not any(record.exc_info for record in ours)
    # A head that has a target is a request like any other, with its line.
    lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    targets = [line.split()[:2] for line in lines]
    assert targets[-1] == ["GET", "/visitors"]
    assert targets[:-1] in ([], [["OPTIONS", "*"]], [["POST", "/"]]), lines
    assert capfd.readouterr() == ("", "")
