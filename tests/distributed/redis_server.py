"""redis-server on a free loopback port, with its data in a folder of the test's."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

PASSWORD = "hunter2/with:odd@signs"
QUOTED = "hunter2%2Fwith%3Aodd%40signs"


def free_port() -> int:
    """A port that is free now, below those that Linux gives to outgoing connections."""
    while True:
        port = random.randrange(15_000, 32_000)  # noqa: S311
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class RedisServer:
    """Keeps what it was told when it is stopped, and when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder: Path = folder
        self.port: int = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{QUOTED}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        binary = shutil.which("redis-server")
        assert binary is not None, "redis-server is missing: apt-get install redis-server"
        self.folder.mkdir(exist_ok=True)
        settings = {
            "repl-diskless-sync-delay": "0",
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "requirepass": PASSWORD,
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "logfile": str(self.folder / "log"),
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 200
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.02)

    def stop(self, signal_: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self.thaw()
            self._process.send_signal(signal_)
            self._process.wait(20)
            self._process = None

    def freeze(self) -> None:
        """Let it stand still: it accepts connections, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"AUTH %s\r\nPING\r\n" % PASSWORD.encode())
                connection.settimeout(1)
                return connection.recv(100).endswith(b"+PONG\r\n")
        except OSError:
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
