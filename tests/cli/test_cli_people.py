from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest
from cli_runner import Done, show

from livechat_async.sandbox import Body, Sandbox

Here = Callable[..., Awaitable[Done]]
JOHN, JANE, JENNY = (f"{name}.doe@example.com" for name in ("john", "jane", "jenny"))
KEY = "0123456789abcdef0123456789abcdef"


async def test_a_pipe_gets_plain_columns(here: Here) -> None:
    agents, groups = await here("agents", "list"), await here("groups", "list")

    assert (agents.code, agents.err, groups.code, groups.err) == (0, "", 0, "")
    assert [line.split("\t") for line in agents.out.splitlines()] == [
        ["login", "name", "status", "permission", "groups"],
        [JOHN, "John Doe", "accepting chats", "owner", "2, 5"],
        [JANE, "Jane Doe", "accepting chats", "normal", "2"],
    ]
    assert [line.split("\t") for line in groups.out.splitlines()] == [
        ["id", "name", "status", "language", "agents"],
        ["0", "All operators", "accepting chats", "en", "everyone"],
        ["2", "Sales", "accepting chats", "en", f"{JOHN}, {JANE}"],
        ["5", "Returns", "accepting chats", "en", JOHN],
    ]


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("agents", "list"), ("2 agents", "Login", JOHN, "Jane Doe", "owner")),
        (("groups", "list"), ("3 groups", "Agents", "Sales", JANE, "everyone")),
        (("agents", "list", "--status", "offline"), ("No agents.",)),
    ],
)
async def test_a_terminal_gets_a_table(
    env: dict[str, str], arguments: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    code, terminal = await show(*arguments, env=env, width=120)
    assert code == 0
    assert all(text in terminal.plain for text in texts)


async def test_an_agent_is_created_changed_and_removed(sandbox: Sandbox, here: Here) -> None:
    made = await here(
        *("agents", "create", JENNY, "--name", "Jenny Doe", "--group", "2", "--group", "5"),
        *("--permission", "administrator", "--login-status", "not accepting chats"),
        *("--max-chats", "3", "--job-title", "Tester"),
        LIVECHAT_AGENT_PASSWORD="planted-password",
    )
    assert (made.code, made.err) == (0, "")
    assert sandbox.requests[0].json() == {
        "login": JENNY,
        "name": "Jenny Doe",
        "password": "planted-password",
        "groups": [2, 5],
        "permission": "administrator",
        "login_status": "not accepting chats",
        "max_chats_count": 3,
        "job_title": "Tester",
    }
    assert f"login: {JENNY}\n" in made.out
    changed = await here("agents", "update", JENNY, "--max-chats", "2", "--json")
    got = await here("agents", "get", JENNY, "--json")
    assert json.loads(changed.out)["max_chats_count"] == 2
    assert json.loads(got.out) == json.loads(changed.out)
    removed = await here("agents", "delete", JENNY, "--yes")
    assert (removed.code, removed.out) == (0, f"{JENNY} is removed\n")
    assert [agent["login"] for agent in sandbox.agents] == [JOHN, JANE]


async def test_a_status_is_set_and_said_if_livechat_ignores_it(
    sandbox: Sandbox, here: Here
) -> None:
    resting = await here("agents", "set-status", JANE, "not accepting chats")
    gone = await here("agents", "set-status", JANE, "offline")
    back = await here("agents", "set-status", JANE, "accepting chats")

    assert [done.out for done in (resting, gone, back)] == [
        f"{JANE} is now not accepting chats\n",
        f"{JANE} is now offline\n",
        f"{JANE} is still offline\n",
    ]
    assert [agent["status"] for agent in sandbox.agents] == ["accepting chats", "offline"]


async def test_a_group_is_created_changed_and_removed(here: Here) -> None:
    made = await here("groups", "create", "--name", "VIP", "--agent", JOHN, "--language", "pl")
    changed = await here("groups", "update", "6", "--agent", JANE, "--agent", JOHN)
    got = await here("groups", "get", "6", "--json")
    removed = await here("groups", "delete", "6", "-y")

    assert made.out.splitlines()[:3] == ["id: 6", "name: VIP", "language: pl"]
    assert f'agents: ["{JANE}", "{JOHN}"]' in changed.out
    assert json.loads(got.out)["agents"] == [JANE, JOHN]
    assert (removed.code, removed.out) == (0, "group 6 is removed\n")


async def test_the_status_is_one_word(sandbox: Sandbox, here: Here) -> None:
    sandbox.set_agent_status(JOHN, "offline")

    assert (await here("status")).out == "online\n"
    assert (await here("status", "--group", "5")).out == "offline\n"
    assert json.loads((await here("status", "--group", "5", "--json")).out) == {"status": "offline"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("agents", "list", "--status", "away"), 2, "away"),
        (("agents", "get", "john"), 2, "an e-mail address"),
        (("agents", "create", JENNY), 2, "--name"),
        (("agents", "create", JENNY, "--name", "J", "--permission", "owner"), 2, "permission"),
        (("agents", "update", JANE), 2, "nothing to change"),
        (("agents", "set-status", JANE, "away"), 2, "away"),
        (("agents", "get", JENNY), 1, "404"),
        (("groups", "get", "-1"), 2, "-1"),
        (("groups", "get", "7"), 1, "404"),
        (("groups", "create", "--name", "VIP"), 2, "--agent"),
        (("groups", "create", "--agent", JOHN), 2, "--name"),
        (("groups", "update", "0", "--name", "All"), 2, "GROUP_ID=0"),
        (("groups", "delete", "0", "--yes"), 2, "GROUP_ID=0"),
        (("status", "--group", "7"), 1, "404"),
    ],
)
async def test_a_wrong_call_is_explained(
    here: Here, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = await here(*arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


async def test_the_help_offers_only_the_statuses_that_an_agent_can_log_in_with(here: Here) -> None:
    refused = await here("agents", "update", JANE, "--login-status", "offline")
    assert (refused.code, "'not accepting chats'" in refused.err) == (2, True)
    for command in ("create", "update"):
        help_text = (await here("agents", command, "--help")).out
        assert "accepting chats" in help_text
        assert "offline" not in help_text


async def test_an_api_key_is_never_shown(sandbox: Sandbox, here: Here, env: dict[str, str]) -> None:
    agent = {"login": JOHN, "name": "John\x1b[2J", "api_key": KEY, "new_field": [1]}
    sandbox.inject(Body(json.dumps(agent)), times=3)

    piped, as_json = await here("agents", "get", JOHN), await here("agents", "get", JOHN, "--json")
    _, terminal = await show("agents", "get", JOHN, env=env)

    assert json.loads(as_json.out)["new_field"] == [1]
    for text in (piped.out, as_json.out, terminal.text):
        assert KEY not in text
        assert "\x1b[2J" not in text
