"""Planted secrets, looked for wherever something that went wrong is shown.

The frames of this file hold clients and calls, never a secret: a traceback's locals are searched
too.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
import html
import json
import logging
import pickle
import socket
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias
from urllib.parse import quote

import aiohttp
import pytest
from attrs import define
from clients import Lend, MakeClient, sleeping_with
from scripted_server import (
    Exchange,
    Reply,
    ScriptedServer,
    answer,
    cut,
    cut_chunked,
    dripping,
    dropped,
    dropped_after_headers,
    echoing,
    hanging,
    hanging_body,
    held,
    raw,
    redirect,
)

from livechat_async import (
    BearerToken,
    ClientStateError,
    ConfigurationError,
    DecodeError,
    DetailField,
    LiveChatClient,
    LiveChatError,
    PersonalAccessToken,
    Request,
    RetryPolicy,
    Timeouts,
    Visitor,
    VisitorDetails,
)

LOGIN = "john.doe@example.com"
PAT = "PLANTEDpat0001"
BEARER = "dal:PLANTEDbearer0002"
DETAILS_TOKEN = "PLANTEDdetails0003"
HEADER = "PLANTEDheader0004"
QUERY = "PLANTEDquery0005"
PASSWORD = "PLANTEDpassword0006"
BASIC = base64.b64encode(f"{LOGIN}:{PAT}".encode()).decode()
PLANTED = {
    "personal access token": PAT,
    "bearer token": BEARER.removeprefix("dal:"),
    "details token": DETAILS_TOKEN,
    "header": HEADER,
    "query": QUERY,
    "password": PASSWORD,
    "basic pair": BASIC,
}
DETAILS = VisitorDetails("my-app", [DetailField("Age", 36)])

Call: TypeAlias = Callable[[LiveChatClient], Awaitable[object]]


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and every error it brings along, also those that Python would not print."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]
            if isinstance(one, BaseExceptionGroup):
                waiting += one.exceptions


def faces_of(error: BaseException, *, skip: str = "") -> Iterator[tuple[str, str]]:
    """Everything an error can be seen by, besides the frames of a package that is skipped."""
    for one in chain_of(error):
        yield f"str of {type(one).__name__}", str(one)
        yield f"repr of {type(one).__name__}", repr(one)
        yield f"attributes of {type(one).__name__}", repr(vars(one) or one.args)
        printed = traceback.TracebackException.from_exception(one, capture_locals=True)
        if skip:
            kept = [frame for frame in printed.stack if f"/{skip}/" not in frame.filename]
            printed.stack = traceback.StackSummary.from_list(kept)
        yield f"traceback of {type(one).__name__}", "".join(printed.format())
        for frame in printed.stack:
            for name, shown in (frame.locals or {}).items():
                yield f"{frame.filename.rsplit('/', 1)[-1]}:{frame.name}() local {name}", shown
    yield "pickle", pickle.dumps(error).decode("latin-1")
    yield "pickle of the copy", pickle.dumps(copy.deepcopy(error)).decode("latin-1")


def check_hidden(*faces: tuple[str, str]) -> None:
    found = {
        f"{kind} in {place}" for place, text in faces for kind, it in PLANTED.items() if it in text
    }
    assert not found, "\n".join(sorted(found))


@define
class Watch:
    """Runs a call that fails, and looks for what was planted."""

    caplog: pytest.LogCaptureFixture

    async def failure_of(self, call: Awaitable[object], *, skip: str = "") -> BaseException:
        try:
            await call
        except BaseException as error:  # noqa: BLE001 (a cancellation is a failure here, too)
            failure = error
        else:
            pytest.fail("that should have failed")
        check_hidden(*faces_of(failure, skip=skip))
        self.check_logs()
        return failure

    def refusal_of(self, make: Callable[[], object]) -> ConfigurationError:
        try:
            make()
        except ConfigurationError as error:
            failure = error
        else:
            pytest.fail("that should have been refused")
        check_hidden(*faces_of(failure))
        return failure

    def check_logs(self) -> None:
        check_hidden(("log", self.caplog.text))
        for record in self.caplog.records:
            check_hidden(("record", repr(vars(record))))


@pytest.fixture
def watch(caplog: pytest.LogCaptureFixture) -> Watch:
    caplog.set_level(logging.DEBUG)
    return Watch(caplog)


def planted(make_client: MakeClient, **options: Any) -> LiveChatClient:
    """A client that holds secrets, and the shortest limits."""
    options.setdefault("retry", RetryPolicy(attempts=2, backoff=0))
    return make_client(
        PersonalAccessToken(LOGIN, PAT), headers={"X-Proxy-Secret": HEADER}, **options
    )


def bearing(make_client: MakeClient, **options: Any) -> LiveChatClient:
    options.setdefault("retry", RetryPolicy(attempts=2, backoff=0))
    return make_client(BearerToken(BEARER), headers={"X-Proxy-Secret": HEADER}, **options)


async def list_visitors(client: LiveChatClient) -> None:
    await client.visitors.list(state="chatting", groups=[0])


async def count_visitors(client: LiveChatClient) -> None:
    await client.visitors.count()


async def add_as_json(client: LiveChatClient) -> None:
    await client.visitors.add_details("S1", DETAILS, license_id=1, token=DETAILS_TOKEN)


async def add_as_form(client: LiveChatClient) -> None:
    await client.visitors.add_details(
        "S1", DETAILS, license_id=1, token=DETAILS_TOKEN, encoding="form"
    )


async def send_query(client: LiveChatClient) -> None:
    await client.send(Request("GET", "/odd", query={"access_token": QUERY}), list[Visitor])


async def send_body(client: LiveChatClient) -> None:
    await client.send(Request("PUT", "/odd", body={"agent": {"password": PASSWORD}}), Any)


async def create_agent(client: LiveChatClient) -> None:
    await client.agents.create(login=LOGIN, name="John", password=PASSWORD)


async def change_password(client: LiveChatClient) -> None:
    await client.agents.update(LOGIN, password=QUERY, current_password=PASSWORD)


CALLS: dict[str, Call] = {
    "list": list_visitors,
    "details as JSON": add_as_json,
    "details as form": add_as_form,
    "secret query": send_query,
    "secret body": send_body,
    "new agent": create_agent,
    "new password": change_password,
}
READS: dict[str, Call] = {"list": list_visitors, "count": count_visitors, "query": send_query}
# What a success is answered with: most of these calls take a list, or read nothing.
SUCCESSES = dict.fromkeys((create_agent, change_password), f'{{"login": "{LOGIN}"}}')
any_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
any_read = pytest.mark.parametrize("call", READS.values(), ids=READS)
either_kind = pytest.mark.parametrize("make_planted", [planted, bearing], ids=["basic", "bearer"])


def echoing_as_json(status: int, shape: Callable[[str], Any]) -> Reply:
    async def reply(exchange: Exchange) -> None:
        request = exchange.request
        echo = "\n".join([request.target, *request.headers.values(), request.body.decode()])
        await answer(status, json.dumps(shape(echo)))(exchange)

    return reply


def echoing_in(spell: Callable[[str], bytes]) -> Reply:
    """The request, spelled in this way; then the connection is closed."""

    async def reply(exchange: Exchange) -> None:
        request = exchange.request
        echo = " ".join([request.target, *request.headers.values(), request.body.decode()])
        await raw(spell(echo))(exchange)

    return reply


ECHOES: dict[str, Reply] = {
    **{f"{status} with the request": echoing(status) for status in (400, 401, 403, 404, 418, 422)},
    **{f"{status} with the request": echoing(status) for status in (429, 500, 503)},
    "error text": echoing_as_json(400, lambda echo: {"error": echo}),
    "error list": echoing_as_json(422, lambda echo: {"errors": echo.split("\n")}),
    "error object": echoing_as_json(401, lambda echo: {"error": {"message": echo}}),
    "error region": echoing_as_json(403, lambda echo: {"error": {"data": {"region": echo}}}),
    "error type": echoing_as_json(403, lambda echo: {"error": {"type": echo}}),
    "bare text": echoing_as_json(500, lambda echo: echo),
    "redirect without location": echoing(302),
    "reason phrase": echoing_in(
        lambda echo: f"HTTP/1.1 400 {echo}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    ),
    "content type": echoing_in(
        lambda echo: f"HTTP/1.1 400 No\r\nContent-Type: {echo}\r\n\r\n".encode("latin-1")
    ),
    "no status line": echoing_in(lambda echo: f"{echo}\r\n\r\n".encode("latin-1")),
    "odd header": echoing_in(
        lambda echo: f"HTTP/1.1 200 OK\r\n{echo} \x00: bad\r\n\r\n".encode("latin-1")
    ),
    "odd chunk": echoing_in(
        lambda echo: f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{echo}\r\n".encode(
            "latin-1"
        )
    ),
    "foreign redirect": echoing_in(
        lambda echo: (
            "HTTP/1.1 307 No\r\nContent-Length: 0\r\n"
            f"Location: http://elsewhere.invalid/{quote(echo)}\r\n\r\n"
        ).encode()
    ),
    "odd redirect": echoing_in(
        lambda echo: (
            f"HTTP/1.1 307 No\r\nContent-Length: 0\r\nLocation: http://[{echo}\r\n\r\n"
        ).encode("latin-1")
    ),
    "redirect to itself": echoing_in(
        lambda echo: (
            "HTTP/1.1 307 No\r\nContent-Length: 0\r\n"
            f"Location: /{quote(echo.replace('/', ''))}\r\n\r\n"
        ).encode()
    ),
}


@pytest.mark.parametrize("reply", ECHOES.values(), ids=ECHOES)
@any_call
@either_kind
async def test_no_error_answer_that_repeats_the_request_gives_a_secret_away(
    *,
    server: ScriptedServer,
    make_client: MakeClient,
    watch: Watch,
    make_planted: MakeClient,
    call: Call,
    reply: Reply,
) -> None:
    server.script(reply)
    error = await watch.failure_of(call(make_planted(make_client)))
    assert isinstance(error, LiveChatError)


API_KEY = {"login": LOGIN, "api_key": HEADER, "last_logout": [1]}


async def test_an_agent_that_cannot_be_read_gives_no_api_key_away(
    server: ScriptedServer, make_client: MakeClient, watch: Watch
) -> None:
    server.script(answer(200, API_KEY))
    error = await watch.failure_of(make_client().agents.get(LOGIN))
    assert isinstance(error, DecodeError)
    assert error.path == "last_logout"


BROKEN: dict[str, Reply] = {
    "HTML": echoing(200, content_type="text/html"),
    "cut JSON": echoing_in(
        lambda echo: f'HTTP/1.1 200 OK\r\n\r\n[{{"id": {json.dumps(echo)}'.encode()
    ),
    "text": echoing_as_json(200, lambda echo: echo),
    "wrong id": echoing_as_json(200, lambda echo: [{"id": [echo], "state": "chatting"}]),
    "wrong number": echoing_as_json(
        200, lambda echo: [{"id": "S1", "state": "chatting", "latitude": echo}]
    ),
    "wrong time": echoing_as_json(
        200, lambda echo: [{"id": "S1", "state": "chatting", "last_visit_ts": echo}]
    ),
    "object": echoing_as_json(200, lambda echo: {echo: echo, "count": {echo: echo}}),
    "content type": echoing_in(
        lambda echo: f"HTTP/1.1 200 OK\r\nContent-Type: {echo}\r\n\r\n<html>".encode("latin-1")
    ),
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
@any_read
@either_kind
async def test_no_broken_answer_that_repeats_the_request_gives_a_secret_away(
    *,
    server: ScriptedServer,
    make_client: MakeClient,
    watch: Watch,
    make_planted: MakeClient,
    call: Call,
    reply: Reply,
) -> None:
    server.script(reply)
    error = await watch.failure_of(call(make_planted(make_client)))
    assert isinstance(error, DecodeError)


async def test_no_path_to_a_wrong_field_gives_a_secret_away(
    server: ScriptedServer, make_client: MakeClient, watch: Watch
) -> None:
    server.script(echoing_as_json(200, lambda echo: {echo: "seven"}))
    error = await watch.failure_of(
        planted(make_client).send(Request("GET", "/odd"), dict[str, int])
    )
    assert isinstance(error, DecodeError)


SPELLINGS: dict[str, tuple[str, Callable[[str], str]]] = {
    "PHP's JSON": ("PLANTED/slash", lambda it: it.replace("/", r"\/")),
    "ASCII JSON": ("PLANTEDtökén", lambda it: json.dumps(it)[1:-1]),
    "JSON with quotes": ('PLANTED"quote', lambda it: json.dumps(it)[1:-1]),
    "HTML": ("PLANTED&<b>", html.escape),
    "percent-encoded": ("PLANTED/s+l", lambda it: quote(it, safe="")),
    "percent-encoded in lower case": (
        "PLANTED/s+l",
        lambda it: it.replace("/", "%2f").replace("+", "%2b"),
    ),
    "repr": ("PLANTED'\"\\", lambda it: repr(it)[1:-1]),
}


@pytest.mark.parametrize(("token", "spell"), SPELLINGS.values(), ids=SPELLINGS)
async def test_a_secret_is_hidden_in_every_usual_spelling(
    server: ScriptedServer, client: LiveChatClient, token: str, spell: Callable[[str], str]
) -> None:
    server.script(answer(400, f"<p>no such token: {spell(token)}</p>"))
    with pytest.raises(LiveChatError) as caught:
        await client.visitors.add_details("S1", DETAILS, license_id=1, token=token)
    assert "no such token: ***" in caught.value.body  # type: ignore[attr-defined]


BREAKS: dict[str, Reply] = {
    "drop": dropped(),
    "drop after headers": dropped_after_headers(),
    "cut body": cut(),
    "cut chunks": cut_chunked(),
    "no HTTP": raw(b"\x16\x03\x01 what?\r\n\r\n"),
    "foreign redirect": redirect("https://elsewhere.invalid/visitors", 307),
    "redirects without end": redirect("/visitors", 307),
    "redirect with a password": redirect("//john:secret@elsewhere.invalid/", 307),
}


@pytest.mark.parametrize("reply", BREAKS.values(), ids=BREAKS)
@any_call
async def test_no_broken_connection_gives_a_secret_away(
    server: ScriptedServer, make_client: MakeClient, watch: Watch, call: Call, reply: Reply
) -> None:
    server.script(reply)
    error = await watch.failure_of(call(planted(make_client)))
    assert isinstance(error, LiveChatError)


@any_call
async def test_an_answer_that_is_too_large_gives_no_secret_away(
    server: ScriptedServer, make_client: MakeClient, watch: Watch, call: Call
) -> None:
    server.script(echoing(200))
    await watch.failure_of(call(planted(make_client, max_response_bytes=10)))


LIMITS = {
    "attempt": Timeouts(attempt=0.05, deadline=2),
    "deadline": Timeouts(attempt=2, deadline=0.05),
}


@pytest.mark.parametrize("timeouts", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize(
    "reply", [hanging(), hanging_body(), dripping()], ids=["silence", "half a body", "drip"]
)
@any_call
async def test_no_timeout_gives_a_secret_away(
    *,
    server: ScriptedServer,
    make_client: MakeClient,
    watch: Watch,
    timeouts: Timeouts,
    call: Call,
    reply: Reply,
) -> None:
    server.script(reply)
    await watch.failure_of(call(planted(make_client, timeouts=timeouts)))


@any_call
async def test_no_failed_connect_gives_a_secret_away(
    make_client: MakeClient, watch: Watch, free_port: int, call: Call
) -> None:
    await watch.failure_of(call(planted(make_client, base_url=f"http://127.0.0.1:{free_port}")))


@any_call
async def test_no_connect_timeout_gives_a_secret_away(
    make_client: MakeClient, watch: Watch, full_backlog: str, call: Call
) -> None:
    await watch.failure_of(
        call(planted(make_client, base_url=full_backlog, timeouts=Timeouts(connect=0.05)))
    )


@any_call
async def test_no_failed_look_up_gives_a_secret_away(
    make_client: MakeClient, watch: Watch, call: Call
) -> None:
    await watch.failure_of(call(planted(make_client, base_url="https://name.invalid")))


@any_call
async def test_no_failed_handshake_gives_a_secret_away(
    make_client: MakeClient, watch: Watch, plain_text_behind_https: str, call: Call
) -> None:
    await watch.failure_of(call(planted(make_client, base_url=plain_text_behind_https)))


async def cancelled(server: ScriptedServer, call: Awaitable[object]) -> None:
    """Make the call, and cancel it while the server works on it."""
    task = asyncio.ensure_future(call)
    await server.arrival()
    await asyncio.sleep(0.01)
    task.cancel()
    await task


@pytest.mark.parametrize("reply", [hanging(), hanging_body()], ids=["silence", "half a body"])
@any_call
@either_kind
async def test_no_cancelled_exchange_gives_a_secret_away(
    *,
    server: ScriptedServer,
    make_client: MakeClient,
    watch: Watch,
    make_planted: MakeClient,
    call: Call,
    reply: Reply,
) -> None:
    server.script(reply)
    # aiohttp's own frames show the URL: it is aiohttp's object, and cannot be wrapped.
    skip = "aiohttp" if call is send_query else ""
    error = await watch.failure_of(cancelled(server, call(make_planted(make_client))), skip=skip)
    assert isinstance(error, asyncio.CancelledError)


@any_call
async def test_no_cancelled_wait_between_attempts_gives_a_secret_away(
    server: ScriptedServer, make_client: MakeClient, watch: Watch, call: Call
) -> None:
    server.script(echoing(429))
    client = sleeping_with(planted(make_client, retry=RetryPolicy(backoff=9)), asyncio.sleep)
    error = await watch.failure_of(cancelled(server, call(client)))
    assert isinstance(error, asyncio.CancelledError)


@any_call
async def test_no_cancelled_wait_for_a_turn_gives_a_secret_away(
    server: ScriptedServer, make_client: MakeClient, watch: Watch, call: Call
) -> None:
    server.script(hanging())
    client = planted(make_client, max_concurrency=1)
    first = asyncio.ensure_future(client.visitors.list())
    error = await watch.failure_of(cancelled(server, call(client)))
    assert isinstance(error, asyncio.CancelledError)
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first


@any_call
async def test_no_closed_client_gives_a_secret_away(
    make_client: MakeClient, watch: Watch, call: Call
) -> None:
    client = planted(make_client)
    await client.close()
    error = await watch.failure_of(call(client))
    assert isinstance(error, ClientStateError)


@any_call
async def test_no_closed_session_gives_a_secret_away(
    make_client: MakeClient, lend: Lend, watch: Watch, call: Call
) -> None:
    session = lend()
    client = planted(make_client, session=session)
    await session.close()
    error = await watch.failure_of(call(client))
    assert isinstance(error, ClientStateError)


@any_call
async def test_no_session_that_breaks_gives_a_secret_away(
    make_client: MakeClient, lend: Lend, watch: Watch, call: Call
) -> None:
    """A session may raise anything: here it is one whose hook fails."""

    async def fail(*_: object) -> None:
        raise aiohttp.ClientError("out of order")

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(fail)
    await watch.failure_of(call(planted(make_client, session=lend(trace_configs=[trace]))))


async def plain_text() -> Any:
    return PAT


async def pair() -> Any:
    return LOGIN, PAT


async def mapping() -> Any:
    return {"login": LOGIN, "token": PAT}


async def nothing() -> Any:
    return None


async def raising() -> Any:
    raise LookupError("the vault is sealed")


@pytest.mark.parametrize("source", [plain_text, pair, mapping, nothing, raising])
async def test_no_junk_from_a_credentials_callable_gives_a_secret_away(
    make_client: MakeClient, watch: Watch, source: Any
) -> None:
    await watch.failure_of(make_client(source).visitors.list())


async def test_a_second_refusal_of_credentials_gives_no_secret_away(
    server: ScriptedServer, make_client: MakeClient, watch: Watch
) -> None:
    kinds = iter([PersonalAccessToken(LOGIN, PAT), BearerToken(BEARER)])

    async def source() -> PersonalAccessToken | BearerToken:
        return next(kinds)

    server.script(echoing(401))
    await watch.failure_of(make_client(source).visitors.list())
    assert len(server.requests) == 2


@any_call
async def test_no_call_without_credentials_gives_a_secret_away(
    server: ScriptedServer, make_client: MakeClient, watch: Watch, call: Call
) -> None:
    server.script(answer(404))
    await watch.failure_of(call(make_client(None, headers={"X-Proxy-Secret": HEADER})))


REFUSED_CALLS: dict[str, Call] = {
    "one password": lambda client: client.agents.update(LOGIN, password=PASSWORD),
    "name beside a password": lambda client: client.agents.create(
        login=LOGIN, name="", password=PASSWORD
    ),
    "login beside passwords": lambda client: client.agents.update(
        "john", password=PASSWORD, current_password=QUERY
    ),
    "password of no text": lambda client: client.agents.update(
        LOGIN,
        password=[PASSWORD],  # type: ignore[arg-type]
        current_password=QUERY,
    ),
    "visitor": lambda client: client.visitors.add_details(
        "..", DETAILS, license_id=1, token=DETAILS_TOKEN
    ),
    "license": lambda client: client.visitors.add_details(
        "S1", DETAILS, license_id="one", token=DETAILS_TOKEN
    ),
    "details": lambda client: client.visitors.add_details(
        "S1", [], license_id=1, token=DETAILS_TOKEN
    ),
    "encoding": lambda client: client.visitors.add_details(
        "S1", DETAILS, license_id=1, token=DETAILS_TOKEN, encoding="xml"
    ),
    "bytes": lambda client: client.visitors.add_details(
        "S1", DETAILS, license_id=1, token=DETAILS_TOKEN.encode()
    ),
    "surrogate": lambda client: client.visitors.add_details(
        "S1", DETAILS, license_id=1, token=f"{DETAILS_TOKEN}\ud800"
    ),
    "body": lambda client: client.send(
        Request("POST", "/odd", body={"token": DETAILS_TOKEN, "odd": object()})
    ),
    "form": lambda client: client.send(
        Request("POST", "/odd", body={"token": DETAILS_TOKEN, "odd": {}}, encoding="form")
    ),
    "query": lambda client: client.send(
        Request("GET", "/odd", query={"access_token": QUERY, "odd": object()})
    ),
}


@pytest.mark.parametrize("call", REFUSED_CALLS.values(), ids=REFUSED_CALLS)
async def test_no_refused_argument_gives_a_secret_away(
    server: ScriptedServer, make_client: MakeClient, watch: Watch, call: Call
) -> None:
    error = await watch.failure_of(call(planted(make_client)))
    assert isinstance(error, ConfigurationError)
    assert server.requests == []


REFUSED_SETTINGS: dict[str, Callable[[], object]] = {
    "token with a line break": lambda: PersonalAccessToken(LOGIN, f"{PAT}\n"),
    "token as bytes": lambda: PersonalAccessToken(LOGIN, PAT.encode()),  # type: ignore[arg-type]
    "token with a bad login": lambda: PersonalAccessToken("", PAT),
    "login and token in one": lambda: PersonalAccessToken(f"{LOGIN}:{PAT}", "x"),
    "bearer with a line break": lambda: BearerToken(f"{BEARER}\n"),
    "bearer as bytes": lambda: BearerToken(BEARER.encode()),  # type: ignore[arg-type]
    "credentials as text": lambda: LiveChatClient(PAT),  # type: ignore[arg-type]
    "credentials as pair": lambda: LiveChatClient((LOGIN, PAT)),  # type: ignore[arg-type]
    "base_url with a password": lambda: LiveChatClient(
        base_url=f"https://john:{PASSWORD}@api.example.com"
    ),
    "broken base_url with a password": lambda: LiveChatClient(
        base_url=f"https://john:{PASSWORD}@[api.example.com"
    ),
    "base_url with a secret query": lambda: LiveChatClient(
        base_url=f"https://api.example.com?token={QUERY}"
    ),
    "plain base_url": lambda: LiveChatClient(
        PersonalAccessToken(LOGIN, PAT),
        base_url="http://api.example.com",
        headers={"X-Proxy-Secret": HEADER},
    ),
    "timeouts": lambda: LiveChatClient(
        PersonalAccessToken(LOGIN, PAT),
        timeouts=5,  # type: ignore[arg-type]
        headers={"X-Proxy-Secret": HEADER},
    ),
    "header with a line break": lambda: LiveChatClient(headers={"X-Proxy-Secret": f"{HEADER}\n"}),
    "header of ours": lambda: LiveChatClient(headers={"Authorization": HEADER}),
    "header name": lambda: LiveChatClient(headers={"X Proxy": HEADER}),
    "headers": lambda: LiveChatClient(headers=[("X-Proxy-Secret", HEADER)]),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("make", REFUSED_SETTINGS.values(), ids=REFUSED_SETTINGS)
def test_no_refused_setting_gives_a_secret_away(watch: Watch, make: Callable[[], object]) -> None:
    watch.refusal_of(make)


REFUSED_CHANGES: dict[str, Callable[[LiveChatClient], object]] = {
    "credentials": lambda client: client.with_options(credentials=PAT),  # type: ignore[arg-type]
    "headers": lambda client: client.with_options(headers={"X-Proxy-Secret": f"{HEADER}\n"}),
    "another": lambda client: client.with_options(
        headers={"X-Proxy-Secret": HEADER},
        timeouts=5,  # type: ignore[arg-type]
    ),
    "unknown": lambda client: client.with_options(
        headers={"X-Proxy-Secret": HEADER},
        colour="red",  # type: ignore[call-arg]
    ),
}


@pytest.mark.parametrize("change", REFUSED_CHANGES.values(), ids=REFUSED_CHANGES)
def test_no_refused_change_of_options_gives_a_secret_away(
    watch: Watch, change: Callable[[LiveChatClient], object]
) -> None:
    client = LiveChatClient(PersonalAccessToken(LOGIN, PAT))
    watch.refusal_of(lambda: change(client))


REFUSED_ENVIRONMENTS = {
    "two kinds": {"LIVECHAT_TOKEN": PAT, "LIVECHAT_ACCESS_TOKEN": BEARER},
    "no login": {"LIVECHAT_TOKEN": PAT},
    "line break": {"LIVECHAT_LOGIN": LOGIN, "LIVECHAT_TOKEN": f"{PAT}\nx"},
    "bearer with a line break": {"LIVECHAT_ACCESS_TOKEN": f"{BEARER}\nx"},
    "password": {
        "LIVECHAT_ACCESS_TOKEN": BEARER,
        "LIVECHAT_BASE_URL": f"https://john:{PASSWORD}@api.example.com",
    },
}


@pytest.mark.parametrize("case", REFUSED_ENVIRONMENTS)
def test_no_refused_environment_gives_a_secret_away(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    for name in ("LOGIN", "TOKEN", "ACCESS_TOKEN", "BASE_URL"):
        monkeypatch.delenv(f"LIVECHAT_{name}", raising=False)
    for name in REFUSED_ENVIRONMENTS[case]:
        monkeypatch.setenv(name, REFUSED_ENVIRONMENTS[case][name])
    watch.refusal_of(LiveChatClient.from_env)


SHOWN: dict[str, Callable[[], object]] = {
    "token": lambda: PersonalAccessToken(LOGIN, PAT),
    "bearer": lambda: BearerToken(BEARER),
    "signature": lambda: PersonalAccessToken(LOGIN, PAT).authorization(),
    "bearer signature": lambda: BearerToken(BEARER).authorization(),
    "client": lambda: LiveChatClient(PersonalAccessToken(LOGIN, PAT), headers={"X-Key": HEADER}),
    "options": lambda: (
        LiveChatClient(PersonalAccessToken(LOGIN, PAT), headers={"X-Key": HEADER})._session.options
    ),
    "query": lambda: Request("GET", "/odd", query={"access_token": QUERY}),
    "body": lambda: Request("POST", "/odd", body={"token": DETAILS_TOKEN, "in": [{"secret": PAT}]}),
    "nested": lambda: Request("POST", "/odd", body={"password": [PASSWORD, {"new": PASSWORD}]}),
}


@pytest.mark.parametrize("make", SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("show", [repr, ascii, lambda it: f"{[it]}"], ids=["repr", "ascii", "list"])
def test_nothing_that_holds_a_secret_shows_it(
    make: Callable[[], object], show: Callable[[object], str]
) -> None:
    check_hidden(("repr", show(make())))


@either_kind
@any_call
async def test_no_success_gives_a_secret_away_in_the_log(
    server: ScriptedServer,
    make_client: MakeClient,
    watch: Watch,
    make_planted: MakeClient,
    call: Call,
) -> None:
    server.script(
        answer(429, "{}"), answer(200, SUCCESSES.get(call, "[]"), headers={"X-Echo": PAT})
    )
    client = make_planted(make_client)
    await call(client)
    watch.check_logs()
    assert len(watch.caplog.records) >= 3
    check_hidden(("repr", repr(client)))


async def test_a_response_does_not_show_its_headers_and_content(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    server.script(echoing(200))
    response = await planted(make_client).send(Request("GET", "/odd"))
    assert PAT.encode() not in response.content
    assert BASIC.encode() in response.content
    check_hidden(("repr", repr(response)))


@any_call
async def test_the_secrets_do_reach_the_wire(
    server: ScriptedServer, make_client: MakeClient, call: Call
) -> None:
    """Otherwise nothing in this file would show anything."""
    server.script(answer(200, SUCCESSES.get(call, "[]")))
    await call(planted(make_client))
    sent = server.requests[0].raw.decode()
    assert HEADER in sent
    assert any(secret in sent for secret in (BASIC, DETAILS_TOKEN, QUERY, PASSWORD))


async def test_the_search_finds_what_there_is_to_find(watch: Watch) -> None:
    """A frame, a message or a log line with a secret does not get past this file's own net."""

    async def careless() -> None:
        token = PAT
        await held(asyncio.Event(), answer())(token)  # type: ignore[arg-type]

    task = asyncio.ensure_future(careless())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(AssertionError, match=r"personal access token in .*local token"):
        await watch.failure_of(task)
    logging.getLogger("aiohttp.client").debug("sent %s", BASIC)
    with pytest.raises(AssertionError, match="basic pair in log"):
        watch.check_logs()
    with pytest.raises(AssertionError, match="bearer token in pickle"):
        check_hidden(*faces_of(socket.gaierror(BEARER)))
