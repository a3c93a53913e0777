"""The asyncio client in synchronous Celery tasks, in two ways.

`agents_of` shows the way that is nearly always right: ``asyncio.run`` with a new client for each
run. Nothing is shared, so it works in every Celery pool and after every fork. It costs one
connection per run, which is little compared with the calls of the task.

`waiting` shows the way for tasks that make one call and run many times a minute. It keeps a client,
and an event loop in a thread, and so saves that connection. A client belongs to one event loop, and
``asyncio.run`` makes a new loop each time, so it cannot keep a client.
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

# A broker that needs no server, for trying this example. Put your own in its place.
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
    """Count each agent's chats on a day, such as ``2026-01-23``."""
    return asyncio.run(_agents_of(date.fromisoformat(day)))


async def _agents_of(day: date) -> dict[str, int]:
    async with LiveChatClient.from_env() as client:
        chats = client.chats.list(date_from=day, date_to=day, prefetch=4)
        return Counter([agent.email async for chat in chats for agent in chat.agents])


class KeptClient:
    """A client whose event loop runs in a thread, for callers in any thread."""

    def __init__(self) -> None:
        self._opening = Lock()
        self._opened: tuple[LiveChatClient, asyncio.AbstractEventLoop] | None = None

    def call(self, use: Callable[[LiveChatClient], Coroutine[Any, Any, T]]) -> T:
        """Run a call in the client's event loop, and return or raise its outcome."""
        with self._opening:
            # Started at the first call: a thread started before Celery forks is gone afterwards.
            if self._opened is None:
                self._opened = LiveChatClient.from_env(), asyncio.new_event_loop()
                Thread(target=self._opened[1].run_forever, daemon=True).start()
        client, loop = self._opened
        return asyncio.run_coroutine_threadsafe(use(client), loop).result()

    def close(self, **_: object) -> None:
        """Close the client, if it was opened."""
        if self._opened is not None:
            self.call(lambda client: client.close())


kept = KeptClient()
worker_process_shutdown.connect(kept.close)  # of each process of the prefork pool
worker_shutdown.connect(kept.close)  # of the solo and the threads pool


@app.task
def waiting() -> int:
    """Count the visitors who are waiting for an agent."""
    return kept.call(lambda client: client.visitors.count(state="queued"))
