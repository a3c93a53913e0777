"""A server that costs next to nothing, so that the benchmarks measure the clients.

It answers with bytes made beforehand, whatever the headers say, and ends when its standard input
does. ``GET /400/visitors`` is a list of 400 made-up visitors, ``GET /documented/visitors`` one of
400 as in LiveChat's documentation: without times in Unix seconds. Of every ten
``GET /failing/visitors``, the first gets a 503. ``GET /slow/chats`` comes late.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle, islice, repeat
from typing import Any

from benchmarks.measuring import ROOT
from benchmarks.serving import LATENCY, LISTS, PAGE_SIZE
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.data.chats import made_up_chat
from livechat_async.sandbox.data.people import DOCUMENTED_VISITOR
from livechat_async.sandbox.http.answers import to_json

_DOCUMENTED = ROOT / "tests" / "fixtures" / "visitors_2013.json"
_FIRST_CHAT = 1_700_000_000
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

Routes = Mapping[bytes, Iterator[bytes]]


def _answer(status: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


_NOT_FOUND = _answer("404 Not Found", b'{"error":"there is no such answer"}')


def _routes(chats: int) -> Routes:
    """The answers one after another, by method and target."""
    visitors = Sandbox(seed=max(LISTS)).visitors
    # The visitors in the middle are the usual ones: the first few are made for people to look at.
    lists = {size: to_json(visitors[len(visitors) // 2 :][:size]) for size in LISTS[:-1]}
    lists[len(visitors)] = to_json(visitors)
    ten = _answer("200 OK", lists[10])
    unavailable = _answer("503 Service Unavailable", b'{"error":"try again"}')
    added = _answer("200 OK", to_json({"result": "Visitor details added"}))
    routes: dict[bytes, Iterator[bytes]] = {
        b"GET /failing/visitors": cycle([unavailable, *[ten] * 9]),
        f"POST /1/visitors/{DOCUMENTED_VISITOR}/details".encode("ascii"): repeat(added),
    }
    for size, body in lists.items():
        routes[f"GET /{size}/visitors".encode("ascii")] = repeat(_answer("200 OK", body))
    documented = cycle(json.loads(_DOCUMENTED.read_text(encoding="utf-8")))
    body = to_json(list(islice(documented, max(LISTS))))
    routes[b"GET /documented/visitors"] = repeat(_answer("200 OK", body))
    some = to_json(list(_chats(range(PAGE_SIZE))))
    routes[f"GET /{PAGE_SIZE}/chats".encode("ascii")] = repeat(_answer("200 OK", some))
    pages = chats // PAGE_SIZE
    for page, body in enumerate(_pages(pages), 1):
        answer = repeat(_answer("200 OK", body))
        routes[f"GET /chats?page={page}".encode("ascii")] = answer
        routes[f"GET /slow/chats?page={page}".encode("ascii")] = answer
    return routes


def _pages(pages: int) -> Iterator[bytes]:
    total = pages * PAGE_SIZE
    chats = _chats(range(total, 0, -1))
    for _ in range(pages):
        page = list(islice(chats, PAGE_SIZE))
        yield to_json({"chats": page, "total": total, "pages": pages})


def _chats(numbers: Iterable[int]) -> Iterator[Any]:
    chance = random.Random(8)  # noqa: S311 (test data)
    for number in numbers:
        yield made_up_chat(f"CHAT{number}", chance.getrandbits(64), _FIRST_CHAT + 3600 * number)


class _Connection(asyncio.Protocol):
    """Reads only the target of a request and where the request ends."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.WriteTransport):
            raise TypeError("a connection is one that can be written to")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = _LENGTH.search(head)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < size:
                return
            self._received = self._received[size:]
            asked = head[: head.find(b" HTTP/")]
            answer = next(self._routes[asked]) if asked in self._routes else _NOT_FOUND
            if asked.startswith(b"GET /slow/"):
                asyncio.get_running_loop().call_later(LATENCY, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def _serve(chats: int) -> None:
    """Serve until standard input ends; print the address first."""
    routes, loop = _routes(chats), asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(routes), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server", description=__doc__)
    parser.add_argument("chats", type=int)
    asyncio.run(_serve(parser.parse_args().chats))
