"""What all objects on the wire have in common: quirks, plain data, and rows of a table."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from types import NoneType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    NoReturn,
    TypeAlias,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from attrs import Attribute, field, fields, frozen

from livechat_async.checks import check_count, check_flag
from livechat_async.display import label_of, repr_of_model
from livechat_async.redaction import HIDDEN, Secret, is_secret_name, repr_of_fields

_T = TypeVar("_T")

_MOST_LEVELS: Final = 100
_AS_IS: Final = frozenset({int, bool, NoneType})

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
        check_flag("reveal_secrets", reveal_secrets)
        plain: dict[str, Any] = plain_of(self, reveal_secrets=reveal_secrets)
        return plain

    def to_json(self, *, indent: int | None = None, reveal_secrets: bool = False) -> str:
        """The object as JSON text; see `to_dict`.

        Args:
            indent: how many blanks a level is indented by; None writes one line.
            reveal_secrets: as for `to_dict`.

        Raises:
            ConfigurationError: an argument cannot be used.
        """
        check_flag("reveal_secrets", reveal_secrets)
        if indent is not None:
            check_count("indent", indent, 0)
        return json_of(self, indent=indent, reveal_secrets=reveal_secrets)

    def to_row(self) -> dict[str, Any]:
        """The object as a row of a table: ``pandas.DataFrame([each.to_row() for each in page])``.

        Values are texts, numbers, booleans, times, None, and lists of these. Aware times are in
        UTC, so that a column has one type. An object inside, such
        as ``requester`` of a ticket, becomes columns like ``requester_name``. A list of objects
        becomes the list of their names or ids; of those that have none, such as messages, their
        number. Secrets and ``extra`` are left out.
        """
        row = self._row()
        for name, value in row.items():
            if isinstance(value, datetime) and value.tzinfo is not None:
                with suppress(OverflowError):  # UTC cannot hold it, so it stays in its zone
                    row[name] = value.astimezone(UTC)
        return row

    def _row(self) -> dict[str, Any]:
        """The row, with times in the zones that they have."""
        row: dict[str, Any] = {}
        for name, value in _cells(self, type(self), ""):
            # A visitor's `chat_id` is a field, and also the `id` of its `chat`.
            if row.get(name) is None:
                row[name] = value
        return row


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


def plain_of(value: Any, *, reveal_secrets: bool = False) -> Any:
    """A copy of the value in JSON types; `WireModel.to_dict` says how."""
    return _plain(value, _MOST_LEVELS, reveal=reveal_secrets)


def json_of(value: Any, *, indent: int | None = None, reveal_secrets: bool = False) -> str:
    """The JSON text of `plain_of`."""
    plain = plain_of(value, reveal_secrets=reveal_secrets)
    return json.dumps(plain, ensure_ascii=False, indent=indent)


def _plain(value: Any, levels: int, *, reveal: bool, name: object = None) -> Any:
    """The value in JSON types; text below the ``name`` of a secret is hidden."""
    if type(value) in _AS_IS:
        return value
    if isinstance(value, WireModel):
        names = _wire_names(type(value))  # type: ignore[arg-type]  # a class can be hashed
        known = {wire: getattr(value, field) for wire, field in names.items()}
        value = {**known, **value.extra}
    is_text = isinstance(value, (str, bytes))  # first, as it is quick
    if is_text or not isinstance(value, (Mapping, Sequence, AbstractSet)):
        return _plain_leaf(value, reveal=reveal, is_hidden=not reveal and is_secret_name(name))
    if levels == 0:
        return f"more than {_MOST_LEVELS} levels"
    inside = partial(_plain, levels=levels - 1, reveal=reveal)
    if isinstance(value, Mapping):
        above = name if is_secret_name(name) else None
        return {str(key): inside(item, name=above or key) for key, item in value.items()}
    items = sorted(value, key=str) if isinstance(value, AbstractSet) else value
    return [inside(item, name=name) for item in items]


@cache
def _wire_names(cls: type[WireModel]) -> dict[str, str]:
    return {wire_name(field): field.name for field in fields(cls) if field.name != "extra"}


def _plain_leaf(value: Any, *, reveal: bool, is_hidden: bool) -> Any:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Secret):
        return value.reveal() if reveal else HIDDEN
    if isinstance(value, str):
        return HIDDEN if is_hidden else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (date, time)):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def _cells(value: Any, type_: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The columns of a value of this type, and what stands there. None has the same columns."""
    members = (type_, *get_args(type_))
    model = next((member for member in members if _is_model(member)), None)
    if Secret in members:
        return
    if model is not None and get_origin(type_) is tuple:
        items = value or ()
        yield name, [label_of(item) or "" for item in items] if _has_label(model) else len(items)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _cells(item, type(item) if _is_model(type(item)) else Any, f"{name}_{key}")
    elif model is not None:
        for part, hint in _columns(model):
            yield from _cells(getattr(value, part, None), hint, f"{name}_{part}".lstrip("_"))
    else:
        yield name, value if isinstance(value, (date, time, Decimal)) else plain_of(value)


def _is_model(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, WireModel)


def _has_label(model: type[WireModel]) -> bool:
    return model._label is not WireModel._label  # noqa: SLF001 (of our own base class)


@cache
def _columns(cls: type[WireModel]) -> list[tuple[str, Any]]:
    """The fields of a model that become columns, and its derived ones, with their types."""
    hints = get_type_hints(cls)
    first, *others = [field.name for field in fields(cls) if field.name != "extra"]
    return [(name, hints.get(name, str)) for name in (first, *cls._derived, *others)]
