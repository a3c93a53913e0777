"""The quick way gives what the careful hooks give, is used, and calls users' hooks."""

import copy
import functools
import json
import operator
import pickle
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from cattrs import Converter, StructureHandlerNotFoundError
from hypothesis import given, settings
from hypothesis import strategies as st
from model_strategies import JSON, models, nearly

from livechat_async.decoding import converter as converter_module
from livechat_async.decoding.bodies import load_json, value_reader
from livechat_async.decoding.converter import ClientConverter, make_converter
from livechat_async.decoding.problems import find_wire_error
from livechat_async.decoding.quick import Hook, ModelHook, quick_of
from livechat_async.models import (
    agents,
    canned_responses,
    chats,
    goals,
    greetings,
    groups,
    reports,
    status,
    tags,
    tickets,
    visitors,
)
from livechat_async.models._base import WireModel
from livechat_async.models.chats import Chat, ChatAgent
from livechat_async.models.tickets import Ticket, TicketGroup
from livechat_async.models.visitors import Operator, VisitedPage, Visitor
from livechat_async.redaction import Secret, reveal
from livechat_async.sandbox import Sandbox

FIXTURES = Path(__file__).parent.parent / "fixtures"
WARSAW = ZoneInfo("Europe/Warsaw")
MODELS: list[type[WireModel]] = [
    cls
    for module in (
        *(visitors, chats, tickets, agents, groups, status),
        *(tags, goals, greetings, canned_responses, reports),
    )
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, WireModel) and cls.__module__ == module.__name__
]
TOP = [Visitor, Chat, Ticket]
QUIRKS = st.sampled_from(
    [
        *(None, "", "0", 0, -5, 1, True, False, 1.5, -0.0, 0.0, 1e400, 10**18, "9" * 30),
        *("2013-01-31 15:51:03", "Wed, 01/23/13 12:05:09 pm", "2013-02-30 00:00:00"),
        *(1358937653, "1358937653", "35.6127", "nan", "text", [], {}, [{}], ["x"]),
        *("chatting", "agent", "Europe/Berlin", "Nowhere", "null", "2017-02-16T12:54:26+01:00"),
    ]
)

EXPLANATIONS = {
    *("a list", "a number", "a time", "a value", "a whole number", "an object"),
    *("text", "true or false", "Unix seconds"),
}


def converter_with(name: str, replacement: Any, zone: Any = None) -> Converter:
    """A converter whose hooks for the models are made with something else in their module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(converter_module, name, replacement)
        converter = make_converter(zone)
        for cls in MODELS:
            converter.get_structure_hook(cls)
    return converter


def careful_converter(zone: Any = None) -> Converter:
    """A converter without a quick way."""
    return converter_with("_fields_of", lambda *_: None, zone)


@functools.cache
def pair(zone: Any) -> tuple[Converter, Converter]:
    return make_converter(zone), careful_converter(zone)


@functools.cache
def field_names(cls: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(cls)) if attrs.has(cls) else ()


def exactly(value: Any) -> Any:
    """The value with the type of everything in it."""
    if names := field_names(type(value)):
        return type(value), [exactly(getattr(value, name)) for name in names]
    if isinstance(value, (tuple, list)):
        return type(value), [exactly(item) for item in value]
    if isinstance(value, dict):
        return type(value), {name: exactly(item) for name, item in value.items()}
    if isinstance(value, datetime):
        return type(value), value.replace(tzinfo=None), value.tzinfo, value.fold
    if isinstance(value, (float, Decimal)):
        return type(value), repr(value)
    return type(value), value


def outcome(converter: Converter, document: Any, cls: Any) -> Any:
    try:
        return exactly(converter.structure(document, cls))
    except Exception as error:  # noqa: BLE001 - of any kind, but of the same one
        found = find_wire_error(error)
        return type(error), found.path, found.expected, found.found, error.__context__ is None


def check(document: Any, cls: Any, zone: Any = None) -> None:
    quick, careful = pair(zone)
    assert outcome(quick, document, cls) == outcome(careful, document, cls)
    try:
        content = json.dumps([document]).encode()
        again = load_json(content)
    except (TypeError, ValueError):
        return  # no JSON can say so
    found = outcome_of(lambda: value_reader(quick, list[cls])(content))
    expected = outcome_of(lambda: careful.structure(again, list[cls]))
    assert found == expected


def outcome_of(read: Callable[[], Any]) -> Any:
    try:
        return exactly(read())
    except Exception as error:  # noqa: BLE001 - of any kind, but with the same to say
        found = find_wire_error(error)
        return found.path, found.expected, found.found


# --- equal objects, equal errors ---


def test_the_tests_cover_every_model() -> None:
    assert len(MODELS) == 57


@pytest.mark.parametrize("cls", MODELS)
def test_usual_objects_survive_json_and_are_read_as_the_careful_hooks_read_them(
    cls: type[WireModel],
) -> None:
    @settings(max_examples=settings.default.max_examples // 2)
    @given(models(cls))
    def compare(model: Any) -> None:
        wire = as_json(model)
        assert pair(None)[0].structure(wire, cls) == model
        check(wire, cls)
        check(wire, cls, WARSAW)
        check([wire], list[cls])

    compare()


def as_json(model: WireModel) -> Any:
    """The JSON of a model, with its secrets."""
    return json.loads(json.dumps(pair(None)[0].unstructure(model), default=reveal))


@pytest.mark.parametrize("cls", MODELS)
def test_nothing_in_a_field_is_its_default(cls: type[WireModel]) -> None:
    """PHP writes an empty list where an object is empty (field case 3)."""
    # No list is nothing where None is another value, and a blank is no number where None is none.
    defaults = {
        field.metadata.get("wire", field.name): field
        for field in attrs.fields(cls)
        if field.default in (None, "", (), {}) and "Any" not in str(field.type)
        and not (field.default is None and "tuple" in str(field.type))
    }  # fmt: skip

    @settings(max_examples=2)
    @given(models(cls).map(as_json))
    def compare(wire: Any) -> None:
        for name, field in defaults.items():
            for nothing in (None, "", [], {}):
                found = pair(None)[1].structure(wire | {name: nothing}, cls)
                assert getattr(found, field.name) == field.default

    compare()


def quirks(cls: type[WireModel]) -> st.SearchStrategy[Callable[[Any], Any]]:
    """Changes of a whole object, after which a few fields are something else."""
    fields = {field.metadata.get("wire", field.name): field for field in attrs.fields(cls)}
    twins = {f.metadata["twin"] for f in fields.values() if "twin" in f.metadata}
    names = st.sampled_from(sorted({*fields, *twins, "new"}))
    changes = st.dictionaries(names, QUIRKS, max_size=3)
    gone = st.lists(names, max_size=2)
    return st.tuples(changes, gone).map(
        lambda drawn: (
            lambda wire: {
                name: value for name, value in (wire | drawn[0]).items() if name not in drawn[1]
            }
        )
    )


@pytest.mark.once
@pytest.mark.parametrize("cls", MODELS)
def test_objects_with_quirks_are_read_as_the_careful_hooks_read_them(cls: type[WireModel]) -> None:
    # A whole object costs far more to draw than a change of it, so each is changed several times.
    several = st.lists(
        st.tuples(quirks(cls), st.sampled_from([None, WARSAW])), min_size=4, max_size=6
    )

    @settings(max_examples=settings.default.max_examples // 2)
    @given(models(cls).map(as_json), several)
    def compare(wire: Any, changes: list[Any]) -> None:
        for change, zone in changes:
            document = change(wire)
            check(document, cls, zone)
            check([document], list[cls], zone)

    compare()


@pytest.mark.once
@pytest.mark.parametrize("cls", TOP)
def test_any_json_gives_objects_or_the_explained_errors_of_the_careful_hooks(cls: Any) -> None:
    @settings(max_examples=3 * settings.default.max_examples)
    @given(st.lists(nearly(cls).map(lambda item: {"id": "A", "state": "a", **item}) | JSON) | JSON)
    def compare(document: Any) -> None:
        check(document, list[cls])
        try:
            found = pair(None)[0].structure(document, list[cls])
        except Exception as error:  # noqa: BLE001 - of any kind, but explained
            problem = find_wire_error(error)
            assert problem.expected in EXPLANATIONS
            assert problem.found
        else:
            assert list(map(type, found)) == [cls] * len(document)

    compare()


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("document", [None, "", "text", 5, True, [], [{}], {}, {"id": None}])
def test_what_is_no_object_gives_what_the_careful_hooks_give(
    cls: type[WireModel], document: Any
) -> None:
    check(document, cls)


def fields_of_every_model() -> Iterator[tuple[type[WireModel], str]]:
    for cls in MODELS:
        for field in attrs.fields(cls):
            yield cls, field.metadata.get("wire", field.name)
            if "twin" in field.metadata:
                yield cls, field.metadata["twin"]


SAMPLES: Mapping[type[WireModel], dict[str, Any]] = {
    Visitor: {"id": "S1.a", "state": "browsing"},
    VisitedPage: {"page": "https://example.com/"},
    TicketGroup: {"id": 1},
    agents.AgentSummary: {"login": "john.doe@example.com"},
    agents.Agent: {"login": "john.doe@example.com"},
    agents.AgentGroup: {"id": 1},
    groups.Group: {"id": 1},
    status.GroupStatus: {"status": "online"},
    visitors.SurveyAnswer: {"key": "a"},
    chats.ChatSurveyAnswer: {"key": "a"},
    visitors.CustomVariable: {"key": "a"},
}
TWINLESS = "2017-02-16 12:54:26"


@pytest.mark.parametrize(("cls", "name"), [*fields_of_every_model()])
def test_every_quirk_of_a_field_is_read_as_the_careful_hooks_read_it(
    cls: type[WireModel], name: str
) -> None:
    sample = SAMPLES.get(cls, {"id": "A"})
    for value in (
        *(
            None,
            "",
            " ",
            "0",
            "00",
            "7",
            "٣",
            "1358937653",
            "9" * 30,
            "x",
            0,
            1,
            -5,
            True,
            False,
            1.5,
            0.0,
            -0.0,
            1.5e9,
            1e400,
            10**18,
            253402300799,
            253402300800,
            -62135596800,
            -62135596801,
        ),
        *("null", "1.5", "1e9", "+5", "-0", "2017-02-16T12:54:26Z", "2017-02-16T12:54:26.5+02:00"),
        *(float("nan"), TWINLESS, [], [""], [None], [{}], ["x"], [1], {}, {"id": ""}, {"id": "a"}),
        *([{"id": "", "display_name": ""}], [{"email": "", "display_name": None}], {"a": [1]}),
        *([{"id": "a", "key": "b", "page": "c"}, {"id": 5}], type("Text", (str,), {})("x")),
    ):
        check({**sample, name: value}, cls)
        check({**sample, "time": TWINLESS, "date": TWINLESS, name: value}, cls, WARSAW)


# --- it is used ---


def counting() -> tuple[Converter, Counter[type[Any]]]:
    asked: Counter[type[Any]] = Counter()

    def hook(model: type[Any], careful: Hook, *more: Any) -> ModelHook:
        def counted(value: Any, cls: Any) -> Any:
            asked[model] += 1
            return careful(value, cls)

        return ModelHook(model, counted, *more)

    return converter_with("ModelHook", hook), asked


def test_the_visitors_of_a_site_need_no_careful_hook() -> None:
    converter, asked = counting()
    converter.structure(Sandbox(seed=50).visitors, list[Visitor])
    assert not asked


@pytest.mark.parametrize(
    ("name", "key", "cls"),
    [
        ("visitors_2013.json", None, Visitor),
        ("visitors_2017.json", None, Visitor),
        ("chats_2013.json", "chats", Chat),
        ("chats_2018.json", "chats", Chat),
    ],
)
def test_the_samples_need_no_careful_hook(name: str, key: str | None, cls: type[WireModel]) -> None:
    converter, asked = counting()
    document = json.loads((FIXTURES / name).read_text("utf-8"))
    converter.structure(document if key is None else document[key], list[cls])
    assert not asked


def test_a_broken_object_and_all_that_hold_it_are_read_carefully() -> None:
    converter, asked = counting()
    with pytest.raises(Exception):  # noqa: B017, PT011 - of any kind
        converter.structure({"id": "a", "state": "b", "operators": [{"id": [5]}]}, Visitor)
    assert set(asked) == {Visitor, Operator}


def test_a_frozen_object_stays_frozen() -> None:
    visitor = make_converter().structure({"id": "a", "state": "browsing"}, Visitor)
    assert type(visitor) is Visitor
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        visitor.name = "b"  # type: ignore[misc]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del visitor.name
    assert attrs.evolve(visitor, name="b").name == "b"
    assert hash(visitor) == hash(Visitor(id="a", state=visitors.VisitorState.BROWSING))


def test_objects_share_nothing_mutable() -> None:
    wire = {"id": "a", "state": "browsing"}
    one, other = make_converter().structure([wire, wire], list[Visitor])
    assert one.extra == other.extra == {}
    # They share that they have nothing more, so it cannot be written to.
    for change in (
        lambda extra: extra.update(new=1),
        lambda extra: extra.setdefault("new", 1),
        lambda extra: operator.setitem(extra, "new", 1),
        lambda extra: operator.ior(extra, {"new": 1}),
    ):
        with pytest.raises(TypeError, match="make a dict of it to change it"):
            change(one.extra)
    copies = (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one)))  # noqa: S301 (our own)
    assert [(each, each.extra) for each in copies] == [(other, {})] * 3
    assert json.loads(json.dumps(attrs.asdict(one)))["extra"] == {}


# --- fields that are not known ---


@attrs.frozen(kw_only=True)
class Floor(WireModel):
    name: str = ""
    rooms: "tuple[Door, ...]" = ()


@attrs.frozen(kw_only=True)
class Door(WireModel):
    key: Secret


def asked_carefully(converter: Converter, document: Any, cls: Any) -> int:
    """How often the careful hook of doors or floors is asked about this."""
    asked = 0
    for model in (Floor, Door):
        hook = converter.get_structure_hook(model)
        assert isinstance(hook, ModelHook)

        def counted(value: Any, type_: Any, careful: Hook = hook.careful) -> Any:
            nonlocal asked
            asked += 1
            return careful(value, type_)

        hook.careful = counted
    value_reader(converter, cls)(json.dumps(document).encode())
    return asked


@pytest.mark.parametrize(
    "wire",
    [
        {"name": "1", "new": {"a": [1]}},
        {"name": "1", "new": None, "newer": 2},
        {"rooms": [{"key": "a", "new": 1}, {"key": "b"}]},
    ],
)
def test_an_unknown_field_costs_one_careful_reading(wire: Any) -> None:
    converter = make_converter()
    assert asked_carefully(converter, [wire], list[Floor]) > 0
    assert asked_carefully(converter, [wire] * 3, list[Floor]) == 0
    assert asked_carefully(converter, [{"name": "2"}], list[Floor]) == 0
    for document in (wire, {"name": "2"}):
        assert outcome(converter, document, Floor) == outcome(careful_converter(), document, Floor)


def test_a_struct_is_extended_by_a_limited_number_of_names() -> None:
    converter = make_converter()
    for index in range(100):
        wire = {"key": "a", f"new_{index}": index}
        assert converter.structure(wire, Door).extra == {f"new_{index}": index}
    quick = quick_of(converter.get_structure_hook(Door))
    assert quick is not None
    assert len(quick.wire.__struct_fields__) <= 33
    assert converter.structure({"key": "a", 'a "name"': 1}, Door).extra == {'a "name"': 1}


def test_threads_that_read_at_once_agree() -> None:
    converter = make_converter()
    wires = [{"rooms": [{"key": "a", f"new_{index % 7}": index}]} for index in range(200)]
    with ThreadPoolExecutor(8) as pool:
        floors = list(pool.map(lambda wire: converter.structure(wire, Floor), wires))
    assert [dict(floor.rooms[0].extra) for floor in floors] == [
        {f"new_{index % 7}": index} for index in range(200)
    ]


# --- users' hooks ---

WIRE = {
    "id": "a",
    "state": "chatting",
    "name": "Mary",
    "visits": 3,
    "last_visit": "2017-02-16 12:54:26",
    "last_visit_ts": 1487246066,
    "operators": [{"id": "john"}],
}


def register(converter: Converter, cls: Any, hook: Hook) -> None:
    if isinstance(cls, type):
        converter.register_structure_hook(cls, hook)
    else:
        converter.register_structure_hook_func(lambda found: found == cls, hook)


@pytest.mark.parametrize("used_before", [False, True])
@pytest.mark.parametrize(
    ("cls", "hook"),
    [
        (str, lambda value, _: str(value).upper()),
        (str, lambda value, _: "?" if value is None else value),
        (int, lambda value, _: int(value) + 1),
        (datetime, lambda *_: datetime.fromisoformat("2000-01-01")),
        (Operator, lambda value, _: Operator(id=value["id"].upper())),
        (tuple[Operator, ...], lambda *_: ()),
        (visitors.VisitorState, lambda *_: visitors.VisitorState.ONLINE),
    ],
)
def test_users_hooks_are_called(cls: Any, hook: Hook, used_before: bool) -> None:  # noqa: FBT001
    converter, careful = make_converter(), careful_converter()
    if used_before:
        converter.structure(WIRE, Visitor)
    for each in (converter, careful):
        register(each, cls, hook)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(converter_module, "_fields_of", lambda *_: None)
        expected = [outcome(careful, wire, Visitor) for wire in (WIRE, WIRE | {"id": None})]
    found = [outcome(converter, wire, Visitor) for wire in (WIRE, WIRE | {"id": None})]
    assert found == expected


@pytest.mark.parametrize("cls", [str, int, datetime, Operator, tuple[Operator, ...]])
def test_a_hook_that_wraps_ours_is_called(cls: Any) -> None:
    converter = make_converter()
    ours = converter.get_structure_hook(cls)
    asked = []

    @functools.wraps(ours)
    def mine(value: Any, type_: Any) -> Any:
        asked.append(value)
        return ours(value, type_)

    register(converter, cls, mine)
    assert converter.structure(WIRE, Visitor) == make_converter().structure(WIRE, Visitor)
    assert asked


def test_a_hook_that_cannot_be_hashed_is_called() -> None:
    class Shout:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, value: Any, _: Any) -> str:
            return str(value).upper()

    converter = make_converter()
    converter.register_structure_hook(str, Shout())
    assert converter.structure(WIRE, Visitor).name == "MARY"


def test_a_client_gets_its_own_converter_when_its_user_asks_for_it() -> None:
    one, other = ClientConverter(None), ClientConverter(None)
    assert one.current is other.current
    register(one.own(), str, lambda value, _: str(value).upper())
    assert one.own() is one.current
    names = [each.current.structure(WIRE, Visitor).name for each in (one, other)]
    assert names == ["MARY", "Mary"]


def test_clients_of_equal_zones_with_different_names_share_no_converter() -> None:
    zones = [timezone(timedelta(hours=1), name) for name in ("CET", "BST")]
    times = [ClientConverter(zone).current.structure(0, datetime) for zone in zones]
    assert [time.tzname() for time in times] == ["CET", "BST"]


# --- other classes ---


@attrs.frozen(kw_only=True)
class Shift(WireModel):
    agent: ChatAgent
    hours: int = 8
    breaks: tuple[int, ...] = (1, 2)


@attrs.frozen(kw_only=True)
class Team(WireModel):
    name: str
    teams: "tuple[Team, ...]" = ()


@attrs.frozen(kw_only=True)
class Unreadable(WireModel):
    place: range | None = None


@attrs.frozen(kw_only=True)
class Checked(WireModel):
    number: int = attrs.field(validator=attrs.validators.gt(0))


@attrs.frozen(kw_only=True)
class Counted(WireModel):
    number: int = 0

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "number", self.number + 1)


@attrs.define(kw_only=True)
class Fresh(WireModel):
    numbers: list[int] = attrs.field(factory=list)


@pytest.mark.parametrize(
    ("document", "cls", "value"),
    [
        ({"agent": {"email": "a"}}, Shift, Shift(agent=ChatAgent(email="a"))),
        ({"agent": {}, "hours": None, "breaks": None}, Shift, Shift(agent=ChatAgent())),
        ({"name": "a", "teams": [{"name": "b"}]}, Team, Team(name="a", teams=(Team(name="b"),))),
        ({"number": 1}, Checked, Checked(number=1)),
        ({"number": 1}, Counted, Counted(number=1)),
        ({"numbers": ["1"]}, Fresh, Fresh(numbers=[1])),
        ({}, Fresh, Fresh()),
    ],
)
def test_any_kind_of_attrs_class_decodes(document: Any, cls: Any, value: Any) -> None:
    assert make_converter().structure(document, cls) == value


def test_a_field_of_a_type_without_a_hook_is_the_same_error_at_every_reading() -> None:
    read = value_reader(make_converter(), list[Unreadable])
    for _ in range(3):
        with pytest.raises(StructureHandlerNotFoundError):
            read(b'[{"place": 1}]')


def test_a_validator_is_called() -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next line reads it
        make_converter().structure({"number": 0}, Checked)
    assert "'number' must be > 0" in find_wire_error(caught.value).found


def test_a_secret_is_read_quickly() -> None:
    quick = quick_of(make_converter().get_structure_hook(Door))
    assert quick is not None
    door = quick.from_json(b'{"key": "b"}')
    assert (door, type(door.key)) == (Door(key=Secret("b")), Secret)
