"""Requests that `client.visitors` sends, and arguments that it refuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import pytest
from clients import Lend, MakeClient
from scripted_server import ScriptedServer, answer

from livechat_async import (
    ConfigurationError,
    DetailField,
    LiveChatClient,
    Request,
    VisitorDetails,
    VisitorState,
)

DETAILS = VisitorDetails(
    "my-app",
    [DetailField("Age", 36), DetailField("Profile", "Open", url="https://crm.example.com/7?a=1&b")],
    icon="https://example.com/icon.png",
)
Call: TypeAlias = Callable[[LiveChatClient], Awaitable[object]]


async def add(client: LiveChatClient, visitor_id: Any = "S1", **changes: Any) -> None:
    given: dict[str, Any] = {"license_id": 12345, "token": "t0ken", **changes}
    details = given.pop("details", DETAILS)
    await client.visitors.add_details(visitor_id, details, **given)


@pytest.mark.parametrize(
    ("filters", "target"),
    [
        ({}, "/visitors"),
        ({"state": "chatting"}, "/visitors?state=chatting"),
        ({"state": VisitorState.QUEUED}, "/visitors?state=queued"),
        ({"state": "logging into chat"}, "/visitors?state=logging%20into%20chat"),
        ({"groups": [0]}, "/visitors?group%5B%5D=0"),
        ({"groups": (2, 0)}, "/visitors?group%5B%5D=2&group%5B%5D=0"),
        ({"groups": iter([7])}, "/visitors?group%5B%5D=7"),
        ({"state": "browsing", "groups": {3}}, "/visitors?state=browsing&group%5B%5D=3"),
    ],
)
async def test_list_asks_for_what_was_meant(
    server: ScriptedServer, client: LiveChatClient, filters: dict[str, Any], target: str
) -> None:
    assert await client.visitors.list(**filters) == []
    (request,) = server.requests
    assert (request.method, request.target, request.body) == ("GET", target, b"")
    assert request.headers["x-api-version"] == "2"
    assert request.headers["accept"] == "application/json"
    assert "content-type" not in request.headers


async def test_list_gives_visitors(server: ScriptedServer, client: LiveChatClient) -> None:
    server.script(answer(200, [{"id": "S1", "state": "chatting", "name": "Mary", "new": 1}]))
    (visitor,) = await client.visitors.list()
    assert (visitor.id, visitor.state, visitor.name) == ("S1", VisitorState.CHATTING, "Mary")
    assert visitor.extra == {"new": 1}


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b"7", 7),
        (b'"7"', 7),
        (b'{"count": 7}', 7),
        (b'{"total": "7"}', 7),
        (b'{"count": "7", "total": 9, "other": "x"}', 7),
        (b'{"visitors": 7}', 7),
        (b"0", 0),
        (b'{"count": 0}', 0),
        (b"\xef\xbb\xbf7\r\n", 7),
    ],
)
async def test_count_takes_every_shape(
    server: ScriptedServer, client: LiveChatClient, body: bytes, number: int
) -> None:
    server.script(answer(200, body))
    assert await client.visitors.count(state="queued", groups=[1]) == number
    assert server.requests[0].target == "/visitors?state=queued&group%5B%5D=1&count=1"


@pytest.mark.parametrize("license_id", [12345, "12345"], ids=["int", "text"])
async def test_details_travel_as_json_with_the_license_as_text(
    server: ScriptedServer, client: LiveChatClient, license_id: int | str
) -> None:
    await add(client, license_id=license_id)
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/visitors/S1/details")
    assert request.headers["content-type"].startswith("application/json")
    assert request.json == {
        "license_id": "12345",
        "token": "t0ken",
        "id": "my-app",
        "fields": [
            {"name": "Age", "value": "36"},
            {"name": "Profile", "value": "Open", "url": "https://crm.example.com/7?a=1&b"},
        ],
        "icon": "example.com/icon.png",
    }


@pytest.mark.parametrize("license_id", [12345, "12345"], ids=["int", "text"])
async def test_details_travel_as_a_form(
    server: ScriptedServer, client: LiveChatClient, license_id: int | str
) -> None:
    await add(client, license_id=license_id, encoding="form")
    (request,) = server.requests
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sorted(parse_qsl(request.body.decode("ascii"), strict_parsing=True)) == sorted(
        [
            ("license_id", "12345"),
            ("token", "t0ken"),
            ("id", "my-app"),
            ("fields[0][name]", "Age"),
            ("fields[0][value]", "36"),
            ("fields[1][name]", "Profile"),
            ("fields[1][value]", "Open"),
            ("fields[1][url]", "https://crm.example.com/7?a=1&b"),
            ("icon", "example.com/icon.png"),
        ]
    )


@pytest.mark.parametrize("encoding", ["json", "form"])
async def test_details_without_icon_and_url_leave_them_out(
    server: ScriptedServer, client: LiveChatClient, encoding: str
) -> None:
    await add(client, details=VisitorDetails("x", [DetailField("a", "b")]), encoding=encoding)
    assert b"icon" not in server.requests[0].body
    assert b"url" not in server.requests[0].body


@pytest.mark.parametrize("encoding", ["json", "form"])
@pytest.mark.parametrize("lent", [False, True], ids=["own session", "lent session"])
async def test_adding_details_sends_no_authorization(
    *, server: ScriptedServer, make_client: MakeClient, lend: Lend, encoding: str, lent: bool
) -> None:
    client = make_client(session=lend() if lent else None)
    await client.visitors.list()
    await add(client, encoding=encoding)
    assert ["authorization" in request.headers for request in server.requests] == [True, False]


async def test_adding_details_needs_no_credentials(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    await add(make_client(None))
    assert len(server.requests) == 1


async def test_adding_details_does_not_ask_a_credentials_callable(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    async def never() -> Any:
        pytest.fail("it was asked")

    await add(make_client(never))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("visitor_id", "segment"),
    [
        ("S1352647457.ac951bfe2e", "S1352647457.ac951bfe2e"),
        ("a/b", "a%2Fb"),
        ("../admin", "..%2Fadmin"),
        ("100%", "100%25"),
        ("a%2Fb", "a%252Fb"),
        ("a+b c", "a%2Bb%20c"),
        ("ż", "%C5%BC"),
        ("?x=1#y", "%3Fx%3D1%23y"),
        ("a;b,c:d@e&f", "a%3Bb%2Cc%3Ad%40e%26f"),
        ("...", "..."),
        ("{visitor_id}", "%7Bvisitor_id%7D"),
    ],
)
async def test_a_visitor_id_arrives_as_one_segment(
    server: ScriptedServer, client: LiveChatClient, visitor_id: str, segment: str
) -> None:
    await add(client, visitor_id)
    assert server.requests[0].target == f"/visitors/{segment}/details"


async def test_a_base_url_may_have_a_path(server: ScriptedServer, make_client: MakeClient) -> None:
    await make_client(base_url=f"{server.url}/proxy/a%2Fb/").visitors.list()
    assert server.requests[0].target == "/proxy/a%2Fb/visitors"


REFUSED: dict[str, Call] = {
    **{
        f"visitor id {visitor_id!r}": lambda client, visitor_id=visitor_id: add(client, visitor_id)
        for visitor_id in ("", ".", "..", "%2e", "%2E%2e", "a\nb", "a\0", None, b"S1", True)
    },
    **{
        f"groups {groups!r}": lambda client, groups=groups: client.visitors.list(groups=groups)
        for groups in ([], [-1], ["0"], [1.0], [True], [None], "0", 0, [[0]])
    },
    **{
        f"count of groups {groups!r}": lambda client, groups=groups: client.visitors.count(
            groups=groups
        )
        for groups in ([], [-1], ["0"])
    },
    **{
        f"state {state!r}": lambda client, state=state: client.visitors.list(state=state)
        for state in ("", "Chatting", "chating", 1, ["chatting"])
    },
    **{
        f"license {license_id!r}": lambda client, license_id=license_id: add(
            client, license_id=license_id
        )
        for license_id in (None, "", "one", True, 1.0, -1, " 1", "\u0661")
    },
    **{
        f"token {token!r}": lambda client, token=token: add(client, token=token)
        for token in (None, "", "  ", 7, b"t")
    },
    **{
        f"encoding {encoding!r}": lambda client, encoding=encoding: add(client, encoding=encoding)
        for encoding in ("xml", "JSON", "", None)
    },
    **{
        f"details {details!r}": lambda client, details=details: add(client, details=details)
        for details in (None, {}, [], [DetailField("a", "b")])
    },
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_meant_is_refused_and_nothing_is_sent(
    server: ScriptedServer, client: LiveChatClient, call: Call
) -> None:
    with pytest.raises(ConfigurationError):
        await call(client)
    assert server.connections == 0


async def test_details_without_fields_cannot_even_be_made() -> None:
    with pytest.raises(ConfigurationError, match=r"fields=\[\]: a list is needed"):
        VisitorDetails("my-app", [])


async def test_jsonp_is_never_asked_for(server: ScriptedServer, client: LiveChatClient) -> None:
    with pytest.raises(ConfigurationError, match="callback"):
        await client.send(Request("GET", "/visitors", query={"callback": "f"}))
    assert server.connections == 0


async def test_any_endpoint_can_be_called(server: ScriptedServer, client: LiveChatClient) -> None:
    server.script(answer(201, {"id": 7}, headers={"X-Request-Id": "r1"}))
    response = await client.send(
        Request("put", "/agents/{login}", path_params={"login": "a/b"}, body={"max": 3}),
        dict[str, int],
    )
    assert (response.value, response.status, response.attempts) == ({"id": 7}, 201, 1)
    assert response.headers["x-request-id"] == "r1"
    assert response.content == b'{"id": 7}'
    assert response.elapsed > 0
    (request,) = server.requests
    assert (request.method, request.target, request.json) == ("PUT", "/agents/a%2Fb", {"max": 3})
