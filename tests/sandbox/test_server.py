from __future__ import annotations

import asyncio
import base64
import io
import socket
from importlib import import_module
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from asking import ask, send_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livechat_async.credentials import PersonalAccessToken
from livechat_async.errors import ConfigurationError
from livechat_async.sandbox import Sandbox, Slow, pages

NO_RIGHTS = {
    "error": "You have no rights to access this data. Check your API Key and/or username",
}

PAGE_MODULES = {path.stem for path in Path(pages.__path__[0]).glob("[!_]*.py")}


async def get(http: aiohttp.ClientSession, path: str, **options: Any) -> tuple[int, Any]:
    async with http.get(path, **options) as response:
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        return response.status, await response.json()


async def ids(http: aiohttp.ClientSession, query: str) -> list[str]:
    # aiohttp passes on an encoded query in a path unchanged.
    status, answer = await get(http, f"/visitors?{query}")
    assert status == 200
    return [visitor["id"] for visitor in answer]


async def arrived(sandbox: Sandbox, number: int) -> None:
    for _ in range(1000):
        if len(sandbox.requests) >= number:
            return
        await asyncio.sleep(0.005)
    pytest.fail(f"{len(sandbox.requests)} requests arrived, not {number}")


async def test_lists_visitors_in_wire_form(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.add_visitor(id="S1.a", name="Zoë", group=3, custom_field={"deep": [1, None]})
    status, [visitor] = await get(http, "/visitors")
    assert status == 200
    assert visitor == sandbox.visitors[0]
    assert visitor["name"] == "Zoë"
    assert visitor["custom_field"] == {"deep": [1, None]}
    assert visitor["operators"] == [{"id": "", "display_name": ""}]
    assert (visitor["chat_id"], visitor["chat_start_time"]) == ("", "")
    # The documentation's own pair: the text is an hour ahead of the seconds.
    assert visitor["last_visit"] == "2017-02-16 12:54:26"
    assert visitor["last_visit_ts"] == 1_487_246_066
    assert "custom_variables" not in visitor


async def test_text_is_sent_as_utf8(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.add_visitor(city="Wrocław")
    async with http.get("/visitors") as response:
        assert "Wrocław".encode() in await response.read()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["a", "b", "c", "d"]),
        ("state=chatting", ["a"]),
        ("state=queued", ["b"]),
        ("state=refused%20invitation", ["d"]),
        ("state=refused+invitation", ["d"]),
        ("group[]=0", ["a", "c"]),
        ("group%5B%5D=0", ["a", "c"]),
        ("group[]=0&group[]=2", ["a", "b", "c"]),
        ("group[0]=2&group[1]=7", ["b", "d"]),
        ("group[5]=2", ["b"]),
        ("group[]=99", []),
        ("state=chatting&group[]=2", []),
        ("count=0", ["a", "b", "c", "d"]),
    ],
)
async def test_filters_narrow_the_visitors(
    sandbox: Sandbox, http: aiohttp.ClientSession, query: str, expected: list[str]
) -> None:
    sandbox.add_visitor(id="a", state="chatting", group=0)
    sandbox.add_visitor(id="b", state="queued", group=2)
    sandbox.add_visitor(id="c", state="online", group=0)
    sandbox.add_visitor(id="d", state="refused invitation", group=7)
    assert await ids(http, query) == expected


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("state=sleeping", "state has to be one of: chatting, queued"),
        ("state=online", "state has to be one of"),
        ("state=", "state has to be one of"),
        ("state[]=chatting", "state has to be one of"),
        ("group[]=all", "group[] has to be the number"),
        ("group[]=", "group[] has to be the number"),
        ("group[]=" + "9" * 5000, "group[] has to be the number"),
        ("group[]=-1", "group[] has to be the number"),
        ("group[]=%D9%A3", "group[] has to be the number"),
        ("group[][]=1", "group[] has to be the number"),
        ("group=0", "group[] has to be the number"),
        ("count=2", "count has to be 0 or 1"),
        ("count=true", "count has to be 0 or 1"),
        ("count[]=1", "count has to be 0 or 1"),
    ],
)
async def test_refuses_bad_arguments(http: aiohttp.ClientSession, query: str, text: str) -> None:
    status, answer = await get(http, f"/visitors?{query}")
    assert status == 400
    [problem] = answer["errors"]
    assert problem.startswith(text)


async def test_names_every_bad_argument(http: aiohttp.ClientSession) -> None:
    status, answer = await get(http, "/visitors?state=x&group[]=x&count=x")
    assert status == 400
    assert len(answer["errors"]) == 3


@pytest.mark.parametrize(
    ("shape", "expected"), [("object", {"count": 2}), ("number", 2), ("text", "2")]
)
async def test_counts_in_the_shape_asked_for(shape: Any, expected: object) -> None:
    async with Sandbox(count_shape=shape) as sandbox:
        headers = {
            "X-API-Version": "2",
            "Authorization": sandbox.bearer.authorization().reveal(),
        }
        for group in (0, 0, 1):
            sandbox.add_visitor(group=group)
        async with aiohttp.ClientSession(sandbox.url, headers=headers) as http:
            assert await get(http, "/visitors?count=1&group[]=0") == (200, expected)


@pytest.mark.parametrize("path", ["/visitors", "/visitors/"])
@pytest.mark.parametrize("version", [{}, {"X-API-Version": "3"}, {"X-API-Version": ""}])
async def test_a_version_is_required(sandbox: Sandbox, path: str, version: dict[str, str]) -> None:
    headers = {"Authorization": sandbox.credentials.authorization().reveal(), **version}
    async with aiohttp.ClientSession(sandbox.url, headers=headers) as http:
        status, answer = await get(http, path)
        assert (status, list(answer)) == (400, ["errors"])
        assert "X-API-Version: 2" in answer["errors"][0]
        assert await get(http, f"/v2{path}") == (200, [])


async def test_header_names_ignore_case(sandbox: Sandbox) -> None:
    headers = {
        "x-api-VERSION": "2",
        "AUTHORIZATION": sandbox.credentials.authorization().reveal().replace("Basic", "bAsIc"),
    }
    async with aiohttp.ClientSession(sandbox.url, headers=headers) as http:
        assert await get(http, "/visitors/") == (200, [])


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Bearer sandbox-bearer-token",
        "Token dal:sandbox-bearer-token",
        "dal:sandbox-bearer-token",
        basic("john.doe@example.com:wrong"),
        basic("jane@example.com:sandbox-token"),
        basic("john.doe@example.com:sandbox-token2"),
    ],
)
async def test_refuses_other_credentials(sandbox: Sandbox, authorization: str | None) -> None:
    headers = {"X-API-Version": "2"}
    if authorization is not None:
        headers["Authorization"] = authorization
    async with aiohttp.ClientSession(sandbox.url, headers=headers) as http:
        # Without credentials, an answer does not reveal whether the arguments were good.
        assert await get(http, "/visitors?state=nonsense") == (401, NO_RIGHTS)


async def test_takes_own_credentials() -> None:
    credentials = PersonalAccessToken("jane@example.com", "own")
    async with Sandbox(credentials=credentials) as sandbox:
        assert sandbox.credentials is credentials
        for accepted in (credentials, sandbox.bearer):
            headers = {"X-API-Version": "2", "Authorization": accepted.authorization().reveal()}
            async with aiohttp.ClientSession(sandbox.url, headers=headers) as http:
                assert await get(http, "/visitors") == (200, [])


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/visitors//", "/visitors/S1.a", "/visitors/S1.a/details/x", "/v3/visitors"],
)
async def test_an_unknown_path_is_a_404(http: aiohttp.ClientSession, path: str) -> None:
    status, answer = await get(http, path)
    assert (status, list(answer)) == (404, ["error"])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/visitors", "GET, HEAD, OPTIONS"),
        ("DELETE", "/visitors", "GET, HEAD, OPTIONS"),
        ("GET", "/visitors/S1.a/details", "POST, OPTIONS"),
        ("HEAD", "/visitors/S1.a/details", "POST, OPTIONS"),
        ("PUT", "/v2/visitors/S1.a/details", "POST, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_a_405(
    http: aiohttp.ClientSession, method: str, path: str, allowed: str
) -> None:
    async with http.request(method, path) as response:
        assert response.status == 405
        assert response.headers["Allow"] == allowed
        assert method == "HEAD" or list(await response.json()) == ["error"]


async def test_every_route_of_a_page_module_is_served(http: aiohttp.ClientSession) -> None:
    routes = [
        (module, route)
        for module in PAGE_MODULES
        for route in import_module(f"{pages.__name__}.{module}").ROUTES
    ]
    assert {module for module, _ in routes} == PAGE_MODULES >= {"chats", "visitors"}
    assert len({(route.method, route.path) for _, route in routes}) == len(routes)
    for _, route in routes:
        path = route.path.translate({ord("{"): "", ord("}"): ""})
        status, answer = await ask(http, path, route.method)
        assert status != 405
        assert "There is nothing" not in str(answer)


async def test_bodies_have_a_limit(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    big = b"x" * (1024**2 + 1)
    for path in ("/visitors/S1.a/details", "/_sandbox/visitors"):
        async with http.post(path, data=io.BytesIO(big)) as response:
            assert response.status == 413
            assert list(await response.json()) == ["error"]
    [record] = sandbox.requests
    assert (record.status, record.body) == (413, b"")


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    target=st.text(st.characters(codec="latin-1", exclude_characters=" \t\r\n\v\f\0"), max_size=30)
)
async def test_no_request_line_breaks_the_server(sandbox: Sandbox, target: str) -> None:
    head = f"GET /v2/visitors{target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += f"Authorization: {sandbox.bearer.authorization().reveal()}\r\n\r\n"
    answer = await send_bytes(sandbox, head)
    assert answer.split(b" ", 2)[1] in {b"200", b"400", b"404"}


async def test_records_requests(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    await get(http, "/visitors?state=chatting&group[]=0")
    await get(http, "/caf%C3%A9")
    async with http.post("/visitors/x/details", data={"a[]": "1"}) as response:
        assert response.status == 404
    async with http.post("/visitors/x/details", json={"a": 1}) as response:
        assert response.status == 404
    listing, missing, form, body = sandbox.requests
    assert (listing.method, listing.path, listing.status) == ("GET", "/visitors", 200)
    assert listing.query == {"state": "chatting", "group": ["0"]}
    assert listing.headers["x-api-version"] == "2"
    assert listing.received_at.tzinfo is not None
    assert (missing.raw_path, missing.path, missing.status) == ("/caf%C3%A9", "/café", 404)
    assert (form.form(), body.json(), body.body) == ({"a": ["1"]}, {"a": 1}, b'{"a": 1}')
    sandbox.clear_requests()
    assert sandbox.requests == []


async def test_a_request_is_recorded_before_it_is_answered(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.inject(Slow(30))
    call = asyncio.create_task(get(http, "/visitors"))
    while not sandbox.requests:  # noqa: ASYNC110 (a record is no event)
        await asyncio.sleep(0.005)
    [record] = sandbox.requests
    assert record.status is None
    call.cancel()


async def test_clearing_while_an_answer_is_under_way(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.inject(Slow(0.2))
    call = asyncio.create_task(get(http, "/visitors"))
    await arrived(sandbox, 1)
    sandbox.clear_requests()
    assert await call == (200, [])
    assert sandbox.requests == []


async def test_the_log_forgets_the_oldest(
    sandbox: Sandbox, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livechat_async.sandbox.http.requests._KEPT", 2)
    for number in range(3):
        await get(http, f"/{number}")
    assert [record.path for record in sandbox.requests] == ["/1", "/2"]


async def test_records_show_no_secret(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.post("/visitors/x/details", data={"token": "very-secret"}) as response:
        assert response.status == 404
    [record] = sandbox.requests
    authorization = sandbox.credentials.authorization().reveal()
    assert record.headers["Authorization"] == authorization
    assert record.body == b"token=very-secret"
    shown = repr(record) + repr(record.headers) + repr(record.body) + repr(sandbox)
    assert "very-secret" not in shown
    assert authorization.split()[1] not in shown


async def test_the_server_writes_no_output(
    sandbox: Sandbox, http: aiohttp.ClientSession, capfd: pytest.CaptureFixture[str]
) -> None:
    await get(http, "/visitors")
    await get(http, "/nowhere")
    assert sandbox.requests
    assert capfd.readouterr() == ("", "")


async def test_url_before_start() -> None:
    sandbox = Sandbox()
    assert repr(sandbox) == "<Sandbox stopped>"
    with pytest.raises(ConfigurationError, match="async with Sandbox"):
        _ = sandbox.url


async def test_a_running_sandbox_cannot_start(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    with pytest.raises(ConfigurationError, match="runs already"):
        await sandbox.start()
    assert await get(http, "/visitors") == (200, [])


async def test_stop_and_start_again_keeps_address_and_state() -> None:
    sandbox = Sandbox()
    await sandbox.start()
    url = sandbox.url
    assert repr(sandbox) == f"<Sandbox running at {url}>"
    await sandbox.stop()
    await sandbox.stop()
    headers = {"X-API-Version": "2", "Authorization": sandbox.bearer.authorization().reveal()}
    async with aiohttp.ClientSession(url, headers=headers) as http:
        with pytest.raises(aiohttp.ClientConnectorError):
            await get(http, "/visitors")
        sandbox.add_visitor(id="S1.a")
        async with sandbox:
            assert sandbox.url == url
            assert await ids(http, "") == ["S1.a"]


async def test_a_port_in_use_is_refused(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rsplit(":", 1)[1])
    other = Sandbox(port=port)
    with pytest.raises(ConfigurationError, match=rf"port {port} on 127\.0\.0\.1 is in use"):
        await other.start()
    await sandbox.stop()
    async with other:
        assert other.url == sandbox.url


async def test_an_address_that_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_: object) -> None:
        raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr("aiohttp.web.BaseSite.start", refuse)
    sandbox = Sandbox(host="127.0.0.1")
    with pytest.raises(ConfigurationError, match=r"cannot be had .*Cannot assign"):
        await sandbox.start()
    monkeypatch.undo()
    async with sandbox:
        assert sandbox.url


async def test_cancelled_start_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cancel(_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr("aiohttp.web.BaseSite.start", cancel)
    sandbox = Sandbox()
    with pytest.raises(asyncio.CancelledError):
        await sandbox.start()
    assert repr(sandbox) == "<Sandbox stopped>"


async def test_address_of_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    async def start(_: object, host: str, port: int) -> tuple[str, int]:
        assert (host, port) == ("::1", 0)
        return "::1", 4321

    # Not every machine has IPv6.
    monkeypatch.setattr("livechat_async.sandbox.http.server.Server.start", start)
    sandbox = Sandbox(host="::1")
    await sandbox.start()
    assert sandbox.url == "http://[::1]:4321"


async def test_localhost_is_a_host() -> None:
    async with Sandbox(host="localhost") as sandbox:
        host, port = sandbox.url.removeprefix("http://").rsplit(":", 1)
        with socket.create_connection((host.strip("[]"), int(port)), timeout=5):
            pass


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"host": "0.0.0.0"}, "host='0.0.0.0'"),  # noqa: S104 - refused
        ({"host": "example.com"}, "host='example.com'"),
        ({"host": None}, "host=None"),
        ({"port": -1}, "port=-1"),
        ({"port": 65_536}, "port=65536"),
        ({"port": True}, "port=True"),
        ({"port": "80"}, "port='80'"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": "all"}, "seed='all'"),
        ({"license_id": "12a"}, "license_id='12a'"),
        ({"license_id": True}, "license_id=True"),
        ({"license_id": -1}, "license_id=-1"),
        ({"count_shape": "roman"}, "count_shape='roman'"),
        ({"credentials": "john:token"}, "not str"),
    ],
)
def test_refuses_bad_options(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Sandbox(**options)
    assert text in str(caught.value)


def test_options_are_used() -> None:
    sandbox = Sandbox(license_id="777")
    assert sandbox.license_id == 777
    chat = sandbox.start_chat(sandbox.add_visitor())
    assert chat.license_id == "777"
    assert Sandbox().license_id == 12345
