"""Secrets that work as text and bytes, and print as nothing."""

import base64
import copy
import csv
import dataclasses
import io
import json
import logging
import pickle
import re
import reprlib
import textwrap
import time
from collections import UserString, deque
from collections.abc import Callable
from dataclasses import dataclass
from pprint import pformat
from string import Template
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

import attrs
import cattrs
import msgspec
import orjson
import pydantic
import pytest
from attrs import frozen
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.pretty import pretty_repr, traverse
from yarl import URL

from livechat_async.redaction import (
    HIDDEN,
    Secret,
    SecretBytes,
    WireText,
    conceal,
    is_secret_name,
    kind_of,
    redact,
    reveal,
    secrets_in,
    shorten,
)

PLANTED = "planted-secret/+ä"


class Pair(NamedTuple):
    name: str
    value: str


@pytest.mark.parametrize(
    "show",
    [
        repr,
        ascii,
        lambda secret: f"{secret!r}",
        lambda secret: "%r" % (secret,),  # noqa: UP031 - as log lines are made
        lambda secret: str([secret]),
        lambda secret: str({"token": secret}),
    ],
)
@pytest.mark.parametrize("secret", [Secret(PLANTED), SecretBytes(PLANTED.encode())], ids=type)
def test_no_way_to_show_a_secret_shows_it(secret: object, show: Callable[[object], str]) -> None:
    shown = show(secret)
    assert "planted" not in shown
    assert HIDDEN in shown


def test_a_log_line_with_a_representation_hides_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("someone").debug("sending %r", {"token": Secret(PLANTED)})
    assert caplog.messages == ["sending {'token': '***'}"]


def test_only_its_own_name_gives_the_text_of_a_secret() -> None:
    secret = Secret(PLANTED)
    assert secret.reveal() == PLANTED
    assert reveal(secret) == reveal(PLANTED) == PLANTED
    assert Secret(secret) == secret


def test_a_secret_can_be_compared_with_text_and_is_false_if_empty() -> None:
    assert Secret(PLANTED) == PLANTED
    assert Secret(PLANTED) == PLANTED
    assert Secret(PLANTED) != Secret("other")
    assert Secret("5") != 5
    assert hash(Secret(PLANTED)) == hash(PLANTED)
    assert Secret(" ")
    assert not Secret("")


@frozen
class Holder:
    token: Secret


@dataclass
class OtherHolder:
    token: Secret


WAYS: dict[str, Callable[[Any], object]] = {
    "slice": lambda secret: secret[:80],
    "index": lambda secret: secret[0],
    "iteration": list,
    "reversed": lambda secret: "".join(reversed(secret)),
    "str": str,
    "str.__str__": str.__str__,
    "object.__str__": object.__str__,
    "object.__repr__": object.__repr__,
    "format": lambda secret: f"{secret}",
    "format with a width": lambda secret: f"{secret:>40}",
    "str.format": "{0:.80}|{0!s}|{0!r}".format,
    "percent": lambda secret: "%s %r %-40s" % (secret, secret, secret),  # noqa: UP031
    "template": lambda secret: Template("$it").substitute(it=secret),
    "join": lambda secret: ", ".join(["a", secret]),  # noqa: FLY002
    "as a separator": lambda secret: secret.join("ab"),
    "text before": lambda secret: "Bearer " + secret,
    "text behind": lambda secret: secret + "!",
    "repetition": lambda secret: secret * 2,
    "upper": lambda secret: secret.upper(),
    "str.upper": str.upper,
    "encode": lambda secret: secret.encode(),
    "bytes": bytes,
    "memoryview": memoryview,
    "int": int,
    "quote": quote,
    "base64": base64.b64encode,
    "json": lambda secret: json.dumps({"token": secret}),
    "json with a default": lambda secret: json.dumps([secret], default=str),
    "json of what it keeps": lambda secret: json.dumps(vars(secret)),
    "orjson": lambda secret: orjson.dumps([secret]),
    "orjson with a default": lambda secret: orjson.dumps([secret], default=str),
    "msgspec": lambda secret: msgspec.json.encode([secret]),
    "msgspec to builtins": lambda secret: msgspec.to_builtins([secret]),
    "pydantic": lambda secret: pydantic.TypeAdapter(Any).dump_json(secret),
    "cattrs": lambda secret: cattrs.unstructure(Holder(secret)),
    "attrs": lambda secret: attrs.asdict(Holder(secret)),
    "dataclass": lambda secret: dataclasses.asdict(OtherHolder(secret)),
    "copy": copy.copy,
    "deepcopy": lambda secret: copy.deepcopy([secret]),
    "pickle": lambda secret: pickle.loads(pickle.dumps(secret)),  # noqa: S301
    "pickle's bytes": lambda secret: pickle.dumps({"token": secret}).decode("latin-1"),
    "pickle's text": lambda secret: pickle.dumps(secret, 0).decode("latin-1"),
    "pprint": pformat,
    "reprlib": reprlib.repr,
    "rich": lambda secret: pretty_repr({"token": secret}, max_string=5),
    "rich, as tracebacks do": lambda secret: str(traverse({"a": Holder(secret)}, max_string=5)),
    "textwrap": lambda secret: textwrap.shorten(secret, 5),
    "a regular expression": lambda secret: re.findall(".", secret),
    "csv": lambda secret: csv.writer(rows := io.StringIO()).writerow([secret]) and rows.getvalue(),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_whatever_is_done_with_a_secret_gives_a_secret_or_hides_it(
    way: Callable[[Any], object],
) -> None:
    """Field case 39: rich and structlog cut a text before they show it."""
    try:
        given = way(Secret(PLANTED))
    except (TypeError, AttributeError, ValueError) as refusal:
        given = refusal
    for shown in (repr(given), str(given)):
        assert "plan" not in shown.lower()
    assert "+ä" not in str(given)


@settings(deadline=None)
@given(st.text(min_size=4), st.integers(-99, 99), st.integers(-99, 99))
def test_a_piece_of_what_aiohttp_gets_is_hidden_as_well(text: str, start: int, stop: int) -> None:
    """Field case 39: aiohttp needs text and bytes, and its frames may be shown."""
    for secret in (WireText(text), SecretBytes(text.encode("utf-8", "replace"))):
        for shown in (repr(secret[start:stop]), f"{secret}", f"{secret:>9}", repr(secret)):
            assert shown in {HIDDEN, f"'{HIDDEN}'", f"b'{HIDDEN}'"}
    assert str(SecretBytes(text.encode("utf-8", "replace"))) == f"b'{HIDDEN}'"


@settings(deadline=None)
@given(st.text())
def test_a_secret_survives_a_pickle_whatever_its_text(text: str) -> None:
    assert pickle.loads(pickle.dumps(Secret(text))) == text  # noqa: S301


def test_secret_bytes_are_the_bytes_wherever_bytes_are_due() -> None:
    body = SecretBytes(b"token=planted-secret")
    assert body == b"token=planted-secret"
    assert memoryview(body).tobytes() == b"token=planted-secret"
    assert b"".join([body]) == b"token=planted-secret"


@pytest.mark.parametrize("secret", [Secret(PLANTED), SecretBytes(b"planted-secret")], ids=type)
def test_a_pickled_secret_comes_back_as_one(secret: object) -> None:
    twin = pickle.loads(pickle.dumps(secret))  # noqa: S301 - our own bytes
    assert twin == secret
    assert type(twin) is type(secret)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (Secret(PLANTED), "str"),
        (SecretBytes(b"planted-secret"), "bytes"),
        ("text", "str"),
        (b"bytes", "bytes"),
        (None, "NoneType"),
        (5, "int"),
        ([Secret(PLANTED)], "list"),
    ],
)
def test_a_message_names_the_type_the_caller_knows(value: object, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("token", True),
        ("Token", True),
        ("access_token", True),
        ("refresh_token", True),
        ("password", True),
        ("current_password", True),
        ("api_key", True),
        ("secret_key", True),
        ("client_secret", True),
        ("Authorization", True),
        ("tokens_left", False),
        ("license_id", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_which_names_carry_secrets(name: object, is_secret: bool) -> None:  # noqa: FBT001
    assert is_secret_name(name) is is_secret


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"token": PLANTED, "id": "my-app"}, {"token": HIDDEN, "id": "my-app"}),
        ({"agent": {"password": PLANTED}}, {"agent": {"password": HIDDEN}}),
        ({"agents": [{"api_key": PLANTED}]}, {"agents": [{"api_key": HIDDEN}]}),
        ({"token": [PLANTED, "other-secret"]}, {"token": [HIDDEN, HIDDEN]}),
        (MappingProxyType({"token": PLANTED}), {"token": HIDDEN}),
        ({"token": None}, {"token": None}),
        ([1, "a", None], [1, "a", None]),
    ],
)
def test_what_is_secret_by_its_name_is_concealed_at_any_depth(value: object, shown: object) -> None:
    assert repr(conceal(value)) == repr(shown)


@pytest.mark.parametrize(
    "value",
    [
        {"token": {"value": PLANTED}},
        {"password": [{"old": PLANTED}]},
        {"token": (PLANTED,)},
        {"token": Pair("a", PLANTED)},
        {"token": PLANTED.encode()},
    ],
    ids=str,
)
def test_all_that_stands_below_a_secret_name_is_concealed(value: object) -> None:
    assert "planted" not in repr(conceal(value))


def test_a_sequence_of_any_kind_is_concealed_and_text_like_types_stay() -> None:
    assert repr(conceal({"token": deque([PLANTED])})) == "{'token': ['***']}"
    text = UserString("a")
    assert conceal({"name": text})["name"] is text


def test_concealing_collects_the_secrets_in_order() -> None:
    found: list[Secret] = []
    conceal({"a": 1, "token": "b", "c": [{"password": ["d"]}, Secret("e")]}, found=found)
    assert found == ["b", "d", "e"]


def test_concealing_changes_no_value() -> None:
    given = {"token": PLANTED, "fields": [{"name": "Age", "value": 36}], "on": True, "no": None}
    assert conceal(given) == given


def test_concealed_secrets_are_found_again() -> None:
    concealed = conceal({"token": PLANTED, "agents": [{"password": "other-secret", "name": "J"}]})
    assert secrets_in(concealed) == [PLANTED, "other-secret"]
    assert secrets_in("planted-secret") == []
    assert secrets_in(Secret(PLANTED)) == [PLANTED]
    assert secrets_in(None) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token {PLANTED} is wrong", "token *** is wrong"),
        (f"{PLANTED}{PLANTED}", "******"),
        (f"/visitors?token={quote(PLANTED, safe='')}&x=1", "/visitors?token=***&x=1"),
        ("nothing here", "nothing here"),
        ("", ""),
    ],
)
def test_secrets_are_hidden_in_text(text: str, shown: str) -> None:
    assert redact(text, [PLANTED]) == shown


def test_of_secrets_within_secrets_nothing_remains() -> None:
    assert redact("dal:planted-secret", ["planted", "dal:planted-secret"]) == HIDDEN


def test_an_empty_secret_hides_nothing() -> None:
    assert redact("text", [""]) == "text"


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("JSON", json.dumps('planted"\\ä')[1:-1]),
        ("JSON of PHP", "planted-secret\\/+"),
        ("percent-encoded in lower case", quote("dal:planted/", safe="").lower()),
        ("JSON of Java", json.dumps('planted"\\ä')[1:-1].replace("e4", "E4")),
        ("a form", "planted+word%2F"),
        ("a path", "dal%3Aplanted/"),
        ("a form in lower case", "planted+word%2f"),
        ("a URL of yarl", str(URL("/").with_query(a="~planted!/'%ü"))[4:]),
        ("HTML of PHP", "~planted!/&#039;%ü"),
        ("HTML of Jinja", "~planted!/&#39;%ü"),
        ("a text of PHP", "~planted!/\\'%ü"),
        ("a text of PHP with all marks", 'planted\\"\\\\ä'),
        ("Python's text with both quotation marks", repr("~planted!/'%ü\"")),
    ],
)
def test_a_secret_is_hidden_however_the_answer_writes_it(form: str, written: str) -> None:
    """Field case 39: a server may write what it repeats in a way of its own."""
    secrets = ['planted"\\ä', "planted-secret/+", "dal:planted/", "planted word/", "~planted!/'%ü"]
    assert "planted" not in redact(f"what came as {form}: {written}.", secrets)


@settings(deadline=None)
@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8),
    st.sampled_from(["", "'", '"', "'\""]),
)
@example("planted'word", '"')
def test_a_secret_is_hidden_in_the_repr_of_any_text(secret: str, around: str) -> None:
    """`repr` escapes a text by what else it holds (field case 39)."""
    shown = redact(repr(f"{around} {secret} {around}"), [secret])
    assert not any(
        text in shown for text in (secret, repr(secret)[1:-1], repr(f"{secret}'\"")[1:-4])
    )


@settings(deadline=None)
@given(st.text(min_size=1), st.text(), st.text())
def test_a_secret_is_hidden_wherever_it_stands(secret: str, before: str, after: str) -> None:
    secret = f"<<{secret}>>"
    shown = redact(before.replace("<", "") + secret + after.replace("<", ""), [secret])
    assert secret not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize("secret", ["l", "ll", "t t", "to", " l ", "\n", "    ", "", "…", "***"])
def test_what_is_too_short_to_be_a_secret_leaves_a_message_as_it_is(secret: str) -> None:
    """Field case 6: a token of one letter turned messages into ``must ***e``."""
    text = "details:\n    must tell  to    whom they belong, *** and …"
    assert redact(text, [Secret(secret)]) == redact(text, [secret]) == text


@pytest.mark.parametrize("secret", ["pass", "visitor", "a'b\"", "é/é/"])
def test_a_secret_of_four_letters_is_hidden_also_if_it_is_a_word(secret: str) -> None:
    assert redact(f"x{secret}x {quote(secret, safe='')}", [secret]) == "x***x ***"


@settings(deadline=None)
@given(st.text(), st.text(max_size=3), st.text(alphabet=" \t\n"))
def test_a_short_secret_never_changes_a_text(text: str, secret: str, space: str) -> None:
    assert redact(text, [space + secret + space]) == redact(text, [])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pass@example.com/a", "https://***@example.com/a"),
        (r'"url":"https:\/\/user:pass@example.com\/a"', r'"url":"https:\/\/***@example.com\/a"'),
        ("https%3A%2F%2Fuser%3Apass%40example.com", "https%3A%2F%2F***%40example.com"),
        ("at https://example.com:8080/a@b", "at https://example.com:8080/a@b"),
        (
            "https://example.com/?mail=john@example.com",
            "https://example.com/?mail=john@example.com",
        ),
        ("cut off: https://user:pass…", "cut off: https://***"),
        ('{"token": "abc", "id": "1"}', '{"token": "***", "id": "1"}'),
        (r'{"token":"a\"b"}', '{"token":"***"}'),
        ("{'secret_key': 'abc'}", "{'secret_key': '***'}"),
        ('{"tokens": "abc", "note": "token"}', '{"tokens": "abc", "note": "token"}'),
    ],
)
def test_what_is_secret_by_its_place_is_hidden_without_being_known(text: str, shown: str) -> None:
    assert redact(text, []) == shown


# What `redact` hides of URLs, as a pattern. It says it briefly and can take cubic time.
_RUN = r'(?:[^\s"<>/?#\\]|\\(?!/))*'
_USER_INFO = (
    r"((?::|%3[Aa])(?:\\?/|%2[Ff]){2})"
    rf"(?:{_RUN}(@|%40)|{_RUN}(?::|%3[Aa]){_RUN}(…?\Z))"
)
_PIECES = st.sampled_from(
    [*':/\\@%4…ab "?#', "//", "\\/", "%3A", "%3a", "%2f", "%2F", "%40", "http://", "u:p@"]
)


@given(st.lists(_PIECES, max_size=14).map("".join))
def test_user_names_and_passwords_of_urls_are_hidden_as_the_pattern_says(text: str) -> None:
    assert redact(text, []) == re.sub(_USER_INFO, r"\1***\2", text)


@pytest.mark.parametrize(
    "unit",
    ["%3a%2f%2f", "://:", "://", ":", "%3a", "@", "%40", "://a@", "\\/", "\\", '"token":"', "…"],
)
def test_the_time_of_hiding_grows_with_the_text_and_no_faster(unit: str) -> None:
    """Case 35: 3.6 kB of percent-encoded slashes took 23 s."""

    def seconds(length: int) -> float:
        text = unit * (length // len(unit)) + " "
        times = []
        for _ in range(3):
            begun = time.thread_time()
            redact(text, ["secret"])
            times.append(time.thread_time() - begun)
        return min(times)

    assert seconds(100_000) < 8 * seconds(25_000) + 0.01


def test_a_long_text_is_cut_before_its_secrets_are_hidden() -> None:
    spellings = ["secret-secret"]
    assert shorten("abc secret-secret def", spellings, 100) == "abc *** def"
    assert shorten("a" * 101, spellings, 100) == "a" * 100 + "…"
    for count in range(30, 90):
        shown = shorten("secret-secret" * count + "b" * 2_000, spellings, 100)
        assert "s" not in shown
        assert len(shown) <= 101
