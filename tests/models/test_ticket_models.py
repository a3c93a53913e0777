"""Tickets as LiveChat sends them, in every form that was seen, decoded exactly or explained."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from livechat_async.decoding.bodies import single_reader
from livechat_async.decoding.converter import make_converter
from livechat_async.decoding.problems import WireError, find_wire_error
from livechat_async.models.tickets import (
    FirstResponse,
    Ticket,
    TicketAgent,
    TicketAttachment,
    TicketAuthor,
    TicketAuthorType,
    TicketEvent,
    TicketEventType,
    TicketGroup,
    TicketPeriod,
    TicketRate,
    TicketRequester,
    TicketSource,
    TicketSourceType,
    TicketStatus,
)

FIXTURES = Path(__file__).parent.parent / "fixtures"
CONVERTER = make_converter()
JOHN = {"id": "john.doe@example.com", "name": "John Doe"}
MARY = {"id": "mary.brown@example.com", "name": "Mary Brown"}


def items(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text("utf-8"))["tickets"]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def decoded(**fields: Any) -> Ticket:
    return CONVERTER.structure({"id": "O5CR4", **fields}, Ticket)


def problem_of(**fields: Any) -> WireError:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next line reads it
        CONVERTER.structure([{"id": "O5CR4", **fields}], list[Ticket])
    return find_wire_error(caught.value)


# --- the forms that were seen ---


def test_the_documented_form_decodes_exactly() -> None:
    (ticket,) = CONVERTER.structure(items("tickets_docs.json"), list[Ticket])
    assert ticket == Ticket(
        id="O5CR4",
        status=TicketStatus.OPEN,
        subject="Boots",
        requester=TicketRequester(mail="mary.brown@example.com", name="Mary Brown"),
        assignee=TicketAgent(**JOHN),
        groups=(TicketGroup(id=0),),
        current_group=None,
        date=None,
        modified=utc("2014-06-10 09:02:14"),
        opened=(TicketPeriod(start=utc("2014-06-10 09:02:13"), end=None),),
        first_response=None,
        resolution_date=None,
        source=TicketSource(type=TicketSourceType.LC2),
        tags=("boots",),
        ccs=(),
        rate=None,
        events=(
            TicketEvent(
                type=TicketEventType.MESSAGE,
                author=TicketAuthor(**JOHN, type=TicketAuthorType.AGENT),
                date=utc("2014-06-10 09:02:14"),
                is_private=False,
                message="Hi there",
                source=TicketSource(type=TicketSourceType.LC2),
            ),
            TicketEvent(type=TicketEventType.RATING_OFFER_SENT, date=utc("2014-06-10 09:03:19")),
        ),
        extra={},
    )


def test_the_form_of_2019_decodes_exactly() -> None:
    (ticket,) = CONVERTER.structure(items("tickets_2019.json"), list[Ticket])
    assert ticket == Ticket(
        id="ZK7QD",
        status=TicketStatus.SOLVED,
        subject="Zapatos",
        requester=TicketRequester(
            mail="mary.brown@example.com",
            name="Mary Brown",
            ip="203.0.113.5",
            utc_offset="America/Santiago",
        ),
        assignee=None,
        groups=(
            TicketGroup(id=0, name="All operators", inherited=False),
            TicketGroup(id=3, name="Shoes", inherited=True),
        ),
        current_group=TicketGroup(id=3, name="Shoes", inherited=True),
        date=utc("2019-03-04 12:00:01"),
        modified=utc("2019-03-06 08:30:00"),
        opened=(
            TicketPeriod(start=utc("2019-03-04 12:00:01"), end=utc("2019-03-05 09:00:00")),
            TicketPeriod(start=utc("2019-03-06 07:00:00"), end=None),
        ),
        first_response=FirstResponse(agent=TicketAgent(**JOHN), date=utc("2019-03-04 13:15:00")),
        resolution_date=utc("2019-03-06 08:30:00"),
        source=TicketSource(type=TicketSourceType.CHAT_WINDOW, url="", id="PA0H4V6DXR"),
        tags=("shoes", "size"),
        ccs=(),
        rate=TicketRate.RATED_GOOD,
        events=(
            TicketEvent(
                type=TicketEventType.MESSAGE,
                author=TicketAuthor(**MARY, type=TicketAuthorType.CLIENT),
                date=utc("2019-03-04 12:00:01"),
                message="Do you have these in 38?",
                source=TicketSource(
                    type=TicketSourceType.CHAT_WINDOW, url="https://www.example.com/shoes"
                ),
                attachments=(
                    TicketAttachment(
                        url="https://files.example.com/shoe.png",
                        name="shoe.png",
                        width=640,
                        height=480,
                        content_type="image/png",
                        content_encoding="base64",
                    ),
                ),
            ),
            TicketEvent(
                type=TicketEventType.ASSIGNEE_CHANGED,
                to=TicketAgent(**JOHN),
                author=TicketAuthor(id="jane.doe@example.com", name="Jane Doe", type=None),
                date=utc("2019-03-04 12:30:00"),
            ),
            TicketEvent(
                type=TicketEventType.MESSAGE,
                author=TicketAuthor(**JOHN, type=TicketAuthorType.AGENT),
                date=utc("2019-03-04 13:15:00"),
                is_private=True,
                message="Out of stock?",
                source=TicketSource(type=TicketSourceType.LC2),
            ),
            TicketEvent(
                type=TicketEventType.STATUS_CHANGED,
                current="solved",
                previous="pending",
                author=None,
                date=utc("2019-03-06 08:30:00"),
            ),
            TicketEvent(type=TicketEventType.RATING_OFFER_SENT, date=utc("2019-03-06 08:31:00")),
            TicketEvent(
                type=TicketEventType.RATED,
                current="good",
                author=TicketAuthor(**MARY, type=TicketAuthorType.CLIENT),
                date=utc("2019-03-06 08:40:00"),
            ),
            TicketEvent(type=TicketEventType.FOLLOW_UP_SENT, date=utc("2019-03-07 08:40:00")),
        ),
        extra={},
    )
    assert [event.message for event in ticket.messages] == [
        "Do you have these in 38?",
        "Out of stock?",
    ]


def test_an_id_is_enough_and_needed() -> None:
    assert decoded() == Ticket(id="O5CR4")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next line reads it
        CONVERTER.structure({"status": "open"}, Ticket)
    assert find_wire_error(caught.value).path == "id"


# --- the wire's own names ---

RENAMED = {
    "current_group": ("currentGroup", {"id": 3, "name": "", "inherited": None}),
    "first_response": ("firstResponse", {"agent": None, "date": "2019-03-04T13:15:00+00:00"}),
    "resolution_date": ("resolutionDate", "2019-03-06T08:30:00+00:00"),
}


@pytest.mark.parametrize("name", RENAMED)
def test_a_field_goes_by_its_own_name_on_the_wire(name: str) -> None:
    wire_name, value = RENAMED[name]
    ticket = decoded(**{wire_name: value})
    assert getattr(ticket, name) is not None
    assert ticket.extra == {}
    wire = CONVERTER.unstructure(ticket)
    assert wire[wire_name] == value
    assert name not in wire


@pytest.mark.parametrize("name", RENAMED)
def test_our_name_on_the_wire_is_a_field_nobody_knows(name: str) -> None:
    ticket = decoded(**{name: "x"})
    assert getattr(ticket, name) is None
    assert ticket.extra == {name: "x"}


def test_periods_are_from_and_to_on_the_wire() -> None:
    ticket = decoded(opened=[{"from": 1402390933, "to": "2014-06-11T00:00:00Z"}])
    assert CONVERTER.unstructure(ticket)["opened"] == [
        {"from": "2014-06-10T09:02:13+00:00", "to": "2014-06-11T00:00:00+00:00"}
    ]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"firstResponse": 5}, "[0].firstResponse"),
        ({"firstResponse": {"date": "soon"}}, "[0].firstResponse.date"),
        ({"currentGroup": {"id": "x"}}, "[0].currentGroup.id"),
        ({"resolutionDate": "soon"}, "[0].resolutionDate"),
        ({"opened": [{"from": 1}, {"from": "soon"}]}, "[0].opened[1].from"),
        ({"opened": [{"to": [1]}]}, "[0].opened[0].to"),
        ({"groups": [0, "x"]}, "[0].groups[1]"),
        ({"groups": [{"name": "a"}]}, "[0].groups[0].id"),
        ({"events": [{"author": {"id": [5]}}]}, "[0].events[0].author.id"),
        ({"events": [{"attachments": [{"width": "wide"}]}]}, "[0].events[0].attachments[0].width"),
        ({"requester": "mary.brown@example.com"}, "[0].requester"),
    ],
)
def test_an_error_says_where_in_the_wires_own_names(fields: dict[str, Any], path: str) -> None:
    assert problem_of(**fields).path == path


# --- forms of one thing ---


@pytest.mark.parametrize("wire", ["2014-06-10T09:02:13Z", 1402390933, "1402390933"])
@pytest.mark.parametrize("converter", [CONVERTER, make_converter(ZoneInfo("Europe/Warsaw"))])
@pytest.mark.parametrize("name", ["date", "modified"])
def test_a_time_is_iso_text_or_unix_seconds(wire: object, converter: Any, name: str) -> None:
    ticket = converter.structure({"id": "a", name: wire, "events": [{"date": wire}]}, Ticket)
    assert getattr(ticket, name) == utc("2014-06-10 09:02:13")
    assert ticket.events[0].date == utc("2014-06-10 09:02:13")


@pytest.mark.parametrize(
    "wire", [[0, 3], ["0", "3"], [{"id": 0}, {"id": 3}], [0, {"id": "3", "name": ""}]]
)
def test_groups_are_numbers_or_objects(wire: object) -> None:
    assert decoded(groups=wire).groups == (TicketGroup(id=0), TicketGroup(id=3))


@pytest.mark.parametrize("wire", [True, 1.5, [], ""])
def test_what_is_no_group_is_an_error_at_its_index(wire: object) -> None:
    assert problem_of(groups=[0, wire]).path.startswith("[0].groups[1]")


@pytest.mark.parametrize("wire", [JOHN["id"], {"id": JOHN["id"]}])
def test_an_agent_is_an_object_or_a_login(wire: object) -> None:
    john = TicketAgent(id="john.doe@example.com")
    assert decoded(assignee=wire).assignee == john
    assert decoded(firstResponse={"agent": wire}).first_response == FirstResponse(agent=john)


def test_copies_stay_as_sent() -> None:
    copies = ["a@example.com", {"mail": "b@example.com"}]
    tickets = [decoded(ccs=copies) for _ in range(2)]
    assert tickets[0].ccs == tuple(copies)
    assert len(set(tickets)) == 1


@pytest.mark.parametrize(("name", "enum"), [("status", TicketStatus), ("rate", TicketRate)])
def test_a_known_value_is_a_member_and_another_its_text(name: str, enum: Any) -> None:
    for member in enum:
        assert getattr(decoded(**{name: member.value}), name) is member
    other = getattr(decoded(**{name: "dancing"}), name)
    assert (other, type(other)) == ("dancing", str)
    for blank in ("", None):
        assert getattr(decoded(**{name: blank}), name) is None


@pytest.mark.parametrize("type_", [*TicketSourceType, "fax"])
def test_a_source_may_be_new(type_: str) -> None:
    source = decoded(source={"type": type_}).source
    assert source == TicketSource(type=type_)
    assert isinstance(source.type, TicketSourceType) is (type_ != "fax")


def test_events_nobody_has_seen_yet_decode() -> None:
    wire = {"type": "merged", "with": "ABCDE", "author": {"id": "a", "type": "robot"}}
    assert decoded(events=[wire]).events == (
        TicketEvent(
            type="merged", author=TicketAuthor(id="a", type="robot"), extra={"with": "ABCDE"}
        ),
    )


@pytest.mark.parametrize(("wire", "value"), [(True, True), (0, False), ("1", True), (None, False)])
def test_privacy_comes_in_three_types(wire: object, value: object) -> None:
    assert decoded(events=[{"is_private": wire}]).events[0].is_private is value


# --- one ticket, bare or in an envelope ---


def read(document: Any) -> Ticket:
    reader = single_reader(CONVERTER.get_structure_hook(Ticket), Ticket, "tickets")
    return reader(json.dumps(document).encode())


@pytest.mark.parametrize(
    "document",
    [
        {"id": "O5CR4"},
        {"tickets": [{"id": "O5CR4"}]},
        {"pages": 1, "total": 1, "tickets": [{"id": "O5CR4"}]},
    ],
)
def test_one_ticket_comes_bare_or_in_an_envelope(document: object) -> None:
    assert read(document) == Ticket(id="O5CR4")


def test_a_bare_item_may_have_a_field_of_the_envelopes_name() -> None:
    assert read({"id": "O5CR4", "tickets": []}) == Ticket(id="O5CR4", extra={"tickets": []})


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"tickets": []}, "tickets"),
        ({"tickets": [{"id": "a"}, {"id": "b"}]}, "tickets"),
        ({"tickets": {"id": "a"}}, "tickets"),
        ({"tickets": None}, "tickets"),
        ({"tickets": [5]}, "tickets[0]"),
        ({"tickets": [{"id": [5]}]}, "tickets[0].id"),
        ({"tickets": [{"id": "a", "events": [{"date": "x"}]}]}, "tickets[0].events[0].date"),
        ({"id": "a", "modified": "x"}, "modified"),
        ({"chats": [{"id": "a"}]}, "id"),
        ([{"id": "a"}], ""),
        (None, ""),
    ],
)
def test_another_answer_is_an_error_that_says_where(document: object, path: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next line reads it
        read(document)
    assert find_wire_error(caught.value).path == path
