"""Events: webhook bodies and their parts, whose keys differ from those of the REST answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias

from attrs import define, field

from livechat_async.redaction import SecretBytes, WireText
from livechat_async.sandbox.http.answers import Wire, to_json
from livechat_async.sandbox.http.queries import items_of, objects_of, part_of
from livechat_async.sandbox.webhooks.deliverer import Deliverer
from livechat_async.sandbox.webhooks.registrations import Registrations

TokenScope: TypeAlias = Literal["event", "registration"]

_VISITOR = (
    *("id", "name", "custom_variables", "country", "city", "language"),
    *("page_current", "timezone"),
)
_EVENT = ("user_type", "text", "timestamp", "type")


@define(eq=False)
class Announcer:
    """Sends events to the webhooks registered for them.

    ``scope`` says whether a body's token belongs to the event or to the registration.
    """

    license_id: int
    registrations: Registrations
    deliverer: Deliverer
    scope: TokenScope
    _events: int = field(default=0, init=False)

    def announce(
        self,
        event_type: str,
        parts: Callable[[], Mapping[str, object]],
        *,
        unique_id: str | None = None,
        token: WireText | None = None,
    ) -> list[WireText]:
        """Send an event to its webhooks, and return the tokens in the bodies that were sent.

        ``parts`` makes the data by data type, only if a webhook wants it. Nothing is sent while the
        sandbox is stopped.
        """
        wanted = [each for each in self.registrations if each.event_type == event_type]
        if not wanted or not self.deliverer.is_running:
            return []
        self._events += 1
        # Test data, like every id and token of a sandbox: counted, not random.
        unique_id = f"d{self._events:031x}" if unique_id is None else unique_id
        token = WireText(f"a{self._events:031x}") if token is None else token
        data, sent = parts(), list[WireText]()
        for registration in wanted:
            sent.append(token if self.scope == "event" else registration.token)
            parts_wanted = {name: data[name] for name in registration.data_types if name in data}
            body = webhook_body(event_type, sent[-1], self.license_id, unique_id, parts_wanted)
            self.deliverer.deliver(registration, unique_id, body)
        return sent


def webhook_body(
    event_type: str, token: str, license_id: int, unique_id: str, parts: Mapping[str, object]
) -> SecretBytes:
    """The body of a webhook, with the data of its data types."""
    envelope = {
        "event_type": event_type,
        "token": token,
        "license_id": str(license_id),  # text here, a number in REST answers
        "event_unique_id": unique_id,
        "lc_version": "2",
    }
    return SecretBytes(to_json({**envelope, **parts}))


def chat_parts(item: Mapping[str, Any], visitor: Mapping[str, Any]) -> Wire:
    """The data of the beginning and the end of a chat."""
    return {
        "chat": chat_part(item),
        "visitor": visitor_part(visitor),
        "pre_chat_survey": _survey_part(visitor),
    }


def chat_part(item: Mapping[str, Any]) -> Wire:
    """A chat of the archives, or a running one."""
    moments = ("started_timestamp", "ended_timestamp")
    return {
        "id": item.get("id"),
        **{name: item[name] for name in moments if name in item},
        "url": item.get("chat_start_url", ""),
        "referer": item.get("referrer", ""),
        "messages": [
            _set(said, ("user_type", "author_name", "agent_id", "text", "timestamp"))
            for said in objects_of(item, "messages")
        ],
        "attachments": [],
        "events": [
            # REST has the type as event_type.
            _set({**event, "type": event.get("event_type")}, _EVENT)
            for event in objects_of(item, "events")
            if event.get("type") == "event"
        ],
        "agents": [
            {"name": agent.get("display_name"), "login": agent.get("email")}
            for agent in objects_of(item, "agents")
        ],
        "tags": items_of(item, "tags"),
        "groups": items_of(item, "group"),
    }


def visitor_part(visitor: Mapping[str, Any]) -> Wire:
    """A visitor on the site, with their e-mail address or the one in the survey."""
    in_survey = (item["answer"] for item in _survey_part(visitor) if item["type"] == "email")
    email = str(visitor.get("email") or "") or next(in_survey, "")
    return {**{name: visitor[name] for name in _VISITOR if name in visitor}, "email": email}


def visitor_of_chat(item: Mapping[str, Any]) -> Wire:
    """The visitor of a chat in the archives."""
    visitor = {**part_of(item, "visitor"), "prechat_survey": item.get("prechat_survey")}
    if item.get("chat_start_url"):
        visitor["page_current"] = item["chat_start_url"]
    if items_of(item, "custom_variables"):
        visitor["custom_variables"] = item["custom_variables"]
    return visitor_part(visitor)


def _survey_part(visitor: Mapping[str, Any]) -> list[dict[str, str]]:
    """The answers of a visitor before the chat."""
    pairs = [
        (str(item.get("key", "")), str(item.get("value", "")))
        for item in objects_of(visitor, "prechat_survey")
    ]
    return [
        {"id": str(2001 + index), "type": _question_type(key), "label": key, "answer": value}
        for index, (key, value) in enumerate(pairs)
    ]


def ticket_part(ticket: Mapping[str, Any]) -> Wire:
    """A ticket."""
    requester, source = part_of(ticket, "requester"), part_of(ticket, "source")
    part: Wire = {name: ticket[name] for name in ("id", "status", "subject") if name in ticket}
    part["requester"] = _kept(requester, ("mail", "name"))
    if part_of(ticket, "assignee"):
        part["assignee"] = _kept(part_of(ticket, "assignee"), ("id", "name"))
    return {
        **part,
        "groups": [_kept(group, ("id", "name")) for group in objects_of(ticket, "groups")],
        "events": [
            _kept(event, ("type", "author", "date", "is_private", "message", "source"))
            for event in objects_of(ticket, "events")
        ],
        "source": {"type": source.get("type"), "url": source.get("url"), "id": source.get("id")},
        "tags": items_of(ticket, "tags"),
    }


def _kept(item: Mapping[str, Any], names: Iterable[str]) -> Wire:
    return {name: item[name] for name in names if name in item}


def _set(item: Mapping[str, Any], names: Iterable[str]) -> Wire:
    return {name: item[name] for name in names if item.get(name) is not None}


def _question_type(label: str) -> str:
    plain = label.lower().replace("-", "")
    if plain.startswith("email"):
        return "email"
    return "name" if plain.startswith("name") else "question"
