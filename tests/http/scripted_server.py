"""A server that follows a script, byte by byte, on a real socket.

It shares nothing with the sandbox: each of the two checks the client on its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeAlias

from attrs import define, field, frozen


@frozen(repr=False)
class Received:
    """A request as it came off the wire. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@define(repr=False)
class Exchange:
    """The request and the connection that a reply works with."""

    request: Received
    writer: asyncio.StreamWriter
    keep_alive: bool = True

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Reply: TypeAlias = Callable[[Exchange], Awaitable[None]]
Headers: TypeAlias = dict[str, str]


def head(status: int, headers: Headers) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Odd"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answer(
    status: int = 200,
    body: bytes | str | list[Any] | dict[str, Any] = b"[]",
    *,
    headers: Headers | None = None,
    then_close: bool = False,
) -> Reply:
    """A whole answer, after which the connection may be closed without a word."""
    if isinstance(body, (list, dict)):
        body = json.dumps(body)
    content = body.encode() if isinstance(body, str) else body

    async def reply(exchange: Exchange) -> None:
        start = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        await exchange.send(head(status, start | (headers or {})) + content)
        exchange.keep_alive = not then_close

    return reply


def redirect(location: str, status: int = 302) -> Reply:
    return answer(status, b"", headers={"Location": location})


def raw(data: bytes) -> Reply:
    """These very bytes; then the connection is closed."""

    async def reply(exchange: Exchange) -> None:
        await exchange.send(data)
        exchange.keep_alive = False

    return reply


def dropped() -> Reply:
    """The connection is closed before the answer's first byte."""
    return raw(b"")


def dropped_after_headers() -> Reply:
    return raw(head(200, {"Content-Type": "application/json", "Content-Length": "2"}))


def cut() -> Reply:
    """The connection is closed in the middle of the body."""
    return raw(head(200, {"Content-Type": "application/json", "Content-Length": "20"}) + b'[{"id"')


def cut_chunked() -> Reply:
    """The connection is closed between two chunks."""
    return raw(head(200, {"Transfer-Encoding": "chunked"}) + b"2\r\n[]\r\n")


def chunked(parts: Iterable[bytes], headers: Headers | None = None) -> Reply:
    async def reply(exchange: Exchange) -> None:
        await exchange.send(head(200, {"Transfer-Encoding": "chunked"} | (headers or {})))
        for part in parts:
            await exchange.send(b"%x\r\n%s\r\n" % (len(part), part))
        await exchange.send(b"0\r\n\r\n")

    return reply


def held(gate: asyncio.Event, then: Reply) -> Reply:
    """The answer, as soon as the gate opens."""

    async def reply(exchange: Exchange) -> None:
        await gate.wait()
        await then(exchange)

    return reply


def hanging() -> Reply:
    """The request is read and never answered."""

    async def reply(_: Exchange) -> None:
        await asyncio.Event().wait()

    return reply


def hanging_body() -> Reply:
    """Half of the body, and then nothing."""

    async def reply(exchange: Exchange) -> None:
        await exchange.send(head(200, {"Content-Length": "20"}) + b'[{"id"')
        await asyncio.Event().wait()

    return reply


def dripping(seconds: float = 0.02) -> Reply:
    """A long body, byte by byte."""

    async def reply(exchange: Exchange) -> None:
        await exchange.send(head(200, {"Content-Length": "1000000"}) + b"[")
        while True:
            await asyncio.sleep(seconds)
            await exchange.send(b" ")

    return reply


def echoing(status: int, *, content_type: str = "text/plain") -> Reply:
    """Everything that came, headers and body, as the answer's body."""

    async def reply(exchange: Exchange) -> None:
        body = exchange.request.raw
        sized = {"Content-Type": content_type, "Content-Length": str(len(body))}
        await exchange.send(head(status, sized) + body)

    return reply


@define(repr=False)
class ScriptedServer:
    """Answers request number *n* with reply number *n*; the last reply goes on for ever."""

    replies: list[Reply] = field(factory=lambda: [answer()])
    requests: list[Received] = field(factory=list)
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0
    url: str = ""
    _port: int = 0
    _answered: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(factory=set)
    _tasks: set[asyncio.Task[None]] = field(factory=set)
    _arrived: asyncio.Event = field(factory=asyncio.Event)

    def script(self, *replies: Reply) -> None:
        """Set the replies from now on."""
        self.replies = list(replies)
        self._answered = 0

    async def arrival(self, number: int = 1) -> None:
        """Return when this many requests have arrived."""
        async with asyncio.timeout(60):
            while len(self.requests) < number:
                self._arrived.clear()
                await self._arrived.wait()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop at once, whatever is going on."""
        if self._server is None:
            return
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            going_on = True
            while going_on:
                request = await _read(reader)
                going_on = await self._reply(Exchange(request, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _reply(self, exchange: Exchange) -> bool:
        self.requests.append(exchange.request)
        reply = self.replies[min(self._answered, len(self.replies) - 1)]
        self._answered += 1
        self._arrived.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await reply(exchange)
        finally:
            self.at_once -= 1
        return exchange.keep_alive


async def _read(reader: asyncio.StreamReader) -> Received:
    start = await reader.readuntil(b"\r\n\r\n")
    first, *lines = start.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, text = line.partition(":")
        assert name.lower() not in headers, f"{name} came twice"
        headers[name.lower()] = text.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body, start + body)
