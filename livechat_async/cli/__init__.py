"""The command line: ``livechat-async``, or ``python -m livechat_async``.

Read ``run`` (errors and exit codes), ``app`` (the commands, and the options of all of them),
``parsing`` (how a function becomes a command), ``wording`` (what messages say), ``common`` (what
every command uses), then ``commands``, a module a resource. ``output`` draws what commands show;
``export`` and ``listen`` do the work of ``chats export`` and ``webhooks listen``.

A module of commands is imported when one of its commands is run, completed, or asked for its help.
"""

from __future__ import annotations

import sys

__all__ = ["NEEDED", "main"]

NEEDED = ("click", "rich")
"""The packages of the extra ``cli``."""


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        # Not at the top: without the extra, these packages may be missing.
        from livechat_async.cli.run import run  # noqa: PLC0415

        return run()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in NEEDED:
            raise
        sys.stderr.write(f"livechat-async needs {missing}: pip install 'livechat_async[cli]'\n")
        return 2
    except KeyboardInterrupt:
        return 130
