"""``docs/control.md``: its lines are run as printed, and its tables compared with the sandbox."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.chaos import PROFILES
from livechat_async.sandbox.faults import FAULTS

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "control.md").read_text(encoding="utf-8")
HERE, ELSEWHERE = PAGE.split("\n## From another machine or container\n")
ADDRESS = "http://127.0.0.1:8080"


def commands(text: str) -> list[tuple[str, str]]:
    """The commands of a part of the page, each with what is printed below it."""
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    parts = re.split(r"^\$ ", "".join(blocks), flags=re.MULTILINE)[1:]
    found = [part.partition("\n") for part in parts]
    return [(command, output) for command, _, output in found]


async def shell(script: str, env: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        "bash", "-euc", script, env=env, stdout=PIPE, stderr=PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 300)
    assert process.returncode == 0, err.decode()
    return out.decode()


def environment(**more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LIVECHAT_")}
    return {**ours, "no_proxy": "*", **more}


@asynccontextmanager
async def started(command: str, env: dict[str, str]) -> AsyncIterator[str]:
    """The address of a sandbox that a line of the page starts, on a free port of loopback."""
    arguments = command.replace("0.0.0.0", "127.0.0.1").replace("8080", "0").split()  # noqa: S104
    assert arguments[0] == "livechat-async"
    process: Process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livechat_async.cli", *arguments[1:]),
        env=env,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 300)).decode()
        yield re.findall(r"http://127\.0\.0\.1:[0-9]+", line)[0]
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")


async def run_all(lines: list[tuple[str, str]], url: str, env: dict[str, str]) -> int:
    for command, output in lines:
        answer = await shell(command.replace(ADDRESS, url), env)
        assert answer, command
        value = json.loads(answer)
        assert "error" not in value, command
        assert "errors" not in value, command
        if output:
            assert value == json.loads(output), command
    return len(lines)


async def test_every_line_for_this_machine_works_as_printed() -> None:
    (starting, _), *lines = commands(HERE)
    async with started(starting, environment()) as url:
        assert await run_all(lines, url, environment()) > 25


async def test_every_line_for_other_machines_works_as_printed() -> None:
    (making, _), (starting, _), *lines = commands(ELSEWHERE)
    token = (await shell(f"{making}\necho $LIVECHAT_CONTROL_TOKEN", environment())).strip()
    env = environment(LIVECHAT_CONTROL_TOKEN=token)
    async with started(starting, env) as url:
        assert await run_all(lines, url, env) == 2
        refused = await shell(f"curl -sS {url}/_sandbox", env)
        assert "control token" in json.loads(refused)["error"]


def test_the_table_of_profiles_is_that_of_the_sandbox() -> None:
    rows = re.findall(r"^\| `([a-z][a-z-]*)` \| (.*) \|$", PAGE, flags=re.MULTILINE)
    assert rows == [(name, profile.about) for name, profile in PROFILES.items()]


def test_the_table_of_options_names_arguments_of_the_sandbox() -> None:
    rows = re.findall(r"^\| `(--[a-z-]+).*?` \| `(\w+)=(.*?)` \|", PAGE, flags=re.MULTILINE)
    assert len(rows) == 11
    parameters = inspect.signature(Sandbox).parameters
    assert {name for _, name, _ in rows} <= set(parameters)
    token = {"control_token": "'sandbox-control-token'"}
    values = {name: token.get(name, value) for _, name, value in rows}
    call = ", ".join(f"{name}={value}" for name, value in values.items())
    assert eval(f"Sandbox({call})", {"Sandbox": Sandbox})  # noqa: S307 - the page's own text


def test_every_fault_is_named() -> None:
    assert all(f"`{name}`" in PAGE or f'"fault": "{name}"' in PAGE for name in FAULTS)
