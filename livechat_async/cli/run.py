"""Runs the app: from arguments to an exit code, with one clear message for every failure.

Exit codes: 0 success; 1 a call failed, or the answer to a question was no; 2 a value or an option
is wrong; 130 Ctrl-C or SIGTERM; 141 the reader of stdout is gone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import typer

from livechat_async import errors
from livechat_async.cli.app import app
from livechat_async.cli.common import INTERRUPTED, logger
from livechat_async.cli.output.show import show_error

__all__ = ["run"]

# Typer has no name for click's base class that is the same in all its versions.
_ClickException: Any = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)


def run() -> int:
    """Run the app with the arguments of the process, and return the exit code."""
    _prepare_streams()
    code = _run()
    try:
        sys.stdout.flush()
    except OSError:
        # The error is already shown. Python flushes once more at exit, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _run() -> int:
    try:
        code = app(prog_name="livechat-async", standalone_mode=False)
    except _ClickException as error:
        return _show_wrong_usage(error)
    except typer.Abort as error:  # the answer to a question was no, or Ctrl-C
        typer.echo("nothing is changed", err=True)
        return INTERRUPTED if isinstance(error.__context__, KeyboardInterrupt) else 1
    except errors.LiveChatError as error:
        show_error(f"{error}{_advice(error)}")
        return 2 if isinstance(error, errors.ConfigurationError) else 1
    except OSError as error:  # of stdout: errors of the network are LiveChatErrors
        show_error(f"cannot write: {error.strerror or error}")
        return 1
    except Exception as error:  # noqa: BLE001 - a traceback does not help at a prompt
        logger.debug("not expected", exc_info=error)
        show_error(
            f"{type(error).__name__}: {error}. This is a bug: please report it, with what "
            "--verbose shows"
        )
        return 1
    return code if isinstance(code, int) else 0


def _show_wrong_usage(error: Any) -> int:
    message: str = error.format_message()
    if message:  # empty if the command is missing: then the help is already shown
        context = getattr(error, "ctx", None)
        hint = "" if context is None else f" Try '{context.command_path} --help'"
        show_error(f"{message}{'' if message.endswith(('.', '?')) else '.'}{hint}")
    code: int = error.exit_code
    return code


def _advice(error: errors.LiveChatError) -> str:
    """Name the option that does here what the library's message advises."""
    match error:
        case errors.RequestTimeout(limit="deadline"):
            return " (here: --timeout SECONDS)"
        case errors.ConnectError():
            return " (here: LIVECHAT_BASE_URL)"
        case errors.DecodeError():
            logger.debug("the answer begins with %r", error.body)
            return " (here: --verbose)"
        case _:
            return ""


def _prepare_streams() -> None:
    """Make pipes UTF-8 everywhere, and let no character or closed stream be an error."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # It stays open as long as the process runs.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding=None if stream.isatty() else "utf-8", errors="backslashreplace"
            )
