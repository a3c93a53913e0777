"""Servers that break HTTP, or close connections in ways of their own."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import aiohttp
import pytest
from clients import Lend, MakeClient
from scripted_server import Reply, ScriptedServer, answer, head, held, raw

from livechat_async import (
    CallError,
    ConfigurationError,
    ConnectionLost,
    DecodeError,
    DetailField,
    LiveChatClient,
    PersonalAccessToken,
    ProtocolError,
    RedirectError,
    Request,
    RequestTimeout,
    RetryPolicy,
    Timeouts,
    VisitorDetails,
)

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
SIZED = b"Content-Length: 2\r\n\r\n[]"
ZIPPED = gzip.compress(b"[]" * 9)


def encoded(name: str, body: bytes = b"[]") -> bytes:
    return OK + f"Content-Encoding: {name}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


BREACHES: dict[str, tuple[bytes, str]] = {
    "a long header": (OK + b"X-A: " + b"a" * 9_000 + b"\r\n" + SIZED, "a header or the status"),
    "a long status line": (b"HTTP/1.1 200 " + b"a" * 9_000 + b"\r\n" + SIZED, "a header or the st"),
    "many headers": (OK + b"X-A: b\r\n" * 300 + SIZED, "too many headers"),
    "plain text as gzip": (encoded("gzip"), "Content-Encoding"),
    "plain text as deflate": (encoded("deflate"), "Content-Encoding"),
    "gzip with a broken middle": (encoded("gzip", ZIPPED[:10] + b"\xff" * 30), "Content-Encoding"),
    "no number of a chunk": (CHUNKED + b"zz\r\n[]\r\n0\r\n\r\n", "chunk"),
    "no end of a chunk": (CHUNKED + b"2\r\n[]xx0\r\n\r\n", "chunk"),
    "a negative length": (OK + b"Content-Length: -2\r\n\r\n[]", "Content-Length"),
    "a length of text": (OK + b"Content-Length: two\r\n\r\n[]", "Content-Length"),
    "two lengths": (OK + b"Content-Length: 3\r\n" + SIZED, "Content-Length"),
    "a length and chunks": (OK + b"Transfer-Encoding: chunked\r\n" + SIZED, "Content-Length"),
    "a blank in a header's name": (OK + b"X A: b\r\n" + SIZED, "head is malformed"),
    "NUL in a header": (OK + b"X-A: b\0c\r\n" + SIZED, "head is malformed"),
    "a header without a colon": (OK + b"hello\r\n" + SIZED, "head is malformed"),
}
breach = pytest.mark.parametrize(("data", "fault"), BREACHES.values(), ids=BREACHES)


@breach
async def test_an_answer_that_breaks_http_is_named_and_not_asked_for_again(
    server: ScriptedServer, client: LiveChatClient, data: bytes, fault: str
) -> None:
    """Field case 9: such an answer was called a lost connection, and asked for four times."""
    server.script(raw(data))
    with pytest.raises(ProtocolError, match=fault) as caught:
        await client.visitors.list()
    assert caught.value.attempts == len(server.requests) == 1
    assert "lost" not in str(caught.value)
    assert "aaa" not in str(caught.value)


async def test_a_body_whose_encoding_shows_late_is_named_as_well(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    """Field case 9, with the head and the body in two packets."""

    async def reply(exchange: Any) -> None:
        await exchange.send(head(200, {"Content-Encoding": "gzip", "Content-Length": "9"}))
        await asyncio.sleep(0.05)
        await exchange.send(b"plain text")
        exchange.keep_alive = False

    server.script(reply)
    with pytest.raises(ProtocolError, match="Content-Encoding"):
        await client.visitors.list()
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["x-gzip", "compress", "gzip, gzip", "foo", "\xff"])
async def test_an_encoding_that_is_not_read_is_named_and_not_asked_for_again(
    server: ScriptedServer, client: LiveChatClient, name: str
) -> None:
    """It is a fault that stays (field case 9)."""
    head = OK + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
    server.script(raw(head % (name.encode("latin-1"), len(ZIPPED)) + ZIPPED))
    with pytest.raises(ProtocolError, match="which this client does not read"):
        await client.visitors.list()
    assert len(server.requests) == 1


async def test_an_empty_body_is_asked_for_again_whatever_its_encoding(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(raw(encoded("x-gzip", b"")), answer())
    assert await client.visitors.list() == []


async def test_json_under_an_encoding_that_means_nothing_is_read(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    """Some servers name a character set there."""
    server.script(raw(encoded("utf-8")))
    assert await client.visitors.list() == []


async def test_the_limit_of_a_header_can_be_set(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    """Field case 9: a proxy that adds long headers is no reason to give up."""
    server.script(raw(OK + b"X-A: " + b"a" * 30_000 + b"\r\n" + SIZED))
    assert await make_client(max_header_bytes=40_000).visitors.list() == []
    assert await make_client(session=lend(max_field_size=40_000)).visitors.list() == []
    client = make_client()
    assert await client.with_options(max_header_bytes=40_000).visitors.list() == []
    with pytest.raises(ProtocolError, match="Raise max_header_bytes"):
        await client.visitors.list()


@pytest.mark.parametrize("limit", [0, -1, 1.5, "8190", True])
def test_a_limit_of_a_header_that_is_no_count_is_refused(limit: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_header_bytes"):
        LiveChatClient(max_header_bytes=limit)


OTHER: dict[str, tuple[bytes, type[CallError], str]] = {
    "nothing": (b"", ConnectionLost, "before it answered"),
    "half of a head": (OK + b"X-A: b\r\nX-", ConnectionLost, "before it answered"),
    "half of a body": (OK + b"Content-Length: 9\r\n\r\n[]", ConnectionLost, "cut short"),
    "half of the chunks": (CHUNKED + b"2\r\n[]\r\n", ConnectionLost, "cut short"),
    "half of a gzip": (encoded("gzip", ZIPPED[:12]), DecodeError, "expected JSON"),
    "HTTP/0.9": (b"<html>hello</html>\r\n\r\n", ConnectionLost, "no HTTP"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ConnectionLost, "no HTTP"),
    "SSH": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ConnectionLost, "no HTTP"),
    "HTTP/2": (b"HTTP/2 200\r\n" + SIZED, ConnectionLost, "no HTTP"),
    "HTTP/9.9": (b"HTTP/9.9 200 OK\r\n" + SIZED, ConnectionLost, "no HTTP"),
    "no status": (b"HTTP/1.1 abc OK\r\n" + SIZED, ConnectionLost, "no HTTP"),
    "status 99": (b"HTTP/1.1 99 OK\r\n" + SIZED, ConnectionLost, "no HTTP"),
    "status 1000": (b"HTTP/1.1 1000 OK\r\n" + SIZED, ConnectionLost, "no HTTP"),
    "more than the length": (OK + SIZED + b"[][]", ConnectionLost, "no HTTP"),
    "103 alone": (b"HTTP/1.1 103 Early\r\n\r\n" * 5, ConnectionLost, "before it answered"),
    "304": (b"HTTP/1.1 304 Not Modified\r\n\r\n", CallError, "304"),
    "a redirect away": (
        b"HTTP/1.1 307 No\r\nContent-Length: 0\r\nLocation: http://other.example.com/\r\n\r\n",
        RedirectError,
        "another origin",
    ),
    "a redirect to no address": (
        b"HTTP/1.1 307 No\r\nContent-Length: 0\r\nLocation: http://[\r\n\r\n",
        RedirectError,
        "what is no web address",
    ),
}


@pytest.mark.parametrize(("data", "kind", "fault"), OTHER.values(), ids=OTHER)
async def test_any_other_odd_answer_is_a_typed_error_that_names_the_fault(
    *,
    server: ScriptedServer,
    make_client: MakeClient,
    data: bytes,
    kind: type[CallError],
    fault: str,
) -> None:
    server.script(raw(data))
    client = make_client(retry=RetryPolicy.none())
    with pytest.raises(kind, match=fault.replace("(", ".")):
        await client.visitors.list()


HARMLESS: dict[str, bytes] = {
    "many 1xx": b"HTTP/1.1 100 Continue\r\n\r\n" * 500 + OK + SIZED,
    "a long chunk extension": CHUNKED + b"2;a=" + b"b" * 4_000 + b"\r\n[]\r\n0\r\n\r\n",
    "an unknown encoding": encoded("rot13"),
    "a broken cookie": OK + b"Set-Cookie: \xff=;;;\r\n" + SIZED,
    "bytes that are no UTF-8": OK + b"X-A: \xff\xfe\r\n" + SIZED,
    "no length": OK + b"\r\n[]",
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=HARMLESS)
async def test_an_answer_that_is_only_unusual_is_read(
    server: ScriptedServer, client: LiveChatClient, data: bytes
) -> None:
    server.script(raw(data))
    assert await client.visitors.list() == []


async def test_a_write_never_takes_a_connection_whose_end_has_arrived(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    """Field case 8: every second write was lost to a server that closes without a word."""
    server.script(answer(200, {}, then_close=True))
    for _ in range(50):
        await client.send(Request("POST", "/x"))
    for _ in range(10):
        await client.send(Request("PUT", "/x", body={"a": 1}))
        await client.send(Request("GET", "/x"))
    assert len(server.requests) == server.connections == 70


async def test_waiting_for_a_free_connection_is_not_connecting(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    """Field case 7: a small pool of a lent session made a healthy server look unreachable."""
    gate = asyncio.Event()
    session = lend(connector=aiohttp.TCPConnector(limit=1))
    client = make_client(session=session, timeouts=Timeouts(connect=0.2, attempt=60, deadline=60))
    server.script(held(gate, answer()))
    calls = asyncio.gather(*(client.visitors.list() for _ in range(4)))
    await server.arrival()
    await asyncio.sleep(0.6)  # three times the connect limit
    gate.set()
    assert await calls == [[], [], [], []]
    assert len(server.requests) == 4


@pytest.mark.parametrize("limits", [{"limit": 1}, {"limit": 0, "limit_per_host": 1}], ids=str)
async def test_who_waits_too_long_for_a_free_connection_learns_so(
    server: ScriptedServer, make_client: MakeClient, lend: Lend, limits: dict[str, int]
) -> None:
    """Field case 7: the error names the limit that passed, and where to look."""
    gate = asyncio.Event()
    session = lend(connector=aiohttp.TCPConnector(**limits))
    client = make_client(session=session, retry=RetryPolicy.none())
    server.script(held(gate, answer()))
    first = asyncio.ensure_future(client.visitors.list())
    await server.arrival()
    hasty = client.with_options(timeouts=Timeouts(connect=0.1, attempt=0.3))
    with pytest.raises(RequestTimeout, match=r"attempt limit .* lent session were in use"):
        await hasty.visitors.list()
    hasty = client.with_options(timeouts=Timeouts(connect=0.1, attempt=60, deadline=0.3))
    with pytest.raises(RequestTimeout, match="deadline limit"):
        await hasty.visitors.list()
    gate.set()
    assert await first == []
    assert len(server.requests) == 1


JOHN = PersonalAccessToken("john", "johns-token")
JANE = PersonalAccessToken("jane", "janes-token")


def as_localhost(server: ScriptedServer) -> str:
    """The address by name: aiohttp's jar keeps no cookies of addresses in numbers."""
    return server.url.replace("127.0.0.1", "localhost")


def setting(cookie: str) -> Reply:
    return answer(200, b"[]", headers={"Set-Cookie": cookie})


async def test_no_cookie_of_a_lent_session_goes_out(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    """Field case 10: a cookie of one account went out with the calls of another one."""
    session, url = lend(), as_localhost(server)
    server.script(setting("account=john; Path=/"), answer())
    john = make_client(JOHN, session=session, base_url=url)
    await john.visitors.list()
    async with session.get(f"{url}/mine"):
        pass
    assert server.requests[1].headers["cookie"] == "account=john"  # the jar does hold it
    await make_client(JANE, session=session, base_url=url).visitors.list()
    await john.visitors.list()
    unsigned = make_client(None, session=session, base_url=url)
    await unsigned.visitors.add_details(
        "S1", VisitorDetails("my-app", [DetailField("Age", 36)]), license_id=1, token="t" * 32
    )
    for request in server.requests[2:]:
        assert "cookie" not in request.headers
    assert "authorization" not in server.requests[-1].headers


async def test_of_a_lent_session_headers_go_out_but_no_signature(
    server: ScriptedServer,
    make_client: MakeClient,
    lend: Lend,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    """Field case 10: neither a default cookie, a middleware nor the netrc file signs our calls."""

    async def sign(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.headers["Authorization"] = "Bearer PLANTED"
        request.headers["X-Trace"] = "1"
        return await handler(request)

    session = lend(
        headers={"X-Team": "blue", "cookie": "a=PLANTED"}, middlewares=[sign], trust_env=True
    )
    client = make_client(JOHN, session=session, base_url=as_localhost(server))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login jane password PLANTED\n")
    monkeypatch.setenv("NETRC", str(netrc))
    await client.with_options(credentials=None).send(Request("GET", "/x", authenticate=False))
    monkeypatch.delenv("NETRC")
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    await client.with_options(headers={"COOKIE": "ours=1"}).visitors.list()
    open_call, signed = (request.headers for request in server.requests)
    assert "authorization" not in open_call
    assert "cookie" not in open_call
    assert signed["authorization"] == JOHN.authorization()
    assert signed["cookie"] == "ours=1"
    for sent in (open_call, signed):
        assert "PLANTED" not in str(sent)
        assert (sent["x-team"], sent["x-trace"]) == ("blue", "1")
