from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cli_runner import COMMAND, PATIENCE, Done, Process, environment, run, run_process, show, until

from livechat_async import LiveChatClient, __version__
from livechat_async.sandbox import (
    Body,
    CutBody,
    DropConnection,
    Fault,
    Html,
    Redirect,
    Sandbox,
    Slow,
    Status,
)

Here = Callable[..., Awaitable[Done]]
StartProcess = Callable[..., Awaitable[Process]]
LIST = ("visitors", "list")


@pytest.mark.parametrize("arguments", [[], ["visitors"]])
async def test_no_command_shows_the_help(arguments: list[str]) -> None:
    done = await run(*arguments, env=environment())

    assert done.code == 2
    assert "Usage" in done.out + done.err
    assert "Commands" in done.out + done.err
    assert "error" not in done.err


async def test_the_installed_script_shows_its_version(env: dict[str, str]) -> None:
    script = str(Path(sys.executable).with_name("livechat-async"))

    installed = await run_process("--version", env=env, command=(script,))
    module = await run("--version", env=env)

    assert (installed.code, installed.out) == (0, f"livechat-async {__version__}\n")
    assert module == installed


@pytest.mark.parametrize(
    ("arguments", "changes", "message"),
    [
        (("visitors", "lisst"), {}, "Did you mean 'list'? Try 'livechat-async visitors --help'"),
        (("--colour", *LIST), {}, "--colour"),
        ((*LIST, "--state", "asleep"), {}, "asleep"),
        ((*LIST, "--group", "-1"), {}, "--group"),
        ((*LIST, "--interval", "nan"), {}, "--interval"),
        ((*LIST, "--interval", "0"), {}, "--interval"),
        (("--timeout", "0", *LIST), {}, "--timeout"),
        (("--timeout", "nan", *LIST), {}, "--timeout"),
        (("--region", "mars", *LIST), {}, "mars"),
        (LIST, {"LIVECHAT_TOKEN": None}, "LIVECHAT_TOKEN"),
        (LIST, {"LIVECHAT_ACCESS_TOKEN": "dal:s3cr3t"}, "LIVECHAT_ACCESS_TOKEN"),
        (LIST, {"LIVECHAT_BASE_URL": "http://example.com"}, "https"),
        (LIST, {"LIVECHAT_TOKEN": "s3cr3t\nof jane"}, "LIVECHAT_TOKEN "),
        (("sandbox", "--host", "192.0.2.1"), {}, "loopback"),
    ],
)
async def test_a_wrong_value_is_exit_code_2(
    sandbox: Sandbox,
    here: Here,
    arguments: tuple[str, ...],
    changes: dict[str, str | None],
    message: str,
) -> None:
    done = await here(*arguments, **changes)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    assert message in done.err
    assert "s3cr3t" not in done.err
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Status(401), "answered 401"),
        (Status(403, {"errors": ["first\x1b[2J", "second"]}), "first␛[2J"),
        (Status(404), "answered 404"),
        (Status(429, retry_after=3_600), "answered 429"),
        (Redirect("https://example.org/visitors"), "example.org"),
        (Body({"no": "list"}), "expected a list"),
        (Body([{"id": [7], "state": "browsing"}]), "[0].id"),
    ],
)
async def test_a_failed_call_is_exit_code_1(
    sandbox: Sandbox, here: Here, fault: Fault, message: str
) -> None:
    sandbox.inject(fault)

    done = await here(*LIST)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    assert message in done.err
    assert "s3cr3t" not in done.err


@pytest.mark.parametrize("fault", [Html(), CutBody(), DropConnection(), Status(500), Slow(3)])
async def test_a_failure_that_stays_ends_with_the_deadline(
    sandbox: Sandbox, here: Here, fault: Fault
) -> None:
    sandbox.inject(fault, times=20)

    done = await here("--timeout", "0.4", "visitors", "count")

    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("error: GET")


async def test_the_advice_is_that_of_the_command_line(sandbox: Sandbox, here: Here) -> None:
    sandbox.inject(Slow(3))
    late = await here("--timeout", "0.3", *LIST)
    sandbox.inject(Body({"no": "list"}))
    wrong = await here("--verbose", *LIST)
    await sandbox.stop()
    gone = await here("--timeout", "0.3", *LIST)

    assert "Raise --timeout if" in late.err
    assert "Check LIVECHAT_BASE_URL" in gone.err
    assert "the answer begins with" in wrong.err
    assert "no" in wrong.err.split("the answer begins with")[1]


async def test_an_answer_that_is_no_http_is_no_traceback(env: dict[str, str]) -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xff\x1b[2J this is no HTTP\r\n\r\n" * 10)
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        env = {**env, "LIVECHAT_BASE_URL": f"http://127.0.0.1:{port}"}
        done = await run("--timeout", "0.5", *LIST, env=env)
        code, terminal = await show("--timeout", "0.5", *LIST, env=env)

    assert (done.code, done.out, code) == (1, "", 1)
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("error: GET")
    assert "\x1b" not in done.err
    assert "╭─ Error ─" in terminal.plain
    assert "Traceback" not in terminal.plain
    assert max(map(len, terminal.plain.splitlines())) <= 80


async def test_a_mistake_of_ours_is_one_line_too(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by\nzero")

    monkeypatch.setattr(LiveChatClient, "from_env", fail)

    done, verbose = await here(*LIST), await here("--verbose", *LIST)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ZeroDivisionError: division by␊zero. ")
    assert len(done.err.splitlines()) == 1
    assert "Traceback" in verbose.err


async def test_verbose_shows_each_attempt_and_no_secret(sandbox: Sandbox, here: Here) -> None:
    sandbox.inject(Status(503, {"error": "down\nERROR forged"}, retry_after=0))

    done = await here("--verbose", *LIST)

    assert done.code == 0
    assert done.err.count("DEBUG GET") == 2
    assert done.err.count(" INFO waiting") == 1
    assert "s3cr3t" not in done.err


async def test_the_region_is_sent(sandbox: Sandbox, here: Here) -> None:
    await here("--region", "fra", *LIST)

    assert sandbox.requests[0].headers["X-Region"] == "fra"


async def test_ctrl_c_is_quiet(
    sandbox: Sandbox, env: dict[str, str], start_process: StartProcess
) -> None:
    sandbox.inject(Slow(PATIENCE))
    process = await start_process(*LIST, env=env)
    await until(lambda: sandbox.requests)

    assert await process.end(signal.SIGINT) == Done(130, "", "")


async def test_head_gets_its_line_without_any_complaint(
    sandbox: Sandbox, env: dict[str, str]
) -> None:
    for _ in range(1_000):
        sandbox.add_visitor(page_current="https://www.example.com/" + "x" * 300)
    command = shlex.join([*COMMAND, *LIST])

    done = await run_process(
        f"{command} | head -1; echo ${{PIPESTATUS[0]}}", env=env, command=("bash", "-c")
    )

    names, code = done.out.splitlines()
    assert names.startswith("id\tname")
    assert code == "141"
    assert done.err == ""


async def test_a_full_disk_is_one_line_and_a_closed_stdout_is_none(env: dict[str, str]) -> None:
    command = shlex.join([*COMMAND, *LIST])

    full, closed = await asyncio.gather(
        run_process(f"{command} > /dev/full", env=env, command=("bash", "-c")),
        run_process(f"{command} >&-", env=env, command=("bash", "-c")),
    )

    assert (full.code, full.err) == (1, "error: cannot write to stdout: No space left on device\n")
    assert (closed.code, closed.err) == (0, "")


@pytest.mark.parametrize("missing", ["click", "rich"])
async def test_without_the_extra_it_says_how_to_install_it(
    env: dict[str, str], missing: str
) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None; sys.argv[1:] = ['visitors', 'list']\n"
        "from livechat_async.cli import main\nsys.exit(main())"
    )

    done = await run_process("-c", code, env=env, command=(sys.executable,))

    assert (done.code, done.out) == (2, "")
    assert done.err == f"livechat-async needs {missing}: pip install 'livechat_async[cli]'\n"


async def test_ctrl_c_is_quiet_already_while_it_loads(env: dict[str, str]) -> None:
    code = (
        "import sys\n"
        "class CtrlC:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'livechat_async.cli.app': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, CtrlC())\n"
        "from livechat_async.cli import main\nsys.exit(main())"
    )

    done = await run_process("-c", code, env=env, command=(sys.executable,))

    assert (done.code, done.out, done.err) == (130, "", "")


async def test_another_missing_package_is_not_blamed_on_the_extra(env: dict[str, str]) -> None:
    code = (
        "import sys; sys.modules['livechat_async.cli.run'] = None\n"
        "from livechat_async.cli import main\nsys.exit(main())"
    )

    done = await run_process("-c", code, env=env, command=(sys.executable,))

    assert done.code == 1
    assert "ModuleNotFoundError" in done.err
    assert "pip install" not in done.err
