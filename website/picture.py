"""Draw the end of ``livechat-async demo`` for the README: ``python -m website.picture``.

It runs the demo and saves what a terminal shows, so run it again when the demo changes.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
from unittest.mock import patch

from rich.console import Console
from rich.text import Text

from livechat_async.cli.commands import demo
from website.pages import ROOT

PICTURE = ROOT / "docs" / "demo.svg"
_WIDTH = 80
_COMMAND = "$ livechat-async demo"
_FONTS_OF_OTHER_SITES = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def draw() -> str:
    """The demo's first list and its last two steps, as an SVG of a terminal."""
    asyncio.run(_run(recorded := _recorder()))
    lines = Text.from_ansi(recorded.export_text(styles=True)).split(allow_blank=True)
    plain = [line.plain for line in lines]
    second = _find(plain, "2  ")
    last = _find(plain, "5  ")
    terminal = _recorder()
    terminal.print(Text(_COMMAND, "bold"))
    for line in [*lines[_find(plain, "1  ") - 1 : second], Text("⋮", "dim"), *lines[last - 1 :]]:
        terminal.print(line)
    picture = terminal.export_svg(title="livechat-async demo", unique_id="demo")
    return _FONTS_OF_OTHER_SITES.sub("", picture)


def _recorder() -> Console:
    return Console(
        record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True, color_system="standard"
    )


async def _run(console: Console) -> None:
    with patch.object(demo, "terminal", lambda: console):
        await demo.tell_story()


def _find(lines: list[str], beginning: str) -> int:
    return next(number for number, line in enumerate(lines) if line.startswith(beginning))


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    sys.stdout.write(f"{PICTURE.relative_to(ROOT)}\n")
