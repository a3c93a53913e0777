from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Awaitable, Callable

import pytest
from cli_runner import Done, run, show

from livechat_async.sandbox import Body, Sandbox, Status

Here = Callable[..., Awaitable[Done]]
URL = "https://example.com/livechat"
PASSWORD = {"LIVECHAT_WEBHOOK_USER": "us:er", "LIVECHAT_WEBHOOK_PASSWORD": "p@ss/w%rd"}
QUOTED = "https://us%3Aer:p%40ss%2Fw%25rd@example.com/livechat"


async def test_a_webhook_is_created_listed_and_deleted(
    sandbox: Sandbox, env: dict[str, str]
) -> None:
    with_password = {**env, **PASSWORD}

    made = await run("webhooks", "create", "chat_started", "--url", URL, env=with_password)
    fewer = await run(
        *("webhooks", "create", "chat_ended", "--url", URL),
        *("--data-type", "chat", "--data-type", "visitor"),
        env=env,
    )
    started, ended = sandbox.webhooks
    listed = await run("webhooks", "list", env=env)
    deleted = await run("webhooks", "delete", started["id"], env=env)

    assert (made.code, made.err) == (0, "")
    assert made.out == f"chat_started is sent to {URL} now; the webhook's id is {started['id']}\n"
    assert str(started["url"]) == QUOTED
    assert started["data_types"] == ["chat", "visitor", "pre_chat_survey"]
    assert (fewer.code, str(ended["url"])) == (0, URL)
    assert ended["data_types"] == ["chat", "visitor"]
    assert (listed.code, listed.err) == (0, "")
    assert [line.split("\t") for line in listed.out.splitlines()] == [
        ["id", "event_type", "data_types", "url", "credentials"],
        [started["id"], "chat_started", "chat, visitor, pre_chat_survey", URL, "yes"],
        [ended["id"], "chat_ended", "chat, visitor", URL, "no"],
    ]
    assert (deleted.code, deleted.out) == (0, f"{started['id']} is removed\n")
    assert sandbox.webhooks == [ended]
    for done in (made, fewer, listed, deleted):
        assert "p@ss" not in done.out + done.err
        assert "p%40ss" not in done.out + done.err


async def test_json_shows_no_password_and_no_token(sandbox: Sandbox, here: Here) -> None:
    none = await here("webhooks", "list", "--json")
    made = await here(*("webhooks", "create", "ticket_created", "--url", URL, "--json"), **PASSWORD)
    listed = await here("webhooks", "list", "--json")

    [webhook] = sandbox.webhooks
    shown = {
        "id": webhook["id"],
        "event_type": "ticket_created",
        "data_types": ["ticket"],
        "url": URL,
        "licence": "12345",
        "verified": True,
        "credentials": True,
    }
    assert (none.code, json.loads(none.out)) == (0, [])
    assert json.loads(made.out) == shown
    assert json.loads(listed.out) == [json.loads(made.out)]
    for done in (made, listed):
        assert "p%40ss" not in done.out
        assert str(webhook["token"]) not in done.out


async def test_a_terminal_gets_a_table(sandbox: Sandbox, env: dict[str, str]) -> None:
    code, none = await show("webhooks", "list", env=env)
    assert (code, none.plain) == (0, "No webhooks.\n")
    first = sandbox.register_webhook("chat_started", QUOTED)
    second = sandbox.register_webhook("visitor_queued", URL)

    code, terminal = await show("webhooks", "list", env=env)

    lines = terminal.plain.splitlines()
    assert (code, lines[0].strip()) == (0, "2 webhooks")
    assert max(map(len, lines)) <= 80
    for text in (first, second, "chat_started", "chat, visitor, pre_chat_survey", URL):
        assert text in terminal.plain
    assert terminal.plain.count("(with a password)") == 1
    assert "p%40ss" not in terminal.plain


async def test_nothing_hostile_reaches_the_terminal(
    sandbox: Sandbox, env: dict[str, str], here: Here
) -> None:
    item = {
        "id": "b1\x1b[2J",
        "event_type": "[red]odd\x1b]0;t\x07",
        "data_types": ["a\tb"],
        "url": "https://user:s3cr3t@example.com/\n\x9b31m",
    }
    sandbox.inject(Body(json.dumps({"events": [item]})), times=3)

    (_, terminal), piped, as_json = await asyncio.gather(
        show("webhooks", "list", env=env),
        run("webhooks", "list", env=env),
        here("webhooks", "list", "--json"),
    )

    assert len(piped.out.splitlines()) == 2
    for text in (terminal.plain, piped.out):
        assert "[red]odd" in text
        assert not {"\x1b", "\x9b", "\x07"} & set(text)
    assert json.loads(as_json.out)[0]["id"] == "b1\x1b[2J"
    assert "\x9b" not in as_json.out
    assert all("s3cr3t" not in text for text in (terminal.text, piped.out, as_json.out))


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (f"create chat_started --url {QUOTED}", 2, "set LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBH"),
        ("create chat_started --url https://u@example.com/", 2, "set LIVECHAT_WEBHOOK_USER and"),
        ("create chat_started --url https://u:p/x@example.com/", 2, "set LIVECHAT_WEBHOOK_USER"),
        ("create chat_started --url example.com", 2, "url has to be a whole URL"),
        ("create chat_started --url https://[::1", 2, "url is not a URL"),
        ("create chat_started --url ''", 2, "--url: '' is blank"),
        ("create chat_started", 2, "--url"),
        ("create chat_begun --url https://example.com", 2, "chat_begun"),
        (f"create chat_started --url {URL} --data-type ticket", 2, "brings no 'ticket'"),
        (f"create chat_started --url {URL} --data-type x", 2, "--data-type"),
        ("delete 0123", 1, "Push notification not found"),
        ("delete ''", 2, "WEBHOOK_ID: '' is blank"),
    ],
)
async def test_a_wrong_call_gets_one_clear_line(
    sandbox: Sandbox, here: Here, arguments: str, code: int, text: str
) -> None:
    done = await here("webhooks", *shlex.split(arguments))
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")
    assert text in done.err
    assert len(done.err.splitlines()) == 1
    assert "p%40ss" not in done.err
    assert sandbox.webhooks == []


@pytest.mark.parametrize("missing", PASSWORD)
async def test_a_password_without_a_user_is_an_error(
    sandbox: Sandbox, here: Here, missing: str
) -> None:
    half = {name: value for name, value in PASSWORD.items() if name != missing}
    done = await here("webhooks", "create", "chat_started", "--url", URL, **half)
    assert (done.code, done.out) == (2, "")
    assert "go together: set both, or neither" in done.err
    assert sandbox.webhooks == []


async def test_an_error_shows_no_password(sandbox: Sandbox, here: Here) -> None:
    quoted = QUOTED.replace("https", "http")
    sandbox.inject(Status(400, json.dumps({"errors": [f"{quoted} does not answer"]})))
    done = await here("--verbose", "webhooks", "create", "chat_started", "--url", URL, **PASSWORD)
    assert done.code == 1
    assert "http://***@example.com/livechat does not answer" in done.err
    assert "p%40ss" not in done.err
