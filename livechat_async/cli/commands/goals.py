"""``livechat-async goals``: list, get, create, update, delete and mark."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from livechat_async import ConfigurationError
from livechat_async.checks import check_price
from livechat_async.cli.commands import options
from livechat_async.cli.commands.calls import CallApp
from livechat_async.cli.output.listing import Listing, fields, two_lines
from livechat_async.models.goals import ApiGoal, CustomVariableGoal, Goal, GoalType, UrlGoal

if TYPE_CHECKING:
    from livechat_async import LiveChatClient

app: CallApp = CallApp(help="List, create, change and remove goals, and mark one as reached.")


async def _create(
    client: LiveChatClient,
    name: str,
    url: str | None = None,
    variable: CustomVariableGoal | None = None,
) -> Goal:
    if url is not None and variable is not None:
        raise click.BadParameter("give --url or --variable: a goal is reached in one way")
    if variable is not None:
        return await client.goals.create(name, variable)
    return await client.goals.create(name, ApiGoal() if url is None else UrlGoal(url))


def _to_variable(text: str) -> CustomVariableGoal:
    with suppress(ConfigurationError):  # one of the two is blank
        return CustomVariableGoal(*text.partition("=")[::2])
    raise ValueError("cannot be used: NAME=VALUE is needed, such as plan=gold")


def _to_price(text: str) -> str:
    with suppress(ConfigurationError):
        return check_price("", text)
    raise ValueError("is no price: digits are needed, with a period, such as 49.50")


def _way(goal: Goal) -> str:
    variable = f"{goal.custom_variable_name}={goal.custom_variable_value}"
    return goal.url or (variable if goal.custom_variable_name else "")


_ID = {"goal_id": options.argument(int, "The goal's number.", min=0)}
_TYPE = {"type": options.one_of("TYPE", GoalType, "Only goals of this type")}
_VISITOR = options.argument(str, "The visitor's id.")
_ACTIVE = options.flag("--active/--paused", "Resume it, or pause it.")
_KIND = {
    "url": options.text("URL", "The goal is reached on this address, or on a part of it."),
    "variable": options.text(
        "NAME=VALUE", "The goal is reached when this variable is set.", parser=_to_variable
    ),
}
_ORDER = {
    "order_id": options.text("ID", "The order's id."),
    "order_description": options.text("TEXT", "What was ordered."),
    "order_price": options.text("PRICE", "The order's price, such as 49.50.", parser=_to_price),
    "order_currency": options.text("CODE", "The currency of the price, such as USD."),
}
_GOALS: Listing[Goal] = Listing(
    "goal",
    columns={
        **fields("id", "name", "active", "type"),
        "reached_by": _way,
    },
    cells={
        "Goal": lambda goal: two_lines(goal.name, str(goal.id), "bold"),
        "Type": lambda goal: two_lines(goal.type or "", "" if goal.active else "paused"),
    },
)

app.add_call("goals list --type url", "Show the goals.", _TYPE, _GOALS)
app.add_call("goals get 71", "Show a goal, and how it is reached.", _ID, _GOALS.details)
app.add_call(
    'goals create "Order placed" --url https://example.com/thanks',
    "Create a goal. Without --url or --variable, 'goals mark' or a program marks it as reached.",
    {"name": options.argument(str, "The goal's name."), **_KIND},
    "{answer.name} is goal {answer.id} now",
    method=_create,
)
app.add_call(
    "goals update 71 --paused",
    "Rename, pause or resume a goal.",
    {**_ID, "name": options.text("TEXT", "The new name."), "active": _ACTIVE},
    _GOALS.details,
)
app.add_call(
    "goals delete 71", "Remove a goal.", _ID, "the goal is removed", ask="Remove goal {goal_id}?"
)
app.add_call(
    "goals mark 71 S1352647457.ac951bfe2e --order-price 49.50",
    "Say that a visitor has reached a goal.",
    {**_ID, "visitor_id": _VISITOR, **_ORDER},
    "the visitor has reached the goal",
    method=lambda client, **mark: client.goals.mark_as_successful(**mark),
    to_plain=None,
)
