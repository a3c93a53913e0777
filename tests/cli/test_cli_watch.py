from __future__ import annotations

import asyncio
import json
import signal

from cli_process import COMMAND, PATIENCE, Done, Terminal

from livechat_async.sandbox import EmptyBody, Sandbox, Status

FAST = ("visitors", "list", "--watch", "--interval", "0.2")


async def start(*arguments: str, env: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()


async def finish(process: asyncio.subprocess.Process, how: signal.Signals | None = None) -> Done:
    if how is not None:
        process.send_signal(how)
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    return Done(process.returncode or 0, out.decode(), err.decode())


async def test_a_terminal_shows_changes_until_ctrl_c(sandbox: Sandbox, env: dict[str, str]) -> None:
    sandbox.add_visitor(name="Mary Brown")

    terminal = await Terminal.open(*FAST, env=env)
    await terminal.until("Mary Brown")
    sandbox.add_visitor(name="Sam Lee")
    await terminal.until("Sam Lee", times=2)
    code = await terminal.end(signal.SIGINT)

    assert code == 130
    assert "1 visitor at " in terminal.plain
    assert "2 visitors at " in terminal.plain
    assert "every 0.2 s until Ctrl-C" in terminal.plain
    assert "Traceback" not in terminal.plain
    assert "rror" not in terminal.plain
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")


async def test_a_terminal_shows_what_passes_and_goes_on(
    sandbox: Sandbox, env: dict[str, str]
) -> None:
    sandbox.inject(EmptyBody())

    terminal = await Terminal.open("--verbose", *FAST, env=env)
    await terminal.until("asking again: GET")
    assert "visitors at" not in terminal.plain
    await terminal.until("Nobody at ")
    sandbox.add_visitor(name="Mary [b]Brown")
    await terminal.until("Mary [b]Brown")
    sandbox.inject(Status(503, {"error": "[red]down\x1b[2Jnow"}))
    await terminal.until("[red]down␛[2Jnow")
    drawn = terminal.plain.count("Mary [b]Brown")
    await terminal.until("Mary [b]Brown", times=drawn + 2)
    code = await terminal.end(signal.SIGINT)

    assert code == 130
    assert "DEBUG GET" in terminal.plain
    assert "\x1b[2Jnow" not in terminal.text


async def test_a_terminal_shows_as_many_as_fit(sandbox: Sandbox, env: dict[str, str]) -> None:
    for number in range(30):
        sandbox.add_visitor(name=f"Visitor number {number}")

    terminal = await Terminal.open(*FAST, env=env, height=20)
    await terminal.until("and 23 more")
    code = await terminal.end(signal.SIGINT)

    assert code == 130
    assert "Visitor number 6" in terminal.plain
    assert "Visitor number 7" not in terminal.plain


async def test_a_pipe_gets_a_json_list_a_line_as_soon_as_it_comes(
    sandbox: Sandbox, env: dict[str, str]
) -> None:
    sandbox.add_visitor(name="Mary Brown")

    process = await start(*FAST, "--json", env=env)
    first = json.loads(await line_of(process))
    sandbox.inject(Status(503, retry_after=1))
    sandbox.add_visitor(name="Sam Lee")
    while len(second := json.loads(await line_of(process))) < 2:
        pass
    done = await finish(process, signal.SIGINT)

    assert [visitor["name"] for visitor in first] == ["Mary Brown"]
    assert [visitor["name"] for visitor in second] == ["Mary Brown", "Sam Lee"]
    assert done.code == 130
    (problem,) = done.err.splitlines()
    assert problem.startswith("error: GET")
    assert problem.endswith("(asking again)")
    refused = next(i for i, request in enumerate(sandbox.requests) if request.status == 503)
    pause = sandbox.requests[refused + 1].received_at - sandbox.requests[refused].received_at
    assert pause.total_seconds() >= 1


async def test_a_pipe_gets_blocks_of_columns(sandbox: Sandbox, env: dict[str, str]) -> None:
    sandbox.add_visitor(name="Mary Brown")

    process = await start(*FAST, env=env)
    lines = [await line_of(process) for _ in range(6)]
    done = await finish(process, signal.SIGINT)

    assert lines[0].startswith("id\tname")
    assert "Mary Brown" in lines[1]
    assert lines[2] == "\n"
    assert lines[:2] == lines[3:5]
    assert (done.code, done.err) == (130, "")


async def test_what_does_not_pass_ends_it(sandbox: Sandbox, env: dict[str, str]) -> None:
    process = await start(*FAST, "--json", env=env)
    assert json.loads(await line_of(process)) == []
    sandbox.inject(Status(401))
    done = await finish(process)

    assert done.code == 1
    assert done.err.startswith("error: GET")
    assert "401" in done.err


async def test_it_ends_quietly_when_nobody_reads_on(env: dict[str, str]) -> None:
    process = await start(*FAST, "--json", env=env)
    await line_of(process)
    # The reading end of the pipe is closed, as `head -1` does.
    process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
    assert process.stderr is not None
    err = await asyncio.wait_for(process.stderr.read(), PATIENCE)
    code = await asyncio.wait_for(process.wait(), PATIENCE)

    assert (code, err) == (141, b"")
