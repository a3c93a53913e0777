"""Asks a server that never ends for visitors; prints the error and the megabytes it cost."""

from __future__ import annotations

import asyncio
import resource
import sys
import zlib
from contextlib import suppress

from livechat_async import BearerToken, LiveChatClient, LiveChatError

MEGABYTES = 1_600
HEAD = b"HTTP/1.1 200 OK\r\n"


def headers() -> tuple[bytes, bytes]:
    return HEAD, b"X-A: %s\r\n" % (b"a" * 4_000) * 250


def bomb() -> tuple[bytes, bytes]:
    """The beginning of a gzip body, and the same megabyte in it again and again."""
    press = zlib.compressobj(wbits=31)
    begin = press.compress(b"") + press.flush(zlib.Z_FULL_FLUSH)
    megabyte = press.compress(b" " * 1_000_000) + press.flush(zlib.Z_FULL_FLUSH)
    return HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + begin, megabyte


def peak() -> int:
    """The most memory this process had, in megabytes."""
    unit = 1_000_000 if sys.platform == "darwin" else 1_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


async def main(name: str) -> None:
    begin, megabyte = {"headers": headers, "bomb": bomb}[name]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):  # the client has enough
            await reader.readuntil(b"\r\n\r\n")
            writer.write(begin)
            for _ in range(MEGABYTES):
                writer.write(megabyte)
                await writer.drain()
            await reader.read()  # until the client goes: an end would be another error
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    before = peak()
    async with LiveChatClient(BearerToken("token"), base_url=f"http://{host}:{port}") as client:
        try:
            await client.visitors.list()
        except LiveChatError as error:
            print(type(error).__name__, peak() - before)  # noqa: T201 (the test reads it)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
