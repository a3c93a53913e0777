"""The documentation's curl lines for agents, groups and the status.

The number of a group is exchanged for one that the sandbox has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from curl import HOST, curl

from livechat_async.sandbox import Sandbox

LOGIN = """ \\
  -u john.doe@mycompany.com:c14b85863755158d7aa5cc4ba17f61cb \\
  -H X-API-Version:2"""
JSON = """ \\
  -H Content-type:application/json"""
JENNY = "jenny.doe@example.com"

CREATE_JSON = """ \\
  -d '{
        "login":"jenny.doe@mycompany.com",
        "name":"Jenny Doe",
        "permission":"administrator",
        "groups":[5,2]
     }'"""
CREATE_FORM = """ \\
  -d "login=jenny.doe@mycompany.com&\\
name=Jenny+Doe&\\
permission=administrator&\\
groups[]=5&\\
groups[]=2&\\
"
"""
UPDATE_JSON = """ \\
  -X PUT \\
  -d '{
        "status":"not accepting chats",
        "max_chats_count":2
     }'"""
UPDATE_FORM = """ \\
  -X PUT \\
  -d "status=not+accepting+chats&\\
max_chats_count=2"
"""
GROUP_JSON = """ \\
  -d '{
        "name": "Human Resources",
        "agents": [
          "jenny.doe@mycompany.com",
          "john.doe@mycompany.com"
        ]
      }'"""
GROUP_FORM = """ \\
  -d "name=Human+Resources&\\
agents[0]=jenny.doe@mycompany.com&\\
agents[1]=john.doe@mycompany.com"
"""


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed=True) as running:
        yield running


async def run(sandbox: Sandbox, path: str, rest: str = "") -> Any:
    return await curl(sandbox, f'curl {HOST}{path}"{LOGIN}{rest}')


async def test_agents_are_read(sandbox: Sandbox) -> None:
    agents = await run(sandbox, "/agents")
    assert [agent["name"] for agent in agents] == ["John Doe", "Jane Doe"]
    agent = await run(sandbox, "/agents/john.doe@mycompany.com")
    assert (agent["login"], agent["permission"]) == ("john.doe@example.com", "owner")


@pytest.mark.parametrize(
    ("create", "update"),
    [(JSON + CREATE_JSON, JSON + UPDATE_JSON), (CREATE_FORM, UPDATE_FORM)],
    ids=["JSON", "form"],
)
async def test_an_agent_is_created_changed_and_removed(
    sandbox: Sandbox, create: str, update: str
) -> None:
    made = await run(sandbox, "/agents", create)
    assert (made["login"], made["permission"], made["status"]) == (
        JENNY,
        "administrator",
        "offline",
    )
    assert [group["id"] for group in made["groups"]] == [2, 5]
    sandbox.set_agent_status(JENNY, "accepting chats")
    changed = await run(sandbox, "/agents/jenny.doe@mycompany.com", update)
    assert changed == made | {"status": "not accepting chats", "max_chats_count": 2}
    removed = await run(sandbox, "/agents/jenny.doe@mycompany.com", " \\\n  -X DELETE")
    assert removed == {"result": f"{JENNY} removed successfully"}


@pytest.mark.parametrize("body", [JSON + GROUP_JSON, GROUP_FORM], ids=["JSON", "form"])
async def test_a_group_is_created_changed_and_removed(sandbox: Sandbox, body: str) -> None:
    await run(sandbox, "/agents", CREATE_FORM)
    made = await run(sandbox, "/groups", body)
    assert (made["name"], made["agents"]) == ("Human Resources", [JENNY, "john.doe@example.com"])
    path, changes = f"/groups/{made['id']}", body.replace("jenny", "jane").replace("Human", "New")
    changed = await run(sandbox, path, f" \\\n  -X PUT{changes}")
    assert changed["name"] == "New Resources"
    assert changed["agents"] == ["jane.doe@example.com", "john.doe@example.com"]
    removed = await run(sandbox, path, " \\\n  -X DELETE")
    assert removed == {"result": "group removed successfully"}


async def test_groups_and_the_status_are_read(sandbox: Sandbox) -> None:
    groups = await run(sandbox, "/groups")
    assert [group["id"] for group in groups] == [0, 2, 5]
    assert await run(sandbox, "/groups/2") == groups[1]
    assert await run(sandbox, "/status/2") == {"status": "online"}
    assert await run(sandbox, "/status") == {"status": "online"}
