"""A user's code as a type checker sees it: what calls give. Nothing here is run."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, assert_type
from zoneinfo import ZoneInfo

import aiohttp
import attrs

from livechat_async import (
    BearerToken,
    Chat,
    Credentials,
    CredentialsSource,
    CustomVariable,
    DetailField,
    LiveChatClient,
    Operator,
    Page,
    PersonalAccessToken,
    Report,
    Request,
    Response,
    RetryPolicy,
    SurveyAnswer,
    Ticket,
    Timeouts,
    TotalChats,
    VisitedPage,
    Visitor,
    VisitorChat,
    VisitorDetails,
    VisitorList,
    VisitorState,
)


@attrs.frozen
class Agent:
    login: str
    name: str


class MyClient(LiveChatClient):
    """A user's subclass."""


async def ask_for_a_token() -> BearerToken:
    return BearerToken("dal:...")


async def making(
    session: aiohttp.ClientSession, limiter: AbstractAsyncContextManager[None]
) -> None:
    token = PersonalAccessToken("john.doe@mycompany.com", "...")
    credentials: Credentials = token
    source: CredentialsSource = ask_for_a_token
    LiveChatClient()
    LiveChatClient(credentials)
    LiveChatClient(source)
    client = LiveChatClient(
        token,
        base_url="http://localhost:8080",
        session=session,
        retry=RetryPolicy(attempts=2, backoff=0.1, statuses=frozenset({503}), retry_writes=True),
        timeouts=Timeouts(connect=1, attempt=2.5, deadline=None),
        max_concurrency=4,
        max_response_bytes=1_000_000,
        timezone="Europe/Warsaw",
        headers={"X-Proxy-Key": "..."},
        region="fra",
        limiter=limiter,
        trace_configs=[aiohttp.TraceConfig()],
    )
    LiveChatClient(base_url="http://sandbox:8080", allow_insecure_hosts=("sandbox",))
    LiveChatClient.from_env(allow_insecure_hosts={"sandbox"})
    LiveChatClient(timezone=ZoneInfo("Europe/Warsaw"))
    LiveChatClient(timezone=timezone(timedelta(hours=1)))
    assert_type(client.closed, bool)
    assert_type(await client.close(), None)

    LiveChatClient("john.doe@mycompany.com", "...")  # type: ignore[call-arg, arg-type]
    LiveChatClient("...")  # type: ignore[arg-type]
    LiveChatClient(token, region="us")  # type: ignore[arg-type]
    LiveChatClient(token, allow_insecure_hosts=True)  # type: ignore[arg-type]
    LiveChatClient(token, timeout=5)  # type: ignore[call-arg]
    LiveChatClient(token, timeouts=5)  # type: ignore[arg-type]
    LiveChatClient(token, retry=3)  # type: ignore[arg-type]
    PersonalAccessToken("john.doe@mycompany.com")  # type: ignore[call-arg]
    RetryPolicy(attempts="3")  # type: ignore[arg-type]
    Timeouts(connect="5")  # type: ignore[arg-type]
    token.token = "other"  # type: ignore[misc, assignment]


async def opening() -> None:
    async with LiveChatClient.from_env() as client:
        assert_type(client, LiveChatClient)
    async with MyClient.from_env(timeouts=Timeouts(), base_url="http://localhost") as mine:
        assert_type(mine, MyClient)
        assert_type(mine.with_options(retry=RetryPolicy.none()), MyClient)
    other = client.with_options(timeouts=Timeouts(attempt=1), credentials=None, timezone=None)
    assert_type(other, LiveChatClient)

    client.with_options(base_url="http://localhost")  # type: ignore[call-arg]
    client.with_options(retry=None)  # type: ignore[arg-type]
    LiveChatClient.from_env(credentials=None)  # type: ignore[call-arg]


async def visitors(client: LiveChatClient) -> None:
    assert_type(await client.visitors.list(), VisitorList)
    assert_type(await client.visitors.list(state="chatting", groups=[0]), VisitorList)
    assert_type(await client.visitors.list(state=VisitorState.QUEUED), VisitorList)
    assert_type(await client.visitors.list(groups=range(3)), VisitorList)
    assert_type(await client.visitors.count(), int)
    assert_type(await client.visitors.count(state="queued", groups={1, 2}), int)

    await client.visitors.list("chatting")  # type: ignore[call-arg]
    await client.visitors.list(groups=0)  # type: ignore[arg-type]
    await client.visitors.list(groups=["0"])  # type: ignore[list-item]
    await client.visitors.list(group=[0])  # type: ignore[call-arg]


async def responses(client: LiveChatClient) -> None:
    visitors, chats = client.visitors, client.chats
    listed = await client.with_response(visitors.list, state="chatting", groups=[0])
    assert_type(listed, Response[VisitorList])
    assert_type(listed.headers, Mapping[str, str])
    assert_type(await client.with_response(visitors.count), Response[int])
    assert_type(await client.with_response(chats.list, tags=["vip"]), Response[Page[Chat]])
    assert_type(await client.with_response(chats.get, "MH022RD0K5"), Response[Chat])
    assert_type(await client.with_response(chats.set_tags, "MH022RD0K5", []), Response[None])
    report = await client.with_response(client.reports.chats.total, group_by="month")
    assert_type(report, Response[Report[TotalChats]])

    await client.with_response(visitors.list, group=[0])  # type: ignore[call-arg]
    await client.with_response(chats.get, 5)  # type: ignore[arg-type]
    await client.with_response(chats.get)  # type: ignore[call-arg]
    await client.with_response(visitors.watch)  # type: ignore[arg-type]
    await client.with_response(chats.export)  # type: ignore[arg-type]


def data(visitor: Visitor, chat: Chat, ticket: Ticket, report: Report[TotalChats]) -> None:
    assert_type(visitor.to_dict(), dict[str, Any])
    assert_type(chat.to_json(indent=2, reveal_secrets=True), str)
    assert_type(ticket.to_row(), dict[str, Any])
    assert_type((visitor.email, chat.email, ticket.email), tuple[str, str, str])
    assert_type(report.to_rows(), list[dict[str, Any]])
    assert_type(Chat(id="M1", email="mary.brown@example.com"), Chat)

    visitor.email = "mary.brown@example.com"  # type: ignore[misc]
    chat.to_dict(secrets=True)  # type: ignore[call-arg]


async def details(client: LiveChatClient, day: datetime) -> None:
    fields = [
        DetailField("Age", 36),
        DetailField("Balance", Decimal("19.90")),
        DetailField("Since", day),
        DetailField("Since", day.date()),
        DetailField("Profile", "Open in CRM", url="https://crm.example.com/7"),
    ]
    assert_type(fields[0].value, str)
    data = VisitorDetails("my-app", fields, icon="example.com/icon.png")
    assert_type(data.fields, tuple[DetailField, ...])
    assert_type(data.icon, str | None)
    given = client.visitors.add_details("S1.a", data, license_id=12345, token="...")
    assert_type(await given, None)
    await client.visitors.add_details(
        "S1.a", data, license_id="12345", token="...", encoding="form"
    )
    VisitorDetails("my-app", (field for field in fields))

    await client.visitors.add_details("S1.a", data)  # type: ignore[call-arg]
    await client.visitors.add_details(
        "S1.a",
        data,
        license_id=1,
        token="...",
        encoding="xml",  # type: ignore[arg-type]
    )
    DetailField("Age", None)  # type: ignore[arg-type]
    DetailField("Age", b"36")  # type: ignore[arg-type]
    VisitorDetails("my-app", ["Age"])  # type: ignore[list-item]
    VisitorDetails("my-app", fields[0])  # type: ignore[arg-type]


async def anything(client: LiveChatClient) -> None:
    request = Request("GET", "/agents/{login}", path_params={"login": "a"}, query={"a": [1]})
    nothing = await client.send(request)
    assert_type(nothing, Response[None])
    assert_type(nothing.value, None)
    assert_type(await client.send(request, None), Response[None])
    agent = await client.send(request, Agent)
    assert_type(agent, Response[Agent])
    assert_type(agent.value.login, str)
    assert_type(await client.send(request, list[Visitor]), Response[list[Visitor]])
    assert_type(await client.send(request, dict[str, Any]), Response[dict[str, Any]])
    assert_type(await client.send(request, Agent | None), Response[Any])
    assert_type(agent.status, int)
    assert_type(agent.headers, Mapping[str, str])
    assert_type(agent.attempts, int)
    assert_type(agent.elapsed, float)
    assert_type(agent.content, bytes)
    assert_type(request.is_read, bool)

    await client.send("/agents")  # type: ignore[call-overload]
    agent.value.no_such_field  # type: ignore[attr-defined]  # noqa: B018
    agent.status = 500  # type: ignore[misc]
    Request("GET", "/agents", {"a": 1})  # type: ignore[call-arg]
    Request("POST", "/agents", encoding="xml")  # type: ignore[arg-type]


def reading(visitor: Visitor) -> None:
    assert_type(visitor.id, str)
    assert_type(visitor.state, VisitorState | str)
    assert_type(visitor.group, int | None)
    assert_type(visitor.latitude, float | None)
    assert_type(visitor.last_visit, datetime | None)
    assert_type(visitor.queue_start_time, datetime | int | None)
    assert_type(visitor.chat, VisitorChat | None)
    assert_type(visitor.operators, tuple[Operator, ...])
    assert_type(visitor.prechat_survey, tuple[SurveyAnswer, ...])
    assert_type(visitor.custom_variables, tuple[CustomVariable, ...])
    assert_type(visitor.visit_path, tuple[VisitedPage, ...])
    assert_type(visitor.extra, Mapping[str, Any])
    if visitor.state == "chatting" and visitor.last_visit is not None:
        assert_type(visitor.last_visit.year, int)
    Visitor(id="S1.a", state="chatting")

    visitor.last_visit.year  # type: ignore[union-attr]  # noqa: B018
    visitor.name = "John"  # type: ignore[misc]
    visitor.operators.append(Operator(id="a"))  # type: ignore[attr-defined]
    Visitor("S1.a", "chatting")  # type: ignore[call-arg, arg-type]
    Visitor(id="S1.a")  # type: ignore[call-arg]
