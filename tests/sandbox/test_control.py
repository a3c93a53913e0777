from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from asking import call, send_bytes

from livechat_async.models.visitors import DetailField, VisitorDetails
from livechat_async.sandbox import Drip, Sandbox, Slow, Status
from livechat_async.sandbox.control import CALLS
from livechat_async.sandbox.state.visitors import Visitors


async def test_a_visitor_comes_chats_and_leaves(
    sandbox: Sandbox, control: aiohttp.ClientSession
) -> None:
    status, visitor = await call(control, "POST", "visitors", json={"name": "Zoë", "group": 3})
    assert (status, visitor["name"], visitor["state"]) == (200, "Zoë", "browsing")
    assert [visitor] == sandbox.visitors
    path = f"visitors/{visitor['id']}"
    assert await call(control, "GET", "visitors") == (200, [visitor])
    assert await call(control, "GET", path) == (200, visitor)

    status, changed = await call(control, "PATCH", path, json={"city": "Wrocław"})
    assert (status, changed) == (200, {**visitor, "city": "Wrocław"})

    assert await call(control, "POST", f"{path}/queue") == (200, {"result": "done"})
    assert sandbox.visitors[0]["state"] == "queued"

    status, chat = await call(
        control,
        "POST",
        f"{path}/chat",
        json={"agent": "jane.doe@example.com", "prechat_survey": {"Name:": "Zoë"}},
    )
    started = sandbox.chat_of(visitor["id"])
    assert started is not None
    assert status == 200
    assert chat == {
        "visitor_id": visitor["id"],
        "chat_id": started.chat_id,
        "license_id": "12345",
        "token": str(started.token),
        "webhook": started.webhook_body(),
    }
    assert sandbox.visitors[0]["operators"][0]["display_name"] == "Jane Doe"
    assert sandbox.visitors[0]["prechat_survey"] == [{"key": "Name:", "value": "Zoë"}]

    assert await call(control, "DELETE", f"{path}/chat") == (200, {"result": "done"})
    assert sandbox.chat_of(visitor["id"]) is None
    assert await call(control, "DELETE", path) == (200, {"result": "done"})
    assert sandbox.visitors == []


async def test_a_call_on_one_visitor_copies_no_other(
    control: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Visitors, "find")
    _, mary = await call(control, "POST", "visitors", json={"name": "Mary"})
    path = f"visitors/{mary['id']}"
    assert await call(control, "GET", path) == (200, mary)
    assert await call(control, "PATCH", path, json={"group": 2}) == (200, {**mary, "group": 2})


async def test_a_chat_can_begin_without_a_body(
    sandbox: Sandbox, control: aiohttp.ClientSession
) -> None:
    sandbox.add_visitor(id="S1.a")
    status, chat = await call(control, "POST", "visitors/S1.a/chat")
    assert (status, chat["visitor_id"]) == (200, "S1.a")


async def test_details_can_be_read(sandbox: Sandbox, control: aiohttp.ClientSession) -> None:
    sandbox.add_visitor(id="S1.a")
    details = VisitorDetails("x", [DetailField("a", "1", url="tel:1")], icon="example.com/i.png")
    sandbox._account.visitors.get("S1.a").details["x"] = details
    assert await call(control, "GET", "visitors/S1.a/details/") == (
        200,
        [
            {
                "id": "x",
                "fields": [{"name": "a", "value": "1", "url": "tel:1"}],
                "icon": "example.com/i.png",
            }
        ],
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "visitors", 200), ("GET", "visitors/S1.gone/details", 404), ("POST", "latency", 400)],
)
async def test_an_answer_ends_its_line(
    control: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    """The next prompt of a terminal stood behind what curl printed."""
    async with control.request(method, f"/_sandbox/{path}") as response:
        assert (response.status, (await response.read())[-2:]) in {
            (status, b"]\n"),
            (status, b"}\n"),
        }


async def test_faults_can_be_injected(
    sandbox: Sandbox, control: aiohttp.ClientSession, http: aiohttp.ClientSession
) -> None:
    done = (200, {"result": "done"})
    body = {"fault": "Status", "times": 2, "status": 503, "retry_after": 1}
    assert await call(control, "POST", "faults", json=body) == done
    assert await call(control, "POST", "faults", json={"fault": "Slow", "seconds": 0.5}) == done
    body = {"fault": "Drip", "seconds": 1, "chunk": 2}
    assert await call(control, "POST", "faults", json=body) == done
    assert sandbox.faults == [
        *[Status(503, retry_after=1)] * 2,
        Slow(0.5),
        Drip(1, chunk=2),
    ]
    # Control calls meet no fault.
    assert (await call(control, "GET", "visitors"))[0] == 200
    async with http.get("/visitors") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert await call(control, "DELETE", "faults") == done
    assert sandbox.faults == []


async def test_requests_can_be_read_and_forgotten(
    sandbox: Sandbox, control: aiohttp.ClientSession, http: aiohttp.ClientSession
) -> None:
    async with http.post("/visitors/S%311/details?a[]=1", data="caf\xe9".encode("latin-1")):
        pass
    status, [record] = await call(control, "GET", "requests")
    assert status == 200
    assert (record["method"], record["path"], record["status"]) == (
        "POST",
        "/visitors/S11/details",
        400,
    )
    assert (record["query"], record["body"]) == ({"a": ["1"]}, "caf\ufffd")
    assert record["headers"]["X-API-Version"] == "2"
    assert record["headers"]["Authorization"] == "***"
    assert record["received_at"].endswith("+00:00")
    assert await call(control, "DELETE", "requests") == (200, {"result": "done"})
    assert sandbox.requests == []


async def test_bytes_that_are_no_text_in_what_was_recorded(
    sandbox: Sandbox, control: aiohttp.ClientSession
) -> None:
    head = "GET /v2/x HTTP/1.1\r\nHost: localhost\r\nX-Odd: a\xffb\r\nConnection: close\r\n\r\n"
    assert (await send_bytes(sandbox, head)).startswith(b"HTTP/1.1 404 ")
    status, [record] = await call(control, "GET", "requests")
    assert (status, record["status"]) == (200, 404)
    assert record["headers"]["X-Odd"] == "a\udcffb"


@pytest.mark.parametrize(
    ("method", "path", "options", "text"),
    [
        ("POST", "visitors", {"json": {"group": "one"}}, "group='one'"),
        ("POST", "visitors", {"json": {"id": "S1.a"}}, "is in use"),
        ("POST", "visitors", {"json": []}, "has to be a JSON object"),
        ("POST", "visitors", {"data": {"name": "Mary"}}, "not application/x-www-form-urlencoded"),
        ("POST", "visitors", {"data": b"{}"}, "not application/octet-stream"),
        (
            "POST",
            "visitors",
            {"data": b"{}", "skip_auto_headers": ["Content-Type"]},
            "not missing",
        ),
        (
            "POST",
            "visitors",
            {"data": b"{", "headers": {"Content-Type": "application/json"}},
            "not valid JSON",
        ),
        ("PATCH", "visitors/S1.a", {"json": {"id": "S2.b"}}, "keeps its id"),
        ("DELETE", "visitors/S1.a/chat", {}, "is in no chat"),
        ("POST", "visitors/S2.b/chat", {}, "is in a chat already"),
        ("POST", "visitors/S2.b/queue", {}, "is in a chat"),
        ("POST", "visitors/S1.a/chat", {"json": {"agent": 7}}, "agent=7"),
        ("POST", "visitors/S1.a/chat", {"json": {"prechat_survey": []}}, "prechat_survey=[]"),
        ("POST", "visitors/S1.a/chat", {"json": {"agnet": "x"}}, "'agnet' is not known here"),
        ("POST", "faults", {}, "fault=None: one of Body, CutBody"),
        ("POST", "faults", {"json": {"fault": "Fault"}}, "fault='Fault'"),
        ("POST", "faults", {"json": {"fault": ["Html"]}}, "fault=['Html']"),
        ("POST", "faults", {"json": {"fault": "Status"}}, "Status needs more than that"),
        ("POST", "faults", {"json": {"fault": "Status", "status": 1}}, "Status(status=1)"),
        ("POST", "faults", {"json": {"fault": "Html", "status": 500}}, "'status' is not known"),
        ("POST", "faults", {"json": {"fault": "Html", "times": 0}}, "times=0"),
    ],
)
async def test_bad_input_is_refused(
    sandbox: Sandbox, method: str, path: str, options: dict[str, Any], text: str
) -> None:
    sandbox.add_visitor(id="S1.a")
    sandbox.add_visitor(id="S2.b", state="chatting")
    before = sandbox.visitors
    async with aiohttp.ClientSession(f"{sandbox.url}/_sandbox/") as control:
        status, answer = await call(control, method, path, **options)
    assert (status, list(answer)) == (400, ["error"])
    assert text in answer["error"]
    assert sandbox.visitors == before
    assert sandbox.faults == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "", 405),
        ("GET", "nowhere", 404),
        ("GET", "visitors/S9.z", 404),
        ("POST", "visitors/S9.z/chat", 404),
        ("GET", "visitors/S1.a/nowhere", 404),
        ("GET", "visitors/S1.a/details/x", 404),
        ("GET", "faults/x", 404),
        ("DELETE", "visitors", 405),
        ("POST", "visitors/S1.a", 405),
        ("GET", "visitors/S1.a/queue", 405),
        ("PUT", "visitors/S1.a/chat", 405),
        ("POST", "visitors/S1.a/details", 405),
        ("GET", "faults", 405),
        ("POST", "requests", 405),
    ],
)
async def test_an_unknown_path_is_a_404(
    sandbox: Sandbox, control: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    sandbox.add_visitor(id="S1.a")
    answered, answer = await call(control, method, path)
    assert (answered, list(answer)) == (status, ["error"])


async def test_control_is_not_recorded(sandbox: Sandbox, control: aiohttp.ClientSession) -> None:
    await call(control, "GET", "visitors")
    await call(control, "GET", "nowhere")
    assert sandbox.requests == []


async def test_a_visitor_can_come_without_some_fields(control: aiohttp.ClientSession) -> None:
    status, visitor = await call(control, "POST", "visitors", json={"omit": ["city"], "self": 1})
    assert status == 200
    assert "city" not in visitor
    assert visitor["self"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "visitors/S1.a", {"visitor_id": "S2.b"}),
        ("POST", "visitors/S1.a/chat", {"visitor_id": "S2.b"}),
        ("POST", "visitors", {"omit": 5}),
        ("POST", "seed", {"sandbox": 1}),
    ],
)
async def test_names_that_a_body_cannot_have_are_refused(
    sandbox: Sandbox, control: aiohttp.ClientSession, method: str, path: str, body: Any
) -> None:
    sandbox.add_visitor(id="S1.a")
    assert (await call(control, method, path, json=body))[0] == 400


def test_every_call_is_documented_in_the_table() -> None:
    assert len({(row.method, row.path) for row in CALLS}) == len(CALLS)
    assert all(row.page.__doc__ for row in CALLS)


@pytest.mark.parametrize("path", ["/_sandbox", "/_sandbox/"])
async def test_the_control_calls_say_what_they_are(
    control: aiohttp.ClientSession, path: str
) -> None:
    """They can be found without the source (field case 34)."""
    status, calls = await call(control, "GET", path)
    assert status == 200
    assert calls["POST /_sandbox/faults"].startswith("Inject a fault")
    assert len(calls) == len(CALLS)
    assert all(calls.values())


async def test_the_root_names_the_control_calls(control: aiohttp.ClientSession) -> None:
    """A browser that opens the address sees where to go on (field case 34)."""
    status, answer = await call(control, "GET", "/")
    assert status == 404
    assert "GET /_sandbox lists" in answer["error"]


async def test_a_visitor_moves_on(sandbox: Sandbox, control: aiohttp.ClientSession) -> None:
    visitor_id = sandbox.add_visitor()
    path = f"visitors/{visitor_id}/page"
    page = {"page": "http://www.example.com/cart"}
    assert await call(control, "POST", path, json=page) == (200, {"result": "done"})
    assert await call(control, "POST", path) == (200, {"result": "done"})
    own = {"page": "https://shop.example.com/7", "title": "Seven"}
    assert await call(control, "POST", path, json=own) == (200, {"result": "done"})
    [visitor] = sandbox.visitors
    assert [visited["title"] for visited in visitor["visit_path"]] == [
        "Example",
        "Your cart",
        "Returns",
        "Seven",
    ]
    assert (visitor["page_current"], visitor["page_title"]) == (own["page"], "Seven")
    assert (visitor["page_views"], visitor["page_entered_ts"]) == (4, 1_487_246_066)
    for wrong in ({"page": 7}, {"title": None}):
        status, answer = await call(control, "POST", path, json=wrong)
        assert (status, answer["error"].partition("=")[0]) == (400, next(iter(wrong)))
    assert sandbox.visitors == [visitor]


async def test_a_frozen_sandbox_answers_once_it_thaws(
    sandbox: Sandbox, http: aiohttp.ClientSession, control: aiohttp.ClientSession
) -> None:
    assert await call(control, "POST", "freeze") == (200, {"result": "done"})
    assert sandbox.is_frozen
    waiting = [asyncio.create_task(call(http, "GET", "/visitors")) for _ in range(3)]
    while len(sandbox.requests) < 3:
        await call(control, "GET", "requests")
    sandbox.add_visitor(name="Mary")
    assert [task.done() for task in waiting] == [False] * 3
    assert [record.seconds for record in sandbox.requests] == [None] * 3
    assert await call(control, "DELETE", "freeze") == (200, {"result": "done"})
    for status, visitors in await asyncio.gather(*waiting):
        assert (status, [visitor["name"] for visitor in visitors]) == (200, ["Mary"])
    assert all(record.seconds for record in sandbox.requests)


async def test_the_latency_changes_while_it_runs(
    sandbox: Sandbox, http: aiohttp.ClientSession, control: aiohttp.ClientSession
) -> None:
    body = {"seconds": 0.05}
    assert await call(control, "POST", "latency", json=body) == (200, {"result": "done"})
    assert sandbox.latency == 0.05
    await call(http, "GET", "/visitors")
    assert (sandbox.requests[0].seconds or 0) >= 0.05
    for wrong in ({"seconds": -1}, {"seconds": "x"}):
        status, answer = await call(control, "POST", "latency", json=wrong)
        assert (status, answer["error"].partition("=")[0]) == (400, "latency")
    assert sandbox.latency == 0.05
