"""The visitors, end to end against the sandbox, which checks each request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from livechat_async import (
    AuthenticationError,
    BadRequestError,
    ConnectError,
    ConnectionLost,
    DecodeError,
    DetailField,
    InvalidJSONError,
    LiveChatClient,
    PersonalAccessToken,
    RateLimitError,
    RedirectError,
    RequestTimeout,
    RetryPolicy,
    ServerError,
    Timeouts,
    VisitorDetails,
    VisitorState,
)
from livechat_async.sandbox import (
    Body,
    CutBody,
    Drip,
    DropConnection,
    EmptyBody,
    Fault,
    Html,
    Redirect,
    Sandbox,
    Slow,
    Status,
)

DETAILS = VisitorDetails(
    "my-app",
    [DetailField("Age", 36), DetailField("Profile", "Open", url="https://crm.example.com/7?a=1&b")],
    icon="https://example.com/icon.png",
)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[LiveChatClient]:
    async with LiveChatClient(
        sandbox.credentials, base_url=sandbox.url, retry=RetryPolicy(backoff=0)
    ) as client:
        yield client


async def add(client: LiveChatClient, sandbox: Sandbox, visitor_id: str, **options: Any) -> None:
    chat = sandbox.chat_of(visitor_id) or sandbox.start_chat(visitor_id)
    given = {"license_id": chat.license_id, "token": chat.token, **options}
    await client.visitors.add_details(visitor_id, given.pop("details", DETAILS), **given)


async def test_all_visitors_are_listed(sandbox: Sandbox, client: LiveChatClient) -> None:
    visit = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    ids = [
        sandbox.add_visitor(name="Mary Brown", group=2, last_visit=visit, odd="kept"),
        sandbox.add_visitor(name="", state="queued"),
        sandbox.add_visitor(state="day-dreaming"),
    ]
    visitors = {visitor.id: visitor for visitor in await client.visitors.list()}
    assert visitors.keys() == set(ids)
    mary, queued, dreaming = (visitors[visitor_id] for visitor_id in ids)
    assert (mary.name, mary.group, mary.last_visit) == ("Mary Brown", 2, visit)
    assert mary.extra["odd"] == "kept"
    assert (queued.name, queued.state) == ("", VisitorState.QUEUED)
    assert dreaming.state == "day-dreaming"


async def test_no_visitors_are_an_empty_list(sandbox: Sandbox, client: LiveChatClient) -> None:
    assert sandbox.visitors == []
    assert await client.visitors.list() == []
    assert await client.visitors.count() == 0


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, {"a", "b", "c", "d"}),
        ({"state": "chatting"}, {"c", "d"}),
        ({"state": VisitorState.QUEUED}, {"b"}),
        ({"groups": [0]}, {"a", "c"}),
        ({"groups": [0, 2]}, {"a", "b", "c"}),
        ({"groups": [9]}, set()),
        ({"state": "chatting", "groups": [0, 2]}, {"c"}),
    ],
)
async def test_state_and_groups_filter_lists_and_counts(
    sandbox: Sandbox, client: LiveChatClient, filters: dict[str, Any], names: set[str]
) -> None:
    sandbox.add_visitor(name="a", group=0, state="browsing")
    sandbox.add_visitor(name="b", group=2, state="queued")
    sandbox.add_visitor(name="c", group=0, state="chatting")
    sandbox.add_visitor(name="d", group=5, state="chatting")
    assert {visitor.name for visitor in await client.visitors.list(**filters)} == names
    assert await client.visitors.count(**filters) == len(names)


@pytest.mark.parametrize("shape", ["object", "number", "text"])
async def test_every_shape_of_a_count_is_read(shape: Any) -> None:
    async with Sandbox(count_shape=shape, seed=8) as sandbox:
        client = LiveChatClient(sandbox.credentials, base_url=sandbox.url)
        async with client:
            assert await client.visitors.count() == 8
            assert len(await client.visitors.list()) == 8


@pytest.mark.parametrize("encoding", ["json", "form"])
@pytest.mark.parametrize("kind", [int, str])
async def test_details_are_shown_to_the_agent(
    sandbox: Sandbox, client: LiveChatClient, encoding: str, kind: type
) -> None:
    visitor_id = sandbox.add_visitor()
    chat = sandbox.start_chat(visitor_id)
    await client.visitors.add_details(
        visitor_id,
        DETAILS,
        license_id=kind(chat.license_id),
        token=chat.token,
        encoding=encoding,  # type: ignore[arg-type]
    )
    assert sandbox.details_of(visitor_id) == [DETAILS]
    assert "Authorization" not in sandbox.requests[-1].headers


@pytest.mark.parametrize("encoding", ["json", "form"])
@pytest.mark.parametrize(
    "text", ["a&b=c", "żółw ☃", "50 % + 1", "<b>", '"q"', "[0]", " x ", "a\nb"]
)
async def test_any_text_arrives_as_it_is(
    sandbox: Sandbox, client: LiveChatClient, encoding: str, text: str
) -> None:
    visitor_id = sandbox.add_visitor()
    details = VisitorDetails("my-app", [DetailField(text, text), DetailField("b", text)])
    await add(client, sandbox, visitor_id, details=details, encoding=encoding)
    assert sandbox.details_of(visitor_id) == [details]


async def test_details_of_the_same_id_are_replaced_and_of_another_added(
    sandbox: Sandbox, client: LiveChatClient
) -> None:
    visitor_id = sandbox.add_visitor()
    newer = VisitorDetails("my-app", [DetailField("Age", 37)])
    other = VisitorDetails("other", [DetailField("Age", 36)])
    for details in (DETAILS, other, newer):
        await add(client, sandbox, visitor_id, details=details)
    assert sandbox.details_of(visitor_id) == [newer, other]


@pytest.mark.parametrize("visitor_id", ["a/b", "100%", "a+b", "a b", "ż", "a%2Fb", "?#", "..."])
async def test_any_visitor_id_is_found(
    sandbox: Sandbox, client: LiveChatClient, visitor_id: str
) -> None:
    sandbox.add_visitor(id=visitor_id)
    await add(client, sandbox, visitor_id)
    assert sandbox.details_of(visitor_id) == [DETAILS]
    assert [visitor.id for visitor in await client.visitors.list()] == [visitor_id]


async def test_wrong_credentials_are_refused(sandbox: Sandbox) -> None:
    async with LiveChatClient(PersonalAccessToken("john", "no"), base_url=sandbox.url) as client:
        with pytest.raises(AuthenticationError) as caught:
            await client.visitors.list()
    assert caught.value.attempts == len(sandbox.requests) == 1


async def test_a_bearer_token_is_taken_too(sandbox: Sandbox) -> None:
    async with LiveChatClient(sandbox.bearer, base_url=sandbox.url) as client:
        assert await client.visitors.list() == []


async def test_a_token_that_is_wrong_or_of_a_chat_that_ended_is_refused(
    sandbox: Sandbox, client: LiveChatClient
) -> None:
    visitor_id = sandbox.add_visitor()
    chat = sandbox.start_chat(visitor_id)
    with pytest.raises((AuthenticationError, BadRequestError)):
        await add(client, sandbox, visitor_id, token="wrong")
    sandbox.end_chat(visitor_id)
    with pytest.raises((AuthenticationError, BadRequestError)):
        await client.visitors.add_details(
            visitor_id, DETAILS, license_id=chat.license_id, token=chat.token
        )
    assert sandbox.details_of(visitor_id) == []


READ_REPEATED: list[Fault] = [
    Status(408),
    Status(429),
    Status(500),
    Status(502),
    Status(503),
    Status(503, retry_after=0),
    Status(504),
    DropConnection(),
    DropConnection(after_headers=True),
    CutBody(),
    EmptyBody(),
    Html(),
    Body(b'[{"id": '),
]


@pytest.mark.parametrize("fault", READ_REPEATED, ids=repr)
async def test_a_list_gets_over_it(sandbox: Sandbox, client: LiveChatClient, fault: Fault) -> None:
    visitor_id = sandbox.add_visitor()
    sandbox.inject(fault, times=3)
    assert [visitor.id for visitor in await client.visitors.list()] == [visitor_id]
    assert len(sandbox.requests) == 4


WRITE_REPEATED: list[Fault] = [
    Status(429),
    Status(429, retry_after=0),
    Status(503, retry_after=0),
]


@pytest.mark.parametrize("fault", WRITE_REPEATED, ids=repr)
async def test_details_get_over_what_surely_was_not_carried_out(
    sandbox: Sandbox, client: LiveChatClient, fault: Fault
) -> None:
    visitor_id = sandbox.add_visitor()
    sandbox.inject(fault, times=3)
    await add(client, sandbox, visitor_id)
    assert sandbox.details_of(visitor_id) == [DETAILS]
    assert len(sandbox.requests) == 4


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Status(500), ServerError),
        (Status(503), ServerError),
        (DropConnection(), ConnectionLost),
        (DropConnection(after_headers=True), ConnectionLost),
        (CutBody(), ConnectionLost),
    ],
    ids=repr,
)
async def test_details_that_may_have_been_taken_are_not_sent_twice(
    sandbox: Sandbox, client: LiveChatClient, fault: Fault, error: type[Exception]
) -> None:
    visitor_id = sandbox.add_visitor()
    sandbox.inject(fault)
    with pytest.raises(error):
        await add(client, sandbox, visitor_id)
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("fault", [EmptyBody(), Html(), Body("anything"), Status(204)], ids=repr)
async def test_any_2xx_is_a_success_of_a_write(
    sandbox: Sandbox, client: LiveChatClient, fault: Fault
) -> None:
    visitor_id = sandbox.add_visitor()
    sandbox.inject(fault)
    await add(client, sandbox, visitor_id)
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (None, ""),
        ({"visitors": []}, ""),
        ([{"id": "S1", "state": "chatting"}, {"id": "S2", "state": None}], "[1].state"),
        ([{"id": "S1", "state": "chatting", "latitude": "north"}], "[0].latitude"),
    ],
)
async def test_an_answer_of_another_shape_is_named_and_not_asked_for_again(
    sandbox: Sandbox, client: LiveChatClient, content: Any, path: str
) -> None:
    sandbox.inject(Body(b"null" if content is None else content))
    with pytest.raises(DecodeError) as caught:
        await client.visitors.list()
    assert not isinstance(caught.value, InvalidJSONError)
    assert caught.value.path == path
    assert len(sandbox.requests) == 1


async def test_empty_answers_without_end_are_told_of(
    sandbox: Sandbox, client: LiveChatClient
) -> None:
    sandbox.inject(EmptyBody(), times=4)
    with pytest.raises(InvalidJSONError, match=r"an empty body.*after 4 attempts"):
        await client.visitors.list()


async def test_a_long_retry_after_is_told_at_once(sandbox: Sandbox, client: LiveChatClient) -> None:
    sandbox.inject(Status(429, retry_after=3600))
    with pytest.raises(RateLimitError) as caught:
        await client.visitors.list()
    assert caught.value.retry_after == 3600
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("fault", [Slow(5), Drip(0.01)], ids=repr)
async def test_the_deadline_holds(sandbox: Sandbox, client: LiveChatClient, fault: Fault) -> None:
    for _ in range(10):
        sandbox.add_visitor()
    sandbox.inject(fault)
    with pytest.raises(RequestTimeout, match=r"deadline limit of 0.1 s"):
        await client.with_options(timeouts=Timeouts(deadline=0.1)).visitors.list()


async def test_a_redirect_elsewhere_is_refused(sandbox: Sandbox, client: LiveChatClient) -> None:
    async with Sandbox() as other:
        sandbox.inject(Redirect(f"{other.url}/visitors", 307))
        with pytest.raises(RedirectError):
            await client.visitors.list()
        assert other.requests == []


async def test_an_outage_is_told_of_and_its_end_noticed(
    sandbox: Sandbox, client: LiveChatClient
) -> None:
    assert await client.visitors.list() == []
    await sandbox.stop()
    with pytest.raises(ConnectError):
        await client.visitors.list()
    await sandbox.start()
    assert await client.visitors.list() == []


async def test_many_calls_at_once_keep_their_answers_apart(
    sandbox: Sandbox, client: LiveChatClient
) -> None:
    for group in range(20):
        for _ in range(group):
            sandbox.add_visitor(group=group)
    counts = await asyncio.gather(*(client.visitors.count(groups=[n]) for n in range(20)))
    assert counts == list(range(20))
