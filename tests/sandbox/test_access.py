"""Who may speak to a sandbox: programs on this machine, and no web pages."""

from __future__ import annotations

import asyncio
import base64
import logging
import traceback
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from asking import ask, send_bytes
from hypothesis import given
from hypothesis import strategies as st

from livechat_async import LiveChatClient
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.control import CALLS
from livechat_async.sandbox.http.access import Access

TOKEN = "Test-Token/123+456=789"


async def send(sandbox: Sandbox, head: str) -> int:
    """The status of the answer to a request without a body."""
    answer = await send_bytes(sandbox, f"{head}\r\nConnection: close\r\n\r\n")
    return int(answer.split(b" ", 2)[1])


def request_of(
    sandbox: Sandbox, target: str, *lines: str, method: str = "GET", version: str = "1.1"
) -> str:
    credentials = f"Authorization: {sandbox.bearer.authorization().reveal()}"
    return "\r\n".join([f"{method} {target} HTTP/{version}", credentials, *lines])


TARGETS = ["/_sandbox/visitors", "/v2/visitors"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "localhost.", "127.0.0.1:80", "[::1]:8080", "a.localhost"]
)
async def test_programs_on_this_machine_are_answered(
    sandbox: Sandbox, target: str, host: str
) -> None:
    """Any name of this machine will do (field case 44)."""
    assert await send(sandbox, request_of(sandbox, target, f"Host: {host}")) == 200


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example.com",
        "evil.example.com:8080",
        "127.0.0.1.evil.example.com",
        "localhost@evil.example.com",
        "evil.example.com@localhost",
        "[2001:db8::1]:8080",
        "127.0.0.1, evil.example.com",
    ],
)
async def test_a_name_that_was_made_to_lead_here_is_refused(
    sandbox: Sandbox, target: str, host: str
) -> None:
    """The control and the API check Host (field case 44)."""
    assert await send(sandbox, request_of(sandbox, target, f"Host: {host}")) in {400, 403}


async def test_two_hosts_are_refused_if_one_is_of_another_machine(sandbox: Sandbox) -> None:
    """It is unclear which of them counts (field case 44)."""
    for hosts in (["localhost", "evil.example.com"], ["evil.example.com", "localhost"]):
        lines = [f"Host: {host}" for host in hosts]
        assert await send(sandbox, request_of(sandbox, TARGETS[0], *lines)) in {400, 403}


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost/_sandbox/visitors", 200),
        ("http://evil.example.com/_sandbox/visitors", 403),
        ("http://evil.example.com:8080/v2/visitors", 403),
        ("http://user@evil.example.com/v2/visitors", 403),
    ],
)
async def test_the_host_of_a_whole_address_counts_too(
    sandbox: Sandbox, target: str, status: int
) -> None:
    """A request to a proxy names its server in the target (field case 44)."""
    assert await send(sandbox, request_of(sandbox, target, "Host: localhost")) == status


@pytest.mark.parametrize("target", TARGETS)
async def test_a_client_of_http_1_0_may_leave_the_host_out(sandbox: Sandbox, target: str) -> None:
    """No browser leaves it out (field case 44)."""
    assert await send(sandbox, request_of(sandbox, target, version="1.0")) == 200


@pytest.mark.parametrize("path", ["/_sandbox/visitors", "/visitors", "/nowhere"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"oRIGIN": "http://localhost:8080"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_web_pages_are_refused(
    sandbox: Sandbox, http: aiohttp.ClientSession, method: str, path: str, headers: dict[str, str]
) -> None:
    """A page can neither change the sandbox nor read its answers (field case 44)."""
    sandbox.add_visitor(id="S1.a")
    before = sandbox.visitors
    status, answer = await ask(http, path, method, json={}, headers=headers)
    if method == "GET" and "Sec-Fetch-Site" in headers:
        assert status != 403, "someone followed a link"
    else:
        assert (status, list(answer)) == (403, ["error"])
    assert sandbox.visitors == before


async def test_a_refused_request_of_the_api_is_recorded(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    await ask(http, "/visitors", headers={"Origin": "null"})
    assert [record.status for record in sandbox.requests] == [403]


# --- other machines ---


@pytest.fixture
async def remote() -> AsyncIterator[Sandbox]:
    """A sandbox for other machines, which listens on loopback all the same."""
    async with Sandbox(
        allow_remote=True, control_token=TOKEN, allow_hosts=["Sandbox.test.svc"]
    ) as running:
        yield running


@pytest.mark.parametrize(
    "host", ["sandbox", "sandbox:8080", "10.0.0.1", "[2001:db8::1]:80", "sandbox.test.svc"]
)
async def test_other_machines_may_call_it_by_a_private_name(remote: Sandbox, host: str) -> None:
    """A container is called by the name of its service (field case 34)."""
    assert await send(remote, request_of(remote, "/v2/visitors", f"Host: {host}")) == 200
    assert await send(remote, request_of(remote, "/_sandbox/visitors", f"Host: {host}")) == 401


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("host", ["", "evil.example.com", "sandbox.evil.example.com:8080"])
async def test_a_strangers_name_is_refused_on_a_remote_sandbox_too(
    remote: Sandbox, target: str, host: str
) -> None:
    """DNS rebinding reaches private networks as well (field case 44)."""
    lines = [f"Host: {host}", f"Authorization: Bearer {TOKEN}"]
    assert await send(remote, request_of(remote, target, *lines)) in {400, 403}


async def test_the_refusal_of_a_name_says_how_to_allow_it(remote: Sandbox) -> None:
    async with aiohttp.ClientSession(remote.url, headers={"Host": "sandbox.example.com"}) as http:
        status, answer = await ask(http, "/v2/visitors")
    assert status == 403
    assert "--allow-host NAME" in answer["error"]


def basic(user: str, password: str) -> str:
    return f"basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.mark.parametrize(
    "authorization",
    [f"Bearer {TOKEN}", f"bearer  {TOKEN} ", basic("", TOKEN), basic("john.doe", TOKEN)],
)
async def test_the_token_opens_the_controls(remote: Sandbox, authorization: str) -> None:
    async with aiohttp.ClientSession(remote.url) as http:
        for path in ("/_sandbox", "/_sandbox/", "/_sandbox/visitors"):
            status, _ = await ask(http, path, headers={"Authorization": authorization})
            assert status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/%5Fsandbox/visitors",
        "/_%73andbox/visitors",
        "//_sandbox/visitors",
        "/./_sandbox/visitors",
        "/v2/../_sandbox/visitors",
        "/v2/_sandbox/visitors",
        "/_sandbox//visitors",
        "/_sandbox;/visitors",
        "/_sandbox%2Fvisitors",
        "http://localhost/_sandbox/visitors",
    ],
)
async def test_no_spelling_of_a_path_goes_around_the_token(remote: Sandbox, target: str) -> None:
    assert await send(remote, request_of(remote, target, "Host: localhost")) in {400, 401, 404}


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        f"Token {TOKEN}",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.lower()}",
        "Bearer caf\u00e9",
        "Basic",
        "Basic !!!",
        f"Basic {TOKEN}",
        basic(TOKEN, ""),
        basic(TOKEN, "x"),
        f"Basic {base64.b64encode(b'no colon').decode()}",
        f"Basic {base64.b64encode(bytes([255, 254])).decode()}",
    ],
)
async def test_without_the_token_no_control_call_is_carried_out(
    remote: Sandbox, authorization: str
) -> None:
    remote.add_visitor(id="S1.a")
    before = remote.visitors
    headers = {"Authorization": authorization} if authorization else {}
    async with aiohttp.ClientSession(f"{remote.url}/_sandbox/", headers=headers) as http:
        async with http.delete("visitors/S1.a") as response:
            answer = await response.json()
            assert response.headers["WWW-Authenticate"].startswith("Bearer ")
        assert response.status == 401
        assert "Authorization: Bearer <token>" in answer["error"]
        assert TOKEN not in str(answer)
    assert remote.visitors == before


async def test_every_control_call_needs_the_token(remote: Sandbox) -> None:
    async with aiohttp.ClientSession(remote.url) as http:
        for route in CALLS:
            status, _ = await ask(http, f"/_sandbox{route.path}", route.method)
            assert status == 401, route
        assert (await ask(http, "/_sandbox/nowhere"))[0] == 401
        for method in ("HEAD", "OPTIONS"):
            async with http.request(method, "/_sandbox/visitors") as response:
                assert response.status == 401


async def test_a_local_sandbox_may_have_a_token_too() -> None:
    async with (
        Sandbox(control_token=Secret(TOKEN)) as local,
        aiohttp.ClientSession(local.url) as http,
    ):
        assert (await ask(http, "/_sandbox"))[0] == 401
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert (await ask(http, "/_sandbox", headers=headers))[0] == 200


async def test_a_web_page_with_the_token_is_refused(remote: Sandbox) -> None:
    """A browser sends a Basic password that it knows to other sites' pages, too (field case 44)."""
    remote.add_visitor(id="S1.a")
    headers = {"Authorization": basic("", TOKEN), "Origin": "https://evil.example.com"}
    async with aiohttp.ClientSession(remote.url, headers=headers) as http:
        assert (await ask(http, "/_sandbox/visitors/S1.a", "DELETE"))[0] == 403
    assert len(remote.visitors) == 1


async def test_the_client_works_against_a_named_host(
    remote: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client in another container reaches the sandbox by its service's name (field case 34)."""
    port = int(remote.url.rsplit(":", 1)[1])
    resolve = asyncio.get_running_loop().getaddrinfo

    async def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        return await resolve("127.0.0.1" if host == "sandbox" else host, *args, **options)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    remote.add_visitor(name="Mary")
    async with LiveChatClient(
        remote.credentials, base_url=f"http://sandbox:{port}", allow_insecure_hosts=("sandbox",)
    ) as client:
        [visitor] = await client.visitors.list()
    assert visitor.name == "Mary"
    assert remote.requests[0].headers["Host"] == f"sandbox:{port}"


async def test_the_token_is_in_no_log_and_no_repr(
    remote: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [repr(remote), str(vars(remote)), repr(remote._server)]
    async with aiohttp.ClientSession(remote.url) as http:
        for path in (
            "/_sandbox/visitors",
            f"/_sandbox/visitors?x={TOKEN}&token={TOKEN}",
            f"/v2/visitors?x={TOKEN}",
            f"/{'x' * 480}{TOKEN}",
        ):
            for authorization in (f"Bearer {TOKEN}", basic("", TOKEN), "Bearer wrong"):
                await ask(http, path, headers={"Authorization": authorization})
        headers = {"Authorization": f"Bearer {TOKEN}"}
        _, requests = await ask(http, "/_sandbox/requests?method=x", headers=headers)
    assert "GET /_sandbox/visitors?x=***&token=*** 200" in caplog.text
    shown += [caplog.text, str([record["headers"] for record in requests])]
    for text in shown:
        assert TOKEN[:8] not in text
        assert base64.b64encode(f":{TOKEN}".encode()).decode() not in text


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"host": "0.0.0.0"}, "allow_remote=True and a control_token"),  # noqa: S104 - refused
        ({"host": "::"}, "allow_remote=True and a control_token"),
        ({"host": "192.0.2.1", "control_token": TOKEN}, "allow_remote=True"),
        ({"host": "0.0.0.0", "allow_remote": True}, "a control_token is needed"),  # noqa: S104
        ({"allow_remote": True}, "secrets.token_urlsafe()"),
        ({"allow_remote": 1, "control_token": TOKEN}, "allow_remote=1: True or False"),
        ({"allow_remote": "no"}, "allow_remote='no': True or False"),
        ({"control_token": ""}, "16 to 200 ASCII characters"),
        ({"control_token": "short"}, "16 to 200 ASCII characters"),
        ({"control_token": TOKEN + " x"}, "without spaces"),
        ({"control_token": TOKEN + "\u00e9"}, "16 to 200 ASCII characters"),
        ({"control_token": TOKEN * 10}, "16 to 200 ASCII characters"),
        ({"control_token": TOKEN.encode()}, "16 to 200 ASCII characters"),
        ({"control_token": 5}, "16 to 200 ASCII characters"),
        ({"allow_hosts": ["sandbox.example.com"]}, "allow_remote=True: pass both"),
        ({"allow_hosts": "sandbox"}, "allow_hosts='sandbox': a list of host names"),
        ({"webhook_hosts": ["http://bot"]}, "webhook_hosts: 'http://bot' is no host name"),
    ],
)
def test_an_open_door_without_a_lock_is_refused(options: dict[str, Any], text: str) -> None:
    """The message names the remedy, and no token (field case 34)."""
    with pytest.raises(ConfigurationError) as caught:
        Sandbox(**options)
    assert text in str(caught.value)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if "livechat_async/" in frame.filename]
    assert ours
    assert TOKEN[:8] not in str(caught.value) + str([frame.locals for frame in ours])


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:4321"),  # noqa: S104 - nothing listens
        ("::", "http://[::1]:4321"),
        ("192.0.2.1", "http://192.0.2.1:4321"),
    ],
)
async def test_the_url_of_all_addresses_is_one_to_connect_to(
    monkeypatch: pytest.MonkeyPatch, host: str, url: str
) -> None:
    async def start(_: object, given: str, port: int) -> tuple[str, int]:
        assert (given, port) == (host, 0)
        return host, 4321

    monkeypatch.setattr("livechat_async.sandbox.http.server.Server.start", start)
    sandbox = Sandbox(host=host, allow_remote=True, control_token=TOKEN)
    await sandbox.start()
    assert sandbox.url == url
    await sandbox.stop()


@given(st.text(max_size=40) | st.sampled_from([TOKEN, f"Bearer {TOKEN}", basic("a:b", TOKEN)]))
def test_only_the_token_opens(authorization: str) -> None:
    access = Access(control_token=Secret(TOKEN))
    is_open = access.refuse_control(authorization) is None
    assert is_open == (authorization == f"Bearer {TOKEN}")


@pytest.mark.parametrize("delimiter", [" ", "=", ":", "Bearer ", "Basic ", "/", "A"])
def test_a_long_header_is_judged_at_once(delimiter: str) -> None:
    """A hundred thousand of any delimiter open nothing (field case 35)."""
    access = Access(control_token=Secret(TOKEN))
    for scheme in ("Bearer ", "Basic ", ""):
        assert access.refuse_control(f"{scheme}{delimiter * 100_000}") is not None
