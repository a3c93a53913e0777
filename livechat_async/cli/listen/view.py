"""What ``webhooks listen`` shows: events on stdout, and all else on stderr."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import typer
from rich.panel import Panel
from rich.text import Text

from livechat_async.cli.output.events import (
    EVENT_COLUMNS,
    event_cells,
    event_data,
    event_line,
    without_secrets,
)
from livechat_async.cli.output.show import is_terminal, terminal
from livechat_async.cli.text import number_of, to_json
from livechat_async.redaction import printable
from livechat_async.webhooks import ReceiverStatus, WebhookEvent

__all__ = ["ListenView"]

_LOGGER = "livechat_async.webhooks"


class ListenView:
    """Shows a receiver at work.

    Args:
        as_json: whether events are shown as JSON.
        with_token: whether that has the token.
    """

    def __init__(self, *, as_json: bool = False, with_token: bool = False) -> None:
        self._as_json = as_json
        self._with_token = with_token
        self._is_drawn = is_terminal(sys.stdout) and not as_json
        self._is_loud = False

    def begin(self) -> None:
        """Show what comes before the first event."""
        self._is_loud = True
        if not self._is_drawn and not self._as_json:
            typer.echo("\t".join(EVENT_COLUMNS))

    def end(self) -> None:
        """Show no more warnings: what is under way is ended by force."""
        self._is_loud = False

    def show(self, event: WebhookEvent) -> None:
        """Show an event.

        Raises:
            OSError: of stdout, such as a BrokenPipeError.
        """
        if self._as_json:
            data = event_data(event)
            typer.echo(to_json(data if self._with_token else without_secrets(data)))
            return
        now = datetime.now().astimezone()
        if self._is_drawn:
            console = terminal()
            console.print(event_line(event, now, console.width))
        else:
            typer.echo("\t".join(map(printable, event_cells(event, now))))

    def tell(self, *parts: str | tuple[str, str]) -> None:
        """Tell something on stderr."""
        with suppress(OSError):  # nobody reads it: that is no reason to drop an event
            terminal(sys.stderr).print(Text.assemble(*parts), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Tell something that is not to be overlooked."""
        if is_terminal(sys.stderr):
            panel = Panel(
                Text(printable(text)), title="Warning", title_align="left", border_style="yellow"
            )
            terminal(sys.stderr).print(panel)
        else:
            self.tell(f"warning: {printable(text)}")

    def sum_up(self, status: ReceiverStatus, *, with_program: bool) -> None:
        """Tell what became of everything."""
        failed = status.dead - status.abandoned
        runs = f" (after {number_of(status.failed, 'failed run')})" if status.failed else ""
        parts = [
            number_of(status.accepted, "webhook") + " accepted",
            f"{status.done} {'handled' if with_program else 'shown'}",
            f"{failed} failed{runs}" if with_program else "",
            number_of(status.repeats, "repeat") + " dropped",
            f"{status.ignored} of other events" if status.ignored else "",
            f"{status.abandoned} not handled to the end" if status.abandoned else "",
            f"{status.refused} refused" if status.refused else "",
        ]
        self.tell(", ".join(filter(None, parts)))

    @contextmanager
    def warnings(self) -> Iterator[None]:
        """Show here what the receiver logs, a line each, unless ``--verbose`` shows it anyway."""
        logger = logging.getLogger(_LOGGER)
        if logging.getLogger("livechat_async").handlers:
            yield
            return
        handler, level = _ToView(self), logger.level
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.setLevel(level)
            logger.removeHandler(handler)

    def log(self, record: logging.LogRecord) -> None:
        """Show a line of the log."""
        if not self._is_loud:
            return
        text = printable(record.getMessage().partition("\n")[0])
        error = record.levelno >= logging.ERROR
        if is_terminal(sys.stderr):
            now = datetime.now().astimezone()
            sign = (f"✗ {text}", "red") if error else (f"! {text}", "yellow")
            self.tell((f"{now:%H:%M:%S} ", "dim"), sign)
        else:
            self.tell(f"{'error' if error else 'warning'}: {text}")


class _ToView(logging.Handler):
    def __init__(self, view: ListenView) -> None:
        super().__init__()
        self._view = view

    def emit(self, record: logging.LogRecord) -> None:
        self._view.log(record)
