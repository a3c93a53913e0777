"""What the documents say in tables, trees, links and numbers is compared with the program."""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from documents import PAGES, ROOT

from livechat_async import LiveChatClient, RetryPolicy, Timeouts, errors
from livechat_async.resources.reports import ChatReports, ReportsResource, TicketReports
from livechat_async.resources.visitors import VisitorsResource
from website.commands import describe_commands

README = PAGES["README.md"]
SITE = tomllib.loads((ROOT / "website" / "zensical.toml").read_text(encoding="utf-8"))
MODULES = (
    "livechat_async",
    "livechat_async.webhooks",
    "livechat_async.webhooks.taskiq",
    "livechat_async.sandbox",
    "livechat_async.captures",
)
MADE_BY_THE_BUILD = {
    "changelog.md",
    "contributing.md",
    "security.md",
    "examples/README.md",
    "reference/command-line.md",
}


def pages_of(nav: list[dict[str, Any]]) -> list[str]:
    targets = [target for entry in nav for target in entry.values()]
    return [
        page
        for target in targets
        for page in ([target] if isinstance(target, str) else pages_of(target))
    ]


def test_the_site_has_every_page_of_the_documents_once():
    pages = pages_of(SITE["project"]["nav"])
    written = {path.removeprefix("docs/") for path in PAGES if path.startswith("docs/")}
    assert sorted(pages) == sorted({*written, *MADE_BY_THE_BUILD})


def test_the_readme_leads_to_every_page_but_the_tables_and_the_reference():
    pages = {path for path in PAGES if re.fullmatch(r"docs/[\w-]+\.md", path)}
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)", README))
    assert pages - linked == {"docs/performance-tables.md"}


def test_the_first_screen_of_the_readme_says_what_it_is_and_what_version_2_means():
    first_screen = README.partition("\n## ")[0]
    assert len(README.splitlines()) <= 372 // 2
    for words in ("None of us has an account", "deprecated", "no end date", "demo", "demo.svg"):
        assert words in first_screen


def at(path: str) -> object:
    """The object of a path in the reference."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError:  # a member of a class
        return getattr(at(module), name)


REFERENCE = [
    path
    for page, text in PAGES.items()
    if page.startswith("docs/reference/")
    for path in re.findall(r"^::: (\S+)$", text, flags=re.MULTILINE)
]


def test_the_reference_has_every_public_name_once():
    found = {path: at(path) for path in REFERENCE}
    assert len(found) == len(REFERENCE)
    missing = [
        f"{module}.{name}"
        for module in MODULES
        for name in importlib.import_module(module).__all__
        if not any(at(f"{module}.{name}") is there for there in found.values())
    ]
    assert missing == []


@pytest.mark.parametrize("name", vars(LiveChatClient)["__annotations__"])
def test_the_reference_has_every_resource(name: str):
    title = name.title().replace("_", "")
    assert f"livechat_async.resources.{name}.{title}Resource" in REFERENCE


def test_the_reference_has_every_fixture():
    fixtures = importlib.import_module("livechat_async.pytest_plugin").__all__
    assert {f"livechat_async.pytest_plugin.{name}" for name in fixtures} <= set(REFERENCE)


def test_the_table_of_resources_names_every_resource():
    rows = re.findall(r"^\| \[`(\w+)`\]", PAGES["docs/resources.md"], re.MULTILINE)
    assert sorted(rows) == sorted(vars(LiveChatClient)["__annotations__"])


def test_the_table_of_reports_names_every_method():
    rows = re.findall(
        r"^\| `(\w[\w.]+)` \| [^|]+ \| [^|]+ \| [^|]*\|$", PAGES["docs/reports.md"], re.MULTILINE
    )
    kinds = {"chats.": ChatReports, "tickets.": TicketReports, "": ReportsResource}
    methods = {
        f"{part}{name}" for part, kind in kinds.items() for name in vars(kind) if name[0] != "_"
    }
    assert len(rows) == len(methods) == 21
    assert set(rows) == methods


def defaults_of(function: object) -> dict[str, object]:
    parameters = inspect.signature(function).parameters  # type: ignore[arg-type]
    return {name: parameter.default for name, parameter in parameters.items()}


def test_the_table_of_settings_has_the_real_defaults():
    rows = re.findall(
        r"^\| `(?:(\w+)\()?(\w+)=\)?` \| ([^|]+) \|", PAGES["docs/retries.md"], re.MULTILINE
    )
    assert len(rows) == 11
    for owner, name, printed in rows:
        real = {
            "Timeouts": Timeouts,
            "RetryPolicy": RetryPolicy,
            "": LiveChatClient,
        }[owner]
        value = getattr(real(), name) if owner else defaults_of(real)[name]
        numbers = [float(number) for number in re.findall(r"[\d.]+", printed)]
        if isinstance(value, frozenset):
            assert set(numbers) == set(value)
        elif isinstance(value, bool):
            assert printed == str(value)
        else:
            assert numbers == [value]


def test_the_tree_of_errors_is_the_real_one():
    assert errors.__doc__ is not None
    (tree,) = re.findall(r"```text\n(LiveChatError\n.*?)```", PAGES["docs/errors.md"], re.DOTALL)
    drawn = inspect.cleandoc(errors.__doc__.split("::\n")[1].split("\n\nErrors hold")[0])
    assert tree.strip() == inspect.cleandoc(drawn).strip()


def cost(calls: int) -> float:
    """US dollars a month, by LiveChat's price list of December 2025."""
    return (min(calls, 1_000_000) * 0.27 + max(calls - 1_000_000, 0) * 0.22) / 1_000


def test_the_table_of_costs_is_right():
    rows = re.findall(
        r"^\| (\d+) s\b[^|]* \| ([\d,]+) \| ([\d.]+) \|$", PAGES["docs/watching.md"], re.MULTILINE
    )
    assert len(rows) == 5
    for seconds, calls, dollars in rows:
        number = int(calls.replace(",", ""))
        assert number == 30 * 24 * 60 * 60 // int(seconds)
        assert float(dollars) == pytest.approx(cost(number), rel=0.05)


@pytest.mark.parametrize(
    "text",
    [
        PAGES["docs/index.md"],
        inspect.getdoc(VisitorsResource.watch) or "",
        PAGES["README.md"],
        describe_commands().partition("visitors watch\n")[2].partition("\n##")[0],
    ],
    ids=["start", "docstring", "readme", "help"],
)
def test_what_polling_costs_is_said_where_it_begins(text: str):
    """By default it is asked every 5 seconds, which is 518,400 requests in 30 days."""
    assert defaults_of(VisitorsResource.watch)["interval"] == 5.0
    assert round(cost(518_400)) == 140
    assert re.search(r"140\s+USD", text)


def test_the_checks_end_with_the_line_that_the_readme_gives():
    (line,) = re.findall(r"^\$ (.*nox --session tests)$", README, flags=re.MULTILINE)
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == line


@pytest.mark.parametrize(
    "path", [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))], ids=str
)
def test_every_link_within_the_repository_leads_somewhere(path: Path):
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^):#]*)(?:#([^)]*))?\)", text)
    for target, section in links:
        page = path.parent / target if target else path
        assert page.exists(), f"{path.name}: {target}"
        if section:
            headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
            assert section in map(slug, headings), f"{path.name}: {target}#{section}"


def slug(heading: str) -> str:
    """The name of a section in links, as GitHub makes it of a heading."""
    return re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
