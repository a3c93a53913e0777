"""The settings: what is taken, and what is refused with which words."""

import traceback
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from yarl import URL

import livechat_async
from livechat_async import (
    BearerToken,
    ConfigurationError,
    LiveChatClient,
    RetryPolicy,
    Timeouts,
)
from livechat_async.checks import check_count
from livechat_async.options import ClientOptions
from livechat_async.redaction import shown

# Module-level, so that no frame of a test holds it.
PLANTED = "planted-secret-proxy-password"
CORE = "planted-secret"

PACKAGE = Path(livechat_async.__file__).parent


def shown_by_our_frames(error: BaseException | None) -> str:
    """The text an error tracker shows: the messages, and the locals of the library's frames."""
    parts: list[str] = []
    while error is not None:
        parts += traceback.format_exception_only(error)
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if Path(frame.f_code.co_filename).is_relative_to(PACKAGE):
                parts += [f"{name} = {safe_repr(value)}" for name, value in frame.f_locals.items()]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(parts)


def safe_repr(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:  # an object that is half made
        return object.__repr__(value)


def options(**changes: Any) -> ClientOptions:
    given: dict[str, Any] = {
        "credentials": None,
        "base_url": "https://api.livechatinc.com",
        "retry": RetryPolicy(),
        "timeouts": Timeouts(),
        "max_response_bytes": 1000,
        "timezone": None,
        "headers": None,
        "region": None,
        "limiter": None,
    }
    return ClientOptions(**{**given, **changes})


# --- timeouts and retries ---

TOO_LARGE = pytest.param(10**400, id="too large for a float")
NO_NUMBERS = [True, False, "5", float("nan"), float("inf"), -float("inf"), Decimal(5), [5], 5j]


@pytest.mark.parametrize("name", ["connect", "attempt", "deadline"])
@pytest.mark.parametrize("value", [0, 0.0, -1, -0.5, TOO_LARGE, timedelta(seconds=5), *NO_NUMBERS])
def test_a_timeout_is_a_number_above_zero(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Timeouts(**{name: value})  # type: ignore[arg-type]
    assert f"Timeouts({name}={shown(value)})" in str(caught.value)


@pytest.mark.parametrize("name", ["connect", "attempt", "deadline"])
@pytest.mark.parametrize("value", [0.001, 1, 5.0, 86400, None])
def test_a_timeout_may_be_any_number_above_zero_or_none(name: str, value: float | None) -> None:
    assert getattr(Timeouts(**{name: value}), name) == value


@pytest.mark.parametrize("name", ["backoff", "backoff_max", "retry_after_max"])
@pytest.mark.parametrize("value", [-1, -0.5, None, TOO_LARGE, *NO_NUMBERS])
def test_a_wait_is_a_number_that_is_not_negative(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RetryPolicy(**{name: value})  # type: ignore[arg-type]
    assert f"RetryPolicy({name}={shown(value)})" in str(caught.value)


@pytest.mark.parametrize("name", ["backoff", "backoff_max", "retry_after_max"])
@pytest.mark.parametrize("value", [0, 0.0, 0.001, 3600])
def test_a_wait_may_be_zero(name: str, value: float) -> None:
    assert getattr(RetryPolicy(**{name: value}), name) == value


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "3", None, float("nan")])
def test_attempts_is_a_whole_number_above_zero(value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RetryPolicy(attempts=value)  # type: ignore[arg-type]
    assert f"RetryPolicy(attempts={value!r}): a whole number is needed, 1 or more" in str(
        caught.value
    )


@pytest.mark.parametrize(
    "value", [{200}, {399}, {600}, {True}, {"503"}, "503", 503, None, [[503]], [None], {503, 0}]
)
def test_statuses_is_a_collection_of_error_statuses(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"RetryPolicy\(statuses="):
        RetryPolicy(statuses=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [{503}, [503], (503, 503), iter([503]), range(503, 504)])
def test_statuses_may_come_in_any_collection(value: Any) -> None:
    assert RetryPolicy(statuses=value).statuses == frozenset({503})


def test_no_status_at_all_may_be_repeated() -> None:
    assert RetryPolicy(statuses=()).statuses == frozenset()  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["no", "false", "0"])
def test_whether_writes_are_repeated_is_a_bool_and_no_text_that_is_taken_for_one(
    value: object,
) -> None:
    with pytest.raises(ConfigurationError, match="retry_writes"):
        RetryPolicy(retry_writes=value)  # type: ignore[arg-type]


def test_the_defaults_are_these() -> None:
    assert Timeouts() == Timeouts(connect=5.0, attempt=15.0, deadline=60.0)
    assert RetryPolicy() == RetryPolicy(
        attempts=4,
        backoff=0.5,
        backoff_max=8.0,
        retry_after_max=30.0,
        statuses=frozenset({408, 429, 500, 502, 503, 504}),
        retry_writes=False,
    )


def test_none_is_one_attempt() -> None:
    assert RetryPolicy.none() == RetryPolicy(attempts=1)


@pytest.mark.parametrize("settings", [Timeouts(), RetryPolicy()])
def test_settings_are_values(settings: Timeouts | RetryPolicy) -> None:
    assert hash(settings) == hash(type(settings)())
    name = attrs.fields(type(settings))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(settings, name, 1)


@pytest.mark.parametrize("value", [0, -1, True, 1.0, "8", None])
def test_a_size_is_a_whole_number_above_zero(value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_count("max_concurrency", value)
    assert str(caught.value) == f"max_concurrency={value!r}: a whole number is needed, 1 or more"
    with pytest.raises(ConfigurationError, match="max_response_bytes"):
        options(max_response_bytes=value)


def test_a_size_is_given_back() -> None:
    assert check_count("max_concurrency", 16) == 16


# --- base URL ---


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("https://api.livechatinc.com", "https://api.livechatinc.com"),
        ("https://api.livechatinc.com/", "https://api.livechatinc.com/"),
        ("https://proxy.example.com/livechat", "https://proxy.example.com/livechat"),
        ("https://proxy.example.com/livechat/", "https://proxy.example.com/livechat/"),
        ("https://proxy.example.com:8443/a/b", "https://proxy.example.com:8443/a/b"),
        ("HTTPS://API.LiveChatInc.com", "https://api.livechatinc.com"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://LOCALHOST", "http://localhost"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://127.0.0.2", "http://127.0.0.2"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        (URL("https://api.livechatinc.com"), "https://api.livechatinc.com"),
    ],
)
def test_a_base_url_may_be(value: str | URL, kept: str) -> None:
    assert str(options(base_url=value).base_url).rstrip("/") == kept.rstrip("/")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "whole URL"),
        ("nonsense", "whole URL"),
        ("api.livechatinc.com", "whole URL"),
        ("//api.livechatinc.com", "whole URL"),
        ("/v2", "whole URL"),
        ("https://", "whole URL"),
        ("https:///v2", "whole URL"),
        ("ftp://api.livechatinc.com", "whole URL"),
        ("javascript:alert(1)", "whole URL"),
        ("https://api.livechatinc.com:port", "not a URL"),
        ("https://api.livechatinc.com:99999", "not a URL"),
        ("https://[::1", "not a URL"),
        ("https://xn--", "not a URL"),
        ("https://api livechatinc.com", "whole URL"),
        (
            b"https://api.livechatinc.com",
            "has to be text, such as https://api.livechatinc.com, not bytes",
        ),
        (None, "com, not NoneType"),
        (5, "com, not int"),
        ("https://api.livechatinc.com?a=1", "query or fragment"),
        ("https://api.livechatinc.com/?", "query or fragment"),
        ("https://api.livechatinc.com/#top", "query or fragment"),
        ("https://api.livechatinc.com#", "query or fragment"),
        ("https://john@api.livechatinc.com", "pass credentials instead"),
        ("http://api.livechatinc.com", "use https"),
        ("http://127.0.0.1.example.com", "use https"),
        ("http://localhost.example.com", "use https"),
        ("http://0.0.0.0", "use https"),
        ("http://10.0.0.1", "use https"),
        ("http://[2001:db8::1]", "use https"),
    ],
)
def test_a_base_url_may_not_be(value: object, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        options(base_url=value)
    assert "base_url" in str(caught.value)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        (("sandbox",), "http://sandbox:8080"),
        (["other", "Sandbox"], "http://SANDBOX"),
        ({"my_sandbox.test"}, "http://my_sandbox.test:8080/path"),
        (iter(["10.0.0.1"]), "http://10.0.0.1"),
        (("2001:DB8:0::1",), "http://[2001:db8::1]:8080"),
        (("2001:db8::1",), "http://[2001:DB8::0:1]:8080"),
        (("sandbox",), "https://api.livechatinc.com"),
    ],
)
def test_plain_http_may_go_to_a_host_that_is_named(hosts: Any, url: str) -> None:
    made = options(base_url=url, allow_insecure_hosts=hosts)
    assert made.base_url == URL(url)
    assert attrs.evolve(made, region="dal").base_url == URL(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://sandbox.",
        "http://sandbox.example.com",
        "http://a.sandbox",
        "http://sandbox2",
        "http://api.livechatinc.com",
        "http://10.0.0.1",
    ],
)
def test_plain_http_goes_to_no_other_host(url: str) -> None:
    with pytest.raises(ConfigurationError, match="use https") as caught:
        options(base_url=url, allow_insecure_hosts=("sandbox",))
    assert f"allow_insecure_hosts=['{URL(url).host}']" in str(caught.value)


@pytest.mark.parametrize(
    "hosts",
    [
        "sandbox",
        b"sandbox",
        None,
        True,
        [""],
        ["*"],
        ["*.example.com"],
        [".example.com"],
        ["sandbox:8080"],
        ["http://sandbox"],
        ["sandbox/"],
        ["sandbox "],
        ["sandbox\n"],
        ["10.0.0.0/8"],
        ["[::1]"],
        [5],
        [None],
    ],
)
def test_hosts_are_exact_names_in_a_list(hosts: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^allow_insecure_hosts.*'sandbox'"):
        options(allow_insecure_hosts=hosts)


URLS_WITH_SECRETS = pytest.mark.parametrize(
    "make",
    [
        lambda: f"https://john:{PLANTED}@api.livechatinc.com",
        lambda: f"https://:{PLANTED}@api.livechatinc.com",
        lambda: f"https://{PLANTED}@api.livechatinc.com",
        lambda: f"http://john:{PLANTED}@api.livechatinc.com",
        lambda: f"https://john:{PLANTED}@api.livechatinc.com:port",
        lambda: f"https://api.livechatinc.com/?token={PLANTED}",
        lambda: f"https://api.livechatinc.com/#{PLANTED}",
        lambda: f"http://sandbox/?token={PLANTED}",
        lambda: f"ftp://john:{PLANTED}@api.livechatinc.com",
        lambda: URL(f"https://john:{PLANTED}@api.livechatinc.com"),
    ],
)


@URLS_WITH_SECRETS
def test_a_refused_base_url_tells_no_password(make: Callable[[], str | URL]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        options(base_url=make())
    assert CORE not in "".join(traceback.format_exception(caught.value))


@URLS_WITH_SECRETS
def test_a_refused_base_url_leaves_no_password_in_locals(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LiveChatClient(base_url=make())
    assert CORE not in shown_by_our_frames(caught.value)


# --- time zone ---


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        ("Europe/Warsaw", ZoneInfo("Europe/Warsaw")),
        ("UTC", ZoneInfo("UTC")),
        (UTC, UTC),
        (timezone(timedelta(hours=1)), timezone(timedelta(hours=1))),
    ],
)
def test_a_time_zone_may_be(value: object, kept: object) -> None:
    assert options(timezone=value).timezone == kept


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("Mars/Olympus", "Europe/Warsaw"),
        ("Europe", "Europe/Warsaw"),
        ("", "Europe/Warsaw"),
        ("../../etc/passwd", "Europe/Warsaw"),
        ("/etc/localtime", "Europe/Warsaw"),
        ("a\0b", "Europe/Warsaw"),
        (1, "timezone=1: a tzinfo or a name"),
        (timedelta(hours=1), "timezone=datetime.timedelta"),
        (b"UTC", "timezone=b'UTC'"),
    ],
)
def test_a_time_zone_may_not_be(value: object, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        options(timezone=value)
    assert "timezone" in str(caught.value)
    assert problem in str(caught.value)


# --- headers ---


@pytest.mark.parametrize("value", [None, {}])
def test_no_headers_are_an_empty_mapping(value: object) -> None:
    assert options(headers=value).headers == {}


def test_headers_are_kept_and_their_values_hidden() -> None:
    made = options(headers={"X-Proxy-Key": PLANTED, "X-Trace": ""})
    assert made.headers == {"X-Proxy-Key": PLANTED, "X-Trace": ""}
    assert CORE not in repr(made)


def test_headers_are_copied() -> None:
    given = {"X-Trace": "1"}
    made = options(headers=given)
    given["X-Trace"] = "2"
    assert made.headers == {"X-Trace": "1"}


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Authorization", "pass credentials instead"),
        ("authorization", "pass credentials instead"),
        ("Content-Length", "the body"),
        ("Content-Type", "encoding"),
        ("Host", "base_url"),
        ("X-API-Version", "version 2"),
        ("x-api-VERSION", "version 2"),
        ("X-Region", "pass region instead"),
    ],
)
def test_headers_of_ours_are_refused_with_what_to_use_instead(name: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        options(headers={name: "x"})
    assert name in str(caught.value)
    assert remedy in str(caught.value)


@pytest.mark.parametrize("name", ["", "X Trace", "X:Trace", "X-Trace\r\n", "X-Żółw", 5, None])
def test_a_header_name_is_a_token(name: object) -> None:
    with pytest.raises(ConfigurationError, match="is no header name"):
        options(headers={name: "x"})


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\n", "a\0", "a\x7f", 5, None, b"a"])
def test_a_header_value_is_one_line_of_text(value: object) -> None:
    with pytest.raises(ConfigurationError, match="the value of X-Trace has to be one line"):
        options(headers={"X-Trace": value})


@pytest.mark.parametrize("value", ["X-Trace: 1", [("X-Trace", "1")], 5])
def test_headers_are_a_mapping(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"headers has to be a mapping, such as .*, not"):
        options(headers=value)


HEADERS_WITH_SECRETS = pytest.mark.parametrize(
    "make",
    [
        lambda: {"Authorization": f"Bearer {PLANTED}"},
        lambda: {"X-Proxy-Key": f"{PLANTED}\n"},
        lambda: {"X-Proxy-Key": PLANTED.encode()},
        lambda: {"X Proxy Key": PLANTED},
        lambda: [("X-Proxy-Key", PLANTED)],
        lambda: f"X-Proxy-Key: {PLANTED}",
    ],
)


@HEADERS_WITH_SECRETS
def test_refused_headers_tell_no_value(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        options(headers=make())
    assert CORE not in "".join(traceback.format_exception(caught.value))


@HEADERS_WITH_SECRETS
def test_refused_headers_leave_no_value_in_locals(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LiveChatClient(headers=make())
    assert CORE not in shown_by_our_frames(caught.value)
    client = LiveChatClient()
    with pytest.raises(ConfigurationError) as caught:
        client.with_options(headers=make())
    assert CORE not in shown_by_our_frames(caught.value)


# --- the rest ---


@pytest.mark.parametrize("value", ["dal", "fra", None])
def test_a_region_may_be(value: str | None) -> None:
    assert options(region=value).region == value


@pytest.mark.parametrize("value", ["", "FRA", "us", "fra:", 1, b"fra"])
def test_a_region_may_not_be(value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        options(region=value)
    assert f"region={value!r} is none of 'dal', 'fra'" in str(caught.value)


@pytest.mark.parametrize("value", [[], {}])
def test_a_region_is_refused_also_when_it_cannot_be_hashed(value: object) -> None:
    with pytest.raises(ConfigurationError, match="region="):
        options(region=value)


@asynccontextmanager
async def turn() -> Any:
    yield


def test_a_limiter_is_any_async_context_manager() -> None:
    limiter = turn()
    assert options(limiter=limiter).limiter is limiter
    assert options(limiter=None).limiter is None


@pytest.mark.parametrize("value", [5, "10/s", turn, object(), open])
def test_a_limiter_is_nothing_else(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"limiter=.*: an async context manager is needed"):
        options(limiter=value)


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("retry", None, "as in RetryPolicy(attempts=3)"),
        ("retry", 3, "as in RetryPolicy(attempts=3)"),
        ("retry", RetryPolicy, "as in RetryPolicy(attempts=3)"),
        ("timeouts", 30, "as in Timeouts(deadline=30)"),
        ("timeouts", None, "as in Timeouts(deadline=30)"),
        ("timeouts", RetryPolicy(), "as in Timeouts(deadline=30)"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_refused_with_the_right_one(
    name: str, value: object, remedy: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        options(**{name: value})
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"), [("region", "us"), ("timezone", "Mars/Olympus"), ("max_response_bytes", "8")]
)
def test_a_changed_option_is_refused_by_its_value(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LiveChatClient().with_options(**{name: value})
    assert f"{name}={value!r}" in str(caught.value)


def test_credentials_may_be_missing_given_or_asked_for() -> None:
    async def source() -> BearerToken:
        return BearerToken("dal:abc")

    given = BearerToken("dal:abc")
    assert options(credentials=None).credentials is None
    assert options(credentials=given).credentials is given
    assert options(credentials=source).credentials is source


def test_options_show_no_credentials() -> None:
    assert CORE not in repr(options(credentials=BearerToken(PLANTED)))
