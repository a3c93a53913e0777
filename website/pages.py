"""The sources of the site: ``docs/``, documents of the repository, and what the program writes."""

from __future__ import annotations

import posixpath
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from website.commands import describe_commands

ROOT = Path(__file__).parent.parent

_SITE_NAMES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""Documents of the repository that are pages, too."""
_LINK = re.compile(r"(\]\()([^)\s:#]+)((?:#[^)\s]*)?\))")
_COMMENT = re.compile(r"^<!-- runs: [\w ]+ -->\n", re.MULTILINE)


def _site_path(path: str) -> str:
    """Where a file of the repository is on the site."""
    return _SITE_NAMES.get(path, path.removeprefix("docs/"))


def _source_path(path: str) -> str:
    """Where a page of the site is in the repository."""
    if path.startswith("examples/"):
        return path
    names = (name for name, there in _SITE_NAMES.items() if there == path)
    return next(names, f"docs/{path}")


def move_links(text: str, source: str) -> str:
    """The text with its relative links as they are on the site.

    Args:
        text: Markdown.
        source: its path in the repository.
    """
    here, there = posixpath.dirname(source), posixpath.dirname(_site_path(source))

    def moved(found: re.Match[str]) -> str:
        target = _site_path(posixpath.normpath(posixpath.join(here, found[2])))
        return f"{found[1]}{posixpath.relpath(target, there or '.')}{found[3]}"

    return _LINK.sub(moved, text)


def write_pages(folder: Path) -> list[tuple[str, str]]:
    """Write the sources of the site into a folder.

    Returns:
        The title and path of each page that stands in the navigation.
    """
    shutil.copytree(ROOT / "docs", folder)
    shutil.copytree(
        ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name, path in _SITE_NAMES.items():
        shutil.copy(ROOT / name, folder / path)
    for page in folder.rglob("*.md"):
        source = _source_path(page.relative_to(folder).as_posix())
        text = _COMMENT.sub("", page.read_text(encoding="utf-8"))
        page.write_text(move_links(text, source), encoding="utf-8")
    reference = folder / "reference" / "command-line.md"
    reference.write_text(describe_commands(), encoding="utf-8")
    shutil.copy(Path(__file__).with_name("extra.css"), folder)
    config = tomllib.loads(Path(__file__).with_name("zensical.toml").read_text(encoding="utf-8"))
    return list(_in_nav(config["project"]["nav"]))


def _in_nav(nav: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for entry in nav:
        for title, target in entry.items():
            if isinstance(target, str):
                yield title, target
            else:
                yield from _in_nav(target)


def publish_sources(sources: Path, site: Path, pages: list[tuple[str, str]]) -> None:
    """Put the Markdown of each page and ``llms.txt``, the list of them, beside the HTML.

    A page of the reference is only complete as HTML, because docstrings fill it.
    """
    lines = ["# livechat_async", "", f"> {_summary(sources / 'index.md')}", "", "## Pages", ""]
    for title, path in pages:
        text = (sources / path).read_text(encoding="utf-8")
        if "\n::: " in text:
            address = f"{path.removesuffix('.md')}/"
        else:
            address = path
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text, encoding="utf-8")
        lines.append(f"- [{title}]({address}): {_summary(sources / path)}")
    (site / "llms.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _summary(page: Path) -> str:
    """The first sentence below the title, in one line and without links."""
    blocks = page.read_text(encoding="utf-8").split("\n\n")
    body = next(block for block in blocks if not block.startswith("#"))
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(body.split()))
    return re.split(r"(?<=[.:]) (?=[A-Z`])", text)[0]
