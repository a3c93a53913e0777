"""Goals: what visitors should do, and how LiveChat notices it.

https://developers.livechat.com/docs/management/configuration-api/v2.0#goals
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from attrs import field, frozen
from attrs.validators import optional

from livechat_async.checks import check_price, choice, text
from livechat_async.models._base import TypedPart, WireModel

__all__ = [
    "ApiGoal",
    "CustomVariableGoal",
    "Goal",
    "GoalKind",
    "GoalType",
    "MatchType",
    "SalesTrackerGoal",
    "SalesValueType",
    "UrlGoal",
]


class GoalType(StrEnum):
    """How LiveChat notices that a goal is reached."""

    CUSTOM_VARIABLE = "custom_variable"
    URL = "url"
    API = "api"
    SALES_TRACKER = "sales_tracker"


class MatchType(StrEnum):
    """Whether the address of a goal is a whole address or a part of one."""

    SUBSTRING = "substring"
    EXACT = "exact"


class SalesValueType(StrEnum):
    """Where a sales tracker takes the value of a sale from."""

    SET = "set"
    NOT_SET = "not_set"
    DYNAMIC = "dynamic"


@frozen(kw_only=True, repr=False)
class Goal(WireModel):
    """A goal. Lists show only the first four fields.

    No answer with a sales tracker is documented: its fields are text, and a number is its text.

    Attributes:
        id: its number.
        name: its name.
        active: whether it is enabled.
        type: a `GoalType`, or the text of a new one; None in answers before 2018.
        url: the address to reach, of a goal of the type ``url``.
        match_type: how the address has to match.
        custom_variable_name: the variable, of a goal of the type ``custom_variable``.
        custom_variable_value: the value of that variable.
        sales_tracker_id: this and all others are those of a `SalesTrackerGoal`.
    """

    id: int
    name: str = ""
    active: bool | None = None
    type: GoalType | str | None = None
    url: str = ""
    match_type: MatchType | str | None = None
    custom_variable_name: str = ""
    custom_variable_value: str = ""
    sales_tracker_id: str | None = None
    value_type: str | None = None
    value: str | None = None
    currency: str | None = None
    time_range: str | None = None
    order_field_name: str | None = None
    value_field_name: str | None = None


class GoalKind(TypedPart):
    """How LiveChat notices that a new goal is reached: one of the four classes below.

    A value that LiveChat cannot take is a `ConfigurationError`.
    """


@frozen(repr=False)
class UrlGoal(GoalKind):
    """A visitor opens a page.

    Args:
        url: its address, or a part of it.
        match_type: ``"exact"``, or ``"substring"``, which is LiveChat's default.
    """

    type: ClassVar[str] = GoalType.URL
    url: str = field(validator=text())
    match_type: MatchType | str | None = field(default=None, validator=choice(MatchType))


@frozen(repr=False)
class CustomVariableGoal(GoalKind):
    """The site's tracking code sets a variable to a value.

    Args:
        name: the name of the variable.
        value: the value, as text.
    """

    type: ClassVar[str] = GoalType.CUSTOM_VARIABLE
    name: str = field(validator=text(), metadata={"wire": "custom_variable_name"})
    value: str = field(validator=text(), metadata={"wire": "custom_variable_value"})


class ApiGoal(GoalKind):
    """A program calls ``client.goals.mark_as_successful``."""

    type: ClassVar[str] = GoalType.API


def _to_price(value: Decimal | int | str | None) -> str | None:
    return None if value is None else check_price("SalesTrackerGoal: value", value)


@frozen(repr=False)
class SalesTrackerGoal(GoalKind):
    """A sales tracker on the site reports a sale. LiveChat documents no more than the names.

    Args:
        sales_tracker_id: the id of the tracker.
        value_type: where it takes the value from: ``"set"``, ``"not_set"`` or ``"dynamic"``.
        value: the value of each sale, in exact digits.
        currency: the currency of the value, such as ``"USD"``.
        time_range: how long after a chat a sale counts.
        order_field_name: the name of the page's field with the order.
        value_field_name: the name of the page's field with the value.
    """

    type: ClassVar[str] = GoalType.SALES_TRACKER
    sales_tracker_id: str | None = field(default=None, validator=optional(text()))
    value_type: SalesValueType | str | None = field(default=None, validator=choice(SalesValueType))
    value: str | None = field(default=None, converter=_to_price)
    currency: str | None = field(default=None, validator=optional(text()))
    time_range: str | None = field(default=None, validator=optional(text()))
    order_field_name: str | None = field(default=None, validator=optional(text()))
    value_field_name: str | None = field(default=None, validator=optional(text()))


ENDPOINTS: Mapping[str, Any] = {
    "GET /goals": list[Goal],
    "POST /goals": Goal,
    "GET /goals/{goal_id}": Goal,
    "PUT /goals/{goal_id}": Goal,
    "DELETE /goals/{goal_id}": None,
    "POST /goals/{goal_id}/mark_as_successful": None,
}
