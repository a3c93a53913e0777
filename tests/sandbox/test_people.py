"""The Agents, Groups and Status pages: what they take and refuse, and what moves with what."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from asking import ask, call
from hypothesis import given
from hypothesis import strategies as st

from livechat_async import APIStatusError, ConfigurationError, LiveChatClient
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.http.answers import BadRequest
from livechat_async.sandbox.http.bodies import BodyReader
from livechat_async.sandbox.state.team import STATUSES, Team

JOHN, JANE, JENNY = (f"{name}.doe@example.com" for name in ("john", "jane", "jenny"))
ACCEPTING, NOT_ACCEPTING, OFFLINE = STATUSES
ALL_NOTIFICATIONS = dict.fromkeys(
    [
        *("new_visitor", "returning_visitor", "queued_visitor"),
        *("visitor_is_typing", "new_goal", "incoming_chat"),
    ],
    1,
)


async def statuses(http: aiohttp.ClientSession) -> dict[int, tuple[str, str, str, str]]:
    """What is said of each group: in the list, alone, and by both forms of the status."""
    _, groups = await ask(http, "/groups")
    found = {}
    for group in groups:
        number = group["id"]
        _, single = await ask(http, f"/groups/{number}")
        _, by_path = await ask(http, f"/status/{number}")
        _, by_query = await ask(http, f"/status?group={number}")
        found[number] = (group["status"], single["status"], by_path["status"], by_query["status"])
    return found


async def test_the_team_is_who_the_chats_and_tickets_are_with(http: aiohttp.ClientSession) -> None:
    _, agents = await ask(http, "/agents")
    assert [(agent["login"], agent["name"], agent["permission"]) for agent in agents] == [
        (JOHN, "John Doe", "owner"),
        (JANE, "Jane Doe", "normal"),
    ]
    assert [agent["group_ids"] for agent in agents] == [[2, 5], [2]]
    _, groups = await ask(http, "/groups")
    assert groups == [
        {"id": 0, "name": "All operators", "language": "en", "status": ACCEPTING},
        {"id": 2, "name": "Sales", "language": "en", "agents": [JOHN, JANE], "status": ACCEPTING},
        {"id": 5, "name": "Returns", "language": "en", "agents": [JOHN], "status": ACCEPTING},
    ]


async def test_an_agents_status_moves_the_groups_and_their_status(
    http: aiohttp.ClientSession,
) -> None:
    on, off = (ACCEPTING, ACCEPTING, "online", "online"), ("offline", "offline")
    assert await statuses(http) == {0: on, 2: on, 5: on}
    await ask(http, f"/agents/{JOHN}", "PUT", json={"status": NOT_ACCEPTING})
    assert await statuses(http) == {0: on, 2: on, 5: (NOT_ACCEPTING, NOT_ACCEPTING, *off)}
    await ask(http, f"/agents/{JANE}", "PUT", json={"status": OFFLINE})
    resting = (NOT_ACCEPTING, NOT_ACCEPTING, *off)
    assert await statuses(http) == {0: resting, 2: resting, 5: resting}
    await ask(http, f"/agents/{JOHN}", "PUT", json={"status": OFFLINE})
    gone = (OFFLINE, OFFLINE, *off)
    assert await statuses(http) == {0: gone, 2: gone, 5: gone}
    assert (await ask(http, "/status"))[1] == {"status": "offline"}


async def test_an_agent_who_is_offline_stays_so_until_the_next_login(
    http: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    status, agent = await ask(http, f"/agents/{JANE}", "PUT", json={"status": OFFLINE})
    assert (status, agent["status"], agent["last_logout"]) == (200, OFFLINE, 1_487_246_066)
    _, agent = await ask(http, f"/agents/{JANE}", "PUT", json={"status": ACCEPTING})
    assert agent["status"] == OFFLINE
    sandbox.set_agent_status(JANE, ACCEPTING)
    assert (await ask(http, f"/agents?status={OFFLINE}"))[1] == []
    assert [agent["status"] for agent in sandbox.agents] == [ACCEPTING, ACCEPTING]


@pytest.mark.parametrize(("login", "status"), [("unknown@example.com", OFFLINE), (JOHN, "away")])
def test_a_status_of_nobody_or_of_no_kind_is_refused(login: str, status: str) -> None:
    with pytest.raises(ConfigurationError, match=r"unknown@example\.com|'away' is none of"):
        Sandbox().set_agent_status(login, status)


async def test_a_program_in_another_language_can_let_an_agent_log_in(
    control: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    status, _ = await call(control, "POST", f"agents/{JANE}/status", json={"status": OFFLINE})
    assert status == 200
    _, agents = await call(control, "GET", "agents")
    assert agents == sandbox.agents
    assert [agent["status"] for agent in agents] == [ACCEPTING, OFFLINE]


async def test_a_new_agent_is_offline_and_has_the_documented_defaults(
    http: aiohttp.ClientSession,
) -> None:
    body = {"login": JENNY, "name": "Jenny Doe", "groups": [5], "notifications": {}}
    status, agent = await ask(http, "/agents", "POST", json=body)
    assert status == 200
    assert agent == {
        "login": JENNY,
        "name": "Jenny Doe",
        "login_status": ACCEPTING,
        "permission": "normal",
        "daily_summary": 1,
        "job_title": "Support Agent",
        "avatar": "livechat.example.com/avatars/default.png",
        "notifications": {
            "new_visitor": 1,
            "returning_visitor": 1,
            "queued_visitor": 1,
            "visitor_is_typing": 0,
            "new_goal": 1,
        },
        "max_chats_count": 6,
        "groups": [{"id": 5, "name": "Returns"}],
        "status": OFFLINE,
        "last_logout": 0,
    }
    assert (await ask(http, f"/agents/{JENNY}"))[1] == agent
    assert (await ask(http, "/groups/5"))[1]["agents"] == [JOHN, JENNY]


async def test_an_update_leaves_what_it_does_not_name(http: aiohttp.ClientSession) -> None:
    _, before = await ask(http, f"/agents/{JANE}")
    for day in ({"monday": {"start": "09:00", "end": "17:00"}}, {"monday": {"enabled": 0}}):
        _, after = await ask(http, f"/agents/{JANE}", "PUT", json={"work_scheduler": day})
    assert after.pop("work_scheduler") == {
        "monday": {"start": "09:00", "end": "17:00", "enabled": 0}
    }
    assert after == before
    _, after = await ask(http, f"/agents/{JANE}", "PUT", json={"notifications": {"new_visitor": 0}})
    assert after["notifications"] == before["notifications"] | {"new_visitor": 0}
    _, after = await ask(http, f"/agents/{JANE}", "PUT", json={"groups": []})
    assert (after["groups"], after["name"]) == ([], "Jane Doe")
    assert (await ask(http, "/groups/2"))[1]["agents"] == [JOHN]


async def test_a_removed_agent_is_in_no_group(http: aiohttp.ClientSession) -> None:
    removed = {"result": f"{JANE} removed successfully"}
    assert await ask(http, f"/agents/{JANE}", "DELETE") == (200, removed)
    assert (await ask(http, "/groups/2"))[1]["agents"] == [JOHN]
    for method in ("GET", "PUT", "DELETE"):
        assert (await ask(http, f"/agents/{JANE}", method))[0] == 404


LEAST = {"login": JENNY, "name": "Jenny Doe"}


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/agents", {"name": "Jenny"}, ["login is required"]),
        ("POST", "/agents", {}, ["login is required", "name is required"]),
        ("POST", "/agents", LEAST | {"login": "jenny"}, ["login has to be an e-mail address"]),
        ("POST", "/agents", LEAST | {"login": JOHN}, [f"login {JOHN} is in use"]),
        ("POST", "/agents", LEAST | {"name": " "}, ["name has to be text"]),
        ("POST", "/agents", LEAST | {"permission": "owner"}, ["permission has to be one of"]),
        ("POST", "/agents", LEAST | {"password": "1234"}, ["password has to have 5 characters"]),
        ("POST", "/agents", LEAST | {"login_status": OFFLINE}, ["login_status has to be one of"]),
        ("POST", "/agents", LEAST | {"groups": [7]}, ["groups[] has 7"]),
        ("POST", "/agents", LEAST | {"groups": "2"}, ["groups[] has to be the number of a group"]),
        ("POST", "/agents", LEAST | {"daily_summary": True}, ["daily_summary has to be 0 or 1"]),
        (
            "POST",
            "/agents",
            LEAST | {"notifications": {"new_goal": 1}},
            [f"{name} is required" for name in ALL_NOTIFICATIONS if name != "new_goal"],
        ),
        ("POST", "/agents", LEAST | {"notifications": 1}, ["notifications has to be an object"]),
        (
            "POST",
            "/agents",
            LEAST | {"notifications": ALL_NOTIFICATIONS | {"new_goal": 2}},
            ["new_goal has to be 0 or 1"],
        ),
        ("PUT", f"/agents/{JANE}", {"status": "away"}, ["status has to be one of"]),
        ("PUT", f"/agents/{JANE}", {"password": "12345"}, ["current_password is required"]),
        (
            "PUT",
            f"/agents/{JANE}",
            {"notifications": {"new_goal": 1}},
            ["notifications has to be an object with keys of: new_visitor"],
        ),
        (
            "PUT",
            f"/agents/{JANE}",
            {"work_scheduler": {"mon": {}}},
            ["work_scheduler has to be an object with keys of: monday"],
        ),
        (
            "PUT",
            f"/agents/{JANE}",
            {"work_scheduler": {"monday": {"start": "9:00", "enabled": "yes"}}},
            ["start has to be a time, HH:MM", "enabled has to be 0 or 1"],
        ),
        ("POST", "/groups", {"name": "VIP"}, ["agents is required"]),
        ("POST", "/groups", {"name": "VIP", "agents": []}, ["agents[] has to name an agent"]),
        (
            "POST",
            "/groups",
            {"name": "VIP", "agents": [JENNY]},
            [f"agents[]: there is no agent {JENNY}"],
        ),
        ("POST", "/groups", {"agents[0]": JOHN}, ["name is required", "agents is required"]),
        ("PUT", "/groups/2", {"agents": []}, ["agents[] has to name an agent"]),
        ("PUT", "/groups/0", {"name": "All"}, ["group 0 has all agents and cannot be changed"]),
        ("DELETE", "/groups/0", None, ["group 0 has all agents and cannot be changed"]),
        ("GET", "/agents?status=INVALID", None, ["status has to be one of"]),
        ("GET", "/status?group=sales", None, ["group has to be a number"]),
    ],
)
async def test_what_the_documentation_does_not_allow_is_refused_and_changes_nothing(
    *,
    http: aiohttp.ClientSession,
    sandbox: Sandbox,
    method: str,
    path: str,
    body: Any,
    said: list[str],
) -> None:
    before = sandbox.agents, (await ask(http, "/groups"))[1]
    status, answer = await ask(http, path, method, json=body)
    assert status == 400
    assert answer.keys() == {"errors"}
    assert len(answer["errors"]) == len(said)
    for text, beginning in zip(sorted(answer["errors"]), sorted(said), strict=True):
        assert text.startswith(beginning)
    assert (sandbox.agents, (await ask(http, "/groups"))[1]) == before


@pytest.mark.parametrize("path", ["/groups/7", "/groups/sales", "/status/7", "/status?group=7"])
async def test_a_group_that_does_not_exist_is_a_404(http: aiohttp.ClientSession, path: str) -> None:
    assert await ask(http, path) == (404, {"error": "Group not found"})


async def test_a_group_is_created_changed_and_removed(http: aiohttp.ClientSession) -> None:
    made = {"id": 6, "name": "VIP", "language": "en", "agents": [JANE], "status": ACCEPTING}
    body = {"name": "VIP", "agents": [JANE, JANE]}
    assert await ask(http, "/groups", "POST", json=body) == (200, made)
    assert (await ask(http, f"/agents/{JANE}"))[1]["groups"][-1] == {"id": 6, "name": "VIP"}
    _, changed = await ask(http, "/groups/6", "PUT", json={"agents": [JOHN], "language": "pl"})
    assert changed == made | {"agents": [JOHN], "language": "pl"}
    removed = (200, {"result": "group removed successfully"})
    assert await ask(http, "/groups/6", "DELETE") == removed
    assert [group["id"] for group in (await ask(http, "/groups"))[1]] == [0, 2, 5]
    assert (await ask(http, f"/agents/{JOHN}"))[1]["groups"] == [
        {"id": 2, "name": "Sales"},
        {"id": 5, "name": "Returns"},
    ]
    assert (await ask(http, "/groups", "POST", json=body))[1]["id"] == 7


@pytest.mark.parametrize("encode", ["data", "json"])
async def test_forms_and_json_are_read_alike(http: aiohttp.ClientSession, encode: str) -> None:
    form = {"status": NOT_ACCEPTING, "max_chats_count": "2", "groups[]": "5"}
    form |= {"notifications[new_visitor]": "0", "work_scheduler[monday][start]": "09:00"}
    document = {"status": NOT_ACCEPTING, "max_chats_count": 2, "groups": [5]}
    document |= {
        "notifications": {"new_visitor": 0},
        "work_scheduler": {"monday": {"start": "09:00"}},
    }
    sent = form if encode == "data" else document
    status, agent = await ask(http, f"/agents/{JANE}", "PUT", **{encode: sent})
    assert (status, agent["status"], agent["max_chats_count"]) == (200, NOT_ACCEPTING, 2)
    assert agent["groups"] == [{"id": 5, "name": "Returns"}]
    assert agent["notifications"]["new_visitor"] == 0
    assert agent["work_scheduler"] == {"monday": {"start": "09:00"}}


async def test_more_than_the_plan_allows_is_an_error_of_its_own_type(sandbox: Sandbox) -> None:
    async with LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client:
        made = [await client.groups.create(name=f"Group {n}", agents=[JOHN]) for n in range(77)]
        with pytest.raises(APIStatusError, match="80 groups") as caught:
            await client.groups.create(name="One more", agents=[JOHN])
        assert (caught.value.status, caught.value.error_type) == (403, "limit_reached")
        many = [group.id for group in made][:41]
        with pytest.raises(APIStatusError, match="40 groups of an agent") as caught:
            await client.agents.update(JANE, groups=many)
        assert caught.value.error_type == "limit_reached"
        assert len((await client.agents.update(JANE, groups=many[:40])).groups) == 40


async def test_no_more_than_400_agents_are_allowed(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    for number in range(397):
        sandbox._account.team.add_agent(f"agent{number}@example.com", {"name": "Agent"})
    body = {"login": "the.last@example.com", "name": "Agent"}
    assert (await ask(http, "/agents", "POST", json=body))[0] == 200
    status, answer = await ask(http, "/agents", "POST", json=LEAST)
    assert (status, answer["error"]["type"]) == (403, "limit_reached")


async def test_a_password_is_kept_nowhere_and_shown_in_no_answer(
    http: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    body = LEAST | {"password": "planted-password"}
    _, agent = await ask(http, "/agents", "POST", json=body)
    assert "planted-password" not in f"{agent}{sandbox.agents}{sandbox.requests[-1]!r}"


LOGINS = st.sampled_from([JOHN, JANE, JENNY])
NUMBERS = st.lists(st.sampled_from([0, 2, 5, 6]), max_size=3)
STEPS = st.lists(
    st.tuples(st.just("groups"), LOGINS, NUMBERS)
    | st.tuples(st.just("status"), LOGINS, st.sampled_from(STATUSES))
    | st.tuples(st.just("remove"), LOGINS, st.none()),
    max_size=12,
)


@given(STEPS)
def test_agents_and_groups_always_agree(steps: list[tuple[str, str, Any]]) -> None:
    team = Team(lambda: 1_487_246_066)
    team.add_agent(JENNY, {"name": "Jenny Doe", "groups": [5]})
    team.add_group({"name": "VIP", "agents": [JENNY]})
    for kind, login, value in steps:
        if login not in team.logins:
            continue
        if kind == "remove":
            team.remove_agent(login)
        elif kind == "status":
            team.set_status(login, value)
        else:
            team.change_agent(login, {"groups": value})
            assert team.groups_of(login) == sorted(set(value) - {0})
        agents = {login: team.agent(login) for login in team.logins}
        for number in team.numbers:
            group = team.group(number)
            members = group.get("agents", team.logins)
            assert len(members) == len(set(members))
            if number:
                assert {*members} == {login for login in agents if number in team.groups_of(login)}
            best = min((STATUSES.index(agents[login]["status"]) for login in members), default=2)
            assert group["status"] == STATUSES[best]


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.lists(st.integers()), max_size=4))
def test_a_body_reads_numbers_of_json_as_those_of_a_form(body: dict[str, Any]) -> None:
    text = {n: [str(i) for i in v] if isinstance(v, list) else str(v) for n, v in body.items()}
    for name in body:
        of_json, of_form = BodyReader(body), BodyReader(text)
        assert of_json.number(name) == of_form.number(name)
        assert of_json.numbers(name, "a number") == of_form.numbers(name, "a number")
        assert of_json.problems == of_form.problems
        if of_json.problems:
            with pytest.raises(BadRequest):
                of_json.check()
