"""``livechat-async greetings``: list and get."""

from __future__ import annotations

from livechat_async import Greeting, GreetingRule
from livechat_async.cli.commands import options
from livechat_async.cli.commands.calls import CallApp
from livechat_async.cli.output.listing import Listing, fields, joined, two_lines

app: CallApp = CallApp(help="List and read greetings.")


def _rule(rule: GreetingRule) -> str:
    urls = joined(*(joined(url.operator, url.url, by=" ") for url in rule.urls), by=" > ")
    value = rule.value or rule.variable_value
    return joined(rule.type, rule.variable_name, rule.operator, value, urls, by=" ")


def _rules(greeting: Greeting) -> str:
    return joined(*map(_rule, greeting.rules), by="; ")


_GREETINGS: Listing[Greeting] = Listing(
    "greeting",
    columns={
        **fields("id", "name", "active"),
        "rules": _rules,
        **fields("message"),
    },
    cells={
        "Greeting": lambda greeting: two_lines(
            greeting.name, f"{greeting.id}{'' if greeting.active else ', paused'}", "bold"
        ),
        "Text, rules": lambda greeting: two_lines(greeting.message, _rules(greeting), fold=True),
    },
)

_ID = {"greeting_id": options.argument(int, "The greeting's number.", min=0)}
app.add_call(
    "greetings list --group 0",
    "Show the greetings.",
    options.of_group("Only the greetings of this group."),
    _GREETINGS,
)
app.add_call("greetings get 2411 --json", "Show a greeting.", _ID, _GREETINGS.details)
