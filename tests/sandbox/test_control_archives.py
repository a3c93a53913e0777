from __future__ import annotations

import aiohttp
import pytest
from asking import call

from livechat_async.sandbox import Envelope, Sandbox

DONE = (200, {"result": "done"})


@pytest.mark.parametrize("kind", ["chats", "tickets"])
async def test_chats_and_tickets_can_be_added_and_removed(
    sandbox: Sandbox, control: aiohttp.ClientSession, kind: str
) -> None:
    body = {"tags": ["sales"], "omit": ["rate"], "self": 1}
    status, answer = await call(control, "POST", kind, json=body)
    [item] = getattr(sandbox, kind)
    assert (status, answer) == (200, {"id": item["id"]})
    assert (item["tags"], item["self"], "rate" in item) == (["sales"], 1, False)
    assert await call(control, "GET", kind) == (200, [item])
    assert await call(control, "DELETE", f"{kind}/{item['id']}") == DONE
    assert getattr(sandbox, kind) == []
    assert (await call(control, "DELETE", f"{kind}/{item['id']}"))[0] == 400
    assert (await call(control, "POST", kind, json={"id": ""}))[0] == 400
    assert (await call(control, "GET", f"{kind}/{item['id']}/tags"))[0] == 404
    assert (await call(control, "GET", f"{kind}/{item['id']}"))[0] == 405


async def test_chats_and_tickets_can_be_made_up(
    sandbox: Sandbox, control: aiohttp.ClientSession
) -> None:
    body = {"chats": 30, "date_from": "2013-01-01", "date_to": "2013-01-31", "seed": 3}
    assert await call(control, "POST", "seed", json=body) == DONE
    assert (len(sandbox.chats), len(sandbox.tickets)) == (30, 0)
    assert len(sandbox.chat_ids(date_from="2013-01-01", date_to="2013-01-31")) == 30
    assert await call(control, "POST", "seed", json={"tickets": 2}) == DONE
    assert len(sandbox.tickets) == 2
    for bad in (
        {"chats": "many"},
        {"chats": 1, "tickets": "many"},
        {"chats": 1, "date_from": 1},
        {"visitors": 1},
        {"seed": "x"},
        {"chats": 1_000_001},
        {"tickets": 10**30},
    ):
        assert (await call(control, "POST", "seed", json=bad))[0] == 400
    assert (len(sandbox.chats), len(sandbox.tickets)) == (30, 2), "a mistake changes nothing"


async def test_chats_arrive_and_go_on_demand(
    sandbox: Sandbox, control: aiohttp.ClientSession, http: aiohttp.ClientSession
) -> None:
    sandbox.seed_chats(3)
    before = sandbox.chat_ids()
    for name in ("arrivals", "departures"):
        assert await call(control, "GET", name) == (200, [])
        assert await call(control, "DELETE", name) == DONE
        assert (await call(control, "POST", name, json={"often": 1}))[0] == 400
        assert (await call(control, "POST", name, json={"every": 0}))[0] == 400
    body = {"per_request": 2, "day": "2010-01-01", "at_most": 5}
    assert await call(control, "POST", "arrivals", json=body) == DONE
    assert await call(control, "POST", "departures", json={"every": 1}) == DONE
    async with http.get("/chats") as response:
        chats = [chat["id"] for chat in (await response.json())["chats"]]
    _, arrived = await call(control, "GET", "arrivals")
    assert await call(control, "GET", "departures") == (200, before[:1])
    assert chats == [*before[1:], *reversed(arrived)]
    for name in ("arrivals", "departures"):
        assert await call(control, "DELETE", name) == DONE
    async with http.get("/chats") as response:
        assert [chat["id"] for chat in (await response.json())["chats"]] == chats


async def test_transcripts_can_be_read(
    sandbox: Sandbox, control: aiohttp.ClientSession, http: aiohttp.ClientSession
) -> None:
    chat_id = sandbox.add_chat()
    async with http.post(f"/chats/{chat_id}/send_transcript", data={"to": "a@example.com"}):
        pass
    assert await call(control, "GET", "transcripts") == (200, [[chat_id, "a@example.com"]])


async def test_envelopes_can_be_injected(sandbox: Sandbox, control: aiohttp.ClientSession) -> None:
    body = {"fault": "Envelope", "change": {"pages": 0}, "omit": ["total"], "times": 2}
    assert await call(control, "POST", "faults", json=body) == DONE
    assert sandbox.faults == [Envelope({"pages": 0}, ["total"])] * 2
    for bad in ({"omit": "pages"}, {"omit": [1]}, {"change": ["pages"]}, {"change": 7}):
        assert (await call(control, "POST", "faults", json={"fault": "Envelope", **bad}))[0] == 400


@pytest.mark.parametrize("path", ["nothing", "nothing/at/all", "seed/x"])
async def test_an_unknown_path_is_a_404(control: aiohttp.ClientSession, path: str) -> None:
    assert (await call(control, "GET", path))[0] == 404
