"""Runs the app: from arguments to an exit code, with one clear message for every failure.

`help.EXIT_CODES` lists the exit codes.
"""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from pathlib import Path

import click
from click.exceptions import Exit

from livechat_async import errors
from livechat_async.cli import NEEDED, completion
from livechat_async.cli.app import app
from livechat_async.cli.common import INTERRUPTED, NAME, logger

__all__ = ["run"]


def run() -> int:
    """Run the app with the arguments of the process, and return the exit code."""
    if completion.is_asked():
        return completion.answer(app, NAME)
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
        # Not `app.main`, which has its own messages and exit codes.
        with app.make_context(NAME, sys.argv[1:]) as context:
            app.invoke(context)
    except Exit as end:
        return end.exit_code
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith(NEEDED):
            raise  # `main` says what to install
        return _show_failure(error)
    return 0


def _show_failure(error: Exception) -> int:
    """Say what failed, and return the exit code."""
    match error:
        case click.ClickException():
            return _show_wrong_usage(error)
        case click.Abort():  # the answer to a question was no, or Ctrl-C
            click.echo("nothing is changed", err=True)
            return INTERRUPTED if isinstance(error.__context__, KeyboardInterrupt) else 1
        case errors.LiveChatError():
            _show_error(f"{error}{_advice(error)}")
            return 2 if isinstance(error, errors.ConfigurationError) else 1
        case OSError():  # of stdout: errors of the network are LiveChatErrors
            _show_error(f"cannot write: {error.strerror or error}")
        case _:  # a traceback does not help at a prompt
            logger.debug("not expected", exc_info=error)
            _show_error(
                f"{type(error).__name__}: {error}. This is a bug: please report it, with what "
                "--verbose shows"
            )
    return 1


def _show_error(message: str) -> None:
    # Not at the top: what draws on a terminal takes longer to import than the help to show.
    from livechat_async.cli.output.show import show_error  # noqa: PLC0415

    show_error(message)


def _show_wrong_usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.message, err=True)
    else:
        message = _in_our_words(error)
        hint = "" if context is None else f" Try '{context.command_path} --help'"
        _show_error(f"{message}{'' if message.endswith(('.', '?')) else '.'}{hint}")
    return error.exit_code


def _in_our_words(error: click.ClickException) -> str:
    match error:
        case click.BadParameter(param=click.Parameter() as parameter):
            name = next((n for n in parameter.opts if n.startswith("--")), parameter.name or "")
            name = name if name.startswith("--") else name.upper()
            is_missing = isinstance(error, click.MissingParameter)
            return f"{name} is missing" if is_missing else f"{name}: {error.message}"
        case click.NoSuchOption(option_name=option, possibilities=names):
            close = get_close_matches(option, names or (), n=1, cutoff=0.7)
            return f"there is no option {option}{''.join(f'. Did you mean {n}?' for n in close)}"
        case click.BadOptionUsage(option_name=option):
            has_value = "does not take a value" in error.message
            return f"{option} {'takes no value' if has_value else 'needs a value'}"
        case _:
            return error.message


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
