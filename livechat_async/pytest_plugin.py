"""Fixtures for testing a bot: a sandbox, and a client on it.

This is a pytest plugin; the extra ``testing`` installs what it needs. It imports the library only
when a test uses a fixture, so it does not slow down other tests.

- ``livechat_sandbox``: a running `livechat_async.sandbox.Sandbox`, new and empty for each test.
- ``livechat_client``: a `livechat_async.LiveChatClient` on it, with the sandbox's credentials. It
  repeats as usual but does not wait between attempts.
- ``livechat_captures``: None. Override it with a folder that ``livechat-async record`` has written,
  and the sandbox of all other fixtures answers as recorded. In one test or in a file::

      @pytest.mark.parametrize("livechat_captures", ["tests/captures"])

- ``livechat_env``: sets the variables that `LiveChatClient.from_env` reads to the sandbox.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from livechat_async import LiveChatClient
    from livechat_async.sandbox import Sandbox

__all__ = ["livechat_captures", "livechat_client", "livechat_env", "livechat_sandbox"]


def _async_fixture(function: Callable[..., Any]) -> Any:
    try:
        import pytest_asyncio  # noqa: PLC0415 (a plugin must not break pytest where it is missing)
    except ImportError:

        @pytest.fixture(name=function.__name__)
        def missing() -> None:
            pytest.fail(
                f"{function.__name__} needs pytest-asyncio: pip install 'livechat_async[testing]'"
            )

        return missing
    return pytest_asyncio.fixture(function)


@pytest.fixture
def livechat_captures() -> str | os.PathLike[str] | None:
    """The folder of recorded answers; a relative one is below pytest's rootdir. None for none."""
    return None


@_async_fixture
async def livechat_sandbox(
    livechat_captures: str | os.PathLike[str] | None, pytestconfig: pytest.Config
) -> AsyncIterator[Sandbox]:
    """A running sandbox without visitors, or one that answers as recorded."""
    from livechat_async.sandbox import Sandbox  # noqa: PLC0415

    if livechat_captures is None:
        sandbox = Sandbox()
    else:
        sandbox = Sandbox.from_captures(pytestconfig.rootpath / livechat_captures)
    async with sandbox:
        yield sandbox


@_async_fixture
async def livechat_client(livechat_sandbox: Sandbox) -> AsyncIterator[LiveChatClient]:
    """A client on the test's sandbox."""
    from livechat_async import LiveChatClient, RetryPolicy  # noqa: PLC0415

    async with LiveChatClient(
        livechat_sandbox.credentials, base_url=livechat_sandbox.url, retry=RetryPolicy(backoff=0)
    ) as client:
        yield client


@pytest.fixture
def livechat_env(livechat_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which `LiveChatClient.from_env` makes a client on the test's sandbox."""
    monkeypatch.delenv("LIVECHAT_LOGIN", raising=False)
    monkeypatch.delenv("LIVECHAT_TOKEN", raising=False)
    monkeypatch.setenv("LIVECHAT_ACCESS_TOKEN", livechat_sandbox.bearer.token.reveal())
    monkeypatch.setenv("LIVECHAT_BASE_URL", livechat_sandbox.url)
