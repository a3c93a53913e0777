"""Hypothesis strategies for the models, by the types of their fields."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st

from livechat_async.models.chats import ChatAgent
from livechat_async.models.visitors import Operator
from livechat_async.redaction import Secret

TEXT = st.text(max_size=10)
SOME_TEXT = st.text(min_size=1, max_size=10)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)


def holding(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Leaves, and lists and dicts of the inner values."""
    return LEAVES | st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)


JSON = holding(holding(holding(LEAVES)))  # st.recursive takes several times as long
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    Any: JSON,
    Secret: SOME_TEXT.map(Secret),
}


def wire_names(cls: type[Any]) -> set[str]:
    """All names the model reads of an object."""
    fields = [field for field in attrs.fields(cls) if field.name != "extra"]
    twins = {field.metadata["twin"] for field in fields if "twin" in field.metadata}
    return twins | {field.metadata.get("wire", field.name) for field in fields}


@functools.cache
def models(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Instances that decoding can give: a blank stands for None where there can be None."""
    hints = get_type_hints(cls)
    fields = {field.alias: values(hints[field.name]) for field in attrs.fields(cls)}
    known = wire_names(cls)
    fields["extra"] = st.dictionaries(
        (TEXT | st.just("extra")).filter(lambda name: name not in known), JSON, max_size=2
    )
    if cls in (ChatAgent, Operator):  # one that is all blank is left out
        fields["email" if cls is ChatAgent else "id"] = SOME_TEXT
    return st.builds(cls, **fields)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field of this type."""
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=2).map(tuple)
    if get_origin(hint) is frozenset:
        return st.frozensets(values(get_args(hint)[0]), max_size=2)
    if get_origin(hint) is Mapping:
        return st.dictionaries(TEXT, values(get_args(hint)[1]), max_size=2)
    if get_origin(hint) in (Union, UnionType):
        members = [member for member in get_args(hint) if member is not NoneType]
        plain = {str: SOME_TEXT}
        if datetime in members:  # a larger number is read as a time
            plain[int] = st.integers(max_value=10**9 - 1)
        found = st.one_of(
            plain[member] if member in plain else values(member) for member in members
        )
        return st.none() | found if NoneType in get_args(hint) else found
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    return models(hint) if attrs.has(hint) else PLAIN[hint]


@functools.cache
def nearly(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Objects with the model's fields, which hold something else as often as not."""
    leaves = JSON | st.sampled_from(
        ["", "0", 0, "2013-01-31 15:51:03", "Wed, 01/23/13 12:05:09 pm", 1358937653, {}, 1e400]
    )
    objects = dict.fromkeys(wire_names(cls), leaves)
    for field in attrs.fields(cls):
        hint = get_type_hints(cls)[field.name]
        nested = [member for member in (hint, *get_args(hint)) if attrs.has(member)]
        for inner in nested:
            name = field.metadata.get("wire", field.name)
            objects[name] = leaves | nearly(inner) | st.lists(nearly(inner), max_size=2)
    return st.fixed_dictionaries({}, optional=objects)
