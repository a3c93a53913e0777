"""What every object LiveChat sends has in common, and how a class tells of the wire's quirks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, NoReturn, TypeAlias, TypeVar

from attrs import field, frozen

from livechat_async.redaction import repr_of_fields

__all__ = ["NO_EXTRA", "IdText", "Quirks", "WireModel", "quirks_of"]

_T = TypeVar("_T")

IdText: TypeAlias = Annotated[str, "a number on the wire does as well"]
"""Text, also where LiveChat sends the number: the same licence comes as either."""


class _NoExtra(dict[str, Any]):
    """No unknown fields. One dict for all objects, which is read-only as they share it."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "NO_EXTRA"


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError("what LiveChat sent is read-only: make a dict of it to change it")


for _name in (
    "__setitem__",
    "__delitem__",
    "__ior__",
    "clear",
    "pop",
    "popitem",
    "setdefault",
    "update",
):
    setattr(_NoExtra, _name, _refuse)

NO_EXTRA: Final[Mapping[str, Any]] = _NoExtra()


@frozen(kw_only=True, repr=False)
class WireModel:
    """An object of the wire.

    Attributes:
        extra: fields this library does not know, as sent.
    """

    extra: Mapping[str, Any] = field(default=NO_EXTRA, hash=False, repr=False)

    def __repr__(self) -> str:
        return repr_of_fields(self)


class Quirks:
    """What is peculiar about a class on the wire. Decorates it; its subclasses are not meant.

    Args:
        bare_id: of a model: it can come as its id alone, which is of this type.
        nobody_if_blank: of a model: in a list, one of blanks stands for nobody.
        nothing_if_empty: of a model: where it can be None, an empty object stands for that.
        spellings: of an enum: what the wire has in place of the right value.
    """

    __slots__ = ("bare_id", "nobody_if_blank", "nothing_if_empty", "spellings")

    def __init__(
        self,
        *,
        bare_id: type[Any] | None = None,
        nobody_if_blank: bool = False,
        nothing_if_empty: bool = False,
        spellings: Mapping[str, str] | None = None,
    ) -> None:
        self.bare_id = bare_id
        self.nobody_if_blank = nobody_if_blank
        self.nothing_if_empty = nothing_if_empty
        self.spellings: Mapping[str, str] = spellings or {}

    def __call__(self, cls: type[_T]) -> type[_T]:
        _told[cls] = self
        return cls


_NONE: Final = Quirks()
_told: dict[type[Any], Quirks] = {}


def quirks_of(cls: Any) -> Quirks:
    """What is peculiar about this class."""
    return _told.get(cls, _NONE) if isinstance(cls, type) else _NONE
