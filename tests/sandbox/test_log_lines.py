"""A line in the log for each request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re

import aiohttp
import pytest
from asking import ask, send_bytes

from livechat_async.sandbox import CutBody, DropConnection, Sandbox, Slow, Status
from livechat_async.sandbox.http.access import Access

LOGGER = "livechat_async.sandbox"


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines, without how long each request took."""
    return [re.sub(r" \d+ ms", "", record.getMessage()) for record in caplog.records]


async def test_each_request_is_a_line(
    http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """One sees what a program asks for (field case 34)."""
    caplog.set_level(logging.INFO, LOGGER)
    await ask(http, "/visitors?state=chatting&group[]=0")
    await ask(http, "/nowhere", "POST")
    await ask(http, "/_sandbox/visitors")
    await ask(http, "/v2/visitors", headers={"Origin": "https://evil.example.com"})
    assert lines(caplog) == [
        "GET /visitors?state=chatting&group%5B%5D=0 200",
        "POST /nowhere 404",
        "GET /_sandbox/visitors 200",
        "GET /v2/visitors 403",
    ]
    assert re.fullmatch(r"POST /nowhere 404 \d+ ms", caplog.messages[1])


async def test_a_line_names_the_fault(
    sandbox: Sandbox, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    sandbox.inject(Status(503))
    sandbox.inject(CutBody())
    sandbox.inject(DropConnection(), times=2)
    for _ in range(3):
        with contextlib.suppress(aiohttp.ClientError):
            async with http.get("/agents") as response:
                await response.read()
    assert lines(caplog)[:3] == [
        "GET /agents 503 (Status)",
        "GET /agents unfinished (CutBody)",
        "GET /agents unfinished (DropConnection)",
    ]


async def test_a_client_that_leaves_gets_a_line_too(
    sandbox: Sandbox, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    sandbox.inject(Slow(600))
    leaving = asyncio.create_task(ask(http, "/agents"))
    while not sandbox.requests:  # noqa: ASYNC110 (a record is no event)
        await asyncio.sleep(0.005)
    leaving.cancel()
    while not caplog.records:  # noqa: ASYNC110 (a line is no event)
        await asyncio.sleep(0.005)
    assert lines(caplog) == ["GET /agents unfinished (Slow)"]


async def test_a_line_shows_no_secret(
    sandbox: Sandbox, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    query = "a=1&token=very-secret&tok%65n=very-secret&token[x]=very-secret&Token&b"
    await ask(http, f"/visitors/S1/details?{query}", "POST")
    target = "http://john:very-secret@localhost/v2/x"
    head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    await send_bytes(sandbox, head)
    assert "very-secret" not in caplog.text
    shown = "a=1&token=***&token=***&token%5Bx%5D=***&Token&b"
    assert lines(caplog)[0] == f"POST /visitors/S1/details?{shown} 404"


async def test_a_long_target_is_cut(
    http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    await ask(http, f"/v2/{'x' * 5000}")
    [line] = lines(caplog)
    assert line == f"GET /v2/{'x' * 496}\u2026 404"


def test_what_a_terminal_obeys_is_a_picture() -> None:
    assert Access().show("/v2/\x1b[31m\udcff\u202e") == "/v2/\u241b[31m\ufffd\ufffd"


async def test_nothing_is_written_unless_the_log_is_shown(
    http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await ask(http, "/v2/agents")
    assert not caplog.records
