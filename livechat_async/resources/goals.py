"""The goals that visitors should reach."""

from __future__ import annotations

import builtins
from decimal import Decimal
from typing import Any

from livechat_async.checks import check_count, check_kind
from livechat_async.models.goals import Goal, GoalKind, GoalType
from livechat_async.resources._arguments import (
    as_choice,
    as_flag,
    as_price,
    as_text,
    changes,
    given_text,
)
from livechat_async.resources._base import Resource

_ONE = "/goals/{goal_id}"


class GoalsResource(Resource):
    """The goals: ``client.goals``. A number that no goal has is a `NotFoundError`.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#goals
    """

    _envelope = "goals"

    async def list(self, *, type: GoalType | str | None = None) -> builtins.list[Goal]:  # noqa: A002
        """All goals, or those of a type, without the fields of their type; `get` shows those."""
        query = {"type": as_choice("type", type, GoalType)}
        return await self._call("GET", "/goals", list[Goal], query=query)

    async def get(self, goal_id: int) -> Goal:
        """The goal with this number, with the fields of its type."""
        return await self._call("GET", _ONE, Goal, goal_id=check_count("goal_id", goal_id, 0))

    async def create(self, name: str, kind: GoalKind) -> Goal:
        """Create a goal, which is active at once.

        ::

            await client.goals.create("Order placed", UrlGoal("https://example.com/thanks"))

        The ``kind`` is a `UrlGoal`, `CustomVariableGoal`, `ApiGoal` or `SalesTrackerGoal`.
        """
        body = {"name": given_text("name", name), **_kind(kind)}
        return await self._call("POST", "/goals", Goal, body=body)

    async def update(
        self,
        goal_id: int,
        *,
        name: str | None = None,
        active: bool | None = None,
        kind: GoalKind | None = None,
    ) -> Goal:
        """Change a goal. What is left out stays; ``kind`` is how it is reached, as for `create`."""
        number = check_count("goal_id", goal_id, 0)
        body = changes(
            name=as_text("name", name),
            active=as_flag("active", active),
            **({"kind": None} if kind is None else _kind(kind)),
        )
        return await self._call("PUT", _ONE, Goal, body=body, goal_id=number)

    async def delete(self, goal_id: int) -> None:
        """Remove the goal with this number."""
        await self._call("DELETE", _ONE, goal_id=check_count("goal_id", goal_id, 0))

    async def mark_as_successful(
        self,
        goal_id: int,
        visitor_id: str,
        *,
        order_id: str | None = None,
        order_description: str | None = None,
        order_price: Decimal | int | str | None = None,
        order_currency: str | None = None,
    ) -> None:
        """Say that a visitor has reached a goal. The order shows only in the goals of the chat.

        ::

            await client.goals.mark_as_successful(71, visitor_id, order_price=Decimal("49.50"))

        The ``order_price`` is in exact digits, with a period. A float is refused: it has no exact
        text. The ``order_currency`` is a code, such as ``"EUR"``.
        """
        body = {
            "visitor_id": given_text("visitor_id", visitor_id),
            "order_id": as_text("order_id", order_id),
            "order_description": as_text("order_description", order_description),
            "order_price": as_price("order_price", order_price),
            "order_currency": as_text("order_currency", order_currency),
        }
        path, number = "/goals/{goal_id}/mark_as_successful", check_count("goal_id", goal_id, 0)
        await self._call("POST", path, body=body, goal_id=number)


def _kind(kind: Any) -> dict[str, Any]:
    check_kind("kind", kind, GoalKind, "UrlGoal('https://example.com/thanks')")
    return dict(kind.to_wire())
