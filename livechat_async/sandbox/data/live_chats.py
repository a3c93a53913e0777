"""Chats that run: how they begin, what is said in them, and how the archives show them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen

from livechat_async.checks import refusal
from livechat_async.models.visitors import Operator
from livechat_async.redaction import WireText
from livechat_async.sandbox.data.chats import (
    AGENT_IP,
    add_event,
    archived_chat,
    closed_event,
    flat_visitor,
    message,
)
from livechat_async.sandbox.http.answers import Wire
from livechat_async.sandbox.http.queries import objects_of
from livechat_async.sandbox.webhooks.events import chat_parts, visitor_part, webhook_body

_VISITOR = ("id", "name", "ip", "city", "region", "country", "country_code", "timezone")


@frozen(kw_only=True)
class StartedChat:
    """The beginning of a chat, as a ``chat_started`` webhook reports it.

    Attributes:
        visitor_id: the visitor in the chat.
        chat_id: the chat's id.
        license_id: the licence, as text, as in the webhook.
        token: allows a program to add details of this visitor while the chat runs. Its ``repr``
            is hidden.
    """

    visitor_id: str
    chat_id: str
    license_id: str
    token: WireText = field(converter=WireText)
    _webhook: bytes = field(repr=False, eq=False, alias="webhook")

    def webhook_body(self) -> dict[str, Any]:
        """The body of the ``chat_started`` webhook with all its data types.

        Every call returns the same, including ``event_unique_id``, as LiveChat repeats a webhook
        that was not answered.
        """
        body: dict[str, Any] = json.loads(self._webhook)
        return body

    def to_wire(self) -> dict[str, object]:
        """The chat as plain data for JSON."""
        names = ("visitor_id", "chat_id", "license_id", "token")
        return {**{name: getattr(self, name) for name in names}, "webhook": self.webhook_body()}


@define(eq=False)
class LiveChat:
    """A chat that runs: the ``number`` counts from 1, and the ``url`` is the page it began on."""

    id: str
    number: int
    started: int
    agent: Operator
    url: str
    group: int
    messages: list[Wire] = field(factory=list[Wire])
    tags: list[str] = field(factory=list[str])
    goals: list[Wire] = field(factory=list[Wire])
    start: StartedChat = field(init=False)

    def begin(self, visitor: Mapping[str, Any], license_id: int) -> StartedChat:
        """Set and return ``start``, from the visitor's fields."""
        # Test data: tokens are counted, not random, so that they cannot pass for real secrets.
        token, unique_id = f"{self.number:032x}", f"e{self.number:031x}"
        parts = chat_parts(self.to_archive(visitor, self.started), visitor)
        self.start = StartedChat(
            visitor_id=visitor["id"],
            chat_id=self.id,
            license_id=str(license_id),
            token=token,
            webhook=webhook_body("chat_started", token, license_id, unique_id, parts),
        )
        return self.start

    def say(self, visitor: Mapping[str, Any], text: str, moment: int, *, by_agent: bool) -> None:
        """Add a message."""
        author = self.agent.display_name if by_agent else str(visitor.get("name", ""))
        login = self.agent.id if by_agent else None
        self.messages.append(message(text, moment, author=author, login=login))

    def to_archive(self, visitor: Mapping[str, Any], now: int, *, is_over: bool = False) -> Wire:
        """The chat in the form of the archives, with its duration until now."""
        item = archived_chat(self.id, self.started, now, self.messages)
        known = {name: visitor[name] for name in _VISITOR if name in visitor}
        if "browser" in visitor:
            known["user_agent"] = visitor["browser"]
        email = visitor_part(visitor)["email"]
        if email:
            known["email"] = email
        item |= {
            "visitor": known,
            **flat_visitor(known),
            "agents": [
                {"display_name": self.agent.display_name, "email": self.agent.id, "ip": AGENT_IP}
            ],
            "chat_start_url": self.url,
            "group": [self.group],
            "prechat_survey": [
                {**answer, "id": str(2001 + index)}
                for index, answer in enumerate(objects_of(visitor, "prechat_survey"))
            ],
            "tags": [*self.tags],
        }
        for name in ("referrer", "custom_variables"):
            if visitor.get(name):
                item[name] = visitor[name]
        if self.goals:
            item["goals"] = [*self.goals]
        if not is_over:
            del item["ended"], item["ended_timestamp"]
            return {**item, "pending": True}
        add_event(item, closed_event(self.agent.display_name, now, "agent"))
        return item


def as_operator(agent: str | Operator) -> Operator:
    """The agent of a chat; the login ``john.doe@example.com`` gives the name John Doe."""
    if isinstance(agent, str) and agent.strip():
        name = re.sub(r"[._-]+", " ", agent.split("@", 1)[0]).strip().title()
        return Operator(id=agent, display_name=name or agent)
    if isinstance(agent, Operator):
        return agent
    needed = "an agent's login is needed, such as 'john.doe@example.com', or an Operator"
    raise refusal("agent", agent, needed)


def default_survey(visitor: Mapping[str, Any]) -> list[dict[str, str]]:
    """The survey before a chat, with name and e-mail address; empty for an unnamed visitor."""
    name = str(visitor.get("name", ""))
    if not name.strip() or name == "Visitor":
        return []
    local = re.sub(r"[^a-z0-9]+", ".", name.lower()).strip(".") or "visitor"
    email = str(visitor.get("email") or f"{local}@example.com")
    return [{"key": "Name:", "value": name}, {"key": "E-mail:", "value": email}]
