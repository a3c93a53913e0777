"""The common parts of all contenders."""

# ruff: noqa: D102 (`Client` and `Peer` document the methods)

from __future__ import annotations

import asyncio
import base64
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sized
from contextlib import AsyncExitStack
from typing import Generic, Self, TypeVar

T = TypeVar("T")

TASKS = 64
JOBS = {"1": 1, "10": 10, "400": 400, "documented": 400, "failing": 10}
"""How many visitors each job lists."""
VISITOR_ID = "S1352647457.ac951bfe2e"
LOGIN, TOKEN = "john.doe@example.com", "sandbox-token"  # which open nothing
HEADERS = {
    "X-API-Version": "2",
    "Authorization": f"Basic {base64.b64encode(f'{LOGIN}:{TOKEN}'.encode()).decode()}",
}
DETAILS = {
    "license_id": "12345",
    "token": TOKEN,
    "id": "my-app",
    "fields": [
        {"name": "Age", "value": "36"},
        {"name": "Plan", "value": "Gold, since 2021"},
        {"name": "Profile", "value": "Open in CRM", "url": "https://crm.example.com/7"},
    ],
    "icon": "example.com/icon.png",
}
_ATTEMPTS = 4
_OK = 200
_UNAVAILABLE = 503


class Client(ABC):
    """A way of calling the API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.resources = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.resources.aclose()

    async def run(self, job: str, times: int) -> int:
        """Do a job of `benchmarks.calls` ``times`` times.

        Returns:
            The number of calls.
        """
        if job == "details":
            for _ in range(times):
                await self.add_details()
            return times
        if job == "tasks":
            await asyncio.gather(
                *(self._list(self.list_at_once, "10", times) for _ in range(TASKS))
            )
            return TASKS * times
        await self._list(self.list_stubbornly if job == "failing" else self.list, job, times)
        return times

    async def _list(self, call: Callable[[str], Awaitable[Sized]], which: str, times: int) -> None:
        for _ in range(times):
            if len(await call(which)) != JOBS[which]:
                raise SystemExit(f"{type(self).__name__} did not get {JOBS[which]} visitors")

    @abstractmethod
    async def open(self) -> None:
        """Open the session; `resources` closes it."""

    @abstractmethod
    async def list(self, which: str) -> Sized:
        """A list of visitors."""

    async def list_at_once(self, which: str) -> Sized:
        """A list of visitors, while other tasks list theirs."""
        return await self.list(which)

    @abstractmethod
    async def list_stubbornly(self, which: str) -> Sized:
        """A list of visitors, where some answers are failures."""

    @abstractmethod
    async def add_details(self) -> None:
        """Add three details."""


class Peer(Client, Generic[T]):
    """Another way to call: `get` returns a status and an answer, and `read` the list in it."""

    async def list(self, which: str) -> Sized:
        return self._checked(*await self.get(which))

    async def list_stubbornly(self, which: str) -> Sized:
        # The loop that a program without retries writes.
        attempt = 1
        while True:
            status, answer = await self.get(which)
            if status != _UNAVAILABLE or attempt == _ATTEMPTS:
                return self._checked(status, answer)
            attempt += 1

    def _checked(self, status: int, answer: T) -> Sized:
        if status != _OK:
            raise SystemExit(f"{type(self).__name__} got the status {status}")
        return self.read(answer)

    async def add_details(self) -> None:
        status = await self.post(f"{self.url}/1/visitors/{VISITOR_ID}/details")
        if status != _OK:
            raise SystemExit(f"{type(self).__name__} got the status {status}")

    @abstractmethod
    async def get(self, which: str) -> tuple[int, T]:
        """An answer."""

    @abstractmethod
    def read(self, answer: T) -> Sized:
        """The list in it."""

    @abstractmethod
    async def post(self, address: str) -> int:
        """The status of the answer to the details."""
