"""The faults that requests meet: injected ones, or those of a chaos profile.

A profile is a named mixture of faults, the same for the same seed. It alternates between rests, in
which requests are answered as usual, and storms, in which each request meets a fault.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Literal, TypeAlias, get_args

from attrs import define, field, frozen

from livechat_async.checks import check_choice, check_count, refusal
from livechat_async.sandbox.faults import (
    CutBody,
    Drip,
    DropConnection,
    EmptyBody,
    Fault,
    Html,
    Slow,
    Status,
)

ChaosProfile: TypeAlias = Literal["calm", "flaky", "rate-limited", "outage", "slow"]


@frozen
class Profile:
    """A mixture of faults.

    Attributes:
        about: what it is like, for users.
        rest: the fewest and the most requests in a row that meet no fault.
        storm: the fewest and the most requests in a row that meet one.
        faults: each makes a fault of a number from 0 to less than 1, and all are equally likely.
    """

    about: str
    rest: tuple[int, int]
    storm: tuple[int, int]
    faults: tuple[Callable[[float], Fault], ...]


def _slow(least: float, most: float) -> Callable[[float], Fault]:
    return lambda part: Slow(_short(least + (most - least) * part))


def _short(number: float) -> float:
    """Three decimals, rounded down: a part of less than 1 stays below it."""
    return int(number * 1000) / 1000


_BAD_GATEWAY = b"<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>\n"
_GATEWAY = Status(HTTPStatus.BAD_GATEWAY, _BAD_GATEWAY)

PROFILES: Mapping[ChaosProfile, Profile] = {
    "calm": Profile(
        "Nothing fails. Some answers are up to 0.2 s late.", (0, 9), (1, 1), (_slow(0, 0.2),)
    ),
    "flaky": Profile(
        "About one request in eight fails, never two in a row: an error status, a lost "
        "connection, an answer that is cut, empty or a web page.",
        (1, 13),
        (1, 1),
        (
            lambda _: Status(HTTPStatus.INTERNAL_SERVER_ERROR),
            lambda _: _GATEWAY,
            lambda _: Status(HTTPStatus.SERVICE_UNAVAILABLE, retry_after=1),
            lambda _: DropConnection(),
            lambda _: DropConnection(after_headers=True),
            lambda part: CutBody(_short(part)),
            lambda _: EmptyBody(),
            lambda _: Html(),
        ),
    ),
    "rate-limited": Profile(
        "After 5 to 20 requests, the next one to three are answered 429 with Retry-After: 1.",
        (5, 20),
        (1, 3),
        (lambda _: Status(HTTPStatus.TOO_MANY_REQUESTS, retry_after=1),),
    ),
    "outage": Profile(
        "After 20 to 60 requests, the next 10 to 30 fail: 503, 502 or no answer.",
        (20, 60),
        (10, 30),
        (
            lambda _: Status(HTTPStatus.SERVICE_UNAVAILABLE),
            lambda _: _GATEWAY,
            lambda _: DropConnection(),
        ),
    ),
    "slow": Profile(
        "Every answer is late: by 0.2 to 3 s as a rule, by 3 to 10 s or in drops now and then.",
        (0, 0),
        (1, 1),
        (*[_slow(0.2, 3)] * 8, _slow(3, 10), lambda part: Drip(_short(part / 10), chunk=1024)),
    ),
}
"""All profiles by name."""


@define(eq=False)
class Chaos:
    """A profile at work. The n-th request meets the same fault, or none, for the same seed.

    Attributes:
        profile: its name.
        seed: another number makes up other faults.
        requests: the number of requests that it has judged.

    Raises:
        ConfigurationError: there is no such profile, or the seed is no whole number from 0.
    """

    profile: ChaosProfile = field(
        validator=lambda _, __, name: check_choice("profile", name, get_args(ChaosProfile))
    )
    seed: int = field(default=0, validator=lambda _, __, seed: check_count("seed", seed, 0))
    requests: int = field(default=0, init=False)
    _faults: Iterator[Fault | None] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._faults = _draw(PROFILES[self.profile], f"{self.profile} {self.seed}")

    @property
    def about(self) -> str:
        """What the profile is like."""
        return PROFILES[self.profile].about

    def next_fault(self) -> Fault | None:
        """The fault of the next request; None if it is to be answered as usual."""
        self.requests += 1
        return next(self._faults)


def _draw(profile: Profile, seed: str) -> Iterator[Fault | None]:
    # Only `random` is promised to draw the same numbers in every version of Python.
    draw = random.Random(seed).random  # noqa: S311 - the same faults every time, not secrets
    while True:
        for _ in range(_between(*profile.rest, draw())):
            yield None
        for _ in range(_between(*profile.storm, draw())):
            make = profile.faults[int(draw() * len(profile.faults))]
            yield make(draw())


def _between(fewest: int, most: int, part: float) -> int:
    return fewest + int(part * (most - fewest + 1))


class FaultQueue:
    """The faults of the next requests: those that were added, in order, or else those of chaos."""

    def __init__(self) -> None:
        self._entries: deque[tuple[Fault, int]] = deque()
        self.chaos: Chaos | None = None

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault, times in self._entries for _ in range(times))

    @property
    def entries(self) -> list[tuple[Fault, int]]:
        """Each fault with the number of requests that will meet it."""
        return list(self._entries)

    def add(self, fault: object, times: object = 1) -> None:
        """Add a fault for ``times`` requests that have none yet."""
        if not isinstance(fault, Fault):
            raise refusal("fault", fault, "a fault is needed, as in Status(503)")
        self._entries.append((fault, check_count("times", times)))

    def take(self) -> Fault | None:
        """Remove and return the fault of the next request."""
        drawn = None if self.chaos is None else self.chaos.next_fault()
        if not self._entries:
            return drawn
        fault, times = self._entries.popleft()
        if times > 1:
            self._entries.appendleft((fault, times - 1))
        return fault

    def clear(self) -> None:
        """Remove all faults that were added."""
        self._entries.clear()
