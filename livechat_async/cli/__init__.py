"""The command line: ``livechat-async``, or ``python -m livechat_async.cli``.

Read ``run`` (exit codes, errors), ``app`` (the commands and the options before them), ``common``
(what every command uses), then ``commands``, a module a resource. ``output`` draws what commands
show; ``export`` and ``listen`` do the work of ``chats export`` and ``webhooks listen``.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        # Not at the top: without the extra, these packages may be missing.
        from livechat_async.cli.run import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in {"rich", "typer"}:
            raise
        sys.stderr.write(f"livechat-async needs {missing}: pip install 'livechat_async[cli]'\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return run()
