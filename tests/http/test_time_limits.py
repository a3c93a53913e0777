"""The limits of `Timeouts`, kept whatever the server does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NoReturn, TypeAlias

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver
from clients import Lend, MakeClient, Naps, sleeping_with
from scripted_server import (
    Reply,
    ScriptedServer,
    answer,
    dripping,
    dropped,
    hanging,
    hanging_body,
    redirect,
)

from livechat_async import (
    ConnectError,
    ConnectTimeout,
    LiveChatClient,
    LiveChatError,
    RateLimitError,
    Request,
    RequestTimeout,
    RetryPolicy,
    ServerError,
    Timeouts,
)

LIMIT = 0.1
TOLERANCE = 60  # a busy machine adds seconds; a call without its limit never ends
Call: TypeAlias = Callable[[LiveChatClient], Awaitable[object]]


@contextmanager
def taking(seconds: float) -> Iterator[None]:
    """The block takes so long, and hardly longer."""
    started = time.monotonic()
    yield
    assert seconds * 0.9 <= time.monotonic() - started < seconds + TOLERANCE


@contextmanager
def in_time(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds + TOLERANCE


async def read(client: LiveChatClient) -> Any:
    return await client.visitors.list()


async def write(client: LiveChatClient) -> Any:
    return await client.send(Request("POST", "/agents", body={"name": "x"}))


read_or_write = pytest.mark.parametrize("call", [read, write])
NEVER_DONE: dict[str, Reply] = {
    "silence": hanging(),
    "half a body": hanging_body(),
    "drip": dripping(),
}
never_done = pytest.mark.parametrize("reply", NEVER_DONE.values(), ids=NEVER_DONE)


@never_done
@read_or_write
async def test_one_attempt_takes_no_longer_than_its_limit(
    server: ScriptedServer, make_client: MakeClient, call: Call, reply: Reply
) -> None:
    server.script(reply)
    client = make_client(retry=RetryPolicy.none(), timeouts=Timeouts(attempt=LIMIT))
    with taking(LIMIT), pytest.raises(RequestTimeout) as caught:
        await call(client)
    error = caught.value
    assert (error.limit, error.seconds, error.attempts) == ("attempt", LIMIT, 1)
    assert isinstance(error, TimeoutError)
    assert "no answer within the attempt limit of 0.1 s" in str(error)
    assert str(error).startswith("GET " if call is read else "POST ")
    assert "Timeouts(attempt=...)" in str(error)


@never_done
async def test_a_read_is_repeated_after_an_attempt_that_took_too_long(
    server: ScriptedServer, make_client: MakeClient, reply: Reply
) -> None:
    server.script(reply, answer())
    with taking(LIMIT):
        await read(make_client(timeouts=Timeouts(attempt=LIMIT)))
    assert len(server.requests) == 2


@never_done
async def test_a_write_is_not_repeated_after_an_attempt_that_took_too_long(
    server: ScriptedServer, make_client: MakeClient, reply: Reply
) -> None:
    server.script(reply, answer())
    with taking(LIMIT), pytest.raises(RequestTimeout):
        await write(make_client(timeouts=Timeouts(attempt=LIMIT)))
    assert len(server.requests) <= 1  # on a busy machine, it can end before it arrives


async def test_every_attempt_has_the_whole_limit(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(hanging())
    client = make_client(
        retry=RetryPolicy(attempts=3, backoff=0), timeouts=Timeouts(attempt=LIMIT, deadline=9)
    )
    with taking(3 * LIMIT), pytest.raises(RequestTimeout, match="after 3 attempts") as caught:
        await read(client)
    assert caught.value.limit == "attempt"
    assert len(server.requests) <= 3  # on a busy machine, an attempt can end before it arrives


@never_done
@read_or_write
async def test_the_deadline_ends_an_exchange(
    server: ScriptedServer, make_client: MakeClient, call: Call, reply: Reply
) -> None:
    server.script(reply)
    client = make_client(timeouts=Timeouts(connect=None, attempt=None, deadline=LIMIT))
    with taking(LIMIT), pytest.raises(RequestTimeout) as caught:
        await call(client)
    error = caught.value
    assert (error.limit, error.seconds, error.attempts) == ("deadline", LIMIT, 1)
    assert error.method in str(error)
    assert "no answer within the deadline limit of 0.1 s" in str(error)


async def test_the_deadline_covers_all_attempts(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(hanging())
    client = make_client(
        retry=RetryPolicy(attempts=99, backoff=0), timeouts=Timeouts(attempt=0.08, deadline=0.5)
    )
    with taking(0.5), pytest.raises(RequestTimeout) as caught:
        await read(client)
    assert 2 <= caught.value.attempts <= 7
    assert "attempt limit of 0.08 s" in str(caught.value)
    if caught.value.limit == "deadline":  # on a busy machine, an attempt may end after it
        assert "before that: " in str(caught.value)


@pytest.mark.parametrize("reply", [answer(503, b"{}"), dropped()], ids=["503", "dropped"])
async def test_the_deadline_ends_endless_failures(
    server: ScriptedServer, make_client: MakeClient, reply: Reply
) -> None:
    server.script(reply)
    client = sleeping_with(
        make_client(
            retry=RetryPolicy(attempts=10**9, backoff=0.02, backoff_max=0.02),
            timeouts=Timeouts(deadline=1.0),
        ),
        asyncio.sleep,
    )
    with in_time(1.0), pytest.raises(LiveChatError) as caught:
        await read(client)
    attempts: int = caught.value.attempts  # type: ignore[attr-defined]
    # The deadline may end the last attempt before its request arrives.
    assert attempts - len(server.requests) in {0, 1}
    assert attempts > 3


async def test_no_wait_is_begun_that_cannot_end_before_the_deadline(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(answer(503, b"{}", headers={"Retry-After": "1"}))
    client = sleeping_with(make_client(timeouts=Timeouts(deadline=0.9)), asyncio.sleep)
    with in_time(0), pytest.raises(ServerError) as caught:
        await read(client)
    assert caught.value.retry_after == 1.0


async def test_a_retry_after_is_really_waited_for(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(answer(429, b"{}", headers={"Retry-After": "0.2"}), answer())
    client = sleeping_with(make_client(timeouts=Timeouts(deadline=5)), asyncio.sleep)
    with taking(0.2):
        await read(client)


async def test_a_wait_that_oversleeps_is_ended_by_the_deadline(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    async def oversleep(_: float) -> None:
        await asyncio.sleep(9)

    seconds = 2.0  # in which a busy machine answers the first attempt
    server.script(answer(429, b"{}"))
    client = sleeping_with(make_client(timeouts=Timeouts(deadline=seconds)), oversleep)
    with taking(seconds), pytest.raises(RequestTimeout, match=r"before that: .*429") as caught:
        await read(client)
    assert (caught.value.limit, caught.value.attempts) == ("deadline", 1)


@read_or_write
async def test_the_deadline_covers_a_limiter(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    @asynccontextmanager
    async def hang() -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield

    client = make_client(limiter=hang(), timeouts=Timeouts(deadline=LIMIT))
    with taking(LIMIT), pytest.raises(RequestTimeout) as caught:
        await call(client)
    assert (caught.value.limit, caught.value.attempts) == ("deadline", 0)
    assert server.connections == 0


@read_or_write
async def test_the_deadline_covers_a_credentials_callable(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    async def hang() -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError

    client = make_client(hang, timeouts=Timeouts(deadline=LIMIT))
    with taking(LIMIT), pytest.raises(RequestTimeout) as caught:
        await call(client)
    assert (caught.value.limit, caught.value.attempts) == ("deadline", 0)
    assert server.connections == 0


@read_or_write
async def test_the_deadline_covers_the_wait_for_a_turn(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    server.script(hanging())
    client = make_client(max_concurrency=1)
    first = asyncio.ensure_future(read(client))
    await server.arrival()
    with taking(LIMIT), pytest.raises(RequestTimeout) as caught:
        await call(client.with_options(timeouts=Timeouts(deadline=LIMIT)))
    assert (caught.value.limit, caught.value.attempts) == ("deadline", 0)
    assert len(server.requests) == 1
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_the_wait_for_a_turn_is_no_part_of_an_attempt(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    async def after(exchange: Any) -> None:
        await asyncio.sleep(0.3)
        await answer()(exchange)

    server.script(after)
    client = make_client(
        max_concurrency=1, retry=RetryPolicy.none(), timeouts=Timeouts(attempt=1.5, deadline=60)
    )
    assert await asyncio.gather(*(read(client) for _ in range(6))) == [[]] * 6


async def test_redirects_without_end_are_within_the_limits(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    async def slowly(exchange: Any) -> None:
        await asyncio.sleep(0.04)
        await redirect("/visitors", 307)(exchange)

    server.script(slowly)
    client = make_client(retry=RetryPolicy.none(), timeouts=Timeouts(attempt=LIMIT, deadline=5))
    with taking(LIMIT), pytest.raises(RequestTimeout) as caught:
        await read(client)
    assert caught.value.limit == "attempt"


async def test_a_full_backlog_is_a_connect_timeout(
    make_client: MakeClient, full_backlog: str
) -> None:
    client = make_client(
        base_url=full_backlog, retry=RetryPolicy.none(), timeouts=Timeouts(connect=LIMIT)
    )
    with taking(LIMIT), pytest.raises(ConnectTimeout) as caught:
        await read(client)
    error = caught.value
    assert isinstance(error, ConnectError)
    assert isinstance(error, RequestTimeout)
    assert isinstance(error, TimeoutError)
    assert (error.limit, error.seconds, error.attempts) == ("connect", LIMIT, 1)
    assert "no connection within the connect limit of 0.1 s" in str(error)


@read_or_write
async def test_a_connect_timeout_is_repeated_also_for_a_write(
    make_client: MakeClient, full_backlog: str, naps: Naps, call: Call
) -> None:
    client = make_client(
        base_url=full_backlog,
        retry=RetryPolicy(attempts=3, backoff=0),
        timeouts=Timeouts(connect=0.05),
    )
    with taking(0.15), pytest.raises(ConnectTimeout, match="after 3 attempts"):
        await call(client)
    assert len(naps.seconds) == 2


class NoAnswer(AbstractResolver):
    """A name server that never answers."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
        del host, port, family
        await asyncio.Event().wait()

    async def close(self) -> None:
        return


@read_or_write
async def test_the_connect_limit_covers_the_look_up_of_the_name(
    make_client: MakeClient, lend: Lend, call: Call
) -> None:
    client = make_client(
        base_url="https://api.example.com",
        session=lend(connector=aiohttp.TCPConnector(resolver=NoAnswer())),
        retry=RetryPolicy(attempts=2, backoff=0),
        timeouts=Timeouts(connect=0.05, attempt=1, deadline=2),
    )
    with taking(0.1), pytest.raises(ConnectTimeout, match="after 2 attempts"):
        await call(client)


async def test_the_connect_limit_covers_the_handshake(
    make_client: MakeClient, full_backlog: str
) -> None:
    """Nobody answers the client's first words there."""
    client = make_client(
        base_url=full_backlog.replace("http:", "https:"),
        retry=RetryPolicy.none(),
        timeouts=Timeouts(connect=LIMIT),
    )
    with taking(LIMIT), pytest.raises(ConnectTimeout):
        await read(client)


async def test_a_handshake_that_is_never_answered_is_a_connect_timeout(
    make_client: MakeClient,
) -> None:
    gone = asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await gone.wait()
        finally:
            writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        client = make_client(
            base_url=f"https://127.0.0.1:{port}",
            retry=RetryPolicy.none(),
            timeouts=Timeouts(connect=LIMIT),
        )
        with taking(LIMIT), pytest.raises(ConnectTimeout):
            await read(client)
        gone.set()
        await asyncio.sleep(0)


async def test_a_deadline_that_is_not_reached_changes_nothing(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(answer(429, b"{}", headers={"Retry-After": "0"}))
    with pytest.raises(RateLimitError):
        await read(make_client(timeouts=Timeouts(connect=9, attempt=9, deadline=9)))


async def test_no_limits_at_all_are_fine(server: ScriptedServer, make_client: MakeClient) -> None:
    assert server.connections == 0
    assert await read(make_client(timeouts=Timeouts(None, None, None))) == []


@pytest.mark.parametrize("reply", [hanging(), dripping()], ids=["silence", "drip"])
async def test_a_timeout_of_the_callers_own_around_a_call_stays_theirs(
    server: ScriptedServer, make_client: MakeClient, reply: Reply
) -> None:
    server.script(reply)
    client = make_client(timeouts=Timeouts(attempt=5, deadline=5))
    with taking(LIMIT), pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(LIMIT):
            await read(client)
    assert not isinstance(caught.value, LiveChatError)
    server.script(answer())
    assert await read(client) == []


async def test_a_timeout_raised_by_a_credentials_callable_stays_theirs(
    make_client: MakeClient,
) -> None:
    async def slow_vault() -> NoReturn:
        raise TimeoutError("the vault is slow")

    with pytest.raises(TimeoutError, match="the vault is slow"):
        await read(make_client(slow_vault))


async def test_limits_of_a_lent_session_do_not_apply(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    async def after(exchange: Any) -> None:
        await asyncio.sleep(0.1)
        await answer()(exchange)

    server.script(after)
    session = lend(timeout=aiohttp.ClientTimeout(total=0.01, sock_read=0.01))
    assert await read(make_client(session=session, retry=RetryPolicy.none())) == []
