"""The command line as real processes: on pipes, and on a terminal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

COMMAND = (sys.executable, "-m", "livechat_async.cli")
PATIENCE = 200.0

_SETTINGS = (
    *("LIVECHAT_", "COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TERM", "TTY_"),
    # Unbuffered, Python takes half a write for a whole one, and no broken pipe is seen.
    "PYTHONUNBUFFERED",
)
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would change the outcome."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_SETTINGS) and not name.lower().endswith("_proxy")
    }
    return {**kept, "TERM": "xterm-256color", **extra}


def without_ansi(text: str) -> str:
    return _ANSI.sub("", text)


@dataclass
class Done:
    code: int
    out: str
    err: str


async def run(*arguments: str, env: Mapping[str, str], command: tuple[str, ...] = COMMAND) -> Done:
    """Run it on pipes, to its end."""
    process = await asyncio.create_subprocess_exec(
        *command,
        *arguments,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    return Done(process.returncode or 0, out.decode(), err.decode())


@dataclass
class Terminal:
    """A process on a pseudo-terminal, and everything it has drawn so far."""

    process: asyncio.subprocess.Process
    master: int
    text: str = ""
    _drawn: asyncio.Event = field(default_factory=asyncio.Event)
    _raw: bytes = b""
    _ended: bool = False

    @classmethod
    async def open(
        cls, *arguments: str, env: Mapping[str, str], width: int = 80, height: int = 40
    ) -> Self:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *arguments, env=dict(env), stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        terminal = cls(process, master)
        asyncio.get_running_loop().add_reader(master, terminal._read)
        return terminal

    @property
    def plain(self) -> str:
        return without_ansi(self.text).replace("\r", "")

    def _read(self) -> None:
        try:
            chunk = os.read(self.master, 65_536)
        except OSError:  # how Linux tells that nobody is on the other side any more
            chunk = b""
        self._raw += chunk
        self.text = self._raw.decode(errors="ignore")
        if not chunk:
            asyncio.get_running_loop().remove_reader(self.master)
            self._ended = True
        self._drawn.set()

    async def until(self, text: str, times: int = 1) -> None:
        """Wait until this has been drawn so often."""
        async with asyncio.timeout(PATIENCE):
            while self.plain.count(text) < times:
                assert not self._ended, f"it ended without {text!r}: {self.plain}"
                self._drawn.clear()
                await self._drawn.wait()

    async def end(self, how: signal.Signals | None = None) -> int:
        """Wait for its end, which a signal may bring about."""
        if how is not None:
            self.process.send_signal(how)
        async with asyncio.timeout(PATIENCE):
            while not self._ended:
                self._drawn.clear()
                await self._drawn.wait()
            code = await self.process.wait()
        os.close(self.master)
        return code


async def show(
    *arguments: str, env: Mapping[str, str], width: int = 80, height: int = 40
) -> tuple[int, Terminal]:
    """Run it on a terminal, to its end."""
    terminal = await Terminal.open(*arguments, env=env, width=width, height=height)
    return await terminal.end(), terminal
