"""``examples/taskiq_deployment``: its programs as its files start them, and these files."""

from __future__ import annotations

import asyncio
import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from redis.asyncio import AuthenticationError, Redis
from redis_server import RedisServer, free_port

from livechat_async import DetailField
from livechat_async.sandbox import Sandbox

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "taskiq_deployment"
COMPOSE: dict[str, Any] = yaml.safe_load((EXAMPLE / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
UNITS = {"receiver": "livechat-receiver.service", "worker": "livechat-worker@.service"}
INSTALLED = "/opt/livechat-bot"
BINARIES = Path(sys.executable).parent


def in_files(names: list[str]) -> dict[str, str]:
    """What the examples of environment files set."""
    lines = [line for name in names for line in (EXAMPLE / f"{name}.example").read_text().split()]
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(EXAMPLE / UNITS[name])
    return parser


@contextmanager
def running(
    command: list[str], log: Path, env: dict[str, str], folder: Path = EXAMPLE
) -> Iterator[None]:
    """A process of the deployment, until it is told to stop."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)


def arguments_of_all_processes() -> str:
    found: list[bytes] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            found.append(path.read_bytes())
    return b" ".join(found).decode(errors="replace")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(300):
        while not await condition():  # noqa: ASYNC110 (of other processes)
            await asyncio.sleep(0.05)


async def health(port: str) -> dict[str, Any]:
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/health") as answer,
        ):
            told: dict[str, Any] = await answer.json()
            return told
    except aiohttp.ClientError:
        return {}


async def test_events_go_through_the_receiver_and_redis_to_two_workers(
    redis_server: RedisServer, tmp_path: Path
):
    port = str(free_port())
    kept = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE")}
    logs = {name: tmp_path / f"{name}.log" for name in ("receiver", "first", "second")}
    async with Sandbox(webhook_repeats=1) as sandbox:
        env = in_files(["livechat-bot.env", "redis.env"])
        env |= {
            "LIVECHAT_LOGIN": sandbox.credentials.login,
            "LIVECHAT_TOKEN": sandbox.credentials.token.reveal(),
            "LIVECHAT_WEBHOOK_PASSWORD": "let-me-in",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "REDIS_URL": redis_server.url,
        }
        more = {
            "LIVECHAT_BASE_URL": sandbox.url,
            "PATH": f"{BINARIES}{os.pathsep}{os.environ['PATH']}",
            "PORT": port,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "always::ResourceWarning",
        }
        env |= more | kept
        worker = SERVICES["worker"]["command"]
        with ExitStack() as stack:
            stack.enter_context(running(worker, logs["first"], env))
            stack.enter_context(running(worker, logs["second"], env))
            stack.enter_context(running(SERVICES["receiver"]["command"], logs["receiver"], env))

            async def answers() -> bool:
                return (await health(port)).get("state") == "running"

            await until(answers)
            people = [
                sandbox.add_visitor(name=name) for name in ("Mary", "John Doe", "Jane", "Joe")
            ]
            for visitor_id in people:
                sandbox.start_chat(visitor_id)

            async def told() -> bool:
                return all(map(sandbox.details_of, people))

            await until(told)
            await sandbox.delivered()

            async def idle() -> bool:
                now = await health(port)
                return now["queued"] == now["running"] == 0

            await until(idle)
            now = await health(port)
        assert [delivery.statuses for delivery in sandbox.deliveries] == [[200, 200]] * 4
        assert (now["accepted"], now["repeats"], now["refused"]) == (8, 4, 0)
        plans = [sandbox.details_of(visitor_id) for visitor_id in people]
        assert [sets[0].fields for sets in plans] == [
            (DetailField("Plan", plan),)
            for plan in ("Gold", "Free", "not a customer", "not a customer")
        ]
        added = [request for request in sandbox.requests if request.path.endswith("/details")]
        assert len(added) == 4
        [registered] = sandbox.webhooks
        assert registered["event_type"] == "chat_started"
    printed = "".join(log.read_text() for log in logs.values())
    for word in ("Traceback", "ResourceWarning", "nclosed", "mary@example.com"):
        assert word not in printed
    for name in ("LIVECHAT_TOKEN", "LIVECHAT_WEBHOOK_PASSWORD", "REDIS_URL"):
        assert env[name] not in printed


async def test_the_redis_of_docker_compose_keeps_its_data_and_wants_its_password(tmp_path: Path):
    service = SERVICES["redis"]
    shell, option, script = service["command"]
    port = free_port()
    here = f"port {port}\nbind 127.0.0.1\n"
    env = {"PATH": os.environ["PATH"], "REDIS_PASSWORD": "0123abcd"}
    command = [shell, option, script.replace("$$", "$").replace("<<END\n", f"<<END\n{here}")]
    check = service["healthcheck"]["test"].replace("$$", "$")
    check = check.replace("redis-cli", f"redis-cli -p {port}")

    async def healthy(password: str) -> bool:
        done = await asyncio.create_subprocess_exec(
            *(shell, option, check),
            env={**env, "REDIS_PASSWORD": password},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await done.wait() == 0

    with running(command, tmp_path / "log", env, tmp_path):
        await until(lambda: healthy("0123abcd"))
        assert not await healthy("wrong")
        async with Redis(port=port, password="0123abcd") as redis, Redis(port=port) as stranger:
            assert (await redis.config_get("appendonly"))["appendonly"] == "yes"
            assert (await redis.config_get("appendfsync"))["appendfsync"] == "everysec"
            with pytest.raises(AuthenticationError):
                await stranger.ping()
        assert "redis-server" in arguments_of_all_processes()
        assert "0123abcd" not in arguments_of_all_processes()
    assert (tmp_path / "appendonlydir").is_dir()


def test_docker_compose_names_what_exists():
    assert set(SERVICES) == {"redis", "receiver", "worker"}
    assert SERVICES["redis"]["image"] == "redis:7"
    for name in ("receiver", "worker"):
        service = SERVICES[name]
        context = (EXAMPLE / service["build"]["context"]).resolve()
        assert context == ROOT
        assert context / service["build"]["dockerfile"] == EXAMPLE / "Dockerfile"
        assert service["image"] == "livechat-bot"
        assert set(service["depends_on"]) <= set(SERVICES)
        assert service["env_file"] == ["livechat-bot.env", "redis.env"]
    assert SERVICES["redis"]["env_file"] == "redis.env"
    mounted = [volume.split(":") for volume in SERVICES["redis"]["volumes"]]
    assert mounted == [["redis-data", "/data"]]
    assert set(COMPOSE["volumes"]) == {"redis-data"}
    assert SERVICES["worker"]["deploy"]["replicas"] > 1
    assert all(service["restart"] == "unless-stopped" for service in SERVICES.values())


def test_the_image_holds_what_the_commands_need():
    lines = (EXAMPLE / "Dockerfile").read_text().splitlines()
    copied = [source for line in lines if line.startswith("COPY") for source in line.split()[1:-1]]
    assert all((ROOT / source).exists() for source in copied)
    assert {f"examples/taskiq_deployment/{name}.py" for name in ("bot", "receiver")} <= set(copied)
    let_in = (EXAMPLE / "Dockerfile.dockerignore").read_text().splitlines()
    kept = [line.removeprefix("!") for line in let_in if line.startswith("!")]
    assert all(any(source.startswith(name) for name in kept) for source in copied)
    assert re.match(r"FROM python:3\.1[1-4]-slim$", lines[0])
    assert "RUN pip install --no-cache-dir '.[distributed]'" in lines
    for name in ("receiver", "worker"):
        assert shutil.which(SERVICES[name]["command"][0], path=str(BINARIES))


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_of_systemd_runs_what_docker_compose_runs(name: str, tmp_path: Path):
    parser, service = unit(name), SERVICES[name]
    assert parser.sections() == ["Unit", "Service", "Install"]
    command = shlex.split(parser["Service"]["ExecStart"])
    command[0] = command[0].removeprefix(f"{INSTALLED}/venv/bin/")
    assert command == service["command"]
    assert parser["Service"]["WorkingDirectory"] == INSTALLED
    assert f"{parser['Service']['TimeoutStopSec']}s" == service["stop_grace_period"]
    assert parser["Service"]["Restart"] == "always"
    text = (EXAMPLE / UNITS[name]).read_text()
    files = re.findall(r"^EnvironmentFile=/etc/livechat-bot/(.*)$", text, flags=re.MULTILINE)
    assert files == service["env_file"]

    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        (tmp_path / "venv").mkdir()
        (tmp_path / "venv" / "bin").symlink_to(BINARIES)
        copy = tmp_path / UNITS[name]
        copy.write_text(text.replace(INSTALLED, str(tmp_path)))
        done = subprocess.run(
            [analyze, "verify", str(copy)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, "livechat" in done.stderr) == (0, False), done.stderr


def test_a_worker_that_is_stopped_has_the_time_it_was_given():
    command = SERVICES["worker"]["command"]
    given = int(command[command.index("--wait-tasks-timeout") + 1])
    assert given + 10 <= int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))


def test_the_folder_holds_no_secret_and_git_takes_none():
    settings = in_files(["livechat-bot.env", "redis.env"])
    secrets = [name for name in settings if re.search(r"TOKEN|PASSWORD|LOGIN", name)]
    assert {settings[name] for name in secrets} == {""}
    assert settings["REDIS_URL"] == "redis://:PASSWORD@redis:6379/0"
    read = "".join(path.read_text() for path in EXAMPLE.glob("*.py"))
    wanted = set(re.findall(r'os\.environ\["(\w+)"\]', read)) | {"LIVECHAT_LOGIN", "LIVECHAT_TOKEN"}
    assert wanted <= set(settings)
    assert (EXAMPLE / ".gitignore").read_text().split() == ["*.env"]
    assert "environment" not in SERVICES["worker"]
    assert SERVICES["receiver"]["environment"] == {"HOST": "0.0.0.0"}  # noqa: S104
    assert json.dumps(COMPOSE).count("PASSWORD") == 2


def test_the_readme_has_the_commands_of_the_other_files():
    text = (EXAMPLE / "README.md").read_text()
    for name in ("receiver", "worker"):
        assert f"$ {shlex.join(SERVICES[name]['command'])}\n" in text
    for name in re.findall(r"\]\(([\w./-]+)\)", text):
        assert (EXAMPLE / name).exists()
    assert "/etc/livechat-bot " in text
    assert f"python3 -m venv {INSTALLED}/venv" in text
    assert re.findall(r"^# systemctl enable --now (.*)$", text, flags=re.MULTILINE) == [
        "livechat-receiver livechat-worker@1 livechat-worker@2"
    ]
