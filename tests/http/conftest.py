"""A scripted server and clients of it, all closed at the end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from clients import Lend, MakeClient, Naps
from scripted_server import ScriptedServer

from livechat_async import LiveChatClient, PersonalAccessToken, RetryPolicy, Timeouts

JOHN = PersonalAccessToken("john", "johns-token")


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as server:
        yield server


@pytest.fixture
async def other_server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as server:
        yield server


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def make_client(server: ScriptedServer, naps: Naps) -> AsyncIterator[MakeClient]:
    """Clients of the server whose waits between attempts take no time."""
    clients: list[LiveChatClient] = []

    def make(credentials: Any = JOHN, **options: Any) -> LiveChatClient:
        options.setdefault("base_url", server.url)
        options.setdefault("retry", RetryPolicy(backoff=0))
        options.setdefault("timeouts", Timeouts(connect=5, attempt=5, deadline=10))
        client = naps.given_to(LiveChatClient(credentials, **options))
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
def client(make_client: MakeClient) -> LiveChatClient:
    return make_client()


@pytest.fixture
async def lend() -> AsyncIterator[Lend]:
    """Sessions of the caller's own."""
    sessions: list[aiohttp.ClientSession] = []

    def make(**options: Any) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(**options)
        sessions.append(session)
        return session

    yield make
    for session in sessions:
        await session.close()


@pytest.fixture
def free_port() -> int:
    """A port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """The address of a socket that takes no connection any more: connecting hangs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting: list[socket.socket] = []
        try:
            while True:
                caller = socket.socket()
                waiting.append(caller)
                caller.settimeout(0.05)
                try:
                    caller.connect(address)
                except TimeoutError:
                    break
            yield f"http://127.0.0.1:{address[1]}"
        finally:
            for caller in waiting:
                caller.close()


@pytest.fixture
async def plain_text_behind_https() -> AsyncIterator[str]:
    """An https address with a server behind it that answers in plain text."""

    async def reply(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(reply, "127.0.0.1", 0) as listener:
        yield f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
