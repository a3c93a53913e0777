"""A chat that has begun, and the webhook LiveChat would send of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen

from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import Operator
from livechat_async.redaction import Secret
from livechat_async.sandbox.http.answers import to_json
from livechat_async.sandbox.state.timeline import Wire
from livechat_async.sandbox.webhooks.events import survey_part, visitor_part

__all__ = ["LiveChat", "StartedChat", "as_operator", "default_survey", "new_chat"]


@frozen(kw_only=True)
class StartedChat:
    """What a ``chat_started`` webhook tells of a chat.

    Attributes:
        visitor_id: who chats.
        chat_id: the chat's id.
        license_id: the licence, as text, as in the webhook.
        token: allows to add details of this visitor as long as this chat runs. It shows in no
            ``repr``.
    """

    visitor_id: str
    chat_id: str
    license_id: str
    token: Secret = field(converter=Secret)
    _webhook: bytes = field(repr=False, eq=False, alias="webhook")

    def webhook_body(self) -> dict[str, Any]:
        """The body of the ``chat_started`` webhook with all its data types.

        It is the same every time, ``event_unique_id`` too, as it is when LiveChat repeats a webhook
        that was not answered.
        """
        body: dict[str, Any] = json.loads(self._webhook)
        return body


@define
class LiveChat:
    """A chat that runs.

    Attributes:
        start: how it began.
        messages: what was said so far, as the archives have it.
        tags: its tags.
    """

    start: StartedChat
    messages: list[Wire] = field(factory=list[Wire])
    tags: list[str] = field(factory=list[str])


def as_operator(agent: str | Operator) -> Operator:
    """The agent of a chat; a bare login such as ``john.doe@example.com`` is named John Doe.

    Raises:
        ConfigurationError: it is neither a login nor an `Operator`, or blank.
    """
    if isinstance(agent, str) and agent.strip():
        name = re.sub(r"[._-]+", " ", agent.split("@", 1)[0]).strip().title()
        return Operator(id=agent, display_name=name or agent)
    if isinstance(agent, Operator):
        return agent
    raise ConfigurationError(
        f"agent={agent!r}: give the agent's login, such as 'john.doe@example.com', or an Operator"
    )


def default_survey(visitor: Mapping[str, Any]) -> list[dict[str, str]]:
    """The survey of somebody who gave name and e-mail address; none of somebody without a name."""
    name = str(visitor.get("name", ""))
    if not name.strip() or name == "Visitor":
        return []
    local = re.sub(r"[^a-z0-9]+", ".", name.lower()).strip(".") or "visitor"
    email = str(visitor.get("email") or f"{local}@example.com")
    return [{"key": "Name:", "value": name}, {"key": "E-mail:", "value": email}]


def new_chat(
    visitor: Mapping[str, Any], operator: Operator, *, license_id: int, number: int, started: int
) -> StartedChat:
    """Make the chat of a visitor.

    Args:
        visitor: the visitor, already in the chat: its ``chat_id`` and ``prechat_survey`` are read.
        operator: the agent.
        license_id: the licence.
        number: counts chats from 1. The token is made of it.
        started: Unix seconds.
    """
    # Test data: these tokens are counted, not random, so that nobody takes one for a real secret.
    token = f"{number:032x}"
    survey = survey_part(visitor.get("prechat_survey"))
    body: dict[str, object] = {
        "event_type": "chat_started",
        "token": token,
        "license_id": str(license_id),
        "event_unique_id": f"e{number:031x}",
        "lc_version": "2",
        "chat": {
            "id": visitor["chat_id"],
            "started_timestamp": started,
            "url": visitor.get("page_current", ""),
            "referer": visitor.get("referrer", ""),
            "messages": [],
            "attachments": [],
            "events": [],
            "agents": [{"name": operator.display_name, "login": operator.id}],
            "tags": [],
            "groups": [visitor["group"]],
        },
        "visitor": visitor_part(visitor, survey),
        "pre_chat_survey": survey,
    }
    return StartedChat(
        visitor_id=visitor["id"],
        chat_id=visitor["chat_id"],
        license_id=str(license_id),
        token=token,
        webhook=to_json(body),
    )
