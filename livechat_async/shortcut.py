"""A shortcut past the careful hooks, for objects that are as LiveChat usually sends them.

A structure hook can tell, as a `Usual`, what it makes of the values it usually gets. Of what the
hooks of its fields tell, one function is generated for each model. It reads an object at once, and
asks a hook only about a value that is not a usual one. Where anything raises, it leaves the whole
object to the careful hook: only that one knows errors, and where they are.

A hook that tells nothing, such as a user's, is asked about every value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from textwrap import indent
from types import NoneType
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import attrs

__all__ = [
    "ASK",
    "AS_IT_IS",
    "Field",
    "Hook",
    "Usual",
    "fills_plainly",
    "shortcut",
    "usual_of",
    "with_usual",
]

Hook: TypeAlias = Callable[[Any, Any], Any]


@attrs.frozen
class Usual:
    """What a structure hook makes of the values it usually gets.

    Attributes:
        cases: by the exact type of a value, the expression of what is made of it. In braces stand
            ``{v}`` for the value, ``{hook}`` and ``{type}`` for what the hook is called with, and
            names of ``uses``.
        uses: what else the expressions use.
    """

    cases: Mapping[type[Any], str] = attrs.field(factory=dict)
    uses: Mapping[str, object] = attrs.field(factory=dict)


AS_IT_IS = "{v}"
ASK = "{hook}({v}, {type})"

# Not an attribute of the hook: functools.wraps would copy that to a user's.
_usual: WeakKeyDictionary[Hook, Usual] = WeakKeyDictionary()


def with_usual(hook: Hook, cases: Mapping[type[Any], str], **uses: object) -> Hook:
    """The hook, after it has told what it makes of usual values."""
    _usual[hook] = Usual(cases, uses)
    return hook


def usual_of(hook: Hook) -> Usual:
    """What this very hook tells; nothing for a user's."""
    try:
        return _usual.get(hook, Usual())
    except TypeError:  # it cannot be hashed, or not be referred to weakly
        return Usual()


@attrs.frozen
class Field:
    """A field of a model, as the converter reads it.

    Attributes:
        name: the name of the attribute.
        wire: its name on the wire.
        twin: the name on the wire of the same in Unix seconds, which goes first.
        default: what it is where it is missing or null; `attrs.NOTHING` where it must be there.
        type: its type.
        hook: the structure hook of that type.
    """

    name: str
    wire: str
    twin: str | None
    default: Any
    type: Any
    hook: Hook

    @property
    def is_text(self) -> bool:
        """Whether it is text as it stands, and nothing else is usual."""
        return self.twin is None and dict(usual_of(self.hook).cases) == {str: AS_IT_IS}


def fills_plainly(model: type[Any]) -> bool:
    """Whether making an object of this attrs class is no more than setting its fields."""
    return not any(
        hasattr(model, name) for name in ("__attrs_pre_init__", "__attrs_post_init__")
    ) and all(
        field.init
        and field.converter is None
        and field.validator is None
        and (field.name == "extra" or not hasattr(field.default, "factory"))
        for field in attrs.fields(model)
    )


def shortcut(model: type[Any], fields: Sequence[Field], careful: Hook) -> Hook:
    """A structure hook that does what ``careful`` does, only sooner.

    Args:
        model: a slotted attrs class, with a field ``extra`` for what it does not know.
        fields: its other fields.
        careful: the hook that can do everything.
    """
    texts = [field for field in fields if field.is_text]
    others = [field for field in fields if not field.is_text]
    twins = [field.twin for field in others if field.twin is not None]
    known = dict.fromkeys([*(field.wire for field in fields), *twins])
    places = {name: f"v{index}" for index, name in enumerate(known)}
    names: dict[str, object] = {
        "careful": careful,
        "draft_of_model": _draft(model),  # type: ignore[arg-type]  # a class can be hashed
        "join": "".join,
        "known": frozenset(known),
        "model": model,
        "new": object.__new__,
    }
    lines = [f"{place} = value.get({name!r})" for name, place in places.items()]
    for field in texts:
        place = places[field.wire]
        if field.default is not attrs.NOTHING:
            names[f"{place}_default"] = field.default
            lines.append(f"if {place} is None: {place} = {place}_default")
    # Joining them is the quickest way to see that texts are texts.
    lines.append(f"join([{', '.join(places[field.wire] for field in texts)}])")
    lines.append("draft = new(draft_of_model)")
    lines += [f"draft.{field.name} = {places[field.wire]}" for field in texts]
    for field in others:
        lines += _lines(field, places, names)
    source = _FUNCTION.format(names=", ".join(names), lines=indent("\n".join(lines), " " * 16))
    hook: Hook = _compiled(source)(**names)
    return hook


_FUNCTION = """\
def make({names}):
    def to_model(value, cls):
        if type(value) is dict:
            try:
{lines}
                if known.issuperset(value):
                    draft.extra = {{}}
                else:
                    draft.extra = {{n: item for n, item in value.items() if n not in known}}
                draft.__class__ = model
                return draft
            except Exception:
                pass
        return careful(value, cls)
    return to_model
"""


def _lines(field: Field, places: Mapping[str, str], names: dict[str, object]) -> Iterator[str]:
    """The lines that set a field that is no text; what they use is added to ``names``."""
    place = places[field.wire]
    usual = usual_of(field.hook)
    cases = dict(usual.cases)
    uses = {**usual.uses, "hook": field.hook, "type": field.type}
    if field.default is attrs.NOTHING:
        yield f"if {place} is None: raise ValueError"
        cases.pop(NoneType, None)
    else:
        uses["default"] = field.default
        cases[NoneType] = "{default}"
    names |= {f"{place}_{name}": thing for name, thing in uses.items()}
    own = {name: f"{place}_{name}" for name in uses}
    value = ASK.format(v=place, **own)
    for cls, then in reversed(cases.items()):
        value = f"({then.format(v=place, **own)}) if {_test(cls, place)} else {value}"
    if field.twin is None:
        yield f"draft.{field.name} = {value}"
        return
    twin = places[field.twin]
    if int not in cases:
        yield f"if {twin} is not None and {twin} != '': raise ValueError"
        yield f"draft.{field.name} = {value}"
        return
    yield f"if type({twin}) is int and {twin}:"
    yield f"    draft.{field.name} = {cases[int].format(v=twin, **own)}"
    yield f"elif {twin} is None or {twin} in ('', '0') or type({twin}) is int:"
    yield f"    draft.{field.name} = {value}"
    yield f"elif type({twin}) is str and {twin}.isascii() and {twin}.isdecimal():"
    yield f"    draft.{field.name} = {cases[int].format(v=f'int({twin})', **own)}"
    yield "else: raise ValueError"


def _test(cls: type[Any], place: str) -> str:
    return f"{place} is None" if cls is NoneType else f"type({place}) is {cls.__name__}"


@lru_cache(maxsize=256)
def _compiled(source: str) -> Callable[..., Hook]:
    """The function that makes hooks of this source: compiled once, for all converters."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102 (it is made of names in the models, and of the above)
    make: Callable[..., Hook] = namespace["make"]
    return make


@lru_cache(maxsize=256)
def _draft(model: type[Any]) -> type[Any]:
    """The model again, but to be written to: an object of it is made a model's when it is done.

    It has the same slots, and nothing of what makes a frozen class slow to fill.
    """
    plain = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(model.__name__, (model,), {"__slots__": (), **plain})
