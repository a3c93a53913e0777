"""Chaos profiles: named mixtures of faults that a seed repeats."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, get_args

import aiohttp
import pytest
from asking import ask, call
from hypothesis import given
from hypothesis import strategies as st

from livechat_async import LiveChatClient, RetryPolicy
from livechat_async.errors import ConfigurationError
from livechat_async.sandbox import Html, Sandbox, Slow
from livechat_async.sandbox.chaos import PROFILES, Chaos, ChaosProfile
from livechat_async.sandbox.faults import Fault

NAMES = get_args(ChaosProfile)
SEEDS = st.integers(0, 10**12)


def faults_of(profile: ChaosProfile, seed: int, count: int = 300) -> list[Fault | None]:
    chaos = Chaos(profile, seed)
    return [chaos.next_fault() for _ in range(count)]


def runs(faults: list[Fault | None]) -> list[tuple[bool, int]]:
    """How many requests in a row met a fault, or none; without the last run, which may go on."""
    found: list[tuple[bool, int]] = []
    for fault in faults:
        is_storm = fault is not None
        if found and found[-1][0] == is_storm:
            found[-1] = (is_storm, found[-1][1] + 1)
        else:
            found.append((is_storm, 1))
    return found[:-1]


@given(profile=st.sampled_from(NAMES), seed=SEEDS)
def test_the_same_seed_gives_the_same_faults(profile: ChaosProfile, seed: int) -> None:
    assert faults_of(profile, seed) == faults_of(profile, seed)


@given(profile=st.sampled_from(NAMES), seed=SEEDS, other=SEEDS)
def test_another_seed_gives_other_faults(profile: ChaosProfile, seed: int, other: int) -> None:
    assert (faults_of(profile, seed) == faults_of(profile, other)) == (seed == other)


def test_the_faults_of_a_seed_are_those_of_every_version() -> None:
    """A seed in a bug report repeats the failure on another machine."""
    faults = enumerate(faults_of("flaky", 7, 40))
    assert [(number, type(fault).__name__) for number, fault in faults if fault] == [
        (5, "CutBody"),
        (9, "DropConnection"),
        (17, "EmptyBody"),
        (19, "DropConnection"),
        (21, "Status"),
        (27, "DropConnection"),
        (35, "Html"),
    ]


@given(profile=st.sampled_from(NAMES), seed=SEEDS)
def test_rests_and_storms_are_as_long_as_the_profile_says(profile: ChaosProfile, seed: int) -> None:
    mixture = PROFILES[profile]
    met = runs(faults_of(profile, seed))
    for is_storm, length in met:
        fewest, most = mixture.storm if is_storm else mixture.rest
        if mixture.rest[0] > 0:  # else storms follow each other
            assert fewest <= length <= most
        elif not is_storm:
            assert length <= most


@given(seed=SEEDS)
def test_calm_fails_nothing(seed: int) -> None:
    faults = list(filter(None, faults_of("calm", seed)))
    assert all(isinstance(fault, Slow) and fault.seconds <= 0.2 for fault in faults)
    assert 0 < len(faults) < 300


@pytest.mark.parametrize("profile", NAMES)
def test_every_fault_of_a_profile_comes(profile: ChaosProfile) -> None:
    mixture = PROFILES[profile]
    expected = {type(make(0.5)) for make in mixture.faults}
    assert {type(fault) for fault in faults_of(profile, 1, 2000) if fault} == expected
    assert all(make(part) for make in mixture.faults for part in (0.0, 0.9999999999))
    assert mixture.about.endswith(".")


async def statuses(sandbox: Sandbox, count: int) -> list[int | None]:
    headers = {"Authorization": sandbox.bearer.authorization().reveal()}
    async with aiohttp.ClientSession(sandbox.url, headers=headers) as http:
        for _ in range(count):
            with suppress(aiohttp.ClientError):
                async with http.get("/v2/visitors") as response:
                    await response.read()
    return [record.status for record in sandbox.requests]


@pytest.mark.parametrize("profile", ["flaky", "rate-limited", "outage"])
async def test_two_sandboxes_with_a_seed_fail_in_the_same_way(profile: ChaosProfile) -> None:
    async with (
        Sandbox(chaos=profile, chaos_seed=3) as one,
        Sandbox(chaos=profile, chaos_seed=3) as same,
        Sandbox(chaos=profile, chaos_seed=4) as other,
    ):
        found = [await statuses(sandbox, 90) for sandbox in (one, same, other)]
    assert found[0] == found[1] != found[2]
    assert 200 in found[0]
    assert set(found[0]) - {200}
    assert one.chaos is not None
    assert (one.chaos.profile, one.chaos.seed, one.chaos.requests) == (profile, 3, len(found[0]))


@pytest.mark.parametrize(("profile", "seed"), [("flaky", 7), ("rate-limited", 12)])
async def test_a_client_that_repeats_gets_through(profile: ChaosProfile, seed: int) -> None:
    faults = faults_of(profile, seed, 30)
    met = [fault for fault in faults if fault]
    calls = len(faults) - len(met)
    async with (
        Sandbox(seed=3, chaos=profile, chaos_seed=seed) as sandbox,
        LiveChatClient(
            sandbox.credentials, base_url=sandbox.url, retry=RetryPolicy(backoff=0)
        ) as client,
    ):
        for _ in range(calls):
            assert len(await client.visitors.list()) == 3
        assert len(sandbox.requests) >= len(faults)
    assert met


async def test_injected_faults_go_first_and_shift_nothing(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.set_chaos("rate-limited", 5)
    expected = [200 if fault is None else 429 for fault in faults_of("rate-limited", 5, 30)]
    sandbox.inject(Html(), times=2)
    for _ in range(30):
        async with http.get("/v2/agents") as response:
            await response.read()
    assert [record.status for record in sandbox.requests] == [200, 200, *expected[2:]]
    assert sandbox.faults == []


async def test_chaos_can_be_begun_watched_and_ended(
    sandbox: Sandbox, control: aiohttp.ClientSession, http: aiohttp.ClientSession
) -> None:
    nothing = {"profile": None, "seed": None, "requests": 0}
    assert await call(control, "GET", "chaos") == (200, nothing)
    begun = await call(control, "POST", "chaos", json={"profile": "outage", "seed": 9})
    assert begun == (200, {"profile": "outage", "seed": 9, "requests": 0})
    await ask(http, "/v2/agents")
    await call(control, "GET", "visitors")
    assert await call(control, "GET", "chaos") == (200, {**begun[1], "requests": 1})
    assert await call(control, "DELETE", "chaos") == (200, {"result": "done"})
    assert sandbox.chaos is None
    assert await call(control, "POST", "chaos", json={"profile": "slow"}) == (
        200,
        {"profile": "slow", "seed": 0, "requests": 0},
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "'profile' is missing"),
        ({"profile": None}, "profile=None is none of 'calm', 'flaky', 'rate-limited', 'outage'"),
        ({"profile": "stormy"}, "profile='stormy' is none of 'calm'"),
        ({"profile": ["calm"]}, "profile=['calm'] is none of"),
        ({"profile": "calm", "seed": -1}, "seed=-1: a whole number is needed, 0 or more"),
        ({"profile": "calm", "seed": "7"}, "seed='7': a whole number is needed"),
        ({"profile": "calm", "speed": 1}, "'speed' is not known here: use profile, seed"),
    ],
)
async def test_chaos_that_is_not_known_is_refused(
    sandbox: Sandbox, control: aiohttp.ClientSession, body: dict[str, Any], text: str
) -> None:
    sandbox.set_chaos("calm")
    status, answer = await call(control, "POST", "chaos", json=body)
    assert (status, list(answer)) == (400, ["error"])
    assert text in answer["error"]
    assert sandbox.chaos is not None


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"chaos": "stormy"}, "chaos='stormy' is none of 'calm'"),
        ({"chaos": True}, "chaos=True is none of"),
        ({"chaos": "calm", "chaos_seed": -1}, "chaos_seed=-1"),
        ({"chaos_seed": 1.5}, "chaos_seed=1.5"),
    ],
)
def test_options_of_chaos_are_checked(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Sandbox(**options)
    assert text in str(caught.value)


def test_chaos_without_a_seed_repeats_too() -> None:
    sandbox, same = Sandbox(chaos="flaky"), Sandbox(chaos="flaky")
    assert sandbox.chaos is not None
    assert same.chaos is not None
    one, other = ([chaos.next_fault() for _ in range(50)] for chaos in (sandbox.chaos, same.chaos))
    assert one == other
    assert one == faults_of("flaky", 0, 50)
