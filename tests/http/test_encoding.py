"""Bracket notation, plain values and path segments; the sandbox's reader is the far side."""

import enum
import json
import math
import re
import traceback
from collections import UserString, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import cast
from urllib.parse import parse_qsl, quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import MultiDict

from livechat_async.http.encoding import encode_pairs, plain, quote_segment, urlencode
from livechat_async.sandbox.http.parse_str import parse_str

PLANTED = "dal:planted-secret-token"


class Secret(str):
    """Text that hides itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(...)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"


class Colour(enum.Enum):
    RED = "red"
    DATES = (date(2026, 1, 2), None)
    NONE = None


class Level(enum.IntEnum):
    HIGH = 3


class Named(str, enum.Enum):  # noqa: UP042 - how it formats differs from StrEnum, and between Pythons
    KEY = "key text"


class LoudFloat(float):
    """A float that prints as something else, as NumPy's do."""

    def __repr__(self) -> str:
        return "loud"


def nested(depth: int, leaf: object = 1) -> dict[str, object]:
    """Give a mapping with `depth` containers in it, one inside another."""
    value = leaf
    for _ in range(depth + 1):
        value = {"k": value}
    return cast("dict[str, object]", value)


def itself() -> dict[str, object]:
    value: dict[str, object] = {}
    value["a"] = [value]
    return value


def expected_text(value: object) -> object:
    """Say what the far side holds for a tree without `None` and special types."""
    if isinstance(value, dict):
        return {key: expected_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [expected_text(item) for item in value]
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else repr(value)


# --- the notation ---


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, ""),
        ({"state": "chatting"}, "state=chatting"),
        ({"group": [0, 2]}, "group[]=0&group[]=2"),
        ({"state": "chatting", "group": (0,)}, "state=chatting&group[]=0"),
        ({"fields": [{"name": "Age", "value": 36}]}, "fields[0][name]=Age&fields[0][value]=36"),
        ({"a": [[1, 2], [3]]}, "a[0][]=1&a[0][]=2&a[1][]=3"),
        ({"a": [1, {"b": 2}]}, "a[0]=1&a[1][b]=2"),
        ({"a": [None, {"b": 1}, None, {"b": 2}]}, "a[0][b]=1&a[1][b]=2"),
        ({"a": {"b": {"c": [1]}}}, "a[b][c][]=1"),
        ({"a": None, "b": {"c": None, "d": 1}}, "b[d]=1"),
        ({"a": None}, ""),
        ({"a": ""}, "a="),
        ({"a": range(2), "b": deque([3])}, "a[]=0&a[]=1&b[]=3"),
        ({"a": MappingProxyType({"b": 1})}, "a[b]=1"),
        ({"a": {"1": "x", "0": "y"}}, "a[1]=x&a[0]=y"),
        ({"0": "x", "1": "y"}, "0=x&1=y"),
    ],
)
def test_pairs_and_text(data: Mapping[str, object], expected: str) -> None:
    assert "&".join(f"{name}={text}" for name, text in encode_pairs(data)) == expected
    assert urlencode(data) == expected.replace("[", "%5B").replace("]", "%5D")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b+c&d=e%[é]", "a%20b%2Bc%26d%3De%25%5B%C3%A9%5D"),
        ("~-_./", "~-_.%2F"),
        ("\r\n\0", "%0D%0A%00"),
        ("😀", "%F0%9F%98%80"),
    ],
)
def test_text_is_percent_encoded_to_ascii(value: str, text: str) -> None:
    assert urlencode({"a": value}) == f"a={text}"


@pytest.mark.parametrize(
    ("value", "normal", "text"),
    [
        (True, 1, "1"),
        (False, 0, "0"),
        (-7, -7, "-7"),
        (10**499, 10**499, "1" + "0" * 499),
        (1.5, 1.5, "1.5"),
        (1e22, 1e22, "1e+22"),
        (LoudFloat(2.5), 2.5, "2.5"),
        (Decimal("1E+3"), "1000", "1000"),
        (Decimal("1.10"), "1.10", "1.10"),
        (Decimal("1E-9"), "0.000000001", "0.000000001"),
        (date(2026, 1, 2), "2026-01-02", "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00", None),
        (Colour.RED, "red", "red"),
        (Level.HIGH, 3, "3"),
        (Named.KEY, "key text", "key text"),
    ],
)
def test_scalars(value: object, normal: object, text: str | None) -> None:
    result = plain({"a": value, "b": [value]})
    assert result == {"a": normal, "b": [normal]}
    assert type(cast("dict[str, object]", result)["a"]) is type(normal)
    assert encode_pairs({"a": value}) == [("a", text or normal)]
    assert json.loads(json.dumps(result)) == result


def test_an_enum_stands_for_its_value_whatever_that_is() -> None:
    assert plain({"a": Colour.DATES, "b": Colour.NONE}) == {"a": ["2026-01-02"]}
    assert encode_pairs({"a": Colour.DATES, "b": [1, Colour.NONE]}) == [
        ("a[]", "2026-01-02"),
        ("b[]", "1"),
    ]


def test_plain_takes_any_nesting() -> None:
    data = {"a": [None, (1, None, {"b": None})], "c": {}, "": [True], "x.y [": {"0": "]"}}
    assert plain(data) == {"a": [[1, {}]], "c": {}, "": [1], "x.y [": {"0": "]"}}
    assert plain([1, None]) == [1]
    assert plain(Decimal("0.5")) == "0.5"
    assert plain(None) is None


def test_plain_gives_containers_of_its_own() -> None:
    data = {"a": [{"b": 1}]}
    cast("dict[str, list[dict[str, int]]]", plain(data))["a"][0]["b"] = 2
    assert data == {"a": [{"b": 1}]}


def test_a_str_enum_key_is_its_text() -> None:
    assert encode_pairs({Named.KEY.replace(" ", ""): 1}) == [("keytext", "1")]
    assert encode_pairs({"a": {Named.KEY: 1}}) == [("a[key text]", "1")]
    result = cast("dict[str, object]", plain({Named.KEY: 1}))
    assert [type(key) for key in result] == [str]


def test_a_str_subclass_stays_the_same_object() -> None:
    secret = Secret(PLANTED)
    result = cast("dict[str, list[object]]", plain({"a": [secret]}))
    assert result["a"][0] is secret
    assert encode_pairs({"a": [secret]})[0][1] is secret


def test_a_secret_travels_in_full_though_it_prints_as_stars() -> None:
    assert urlencode({"token": Secret("a b"), "empty": Secret("")}) == "token=a%20b&empty="


# --- round trips ---

SCALARS = (
    st.text()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.text("[]&=+%._ \t\r\n\0é", max_size=4)
)


def nested_key(key: str) -> bool:
    return bool(key.strip(" \t\n\v\f\r")) and not key.startswith(("__Host-", "__Secure-"))


def not_a_list(value: dict[str, object]) -> bool:
    return list(value) != [str(index) for index in range(len(value))]


TOP_KEYS = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0[ ."), min_size=1)
    | st.text("ab01]&=+%\té", min_size=1, max_size=3)
).filter(lambda key: key[0] not in "\t\n\v\f\r")
NESTED_KEYS = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0]"), min_size=1)
    | st.text("ab01[&=+%. \té", min_size=1, max_size=3)
).filter(nested_key)
TREES = st.dictionaries(
    TOP_KEYS,
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=4)
            | st.dictionaries(NESTED_KEYS, inner, min_size=1, max_size=4).filter(not_a_list)
        ),
        max_leaves=12,
    ),
    max_size=4,
)
HOSTILE_TEXT = st.text("a01[]. \t\n\0&=+%_", max_size=3) | st.sampled_from(
    ["__Host-a", "__Secure-", "GLOBALS", "this", "-1", "9223372036854775807", "\ufeff", "\x85"]
)
HOSTILE = st.dictionaries(
    HOSTILE_TEXT,
    st.recursive(
        HOSTILE_TEXT,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(HOSTILE_TEXT, inner, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=2,
)


@settings(max_examples=2 * settings.default.max_examples)
@given(TREES)
def test_what_is_encoded_arrives(data: dict[str, object]) -> None:
    text = urlencode(data)
    assert re.fullmatch(r"(?:[\w.~=&-]|%[0-9A-F]{2})*", text, re.ASCII)
    assert json.dumps(parse_str(text)) == json.dumps(expected_text(data))


@settings(max_examples=2 * settings.default.max_examples)
@given(TREES)
def test_bare_brackets_arrive_as_encoded_ones_do(data: dict[str, object]) -> None:
    bare = "&".join(f"{quote(n, safe='[]')}={quote(t, safe='[]')}" for n, t in encode_pairs(data))
    assert parse_str(bare) == parse_str(urlencode(data))


@settings(max_examples=2 * settings.default.max_examples)
@given(TREES)
def test_the_text_is_the_pairs_to_any_form_reader(data: dict[str, object]) -> None:
    read = parse_qsl(urlencode(data), keep_blank_values=True, strict_parsing=bool(data))
    assert read == encode_pairs(data)


@settings(max_examples=12 * settings.default.max_examples)
@given(HOSTILE)
def test_hostile_names_are_refused_or_arrive(data: dict[str, object]) -> None:
    try:
        text = urlencode(data)
    except ValueError:
        return
    assert json.dumps(parse_str(text)) == json.dumps(expected_text(data))


# --- refusals ---


def nowhere() -> Iterator[object]:
    yield PLANTED


REFUSED_EVERYWHERE: list[tuple[str, object, str, str]] = [
    ("int key", {"a": {1: PLANTED}}, "a", "key of it is a value of type int; give keys as text"),
    ("None key", {"a": {None: None}}, "a", "key of it is a value of type NoneType"),
    ("bytes key", {"a": [{b"k": 1}]}, "a[0]", "key of it is a value of type bytes"),
    ("repeated key", MultiDict([("a", "1"), ("a", "2")]), "a", "more than once; give its values"),
    ("bytes", {"a": PLANTED.encode()}, "a", "a value of type bytes cannot be sent; turn it into"),
    ("bytearray", {"a": bytearray(b"x")}, "a", "a value of type bytearray"),
    ("memoryview", {"a": memoryview(b"x")}, "a", "a value of type memoryview"),
    ("UserString", {"a": UserString(PLANTED)}, "a", "a value of type UserString"),
    ("set", {"a": {"b": {PLANTED}}}, "a[b]", "a value of type set cannot be sent; give a list"),
    ("frozenset", {"a": frozenset()}, "a", "a value of type frozenset cannot be sent; give a list"),
    ("dict view", {"a": {PLANTED: 1}.keys()}, "a", "a value of type dict_keys"),
    ("generator", {"a": nowhere()}, "a", "a value of type generator cannot be sent; give a list"),
    ("object", {"a": [0, object()]}, "a[1]", "a value of type object cannot be sent; give text"),
    ("after None", {"a": [None, object()]}, "a[1]", "a value of type object"),
    ("time", {"a": time(1)}, "a", "a value of type time"),
    ("complex", {"a": 1j}, "a", "a value of type complex"),
    ("NaN", {"a": math.nan}, "a", "a value of type float that is not finite; leave it out"),
    ("infinity", {"a": [-math.inf]}, "a[0]", "a value of type float that is not finite"),
    ("decimal NaN", {"a": Decimal("sNaN")}, "a", "a value of type Decimal that is not finite"),
    ("decimal infinity", {"a": Decimal("-Infinity")}, "a", "Decimal that is not finite"),
    ("large decimal", {"a": Decimal("1E+999999")}, "a", "Decimal of more than 500 digits"),
    ("small decimal", {"a": Decimal("1E-999999")}, "a", "Decimal of more than 500 digits"),
    ("large int", {"a": 10**500}, "a", "int of more than 500 digits; give text"),
    ("large negative int", {"a": -(10**500)}, "a", "int of more than 500 digits"),
    ("surrogate", {"a": Secret(PLANTED + "\ud800")}, "a", "its text has a lone surrogate; give"),
    ("surrogate key", {"a": {"\udfffb": 1}}, r"a[\udfffb]", "its key has a lone surrogate"),
    ("deep", nested(33), "k" + "[k]" * 32, "nested more than 32 levels deep; send flatter data"),
    ("itself", itself(), "a" + "[0][a]" * 16, "nested more than 32 levels deep"),
]

REFUSED_IN_FORMS: list[tuple[str, object, str, str]] = [
    ("empty list", {"a": {"b": []}}, "a[b]", "a value of type list with nothing in it; leave it"),
    ("empty mapping", {"a": {}}, "a", "a value of type dict with nothing in it"),
    ("nothing but None", {"a": [1, {"b": None}]}, "a[1]", "with nothing in it"),
    ("list of None", {"a": (None,)}, "a", "a value of type tuple with nothing in it"),
    ("empty key", {"": PLANTED}, "", "an empty key"),
    ("empty nested key", {"a": {"": PLANTED}}, "a[]", "an empty key"),
    ("NUL in a key", {"a\0b": 1}, r"a\x00b", "a key with a NUL"),
    ("NUL in a nested key", {"a": {"\0": 1}}, r"a[\x00]", "a key with a NUL"),
    ("bracket in a nested key", {"a": {"b]": 1}}, "a[b]]", "a nested key with ']'"),
    ("white space", {"a": {" ": 1}}, "a[ ]", "a nested key of white space"),
    ("more white space", {"a": {"\t\n\v\f\r ": 1}}, r"a[\t\n\x0b\x0c\r ]", "of white space"),
    ("__Host-", {"a": {"__Host-b": 1}}, "a[__Host-b]", "a nested key with a cookie's prefix"),
    ("__Secure-", {"a": {"b": {"__Secure-": 1}}}, "a[b][__Secure-]", "with a cookie's prefix"),
    ("opening bracket", {"a[": 1}, "a[", "a top-level key with '['"),
    ("bracket notation", {"a[b]": 1}, "a[b]", "a top-level key with '['"),
    ("space", {"a b": 1}, "a b", "or a space would be renamed; rename it, or send"),
    ("dot", {"a.b": 1}, "a.b", "a top-level key with '[', '.'"),
    ("leading space", {" a": 1}, " a", "starts with white space"),
    ("leading tab", {"\ta": 1}, r"\ta", "starts with white space"),
    ("mapping like a list", {"a": {"0": 1, "1": 2}}, "a", "keys 0, 1, ... would be read as a list"),
    ("only 0", {"a": [{"0": 1, "1": None}]}, "a[0]", "a value of type dict with the keys 0, 1"),
    ("too many", {"a": list(range(1001))}, "a[]", "of 1001 pairs only the first 1000 would be"),
    ("many names", {f"v{n}": n for n in range(1003)}, "v1000", "of 1003 pairs"),
    ("no mapping", [("a", PLANTED)], "the data", "a mapping, not of a value of type list"),
    ("nothing", None, "the data", "a mapping, not of a value of type NoneType"),
]

Encoder = Callable[[Mapping[str, object]], object]


def assert_refused(encoder: Encoder, data: object, path: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)) as caught:
        encoder(cast("Mapping[str, object]", data))
    assert type(caught.value) is ValueError
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.isprintable()
    assert PLANTED not in message
    assert caught.value.__context__ is None


@pytest.mark.parametrize("encoder", [plain, encode_pairs, urlencode])
@pytest.mark.parametrize(
    ("data", "path", "problem"),
    [pytest.param(*case, id=name) for name, *case in REFUSED_EVERYWHERE],
)
def test_refused_everywhere(encoder: Encoder, data: object, path: str, problem: str) -> None:
    assert_refused(encoder, data, path, problem)


@pytest.mark.parametrize("encoder", [encode_pairs, urlencode])
@pytest.mark.parametrize(
    ("data", "path", "problem"),
    [pytest.param(*case, id=name) for name, *case in REFUSED_IN_FORMS],
)
def test_refused_in_forms(encoder: Encoder, data: object, path: str, problem: str) -> None:
    assert_refused(encoder, data, path, problem)


@pytest.mark.parametrize(
    "data", [pytest.param(data, id=name) for name, data, *_ in REFUSED_IN_FORMS]
)
def test_json_carries_what_a_form_cannot(data: object) -> None:
    normal = plain(data)
    assert json.loads(json.dumps(normal)) == normal


@pytest.mark.parametrize("data", [object(), {1}, iter(()), b"", math.nan, {2: 1}, "\ud800"])
def test_a_problem_at_the_root_is_one_with_the_data(data: object) -> None:
    with pytest.raises(ValueError, match=r"^the data: "):
        plain(data)


def test_limits_are_inclusive() -> None:
    name, text = encode_pairs(nested(32))[0]
    assert (name, text) == ("k" + "[k]" * 32, "1")
    assert len(encode_pairs({"a": list(range(1000))})) == 1000


def test_a_refusal_shows_no_secret_not_even_in_its_locals() -> None:
    data = {"token": Secret(PLANTED), "bad": [Secret(PLANTED + "\ud800")]}
    with pytest.raises(ValueError, match=r"^bad\[0\]: ") as caught:
        urlencode(data)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert PLANTED not in "".join(shown.format())


@pytest.mark.parametrize("make", [list[object], tuple[object, ...], deque[object]])
def test_any_sequence_is_a_list(make: Callable[[Sequence[object]], Sequence[object]]) -> None:
    assert plain({"a": make([1, "x"])}) == {"a": [1, "x"]}


# --- path segments ---


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("S1352647457.ac951bfe2e", "S1352647457.ac951bfe2e"),
        ("a/../b", "a%2F..%2Fb"),
        ("a b?c#d%e", "a%20b%3Fc%23d%25e"),
        ("...", "..."),
        ("~é", "~%C3%A9"),
        ("%2e%2e%2e", "%252e%252e%252e"),
    ],
)
def test_segment(value: str, expected: str) -> None:
    assert quote_segment(value) == expected


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_segment_is_ascii_and_decodes_to_itself(value: str) -> None:
    if unquote(value) in {".", ".."}:
        return
    quoted = quote_segment(value)
    assert re.fullmatch(r"(?:[\w.~-]|%[0-9A-F]{2})+", quoted, re.ASCII)
    assert unquote(quoted) == value


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "must not be empty"),
        (".", "must not be '.' or '..'"),
        ("..", "must not be '.' or '..'"),
        ("%2e", "must not be '.' or '..'"),
        ("%2E%2e", "must not be '.' or '..'"),
        (".%2e", "must not be '.' or '..'"),
        ("a\0", "must not have a control character"),
        ("a\nb", "must not have a control character"),
        ("\x7f", "must not have a control character"),
        ("\x85", "must not have a control character"),
        ("a\ud800%41", "must not have a lone surrogate"),
    ],
)
def test_segment_refused(value: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)) as caught:
        quote_segment(value)
    assert type(caught.value) is ValueError
    assert caught.value.__context__ is None
