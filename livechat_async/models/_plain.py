"""Models as JSON types, as JSON text, and as rows of a table."""

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
from typing import Any, Final, get_args, get_origin, get_type_hints

from attrs import fields

from livechat_async.display import label_of
from livechat_async.models._base import WireModel, wire_name
from livechat_async.redaction import HIDDEN, Secret, is_secret_name

__all__ = ["in_utc", "row_of", "to_json", "to_plain"]

_MOST_LEVELS: Final = 100
_AS_IS: Final = frozenset({int, bool, NoneType})


def to_plain(value: Any, *, reveal_secrets: bool = False) -> Any:
    """A copy of the value in JSON types; `WireModel.to_dict` says how."""
    return _plain(value, _MOST_LEVELS, reveal=reveal_secrets)


def to_json(value: Any, *, indent: int | None = None, reveal_secrets: bool = False) -> str:
    """The JSON text of `to_plain`."""
    plain = to_plain(value, reveal_secrets=reveal_secrets)
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


def in_utc(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row, with aware times in UTC. A time that UTC cannot hold stays in its zone."""
    moved = dict(row)
    for name, value in row.items():
        if isinstance(value, datetime) and value.tzinfo is not None:
            with suppress(OverflowError):
                moved[name] = value.astimezone(UTC)
    return moved


def row_of(model: WireModel) -> dict[str, Any]:
    """The object as a row of a table; `WireModel.to_row` says how."""
    row: dict[str, Any] = {}
    for name, value in _cells(model, type(model), ""):
        if row.get(name) is None:  # a visitor's `chat_id` is a field, and the `id` of its `chat`
            row[name] = value
    return row


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
        yield name, value if isinstance(value, (date, time, Decimal)) else to_plain(value)


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
