"""Celery tasks, which are synchronous, and the client, which is awaited.

`agents_of` does it in the way that is nearly always right: ``asyncio.run``, with a client of its
own for each run. Nothing is shared, so it works in every pool of Celery's, and after every fork.
It costs one connection a run, which is little beside what the task asks for.

`waiting` is for tasks that run many times a minute and make one call: a client that is kept, in an
event loop that is kept in a thread, saves that connection. A client belongs to one event loop, so
``asyncio.run``, which makes a new one each time, cannot keep it.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import date
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeVar

from celery import Celery
from celery.signals import worker_process_shutdown, worker_shutdown

from livechat_async import LiveChatClient

T = TypeVar("T")

# A broker that needs no server, to try it; put your own in its place.
queue = Path(os.environ.get("CELERY_FOLDER", "celery-queue")).absolute()
queue.mkdir(exist_ok=True)
app = Celery("tasks", broker="filesystem://", backend=queue.as_uri())
app.conf.broker_transport_options = {
    "data_folder_in": str(queue),
    "data_folder_out": str(queue),
    "control_folder": str(queue),
}


@app.task
def agents_of(day: str) -> dict[str, int]:
    """How many chats each agent had on a day, such as ``2026-01-23``."""
    return asyncio.run(_agents_of(date.fromisoformat(day)))


async def _agents_of(day: date) -> dict[str, int]:
    async with LiveChatClient.from_env() as client:
        chats = client.chats.list(date_from=day, date_to=day, prefetch=4)
        return Counter([agent.email async for chat in chats for agent in chat.agents])


class KeptClient:
    """A client in an event loop that runs in a thread, for callers in any thread."""

    def __init__(self) -> None:
        self._opening = Lock()
        self._opened: tuple[LiveChatClient, asyncio.AbstractEventLoop] | None = None

    def call(self, use: Callable[[LiveChatClient], Coroutine[Any, Any, T]]) -> T:
        """What a call returns or raises."""
        with self._opening:
            # Not before it is needed: a thread of before Celery forks is not there after.
            if self._opened is None:
                self._opened = LiveChatClient.from_env(), asyncio.new_event_loop()
                Thread(target=self._opened[1].run_forever, daemon=True).start()
        client, loop = self._opened
        return asyncio.run_coroutine_threadsafe(use(client), loop).result()

    def close(self, **_: object) -> None:
        """Close the connections, if there are any."""
        if self._opened is not None:
            self.call(lambda client: client.close())


kept = KeptClient()
worker_process_shutdown.connect(kept.close)  # of each process of the prefork pool
worker_shutdown.connect(kept.close)  # of the solo and the threads pool


@app.task
def waiting() -> int:
    """How many visitors wait for an agent."""
    return kept.call(lambda client: client.visitors.count(state="queued"))
