from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from asking import send_bytes

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox import (
    Body,
    CutBody,
    Drip,
    DropConnection,
    EmptyBody,
    Fault,
    Html,
    Redirect,
    Sandbox,
    Slow,
    StartedChat,
    Status,
    faults,
)
from livechat_async.sandbox.faults import edit
from livechat_async.sandbox.http.answers import Answer, Exchange

DATE = datetime(2026, 11, 22, 14, 0, 30, tzinfo=UTC)


@pytest.fixture
def chat(sandbox: Sandbox) -> StartedChat:
    return sandbox.start_chat(sandbox.add_visitor(id="S1.a", name="Mary Brown"))


async def get(http: aiohttp.ClientSession) -> tuple[int, str, bytes]:
    async with http.get("/visitors", allow_redirects=False) as response:
        return response.status, response.headers["Content-Type"], await response.read()


async def add_details(http: aiohttp.ClientSession, chat: StartedChat) -> None:
    body = {
        "license_id": chat.license_id,
        "token": chat.token,
        "id": "x",
        "fields": [{"name": "a", "value": "b"}],
    }
    async with http.post("/visitors/S1.a/details", json=body, allow_redirects=False) as response:
        await response.read()


CARRIED_OUT = [
    DropConnection(after_headers=True),
    CutBody(),
    CutBody(0),
    EmptyBody(),
    Body("{}"),
    Slow(0.01),
    Drip(0, chunk=9),
]
NOT_CARRIED_OUT = [
    Status(200, {"result": "Visitor details added"}),
    Status(503),
    Redirect("/elsewhere"),
    Html(),
    DropConnection(),
]


@pytest.mark.parametrize("fault", CARRIED_OUT + NOT_CARRIED_OUT)
async def test_whether_the_request_is_carried_out(
    sandbox: Sandbox, http: aiohttp.ClientSession, chat: StartedChat, fault: Fault
) -> None:
    sandbox.inject(fault)
    if isinstance(fault, (DropConnection, CutBody)):
        with pytest.raises(aiohttp.ClientError):
            await add_details(http, chat)
    else:
        await add_details(http, chat)
    assert bool(sandbox.details_of("S1.a")) == (fault in CARRIED_OUT)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Status(503), (503, "application/json", b'{"error":"Service Unavailable"}')),
        (Status(599), (599, "application/json", b'{"error":"Error 599"}')),
        (Status(200), (200, "application/json", b"")),
        (Status(404, {"error": ["é"]}), (404, "application/json", '{"error":["é"]}'.encode())),
        (Status(400, []), (400, "application/json", b"[]")),
        (Status(500, "oops"), (500, "application/json", b"oops")),
        (Status(500, b"\xff"), (500, "application/json", b"\xff")),
        (Status(502, "<html>"), (502, "text/html", b"<html>")),
        (Status(502, b"<html>"), (502, "text/html", b"<html>")),
        (Status(500, ""), (500, "application/json", b"")),
        (EmptyBody(), (200, "application/json", b"")),
        (Body([{"id": 1}]), (200, "application/json", b'[{"id":1}]')),
        (Body(None), (200, "application/json", b"null")),
        (Body("12"), (200, "application/json", b"12")),
        (Body("<p>"), (200, "text/html", b"<p>")),
        (Body("\ud800"), (200, "application/json", b"\xed\xa0\x80")),
        (Redirect("https://example.com/"), (302, "application/json", b"")),
    ],
)
async def test_each_fault_has_its_answer(
    sandbox: Sandbox, http: aiohttp.ClientSession, fault: Fault, expected: tuple[int, str, bytes]
) -> None:
    sandbox.inject(fault)
    status, kind, body = await get(http)
    assert (status, kind.removesuffix("; charset=utf-8"), body) == expected
    assert sandbox.requests[-1].status == expected[0]
    assert (await get(http))[0] == 200


async def test_a_401_has_the_real_text(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.inject(Status(401))
    _, _, body = await get(http)
    assert json.loads(body)["error"].startswith("You have no rights to access this data.")


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_a_body(
    sandbox: Sandbox, http: aiohttp.ClientSession, status: int
) -> None:
    sandbox.inject(Status(status))
    answered, _, body = await get(http)
    assert (answered, body) == (status, b"")


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [
        (0, "0"),
        (30, "30"),
        (1.5, "1.5"),
        (DATE, "Sun, 22 Nov 2026 14:00:30 GMT"),
        (DATE.astimezone(timezone(timedelta(hours=2))), "Sun, 22 Nov 2026 14:00:30 GMT"),
        ("soon", "soon"),
        ("-1", "-1"),
        ("", ""),
        (None, None),
    ],
)
async def test_retry_after_is_sent(
    sandbox: Sandbox,
    http: aiohttp.ClientSession,
    retry_after: float | datetime | str | None,
    header: str | None,
) -> None:
    sandbox.inject(Status(429, retry_after=retry_after))
    async with http.get("/visitors") as response:
        assert response.status == 429
        assert response.headers.get("Retry-After") == header


async def test_further_headers_are_sent(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.inject(Status(418, headers={"X-Region": "fra", "Content-Type": "text/plain"}))
    async with http.get("/visitors") as response:
        assert response.headers["X-Region"] == "fra"
        assert response.headers.getall("Content-Type") == ["text/plain"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_names_its_location(
    sandbox: Sandbox, http: aiohttp.ClientSession, status: int
) -> None:
    sandbox.inject(Redirect("//evil.example.com/x?y", status=status))
    async with http.get("/visitors", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (status, "//evil.example.com/x?y")


async def test_a_page_of_html_is_sent(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.inject(Html())
    status, kind, body = await get(http)
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert body.startswith(b"<!DOCTYPE html>")


async def arrived(sandbox: Sandbox, number: int) -> None:
    for _ in range(1000):
        if len(sandbox.requests) >= number:
            return
        await asyncio.sleep(0.005)
    pytest.fail(f"{len(sandbox.requests)} requests arrived, not {number}")


async def raw_answer(sandbox: Sandbox) -> bytes:
    """The server closes the connection, which the request did not ask for."""
    signature = f"Authorization: {sandbox.bearer.authorization().reveal()}"
    head = f"GET /v2/visitors HTTP/1.1\r\nHost: localhost\r\n{signature}\r\n\r\n"
    return await send_bytes(sandbox, head)


async def test_a_connection_drops_before_the_headers(sandbox: Sandbox) -> None:
    sandbox.inject(DropConnection())
    assert await raw_answer(sandbox) == b""
    assert sandbox.requests[-1].status is None


async def test_a_connection_drops_after_the_headers(sandbox: Sandbox) -> None:
    sandbox.add_visitor()
    sandbox.inject(DropConnection(after_headers=True))
    head, _, body = (await raw_answer(sandbox)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b""
    assert sandbox.requests[-1].status == 200


@pytest.mark.parametrize("keep", [0, 0.25, 0.5, 0.999999])
async def test_a_body_is_cut(sandbox: Sandbox, http: aiohttp.ClientSession, keep: float) -> None:
    sandbox.add_visitor()
    _, _, whole = await get(http)
    sandbox.inject(CutBody(keep))
    head, _, body = (await raw_answer(sandbox)).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(whole)}".encode() in head
    assert len(body) == int(len(whole) * keep) < len(whole)
    assert whole.startswith(body)


async def test_a_slow_answer_is_late(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.inject(Slow(0.15))
    begun = time.monotonic()
    assert await get(http) == (200, "application/json; charset=utf-8", b"[]")
    assert time.monotonic() - begun >= 0.14


async def test_a_body_drips(
    sandbox: Sandbox, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    drops = asyncio.Semaphore(0)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await drops.acquire()

    monkeypatch.setattr(faults, "asyncio", SimpleNamespace(sleep=sleep))
    visitor = sandbox.add_visitor()
    size = len(json.dumps(sandbox.visitors, separators=(",", ":"), ensure_ascii=False))
    half = (size + 1) // 2
    sandbox.inject(Drip(0.4, chunk=half))
    async with http.get("/visitors") as response:  # the headers come before any drop
        drops.release()
        first = await response.content.readexactly(half)
        assert not response.content.at_eof()
        drops.release()
        rest = await response.read()
    assert waits == [0.4, 0.4]
    assert [item["id"] for item in json.loads(first + rest)] == [visitor]


@pytest.mark.parametrize("fault", [Slow(60), Drip(60), Drip(0.001)])
async def test_a_sandbox_stops_during_a_fault(sandbox: Sandbox, fault: Fault) -> None:
    sandbox.add_visitor()
    sandbox.inject(fault, times=3)
    before = asyncio.all_tasks()
    calls = [asyncio.create_task(raw_answer(sandbox)) for _ in range(3)]
    await arrived(sandbox, 3)
    begun = time.monotonic()
    await sandbox.stop()
    assert time.monotonic() - begun < 50
    assert all(len(answer) < 1000 for answer in await asyncio.gather(*calls))
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() <= before


async def test_nothing_waits_for_a_client_that_left(sandbox: Sandbox) -> None:
    before = asyncio.all_tasks()
    sandbox.inject(Slow(60))
    call = asyncio.create_task(raw_answer(sandbox))
    await arrived(sandbox, 1)
    call.cancel()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if asyncio.all_tasks() <= before:
            break
    assert asyncio.all_tasks() <= before


class Broken(Fault):
    async def send(self, exchange: Exchange) -> web.StreamResponse:
        response = await exchange.begin(exchange.process())
        exchange.drop()
        await response.write(b"too late")
        return response


async def test_a_connection_that_breaks_is_nothing_to_log(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.inject(Broken())
    assert (await raw_answer(sandbox)).endswith(b"\r\n\r\n")
    assert caplog.records == []


def test_a_connection_that_is_gone_is_not_closed_again() -> None:
    request: Any = SimpleNamespace(transport=None)
    answered: list[int] = []
    exchange = Exchange(request, lambda: Answer(200, b""), answered.append)
    assert exchange.drop() is not None
    assert answered == []


async def test_faults_come_in_order_and_as_often_as_asked(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.inject(Status(500), times=2)
    sandbox.inject(Status(429))
    assert sandbox.faults == [Status(500), Status(500), Status(429)]
    assert [(await get(http))[0] for _ in range(4)] == [500, 500, 429, 200]
    assert sandbox.faults == []
    sandbox.inject(Status(500), times=1_000_000)
    assert (await get(http))[0] == 500
    sandbox.clear_faults()
    assert (await get(http))[0] == 200


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Status(199), "Status(status=199)"),
        (lambda: Status(600), "Status(status=600)"),
        (lambda: Status("500"), "Status(status='500')"),
        (lambda: Status(status=True), "Status(status=True)"),
        (lambda: Status(500, object()), "no form in JSON"),
        (lambda: Status(500, {"a": float("nan")}), "no form in JSON"),
        (lambda: Status(500, retry_after=-1), "retry_after=-1"),
        (lambda: Status(500, retry_after=float("inf")), "retry_after=inf"),
        (lambda: Status(500, retry_after=True), "retry_after=True"),
        (lambda: Status(500, retry_after="1\r\nX: y"), "retry_after='1"),
        (lambda: Status(500, retry_after=DATE.replace(tzinfo=None)), "no time zone"),
        (lambda: Status(500, headers=["X"]), "a dict is needed"),
        (lambda: Status(500, headers={"X": 1}), "'X': 1 cannot be sent"),
        (lambda: Status(500, headers={"X": "a\nb"}), "cannot be sent"),
        (lambda: Status(500, headers={"X Y": "a"}), "cannot be sent"),
        (lambda: Status(500, headers={1: "a"}), "cannot be sent"),
        (lambda: Status(500, headers={"content-LENGTH": "1"}), "sandbox's own"),
        (lambda: DropConnection("no"), "after_headers='no'"),
        (lambda: CutBody(1), "keep=1"),
        (lambda: CutBody(-0.1), "keep=-0.1"),
        (lambda: CutBody(float("nan")), "keep=nan"),
        (lambda: CutBody("half"), "keep='half'"),
        (lambda: Body({1, 2}), "no form in JSON"),
        (lambda: Slow(-1), "Slow(seconds=-1)"),
        (lambda: Slow("1"), "Slow(seconds='1')"),
        (lambda: Drip(None), "Drip(seconds=None)"),
        (lambda: Drip(1, chunk=0), "chunk=0"),
        (lambda: Drip(1, chunk=1.5), "chunk=1.5"),
        (lambda: Drip(1, chunk=True), "chunk=True"),
        (lambda: Redirect(""), "location=''"),
        (lambda: Redirect("/\r\n"), "location='/"),
        (lambda: Redirect(None), "location=None"),
        (lambda: Redirect("/", 304), "status=304"),
        (lambda: Redirect("/", []), "status=[]"),
    ],
)
def test_refuses_what_cannot_be_sent(make: Any, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert text in str(caught.value)


@pytest.mark.parametrize("fault", [Html, "Html", None, 503])
def test_refuses_what_is_no_fault(fault: Any) -> None:
    with pytest.raises(ConfigurationError, match="as in Status"):
        Sandbox().inject(fault)


@pytest.mark.parametrize("times", [0, -1, 1.5, "2", True, None])
def test_refuses_a_bad_number_of_times(times: Any) -> None:
    with pytest.raises(ConfigurationError, match="times="):
        Sandbox().inject(Html(), times)


def test_every_fault_is_exported_and_says_whether_it_carries_out() -> None:
    for name in faults.FAULTS:
        fault = getattr(faults, name)
        assert issubclass(fault, Fault)
        assert "carried out" in fault.__doc__


@pytest.mark.parametrize("path", ["no.x", "total.x", "chats.0", "chats.x", f"chats.{'9' * 5_000}"])
def test_a_path_that_leads_nowhere_changes_nothing(path: str) -> None:
    body = b'{"chats":[],"total":0}'
    assert edit(body, {path: 1}, [path]) == body
