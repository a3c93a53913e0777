"""Cancellation ends a call at once, wherever it is, and leaves everything in order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest
from clients import MakeClient, sleeping_with
from scripted_server import (
    Reply,
    ScriptedServer,
    answer,
    dripping,
    hanging,
    hanging_body,
    held,
)

from livechat_async import BearerToken, LiveChatClient, Request, RetryPolicy

Call: TypeAlias = Callable[[LiveChatClient], Awaitable[object]]


async def read(client: LiveChatClient) -> Any:
    return await client.visitors.list()


async def write(client: LiveChatClient) -> Any:
    return await client.send(Request("POST", "/agents", body={"name": "x" * 100_000}))


read_or_write = pytest.mark.parametrize("call", [read, write])


async def cancel(*tasks: asyncio.Future[Any]) -> None:
    started = time.monotonic()
    for task in tasks:
        task.cancel()
    for task in tasks:
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
    assert time.monotonic() - started < 60


async def still_works(server: ScriptedServer, client: LiveChatClient, slots: int) -> None:
    """As many calls at once as there are slots get through."""
    gate = asyncio.Event()
    server.script(held(gate, answer()))
    before = len(server.requests)
    calls = [asyncio.ensure_future(read(client)) for _ in range(slots)]
    async with asyncio.timeout(60):
        await server.arrival(before + slots)
    gate.set()
    assert await asyncio.gather(*calls) == [[]] * slots


@pytest.mark.parametrize(
    "reply",
    [hanging(), hanging_body(), dripping()],
    ids=["before the answer", "in the body", "in a drip"],
)
@read_or_write
async def test_a_call_is_cancelled_in_its_exchange(
    server: ScriptedServer, make_client: MakeClient, call: Call, reply: Reply
) -> None:
    client = make_client(max_concurrency=2, retry=RetryPolicy(backoff=0, retry_writes=True))
    server.script(reply)
    tasks = [asyncio.ensure_future(call(client)) for _ in range(2)]
    await server.arrival(2)
    await asyncio.sleep(0.01)
    await cancel(*tasks)
    assert len(server.requests) == 2
    await still_works(server, client, 2)


@read_or_write
async def test_a_call_is_cancelled_in_its_wait_between_attempts(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    waiting = asyncio.Event()

    async def wait(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    client = sleeping_with(make_client(max_concurrency=1), wait)
    server.script(answer(429, b"{}"))
    task = asyncio.ensure_future(call(client))
    await waiting.wait()
    await cancel(task)
    assert len(server.requests) == 1
    await still_works(server, client, 1)


@read_or_write
async def test_a_call_is_cancelled_in_its_wait_for_a_turn(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    client = make_client(max_concurrency=1)
    server.script(hanging())
    first = asyncio.ensure_future(read(client))
    await server.arrival()
    waiting = [asyncio.ensure_future(call(client)) for _ in range(3)]
    await asyncio.sleep(0.01)
    await cancel(*waiting)
    assert len(server.requests) == 1
    await cancel(first)
    await still_works(server, client, 1)


@read_or_write
async def test_a_call_is_cancelled_while_it_connects(
    make_client: MakeClient, full_backlog: str, call: Call
) -> None:
    task = asyncio.ensure_future(call(make_client(base_url=full_backlog)))
    await asyncio.sleep(0.01)
    await cancel(task)


@read_or_write
async def test_a_call_is_cancelled_in_its_limiter(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    @asynccontextmanager
    async def hang() -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield

    client = make_client(limiter=hang(), max_concurrency=1)
    task = asyncio.ensure_future(call(client))
    await asyncio.sleep(0.01)
    await cancel(task)
    assert server.connections == 0
    await still_works(server, client.with_options(limiter=None), 1)


async def test_a_call_is_cancelled_while_credentials_are_asked_for_and_the_others_go_on(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    asked: list[asyncio.Future[BearerToken]] = []

    async def source() -> BearerToken:
        asked.append(asyncio.get_running_loop().create_future())
        return await asked[-1]

    client = make_client(source)
    first, second = (asyncio.ensure_future(read(client)) for _ in range(2))
    await asyncio.sleep(0.01)
    await cancel(first)
    await asyncio.sleep(0.01)
    assert len(asked) == 2
    asked[1].set_result(BearerToken("dal:t"))
    assert await second == []
    assert len(server.requests) == 1


@read_or_write
async def test_cancelling_one_call_leaves_the_others_alone(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    gate = asyncio.Event()
    server.script(held(gate, answer()))
    client = make_client()
    tasks = [asyncio.ensure_future(call(client)) for _ in range(5)]
    await server.arrival(5)
    await cancel(*tasks[1:4])
    gate.set()
    assert len(await asyncio.gather(tasks[0], tasks[4])) == 2


async def test_a_call_cancelled_before_it_began_sends_nothing(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    await cancel(asyncio.ensure_future(read(client)))
    assert server.connections == 0


async def test_many_cancelled_calls_leave_no_connection_and_no_slot_behind(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client(max_concurrency=3)
    server.script(hanging())
    for delay in (0, 0, 0.001, 0.002, 0.005):
        tasks = [asyncio.ensure_future(read(client)) for _ in range(6)]
        await asyncio.sleep(delay)
        await cancel(*tasks)
    await still_works(server, client, 3)


async def test_a_task_group_that_fails_takes_its_calls_along(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(hanging())

    async def fail() -> None:
        await server.arrival(2)
        raise LookupError

    async def call_together() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(read(client))
            group.create_task(read(client))
            group.create_task(fail())

    with pytest.raises(BaseExceptionGroup) as caught:
        await call_together()
    assert caught.group_contains(LookupError)
    assert len(caught.value.exceptions) == 1


async def test_closing_the_client_ends_calls_that_are_under_way(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(hanging())
    client = make_client(retry=RetryPolicy.none())
    task = asyncio.ensure_future(read(client))
    await server.arrival()
    await client.close()
    task_done, _ = await asyncio.wait([task], timeout=60)
    assert task_done == {task}
    with contextlib.suppress(asyncio.CancelledError):
        assert task.exception() is not None
