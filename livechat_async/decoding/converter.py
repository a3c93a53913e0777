"""JSON to typed objects and back: one cattrs converter, with a hook for each quirk of the wire.

- Null, ``""``, ``{}`` and PHP's ``[]`` are nothing: None where an id, a number, a time or an object
  may be None, an empty tuple where a list is due, blank text, and false. So is MySQL's zero date,
  where a time is due. Where a list is due, nulls in it are left out.
- A null where the field has a default is a missing field; elsewhere it is an error.
- Numbers may come as text, and whole ones as 3.0. Text may come as any value, because people type
  it: it is then that value's JSON text, but nothing ever becomes ``"None"``. An id is text or a
  number.
- A time is text of one of LiveChat's forms, or Unix seconds. A twin in Unix seconds wins; it may
  have a fraction, or be ISO text with an offset.
- A value of an open set that this library does not know stays its text.
- A bare id can stand for an object.
- Fields that are not known stay reachable in ``extra``.

Each hook here is careful: it names what is wrong, and where. Most also state a quick way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import EnumType
from functools import cache, lru_cache, partial
from operator import is_
from types import GenericAlias, NoneType, UnionType
from typing import Any, TypeGuard, Union, cast, get_args, get_origin, get_type_hints

import attrs
import msgspec
from cattrs import Converter
from cattrs.cols import is_sequence
from cattrs.fns import raise_error
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from livechat_async.decoding import hooks, times
from livechat_async.decoding.hooks import NOTHING, is_nothing
from livechat_async.decoding.problems import find_wire_error, wrong
from livechat_async.decoding.quick import TIMES, Fields, Hook, ModelHook, Quick, QuickHook, quick_of
from livechat_async.models._base import (
    EMPTY,
    IdText,
    TimeOrZero,
    WireModel,
    quirks_of,
    wire_name,
)
from livechat_async.models.visitors import Count, DetailField, VisitorDetails

_COUNT_KEYS = ("count", "total", "visitors")


def make_converter(timezone: tzinfo | None = None) -> Converter:
    """A cattrs converter of the caller's own for everything LiveChat sends and takes.

    Args:
        timezone: the zone of times that come without one; without it they become naive.
    """
    converter = Converter(
        unstruct_collection_overrides={tuple: list},
        prefer_attrib_converters=True,
        structure_fallback_factory=partial(raise_error, None),  # before a call, not by its answer
    )
    for type_, hook in hooks.HOOKS.items():
        converter.register_structure_hook(type_, hook)
    converter.register_structure_hook_func(lambda cls: bool(cls == IdText), hooks.ID_TEXT_HOOK)
    to_datetime = times.datetime_hook(timezone)
    converter.register_structure_hook(datetime, to_datetime)
    converter.register_structure_hook_func(
        lambda cls: bool(cls == TimeOrZero), times.time_or_zero_hook(to_datetime.careful)
    )
    converter.register_structure_hook(date, times.DATE_HOOK)
    converter.register_structure_hook_factory(_is_optional, _optional_hook)
    converter.register_structure_hook_factory(_is_open_enum, _open_enum_hook)
    converter.register_structure_hook_func(
        lambda cls: set(_members(cls)) == {datetime, int, NoneType},
        times.time_or_number_hook(to_datetime.careful),
    )
    converter.register_structure_hook_factory(is_sequence, _list_hook)
    converter.register_structure_hook_factory(_is_mapping, _mapping_hook)
    converter.register_structure_hook_factory(
        _is_model, lambda cls, converter: _model_hook(cls, converter, timezone)
    )
    converter.register_structure_hook(Count, _to_count)
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_unstructure_hook_func(lambda cls: cls is Any, lambda value: value)
    converter.register_unstructure_hook_func(
        lambda cls: isinstance(cls, type) and issubclass(cls, list),  # such as a `VisitorList`
        lambda items: [converter.unstructure(item) for item in items],
    )
    converter.register_unstructure_hook_factory(_is_model, _model_unstructure_hook)
    for cls in (DetailField, VisitorDetails):
        converter.register_unstructure_hook(
            cls, make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True)
        )
    return converter


_shared = lru_cache(maxsize=16)(lambda timezone, _: make_converter(timezone))


def shared_converter(timezone: tzinfo | None = None) -> Converter:
    """A converter for everyone: register no hooks on it."""
    return _shared(timezone, repr(timezone))  # equal zones can have different names


class ClientConverter:
    """The converter of a client and its copies; ``current`` is shared until the user asks for it.

    To prepare a converter takes longer than to read a few answers.
    """

    def __init__(self, timezone: tzinfo | None) -> None:
        self.current: Converter = shared_converter(timezone)
        self._timezone, self._is_shared = timezone, True

    def own(self) -> Converter:
        """The converter to register hooks on."""
        if self._is_shared:
            self.current, self._is_shared = make_converter(self._timezone), False
        return self.current


def _members(cls: Any) -> tuple[Any, ...]:
    return get_args(cls) if get_origin(cls) in (Union, UnionType) else ()


def _is_optional(cls: Any) -> bool:
    members = _members(cls)
    return len(members) == 2 and NoneType in members  # noqa: PLR2004


def _optional_hook(cls: Any, converter: Converter) -> Hook:
    (inner,) = (member for member in _members(cls) if member is not NoneType)
    structure = converter.get_structure_hook(inner)
    # An empty list, for one, is something where a list is due, or a class of the user's.
    is_one = inner in (*hooks.HOOKS, IdText) or _is_model(inner)
    is_time = inner in (date, datetime, TimeOrZero)
    is_none = times.is_no_time if is_time else is_nothing if is_one else NOTHING.__contains__

    def to_optional(value: Any, _: Any) -> Any:
        return None if is_none(value) else structure(value, inner)

    def state() -> Quick | None:
        quick = quick_of(structure)
        if quick is None:
            return None
        nothing = NOTHING if quick.no_object is None else (quick.no_object, *NOTHING)
        wire = Any if quick.wire is Any else quick.wire | str | None
        return Quick(wire, quick.read, quick.as_is, nothing, twin=quick.twin)

    return QuickHook(to_optional, state)


def _is_open_enum(cls: Any) -> bool:
    """Whether this is a union of one enum, text and perhaps None."""
    members = _members(cls)
    enums = [member for member in members if isinstance(member, EnumType)]
    return len(enums) == 1 and {*members} - {NoneType} == {str, *enums}


class _Known(dict[str, Any]):
    """The members of an open set by their text; another text stands for itself."""

    def __missing__(self, text: str) -> str:
        return text


def _open_enum_hook(cls: Any, _: Converter) -> Hook:
    members = _members(cls)
    (enum,) = (member for member in members if member not in (str, NoneType))
    known = _Known({member.value: member for member in enum})
    known |= {text: known[value] for text, value in quirks_of(enum).spellings.items()}
    can_be_none = NoneType in members

    def to_open_enum(value: Any, cls: Any) -> Any:
        return None if can_be_none and is_nothing(value) else known[hooks.to_str(value, cls)]

    wire, nothing = (str | None, NOTHING) if can_be_none else (str, ())
    return QuickHook(to_open_enum, lambda: Quick(wire, known.__getitem__, nothing=nothing))


def _list_hook(cls: Any, converter: Converter) -> Hook:
    """The hook of lists, and of tuples of any length: there, nothing is an empty tuple."""
    is_tuple = get_origin(cls) is tuple
    make: Callable[[Any], Any] = tuple if is_tuple else list
    inner = (*get_args(cls), Any)[0]
    skip_if_blank = is_tuple and quirks_of(inner).skip_if_blank
    can_be_null = inner is Any or NoneType in _members(inner)
    left_out: Callable[[Any], bool] | None = None
    if is_tuple and not can_be_null:
        left_out = _is_blank if skip_if_blank else partial(is_, None)
    structure = converter.get_structure_hook(inner)

    def to_list(value: Any, _: Any) -> Any:
        if is_tuple and is_nothing(value):
            return ()
        if not isinstance(value, list):
            raise wrong("a list", value)
        return make(_items_of(enumerate(value), structure, inner, left_out))

    def state() -> Quick:
        item = _quick_for(inner, converter)
        wire = GenericAlias(list, (item.wire,))
        # msgspec reads null as no other item than one of a user's hook.
        is_blank = left_out if skip_if_blank or item.wire is Any else None

        def read(found: Any) -> Any:
            if type(found) is not list:
                raise wrong("a list", found)
            if is_blank is not None:
                found = [each for each in found if not is_blank(each)]
            return make(found if item.finish is None else map(item.finish, found))

        if not is_tuple:
            return Quick(wire, read)
        return Quick(wire | str, read, empty=(), item=item, is_blank=is_blank)

    careful = times.with_own_times(to_list) if quirks_of(inner).can_mix_times else to_list
    return QuickHook(careful, state)


def _is_mapping(cls: Any) -> bool:
    origin: Any = get_origin(cls)
    return origin is Mapping


def _mapping_hook(cls: Any, converter: Converter) -> Hook:
    """The hook of ``Mapping[str, T]``; an empty list is an empty mapping, as PHP writes it."""
    inner = get_args(cls)[1]
    structure = converter.get_structure_hook(inner)

    def to_mapping(value: Any, _: Any) -> Mapping[str, Any]:
        if value in ("", []):
            return EMPTY
        if not isinstance(value, dict):
            raise wrong("an object", value)
        return dict(zip(value, _items_of(value.items(), structure, inner), strict=True)) or EMPTY

    return to_mapping


def _items_of(
    pairs: Iterable[tuple[Any, Any]], structure: Hook, type_: Any, left_out: Any = None
) -> list[Any]:
    """The items of pairs of place and value.

    The first wrong one ends it, so that a list of wrong items costs no more.
    """
    items = []
    for place, value in pairs:
        if left_out is not None and left_out(value):
            continue
        try:
            items.append(structure(value, type_))
        except Exception as error:  # noqa: BLE001 (a user's hook may raise anything)
            raise find_wire_error(error).inside(f"[{place!r}]") from None
    return items


def _quick_for(type_: Any, converter: Converter) -> Quick:
    """The quick way of a type's hook; the hook itself where it has none."""
    hook = converter.get_structure_hook(type_)
    return quick_of(hook) or Quick(Any, lambda value: hook(value, type_))


def _is_blank(item: Any) -> bool:
    """Whether it is the one operator of blanks that LiveChat sends where there is none."""
    values: Iterable[Any] = item.values() if isinstance(item, dict) else (item,)
    if isinstance(item, msgspec.Struct):
        values = msgspec.structs.astuple(item)
    return all(value is msgspec.UNSET or is_nothing(value) for value in values)


def _to_count(value: Any, _: Any) -> Count:
    """A count, of any likely shape: the answer to ``count=1`` is documented nowhere."""
    held: Any = value
    if isinstance(value, dict):
        held = next((value[key] for key in _COUNT_KEYS if key in value), None)
    number = hooks.whole_number(held)
    if number is None or number < 0:
        expected = "a number, or an object holding one under 'count', 'total' or 'visitors'"
        raise wrong(expected, value)
    return Count(number)


def _is_model(cls: Any) -> TypeGuard[type[WireModel]]:
    return isinstance(cls, type) and issubclass(cls, WireModel)


def _model_hook(cls: type[WireModel], converter: Converter, timezone: tzinfo | None) -> Hook:
    fields = {wire_name(field): field for field in attrs.fields(cls) if field.name != "extra"}
    optional = {name for name, field in fields.items() if field.default is not attrs.NOTHING}
    twins = {name: f.metadata["twin"] for name, f in fields.items() if "twin" in f.metadata}
    known = fields.keys() | twins.values()
    zone = next((name for name, field in fields.items() if "zone" in field.metadata), None)
    quirks = quirks_of(cls)

    @cache  # generated for the first object that is not usual; many programs meet none
    def structure() -> Hook:
        overrides: Any = {field.name: override(rename=name) for name, field in fields.items()}
        overrides["extra"] = override(struct_hook=lambda extra, _: extra)
        return make_dict_structure_fn(cls, converter, **overrides)

    def make(value: Any) -> Any:
        given = {
            name: value[name]
            for name in fields
            if name in value and not (value[name] is None and name in optional)
        }
        given |= (unix := _twins_of(value, twins))
        unknown = {name: item for name, item in value.items() if name not in known}
        given["extra"] = unknown or EMPTY
        hook.learn(unknown)
        model = structure()(given, cls)
        for name in filter(value.get, unix):  # now: they count before those of objects inside
            TIMES.get().pair = value[name], unix[name]
        return model

    def to_model(value: Any, _: Any) -> Any:
        if value == []:  # as PHP writes {}
            value = {}
        if not isinstance(value, dict):
            if quirks.bare_id is None:
                raise wrong("an object", value)
            value = {"id": converter.structure(value, quirks.bare_id)}
        return careful(value)

    around, careful = None, cast("Callable[[Any], Any]", make)
    if zone or (quirks.can_mix_times and timezone is None):
        names = {name: field.name for name, field in fields.items()}
        careful = times.in_one_zone(dict.get, zone, make)
        around = partial(times.in_one_zone, getattr, zone and names[zone])
    hook = ModelHook(cls, to_model, _fields_of(cls, converter), around)
    return hook


def _twins_of(value: dict[str, Any], twins: Mapping[str, str]) -> dict[str, Any]:
    """The times that an object has in Unix seconds, by the names of their fields."""
    found = {name: times.to_unix_time(value.get(twin), twin) for name, twin in twins.items()}
    return {name: time for name, time in found.items() if time is not None}


def _fields_of(cls: type[WireModel], converter: Converter) -> Callable[[], Fields] | None:
    """What gives the fields for the quick way; None if setting them does not make an object."""
    if any(hasattr(cls, name) for name in ("__attrs_pre_init__", "__attrs_post_init__")) or any(
        not field.init or field.converter or field.validator or hasattr(field.default, "factory")
        for field in attrs.fields(cls)
    ):
        return None

    hints = get_type_hints(cls, include_extras=True)
    fields = [field for field in attrs.fields(cls) if field.name != "extra"]
    return lambda: [(field, _quick_for(hints[field.name], converter)) for field in fields]


def _model_unstructure_hook(cls: type[WireModel], converter: Converter) -> Callable[[Any], Any]:
    overrides: Any = {field.name: override(rename=wire_name(field)) for field in attrs.fields(cls)}
    overrides["extra"] = override(omit=True)
    to_dict = make_dict_unstructure_fn(cls, converter, **overrides)

    def to_dict_with_extra(model: Any) -> dict[str, Any]:
        return {**to_dict(model), **model.extra}

    return to_dict_with_extra
