"""What all objects LiveChat sends have in common, and how a class records quirks of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, NoReturn, TypeAlias, TypeVar

from attrs import field, frozen

from livechat_async.redaction import repr_of_fields

__all__ = ["EMPTY", "IdText", "Quirks", "TimeOrZero", "WireModel", "quirks_of"]

_T = TypeVar("_T")

IdText: TypeAlias = Annotated[str, "an id"]
"""The text of an id, also where LiveChat sends a number: it sends the same licence as either.

Other text takes any value, because people type it; an id that is a list is an error.
"""

TimeOrZero: TypeAlias = Annotated[datetime, "zero on the wire says that there is none"]
"""A time that can be None, for which LiveChat sends 0, as for an agent's last logout."""


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError("what LiveChat sent is read-only: make a dict of it to change it")


class _Empty(dict[str, Any]):
    """An empty mapping. All objects share it, so it is read-only."""

    __slots__ = ()

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> str:
        return "EMPTY"


EMPTY: Final[Mapping[str, Any]] = _Empty()
"""The default of a field that is a mapping."""


@frozen(kw_only=True, repr=False)
class WireModel:
    """An object LiveChat sends.

    Attributes:
        extra: fields this library does not know, as sent, in no particular order.
    """

    extra: Mapping[str, Any] = field(default=EMPTY, hash=False, repr=False)

    __repr__ = repr_of_fields


@frozen(kw_only=True)
class Quirks:
    """Class decorator: records how LiveChat bends this class on the wire.

    Subclasses do not inherit it.

    Args:
        bare_id: of a model: it can come as its id alone, which is of this type.
        skip_if_blank: of a model: it is left out of a list if all its fields are blank.
        can_mix_times: of a model that is in no other one: some of its times can be texts without a
            zone, and others Unix seconds.
        spellings: of an enum: wrong texts on the wire, and the right value of each.
    """

    bare_id: Any = None
    skip_if_blank: bool = False
    can_mix_times: bool = False
    spellings: Mapping[str, str] = field(factory=dict)

    def __call__(self, cls: type[_T]) -> type[_T]:
        _quirks[cls] = self
        return cls


_NONE: Final = Quirks()
_quirks: dict[type[Any], Quirks] = {}


def quirks_of(cls: Any) -> Quirks:
    """The quirks recorded for this class."""
    return _quirks.get(cls, _NONE) if isinstance(cls, type) else _NONE
