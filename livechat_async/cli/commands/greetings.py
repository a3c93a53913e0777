"""``livechat-async greetings``: list and get."""

from __future__ import annotations

import typer

from livechat_async import Greeting, GreetingRule
from livechat_async.cli.commands.calls import Group, add_call, number
from livechat_async.cli.output.show import Listing, joined, two_lines

__all__ = ["app"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="What visitors are greeted with.")


def _rule(rule: GreetingRule) -> str:
    urls = joined(*(joined(url.operator, url.url, by=" ") for url in rule.urls), by=" > ")
    value = rule.value or rule.variable_value
    return joined(rule.type, rule.variable_name, rule.operator, value, urls, by=" ")


def _rules(greeting: Greeting) -> str:
    return joined(*map(_rule, greeting.rules), by="; ")


_GREETINGS: Listing[Greeting] = Listing(
    "greeting",
    columns={
        "id": lambda greeting: str(greeting.id),
        "name": lambda greeting: greeting.name,
        "active": lambda greeting: "yes" if greeting.active else "no",
        "rules": _rules,
        "message": lambda greeting: greeting.message,
    },
    cells={
        "Greeting": lambda greeting: two_lines(
            greeting.name, f"{greeting.id}{'' if greeting.active else ', paused'}", "bold"
        ),
        "Text, rules": lambda greeting: two_lines(greeting.message, _rules(greeting), fold=True),
    },
)

_ID = {"greeting_id": number("greeting")}
add_call(app, "greetings list --group 0", "Show the greetings.", {"group": Group}, _GREETINGS)
add_call(app, "greetings get 2411 --json", "Show a greeting.", _ID, _GREETINGS.details)
