"""``livechat-async goals``: list, get, create, update, delete and mark."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from livechat_async import (
    ApiGoal,
    CustomVariableGoal,
    Goal,
    GoalKind,
    GoalType,
    LiveChatClient,
    UrlGoal,
)
from livechat_async.cli.commands.calls import add_call, number
from livechat_async.cli.commands.options import option
from livechat_async.cli.output.show import Listing, two_lines
from livechat_async.redaction import printable

__all__ = ["app"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="What visitors should do.")


async def _create(
    client: LiveChatClient, name: str, url: str | None = None, variable: str | None = None
) -> Goal:
    if url is not None and variable is not None:
        raise typer.BadParameter("give --url or --variable: a goal is reached in one way")
    kind: GoalKind = ApiGoal() if url is None else UrlGoal(url)
    if variable is not None:
        kind = CustomVariableGoal(*variable.partition("=")[::2])
    return await client.goals.create(name, kind)


def _way(goal: Goal) -> str:
    variable = f"{goal.custom_variable_name}={goal.custom_variable_value}"
    return goal.url or (variable if goal.custom_variable_name else "")


_ID = {"goal_id": number("goal")}
_VISITOR = Annotated[str, typer.Argument(help="The visitor's id.")]
_NAME = Annotated[str | None, option("The new name.")]
_ACTIVE = Annotated[bool | None, option("Whether it is enabled.", "--active/--paused")]
_TYPE = Annotated[GoalType | None, option(f"Of this type: {', '.join(GoalType)}.", metavar="TYPE")]
_VARIABLE = option("Reached when this variable is set.", metavar="NAME=VALUE")
_KIND = {
    "url": Annotated[str | None, option("Reached with this address, or a part of it.")],
    "variable": Annotated[str | None, _VARIABLE],
}
_ORDER = {
    f"order_{name}": Annotated[str | None, option(f"The order's {name}.", metavar="TEXT")]
    for name in ("id", "description", "price", "currency")
}
_GOALS: Listing[Goal] = Listing(
    "goal",
    columns={
        "id": lambda goal: str(goal.id),
        "name": lambda goal: goal.name,
        "active": lambda goal: "yes" if goal.active else "no",
        "type": lambda goal: goal.type or "",
        "reached_by": _way,
    },
    cells={
        "Goal": lambda goal: two_lines(goal.name, str(goal.id), "bold"),
        "Type": lambda goal: two_lines(goal.type or "", "" if goal.active else "paused"),
    },
)

add_call(app, "goals list --type url", "Show the goals.", {"type": _TYPE}, _GOALS)
add_call(app, "goals get 71", "Show a goal, and how it is reached.", _ID, _GOALS.details)
add_call(
    app,
    'goals create "Order placed" --url https://example.com/thanks',
    "Create a goal. Without an option, a program marks it.",
    {"name": Annotated[str, typer.Argument(help="The goal's name.")], **_KIND},
    lambda goal: printable(f"{goal.name} is goal {goal.id} now"),
    method=lambda client: partial(_create, client),
)
add_call(
    app,
    "goals update 71 --paused",
    "Rename, pause or resume a goal.",
    {**_ID, "name": _NAME, "active": _ACTIVE},
    _GOALS.details,
)
add_call(
    app,
    "goals delete 71",
    "Remove a goal.",
    _ID,
    lambda _: "the goal is removed",
    question="Remove goal {goal_id}?",
)
add_call(
    app,
    "goals mark 71 S1352647457.ac951bfe2e --order-price 49.50",
    "Say that a visitor has reached a goal.",
    {**_ID, "visitor_id": _VISITOR, **_ORDER},
    lambda _: "the visitor has reached the goal",
    method=lambda client: client.goals.mark_as_successful,
    has_answer=False,
)
