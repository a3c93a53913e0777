"""The lines of ``examples/README.md``, typed into terminals."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
BLOCKS: dict[str, list[str]] = {
    name: [line.removeprefix("$ ") for line in block.splitlines()]
    for name, block in re.findall(
        r"<!-- runs: ([\w ]+) -->\n```\w+\n(.*?)```", README, flags=re.DOTALL
    )
}
PATIENCE = 300.0

_SETTINGS = ("LIVECHAT_", "PUBLIC_URL", "PORT", "HOST", "BOT_DATABASE", "DATABASE", "CELERY_")


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def until(condition: Callable[[], Any]) -> Any:
    """What is true at last."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
    return value


class Shell:
    """Terminals on ports of the test's own, with the environment that the README exports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {"8080": free_port(), "8000": free_port()}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_SETTINGS) and not name.lower().endswith("_proxy")
        }
        self.env: dict[str, str] = {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONWARNINGS": "always::ResourceWarning",
            "PORT": self._ports["8000"],
            "BOT_DATABASE": str(folder / "bot.sqlite3"),
        }
        exported = self.run("; ".join([*BLOCKS["environment"], "env -0"]))
        self.env = dict(line.split("=", 1) for line in exported.split("\0") if line)

    @property
    def sandbox(self) -> str:
        return self.env["LIVECHAT_BASE_URL"]

    @property
    def bot(self) -> str:
        return self.env["PUBLIC_URL"]

    def _with_ports(self, line: str) -> str:
        for usual, ours in self._ports.items():
            line = line.replace(usual, ours)
        return line

    def run(self, line: str) -> str:
        """One line, and what it printed."""
        done = subprocess.run(
            ["bash", "-ec", self._with_ports(line)],  # noqa: S607
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
            check=True,
        )
        return done.stdout.decode()

    def json(self, line: str) -> Any:
        return json.loads(self.run(line))

    def start(self, name: str) -> None:
        """A block of the README, whose last line goes on until it is stopped."""
        *before, last = map(self._with_ports, BLOCKS[name])
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                ["bash", "-ec", "\n".join([*before, f"exec {last}"])],  # noqa: S607
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_sandbox(self) -> None:
        self.start("sandbox")
        self.until_logged("sandbox", "/_sandbox/visitors")

    def start_bot(self, name: str) -> None:
        self.start(name)
        until(lambda: self._runs(name) and self._answers())

    def until_logged(self, name: str, text: str) -> None:
        until(lambda: self._runs(name) and text in self.log(name))

    def _runs(self, name: str) -> bool:
        assert self._running[name].poll() is None, self.log(name)
        return True

    def _answers(self) -> bool:
        with suppress(OSError), urlopen(f"{self.bot}/health", timeout=PATIENCE) as answer:  # noqa: S310
            return bool(answer.status == 200)
        return False

    def stop(self, name: str) -> None:
        """As systemd and Docker do."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(encoding="utf-8")

    def details_when(self, field: str, value: str) -> dict[str, str]:
        """What the agent sees of Mary, once this is among it: the fields, by name."""
        line = next(line for line in BLOCKS["chat"] if line.endswith("/details"))

        def seen() -> dict[str, str]:
            sets = self.json(line)
            fields = {each["name"]: each["value"] for given in sets for each in given["fields"]}
            return fields if fields.get(field) == value else {}

        found: dict[str, str] = until(seen)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._running.values():
            with suppress(ProcessLookupError):  # what it started, too: it leads a group of its own
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if error is not None:
            for path in sorted(self._folder.glob("*.log")):
                sys.stderr.write(f"--- {path.name}\n{path.read_text()[-5000:]}\n")
