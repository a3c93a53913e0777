"""The status, the headers and the attempts of a typed call."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from livechat_async import (
    Agent,
    ConfigurationError,
    DetailField,
    GroupStatus,
    LiveChatClient,
    NotFoundError,
    Page,
    Report,
    RetryPolicy,
    VisitorDetails,
    VisitorList,
)
from livechat_async.resources._base import Resource
from livechat_async.sandbox import Sandbox, Status

LOGIN = "john.doe@example.com"


async def test_a_response_has_what_the_method_returns(
    livechat_client: LiveChatClient, livechat_sandbox: Sandbox
) -> None:
    livechat_sandbox.add_visitor(state="queued")
    client = livechat_client
    response = await client.with_response(client.visitors.list, state="queued")
    assert response.value == await client.visitors.list(state="queued")
    assert isinstance(response.value, VisitorList)
    assert (response.status, response.attempts) == (200, 1)
    assert response.headers["content-type"].startswith("application/json")
    assert response.content.startswith(b"[{")


async def test_the_attempts_are_counted(
    livechat_client: LiveChatClient, livechat_sandbox: Sandbox
) -> None:
    livechat_sandbox.inject(Status(503), times=2)
    client = livechat_client.with_options(retry=RetryPolicy(attempts=3, backoff=0.001))
    response = await client.with_response(client.visitors.count)
    assert (response.value, response.attempts) == (0, 3)


async def test_the_client_that_is_asked_makes_the_call(
    livechat_client: LiveChatClient, livechat_sandbox: Sandbox
) -> None:
    """The resource says only which method it is."""
    livechat_sandbox.inject(Status(503), times=1)
    patient = livechat_client.with_options(retry=RetryPolicy(attempts=2, backoff=0.001))
    hasty = livechat_client.with_options(retry=RetryPolicy.none())
    assert (await patient.with_response(hasty.visitors.count)).attempts == 2


async def test_a_pager_gives_its_first_page(
    livechat_client: LiveChatClient, livechat_sandbox: Sandbox
) -> None:
    for _ in range(27):
        livechat_sandbox.add_chat()
    client = livechat_client
    response = await client.with_response(client.chats.list, max_items=2)
    assert isinstance(response.value, Page)
    assert (len(response.value), response.value.total, response.status) == (2, 27, 200)
    following = await response.value.next()
    assert following is not None
    assert len(following) == 2


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda client: client.with_response(client.agents.get, LOGIN), Agent),
        (lambda client: client.with_response(client.agents.list), list),
        (lambda client: client.with_response(client.reports.chats.total), Report),
        (lambda client: client.with_response(client.status.get), GroupStatus),
        (
            lambda client: client.with_response(
                client.webhooks.ensure, "https://example.com/", ["chat_ended"]
            ),
            list,
        ),
    ],
)
async def test_each_kind_of_method_has_a_response(
    livechat_client: LiveChatClient, call: Any, kind: type[Any]
) -> None:
    response = await call(livechat_client)
    assert isinstance(response.value, kind)
    assert 200 <= response.status < 300


async def test_an_error_is_that_of_the_method(livechat_client: LiveChatClient) -> None:
    client = livechat_client
    with pytest.raises(NotFoundError):
        await client.with_response(client.chats.get, "NONE")
    with pytest.raises(ConfigurationError, match="chat_id=''"):
        await client.with_response(client.chats.get, "")
    with pytest.raises(TypeError, match="chat"):
        await client.with_response(client.chats.get, chat="M1")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("choose", "problem"),
    [
        (lambda client: client.chats.export, "ChatsResource.export, which makes no call"),
        (lambda client: client.visitors.watch, "VisitorsResource.watch, which makes no call"),
        (lambda client: client.send, "a method of a resource .* not a method"),
        (lambda _: len, "a method of a resource"),
        (lambda _: "planted", "a method of a resource .* not a str"),
    ],
)
async def test_what_makes_no_call_is_refused(
    livechat_client: LiveChatClient, choose: Any, problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        await livechat_client.with_response(choose(livechat_client))
    assert "planted" not in str(caught.value)


async def test_a_secret_argument_is_in_no_frame(livechat_client: LiveChatClient) -> None:
    """While the call runs, no frame keeps the arguments."""
    details = VisitorDetails("my-app", [DetailField("Age", 36)])
    with pytest.raises(NotFoundError) as caught:
        await livechat_client.with_response(
            livechat_client.visitors.add_details, "S1.a", details, license_id=1, token="planted"
        )
    ours = [f for f, _ in traceback.walk_tb(caught.tb) if "livechat_async" in f.f_code.co_filename]
    assert ours
    assert not [frame for frame in ours if "planted" in str(frame.f_locals)]


async def test_a_method_that_makes_no_call_has_no_response(livechat_client: LiveChatClient) -> None:
    class Mine(Resource):
        async def nothing(self) -> int:
            return 1

    mine = Mine(livechat_client._session)
    with pytest.raises(ConfigurationError, match="the method made no call"):
        await livechat_client.with_response(mine.nothing)


async def test_a_usual_call_enters_no_further_function(livechat_client: LiveChatClient) -> None:
    """A response costs only the call that asks for it."""
    client = livechat_client
    await client.with_response(client.visitors.count)
    assert type(client.visitors._session).__name__ == "SessionManager"
    assert client.visitors._session is client._session
