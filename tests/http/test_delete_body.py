"""The body of a DELETE: ``tags.delete`` needs one, so it has to survive whatever is repeated."""

from __future__ import annotations

import pytest
from clients import MakeClient
from scripted_server import ScriptedServer, answer, redirect

from livechat_async import (
    BearerToken,
    Credentials,
    LiveChatClient,
    PermissionDeniedError,
    RedirectError,
    Request,
)

BODY = b"group=1"


async def delete(client: LiveChatClient) -> None:
    await client.tags.delete("a/b", group=1)


def check(server: ScriptedServer, *targets: str) -> None:
    assert [request.target for request in server.requests] == [*targets]
    for request in server.requests:
        assert (request.method, request.body) == ("DELETE", BODY)
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.headers["content-length"] == str(len(BODY))


@pytest.mark.parametrize("status", [307, 308])
async def test_it_goes_along_with_a_redirect(
    server: ScriptedServer, client: LiveChatClient, status: int
) -> None:
    server.script(redirect("/v2/tags/a%2Fb", status), answer())
    await delete(client)
    check(server, "/tags/a%2Fb", "/v2/tags/a%2Fb")


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_redirect_that_would_lose_it_is_refused(
    server: ScriptedServer, client: LiveChatClient, status: int
) -> None:
    server.script(redirect("/v2/tags/a%2Fb", status), answer())
    with pytest.raises(RedirectError, match="would turn the DELETE into a GET and lose its body"):
        await delete(client)
    check(server, "/tags/a%2Fb")


async def test_it_goes_to_no_other_origin(
    server: ScriptedServer, other_server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(redirect(f"{other_server.url}/tags/a", 307))
    with pytest.raises(RedirectError, match="another origin"):
        await delete(client)
    assert other_server.connections == 0


async def test_it_goes_along_with_a_repetition(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(answer(429), answer(429), redirect("/moved", 307), answer())
    await delete(client)
    check(server, "/tags/a%2Fb", "/tags/a%2Fb", "/tags/a%2Fb", "/moved")


async def test_it_goes_along_with_fresh_credentials(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    tokens = iter(["dal:old", "dal:new"])

    async def source() -> Credentials:
        return BearerToken(next(tokens))

    server.script(answer(401), answer())
    await delete(make_client(credentials=source))
    check(server, "/tags/a%2Fb", "/tags/a%2Fb")
    signatures = [request.headers["authorization"] for request in server.requests]
    assert signatures == ["Bearer dal:old", "Bearer dal:new"]


async def test_a_refusal_is_an_error_like_any_other(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    server.script(answer(403, {"error": "Only owners and administrators"}))
    with pytest.raises(PermissionDeniedError, match="Only owners and administrators"):
        await delete(client)
    check(server, "/tags/a%2Fb")


@pytest.mark.parametrize(("encoding", "body"), [("form", b"group=1"), ("json", b'{"group":1}')])
async def test_a_request_of_ones_own_may_have_one(
    server: ScriptedServer, client: LiveChatClient, encoding: str, body: bytes
) -> None:
    server.script(answer())
    own = Request(
        "DELETE",
        "/tags/{name}",
        path_params={"name": "a"},
        body={"group": 1},
        encoding=encoding,  # type: ignore[arg-type]
    )
    await client.send(own)
    assert [request.body for request in server.requests] == [body]
