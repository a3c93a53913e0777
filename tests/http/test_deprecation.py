"""An answer that calls its endpoint deprecated is logged once, and harms nothing."""

from __future__ import annotations

import logging

import pytest
from clients import MakeClient
from scripted_server import Headers, ScriptedServer, answer

from livechat_async import LiveChatClient, NotFoundError, Request

DEPRECATED = {"Deprecation": "2026-01-31", "Sunset": "Sat, 31 Jul 2027 00:00:00 GMT"}


def warnings_in(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in log.records if record.levelno == logging.WARNING]


async def test_a_deprecated_endpoint_is_warned_of_once_a_client(
    server: ScriptedServer, make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    server.script(answer(headers=DEPRECATED))
    client = make_client()
    await client.visitors.list()
    await client.visitors.list(state="chatting")
    await client.with_options(max_response_bytes=4096).visitors.list()
    dates = "Deprecation: 2026-01-31, Sunset: Sat, 31 Jul 2027 00:00:00 GMT"
    assert warnings_in(caplog) == [f"LiveChat calls GET /visitors deprecated ({dates})"]
    await client.send(Request("GET", "/chats"))
    await make_client().visitors.list()
    assert [text.split()[3] for text in warnings_in(caplog)] == ["/visitors", "/chats", "/visitors"]


async def test_an_endpoint_is_its_path_without_the_ids(
    server: ScriptedServer, client: LiveChatClient, caplog: pytest.LogCaptureFixture
) -> None:
    server.script(answer(404, b"{}", headers={"Deprecation": "@1688169599"}))
    for chat_id in ("A", "B"):
        with pytest.raises(NotFoundError):
            await client.chats.get(chat_id)
    assert warnings_in(caplog) == [
        "LiveChat calls GET /chats/{chat_id} deprecated (Deprecation: @1688169599)"
    ]


async def test_an_endpoint_that_livechat_calls_legacy_is_warned_of(
    server: ScriptedServer, client: LiveChatClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Version 3 announces the end by this header first, and it may come with version 2."""
    server.script(answer(headers={"Legacy": "2026-01-31"}))
    await client.visitors.list()
    assert warnings_in(caplog) == ["LiveChat calls GET /visitors deprecated (Legacy: 2026-01-31)"]


@pytest.mark.parametrize("headers", [{}, {"Sunset": "Sat, 31 Jul 2027 00:00:00 GMT"}])
async def test_an_endpoint_that_is_not_deprecated_is_not_warned_of(
    server: ScriptedServer,
    client: LiveChatClient,
    caplog: pytest.LogCaptureFixture,
    headers: Headers,
) -> None:
    server.script(answer(headers=headers))
    await client.visitors.list()
    assert warnings_in(caplog) == []


async def test_a_warning_shows_neither_secrets_nor_much_text(
    server: ScriptedServer, client: LiveChatClient, caplog: pytest.LogCaptureFixture
) -> None:
    server.script(answer(headers={"Deprecation": f"johns-token \x9b{'x' * 5000}"}))
    await client.visitors.list()
    (text,) = warnings_in(caplog)
    assert "johns-token" not in text
    assert text.isprintable()
    assert len(text) < 300


async def test_a_program_with_ids_in_its_paths_is_not_warned_for_ever(
    server: ScriptedServer, client: LiveChatClient, caplog: pytest.LogCaptureFixture
) -> None:
    server.script(answer(headers=DEPRECATED))
    for number in range(120):
        await client.send(Request("GET", f"/chats/{number}"))
    assert len(warnings_in(caplog)) == 100
