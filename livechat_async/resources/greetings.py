"""The greetings that visitors are shown."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from typing import Any

from livechat_async.checks import check_count, check_items, refusal
from livechat_async.errors import ConfigurationError
from livechat_async.models.greetings import MESSAGE, Greeting, GreetingSubtype, Rule
from livechat_async.redaction import shown
from livechat_async.resources._arguments import (
    as_choice,
    as_flag,
    as_number,
    as_text,
    changes,
    given_text,
)
from livechat_async.resources._base import Resource

_ONE = "/greetings/{greeting_id}"


class GreetingsResource(Resource):
    """The greetings: ``client.greetings``. A number that no greeting has is a `NotFoundError`.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#greetings
    """

    _envelope = "greetings"

    async def list(self, *, group: int | None = None) -> builtins.list[Greeting]:
        """All greetings, or those of the group with a number, in one answer."""
        query = {"group": as_number("group", group)}
        return await self._call("GET", "/greetings", list[Greeting], query=query)

    async def get(self, greeting_id: int) -> Greeting:
        """The greeting with this number."""
        number = check_count("greeting_id", greeting_id, 0)
        return await self._call("GET", _ONE, Greeting, greeting_id=number)

    async def create(
        self,
        name: str,
        rules: Iterable[Rule],
        *,
        group: int | None = None,
        active: bool | None = None,
        subtype: GreetingSubtype | str | None = None,
        message: str | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> Greeting:
        """Create a greeting.

        ::

            rules = [CurrentUrl("/pricing", operator="contains"), TimeOnPage(20)]
            await client.greetings.create("Pricing", rules, message="Can I help?")

        Args:
            name: its name, which visitors do not see.
            rules: all that has to apply, at least one. LiveChat may return them in another order.
            group: the number of its group; LiveChat's default is group 0.
            active: whether it is enabled; LiveChat's default is True.
            subtype: ``"announcement"``, of which there can be ten.
            message: the text that visitors see.
            properties: further settings; LiveChat documents only the text.
        """
        body = {
            "name": given_text("name", name),
            "rules": _rules(rules),
            "group": as_number("group", group),
            "active": as_flag("active", active),
            "subtype": as_choice("subtype", subtype, GreetingSubtype),
            "properties": _properties(message, properties),
        }
        return await self._call("POST", "/greetings", Greeting, body=body)

    async def update(
        self,
        greeting_id: int,
        *,
        name: str | None = None,
        active: bool | None = None,
        rules: Iterable[Rule] | None = None,
        message: str | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> Greeting:
        """Change a greeting. What is left out stays; new ``rules`` replace all others.

        The arguments are those of `create`.
        """
        number = check_count("greeting_id", greeting_id, 0)
        body = changes(
            name=as_text("name", name),
            active=as_flag("active", active),
            rules=None if rules is None else _rules(rules),
            properties=_properties(message, properties),
        )
        return await self._call("PUT", _ONE, Greeting, body=body, greeting_id=number)

    async def delete(self, greeting_id: int) -> None:
        """Remove the greeting with this number."""
        number = check_count("greeting_id", greeting_id, 0)
        await self._call("DELETE", _ONE, greeting_id=number)


def _rules(rules: Any) -> list[dict[str, Any]]:
    return [rule.to_wire() for rule in check_items("rules", rules, Rule, "[TimeOnPage(20)]")]


def _properties(message: Any, properties: Any) -> dict[str, Any] | None:
    text = as_text("message", message)
    given = {} if properties is None else properties
    if not isinstance(given, Mapping) or not all(
        isinstance(part, str) for pair in given.items() for part in pair
    ):
        raise refusal("properties", given, "a mapping of names to texts is needed")
    if text is not None and MESSAGE in given:
        raise ConfigurationError(
            f"message={shown(text)}: properties has a text, too; give one of them"
        )
    return ({**given} if text is None else {**given, MESSAGE: text}) or None
