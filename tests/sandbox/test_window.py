"""The window on a sandbox, without a browser: what it serves, to whom, and what it hides."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from asking import ask, call
from hypothesis import given
from hypothesis import strategies as st

import livechat_async.sandbox.window.feed as feed_module
import livechat_async.sandbox.window.window as window_module
from livechat_async import DetailField, VisitorDetails
from livechat_async.sandbox import DropConnection, Sandbox, Slow, Status
from livechat_async.sandbox.http import requests as requests_module
from livechat_async.sandbox.window.feed import Feed

FILES = Path(window_module.__file__).parent / "files"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PATIENCE = 60


@asynccontextmanager
async def changes_of(http: aiohttp.ClientSession) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """What the stream says, one event after the other."""

    async def events(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
        async for line in response.content:
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))

    async with asyncio.timeout(PATIENCE), http.get("/_sandbox/window/changes") as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        yield events(response)


async def test_a_browser_gets_the_page(http: aiohttp.ClientSession) -> None:
    async with http.get("/", headers=BROWSER) as response:
        page = await response.text()
        assert (response.status, response.content_type) == (200, "text/html")
        policy = response.headers["Content-Security-Policy"]
    nonce = re.findall(r'nonce="([\w-]{20,})"', page)
    assert f"script-src 'nonce-{nonce[0]}'" in policy
    assert "default-src 'none'" in policy
    async with http.get("/", headers=BROWSER) as response:
        assert nonce[0] not in await response.text()


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
async def test_a_program_gets_what_it_always_got(
    sandbox: Sandbox, http: aiohttp.ClientSession, accept: str
) -> None:
    status, answer = await ask(http, "/", headers={"Accept": accept})
    assert status == 404
    assert "GET /_sandbox" in answer["error"]
    assert [record.path for record in sandbox.requests] == ["/"]


async def test_the_page_is_no_request_of_the_api(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.inject(Status(503))
    sandbox.freeze()
    async with http.get("/", headers=BROWSER) as response:
        assert response.status == 200
    assert sandbox.requests == []
    assert len(sandbox.faults) == 1


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.iterdir()))
async def test_the_files_are_served_and_load_nothing_from_outside(
    sandbox: Sandbox, http: aiohttp.ClientSession, name: str
) -> None:
    text = (FILES / name).read_text(encoding="utf-8")
    loaded = re.findall(r'(?:src=|href=|from |url\(|import )"([^"\s]+)"', text)
    assert [address for address in loaded if not address.startswith(("/_window/", "./"))] == []
    assert "innerHTML" not in text
    # A browser says of which page a module is, but not of a stylesheet.
    headers = {"Origin": sandbox.url} if name.endswith(".js") else {}
    async with http.get(f"/_window/{name}", headers=headers) as response:
        served = await response.text()
        assert response.headers.get("X-Content-Type-Options", "nosniff") == "nosniff"
    types = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    if name == "index.html":
        assert response.status == 404, "only / serves it, with a nonce"
    else:
        kind = types[name.rpartition(".")[2]]
        assert (response.status, response.content_type, served) == (200, kind, text)


@pytest.mark.parametrize(
    "path",
    [
        "_window",
        "_window/",
        "_window/nothing.js",
        "_window/..%2fwindow.py",
        "_window/files/window.css",
        "_sandbox/window",
        "_sandbox/window/requests/0",
        "_sandbox/window/requests/x",
        pytest.param(f"_sandbox/window/requests/{'9' * 5_000}", id="a number of 5,000 digits"),
        "_sandbox/window/deliveries/1",
    ],
)
async def test_what_the_window_does_not_have_is_404(http: aiohttp.ClientSession, path: str) -> None:
    status, answer = await ask(http, f"/{path}")
    assert (status, list(answer)) == (404, ["error"])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_the_page_itself_may_use_the_controls(
    sandbox: Sandbox, http: aiohttp.ClientSession, host: str
) -> None:
    """The browser says whose page it is (field case 44)."""
    place = f"{host}:{sandbox.url.rpartition(':')[2]}"
    headers = {"Host": place, "Origin": f"http://{place}", "Sec-Fetch-Site": "same-origin"}
    status, _ = await ask(
        http, "/_sandbox/visitors", "POST", json={"name": "Mary"}, headers=headers
    )
    assert status == 200
    assert [visitor["name"] for visitor in sandbox.visitors] == ["Mary"]
    status, _ = await ask(http, "/v2/visitors", headers=headers)
    assert status == 403, "the page never calls the API"


@pytest.mark.parametrize(
    ("host", "origin", "site"),
    [
        ("127.0.0.1:{port}", "http://127.0.0.1:1", "same-site"),
        ("127.0.0.1:{port}", "http://localhost:{port}", "cross-site"),
        ("127.0.0.1:{port}", "https://127.0.0.1:{port}", "cross-site"),
        ("127.0.0.1:{port}", "null", "same-origin"),
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", "cross-site"),
        ("evil.example.com:{port}", "http://evil.example.com:{port}", "same-origin"),
    ],
)
async def test_another_page_may_not(
    sandbox: Sandbox, http: aiohttp.ClientSession, host: str, origin: str, site: str
) -> None:
    """Neither may a page of a name that was made to lead here (field case 44)."""
    port = sandbox.url.rpartition(":")[2]
    headers = {"Host": host, "Origin": origin}
    headers = {name: value.format(port=port) for name, value in headers.items()}
    headers["Sec-Fetch-Site"] = site
    for path in ("/_sandbox/visitors", "/_sandbox/window/changes"):
        status, _ = await ask(http, path, "POST" if "visitors" in path else "GET", headers=headers)
        assert status == 403
    assert sandbox.visitors == []


async def test_the_stream_begins_with_everything_and_goes_on_with_changes(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    mary = sandbox.add_visitor(name="Mary")
    async with changes_of(http) as changes:
        first = await anext(changes)
        assert [row["name"] for row in first["visitors"]["put"]] == ["Mary"]
        assert first["overview"]["visitors"] == 1

        sandbox.start_chat(mary)
        sandbox.say(mary, "Hello\n\u2028event: x\n\ndata: {}")
        second = await anext(changes)
        [chat] = second["chats"]["put"]
        assert (chat["visitor_id"], chat["messages"][0]["text"]) == (
            mary,
            "Hello\n\u2028event: x\n\ndata: {}",
        )
        assert [row["state"] for row in second["visitors"]["put"]] == ["chatting"]

        sandbox.remove_visitor(mary)
        third = await anext(changes)
        assert third["visitors"] == {"drop": [mary]}
        assert [row["is_running"] for row in third["chats"]["put"]] == [False]


async def test_a_browser_that_goes_away_ends_its_stream(
    sandbox: Sandbox, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_module, "_MOST_PAGES", 2)
    async with changes_of(http) as one, changes_of(http) as other:
        await anext(one)
        await anext(other)
        status, answer = await ask(http, "/_sandbox/window/changes")
        assert (status, answer) == (503, {"error": "2 windows are open already: close one"})
    async with asyncio.timeout(PATIENCE):
        status = 503
        while status != 200:
            async with http.get("/_sandbox/window/changes") as response:
                status = response.status
    sandbox.add_visitor()
    assert await call(http, "GET", "/_sandbox/visitors") == (200, sandbox.visitors)


TABLES = {"visitors", "chats", "tickets", "deliveries", "requests"}


def mirror(tables: dict[str, dict[Any, Any]], changes: dict[str, Any]) -> None:
    if "now" in changes:
        tables.clear()
    for name, change in changes.items():
        if name not in TABLES:
            continue
        table = tables.setdefault(name, {})
        for item_id in change.get("drop", []):
            del table[item_id]
        table.update((row["id"], row) for row in change.get("put", []))


def everything(sandbox: Sandbox) -> dict[str, dict[Any, Any]]:
    tables: dict[str, dict[Any, Any]] = {}
    mirror(tables, Feed(sandbox._account).changes())
    return tables


ACTIONS = {
    "come": lambda box, _: box.add_visitor(name="Mary"),
    "move": lambda box, who: box.visit_page(who),
    "queue": lambda box, who: box.chat_of(who) or box.queue(who),
    "chat": lambda box, who: box.chat_of(who) or box.start_chat(who),
    "say": lambda box, who: box.chat_of(who) and box.say(who, "Hello"),
    "end": lambda box, who: box.chat_of(who) and box.end_chat(who),
    "go": lambda box, who: box.remove_visitor(who),
    "rename": lambda box, who: box.update_visitor(who, name="Zoë", custom_variables=[]),
    "ticket": lambda box, _: box.add_ticket(subject="Help"),
    "old chat": lambda box, _: box.add_chat(),
    "seed": lambda box, _: box.seed_chats(3),
    "clear": lambda box, _: box.clear_requests(),
    "same id": lambda box, who: box.update_visitor(who, state="chatting", chat_id="SBOX000001"),
    "show": lambda box, who: box._account.visitors.get(who).details.update(
        crm=VisitorDetails("crm", [DetailField("Visits", len(box.visitors))])
    ),
}


class Page:
    """A page that follows the changes."""

    def __init__(self) -> None:
        self.known = 0
        self.tables: dict[str, dict[Any, Any]] = {}

    def read(self, feed: Feed, *, looks: bool = True) -> bool:
        """Take what is new, of a new look or of those before; whether there was anything."""
        feed.due = 0 if looks else math.inf
        self.known, events = feed.since(self.known)
        for event in events.split(b"\n\n")[:-1]:
            mirror(self.tables, json.loads(event.removeprefix(b"data: ")))
        return events != b""


STEPS = st.lists(st.tuples(st.sampled_from([*ACTIONS]), st.integers(0, 3)), max_size=3)


@given(st.lists(st.tuples(STEPS, st.booleans()), max_size=12), st.sampled_from([1, 2, 1_000]))
def test_whoever_follows_the_changes_knows_everything(
    steps: list[tuple[list[tuple[str, int]], bool]], at_once: int
) -> None:
    """Also a page that is too slow for the changes, and where a look makes few rows."""
    sandbox = Sandbox(clock=lambda: 1_487_246_066)
    quick, slow = Page(), Page()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed_module, "_EVENTS", 3)
        patch.setattr(feed_module, "_MOST_AT_ONCE", at_once)
        feed = Feed(sandbox._account)
        for step, is_read in steps:
            for name, number in step:
                ids = [visitor["id"] for visitor in sandbox.visitors]
                if ids or name in {"come", "ticket", "old chat", "seed", "clear"}:
                    ACTIONS[name](sandbox, ids[number % len(ids)] if ids else "")
            quick.read(feed)
            if is_read:
                slow.read(feed, looks=False)
                assert slow.tables == quick.tables
        while quick.read(feed):
            pass
    slow.read(feed, looks=False)
    assert slow.tables == quick.tables
    assert {name: rows for name, rows in quick.tables.items() if rows} == everything(sandbox)


async def test_a_row_is_made_once_for_all_pages_also_those_that_do_not_read(
    sandbox: Sandbox, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[str]()

    def make_row(visitor: Any) -> dict[str, Any]:
        made.append(visitor.wire["id"])
        return {}

    monkeypatch.setattr(feed_module, "_visitor_row", make_row)
    monkeypatch.setattr(feed_module, "_MOST_AT_ONCE", 20)
    async with changes_of(http), changes_of(http), changes_of(http) as changes:
        await anext(changes)
        ids = [sandbox.add_visitor() for _ in range(50)]
        parts = [len((await anext(changes))["visitors"]["put"]) for _ in range(3)]
    assert (made, parts) == (ids, [20, 20, 10])


async def test_a_delivery_shows_its_attempts_while_they_are_made(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.register_webhook("chat_started", "http://user:s3cr3t-password@127.0.0.1:9/livechat")
    sandbox.start_chat(sandbox.add_visitor(name="Mary"))
    async with changes_of(http) as changes:
        async for change in changes:
            rows = change.get("deliveries", {}).get("put", [])
            if rows and rows[-1]["attempts"]:
                break
    assert rows[-1]["event_type"] == "chat_started"
    assert rows[-1]["attempts"][0]["status"] is None
    status, shown = await ask(http, f"/_sandbox/window/deliveries/{rows[-1]['id']}")
    assert status == 200
    assert json.loads(shown["body"])["token"] == "***"
    assert "Mary" in shown["body"]
    assert "s3cr3t" not in json.dumps([rows, shown])


async def latest(sandbox: Sandbox, http: aiohttp.ClientSession) -> dict[str, Any]:
    """The last request as the window shows it."""
    number = sandbox._account.requests.total - 1
    status, shown = await ask(http, f"/_sandbox/window/requests/{number}")
    assert status == 200
    return shown


async def test_a_request_shows_headers_and_bodies(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.inject(Slow(0.01))
    await ask(http, "/visitors?state=queued&group[]=1")
    shown = await latest(sandbox, http)
    assert (shown["method"], shown["path"], shown["status"]) == ("GET", "/visitors", 200)
    assert (shown["fault"], shown["query"]) == ("Slow", "state = queued\ngroup[] = 1")
    assert shown["seconds"] >= 0.01
    assert ["X-API-Version", "2"] in shown["headers"]
    assert ["Authorization", "***"] in shown["headers"]
    assert shown["answer"]["body"] == "[]"
    assert ["Content-Type", "application/json; charset=utf-8"] in shown["answer"]["headers"]


async def test_a_request_without_an_answer_shows_none(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.inject(DropConnection(), times=2)  # aiohttp repeats a GET
    with pytest.raises(aiohttp.ClientError):
        await ask(http, "/visitors")
    shown = await latest(sandbox, http)
    assert (shown["status"], shown["answer"], shown["fault"]) == (None, None, "DropConnection")
    assert shown["seconds"] is not None


SECRET = "s3cr3t-of-the-webhook"


def multipart() -> aiohttp.MultipartWriter:
    form = aiohttp.FormData([("token", SECRET), ("url", f"http://user:{SECRET}@127.0.0.1/")])
    form._is_multipart = True
    return form()


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"token": SECRET, "url": f"http://user:{SECRET}@127.0.0.1/"}},
        {"json": {"a": [{"password": {"deep": [SECRET]}}]}},
        {"data": {"token": SECRET, "url": f"http://user:{SECRET}@127.0.0.1/"}},
        {
            "data": f'{{"token": "{SECRET}", "broken',
            "headers": {"Content-Type": "application/json"},
        },
        {"data": f"x http://user:{SECRET}@host", "headers": {"Content-Type": "text/plain"}},
        {"data": "sandbox-token and dal:sandbox-bearer-token", "headers": {"Content-Type": "x/y"}},
        {"params": {"token": SECRET, "url": f"http://user:{SECRET}@127.0.0.1/"}},
    ],
)
async def test_no_secret_of_a_request_shows(
    sandbox: Sandbox, http: aiohttp.ClientSession, body: dict[str, Any]
) -> None:
    await ask(http, "/webhooks", "POST", **body)
    shown = json.dumps(await latest(sandbox, http))
    assert "***" in shown
    for secret in (SECRET, "sandbox-token", "bearer-token"):
        assert secret not in shown


async def test_no_secret_of_a_form_in_parts_or_of_an_answer_shows(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    await ask(http, "/webhooks", "POST", data=multipart())
    shown = await latest(sandbox, http)
    assert shown["body"] == "token = ***\nurl = http://***@127.0.0.1/"
    sandbox.register_webhook("chat_started", f"http://user:{SECRET}@127.0.0.1/")
    await ask(http, "/webhooks")
    shown = await latest(sandbox, http)
    assert SECRET not in json.dumps(shown)
    [webhook] = json.loads(shown["answer"]["body"])["events"]
    assert (webhook["token"], webhook["url"]) == ("***", "http://***@127.0.0.1/")


async def test_a_long_answer_shows_its_beginning(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.add_visitor(name="x" * 300_000)
    await ask(http, "/visitors")
    answer = (await latest(sandbox, http))["answer"]
    assert answer["is_cut"]
    assert answer["size"] > 300_000
    assert len(answer["body"]) <= 2**16 + 1
    async with changes_of(http) as changes:
        [row] = (await anext(changes))["visitors"]["put"]
    assert len(row["name"]) == 2_001


@pytest.mark.parametrize("depth", [99, 5_000])
async def test_a_deep_body_shows_as_it_is(
    sandbox: Sandbox, http: aiohttp.ClientSession, depth: int
) -> None:
    body = "[" * depth + '{"token":"s3cr3t-deep"}' + "]" * depth
    await ask(http, "/chats", "POST", data=body, headers={"Content-Type": "application/json"})
    shown = await latest(sandbox, http)
    assert "s3cr3t-deep" not in json.dumps(shown)
    assert shown["size"] == len(body)


async def test_the_log_keeps_a_bounded_number_of_bytes(
    sandbox: Sandbox, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests_module, "_MOST_BYTES", 2_500)
    monkeypatch.setattr(requests_module, "_ANSWERS_KEPT", 1)
    for _ in range(4):
        await ask(http, "/chats", "POST", data=b"x" * 1_000)
    assert [len(record.body) for record in sandbox.requests] == [1_000, 1_000]
    assert await ask(http, "/_sandbox/window/requests/1") == (
        404,
        {"error": "Request 1 is no longer kept"},
    )
    _, shown = await ask(http, "/_sandbox/window/requests/2")
    assert (shown["status"], shown["answer"]) == (405, None)
    _, shown = await ask(http, "/_sandbox/window/requests/3")
    assert shown["answer"]["size"] > 0
    sandbox.clear_requests()
    await ask(http, "/chats", "POST", data=b"x" * 1_000)
    assert len(sandbox.requests) == 1


async def test_faults_and_pace_are_in_the_overview(sandbox: Sandbox) -> None:
    sandbox.inject(Status(503, retry_after=1), times=1_000_000)
    sandbox.inject(Slow(2))
    sandbox.set_latency(0.25)
    sandbox.freeze()
    overview = Feed(sandbox._account).changes()["overview"]
    faults = [["Status(status=503, retry_after=1)", 1_000_000], ["Slow(seconds=2)", 1]]
    assert (overview["faults"], overview["faults_to_come"]) == (faults, 1_000_001)
    assert (overview["latency"], overview["is_frozen"]) == (0.25, True)


async def test_only_the_last_rows_of_a_full_sandbox_are_sent() -> None:
    sandbox = Sandbox(seed=3, chats=500, tickets=500)
    [mary, *_] = sandbox.visitors
    for number in range(150):
        sandbox.say(mary["id"], f"Message {number}")
    changes = Feed(sandbox._account).changes()
    rows = {
        name: len(change["put"])
        for name, change in changes.items()
        if name in TABLES and "put" in change
    }
    assert rows == {"visitors": 3, "chats": 11, "tickets": 50}
    chat = next(row for row in changes["chats"]["put"] if row["is_running"])
    assert (chat["said"], len(chat["messages"])) == (150, 100)
    assert chat["messages"][-1]["text"] == "Message 149"
    counted = {name: changes["overview"][name] for name in ("chats_archived", "tickets")}
    assert counted == {"chats_archived": 500, "tickets": 500}


async def test_what_a_program_nests_deep_ends_no_stream() -> None:
    """A function calls itself over what was sent (field case 42)."""
    sandbox, deep = Sandbox(), list[Any]()
    for _ in range(600):
        deep = [deep]
    sandbox.add_visitor(id="S1.a", name=deep, page_current={"a": deep})
    sandbox.add_ticket(subject=deep)
    changes = Feed(sandbox._account).changes()
    (row,) = changes["visitors"]["put"]
    assert len(json.dumps(row)) < 1_000
    assert "…" in json.dumps(row, ensure_ascii=False)


async def test_a_stop_ends_the_streams_at_once(
    sandbox: Sandbox, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with changes_of(http) as changes:
        await anext(changes)
        await sandbox.stop()
        with pytest.raises((StopAsyncIteration, aiohttp.ClientError)):
            await anext(changes)
    assert caplog.records == []
    await sandbox.start()
    async with changes_of(http) as changes:
        assert (await anext(changes))["overview"]["visitors"] == 0
