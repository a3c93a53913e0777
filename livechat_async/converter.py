"""JSON to typed objects and back: one cattrs converter, with a hook for each quirk of the wire.

- A blank string is None where an id, a number or a time is due, and an empty list where a list is.
- A null where the field has a default is a missing field; elsewhere it is an error.
- Numbers may come as text. Text comes as text only: nothing ever becomes ``"None"``.
- A time is text of one of LiveChat's forms, or Unix seconds. A twin in Unix seconds wins.
- A value of an open set that nobody has seen yet stays its text.
- An empty object can be nothing, and a bare id an object.
- Fields that are not known stay reachable in ``extra``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache, partial
from types import NoneType, UnionType
from typing import Any, TypeGuard, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs
from cattrs import (
    AttributeValidationNote,
    BaseValidationError,
    ClassValidationError,
    Converter,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.cols import is_sequence, list_structure_factory
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from livechat_async.models._wire import WireModel
from livechat_async.models.chats import ChatAgent, ChatVisitor, GoalOrder
from livechat_async.models.tickets import FirstResponse, TicketAgent, TicketAuthor, TicketGroup
from livechat_async.models.visitors import Count, DetailField, Operator, VisitorDetails
from livechat_async.shortcut import (
    AS_IT_IS,
    ASK,
    Field,
    Hook,
    fills_plainly,
    shortcut,
    usual_of,
    with_usual,
)
from livechat_async.wire_times import ZONE_OF_TEXTS, find_zone, parse_time

__all__ = ["WireError", "find_wire_error", "make_converter", "read_single"]

T = TypeVar("T")

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,4000}")
_COUNT_KEYS = ("count", "total", "visitors")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BLANKS = (None, "")
_NO_TIME = (None, "", 0, "0")
_NOBODY_IF_BLANK = (Operator, ChatAgent)
_NOTHING_IF_EMPTY = (
    ChatVisitor,
    FirstResponse,
    GoalOrder,
    TicketAgent,
    TicketAuthor,
    TicketGroup,
)
_BARE_IDS: Mapping[type[WireModel], type[Any]] = {TicketGroup: int, TicketAgent: str}


class WireError(ValueError):
    """What stands somewhere in an answer is not what is due there.

    Attributes:
        expected: what is due.
        found: what stands there.
        path: where, such as ``[3].chat_start_time``.
    """

    def __init__(self, expected: str, found: str, path: str = "") -> None:
        self.expected = expected
        self.found = found
        self.path = path
        super().__init__(f"expected {expected}, got {found}")


def _wrong(expected: str, value: object) -> WireError:
    return WireError(expected, _show(value))


def _show(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def find_wire_error(error: Exception) -> WireError:
    """What is wrong first, and where, in an error of ``Converter.structure``."""
    path = ""
    while isinstance(error, BaseValidationError):
        error, step = _first_problem(error)
        path += step
    if isinstance(error, WireError):
        path, expected, found = path + error.path, error.expected, error.found
    elif isinstance(error, KeyError):
        expected, found = "a value", "no such field"
    else:
        expected, found = "what the type asks for", f"{type(error).__name__}: {error}"
    return WireError(expected, found, path.removeprefix("."))


def _first_problem(error: BaseValidationError) -> tuple[Exception, str]:
    if isinstance(error, (ClassValidationError, IterableValidationError)):
        located, elsewhere = error.group_exceptions()
        for problem, note in located:
            return problem, _step(note, error.cl)
        return elsewhere[0], ""
    return error.exceptions[0], ""


def _step(note: AttributeValidationNote | IterableValidationNote, cls: Any) -> str:
    if isinstance(note, IterableValidationNote):
        return f"[{note.index}]"
    field = attrs.fields_dict(cls).get(note.name) if attrs.has(cls) else None
    return f".{note.name if field is None else _wire_name(field)}"


def read_single(document: Any, structure: Callable[[Any], T], key: str) -> T:
    """The one item of an answer, which comes bare, or alone in the envelope of a list.

    Args:
        document: the answer's JSON.
        structure: makes the item.
        key: the name of the envelope's list.

    Raises:
        WireError: the envelope does not hold one item, or the item is not what is due.
    """
    if not isinstance(document, dict) or "id" in document or key not in document:
        return structure(document)
    items = document[key]
    if not isinstance(items, list) or len(items) != 1:
        raise WireError("a list of one item", _show(items), key)
    try:
        return structure(items[0])
    except Exception as error:  # noqa: BLE001 (whatever a hook of the user's raises, too)
        problem = find_wire_error(error)
    path = f"{key}[0].{problem.path}".rstrip(".")
    raise WireError(problem.expected, problem.found, path)


def make_converter(timezone: tzinfo | None = None) -> Converter:
    """A converter for everything LiveChat sends and takes.

    Args:
        timezone: the zone of times that come without one; without it they become naive.

    Returns:
        A cattrs converter of the caller's own: hooks may be registered on it.
    """
    converter = Converter(
        unstruct_collection_overrides={tuple: list}, prefer_attrib_converters=True
    )
    converter.register_structure_hook(str, _to_str)
    converter.register_structure_hook(int, _to_int)
    converter.register_structure_hook(float, _to_float)
    converter.register_structure_hook(bool, _to_bool)
    converter.register_structure_hook(Decimal, _to_decimal)
    converter.register_structure_hook(datetime, _datetime_hook(timezone))
    converter.register_structure_hook_factory(_is_optional, _optional_hook)
    converter.register_structure_hook_factory(_is_open_enum, _open_enum_hook)
    converter.register_structure_hook_func(_is_time_or_number, _time_or_number_hook(timezone))
    converter.register_structure_hook_factory(is_sequence, _list_hook)
    converter.register_structure_hook_factory(_is_tuple, _tuple_hook)
    converter.register_structure_hook_factory(_is_model, _model_hook)
    converter.register_structure_hook(Count, _to_count)
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_unstructure_hook_factory(_is_model, _model_unstructure_hook)
    for cls in (DetailField, VisitorDetails):
        converter.register_unstructure_hook(
            cls, make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True)
        )
    return converter


def _to_str(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return value
    raise _wrong("text", value)


with_usual(_to_str, {str: AS_IT_IS})


def _to_int(value: Any, _: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    raise _wrong("a whole number", value)


with_usual(_to_int, {int: AS_IT_IS})


def _to_float(value: Any, _: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise _wrong("a number", value)


@lru_cache(maxsize=1024)  # visitors from the same place have the same coordinates
def _number_in(text: str) -> float:
    return _to_float(text, float)


with_usual(
    _to_float,
    {
        float: f"{{v}} if -1e308 < {{v}} < 1e308 else {ASK}",
        str: "{number_in}({v})",
    },
    number_in=_number_in,
)


def _to_bool(value: Any, _: Any) -> bool:
    if value in (0, 1, "0", "1"):  # True and False are among them
        return bool(int(value))
    raise _wrong("true or false", value)


with_usual(_to_bool, {bool: AS_IT_IS})


def _to_decimal(value: Any, _: Any) -> Decimal:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = str(value) if is_number else value  # a float's shortest text is what was written
    if isinstance(text, str) and _NUMBER.fullmatch(text):
        try:
            return Decimal(text)
        except InvalidOperation:
            pass  # more digits than there are
    raise _wrong("a number", value)


def _datetime_hook(timezone: tzinfo | None) -> Hook:
    def to_datetime(value: Any, _: Any) -> datetime:
        try:
            if isinstance(value, int) and not isinstance(value, bool):
                return datetime.fromtimestamp(value, timezone or UTC)
            if isinstance(value, str):
                time = parse_time(value)
                if time is not None:
                    zone = time.tzinfo or ZONE_OF_TEXTS.get() or timezone
                    return time.replace(tzinfo=zone)
                if _WHOLE_NUMBER.fullmatch(value):
                    return datetime.fromtimestamp(int(value), timezone or UTC)
        except (ValueError, OverflowError, OSError):
            pass  # a text or number of the right form that is no time, such as the 32nd
        raise _wrong("a time", value)

    # Much happens in the same second, and the datetime of it need not be made again.
    unix = lru_cache(maxsize=4096)(partial(datetime.fromtimestamp, tz=timezone or UTC))
    return with_usual(to_datetime, {int: "{unix}({v})"}, unix=unix)


def _members(cls: Any) -> tuple[Any, ...]:
    return get_args(cls) if get_origin(cls) in (Union, UnionType) else ()


def _is_optional(cls: Any) -> bool:
    members = _members(cls)
    return len(members) == 2 and NoneType in members  # noqa: PLR2004


def _optional_hook(cls: Any, converter: Converter) -> Hook:
    (inner,) = (member for member in _members(cls) if member is not NoneType)
    structure = converter.get_structure_hook(inner)
    blanks: tuple[Any, ...] = (*_BLANKS, {}) if inner in _NOTHING_IF_EMPTY else _BLANKS

    def to_optional(value: Any, _: Any) -> Any:
        return None if value in blanks else structure(value, inner)

    usual = usual_of(structure)
    uses = {**usual.uses, "structure": structure, "inner": inner}
    cases: dict[type[Any], str] = dict(usual.cases)
    if _is_model(inner):
        cases = {dict: "{structure}({v}, {inner})"}
    for kind in map(type, blanks):  # one of a kind is the blank one
        cases[kind] = f"({cases.get(kind, ASK)}) if {{v}} else None"
    return with_usual(to_optional, cases, **uses)


def _is_open_enum(cls: Any) -> bool:
    members = [member for member in _members(cls) if member is not NoneType]
    return (
        len(members) == 2  # noqa: PLR2004
        and str in members
        and any(isinstance(member, type) and issubclass(member, Enum) for member in members)
    )


def _open_enum_hook(cls: Any, _: Converter) -> Hook:
    members = _members(cls)
    (enum,) = (member for member in members if member not in (str, NoneType))
    known = {member.value: member for member in enum}
    blanks = _BLANKS if NoneType in members else ()

    def to_open_enum(value: Any, cls: Any) -> Any:
        if value in blanks:
            return None
        text = _to_str(value, cls)
        return known.get(text, text)

    cases: dict[type[Any], str] = {str: "{known}.get({v}, {v})"}
    if blanks:
        cases = {str: "{known}.get({v}, {v}) if {v} else None", NoneType: "None"}
    return with_usual(to_open_enum, cases, known=known)


def _is_time_or_number(cls: Any) -> bool:
    return set(_members(cls)) == {datetime, int, NoneType}


def _time_or_number_hook(timezone: tzinfo | None) -> Hook:
    to_datetime = _datetime_hook(timezone)

    def to_time_or_number(value: Any, cls: Any) -> datetime | int | None:
        if value in _BLANKS:
            return None
        if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value):
            return to_datetime(value, cls)  # type: ignore[no-any-return]
        try:
            return _to_int(value, cls)  # a number of unknown unit is no Unix time
        except WireError:
            return to_datetime(value, cls)  # type: ignore[no-any-return]

    text = f"{ASK} if {{v}} else None"
    return with_usual(to_time_or_number, {int: AS_IT_IS, str: text, NoneType: "None"})


def _list_hook(cls: Any, converter: Converter) -> Hook:
    structure = list_structure_factory(cls, converter)

    def to_list(value: Any, cls: Any) -> Any:
        if not isinstance(value, list):
            raise _wrong("a list", value)
        return structure(value, cls)

    return to_list


def _is_tuple(cls: Any) -> bool:
    return get_origin(cls) is tuple and get_args(cls)[-1:] == (Ellipsis,)


def _tuple_hook(cls: Any, converter: Converter) -> Hook:
    inner = get_args(cls)[0]
    structure_item = converter.get_structure_hook(inner)
    structure = list_structure_factory(list[inner], converter)  # type: ignore[valid-type]

    def to_tuple(value: Any, _: Any) -> tuple[Any, ...]:
        if value == "":
            return ()
        if not isinstance(value, list):
            raise _wrong("a list", value)
        if inner in _NOBODY_IF_BLANK:
            value = [item for item in value if not _is_nobody(item)]
        return tuple(structure(value, list))

    some = " if any(item.values()) or not {is_nobody}(item)" if inner in _NOBODY_IF_BLANK else ""
    items = f"tuple([{{structure}}(item, {{inner}}) for item in {{v}}{some}]) if {{v}} else ()"
    uses = {"structure": structure_item, "inner": inner, "is_nobody": _is_nobody}
    return with_usual(to_tuple, {list: items}, **uses)


def _is_nobody(agent: Any) -> bool:
    """LiveChat sends one operator of blanks where there is none."""
    return isinstance(agent, dict) and all(value in _BLANKS for value in agent.values())


def _to_count(value: Any, _: Any) -> Count:
    """The answer to ``count=1`` is documented nowhere; these are the shapes it can well have."""
    held: Any = value
    if isinstance(value, dict):
        held = next((value[key] for key in _COUNT_KEYS if key in value), None)
    try:
        number = _to_int(held, int)
    except WireError:
        number = -1
    if number < 0:
        raise _wrong(
            "a number, or an object holding one under 'count', 'total' or 'visitors'", value
        )
    return Count(number)


def _is_model(cls: Any) -> TypeGuard[type[WireModel]]:
    return isinstance(cls, type) and issubclass(cls, WireModel)


def _wire_name(field: attrs.Attribute[Any]) -> str:
    name: str = field.metadata.get("wire", field.name)
    return name


def _renamed(cls: type[WireModel]) -> dict[str, Any]:
    fields = attrs.fields(cls)
    return {f.name: override(rename=_wire_name(f)) for f in fields if "wire" in f.metadata}


def _model_hook(cls: type[WireModel], converter: Converter) -> Hook:
    fields = {_wire_name(field): field for field in attrs.fields(cls) if field.name != "extra"}
    optional = {name for name, field in fields.items() if field.default is not attrs.NOTHING}
    twins = {name: f.metadata["twin"] for name, f in fields.items() if "twin" in f.metadata}
    known = fields.keys() | twins.values()
    bare_id = _BARE_IDS.get(cls)
    structure = make_dict_structure_fn(
        cls, converter, extra=override(struct_hook=lambda extra, _: extra), **_renamed(cls)
    )

    def to_model(value: Any, cls: Any) -> Any:
        if not isinstance(value, dict):
            if bare_id is None:
                raise _wrong("an object", value)
            value = {"id": converter.structure(value, bare_id)}
        given = {
            name: value[name]
            for name in fields
            if name in value and not (value[name] is None and name in optional)
        }
        for name, twin in twins.items():
            if not _is_no_time(value.get(twin)):
                given[name] = _unix_seconds(value[twin], twin)
        given["extra"] = {name: item for name, item in value.items() if name not in known}
        return structure(given, cls)

    hook = _with_shortcut(to_model, cls, fields, converter)
    zones = [name for name, field in fields.items() if "zone" in field.metadata]
    return _in_its_zone(hook, zones[0]) if zones else hook


# The models whose shortcuts are being made: one that holds its like is read carefully.
_ON_THE_WAY: ContextVar[frozenset[type[WireModel]]] = ContextVar("on_the_way", default=frozenset())


def _with_shortcut(
    to_model: Hook,
    cls: type[WireModel],
    fields: Mapping[str, attrs.Attribute[Any]],
    converter: Converter,
) -> Hook:
    if cls in _ON_THE_WAY.get() or not fills_plainly(cls):
        return to_model
    hints = get_type_hints(cls)
    before = _ON_THE_WAY.set(_ON_THE_WAY.get() | {cls})
    try:
        told = [
            Field(
                name=field.name,
                wire=name,
                twin=field.metadata.get("twin"),
                default=field.default,
                type=hints[field.name],
                hook=converter.get_structure_hook(hints[field.name]),
            )
            for name, field in fields.items()
        ]
    finally:
        _ON_THE_WAY.reset(before)
    return shortcut(cls, told, to_model)


def _in_its_zone(to_model: Hook, field: str) -> Hook:
    """The hook of a model that names the zone of all times in it."""

    def to_model_in_its_zone(value: Any, cls: Any) -> Any:
        name = value.get(field) if isinstance(value, dict) else None
        before = ZONE_OF_TEXTS.set(find_zone(name) if isinstance(name, str) else None)
        try:
            return to_model(value, cls)
        finally:
            ZONE_OF_TEXTS.reset(before)

    return to_model_in_its_zone


def _is_no_time(twin: Any) -> bool:
    return twin in _NO_TIME and not isinstance(twin, bool)


def _unix_seconds(value: Any, name: str) -> int:
    try:
        seconds = _to_int(value, int)
        datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise WireError("Unix seconds", _show(value), f".{name}") from None
    return seconds


def _model_unstructure_hook(cls: type[WireModel], converter: Converter) -> Callable[[Any], Any]:
    unstructure = make_dict_unstructure_fn(cls, converter, **_renamed(cls))

    def from_model(model: Any) -> dict[str, Any]:
        fields: dict[str, Any] = unstructure(model)
        extra: Mapping[str, Any] = fields.pop("extra")
        return {**fields, **extra}

    return from_model
