"""The sandbox's reader of bracket notation, against vectors captured from PHP and rules drawn."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livechat_async.sandbox.http.parse_str import parse_str

FIXTURE = Path(__file__).parents[1] / "fixtures" / "php_parse_str.json"
VECTORS: list[dict[str, Any]] = json.loads(FIXTURE.read_text("utf-8"))["vectors"]

NOISE = st.lists(
    st.sampled_from(
        [*"a0[]=&+. %é\0", "[]", "[b]", "[b]" * 64, "%00", "%5B", "%5D", "%20", "%ff", "__Host-"]
    ),
    max_size=20,
).map("".join)


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


@pytest.mark.parametrize("vector", VECTORS, ids=[ascii(v["input"][:40]) for v in VECTORS])
def test_reads_what_php_reads(vector: dict[str, Any]) -> None:
    # Compared as text: dicts compare equal in any order.
    assert json.dumps(parse_str(vector["input"])) == json.dumps(vector["output"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("state=chatting", {"state": "chatting"}),
        ("group[]=0&group[]=2", {"group": ["0", "2"]}),
        ("group[]=0&group[0]=2", {"group": ["2"]}),
        ("group%5b%5d=0", {"group": ["0"]}),
        ("a[1]=x", {"a": {"1": "x"}}),
        ("fields[0][name]=Age&fields[0][value]=36", {"fields": [{"name": "Age", "value": "36"}]}),
        ("0=a", {"0": "a"}),
        ("a=b+c%2Bd", {"a": "b c+d"}),
        ("a.b c[d.e f]=1", {"a_b_c": {"d.e f": "1"}}),
    ],
)
def test_reads_the_notation(text: str, expected: object) -> None:
    assert parse_str(text) == expected


def test_pairs_after_the_thousandth_are_not_read() -> None:
    text = "&".join(f"v{n}={n}" for n in range(1005))
    read = parse_str(text)
    assert list(read) == [f"v{n}" for n in range(1000)]


def test_empty_pairs_do_not_count_against_the_limit() -> None:
    read = parse_str("&&".join(["", *(f"a[]={n}" for n in range(1001)), ""]))
    assert read == {"a": [str(n) for n in range(1000)]}


def test_64_levels_are_read_and_the_65th_takes_the_variable_with_it() -> None:
    expected: object = "1"
    for _ in range(64):
        expected = {"b": expected}
    assert parse_str("a" + "[b]" * 64 + "=1") == {"a": expected}
    assert parse_str("a=0&c=2&a" + "[b]" * 65 + "=1") == {"c": "2"}


def test_bytes_a_server_could_not_decode_become_replacement_characters() -> None:
    assert parse_str("a=\udcff") == parse_str("a=%FF") == {"a": "\ufffd"}


@settings(deadline=None)
@given(name=st.text("abcé你%&=+'", min_size=1), value=st.text())
@example(name="a", value="\0")
def test_any_value_arrives_unchanged(name: str, value: str) -> None:
    text = f"{quote(name, safe='')}={quote(value, safe='')}"
    assert parse_str(text) == {name: value}


@settings(deadline=None)
@given(NOISE)
def test_any_noise_is_read_as_names_over_text(text: str) -> None:
    read = parse_str(text)
    assert all(isinstance(leaf, str) for leaf in leaves(read))
    assert not any(set(name) & set(" .\0") or not name for name in read)


@settings(deadline=None)
@given(NOISE)
def test_encoded_brackets_are_read_as_bare_ones(text: str) -> None:
    encoded = text.replace("[", "%5B").replace("]", "%5D")
    assert parse_str(encoded) == parse_str(text)
