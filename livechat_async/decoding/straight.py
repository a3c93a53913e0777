"""From JSON text straight to a model, with no dict on the way, where it is as LiveChat sends it.

msgspec reads JSON into a struct that is defined for each model, of what the hooks of its fields
tell as `Usual`; a function that is generated of the same makes the model of it. A field that is not
known, a type that is not usual, or anything else that raises, means: this object has to be read
with care.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import indent
from types import GenericAlias
from typing import Any
from weakref import WeakKeyDictionary

import attrs
import msgspec

from livechat_async.decoding.generated import Field, compiled, draft_of
from livechat_async.decoding.hooks import UNIX_EPOCH
from livechat_async.decoding.usual import Hook, choice, usual_of

__all__ = ["StraightReader", "decoder", "is_blank", "straight", "straight_reader"]

FromStruct = Callable[[Any], Any]

_HERE = "@"
"""Where an expression that is not finished speaks of the value."""


def straight(
    model: type[Any], fields: Sequence[Field], *, knows_empty: bool = False
) -> tuple[type[msgspec.Struct], FromStruct]:
    """The struct msgspec reads, and the function that makes the model of it.

    Args:
        model: a slotted attrs class, with a field ``extra`` for what it does not know.
        fields: its other fields.
        knows_empty: whether an empty object is told from one of nulls: it has nothing that is set.
    """
    twins = [field.twin for field in fields if field.twin is not None]
    known = dict.fromkeys([*(field.wire for field in fields), *twins])
    places = {name: f"v{index}" for index, name in enumerate(known)}
    names: dict[str, object] = {
        "draft_of_model": draft_of(model),  # type: ignore[arg-type]  # a class can be hashed
        "model": model,
        "new": object.__new__,
        "no_extra": attrs.fields(model).extra.default,
        "no_time": UNIX_EPOCH,
        "unset": msgspec.UNSET,
    }
    missing = msgspec.UNSET if knows_empty else None
    types: dict[str, Any] = {}
    required: set[str] = set()
    lines: list[str] = ["draft = new(draft_of_model)"]
    for field in fields:
        place, usual = places[field.wire], field.usual
        types[place], cases, otherwise = field.read_straight()
        own = {name: f"{place}_{name}" for name in usual.uses}
        names |= {own[name]: thing for name, thing in usual.uses.items()}
        if field.is_required:
            required.add(place)
        are_all = types[place] is not Any
        value = choice(cases, usual.blank, otherwise, _HERE, own, are_all=are_all)
        # What is unset is false, as what is blank is.
        can_be_unset = knows_empty and not value.startswith(f"{_HERE} or ")
        setting: list[str] = []
        here = f"value.{place}"
        if value.count(_HERE) > 1 or not are_all or can_be_unset:
            here = place
            setting += _taken(place, knows_empty=knows_empty)
            if field.is_required and not are_all:
                setting.append(f"if {place} is None: raise ValueError")
        setting.append(f"draft.{field.name} = {value.replace(_HERE, here)}")
        if field.twin is not None:
            twin, unix = places[field.twin], usual.unix
            types[twin] = None if unix is None else unix.wire | None
            if unix is not None:
                lines += _taken(twin, knows_empty=knows_empty)
                lines.append(f"if {twin} is not None and {twin} != no_time:")
                lines.append(f"    draft.{field.name} = {unix.then.format(v=twin, **own)}")
                lines.append("else:")
                setting = [f"    {line}" for line in setting]
        lines += setting
    source = _FUNCTION.format(names=", ".join(names), lines=indent("\n".join(lines), " " * 8))
    struct = msgspec.defstruct(
        model.__name__,
        [
            (place, types[place])
            if place in required
            else (place, types[place] | msgspec.UnsetType if knows_empty else types[place], missing)
            for place in places.values()
        ],
        rename={place: name for name, place in places.items()},
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,  # it holds no cycle, and lives for a moment
    )
    return struct, compiled(source)(**names)


def _taken(place: str, *, knows_empty: bool) -> list[str]:
    lines = [f"{place} = value.{place}"]
    return [*lines, f"if {place} is unset: {place} = None"] if knows_empty else lines


_FUNCTION = """\
def make({names}):
    def from_struct(value):
{lines}
        draft.extra = no_extra
        draft.__class__ = model
        return draft
    return from_struct
"""


def decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    """What reads JSON text as a type for msgspec that hooks told.

    It is not strict, which makes times of Unix seconds. That would also make numbers and null of
    text, but wherever these can stand, text is a type that was told as well, and goes first.
    """
    return msgspec.json.Decoder(type_, strict=False)


def is_blank(struct: msgspec.Struct) -> bool:
    """Whether nothing but blanks was read."""
    return not any(msgspec.structs.astuple(struct))


@attrs.frozen(eq=False, repr=False)
class StraightReader:
    """Reads JSON text straight. What it raises only says that it has to be read with care.

    Attributes:
        wire: what msgspec reads an object as.
        make: makes the model of that.
    """

    wire: Any
    make: Callable[[Any], Any]
    _decode: Callable[[Any], Any] = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: decoder(self.wire).decode, takes_self=True),
    )
    _decode_list: Callable[[Any], list[Any]] = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: decoder(GenericAlias(list, (self.wire,))).decode, takes_self=True
        ),
    )

    def one(self, content: Any) -> Any:
        """The object in this text."""
        return self.make(self._decode(content))

    def many(self, content: Any) -> list[Any]:
        """The objects of the list in this text."""
        return self.make_all(self._decode_list(content))

    def make_all(self, structs: list[Any]) -> list[Any]:
        """The models of what msgspec read; the list of that is empty afterwards."""
        # Each struct is let go at once: the next model then gets its memory, which is at hand.
        make, pop = self.make, structs.pop
        structs.reverse()
        return [make(pop()) for _ in range(len(structs))]


_readers: WeakKeyDictionary[Hook, StraightReader] = WeakKeyDictionary()


def straight_reader(hook: Hook) -> StraightReader | None:
    """What reads straight, and makes what this structure hook makes; None if there is no way."""
    usual = usual_of(hook)
    way = usual.straight.get(dict)
    if way is None:
        return None
    if hook not in _readers:
        _readers[hook] = StraightReader(way.wire, usual.uses["from_struct"])  # type: ignore[arg-type]
    return _readers[hook]
