from __future__ import annotations

import ipaddress
import zoneinfo
from collections import Counter

import aiohttp
import pytest

from livechat_async.models.visitors import VisitorState
from livechat_async.sandbox import Sandbox

NOW = 1_487_246_066
NETWORKS = [
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
]


def seeded(seed: int) -> Sandbox:
    return Sandbox(seed=seed, clock=lambda: NOW)


def test_default_seed() -> None:
    visitors = Sandbox(seed=True, clock=lambda: NOW).visitors
    states = Counter(visitor["state"] for visitor in visitors)
    assert len(visitors) == 8
    assert (states["chatting"], states["queued"], states["online"]) == (2, 1, 1)
    assert len({visitor["group"] for visitor in visitors}) > 1
    assert visitors == seeded(8).visitors


def test_the_documented_visitor_is_there_and_chats() -> None:
    # Test data: the first token a sandbox gives.
    chat = seeded(1).chat_of("S1352647457.ac951bfe2e")
    assert chat is not None
    assert chat.token == "00000000000000000000000000000001"
    assert chat.license_id == "12345"


@pytest.mark.parametrize("seed", [False, 0])
def test_no_seed(seed: int) -> None:
    assert seeded(seed).visitors == []


def test_many_visitors_differ_and_are_in_every_state() -> None:
    visitors = seeded(400).visitors
    assert len({visitor["id"] for visitor in visitors}) == 400
    assert len({visitor["ip"] for visitor in visitors}) == 400
    assert {visitor["state"] for visitor in visitors} == {str(state) for state in VisitorState}
    assert visitors[:8] == seeded(8).visitors


@pytest.mark.parametrize("visitor", seeded(60).visitors, ids=lambda visitor: visitor["id"])
def test_a_seeded_visitor_has_the_documented_form(visitor: dict[str, object]) -> None:
    address = ipaddress.ip_address(str(visitor["ip"]))
    assert any(address in network for network in NETWORKS)
    assert zoneinfo.ZoneInfo(str(visitor["timezone"])).key == visitor["timezone"]
    assert -90 < float(str(visitor["latitude"])) < 90
    assert -180 < float(str(visitor["longitude"])) < 180
    assert str(visitor["page_current"]).startswith("http://www.example.com/")
    assert NOW - 3600 < int(str(visitor["last_visit_ts"])) <= int(str(visitor["page_entered_ts"]))
    assert int(str(visitor["page_entered_ts"])) <= NOW
    accepted, refused = visitor["greetings_accepted"], visitor["greetings_refused"]
    assert int(str(accepted)) + int(str(refused)) <= int(str(visitor["greetings_all"]))
    chats = visitor["state"] == "chatting"
    assert bool(visitor["chat_id"]) == bool(visitor["prechat_survey"]) == chats
    assert bool(visitor["queue_start_time"]) == (visitor["state"] == "queued")
    assert bool(visitor["invitation"]) == (visitor["state"] == "invited")


async def test_seeded_visitors_are_served() -> None:
    async with Sandbox(seed=3) as sandbox:
        headers = {"X-API-Version": "2", "Authorization": sandbox.bearer.authorization().reveal()}
        async with (
            aiohttp.ClientSession(sandbox.url, headers=headers) as http,
            http.get("/visitors") as response,
        ):
            assert await response.json() == sandbox.visitors
    assert len(sandbox.visitors) == 3
