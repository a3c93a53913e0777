"""Bytes become values, quickly where they are usual, and item by item where they are not."""

import asyncio
import json
import threading
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from unittest import mock
from zoneinfo import ZoneInfo

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import JSON, nearly

from livechat_async import DetailField, LiveChatClient, VisitorDetails
from livechat_async.decoding import bodies
from livechat_async.decoding.bodies import (
    LARGE,
    Envelope,
    NotJSONError,
    load_json,
    read_envelope,
    value_reader,
)
from livechat_async.decoding.converter import make_converter
from livechat_async.decoding.problems import WireError, find_wire_error
from livechat_async.http import session
from livechat_async.models.chats import Chat
from livechat_async.models.tickets import Ticket
from livechat_async.models.visitors import Operator, Visitor
from livechat_async.sandbox import Sandbox

FIXTURES = Path(__file__).parent.parent / "fixtures"
WIRE = {"id": "S1.a", "state": "chatting", "operators": [{"id": "john"}]}


def many(number: int) -> list[dict[str, Any]]:
    return [{**WIRE, "id": f"S{index}"} for index in range(number)]


def to_bytes(document: object) -> bytes:
    return json.dumps(document).encode()


def read(content: bytes, type_: Any = list[Visitor]) -> Any:
    return value_reader(make_converter(), type_)(content)


def read_whole(content: bytes) -> Any:
    return make_converter().structure(load_json(content), list[Visitor])


# --- quickly ---


@pytest.mark.parametrize(
    ("name", "key", "cls"),
    [
        ("visitors_2013.json", None, Visitor),
        ("visitors_2017.json", None, Visitor),
        ("chats_2013.json", "chats", Chat),
        ("chats_2018.json", "chats", Chat),
        ("tickets_docs.json", "tickets", Ticket),
        ("tickets_2019.json", "tickets", Ticket),
    ],
)
@pytest.mark.parametrize("zone", [None, ZoneInfo("Europe/Warsaw")])
def test_the_samples_are_read_quickly(
    name: str, key: str | None, cls: type[Any], zone: ZoneInfo | None
) -> None:
    document = json.loads((FIXTURES / name).read_text("utf-8"))
    items = document if key is None else document[key]
    converter = make_converter(zone)
    with mock.patch.object(bodies, "load_json", side_effect=NotJSONError("JSON", "taken apart")):
        found = value_reader(converter, list[cls])(to_bytes(items))
    assert found == converter.structure(items, list[cls])


def test_the_visitors_of_a_site_are_read_quickly() -> None:
    visitors = Sandbox(seed=50).visitors
    with mock.patch.object(bodies, "load_json", side_effect=NotJSONError("JSON", "taken apart")):
        assert len(read(to_bytes(visitors), list[Visitor])) == 50


def test_an_unusual_item_does_not_slow_the_others() -> None:
    asked = []

    def counted(content: bytes, place: str) -> Any:
        asked.append(content)
        return load_json(content, place)

    wires = many(20)
    wires[7]["new"] = 1
    with mock.patch.object(bodies, "load_json", counted):
        visitors = read(to_bytes(wires))
    assert [json.loads(content)["id"] for content in asked] == ["S7"]
    assert visitors[7].extra == {"new": 1}
    assert [visitor.id for visitor in visitors] == [f"S{index}" for index in range(20)]


def test_a_users_hook_is_called_and_so_is_a_later_one() -> None:
    converter = make_converter()
    read_visitors = value_reader(converter, list[Visitor])
    assert read_visitors(to_bytes([WIRE]))[0].operators == (Operator(id="john"),)
    converter.register_structure_hook(Operator, lambda value, _: Operator(id=value["id"].upper()))
    assert read_visitors(to_bytes([WIRE]))[0].operators == (Operator(id="JOHN"),)
    converter.register_structure_hook(Visitor, lambda value, _: Visitor(id=value["id"], state="x"))
    assert read_visitors(to_bytes([WIRE])) == [Visitor(id="S1.a", state="x")]
    converter.register_structure_hook_func(lambda cls: cls == list[Visitor], lambda *_: ["mine"])
    assert read_visitors(to_bytes([WIRE])) == ["mine"]


@attrs.frozen(kw_only=True)
class Point:
    x: int


@pytest.mark.parametrize(
    ("document", "type_", "value"),
    [
        ([{"x": 1}], list[Point], [Point(x=1)]),
        ({"x": 1}, Point, Point(x=1)),
        ([1, "2"], list[int], [1, 2]),
        ([[1], ["2"]], list[list[int]], [[1], [2]]),
        ({"a": [1]}, dict[str, Any], {"a": [1]}),
        ([1, {"a": None}], Any, [1, {"a": None}]),
        ([1, {"a": None}], list[Any], [1, {"a": None}]),
        (WIRE, Visitor, Visitor(id="S1.a", state="chatting", operators=(Operator(id="john"),))),
    ],
)
def test_other_types_are_read_too(document: Any, type_: Any, value: Any) -> None:
    assert read(to_bytes(document), type_) == value


def test_an_error_in_a_nested_list_has_its_place() -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next line reads it
        read(b'[[1], [2, "x"]]', list[list[int]])
    assert find_wire_error(caught.value).path == "[1][1]"


# --- text that is hardly JSON ---


def outcome_of(attempt: Callable[[], Any]) -> Any:
    try:
        return attempt()
    except NotJSONError as error:
        return "cut off", error.found
    except Exception as error:  # noqa: BLE001 - of any kind, but with the same to say
        found = find_wire_error(error)
        return found.path, found.expected, found.found


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + to_bytes([WIRE])])
def test_a_byte_order_mark_is_ignored(content: bytes) -> None:
    assert [visitor.id for visitor in read(content, list[Visitor])] == ["S1.a"]


def test_half_an_emoji_is_replaced_and_the_rest_is_read() -> None:
    content = b'[{"id": "a", "state": "b", "name": "\\ud83d!"}, {"id": "c", "state": "d"}]'
    assert [visitor.name for visitor in read(content, list[Visitor])] == ["\ufffd!", ""]


@given(st.binary(max_size=40) | JSON.map(to_bytes) | st.just(to_bytes([WIRE])), st.data())
def test_any_bytes_give_what_the_whole_document_gives(content: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(content)))
    for text in (content, content[:cut]):
        whole = outcome_of(partial(read_whole, text))
        # The items of a list that is no JSON as a whole say more: what is wrong, and where.
        if whole[1:2] != ("JSON",):
            assert outcome_of(partial(read, text)) == whole


# --- envelopes ---


def opened(content: bytes, key: str, type_: Any = Any) -> Envelope | None:
    return read_envelope(content, key, make_converter().get_structure_hook(type_), type_)


@pytest.mark.parametrize("key", ["chats", "tickets", "pages", "total", "a key"])
@pytest.mark.parametrize("type_", [Any, int])
def test_the_list_may_have_any_name(key: str, type_: Any) -> None:
    envelope = opened(to_bytes({key: [1, 2], "other": None}), key, type_)
    assert envelope is not None
    assert envelope.items == [1, 2]
    assert (envelope.pages, envelope.total) == (None, None)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"chats": 5}', b"{}", b'{"chats": [1}', b"[" * 9]
)
@pytest.mark.parametrize("type_", [Any, int])
def test_other_documents_are_no_envelope(content: bytes, type_: Any) -> None:
    assert opened(content, "chats", type_) is None


@pytest.mark.parametrize("type_", [Any, dict[str, Any], Operator])
def test_an_envelope_with_a_byte_order_mark_or_half_an_emoji_is_read(type_: Any) -> None:
    content = b'\xef\xbb\xbf{"pages": "\\ud83d", "chats": [{"id": "a"}], "total": 1}'
    envelope = opened(content, "chats", type_)
    assert envelope is not None
    assert (len(envelope.items), envelope.pages, envelope.total) == (1, "\ufffd", 1)


def test_a_broken_item_is_reported_with_its_place_or_raised() -> None:
    hook = make_converter().get_structure_hook(Visitor)
    content = to_bytes({"visitors": [WIRE, {**WIRE, "chats": "many"}, WIRE], "total": 3})
    problems: list[WireError] = []
    envelope = read_envelope(content, "visitors", hook, Visitor, problems.append)
    assert envelope is not None
    assert [visitor.id for visitor in envelope.items] == ["S1.a", "S1.a"]
    assert [problem.path for problem in problems] == ["visitors[1].chats"]
    with pytest.raises(WireError) as caught:
        read_envelope(content, "visitors", hook, Visitor)
    assert caught.value.path == "visitors[1].chats"


# --- large bodies ---


def test_the_place_of_an_error_in_a_large_list_is_right() -> None:
    wires = many(LARGE // len(to_bytes(WIRE)) + 100)
    wires[-1]["chats"] = "many"
    content = to_bytes(wires)
    assert len(content) > LARGE
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next line reads it
        read(content)
    assert find_wire_error(caught.value).path == f"[{len(wires) - 1}].chats"


@pytest.mark.parametrize("size", [1, 200])
async def test_only_a_large_list_is_read_in_a_thread(size: int) -> None:
    """A user's hook runs there too, with the context of the call."""
    threads: list[tuple[bool, str]] = []
    name = ContextVar("name", default="none")

    def hook(value: Any, _: Any) -> Operator:
        threads.append((threading.current_thread() is threading.main_thread(), name.get()))
        return Operator(id=value["id"])

    async with Sandbox() as sandbox:
        for wire in many(size):
            sandbox.add_visitor(**wire)
        async with LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client:
            client.converter.register_structure_hook(Operator, hook)
            name.set("of the call")
            with mock.patch.object(session, "LARGE", 10_000):
                visitors = await client.visitors.list()
    assert len(visitors) == size
    assert set(threads) == {(size == 1, "of the call")}


async def test_others_run_while_a_large_list_is_read() -> None:
    content = to_bytes(many(8_000))
    turns, is_reading = 0, True

    async def count() -> None:
        nonlocal turns
        while is_reading:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    visitors = await asyncio.to_thread(value_reader(make_converter(), list[Visitor]), content)
    is_reading = False
    await counting
    assert len(visitors) == 8_000
    assert turns > 3


def test_visitor_details_are_no_wire_model() -> None:
    details = VisitorDetails("crm", [DetailField("Plan", "Gold")])
    assert make_converter().unstructure(details)["fields"] == [{"name": "Plan", "value": "Gold"}]
    assert msgspec.json.encode(make_converter().unstructure(details))


def test_one_byte_order_mark_is_skipped_and_more_are_no_json() -> None:
    assert load_json(b"\xef\xbb\xbf[1]") == [1]
    with pytest.raises(NotJSONError):
        load_json(b"\xef\xbb\xbf" * 100_000 + b"[1]")


# --- what is wrong inside one item ---

MENDED: dict[str, tuple[bytes, str]] = {
    "a byte that is no UTF-8": (b'"M\xe9"', "M\ufffd"),
    "bytes of UTF-16": (b'"\xff\xfeM"', "\ufffd\ufffdM"),
    "control characters": (b'"a\n\tb\x00"', "a\n\tb\x00"),
    "half an emoji": (b'"\\ud83d!"', "\ufffd!"),
    "both": (b'"\xe9\\udc00\n"', "\ufffd\ufffd\n"),
    "NaN": (b"NaN", ""),
    "infinity": (b"-Infinity", ""),
    "a number out of range": (b"1e999", "1e999"),
    "a number of many digits": (b"7" * 5000, "7" * 5000),
}
HOPELESS: dict[str, bytes] = {
    "an octal number": b"017",
    "an unknown escape": b'"\\x"',
    "a word": b"undefined",
    "nothing": b"",
    "many levels": b"[" * 20_000 + b"]" * 20_000,
    "many objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
}


def with_name(name: bytes) -> bytes:
    return (
        b'[{"id":"a","state":"b"},{"id":"c","state":"d","name":%b},{"id":"e","state":"f"}]' % name
    )


def around_the_list(items: bytes) -> bytes:
    return b'{"total": 3.0, "visitors": %b, "pages": "1"}' % items


@pytest.mark.parametrize(("name", "text"), MENDED.values(), ids=MENDED)
def test_what_can_be_mended_costs_nothing_and_is_logged(
    name: bytes, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What is wrong inside one item is no fault of the whole document (field case 2)."""
    content = with_name(name)
    visitors = read(content)
    assert [visitor.name for visitor in visitors] == ["", text, ""]
    assert caplog.messages[-1].startswith("mended what is no JSON at [1]: ")
    envelope = opened(around_the_list(content), "visitors", Visitor)
    assert envelope is not None
    assert envelope.items == visitors
    assert (envelope.pages, envelope.total) == ("1", 3.0)
    assert load_json(content)[1]["name"] == (text or None)


@pytest.mark.parametrize("name", HOPELESS.values(), ids=HOPELESS)
def test_what_cannot_be_mended_breaks_its_item_alone(name: bytes) -> None:
    """The neighbours arrive where the caller skips broken items (field cases 2 and 42)."""
    content, converter = with_name(name), make_converter()
    broken: list[WireError] = []
    visitors = value_reader(converter, list[Visitor], broken.append)(content)
    hook = converter.get_structure_hook(Visitor)
    found = read_envelope(
        around_the_list(content), "visitors", hook, Visitor, on_broken=broken.append
    )
    assert found is not None
    assert [visitor.id for visitor in visitors] == ["a", "e"]
    assert found.items == visitors
    assert [(problem.path, problem.expected) for problem in broken] == [
        ("[1]", "JSON"),
        ("visitors[1]", "JSON"),
    ]
    with pytest.raises(WireError) as caught:
        read(content)
    assert (caught.value.path, type(caught.value)) == ("[1]", WireError)
    with pytest.raises(WireError) as caught:
        load_json(content)
    assert type(caught.value) is WireError  # and no `NotJSONError`: it is whole


@pytest.mark.parametrize("name", [b'"\\x"', b'"a\\u12"', b"5", b"a"])
def test_a_name_that_cannot_be_read_costs_no_item(name: bytes) -> None:
    """What stands beside the list is no reason to ask for a page again (field case 2)."""
    found = opened(b'{%b: 1, "total": 1, "chats": [{"id": "A"}]}' % name, "chats", Chat)
    assert found is not None
    assert ([chat.id for chat in found.items], found.total) == (["A"], 1)


@pytest.mark.parametrize("content", [with_name(b"01"), with_name(b'"\\x"'), to_bytes([WIRE])])
def test_a_document_that_is_cut_off_is_not_read_in_part(content: bytes) -> None:
    for document in (content, around_the_list(content)):
        for cut in {0, 1, 9, len(document) // 2, len(document) - 1}:
            with pytest.raises(NotJSONError):
                load_json(document[:cut])
            with pytest.raises(NotJSONError):
                read(document[:cut])
            assert opened(document[:cut], "visitors", Visitor) is None


@given(st.lists(JSON, max_size=5), st.integers(0, 5), st.sampled_from([b"01", b"", b"[" * 20_000]))
def test_the_neighbours_of_a_broken_item_always_arrive(
    items: list[Any], at: int, broken: bytes
) -> None:
    parts = [to_bytes(item) for item in items]
    at = min(at, len(parts))
    broken = broken + b"]" * len(broken) if broken[:1] == b"[" else broken or b"?"
    content = b"[" + b" , ".join([*parts[:at], broken, *parts[at:]]) + b"]"
    problems: list[WireError] = []
    found = value_reader(make_converter(), list[Any], problems.append)(content)
    assert found == [load_json(part) for part in parts]
    assert [problem.path for problem in problems] == [f"[{at}]"]


@pytest.mark.parametrize("nothing", [b"null", b'""', b"[]", b"{}", b" [ ] "])
def test_a_list_of_nothing_is_empty(nothing: bytes) -> None:
    """Nothing is known in an envelope as it is in a field (field case 3)."""
    envelope = opened(b'{"chats": %b, "total": 0.0}' % nothing, "chats", Chat)
    assert envelope is not None
    assert (envelope.items, envelope.total) == ([], 0.0)


@pytest.mark.parametrize("noise", [b'"', b'\\"', b"[", b"]", b"{", b",", b'","', b"\\", b"\\ud800"])
def test_the_parts_of_a_document_are_found_in_one_scan(noise: bytes) -> None:
    """Each token is looked at once, whatever it is made of (field case 35)."""

    def tokens(count: int) -> int:
        content = b'["' + noise * count
        spans = [match.span() for match in bodies._TOKEN.finditer(content)]
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        return sum(end - start for start, end in spans)

    assert tokens(2_000) <= 2 * tokens(1_000) + 10


@pytest.mark.parametrize("cls", [Visitor, Chat, Ticket])
def test_an_object_of_any_leaves_is_read_or_reported_and_its_neighbours_arrive(cls: Any) -> None:
    """Each leaf of each model as any JSON, in lists and envelopes (field cases 1 to 4)."""
    good = {"id": "good", "state": "x"}

    @given(nearly(cls).map(lambda leaves: {**good, **leaves}))
    def check(odd: Any) -> None:
        try:
            content = json.dumps([good, odd, good], allow_nan=False).encode()
        except ValueError:
            return  # no JSON can say so
        converter, broken = make_converter(), list[WireError]()
        items = value_reader(converter, list[cls], broken.append)(content)
        assert len(items) + len(broken) == 3
        assert items[0] == items[-1] == converter.structure(good, cls)
        assert all(problem.path.startswith("[1]") for problem in broken)
        around = b'{"pages": "1", "items": %b}' % content
        hook, found = converter.get_structure_hook(cls), list[WireError]()
        envelope = read_envelope(around, "items", hook, cls, found.append)
        assert envelope is not None
        assert envelope.items == items
        assert [item.path for item in found] == [f"items{item.path}" for item in broken]

    check()


# --- types of the caller's ---


@attrs.frozen
class Row:
    number: int
    pair: tuple[int, int] = (0, 0)


@pytest.mark.parametrize(
    ("type_", "value", "said"),
    [
        (dict[str, int], [1], "expected dict[str, int], got [1]"),
        (Row, 5, "expected Row, got 5"),
        (Row, None, "expected Row, got null"),
        (list[Row], [{"number": 1}, "two"], "expected Row, got 'two'"),
        (set[int], 5, "expected set[int], got 5"),
        (Literal["a", "b"], "c", "expected Literal['a', 'b'], got "),
        (Row, {"number": 1, "pair": [1]}, "expected tuple[int, int], got ValueError: Not enough"),
        (Row, {"number": "x"}, "expected a whole number, got 'x'"),
        (Row, {}, "expected a value, got no such field"),
    ],
)
def test_an_answer_of_another_kind_is_shown_with_the_type_that_was_asked_for(
    type_: Any, value: Any, said: str
) -> None:
    """(field case 25)"""
    with pytest.raises(WireError) as caught:
        value_reader(make_converter(None), type_)(json.dumps(value).encode())
    assert str(caught.value).startswith(said)
