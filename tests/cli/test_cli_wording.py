"""Messages name options as they are typed: wrong values of every option, of every command."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from cli_runner import environment, run
from click.exceptions import Exit
from hypothesis import given
from hypothesis import strategies as st

from livechat_async import errors
from livechat_async.captures import Recorder
from livechat_async.cli.app import app
from livechat_async.cli.listen.listener import Listener
from livechat_async.cli.wording import in_options, label_of, of_failure
from livechat_async.http.transport import Transport
from livechat_async.redaction import shown
from livechat_async.sandbox import Sandbox
from livechat_async.webhooks import SQLiteEngine, WebhookReceiver

_SENT = 7
"""The exit code of a command whose values were good enough to send something, or to listen."""

_WRONG = (
    *("", " ", "-1", "0", "9" * 30, "nan", "inf", "=", "x=y=https://", "no such \udcff thing"),
    *("9999-12-31", "0001-01-01", "a\nb", "it's (a, b)", "http://john:pw@[", "/dev/null"),
)
_GOOD = {
    **dict.fromkeys(("agents", "author", "login"), "john.doe@example.com"),
    "engine": "bot.sqlite3",
    "name": "chats-total",
    "output": "chats.jsonl",
    "url": "https://example.com/livechat",
}
# What the words need beside the value that is wrong, so that only this is wrong.
_BESIDE = {
    ("agents", "update"): ["--max-chats=2"],
    ("canned-responses", "update"): ["--tag=bye"],
    ("goals", "update"): ["--paused"],
    ("groups", "update"): ["--language=en"],
    ("login",): ["--oauth"],
    ("visitors", "add-details"): ["--field=Age=36"],
}
_OF_PYTHON = re.compile(
    r"Traceback|This is a bug|\b(?:None|True|False|str|Path|PosixPath|datetime|Timeouts|RetryPolicy"
    r"|DetailField|VisitorDetails|argument|keyword)\b|\bpass \w+="
)


def _commands(command: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from _commands(found, *path, name)


COMMANDS = dict(_commands(app))


def _takes_value(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument) or not getattr(parameter, "is_flag", False)


def _good(parameter: click.Parameter) -> str:
    choices = getattr(parameter.type, "choices", None)
    if choices:
        return str(choices[0])
    return "1" if parameter.type.name == "number" else _GOOD.get(parameter.name or "", "text")


def _words(path: tuple[str, ...], wrong: click.Parameter | None, value: str) -> list[str]:
    options, arguments = [*_BESIDE.get(path, ())], []
    for one in COMMANDS[path].params:
        text = value if one is wrong else _good(one)
        if isinstance(one, click.Argument):
            arguments += [text] if one.required or one is wrong else []
        elif one is wrong or one.required:
            options.append(f"{label_of(one)}={text}")
        elif one.name == "yes":
            options.append("--yes")
    if wrong and wrong not in COMMANDS[path].params:  # it is one of the options of all commands
        options.append(f"{label_of(wrong)}={value}")
    return [*path, *options, "--", *arguments]


@pytest.fixture
async def nothing_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def send(*_: object, **__: object) -> None:
        raise Exit(_SENT)

    for owner, name in (
        (Transport, "exchange"),
        (Sandbox, "start"),
        (Recorder, "start"),
        (Listener, "run"),
    ):
        monkeypatch.setattr(owner, name, send)
    monkeypatch.setattr(sys, "stdin", io.StringIO("s3cr3t\n" * 100))
    monkeypatch.chdir(tmp_path)
    async with WebhookReceiver(credentials=None, engine=SQLiteEngine("bot.sqlite3")):
        pass  # a bot without dead letters


def _problem(parameter: click.Parameter, value: str, code: int, said: str) -> str:
    if code in (0, _SENT):
        return ""
    if code == 1:
        return "exit code 1"
    label = label_of(parameter)
    if label not in said and not (label == "ID" and value in said):
        return f"does not name {label}"
    message = re.sub(r"'[^']*'|\"[^\"]*\"", "", said)
    name = parameter.name or ""
    if ("_" in name and name in message) or re.search(rf"(?<!-){name}=", message):
        return f"names {name}"
    of_python = _OF_PYTHON.search(message)
    return f"says {of_python[0]!r}" if of_python else ""


@pytest.mark.usefixtures("nothing_is_sent")
@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
async def test_a_wrong_value_is_said_of_the_option_as_it_was_typed(path: tuple[str, ...]) -> None:
    """(field case 25)"""
    env = environment(
        LIVECHAT_BASE_URL="http://127.0.0.1:9",
        LIVECHAT_LOGIN="john.doe@example.com",
        LIVECHAT_TOKEN="s3cr3t-of-john",
        LIVECHAT_WEBHOOK_TOKEN="s3cr3t-of-the-webhook",
        LIVECHAT_WEBHOOK_USER="livechat",
        LIVECHAT_WEBHOOK_PASSWORD="s3cr3t-of-webhooks",
    )
    shared = app.shared if path == ("visitors", "count") else ()
    good = await run(*_words(path, None, ""), env=env)
    problems = []
    for parameter in filter(_takes_value, [*COMMANDS[path].params, *shared]):
        for value in _WRONG:
            done = await run(*_words(path, parameter, value), env=env)
            problem = _problem(parameter, value, done.code, done.err)
            if problem and done.err != good.err:  # there is no dead letter
                problems.append(f"{label_of(parameter)}={value!a}: {problem}: {done.err}")
    if problems:
        pytest.fail("\n" + "\n".join(problems), pytrace=False)


@pytest.mark.usefixtures("nothing_is_sent")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            "chats list --from 2023-02-01 --to 2023-01-01",
            "--from=2023-02-01 is after --to=2023-01-01: swap the two",
        ),
        (
            "chats export --output chats.jsonl --to 0001-01-01",
            "--to=0001-01-01 is before 2002-01-01, when exports begin: give a later day",
        ),
        ("chats export --output chats.jsonl --from 9999-12-31", "--from=9999-12-31 is after today"),
        ("tickets list --requester mary", "--requester='mary': an e-mail address is needed, such"),
        ("groups create --name VIP --agent mary", "--agent='mary': an e-mail address is needed"),
        ("groups delete 0 --yes", "GROUP_ID=0: the group of all agents cannot be changed"),
        ("groups update 2", "nothing to change: give at least one of --name, --agent, --language"),
        (
            "reports chats-total --greeting 5",
            "--greeting=5: this report has no such option; it has --from, --to, --group, --tag",
        ),
        (
            "chats list --timezone Europe/Warsow",
            "--timezone='Europe/Warsow' is not known here: use",
        ),
        ("goals mark 71 S1 --order-price 49,50", "--order-price: '49,50' is no price: digits are"),
        ("sandbox --host 0.0.0.0", "--host='0.0.0.0': it lets other machines in: pass --allow-rem"),
        ("sandbox --control-token short", "--control-token has to be 16 to 200 ASCII characters"),
        (
            "webhooks create chat_started --url https://example.com/{id}",
            "--url holds a blank or a character that has to be percent-encoded\n",
        ),
        ("webhooks dead list --engine http://x", "--engine cannot be used: it has to start with"),
        ("webhooks dead list --engine none", "--engine none: there is no such file"),
        ("webhooks dead list", "--engine is missing: give it, or set LIVECHAT_BOT_ENGINE"),
    ],
)
async def test_a_message_of_the_library_is_one_of_the_command_line(
    arguments: str, said: str
) -> None:
    """(field case 25)"""
    credentials = {"LIVECHAT_LOGIN": "john.doe@example.com", "LIVECHAT_TOKEN": "s3cr3t"}

    done = await run(*arguments.split(), env=environment(**credentials))

    assert done.code == 2
    assert done.err.startswith(f"error: {said}")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"LIVECHAT_BASE_URL": "localhost:8080"}, "LIVECHAT_BASE_URL='localhost:8080' has to be"),
        ({"LIVECHAT_LOGIN": " "}, "LIVECHAT_LOGIN is blank"),
        ({"LIVECHAT_TOKEN": "one\ntwo"}, "LIVECHAT_TOKEN "),
    ],
)
async def test_a_wrong_variable_is_named(variables: dict[str, str], said: str) -> None:
    """An argument of the command may have the name that the library gives to the variable."""
    credentials = {"LIVECHAT_LOGIN": "john.doe@example.com", "LIVECHAT_TOKEN": "s3cr3t"}
    env = environment(**{**credentials, **variables})

    done = await run("agents", "get", "mary@example.com", env=env)

    assert done.code == 2
    assert done.err.startswith(f"error: {said}")


@given(st.text(max_size=100) | st.from_regex(r"[ '\"=\\a_]*date_to=?['\"]?", fullmatch=True))
def test_what_the_user_typed_is_left_as_it_is(value: str) -> None:
    labels = {"date_from": "--from", "date_to": "--to"}

    said = in_options(f"date_from={shown(value)}: swap it with date_to=None", labels)

    assert said == f"--from={shown(value)}: swap it with --to=None"


_CALL: dict[str, Any] = {"method": "GET", "url": "https://api.livechatinc.com/chats?date_from=1"}
_NETWORK = {**_CALL, "reason": "a header is too long"}
_ANSWER = {**_CALL, "status": 400, "message": "wrong", "resume_page": 3}
FAILURES: list[errors.LiveChatError] = [
    errors.PagingError(**_CALL, page=3),
    *(kind(**_NETWORK) for kind in (errors.ConnectError, errors.TLSError, errors.ConnectionLost)),
    errors.ProtocolError(**_NETWORK),
    *(
        errors.RequestTimeout(**_CALL, limit=limit, seconds=3)
        for limit in ("connect", "attempt", "deadline")
    ),
    errors.ConnectTimeout(**_CALL, seconds=3),
    errors.ResponseTooLarge(**_CALL, limit_bytes=3),
    errors.RedirectError(**_NETWORK, status=302, location="https://example.com"),
    *(
        kind(**_ANSWER, region=region)
        for region in (None, "fra")
        for kind in (
            *(errors.APIStatusError, errors.BadRequestError, errors.AuthenticationError),
            *(errors.PermissionDeniedError, errors.NotFoundError, errors.RateLimitError),
            errors.ServerError,
        )
    ),
    errors.AuthenticationError(**{**_ANSWER, "url": "https://x.com/visitors/S1/details"}),
    errors.DecodeError(**_CALL, path="[3].id", expected="text", found="[]", status=200),
    errors.InvalidJSONError(**_CALL, path="", expected="JSON", found="", status=200),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_the_remedy_of_a_failed_call_is_one_of_the_command_line(
    error: errors.LiveChatError,
) -> None:
    said = of_failure(error, click.Context(COMMANDS[("chats", "list")]))

    assert _CALL["url"] in said or "/details" in said
    assert not re.search(r"base_url|max_|Timeouts|region=|`|pages\(|limiter|_id\b", said)
