"""The Greetings page: ``/greetings``."""

from __future__ import annotations

from typing import Any

from livechat_async.sandbox.http.answers import Answer, Wire, bad_request, json_answer
from livechat_async.sandbox.http.bodies import BodyReader, body_of, query_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account

_NUMBERS = ("visit_time_site", "visit_time_page", "pages_view_number", "visits_number")
_TEXTS = ("url_current", "url_visited", "url_referrer", "geolocation", "search_keyword")
_TYPES = (*_NUMBERS, *_TEXTS, "custom_variable", "url_funnel", "ads_traffic")
_OPERATORS = (
    *("equals", "doesnt_equal", "lower_than", "lower_or_equal", "greater_than"),
    *("greater_or_equal", "contains", "doesnt_contain"),
)
_PROVIDERS = ("facebook", "google", "microsoft", "twitter", "yahoo")
_DEFAULT_TEXT = "Hello, would you like to talk about our products?"
_HIDDEN = ("group", "subtype")


def list_greetings(account: Account, request: RecordedRequest) -> Answer:
    """``GET /greetings``: the greetings of one group, or of all groups."""
    reader = query_of(request)
    group = reader.number("group")
    reader.check()
    return json_answer(
        [_shown(each) for each in account.greetings if group in (None, each["group"])]
    )


def create_greeting(account: Account, request: RecordedRequest) -> Answer:
    """``POST /greetings``: create a greeting."""
    body = body_of(request, lists=("rules",))
    body.require("name", "rules")
    # Four examples of the documentation have the group in the query, which `body_of` reads, too.
    group, subtype = body.number("group") or 0, body.choice("subtype", ("announcement",))
    new: Wire = {
        "id": account.greetings.new_number(),
        "active": True,
        "properties": {"greeting-message_text": _DEFAULT_TEXT},
        "group": group,
    }
    if subtype is not None:
        new["subtype"] = subtype
    greeting = _changed(account, new, body)
    if subtype is not None and not account.greetings.may_announce:
        return bad_request("There are ten announcements already")
    return json_answer(_shown(account.greetings.put(greeting)))


def get_greeting(account: Account, _request: RecordedRequest, number: str) -> Answer:
    """``GET /greetings/<GREETING_ID>``: one greeting."""
    return json_answer(_shown(account.greetings.get(number)))


def update_greeting(account: Account, request: RecordedRequest, number: str) -> Answer:
    """``PUT /greetings/<GREETING_ID>``: change a greeting; new rules replace the old ones."""
    greeting = account.greetings.get(number)
    changed = _changed(account, greeting, body_of(request, lists=("rules",)))
    return json_answer(_shown(account.greetings.put(changed)))


def delete_greeting(account: Account, _request: RecordedRequest, number: str) -> Answer:
    """``DELETE /greetings/<GREETING_ID>``: remove a greeting."""
    account.greetings.remove(number)
    return json_answer({"ok": True})


def _shown(greeting: Wire) -> Wire:
    return {name: value for name, value in greeting.items() if name not in _HIDDEN}


def _changed(account: Account, greeting: Wire, body: BodyReader) -> Wire:
    """The greeting with the changes in a body; a `BadRequest` with everything that is wrong."""
    name, active = body.text("name"), body.flag("active")
    changed = {**greeting, "properties": {**greeting["properties"], **_properties(body)}}
    if name is not None:
        changed["name"] = name
    if active is not None:
        changed["active"] = active
    rules = [
        _rule(f"rules[{index}]", each, body) for index, each in enumerate(body.objects("rules"))
    ]
    if not rules and "rules" in body and not body.problems:
        body.problems.append("rules has to be a list of at least one rule")
    body.check()
    if rules:
        changed["rules"] = account.greetings.number_rules(rules)
    changed["properties"]["active"] = "1" if changed["active"] else "0"
    return changed


def _properties(body: BodyReader) -> dict[str, str]:
    given: Any = body.raw("properties")
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        body.problems.append("properties has to be an object of texts")
        return {}
    return given


def _rule(place: str, rule: BodyReader, body: BodyReader) -> Wire:
    """A rule in the form of answers, without its number; what is wrong goes to the body."""
    rule.require("type")
    kind, operator = rule.choice("type", _TYPES), rule.choice("operator", _OPERATORS)
    read: Wire = {"type": kind, "operator": operator or "equals"}
    if kind in _NUMBERS or kind in _TEXTS:
        rule.require("value")
        value = rule.number("value") if kind in _NUMBERS else rule.text("value")
        read = {"value": str(value), **read}
    elif kind == "url_funnel":
        rule.require("urls")
        del read["operator"]
        read["urls"] = [_funnel_url(each, rule) for each in rule.objects("urls")]
    elif kind == "custom_variable":
        rule.require("variable_name", "variable_value")
        read |= {name: rule.text(name) for name in ("variable_name", "variable_value")}
    elif kind == "ads_traffic":
        given = {"variable_name": rule.choice("variable_name", _PROVIDERS)}
        given["variable_value"] = rule.text("variable_value")
        read |= {name: value for name, value in given.items() if value is not None}
    body.problems += [f"{place}: {problem}" for problem in rule.problems]
    return read


def _funnel_url(url: BodyReader, rule: BodyReader) -> Wire:
    url.require("url")
    read = {"url": url.text("url"), "operator": url.choice("operator", _OPERATORS) or "equals"}
    rule.problems += url.problems
    return read


ROUTES = (
    Route("GET", "/greetings", list_greetings),
    Route("POST", "/greetings", create_greeting),
    Route("GET", "/greetings/{number}", get_greeting),
    Route("PUT", "/greetings/{number}", update_greeting),
    Route("DELETE", "/greetings/{number}", delete_greeting),
)
