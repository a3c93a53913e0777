"""Status and bytes in; a typed error, JSON or a typed value out."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import attrs
import pytest
from cattrs import Converter
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from livechat_async import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    BearerToken,
    DecodeError,
    InvalidJSONError,
    LiveChatError,
    NotFoundError,
    PermissionDeniedError,
    PersonalAccessToken,
    RateLimitError,
    Request,
    Response,
    ServerError,
    Visitor,
    errors,
)
from livechat_async.decoding.bodies import value_reader
from livechat_async.decoding.converter import make_converter
from livechat_async.http.request import PreparedRequest, RequestBuilder
from livechat_async.http.response import (
    RawResponse,
    decode,
    parse_retry_after,
    status_error,
)
from livechat_async.models.visitors import Count

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
TOKEN = "planted-secret-6c42c96ba61ed426"
WEBHOOK_TOKEN = "planted-secret-of-the-webhook"
CORE = "planted-secret"


def value_of(
    answer: RawResponse, request: PreparedRequest, type_: Any, converter: Converter | None = None
) -> Any:
    return decode(answer, request, value_reader(converter or make_converter(), type_))


def prepared(token: str = TOKEN) -> PreparedRequest:
    builder = RequestBuilder(URL("https://api.livechatinc.com"), {}, None)
    request = Request("POST", "/visitors/S1/details", body={"token": WEBHOOK_TOKEN})
    return builder.build(request, PersonalAccessToken("john", token))


def raw(status: int = 200, content: bytes = b"", reason: str = "", **headers: str) -> RawResponse:
    return RawResponse(
        status=status,
        reason=reason,
        headers=CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}),
        content=content,
    )


def error_of(
    status: int, content: bytes = b"", *, token: str = TOKEN, reason: str = "", **headers: str
) -> APIStatusError:
    with pytest.raises(APIStatusError) as caught:
        raise status_error(raw(status, content, reason, **headers), prepared(token), NOW)
    return caught.value


def decode_error_of(
    content: bytes, type_: Any = list[Visitor], *, token: str = TOKEN, **headers: str
) -> DecodeError:
    answer, request = raw(200, content, **headers), prepared(token)
    with pytest.raises(DecodeError) as caught:
        value_of(answer, request, type_)
    return caught.value


# --- statuses ---

CLASSES = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    410: NotFoundError,
    422: BadRequestError,
    429: RateLimitError,
    **dict.fromkeys(range(500, 600), ServerError),
}


def test_a_status_that_is_no_success_is_the_error_of_its_kind() -> None:
    statuses = [*range(100, 200), *range(300, 600), 600, 999]
    found = {status: error_of(status) for status in statuses}
    assert {status: error.status for status, error in found.items()} == {s: s for s in statuses}
    assert {status: type(error) for status, error in found.items()} == {
        status: CLASSES.get(status, APIStatusError) for status in statuses
    }


def test_the_statuses_drawn_in_the_tree_are_the_real_ones() -> None:
    drawn: dict[int, str] = {}
    for name, numbers in re.findall(r"─ (\w+Error) +(\d{3}[\d, to]*)", errors.__doc__ or ""):
        first, *rest = map(int, re.findall(r"\d+", numbers))
        statuses = range(first, rest[0] + 1) if " to " in numbers else [first, *rest]
        drawn |= dict.fromkeys(statuses, name)
    assert drawn == {status: cls.__name__ for status, cls in CLASSES.items()}


def test_an_error_holds_what_was_asked() -> None:
    error = error_of(500)
    assert (error.method, error.attempts) == ("POST", 1)
    assert error.url == "https://api.livechatinc.com/visitors/S1/details"


# --- what the server says ---


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        (b'{"error": "You have no rights"}', ["You have no rights"]),
        (b'{"errors": ["bad login", "no name"]}', ["bad login", "no name"]),
        (b'{"error": ["message is required"]}', ["message is required"]),
        (b'{"errors": "order is wrong"}', ["order is wrong"]),
        (b'{"message": "no such thing", "code": 7}', ["no such thing"]),
        (b'{"error": {"type": "validation", "message": "too long"}}', ["too long"]),
        (b'{"errors": [{"message": "a"}, {"message": "b"}]}', ["a", "b"]),
        (b'{"error": "a", "errors": ["b"], "message": "c"}', ["a", "b", "c"]),
        (b'"just text"', ["just text"]),
        (b'["one", "two"]', ["one", "two"]),
        (b'\xef\xbb\xbf{"error": "with a byte order mark"}', ["with a byte order mark"]),
        ('{"error": "Łódź"}'.encode(), ["Łódź"]),
        (b'{"error": "", "message": "the other"}', ["the other"]),
        (b'{"errors": ["", "  ", "kept", 5, null]}', ["kept"]),
    ],
)
def test_every_known_shape_of_an_error_body_is_read(content: bytes, messages: list[str]) -> None:
    error = error_of(400, content, reason="Bad Request")
    assert error.messages == tuple(messages)
    assert error.message == "; ".join(messages)
    assert error.body == content.decode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>",
        b'{"error": "You have no ri',
        b"[",
        b"{}",
        b"[]",
        b"null",
        b"5",
        b"true",
        b'{"error": null}',
        b'{"error": {}}',
        b'{"error": 5}',
        b'{"errors": [[[]]]}',
        b'{"detail": "another API"}',
        b"\xff\xfe\x00",
        b"\x00" * 100,
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:30]),
)
@pytest.mark.parametrize(
    ("reason", "phrase"), [("Server's Words", "Server's Words"), ("", "Bad Gateway")]
)
def test_a_body_that_says_nothing_leaves_the_phrase_of_the_status(
    content: bytes, reason: str, phrase: str
) -> None:
    error = error_of(502, content, reason=reason)
    assert error.messages == ()
    assert error.message == phrase


def test_a_status_without_a_phrase_has_no_explanation() -> None:
    assert error_of(599).message == "no explanation"


def test_the_messages_of_an_error_keep_their_order() -> None:
    error = error_of(400, b'{"message":"4","errors":["2",["3"]],"error":{"errors":["0","1"]}}')
    assert error.messages == ("0", "1", "2", "3", "4")


@pytest.mark.parametrize(
    ("content", "region"),
    [
        (b'{"error":{"type":"misdirected_request","message":"m","data":{"region":"fra"}}}', "fra"),
        (b'{"error":{"type":"misdirected_request","message":"m","data":{"region":"dal"}}}', "dal"),
        (b'{"error":{"type":"misdirected_request","message":"m","data":{}}}', None),
        (b'{"error":{"type":"misdirected_request","message":"m"}}', None),
        (b'{"error":{"message":"m","data":{"region":5}}}', None),
        (b'{"error":{"message":"m","data":{"region":["fra"]}}}', None),
        (b'{"error":{"message":"m","data":{"region":"mars"}}}', None),
        (b'{"error":{"message":"m","data":["region"]}}', None),
        (b'{"error":"region"}', None),
    ],
)
def test_the_region_a_server_names_is_told_with_what_to_do(
    content: bytes, region: str | None
) -> None:
    error = error_of(421, content)
    assert error.region == region
    no_region = f": {error.message}. The error's `body` holds the beginning of the answer"
    assert str(error).endswith(f"Pass region={region!r}" if region else no_region)


@pytest.mark.parametrize(
    ("content", "error_type", "message"),
    [
        (b'{"error":{"type":"limit_reached","message":"no more"}}', "limit_reached", "no more"),
        (b'{"error":{"type":"misdirected_request"}}', "misdirected_request", "misdirected_request"),
        (b'{"error":{"type":"a\\nb\\u001b"}}', "a b\u241b", "a b\u241b"),
        (b'{"error":{"type":" ","message":"no"}}', None, "no"),
        (b'{"error":{"type":7,"message":"no"}}', None, "no"),
        (b'{"error":"no","type":"limit_reached"}', None, "no"),
        (b'{"errors":["no"]}', None, "no"),
        (b"<html>", None, "Forbidden"),
    ],
)
def test_the_kind_of_error_a_server_names_is_kept(
    content: bytes, error_type: str | None, message: str
) -> None:
    error = error_of(403, content)
    assert (error.error_type, error.message) == (error_type, message)


def test_the_kind_of_an_error_shows_no_secret_and_is_short() -> None:
    error = error_of(400, json.dumps({"error": {"type": f"{TOKEN} {'x' * 5000}"}}).encode())
    assert error.error_type is not None
    assert CORE not in error.error_type
    assert len(error.error_type) < 200


def test_a_403_says_that_the_plan_or_a_permission_may_be_missing() -> None:
    assert "plan" in str(error_of(403))
    assert "permission" in str(error_of(403, b'{"error":"not for you"}'))


@pytest.mark.parametrize("written", ["a\nb", "a\r\nb", "a\u2028b", "a\x1b[31mb"])
def test_a_message_is_one_line(written: str) -> None:
    error = error_of(400, json.dumps({"error": written}).encode())
    assert len(str(error).splitlines()) == 1
    assert error.message.isprintable()


def test_long_texts_are_cut() -> None:
    error = error_of(400, json.dumps({"error": "x" * 10_000}).encode())
    assert 100 < len(error.message) < 1000
    assert 1000 < len(error.body) < 4000
    assert error.message.endswith("…")
    assert error.body.endswith("…")


def test_short_texts_are_not_cut() -> None:
    assert error_of(400, b'{"error": "short"}').body == '{"error": "short"}'


def test_a_body_is_shown_also_where_it_is_no_utf_8() -> None:
    assert error_of(500, b"caf\xe9 <html>").body == "caf\ufffd <html>"


@settings(deadline=None)
@given(st.integers(300, 599), st.binary())
def test_any_bytes_are_an_error_that_can_be_shown(status: int, content: bytes) -> None:
    error = error_of(status, content)
    assert str(status) in str(error)
    assert error.message


SOME_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["error", "errors", "message", "data", "region"]), inner)
    ),
)


@settings(deadline=None)
@given(SOME_JSON)
def test_any_json_is_an_error_that_can_be_shown(document: Any) -> None:
    error = error_of(400, json.dumps(document).encode())
    assert error.message
    assert all(type(message) is str and message.strip() for message in error.messages)


# --- Retry-After ---


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("5", 5.0),
        ("120", 120.0),
        ("1.5", 1.5),
        (" 5 ", 5.0),
        ("86400", 86400.0),
        ("1" + "0" * 12, 1e9),
        ("9" * 400, 1e9),
        ("0" * 400 + "7.25", 7.25),
        ("-1", None),
        ("-0.5", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("1e999", None),
        ("", None),
        (" ", None),
        ("soon", None),
        ("5 seconds", None),
        ("5, 10", None),
        ("1_0", None),
        ("0x10", None),
        ("Sat, 31 Jan 2026 12:00:30 GMT", 30.0),
        ("Sat, 31 Jan 2026 12:00:30 -0000", 30.0),
        ("Sat, 31 Jan 2026 12:00:30", 30.0),
        ("Sat, 31 Jan 2026 13:00:30 +0100", 30.0),
        ("Saturday, 31-Jan-26 12:00:30 GMT", 30.0),
        ("Sat Jan 31 12:00:30 2026", 30.0),
        ("Sat, 31 Jan 2026 12:00:00 GMT", 0.0),
        ("Sat, 31 Jan 2026 11:59:59 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Sat, 31 Feb 2026 12:00:00 GMT", None),
        ("Sat, 31 Jan 2026 25:00:00 GMT", None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 99999999999999999999:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", None),
        ("2026-01-31T12:00:30Z", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(
    header: str | None, seconds: float | None
) -> None:
    assert parse_retry_after(header, NOW) == seconds


@settings(deadline=None)
@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d\d Jan \d{4,25} \d\d:\d\d:\d\d [+-]?\d*"))
def test_any_retry_after_is_a_wait_or_nothing(header: str) -> None:
    seconds = parse_retry_after(header, NOW)
    assert seconds is None or 0 <= seconds < float("inf")


# Before the year 1000, the year of such a text is read as one of our century.
TIMES = st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(deadline=None)
@given(TIMES.map(lambda time: time.replace(microsecond=0)), TIMES)
def test_any_date_is_the_time_until_then(time: datetime, now: datetime) -> None:
    header = format_datetime(time, usegmt=True)
    assert parse_retry_after(header, now) == max(0.0, (time - now).total_seconds())


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=9))])
def test_the_zone_of_the_clock_does_not_matter(zone: timezone) -> None:
    assert parse_retry_after("Sat, 31 Jan 2026 12:00:30 GMT", NOW.astimezone(zone)) == 30.0


@pytest.mark.parametrize("name", ["Retry_After", "retry_after", "RETRY_AFTER"])
def test_retry_after_is_found_in_any_spelling(name: str) -> None:
    assert error_of(429, **{name: "7"}).retry_after == 7.0


def test_without_a_header_there_is_no_wait() -> None:
    assert error_of(429).retry_after is None


# --- echoed secrets ---


def everything_of(error: LiveChatError) -> str:
    assert attrs.has(type(error))
    values = [getattr(error, field.name) for field in attrs.fields(type(error))]
    return "\n".join([str(error), repr(error), str(error.args), *map(str, values)])


ECHOES = [
    b'{"error": "%s"}',
    b'{"errors": ["no: %s", "%s"]}',
    b'{"error": {"message": "%s", "data": {"region": "%s"}}}',
    b"<html>%s</html>",
    b"%s",
    b'{"error": "%s',
]


@pytest.mark.parametrize("secret", [TOKEN, WEBHOOK_TOKEN])
@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", [400, 401, 502])
def test_a_secret_the_server_repeats_is_hidden(status: int, echo: bytes, secret: str) -> None:
    error = error_of(status, echo.replace(b"%s", secret.encode()))
    assert CORE not in everything_of(error)
    assert "***" in everything_of(error)


def test_the_signature_is_hidden_too() -> None:
    signature = prepared().headers["Authorization"].removeprefix("Basic ")
    error = error_of(401, json.dumps({"error": f"bad header {signature}"}).encode())
    assert signature[:8] not in everything_of(error)


@pytest.mark.parametrize("secret", [TOKEN, WEBHOOK_TOKEN])
def test_the_phrase_of_the_status_hides_secrets(secret: str) -> None:
    assert CORE not in everything_of(error_of(400, reason=f"bad token {secret}"))


NASTY = 'planted-secret"\\/<&>+='


@pytest.mark.parametrize(
    "written",
    [
        json.dumps({"error": NASTY}),
        json.dumps({"error": NASTY}).replace("/", "\\/"),
        "<p>planted-secret&quot;\\/&lt;&amp;&gt;+=</p>",
        "/?token=planted-secret%22%5C%2F%3C%26%3E%2B%3D",
        "/?token=planted-secret%22%5c%2f%3c%26%3e%2b%3d",
    ],
    ids=["JSON", "JSON of PHP", "HTML", "URL", "URL in lower case"],
)
def test_a_secret_is_hidden_in_every_way_to_write_it(written: str) -> None:
    assert CORE not in everything_of(error_of(400, written.encode(), token=NASTY))


@pytest.mark.parametrize("offset", range(1960, 2040))
def test_a_secret_across_the_cut_of_the_body_is_hidden(offset: int) -> None:
    error = error_of(500, b"x" * (offset - len(TOKEN)) + TOKEN.encode() + b"y" * 100)
    assert CORE not in everything_of(error)
    assert "planted" not in everything_of(error)


@pytest.mark.parametrize("offset", range(490, 540, 3))
def test_a_secret_across_the_cut_of_a_message_is_hidden(offset: int) -> None:
    text = "x" * (offset - len(TOKEN)) + TOKEN + "y" * 3000
    error = error_of(500, json.dumps({"error": text}).encode())
    assert "planted" not in everything_of(error)


@pytest.mark.parametrize("length", [50, 200, 1000, 4000])
@pytest.mark.parametrize("echo", [b"%s", b'{"error": "%s"}'])
def test_long_secrets_again_and_again_are_hidden_to_the_last(length: int, echo: bytes) -> None:
    # Hiding shortens a text, so what was cut before may come to stand within what is shown.
    token = "planted-secret-".ljust(length, "z")
    error = error_of(500, echo.replace(b"%s", token.encode() * (200_000 // length)), token=token)
    assert "planted" not in everything_of(error)
    assert "zzz" not in everything_of(error)


@pytest.mark.parametrize(
    ("document", "type_"),
    [
        ([{"id": "a", "state": "b", "chats": TOKEN}], list[Visitor]),
        ([{"id": "a", "state": "b", "operators": TOKEN}], list[Visitor]),
        ([TOKEN], list[Visitor]),
        (TOKEN, list[Visitor]),
        ({"count": [TOKEN]}, Count),
        ({TOKEN: "x"}, dict[str, int]),
    ],
)
def test_a_secret_in_a_wrong_answer_is_hidden(document: Any, type_: Any) -> None:
    error = decode_error_of(json.dumps(document).encode(), type_)
    assert CORE not in everything_of(error)


@pytest.mark.parametrize("offset", range(140, 190))
def test_a_secret_across_the_cut_of_a_finding_is_hidden(offset: int) -> None:
    content = json.dumps("x" * (offset - len(TOKEN)) + TOKEN + "y" * 100).encode()
    assert "planted" not in everything_of(decode_error_of(content))


def test_a_secret_in_what_is_no_json_is_hidden() -> None:
    error = decode_error_of(f"<html>{TOKEN}</html>".encode(), Content_Type=f"text/{TOKEN}")
    assert CORE not in everything_of(error)


@settings(deadline=None)
@given(st.text(), st.text())
def test_secrets_are_hidden_whatever_stands_around_them(before: str, after: str) -> None:
    content = json.dumps({"error": f"{before}{TOKEN}{after}"}).encode()
    assert CORE not in everything_of(error_of(400, content))


def test_an_error_brings_along_no_other_that_might_show_more() -> None:
    for error in (error_of(400, TOKEN.encode()), decode_error_of(b"["), decode_error_of(b"{}")):
        assert error.__cause__ is None
        assert error.__context__ is None


# --- JSON ---


@pytest.mark.parametrize(
    ("content", "document"),
    [
        (b"[]", []),
        (b" \n[1]\n ", [1]),
        (b"5", 5),
        (b'"5"', "5"),
        (b"null", None),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "Łódź 🙂"}'.encode(), {"a": "Łódź 🙂"}),
        (b'{"a": "\\u0142"}', {"a": "ł"}),
        (b'"\xff"', "\ufffd"),
        (b"NaN", None),
        (b'{"error": "\xff"}', {"error": "\ufffd"}),
    ],
)
def test_json_is_read(content: bytes, document: object) -> None:
    assert value_of(raw(200, content), prepared(), Any) == document


@pytest.mark.parametrize(
    ("content", "headers", "found"),
    [
        (b"", {}, "an empty body"),
        (b"<html></html>", {"Content_Type": "text/html"}, "13 bytes of text/html"),
        (b'[{"id": "S1', {"Content_Type": "application/json"}, "11 bytes of application/json"),
        (b"   ", {}, "3 bytes of no content type"),
        (b"[1] [2]", {}, "7 bytes"),
        (b'callback({"a": 1})', {}, "18 bytes"),
        (b"[" * 100_000, {}, "100,000 bytes"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_json_is_an_error_that_says_what_came(
    content: bytes, headers: dict[str, str], found: str
) -> None:
    with pytest.raises(InvalidJSONError) as caught:
        value_of(raw(200, content, **headers), prepared(), Any)
    error = caught.value
    assert (error.path, error.expected, error.status) == ("", "JSON", 200)
    assert error.found.startswith(found)
    assert error.body == content.decode("utf-8", "replace")[:2000] + "…" * (len(content) > 2000)


@pytest.mark.parametrize("content", [b"[1,]", b'{"a": 01}', b"[" * 10**5 + b"]" * 10**5])
def test_a_whole_document_that_cannot_be_read_is_not_called_cut_off(content: bytes) -> None:
    """It would come again as it is, so it is not repeated (field case 2)."""
    with pytest.raises(DecodeError) as caught:
        value_of(raw(200, content), prepared(), Any)
    assert type(caught.value) is DecodeError
    assert (caught.value.path, caught.value.expected) == ("", "JSON")


# --- typed values ---


def test_a_document_becomes_what_was_asked_for() -> None:
    content = b'[{"id": "S1.a", "state": "queued"}]'
    visitors = value_of(raw(200, content), prepared(), list[Visitor])
    assert visitors == [Visitor(id="S1.a", state="queued")]


def test_a_wrong_document_is_an_error_with_path_and_finding() -> None:
    content = b'[{"id": "a", "state": "b"}, {"id": "c", "state": "d", "chats": "many"}]'
    error = decode_error_of(content)
    assert type(error) is DecodeError
    assert (error.path, error.expected, error.found) == ("[1].chats", "a whole number", "'many'")
    assert (error.status, error.body) == (200, content.decode())
    assert str(error) == (
        "POST https://api.livechatinc.com/visitors/S1/details: expected a whole number at "
        "[1].chats, got 'many'. The error's `body` holds the beginning of the answer"
    )


def test_a_long_finding_is_cut() -> None:
    error = decode_error_of(json.dumps("x" * 10_000).encode())
    assert len(error.found) < 200
    assert error.found.endswith("…")


def test_deep_nesting_where_something_else_is_due_is_a_decode_error() -> None:
    error = decode_error_of(b'{"a":' * 300 + b"1" + b"}" * 300)
    assert error.expected == "a list"


@pytest.mark.parametrize("failure", [ValueError, KeyError, TypeError, RuntimeError, OSError])
def test_whatever_a_users_hook_raises_is_a_decode_error(failure: type[Exception]) -> None:
    def hook(value: Any, _: Any) -> Any:
        raise failure(f"cannot read {value}")

    converter = make_converter()
    converter.register_structure_hook(complex, hook)
    with pytest.raises(DecodeError) as caught:
        value_of(raw(200, json.dumps([TOKEN]).encode()), prepared(), list[complex], converter)
    assert caught.value.path == "[0]"
    assert CORE not in everything_of(caught.value)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_error_passes_through(failure: type[BaseException]) -> None:
    def hook(_: Any, __: Any) -> Any:
        raise failure

    converter = make_converter()
    converter.register_structure_hook(complex, hook)
    with pytest.raises(failure):
        value_of(raw(200, b"1"), prepared(), complex, converter)


# --- the response itself ---


def test_a_response_shows_neither_headers_nor_body() -> None:
    response = Response(
        value=3,
        status=200,
        headers={"Set-Cookie": TOKEN},
        attempts=2,
        elapsed=0.5,
        content=TOKEN.encode(),
    )
    assert repr(response) == "Response(value=3, status=200, attempts=2, elapsed=0.5)"
    assert CORE not in repr(raw(200, TOKEN.encode(), X=TOKEN))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        response.status = 500  # type: ignore[misc]


def test_a_bearer_token_is_hidden_with_and_without_its_region() -> None:
    builder = RequestBuilder(URL("https://api.livechatinc.com"), {}, "fra")
    request = builder.build(Request("GET", "/visitors"), BearerToken(f"fra:{TOKEN}"))
    for echoed in (f"fra:{TOKEN}", f"fra%3A{TOKEN}", f"Bearer fra:{TOKEN}"):
        with pytest.raises(APIStatusError) as caught:
            raise status_error(raw(401, echoed.encode()), request, NOW)
        assert CORE not in everything_of(caught.value)
