"""The Archives page: ``/chats``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from livechat_async.sandbox.data.chats import is_chat_of
from livechat_async.sandbox.http.answers import (
    PAGE_SIZE,
    Answer,
    BadRequest,
    Wire,
    json_answer,
    list_answer,
    not_found,
)
from livechat_async.sandbox.http.bodies import query_of, read_body, read_tags
from livechat_async.sandbox.http.queries import (
    Filter,
    QueryReader,
    flag_filter,
    items_of,
    mentions,
    objects_of,
    part_filter,
    part_of,
    values_of,
)
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account
from livechat_async.sandbox.webhooks.events import chat_part, visitor_of_chat

_RATES = ("rated", "not_rated", "rated_good", "rated_bad")


def list_chats(account: Account, request: RecordedRequest) -> Answer:
    """``GET /chats``: one page of the chats that fit, the newest first."""
    reader = query_of(request)
    since, until = reader.days(reader.zone())
    page = reader.page()
    asked, fits = reader.filters(_FILTERS)
    with_pending = reader.flag("include_pending")
    if page > account.record_cap // PAGE_SIZE:
        reader.problems.append(
            f"page is too high: only the latest {account.record_cap} records can be had, "
            "ask for fewer days with date_from and date_to"
        )
    reader.check()
    account.chats.move()
    # The outline of a chat lacks its messages, which "query" searches.
    by_outline = "query" not in dict(asked)
    matches = fits if asked else None
    numbers = account.chats.select(since, until, matches, asked, by_outline=by_outline)
    running = [
        chat
        for chat in (account.visitors.running_chats() if with_pending else [])
        if (since is None or since <= chat["started_timestamp"])
        and (until is None or chat["started_timestamp"] < until)
        and fits(chat)
    ]
    begin, end, before = (page - 1) * PAGE_SIZE, page * PAGE_SIZE, len(running)
    archived = account.chats.slice(numbers, max(0, begin - before), max(0, end - before))
    return list_answer("chats", running[begin:end] + archived, len(numbers) + before)


def get_chat(account: Account, _request: RecordedRequest, chat_id: str) -> Answer:
    """``GET /chats/<CHAT_ID>``: one running or archived chat."""
    chat = account.visitors.running_chat(chat_id) or account.chats.get(chat_id)
    return not_found("Chat not found") if chat is None else json_answer(chat)


def tag_chat(account: Account, request: RecordedRequest, chat_id: str) -> Answer:
    """``PUT /chats/<CHAT_ID>/tags``: set the tags of a running or archived chat."""
    running, old = account.visitors.find_running(chat_id), account.chats.get(chat_id)
    if running is None and old is None:
        return not_found("Chat not found")
    tags = read_tags(request)
    if running is not None:
        return list_answer("chats", [account.visitors.tag_chat(*running, tags)], 1)
    new = account.chats.change(chat_id, tags=tags) or {}
    if old is not None and tags != old.get("tags"):
        account.announcer.announce(
            "chat_changed", lambda: {"chat": chat_part(new), "visitor": visitor_of_chat(new)}
        )
    return list_answer("chats", [new], 1)


def send_transcript(account: Account, request: RecordedRequest, chat_id: str) -> Answer:
    """``POST /chats/<CHAT_ID>/send_transcript``: record a transcript that is not really sent."""
    if account.visitors.find_running(chat_id) is None and chat_id not in account.chats:
        return not_found("Chat not found")
    to = read_body(request).get("to")
    if not isinstance(to, str) or not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", to):
        raise BadRequest("to is required and has to be an e-mail address")
    account.chats.transcripts.append((chat_id, to))
    return json_answer({"result": f"E-mail has been sent to {to}."})


def _sales(chat: Wire) -> list[Any]:
    """The ids of the goals with an order, which LiveChat calls tracked sales."""
    return [goal.get("id") for goal in objects_of(chat, "goals") if part_of(goal, "order")]


def _has_comment(chat: Wire) -> bool:
    """Whether the question for a comment has an answer in the survey after the chat."""
    return any(
        "comment" in str(answer.get("key", "")).lower() and answer.get("value")
        for answer in objects_of(chat, "postchat_survey")
    )


def _is_rated(chat: Wire, rate: str) -> bool:
    given = chat.get("rate")
    return given in {"rated_good", "rated_bad"} if rate == "rated" else given == rate


def _texts(chat: Wire) -> Iterator[object]:
    yield from (part_of(chat, "visitor").get(name) for name in ("name", "email"))
    yield from (chat.get(name) for name in ("email", "message"))
    yield from values_of(chat, "messages", "text")
    for survey in ("prechat_survey", "postchat_survey"):
        yield from values_of(chat, survey, "value")


_text, _number = QueryReader.text, QueryReader.number
_FILTERS: Mapping[str, Filter] = {
    "visitor_id": Filter(_text, is_chat_of),
    "query": Filter(_text, lambda chat, text: mentions(_texts(chat), text)),
    "agent": Filter(_text, lambda chat, login: login in values_of(chat, "agents", "email")),
    "city": part_filter("visitor", "city"),
    "region": part_filter("visitor", "region"),
    "country": part_filter("visitor", "country"),
    "group": Filter(_number, lambda chat, group: group in items_of(chat, "group")),
    "goal": Filter(_number, lambda chat, goal: goal in values_of(chat, "goals", "id")),
    "sale": Filter(_number, lambda chat, goal: goal in _sales(chat)),
    "has_goal": flag_filter(lambda chat: items_of(chat, "goals")),
    "has_sale": flag_filter(_sales),
    "queued": flag_filter(lambda chat: "queue" in chat),
    "tagged": flag_filter(lambda chat: items_of(chat, "tags")),
    "comment": flag_filter(_has_comment),
    "rate": Filter(lambda reader, name: reader.choice(name, _RATES), _is_rated),
    "tag": Filter(
        QueryReader.texts, lambda chat, tags: any(tag in items_of(chat, "tags") for tag in tags)
    ),
}

ROUTES = (
    Route("GET", "/chats", list_chats),
    Route("GET", "/chats/{chat_id}", get_chat),
    Route("PUT", "/chats/{chat_id}/tags", tag_chat),
    Route("POST", "/chats/{chat_id}/send_transcript", send_transcript),
)
