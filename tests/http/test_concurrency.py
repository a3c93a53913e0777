"""How many requests there are at a time, and the limiter that is entered once an attempt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

import pytest
from aiolimiter import AsyncLimiter
from clients import MakeClient, Naps, sleeping_with
from scripted_server import (
    Reply,
    ScriptedServer,
    answer,
    dropped,
    hanging,
    held,
    raw,
    redirect,
)

from livechat_async import (
    BadRequestError,
    BearerToken,
    CallError,
    ConfigurationError,
    ConnectionLost,
    LiveChatClient,
    RequestTimeout,
    RetryPolicy,
    ServerError,
    Timeouts,
)


class Turnstile:
    """Counts who goes in and out."""

    def __init__(self) -> None:
        self.entered = 0
        self.inside = 0

    async def __aenter__(self) -> None:
        self.entered += 1
        self.inside += 1

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.inside -= 1


@pytest.mark.parametrize("limit", [1, 2, 7])
async def test_there_are_never_more_requests_at_a_time_than_allowed(
    server: ScriptedServer, make_client: MakeClient, limit: int
) -> None:
    async def after(exchange: Any) -> None:
        await asyncio.sleep(0.001)
        await answer()(exchange)

    server.script(after)
    client = make_client(max_concurrency=limit)
    assert await asyncio.gather(*(client.visitors.list() for _ in range(40))) == [[]] * 40
    assert server.most_at_once == limit
    assert server.connections <= limit


async def test_the_default_allows_sixteen(server: ScriptedServer, make_client: MakeClient) -> None:
    gate = asyncio.Event()
    server.script(held(gate, answer()))
    client = make_client()
    calls = [asyncio.ensure_future(client.visitors.list()) for _ in range(30)]
    await server.arrival(16)
    await asyncio.sleep(0.02)
    assert server.at_once == 16
    gate.set()
    await asyncio.gather(*calls)


async def test_failures_give_their_turn_back(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(dropped())
    client = make_client(max_concurrency=1, retry=RetryPolicy.none())
    results = await asyncio.gather(
        *(client.visitors.list() for _ in range(5)), return_exceptions=True
    )
    assert all(isinstance(result, CallError) for result in results)
    server.script(answer())
    assert await client.visitors.list() == []


async def test_a_wait_between_attempts_takes_up_no_turn(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client(max_concurrency=1)
    done: list[object] = []

    async def call_another(_: float) -> None:
        server.script(answer())
        async with asyncio.timeout(60):
            done.append(await client.visitors.list())

    server.script(answer(503, b"{}"))
    first = client.with_options()
    first._session._sleep = call_another
    assert await first.visitors.list() == []
    assert done == [[]]


async def test_asking_for_credentials_takes_up_no_turn(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    async def source() -> BearerToken:
        async with asyncio.timeout(60):
            await client.with_options(credentials=BearerToken("x")).visitors.list()
        return BearerToken("dal:t")

    client = make_client(source, max_concurrency=1)
    assert await client.visitors.list() == []
    assert len(server.requests) == 2


async def test_a_limiter_is_entered_once_an_attempt(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    turnstile = Turnstile()
    server.script(answer(503, b"{}"), dropped(), answer(200, b""), answer())
    await make_client(limiter=turnstile).visitors.list()
    assert (turnstile.entered, turnstile.inside) == (4, 0)


async def test_a_limiter_is_left_when_the_call_fails(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    turnstile = Turnstile()
    server.script(answer(503, b"{}"))
    with pytest.raises(ServerError):
        await make_client(limiter=turnstile).visitors.list()
    assert (turnstile.entered, turnstile.inside) == (4, 0)


async def test_a_limiter_is_entered_again_for_the_request_after_a_401(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    async def source() -> BearerToken:
        return BearerToken("dal:t")

    turnstile = Turnstile()
    server.script(answer(401, b"{}"), answer())
    await make_client(source, limiter=turnstile).visitors.list()
    assert turnstile.entered == 2


async def test_a_redirect_belongs_to_its_attempt(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    turnstile = Turnstile()
    server.script(redirect("/moved", 307), answer())
    await make_client(limiter=turnstile).visitors.list()
    assert turnstile.entered == 1


async def test_a_limiter_is_outside_the_wait_between_attempts(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    turnstile = Turnstile()
    inside: list[int] = []

    async def look(_: float) -> None:
        inside.append(turnstile.inside)

    server.script(answer(503, b"{}"), answer())
    await sleeping_with(make_client(limiter=turnstile), look).visitors.list()
    assert inside == [0]


async def test_aiolimiters_limiter_spreads_the_requests(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client(limiter=AsyncLimiter(3, 0.15))
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await asyncio.gather(*(client.visitors.list() for _ in range(6))) == [[]] * 6
    assert loop.time() - began > 0.14
    assert len(server.requests) == 6


async def test_a_limiter_that_fails_raises_in_the_call_and_gives_the_turn_back(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[None]:
        raise LookupError("no rate")
        yield

    client = make_client(limiter=broken(), max_concurrency=1)
    with pytest.raises(LookupError, match="no rate"):
        await client.visitors.list()
    assert server.connections == 0
    assert await client.with_options(limiter=None).visitors.list() == []


class Swallowing:
    """A limiter that loses every error, even a cancellation."""

    async def __aenter__(self) -> None:
        return

    async def __aexit__(self, *_: object) -> bool:
        return True


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(dropped(), ConnectionLost), (answer(400, {}), BadRequestError), (raw(b"?"), ConnectionLost)],
)
async def test_an_error_that_a_limiter_swallows_is_still_the_error_of_the_call(
    server: ScriptedServer, make_client: MakeClient, reply: Reply, kind: type[Exception]
) -> None:
    """Field case 45: it was a bare ``AttributeError``."""
    server.script(reply)
    client = make_client(limiter=Swallowing(), max_concurrency=1)
    with pytest.raises(kind):
        await client.visitors.list()
    server.script(dropped(), answer())
    assert await client.visitors.list() == []  # it is repeated as ever


async def test_a_limiter_that_swallows_a_cancellation_holds_up_nothing(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    """Field case 45, at a deadline and at a cancellation."""
    server.script(hanging())
    client = make_client(limiter=Swallowing(), timeouts=Timeouts(deadline=0.1))
    with pytest.raises(RequestTimeout, match="deadline"):
        await client.visitors.list()
    task = asyncio.ensure_future(client.with_options(timeouts=Timeouts()).visitors.list())
    await server.arrival(2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("limiter", [5, "slow", AsyncLimiter])
def test_what_is_no_limiter_is_refused(limiter: Any) -> None:
    with pytest.raises(ConfigurationError, match="async context manager"):
        LiveChatClient(limiter=limiter)


async def test_calls_that_are_repeated_do_not_hold_up_each_other(
    server: ScriptedServer, make_client: MakeClient, naps: Naps
) -> None:
    calls = 0

    async def fail_every_other(exchange: Any) -> None:
        nonlocal calls
        calls += 1
        await (answer(503, b"{}") if calls % 2 else answer())(exchange)

    server.script(fail_every_other)
    client = make_client(max_concurrency=1, retry=RetryPolicy(attempts=50, backoff=0))
    assert await asyncio.gather(*(client.visitors.list() for _ in range(10))) == [[]] * 10
    assert len(naps.seconds) == len(server.requests) - 10
