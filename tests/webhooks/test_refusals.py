"""Refused webhooks do not happen in silence, and do not flood the log."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys

import pytest
from receiver_help import CREDENTIALS, MakeReceiver, basic, body, headers, until

from livechat_async import ConfigurationError
from livechat_async.webhooks import MemoryEngine, WebhookCredentials, WebhookReceiver
from livechat_async.webhooks.gate import RefusedError
from livechat_async.webhooks.refusals import Refusals


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


async def test_the_first_refusal_of_each_status_is_logged_with_what_to_do(
    make_receiver: MakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong password and a body that is no event are seen (field case 17)."""
    bot = make_receiver(license_ids=[1])
    for _ in range(3):
        await bot.receive(body(), headers(Authorization=basic("user", "wrong")))
        await bot.receive(b'{"event_type": 1}', headers())
        await bot.receive(body(), headers())
    assert bot.status().refusals == {401: 3, 422: 3, 403: 3}
    assert bot.status().refused == 9
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3
    texts = logged(caplog)
    assert texts[0].startswith("answered 401 to a webhook: the credentials are missing or wrong; ")
    assert "client.webhooks.ensure(credentials.url(address), ...)" in texts[0]
    assert "Update livechat_async" in texts[1]
    assert "add the licence to license_ids if it is yours" in texts[2]
    caplog.clear()
    await bot.close()
    assert logged(caplog) == [
        f"answered {status} to 2 more webhooks in the last minute" for status in (401, 422, 403)
    ]


async def test_many_refusals_are_counted_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever sends a thousand wrong passwords writes a few lines (field case 17)."""
    monkeypatch.setattr("livechat_async.webhooks.refusals.LOG_EVERY", 0.05)
    refusals = Refusals()
    for _ in range(1_000):
        refusals.note(RefusedError(401, "no"))
    assert len(caplog.records) == 1
    await until(lambda: len(caplog.records) == 2)
    assert logged(caplog)[1] == "answered 401 to 999 more webhooks in the last minute"
    refusals.note(RefusedError(401, "no"))
    await until(lambda: len(caplog.records) == 3)
    await asyncio.sleep(0.2)
    assert len(caplog.records) == 3, "without refusals, nothing is logged"
    refusals.note(RefusedError(401, "again"))
    assert "401 to a webhook: again" in logged(caplog)[3], "the next one is logged at once"
    assert refusals.counts == {401: 1_002}
    refusals.close()
    assert len(caplog.records) == 4


def test_a_refusal_is_shown_where_logging_is_not_set_up() -> None:
    """A program without `logging.basicConfig` prints it all the same (field case 17)."""
    code = (
        "import asyncio\n"
        "from livechat_async.webhooks import *\n"
        "bot = WebhookReceiver(credentials=WebhookCredentials('a', 'b'), engine=MemoryEngine())\n"
        "asyncio.run(bot.receive(b'{}', {}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert "answered 401 to a webhook: the credentials are missing or wrong" in done.stderr


def test_a_receiver_without_an_engine_says_what_it_loses(caplog: pytest.LogCaptureFixture) -> None:
    """So do two workers of one web server, who each have an engine (field case 14)."""
    WebhookReceiver(credentials=CREDENTIALS)
    (text,) = logged(caplog)
    assert 'lost if the process is killed; pass engine=SQLiteEngine("bot.sqlite3")' in text
    caplog.clear()
    WebhookReceiver(credentials=CREDENTIALS, engine=MemoryEngine())
    assert caplog.records == []
    assert "gunicorn" in (MemoryEngine.__doc__ or "")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD"),
        ({"LIVECHAT_WEBHOOK_USER": "livechat"}, "set LIVECHAT_WEBHOOK_PASSWORD: LiveChat sends"),
        (
            {"LIVECHAT_WEBHOOK_USER": "", "LIVECHAT_WEBHOOK_PASSWORD": "p"},
            "set LIVECHAT_WEBHOOK_USER",
        ),
    ],
)
def test_credentials_of_the_environment_name_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], missing: str
) -> None:
    for name in ("LIVECHAT_WEBHOOK_USER", "LIVECHAT_WEBHOOK_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=missing):
        WebhookCredentials.from_env()


def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECHAT_WEBHOOK_USER", "user")
    monkeypatch.setenv("LIVECHAT_WEBHOOK_PASSWORD", "pass:wörd")
    assert WebhookCredentials.from_env() == CREDENTIALS
    assert WebhookCredentials.from_env().matches(basic())
