"""This library."""

# ruff: noqa: D102 (`Client` and `Peer` document the methods)

from __future__ import annotations

from collections.abc import Sized

from benchmarks.contenders.client import JOBS, LOGIN, TASKS, TOKEN, VISITOR_ID, Client
from livechat_async import (
    DetailField,
    LiveChatClient,
    PersonalAccessToken,
    RetryPolicy,
    VisitorDetails,
)


class LiveChatAsync(Client):
    """This library."""

    at_once = TASKS

    async def open(self) -> None:
        self.clients = {which: self._client(which) for which in JOBS}
        self.clients["failing"] = self._client("failing").with_options(retry=RetryPolicy(backoff=0))
        for client in self.clients.values():
            await self.resources.enter_async_context(client)

    def _client(self, which: str) -> LiveChatClient:
        return LiveChatClient(
            PersonalAccessToken(LOGIN, TOKEN),
            base_url=f"{self.url}/{which}",
            max_concurrency=self.at_once,
        )

    async def list(self, which: str) -> Sized:
        return await self.clients[which].visitors.list()

    async def list_stubbornly(self, which: str) -> Sized:
        return await self.list(which)

    async def add_details(self) -> None:
        await self.clients["1"].visitors.add_details(
            VISITOR_ID,
            VisitorDetails(
                "my-app",
                [
                    DetailField("Age", 36),
                    DetailField("Plan", "Gold, since 2021"),
                    DetailField("Profile", "Open in CRM", url="https://crm.example.com/7"),
                ],
                icon="example.com/icon.png",
            ),
            license_id=12345,
            token=TOKEN,
        )


class LiveChatAsyncByDefault(LiveChatAsync):
    """This library, with its default limit of requests at the same time."""

    at_once = 16
