"""Redirects: followed within one origin, refused wherever something would be given away or lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from clients import Lend, MakeClient
from scripted_server import Exchange, ScriptedServer, answer, redirect

from livechat_async import (
    APIStatusError,
    BearerToken,
    DetailField,
    LiveChatClient,
    RedirectError,
    Request,
    RetryPolicy,
    VisitorDetails,
)

DETAILS = VisitorDetails("my-app", [DetailField("Age", 36)])
STATUSES = (301, 302, 303, 307, 308)
Call: TypeAlias = Callable[[LiveChatClient], Awaitable[object]]


async def read(client: LiveChatClient) -> object:
    return await client.visitors.list(state="chatting")


async def write(client: LiveChatClient) -> object:
    return await client.send(Request("POST", "/agents", body={"name": "x"}))


async def add(client: LiveChatClient) -> object:
    await client.visitors.add_details("S1", DETAILS, license_id=1, token="t0ken")
    return None


any_call = pytest.mark.parametrize("call", [read, write, add])


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    "location",
    [
        "/v2/visitors?state=chatting",
        "v2/visitors?state=chatting",
        "{url}/v2/visitors?state=chatting",
    ],
    ids=["absolute path", "relative path", "whole address"],
)
async def test_a_read_follows_within_its_origin_with_its_credentials(
    server: ScriptedServer, client: LiveChatClient, status: int, location: str
) -> None:
    server.script(redirect(location.format(url=server.url), status), answer())
    assert await read(client) == []
    first, second = server.requests
    assert second.target == "/v2/visitors?state=chatting"
    assert (second.method, second.body) == ("GET", b"")
    assert second.headers == first.headers


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("call", [write, add])
async def test_a_write_follows_a_redirect_that_keeps_it_whole(
    server: ScriptedServer, client: LiveChatClient, status: int, call: Call
) -> None:
    server.script(redirect("/moved", status), answer())
    await call(client)
    first, second = server.requests
    assert (second.method, second.target) == ("POST", "/moved")
    assert second.body == first.body
    assert second.headers == first.headers


@pytest.mark.parametrize("status", [301, 302, 303])
@pytest.mark.parametrize("call", [write, add])
async def test_a_write_refuses_a_redirect_that_would_make_it_a_read(
    server: ScriptedServer, client: LiveChatClient, status: int, call: Call
) -> None:
    server.script(redirect("/moved", status), answer())
    with pytest.raises(RedirectError, match="POST into a GET") as caught:
        await call(client)
    assert (caught.value.status, caught.value.attempts) == (status, 1)
    assert caught.value.location == f"{server.url}/moved"
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", STATUSES)
@any_call
async def test_nothing_follows_to_another_origin(
    server: ScriptedServer,
    other_server: ScriptedServer,
    client: LiveChatClient,
    status: int,
    call: Call,
) -> None:
    server.script(redirect(f"{other_server.url}/visitors?token=x", status))
    with pytest.raises(RedirectError, match=r"another origin.*use it as base_url") as caught:
        await call(client)
    assert caught.value.location == f"{other_server.url}/visitors"
    assert caught.value.attempts == len(server.requests) == 1
    assert other_server.connections == 0


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1:{port}/visitors",
        "http://localhost:{port}/visitors",
        "//127.0.0.1:{other_port}/visitors",
        "http://127.0.0.1.example.com:{port}/",
        "http://127.0.0.1:{port}@127.0.0.1:{other_port}/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[::1/",
        "http://127.0.0.1:99999/",
    ],
)
async def test_every_other_scheme_host_or_port_is_another_origin(
    server: ScriptedServer,
    other_server: ScriptedServer,
    client: LiveChatClient,
    location: str,
) -> None:
    port, other_port = (one.url.rpartition(":")[2] for one in (server, other_server))
    server.script(redirect(location.format(port=port, other_port=other_port), 307))
    with pytest.raises(RedirectError):
        await read(client)
    assert len(server.requests) == 1
    assert other_server.connections == 0


async def test_a_lent_session_follows_nothing_either(
    server: ScriptedServer, other_server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    server.script(redirect(other_server.url, 307))
    with pytest.raises(RedirectError):
        await add(make_client(BearerToken("dal:t"), session=lend()))
    assert other_server.connections == 0


async def test_an_address_with_a_user_name_does_not_replace_the_credentials(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    """It is refused, or followed with the client's own credentials."""
    server.script(redirect(server.url.replace("//", "//jane:other@") + "/v2", 307), answer())
    try:
        await read(client)
    except RedirectError as refused:
        assert "other@" not in str(refused)  # noqa: PT017 (either will do)
    signatures = {request.headers["authorization"] for request in server.requests}
    assert signatures == {server.requests[0].headers["authorization"]}


@any_call
async def test_redirects_without_end_are_ended(
    server: ScriptedServer, client: LiveChatClient, call: Call
) -> None:
    server.script(redirect("/again", 307))
    with pytest.raises(RedirectError, match="redirect number 6") as caught:
        await call(client)
    assert caught.value.attempts == 1
    assert len(server.requests) == 6


async def test_some_redirects_in_a_row_are_fine(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(*(redirect(f"/{number}", 308) for number in range(5)), answer())
    assert await read(client) == []
    assert [request.target for request in server.requests[1:]] == [f"/{n}" for n in range(5)]


async def test_every_attempt_begins_at_the_address_that_was_asked_for(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(redirect("/moved", 307), answer(503, b"{}"), redirect("/moved", 307), answer())
    assert await read(client) == []
    asked = "/visitors?state=chatting"
    assert [request.target for request in server.requests] == [asked, "/moved", asked, "/moved"]


async def test_an_address_with_a_space_is_put_right_or_refused(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(redirect("/a b HTTP/1.1", 307), answer())
    try:
        await read(client)
    except RedirectError:
        assert len(server.requests) == 1
    else:
        assert server.requests[1].target == "/a%20b%20HTTP/1.1"


async def test_an_encoded_slash_stays_encoded(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(redirect("/v2/a%2Fb/%C5%BC?group%5B%5D=0", 307), answer())
    await read(client)
    assert server.requests[1].target == "/v2/a%2Fb/%C5%BC?group%5B%5D=0"


@pytest.mark.parametrize("status", [300, 304, 305, 399])
async def test_a_3xx_that_is_no_redirect_is_an_error_status(
    server: ScriptedServer, make_client: MakeClient, status: int
) -> None:
    server.script(answer(status, b"", headers={"Location": "/moved"}))
    with pytest.raises(APIStatusError) as caught:
        await read(make_client(retry=RetryPolicy.none()))
    assert caught.value.status == status
    assert len(server.requests) == 1


async def test_credentials_that_a_redirect_target_refuses_are_asked_for_again(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    given = iter([BearerToken("dal:old"), BearerToken("dal:new")])

    async def source() -> BearerToken:
        return next(given)

    async def guard(exchange: Exchange) -> None:
        if exchange.request.target != "/moved":
            await redirect("/moved", 307)(exchange)
        elif exchange.request.headers["authorization"] == "Bearer dal:new":
            await answer()(exchange)
        else:
            await answer(401, {"error": "no"})(exchange)

    server.script(guard)
    assert await read(make_client(source)) == []
    assert len(server.requests) == 4
