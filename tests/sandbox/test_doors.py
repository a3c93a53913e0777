"""Who may speak to a sandbox: programs on this machine, and no web pages."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
import pytest
from asking import ask

from livechat_async.sandbox import Sandbox


async def send(sandbox: Sandbox, head: str) -> int:
    """The status of the answer to a request without a body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rsplit(":", 1)[1]))
    with contextlib.closing(writer):
        writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        return int((await reader.read()).split(b" ", 2)[1])


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
