"""What objects show of themselves: short, whatever is in them, and safe in a notebook."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import models

import livechat_async
from livechat_async import (
    Agent,
    Arrived,
    BrokenItem,
    Chat,
    ChatAgent,
    ChatMessage,
    ChatVisitor,
    Export,
    Greeting,
    GreetingRule,
    LiveChatClient,
    Page,
    Pager,
    Report,
    Resynced,
    RuleType,
    Secret,
    Ticket,
    TicketEvent,
    TicketRequester,
    TicketSource,
    TicketSourceType,
    TotalChats,
    Visitor,
    VisitorList,
    VisitorWatch,
    Webhook,
)
from livechat_async.display import brief, html_table
from livechat_async.models._base import WireModel
from livechat_async.sandbox import Sandbox

NAMES = [getattr(livechat_async, name) for name in sorted(livechat_async.__all__)]
MODELS = [cls for cls in NAMES if isinstance(cls, type) and issubclass(cls, WireModel)]
SCREEN = 400  # characters
STARTED = datetime(2026, 1, 31, 15, 49, 27, tzinfo=UTC)
CHAT = Chat(
    id="MH022RD0K5",
    type="chat",
    visitor=ChatVisitor(name="Mary Brown", email="mary.brown@example.com"),
    agents=(ChatAgent(display_name="John", email="john.doe@example.com"),),
    started=STARTED,
    duration=104,
    group=(0, 2),
    tags=("sales", "vip", "shoes", "boots"),
    messages=tuple(ChatMessage(text="x" * 1_000) for _ in range(12)),
)


async def fetch(_: int) -> Page[Any]:
    raise AssertionError


def page(items: Iterable[Any], **numbers: Any) -> Page[Any]:
    items = list(items)
    given: dict[str, Any] = {"number": 1, "pages": 5, "total": 120, "size": len(items)}
    return Page(items=items, url="/chats", fetch=fetch, **{**given, **numbers})


class Refuses:
    """An object of a user's class that cannot be shown."""

    @property
    def id(self) -> str:
        raise ValueError

    def __repr__(self) -> str:
        raise ValueError

    __str__ = __format__ = __repr__  # type: ignore[assignment]


def looped() -> list[Any]:
    loop: list[Any] = [1]
    loop.append(loop)
    return loop


ODD = st.sampled_from(
    [
        *("x" * 100_000, "\x1b[2J\u202e\ud800", "<b>'\"&", "\n" * 1_000, "", b"\xff"),
        *(10**5_000, float("nan"), None, True, object(), Refuses(), looped(), Secret("planted")),
        *([Refuses()] * 1_000, {"a": {"b": [[[["c"]]]]}}, dict.fromkeys(range(1_000), "x" * 1_000)),
        *(
            CHAT,
            (CHAT, CHAT),
            [CHAT, 5],
            datetime.max.replace(tzinfo=UTC),
            date.min,
            frozenset({"a"}),
            Exception("x"),
        ),
    ]
)


# --- one line ---


def test_a_chat_shows_who_when_and_how_much() -> None:
    """Not what was said: a chat had 6,458 characters (field case 22)."""
    assert repr(CHAT) == (
        "Chat(id='MH022RD0K5', type='chat', visitor_summary='Mary Brown <mary.brown@example.com>', "
        "agents=['john.doe@example.com'], started=2026-01-31 15:49:27+00:00, duration=104, "
        "group=[0, 2], tags=['sales', 'vip', 'shoes', … 4 in all], messages=<12>)"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Visitor(id="S1", state="queued", group=0), "Visitor(id='S1', state='queued', group=0)"),
        (
            Ticket(id="O1AVE", subject="Shoes", requester=TicketRequester(mail="a@example.com")),
            "Ticket(id='O1AVE', subject='Shoes', requester='a@example.com')",
        ),
        (
            TicketEvent(source=TicketSource(type=TicketSourceType.MAIL)),
            "TicketEvent(is_private=False, source='mail')",
        ),
        (
            Greeting(id=1, rules=(GreetingRule(type=RuleType.GEOLOCATION),)),
            "Greeting(id=1, rules=['geolocation'], ",
        ),
        (
            Agent(login="a@example.com", name="Ann", api_key=Secret("planted")),
            "Agent(login='a@example.com', name='Ann')",
        ),
        (
            Webhook(id="1", event_type="chat_ended", url=Secret("https://u:p@example.com/")),
            "Webhook(id='1', event_type='chat_ended', url='***')",
        ),
        (
            Greeting(id=1, rules=(GreetingRule(type=RuleType.URL_FUNNEL), GreetingRule(type="x"))),
            "Greeting(id=1, rules=['url_funnel', 'x'], properties={})",
        ),
        (page([CHAT, CHAT]), "Page(1 of 5, 2 of 120 chats, MH022RD0K5 … MH022RD0K5)"),
        (page([CHAT], pages=None, total=None), "Page(1, 1 chat, MH022RD0K5)"),
        (page([], total=0, pages=0), "Page(1 of 0, 0 of 0 items)"),
        (page([{"id": 7}, {}]), "Page(1 of 5, 2 of 120 items, 7)"),
        (
            page([CHAT], broken=[BrokenItem(1, "chats[0].id", "text", "5")]),
            "Page(1 of 5, 1 of 120 chats, 1 skipped, MH022RD0K5)",
        ),
        (VisitorList(), "VisitorList(0 visitors)"),
        (
            VisitorList(
                [Visitor(id=id_, state=state) for id_, state in zip("abc", "xyx", strict=True)]
            ),
            "VisitorList(3 visitors, 2 x, 1 y, a … c)",
        ),
        (
            Report({"2026-01": TotalChats(chats=3), "2026-02": TotalChats(chats=0)}),
            "Report(2 periods of TotalChats, 2026-01 … 2026-02)",
        ),
        (Report({}), "Report(0 periods of nothing)"),
        (Report({"14:00": 3}), "Report(1 period of int, 14:00)"),
        (Arrived(Visitor(id="S1", state="x")), "Arrived(visitor=Visitor(id='S1', state='x'), at_"),
        (Resynced((Visitor(id="S1", state="x"),) * 9, 3.5, 2), "Resynced(visitors=<9>, outage=3.5"),
    ],
)
def test_the_repr_fits_a_line(value: object, shown: str) -> None:
    """A page of 25 chats had 105,783 characters (field case 22)."""
    assert repr(value).startswith(shown)
    assert len(repr(value)) <= SCREEN
    assert repr(value) == shown or shown[-1] != ")"


async def test_what_makes_calls_says_how_to_use_it(livechat_sandbox: Sandbox) -> None:
    """A pager, an export, a watch and a resource showed an address (field case 22)."""
    sandbox = livechat_sandbox
    for number in range(30):
        sandbox.add_chat(started=datetime(2026, 1, 1 + number % 3, tzinfo=UTC))
    sandbox.add_visitor()
    async with LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client:
        pager = client.chats.list(date_from=date(2026, 1, 1))
        uses = "`async for item in pager` gives every item, `await pager` the first page>"
        assert repr(pager) == f"<Pager: {uses}"
        async for _ in pager:
            break
        assert repr(pager) == f"<Pager, 25 of 30 items read: {uses}"
        assert repr(client.chats.list(max_items=50)) == f"<Pager of at most 50 items: {uses}"

        export = client.chats.export(date_from=date(2026, 1, 1), date_to=date(2026, 1, 9))
        assert repr(export).startswith("<Export of 2026-01-01 to 2026-01-09, 0 items handed out: ")
        async with export:
            async for _ in export:
                break
            assert ", 1 of 30 items handed out: `async for item in export` gives" in repr(export)

        watch = client.visitors.watch(interval=0.5)
        assert repr(watch) == (
            "<VisitorWatch every 0.5 s, no answer yet: `async for change in watch` gives what "
            "changes>"
        )
        await anext(watch)
        assert repr(watch).startswith("<VisitorWatch every 0.5 s, 1 visitor: ")
        await watch.aclose()
        assert repr(watch) == "<VisitorWatch, 1 visitor: closed>"

        assert repr(client.visitors) == "<VisitorsResource: add_details, count, list, watch>"


@functools.cache
def usual_or_odd(cls: type[Any]) -> st.SearchStrategy[Any]:
    fields = [field.alias for field in attrs.fields(cls)]
    odd = st.fixed_dictionaries(dict.fromkeys(fields, ODD)).map(lambda values: cls(**values))
    return models(cls) | odd


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_any_model_shows_itself_in_a_line(cls: type[Any], data: st.DataObject) -> None:
    """What decoding gives, and what only a program can put there (field case 22)."""
    model = data.draw(usual_or_odd(cls))
    shown = repr(model)
    assert shown.startswith(f"{cls.__name__}(")
    assert shown.endswith(")")
    assert len(shown) <= SCREEN
    assert shown.isprintable()
    assert "planted" not in shown


@given(value=ODD, length=st.integers(1, 100), quoted=st.booleans())
def test_anything_can_be_shown_in_a_few_words(value: object, length: int, *, quoted: bool) -> None:
    assert len(brief(value, length, quoted=quoted)) <= 2 * length + 1


@pytest.mark.parametrize("cls", [Chat, Visitor, Page, Pager, Export, VisitorWatch, Report])
def test_what_is_half_made_can_be_shown(cls: type[Any]) -> None:
    """As in a traceback with local variables."""
    assert cls.__name__ in repr(object.__new__(cls))
    assert repr(object.__new__(Visitor)) == "Visitor()"


def test_a_list_with_something_else_than_visitors_can_be_shown() -> None:
    """A hook of the user's made it."""
    odd: Any = [Refuses(), 5, {"id": 7}]
    assert repr(VisitorList(odd)) == "VisitorList(3 visitors, 3 ?, 7)"
    assert len(Table(VisitorList(odd)._repr_html_()).rows) == 4


def test_a_class_in_a_function_has_its_bare_name() -> None:
    @attrs.frozen(kw_only=True, repr=False)
    class Inside(WireModel):
        a: int = 0

    assert repr(Inside(a=3)) == "Inside(a=3)"


def test_a_mapping_hides_what_stands_below_the_name_of_a_secret() -> None:
    assert brief({"token": "planted", "a": [1]}) == "{'token': '***', 'a': [1]}"
    assert "planted" not in html_table("", [{"token": "planted", "a": {"password": "planted"}}])


# --- tables in notebooks ---


class Table(HTMLParser):
    """The tags of a table, and the texts of its cells, as a browser reads them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []
        self.caption = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows:
            self.rows[-1][-1] += data
        else:
            self.caption += data


SAFE = {"table", "caption", "thead", "tbody", "tr", "th", "td"}


def test_visitors_are_a_table_in_a_notebook() -> None:
    """The columns that are blank everywhere are left out (field case 22)."""
    visitors = VisitorList(
        [
            Visitor(id="S1", state="queued", last_visit=STARTED),
            Visitor(id="S2", state="browsing", name="Mary & Co", visits=3),
        ]
    )
    table = Table(visitors._repr_html_())
    assert table.caption == "2 visitors, 1 queued, 1 browsing"
    assert table.rows == [
        ["id", "state", "name", "last_visit", "visits"],
        ["S1", "queued", "", "2026-01-31 15:49:27+00:00", ""],
        ["S2", "browsing", "Mary & Co", "", "3"],
    ]


def test_a_page_and_a_report_are_tables_too() -> None:
    chats = Table(page([CHAT])._repr_html_())
    assert chats.caption == "Page 1 of 5, 1 of 120 chats"
    assert dict(zip(*chats.rows, strict=True))["messages"] == "12"
    report = Table(Report({"2026-01": TotalChats(chats=3)})._repr_html_())
    assert report.rows == [["period", "start", "chats"], ["2026-01", "2026-01-01", "3"]]


def test_a_table_has_at_most_fifty_rows_and_twelve_columns() -> None:
    table = Table(page([{str(n): "x" * 1_000 for n in range(99)}] * 1_050)._repr_html_())
    assert len(table.rows) == 1 + 50 + 1
    assert {len(row) for row in table.rows[:-1]} == {12}
    assert table.rows[-1] == ["… and 1,000 more"]
    assert all(len(text) <= 81 for row in table.rows for text in row)


@given(
    texts=st.lists(
        st.text() | st.sampled_from(["<script>alert(1)</script>", "<img src=x onerror=a>", "&lt;"]),
        min_size=2,
        max_size=4,
    )
)
def test_no_text_becomes_html(texts: list[str]) -> None:
    """Nor is a name that a visitor typed run by a notebook (field case 22)."""
    visitors = VisitorList(Visitor(id=text, state=texts[0], name=text) for text in texts)
    pages = [page(visitors), page([dict.fromkeys(texts, texts[1])]), page(texts)]
    for source in [
        html_table(texts[0], texts),
        *(each._repr_html_() for each in [visitors, *pages]),
    ]:
        table = Table(source)
        assert table.tags <= SAFE
        assert table.attributes <= {"colspan"}
        assert len(source) < 100_000


@given(items=st.lists(ODD | st.builds(dict, a=ODD), max_size=3))
def test_any_items_are_a_table_and_a_line(items: list[Any]) -> None:
    shown = page(items)
    assert Table(shown._repr_html_()).tags <= SAFE
    assert len(repr(shown)) <= SCREEN
