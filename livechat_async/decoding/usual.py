"""What a structure hook tells of the values it usually gets.

A hook can tell, as a `Usual`, what it makes of them. `shortcut` and `straight` generate code of
that, and ask the hook itself only about the rest. A hook that tells nothing, such as a user's, is
asked about every value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Self, TypeAlias
from weakref import WeakKeyDictionary

import attrs

__all__ = [
    "ASK",
    "AS_IT_IS",
    "Hook",
    "Items",
    "Straight",
    "Usual",
    "choice",
    "usual_of",
    "with_usual",
]

Hook: TypeAlias = Callable[[Any, Any], Any]

AS_IT_IS = "{v}"
ASK = "{hook}({v}, {type})"


@attrs.frozen(eq=False, repr=False)
class Straight:
    """What msgspec, not being strict, reads a value of JSON as, and what is made of that.

    Attributes:
        wire: a type for msgspec.
        then: the expression of what is made of what msgspec read; as in `Usual.cases`.
    """

    wire: Any
    then: str


@attrs.frozen(eq=False, repr=False)
class Items:
    """What a list is of.

    Attributes:
        type: the type of its items.
        hook: the structure hook of that type.
    """

    type: Any
    hook: Hook


@attrs.frozen(eq=False, repr=False)
class Usual:
    """What a structure hook makes of the values it usually gets.

    Attributes:
        cases: by the exact type of a value, the expression of what is made of it. In braces stand
            ``{v}`` for the value, ``{hook}`` and ``{type}`` for what the hook is called with, and
            names of ``uses``.
        blank: the expression of what all of them become that are false; empty if they differ. The
            cases are of the others then.
        straight: for ``dict`` and ``list``, how msgspec reads them with no dict on the way.
        unix: for a time, how msgspec reads it where it comes in Unix seconds.
        items: what it is a list of, if the hook makes nothing else of a list than its items.
        uses: what else the expressions use.
    """

    cases: Mapping[type[Any], str] = attrs.field(factory=dict)
    blank: str = ""
    straight: Mapping[type[Any], Straight] = attrs.field(factory=dict)
    unix: Straight | None = None
    items: Items | None = None
    uses: Mapping[str, object] = attrs.field(factory=dict)

    def inside(self, hook: Hook, type_: Any) -> Self:
        """The same for another hook to tell, which asks this one, of ``type_``, for its part."""
        uses = {"hook": hook, "type": type_, **self.uses}
        names = {name: f"{{inner_{name}}}" for name in uses} | {"v": "{v}"}

        def renamed(way: Straight) -> Straight:
            return attrs.evolve(way, then=way.then.format_map(names))

        return attrs.evolve(
            self,
            cases={kind: then.format_map(names) for kind, then in self.cases.items()},
            straight={kind: renamed(way) for kind, way in self.straight.items()},
            unix=None if self.unix is None else renamed(self.unix),
            uses={f"inner_{name}": thing for name, thing in uses.items()},
        )

    def read_straight(self) -> tuple[Any, dict[type[Any], str], str]:
        """The type msgspec reads the usual values as; the cases of what it gives; and all others.

        Where they cannot be read straight, that is what JSON comes as, and the cases themselves.
        """
        wire: Any = None
        cases: dict[type[Any], str] = {}
        otherwise = ""
        # Whether it is null is the quickest to ask.
        for kind, then in sorted(self.cases.items(), key=lambda case: case[0] is not NoneType):
            way = self.straight.get(kind)
            if way is None and kind in (dict, list):
                return Any, dict(self.cases), ASK
            wire = _either(wire, kind if way is None else way.wire)
            if kind is dict and way is not None:
                otherwise = way.then
            else:
                cases[kind] = then if way is None else way.then
        if not otherwise and cases:
            _, otherwise = cases.popitem()
        return (wire, cases, otherwise) if otherwise else (Any, cases, ASK)


def _either(one: Any, other: Any) -> Any:
    return other if one is None else one | other


_NOTHING_TOLD = Usual()

# Not an attribute of the hook: functools.wraps would copy that to a user's.
_usual: WeakKeyDictionary[Hook, Usual] = WeakKeyDictionary()


def with_usual(
    hook: Hook,
    cases: Mapping[type[Any], str],
    *,
    blank: str = "",
    straight: Mapping[type[Any], Straight] | None = None,
    unix: Straight | None = None,
    items: Items | None = None,
    uses: Mapping[str, object] | None = None,
) -> Hook:
    """The hook, after it has told what it makes of usual values."""
    _usual[hook] = Usual(cases, blank, straight or {}, unix, items, uses or {})
    return hook


def usual_of(hook: Hook) -> Usual:
    """What this very hook tells; nothing for a user's."""
    try:
        return _usual.get(hook, _NOTHING_TOLD)
    except TypeError:  # it cannot be hashed, or not be referred to weakly
        return _NOTHING_TOLD


def choice(
    cases: Mapping[type[Any], str],
    blank: str,
    otherwise: str,
    place: str,
    own: Mapping[str, str],
    *,
    are_all: bool,
) -> str:
    """The expression that finds the case of a value.

    Args:
        cases: as in `Usual`.
        blank: likewise.
        otherwise: the expression for a value of another type.
        place: the name of the value.
        own: for each name in braces, what it is called there.
        are_all: whether it can be nothing else than a usual value.
    """
    others = {kind: then.format(v=place, **own) for kind, then in cases.items()}
    null = others.pop(NoneType, "")
    found = otherwise.format(v=place, **own)
    for kind, then in reversed(others.items()):
        value = then if are_all else _or_blank(then, blank, place)
        found = f"({value}) if type({place}) is {kind.__name__} else {found}"
    if found == place and not null and blank == "''":
        return found
    if are_all:
        found = _or_blank(found, blank, place)
    if not null or (are_all and null == blank) or (found == place and null == "None"):
        return found
    return f"{null} if {place} is None else {found}"


def _or_blank(found: str, blank: str, place: str) -> str:
    if not blank:
        return found
    return f"{place} or {blank}" if found == place else f"({found}) if {place} else {blank}"
