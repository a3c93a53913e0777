"""The visitors on the site, their running chats, and the details that agents see of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from attrs import define, field

from livechat_async.checks import refusal
from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import Operator, VisitorDetails
from livechat_async.sandbox.data.live_chats import (
    LiveChat,
    StartedChat,
    as_operator,
    default_survey,
)
from livechat_async.sandbox.data.people import OWNER
from livechat_async.sandbox.data.visitors import (
    NO_OPERATOR,
    made_up_visitor,
    move_fields,
    new_visitor,
    shown_visitor,
    time_text,
    write_fields,
)
from livechat_async.sandbox.http.answers import Wire
from livechat_async.sandbox.state.chats import Chats
from livechat_async.sandbox.state.timeline import check_id, check_omit
from livechat_async.sandbox.webhooks.events import Announcer, chat_part, chat_parts, visitor_part


@define(eq=False)
class Visitor:
    """A visitor on the site, with a chat exactly while the state is ``chatting``.

    The tokens allow programs to add details, which the agent sees.
    """

    wire: Wire
    chat: LiveChat | None = None
    tokens: set[str] = field(factory=set[str])
    details: dict[str, VisitorDetails] = field(factory=dict[str, VisitorDetails])

    def part(self) -> Wire:
        """The visitor in the form of webhooks, with the e-mail address of the survey."""
        survey = self.wire.get("prechat_survey") or default_survey(self.wire)
        return visitor_part({**self.wire, "prechat_survey": survey})


class Visitors:
    """All visitors. Their chats go to the archive when they end."""

    def __init__(self, archive: Chats, announcer: Announcer) -> None:
        self._archive = archive
        self._announcer = announcer
        self._items: dict[str, Visitor] = {}
        self._added = 0
        self._chats_begun = 0

    def __contains__(self, visitor_id: object) -> bool:
        return visitor_id in self._items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Visitor]:
        # A copy: another thread may add visitors while a caller iterates.
        return iter(list(self._items.values()))

    @property
    def now(self) -> int:
        """Unix seconds."""
        return self._archive.now

    def get(self, visitor_id: object) -> Visitor:
        """A known visitor; an unknown one is a ConfigurationError."""
        if not isinstance(visitor_id, str) or visitor_id not in self._items:
            needed = "there is no such visitor; use an id that add_visitor returned"
            raise refusal("visitor_id", visitor_id, needed)
        return self._items[visitor_id]

    def find(self, state: str | None = None, groups: Collection[int] | None = None) -> list[Wire]:
        """The visitors in this state and in one of these groups, as an answer shows them."""
        return [
            shown_visitor(visitor.wire)
            for visitor in self
            if (state is None or visitor.wire["state"] == state)
            and (groups is None or visitor.wire["group"] in groups)
        ]

    def make_up(self, amount: int) -> None:
        """Add made-up visitors."""
        for index in range(amount):
            self.add(made_up_visitor(index, self.now))

    def add(self, fields: Mapping[str, object], omit: Iterable[str] = ()) -> str:
        """Add a visitor with these fields and return its id; see `Actions.add_visitor`."""
        visitor_id = fields.get("id")
        if visitor_id is None:
            self._added += 1
            visitor_id = f"S{self.now}.{self._added:010x}"
        visitor_id = check_id(visitor_id, "S1352647457.ac951bfe2e")
        if visitor_id in self._items:
            raise refusal("id", visitor_id, "it is in use: leave it out, or update_visitor")
        visitor = Visitor(new_visitor(visitor_id, self.now))
        if "host" not in fields and "ip" in fields:
            visitor.wire["host"] = fields["ip"]
        self._items[visitor_id] = visitor
        try:
            self.update(visitor_id, {**fields, "id": visitor_id}, omit)
        except ConfigurationError:
            self.remove(visitor_id)
            raise
        return visitor_id

    def update(
        self, visitor_id: str, fields: Mapping[str, object], omit: Iterable[str] = ()
    ) -> None:
        """Set fields of a visitor; a new ``state`` may begin or end a chat."""
        visitor = self.get(visitor_id)
        _check(visitor_id, fields, omit)
        changed = dict(visitor.wire)
        write_fields(changed, fields, omit)
        state, changed["state"] = changed["state"], visitor.wire["state"]
        visitor.wire = changed
        if state != changed["state"]:
            if state == "chatting":
                self.begin_chat(visitor, as_operator(OWNER), fields)
            else:
                self.enter(visitor, state, fields)
            for name in omit:
                changed.pop(name, None)

    def move(self, visitor: Visitor, page: str | None, title: str) -> None:
        """Let a visitor open a page; see `Actions.visit_page`."""
        changed = dict(visitor.wire)
        write_fields(changed, move_fields(changed, page, title, self.now))
        visitor.wire = changed

    def remove(self, visitor_id: str) -> None:
        """Remove a visitor; a running chat ends."""
        self._close_chat(self.get(visitor_id))
        del self._items[visitor_id]

    def enter(
        self, visitor: Visitor, state: str, given: Mapping[str, object] | None = None
    ) -> None:
        """Move a visitor to a state without a chat; given fields replace those that follow."""
        was_queued = visitor.wire["state"] == "queued"
        self._close_chat(visitor)
        changes = {
            "state": state,
            "chat_id": "",
            "chat_start_time": "",
            # A number in every capture. Its unit is unknown, so it is that of the others here.
            "queue_start_time": self.now if state == "queued" else "",
            "operators": [NO_OPERATOR],
        }
        visitor.wire.pop("chat", None)
        write_fields(visitor.wire, {**changes, **(given or {})})
        if state != "queued":
            visitor.tokens.clear()
        elif not was_queued:
            sent = self._announcer.announce("visitor_queued", lambda: {"visitor": visitor.part()})
            visitor.tokens |= {*sent}

    def begin_chat(
        self, visitor: Visitor, agent: Operator, given: Mapping[str, object]
    ) -> StartedChat:
        """Begin a chat of a visitor who has none; given fields replace those that follow."""
        wire, number, started = visitor.wire, self._chats_begun + 1, self.now
        operator = {"id": agent.id, "display_name": agent.display_name}
        chat_id = given.get("chat_id", f"SBOX{number:06d}")
        changes: dict[str, object] = {
            "state": "chatting",
            "chat_id": chat_id,
            "chat_start_time": time_text(started),
            "queue_start_time": "",
            "operators": [operator],
            "chat": {
                "id": chat_id,
                "chat_room": number,
                "start_time": started,
                "agents": [operator],
            },
        }
        if isinstance(wire.get("chats"), int):
            changes["chats"] = wire["chats"] + 1
        if not wire.get("prechat_survey"):
            changes["prechat_survey"] = default_survey(wire)
        write_fields(wire, {**changes, **given})
        url, group = wire.get("page_current", ""), wire["group"]
        visitor.chat = chat = LiveChat(wire["chat_id"], number, started, agent, url, group)
        start = chat.begin(wire, self._announcer.license_id)
        self._chats_begun = number
        body = start.webhook_body()
        sent = self._announcer.announce(
            "chat_started", lambda: body, unique_id=body["event_unique_id"], token=start.token
        )
        visitor.tokens |= {start.token, *sent}
        return start

    def running_chats(self) -> list[Wire]:
        """The running chats in the form of the archives, the newest first."""
        running = reversed(self._running())
        return [chat.to_archive(visitor.wire, self.now) for visitor, chat in running]

    def running_chat(self, chat_id: str) -> Wire | None:
        """The running chat of this id, as `running_chats` lists it; None if there is none."""
        found = self.find_running(chat_id)
        return None if found is None else found[1].to_archive(found[0].wire, self.now)

    def find_running(self, chat_id: str) -> tuple[Visitor, LiveChat] | None:
        """The running chat of this id, and its visitor; None if there is none."""
        return next((pair for pair in self._running() if pair[1].id == chat_id), None)

    def tag_chat(self, visitor: Visitor, chat: LiveChat, tags: list[str]) -> Wire:
        """Set the tags of a running chat, and return the chat."""
        is_changed, chat.tags = chat.tags != tags, tags
        item = chat.to_archive(visitor.wire, self.now)
        if is_changed:
            sent = self._announcer.announce(
                "chat_changed", lambda: {"chat": chat_part(item), "visitor": visitor.part()}
            )
            visitor.tokens |= {*sent}
        return item

    def _running(self) -> list[tuple[Visitor, LiveChat]]:
        """The visitors who chat, and their chats, in the order of their beginning."""
        running = [(each, each.chat) for each in self if each.chat is not None]
        return sorted(running, key=lambda pair: pair[1].number)

    def _close_chat(self, visitor: Visitor) -> None:
        visitor.tokens.clear()
        chat, visitor.chat = visitor.chat, None
        if chat is None:
            return
        item = self._archive.end(visitor.wire, chat)
        self._announcer.announce("chat_ended", lambda: chat_parts(item, visitor.wire))


def _check(visitor_id: str, fields: Mapping[str, object], omit: Iterable[str]) -> None:
    """Check the fields that the sandbox itself uses; callers may set all others to anything."""
    check_omit(omit, ("id", "state", "group"))
    if fields.get("id", visitor_id) != visitor_id:
        needed = "a visitor keeps its id; remove_visitor and add_visitor instead"
        raise refusal("id", fields["id"], needed)
    state = fields.get("state", "browsing")
    if not isinstance(state, str) or not state:
        raise refusal("state", state, "text is needed, such as 'browsing'")
    group = fields.get("group", 0)
    if isinstance(group, bool) or not isinstance(group, int) or group < 0:
        raise refusal("group", group, "the number of a group is needed, such as 0")
