"""``python -m website`` builds the site; any warning fails it."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
from pathlib import Path

import zensical

from website.pages import ROOT, publish_sources, write_pages

_PLACE = ROOT / "build" / "website"


class _Warnings(logging.Handler):
    """Remembers the warnings of mkdocstrings, which Zensical's strict mode ignores."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


def main() -> int:
    """Build the site and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m website", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="show it on http://localhost:8000")
    serve: bool = parser.parse_args().serve

    shutil.rmtree(_PLACE, ignore_errors=True)
    pages = write_pages(_PLACE / "docs")
    shutil.copy(Path(__file__).with_name("zensical.toml"), _PLACE)
    os.chdir(_PLACE)
    if serve:
        zensical.serve(str(_PLACE / "zensical.toml"), {"dev_addr": "localhost:8000", "open": False})
        return 0
    warnings = _Warnings()
    logging.getLogger().addHandler(warnings)
    zensical.build(str(_PLACE / "zensical.toml"), {"strict": True, "clean": True})
    publish_sources(_PLACE / "docs", _PLACE / "site", pages)
    for warning in warnings.found:
        sys.stderr.write(f"{warning}\n")
    return 1 if warnings.found else 0


if __name__ == "__main__":
    sys.exit(main())
