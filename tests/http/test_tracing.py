"""Calls as seen from outside: aiohttp's traces, the log, the response."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from clients import Lend, MakeClient
from scripted_server import ScriptedServer, answer

from livechat_async import BearerToken, LiveChatClient, Request, RetryPolicy


def tracing(seen: list[str]) -> aiohttp.TraceConfig:
    async def start(_: Any, __: SimpleNamespace, params: aiohttp.TraceRequestStartParams) -> None:
        seen.append(f"start {params.method} {params.url.path}")

    async def end(_: Any, __: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
        seen.append(f"end {params.response.status}")

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(start)
    trace.on_request_end.append(end)
    return trace


@pytest.mark.parametrize("lent", [False, True], ids=["own session", "lent session"])
async def test_traces_see_every_attempt(
    *, server: ScriptedServer, make_client: MakeClient, lend: Lend, lent: bool
) -> None:
    seen: list[str] = []
    traces = [tracing(seen)]
    client = (
        make_client(session=lend(trace_configs=traces))
        if lent
        else make_client(trace_configs=traces)
    )
    server.script(answer(503, b"{}"), answer())
    await client.visitors.list()
    assert seen == ["start GET /visitors", "end 503", "start GET /visitors", "end 200"]


async def test_copies_are_traced_too(server: ScriptedServer, make_client: MakeClient) -> None:
    seen: list[str] = []
    client = make_client(trace_configs=[tracing(seen)])
    await client.with_options(retry=RetryPolicy.none()).visitors.list()
    assert len(seen) == 2
    assert len(server.requests) == 1


async def test_a_trace_may_add_a_header_as_telemetry_does(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    async def propagate(_: Any, __: Any, params: aiohttp.TraceRequestStartParams) -> None:
        params.headers["traceparent"] = "00-1-2-01"

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(propagate)
    await make_client(trace_configs=[trace]).visitors.list()
    assert server.requests[0].headers["traceparent"] == "00-1-2-01"


async def test_the_log_is_silent_unless_asked(
    client: LiveChatClient, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.script(answer(503, b"{}"), answer())
    await client.visitors.list()
    assert capsys.readouterr() == ("", "")


async def test_the_log_holds_no_secret(
    server: ScriptedServer, make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script(answer(503, {"error": "who is dal:s3cret?"}), answer())
    client = make_client(BearerToken("dal:s3cret"), headers={"X-Key": "hidden1"})
    await client.send(
        Request("GET", "/visitors", query={"access_token": "hidden2", "a": 1}), list[Any]
    )
    assert "access_token=***&a=1" in caplog.text
    assert "who is ***?" in caplog.text
    for secret in ("s3cret", "hidden1", "hidden2"):
        assert secret not in caplog.text


async def test_a_response_tells_how_it_came(server: ScriptedServer, client: LiveChatClient) -> None:
    server.script(answer(503, b"{}"), answer(202, b'{"a": 1}', headers={"X-Id": "7"}))
    response = await client.send(Request("GET", "/odd"), dict[str, int])
    assert (response.value, response.status, response.attempts) == ({"a": 1}, 202, 2)
    assert response.headers["x-id"] == response.headers["X-ID"] == "7"
    assert response.content == b'{"a": 1}'
    assert 0 < response.elapsed < 5
