"""Something happened: the event, and its parts in the form webhooks have them in.

That form is not the one of the REST answers: keys differ, and tickets and chats are shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from livechat_async.redaction import Secret, SecretBytes
from livechat_async.sandbox.http.answers import to_json
from livechat_async.sandbox.http.queries import items_of, part_of
from livechat_async.sandbox.state.timeline import Wire

__all__ = [
    "Event",
    "canned_response_part",
    "chat_part",
    "survey_part",
    "ticket_part",
    "visitor_of_chat",
    "visitor_part",
]

_VISITOR = (
    *("id", "name", "custom_variables", "country", "city", "language"),
    *("page_current", "timezone"),
)


@frozen(kw_only=True)
class Event:
    """What happened, once; several webhooks may tell of it.

    Attributes:
        event_type: such as ``chat_started``.
        unique_id: 32 hexadecimal digits.
        token: what adding details goes by. Shows in no ``repr``.
        parts: all there is to tell, by data type.
    """

    event_type: str
    unique_id: str
    token: Secret
    parts: Mapping[str, object] = field(repr=False)

    def body(self, license_id: int, token: Secret, data_types: Iterable[str]) -> SecretBytes:
        """The body of a webhook.

        Args:
            license_id: the licence, which bodies have as text.
            token: the event's own token, or another.
            data_types: what the webhook asked for.
        """
        body = {
            "event_type": self.event_type,
            "token": token,
            "license_id": str(license_id),
            "event_unique_id": self.unique_id,
            "lc_version": "2",
            **{name: self.parts[name] for name in data_types if name in self.parts},
        }
        return SecretBytes(to_json(body))


def chat_part(item: Mapping[str, Any]) -> Wire:
    """A chat of the archives, or one that runs."""
    moments = ("started_timestamp", "ended_timestamp")
    return {
        "id": item.get("id"),
        **{name: item[name] for name in moments if name in item},
        "url": item.get("chat_start_url", ""),
        "referer": item.get("referrer", ""),
        "messages": [
            _without_none(
                user_type=message.get("user_type"),
                author_name=message.get("author_name"),
                agent_id=message.get("agent_id"),
                text=message.get("text"),
                timestamp=message.get("timestamp"),
            )
            for message in _objects(item, "messages")
        ],
        "attachments": [],
        "events": [
            _without_none(
                user_type=event.get("user_type"),
                text=event.get("text"),
                timestamp=event.get("timestamp"),
                type=event.get("event_type"),  # the name REST has for it
            )
            for event in _objects(item, "events")
            if event.get("type") == "event"
        ],
        "agents": [
            {"name": agent.get("display_name"), "login": agent.get("email")}
            for agent in _objects(item, "agents")
        ],
        "tags": items_of(item, "tags"),
        "groups": items_of(item, "group"),
    }


def visitor_part(visitor: Mapping[str, Any], survey: Iterable[Mapping[str, str]]) -> Wire:
    """Somebody who is on the site, with an e-mail address of their own, or that of the survey."""
    email = str(visitor.get("email") or "") or _email_in(survey)
    return {**{name: visitor[name] for name in _VISITOR if name in visitor}, "email": email}


def visitor_of_chat(item: Mapping[str, Any]) -> Wire:
    """The visitor of a chat in the archives, who may have left long ago."""
    visitor = {**part_of(item, "visitor")}
    if item.get("chat_start_url"):
        visitor["page_current"] = item["chat_start_url"]
    if items_of(item, "custom_variables"):
        visitor["custom_variables"] = item["custom_variables"]
    answers = survey_part(item.get("prechat_survey"))
    return visitor_part(visitor, answers)


def survey_part(answers: object) -> list[dict[str, str]]:
    """The survey before a chat."""
    if not isinstance(answers, list):
        return []
    pairs = [
        (str(item.get("key", "")), str(item.get("value", "")))
        for item in answers
        if isinstance(item, Mapping)
    ]
    return [
        {"id": str(2001 + index), "type": _question_type(key), "label": key, "answer": value}
        for index, (key, value) in enumerate(pairs)
    ]


def _email_in(survey: Iterable[Mapping[str, str]]) -> str:
    """The e-mail address somebody gave in the survey; "" for none."""
    return next((item["answer"] for item in survey if item["type"] == "email"), "")


def ticket_part(ticket: Mapping[str, Any]) -> Wire:
    """A ticket."""
    requester, source = part_of(ticket, "requester"), part_of(ticket, "source")
    part: Wire = {name: ticket[name] for name in ("id", "status", "subject") if name in ticket}
    part["requester"] = _kept(requester, ("mail", "name"))
    if part_of(ticket, "assignee"):
        part["assignee"] = _kept(part_of(ticket, "assignee"), ("id", "name"))
    return {
        **part,
        "groups": [_kept(group, ("id", "name")) for group in _objects(ticket, "groups")],
        "events": [
            _kept(event, ("type", "author", "date", "is_private", "message", "source"))
            for event in _objects(ticket, "events")
        ],
        "source": {"type": source.get("type"), "url": source.get("url"), "id": source.get("id")},
        "tags": items_of(ticket, "tags"),
    }


def canned_response_part(
    response_id: int, *, group: int, text: str, tags: Iterable[str], modified: int
) -> Wire:
    """A canned response."""
    return {
        "group": group,
        "id": response_id,
        "modification_date": modified,
        "tags": [*tags],
        "text": text,
    }


def _kept(item: Mapping[str, Any], names: Iterable[str]) -> Wire:
    return {name: item[name] for name in names if name in item}


def _without_none(**values: object) -> Wire:
    return {name: value for name, value in values.items() if value is not None}


def _objects(item: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [each for each in items_of(item, name) if isinstance(each, Mapping)]


def _question_type(label: str) -> str:
    plain = label.lower().replace("-", "")
    if plain.startswith("email"):
        return "email"
    return "name" if plain.startswith("name") else "question"
