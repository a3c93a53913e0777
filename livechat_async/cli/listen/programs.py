"""``--exec``: a program of the user's own, started anew for each event."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from livechat_async import ConfigurationError
from livechat_async.redaction import printable

__all__ = ["ProgramError", "Programs", "to_command"]

_GRACE = 2.0  # seconds for what a program does when it is told to end
_IS_POSIX = sys.platform != "win32"
# A group of its own: what the program starts ends with it, and Ctrl-C reaches us alone.
_GROUP: dict[str, Any] = {"process_group": 0} if _IS_POSIX else {}
# What lets LiveChat in is none of the program's business.
_NOT_FOR_PROGRAMS = frozenset(
    {"LIVECHAT_WEBHOOK_PASSWORD", "LIVECHAT_WEBHOOK_SECRET", "LIVECHAT_WEBHOOK_USER"}
)


class ProgramError(Exception):
    """The program says that it did not handle the event."""


def to_command(text: str) -> list[str]:
    """A program and its arguments, quoted as for a shell; but no shell reads them.

    Raises:
        ConfigurationError: there is no such program, or a quotation is open.
    """
    try:
        command = shlex.split(text, posix=_IS_POSIX)
    except ValueError as problem:
        raise ConfigurationError(f"--exec {text!r} cannot be read: {problem}") from None
    if not command:
        raise ConfigurationError("--exec is empty: a program is needed, and its arguments")
    if shutil.which(command[0]) is None:
        raise ConfigurationError(
            f"--exec: there is no program {command[0]!r} that can be run; give its path, and use "
            "sh -c '...' for what only a shell understands"
        )
    return command


class Programs:
    """Runs a program, once for each event, and knows which of them run.

    It has this process' stdout and stderr. On POSIX each is a process group of its own, which is
    ended as a whole: with SIGTERM, and after 2 s with SIGKILL.

    Args:
        command: the program and its arguments.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.name: str = PurePath(command[0]).name
        self._command = [*command]
        self._running: set[Process] = set()
        self._ends = False

    async def run(self, document: bytes) -> None:
        """Run it to its end. Cancelled, it ends the program.

        Args:
            document: what it reads on its stdin.

        Raises:
            ProgramError: its exit code is not 0.
            OSError: it could not be started.
        """
        if self._ends:
            raise ProgramError("no more programs are started")
        env = {name: text for name, text in os.environ.items() if name not in _NOT_FOR_PROGRAMS}
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, env=env, **_GROUP
        )
        self._running.add(process)
        try:
            await process.communicate(document)
        finally:
            if process.returncode is None:
                await self._end(process)
            self._running.discard(process)
        if process.returncode:
            raise ProgramError(f"{printable(self.name)} {_told(process.returncode)}")

    def kill(self) -> None:
        """End all of them at once, and start no more."""
        self._ends = True
        for process in self._running:
            _send(process, hard=True)

    async def _end(self, process: Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            if not self._ends:
                _send(process, hard=False)
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), _GRACE)
        finally:
            _send(process, hard=True)  # also to what it started, and has left behind
        await process.wait()


def _send(process: Process, *, hard: bool) -> None:
    with suppress(ProcessLookupError, PermissionError):  # it has ended by itself
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL if hard else signal.SIGTERM)


def _told(code: int) -> str:
    """What an exit code says."""
    if code > 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
