"""Removes names, addresses, texts and secrets from answers: what no rule allows is replaced.

These stay as they are:

- the structure: objects, lists, nulls, true and false;
- names of fields: those of the models, and in an object of a model those that look like one. Other
  keys, such as logins, stay only if they are made of the words in names of the models;
- values of open sets, such as ``chatting``: those of the models, and new ones that are up to four
  words in lower case, in a field where the models know a set;
- counts and durations in fields of that meaning, and whole numbers below 1,000;
- currencies, languages, hours such as ``09:30``, and the time zone of a chat's times.

Times are moved, all by the same whole number of weeks. All else is replaced by `Pseudonyms`: the
length and the kinds of characters stay, and equal values stay equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

from attrs import evolve

from livechat_async.captures.files import NO_JSON, read_json
from livechat_async.captures.pseudonyms import Pseudonyms
from livechat_async.captures.shapes import (
    ENDPOINTS,
    NUMBERS,
    TIMES,
    DeliveryShape,
    Known,
    enum_of,
    fields_of,
    is_id,
    is_of,
    item_of,
    model_of,
)
from livechat_async.checks import find_zone
from livechat_async.decoding.hooks import whole_number
from livechat_async.models.agents import Weekday
from livechat_async.models.greetings import MESSAGE
from livechat_async.models.reports import GroupBy
from livechat_async.models.tickets import TicketOrder
from livechat_async.models.visitors import Count

_FIELD = re.compile(r"[a-z][A-Za-z]{0,29}(?:_[A-Za-z]{1,30}|[0-9]){0,5}")
_NEW_VALUE = "[a-z]{1,20}([ _:-][a-z]{1,20}){0,3}"
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]")
_SECONDS, _MILLISECONDS = range(10**8, 10**10), range(10**11, 10**13)

_COUNTS = frozenset(
    """
    accepted bad chats chats_from_auto_invite chats_from_immediate_start chats_from_manual_invite
    count displayed duration goals good greetings_accepted greetings_all greetings_refused hours
    inChats inTickets max_chats_count minutes new_tickets not_replied page_views pages
    sales_count score seconds solved_tickets tickets_from_chat tickets_from_chat_window
    tickets_from_mail total visits
    """.split()  # noqa: SIM905 (a list of them takes a page)
)
"""Names of fields with a number that says how many or how long, which identifies no one."""
_PLAIN: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("event_type", "type", "current", "previous"), r"[a-z]{1,20}(_[a-z]{1,20}){0,3}"
    ),
    "condition": "and|or",
    "language": r"[a-z]{2}(-[A-Za-z]{2,4})?",
    "currency": "[A-Z]{3}",
    **dict.fromkeys(("start", "end"), r"\d\d:\d\d"),
}
"""The form of what stays, in fields of the models that hold text."""
_OTHER_WORDS = """
    action assigned at body callback color comment default details domain error errors file filename
    has icon image include items kind link list method mime number off old on param params position
    query reason result role sale size sort style tag tagged thread thumb thumbnail updated users
    values visitors weekday with
    """.split()  # noqa: SIM905
"""Words in the names of fields and parameters that no model has."""


def _all_models() -> set[Any]:
    found = set[Any]()
    left: list[Any] = [*ENDPOINTS.values(), DeliveryShape]
    while left:
        hint = left.pop()
        inside = item_of(hint)
        if inside is not None:
            left.append(inside[1])
        model = model_of(hint)
        if model is not None and model not in found:
            found.add(model)
            left += [known.hint for known in fields_of(model).values()]
    return found


_FIELDS = [known for model in _all_models() for known in fields_of(model).values()]
_VOCABULARY = frozenset(
    word.lower()
    for name in (*(known.name for known in _FIELDS), *_OTHER_WORDS)
    for word in _WORD.findall(name)
)
_VALUES = frozenset[str]().union(
    *(enum_of(known.hint) or () for known in _FIELDS),
    (*GroupBy, *TicketOrder, *Weekday),
    (day[:3] for day in Weekday),
)
_PATHS = [each.partition(" ")[2].split("/") for each in ENDPOINTS]
_COUNT_KEYS = ("", "count", "total", "visitors")


class Scrubber:
    """Scrubs answers, requests and webhooks: equal values become equal ones in all of them."""

    def __init__(self) -> None:
        self._other = Pseudonyms()

    def scrub(self, value: Any, hint: Any = None, name: str = "") -> Any:
        """The JSON without anything personal.

        Args:
            value: JSON that `read_json` gives.
            hint: the type that the models give it; None if they do not know it.
            name: the name of the field that it is in.
        """
        return self._value(value, Known(name, hint))

    def name(self, name: str, value: Mapping[str, Any], known: Mapping[str, Known]) -> str:
        """The name of a field in an object that should be of a model with these known fields."""
        # A mapping by names or logins is not taken for an object of the model.
        is_model = not known.keys().isdisjoint(value)
        keeps = name in known or (is_model and _FIELD.fullmatch(name))
        return name if keeps else self._key(name)

    def path(self, path: str) -> str:
        """A path, percent-encoded, with its arguments replaced."""
        version = "/v2" if path.startswith("/v2/") else ""
        known, made = _PATHS, list[str]()
        for place, step in enumerate(path.removeprefix(version).split("/")):
            longer = [each for each in known if len(each) > place]
            part = unquote(step)
            known = [each for each in longer if each[place] == part]
            if known or not part:
                made.append(part)
            else:
                known = [each for each in longer if each[place].startswith("{")]
                made.append(quote(self._other.digits(part), safe="@"))
        return version + "/".join(made)

    def query(self, query: str) -> str:
        """A query string. The names that the API has stay, with the values of open sets."""
        pairs = parse_qsl(query, keep_blank_values=True)
        return urlencode([(self._parameter(name), self._argument(name, v)) for name, v in pairs])

    def _parameter(self, name: str) -> str:
        keeps = re.fullmatch(r"([A-Za-z_]{1,60})(\[[0-9]{0,3}\])?", name)
        return name if keeps and _is_made_of_words(keeps[1]) else self._other.text(name)

    def _argument(self, name: str, value: str) -> str:
        if (
            value in _VALUES
            or (name == "timezone" and find_zone(value) is not None)
            or (name == "currency" and re.fullmatch(_PLAIN["currency"], value))
            or (name == "page" and re.fullmatch("[0-9]{1,6}", value, re.ASCII))
        ):
            return value
        return self._other.period(value) or self._other.digits(value)

    def _value(self, value: Any, field: Known) -> Any:
        if value is None or isinstance(value, bool):
            return value
        inside, model = item_of(field.hint), model_of(field.hint)
        if isinstance(value, list):
            item = evolve(field, hint=inside[1] if inside else field.hint if model else None)
            return [self._value(each, item) for each in value]
        if isinstance(value, dict):
            if model is not None:
                return self._object(value, model)
            inner = inside[1] if inside else Count if field.hint is Count else None
            return {
                self._key(name): self._value(item, Known(name, inner))
                for name, item in value.items()
            }
        if field.hint is None or field.hint is Any:
            return self._anything(value, field.name)
        return self._leaf(value, field)

    def _object(self, value: dict[str, Any], model: Any) -> dict[str, Any]:
        known = fields_of(model)
        return {
            self.name(name, value, known): self._value(item, known.get(name, Known(name, None)))
            for name, item in value.items()
        }

    def _key(self, key: str) -> str:
        """A key that is no field of a model, such as a login, a period, or a currency."""
        if key == MESSAGE or key in {*Weekday} or re.fullmatch("[A-Z]{3}", key):
            return key
        return self._other.period(key) or (key if _is_made_of_words(key) else self._other.text(key))

    def _leaf(self, value: float | str, field: Known) -> Any:
        hint, name = field.hint, field.name
        counts = _COUNT_KEYS if hint is Count else _COUNTS if is_of(hint, *NUMBERS) else ()
        is_flag = is_of(hint, bool) and value in (0, 1, "0", "1")
        if is_flag or (name in counts and _is_number(value)):
            return value
        if is_of(hint, *TIMES) or name == "time_ref":
            return self._moment(value)
        if name in {"latitude", "longitude"}:
            return self._coordinate(value)
        return (
            self._known_text(value, field) if isinstance(value, str) else self._other.number(value)
        )

    def _known_text(self, value: str, field: Known) -> str:
        texts = enum_of(field.hint)
        form = _PLAIN.get(field.name) if texts is None else _NEW_VALUE
        keeps = form is not None and re.fullmatch(form, value, re.ASCII)
        if keeps or value in (texts or ()) or (field.is_zone and find_zone(value) is not None):
            return value
        if field.name in {"timezone", "utc_offset"} and "/" in value:
            return self._other.zone(value)
        if is_of(field.hint, *NUMBERS):
            return self._number(value)
        if is_id(field.hint):
            return self._other.digits(value)
        return self._text(value)

    def _text(self, value: str) -> str:
        """Text, which may be JSON in turn: it then stays JSON."""
        if value[:1] in ("{", "["):
            document = read_json(value.encode("utf-8", "replace"))
            if document is not NO_JSON:
                return json.dumps(self.scrub(document), ensure_ascii=False)
        return self._other.text(value)

    def _anything(self, value: float | str, name: str) -> Any:
        if not isinstance(value, str):
            return self._other.number(value)
        # A day alone may be a birthday.
        moved = self._other.time(value) if len(value) > len("2013-01-23") else None
        return moved or (self._other.digits if name.endswith("id") else self._text)(value)

    def _number(self, value: str) -> str:
        """The replacement of text where a number is due, which stays one if it is one."""
        exponent = re.fullmatch(r"([+-]?[0-9.]+)([eE][+-]?[0-9]{1,9})", value)
        return (
            self._other.digits(value)
            if exponent is None
            else self._other.unit(exponent[1]) + exponent[2]
        )

    def _moment(self, value: float | str) -> Any:
        number = whole_number(value) if isinstance(value, str) else value
        if number is None:
            text = str(value)
            is_never = text in {"0000-00-00", "0000-00-00 00:00:00"}
            return text if is_never else self._other.time(text) or self._no_time(text)
        for unit, numbers in ((1, _SECONDS), (1000, _MILLISECONDS)):
            if numbers.start <= number < numbers.stop:
                moved = self._other.seconds(number, unit)
                return str(moved) if isinstance(value, str) else moved
        return self._other.digits(value) if isinstance(value, str) else self._other.number(value)

    def _no_time(self, text: str) -> str:
        """The replacement of a text that is no time, which must not become one by chance."""
        made = self._other.text(text)
        return "x" * len(made) if self._other.time(made) or whole_number(made) is not None else made

    def _coordinate(self, value: float | str) -> Any:
        try:
            made = self._other.coordinate(float(value))
        except (ValueError, OverflowError):
            return self._other.text(str(value))
        return str(made) if isinstance(value, str) else made


def _is_number(value: float | str) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", value))


def _is_made_of_words(name: str) -> bool:
    """Whether a name is made of the words of which the models' names are made."""
    is_name = re.fullmatch("[A-Za-z_]{1,60}", name) is not None
    return is_name and all(word.lower() in _VOCABULARY for word in _WORD.findall(name))
