"""How requests are signed, and how credentials keep their secrets."""

import asyncio
import copy
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

import livechat_async
from livechat_async import BearerToken, ConfigurationError, LiveChatClient, PersonalAccessToken
from livechat_async.credentials import Credentials, CredentialsKeeper, check_credentials

# Module-level, so that no frame of a test holds it: what is then shown, was shown by the library.
PLANTED = "planted-secret-6c42c96ba61ed426"
CORE = "planted-secret"
LOGIN = "john.doe@mycompany.com"

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


# --- signing ---


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        # base64 of `a:b`, by hand: 0x61 0x3a 0x62 is 011000 010011 101001 100010
        (PersonalAccessToken("a", "b"), "Basic YTpi"),
        (
            PersonalAccessToken(LOGIN, "c14b85863755158d7aa5cc4ba17f61cb"),
            "Basic am9obi5kb2VAbXljb21wYW55LmNvbTpjMTRiODU4NjM3NTUxNThkN2FhNWNjNGJhMTdmNjFjYg==",
        ),
        (PersonalAccessToken("żółw", "b"), "Basic xbzDs8WCdzpi"),
        (PersonalAccessToken("0815", "dal:x"), "Basic MDgxNTpkYWw6eA=="),
        (BearerToken("dal:abc"), "Bearer dal:abc"),
        (BearerToken("fra%3Aabc"), "Bearer fra:abc"),
        (BearerToken("fra%3aabc"), "Bearer fra:abc"),
        (BearerToken("fra-abc"), "Bearer fra-abc"),
        (BearerToken("abc%3Adef"), "Bearer abc%3Adef"),
        (BearerToken("abc"), "Bearer abc"),
    ],
    ids=repr,
)
def test_the_header_is_exactly_this(credentials: Credentials, header: str) -> None:
    assert credentials.authorization() == header
    assert header not in repr(credentials.authorization())


@pytest.mark.parametrize(
    ("token", "region"),
    [
        ("dal:abc", "dal"),
        ("fra:abc", "fra"),
        ("FRA:abc", "fra"),
        ("DAL:abc", "dal"),
        ("fra-abc", "fra"),
        ("dal-abc", "dal"),
        ("fra%3Aabc", "fra"),
        ("dal%3aabc", "dal"),
        ("abc", None),
        ("france:abc", None),
        ("abcfra:abc", None),
        ("lon:abc", None),
    ],
)
def test_a_bearer_token_names_its_region(token: str, region: str | None) -> None:
    assert BearerToken(token).region == region


@pytest.mark.parametrize("token", ["dal:abc", "fra:abc", "abc"])
def test_a_personal_access_token_names_no_region(token: str) -> None:
    credentials: Credentials = PersonalAccessToken(LOGIN, token)
    assert credentials.region is None


@pytest.mark.parametrize("login", [LOGIN, "8a2b-account-id", "żółw@example.com", "a b", "100"])
def test_any_text_without_a_colon_is_a_login(login: str) -> None:
    assert PersonalAccessToken(login, PLANTED).login == login


# --- refusals ---


REFUSALS = pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: PersonalAccessToken("", PLANTED), "login is blank"),
        (lambda: PersonalAccessToken("  ", PLANTED), "login is blank"),
        (lambda: PersonalAccessToken(None, PLANTED), "login has to be text, not NoneType"),  # type: ignore[arg-type]
        (lambda: PersonalAccessToken(b"john", PLANTED), "login has to be text, not bytes"),  # type: ignore[arg-type]
        (lambda: PersonalAccessToken(5, PLANTED), "login has to be text, not int"),  # type: ignore[arg-type]
        (lambda: PersonalAccessToken("john\n", PLANTED), "strip it"),
        (lambda: PersonalAccessToken(" john", PLANTED), "strip it"),
        (lambda: PersonalAccessToken("jo\x00hn", PLANTED), "control characters"),
        (lambda: PersonalAccessToken("jo\r\nhn", PLANTED), "control characters"),
        (lambda: PersonalAccessToken("john:doe", PLANTED), "colon"),
        (lambda: PersonalAccessToken(f"john:{PLANTED}", "x"), "two arguments"),
        (lambda: PersonalAccessToken(LOGIN, ""), "token is blank"),
        (lambda: PersonalAccessToken(LOGIN, " \t"), "token is blank"),
        (lambda: PersonalAccessToken(LOGIN, None), "token has to be text, not NoneType"),  # type: ignore[arg-type]
        (lambda: PersonalAccessToken(LOGIN, PLANTED.encode()), "token has to be text, not bytes"),  # type: ignore[arg-type]
        (lambda: PersonalAccessToken(LOGIN, [PLANTED]), "token has to be text, not list"),  # type: ignore[arg-type]
        (lambda: PersonalAccessToken(LOGIN, f"{PLANTED}\n"), "line break"),
        (lambda: PersonalAccessToken(LOGIN, f"{PLANTED}\r\nX-Evil: 1"), "line break"),
        (lambda: PersonalAccessToken(LOGIN, f"{PLANTED} "), "white space"),
        (lambda: PersonalAccessToken(LOGIN, f"“{PLANTED}”"), "outside ASCII"),
        (lambda: PersonalAccessToken(LOGIN, f"{PLANTED}\x7f"), "control characters"),
        (lambda: BearerToken(""), "token is blank"),
        (lambda: BearerToken("\n"), "token is blank"),
        (lambda: BearerToken(None), "token has to be text, not NoneType"),  # type: ignore[arg-type]
        (lambda: BearerToken(PLANTED.encode()), "token has to be text, not bytes"),  # type: ignore[arg-type]
        (lambda: BearerToken(f"{PLANTED}\n"), "line break"),
        (lambda: BearerToken(f"Bearer {PLANTED}"), "white space"),
        (lambda: BearerToken(f"{PLANTED}é"), "outside ASCII"),
        (lambda: check_credentials(PLANTED), "not str"),
        (lambda: check_credentials((LOGIN, PLANTED)), "not tuple"),
        (lambda: check_credentials(None), "not NoneType"),
        (lambda: LiveChatClient(PLANTED), "not str"),  # type: ignore[arg-type]
        (lambda: LiveChatClient((LOGIN, PLANTED)), "not tuple"),  # type: ignore[arg-type]
    ],
)


@REFUSALS
def test_a_refusal_says_what_is_wrong_and_shows_no_secret(
    make: Callable[[], object], problem: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert problem in str(caught.value)
    assert CORE not in shown_by_our_frames(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PersonalAccessToken("", PLANTED),
        lambda: PersonalAccessToken(LOGIN, f"{PLANTED}\n"),
        lambda: BearerToken(f"{PLANTED}\n"),
    ],
    ids=["login", "token", "bearer"],
)
def test_a_refusal_can_be_printed_with_locals(make: Callable[[], object]) -> None:
    # Python 3.11 calls the bare repr of each local, `self` of a half-made object among them.
    with pytest.raises(ConfigurationError) as caught:
        make()
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert CORE not in "".join(shown.format())


# --- as values ---

BOTH = pytest.mark.parametrize(
    "credentials", [PersonalAccessToken(LOGIN, PLANTED), BearerToken(f"fra:{PLANTED}")], ids=type
)


@BOTH
def test_credentials_show_no_secret(credentials: Credentials) -> None:
    assert CORE not in f"{credentials!r} {credentials} {[credentials]} {credentials.token!r}"


def test_a_login_is_no_secret() -> None:
    assert LOGIN in repr(PersonalAccessToken(LOGIN, PLANTED))


@BOTH
@pytest.mark.parametrize(
    "duplicate",
    [lambda value: pickle.loads(pickle.dumps(value)), copy.copy, copy.deepcopy],  # noqa: S301
)
def test_credentials_can_be_sent_to_another_process(
    credentials: Credentials, duplicate: Callable[[Any], Any]
) -> None:
    twin = duplicate(credentials)
    assert twin == credentials
    assert twin.authorization() == credentials.authorization()
    assert CORE not in repr(twin)
    assert CORE not in repr(twin.token)


@BOTH
def test_credentials_are_frozen(credentials: Credentials) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        credentials.token = "other"  # type: ignore[misc]


def test_credentials_are_equal_by_value() -> None:
    assert PersonalAccessToken("a", "b") == PersonalAccessToken("a", "b")
    assert BearerToken("dal:b") == BearerToken("dal%3Ab")
    assert PersonalAccessToken("a", "b") != PersonalAccessToken("a", "c")
    assert PersonalAccessToken("a", "b") != PersonalAccessToken("c", "b")
    assert BearerToken("b") != PersonalAccessToken("a", "b")
    assert len({BearerToken("b"), BearerToken("b"), BearerToken("c")}) == 2


@BOTH
def test_credentials_are_accepted_as_they_are(credentials: Credentials) -> None:
    assert check_credentials(credentials) is credentials


# --- the keeper ---


class Source:
    """An async callable that hands out a new token each time."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self) -> BearerToken:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(0)
        return BearerToken(f"fra:number-{number}")


async def test_given_credentials_are_handed_out_until_they_are_refused() -> None:
    given = PersonalAccessToken("a", "b")
    keeper = CredentialsKeeper(given)
    assert not keeper.missing
    assert await keeper.get() is given
    assert await keeper.get(refused=given) is None


async def test_no_credentials_are_missing() -> None:
    keeper = CredentialsKeeper(None)
    assert keeper.missing
    assert keeper.at_hand is None
    assert await keeper.get() is None


async def test_a_source_is_asked_when_first_needed_and_again_after_a_refusal() -> None:
    source = Source()
    keeper = CredentialsKeeper(source)
    assert not keeper.missing
    assert (source.asked, keeper.at_hand) == (0, None)
    first = await keeper.get()
    assert await keeper.get() is first
    assert (source.asked, keeper.at_hand) == (1, first)
    assert first is not None
    assert first.region == "fra"
    second = await keeper.get(refused=first)
    assert second == BearerToken("fra:number-2")
    assert await keeper.get() is second


async def test_of_tasks_that_need_credentials_at_once_one_asks() -> None:
    source = Source()
    keeper = CredentialsKeeper(source)
    assert len(set(await asyncio.gather(*(keeper.get() for _ in range(20))))) == 1
    assert source.asked == 1


async def test_of_tasks_that_were_refused_at_once_one_asks() -> None:
    source = Source()
    keeper = CredentialsKeeper(source)
    old = await keeper.get()
    fresh = await asyncio.gather(*(keeper.get(refused=old) for _ in range(20)))
    assert set(fresh) == {BearerToken("fra:number-2")}
    assert source.asked == 2


async def test_a_source_that_has_nothing_newer_ends_the_matter() -> None:
    same = BearerToken("b")

    async def source() -> BearerToken:
        return same

    keeper = CredentialsKeeper(source)
    assert await keeper.get() is same
    assert await keeper.get(refused=same) is None


async def test_what_a_source_returns_is_checked_without_being_shown() -> None:
    async def source() -> Any:
        return PLANTED

    with pytest.raises(ConfigurationError, match="not str") as caught:
        await CredentialsKeeper(source).get()
    assert CORE not in shown_by_our_frames(caught.value)


async def test_a_failing_source_is_asked_again_the_next_time() -> None:
    answers: list[Any] = [OSError("no network"), BearerToken("b")]

    async def source() -> BearerToken:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    keeper = CredentialsKeeper(source)
    with pytest.raises(OSError, match="no network"):
        await keeper.get()
    assert await keeper.get() == BearerToken("b")
