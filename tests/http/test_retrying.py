"""Repetitions over a real connection: which failures, how often, and after which waits."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeAlias

import pytest
from clients import MakeClient, Naps, sleeping_with
from scripted_server import (
    Reply,
    ScriptedServer,
    answer,
    cut,
    cut_chunked,
    dropped,
    dropped_after_headers,
    raw,
)

from livechat_async import (
    APIStatusError,
    BadRequestError,
    CallError,
    ConnectError,
    ConnectionLost,
    DetailField,
    LiveChatClient,
    RateLimitError,
    Request,
    RetryPolicy,
    ServerError,
    Timeouts,
    TLSError,
    VisitorDetails,
)

DETAILS = VisitorDetails("my-app", [DetailField("Age", 36)])
Call: TypeAlias = Callable[[LiveChatClient], Awaitable[object]]


async def read(client: LiveChatClient) -> int:
    return (await client.send(Request("GET", "/visitors"), list[Any])).attempts


async def write(client: LiveChatClient) -> int:
    return (await client.send(Request("POST", "/agents", body={"name": "x"}))).attempts


read_or_write = pytest.mark.parametrize("call", [read, write])


def busy(status: int, retry_after: str | None = None) -> Reply:
    return answer(
        status, b"{}", headers={} if retry_after is None else {"Retry-After": retry_after}
    )


async def test_two_failures_and_a_success_are_three_attempts_and_the_log_says_so(
    server: ScriptedServer, client: LiveChatClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "livechat_async")
    server.script(busy(503), busy(503, "2"), answer(200, b"[]"))
    response = await client.send(Request("GET", "/visitors"), list[Any])
    assert response.attempts == 3
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [level for level, _ in lines] == ["DEBUG", "INFO", "DEBUG", "INFO", "DEBUG"]
    for number, (_, line) in enumerate(lines[::2], 1):
        assert f"GET {server.url}/visitors: " in line
        assert f"attempt {number}" in line
        assert ("200, 2 bytes" if number == 3 else "503, 2 bytes") in line
        assert re.search(r"in \d\.\d{3} s", line)
    assert "waiting 0.00 s" in lines[1][1]
    assert "waiting 2.00 s" in lines[3][1]
    assert "answered 503" in lines[1][1]
    assert {record.name for record in caplog.records} == {"livechat_async"}


async def test_an_attempt_without_an_answer_is_logged_too(
    server: ScriptedServer, client: LiveChatClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "livechat_async")
    server.script(dropped(), answer())
    await client.visitors.list()
    levels = [record.levelname for record in caplog.records]
    assert levels == ["DEBUG", "INFO", "DEBUG"]
    assert "no answer" in caplog.messages[0]
    assert "the connection was lost" in caplog.messages[1]


async def test_every_log_line_is_one_line(
    server: ScriptedServer, client: LiveChatClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "livechat_async")
    server.script(
        raw(b"no HTTP\nat all\r\n\r\n"), busy(503), answer(503, {"error": "a\nb\r\nc"}), answer()
    )
    await client.visitors.list()
    assert len(caplog.messages) == 7
    assert [line for line in caplog.messages if len(line.splitlines()) > 1] == []


FAILURES: dict[str, tuple[Reply, type[CallError]]] = {
    "408": (busy(408), APIStatusError),
    "500": (busy(500), ServerError),
    "500 with Retry-After": (busy(500, "1"), ServerError),
    "502": (busy(502), ServerError),
    "503": (busy(503), ServerError),
    "503 with odd Retry-After": (busy(503, "soon"), ServerError),
    "504": (busy(504), ServerError),
    "dropped": (dropped(), ConnectionLost),
    "dropped after headers": (dropped_after_headers(), ConnectionLost),
    "cut body": (cut(), ConnectionLost),
    "cut chunks": (cut_chunked(), ConnectionLost),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH\r\n\r\n"), ConnectionLost),
}
any_failure = pytest.mark.parametrize(("reply", "kind"), FAILURES.values(), ids=FAILURES)


@any_failure
async def test_a_read_is_repeated(
    server: ScriptedServer, client: LiveChatClient, reply: Reply, kind: type[CallError]
) -> None:
    assert kind
    server.script(reply, reply, answer(200, b"[]"))
    assert await read(client) == 3
    assert len(server.requests) == 3


@any_failure
async def test_a_read_that_keeps_failing_says_how_often_it_was_tried(
    server: ScriptedServer, client: LiveChatClient, reply: Reply, kind: type[CallError]
) -> None:
    server.script(reply)
    with pytest.raises(kind, match=r"after 4 attempts") as caught:
        await read(client)
    assert caught.value.attempts == len(server.requests) == 4


@any_failure
async def test_a_write_that_may_have_been_carried_out_is_not_repeated(
    server: ScriptedServer,
    client: LiveChatClient,
    naps: Naps,
    reply: Reply,
    kind: type[CallError],
) -> None:
    server.script(reply, answer())
    with pytest.raises(kind) as caught:
        await write(client)
    assert caught.value.attempts == len(server.requests) == 1
    assert naps.seconds == []


@any_failure
async def test_a_write_is_repeated_like_a_read_if_the_policy_says_so(
    server: ScriptedServer, make_client: MakeClient, reply: Reply, kind: type[CallError]
) -> None:
    assert kind
    server.script(reply, reply, answer())
    client = make_client(retry=RetryPolicy(backoff=0, retry_writes=True))
    assert await write(client) == 3
    assert [request.json for request in server.requests] == [{"name": "x"}] * 3


@read_or_write
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_in_seconds_is_waited_for(
    server: ScriptedServer, client: LiveChatClient, naps: Naps, call: Call, status: int
) -> None:
    server.script(busy(status, "1"), busy(status, "0.5"), busy(status, "0"), answer())
    assert await call(client) == 4
    assert naps.seconds == [1.0, 0.5, 0.0]


@read_or_write
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_as_a_date_is_waited_for(
    server: ScriptedServer, make_client: MakeClient, naps: Naps, call: Call, status: int
) -> None:
    def date(seconds: int) -> str:
        return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)

    server.script(busy(status, date(20)), busy(status, date(-20)), answer())
    assert await call(make_client(timeouts=Timeouts(deadline=60))) == 3
    assert naps.seconds == [pytest.approx(19, abs=1.1), 0.0]


async def test_details_answered_429_are_sent_again_after_retry_after(
    server: ScriptedServer, client: LiveChatClient, naps: Naps
) -> None:
    server.script(busy(429, "1"), answer())
    await client.visitors.add_details("S1", DETAILS, license_id=7, token="t")
    assert naps.seconds == [1.0]
    first, second = server.requests
    assert first.body == second.body
    assert second.json["license_id"] == "7"


async def test_details_answered_500_are_not_sent_again(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(busy(500), answer())
    with pytest.raises(ServerError):
        await client.visitors.add_details("S1", DETAILS, license_id=7, token="t")
    assert len(server.requests) == 1


async def test_a_write_answered_429_without_retry_after_is_repeated(
    server: ScriptedServer, client: LiveChatClient, naps: Naps
) -> None:
    server.script(busy(429), answer())
    assert await write(client) == 2
    assert naps.seconds == [0.0]


@read_or_write
@pytest.mark.parametrize("status", [429, 503])
async def test_a_retry_after_beyond_the_limit_ends_the_call_at_once(
    server: ScriptedServer, make_client: MakeClient, naps: Naps, call: Call, status: int
) -> None:
    server.script(busy(status, "31"), answer())
    with pytest.raises(APIStatusError, match="asked again in 31 s") as caught:
        await call(make_client(timeouts=Timeouts(deadline=None)))
    assert caught.value.retry_after == 31.0
    assert caught.value.attempts == len(server.requests) == 1
    assert naps.seconds == []


async def test_the_limit_of_retry_after_can_be_raised(
    server: ScriptedServer, make_client: MakeClient, naps: Naps
) -> None:
    server.script(busy(429, "3600"), answer())
    client = make_client(retry=RetryPolicy(retry_after_max=3600), timeouts=Timeouts(deadline=None))
    assert await read(client) == 2
    assert naps.seconds == [3600.0]


@read_or_write
async def test_a_retry_after_that_cannot_end_before_the_deadline_ends_the_call_at_once(
    server: ScriptedServer, make_client: MakeClient, naps: Naps, call: Call
) -> None:
    server.script(busy(429, "5"), answer())
    with pytest.raises(RateLimitError) as caught:
        await call(make_client(timeouts=Timeouts(deadline=4)))
    assert caught.value.retry_after == 5.0
    assert naps.seconds == []


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "1e999", "soon", "", "Sun, 99 Foo 2020"])
async def test_a_retry_after_that_says_nothing_is_as_none(
    server: ScriptedServer, client: LiveChatClient, naps: Naps, value: str
) -> None:
    server.script(busy(429, value), answer())
    assert await read(client) == 2
    assert naps.seconds == [0.0]


async def test_the_waits_grow_and_are_drawn_at_random(
    server: ScriptedServer, make_client: MakeClient, naps: Naps
) -> None:
    server.script(busy(503))
    policy = RetryPolicy(attempts=7, backoff=0.5, backoff_max=4.0)
    with pytest.raises(ServerError):
        await read(make_client(retry=policy, timeouts=Timeouts(deadline=None)))
    most = [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert len(naps.seconds) == len(most)
    assert all(0 <= wait <= limit for wait, limit in zip(naps.seconds, most, strict=True))
    assert len(set(naps.seconds)) == len(most)


@read_or_write
async def test_no_policy_is_one_attempt(
    server: ScriptedServer, make_client: MakeClient, naps: Naps, call: Call
) -> None:
    server.script(busy(429, "0"), answer())
    with pytest.raises(RateLimitError) as caught:
        await call(make_client(retry=RetryPolicy.none()))
    assert caught.value.attempts == len(server.requests) == 1
    assert "attempts" not in str(caught.value)
    assert naps.seconds == []


async def test_the_statuses_worth_repeating_can_be_chosen(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client(retry=RetryPolicy(backoff=0, statuses={418, 400}))
    server.script(busy(418), busy(400), answer())
    assert await read(client) == 3
    server.script(busy(503, "0"), answer())
    with pytest.raises(ServerError):
        await read(client)
    server.script(busy(418), answer())
    with pytest.raises(APIStatusError):
        await write(client)
    server.script(busy(429, "0"), answer())
    with pytest.raises(RateLimitError):
        await write(client)


@read_or_write
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 501, 505])
async def test_a_final_status_is_not_repeated(
    server: ScriptedServer, client: LiveChatClient, call: Call, status: int
) -> None:
    server.script(busy(status, "0"), answer())
    with pytest.raises(APIStatusError):
        await call(client)
    assert len(server.requests) == 1


@read_or_write
async def test_a_refused_connection_is_tried_again_also_for_a_write(
    make_client: MakeClient, naps: Naps, free_port: int, call: Call
) -> None:
    client = make_client(base_url=f"http://127.0.0.1:{free_port}")
    with pytest.raises(ConnectError, match=r"after 4 attempts.*Check base_url") as caught:
        await call(client)
    assert caught.value.attempts == 4
    assert len(naps.seconds) == 3
    assert str(free_port) in str(caught.value)


@read_or_write
async def test_an_unknown_name_is_a_failed_connect(
    make_client: MakeClient, naps: Naps, call: Call
) -> None:
    client = make_client(base_url="https://name.invalid", retry=RetryPolicy(attempts=2, backoff=0))
    with pytest.raises(ConnectError, match=r"name\.invalid") as caught:
        await call(client)
    assert caught.value.attempts == 2
    assert len(naps.seconds) == 1


@read_or_write
async def test_a_handshake_that_fails_is_not_tried_again(
    make_client: MakeClient, naps: Naps, plain_text_behind_https: str, call: Call
) -> None:
    client = make_client(base_url=plain_text_behind_https)
    with pytest.raises(TLSError) as caught:
        await call(client)
    assert caught.value.attempts == 1
    assert naps.seconds == []


@read_or_write
async def test_a_server_that_comes_up_between_attempts_is_reached(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    await server.stop()
    waits = 0

    async def start_at_the_second(_: float) -> None:
        nonlocal waits
        waits += 1
        if waits == 2:
            await server.__aenter__()

    assert await call(sleeping_with(make_client(), start_at_the_second)) == 3
    assert len(server.requests) == 1


@read_or_write
async def test_a_server_that_restarts_between_calls_is_reached(
    server: ScriptedServer, client: LiveChatClient, call: Call
) -> None:
    assert await call(client) == 1
    await server.stop()
    await server.__aenter__()
    assert await call(client) == 1
    assert server.connections == 2


@read_or_write
async def test_a_kept_connection_that_the_server_closed_meanwhile_does_no_harm(
    server: ScriptedServer, client: LiveChatClient, naps: Naps, call: Call
) -> None:
    server.script(answer(200, b"[]", then_close=True))
    for _ in range(3):
        assert await call(client) == 1
        while server.at_once or server._writers:
            await naps(0)
        for _ in range(5):
            await naps(0)  # the client's side sees the end, too
    assert server.connections == 3


async def test_connections_are_kept(server: ScriptedServer, client: LiveChatClient) -> None:
    server.script(busy(503), answer())
    for _ in range(3):
        await read(client)
        await write(client)
    assert server.connections == 1


async def test_a_read_on_a_kept_connection_that_breaks_is_repeated(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(answer(), dropped(), dropped(), answer())
    await read(client)
    await read(client)
    assert len(server.requests) == 4


async def test_a_write_on_a_kept_connection_that_breaks_is_not_repeated(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(answer(), dropped(), answer())
    await write(client)
    with pytest.raises(ConnectionLost):
        await write(client)
    assert len(server.requests) == 2


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("reply", [dropped(), busy(500)], ids=["dropped", "500"])
async def test_every_method_that_changes_something_is_a_write(
    server: ScriptedServer, client: LiveChatClient, method: str, reply: Reply
) -> None:
    """Also on a kept connection, where aiohttp would send a PUT or DELETE twice."""
    server.script(answer(), reply, answer())
    await read(client)
    with pytest.raises(CallError) as caught:
        await client.send(Request(method, "/agents/x"))
    assert caught.value.attempts == 1
    assert [request.method for request in server.requests] == ["GET", method]


async def test_a_failure_that_is_not_worth_repeating_ends_the_repeating(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(busy(503), busy(400), answer())
    with pytest.raises(BadRequestError, match="after 2 attempts"):
        await read(client)
    assert len(server.requests) == 2


async def test_copies_have_a_policy_of_their_own(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client()
    once = client.with_options(retry=RetryPolicy.none())
    server.script(busy(503))
    with pytest.raises(ServerError) as caught:
        await read(once)
    assert caught.value.attempts == 1
    with pytest.raises(ServerError) as caught:
        await read(client)
    assert caught.value.attempts == 4


@pytest.mark.parametrize("wait", ["9" * 400, "1" + "0" * 309, "31"])
async def test_a_wait_that_is_longer_than_any_number_is_a_long_wait(
    server: ScriptedServer, client: LiveChatClient, wait: str
) -> None:
    """Field case 45: 400 digits counted as no wait, so the call was repeated at once."""
    server.script(busy(429, wait))
    with pytest.raises(RateLimitError) as caught:
        await client.visitors.list()
    assert len(server.requests) == 1
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 31


@pytest.mark.parametrize("wait", ["-5", "1e400", "0.001", "soon"])
async def test_a_wait_that_is_short_or_no_number_is_repeated(
    server: ScriptedServer, client: LiveChatClient, wait: str
) -> None:
    """Field case 45, where the server asks for no long wait."""
    server.script(busy(429, wait), answer())
    assert await client.visitors.list() == []
