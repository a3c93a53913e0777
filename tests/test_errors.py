"""The error tree: its shape, its texts, and its way through pickle and copy."""

import builtins
import copy
import pickle
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Literal

import attrs
import pytest

from livechat_async import errors
from livechat_async.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    CallError,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    ConnectTimeout,
    DecodeError,
    InvalidJSONError,
    LiveChatError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    RequestTimeout,
    ResponseTooLarge,
    ServerError,
    TLSError,
    TransportError,
    WebhookError,
)

URL = "https://api.livechatinc.com/visitors"

# A value for each attribute that any error has, none of them the attribute's default.
SAMPLES: dict[str, Any] = {
    "attempts": 3,
    "resume_page": 17,
    "page": 17,
    "body": '{"error": "no"}',
    "error_type": "limit_reached",
    "expected": "a time",
    "first": date(2026, 1, 31),
    "last": date(2026, 2, 1),
    "most": 25_000,
    "passes": 20,
    "total": 25_001,
    "found": "'noon'",
    "limit": "attempt",
    "limit_bytes": 8_388_608,
    "location": "https://elsewhere.example.com/visitors",
    "message": "no; never",
    "messages": ("no", "never"),
    "method": "GET",
    "path": "[3].chat_start_time",
    "reason": "the cable was cut",
    "region": "fra",
    "remedy": "Register the webhook again",
    "retry_after": 7.5,
    "seconds": 15.0,
    "status": 418,
    "url": URL,
}


def every_class(root: type[LiveChatError] = LiveChatError) -> Iterator[type[LiveChatError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from every_class(child)


ALL_CLASSES = sorted(set(every_class()), key=lambda cls: cls.__name__)


def attributes(error: LiveChatError) -> dict[str, Any]:
    if not attrs.has(type(error)):
        return {}
    return {field.name: getattr(error, field.name) for field in attrs.fields(type(error))}


def make(cls: type[LiveChatError]) -> LiveChatError:
    if not attrs.has(cls):
        return cls("attempts=0: a whole number above zero is needed")
    return cls(**{field.name: SAMPLES[field.name] for field in attrs.fields(cls)})


# --- the tree ---


def drawn_tree() -> dict[str, set[str]]:
    """The names of the bases of each class, as the module's docstring draws them."""
    bases: dict[str, set[str]] = {}
    ancestors: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        drawn = re.match(r"    ([│├└─ ]*)([A-Z]\w+)(?:\s+\((\w+)\))?(.*)", line)
        if drawn is None:
            continue
        branch, name, builtin, remark = drawn.groups()
        depth = len(branch) // 4
        also = re.search(r"also a (\w+)", remark)
        parents = {*ancestors[depth - 1 : depth], builtin, also[1] if also else None}
        bases[name] = {parent for parent in parents if parent}
        ancestors[depth:] = [name]
    return bases


def test_the_tree_drawn_in_the_docstring_is_the_real_one() -> None:
    real = {cls.__name__: {base.__name__ for base in cls.__bases__} for cls in ALL_CLASSES}
    assert {"LiveChatError": {"Exception"}, **real} == {
        **drawn_tree(),
        "LiveChatError": {"Exception"},
    }


def test_every_class_of_the_tree_is_public_and_documented() -> None:
    assert [cls.__name__ for cls in ALL_CLASSES] == sorted(errors.__all__)
    assert all(cls.__doc__ for cls in ALL_CLASSES)


@pytest.mark.parametrize(
    ("cls", "also"),
    [
        (ConfigurationError, ValueError),
        (ClientStateError, RuntimeError),
        (RequestTimeout, TimeoutError),
        (ConnectTimeout, TimeoutError),
        (ConnectTimeout, RequestTimeout),
        (ConnectTimeout, ConnectError),
        (TLSError, ConnectError),
        (InvalidJSONError, DecodeError),
        (WebhookError, ValueError),
    ],
)
def test_an_error_is_caught_as_what_it_is_elsewhere_too(
    cls: type[LiveChatError], also: type[Exception]
) -> None:
    with pytest.raises(also):
        raise make(cls)


@pytest.mark.parametrize("cls", [TransportError, DecodeError, APIStatusError])
def test_only_timeouts_are_os_errors(cls: type[CallError]) -> None:
    assert not issubclass(cls, (OSError, ValueError, RuntimeError))


# --- pickle and copy ---


def through_pickle(protocol: int) -> Callable[[Any], Any]:
    return lambda error: pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own bytes


COPIERS = [
    pytest.param(through_pickle(protocol), id=f"pickle protocol {protocol}")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
]
COPIERS += [pytest.param(copy.copy, id="copy"), pytest.param(copy.deepcopy, id="deepcopy")]


@pytest.mark.parametrize("duplicate", COPIERS)
@pytest.mark.parametrize("cls", ALL_CLASSES)
def test_every_error_survives_with_all_it_holds(
    cls: type[LiveChatError], duplicate: Callable[[LiveChatError], LiveChatError]
) -> None:
    error = make(cls)
    error.add_note("while looking for queued visitors")
    twin = duplicate(error)
    assert twin is not error
    assert type(twin) is cls
    assert attributes(twin) == attributes(error)
    assert twin.args == error.args
    assert str(twin) == str(error)
    assert repr(twin) == repr(error)
    assert twin.__notes__ == ["while looking for queued visitors"]


class ShopError(ServerError):
    """A subclass of a user's, with more to it than attributes of ours."""

    order = ""


@pytest.mark.parametrize("duplicate", COPIERS)
def test_a_users_subclass_survives_too(duplicate: Callable[[LiveChatError], LiveChatError]) -> None:
    error = ShopError(method="GET", url=URL, status=500, message="no")
    error.order = "order 7"
    twin = duplicate(error)
    assert isinstance(twin, ShopError)
    assert (twin.order, twin.status) == ("order 7", 500)


def test_a_deep_copy_shares_no_notes() -> None:
    error = make(ServerError)
    error.add_note("first")
    copy.deepcopy(error).add_note("second")
    assert error.__notes__ == ["first"]


# --- equality ---


def test_errors_are_equal_by_identity_and_can_be_kept_in_sets() -> None:
    one, two = make(ServerError), make(ServerError)
    assert one != two
    assert len({one, two, one}) == 2


# --- texts ---


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (CallError(method="GET", url=URL), f"GET {URL}: the call failed"),
        (
            TransportError(method="GET", url=URL, reason="something odd"),
            f"GET {URL}: something odd",
        ),
        (
            ConnectError(method="GET", url=URL, reason="connection refused", attempts=4),
            (
                f"GET {URL}: connection refused (after 4 attempts). "
                "Check base_url, and that this machine reaches that host"
            ),
        ),
        (
            ConnectTimeout(method="GET", url=URL, seconds=5.0),
            (
                f"GET {URL}: no connection within the connect limit of 5 s. "
                "Check base_url, and that this machine reaches that host"
            ),
        ),
        (
            TLSError(method="GET", url=URL, reason="certificate has expired"),
            (
                f"GET {URL}: certificate has expired. "
                "Check base_url and the clock and CA certificates of this machine"
            ),
        ),
        (
            ConnectionLost(method="POST", url=URL, reason="the answer was cut short"),
            (
                f"POST {URL}: the connection was lost: the answer was cut short. "
                "Try again later; this POST may have been carried out"
            ),
        ),
        (
            RequestTimeout(method="GET", url=URL, limit="attempt", seconds=0.25),
            (
                f"GET {URL}: no answer within the attempt limit of 0.25 s. "
                "Raise Timeouts(attempt=...) if the server needs longer"
            ),
        ),
        (
            RequestTimeout(
                method="GET", url=URL, limit="deadline", seconds=60, reason="503", attempts=2
            ),
            (
                f"GET {URL}: no answer within the deadline limit of 60 s (before that: 503) "
                "(after 2 attempts). Raise Timeouts(deadline=...) if the server needs longer"
            ),
        ),
        (
            ResponseTooLarge(method="GET", url=URL, limit_bytes=8_388_608),
            (
                f"GET {URL}: the answer is larger than 8,388,608 bytes. "
                "Ask for less, or raise max_response_bytes"
            ),
        ),
        (
            RedirectError(
                method="GET", url=URL, status=302, location="https://x.example.com/", reason="no"
            ),
            (
                f"GET {URL}: the server answered 302 and points to https://x.example.com/: no. "
                "If you trust that address, use it as base_url"
            ),
        ),
        (
            BadRequestError(method="GET", url=URL, status=400, message="state is wrong"),
            f"GET {URL}: answered 400: state is wrong. Change the argument it names",
        ),
        (
            AuthenticationError(method="GET", url=URL, status=401, message="no rights"),
            (f"GET {URL}: answered 401: no rights. Check login and token"),
        ),
        (
            AuthenticationError(
                method="POST", url=f"{URL}/S1.a/details", status=401, message="no rights"
            ),
            (
                f"POST {URL}/S1.a/details: answered 401: no rights. license_id and token have to "
                "come from the chat_started webhook of this chat"
            ),
        ),
        (
            PermissionDeniedError(method="GET", url=URL, status=403, message="no"),
            (
                f"GET {URL}: answered 403: no. The account's plan may lack this method, or a "
                "permission is missing: check the agent's role and the token's scopes"
            ),
        ),
        (
            RateLimitError(method="GET", url=URL, status=429, message="slow", retry_after=90.0),
            (
                f"GET {URL}: answered 429, to be asked again in 90 s: slow. "
                "Send less at a time: see max_concurrency and limiter"
            ),
        ),
        (
            ServerError(method="GET", url=URL, status=502, message="Bad Gateway", attempts=4),
            f"GET {URL}: answered 502: Bad Gateway (after 4 attempts). Try again later",
        ),
        (
            APIStatusError(method="GET", url=URL, status=421, message="wrong region", region="fra"),
            f"GET {URL}: answered 421: wrong region. Pass region='fra'",
        ),
        (
            DecodeError(
                method="GET",
                url=URL,
                path="[3].chat_start_time",
                expected="a time",
                found="'noon'",
                status=200,
            ),
            (
                f"GET {URL}: expected a time at [3].chat_start_time, got 'noon'. "
                "The error's `body` holds the beginning of the answer"
            ),
        ),
        (
            InvalidJSONError(
                method="GET", url=URL, path="", expected="JSON", found="an empty body", status=200
            ),
            (
                f"GET {URL}: expected JSON as the answer, got an empty body. "
                "The error's `body` holds the beginning of the answer"
            ),
        ),
        (
            WebhookError(path="", expected="JSON", found="an empty body"),
            "expected JSON as the body of a webhook, got an empty body",
        ),
        (
            WebhookError(path="chat.tags", expected="a list", found="7", remedy="Look at it"),
            "expected a list at chat.tags of a webhook's body, got 7. Look at it",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, LiveChatError) else "",
)
def test_the_text_says_what_was_asked_what_came_and_what_to_do(
    error: LiveChatError, text: str
) -> None:
    assert str(error) == text


@pytest.mark.parametrize("limit", ["connect", "attempt", "deadline"])
def test_a_timeout_names_the_setting_to_raise(
    limit: Literal["connect", "attempt", "deadline"],
) -> None:
    error = RequestTimeout(method="GET", url=URL, limit=limit, seconds=1.5)
    assert f"Timeouts({limit}=...)" in str(error)


def test_a_missing_resource_reminds_that_accounts_lose_methods() -> None:
    # LiveChat switches off the methods of this version account by account.
    error = NotFoundError(method="GET", url=URL, status=404, message="Not Found")
    assert "account" in str(error)


@pytest.mark.parametrize(
    ("cls", "status"),
    [
        (BadRequestError, 400),
        (AuthenticationError, 401),
        (PermissionDeniedError, 403),
        (APIStatusError, 421),
    ],
)
def test_a_named_region_is_said_whatever_the_status(cls: type[APIStatusError], status: int) -> None:
    error = cls(method="GET", url=URL, status=status, message="misdirected", region="fra")
    assert "region='fra'" in str(error)


@pytest.mark.parametrize("cls", [AuthenticationError, PermissionDeniedError, RateLimitError])
def test_a_servers_full_stop_is_not_doubled(cls: type[APIStatusError]) -> None:
    error = cls(method="GET", url=URL, status=401, message="You have no rights.")
    assert "no rights. " in str(error)
    assert ".." not in str(error)


@pytest.mark.parametrize("attempts", [1, 2])
def test_attempts_are_told_when_there_was_more_than_one(attempts: int) -> None:
    text = str(ServerError(method="GET", url=URL, status=500, message="no", attempts=attempts))
    assert ("attempts" in text) == (attempts > 1)


@pytest.mark.parametrize("cls", [cls for cls in ALL_CLASSES if issubclass(cls, APIStatusError)])
def test_a_body_does_not_flood_the_repr(cls: type[LiveChatError]) -> None:
    assert SAMPLES["body"] not in repr(make(cls))


def test_builtin_names_are_shadowed_by_none_of_ours() -> None:
    assert not set(errors.__all__) & set(dir(builtins))
