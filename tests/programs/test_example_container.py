"""``examples/sandbox_container``: its commands run as Docker would, without Docker.

Each service is a process of its own. A stand-in for Docker's names makes ``sandbox`` and ``bot``
lead to loopback, and the ports are free ones.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from example_shell import free_port, until

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "sandbox_container"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((EXAMPLE / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (EXAMPLE / "Dockerfile").read_text().splitlines()
TOKEN = "Test-Token/123+456=789"
LINES = re.findall(r"^\$ (.*)$", README, flags=re.MULTILINE)

NAMES = """
import socket

resolve = socket.getaddrinfo


def getaddrinfo(host, *args, **options):
    return resolve("127.0.0.1" if host in ("sandbox", "bot") else host, *args, **options)


socket.getaddrinfo = getaddrinfo
"""


class Docker:
    """Stands in for Docker: ports of its own, and names that lead here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ports = {"8080": free_port(), "8000": free_port()}
        (folder / "sitecustomize.py").write_text(NAMES)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LIVECHAT_", "HOST", "PORT", "PUBLIC_URL"))
            and not name.lower().endswith("_proxy")
        }
        paths = [str(folder), os.environ.get("PYTHONPATH", "")]
        self._outside = {
            **kept,
            "LIVECHAT_CONTROL_TOKEN": TOKEN,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        self._inside = {
            **self._outside,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "PYTHONWARNINGS": "always::ResourceWarning",
            "PORT": self._ports["8000"],
        }
        del self._inside["LIVECHAT_CONTROL_TOKEN"]

    def here(self, text: str) -> str:
        """The text with this machine's ports and addresses."""
        for usual, ours in self._ports.items():
            text = text.replace(f":{usual}", f":{ours}")
        return text.replace("0.0.0.0", "127.0.0.1").replace("/tmp", str(self.folder))  # noqa: S104, S108

    def environment(self, name: str) -> dict[str, str]:
        given = {
            variable: re.sub(r"^\$\{LIVECHAT_CONTROL_TOKEN:\?.*\}$", TOKEN, value)
            for variable, value in SERVICES[name]["environment"].items()
        }
        return self._inside | {variable: self.here(value) for variable, value in given.items()}

    @contextmanager
    def service(self, name: str) -> Iterator[None]:
        """A service, until it is stopped as Docker stops it."""
        command = [self.here(part) for part in SERVICES[name]["command"]]
        if name == "sandbox":
            command += ["--port", self._ports["8080"]]
        with self.log_of(name).open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT / "examples" / "aiohttp_bot",
                env=self.environment(name),
                stdout=log,
                stderr=log,
            )
        try:
            yield
            assert process.poll() is None, self.log_of(name).read_text()
        finally:
            process.terminate()
            try:
                process.wait(300)
            finally:
                process.kill()
                process.wait()
        assert process.returncode == 0, self.log_of(name).read_text()

    def is_healthy(self, name: str) -> bool:
        """What the service's own check says."""
        kind, *command = SERVICES[name]["healthcheck"]["test"]
        assert kind == "CMD"
        done = subprocess.run(
            [self.here(part) for part in command],
            env=self.environment(name),
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def log_of(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def json(self, line: str) -> Any:
        """The answer to a line of the README."""
        done = subprocess.run(
            ["bash", "-euc", self.here(line)],  # noqa: S607
            env=self._outside,
            capture_output=True,
            check=True,
        )
        return json.loads(done.stdout)


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    return Docker(tmp_path)


def test_a_bot_in_one_container_works_against_a_sandbox_in_another(docker: Docker) -> None:
    """A sandbox can be reached from another container (field case 34)."""
    coming, chatting, deliveries, details = [line for line in LINES if line.startswith("curl")]
    with ExitStack() as stack:
        stack.enter_context(docker.service("sandbox"))
        until(lambda: docker.is_healthy("sandbox"))
        stack.enter_context(docker.service("bot"))
        log = docker.log_of("sandbox")
        until(lambda: "POST /webhooks 200" in log.read_text())
        assert docker.json(coming)["name"] == "Mary"
        assert docker.json(chatting)["visitor_id"] == "S1.mary"
        [shown] = until(lambda: docker.json(details))
        assert shown["fields"][0] == {"name": "Earlier chats", "value": "0", "url": None}
        [delivery] = until(lambda: [each for each in docker.json(deliveries) if each["done"]])
        assert [attempt["status"] for attempt in delivery["attempts"]] == [200]
        assert delivery["url"].startswith("http://bot:")
        refused = docker.json("curl -sS http://127.0.0.1:8080/_sandbox/visitors")
        assert "control token" in refused["error"]
    printed = "".join(docker.log_of(name).read_text() for name in SERVICES)
    assert "POST /visitors/S1.mary/details 200" in printed
    for word in ("Traceback", "ResourceWarning", "nclosed", TOKEN, "sandbox-webhook-password"):
        assert word not in printed


def test_the_image_alone_starts_a_sandbox() -> None:
    [line] = [line for line in DOCKERFILE if line.startswith("CMD ")]
    command = SERVICES["sandbox"]["command"]
    alone = json.loads(line.removeprefix("CMD "))
    assert alone == command[: len(alone)]


def test_docker_compose_names_what_exists() -> None:
    assert set(SERVICES) == {"sandbox", "bot"}
    for service in SERVICES.values():
        context = (EXAMPLE / service["build"]["context"]).resolve()
        assert context == ROOT
        assert context / service["build"]["dockerfile"] == EXAMPLE / "Dockerfile"
        assert service["image"] == "livechat-sandbox"
    assert SERVICES["bot"]["depends_on"] == {"sandbox": {"condition": "service_healthy"}}
    # What is published is for this machine alone, whatever the sandbox listens on.
    assert SERVICES["sandbox"]["ports"] == ["127.0.0.1:8080:8080"]
    assert "ports" not in SERVICES["bot"]
    token = SERVICES["sandbox"]["environment"]["LIVECHAT_CONTROL_TOKEN"]
    assert token.startswith("${LIVECHAT_CONTROL_TOKEN:?"), "without a token, nothing starts"


def test_the_image_holds_what_the_commands_need() -> None:
    copied = [
        source for line in DOCKERFILE if line.startswith("COPY") for source in line.split()[1:-1]
    ]
    assert all((ROOT / source).exists() for source in copied)
    assert f"examples/aiohttp_bot/{SERVICES['bot']['command'][-1]}" in copied
    let_in = (EXAMPLE / "Dockerfile.dockerignore").read_text().splitlines()
    kept = [line.removeprefix("!") for line in let_in if line.startswith("!")]
    assert all(any(source.startswith(name) for name in kept) for source in copied)
    assert re.match(r"FROM python:3\.1[1-4]-slim$", DOCKERFILE[0])
    assert "USER nobody" in DOCKERFILE


def test_the_readme_has_the_settings_of_the_other_files() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", README, flags=re.MULTILINE)
    settings = [
        f"{name}={value}"
        for service in SERVICES.values()
        for name, value in service["environment"].items()
    ]
    command = " ".join(SERVICES["sandbox"]["command"])
    for row in rows:
        assert row in command or any(setting.startswith(row) for setting in settings), row
    assert len(rows) == 5
    for path in re.findall(r"\]\(([\w./-]+)\)", README):
        assert (EXAMPLE / path).exists(), path
    [run] = [line for line in LINES if line.startswith("docker run")]
    assert run.endswith(SERVICES["sandbox"]["image"])
    assert f"--publish {SERVICES['sandbox']['ports'][0]}" in run
