"""Starts the server of the benchmarks, and fetches from it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.measuring import running

LISTS = (1, 10, 400)
"""The lengths of its lists of visitors."""

PAGE_SIZE = 25
LATENCY = 0.05
"""Seconds that an answer to a path below ``/slow`` takes."""


@contextmanager
def served(chats: int = 0) -> Iterator[str]:
    """The address of a server, in a process of its own.

    Args:
        chats: the number of chats in the archives.
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
