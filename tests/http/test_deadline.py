"""The time by which a call has to be over."""

from __future__ import annotations

import asyncio

import pytest

from livechat_async.http.retry import Deadline, DeadlinePassed


async def test_work_that_is_done_in_time_gives_what_it_gives() -> None:
    deadline = Deadline(60)
    assert await deadline.run(asyncio.sleep(0, "done")) == "done"
    assert 0 <= deadline.elapsed < 60
    assert 0 < deadline.left <= 60


async def test_work_that_takes_too_long_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    deadline = Deadline(0.02)
    with pytest.raises(DeadlinePassed):
        await deadline.run(work())
    assert cancelled.is_set()
    assert deadline.left <= 0


async def test_all_work_has_to_be_done_by_the_same_time() -> None:
    deadline = Deadline(0.05)
    await asyncio.sleep(0.05)
    with pytest.raises(DeadlinePassed):
        await deadline.run(asyncio.sleep(5))


async def test_a_timeout_of_the_works_own_is_no_deadline() -> None:
    async def work() -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        await Deadline(60).run(work())


async def test_without_seconds_there_is_no_end() -> None:
    deadline = Deadline(None)
    assert deadline.left == float("inf")
    assert await deadline.run(asyncio.sleep(0.01, "done")) == "done"


async def test_who_cancels_a_call_is_obeyed() -> None:
    task = asyncio.create_task(Deadline(60).run(asyncio.Event().wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
