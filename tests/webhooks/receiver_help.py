"""Bodies, and headers, and handlers that keep what they are given."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

from attrs import define, field

from livechat_async.webhooks import (
    WebhookCredentials,
    WebhookEvent,
    WebhookReceiver,
    parse_webhook,
)

MakeReceiver = Callable[..., WebhookReceiver]

CREDENTIALS = WebhookCredentials("user", "pass:wörd")
TOKEN = "27f41c8da685c81a890f9e5f8ce48387"


def basic(user: str = "user", password: str = "pass:wörd") -> str:  # noqa: S107 (of nobody)
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def headers(**others: str) -> dict[str, str]:
    given = {name.replace("_", "-"): value for name, value in others.items()}
    return {"Authorization": basic(), "Content-Type": "application/json", **given}


def document(number: int = 1, kind: str = "chat_started", **others: Any) -> dict[str, Any]:
    return {
        "event_type": kind,
        "event_unique_id": f"{number:032x}",
        "token": TOKEN,
        "license_id": "12345",
        "chat": {"id": f"PJ0MRSHTD{number}", "started_timestamp": 1_473_433_500},
        "visitor": {"id": f"S{number}.ac951bfe2e", "name": "Mary", "email": "mary@example.com"},
        **others,
    }


def body(number: int = 1, kind: str = "chat_started", **others: Any) -> bytes:
    return json.dumps(document(number, kind, **others)).encode()


def event(number: int = 1) -> WebhookEvent:
    return parse_webhook(document(number))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(100):
        while not condition():  # noqa: ASYNC110 (of anything, not only of events)
            await asyncio.sleep(0.002)


@define
class Kept:
    """An async callable that keeps the events, and does what it is told with each."""

    events: list[WebhookEvent] = field(factory=list)
    errors: list[BaseException | None] = field(factory=list)
    gate: asyncio.Event | None = None
    ended: int = 0

    async def __call__(self, event: WebhookEvent) -> None:
        self.events.append(event)
        if self.gate is not None:
            await self.gate.wait()
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.ended += 1


@define
class Stubborn:
    """An async callable that ignores cancellation, and ends after 60 s if a test fails."""

    runs: int = 0
    release: asyncio.Event = field(factory=asyncio.Event)

    async def __call__(self, _: WebhookEvent) -> None:
        self.runs += 1
        end = asyncio.get_running_loop().time() + 60
        while not self.release.is_set():
            try:
                async with asyncio.timeout_at(end):
                    await self.release.wait()
            except asyncio.CancelledError:
                continue
            except TimeoutError:
                return


@define
class DeadLetters:
    """A dead-letter hook that keeps what it is told."""

    letters: list[tuple[WebhookEvent, Exception, str]] = field(factory=list)

    async def __call__(self, event: WebhookEvent, error: Exception, handler: str) -> None:
        self.letters.append((event, error, handler))


@define
class WebhookSender:
    """Sends webhooks byte by byte, and gives the status that is answered."""

    port: int

    def head(
        self,
        lines: str,
        *,
        authorized: bool = False,
        method: str = "POST",
        path: str = "/livechat/sesame",
    ) -> bytes:
        if authorized:
            lines += f"Authorization: {basic()}\r\n"
        return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode("latin-1")

    async def post(
        self, content: bytes, *, method: str = "POST", path: str = "/livechat/sesame", **others: str
    ) -> int:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers(**others).items())
        lines += f"Content-Length: {len(content)}\r\n"
        return await self.raw(self.head(lines, method=method, path=path) + content)

    async def post_json(self, told: dict[str, Any], *, path: str) -> int:
        return await self.post(json.dumps(told).encode(), path=path)

    async def raw(self, *parts: bytes, pause: float = 0) -> int:
        return int((await self.answer(*parts, pause=pause)).split(b" ")[1])

    async def answer(self, *parts: bytes, pause: float = 0) -> bytes:
        """The first answer that is no ``100 Continue``, as far as it came at once."""
        async with asyncio.timeout(100):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(pause)
                answer = await reader.readuntil(b"\r\n\r\n")
                while answer.startswith(b"HTTP/1.1 100 "):
                    answer = await reader.readuntil(b"\r\n\r\n")
                return answer
            finally:
                writer.transport.abort()

    async def leave(self, part: bytes) -> None:
        """Send this much, and go."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.transport.abort()
