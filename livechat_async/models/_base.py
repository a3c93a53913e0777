"""What all objects on the wire have in common, and how a class records quirks of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, NoReturn, TypeAlias, TypeVar

from attrs import Attribute, field, fields, frozen

from livechat_async.checks import check_count, check_flag
from livechat_async.display import repr_of_model
from livechat_async.redaction import repr_of_fields

__all__ = [
    "EMPTY",
    "IdText",
    "Quirks",
    "TimeOrZero",
    "TypedPart",
    "WireModel",
    "person",
    "quirks_of",
    "wire_name",
]

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

    _shown: ClassVar[Sequence[str]] = ()
    """The attributes in the ``repr`` and in tables of a notebook; all fields if there are none."""

    _derived: ClassVar[Sequence[str]] = ()
    """Properties that are columns of `to_row`, too."""

    extra: Mapping[str, Any] = field(default=EMPTY, hash=False, repr=False)

    __repr__ = repr_of_model

    def _label(self) -> str:
        """The text that stands for it where there is no room for more; blank if none can."""
        return ""

    def to_dict(self, *, reveal_secrets: bool = False) -> dict[str, Any]:
        """The object as JSON types, under the names that LiveChat gives its fields.

        ``client.converter.structure(data, type(model))`` makes an equal object of it. Times are ISO
        texts, exact numbers are texts, and the fields of ``extra`` stand beside the others. What is
        nested deeper than 100 levels there becomes a text that says so.

        Args:
            reveal_secrets: whether a secret is its text; by default it is ``***``, also in
                ``extra``, below a name such as ``token``.

        Raises:
            ConfigurationError: ``reveal_secrets`` is neither True nor False.
        """
        from livechat_async.models._plain import to_plain  # noqa: PLC0415

        check_flag("reveal_secrets", reveal_secrets)
        plain: dict[str, Any] = to_plain(self, reveal_secrets=reveal_secrets)
        return plain

    def to_json(self, *, indent: int | None = None, reveal_secrets: bool = False) -> str:
        """The object as JSON text; see `to_dict`.

        Args:
            indent: how many blanks a level is indented by; None writes one line.
            reveal_secrets: as for `to_dict`.

        Raises:
            ConfigurationError: an argument cannot be used.
        """
        from livechat_async.models._plain import to_json  # noqa: PLC0415

        check_flag("reveal_secrets", reveal_secrets)
        if indent is not None:
            check_count("indent", indent, 0)
        return to_json(self, indent=indent, reveal_secrets=reveal_secrets)

    def to_row(self) -> dict[str, Any]:
        """The object as a row of a table: ``pandas.DataFrame([each.to_row() for each in page])``.

        Values are texts, numbers, booleans, times, None, and lists of these. Aware times are in
        UTC, so that a column has one type. An object inside, such
        as ``requester`` of a ticket, becomes columns like ``requester_name``. A list of objects
        becomes the list of their names or ids; of those that have none, such as messages, their
        number. Secrets and ``extra`` are left out.
        """
        from livechat_async.models._plain import in_utc  # noqa: PLC0415

        return in_utc(self._row())

    def _row(self) -> dict[str, Any]:
        """The row, with times in the zones that they have."""
        from livechat_async.models._plain import row_of  # noqa: PLC0415

        return row_of(self)


@frozen
class TypedPart:
    """A part of a request that has a type. The fields are checked when it is made."""

    type: ClassVar[str] = ""

    __repr__ = repr_of_fields

    def __attrs_pre_init__(self) -> None:
        if not self.type:
            raise TypeError(f"{type(self).__name__} has no type: use one of its subclasses")

    def to_wire(self) -> dict[str, Any]:
        """The type and the fields under the names that LiveChat knows."""
        values = {wire_name(field): getattr(self, field.name) for field in fields(type(self))}
        return {"type": self.type, **values}


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


def person(name: str, email: str) -> str:
    """A person in one text, such as ``Mary Brown <mary.brown@example.com>``."""
    return f"{name} <{email}>" if name and email else name or email


def wire_name(field: Attribute[Any]) -> str:
    """The name of a model's field on the wire."""
    return str(field.metadata.get("wire", field.name))
