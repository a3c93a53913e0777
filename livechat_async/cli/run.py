"""Runs the app: from arguments to an exit code, with one clear message for every failure.

`help.EXIT_CODES` lists the exit codes.
"""

from __future__ import annotations

import os
import sys
from io import StringIO
from pathlib import Path

import click
from click.exceptions import Exit
from click.shell_completion import shell_complete

from livechat_async import errors
from livechat_async.cli import NEEDED
from livechat_async.cli.app import app
from livechat_async.cli.commands.shell import VARIABLE
from livechat_async.cli.common import INTERRUPTED, NAME, logger, show_warnings
from livechat_async.cli.parsing import innermost
from livechat_async.cli.wording import of_failure, of_wrong_usage
from livechat_async.redaction import printable, redact


def run() -> int:
    """Run the app with the arguments of the process, and return the exit code."""
    if instruction := os.environ.get(VARIABLE):
        return shell_complete(app, {}, NAME, VARIABLE, instruction)
    _prepare_streams()
    show_warnings()
    code = _run()
    try:
        sys.stdout.flush()
    except OSError:
        # The error is already shown. Python flushes once more at exit, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _run() -> int:
    context = None
    try:
        # Not `app.main`, which has its own messages and exit codes.
        with app.make_context(NAME, sys.argv[1:]) as context:
            app.invoke(context)
    except Exit as end:
        return end.exit_code
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith(NEEDED):
            raise  # `main` says what to install
        return _show_failure(error, context)
    return 0


def _show_failure(error: Exception, context: click.Context | None) -> int:
    """Say what failed, and return the exit code."""
    match error:
        case click.ClickException():
            return _show_wrong_usage(error)
        case click.Abort():  # the answer to a question was no, or Ctrl-C
            click.echo("nothing is changed", err=True)
            return INTERRUPTED if isinstance(error.__context__, KeyboardInterrupt) else 1
        case errors.LiveChatError():
            if body := getattr(error, "body", ""):
                logger.debug("the answer begins with %r", body)
            _show_error(of_failure(error, context and innermost(context)))
            return 2 if isinstance(error, errors.ConfigurationError) else 1
        case OSError():  # of a file or of stdout: errors of the network are LiveChatErrors
            # Of two names, the first is that of a draft.
            file = error.filename2 or error.filename
            place = printable(redact(f"{file!r}", ())) if file else "cannot write to stdout"
            _show_error(f"{place}: {error.strerror or error}")
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
        message = of_wrong_usage(error)
        hint = "" if context is None else f" Try '{context.command_path} --help'"
        _show_error(f"{message}{'' if message.endswith(('.', '?')) else '.'}{hint}")
    return error.exit_code


def _prepare_streams() -> None:
    """Make pipes UTF-8 everywhere, and let no character or closed stream be an error."""
    if sys.stdin is None:
        sys.stdin = StringIO()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # It stays open as long as the process runs.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding=None if stream.isatty() else "utf-8", errors="backslashreplace"
            )
