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

Start = Callable[..., Running]
StartProcess = Callable[..., Awaitable[Process]]
SANDBOX = ("sandbox", "--port", "0")


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


async def test_open_opens_its_page(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or len(opened) > 1)
    for _ in range(2):
        process = start(*SANDBOX, "--open", env=environment())
        lines = await introduction(process)
        await until(lambda: opened)
        done = await process.end(signal.SIGINT)
        assert lines[0].endswith(opened[-1])
        assert lines[1] == "# Open that in a browser to see what happens on it."
        refusal = f"No browser could be opened: open {opened[0]} yourself\n"
        assert done.err == (refusal if len(opened) == 1 else "")
    assert len(opened) == 2
