"""The load that a webhook receiver bears, and what it loses: ``python -m benchmarks.webhooks``.

The servers and the senders are separate processes. The sender sends ``--rate`` webhooks a second
over connections kept alive, each at its own time, whether or not earlier ones were answered; a
third of them are repeats. Our receiver, once with its jobs in a SQLite file and once with them in
memory, takes turns with a bare aiohttp handler that reads the JSON and answers 200. Then the same
runs with faults: handlers fail at random, and so does the API that they call. A webhook that a
server refuses is sent again, as LiveChat does.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import logging
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from livechat_async import DetailField, LiveChatClient, RetryPolicy, VisitorDetails
from livechat_async.sandbox import Sandbox, Status
from livechat_async.webhooks import (
    ChatStarted,
    Engine,
    MemoryEngine,
    SQLiteEngine,
    WebhookCredentials,
    WebhookEvent,
    WebhookReceiver,
)

CREDENTIALS = WebhookCredentials("user", "a-password")
PATH_SECRET = "a-path-secret"  # noqa: S105 (of servers on loopback)
HEAD = (
    f"POST /livechat/{PATH_SECRET} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    f"Authorization: Basic {base64.b64encode(b'user:a-password').decode()}\r\n"
    "User-Agent: LiveChat\r\nAccept: */*\r\nContent-Type: application/json\r\n"
    "Content-Length: %d\r\n\r\n"
).encode()
CHAT = {
    "visitor_id": "S1352647457.ac951bfe2e",
    "license_id": "12345",
    "token": "27f41c8da685c81a890f9e5f8ce48387",
}
OK = 200
RUNS = 3
FAULTS = 1 / 3
FAULTY_RATE = 100
CONNECTIONS = 100
NAMES = {
    "sqlite": "a receiver, jobs on disk",
    "memory": "a receiver, jobs in memory",
    "bare": "a bare aiohttp handler",
}
ALL_ANSWERED = 30.0


def template(chat: dict[str, str]) -> bytes:
    """A complete ``chat_started`` as LiveChat sends it, with NUMBER where each event differs."""
    event = {
        "event_type": "chat_started",
        "event_unique_id": "NUMBER",
        "token": chat["token"],
        "license_id": chat["license_id"],
        "lc_version": "2",
        "chat": {
            "id": "PJ0MRSHTDGNUMBER",
            "started_timestamp": 1473433500,
            "url": "https://example.com/pricing",
            "referer": "https://example.com/",
            "messages": [
                {
                    "user_type": "agent",
                    "author_name": "John Doe",
                    "agent_id": "john.doe@example.com",
                    "text": "Hello, how may I help you?",
                    "timestamp": 1473433500,
                }
            ],
            "attachments": [],
            "events": [],
            "agents": [{"name": "John Doe", "login": "john.doe@example.com"}],
            "tags": ["sales"],
            "groups": [0],
        },
        "visitor": {
            "id": chat["visitor_id"],
            "name": "Mary",
            "email": "mary@example.com",
            "country": "United States",
            "city": "Boston",
            "language": "en",
            "page_current": "https://example.com/pricing",
            "timezone": "America/New_York",
            "custom_variables": [{"key": "plan", "value": "free"}],
        },
        "pre_chat_survey": [
            {"id": "2001", "type": "name", "label": "Name:", "answer": "Mary"},
            {"id": "2002", "type": "email", "label": "E-mail:", "answer": "mary@example.com"},
        ],
    }
    return json.dumps(event).encode()


async def serve(
    app: web.Application, report: Callable[[], dict[str, Any]], chat: dict[str, str] | None = None
) -> None:
    """Serve until standard input closes; print the port first, and the results last."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    print(json.dumps({"port": port, "chat": chat or CHAT}), flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.read, 1)  # from this byte on, CPU time counts
    began = time.process_time()
    await asyncio.to_thread(sys.stdin.read)
    cpu = time.process_time() - began
    await runner.cleanup()
    print(json.dumps({"cpu": cpu, **report()}))  # noqa: T201


async def serve_bare() -> None:
    """Serve a bare handler, which reads the JSON and answers."""
    seen: Counter[str] = Counter()

    async def handler(request: web.Request) -> web.Response:
        seen[(await request.json())["event_unique_id"]] += 1
        return web.Response()

    app = web.Application()
    app.router.add_post("/livechat/{secret}", handler)
    await serve(app, lambda: {"events": len(seen)})


async def serve_sqlite() -> None:
    """Serve a receiver with its jobs in a file."""
    with tempfile.TemporaryDirectory() as folder:
        await serve_ours(SQLiteEngine(Path(folder) / "bot.sqlite3"))


async def serve_memory() -> None:
    """Serve a receiver with its jobs in memory."""
    await serve_ours(MemoryEngine())


async def serve_ours(engine: Engine) -> None:
    """Serve a receiver with one handler, which counts."""
    handled: Counter[str | None] = Counter()
    bot = WebhookReceiver(credentials=CREDENTIALS, path_secret=PATH_SECRET, engine=engine)

    @bot.on(ChatStarted)
    async def count(event: ChatStarted) -> None:
        handled[event.unique_id] += 1

    app = web.Application()
    app.router.add_post("/livechat/{secret}", bot.aiohttp_handler)
    app.cleanup_ctx.append(bot.aiohttp_context)
    await serve(app, lambda: _outcome(handled, bot))


def _outcome(handled: Counter[str | None], bot: WebhookReceiver) -> dict[str, Any]:
    status = bot.status()
    return {
        "events": len(handled),
        "twice": sum(times > 1 for times in handled.values()),
        "failed": status.failed,
        "dead": status.dead,
        "repeats": status.repeats,
    }


async def serve_faulty() -> None:
    """Serve a receiver whose handlers fail at random, as does the API they call."""
    logging.getLogger("livechat_async").setLevel(logging.CRITICAL)
    draw = random.Random(7)  # noqa: S311 (the same every time)
    handled: Counter[str | None] = Counter()
    async with Sandbox() as sandbox:
        started = sandbox.start_chat(sandbox.add_visitor())
        client = LiveChatClient(base_url=sandbox.url, retry=RetryPolicy.none())
        bot = WebhookReceiver(
            client,
            credentials=CREDENTIALS,
            path_secret=PATH_SECRET,
            engine=MemoryEngine(queue_size=5, concurrency=4),
            attempts=50,
            backoff=0.01,
            backoff_max=0.2,
        )

        @bot.on(WebhookEvent)
        async def look_up(event: WebhookEvent) -> None:
            await asyncio.sleep(draw.uniform(0, 0.05))
            if draw.random() < FAULTS:
                raise OSError("the database is unavailable")
            handled[f"look_up {event.unique_id}"] += 1

        @bot.on(ChatStarted)
        async def show(event: ChatStarted) -> None:
            if draw.random() < FAULTS:
                sandbox.inject(Status(503))
            await event.add_details(VisitorDetails(id="crm", fields=[DetailField("Plan", "free")]))
            handled[f"show {event.unique_id}"] += 1

        app = web.Application()
        app.router.add_post("/livechat/{secret}", bot.aiohttp_handler)
        app.cleanup_ctx.append(bot.aiohttp_context)
        chat = {name: getattr(started, name) for name in CHAT}

        def report() -> dict[str, Any]:
            taken = sum(request.status == OK for request in sandbox.requests)
            return {"api": taken, **_outcome(handled, bot)}

        async with client:
            await serve(app, report, chat)


class Connection(asyncio.Protocol):
    """One connection that is kept alive, with one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self._received = b""
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Collect an answer; complete the request once all of it is there."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if self._answer is not None and end and len(body) >= int(length):
            self._received = b""
            self._answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("closed"))

    async def post(self, body: bytes) -> int:
        """Send a body, and return the status of the answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(HEAD % len(body) + body)
        return await self._answer


async def send(port: int, rate: int, seconds: float, chat: dict[str, str]) -> dict[str, Any]:
    """Send ``rate`` webhooks a second, each at its time; again until the answer is 200."""
    loop = asyncio.get_running_loop()
    draw = random.Random(1)  # noqa: S311 (the same every time)
    idle: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    for _ in range(CONNECTIONS):
        _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
        idle.put_nowait(connection)
    body = template(chat)
    latencies: list[float] = []
    statuses: Counter[int] = Counter()

    async def deliver(content: bytes, due: float) -> None:
        while True:
            connection = await idle.get()
            status = await connection.post(content)
            idle.put_nowait(connection)
            latencies.append(loop.time() - due)
            statuses[status] += 1
            if status == OK:
                return
            await asyncio.sleep(draw.uniform(0.05, 0.2))
            due = loop.time()

    sent = new = 0
    begin = loop.time()
    deliveries: list[asyncio.Task[None]] = []
    async with asyncio.timeout(seconds + ALL_ANSWERED), asyncio.TaskGroup() as group:
        while sent < rate * seconds:
            due = begin + sent / rate
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            sent += 1
            repeated = sent % 3 == 0
            new += not repeated
            # A repeat of a recent event, whose job may still wait or run.
            number = draw.randint(max(1, new - rate), new) if repeated else new
            deliveries.append(
                group.create_task(deliver(body.replace(b"NUMBER", b"%d" % number), due))
            )
    while not idle.empty():
        idle.get_nowait().transport.abort()
    return {
        "sent": sent,
        "events": new,
        "statuses": statuses,
        "latencies": statistics.quantiles(latencies, n=100),
    }


@contextmanager
def server(kind: str, result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Run a server in its own process; at its end, the result holds what it reported."""
    command = [sys.executable, "-m", "benchmarks.webhooks", f"serve-{kind}"]
    with subprocess.Popen(  # noqa: S603
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101
            assert process.stdin is not None  # noqa: S101
            place = json.loads(process.stdout.readline())
            process.stdin.write(".")
            process.stdin.flush()
            yield place
            report, _ = process.communicate(timeout=ALL_ANSWERED)
            result.update(json.loads(report))
        finally:
            process.kill()


def run(kind: str, rate: int, seconds: float) -> dict[str, Any]:
    """One run: the results of the sender and of the server."""
    result: dict[str, Any] = {}
    with server(kind, result) as place:
        what = json.dumps({**place, "rate": rate, "seconds": seconds})
        command = [sys.executable, "-m", "benchmarks.webhooks", "send", what]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
        sender = json.loads(done.stdout)
    return {**result, "sender": sender}


def check(kind: str, result: dict[str, Any]) -> None:
    """Exit with an error unless every event was handled exactly once."""
    sender = result["sender"]
    handlers = 2 if kind == "faulty" else 1
    wrong = []
    if kind != "faulty" and set(sender["statuses"]) != {str(OK)}:
        wrong.append(f"answers {sender['statuses']}")
    if sender["statuses"][str(OK)] != sender["sent"]:
        wrong.append(f"{sender['sent']} sent, {sender['statuses'][str(OK)]} answered 200")
    if result["events"] != sender["events"] * handlers:
        wrong.append(f"{sender['events']} events, {result['events']} handled")
    if result.get("twice", 0) or result.get("dead", 0):
        wrong.append(f"{result['twice']} handled twice, {result['dead']} given up")
    if result.get("api", sender["events"]) != sender["events"]:
        wrong.append(f"{sender['events']} events, {result['api']} sets of details")
    if wrong:
        raise SystemExit(f"{kind}: {'; '.join(wrong)}")


def show(what: str, value: float, unit: str, goal: float | None = None) -> None:
    """Print one row of the table."""
    met = "" if goal is None else f"   goal <= {goal:g} {'met' if value <= goal else 'not met'}"
    print(f"{what:<62}{value:8.2f} {unit:<3}{met}")  # noqa: T201


def compare(rate: int, seconds: float, runs: int) -> None:
    """Run the comparison and the faults, and print the results."""
    results: dict[str, list[dict[str, Any]]] = {kind: [] for kind in NAMES}
    for _ in range(runs):
        for kind, so_far in results.items():
            so_far.append(run(kind, rate, seconds))
            check(kind, so_far[-1])
    sender = results["sqlite"][0]["sender"]
    repeats = sender["sent"] - sender["events"]
    print(  # noqa: T201
        f"{sender['sent']:,} webhooks in {seconds:g} s, {repeats:,} of them repeats, {runs} times: "
        f"all answered 200, each of {sender['events']:,} events handled once"
    )
    middle: dict[str, dict[str, float]] = {}
    for kind, so_far in results.items():
        values = middle[kind] = {
            "p50": statistics.median(each["sender"]["latencies"][49] for each in so_far) * 1000,
            "p99": statistics.median(each["sender"]["latencies"][98] for each in so_far) * 1000,
            "cpu": statistics.median(each["cpu"] for each in so_far),
        }
        name = NAMES[kind]
        show(f"{name}: median until answered", values["p50"], "ms")
        goal = 50 if kind == "sqlite" else None
        show(f"{name}: 99th percentile until answered", values["p99"], "ms", goal)
        show(f"{name}: CPU of the server", values["cpu"], "s")
    for kind, goal in (("sqlite", None), ("memory", 2)):
        what = f"CPU: {NAMES[kind]} / {NAMES['bare']}"
        show(what, middle[kind]["cpu"] / middle["bare"]["cpu"], "", goal)
    faulty_rate = min(rate, FAULTY_RATE)
    faulty = run("faulty", faulty_rate, seconds)
    check("faulty", faulty)
    sender = faulty["sender"]
    print(  # noqa: T201
        f"with faults: {sender['sent']:,} webhooks, {faulty['failed']:,} failures, answered "
        f"{json.dumps(sender['statuses'])}: each of {sender['events']:,} events handled once by "
        "each of two handlers"
    )


def main() -> None:
    """Print the table, or run as one of the processes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhooks", description=__doc__)
    parser.add_argument("role", nargs="?", default="compare", help=argparse.SUPPRESS)
    parser.add_argument("what", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=int, default=1_000, help="webhooks a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a run")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each server")
    options = parser.parse_args()
    if options.role == "compare":
        compare(options.rate, options.seconds, options.runs)
    elif options.role == "send":
        print(json.dumps(asyncio.run(send(**json.loads(options.what)))))  # noqa: T201
    else:
        servers = {
            "sqlite": serve_sqlite,
            "memory": serve_memory,
            "bare": serve_bare,
            "faulty": serve_faulty,
        }
        asyncio.run(servers[options.role.removeprefix("serve-")]())


if __name__ == "__main__":
    main()
