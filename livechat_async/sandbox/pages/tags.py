"""The Tags page: ``/tags``."""

from __future__ import annotations

import re

from livechat_async.sandbox.http.answers import Answer, bad_request, json_answer
from livechat_async.sandbox.http.bodies import body_of, query_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account


def list_tags(account: Account, request: RecordedRequest) -> Answer:
    """``GET /tags``: the tags of one group, or of all groups."""
    reader = query_of(request)
    group = reader.number("group")
    reader.check()
    return json_answer(account.tags.list(group))


def create_tag(account: Account, request: RecordedRequest) -> Answer:
    """``POST /tags``: add a tag to a group."""
    body = body_of(request)
    body.require("tag", "author", "group")
    name, author, group = body.text("tag"), body.text("author"), body.number("group")
    if author and not re.fullmatch(r"[^@\s]+@[^@\s]+", author):
        body.problems.append("author has to be the login of an agent")
    body.check()
    tag = account.tags.add(name, group or 0, author, account.visitors.now)
    if tag is None:
        return bad_request(f"tag {name} already exists in group {group}")
    return json_answer(tag)


def delete_tag(account: Account, request: RecordedRequest, name: str) -> Answer:
    """``DELETE /tags/<TAG>``: remove a tag; the body holds the group."""
    body = body_of(request)
    body.require("group")
    group = body.number("group")
    body.check()
    account.tags.remove(name, group or 0)
    return json_answer({"ok": True})


ROUTES = (
    Route("GET", "/tags", list_tags),
    Route("POST", "/tags", create_tag),
    Route("DELETE", "/tags/{name}", delete_tag),
)
