"""Planted secrets, looked for in what tools make of tracebacks with their local variables.

The frames of this file hold clients and calls, never a secret: the tools show them as well.
"""

from __future__ import annotations

import asyncio
import io
import json
import traceback
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle
from typing import Any, TypeAlias

import loguru
import pytest
import sentry_sdk
import structlog
from clients import MakeClient
from rich.console import Console
from rich.traceback import Traceback
from scripted_server import Reply, ScriptedServer, answer, dropped, hanging, raw
from test_secrets import BASIC, DETAILS, DETAILS_TOKEN, HEADER, LOGIN, PASSWORD, PAT

from livechat_async import LiveChatClient, PersonalAccessToken, Request, RetryPolicy, Timeouts
from livechat_async.webhooks import WebhookCredentials, WebhookReceiver

Call: TypeAlias = Callable[[LiveChatClient], Awaitable[object]]
PLANTED = (PAT, DETAILS_TOKEN, HEADER, PASSWORD, BASIC)
PIECES = sorted({secret[at : at + 9] for secret in PLANTED for at in range(len(secret) - 8)})


def shown_by_traceback(error: BaseException) -> str:
    printed = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join([*printed.format(), *traceback.format_exception(error)])


def shown_by_rich(error: BaseException) -> str:
    page = io.StringIO()
    shown = Traceback.from_exception(
        type(error),
        error,
        error.__traceback__,
        show_locals=True,
        locals_max_string=16,
        extra_lines=0,
    )
    Console(file=page, width=200).print(shown)
    return page.getvalue()


def shown_by_structlog(error: BaseException) -> str:
    event = {"event": "failed", "exc_info": error}
    renderer = structlog.dev.ConsoleRenderer(colors=False)
    with_locals = structlog.tracebacks.ExceptionDictTransformer(
        show_locals=True, locals_max_string=9
    )
    return "".join(
        [
            json.dumps(structlog.processors.dict_tracebacks(None, "error", dict(event))),
            json.dumps(with_locals((type(error), error, error.__traceback__)), default=repr),
            str(renderer(None, "error", dict(event))),
        ]
    )


def shown_by_loguru(error: BaseException) -> str:
    page = io.StringIO()
    number = loguru.logger.add(page, diagnose=True, backtrace=True, colorize=False)
    loguru.logger.opt(exception=error).error("failed")
    loguru.logger.remove(number)
    return page.getvalue()


class Kept(sentry_sdk.transport.Transport):
    """Keeps events in memory: nothing is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.texts.append(envelope.serialize().decode())


def shown_by_sentry(error: BaseException) -> str:
    kept = Kept()
    client = sentry_sdk.Client(
        dsn="https://key@sentry.example.com/1",
        transport=kept,
        include_local_variables=True,
        default_integrations=False,
        max_value_length=10_000,
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        scope.capture_exception(error)
    client.close(timeout=0)
    assert kept.texts
    return "".join(kept.texts)


TOOLS: dict[str, Callable[[BaseException], str]] = {
    "traceback": shown_by_traceback,
    "rich": shown_by_rich,
    "structlog": shown_by_structlog,
    "loguru": shown_by_loguru,
    "sentry": shown_by_sentry,
}
any_tool = pytest.mark.parametrize("show", TOOLS.values(), ids=TOOLS)


def pieces_in(text: str) -> list[str]:
    return [piece for piece in PIECES if piece in text]


def details_token() -> str:  # loguru shows the value of each name in a line, but calls nothing
    return DETAILS_TOKEN


def password() -> str:
    return PASSWORD


async def list_visitors(client: LiveChatClient) -> None:
    await client.visitors.list()


async def add_details(client: LiveChatClient) -> None:
    await client.visitors.add_details("S1", DETAILS, license_id=1, token=details_token())


async def send_secrets(client: LiveChatClient) -> None:
    request = Request(
        "PUT", "/odd", query={"access_token": details_token()}, body={"password": password()}
    )
    await client.send(request, list[str])


async def send_wrong_value(client: LiveChatClient) -> None:
    await client.send(Request("POST", "/odd", body={"token": details_token(), "odd": object()}))


async def give_wrong_token(_: LiveChatClient) -> None:
    PersonalAccessToken(LOGIN, f"{password()} {password()}")


async def cancel(client: LiveChatClient) -> None:
    task = asyncio.ensure_future(add_details(client))
    await asyncio.sleep(0.05)
    task.cancel()
    await task


REPLIES: dict[str, Reply] = {
    "400": answer(400, {"error": "no"}),
    "401": answer(401, {"error": "no"}),
    "500": answer(500, {"error": "no"}),
    "not JSON": answer(200, "<html>"),
    "wrong JSON": answer(200, [{"a": [1]}]),
    "lost": dropped(),
    "no HTTP": raw(b"?"),
    "timeout": hanging(),
}
CALLS = (list_visitors, send_secrets)


def failing() -> Iterator[Any]:
    for (name, reply), call in zip(REPLIES.items(), cycle(CALLS), strict=False):
        yield pytest.param(reply, call, id=name)
    yield pytest.param(None, add_details, id="no connection")
    yield pytest.param(hanging(), cancel, id="cancelled")
    yield pytest.param(answer(), send_wrong_value, id="a bad argument")
    yield pytest.param(answer(), give_wrong_token, id="a bad token")


async def failure_of(work: Awaitable[object]) -> BaseException:
    try:
        await work
    except BaseException as error:  # noqa: BLE001 (a cancellation is a failure here, too)
        return error
    pytest.fail("that should have failed")


@any_tool
@pytest.mark.parametrize(("reply", "call"), [*failing()])
async def test_no_tool_shows_a_piece_of_a_secret(
    *,
    server: ScriptedServer,
    make_client: MakeClient,
    free_port: int,
    reply: Reply | None,
    call: Call,
    show: Callable[[BaseException], str],
) -> None:
    """Field case 39: rich and structlog cut a text, and a piece of a secret was plain text."""
    if reply is not None:
        server.script(reply)
    client = make_client(
        PersonalAccessToken(LOGIN, PAT),
        headers={"X-Proxy-Secret": HEADER},
        retry=RetryPolicy(attempts=2, backoff=0),
        timeouts=Timeouts(attempt=0.2, deadline=20),
        **({} if reply is not None else {"base_url": f"http://127.0.0.1:{free_port}"}),
    )
    shown = show(await failure_of(call(client)))
    assert "test_shown_locals" in shown
    assert pieces_in(shown) == []


@any_tool
async def test_no_tool_shows_the_password_of_a_receiver(
    show: Callable[[BaseException], str],
) -> None:
    """Field case 39, for what comes in: a handler fails while the receiver's frames are there."""
    caught: list[BaseException] = []
    receiver = WebhookReceiver(
        credentials=WebhookCredentials("livechat", PASSWORD), path_secret=HEADER
    )
    refused = await receiver.receive(b"{}", {"Authorization": f"Basic {BASIC}"}, path_secret=HEADER)
    assert refused.status == 401
    try:
        WebhookCredentials("live:chat", password())
    except ValueError as error:
        caught.append(error)
    for error in caught:
        assert pieces_in(show(error)) == []
    await receiver.close()


@any_tool
async def test_a_tool_does_show_what_is_plain(show: Callable[[BaseException], str]) -> None:
    """Otherwise nothing in this file would show anything."""

    async def careless() -> None:
        plain = PAT
        raise LookupError(plain and "careless")

    assert PAT[:9] in show(await failure_of(careless()))
