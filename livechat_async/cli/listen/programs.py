"""``--exec``: runs the user's program once for each event."""

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
from typing import Any, Self

from livechat_async import ConfigurationError
from livechat_async.redaction import printable

_GRACE = 2.0  # seconds between SIGTERM and SIGKILL
_IS_POSIX = sys.platform != "win32"
# In a group, what the program starts ends with it, and Ctrl-C reaches only us.
_GROUP: dict[str, Any] = {"process_group": 0} if _IS_POSIX else {}
# A program has no use for the secrets that guard the receiver.
_NOT_FOR_PROGRAMS = frozenset(
    {"LIVECHAT_WEBHOOK_PASSWORD", "LIVECHAT_WEBHOOK_SECRET", "LIVECHAT_WEBHOOK_USER"}
)


class ProgramError(Exception):
    """The program's exit code says that it did not handle the event."""


class Programs:
    """Runs a program once for each event, and knows which runs are under way.

    Each run has our stdout and stderr. On POSIX it is a process group, which ends by SIGTERM, and
    2 s later by SIGKILL.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._name = PurePath(command[0]).name
        self._command = [*command]
        self._running: set[Process] = set()
        self._is_killed = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a program and its arguments, quoted as for a shell. No shell is used."""
        try:
            command = shlex.split(text, posix=_IS_POSIX)
        except ValueError as problem:
            raise ConfigurationError(f"--exec {text!r} cannot be read: {problem}") from None
        if not command:
            raise ConfigurationError("--exec is empty: a program is needed, and its arguments")
        if shutil.which(command[0]) is None:
            raise ConfigurationError(
                f"--exec: there is no program {command[0]!r} that can be run; give its path, and "
                "use sh -c '...' for what only a shell understands"
            )
        return cls(command)

    async def run(self, document: bytes) -> None:
        """Run the program to its end, or raise a `ProgramError`. Cancellation ends the program."""
        if self._is_killed:
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
            raise ProgramError(f"{printable(self._name)} {_ending(process.returncode)}")

    def kill(self) -> None:
        """End all runs at once, and start no more."""
        self._is_killed = True
        for process in self._running:
            _send(process, hard=True)

    async def _end(self, process: Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            if not self._is_killed:
                _send(process, hard=False)
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), _GRACE)
        finally:
            _send(process, hard=True)  # also to what the program started and left behind
        await process.wait()


def _send(process: Process, *, hard: bool) -> None:
    with suppress(ProcessLookupError, PermissionError):  # it has already ended
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL if hard else signal.SIGTERM)


def _ending(code: int) -> str:
    """What an exit code says."""
    if code > 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
