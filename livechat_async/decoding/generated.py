"""Python that is generated for a model: what `shortcut` and `straight` have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import NoneType
from typing import Any

import attrs

from livechat_async.decoding.usual import AS_IT_IS, ASK, Hook, Usual, usual_of

__all__ = ["Field", "compiled", "draft_of", "fills_plainly"]


_CONSTANTS = (None, "", ())


@attrs.frozen(eq=False, repr=False)
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
    def is_required(self) -> bool:
        """Whether it must be there."""
        return self.default is attrs.NOTHING

    @property
    def is_text(self) -> bool:
        """Whether it is text as it stands, and nothing else is usual."""
        return self.twin is None and dict(usual_of(self.hook).cases) == {str: AS_IT_IS}

    def read_straight(self) -> tuple[Any, dict[type[Any], str], str]:
        """As `Usual.read_straight`, with null for a missing field."""
        if usual_of(self.hook).cases:
            return self.usual.read_straight()
        return Any, dict(self.usual.cases), ASK

    @property
    def usual(self) -> Usual:
        """What is made of its usual values, with null for a missing field."""
        told = usual_of(self.hook)
        cases = dict(told.cases)
        uses = {**told.uses, "hook": self.hook, "type": self.type}
        if self.is_required:
            cases.pop(NoneType, None)
        elif self.default in _CONSTANTS and type(self.default) in map(type, _CONSTANTS):
            cases[NoneType] = repr(self.default)
        else:
            uses["default"] = self.default
            cases[NoneType] = "{default}"
        return attrs.evolve(told, cases=cases, uses=uses)


def fills_plainly(model: type[Any]) -> bool:
    """Whether making an object of this attrs class is no more than setting its fields."""
    return not any(
        hasattr(model, name) for name in ("__attrs_pre_init__", "__attrs_post_init__")
    ) and all(
        field.init
        and field.converter is None
        and field.validator is None
        and not hasattr(field.default, "factory")
        for field in attrs.fields(model)
    )


@lru_cache(maxsize=256)
def compiled(source: str) -> Callable[..., Callable[..., Any]]:
    """The function ``make`` of this source: compiled once, for all converters."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102 (it is made of names in the models, and of the hooks')
    make: Callable[..., Callable[..., Any]] = namespace["make"]
    return make


@lru_cache(maxsize=256)
def draft_of(model: type[Any]) -> type[Any]:
    """The model again, but to be written to: an object of it is made a model's when it is done.

    It has the same slots, and nothing of what makes a frozen class slow to fill.
    """
    plain = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(model.__name__, (model,), {"__slots__": (), **plain})
