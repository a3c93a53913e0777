"""JSON to typed objects and back: one cattrs converter, with a hook for each quirk of the wire.

- A blank string is None where an id, a number or a time is due, and an empty list where a list is.
- A null where the field has a default is a missing field; elsewhere it is an error.
- Numbers may come as text, and whole ones as 3.0. Text comes as text only: nothing ever becomes
  ``"None"``. Where an ``IdText`` is due, a number does as well.
- A time is text of one of LiveChat's forms, or Unix seconds. A twin in Unix seconds wins; it may
  have a fraction, or be text of ISO with an offset.
- A value of an open set that nobody has seen yet stays its text.
- An empty object can be nothing, and a bare id an object.
- Fields that are not known stay reachable in ``extra``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import Enum
from functools import cache
from types import GenericAlias, NoneType, UnionType
from typing import Any, TypeGuard, Union, get_args, get_origin, get_type_hints

import attrs
import msgspec
from cattrs import Converter
from cattrs.cols import is_sequence, list_structure_factory
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from livechat_async.checks import find_zone
from livechat_async.decoding.generated import Field, fills_plainly
from livechat_async.decoding.hooks import (
    datetime_hook,
    time_or_number_hook,
    to_bool,
    to_decimal,
    to_float,
    to_id_text,
    to_int,
    to_secret,
    to_str,
    to_unix_time,
)
from livechat_async.decoding.problems import WireError, wire_name, wrong
from livechat_async.decoding.shortcut import shortcut
from livechat_async.decoding.straight import is_blank, straight
from livechat_async.decoding.times import ZONE_OF_TEXTS
from livechat_async.decoding.usual import (
    ASK,
    Hook,
    Items,
    Straight,
    choice,
    usual_of,
    with_usual,
)
from livechat_async.models._base import NO_EXTRA, IdText, WireModel, quirks_of
from livechat_async.models.visitors import Count, DetailField, VisitorDetails
from livechat_async.redaction import Secret

__all__ = ["make_converter"]

_COUNT_KEYS = ("count", "total", "visitors")
_BLANKS = (None, "")


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
    converter.register_structure_hook(str, to_str)
    converter.register_structure_hook(Secret, to_secret)
    converter.register_structure_hook_func(_is_id_text, to_id_text)
    converter.register_structure_hook(int, to_int)
    converter.register_structure_hook(float, to_float)
    converter.register_structure_hook(bool, to_bool)
    converter.register_structure_hook(Decimal, to_decimal)
    converter.register_structure_hook(datetime, datetime_hook(timezone))
    converter.register_structure_hook_factory(_is_optional, _optional_hook)
    converter.register_structure_hook_factory(_is_open_enum, _open_enum_hook)
    converter.register_structure_hook_func(_is_time_or_number, time_or_number_hook(timezone))
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


def _is_id_text(cls: Any) -> bool:
    return bool(cls == IdText)


def _members(cls: Any) -> tuple[Any, ...]:
    return get_args(cls) if get_origin(cls) in (Union, UnionType) else ()


def _is_optional(cls: Any) -> bool:
    members = _members(cls)
    return len(members) == 2 and NoneType in members  # noqa: PLR2004


def _optional_hook(cls: Any, converter: Converter) -> Hook:
    (inner,) = (member for member in _members(cls) if member is not NoneType)
    structure = converter.get_structure_hook(inner)
    blanks: tuple[Any, ...] = (*_BLANKS, {}) if quirks_of(inner).nothing_if_empty else _BLANKS

    def to_optional(value: Any, _: Any) -> Any:
        return None if value in blanks else structure(value, inner)

    told = usual_of(structure).inside(structure, inner)
    if not told.cases:
        return to_optional
    cases: dict[type[Any], str] = {str: ASK, **told.cases, NoneType: "None"}
    ways, blank, uses = dict(told.straight), "None", dict(told.uses)
    if not {str, list, NoneType, *map(type, blanks)}.issuperset(cases):
        blank = ""  # zero, for one, is not None
        for kind in {str, dict} & set(map(type, blanks)):
            cases[kind] = f"({cases.get(kind, ASK)}) if {{v}} else None"
    if dict in ways and {} in blanks:
        with suppress(TypeError):  # what has a field that must be there is never empty
            uses["empty"] = ways[dict].wire()
            then = f"None if {{v}} == {{empty}} else {ways[dict].then}"
            ways[dict] = attrs.evolve(ways[dict], then=then)
    return with_usual(to_optional, cases, blank=blank, straight=ways, unix=told.unix, uses=uses)


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
    known |= {text: known[value] for text, value in quirks_of(enum).spellings.items()}
    blanks = _BLANKS if NoneType in members else ()

    def to_open_enum(value: Any, cls: Any) -> Any:
        if value in blanks:
            return None
        text = to_str(value, cls)
        return known.get(text, text)

    cases: dict[type[Any], str] = {str: "{known}({v}, {v})"}
    uses = {"known": known.get}
    if not blanks:
        return with_usual(to_open_enum, cases, uses=uses)
    return with_usual(to_open_enum, {**cases, NoneType: "None"}, blank="None", uses=uses)


def _is_time_or_number(cls: Any) -> bool:
    return set(_members(cls)) == {datetime, int, NoneType}


def _list_hook(cls: Any, converter: Converter) -> Hook:
    structure = list_structure_factory(cls, converter)

    def to_list(value: Any, cls: Any) -> Any:
        if not isinstance(value, list):
            raise wrong("a list", value)
        return structure(value, cls)

    if get_origin(cls) is list:
        (inner,) = get_args(cls)
        with_usual(to_list, {}, items=Items(inner, converter.get_structure_hook(inner)))
    return to_list


def _is_tuple(cls: Any) -> bool:
    return get_origin(cls) is tuple and get_args(cls)[-1:] == (Ellipsis,)


def _tuple_hook(cls: Any, converter: Converter) -> Hook:
    inner = get_args(cls)[0]
    nobody_if_blank = quirks_of(inner).nobody_if_blank
    structure_item = converter.get_structure_hook(inner)
    structure = list_structure_factory(list[inner], converter)  # type: ignore[valid-type]

    def to_tuple(value: Any, _: Any) -> tuple[Any, ...]:
        if value == "":
            return ()
        if not isinstance(value, list):
            raise wrong("a list", value)
        if nobody_if_blank:
            value = [item for item in value if not _is_nobody(item)]
        return tuple(structure(value, list))

    told = usual_of(structure_item)
    uses = told.inside(structure_item, inner).uses
    wire, cases, otherwise = told.read_straight()
    own = {name: f"{{inner_{name}}}" for name in (*told.uses, "hook", "type")}
    item = choice(cases, told.blank, otherwise, "item", own, are_all=wire is not Any)
    some = ""
    these = "{v}" if item == "item" else f"[{item} for item in {{v}}]"
    if nobody_if_blank:
        some = " if any(item.values()) or not {is_nobody}(item)"
        these = f"[{item} for item in {{v}} if {_first_of(wire)} or not {{is_blank}}(item)]"
    careful = f"tuple([{{inner_hook}}(item, {{inner_type}}) for item in {{v}}{some}])"
    return with_usual(
        to_tuple,
        {list: careful, str: ASK},
        blank="()",
        straight={list: Straight(GenericAlias(list, (wire,)), f"tuple({these})")},
        uses={**uses, "is_nobody": _is_nobody, "is_blank": is_blank},
    )


def _first_of(struct: Any) -> str:
    """The field that is the quickest to tell that an item is not blank."""
    return f"item.{struct.__struct_fields__[0]}" if hasattr(struct, "__struct_fields__") else "None"


def _is_nobody(agent: Any) -> bool:
    """LiveChat sends one operator of blanks where there is none."""
    return isinstance(agent, dict) and all(value in _BLANKS for value in agent.values())


def _to_count(value: Any, _: Any) -> Count:
    """The answer to ``count=1`` is documented nowhere; these are the shapes it can well have."""
    held: Any = value
    if isinstance(value, dict):
        held = next((value[key] for key in _COUNT_KEYS if key in value), None)
    try:
        number = to_int(held, int)
    except WireError:
        number = -1
    if number < 0:
        raise wrong(
            "a number, or an object holding one under 'count', 'total' or 'visitors'", value
        )
    return Count(number)


def _is_model(cls: Any) -> TypeGuard[type[WireModel]]:
    return isinstance(cls, type) and issubclass(cls, WireModel)


def _renamed(cls: type[WireModel]) -> dict[str, Any]:
    fields = attrs.fields(cls)
    return {f.name: override(rename=wire_name(f)) for f in fields if "wire" in f.metadata}


def _model_hook(cls: type[WireModel], converter: Converter) -> Hook:
    fields = {wire_name(field): field for field in attrs.fields(cls) if field.name != "extra"}
    optional = {name for name, field in fields.items() if field.default is not attrs.NOTHING}
    twins = {name: f.metadata["twin"] for name, f in fields.items() if "twin" in f.metadata}
    known = fields.keys() | twins.values()
    bare_id = quirks_of(cls).bare_id

    @cache  # generated when the first object comes that is not as usual; many programs meet none
    def structure() -> Hook:
        extra = override(struct_hook=lambda extra, _: extra)
        return make_dict_structure_fn(cls, converter, extra=extra, **_renamed(cls))

    def to_model(value: Any, cls: Any) -> Any:
        if not isinstance(value, dict):
            if bare_id is None:
                raise wrong("an object", value)
            value = {"id": converter.structure(value, bare_id)}
        given = {
            name: value[name]
            for name in fields
            if name in value and not (value[name] is None and name in optional)
        }
        for name, twin in twins.items():
            time = to_unix_time(value.get(twin), twin)
            if time is not None:
                given[name] = time
        unknown = {name: item for name, item in value.items() if name not in known}
        given["extra"] = unknown or NO_EXTRA
        return structure()(given, cls)

    kinds: dict[type[Any], str] = {dict: ASK}
    if bare_id is not None:
        kinds |= {int: ASK, str: ASK}
    told = _tell(cls, fields, converter)
    if told is None:
        return with_usual(to_model, kinds)
    hook = shortcut(cls, told, to_model)
    struct, from_struct = straight(cls, told, knows_empty=quirks_of(cls).nothing_if_empty)
    for zone in [name for name, field in fields.items() if "zone" in field.metadata]:
        hook = _in_its_zone(hook, zone)
        from_struct = _struct_in_its_zone(from_struct, struct, zone)
    way = Straight(struct, "{from_struct}({v})")
    return with_usual(hook, kinds, straight={dict: way}, uses={"from_struct": from_struct})


# The models whose shortcuts are being made: one that holds its like is read carefully.
_ON_THE_WAY: ContextVar[frozenset[type[WireModel]]] = ContextVar("on_the_way", default=frozenset())


def _tell(
    cls: type[WireModel], fields: Mapping[str, attrs.Attribute[Any]], converter: Converter
) -> list[Field] | None:
    """The fields, for a quick way to be made of; None where there is none."""
    if cls in _ON_THE_WAY.get() or not fills_plainly(cls):
        return None
    hints = get_type_hints(cls)
    before = _ON_THE_WAY.set(_ON_THE_WAY.get() | {cls})
    try:
        return [
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


def _struct_in_its_zone(
    from_struct: Callable[[Any], Any], struct: Any, field: str
) -> Callable[[Any], Any]:
    """The same for what msgspec reads of it."""
    (place,) = (told.name for told in msgspec.structs.fields(struct) if told.encode_name == field)

    def from_struct_in_its_zone(value: Any) -> Any:
        name = getattr(value, place)
        before = ZONE_OF_TEXTS.set(find_zone(name) if isinstance(name, str) else None)
        try:
            return from_struct(value)
        finally:
            ZONE_OF_TEXTS.reset(before)

    return from_struct_in_its_zone


def _model_unstructure_hook(cls: type[WireModel], converter: Converter) -> Callable[[Any], Any]:
    unstructure = make_dict_unstructure_fn(cls, converter, **_renamed(cls))

    def from_model(model: Any) -> dict[str, Any]:
        fields: dict[str, Any] = unstructure(model)
        extra: Mapping[str, Any] = fields.pop("extra")
        return {**fields, **extra}

    return from_model
