from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from asking import ask, chat_ids

from livechat_async.sandbox import Body, Envelope, Sandbox
from livechat_async.sandbox.faults import edit


async def test_chats_arrive_during_a_walk(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.seed_chats(100, date_from="2013-01-01", date_to="2013-01-31")
    before = sandbox.chat_ids()
    arrivals = sandbox.let_chats_arrive(2, every=2, at_most=3)
    # An answer that is no page moves no chats.
    for path in ("/chats?page=0", f"/chats/{before[0]}", "/tickets"):
        await ask(http, path)
    walked = [await chat_ids(http, f"page={page}") for page in range(1, 6)]
    assert len(arrivals.ids) == 3
    assert walked[0] == before[:25]
    assert walked[1] == before[23:48]  # two chats again
    assert walked[2] == before[48:73]
    assert walked[3] == before[72:97]  # and the third new chat
    assert walked[4] == before[97:]
    assert (await chat_ids(http, ""))[:3] == arrivals.ids[::-1]
    assert all(chat["type"] == "chat" for chat in sandbox.chats[:3])
    assert len({str(chat["visitor"]) for chat in sandbox.chats[:3]}) == 3


async def test_chats_go_during_a_walk(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.seed_chats(60, date_from="2013-01-01", date_to="2013-01-31")
    before = sandbox.chat_ids()
    departures = sandbox.let_chats_go(3, every=2)
    walked = [await chat_ids(http, f"page={page}") for page in (1, 2)]
    # Three chats are on neither page.
    assert walked == [before[:25], before[28:53]]
    assert departures.ids == before[:3]


async def test_slow_answers_wait_at_the_same_time() -> None:
    async with Sandbox(chats=30, latency=0.3) as sandbox:
        headers = {"X-API-Version": "2", "Authorization": sandbox.bearer.authorization().reveal()}
        async with aiohttp.ClientSession(sandbox.url, headers=headers) as http:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            answers = await asyncio.gather(*(ask(http, "/chats") for _ in range(20)))
            assert 0.29 < loop.time() - begun < 5.9
    assert all(answer["total"] == 30 for _, answer in answers)


def without(answer: dict[str, Any], *names: str) -> None:
    for name in names:
        del answer["chats"][0][name]


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        (Envelope(), len),
        (Envelope(omit=["pages"]), lambda a: a.pop("pages")),
        (Envelope({"pages": 0}), lambda a: a.update(pages=0)),
        (Envelope({"pages": 3}, omit=("total",)), lambda a: (a.update(pages=3), a.pop("total"))),
        (Envelope({"new": {"a": [1]}}), lambda a: a.update(new={"a": [1]})),
        (Envelope({"chats": None}), lambda a: a.update(chats=None)),
        (Envelope({"chats.1": "broken"}), lambda a: a["chats"].__setitem__(1, "broken")),
        (Envelope({"chats.0.visitor.id": 7}), lambda a: a["chats"][0]["visitor"].update(id=7)),
        (Envelope(omit=["chats.0.id", "chats.0.type"]), lambda a: without(a, "id", "type")),
        (Envelope(omit=["chats.1"]), lambda a: a["chats"].pop()),
        (Envelope({"chats.9": 1, "a.b": 1, "total.x": 1, "chats.x": 1}, ["x", "chats.9.id"]), len),
    ],
)
async def test_envelopes_change_parts_of_an_answer(
    sandbox: Sandbox, http: aiohttp.ClientSession, fault: Envelope, change: Any
) -> None:
    sandbox.seed_chats(2)
    real = (await ask(http, "/chats"))[1]
    sandbox.inject(fault, times=2)
    edited = (await ask(http, "/chats"))[1]
    change(real)
    assert edited == real
    assert (await ask(http, "/chats"))[1] == real
    assert (await ask(http, "/chats"))[1]["total"] == 2


def test_an_answer_that_is_no_object_stays_as_it_is() -> None:
    assert edit(b"<html>", {"pages": 1}, ["pages"]) == b"<html>"
    assert edit(b"7", {"pages": 1}, ["pages"]) == b"7"


async def test_two_pages_that_are_the_same(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.seed_chats(60)
    first = await ask(http, "/chats?page=1")
    sandbox.inject(Envelope())
    sandbox.inject(Body(first[1]))
    assert [await ask(http, f"/chats?page={page}") for page in (1, 2)] == [first, first]
    assert await chat_ids(http, "page=3") == sandbox.chat_ids()[50:]
