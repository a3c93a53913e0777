"""The visitors, their chats, and what agents are shown of them; in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import Operator, VisitorDetails
from livechat_async.sandbox.data.chat_items import live_chat, live_message
from livechat_async.sandbox.data.live_chats import (
    LiveChat,
    StartedChat,
    as_operator,
    default_survey,
    new_chat,
)
from livechat_async.sandbox.data.visitors import NOBODY, new_visitor, shown, time_text, write_fields
from livechat_async.sandbox.http.answers import to_json
from livechat_async.sandbox.state.chats import ChatArchive
from livechat_async.sandbox.webhooks.announcer import Announcer
from livechat_async.sandbox.webhooks.events import (
    chat_part,
    survey_part,
    visitor_part,
)

__all__ = ["DEFAULT_AGENT", "Store"]

DEFAULT_AGENT = "john.doe@example.com"


class Store:
    """The state of a sandbox. A visitor's state is ``chatting`` exactly while a chat of it runs.

    Args:
        license_id: the licence.
        clock: gives the Unix seconds.
        archive: where chats go when they end.
        announcer: tells the webhooks.
    """

    def __init__(
        self,
        license_id: int,
        clock: Callable[[], float],
        archive: ChatArchive,
        announcer: Announcer,
    ) -> None:
        self.license_id = license_id
        self._archive = archive
        self._announcer = announcer
        self._clock = clock
        self._visitors: dict[str, dict[str, Any]] = {}
        self._chats: dict[str, LiveChat] = {}
        self._tokens: dict[str, set[str]] = {}
        self._details: dict[str, dict[str, VisitorDetails]] = {}
        self._visitors_made = 0
        self._chats_begun = 0

    def __contains__(self, visitor_id: object) -> bool:
        return visitor_id in self._visitors

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    def find(
        self, state: str | None = None, groups: Collection[int] | None = None
    ) -> list[dict[str, Any]]:
        """The visitors in this state and in one of these groups, as an answer shows them."""
        return [
            shown(visitor)
            for visitor in self._visitors.values()
            if (state is None or visitor["state"] == state)
            and (groups is None or visitor["group"] in groups)
        ]

    def copy(self, visitor_id: str | None = None) -> Any:
        """A visitor, or the list of all, as an answer shows them; nothing is shared."""
        visitors = self.find() if visitor_id is None else shown(self._get(visitor_id))
        return json.loads(to_json(visitors))

    def add(self, fields: Mapping[str, object], omit: Iterable[str] = ()) -> str:
        """Let somebody come to the site.

        Args:
            fields: wire fields, which replace those of an anonymous visitor.
            omit: names of fields the visitor is not to have.

        Returns:
            The visitor's id.

        Raises:
            ConfigurationError: a bad value, or an id that is in use.
        """
        visitor_id = fields.get("id")
        if visitor_id is None:
            self._visitors_made += 1
            visitor_id = f"S{self.now}.{self._visitors_made:010x}"
        if not isinstance(visitor_id, str) or visitor_id in {"", ".", ".."}:
            raise ConfigurationError(
                f"id={visitor_id!r}: text is needed, such as 'S1352647457.ac951bfe2e', "
                "and '.' or '..' cannot stand in a path"
            )
        if visitor_id in self._visitors:
            raise ConfigurationError(
                f"id={visitor_id!r} is in use: leave it out, or update_visitor"
            )
        visitor = new_visitor(visitor_id, self.now)
        if "host" not in fields and "ip" in fields:
            visitor["host"] = fields["ip"]
        self._visitors[visitor_id] = visitor
        self._details[visitor_id] = {}
        try:
            self.update(visitor_id, {**fields, "id": visitor_id}, omit)
        except ConfigurationError:
            self.remove(visitor_id)
            raise
        return visitor_id

    def update(
        self, visitor_id: str, fields: Mapping[str, object], omit: Iterable[str] = ()
    ) -> None:
        """Set wire fields of a visitor. A new ``state`` begins or ends a chat where it has to.

        Raises:
            ConfigurationError: an unknown visitor or a bad value; nothing has changed then.
        """
        visitor = self._get(visitor_id)
        _check(visitor_id, fields, omit)
        changed = dict(visitor)
        write_fields(changed, fields, omit)
        state = changed["state"]
        changed["state"] = visitor["state"]
        self._visitors[visitor_id] = changed
        if state != visitor["state"]:
            self._enter(visitor_id, state, fields)
            for name in omit:
                changed.pop(name, None)

    def remove(self, visitor_id: str) -> None:
        """Let a visitor leave the site; a chat ends (see `end_chat`), and the details are gone.

        Raises:
            ConfigurationError: an unknown visitor.
        """
        self._get(visitor_id)
        self._close_chat(visitor_id)
        del self._visitors[visitor_id]
        del self._details[visitor_id]

    def queue(self, visitor_id: str) -> None:
        """Let a visitor wait for an agent.

        Raises:
            ConfigurationError: an unknown visitor, or one who chats.
        """
        self._get(visitor_id)
        if visitor_id in self._chats:
            raise ConfigurationError(f"visitor {visitor_id!r} is in a chat: end_chat first")
        self._enter(visitor_id, "queued")

    def start_chat(
        self,
        visitor_id: str,
        agent: str | Operator = DEFAULT_AGENT,
        prechat_survey: Mapping[str, str] | None = None,
    ) -> StartedChat:
        """Let a visitor and an agent begin a chat.

        Raises:
            ConfigurationError: an unknown visitor, one who chats already, or a bad agent or survey.
        """
        visitor = self._get(visitor_id)
        if visitor_id in self._chats:
            raise ConfigurationError(f"visitor {visitor_id!r} is in a chat already: end_chat first")
        operator = as_operator(agent)
        given = {} if prechat_survey is None else {"prechat_survey": _survey(prechat_survey)}
        return self._begin_chat(visitor, operator, given)

    def end_chat(self, visitor_id: str) -> None:
        """End the chat of a visitor: it is in the archives, and its token worth nothing.

        Raises:
            ConfigurationError: an unknown visitor, or one who is in no chat.
        """
        self._get(visitor_id)
        if visitor_id not in self._chats:
            raise ConfigurationError(f"visitor {visitor_id!r} is in no chat: start_chat first")
        self._enter(visitor_id, "chat closed")

    def chat_of(self, visitor_id: str) -> StartedChat | None:
        """The chat that runs, or None.

        Raises:
            ConfigurationError: an unknown visitor.
        """
        self._get(visitor_id)
        chat = self._chats.get(visitor_id)
        return None if chat is None else chat.start

    def say(self, visitor_id: str, text: object, *, by_agent: bool) -> None:
        """Say something in the chat of a visitor.

        Raises:
            ConfigurationError: an unknown visitor, one who is in no chat, or what is no text.
        """
        visitor = self._get(visitor_id)
        if visitor_id not in self._chats:
            raise ConfigurationError(f"visitor {visitor_id!r} is in no chat: start_chat first")
        if not isinstance(text, str):
            raise ConfigurationError(f"text={text!r}: text is needed")
        chat = self._chats[visitor_id]
        chat.messages.append(live_message(visitor, chat, text, self.now, by_agent=by_agent))

    def running_chats(self) -> list[dict[str, Any]]:
        """The chats that run, as the archives show them, the newest first."""
        return [
            live_chat(self._visitors[visitor_id], chat)
            for visitor_id, chat in reversed(self._chats.items())
        ]

    def tag_chat(self, chat_id: str, tags: list[str]) -> dict[str, Any] | None:
        """Set the tags of a chat that runs, and give it; None if there is none of this id."""
        visitor_id, chat = self._running(chat_id)
        if chat is None:
            return None
        visitor, changed = self._visitors[visitor_id], chat.tags != tags
        chat.tags = tags
        item = live_chat(visitor, chat)
        if changed:
            parts = {"chat": chat_part(item), "visitor": _person(visitor)}
            self._accept(visitor_id, self._announcer.announce("chat_changed", lambda: parts))
        return item

    def runs(self, chat_id: str) -> bool:
        """Whether a chat of this id runs."""
        return self._running(chat_id)[1] is not None

    def accepts(self, visitor_id: str, token: str) -> bool:
        """Whether a token allows to add details: any that was told of a visitor who is served."""
        return token in self._tokens.get(visitor_id, ())

    def add_details(self, visitor_id: str, details: VisitorDetails) -> None:
        """Show the agent a set of data, in place of the one of the same id.

        Raises:
            ConfigurationError: an unknown visitor.
        """
        self._get(visitor_id)
        self._details[visitor_id][details.id] = details

    def details_of(self, visitor_id: str) -> list[VisitorDetails]:
        """What the agent is shown, in the order it arrived in.

        Raises:
            ConfigurationError: an unknown visitor.
        """
        self._get(visitor_id)
        return list(self._details[visitor_id].values())

    def _running(self, chat_id: str) -> tuple[str, LiveChat | None]:
        found = (item for item in self._chats.items() if item[1].start.chat_id == chat_id)
        return next(found, ("", None))

    def _get(self, visitor_id: str) -> dict[str, Any]:
        if visitor_id not in self._visitors:
            raise ConfigurationError(
                f"there is no visitor {visitor_id!r}: use an id that add_visitor gave"
            )
        return self._visitors[visitor_id]

    def _enter(
        self, visitor_id: str, state: str, given: Mapping[str, object] | None = None
    ) -> None:
        """Go over to another state, with all that comes with it; fields that were given stand."""
        visitor, given = self._visitors[visitor_id], given or {}
        if state == "chatting":
            self._begin_chat(visitor, as_operator(DEFAULT_AGENT), given)
            return
        was_queued = visitor["state"] == "queued"
        self._close_chat(visitor_id)
        changes = {
            "state": state,
            "chat_id": "",
            "chat_start_time": "",
            "queue_start_time": time_text(self.now) if state == "queued" else "",
            "operators": [NOBODY],
        }
        visitor.pop("chat", None)
        write_fields(visitor, {**changes, **given})
        if state != "queued":
            self._tokens.pop(visitor_id, None)
        elif not was_queued:
            parts = {"visitor": _person(visitor)}
            self._accept(visitor_id, self._announcer.announce("visitor_queued", lambda: parts))

    def _accept(self, visitor_id: str, tokens: Iterable[str]) -> None:
        self._tokens.setdefault(visitor_id, set()).update(tokens)

    def _close_chat(self, visitor_id: str) -> None:
        self._tokens.pop(visitor_id, None)
        chat = self._chats.pop(visitor_id, None)
        if chat is None:
            return
        visitor = self._visitors[visitor_id]
        item = self._archive.end(visitor, chat)
        survey = survey_part(visitor.get("prechat_survey"))
        self._announcer.announce(
            "chat_ended",
            lambda: {
                "chat": chat_part(item),
                "visitor": visitor_part(visitor, survey),
                "pre_chat_survey": survey,
            },
        )

    def _begin_chat(
        self, visitor: dict[str, Any], operator: Operator, given: Mapping[str, object]
    ) -> StartedChat:
        number, started = self._chats_begun + 1, self.now
        agent = {"id": operator.id, "display_name": operator.display_name}
        chat_id, text = given.get("chat_id", f"SBOX{number:06d}"), time_text(started)
        changes: dict[str, object] = {
            "state": "chatting",
            "chat_id": chat_id,
            "chat_start_time": text,
            "queue_start_time": "",
            "operators": [agent],
            "chat": {"id": chat_id, "chat_room": number, "start_time": text, "agents": [agent]},
        }
        if isinstance(visitor.get("chats"), int):
            changes["chats"] = visitor["chats"] + 1
        if not visitor.get("prechat_survey"):
            changes["prechat_survey"] = default_survey(visitor)
        write_fields(visitor, {**changes, **given})
        chat = new_chat(
            visitor, operator, license_id=self.license_id, number=number, started=started
        )
        self._chats_begun = number
        self._chats[chat.visitor_id] = LiveChat(chat)
        body = chat.webhook_body()
        told = self._announcer.announce(
            "chat_started", lambda: body, unique_id=body["event_unique_id"], token=chat.token
        )
        self._accept(chat.visitor_id, [chat.token, *told])
        return chat


def _check(visitor_id: str, fields: Mapping[str, object], omit: Iterable[str]) -> None:
    """Check the fields the sandbox itself goes by; all others are the caller's affair."""
    if isinstance(omit, str):
        raise ConfigurationError(f"omit={omit!r}: a list of field names is needed, [{omit!r}]")
    for name in ("id", "state", "group"):
        if name in omit:
            raise ConfigurationError(f"omit names {name!r}, which the sandbox cannot do without")
    if fields.get("id", visitor_id) != visitor_id:
        raise ConfigurationError(
            f"id={fields['id']!r}: a visitor keeps its id; remove_visitor and add_visitor instead"
        )
    state = fields.get("state", "browsing")
    if not isinstance(state, str) or not state:
        raise ConfigurationError(f"state={state!r}: text is needed, such as 'browsing'")
    group = fields.get("group", 0)
    if isinstance(group, bool) or not isinstance(group, int) or group < 0:
        raise ConfigurationError(f"group={group!r}: the number of a group is needed, such as 0")


def _person(visitor: Mapping[str, Any]) -> dict[str, Any]:
    """A visitor as webhooks have one, with the e-mail address of the survey before the chat."""
    survey = visitor.get("prechat_survey") or default_survey(visitor)
    return visitor_part(visitor, survey_part(survey))


def _survey(answers: object) -> list[dict[str, object]]:
    if not isinstance(answers, Mapping):
        raise ConfigurationError(
            f"prechat_survey={answers!r}: questions and answers are needed, such as "
            "{'Name:': 'Mary Brown'}"
        )
    return [{"key": key, "value": value} for key, value in answers.items()]
