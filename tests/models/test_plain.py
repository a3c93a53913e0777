"""Models as JSON, as rows of a table, and the e-mail addresses in them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import models

import livechat_async
from livechat_async import (
    Agent,
    AgentGroup,
    Chat,
    ChatAgent,
    ChatGoal,
    ChatMessage,
    ChatQueue,
    ChatSurveyAnswer,
    ChatVisitor,
    FirstResponse,
    GoalOrder,
    GoalsReached,
    LiveChatClient,
    Operator,
    QueuedVisitors,
    QueuePart,
    Report,
    Sales,
    Seconds,
    Secret,
    SurveyAnswer,
    Ticket,
    TicketAgent,
    TicketEvent,
    TicketRequester,
    TotalChats,
    Visitor,
    VisitorChat,
    VisitorState,
    Webhook,
    WorkDay,
)
from livechat_async.cli.export.formats import COLUMNS
from livechat_async.decoding.converter import shared_converter
from livechat_async.models._base import WireModel
from livechat_async.sandbox import Sandbox
from livechat_async.webhooks import ChatStarted, parse_webhook

NAMES = [getattr(livechat_async, name) for name in sorted(livechat_async.__all__)]
MODELS = [cls for cls in NAMES if isinstance(cls, type) and issubclass(cls, WireModel)]
EACH_MODEL = pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CELLS = (str, int, float, bool, Decimal, date, type(None))


# --- JSON ---


def test_a_visitor_becomes_json() -> None:
    """`json.dumps(attrs.asdict(visitor))` failed at the first time (field case 21)."""
    visitor = Visitor(
        id="S1",
        state=VisitorState.QUEUED,
        latitude=float("nan"),
        last_visit=NOON,
        operators=(Operator(id="john.doe@example.com", display_name="Zoë"),),
        extra={"new": [{"deep": 1}]},
    )
    data = visitor.to_dict()
    assert list(data)[:2] == ["id", "state"]
    assert data["state"] == "queued"
    assert type(data["state"]) is str
    assert (data["last_visit"], data["latitude"]) == ("2026-01-31T12:00:00+00:00", None)
    assert data["operators"] == [{"id": "john.doe@example.com", "display_name": "Zoë"}]
    assert data["new"] == [{"deep": 1}]
    assert "extra" not in data
    assert '"display_name": "Zoë"' in visitor.to_json()
    assert visitor.to_json(indent=2).startswith('{\n  "id": "S1",\n')


def test_the_names_are_those_that_livechat_gives() -> None:
    goal = ChatGoal(id=1, order=GoalOrder(price=Decimal("19.90")))
    ticket = Ticket(id="O1", first_response=FirstResponse(date=NOON))
    assert ticket.to_dict()["firstResponse"] == {"agent": None, "date": "2026-01-31T12:00:00+00:00"}
    assert Chat(id="M1", email="a@example.com").to_dict()["email"] == "a@example.com"
    assert goal.to_dict()["order"]["price"] == "19.90"


@EACH_MODEL
@given(data=st.data())
def test_the_converter_makes_an_equal_object_of_it(cls: type[Any], data: st.DataObject) -> None:
    """JSON text in between loses nothing, and `extra` is kept (field case 21)."""
    model = data.draw(models(cls))
    plain = model.to_dict(reveal_secrets=True)
    assert plain == shared_converter().unstructure(model)
    again = json.loads(model.to_json(reveal_secrets=True))
    assert again == plain
    # As read: reading leaves out what is nothing, such as an operator without a value.
    read = shared_converter().structure(again, cls)
    written = json.loads(read.to_json(reveal_secrets=True))
    assert shared_converter().structure(written, cls) == read


def test_a_dict_can_be_changed_without_changing_its_model() -> None:
    visitor = Visitor(id="S1", state="x", extra={"new": {"list": [1]}})
    visitor.to_dict()["new"]["list"].append(2)
    assert visitor.extra == {"new": {"list": [1]}}


def test_secrets_are_hidden_unless_they_are_asked_for() -> None:
    """Also those that LiveChat may add to an answer."""
    webhook = Webhook(
        id="1",
        event_type="chat_ended",
        url=Secret("https://user:planted@example.com/"),
        token=Secret("planted"),
        extra={"secret_key": "planted", "more": {"password": ["planted", 5]}, "note": "kept"},
    )
    data = webhook.to_dict()
    assert "planted" not in str(data) + webhook.to_json() + str(webhook.to_row())
    assert (data["url"], data["token"], data["secret_key"]) == ("***", "***", "***")
    assert (data["more"], data["note"]) == ({"password": ["***", 5]}, "kept")
    revealed = json.loads(webhook.to_json(reveal_secrets=True))
    assert revealed["url"] == "https://user:planted@example.com/"
    assert (revealed["token"], revealed["more"]) == ("planted", webhook.extra["more"])
    assert shared_converter().structure(revealed, Webhook) == webhook


def test_a_value_of_too_many_levels_becomes_text() -> None:
    deep: Any = 1
    for number in range(5_000):
        deep = {"a": deep} if number % 2 else [deep]
    visitor = Visitor(id="S1", state="x", extra={"deep": deep})
    assert "more than 100 levels" in visitor.to_json()


def test_what_no_answer_holds_becomes_text_too() -> None:
    """A hook of the user's can make any value."""
    values = {"a": time(12), "b": date(2026, 1, 31), "c": {1}, "d": b"x", 5: frozenset("ba")}
    visitor = Visitor(id="S1", state="x", extra=values)  # type: ignore[arg-type]
    data = visitor.to_dict()
    assert {name: data[name] for name in "abcd5"} == {
        "a": "12:00:00",
        "b": "2026-01-31",
        "c": [1],
        "d": "b'x'",
        "5": ["a", "b"],
    }


def test_an_event_becomes_json() -> None:
    body = b"""{"event_type": "chat_started", "token": "planted", "license_id": 12345,
        "data_types": ["chat", "visitor"], "chat": {"id": "MH022RD0K5"}, "visitor": {"id": "S1"}}"""
    event = parse_webhook(body)
    assert isinstance(event, ChatStarted)
    data = json.loads(event.to_json())
    assert (data["token"], data["chat"]["id"]) == ("***", "MH022RD0K5")
    assert "planted" not in repr(event)


def test_a_report_becomes_json_and_rows() -> None:
    report = Report({"2026-01": TotalChats(chats=3), "2026-02": TotalChats(chats=0)})
    assert (
        json.loads(report.to_json())
        == report.to_dict()
        == {
            "2026-01": {"chats": 3},
            "2026-02": {"chats": 0},
        }
    )
    assert report.to_rows() == [
        {"period": "2026-01", "start": date(2026, 1, 1), "chats": 3},
        {"period": "2026-02", "start": date(2026, 2, 1), "chats": 0},
    ]
    assert Report({"14:00": 3}).to_rows() == [{"period": "14:00", "start": time(14), "value": 3}]


# --- rows ---


def test_a_chat_is_a_row_with_the_columns_of_an_export() -> None:
    """One home for the columns of CSV, Parquet and data frames (field case 21)."""
    chat = Chat(
        id="MH022RD0K5",
        type="chat",
        visitor=ChatVisitor(id="S1", name="Mary", city="Gdansk"),
        agents=(ChatAgent(email="john.doe@example.com"), ChatAgent(display_name="Jane")),
        goals=(ChatGoal(name="Sale"),),
        started=NOON,
        queue=ChatQueue(duration=5),
        messages=(ChatMessage(),) * 3,
        prechat_survey=(ChatSurveyAnswer(key="E-mail:", value="mary.brown@example.com"),),
    )
    row = chat.to_row()
    assert list(row) == list(COLUMNS)
    assert {name: value for name, value in row.items() if value} == {
        "id": "MH022RD0K5",
        "type": "chat",
        "started": NOON,
        "visitor_id": "S1",
        "visitor_name": "Mary",
        "visitor_email": "mary.brown@example.com",
        "city": "Gdansk",
        "agents": ["john.doe@example.com", "Jane"],
        "goals": ["Sale"],
        "queued": 5,
        "messages": 3,
    }
    old = Chat(id="M1", visitor_id="S2", visitor_name="Ann", visitor_ip="192.0.2.1", time=NOON)
    shown = old.to_row()
    assert [shown[name] for name in ("visitor_id", "visitor_name", "visitor_ip", "started")] == [
        *("S2", "Ann", "192.0.2.1", NOON)
    ]


def test_a_visitor_is_a_row() -> None:
    """What is inside becomes columns, lists become texts or numbers (field case 21)."""
    visitor = Visitor(
        id="S1",
        state=VisitorState.CHATTING,
        last_visit=NOON,
        operators=(Operator(id="john.doe@example.com"),),
        prechat_survey=(SurveyAnswer(key="E-mail:", value="mary.brown@example.com"),),
        chat=VisitorChat(id="MH022RD0K5", chat_room=7),
        extra={"new": 1},
    )
    row = visitor.to_row()
    assert list(row)[:3] == ["id", "email", "state"]
    assert (row["email"], row["state"]) == ("mary.brown@example.com", "chatting")
    assert type(row["state"]) is str
    assert (row["last_visit"], row["latitude"]) == (NOON, None)
    assert row["operators"] == ["john.doe@example.com"]
    assert row["prechat_survey"] == ["E-mail: mary.brown@example.com"]
    assert (row["chat_id"], row["chat_chat_room"]) == ("MH022RD0K5", 7)
    assert "new" not in row
    assert row.keys() == Visitor(id="S2", state="x").to_row().keys()


def test_what_is_missing_has_the_same_columns() -> None:
    requester = TicketRequester(mail="a@example.com", name="Ann")
    full = Ticket(
        id="O1",
        requester=requester,
        first_response=FirstResponse(agent=TicketAgent(id="a@example.com"), date=NOON),
        events=(TicketEvent(),) * 2,
    )
    row, empty = full.to_row(), Ticket(id="O2").to_row()
    assert row.keys() == empty.keys()
    assert (row["requester_name"], empty["requester_name"]) == ("Ann", None)
    assert (row["email"], empty["email"]) == ("a@example.com", "")
    assert (row["first_response_agent_id"], row["events"]) == ("a@example.com", 2)
    assert (empty["first_response_agent_id"], empty["events"]) == (None, 0)


def test_a_mapping_becomes_a_column_for_each_of_its_names() -> None:
    agent = Agent(
        login="a@example.com",
        groups=(AgentGroup(id=2, name="Sales"), AgentGroup(id=5)),
        work_scheduler={"monday": WorkDay(start="09:00", end="17:00", enabled=True)},
        api_key=Secret("planted"),
    )
    row = agent.to_row()
    assert (row["work_scheduler_monday_start"], row["groups"]) == ("09:00", ["Sales", "5"])
    assert "api_key" not in row
    goals = GoalsReached(goals=2, value={"EUR": Sales(sales_count=1, value=Decimal("9.50"))})
    assert goals.to_row()["value_EUR_value"] == Decimal("9.50")
    queue = QueuedVisitors(
        queued=QueuePart(count=3, max=Seconds(seconds=1.5)),
        left_queue=QueuePart(count=1),
        entered_chat=QueuePart(count=2),
    )
    assert (queue.to_row()["queued_max_seconds"], queue.to_row()["left_queue_count"]) == (1.5, 1)


@EACH_MODEL
@given(data=st.data())
def test_a_row_is_flat(cls: type[Any], data: st.DataObject) -> None:
    """Each cell is one value, or a list (field case 21)."""
    model = data.draw(models(cls))
    for name, value in model.to_row().items():
        if not name.startswith("properties_") and name != "json":  # what LiveChat sends as it likes
            assert isinstance(value, (*CELLS, list)), name
            assert not isinstance(value, WireModel)
        assert not isinstance(value, Secret)


def test_times_of_rows_are_in_one_zone() -> None:
    """Else a data frame has no type for the column (field case 21)."""
    ahead = timezone(timedelta(hours=2))
    last = datetime.max.replace(tzinfo=timezone(timedelta(hours=-2)))
    naive = NOON.replace(tzinfo=None)
    started = {
        NOON: NOON,
        NOON.astimezone(ahead): NOON,
        last: last,  # UTC cannot hold it
        naive: naive,
    }
    for time_given, shown in started.items():
        assert Chat(id="M1", started=time_given).to_row()["started"] == shown
        found = Visitor(id="S1", state="x", last_visit=time_given).to_row()["last_visit"]
        assert (found, found.utcoffset()) == (shown, shown.utcoffset())


def test_rows_are_a_table_of_arrow() -> None:
    """And so one of pandas or polars (field case 21)."""
    visitors = [Visitor(id="S1", state="x", last_visit=NOON), Visitor(id="S2", state="y", group=2)]
    table = pa.Table.from_pylist([visitor.to_row() for visitor in visitors])
    assert str(table.schema.field("last_visit").type) == "timestamp[us, tz=UTC]"
    assert table.column("group").to_pylist() == [None, 2]


# --- e-mail addresses ---


@pytest.mark.parametrize(
    ("answers", "email"),
    [
        ([], ""),
        ([("Name:", "Mary"), ("E-mail:", " mary.brown@example.com ")], "mary.brown@example.com"),
        ([("Correo:", "mary.brown@example.com")], "mary.brown@example.com"),
        ([("Friend:", "a@example.com"), ("Your EMAIL", "b@example.com")], "b@example.com"),
        ([("E-mail:", "none of your business")], ""),
        ([("E-mail:", "mary at @ example.com"), ("E-mail:", "@"), ("E-mail:", "a@b")], ""),
        ([("E-mail:", "a@" + "." * 100_000 + "@")], ""),
        ([("E-mail:", "@" * 100_000)], ""),
    ],
)
def test_the_address_of_a_visitor_is_in_the_survey(
    answers: list[tuple[str, str]], email: str
) -> None:
    """`visitor.email` did not exist (field case 20)."""
    survey = tuple(SurveyAnswer(key=key, value=value) for key, value in answers)
    assert Visitor(id="S1", state="x", prechat_survey=survey).email == email


def test_visitors_chats_and_tickets_have_the_address_by_one_name() -> None:
    """Wherever LiveChat sends it (field case 20)."""
    address, other = "mary.brown@example.com", "other@example.com"
    survey = (ChatSurveyAnswer(key="E-mail:", value=address),)
    assert Chat(id="M1").email == ""
    assert Chat(id="M1", email=address, visitor=ChatVisitor(email=other)).email == address
    assert Chat(id="M1", visitor=ChatVisitor(email=address), prechat_survey=survey).email == address
    assert Chat(id="M1", visitor=ChatVisitor(name="Mary"), prechat_survey=survey).email == address
    old = Chat(id="M1", visitor_name="Mary", prechat_survey=survey)
    assert old.visitor_summary == ChatVisitor(name="Mary", email=address)
    assert Ticket(id="O1", requester=TicketRequester(mail=address)).email == address
    assert Ticket(id="O1").email == ""


def test_the_address_that_was_sent_stays_what_it_is() -> None:
    """A chat is equal to its copy, and its JSON has what LiveChat sent."""
    visitor = {"id": "S1", "email": "mary.brown@example.com"}
    chat = shared_converter().structure({"id": "M1", "email": "", "visitor": visitor}, Chat)
    assert chat.email == "mary.brown@example.com"
    assert chat.to_dict()["email"] == ""
    assert chat == Chat(id="M1", visitor=ChatVisitor(id="S1", email="mary.brown@example.com"))


async def test_the_sandbox_sends_addresses(
    livechat_client: LiveChatClient, livechat_sandbox: Sandbox
) -> None:
    """In a survey, in a visitor, and as `mail` (field case 20)."""
    address = "mary.brown@example.com"
    livechat_sandbox.add_visitor(
        state="chatting", prechat_survey=[{"key": "E-mail:", "value": address}]
    )
    livechat_sandbox.add_chat(visitor={"email": address})
    livechat_sandbox.add_ticket(requester={"mail": address})
    (visitor,) = await livechat_client.visitors.list()
    (chat,) = await livechat_client.chats.list()
    (ticket,) = await livechat_client.tickets.list()
    assert [visitor.email, chat.email, ticket.email] == [address] * 3
