"""The fixtures as a user's tests get them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from livechat_async import BearerToken, DetailField, LiveChatClient, VisitorDetails
from livechat_async.sandbox import Sandbox, Status


async def test_the_client_is_on_the_sandbox(
    livechat_client: LiveChatClient, livechat_sandbox: Sandbox
):
    chat = livechat_sandbox.start_chat(livechat_sandbox.add_visitor(name="Mary"))
    (visitor,) = await livechat_client.visitors.list(state="chatting")
    assert (visitor.id, visitor.name) == (chat.visitor_id, "Mary")

    details = VisitorDetails("crm", [DetailField("Plan", "Gold")])
    await livechat_client.visitors.add_details(
        chat.visitor_id, details, license_id=chat.license_id, token=chat.token
    )
    assert livechat_sandbox.details_of(chat.visitor_id) == [details]


async def test_the_sandbox_is_empty_at_the_start(livechat_sandbox: Sandbox):
    assert (livechat_sandbox.visitors, livechat_sandbox.requests) == ([], [])


async def test_the_client_repeats_without_waiting(
    livechat_client: LiveChatClient, livechat_sandbox: Sandbox
):
    livechat_sandbox.inject(Status(503), times=3)
    assert await livechat_client.visitors.count() == 0
    assert len(livechat_sandbox.requests) == 4


@pytest.mark.usefixtures("livechat_env")
async def test_the_environment_leads_to_the_sandbox(livechat_sandbox: Sandbox):
    async with LiveChatClient.from_env() as client:
        assert await client.visitors.list() == []
    (request,) = livechat_sandbox.requests
    assert request.headers["Authorization"] == livechat_sandbox.bearer.authorization()
    assert isinstance(livechat_sandbox.bearer, BearerToken)


WITHOUT_ASYNCIO = """
import builtins
import sys

really_import = builtins.__import__


def import_(name, *args):
    if name == "pytest_asyncio":
        raise ImportError(name)
    return really_import(name, *args)


builtins.__import__ = import_

import pytest

sys.exit(pytest.main(["-q", "-p", "no:asyncio", "-p", "no:randomly", "-p", "no:cacheprovider"]))
"""


def test_without_pytest_asyncio_other_tests_run_and_the_fixtures_say_what_is_missing(
    tmp_path: Path,
):
    (tmp_path / "test_both.py").write_text(
        "def test_other(): pass\ndef test_ours(livechat_client): pass\n", encoding="utf-8"
    )
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_ASYNCIO],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "1 passed, 1 error" in run.stdout, run.stdout + run.stderr
    assert "pip install 'livechat_async[testing]'" in run.stdout


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("captures")
    capture = {"version": 1, "kind": "answer", "method": "GET", "path": "/visitors", "query": ""}
    capture |= {"status": 200, "headers": {}, "body": [{"id": "S1.a", "state": "browsing"}]}
    (folder / "000001-GET-visitors.json").write_text(json.dumps(capture), encoding="utf-8")
    return folder


class TestReplay:
    @pytest.fixture
    def livechat_captures(self, recorded: Path) -> Path:
        return recorded

    async def test_an_overridden_folder_makes_the_sandbox_answer_as_recorded(
        self, livechat_client: LiveChatClient, livechat_sandbox: Sandbox
    ):
        (visitor,) = await livechat_client.visitors.list()
        assert visitor.id == "S1.a"
        assert livechat_sandbox.recorded == ["GET /visitors"]


async def test_without_a_folder_nothing_is_recorded(livechat_sandbox: Sandbox):
    assert livechat_sandbox.recorded == []
