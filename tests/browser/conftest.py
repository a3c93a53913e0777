"""One Chromium for all tests, a sandbox and a page for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from livechat_async.sandbox import Sandbox

PATIENCE = 60_000  # milliseconds; only what hangs reaches it


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, help="a folder for pictures of the page")


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest) -> Path | None:
    return request.config.getoption("--screenshots")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    assert program, "install Chromium, as .ci/run does: apt-get install chromium"
    # Chromium's own sandbox does not work for root.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=program, args=options)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(webhook_retry_span=0) as running:
        yield running


@pytest.fixture
def complaints() -> list[str]:
    """What the browser logs as an error or a warning, such as a breach of the page's policy."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, sandbox: Sandbox, complaints: list[str]) -> AsyncIterator[Page]:
    """The window, wide, with the stream of changes connected."""
    context = await browser.new_context(
        viewport={"width": 1600, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    page.on("request", lambda request: _check_stays_here(request.url, sandbox.url, complaints))
    await page.goto(sandbox.url)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    yield page
    await context.close()
    assert complaints == []


def _check_stays_here(url: str, here: str, complaints: list[str]) -> None:
    if not url.startswith(f"{here}/"):
        complaints.append(f"the page loads {url}")
