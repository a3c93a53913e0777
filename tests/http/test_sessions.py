"""Sessions of the client's own and sessions lent to it; closing; event loops."""

from __future__ import annotations

import asyncio
import gc
import gzip
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest
from aiohttp import hdrs
from clients import Lend, MakeClient
from scripted_server import (
    Exchange,
    ScriptedServer,
    answer,
    hanging,
    hanging_body,
    head,
    held,
    redirect,
)

from livechat_async import (
    APIStatusError,
    BadRequestError,
    BearerToken,
    ClientStateError,
    ConfigurationError,
    ConnectionLost,
    DetailField,
    LiveChatClient,
    PersonalAccessToken,
    Request,
    RetryPolicy,
    Timeouts,
    VisitorDetails,
)

CREDENTIALS = PersonalAccessToken("john", "pat")
DETAILS = VisitorDetails("my-app", [DetailField("Age", 36)])


Warned: TypeAlias = Callable[[], list[tuple[type[Warning], str]]]


@pytest.fixture
def warned() -> Iterator[Warned]:
    """Collects the warnings, also those of objects that are garbage now, instead of raising."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        def look() -> list[tuple[type[Warning], str]]:
            found: list[tuple[type[Warning], str]] = []
            gc.collect()
            while caught:
                found += [(one.category, str(one.message)) for one in caught]
                caught.clear()  # a warning keeps its source alive
                gc.collect()
            return found

        yield look
        look()


async def add(client: LiveChatClient) -> None:
    await client.visitors.add_details("S1", DETAILS, license_id=1, token="t")


async def test_a_session_is_made_when_first_needed_and_closed_at_the_end(
    server: ScriptedServer, warned: Warned
) -> None:
    client = LiveChatClient(CREDENTIALS, base_url=server.url)
    assert client._session.transport._session is None
    async with client:
        await client.visitors.list()
        session = client._session.transport._session
        assert isinstance(session, aiohttp.ClientSession)
        assert not session.closed
        assert not client.closed
    assert session.closed
    assert client.closed
    del client, session
    assert warned() == []


async def test_a_client_may_be_closed_by_hand_and_twice(server: ScriptedServer) -> None:
    client = LiveChatClient(CREDENTIALS, base_url=server.url)
    await client.visitors.list()
    await client.close()
    await client.close()
    assert client.closed


async def test_a_client_that_was_never_used_needs_no_closing(
    warned: Warned,
) -> None:
    client = LiveChatClient(CREDENTIALS)
    del client
    assert warned() == []


async def test_a_client_that_was_never_closed_is_warned_of(
    server: ScriptedServer, warned: Warned
) -> None:
    client = LiveChatClient(CREDENTIALS, base_url=server.url)
    await client.visitors.list()
    del client
    ours = [(kind, text) for kind, text in warned() if "LiveChatClient" in text]
    assert [kind for kind, _ in ours] == [ResourceWarning]
    assert "was never closed" in ours[0][1]
    assert "async with" in ours[0][1]


async def test_the_client_is_closed_when_its_block_fails(server: ScriptedServer) -> None:
    client = LiveChatClient(CREDENTIALS, base_url=server.url)

    async def fail() -> None:
        async with client:
            await client.visitors.list()
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert client.closed


async def test_one_session_serves_every_call(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    for _ in range(10):
        await client.visitors.list()
    assert server.connections == 1


async def test_a_closed_client_says_so_and_sends_nothing(
    server: ScriptedServer, client: LiveChatClient
) -> None:
    await client.close()
    for call in (client.visitors.list(), client.visitors.count(), add(client)):
        with pytest.raises(ClientStateError, match="closed"):
            await call
    with pytest.raises(ClientStateError, match="closed"):
        async with client:
            pytest.fail("it was opened")
    assert server.connections == 0


async def test_a_plain_with_says_to_use_async_with() -> None:
    with pytest.raises(TypeError, match="async with"), LiveChatClient(CREDENTIALS):
        pytest.fail("it was opened")


async def test_a_lent_session_is_used_and_never_closed(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    session = lend()
    async with make_client(session=session) as client:
        await client.visitors.list()
    await client.close()
    assert not session.closed
    async with session.get(server.url) as plain:
        assert await plain.json() == []
    assert server.connections == 1


async def test_a_lent_session_is_not_warned_of(
    server: ScriptedServer, lend: Lend, warned: Warned
) -> None:
    client = LiveChatClient(CREDENTIALS, base_url=server.url, session=lend())
    await client.visitors.list()
    del client
    assert warned() == []


async def test_a_lent_session_is_not_reconfigured(make_client: MakeClient, lend: Lend) -> None:
    session = lend(
        headers={"X-Mine": "1", "X-API-Version": "3", "User-Agent": "mine"},
        timeout=aiohttp.ClientTimeout(total=7),
        raise_for_status=True,
    )
    before = (
        session.timeout,
        dict(session.headers),
        session.connector,
        session.cookie_jar,
        session.raise_for_status,
        session.trace_configs[:],
        session.auto_decompress,
    )
    client = make_client(session=session)
    await client.visitors.list()
    await add(client)
    await client.close()
    assert before == (
        session.timeout,
        dict(session.headers),
        session.connector,
        session.cookie_jar,
        session.raise_for_status,
        session.trace_configs[:],
        session.auto_decompress,
    )


async def test_what_a_lent_session_sends_by_itself_does_not_replace_ours(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    session = lend(headers={"X-Mine": "1", "X-API-Version": "3", "Accept": "text/html"})
    await make_client(session=session).visitors.list()
    (request,) = server.requests
    assert request.headers["x-mine"] == "1"
    assert request.headers["x-api-version"] == "2"
    assert request.headers["accept"] == "application/json"


@pytest.mark.parametrize("status", [400, 401, 404, 500])
async def test_a_lent_session_that_raises_for_status_does_not_bypass_our_errors(
    server: ScriptedServer, make_client: MakeClient, lend: Lend, status: int
) -> None:
    server.script(answer(status, {"error": "because"}))
    client = make_client(session=lend(raise_for_status=True), retry=RetryPolicy.none())
    with pytest.raises(APIStatusError, match="because") as caught:
        await client.visitors.list()
    assert caught.value.status == status


async def test_a_lent_session_may_have_a_base_url(
    server: ScriptedServer, other_server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    session = lend(base_url=f"{other_server.url}/elsewhere/")
    await make_client(session=session).visitors.list()
    assert server.requests[0].target == "/visitors"
    assert other_server.connections == 0


async def test_a_lent_session_that_does_not_decompress_does_no_harm(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    server.script(answer(200, gzip.compress(b"[]"), headers={"Content-Encoding": "gzip"}))
    client = make_client(session=lend(auto_decompress=False), retry=RetryPolicy.none())
    assert await client.visitors.list() == []


async def test_cookies_are_nothing_to_a_client_of_its_own_session(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(answer(200, b"[]", headers={"Set-Cookie": "sid=1; Path=/"}))
    # By name: aiohttp keeps no cookies of bare addresses in any case.
    client = make_client(base_url=server.url.replace("127.0.0.1", "localhost"))
    await client.visitors.list()
    await client.visitors.list()
    assert "cookie" not in server.requests[1].headers


async def test_a_session_that_is_closed_cannot_be_lent(lend: Lend) -> None:
    session = lend()
    await session.close()
    with pytest.raises(ConfigurationError, match="closed already"):
        LiveChatClient(CREDENTIALS, session=session)


async def test_a_lent_session_that_is_closed_later_is_told_of(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    session = lend()
    client = make_client(session=session)
    await client.visitors.list()
    await session.close()
    for call in (client.visitors.list(), add(client)):
        with pytest.raises(ClientStateError, match=r"lent .* is closed"):
            await call
    assert len(server.requests) == 1


async def test_a_lent_session_that_is_closed_during_a_call_is_told_of(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    session = lend()
    gate = asyncio.Event()
    server.script(held(gate, answer(503, b"{}")), answer())
    task = asyncio.ensure_future(make_client(session=session).visitors.list())
    await server.arrival()
    await session.close()
    with pytest.raises(ClientStateError, match="closed"):
        await task
    assert len(server.requests) == 1


async def test_a_client_that_is_closed_while_an_answer_is_read_ends_the_call(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    """aiohttp would wait for the rest for ever (field case 7)."""
    server.script(hanging_body())
    client = make_client(timeouts=Timeouts(attempt=None, deadline=None))
    call = asyncio.create_task(client.visitors.list())
    while not client._session.transport._bodies:  # noqa: ASYNC110 (nothing says when it reads)
        await asyncio.sleep(0)
    await client.close()
    async with asyncio.timeout(30):
        with pytest.raises(ClientStateError, match="is closed"):
            await call


@pytest.mark.parametrize("owner", [True, False], ids=["its connections", "shared connections"])
async def test_a_lent_session_that_is_closed_while_an_answer_is_read_ends_the_call(
    server: ScriptedServer,
    make_client: MakeClient,
    lend: Lend,
    owner: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    """The call would wait for what cannot come (field case 7)."""
    server.script(answer(), hanging_body())
    session = lend(connector=aiohttp.TCPConnector(), connector_owner=owner)
    client = make_client(session=session, timeouts=Timeouts(attempt=None, deadline=None))
    connector = session.connector
    await client.visitors.list()  # the next call takes this connection again
    write = client.send(Request("POST", "/visitors", body={"a": "b"}), list[Any])
    call = asyncio.create_task(write)
    while not client._session.transport._bodies:  # noqa: ASYNC110 (nothing says when it reads)
        await asyncio.sleep(0)
    await session.close()
    if not owner:
        assert connector is not None
        await connector.close()
    async with asyncio.timeout(30):
        with pytest.raises(ConnectionLost, match="lost: the session was closed"):
            await call


async def test_a_connection_that_breaks_between_calls_of_a_lent_session_logs_nothing(
    server: ScriptedServer, make_client: MakeClient, lend: Lend, caplog: pytest.LogCaptureFixture
) -> None:
    """asyncio logs a failure that is never retrieved."""
    session = lend()
    client = make_client(session=session)

    async def reply(exchange: Exchange) -> None:
        await exchange.send(head(200, {"Content-Length": "2"}))
        await asyncio.sleep(0.05)  # so that the client has to wait for the body
        await exchange.send(b"[]")

    server.script(reply, reply)
    for _ in range(2):
        await client.visitors.list()
    assert session.connector is not None
    ((protocol, _),) = next(iter(session.connector._conns.values()))
    protocol.connection_lost(ConnectionResetError())
    del protocol
    gc.collect()
    await asyncio.sleep(0)
    assert not caplog.records


async def test_a_session_that_is_closed_cancels_no_call_that_waits_for_a_connection(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    """A call that is cancelled by no task would pass for one that was (field case 7)."""
    asked = asyncio.Event()

    async def reply(exchange: Exchange) -> None:
        asked.set()
        await hanging()(exchange)

    server.script(reply)
    session = lend(connector=aiohttp.TCPConnector(limit=1))
    client = make_client(session=session)
    calls = [asyncio.create_task(client.visitors.list()) for _ in range(3)]
    await asked.wait()
    await session.close()
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(error) for error in errors] == [ClientStateError] * 3
    assert all(error.__context__ is None for error in errors if isinstance(error, Exception))


async def test_a_lent_session_that_is_closed_before_a_write_is_sent_is_named(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    """A write waits a moment before it takes a connection (field case 8)."""
    session = lend()
    client = make_client(session=session)
    write = client.visitors.add_details("S1", DETAILS, license_id=1, token="t")
    call = asyncio.create_task(write)
    await asyncio.sleep(0)
    await session.close()
    with pytest.raises(ClientStateError, match="session lent to this client is closed"):
        await call
    assert not server.requests


async def test_a_lent_session_that_is_closed_during_a_redirect_is_named(
    server: ScriptedServer, make_client: MakeClient, lend: Lend
) -> None:
    async def close(session: aiohttp.ClientSession, *_: Any) -> None:
        await session.close()

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(close)
    server.script(redirect("/visitors/"), answer())
    client = make_client(session=lend(trace_configs=[trace]), retry=RetryPolicy(attempts=1))
    with pytest.raises(ClientStateError, match="session lent to this client is closed"):
        await client.visitors.list()


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("credentials", [CREDENTIALS, None], ids=["credentials", "none"])
async def test_a_session_that_signs_by_a_header_cannot_be_lent(
    lend: Lend, name: str, credentials: PersonalAccessToken | None
) -> None:
    with pytest.raises(ConfigurationError, match="signs requests itself"):
        LiveChatClient(credentials, session=lend(headers={name: "Bearer x"}))


async def test_a_session_that_signs_by_auth_cannot_be_lent(lend: Lend) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of aiohttp 3.14
        session = lend(auth=aiohttp.BasicAuth("jane", "secret"))
    with pytest.raises(ConfigurationError, match="auth="):
        LiveChatClient(CREDENTIALS, session=session)


@pytest.mark.parametrize("session", ["session", 7, aiohttp.ClientSession])
async def test_what_is_no_session_cannot_be_lent(session: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"aiohttp\.ClientSession"):
        LiveChatClient(CREDENTIALS, session=session)


async def test_trace_configs_go_to_the_session_that_is_lent(lend: Lend) -> None:
    with pytest.raises(ConfigurationError, match="trace_configs"):
        LiveChatClient(CREDENTIALS, session=lend(), trace_configs=[aiohttp.TraceConfig()])


async def test_no_netrc_of_a_lent_session_signs_anything(
    server: ScriptedServer,
    make_client: MakeClient,
    lend: Lend,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """With trust_env, aiohttp signs a request that has no Authorization header."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login jane password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    try:
        client = make_client(session=lend(trust_env=True))
    except ConfigurationError as refused:
        assert "trust_env" in str(refused)  # noqa: PT017 (refusing such a session is as good)
        return
    await add(client)
    await client.visitors.list()
    details, visitors = server.requests
    assert hdrs.AUTHORIZATION.lower() not in details.headers
    assert visitors.headers["authorization"] == CREDENTIALS.authorization()


def test_a_client_can_be_made_outside_a_loop() -> None:
    client = LiveChatClient(
        CREDENTIALS, retry=RetryPolicy(), timeouts=Timeouts(), max_concurrency=2
    )

    async def use() -> Any:
        async with ScriptedServer() as server, client.with_options() as copy:
            del copy
            own = LiveChatClient(CREDENTIALS, base_url=server.url)
            async with own:
                return await own.visitors.list()

    assert asyncio.run(use()) == []


def test_a_client_made_outside_a_loop_works_inside_one() -> None:
    server = ScriptedServer(url="http://127.0.0.1:1")

    async def find_port() -> str:
        async with server:
            return server.url

    client = LiveChatClient(CREDENTIALS, base_url=asyncio.run(find_port()))

    async def use() -> Any:
        async with server, client:
            return await asyncio.gather(*(client.visitors.list() for _ in range(20)))

    assert asyncio.run(use()) == [[]] * 20


async def call_once(server: ScriptedServer, client: LiveChatClient) -> Any:
    async with server:
        return await client.visitors.list()


async def failure_of(client: LiveChatClient) -> ClientStateError:
    with pytest.raises(ClientStateError) as caught:
        await client.visitors.list()
    return caught.value


def test_a_client_of_another_loop_says_so(warned: Warned) -> None:
    server = ScriptedServer()

    async def make() -> LiveChatClient:
        async with server:
            client = LiveChatClient(CREDENTIALS, base_url=server.url)
            await client.visitors.list()
            return client

    client = asyncio.run(make())
    assert "another event loop" in str(asyncio.run(failure_of(client)))
    assert "asyncio.run" in str(asyncio.run(failure_of(client.with_options())))
    assert len(server.requests) == 1
    del client
    assert ResourceWarning in {kind for kind, _ in warned()}


def test_a_client_of_another_loop_that_is_busy_there_says_so_too(
    warned: Warned,
) -> None:
    """Its slots were all taken when that loop ended."""
    server = ScriptedServer(replies=[held(asyncio.Event(), answer())])

    async def make() -> LiveChatClient:
        async with server:
            client = LiveChatClient(CREDENTIALS, base_url=server.url, max_concurrency=1)
            tasks = [asyncio.ensure_future(client.visitors.list()) for _ in range(2)]
            await server.arrival()
            del tasks
            return client

    client = asyncio.run(make())
    assert "another event loop" in str(asyncio.run(failure_of(client)))
    del client
    assert ResourceWarning in {kind for kind, _ in warned()}


def test_a_client_that_asks_for_credentials_says_so_too(
    warned: Warned,
) -> None:
    server = ScriptedServer()

    async def source() -> BearerToken:
        await asyncio.sleep(0)
        return BearerToken("dal:t")

    async def make() -> LiveChatClient:
        async with server:
            client = LiveChatClient(source, base_url=server.url)
            await asyncio.gather(client.visitors.list(), client.visitors.list())
            return client

    client = asyncio.run(make())
    assert "another event loop" in str(asyncio.run(failure_of(client)))
    del client
    assert ResourceWarning in {kind for kind, _ in warned()}


def test_a_session_of_another_loop_is_told_of() -> None:
    async def make() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    with asyncio.Runner() as first:
        session = first.run(make())

        async def use() -> str:
            client = LiveChatClient(CREDENTIALS, base_url="http://127.0.0.1:1", session=session)
            return str(await failure_of(client))

        with asyncio.Runner() as second:
            assert "another event loop" in second.run(use())
        first.run(session.close())


async def test_copies_share_the_connections(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client()
    copy = client.with_options(timeouts=Timeouts(deadline=9), retry=RetryPolicy.none())
    await client.visitors.list()
    await copy.visitors.list()
    assert server.connections == 1
    await copy.close()
    assert client.closed
    with pytest.raises(ClientStateError):
        await client.visitors.list()


async def test_copies_share_the_limit_of_requests_at_once(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    gate = asyncio.Event()
    server.script(held(gate, answer()))
    client = make_client(max_concurrency=2)
    copies = [client, client.with_options(), client.with_options(timeouts=Timeouts())]
    calls = [asyncio.ensure_future(one.visitors.list()) for one in copies * 3]
    await server.arrival(2)
    await asyncio.sleep(0.02)
    assert len(server.requests) == 2
    gate.set()
    assert await asyncio.gather(*calls) == [[]] * 9
    assert server.most_at_once == 2


async def test_copies_are_independent_in_their_options(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client(headers={"X-Mine": "1"}, region="dal")
    copy = client.with_options(
        credentials=BearerToken("fra:t"), headers={"X-Other": "2"}, region=None
    )
    await client.visitors.list()
    await copy.visitors.list()
    await client.visitors.list()
    first, second, third = (request.headers for request in server.requests)
    assert (first["x-mine"], first["x-region"]) == ("1", "dal")
    assert (second["x-other"], second["x-region"]) == ("2", "fra")
    assert second["authorization"] == "Bearer fra:t"
    assert "x-mine" not in second
    assert first == third


async def test_copies_of_copies_keep_what_was_changed_before(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    copy = make_client().with_options(headers={"X-Mine": "1"}).with_options(region="dal")
    await copy.visitors.list()
    assert server.requests[0].headers["x-mine"] == "1"
    assert server.requests[0].headers["x-region"] == "dal"


async def test_copies_have_their_own_limit_of_an_answers_size(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(answer(400, b" " * 100))
    client = make_client()
    with pytest.raises(BadRequestError):
        await client.visitors.list()
    with pytest.raises(Exception, match="larger than 10 bytes"):
        await client.with_options(max_response_bytes=10).visitors.list()


@pytest.mark.parametrize("name", ["base_url", "session", "max_concurrency", "trace_configs"])
async def test_what_copies_share_cannot_be_changed(client: LiveChatClient, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"cannot change {name}"):
        client.with_options(**{name: None})
