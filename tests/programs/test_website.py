"""What the site is built from: pages with their links, commands, ``llms.txt``, and the picture."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from documents import PAGES, ROOT

from website.commands import describe_commands, every_command
from website.pages import move_links, publish_sources, write_pages
from website.picture import PICTURE, draw


@pytest.mark.parametrize(
    ("source", "link", "there"),
    [
        ("docs/bots.md", "paging.md#walks", "paging.md#walks"),
        ("docs/bots.md", "../SECURITY.md", "security.md"),
        ("docs/bots.md", "../examples/README.md", "examples/README.md"),
        ("docs/reference/chats.md", "../paging.md", "../paging.md"),
        ("CHANGELOG.md", "docs/architecture.md", "architecture.md"),
        ("SECURITY.md", "docs/bots.md#securing-a-receiver", "bots.md#securing-a-receiver"),
        ("examples/README.md", "../docs/reports.md", "../reports.md"),
        ("examples/a/README.md", "../README.md", "../README.md"),
        ("README.md", "docs/demo.svg", "demo.svg"),
        ("docs/index.md", "https://example.com/a.md", "https://example.com/a.md"),
        ("docs/index.md", "#install", "#install"),
    ],
)
def test_a_link_leads_to_the_same_file_on_the_site(source: str, link: str, there: str):
    assert move_links(f"[a page]({link})", source) == f"[a page]({there})"


def test_every_relative_link_of_the_site_leads_to_a_file(tmp_path: Path):
    folder = tmp_path / "docs"
    pages = write_pages(folder)
    assert len(pages) > 40
    for path in folder.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert "\n<!-- runs" not in text
        for target in re.findall(r"\]\(([^)\s:#]+)(?:#[^)\s]*)?\)", text):
            assert (path.parent / target).resolve().is_file(), f"{path}: {target}"


def test_llms_txt_lists_the_source_of_each_page_with_its_first_sentence(tmp_path: Path):
    sources, site = tmp_path / "docs", tmp_path / "site"
    site.mkdir()
    pages = write_pages(sources)
    publish_sources(sources, site, pages)
    text = (site / "llms.txt").read_text(encoding="utf-8")
    assert text.startswith("# livechat_async\n\n> `livechat_async` is an asyncio client for")
    lines = re.findall(r"^- \[([^]]+)\]\(([^)]+)\): (.+)$", text, flags=re.MULTILINE)
    assert [title for title, _, _ in lines] == [title for title, _ in pages]
    for _, address, summary in lines:
        assert summary.endswith((".", ":"))
        if address.endswith(".md"):
            assert (site / address).read_text(encoding="utf-8").startswith("# ")
        else:
            assert "\n::: " in PAGES[f"docs/{address.rstrip('/')}.md"]


def test_the_page_of_commands_has_every_command_with_its_options_and_examples():
    page = describe_commands()
    paths = [context.command_path for _, context in every_command()]
    assert len(paths) == len(set(paths)) > 40
    for path in paths[1:]:
        assert re.search(rf"^#+ {path}$", page, re.MULTILINE), path
    about_field = "A line of text; may be repeated. The name ends at the first '='."
    assert f"| `--field NAME=VALUE` | {about_field} |" in page
    assert "| `VISITOR_ID` | The visitor's id, from the webhook. |" in page
    assert "| `130` | It was stopped, by Ctrl-C or SIGTERM. |" in page
    assert "$ livechat-async visitors list --state chatting --group 0 --group 2\n" in page
    assert page.count("| `--timeout SECONDS` |") == 1


def texts(svg: str) -> list[str]:
    """The texts of a picture; the ports of the demo are new each time."""
    found = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    return [re.sub(r"(127\.0\.0\.1:)\d+", r"\1", html.unescape(text)) for text in found]


def test_the_picture_in_the_readme_shows_what_the_demo_prints():
    """If this fails because the demo has changed: ``python -m website.picture`` draws it again."""
    assert f"]({PICTURE.relative_to(ROOT).as_posix()})" in PAGES["README.md"]
    drawn = draw()
    assert texts(PICTURE.read_text(encoding="utf-8")) == texts(drawn)
    assert "url(" not in drawn.replace("url(#demo", ""), "a picture loads nothing from elsewhere"
