from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import socket
import sys
import webbrowser
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from cli_runner import (
    COMMAND,
    PATIENCE,
    Done,
    Process,
    Running,
    environment,
    run,
    run_process,
    until,
)

from livechat_async.cli.commands.sandbox import _Chaos
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.chaos import PROFILES

Start = Callable[..., Running]
StartProcess = Callable[..., Awaitable[Process]]
SANDBOX = ("sandbox", "--port", "0")
TOKEN = "Test-Token/123+456=789"


async def introduction(command: Running) -> list[str]:
    """What it says once it is ready."""
    await command.until("/_sandbox/visitors\n")
    return command.text.splitlines()


async def in_shell(line: str) -> Done:
    return await run_process(line, env=environment(), command=("bash", "-c"))


def chat_of(coming: str, came: Done) -> str:
    """The line that begins a chat of whoever came."""
    return f"curl -sS -X POST {coming.rsplit(maxsplit=1)[-1]}/{json.loads(came.out)['id']}/chat"


async def test_what_it_prints_works_and_sigterm_ends_it_with_0(start_process: StartProcess) -> None:
    process = await start_process(*SANDBOX, "--visitors", "3", env=environment())
    lines = await introduction(process)
    listing, adding, registering, looking, coming = [
        line for line in lines if line.startswith("curl")
    ]
    exports = dict(
        shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export")
    )

    before = await in_shell(listing)
    added = await in_shell(adding)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = str(closed.getsockname()[1])
        registered = await in_shell(registering.replace("8000", port))
    came = await in_shell(coming)
    begun = await in_shell(chat_of(coming, came))
    delivered = await in_shell(looking)
    count = await run("visitors", "count", env=environment(**exports))
    visitor = shlex.split(adding)[-1].split("/")[-2]
    url = exports["LIVECHAT_BASE_URL"]
    seen = await in_shell(f"curl -sS {url}/_sandbox/visitors/{visitor}/details")
    done = await process.end(signal.SIGTERM)

    assert len(json.loads(before.out)) == 3
    assert "error" not in json.loads(added.out)
    (details,) = json.loads(seen.out)
    assert details["id"] == "my-app"
    assert details["fields"][0]["value"] == "36"
    assert json.loads(came.out)["name"] == "Mary"
    [webhook] = json.loads(registered.out)["events"]
    assert (webhook["event_type"], webhook["data_types"]) == ("chat_started", ["visitor"])
    [delivery] = json.loads(delivered.out)
    assert delivery["body"]["token"] == json.loads(begun.out)["token"]
    assert delivery["url"] == f"http://127.0.0.1:{port}/livechat"
    assert (count.code, count.out) == (0, "4\n")
    assert lines[0].endswith(url)
    assert url.startswith("http://127.0.0.1:")
    assert (done.code, done.out.splitlines(), done.err) == (0, lines, "")


async def test_an_empty_site_has_no_chats_and_ctrl_c_is_quiet(start: Start) -> None:
    process = start(*SANDBOX, "--visitors", "0", env=environment())
    lines = await introduction(process)
    listing, _, _, coming = [line for line in lines if line.startswith("curl")]

    before, came = await in_shell(listing), await in_shell(coming)
    done = await process.end(signal.SIGINT)

    assert json.loads(before.out) == []
    assert json.loads(came.out)["name"] == "Mary"
    assert (done.code, done.out.splitlines(), done.err) == (130, lines, "")


async def test_webhooks_are_repeated_as_the_options_say(start: Start) -> None:
    repeats = ("--webhook-retry-span", "0", "--webhook-repeats", "2")
    process = start(*SANDBOX, "--visitors", "0", *repeats, env=environment())
    lines = await introduction(process)
    registering, looking, coming = [line for line in lines if line.startswith("curl")][1:]
    came: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(b"}}"))
        status = b"500 Sorry" if len(came) == 1 else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as bot:
        port = str(bot.sockets[0].getsockname()[1])
        await in_shell(registering.replace("8000", port))
        await in_shell(chat_of(coming, await in_shell(coming)))
        async with asyncio.timeout(PATIENCE):
            while True:
                [delivery] = json.loads((await in_shell(looking)).out)
                if delivery["done"]:
                    break
    done = await process.end(signal.SIGTERM)

    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 200, 200, 200]
    assert len({request.partition(b"\r\n\r\n")[2] for request in came}) == 1
    assert (done.code, done.out.splitlines(), done.err) == (0, lines, "")


async def test_a_port_in_use_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = await run("sandbox", "--port", str(port), env=environment())

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: port {port} on 127.0.0.1 is in use")
    assert "--port 0" in done.err
    assert len(done.err.splitlines()) == 1


async def test_it_ends_quietly_when_the_reader_is_gone() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, *SANDBOX), env=environment(), stdout=writing, stderr=asyncio.subprocess.PIPE
    )
    os.close(writing)
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE)

    assert (process.returncode, err) == (141, b"")


async def test_the_demo_ends_quietly_when_the_reader_is_gone(start: Start) -> None:
    demo = start("demo", env=environment())
    await demo.until("A LiveChat sandbox runs on")
    demo.close_pipe("stdout")
    done = await demo.end()

    assert (done.code, done.err) == (141, "")


async def test_other_commands_import_neither_the_sandbox_nor_the_receiver() -> None:
    code = (
        "import sys, livechat_async.cli.run\n"
        "print([n for n in sys.modules if n in "
        "('livechat_async.sandbox', 'livechat_async.webhooks', 'aiohttp.web')])"
    )

    done = await run_process("-c", code, env=environment(), command=(sys.executable,))

    assert (done.code, done.out) == (0, "[]\n")


async def test_its_account_has_the_plan_that_was_asked_for(start: Start) -> None:
    sandbox = start(*SANDBOX, "--plan", "team", env=environment())
    exports = dict(
        shlex.split(line)[1].split("=", 1)
        for line in await introduction(sandbox)
        if line.startswith("export")
    )
    process = await run_process("reports", "chats-chatting-time", env=environment(**exports))
    await sandbox.end(signal.SIGTERM)
    assert process.code == 1
    assert "The plan 'team' does not have this report" in process.err


def address_of(lines: list[str]) -> str:
    [line] = [line for line in lines if line.startswith("export LIVECHAT_BASE_URL=")]
    return line.partition("=")[2]


async def ask(url: str, path: str, **headers: str) -> Any:
    """The JSON of an answer to a program with the sandbox's credentials."""
    bearer = "Bearer dal:sandbox-bearer-token"
    headers = {"X-API-Version": "2", "Authorization": bearer, **headers}
    async with aiohttp.ClientSession(url, headers=headers) as http, http.get(path) as response:
        return await response.json(content_type=None)


async def test_the_site_is_as_large_and_slow_as_the_options_say(start: Start) -> None:
    """Sizes and waits come from the command line (field case 34)."""
    sizes = ("--visitors", "3", "--chats", "400", "--tickets", "30", "--latency", "0.05")
    process = start(*SANDBOX, *sizes, env=environment())
    url = address_of(await introduction(process))
    began = asyncio.get_running_loop().time()
    visitors = await ask(url, "/visitors")
    took = asyncio.get_running_loop().time() - began
    chats, tickets = await ask(url, "/chats"), await ask(url, "/tickets")
    await process.end(signal.SIGTERM)

    assert (len(visitors), chats["total"], tickets["total"]) == (3, 400, 30)
    assert took >= 0.05


async def test_chats_do_not_need_visitors(start: Start) -> None:
    process = start(*SANDBOX, "--visitors", "0", "--chats", "7", env=environment())
    url = address_of(await introduction(process))
    chats, tickets = await ask(url, "/chats"), await ask(url, "/tickets")
    await process.end(signal.SIGTERM)

    assert (chats["total"], tickets["total"]) == (7, 0)


async def test_chaos_comes_again_with_its_seed(start: Start) -> None:
    options = ("--chaos", "rate-limited", "--chaos-seed", "7")
    found = []
    for _ in range(2):
        process = start(*SANDBOX, *options, env=environment())
        lines = await introduction(process)
        answers = [await ask(address_of(lines), "/agents") for _ in range(30)]
        await process.end(signal.SIGTERM)
        [chaos] = [line for line in lines if line.startswith("# Chaos: ")]
        assert "After 5 to 20 requests, the next one to three are answered 429" in chaos
        assert chaos.endswith("The same faults come again with --chaos-seed 7.")
        found.append([isinstance(answer, list) for answer in answers])

    assert found[0] == found[1]
    assert set(found[0]) == {True, False}


@pytest.mark.parametrize("before", [True, False])
async def test_verbose_is_a_line_a_request(start: Start, *, before: bool) -> None:
    """One sees what a program asks for (field case 34)."""
    arguments = ("--verbose", *SANDBOX) if before else (*SANDBOX, "--verbose")
    process = start(*arguments, env=environment())
    url = address_of(await introduction(process))
    await ask(url, "/visitors?state=chatting&token=very-secret")
    await process.said(" ms\n")
    done = await process.end(signal.SIGTERM)

    [line] = [line for line in done.err.splitlines() if "GET" in line]
    assert " INFO GET /visitors?state=chatting&token=*** 200 " in line
    assert "very-secret" not in done.err


async def test_without_verbose_nothing_is_logged(start: Start) -> None:
    process = start(*SANDBOX, env=environment())
    await ask(address_of(await introduction(process)), "/visitors")
    assert (await process.end(signal.SIGTERM)).err == ""


@pytest.mark.parametrize("in_option", [True, False])
async def test_control_calls_of_a_sandbox_for_others_need_the_token(
    start: Start, *, in_option: bool
) -> None:
    given = ("--control-token", TOKEN) if in_option else ()
    env = environment(LIVECHAT_CONTROL_TOKEN="" if in_option else TOKEN)
    options = ("--allow-remote", "--allow-host", "sandbox.test.svc", "--verbose")
    process = start(*SANDBOX, *options, *given, env=env)
    lines = await introduction(process)
    url = address_of(lines)
    looking, coming = [line for line in lines if "/_sandbox/" in line and line[0] == "c"]
    refused = await in_shell(looking)
    came = await run_process(
        coming, env=environment(LIVECHAT_CONTROL_TOKEN=TOKEN), command=("bash", "-c")
    )
    named = await ask(url, "/visitors", Host="sandbox.test.svc")
    strange = await ask(url, "/visitors", Host="evil.example.com")
    done = await process.end(signal.SIGTERM)

    assert "need its control token" in json.loads(refused.out)["error"]
    assert json.loads(came.out)["name"] == "Mary"
    assert isinstance(named, list)
    assert "--allow-host" in strange["error"]
    assert f"#   LIVECHAT_BASE_URL=http://sandbox:{url.rpartition(':')[2]}" in lines
    assert "#   LIVECHAT_ALLOW_INSECURE_HOSTS=sandbox" in lines
    assert TOKEN not in done.out + done.err


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--host", "0.0.0.0"), "pass --allow-remote and a token in LIVECHAT_CONTROL_T"),  # noqa: S104 - refused
        (("--allow-remote",), "--allow-remote: a token in LIVECHAT_CONTROL_TOKEN is needed"),
        (("--control-token", "tiny-word"), "16 to 200 ASCII characters"),
        (("--allow-host", "a.test"), "it has no effect without --allow-remote"),
        (("--webhook-host", "http://bot"), "no host name: give each name exactly"),
        (("--webhook-host", "http://bot"), "--webhook-host: 'http://bot' is no"),
    ],
)
async def test_an_open_door_is_refused_with_the_remedy(options: tuple[str, ...], text: str) -> None:
    """Nothing listens for other machines by mistake (field case 34)."""
    done = await run(*SANDBOX, *options, env=environment())

    assert (done.code, done.out) == (2, "")
    assert text in done.err
    assert "tiny-word" not in done.err
    assert len(done.err.splitlines()) == 1


async def test_other_commands_reach_a_sandbox_in_another_container(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The environment names the host that may be called over plain http (field case 34)."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == "sandbox" else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    async with Sandbox(allow_remote=True, control_token=TOKEN) as sandbox:
        chat = sandbox.start_chat(sandbox.add_visitor(id="S1.a"))
        env = environment(
            LIVECHAT_BASE_URL=f"http://sandbox:{sandbox.url.rpartition(':')[2]}",
            LIVECHAT_ACCESS_TOKEN=sandbox.bearer.token.reveal(),
            LIVECHAT_WEBHOOK_TOKEN=chat.token,
            LIVECHAT_LICENSE_ID=chat.license_id,
        )
        allowed = {**env, "LIVECHAT_ALLOW_INSECURE_HOSTS": "sandbox"}
        refused = await run("visitors", "count", env=env)
        counted = await run("visitors", "count", env=allowed)
        del allowed["LIVECHAT_ACCESS_TOKEN"]
        added = await run(
            *("visitors", "add-details", "S1.a", "--id", "crm", "--field", "Plan=Gold"), env=allowed
        )
        [details] = sandbox.details_of("S1.a")

    assert (refused.code, refused.out) == (2, "")
    assert "or LIVECHAT_ALLOW_INSECURE_HOSTS" in refused.err
    assert (counted.code, counted.out) == (0, "1\n")
    assert added.code == 0, added.err
    assert details.id == "crm"


def test_the_command_line_has_every_profile() -> None:
    assert list(_Chaos) == list(PROFILES)


async def test_open_opens_its_page(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or len(opened) > 1)
    for number in (1, 2):
        process = start(*SANDBOX, "--open", env=environment())
        lines = await introduction(process)
        await until(lambda: len(opened) == number)  # noqa: B023 (it ends before the next one)
        refusal = f"No browser could be opened: open {opened[0]} yourself\n" if number == 1 else ""
        await process.said(refusal)
        done = await process.end(signal.SIGINT)
        assert lines[0].endswith(opened[-1])
        assert lines[1] == "# Open that in a browser to see what happens on it."
        assert done.err == refusal


@pytest.mark.parametrize("option", ["--chats=5", "--allow-remote", "--chaos=flaky", "--plan=team"])
async def test_what_has_no_effect_on_recorded_answers_is_refused(option: str) -> None:
    """It was ignored without a word."""
    done = await run(*SANDBOX, "--captures", "captures/", "--verbose", option, env=environment())

    assert (done.code, done.out) == (2, "")
    name = option.partition("=")[0]
    assert done.err.startswith(f"error: {name} has no effect with --captures: leave it out")
