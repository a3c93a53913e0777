"""Credentials on the wire: what is sent, when they are asked for, what a 401 does."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import aiohttp
import pytest
from clients import MakeClient
from scripted_server import Exchange, Reply, ScriptedServer, answer

from livechat_async import (
    AuthenticationError,
    BearerToken,
    ConfigurationError,
    Credentials,
    LiveChatClient,
    PersonalAccessToken,
    Request,
    RetryPolicy,
)

Call: TypeAlias = Callable[[LiveChatClient], Awaitable[object]]


async def read(client: LiveChatClient) -> int:
    return (await client.send(Request("GET", "/visitors"), list[Any])).attempts


async def write(client: LiveChatClient) -> int:
    return (await client.send(Request("POST", "/agents", body={"name": "x"}))).attempts


read_or_write = pytest.mark.parametrize("call", [read, write])


def accepting(*tokens: str) -> Reply:
    """200 for these bearer tokens, 401 for all others."""

    async def reply(exchange: Exchange) -> None:
        token = exchange.request.headers["authorization"].removeprefix("Bearer ")
        then = answer() if token in tokens else answer(401, {"error": "no rights"})
        await then(exchange)

    return reply


class Vault:
    """A callable that gives one token after the other."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.asked = 0

    async def __call__(self) -> Credentials:
        self.asked += 1
        await asyncio.sleep(0.001)
        return BearerToken(self.tokens[min(self.asked, len(self.tokens)) - 1])


@pytest.mark.parametrize(
    ("credentials", "signature", "region"),
    [
        (
            PersonalAccessToken("john.doe@mycompany.com", "dal:t0k/en+="),
            "Basic " + base64.b64encode(b"john.doe@mycompany.com:dal:t0k/en+=").decode(),
            None,
        ),
        (PersonalAccessToken("jöhn", "key"), "Basic asO2aG46a2V5", None),
        (BearerToken("dal:abc"), "Bearer dal:abc", "dal"),
        (BearerToken("fra:abc"), "Bearer fra:abc", "fra"),
        (BearerToken("fra%3Aabc"), "Bearer fra:abc", "fra"),
        (BearerToken("abc"), "Bearer abc", None),
    ],
)
async def test_the_signature_and_the_region_reach_the_wire(
    server: ScriptedServer,
    make_client: MakeClient,
    credentials: Credentials,
    signature: str,
    region: str | None,
) -> None:
    client = make_client(credentials)
    await read(client)
    await write(client)
    for request in server.requests:
        assert request.headers["authorization"] == signature
        assert request.headers.get("x-region") == region


async def test_a_region_given_wins_over_the_tokens(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    await read(make_client(PersonalAccessToken("john", "pat"), region="fra"))
    await read(make_client(BearerToken("dal:abc"), region="fra"))
    assert [request.headers["x-region"] for request in server.requests] == ["fra", "fra"]


async def test_the_region_of_credentials_that_were_asked_for_is_sent(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    await read(make_client(Vault("fra:abc")))
    assert server.requests[0].headers["x-region"] == "fra"


async def test_headers_of_the_users_are_sent_along(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    await read(make_client(headers={"X-Proxy": "1", "User-Agent": "bot/1"}))
    await read(make_client(headers={"x-proxy": "1", "user-agent": "bot/1"}))
    for request in server.requests:
        assert (request.headers["x-proxy"], request.headers["user-agent"]) == ("1", "bot/1")


async def test_who_traces_sees_what_is_sent_and_may_add_to_it(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    seen: list[str] = []

    async def at_start(_: object, __: object, params: aiohttp.TraceRequestStartParams) -> None:
        params.headers["traceparent"] = "00-1-2-01"

    async def when_sent(
        _: object, __: object, params: aiohttp.TraceRequestHeadersSentParams
    ) -> None:
        seen.extend(params.headers)

    config = aiohttp.TraceConfig()
    config.on_request_start.append(at_start)
    config.on_request_headers_sent.append(when_sent)
    await read(make_client(trace_configs=[config]))
    (request,) = server.requests
    assert request.headers["traceparent"] == "00-1-2-01"
    assert request.headers["x-api-version"] == "2"
    assert {"traceparent", "X-API-Version", "Authorization"} <= set(seen)


async def test_a_callable_is_asked_once_for_many_calls_at_once(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    vault = Vault("dal:abc")
    client = make_client(vault)
    await asyncio.gather(*(read(client) for _ in range(25)))
    await read(client)
    assert vault.asked == 1
    assert len(server.requests) == 26


async def test_a_callable_is_asked_when_the_first_call_is_made_and_not_before(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    vault = Vault("dal:abc")
    async with make_client(vault) as client:
        await client.send(Request("POST", "/open", authenticate=False))
        assert vault.asked == 0
        await read(client)
        assert vault.asked == 1
    assert len(server.requests) == 2


async def test_copies_share_what_a_callable_gave_unless_they_have_credentials_of_their_own(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    vault = Vault("dal:abc")
    client = make_client(vault)
    await read(client)
    await read(client.with_options(retry=RetryPolicy.none()))
    await read(client.with_options(credentials=BearerToken("fra:own")))
    assert vault.asked == 1
    assert [request.headers["authorization"] for request in server.requests] == [
        "Bearer dal:abc",
        "Bearer dal:abc",
        "Bearer fra:own",
    ]


@read_or_write
async def test_after_a_401_a_callable_is_asked_again_and_the_call_repeated(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    server.script(accepting("dal:new"))
    vault = Vault("dal:old", "dal:new")
    client = make_client(vault, retry=RetryPolicy.none())
    assert await call(client) == 2
    assert vault.asked == 2
    first, second = server.requests
    assert first.body == second.body
    assert await call(client) == 1
    assert vault.asked == 2


async def test_many_calls_that_are_refused_at_once_ask_again_only_once(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(accepting("dal:new"))
    vault = Vault("dal:old", "dal:new", "dal:never")
    client = make_client(vault, max_concurrency=50)
    await asyncio.gather(*(read(client) for _ in range(25)))
    assert vault.asked == 2
    assert len(server.requests) == 50


@read_or_write
async def test_a_second_401_is_an_error(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    server.script(accepting())
    vault = Vault("dal:old", "dal:new")
    with pytest.raises(AuthenticationError, match="no rights") as caught:
        await call(make_client(vault))
    assert caught.value.attempts == len(server.requests) == 2
    assert vault.asked == 2


@read_or_write
async def test_a_401_to_fixed_credentials_is_an_error_at_once(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    server.script(accepting())
    with pytest.raises(AuthenticationError, match="Check login and token"):
        await call(make_client(BearerToken("dal:old")))
    assert len(server.requests) == 1


async def test_a_callable_is_asked_again_by_the_next_call_after_two_refusals(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(accepting("dal:third"))
    vault = Vault("dal:first", "dal:second", "dal:third")
    client = make_client(vault)
    with pytest.raises(AuthenticationError):
        await read(client)
    assert await read(client) == 2
    assert vault.asked == 3


async def test_a_401_to_a_call_without_credentials_asks_for_none(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(answer(401, {"error": "no rights"}))
    vault = Vault("dal:abc")
    with pytest.raises(AuthenticationError, match="no rights"):
        await make_client(vault).send(Request("POST", "/open", authenticate=False))
    assert vault.asked == 0
    assert len(server.requests) == 1


async def test_a_callable_that_raises_raises_in_the_call_and_is_asked_again_later(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    answers: list[Any] = [LookupError("sealed"), BearerToken("dal:abc")]

    async def vault() -> Any:
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    client = make_client(vault)
    with pytest.raises(LookupError, match="sealed"):
        await read(client)
    assert server.connections == 0
    assert await read(client) == 1


@pytest.mark.parametrize("junk", [None, "dal:abc", ("john", "pat"), {}, 7, BearerToken])
async def test_a_callable_that_returns_junk_is_an_error_and_nothing_is_sent(
    server: ScriptedServer, make_client: MakeClient, junk: Any
) -> None:
    async def vault() -> Any:
        return junk

    needed = (
        r"credentials: a PersonalAccessToken\(login, token\) or a BearerToken\(token\) is needed"
    )
    with pytest.raises(ConfigurationError, match=f"^{needed}, not {type(junk).__name__}$"):
        await read(make_client(vault))
    assert server.connections == 0


async def test_a_callable_that_is_not_async_is_an_error(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    with pytest.raises(ConfigurationError, match="async"):
        await read(make_client(lambda: BearerToken("dal:abc")))
    assert server.connections == 0


async def test_a_call_without_credentials_says_what_is_missing_and_sends_nothing(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client(None)
    for call in (client.visitors.list(), client.visitors.count(), read(client), write(client)):
        with pytest.raises(ConfigurationError, match=r"needs credentials.*PersonalAccessToken"):
            await call
    assert server.connections == 0


ENVIRONMENTS: dict[str, tuple[dict[str, str], str]] = {
    "login and token": (
        {"LIVECHAT_LOGIN": "john", "LIVECHAT_TOKEN": "pat"},
        "Basic am9objpwYXQ=",
    ),
    "access token": ({"LIVECHAT_ACCESS_TOKEN": "dal:abc"}, "Bearer dal:abc"),
    "access token, others blank": (
        {"LIVECHAT_ACCESS_TOKEN": "dal:abc", "LIVECHAT_LOGIN": "", "LIVECHAT_TOKEN": ""},
        "Bearer dal:abc",
    ),
    "login and token, other blank": (
        {"LIVECHAT_LOGIN": "john", "LIVECHAT_TOKEN": "pat", "LIVECHAT_ACCESS_TOKEN": ""},
        "Basic am9objpwYXQ=",
    ),
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    for name in ("LOGIN", "TOKEN", "ACCESS_TOKEN", "BASE_URL"):
        monkeypatch.delenv(f"LIVECHAT_{name}", raising=False)

    def put(variables: dict[str, str]) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


@pytest.mark.parametrize(("variables", "signature"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
async def test_from_env_takes_credentials_and_address(
    server: ScriptedServer,
    environment: Callable[[dict[str, str]], None],
    variables: dict[str, str],
    signature: str,
) -> None:
    environment({**variables, "LIVECHAT_BASE_URL": server.url})
    async with LiveChatClient.from_env(retry=RetryPolicy.none()) as client:
        await read(client)
    assert server.requests[0].headers["authorization"] == signature


async def test_an_address_given_wins_over_the_environments(
    server: ScriptedServer, environment: Callable[[dict[str, str]], None]
) -> None:
    environment({"LIVECHAT_ACCESS_TOKEN": "t", "LIVECHAT_BASE_URL": "https://name.invalid"})
    async with LiveChatClient.from_env(base_url=server.url) as client:
        await read(client)
    assert len(server.requests) == 1


def test_the_environment_names_hosts_for_plain_http(
    environment: Callable[[dict[str, str]], None],
) -> None:
    login = {"LIVECHAT_ACCESS_TOKEN": "t", "LIVECHAT_BASE_URL": "http://sandbox:8080"}
    environment({**login, "LIVECHAT_ALLOW_INSECURE_HOSTS": "other, sandbox"})
    assert "http://sandbox:8080" in repr(LiveChatClient.from_env())
    with pytest.raises(ConfigurationError, match="LIVECHAT_ALLOW_INSECURE_HOSTS"):
        LiveChatClient.from_env(allow_insecure_hosts=())
    for names in ("", "other", "*"):
        environment({**login, "LIVECHAT_ALLOW_INSECURE_HOSTS": names})
        with pytest.raises(ConfigurationError):
            LiveChatClient.from_env()


@pytest.mark.parametrize("base_url", [{}, {"LIVECHAT_BASE_URL": ""}], ids=["unset", "blank"])
def test_without_an_address_it_is_livechats(
    environment: Callable[[dict[str, str]], None], base_url: dict[str, str]
) -> None:
    environment({"LIVECHAT_ACCESS_TOKEN": "t", **base_url})
    assert "https://api.livechatinc.com" in repr(LiveChatClient.from_env())


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({}, "LIVECHAT_LOGIN and LIVECHAT_TOKEN, or LIVECHAT_ACCESS_TOKEN"),
        ({"LIVECHAT_LOGIN": "john"}, "LIVECHAT_TOKEN is not set"),
        ({"LIVECHAT_TOKEN": "pat"}, "LIVECHAT_LOGIN is not set"),
        ({"LIVECHAT_LOGIN": "", "LIVECHAT_TOKEN": "pat"}, "LIVECHAT_LOGIN is not set"),
        ({"LIVECHAT_ACCESS_TOKEN": "t", "LIVECHAT_LOGIN": "john"}, "unset one"),
        ({"LIVECHAT_ACCESS_TOKEN": "t", "LIVECHAT_TOKEN": "pat"}, "unset one"),
        (
            {"LIVECHAT_ACCESS_TOKEN": "t", "LIVECHAT_LOGIN": "john", "LIVECHAT_TOKEN": "pat"},
            "unset one",
        ),
        ({"LIVECHAT_ACCESS_TOKEN": "t", "LIVECHAT_BASE_URL": "http://example.com"}, "https"),
        ({"LIVECHAT_ACCESS_TOKEN": "t\n"}, "line break"),
    ],
)
def test_an_environment_that_is_incomplete_or_ambiguous_is_refused(
    environment: Callable[[dict[str, str]], None], variables: dict[str, str], problem: str
) -> None:
    environment(variables)
    with pytest.raises(ConfigurationError, match=problem):
        LiveChatClient.from_env()
