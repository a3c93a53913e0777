"""``--verbose``: the library's log on stderr."""

from __future__ import annotations

import logging
import sys

from livechat_async.redaction import printable

__all__ = ["logger", "show_log"]

logger: logging.Logger = logging.getLogger("livechat_async.cli")


class _ToStderr(logging.Handler):
    """Looks stderr up each time, because a live table puts its own in the place of it."""

    def emit(self, record: logging.LogRecord) -> None:
        for line in self.format(record).splitlines():
            sys.stderr.write(f"{printable(line)}\n")


def show_log() -> None:
    """Show everything the library logs."""
    handler = _ToStderr()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("livechat_async")
    ours.handlers = [handler]
    ours.setLevel(logging.DEBUG)
