"""The recorder passes everything on, writes nothing personal, and survives bad upstreams."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from attrs import define

from livechat_async import ConfigurationError, LiveChatClient, PersonalAccessToken, RetryPolicy
from livechat_async.captures import Capture, Recorder, load_captures, record
from livechat_async.captures.files import NO_JSON
from livechat_async.sandbox import Sandbox

SECRET = "s3cr3t-of-mary"
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def upstream(handler: Handler) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@define
class Around:
    """A recorder in front of a handler, and what it said."""

    folder: Path
    recorder: Recorder
    session: aiohttp.ClientSession
    captures: list[Capture]
    warnings: list[str]

    async def get(self, path: str, method: str = "GET", **options: Any) -> tuple[int, bytes, Any]:
        options.setdefault("allow_redirects", False)
        async with self.session.request(method, f"{self.recorder.url}{path}", **options) as answer:
            return answer.status, await answer.read(), answer.headers

    @property
    def written(self) -> str:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return "".join(f"{path.name} {path.read_text(encoding='utf-8')}" for path in files)


@asynccontextmanager
async def recording_of(
    folder: Path, handler: Handler | str, **options: Any
) -> AsyncIterator[Around]:
    captures, warnings = list[Capture](), list[str]()
    async with AsyncExitStack() as opened:
        if not isinstance(handler, str):
            handler = await opened.enter_async_context(upstream(handler))
        recorder = Recorder(
            folder, handler, recorded=captures.append, warn=warnings.append, **options
        )
        await opened.enter_async_context(recorder)
        session = await opened.enter_async_context(aiohttp.ClientSession())
        yield Around(folder, recorder, session, captures, warnings)


def answering(body: Any, status: int = 200, **headers: str) -> Handler:
    async def handle(_: web.BaseRequest) -> web.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if not isinstance(body, bytes) else {}
        return web.Response(status=status, body=content, headers={**kind, **headers})

    return handle


async def test_no_secret_of_a_request_or_an_answer_is_written(tmp_path: Path):
    seen: list[Any] = []

    async def echo(request: web.BaseRequest) -> web.Response:
        seen.append((request.raw_path, dict(request.headers), await request.read()))
        says = {"error": f"no {request.raw_path}", "headers": dict(request.headers), SECRET: SECRET}
        status = 404 if request.method == "GET" else 200
        headers = {"Set-Cookie": f"a={SECRET}", "X-Token": SECRET, "Retry-After": SECRET}
        headers["Content-Type"] = f"application/{SECRET}"
        return web.Response(status=status, text=json.dumps(says), headers=headers)

    folder = tmp_path / "captures"
    encoded = base64.b64encode(f"mary@mary.org:{SECRET}".encode()).decode()
    login = f"Basic {encoded}"
    headers = {"Authorization": login, "Cookie": SECRET, "X-Mine": SECRET, "User-Agent": SECRET}
    async with recording_of(folder, echo) as around:
        for method in ("GET", "POST", "PUT", "DELETE"):
            for path in (f"/chats/{SECRET}?token={SECRET}&{SECRET}=1", f"/{SECRET}//?{SECRET}"):
                await around.get(path, method, headers=headers, data=f'{{"a": "{SECRET}"}}')
    assert all(SECRET in raw_path for raw_path, _, _ in seen)
    assert all(sent["Authorization"] == login and SECRET in sent["Cookie"] for _, sent, _ in seen)
    assert all(SECRET in body.decode() for _, _, body in seen)
    assert len(around.captures) == len(seen) == 8
    assert [text for text in (SECRET, "s3cr3t", "mary", encoded) if text in around.written] == []
    assert SECRET not in "".join(around.warnings)


async def test_a_client_gets_what_it_would_get_without_the_recorder(tmp_path: Path):
    async with (
        Sandbox(seed=True) as sandbox,
        recording_of(tmp_path / "captures", sandbox.url) as around,
        LiveChatClient(sandbox.credentials, base_url=around.recorder.url) as recorded,
        LiveChatClient(sandbox.credentials, base_url=sandbox.url) as direct,
    ):
        assert await recorded.visitors.list() == await direct.visitors.list()
        assert await recorded.chats.list() == await direct.chats.list()
    names = {each["name"] for each in sandbox.visitors}
    assert names
    assert [name for name in names if name in around.written] == []
    assert sandbox.credentials.token.reveal() not in around.written


async def test_files_are_for_their_owner_only_and_whole(tmp_path: Path):
    async with recording_of(tmp_path / "captures", answering([])) as around:
        await around.get("/visitors")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in around.folder.iterdir()}
    assert modes == {".recording.lock": 0o600, "000001-GET-visitors.json": 0o600}
    assert stat.S_IMODE(around.folder.stat().st_mode) == 0o700
    (capture,) = load_captures(around.folder)
    assert (capture.line, capture.status, capture.kind) == ("GET /visitors", 200, "answer")


async def test_an_upstream_that_is_away_is_a_502_and_leaves_no_file(tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with recording_of(tmp_path / "captures", url) as around:
        status, body, _ = await around.get("/visitors")
    assert status == 502
    assert f"from {url}" in json.loads(body)["error"]
    assert around.captures == []
    assert len(around.warnings) == 1


async def test_an_answer_that_is_cut_short_is_a_502_and_leaves_no_file(tmp_path: Path):
    async def cut(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"[")
        assert request.transport is not None
        request.transport.close()
        return response

    async with recording_of(tmp_path / "captures", cut) as around:
        status, _, _ = await around.get("/visitors")
    assert (status, around.captures) == (502, [])


async def test_an_answer_that_changes_the_protocol_is_a_502_and_leaves_no_file(tmp_path: Path):
    """Nothing reads a capture with such a status, so it would spoil its folder."""

    async def switch(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(status=101, headers={"Upgrade": "other"})
        response.headers["Connection"] = "upgrade"
        await response.prepare(request)
        return response

    async with recording_of(tmp_path / "captures", switch) as around:
        status, _, _ = await around.get("/visitors", headers={"Upgrade": "other"})
    assert (status, around.captures) == (502, [])


async def test_a_request_without_a_path_is_a_400_and_nothing_is_sent_on(tmp_path: Path):
    """What is appended to the upstream's address must not change its host or port."""
    async with recording_of(tmp_path / "captures", answering([])) as around:
        port = int(around.recorder.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert around.captures == []


async def test_a_redirect_to_another_host_is_not_followed_and_named(tmp_path: Path):
    handler = answering({}, 302, Location=f"https://fra.example.com/{SECRET}?a=b")
    async with recording_of(tmp_path / "captures", handler) as around:
        status, body, _ = await around.get("/visitors")
    assert status == 502
    assert "https://fra.example.com: use that address" in json.loads(body)["error"]
    assert SECRET not in around.written
    assert around.captures == []


@pytest.mark.parametrize("location", ["/visitors/?page=1", "{own}/visitors/?page=1"])
async def test_a_redirect_on_the_same_host_leads_back_to_the_recorder(
    tmp_path: Path, location: str
):
    async def handle(request: web.BaseRequest) -> web.Response:
        if request.raw_path == "/visitors":
            where = location.replace("{own}", f"http://{request.host}")
            return web.Response(status=307, headers={"Location": where})
        return web.json_response([])

    async with recording_of(tmp_path / "captures", handle) as around:
        _, _, headers = await around.get("/visitors")
        assert headers["Location"] == f"{around.recorder.url}/visitors/?page=1"
        assert (await around.get("/visitors", allow_redirects=True))[:2] == (200, b"[]")
    assert around.captures[0].headers["Location"] == "/visitors/?page=1"


@pytest.mark.parametrize("location", ["http://[", "http://x:99999999/"])
async def test_a_redirect_to_nowhere_is_a_502(tmp_path: Path, location: str):
    async with recording_of(tmp_path / "captures", answering({}, 302, Location=location)) as around:
        assert (await around.get("/visitors"))[0] == 502


async def test_a_large_answer_is_passed_on_whole_in_bounded_memory_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(record, "LARGEST", 1024 * 1024)
    part, parts = b"x" * 256 * 1024, 100

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(parts):
            await response.write(part)
        return response

    async with recording_of(tmp_path / "captures", handler=handle) as around:
        size = 0
        async with around.session.get(f"{around.recorder.url}/chats/MARY") as answer:
            async for chunk in answer.content.iter_any():
                size += len(chunk)
    assert size == parts * len(part)
    assert around.captures == []
    (warning,) = around.warnings
    assert warning.startswith("GET /chats/")
    assert "larger than 1 MiB" in warning
    assert "MARY" not in warning


@pytest.mark.parametrize("body", [b"\x89PNG\r\n\x1a\n\x00\xff" * 9, b"", b"<html>Mary</html>"])
async def test_of_an_answer_that_is_no_json_only_its_size_is_kept(tmp_path: Path, body: bytes):
    handler = answering(body, **{"Content-Type": "image/png"})
    async with recording_of(tmp_path / "captures", handler) as around:
        assert (await around.get("/chats"))[1] == body
    (capture,) = load_captures(around.folder)
    assert (capture.body, capture.size, capture.headers) == (NO_JSON, len(body), {})


async def test_an_answer_of_too_many_levels_counts_as_no_json(tmp_path: Path):
    body = b"[" * 5000 + b"]" * 5000
    async with recording_of(tmp_path / "captures", answering(body)) as around:
        assert (await around.get("/chats"))[1] == body
    (capture,) = load_captures(around.folder)
    assert capture.size == len(body)


async def test_a_compressed_answer_is_recorded(tmp_path: Path):
    async def handle(_: web.BaseRequest) -> web.Response:
        response = web.json_response([{"id": "S1.a", "state": "browsing"}])
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async with recording_of(tmp_path / "captures", handle) as around:
        _, body, _ = await around.get("/visitors")
    assert json.loads(body) == [{"id": "S1.a", "state": "browsing"}]
    assert around.captures[0].body[0]["state"] == "browsing"


async def test_a_body_that_stays_compressed_keeps_the_header_that_says_so(tmp_path: Path):
    packed = gzip.compress(b'{"name": "mary"}')
    seen = dict[str, Any]()

    async def handle(request: web.BaseRequest) -> web.Response:
        seen.update(encoding=request.headers.get("Content-Encoding"), body=await request.read())
        return web.Response(body=packed, headers={"Content-Encoding": "x-gzip"})

    async with recording_of(tmp_path / "captures", handle) as around:
        sent = {"data": packed, "headers": {"Content-Encoding": "gzip"}}
        _, body, headers = await around.get("/tickets", "POST", **sent)
    assert (seen["encoding"], seen["body"]) == ("gzip", b'{"name": "mary"}')  # aiohttp unpacks it
    assert (headers["Content-Encoding"], body) == ("x-gzip", packed)
    assert around.captures[0].body is NO_JSON


async def test_answers_at_the_same_time_get_a_file_each(tmp_path: Path):
    body = [{"id": f"S{n}.abc", "state": "online", "name": "x" * 1000} for n in range(100)]
    async with recording_of(tmp_path / "captures", answering(body)) as around:
        await asyncio.gather(*(around.get("/visitors") for _ in range(3)))
    captures = load_captures(around.folder)
    assert len(captures) == 3
    assert all(each.body == captures[0].body for each in captures)


async def test_a_second_recorder_may_not_write_into_the_folder_until_the_first_stops(
    tmp_path: Path,
):
    folder = tmp_path / "captures"
    first, second = Recorder(folder), Recorder(folder)
    async with first:
        with pytest.raises(ConfigurationError, match=r"another recorder writes into .*captures"):
            await second.start()
        await second.stop()
    async with second:
        pass


async def test_a_later_recorder_goes_on_with_the_numbers(tmp_path: Path):
    for _ in range(2):
        async with recording_of(tmp_path / "captures", answering([])) as around:
            await around.get("/visitors")
    names = sorted(path.name for path in around.folder.glob("*.json"))
    assert names == ["000001-GET-visitors.json", "000002-GET-visitors.json"]


async def test_a_full_disk_is_named_and_the_answer_still_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with recording_of(tmp_path / "captures", answering([])) as around:
        monkeypatch.setattr("livechat_async.captures.files.os.fsync", fail)
        assert (await around.get("/visitors"))[:2] == (200, b"[]")
    assert around.warnings == [f"cannot write into {around.folder}: No space left on device"]
    assert [path.name for path in around.folder.iterdir()] == [".recording.lock"]


async def test_what_cannot_be_scrubbed_is_not_written_and_the_answer_still_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr("livechat_async.captures.scrub.Scrubber.scrub", fail)
    async with recording_of(tmp_path / "captures", answering([SECRET])) as around:
        assert (await around.get("/visitors"))[0] == 200
    (warning,) = around.warnings
    assert warning == "an answer cannot be scrubbed, and is not recorded: ValueError"
    assert around.captures == []


async def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path):
    folder = tmp_path / "captures"
    folder.mkdir()
    (tmp_path / "other").write_text("keep", encoding="utf-8")
    (folder / ".draft").symlink_to(tmp_path / "other")
    async with recording_of(folder, answering([])) as around:
        await around.get("/visitors")
    assert (tmp_path / "other").read_text(encoding="utf-8") == "keep"
    assert len(load_captures(folder)) == 1
    (folder / ".recording.lock").unlink()
    (folder / ".recording.lock").symlink_to(tmp_path / "other")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        await Recorder(folder).start()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Host": "evil.example.com"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_web_page_gets_a_403_and_nothing_is_sent_on(
    tmp_path: Path, headers: dict[str, str]
):
    """DNS rebinding and cross-site requests are refused (field case 44)."""
    method = "POST" if "Sec-Fetch-Site" in headers else "GET"
    async with recording_of(tmp_path / "captures", answering([])) as around:
        assert (await around.get("/visitors", method, headers=headers))[0] == 403
    assert around.captures == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"upstream": "http://example.com"}, "upstream for example.com is plain http"),
        ({"upstream": f"https://mary:{SECRET}@example.com"}, "upstream holds a user name"),
        ({"upstream": "example.com"}, "^upstream='example.com' has to be a whole URL, "),
        ({"host": "0.0.0.0"}, "a loopback address is needed"),  # noqa: S104
    ],
)
def test_an_argument_that_is_wrong_is_named(tmp_path: Path, arguments: Any, said: str):
    with pytest.raises(ConfigurationError, match=said) as caught:
        Recorder(tmp_path, **arguments)
    assert SECRET not in str(caught.value)


async def test_a_port_in_use_is_named_and_the_folder_is_free_again(tmp_path: Path):
    async with Recorder(tmp_path / "a") as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(ConfigurationError, match=f"port {port} on 127.0.0.1 is in use"):
            await Recorder(tmp_path / "b", port=port).start()
    async with Recorder(tmp_path / "b"):
        pass


async def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path):
    (tmp_path / "captures").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="captures cannot be used: File exists"):
        await Recorder(tmp_path / "captures").start()


WEBHOOK = {
    "event_type": "chat_started",
    "token": SECRET,
    "license_id": "12345",
    "visitor": {"name": "Mary"},
}


async def test_webhooks_go_on_to_the_bot_as_they_are(tmp_path: Path):
    seen: list[Any] = []

    async def bot(request: web.BaseRequest) -> web.Response:
        seen.append((request.headers["Authorization"], await request.read()))
        return web.Response(status=503, text="later")

    async with upstream(bot) as url:
        options: Any = {"webhooks": True}
        async with recording_of(tmp_path / "captures", f"{url}/hook", **options) as around:
            body = json.dumps(WEBHOOK).encode()
            status, said, _ = await around.get(
                "/x", "POST", data=body, headers={"Authorization": SECRET, "Host": "tunnel.example"}
            )
    assert (status, said) == (503, b"later")
    assert seen == [(SECRET, body)]
    (capture,) = load_captures(around.folder)
    assert (capture.kind, capture.body["event_type"]) == ("webhook", "chat_started")
    assert [text for text in (SECRET, "Mary", "12345") if text in around.written] == []


@pytest.mark.parametrize("body", [b"", b"mary", b"[1]", b"{}", b'{"event_type": 5}', b"\xff\x00"])
async def test_what_is_no_webhook_is_a_400_and_leaves_no_file(tmp_path: Path, body: bytes):
    warnings: list[str] = []
    async with (
        Recorder(tmp_path / "captures", webhooks=True, warn=warnings.append) as recorder,
        aiohttp.ClientSession() as session,
        session.post(recorder.url, data=body) as answer,
    ):
        assert answer.status == 400
    assert warnings == [f"a request of {len(body)} bytes is no webhook, and is not recorded"]
    assert list((tmp_path / "captures").glob("*.json")) == []


async def test_the_client_repeats_through_the_recorder_as_without_it(tmp_path: Path):
    answers = iter([answering({}, 503, **{"Retry-After": "0"}), answering([])])

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await next(answers)(request)

    async with recording_of(tmp_path / "captures", handle) as around:
        credentials = PersonalAccessToken("mary@example.com", SECRET)
        async with LiveChatClient(
            credentials, base_url=around.recorder.url, retry=RetryPolicy(backoff=0)
        ) as client:
            assert await client.visitors.list() == []
    assert [(each.status, each.headers.get("Retry-After")) for each in around.captures] == [
        (503, "0"),
        (200, None),
    ]
