"""The greetings of an account."""

from __future__ import annotations

from livechat_async.sandbox.http.answers import Wire
from livechat_async.sandbox.state.numbered import Numbered

__all__ = ["Greetings"]

_GREETINGS = (
    (2291, "Time on site", "Hello!", "visit_time_site", "equals", "5"),
    (2411, "Back again", "Hello again!", "visits_number", "greater_or_equal", "2"),
)
_MOST_ANNOUNCEMENTS = 10
_FIRST_RULE = 8_191


class Greetings(Numbered):
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
