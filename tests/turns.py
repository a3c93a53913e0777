"""Readers run to their end at once."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


def at_once(work: Generator[None, None, T]) -> T:
    """What the generator returns."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            value: T = done.value
            return value
