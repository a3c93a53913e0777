"""Mappings and days: both ways of decoding give the same, and errors name the key."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import JSON, models, nearly

from livechat_async.decoding.bodies import load_json, value_reader
from livechat_async.decoding.converter import make_converter
from livechat_async.decoding.problems import find_wire_error
from livechat_async.models._base import EMPTY, WireModel

CONVERTER = make_converter()


def outcome(attempt: Callable[[], Any]) -> Any:
    """What comes of it: the value, or where the error is and what it says."""
    try:
        return attempt()
    except Exception as error:  # noqa: BLE001 - of any kind, but with the same to say
        found = find_wire_error(error)
        return found.path, found.expected, found.found


@frozen(kw_only=True, repr=False)
class Row(WireModel):
    """A row of a report."""

    chats: int = 0
    begin: date | None = None
    sums: Mapping[str, Decimal] = field(default=EMPTY, hash=False)


ROWS = Mapping[str, Row]


@given(
    st.dictionaries(st.text(), models(Row).map(lambda row: evolve(row, extra=EMPTY)), max_size=3)
)
def test_a_mapping_comes_back_as_it_was(rows: Mapping[str, Row]) -> None:
    content = json.dumps(CONVERTER.unstructure(rows)).encode()

    assert value_reader(CONVERTER, ROWS)(content) == rows
    assert CONVERTER.structure(json.loads(content), ROWS) == rows


@given(st.dictionaries(st.text(max_size=3), nearly(Row) | JSON, max_size=3) | JSON)
def test_both_ways_read_a_mapping_equally(document: Any) -> None:
    content = json.dumps(document).encode()
    read, structure = value_reader(CONVERTER, ROWS), CONVERTER.structure

    assert outcome(lambda: read(content)) == outcome(lambda: structure(load_json(content), ROWS))


@pytest.mark.parametrize("nothing", ["{}", "[]", '""'])
def test_a_mapping_without_entries_may_be_an_empty_list_as_php_writes_it(nothing: str) -> None:
    assert value_reader(CONVERTER, ROWS)(nothing.encode()) == {}
    row = value_reader(CONVERTER, Row)(b'{"sums": %b}' % nothing.encode())
    assert row == Row()
    assert hash(row) == hash(Row())
    assert row.sums is CONVERTER.structure({"sums": json.loads(nothing)}, Row).sums is EMPTY


@pytest.mark.parametrize(
    ("content", "path", "expected"),
    [
        (b'{"2026-01": {"chats": "x"}}', "['2026-01'].chats", "a whole number"),
        (b'{"total": 79, "records": {}}', "['total']", "an object"),
        (b"[1]", "", "an object"),
        (b'"null"', "", "an object"),
        (b'{"2026-01": {"sums": {"USD": "a"}}}', "['2026-01'].sums['USD']", "a number"),
        (b'{"2026-01": {"begin": "2026-01-32"}}', "['2026-01'].begin", "a day, as YYYY-MM-DD"),
        (b'{"2026-01": {"begin": "2026-01-02 00:00:00"}}', "['2026-01'].begin", "a day, as"),
    ],
)
def test_an_error_in_a_mapping_names_the_key(content: bytes, path: str, expected: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        value_reader(CONVERTER, ROWS)(content)

    problem = find_wire_error(caught.value)
    assert problem.path == path
    assert problem.expected.startswith(expected)
