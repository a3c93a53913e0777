"""One call as data, and what of it goes onto the wire."""

import json
import pickle
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

import livechat_async
from livechat_async import (
    BearerToken,
    ConfigurationError,
    PersonalAccessToken,
    RedirectError,
    Request,
    __version__,
)
from livechat_async.credentials import Credentials
from livechat_async.http.request import PreparedRequest, RequestBuilder, redirected
from livechat_async.redaction import SecretBytes
from livechat_async.sandbox.http.parse_str import parse_str

# Module-level, so that no frame of a test holds it.
PLANTED = "planted-secret-26132406c42c96ba"
CORE = "planted-secret"

BASE_URL = "https://api.livechatinc.com"
PACKAGE = Path(livechat_async.__file__).parent


def prepare(
    request: Request,
    *,
    base_url: str = BASE_URL,
    credentials: Credentials | None = None,
    region: Any = None,
    headers: dict[str, str] | None = None,
) -> PreparedRequest:
    builder = RequestBuilder(URL(base_url), headers or {}, region)
    return builder.build(request, credentials)


def get(path: str = "/visitors", **arguments: Any) -> PreparedRequest:
    return prepare(Request("GET", path, **arguments))


def post(path: str = "/tags", **arguments: Any) -> PreparedRequest:
    return prepare(Request("POST", path, **arguments))


# --- the URL ---


@pytest.mark.parametrize(
    ("request_", "url"),
    [
        (Request("GET", "/visitors"), "/visitors"),
        (Request("GET", "/agents/"), "/agents/"),
        (
            Request("GET", "/visitors", query={"state": "chatting", "group": [0]}),
            "/visitors?state=chatting&group%5B%5D=0",
        ),
        (
            Request("GET", "/visitors", query={"state": "refused invitation", "count": True}),
            "/visitors?state=refused%20invitation&count=1",
        ),
        (Request("GET", "/visitors", query={"state": None, "group": None}), "/visitors"),
        (Request("GET", "/a", query={"from": date(2026, 1, 2)}), "/a?from=2026-01-02"),
        (
            Request("DELETE", "/agents/{login}", path_params={"login": "j+d/e@my%20co.com"}),
            "/agents/j%2Bd%2Fe%40my%2520co.com",
        ),
        (
            Request("PUT", "/goals/{goal}/{visitor}", path_params={"goal": 7, "visitor": "S1.a"}),
            "/goals/7/S1.a",
        ),
        (Request("GET", "/a/{x}/{x}", path_params={"x": "{y}"}), "/a/%7By%7D/%7By%7D"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_url_is_exactly_this(request_: Request, url: str) -> None:
    prepared = prepare(request_)
    assert str(prepared.url) == BASE_URL + url
    assert prepared.shown_url == BASE_URL + url


def test_a_query_keeps_nothing_that_is_left_out() -> None:
    request = Request("GET", "/visitors", query={"state": None, "count": 1})
    assert request.query == {"count": 1}
    assert request.with_query(group=None, page=2).query == {"count": 1, "page": 2}


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://api.livechatinc.com", "https://api.livechatinc.com/visitors?count=1"),
        ("https://api.livechatinc.com/", "https://api.livechatinc.com/visitors?count=1"),
        ("https://example.com/proxy", "https://example.com/proxy/visitors?count=1"),
        ("https://example.com/proxy/v2/", "https://example.com/proxy/v2/visitors?count=1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/visitors?count=1"),
        ("http://[::1]:8080", "http://[::1]:8080/visitors?count=1"),
    ],
)
def test_the_path_stands_below_the_base_url(base_url: str, url: str) -> None:
    request = Request("GET", "/visitors", query={"count": 1})
    assert str(prepare(request, base_url=base_url).url) == url


IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: unquote(text) not in {".", ".."}
)


@settings(deadline=None)
@given(IDS, IDS)
def test_any_id_arrives_as_one_segment(first: str, second: str) -> None:
    prepared = get("/visitors/{a}/chats/{b}", path_params={"a": first, "b": second})
    target = prepared.url.raw_path
    assert str(prepared.url) == BASE_URL + target
    assert target.isascii()
    _, visitors, a, chats, b = target.split("/")
    assert (visitors, unquote(a), chats, unquote(b)) == ("visitors", first, "chats", second)


KEYS = st.from_regex(r"[a-z_]{1,8}", fullmatch=True).filter(lambda key: key != "callback")
LEAVES = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
NESTINGS = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(KEYS, inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)


@settings(deadline=None)
@given(NESTINGS)
def test_any_query_arrives(query: dict[str, Any]) -> None:
    url = str(get(query=query).url)
    assert url.isascii()
    assert parse_str(urlsplit(url).query) == query


@settings(deadline=None)
@given(NESTINGS)
def test_any_form_arrives(body: dict[str, Any]) -> None:
    content = post(body=body, encoding="form").body
    assert content is not None
    assert parse_str(content.decode("ascii")) == body


@settings(deadline=None)
@given(NESTINGS)
def test_any_json_arrives(body: dict[str, Any]) -> None:
    content = post(body=body).body
    assert content is not None
    assert json.loads(content) == body


# --- headers and body ---


@pytest.mark.parametrize(
    ("request_", "options", "headers"),
    [
        (Request("GET", "/visitors"), {}, {}),
        (
            Request("GET", "/visitors"),
            {"credentials": PersonalAccessToken("a", "b"), "region": None},
            {"Authorization": "Basic YTpi"},
        ),
        (
            Request("GET", "/visitors"),
            {"credentials": BearerToken("fra:abc"), "region": "fra"},
            {"Authorization": "Bearer fra:abc", "X-Region": "fra"},
        ),
        (
            Request("POST", "/tags", body={"tag": "a"}),
            {"headers": {"X-Trace": "7"}},
            {"X-Trace": "7", "Content-Type": "application/json"},
        ),
        (
            Request("POST", "/tags", body={"tag": "a"}, encoding="form"),
            {},
            {"Content-Type": "application/x-www-form-urlencoded"},
        ),
        (
            Request("GET", "/visitors"),
            {"headers": {"User-Agent": "my-bot/1", "Accept": "*/*"}},
            {"User-Agent": "my-bot/1", "Accept": "*/*"},
        ),
        (Request("DELETE", "/tags"), {}, {}),
    ],
)
def test_the_headers_are_exactly_these(
    request_: Request, options: dict[str, Any], headers: dict[str, str]
) -> None:
    assert prepare(request_, **options).headers == {
        "Accept": "application/json",
        "User-Agent": f"livechat_async/{__version__}",
        "X-API-Version": "2",
        **headers,
    }


def test_a_header_of_the_users_takes_the_place_of_ours_however_it_is_spelled() -> None:
    headers = prepare(Request("GET", "/visitors"), headers={"user-agent": "my-bot/1"}).headers
    sent = {name: value for name, value in headers.items() if name.lower() == "user-agent"}
    assert sent == {"user-agent": "my-bot/1"}


BODY: dict[str, Any] = {
    "group": 0,
    "tags": ["a", "ł"],
    "active": True,
    "price": Decimal("1.50"),
    "day": date(2026, 1, 2),
    "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "nothing": None,
    "fields": [{"name": "Age", "value": 36}],
}


def test_a_json_body_is_exactly_this() -> None:
    assert post(body=BODY).body == (
        b'{"group":0,"tags":["a","\\u0142"],"active":1,"price":"1.50","day":"2026-01-02",'
        b'"at":"2026-01-02T03:04:05+00:00","fields":[{"name":"Age","value":36}]}'
    )


def test_a_form_body_is_exactly_this() -> None:
    assert post(body=BODY, encoding="form").body == (
        b"group=0&tags%5B%5D=a&tags%5B%5D=%C5%82&active=1&price=1.50&day=2026-01-02"
        b"&at=2026-01-02T03%3A04%3A05%2B00%3A00"
        b"&fields%5B0%5D%5Bname%5D=Age&fields%5B0%5D%5Bvalue%5D=36"
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_may_have_a_body_or_none(method: str) -> None:
    assert prepare(Request(method, "/tags")).body is None
    assert prepare(Request(method, "/tags", body={})).body == b"{}"
    assert prepare(Request(method, "/tags", body={"a": 1})).body == b'{"a":1}'


# --- refusals ---


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Request("FETCH", "/visitors"), "'FETCH' is none of GET, HEAD, POST"),
        (lambda: Request("", "/visitors"), "is none of"),
        (lambda: Request("GET\r\n", "/visitors"), "is none of"),
        (lambda: Request(None, "/visitors"), "is none of"),  # type: ignore[arg-type]
        (lambda: Request("GET", "visitors"), "begin with a slash"),
        (lambda: Request("GET", ""), "begin with a slash"),
        (lambda: Request("GET", "https://evil.example.com/"), "begin with a slash"),
        (lambda: Request("GET", None), "begin with a slash"),  # type: ignore[arg-type]
        (lambda: Request("GET", "/visitors?state=chatting"), "query="),
        (lambda: Request("GET", "/visitors#top"), "path_params="),
        (lambda: Request("GET", "/a b"), "white space"),
        (lambda: Request("GET", "/a\r\nX-Evil: 1"), "white space"),
        (lambda: Request("GET", "/a\\b"), "backslash"),
        (lambda: Request("GET", "/a\0b"), "control character"),
        (lambda: Request("GET", "/a\x7fb"), "control character"),
        (lambda: Request("GET", "/tags/żółw"), "ASCII"),
        (lambda: Request("GET", "/../admin"), "dot segment"),
        (lambda: Request("GET", "/a/.."), "dot segment"),
        (lambda: Request("GET", "/a/./b"), "dot segment"),
        (lambda: Request("GET", "/a/%2e%2e/b"), "dot segment"),
        (lambda: Request("GET", "/a/%2E%2E/b"), "dot segment"),
        (lambda: Request("GET", "/a/.%2E/b"), "dot segment"),
        (lambda: Request("GET", "/a/{id}"), "wants path_params ['id'], given are []"),
        (
            lambda: Request("GET", "/a/{id}", path_params={"ID": "x"}),
            "wants path_params ['id'], given are ['ID']",
        ),
        (lambda: Request("GET", "/a", path_params={"id": "x"}), "given are ['id']"),
        (lambda: Request("GET", "/{id}", path_params={"id": None}), "not NoneType"),  # type: ignore[dict-item]
        (lambda: Request("GET", "/{id}", path_params={"id": True}), "not bool"),
        (lambda: Request("GET", "/{id}", path_params={"id": b"x"}), "not bytes"),  # type: ignore[dict-item]
        (lambda: Request("GET", "/{id}", path_params={"id": 1.5}), "not float"),  # type: ignore[dict-item]
        (lambda: Request("GET", "/a", query=[("a", 1)]), "not list"),  # type: ignore[arg-type]
        (lambda: Request("GET", "/a", query="a=1"), "not str"),  # type: ignore[arg-type]
        (lambda: Request("POST", "/a", body=b"{}"), "not bytes"),  # type: ignore[arg-type]
        (lambda: Request("POST", "/a", body=[1]), "not list"),  # type: ignore[arg-type]
        (lambda: Request("GET", "/a", query={"callback": "f"}), "JSONP"),
        (lambda: Request("GET", "/a", query={"callback": None}), "JSONP"),
        (lambda: Request("GET", "/a", body={"a": 1}), "a GET has no body: pass query"),
        (lambda: Request("HEAD", "/a", body={"a": 1}), "a HEAD has no body: pass query"),
        (lambda: Request("POST", "/a", encoding="xml"), "'json' or 'form' is needed"),  # type: ignore[arg-type]
        (lambda: Request("POST", "/a", encoding=["json"]), "'json' or 'form' is needed"),  # type: ignore[arg-type]
    ],
)
def test_a_request_that_cannot_be_meant_is_refused_when_it_is_made(
    make: Callable[[], Request], problem: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (Request("GET", "/a/{id}", path_params={"id": ""}), "empty"),
        (Request("GET", "/a/{id}", path_params={"id": "."}), "'.' or '..'"),
        (Request("GET", "/a/{id}", path_params={"id": ".."}), "'.' or '..'"),
        (Request("GET", "/a/{id}", path_params={"id": "%2e%2E"}), "'.' or '..'"),
        (Request("GET", "/a/{id}", path_params={"id": "a\nb"}), "control character"),
        (Request("GET", "/a/{id}", path_params={"id": "\ud800"}), "surrogate"),
        (Request("GET", "/a", query={"a": object()}), "a: a value of type object"),
        (Request("GET", "/a", query={"a": []}), "a: a value of type list"),
        (Request("GET", "/a", query={"a": float("nan")}), "not finite"),
        (Request("POST", "/a", body={"a": [{"b": {1, 2}}]}), "a[0][b]"),
        (Request("POST", "/a", body={"a b": 1}, encoding="form"), "renamed"),
    ],
)
def test_values_that_cannot_be_sent_are_refused_with_their_place(
    request_: Request, problem: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        prepare(request_)
    assert str(caught.value).startswith(f"{request_.method} {request_.path}: ")
    assert problem in str(caught.value)


@pytest.mark.parametrize("method", ["get", "Get", "GET"])
def test_a_method_may_be_written_in_any_case(method: str) -> None:
    assert Request(method, "/visitors").method == "GET"


@pytest.mark.parametrize(
    ("method", "is_read"),
    [
        ("GET", True),
        ("HEAD", True),
        ("POST", False),
        ("PUT", False),
        ("PATCH", False),
        ("DELETE", False),
    ],
)
def test_reads_are_what_may_be_done_twice(method: str, is_read: bool) -> None:  # noqa: FBT001
    assert Request(method, "/visitors").is_read is is_read


def test_a_request_is_frozen_and_equal_by_value() -> None:
    request = Request("GET", "/visitors", query={"group": [0]})
    assert request == Request("get", "/visitors", query={"group": [0]})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        request.path = "/agents"  # type: ignore[misc]


def test_a_request_does_not_follow_changes_of_what_it_was_made_of() -> None:
    groups = [0]
    request = Request("GET", "/visitors", query={"group": groups})
    groups.append(1)
    assert request.query == {"group": [0]}


# --- secrets ---

SECRET_REQUESTS = pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/a", query={"token": PLANTED}),
        Request("GET", "/a", query={"access_token": [PLANTED]}),
        Request("POST", "/a", body={"token": PLANTED, "id": "my-app"}),
        Request("POST", "/a", body={"Token": PLANTED}, encoding="form"),
        Request("POST", "/a", body={"agents": [{"password": PLANTED}]}),
        Request("POST", "/a", body={"agents": [{"password": PLANTED}]}, encoding="form"),
        Request("POST", "/a", body={"agent": {"secret_key": PLANTED}}),
        Request("GET", "/a/{token}", path_params={"token": PLANTED}),
    ],
    ids=lambda request: f"{request.method} {request.path}",
)


@SECRET_REQUESTS
@pytest.mark.parametrize(
    "credentials", [PersonalAccessToken("john", PLANTED), BearerToken(f"fra:{PLANTED}"), None]
)
def test_secrets_travel_and_show_nowhere(
    request_: Request, credentials: Credentials | None
) -> None:
    prepared = prepare(request_, credentials=credentials, headers={})
    on_the_wire = f"{prepared.url}{prepared.body.decode() if prepared.body else ''}"
    assert PLANTED in on_the_wire
    assert PLANTED in prepared.secrets
    for shown in (repr(request_), prepared.shown_url, repr(prepared.headers), repr(prepared.body)):
        assert CORE not in shown


def test_a_request_names_its_secrets_and_those_of_a_longer_query() -> None:
    request = Request(
        "POST", "/{token}", path_params={"token": "a"}, query={"token": "b"}, body={"password": "c"}
    )
    assert request.secrets == ["a", "b", "c"]
    assert request.with_query(page=2, access_token="d").secrets == ["a", "b", "d", "c"]


def test_a_request_may_be_changed_with_attrs_evolve() -> None:
    request = attrs.evolve(Request("GET", "/a", query={"token": PLANTED}), method="head")
    assert request == Request("HEAD", "/a", query={"token": PLANTED})
    assert request.secrets == [PLANTED]


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("levels", [100, 300, 400, 470, 480, 490, 5_000, 100_000])
@pytest.mark.parametrize("encoding", ["form", "json"])
def test_a_value_that_is_nested_too_deep_is_refused(encoding: Any, levels: int) -> None:
    """Wherever the recursion ends: while the request is made, or encoded (field case 42)."""
    with pytest.raises(ConfigurationError, match="nested"):
        post(body={"a": nested(levels)}, encoding=encoding)


def test_a_value_that_holds_itself_is_refused() -> None:
    """Field case 42."""
    body: dict[str, Any] = {}
    body["a"] = [body, body]
    with pytest.raises(ConfigurationError, match="holds itself"):
        Request("POST", "/x", body=body)


def test_the_signature_is_among_the_secrets() -> None:
    prepared = prepare(Request("GET", "/a"), credentials=PersonalAccessToken("a", "b"))
    assert set(prepared.secrets) == {"b", "YTpi"}


def test_a_body_is_hidden_as_bytes() -> None:
    assert type(post(body={"a": 1}).body) is SecretBytes
    assert type(post(body={"a": 1}, encoding="form").body) is SecretBytes


@SECRET_REQUESTS
def test_a_request_survives_pickle_with_its_secrets_hidden(request_: Request) -> None:
    twin = pickle.loads(pickle.dumps(request_))  # noqa: S301 - our own bytes
    assert twin == request_
    assert CORE not in repr(twin)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Request("POST", "/a", body={"token": PLANTED, "bad": object()}),
        lambda: Request("POST", "/a", body={"token": PLANTED, "bad": {}}, encoding="form"),
        lambda: Request("POST", "/a", body={"token": PLANTED, "bad": nested(5_000)}),
        lambda: Request("GET", "/a", query={"token": PLANTED, "bad": {1}}),
        lambda: Request("GET", "/{id}", path_params={"id": ".."}, query={"token": PLANTED}),
        lambda: Request("POST", "/a", query={"token": PLANTED}, body={"bad": {1}}),
        lambda: Request("GET", "/a", query={"token": f"{PLANTED}\ud800"}),
    ],
)
def test_a_refused_request_leaves_no_secret_in_locals(make: Callable[[], Request]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        prepare(make(), credentials=BearerToken(PLANTED))
    error = caught.value
    shown = [str(error), repr(error.__cause__)]
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if Path(frame.f_code.co_filename).is_relative_to(PACKAGE):
            shown += [repr(value) for value in frame.f_locals.values()]
    assert CORE not in "\n".join(shown)


# --- redirects ---

READ = prepare(
    Request("GET", "/visitors", query={"group": [0]}), credentials=BearerToken(f"fra:{PLANTED}")
)
WRITE = prepare(Request("POST", "/visitors/S1/details", body={"token": PLANTED}))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/v2/visitors", "https://api.livechatinc.com/v2/visitors"),
        ("agents", "https://api.livechatinc.com/agents"),
        ("?group%5B%5D=2", "https://api.livechatinc.com/visitors?group%5B%5D=2"),
        ("/a%2Fb%20c?x=%5B%5D", "https://api.livechatinc.com/a%2Fb%20c?x=%5B%5D"),
        ("//api.livechatinc.com/a", "https://api.livechatinc.com/a"),
        ("https://api.livechatinc.com/a", "https://api.livechatinc.com/a"),
        ("https://api.livechatinc.com:443/a", "https://api.livechatinc.com/a"),
        ("HTTPS://API.LiveChatInc.com/a", "https://api.livechatinc.com/a"),
    ],
)
def test_a_read_follows_to_the_same_origin(status: int, location: str, url: str) -> None:
    target = redirected(READ, status, location)
    assert target == attrs.evolve(READ, url=target.url)
    assert URL(str(target.url), encoded=False) == URL(url, encoded=False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://evil.example.com/visitors", "https://evil.example.com/visitors"),
        ("//evil.example.com/visitors", "https://evil.example.com/visitors"),
        ("http://api.livechatinc.com/visitors", "http://api.livechatinc.com/visitors"),
        ("https://api.livechatinc.com:8443/", "https://api.livechatinc.com:8443/"),
        ("https://api.livechatinc.com.example.com/", "https://api.livechatinc.com.example.com/"),
        ("https://api.livechatinc.com@evil.example.com/", "https://evil.example.com/"),
        ("https://john:pw@evil.example.com/?q=1#f", "https://evil.example.com/"),
        ("ftp://api.livechatinc.com/", "ftp://api.livechatinc.com/"),
        ("javascript:alert(1)", "no web address"),
        ("data:text/html,hello", "no web address"),
        ("mailto:john@example.com", "no web address"),
        ("http://[::1", "no web address"),
        ("https://api.livechatinc.com:port/", "no web address"),
        ("https://api.livechatinc.com\\@evil.example.com/", "no web address"),
    ],
)
@pytest.mark.parametrize("prepared", [READ, WRITE], ids=["read", "write"])
def test_nothing_goes_to_another_origin(
    prepared: PreparedRequest, status: int, location: str, shown: str
) -> None:
    with pytest.raises(RedirectError) as caught:
        redirected(prepared, status, location)
    error = caught.value
    assert (error.method, error.url) == (prepared.method, prepared.shown_url)
    assert error.status == status
    assert shown in error.location
    assert "another origin" in error.reason
    assert "pw" not in str(error)


@pytest.mark.parametrize("status", [307, 308])
def test_a_write_follows_where_it_stays_a_write(status: int) -> None:
    target = redirected(WRITE, status, "/v2/visitors/S1/details")
    assert (target.method, target.body) == ("POST", WRITE.body)
    assert str(target.url) == f"{BASE_URL}/v2/visitors/S1/details"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_write_that_would_become_a_read_is_not_followed(status: int) -> None:
    with pytest.raises(RedirectError) as caught:
        redirected(WRITE, status, "/v2/visitors/S1/details")
    assert "would turn the POST into a GET" in caught.value.reason


@pytest.mark.parametrize("location", ["/a b", "/żółw", "/a\tb"])
def test_a_target_is_fit_for_a_request_line(location: str) -> None:
    with suppress(RedirectError):  # either is right: to refuse it, or to encode it
        url = str(redirected(READ, 302, location).url)
        assert url.isascii()
        assert url.isprintable()
        assert " " not in url


def test_a_target_brings_no_credentials_of_its_own() -> None:
    # The transport would sign with them, which conflicts with the header.
    with suppress(RedirectError):  # either is right: to refuse it, or to drop them
        url = redirected(READ, 302, "https://john:pw@api.livechatinc.com/a").url
        assert (url.user, url.password) == (None, None)


@pytest.mark.parametrize("location", [f"/{PLANTED}?a=1", f"https://evil.example.com/{PLANTED}"])
def test_a_target_that_echoes_a_secret_is_told_without(location: str) -> None:
    with pytest.raises(RedirectError) as caught:
        redirected(WRITE, 302, location)
    assert CORE not in str(caught.value)
    assert CORE not in repr(caught.value)


def test_a_redirect_error_brings_along_no_other() -> None:
    with pytest.raises(RedirectError) as caught:
        redirected(READ, 302, "http://[::1")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
