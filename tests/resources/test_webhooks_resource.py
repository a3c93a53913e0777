"""`client.webhooks`: what is registered, replaced and removed, and what never shows."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from livechat_async import (
    BadRequestError,
    CallError,
    ConfigurationError,
    ConnectError,
    DecodeError,
    LiveChatClient,
    LiveChatError,
    NotFoundError,
    PermissionDeniedError,
    RetryPolicy,
    ServerError,
    Timeouts,
)
from livechat_async.models.webhooks import Webhook, WebhookDataType, WebhookEventType
from livechat_async.redaction import WireText
from livechat_async.sandbox import Body, CutBody, Envelope, Sandbox, Slow, Status
from livechat_async.sandbox.webhooks.registrations import Registration

CHAT_STARTED, CHAT_ENDED = WebhookEventType.CHAT_STARTED, WebhookEventType.CHAT_ENDED
CHAT, VISITOR, SURVEY = (
    WebhookDataType.CHAT,
    WebhookDataType.VISITOR,
    WebhookDataType.PRE_CHAT_SURVEY,
)
URL = "https://example.com/livechat"
WITH_PASSWORD = "https://user:PLANTEDpassword@example.com/livechat"

Call: TypeAlias = Callable[[LiveChatClient], Awaitable[object]]


def client_of(sandbox: Sandbox) -> LiveChatClient:
    return LiveChatClient(
        sandbox.credentials, base_url=sandbox.url, retry=RetryPolicy(attempts=2, backoff=0)
    )


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[LiveChatClient]:
    async with client_of(sandbox) as opened:
        yield opened


def asked(sandbox: Sandbox) -> list[str]:
    return [f"{request.method} {request.path}" for request in sandbox.requests]


# --- list, create, delete ---


async def test_from_creating_to_deleting(sandbox: Sandbox, client: LiveChatClient) -> None:
    assert await client.webhooks.list() == []
    made = await client.webhooks.create("chat_started", url=WITH_PASSWORD, data_types=["visitor"])
    assert isinstance(made, Webhook)
    assert (made.event_type, made.data_types) == (CHAT_STARTED, (VISITOR,))
    assert (made.url, made.address, made.license_id) == (WITH_PASSWORD, URL, "12345")
    request = sandbox.requests[-1]
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.form() == {
        "event_type": "chat_started",
        "data_types": ["visitor"],
        "url": WITH_PASSWORD,
    }
    assert b"data_types%5B%5D=visitor" in request.body
    other = await client.webhooks.create(WebhookEventType.TICKET_CREATED, url="http://example.com")
    assert other.url == "https://example.com"  # as LiveChat makes it
    assert await client.webhooks.list() == [made, other]
    await client.webhooks.delete(made.id)
    assert await client.webhooks.list() == [other]
    with pytest.raises(NotFoundError, match="Push notification not found"):
        await client.webhooks.delete(made.id)


@pytest.mark.parametrize("nothing", [None, {}, "", [None]])
async def test_a_list_of_nothing_has_no_webhooks(
    sandbox: Sandbox, client: LiveChatClient, nothing: object
) -> None:
    """Nothing is known in this envelope as it is in a field (field case 3)."""
    sandbox.inject(Envelope(change={"events": nothing}))
    assert await client.webhooks.list() == []


async def test_all_data_by_default(client: LiveChatClient) -> None:
    for event in WebhookEventType:
        await client.webhooks.create(event, url=URL)
    assert {hook.event_type: hook.data_types for hook in await client.webhooks.list()} == {
        "chat_started": (CHAT, VISITOR, SURVEY),
        "chat_ended": (CHAT, VISITOR, SURVEY),
        "chat_changed": (CHAT, VISITOR),
        "visitor_queued": (VISITOR,),
        "ticket_created": (WebhookDataType.TICKET,),
        "canned_response_changed": (WebhookDataType.CANNED_RESPONSE,),
    }


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com/a",
        "http://127.0.0.1:8080/livechat",
        "HTTPS://Example.COM:8443/a?b=c%20d",
        "https://m%C3%A9:p%40%3A%2F@example.com/",
        "https://[::1]/a",
        "https://bücher.example/ä",
    ],
)
async def test_urls_as_they_are(sandbox: Sandbox, client: LiveChatClient, url: str) -> None:
    await client.webhooks.create("visitor_queued", url=url)
    assert sandbox.requests[-1].form()["url"] == url


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (None, "url: text such as 'https://example.com/livechat' is needed, not NoneType"),
        (
            b"https://example.com",
            "url: text such as 'https://example.com/livechat' is needed, not bytes",
        ),
        ("", "url has to be a whole URL"),
        ("example.com/livechat", "url has to be a whole URL"),
        ("/livechat", "url has to be a whole URL"),
        ("https://", "url has to be a whole URL"),
        ("https:///livechat", "url has to be a whole URL"),
        ("ftp://example.com/", "url has to be a whole URL"),
        ("user:PLANTEDpassword@example.com", "url has to be a whole URL"),
        (
            "https://user:PLANTED/password@example.com/",
            "url is not a URL: use one such as https://example.com/livechat; what is special",
        ),
        ("https://[::1/", "url is not a URL"),
        ("https://user:PLANTED password@example.com/", "url holds a blank"),
        (" https://example.com/", "url holds a blank"),
        ("https://example.com/\n", "url holds a blank"),
        ('https://user:PLANTED"password@example.com/', "url holds a blank or a character that"),
        ("https://user:PLANTED\\password@example.com/", "url holds a blank or a character that"),
        ("https://example.com/\udc00", "url holds a blank or a character that"),
        ("https://user:PLANTEDpassword@example.com/#a", "url holds a fragment"),
    ],
)
async def test_urls_that_cannot_be(
    sandbox: Sandbox, client: LiveChatClient, url: Any, text: str
) -> None:
    for call in (
        client.webhooks.create("chat_started", url=url),
        client.webhooks.ensure(url, ["chat_started"]),
    ):
        with pytest.raises(ConfigurationError) as caught:
            await call
        assert str(caught.value).startswith(text)
        check_hidden(caught.value)
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("event_type", "data_types", "text"),
    [
        ("chat_begun", None, "event_type='chat_begun' is none of 'chat_started'"),
        (None, None, "event_type=None is none of 'chat_started'"),
        (["chat_started"], None, "event_type=['chat_started'] is none of"),
        ("chat_started", "chat", "data_types='chat': a list of names is needed"),
        ("chat_started", 7, "data_types=7: a list of names is needed"),
        ("chat_started", [], "data_types is empty"),
        ("chat_started", ["ticket"], "data_types: chat_started brings no 'ticket', but 'chat'"),
        ("chat_changed", ["pre_chat_survey"], "data_types: chat_changed brings no"),
        ("chat_started", [["chat"]], "data_types: chat_started brings no ['chat']"),
    ],
)
async def test_arguments_that_cannot_be(
    sandbox: Sandbox, client: LiveChatClient, event_type: Any, data_types: Any, text: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await client.webhooks.create(event_type, url=URL, data_types=data_types)
    assert str(caught.value).startswith(text)
    events = [event_type] if data_types is None else MappingProxyType({event_type: data_types})
    with pytest.raises(ConfigurationError):
        await client.webhooks.ensure(URL, events)
    assert sandbox.requests == []


@pytest.mark.parametrize("events", ["chat_started", 7, None])
async def test_events_that_are_none(sandbox: Sandbox, client: LiveChatClient, events: Any) -> None:
    with pytest.raises(ConfigurationError, match="events="):
        await client.webhooks.ensure(URL, events)
    assert sandbox.requests == []


async def test_what_livechat_refuses(sandbox: Sandbox, client: LiveChatClient) -> None:
    sandbox.inject(Status(400, '{"errors": ["url is not reachable", "and so on"]}'))
    with pytest.raises(BadRequestError) as caught:
        await client.webhooks.create("chat_started", url=URL)
    assert caught.value.messages == ("url is not reachable", "and so on")
    assert len(sandbox.requests) == 1


# --- ensure ---


def rows(sandbox: Sandbox) -> list[tuple[str, tuple[str, ...], str]]:
    return [
        (item["event_type"], tuple(item["data_types"]), str(item["url"]))
        for item in sandbox.webhooks
    ]


async def test_what_is_missing_is_created_once(sandbox: Sandbox, client: LiveChatClient) -> None:
    made = await client.webhooks.ensure(URL, ["chat_started", CHAT_ENDED, "chat_started"])
    assert [hook.event_type for hook in made] == [CHAT_STARTED, CHAT_ENDED]
    assert await client.webhooks.list() == made
    sandbox.clear_requests()
    assert await client.webhooks.ensure(URL, ["chat_started", CHAT_ENDED]) == made
    assert asked(sandbox) == ["GET /webhooks"]


@pytest.mark.parametrize(
    "events",
    [
        {"chat_started": ["visitor", "chat"], "ticket_created": ["ticket"]},
        {CHAT_STARTED: (CHAT, VISITOR), WebhookEventType.TICKET_CREATED: {"ticket"}},
    ],
)
async def test_only_some_data(
    sandbox: Sandbox, client: LiveChatClient, events: Mapping[str, Any]
) -> None:
    await client.webhooks.ensure(URL, events)
    assert [(event, set(kinds)) for event, kinds, _ in rows(sandbox)] == [
        ("chat_started", {"chat", "visitor"}),
        ("ticket_created", {"ticket"}),
    ]
    sandbox.clear_requests()
    await client.webhooks.ensure(URL, events)
    assert asked(sandbox) == ["GET /webhooks"]


async def test_what_differs_is_replaced_and_what_is_too_much_removed(
    sandbox: Sandbox, client: LiveChatClient
) -> None:
    good = sandbox.register_webhook("chat_started", WITH_PASSWORD)
    again = sandbox.register_webhook("chat_started", WITH_PASSWORD)
    bare = sandbox.register_webhook("chat_ended", URL)
    fewer = sandbox.register_webhook("visitor_queued", "https://user:old@example.com/livechat")
    surplus = sandbox.register_webhook("ticket_created", WITH_PASSWORD)
    elsewhere = sandbox.register_webhook("chat_started", f"{WITH_PASSWORD}/other")
    kept = await client.webhooks.ensure(
        WITH_PASSWORD, ["visitor_queued", "chat_started", "chat_ended"]
    )
    assert [hook.id for hook in kept][1] == good
    assert {item["id"] for item in sandbox.webhooks} == {elsewhere, *(hook.id for hook in kept)}
    assert {hook.url.reveal() for hook in kept} == {WITH_PASSWORD}
    # All that is new is there before anything old goes.
    assert asked(sandbox) == [
        "GET /webhooks",
        "POST /webhooks",
        "POST /webhooks",
        *(f"DELETE /webhooks/{gone}" for gone in (again, bare, fewer, surplus)),
    ]


async def test_none_at_all(sandbox: Sandbox, client: LiveChatClient) -> None:
    sandbox.register_webhook("chat_started", URL)
    sandbox.register_webhook("chat_started", "https://example.org/livechat")
    assert await client.webhooks.ensure(URL, []) == []
    assert rows(sandbox) == [
        ("chat_started", ("chat", "visitor", "pre_chat_survey"), "https://example.org/livechat")
    ]


@pytest.mark.parametrize(
    "same",
    [
        "http://example.com/livechat",
        "https://EXAMPLE.com:443/livechat",
        "http://example.com:80/livechat",
        "https://example.com./livechat",
        "https://example.com/a/../livechat",
        "https://example.com/%6civechat",
    ],
)
async def test_other_spellings_are_the_same(
    sandbox: Sandbox, client: LiveChatClient, same: str
) -> None:
    sandbox.register_webhook("visitor_queued", URL)
    await client.webhooks.ensure(same, ["visitor_queued"])
    assert asked(sandbox) == ["GET /webhooks"]


@pytest.mark.parametrize(
    "other",
    [
        "https://example.com/livechat/",
        "https://example.com/LiveChat",
        "https://example.com/livechat?a",
        "https://example.com:8443/livechat",
        "https://www.example.com/livechat",
        "https://example.com/",
    ],
)
async def test_other_addresses_are_not(
    sandbox: Sandbox, client: LiveChatClient, other: str
) -> None:
    sandbox.register_webhook("visitor_queued", other)
    await client.webhooks.ensure(URL, ["visitor_queued"])
    assert [url for _, _, url in rows(sandbox)] == [other, URL]


async def test_somebody_else_removed_it_first(sandbox: Sandbox, client: LiveChatClient) -> None:
    for _ in range(3):
        sandbox.register_webhook("visitor_queued", URL)
    sandbox.inject(Slow(0))
    sandbox.inject(Status(404, '{"error": "Push notification not found"}'))
    assert len(await client.webhooks.ensure(URL, ["visitor_queued"])) == 1
    assert [request.status for request in sandbox.requests] == [200, 404, 200]


USER_INFOS = ["", "user:password@", "user:other@", "user@", "u%40r:p%3A@"]
ADDRESSES = [
    "example.com/livechat",
    "example.com/other",
    "example.com/livechat?a=b",
    "example.com:8443/livechat",
    "example.org/livechat",
]
BROKEN = [
    "",
    "x",
    "https://",
    "https://[::1",
    "https://a:b:c/",
    "user:password@example.com/livechat",
]
KINDS = {event: tuple(kinds) for event, kinds in {
    "chat_started": ("chat", "visitor", "pre_chat_survey"),
    "chat_ended": ("chat", "visitor", "pre_chat_survey"),
    "chat_changed": ("chat", "visitor"),
    "visitor_queued": ("visitor",),
    "ticket_created": ("ticket",),
}.items()}  # fmt: skip
urls = st.builds("{}://{}{}".format, st.sampled_from(["http", "https"]),
                 st.sampled_from(USER_INFOS), st.sampled_from(ADDRESSES))  # fmt: skip


@frozen
class Row:
    event_type: str
    data_types: tuple[str, ...]
    url: str


def some_of(kinds: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(kinds), min_size=1, unique=True).map(tuple)


existing = st.one_of(
    st.sampled_from([*KINDS]).flatmap(
        lambda event: st.builds(
            Row, st.just(event), some_of(KINDS[event]), urls | st.sampled_from(BROKEN)
        )
    ),
    st.builds(Row, st.just("something_new"), st.just(("chat", "what")), urls),
    st.builds(Row, st.sampled_from([*KINDS]), st.just(()), urls),
)
wanted_events = st.lists(st.sampled_from([*KINDS]), max_size=5, unique=True).flatmap(
    lambda events: st.fixed_dictionaries({event: some_of(KINDS[event]) for event in events})
)


def put(sandbox: Sandbox, row: Row) -> str:
    """A registration of any kind, also such as the API would refuse."""
    items = sandbox._account.registrations._items
    webhook_id = f"f{len(items):031x}"
    items[webhook_id] = Registration(
        id=webhook_id,
        event_type=row.event_type,
        data_types=row.data_types,
        url=WireText(row.url),
        token=WireText("0" * 32),
    )
    return webhook_id


def split(url: str) -> tuple[str, str] | None:
    """User info and address, in a way of this test's own; None for what is broken."""
    if url in BROKEN:
        return None
    rest = url.partition("://")[2]
    user_info, mark, address = rest.rpartition("@")
    return user_info + mark, address


@settings(max_examples=60)
@given(st.lists(existing, max_size=8), urls, wanted_events)
def test_from_any_registrations(
    before: list[Row], url: str, events: dict[str, tuple[str, ...]]
) -> None:
    asyncio.run(ensure_from(before, url, events))


async def ensure_from(before: list[Row], url: str, events: dict[str, tuple[str, ...]]) -> None:
    target = split(url)
    assert target is not None
    async with Sandbox() as sandbox, client_of(sandbox) as client:
        others: list[dict[str, Any]] = []
        for row in before:
            put(sandbox, row)
            place = split(row.url)
            if place is None or place[1] != target[1]:
                others.append(sandbox.webhooks[-1])

        result = await client.webhooks.ensure(url, events)

        after = sandbox.webhooks
        assert [item for item in after if item in others] == others
        here = [item for item in after if item not in others]
        assert len(here) == len(events) == len(result)
        assert {item["event_type"]: set(item["data_types"]) for item in here} == {
            event: set(kinds) for event, kinds in events.items()
        }
        assert all(split(item["url"]) == target for item in here)
        assert [hook.event_type for hook in result] == [*events]
        assert {hook.id for hook in result} == {item["id"] for item in here}

        sandbox.clear_requests()
        assert await client.webhooks.ensure(url, events) == result
        assert asked(sandbox) == ["GET /webhooks"]
        assert sandbox.webhooks == after


@settings(max_examples=40)
@given(st.lists(existing, max_size=6), urls, wanted_events, st.integers(0, 6))
def test_nothing_old_goes_before_its_replacement_is_there(
    before: list[Row], url: str, events: dict[str, tuple[str, ...]], failing: int
) -> None:
    asyncio.run(ensure_failing(before, url, events, failing))


async def ensure_failing(
    before: list[Row], url: str, events: dict[str, tuple[str, ...]], failing: int
) -> None:
    async with Sandbox() as sandbox, client_of(sandbox) as client:
        for row in before:
            put(sandbox, row)
        old = sandbox.webhooks
        if failing:
            sandbox.inject(Slow(0), times=failing)
        sandbox.inject(Status(403, '{"error": "no"}'), times=10)
        with contextlib.suppress(PermissionDeniedError):
            await client.webhooks.ensure(url, events)
        requests = asked(sandbox)
        deleted = [item for item in old if item not in sandbox.webhooks]
        if deleted:
            # Then all creations are done, and every event is there as it was asked for.
            assert "POST /webhooks" not in requests[failing:]
            place = split(url)
            good = {
                (item["event_type"], frozenset(item["data_types"]))
                for item in sandbox.webhooks
                if split(item["url"]) == place
            }
            assert good >= {(event, frozenset(kinds)) for event, kinds in events.items()}
        sandbox.clear_faults()
        result = await client.webhooks.ensure(url, events)
        assert [hook.event_type for hook in result] == [*events]


# --- secrets ---


PLANTED = ("PLANTED", "b" + "0" * 28 + "bee", "UExBTlRFRA")


def faces_of(error: BaseException) -> Iterator[str]:
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None:
            continue
        waiting += [one.__cause__, one.__context__]
        yield from (str(one), repr(one), repr(vars(one)), repr(one.args))
        told = traceback.TracebackException.from_exception(one, capture_locals=True)
        for frame in told.stack:
            # This file's own frames know what they have planted.
            if not frame.filename.endswith("test_webhooks_resource.py"):
                yield f"{frame.filename} {frame.name} {frame.locals}"
    yield pickle.dumps(error).decode("latin-1")
    yield pickle.dumps(copy.deepcopy(error)).decode("latin-1")


def check_hidden(error: BaseException) -> None:
    for face in faces_of(error):
        for planted in PLANTED:
            assert planted not in face


def echo(status: int, text: str) -> Status:
    return Status(status, f'{{"error": "{text}"}}')


LONG = "x" * 1900
ITEM = (
    '{"licence": 1, "event_type": "chat_started", "data_types": ["chat"], "verified": true, '
    f'"token": "{PLANTED[1]}", "id": "b1", "url": "{WITH_PASSWORD}"}}'
)
ESCAPED = ITEM.replace("/", r"\/").replace("PLANTED", r"PLANTED\u00e9")
IN_A_LIST = ITEM.replace(f'"{WITH_PASSWORD}"', f'["{WITH_PASSWORD}"]')
FAULTS: dict[str, Callable[[Sandbox], None]] = {
    "the url in the error": lambda sandbox: sandbox.inject(echo(400, WITH_PASSWORD)),
    "with another scheme": lambda sandbox: sandbox.inject(
        echo(400, f"{WITH_PASSWORD.replace('https', 'http')} does not answer")
    ),
    "with escapes": lambda sandbox: sandbox.inject(
        echo(422, WITH_PASSWORD.replace("/", r"\/").replace("user", r"\u0075ser"))
    ),
    "percent-encoded": lambda sandbox: sandbox.inject(
        echo(400, "https%3A%2F%2Fuser%3aPLANTEDpassword%40example.com%2Flivechat")
    ),
    "cut off": lambda sandbox: sandbox.inject(echo(400, f"{LONG} {WITH_PASSWORD} {LONG}")),
    "a server error": lambda sandbox: sandbox.inject(echo(501, WITH_PASSWORD)),
    "a broken item": lambda sandbox: sandbox.inject(
        Body(f'{{"events": [{ITEM.replace("b1", "")}, {ITEM.replace("1,", "[1],")}]}}')
    ),
    "an item with escapes": lambda sandbox: sandbox.inject(
        Body(f'{{"events": [{ESCAPED.replace("1,", "[],")}, 7]}}')
    ),
    "an object for the list": lambda sandbox: sandbox.inject(
        Body(f'{{"events": {{"a": {ITEM}}}}}')
    ),
    "the url of a list": lambda sandbox: sandbox.inject(Body(f'{{"events": [{IN_A_LIST}]}}')),
    "a list of strings": lambda sandbox: sandbox.inject(Body(f'["{WITH_PASSWORD}", "b"]')),
    "a cut body": lambda sandbox: sandbox.inject(
        Body(f'{{"events": [{ITEM}, {ITEM[:-30]}'), times=2
    ),
    "a connection that is lost": lambda sandbox: sandbox.inject(CutBody(0.5), times=2),
    "a redirect": lambda sandbox: sandbox.inject(Status(302, WITH_PASSWORD)),
}
CALLS: dict[str, Call] = {
    "list": lambda client: client.webhooks.list(),
    "create": lambda client: client.webhooks.create("chat_started", url=WITH_PASSWORD),
    "ensure": lambda client: client.webhooks.ensure(WITH_PASSWORD, ["chat_started"]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_error_shows_a_password(
    sandbox: Sandbox,
    client: LiveChatClient,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    call: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    FAULTS[fault](sandbox)
    with pytest.raises(LiveChatError) as caught:
        await CALLS[call](client)
    assert isinstance(caught.value, CallError)
    check_hidden(caught.value)
    assert "PLANTED" not in caplog.text
    assert PLANTED[1] not in caplog.text


async def test_the_rest_of_an_error_stays(sandbox: Sandbox, client: LiveChatClient) -> None:
    sandbox.inject(echo(400, "http://user:PLANTED@example.com/a is bad, ask john@example.com"))
    with pytest.raises(BadRequestError) as caught:
        await client.webhooks.create("chat_started", url=URL)
    assert caught.value.message == "http://***@example.com/a is bad, ask john@example.com"
    sandbox.inject(Envelope({"events.0.data_types": "chat"}))
    sandbox.register_webhook("chat_started", URL)
    with pytest.raises(DecodeError) as decode:
        await client.webhooks.list()
    assert decode.value.path == "events[0].data_types"
    assert '"licence":12345' in decode.value.body
    assert '"token":"***"' in decode.value.body
    assert URL in decode.value.body


async def test_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Sandbox() as sandbox:
        client = client_of(sandbox)
    async with client:
        for call in CALLS.values():
            with pytest.raises(ConnectError) as caught:
                await call(client)
            check_hidden(caught.value)
    assert "PLANTED" not in caplog.text


async def test_ensure_failing_half_way_shows_nothing(
    sandbox: Sandbox, client: LiveChatClient
) -> None:
    sandbox.register_webhook("chat_ended", "https://user:PLANTEDold@example.com/livechat")
    sandbox.inject(Slow(0), times=2)
    sandbox.inject(echo(500, WITH_PASSWORD))
    with pytest.raises(ServerError) as caught:
        await client.webhooks.ensure(WITH_PASSWORD, ["chat_started", "chat_ended"])
    check_hidden(caught.value)
    assert len(sandbox.webhooks) == 2


async def test_a_cancelled_call_shows_nothing(sandbox: Sandbox) -> None:
    async with LiveChatClient(
        sandbox.credentials, base_url=sandbox.url, timeouts=Timeouts(deadline=0.2)
    ) as client:
        for call in CALLS.values():
            sandbox.inject(Slow(30))
            with pytest.raises(TimeoutError) as caught:
                await call(client)
            check_hidden(caught.value)


async def test_no_repr_shows_a_password(client: LiveChatClient) -> None:
    made = await client.webhooks.create("chat_started", url=WITH_PASSWORD)
    assert "PLANTED" not in repr(made)
    assert made.token.reveal() not in repr(made)
    assert "PLANTED" not in repr(await client.webhooks.list())
    assert copy.deepcopy(made) == made
