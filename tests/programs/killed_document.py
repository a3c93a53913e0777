"""Runs a program again and again, and kills it at a line; it prints how each run ended.

Usage: killed_document.py PROGRAM TODAY LINES ... The program sees TODAY as the day. Each run is a
fork of this process, killed after it has executed that many lines of the program, or never if LINES
is "all".
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

# Imported before the forks, which then begin quickly.
for name in ("export.export", "resources.chats"):
    import_module(f"livechat_async.{name}")


def kill_after(lines: int, program: str) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that kills this process before one more line of the program."""
    left = lines

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename != program:
            return None
        if event == "line":
            if left == 0:
                sys.stdout.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
        return trace

    return trace


def run(program: str, today: dt.date, lines: int | None) -> None:
    class Clock(dt.datetime):
        """Shows noon of that day to the program; the library has already imported the real one."""

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return cls(today.year, today.month, today.day, 12, tzinfo=tz)

    dt.datetime = Clock  # type: ignore[misc]
    code = compile(Path(program).read_text(encoding="utf-8"), program, "exec", dont_inherit=True)
    if lines is not None:
        sys.settrace(kill_after(lines, program))
    exec(code, {"__name__": "__main__"})  # noqa: S102 (our own document)
    sys.settrace(None)


def main() -> None:
    program, today, *runs = sys.argv[1:]
    for lines in runs:
        child = os.fork()
        if child == 0:
            day = dt.date.fromisoformat(today)
            run(program, day, None if lines == "all" else int(lines))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{-os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
