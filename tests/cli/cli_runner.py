"""Runs the command line: in a thread of this process, or as a process of its own.

Both ways have one interface, so a test chooses a process only for what a thread cannot show: real
pipes and terminals, real signals, the start of the program.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import io
import logging
import os
import pty
import re
import signal
import struct
import sys
import termios
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self
from unittest import mock

from livechat_async.cli import main

COMMAND = (sys.executable, "-m", "livechat_async.cli")
PATIENCE = 120.0
"""Seconds after which something hangs, also on a slow machine."""

HOSTILE = "[red]Evil[/red]\x1b[2J\x1b]0;title\x07\nsecond\tline\x9b31m\u202egpj.exe:smile:"
"""What a stranger may call himself."""
CLEANED = "[red]Evil[/red]␛[2J␛]0;title␇␊second␉line�31m�gpj.exe:smile:"
"""That name, as it is shown."""

_SETTINGS = (
    *("LIVECHAT_", "COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TERM", "TTY_"),
    # Unbuffered, Python takes half a write for a whole one, and sees no broken pipe.
    "PYTHONUNBUFFERED",
)
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_ONE_AT_A_TIME = threading.Lock()


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would change the outcome."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_SETTINGS) and not name.lower().endswith("_proxy")
    }
    # Not the profiles of whoever runs the tests.
    nowhere = str(Path(__file__).with_name("no-settings"))
    return {**kept, "TERM": "xterm-256color", "XDG_CONFIG_HOME": nowhere, **extra}


def controls(text: str) -> set[str]:
    """The characters that a terminal obeys."""
    return set(re.findall(r"[^\n\t\x20-\x7e\xa0-\u202d\u202f-\U0010ffff]", text))


def without_ansi(text: str) -> str:
    return _ANSI.sub("", text)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that has no event, such as a file."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@dataclass
class Done:
    code: int
    out: str
    err: str


class Running:
    """A command that runs, and everything it has written so far."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._written = {"stdout": bytearray(), "stderr": bytearray()}
        self._lines_read = 0
        self._end: asyncio.Task[int] | None = None

    @property
    def text(self) -> str:
        """Stdout, which is also stderr on a terminal."""
        return self._written["stdout"].decode(errors="ignore")

    @property
    def plain(self) -> str:
        return without_ansi(self.text).replace("\r", "")

    @property
    def err(self) -> str:
        return self._written["stderr"].decode(errors="ignore")

    @property
    def has_ended(self) -> bool:
        return self._end is not None and self._end.done()

    def send(self, how: signal.Signals) -> None:
        """Send a signal."""
        raise NotImplementedError

    async def line(self) -> str:
        """The next line of stdout, with its end."""

        def lines() -> list[str]:
            *whole, _ = self.text.split("\n")
            return whole

        await self._until(lambda: len(lines()) > self._lines_read, "a line")
        self._lines_read += 1
        return f"{lines()[self._lines_read - 1]}\n"

    async def until(self, text: str, times: int = 1) -> None:
        """Wait until stdout or the terminal shows this so often."""
        await self._until(lambda: self.plain.count(text) >= times, text)

    async def said(self, text: str) -> None:
        """Wait until stderr says this."""
        await self._until(lambda: text in self.err, text)

    async def end(self, how: signal.Signals | None = None) -> Done:
        """Wait for the end, which a signal may bring about."""
        assert self._end is not None
        if how is not None:
            self.send(how)
        code = await asyncio.wait_for(asyncio.shield(self._end), PATIENCE)
        return Done(code, self.text, self.err)

    def close_pipe(self, name: str) -> None:
        """Read no more from stdout or stderr, as `head -1` does."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End it by force, if it still runs."""
        raise NotImplementedError

    def _write(self, name: str, data: bytes) -> None:
        self._written[name] += data
        with suppress(RuntimeError):  # the test has ended, and its loop is closed
            self._loop.call_soon_threadsafe(self._changed.set)

    def _follow(self, end: Coroutine[Any, Any, int]) -> None:
        self._end = asyncio.create_task(end)
        self._end.add_done_callback(lambda _: self._changed.set())

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                assert not self.has_ended, f"it ended without {what!r}: {self.plain}{self.err}"
                self._changed.clear()
                await self._changed.wait()


class Here(Running):
    """The command line in a thread of this process, through its real entry point."""

    def __init__(self, *, is_terminal: bool, shares_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal
        self._shares_terminal = shares_terminal
        self._inner: _SignalLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._is_interrupted = False
        self._raw: dict[str, _Raw] = {}

    @classmethod
    def start(
        cls,
        *arguments: str,
        env: Mapping[str, str],
        width: int | None = None,
        height: int = 40,
        shares_terminal: bool = True,
    ) -> Self:
        """Start it, on a terminal if it has a width.

        `shares_terminal` says whether stderr goes to that terminal as well.
        """
        it = cls(is_terminal=width is not None, shares_terminal=shares_terminal)
        if width is not None:
            env = {**env, "COLUMNS": str(width), "LINES": str(height)}
        it._follow(asyncio.to_thread(it._run, arguments, env))
        return it

    def send(self, how: signal.Signals) -> None:
        assert self._inner is not None
        self._inner.call_soon_threadsafe(self._receive, how)

    def close_pipe(self, name: str) -> None:
        self._raw[name].is_broken = True

    async def stop(self) -> None:
        if self._end is None:
            return
        await until(lambda: self._task is not None or self.has_ended)
        if self._inner is not None and self._task is not None:
            with suppress(RuntimeError):  # its loop is closed
                self._inner.call_soon_threadsafe(self._task.cancel)
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait((self._end,))

    def _receive(self, how: signal.Signals) -> None:
        assert self._inner is not None
        assert self._task is not None
        handler = self._inner.handlers.get(how)
        if handler is not None:
            handler()
        else:
            assert how is signal.SIGINT, f"{how.name} would kill it"
            self._is_interrupted = True
            self._task.cancel()

    def _run(self, arguments: tuple[str, ...], env: Mapping[str, str]) -> int:
        out = self._stream("stdout", is_terminal=self._is_terminal)
        both = self._is_terminal and self._shares_terminal
        err = self._stream("stdout" if both else "stderr", is_terminal=both)
        with _ONE_AT_A_TIME, ExitStack() as stack:
            stack.enter_context(_loggers_restored())
            stack.enter_context(_environment(env))
            for name, value in (("stdout", out), ("stderr", err)):
                stack.enter_context(mock.patch.object(sys, name, value))
            stack.enter_context(mock.patch.object(sys, "argv", ["livechat-async", *arguments]))
            stack.enter_context(mock.patch.object(asyncio, "run", self._run_async))
            try:
                return main()
            finally:
                for stream in (out, err):
                    with suppress(OSError):  # the reader is gone
                        stream.flush()
                for raw in self._raw.values():
                    raw.discard()

    def _run_async(self, work: Coroutine[Any, Any, None]) -> None:
        """As `asyncio.run`, with signals that come from the test."""

        async def run() -> None:
            self._task = asyncio.current_task()
            await work

        with asyncio.Runner(loop_factory=_SignalLoop) as runner:
            inner = runner.get_loop()
            assert isinstance(inner, _SignalLoop)
            self._inner = inner
            try:
                runner.run(run())
            except asyncio.CancelledError:
                if self._is_interrupted:
                    raise KeyboardInterrupt from None
                raise
            finally:
                inner.run_until_complete(inner.reap())

    def _stream(self, name: str, *, is_terminal: bool) -> io.TextIOWrapper:
        raw = self._raw[name] = _Raw(partial(self._write, name), is_terminal=is_terminal)
        by_lines = is_terminal or name == "stderr"
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", line_buffering=by_lines)


class _Raw(io.RawIOBase):
    def __init__(self, write: Callable[[bytes], None], *, is_terminal: bool) -> None:
        super().__init__()
        self._write = write
        self._is_terminal = is_terminal

        self.is_broken = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        if not self.is_broken:
            raise io.UnsupportedOperation("fileno")
        return os.open(os.devnull, os.O_WRONLY)  # what the command may replace

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, data: Any) -> int:
        if self.is_broken:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        self._write(bytes(data))
        return len(data)

    def discard(self) -> None:
        """Take what is still to come: Python 3.13 complains of a stream that it cannot flush."""
        self.is_broken, self._write = False, lambda _: None


class _SignalLoop(asyncio.SelectorEventLoop):
    """Keeps handlers of signals, which only a main thread can have, for the test to call."""

    def __init__(self) -> None:
        super().__init__()
        self.handlers: dict[int, Callable[[], object]] = {}
        self._children: list[asyncio.SubprocessTransport] = []

    async def subprocess_exec(self, *args: Any, **options: Any) -> Any:
        transport, protocol = await super().subprocess_exec(*args, **options)
        self._children.append(transport)
        return transport, protocol

    async def reap(self) -> None:
        """Wait for programs that were killed, as the end of a process would."""
        for child in self._children:
            with suppress(TimeoutError):
                async with asyncio.timeout(10):
                    while child.get_returncode() is None:  # noqa: ASYNC110 (it has no event)
                        await asyncio.sleep(0.01)
            child.close()
        await asyncio.sleep(0)

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: Any) -> None:
        self.handlers[sig] = partial(callback, *args)

    def remove_signal_handler(self, sig: int) -> bool:
        return self.handlers.pop(sig, None) is not None


@contextmanager
def _environment(env: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)

    def change(wanted: Mapping[str, str]) -> None:
        for name in os.environ.keys() - wanted.keys():
            del os.environ[name]
        for name, value in wanted.items():
            if os.environ.get(name) != value:
                os.environ[name] = value

    change(env)
    try:
        yield
    finally:
        change(before)


@contextmanager
def _loggers_restored() -> Iterator[None]:
    """``--verbose`` sets the library's loggers up; here that ends with the command."""
    loggers = [logging.getLogger(f"livechat_async{name}") for name in ("", ".cli", ".webhooks")]
    before = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    try:
        yield
    finally:
        for logger, handlers, level in before:
            logger.handlers[:] = handlers
            logger.setLevel(level)


class Process(Running):
    """A program in a process of its own: the command line, if nothing else is named."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__()
        self.process = process

    @classmethod
    async def start(
        cls,
        *arguments: str,
        env: Mapping[str, str],
        command: tuple[str, ...] = COMMAND,
        width: int | None = None,
        height: int = 40,
    ) -> Self:
        """Start it, on a pseudo-terminal if it has a width."""
        if width is not None:
            master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            streams = dict.fromkeys(("stdin", "stdout", "stderr"), slave)
        else:
            pipe = asyncio.subprocess.PIPE
            streams = {"stdin": asyncio.subprocess.DEVNULL, "stdout": pipe, "stderr": pipe}
        process = await asyncio.create_subprocess_exec(
            *command, *arguments, env=dict(env), **streams
        )
        it = cls(process)
        if width is not None:
            os.close(slave)
            it._follow(it._read_terminal(master))
        else:
            it._follow(it._read_pipes())
        return it

    def send(self, how: signal.Signals) -> None:
        self.process.send_signal(how)

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        if self._end is not None:
            await asyncio.wait_for(self._end, PATIENCE)

    def close_pipe(self, name: str) -> None:
        transport: Any = self.process._transport  # type: ignore[attr-defined]
        transport.get_pipe_transport({"stdout": 1, "stderr": 2}[name]).close()

    async def _read_pipes(self) -> int:
        await asyncio.gather(
            self._read("stdout", self.process.stdout), self._read("stderr", self.process.stderr)
        )
        return await self.process.wait()

    async def _read(self, name: str, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None
        while chunk := await stream.read(65_536):
            self._write(name, chunk)

    async def _read_terminal(self, master: int) -> int:
        ended = asyncio.Event()

        def read() -> None:
            try:
                chunk = os.read(master, 65_536)
            except OSError:  # Linux says so that the other side has no reader any more
                chunk = b""
            if chunk:
                self._write("stdout", chunk)
            else:
                self._loop.remove_reader(master)
                ended.set()

        self._loop.add_reader(master, read)
        await ended.wait()
        os.close(master)
        return await self.process.wait()


async def run(*arguments: str, env: Mapping[str, str]) -> Done:
    """Run the command line here, on pipes and to its end."""
    return await Here.start(*arguments, env=env).end()


async def show(
    *arguments: str, env: Mapping[str, str], width: int = 80, height: int = 40
) -> tuple[int, Running]:
    """Run the command line here, on a terminal and to its end."""
    it = Here.start(*arguments, env=env, width=width, height=height)
    return (await it.end()).code, it


async def run_process(
    *arguments: str, env: Mapping[str, str], command: tuple[str, ...] = COMMAND
) -> Done:
    """Run a process on pipes and to its end."""
    return await (await Process.start(*arguments, env=env, command=command)).end()
