"""What an account has by number or name: goals, greetings, canned responses and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from livechat_async.sandbox.data.chats import GOALS, is_chat_of, reached_goal
from livechat_async.sandbox.data.people import OWNER
from livechat_async.sandbox.http.answers import NotFound, Wire
from livechat_async.sandbox.http.queries import items_of, objects_of
from livechat_async.sandbox.state.chats import Chats
from livechat_async.sandbox.state.timeline import Timeline
from livechat_async.sandbox.state.visitors import Visitors
from livechat_async.sandbox.webhooks.events import Announcer

# The tags of made-up chats and tickets, each with its group.
_TAGS = (("sales", 2), ("support", 0), ("feedback", 0), ("complaint", 0))
_TAGS_CREATED = 1_402_989_014
_GREETINGS = (
    (2291, "Time on site", "Hello!", "visit_time_site", "equals", "5"),
    (2411, "Back again", "Hello again!", "visits_number", "greater_or_equal", "2"),
)
_MOST_ANNOUNCEMENTS = 10
_FIRST_RULE = 8_191
_RESPONSES = (
    (3151, "Can I help you with anything else?", ["help", "else"]),
    (3161, "What product are you interested in?", ["product", "interest"]),
)
_RESPONSE_CREATED = {"creation_date": 1_358_257_181, "created_by": OWNER}
_IN_WEBHOOKS = ("group", "id", "modification_date", "tags", "text")


class _Numbered:
    """Objects by their ``id``, in the order of their creation.

    Args:
        noun: what they are.
        items: those that every account has.
    """

    def __init__(self, noun: str, items: Iterable[Wire] = ()) -> None:
        self._noun = noun
        self._items: dict[str, Wire] = {str(item["id"]): item for item in items}
        self._last = 0

    def __iter__(self) -> Iterator[Wire]:
        return iter(self._items.values())

    def get(self, number: str) -> Wire:
        """An object by the text of its number; do not change it. A `NotFound` if there is none."""
        if number not in self._items:
            raise NotFound(f"{self._noun} not found")
        return self._items[number]

    def new_number(self) -> int:
        """An unused number: the first after those that were given so far."""
        number = self._last + 1
        while str(number) in self._items:
            number += 1
        return number

    def put(self, item: Wire) -> Wire:
        """Add an object, or replace the one with its ``id``, and return it."""
        number = item["id"]
        if str(number) not in self._items:
            self._last = max(self._last, number)
        self._items[str(number)] = item
        return item

    def remove(self, number: str) -> None:
        """Remove an object; a `NotFound` if there is none."""
        self.get(number)
        del self._items[number]


class Goals(_Numbered):
    """The goals by number; those of the made-up chats are there from the beginning."""

    def __init__(self, chats: Chats, visitors: Visitors) -> None:
        goals = ({"id": each, "name": name, "active": 1, "type": "api"} for each, name in GOALS)
        super().__init__("Goal", goals)
        self._chats = chats
        self._visitors = visitors

    def mark(self, goal: Wire, visitor_id: str, order: Wire) -> bool:
        """Show that a visitor reached a goal, in the running chat or else in the last one.

        Returns False for a visitor who is neither on the site nor in the archives.
        """
        reached = reached_goal(goal["id"], goal["name"], self._visitors.now, order)
        is_here = visitor_id in self._visitors
        running = self._visitors.get(visitor_id).chat if is_here else None
        if running is not None:
            running.goals = _with(running.goals, reached)
            return True
        numbers = self._chats.select(
            matches=lambda chat: is_chat_of(chat, visitor_id) and chat.get("type") != "missed_chat",
            key=("goal of", visitor_id),
            by_outline=True,
        )
        for chat_id in self._chats.ids(numbers[-1:]):
            goals = objects_of(self._chats.get(chat_id), "goals")
            self._chats.change(chat_id, goals=_with([{**each} for each in goals], reached))
        return is_here or bool(numbers)


class Greetings(_Numbered):
    """The greetings by number, each with its ``group`` and ``subtype``, which no answer shows."""

    def __init__(self) -> None:
        super().__init__("Greeting")
        self._rules = _FIRST_RULE
        for number, name, text, kind, operator, value in _GREETINGS:
            rules = self.number_rules([{"value": value, "type": kind, "operator": operator}])
            properties = {"active": "1", "greeting-message_text": text}
            item = {"id": number, "active": True, "name": name, "rules": rules, "group": 0}
            self._items[str(number)] = {**item, "properties": properties}

    @property
    def may_announce(self) -> bool:
        """Whether there is room for another announcement."""
        return sum("subtype" in item for item in self) < _MOST_ANNOUNCEMENTS

    def number_rules(self, rules: list[Wire]) -> list[Wire]:
        """The rules in the order in which answers show them, each with a number of its own."""
        begin, self._rules = self._rules, self._rules + len(rules)
        return [
            {"id": begin + index, **rule, "condition": "and"}
            for index, rule in enumerate(reversed(rules))
        ]


class CannedResponses(_Numbered):
    """The canned responses by number; one that is written or removed sends its webhook."""

    def __init__(self, clock: Callable[[], float], announcer: Announcer) -> None:
        made = (
            {"id": number, "group": 0, "text": text, **_RESPONSE_CREATED, "tags": tags}
            for number, text, tags in _RESPONSES
        )
        super().__init__("Canned response", made)
        self._clock = clock
        self._announcer = announcer

    def write(self, author: str, number: int | None = None, **fields: object) -> Wire:
        """Create a canned response, or set fields of the one with this number."""
        now = int(self._clock())
        old = self._items.get(str(number))
        if old is None:
            number = self.new_number() if number is None else number
            item = {"id": number, "group": 0, "creation_date": now, "created_by": author, **fields}
        else:
            item = {**old, **fields, "modification_date": now, "modified_by": author}
        self._announce(self.put(item))
        return item

    def remove(self, number: str) -> None:
        """Remove a canned response; a `NotFound` if there is none."""
        item = self.get(number)
        super().remove(number)
        self._announce(item)

    def _announce(self, item: Wire) -> None:
        part = {**item, "modification_date": int(self._clock())}
        self._announcer.announce(
            "canned_response_changed",
            lambda: {"canned_response": {name: part[name] for name in _IN_WEBHOOKS}},
        )


class Tags:
    """The tags by name and group. Chats and tickets may have others, too."""

    def __init__(self, chats: Timeline, tickets: Timeline) -> None:
        self._timelines = {"inChats": chats, "inTickets": tickets}
        self._items: dict[tuple[str, int], Wire] = {}
        for name, group in _TAGS:
            self.add(name, group, OWNER, _TAGS_CREATED)

    def list(self, group: int | None) -> list[Wire]:
        """The tags of one group, or of all, with the number of chats and tickets that have them."""
        found = (item for item in self._items.values() if group in (None, item["group"]))
        return [self._counted(item) for item in found]

    def add(self, name: str, group: int, author: str, moment: int) -> Wire | None:
        """Add a tag to a group; None if the group has it already."""
        if (name, group) in self._items:
            return None
        item = {"name": name, "author": author, "creation_date": moment, "group": group}
        self._items[name, group] = item
        return self._counted(item)

    def remove(self, name: str, group: int) -> None:
        """Remove a tag from a group; a `NotFound` if there is none."""
        if self._items.pop((name, group), None) is None:
            raise NotFound("Tag not found")

    def _counted(self, item: Wire) -> Wire:
        name = item["name"]
        counts = {
            part: len(
                timeline.select(
                    matches=lambda each: name in items_of(each, "tags"),
                    key=("tag", name),
                    by_outline=True,
                )
            )
            for part, timeline in self._timelines.items()
        }
        return {**item, "count": counts}


def _with(goals: list[Wire], reached: Wire) -> list[Wire]:
    return [*(goal for goal in goals if goal.get("id") != reached["id"]), reached]
