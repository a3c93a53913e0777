"""The server of the benchmarks, as those see it who use it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.measuring import running

__all__ = ["LATENCY", "LISTS", "PAGE_SIZE", "fetch", "served"]

LISTS = (1, 10, 400)
"""How many visitors the lists have that it answers with."""

PAGE_SIZE = 25
LATENCY = 0.05
"""Seconds that pass before an answer to what is asked for below ``/slow``."""


@contextmanager
def served(chats: int = 0) -> Iterator[str]:
    """The address of a server, in a process of its own.

    Args:
        chats: how many are in the archives.
    """
    with running("benchmarks.server", str(chats)) as process:
        url = process.stdout.readline().strip() if process.stdout else ""
        if not url:
            raise SystemExit("the server did not start; its error is above")
        yield url


def fetch(url: str) -> bytes:
    """The body of an answer."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (our own server's)
        content: bytes = answer.read()
    return content
