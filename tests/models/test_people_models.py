"""Agents, groups and their status, as documented, decoded exactly and without a loss."""

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from livechat_async.decoding.bodies import value_reader
from livechat_async.decoding.converter import make_converter
from livechat_async.models.agents import (
    Agent,
    AgentGroup,
    AgentNotifications,
    AgentPermission,
    AgentStatus,
    AgentSummary,
    WorkDay,
)
from livechat_async.models.groups import Group
from livechat_async.models.status import GroupStatus, OnlineStatus
from livechat_async.redaction import Secret

FIXTURES = Path(__file__).parent.parent / "fixtures"
CONVERTER = make_converter()
AVATAR = "livechat.s3.amazonaws.com/1011121/all/avatars/bdd8924fcbcdbddbeaf60c19b238b0b0.jpg"
KEY = "0123456789abcdef0123456789abcdef"


def documented() -> Iterator[tuple[str, Any, Any]]:
    """The name, the type and the document of every documented answer."""
    for resource, single, item in (
        ("agents", Agent, AgentSummary),
        ("groups", Group, Group),
        ("status", GroupStatus, GroupStatus),
    ):
        documents = json.loads((FIXTURES / f"{resource}_docs.json").read_text("utf-8"))
        for name, document in documents.items():
            yield f"{resource} {name}", list[item] if name[:4] == "list" else single, document


SAMPLES = {name: (type_, document) for name, type_, document in documented()}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, (dict, list)) and value:
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in entries:
            yield from leaves(item, f"{path}.{key}")
    else:
        yield path, value


def decoded(document: Any, type_: Any = Agent) -> Any:
    return value_reader(CONVERTER, type_)(json.dumps(document).encode())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_documented_answer_is_decoded_without_losing_a_leaf(name: str) -> None:
    type_, document = SAMPLES[name]
    kept = dict(leaves(CONVERTER.unstructure(decoded(document, type_))))
    for path, sent in leaves(document):
        value = kept[path]
        if path.endswith("last_logout"):
            value = 0 if value is None else datetime.fromisoformat(value).timestamp()
        assert value == sent, path


@pytest.mark.parametrize("name", SAMPLES)
def test_every_field_of_a_documented_answer_is_known(name: str) -> None:
    type_, document = SAMPLES[name]
    value = decoded(document, type_)
    for item in value if isinstance(value, list) else [value]:
        assert item.extra == {}


def test_an_agent_of_2016_decodes_exactly() -> None:
    agent = decoded(SAMPLES["agents get-2016"][1])
    assert agent == Agent(
        login="john.doe@example.com",
        name="John Doe",
        permission=AgentPermission.OWNER,
        status=AgentStatus.ACCEPTING,
        avatar=AVATAR,
        login_status=AgentStatus.ACCEPTING,
        job_title="Support Agent",
        daily_summary=True,
        notifications=AgentNotifications(
            new_visitor=True,
            returning_visitor=True,
            queued_visitor=True,
            visitor_is_typing=False,
            new_goal=True,
        ),
        max_chats_count=6,
        groups=(AgentGroup(id=1, name="Sales"), AgentGroup(id=2, name="Technical Support")),
        last_logout=datetime(2013, 1, 17, 12, 53, 24, tzinfo=UTC),
    )
    assert agent.api_key == KEY


def test_a_work_schedule_may_name_some_days_only() -> None:
    agent = decoded(SAMPLES["agents update-2026"][1])
    assert agent.work_scheduler == {
        "sunday": WorkDay(start="11:00", end="17:00", enabled=False),
        "monday": WorkDay(start="09:00", end="17:00", enabled=True),
        "saturday": WorkDay(start="09:00", end="17:00", enabled=False),
    }


@pytest.mark.parametrize("never", [0, "0", None, "", [], {}, "0000-00-00 00:00:00"])
def test_an_agent_who_never_logged_out_has_no_such_time(never: Any) -> None:
    assert decoded({"login": "john.doe@example.com", "last_logout": never}).last_logout is None


def test_an_unknown_status_or_permission_stays_its_text() -> None:
    agent = decoded({"login": "a@example.com", "status": "away", "permission": "viewer"})
    assert (agent.status, agent.permission) == ("away", "viewer")
    status = decoded({"status": "expired"}, GroupStatus)
    assert (status.status, status.is_online) == ("expired", False)


def test_a_status_says_whether_it_is_online() -> None:
    status = decoded({"status": "online"}, GroupStatus)
    assert (status, status.is_online) == (GroupStatus(status=OnlineStatus.ONLINE), True)


def test_the_groups_of_an_agent_may_be_bare_numbers() -> None:
    agent = decoded({"login": "a@example.com", "groups": [1, {"id": 2, "name": "Sales"}]})
    assert agent.groups == (AgentGroup(id=1), AgentGroup(id=2, name="Sales"))


def test_an_empty_work_schedule_may_be_an_empty_list_as_php_writes_it() -> None:
    assert decoded({"login": "a@example.com", "work_scheduler": []}).work_scheduler == {}


def test_the_group_of_everyone_differs_from_a_group_without_agents() -> None:
    everyone, empty = (
        decoded({"id": 0}, Group),
        decoded({"id": 1, "agents": []}, Group),
    )
    assert (everyone.agents, empty.agents) == (None, ())


@pytest.mark.parametrize(
    ("avatar", "url"),
    [
        ("", None),
        (AVATAR, f"https://{AVATAR}"),
        ("//example.com/a.png", "https://example.com/a.png"),
        ("http://example.com/a.png", "http://example.com/a.png"),
    ],
)
def test_the_address_of_a_picture_has_a_scheme(avatar: str, url: str | None) -> None:
    assert AgentSummary(login="a@example.com", avatar=avatar).avatar_url == url


def test_an_api_key_shows_in_no_repr_and_no_pickle() -> None:
    agent = decoded(SAMPLES["agents get-2016"][1])
    assert isinstance(agent.api_key, Secret)
    shown = (repr(agent), f"{agent}", repr([agent]), repr(evolve(agent, name="John")))
    assert all(KEY not in text for text in shown)
    assert KEY.encode() not in pickle.dumps(agent)


@pytest.mark.parametrize(
    "duplicate",
    [lambda value: pickle.loads(pickle.dumps(value)), copy.copy, copy.deepcopy],  # noqa: S301
    ids=["pickle", "copy", "deepcopy"],
)
@pytest.mark.parametrize("name", ["agents get-2016", "agents update-2026"])
def test_a_copy_of_an_agent_is_equal_and_has_no_key(
    name: str, duplicate: Callable[[Any], Any]
) -> None:
    agent = evolve(decoded(SAMPLES[name][1]), extra={"new": [1]})
    twin = duplicate(agent)
    assert (twin, hash(twin), twin.extra) == (agent, hash(agent), agent.extra)
    assert twin.api_key is None


@pytest.mark.parametrize("name", SAMPLES)
def test_documented_objects_can_be_hashed(name: str) -> None:
    type_, document = SAMPLES[name]
    first, second = (decoded(document, type_) for _ in range(2))
    many = [it if isinstance(it, list) else [it] for it in (first, second)]
    for pair in zip(*many, strict=True):
        assert len(set(pair)) == 1
