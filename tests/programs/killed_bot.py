"""A bot that is killed: ``python killed_bot.py DATABASE PORT JOURNAL``.

Its handler writes a line when it begins and when it ends, which a kill leaves as it is.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import sys
import time

from aiohttp import web

from livechat_async.webhooks import ChatStarted, SQLiteEngine, WebhookCredentials, WebhookReceiver


def main(database: str, port: int, journal: str) -> None:
    """Serve until the process is killed or gets SIGTERM."""
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("livechat_async.webhooks").setLevel(logging.ERROR)
    file = os.open(journal, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    bot = WebhookReceiver(
        credentials=WebhookCredentials("livechat", "of-a-test"),
        engine=SQLiteEngine(database, concurrency=8),
        backoff=0.02,
        backoff_max=0.1,
    )

    def note(what: str, event: ChatStarted) -> None:
        line = f"{what} {event.unique_id} {os.getpid()} {time.monotonic()}\n"
        os.write(file, line.encode())

    @bot.on(ChatStarted)
    async def handle(event: ChatStarted) -> None:
        note("begin", event)
        await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311
        if random.random() < 0.1:  # noqa: S311
            note("fail", event)
            raise OSError("away")
        note("end", event)

    app = web.Application()
    app.router.add_post("/livechat", bot.aiohttp_handler)
    app.cleanup_ctx.append(bot.aiohttp_context)
    web.run_app(app, host="127.0.0.1", port=port, print=None, reuse_address=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
