"""The types that a caller asks for: refused before a call if no answer can be read as one."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import threading
from typing import Any, Optional, TypedDict, TypeVar

import attrs
import pydantic
import pytest
from clients import MakeClient
from scripted_server import ScriptedServer, answer

from livechat_async import (
    Chat,
    ConfigurationError,
    LiveChatClient,
    Request,
    RequestTimeout,
    Timeouts,
    Visitor,
)


class PydanticModel(pydantic.BaseModel):
    name: str


class Plain:
    pass


@dataclasses.dataclass
class Holder:
    part: PydanticModel | None = None


def local_class() -> Any:
    @attrs.frozen
    class Inner:
        name: str

    @attrs.frozen
    class Local:
        inner: Inner

    return Local


REFUSED: dict[str, Any] = {
    "a pydantic model": PydanticModel,
    "a list of them": list[PydanticModel],
    "a dict of them": dict[str, PydanticModel],
    "an optional one": Optional[PydanticModel],  # noqa: UP045 (users write that, too)
    "one in a dataclass": Holder,
    "a time of the day": dt.time,
    "a union": int | str,
    "a list of unions": list[int | str],
    "a class local to a function": local_class(),
    "a class without fields": Plain,
    "object": object,
    "a name": "Visitor",
    "a list with a type": [int],
    "a value": Visitor(id="S1", state="chatting"),
    "a type variable": TypeVar("T"),
}
refused = pytest.mark.parametrize("type_", REFUSED.values(), ids=REFUSED)


@refused
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_type_that_no_answer_can_be_read_as_is_refused_before_the_call(
    server: ScriptedServer, client: LiveChatClient, type_: Any, method: str
) -> None:
    """Field case 11: a POST was carried out, and then its answer could not be read."""
    with pytest.raises(ConfigurationError, match=r"(?s)type_=.* Any; or register a hook"):
        await client.send(Request(method, "/x"), type_)
    assert server.requests == []


@refused
def test_an_item_that_no_answer_can_be_read_as_is_refused_before_the_walk(
    client: LiveChatClient, type_: Any
) -> None:
    """Field case 11: ``paginate`` raised an error of cattrs."""
    with pytest.raises(ConfigurationError, match="item_type="):
        client.paginate(Request("GET", "/x"), type_, key="items")


def test_a_refused_type_is_shown_whole_in_plain_sentences(client: LiveChatClient) -> None:
    """``type_=dict`` was said of a dict of models, and a sentence ended in two full stops."""
    with pytest.raises(ConfigurationError) as caught:
        client.paginate(Request("GET", "/x"), dict[str, Plain], key="items")
    text = str(caught.value)
    assert text.startswith(f"item_type=dict[str, {__name__}.Plain]: no answer can be read")
    assert ".. " not in text


class Typed(TypedDict):
    name: str


@attrs.frozen
class Tree:
    branches: list[Tree] = attrs.field(factory=list)


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        (Any, "[1]"),
        (dict, "{}"),
        (list, "[]"),
        (dict[str, Any], "{}"),
        (list[dict[str, Any]], "[{}]"),
        (tuple[int, ...], "[1]"),
        (str | None, "null"),
        (Typed, '{"name": "x"}'),
        (Tree, '{"branches": [{}]}'),
        (list[Chat], "[]"),
        (Visitor | Chat, '{"id": "S1", "state": "chatting"}'),
    ],
)
async def test_any_other_type_is_read(
    server: ScriptedServer, client: LiveChatClient, type_: Any, body: str
) -> None:
    server.script(answer(200, body))
    await client.send(Request("GET", "/x"), type_)
    assert len(server.requests) == 1


async def test_a_hook_makes_a_type_readable(server: ScriptedServer, client: LiveChatClient) -> None:
    """Field case 11: the remedy in the message works."""
    client.converter.register_structure_hook(
        PydanticModel, lambda value, _: PydanticModel.model_validate(value)
    )
    server.script(answer(200, [{"name": "John"}]))
    response = await client.send(Request("GET", "/x"), list[PydanticModel])
    assert response.value == [PydanticModel(name="John")]


@attrs.frozen
class Slow:
    name: str


@pytest.mark.parametrize("cancelled", [False, True], ids=["deadline", "cancelled"])
async def test_a_call_ends_while_its_answer_is_decoded_and_the_reading_stops(
    server: ScriptedServer, make_client: MakeClient, *, cancelled: bool
) -> None:
    """Field case 41: the deadline holds, and no thread goes on reading for nothing."""
    read: list[str] = []
    reading, gate = threading.Event(), threading.Event()

    def to_slow(value: Any, _: Any) -> Slow:
        read.append(value["name"])
        reading.set()
        gate.wait(60)
        return Slow(value["name"])

    client = make_client(timeouts=Timeouts(deadline=60 if cancelled else 0.5))
    client.converter.register_structure_hook(Slow, to_slow)
    server.script(answer(200, {"items": [{"name": "x" * 1_000}] * 600, "total": 600}))
    walk = client.paginate(Request("GET", "/x"), Slow, key="items")
    task = asyncio.ensure_future(walk.page(1))
    if cancelled:
        await asyncio.to_thread(reading.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        with pytest.raises(RequestTimeout, match="deadline"):
            await task
    gate.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert len(read) <= 1
