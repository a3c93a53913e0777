"""The requests that LiveChat's own clients send for agents, groups and the status.

The clients are those of LiveChat for PHP, Node.js and C#. Each request is sent byte by byte.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import send_bytes

from livechat_async.sandbox import Sandbox

JOHN, JENNY = "john.doe@example.com", "jenny.doe@example.com"
FORM = "Content-Type: application/x-www-form-urlencoded"
UTF_8_FORM = f"{FORM}; charset=utf-8"


async def send(sandbox: Sandbox, line: str, *headers: str, body: str = "") -> tuple[int, Any]:
    """The status and the JSON of the answer to these bytes."""
    lines = [f"{line} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    lines.append(f"Authorization: {sandbox.credentials.authorization().reveal()}")
    if not line.startswith("GET"):
        lines.append(f"Content-Length: {len(body.encode())}")
    answer = await send_bytes(sandbox, "\r\n".join([*lines, "", body]))
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(content)


PHP, NODE, C_SHARP = "X-API-Version: 2", "X-API-Version: 2", "x-api-version: 2"


async def test_the_php_client(sandbox: Sandbox) -> None:
    async def php(line: str, body: str | None = None) -> tuple[int, Any]:
        headers = (PHP, "Accept: */*") if body is None else (PHP, "Accept: */*", FORM)
        return await send(sandbox, line, *headers, body=body or "")

    created = "login=jenny.doe%40example.com&name=Jenny+Doe&groups%5B0%5D=2&groups%5B1%5D=5"
    status, agent = await php("POST /agents", created)
    assert (status, [group["id"] for group in agent["groups"]]) == (200, [2, 5])
    assert (await php("GET /agents"))[1][-1]["name"] == "Jenny Doe"
    assert (await php(f"GET /agents/{JENNY}"))[1]["login"] == JENNY
    status, agent = await php(f"PUT /agents/{JOHN}", "status=not+accepting+chats&max_chats_count=2")
    assert (status, agent["status"], agent["max_chats_count"]) == (200, "not accepting chats", 2)
    assert await php("GET /status/5") == (200, {"status": "offline"})
    assert await php("GET /status") == (200, {"status": "online"})
    group = "name=Human+Resources&agents%5B0%5D=john.doe%40example.com"
    status, made = await php("POST /groups", group)
    assert (status, made["agents"]) == (200, [JOHN])
    status, made = await php(f"PUT /groups/{made['id']}", "name=Quality+Assurance")
    assert (status, made["name"]) == (200, "Quality Assurance")
    assert (await php("GET /groups"))[1][-1] == made
    assert (await php(f"GET /groups/{made['id']}"))[1] == made
    assert (await php(f"DELETE /groups/{made['id']}"))[0] == 200
    assert (await php(f"DELETE /agents/{JENNY}"))[0] == 200


async def test_the_node_client(sandbox: Sandbox) -> None:
    async def node(line: str, body: str | None = None) -> tuple[int, Any]:
        headers = (NODE,) if body is None else (NODE, FORM)
        return await send(sandbox, line, *headers, body=body or "")

    status, agents = await node("GET /agents?status=accepting%20chats")
    assert (status, len(agents)) == (200, 2)
    created = (
        "login=jenny.doe%40example.com&name=Jenny%20Doe&groups%5B0%5D=2"
        "&notifications%5Bnew_visitor%5D=0&notifications%5Breturning_visitor%5D=1"
        "&notifications%5Bqueued_visitor%5D=1&notifications%5Bvisitor_is_typing%5D=1"
        "&notifications%5Bnew_goal%5D=0&notifications%5Bincoming_chat%5D=1"
    )
    status, agent = await node("POST /agents", created)
    assert (status, agent["groups"]) == (200, [{"id": 2, "name": "Sales"}])
    assert agent["notifications"] == {
        "new_visitor": 0,
        "returning_visitor": 1,
        "queued_visitor": 1,
        "visitor_is_typing": 1,
        "new_goal": 0,
    }
    assert (await node(f"GET /agents/{JENNY}"))[1] == agent
    _, agent = await node(f"PUT /agents/{JENNY}", "job_title=Tester&groups%5B0%5D=5")
    assert (agent["job_title"], agent["groups"]) == ("Tester", [{"id": 5, "name": "Returns"}])
    assert await node("GET /status?group=2") == (200, {"status": "online"})
    assert await node("GET /status") == (200, {"status": "online"})
    # A DELETE of this client has an empty form.
    assert (await node(f"DELETE /agents/{JENNY}", ""))[0] == 200
    assert (await node("DELETE /groups/5", ""))[0] == 200


async def test_the_c_sharp_client(sandbox: Sandbox) -> None:
    async def c_sharp(line: str, body: str | None = None) -> tuple[int, Any]:
        headers = (C_SHARP, "Accept: application/json")
        headers = headers if body is None else (*headers, UTF_8_FORM)
        return await send(sandbox, line, *headers, body=body or "")

    status, agents = await c_sharp("GET /agents?status=accepting+chats")
    assert (status, len(agents)) == (200, 2)
    created = "login=jenny.doe%40example.com&name=Jenny+Doe"
    assert (await c_sharp("POST /agents", created))[0] == 200
    assert (await c_sharp("GET /agents/jenny.doe%40example.com"))[1]["name"] == "Jenny Doe"
    status, agent = await c_sharp("PUT /agents/jenny.doe%40example.com", "job_title=Tester")
    assert (status, agent["job_title"]) == (200, "Tester")
    assert (await c_sharp("DELETE /agents/jenny.doe%40example.com"))[0] == 200
    assert (await c_sharp("GET /groups"))[0] == 200
    assert (await c_sharp("GET /groups/2"))[1]["name"] == "Sales"
    assert await c_sharp("GET /status/2") == (200, {"status": "online"})
    assert (await c_sharp("DELETE /groups/5"))[0] == 200


@pytest.mark.parametrize(
    ("line", "status"), [("POST /groups", 400), ("POST /groups/2", 405)], ids=["add", "update"]
)
async def test_the_c_sharp_client_writes_groups_as_nothing_documents(
    sandbox: Sandbox, line: str, status: int
) -> None:
    """It sends ``agent`` instead of ``agents``, and POST for a change."""
    body = "name=VIP&agent[0]=john.doe%40example.com&agent[0]=jane.doe%40example.com"
    assert (await send(sandbox, line, C_SHARP, UTF_8_FORM, body=body))[0] == status
