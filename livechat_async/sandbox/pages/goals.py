"""The Goals page: ``/goals``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from livechat_async.sandbox.http.answers import Answer, NotFound, Wire, json_answer
from livechat_async.sandbox.http.bodies import BodyReader, body_of, query_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account

_SALES = ("sales_tracker_id", "value_type", "value", "currency", "time_range", "order_field_name")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "custom_variable": ("custom_variable_name", "custom_variable_value"),
    "url": ("url", "match_type"),
    "api": (),
    "sales_tracker": (*_SALES, "value_field_name"),
}
_REQUIRED = ("custom_variable_name", "custom_variable_value", "url")
_CHOICES = {"match_type": ("substring", "exact"), "value_type": ("set", "not_set", "dynamic")}
_IN_LISTS = ("id", "name", "active", "type")
_ORDER = ("id", "description", "price", "currency")


def list_goals(account: Account, request: RecordedRequest) -> Answer:
    """``GET /goals``: all goals, or those of one type, without the fields of their type."""
    reader = query_of(request)
    kind = reader.choice("type", _FIELDS)
    reader.check()
    goals = [goal for goal in account.goals if kind in (None, goal["type"])]
    return json_answer([{name: goal[name] for name in _IN_LISTS} for goal in goals])


def create_goal(account: Account, request: RecordedRequest) -> Answer:
    """``POST /goals``: create a goal."""
    body = body_of(request)
    body.require("name", "type")
    new = {"id": account.goals.new_number(), "name": "", "active": 1, "type": ""}
    return json_answer(account.goals.put(_changed(new, body)))


def get_goal(account: Account, _request: RecordedRequest, number: str) -> Answer:
    """``GET /goals/<GOAL_ID>``: one goal, with the fields of its type."""
    return json_answer(account.goals.get(number))


def update_goal(account: Account, request: RecordedRequest, number: str) -> Answer:
    """``PUT /goals/<GOAL_ID>``: change a goal."""
    changed = _changed(account.goals.get(number), body_of(request))
    return json_answer(account.goals.put(changed))


def delete_goal(account: Account, _request: RecordedRequest, number: str) -> Answer:
    """``DELETE /goals/<GOAL_ID>``: remove a goal; chats keep it."""
    account.goals.remove(number)
    return json_answer({"result": "goal removed successfully"})


def mark_goal(account: Account, request: RecordedRequest, number: str) -> Answer:
    """``POST /goals/<GOAL_ID>/mark_as_successful``: show the goal on a chat of the visitor."""
    goal, body = account.goals.get(number), body_of(request)
    body.require("visitor_id")
    visitor_id = body.text("visitor_id")
    given = {name: body.text(f"order_{name}") for name in _ORDER if f"order_{name}" in body}
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", given.get("price") or "0"):
        body.problems.append("order_price has to be a number with a period, such as 199.00")
    body.check()
    # A goal without a sale has an empty order in the documentation.
    order = {"id": "", "description": "", "price": "0", "currency": "", **given} if given else {}
    if not account.goals.mark(goal, visitor_id, order):
        raise NotFound("Visitor not found")
    return json_answer({"result": "goal marked as successful"})


def _changed(goal: Wire, body: BodyReader) -> Wire:
    """The goal with the changes in a body; a `BadRequest` with everything that is wrong."""
    name, active = body.text("name"), body.flag("active")
    kind = body.choice("type", _FIELDS) or goal["type"]
    common = {
        "id": goal["id"],
        "name": goal["name"] if name is None else name,
        "active": goal["active"] if active is None else int(active),
        "type": kind,
    }
    defaults = {"match_type": "substring", **goal}
    for field in _FIELDS.get(kind, ()):
        choices = _CHOICES.get(field)
        value = body.text(field) if choices is None else body.choice(field, choices)
        if value is not None or field in defaults:
            common[field] = defaults[field] if value is None else value
        elif field in _REQUIRED:
            body.require(field)
    body.check()
    return common


ROUTES = (
    Route("GET", "/goals", list_goals),
    Route("POST", "/goals", create_goal),
    Route("GET", "/goals/{number}", get_goal),
    Route("PUT", "/goals/{number}", update_goal),
    Route("DELETE", "/goals/{number}", delete_goal),
    Route("POST", "/goals/{number}/mark_as_successful", mark_goal),
)
