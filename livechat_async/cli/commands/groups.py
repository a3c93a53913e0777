"""``livechat-async groups``: list, get, create, update, delete; and ``livechat-async status``."""

from __future__ import annotations

from typing import Annotated

import click

from livechat_async import Group
from livechat_async.cli.commands import options
from livechat_async.cli.commands.calls import CallApp
from livechat_async.cli.output.listing import Listing, fields, joined
from livechat_async.cli.output.show import all_fields, show_item
from livechat_async.redaction import printable

app: CallApp = CallApp(help="List, create, change and remove groups of agents.")

_ID = {"group_id": options.argument(int, "The group's number.", min=0)}
_FIELDS = {
    "name": options.text("TEXT", "The name."),
    "agents": options.texts("LOGIN", "The login of one of its agents; may be repeated.", "--agent"),
    "language": options.text("CODE", "The language of the chat window, such as en."),
}
_GROUP = options.of_group("The group; by default 0, which has all agents.")
_GROUPS: Listing[Group] = Listing(
    "group",
    {
        **fields("id", "name", "status", "language"),
        "agents": lambda group: "everyone" if group.agents is None else joined(*group.agents),
    },
)

app.add_call("groups list", "Show the groups. Group 0 has every agent.", {}, _GROUPS)
app.add_call("groups get 2", "Show a group.", _ID, all_fields)
app.add_call(
    "groups create --name VIP --agent john.doe@example.com",
    "Create a group.",
    _FIELDS,
    all_fields,
    needs=["name", "agents"],
)
app.add_call(
    "groups update 2 --agent ann@example.com --agent bob@example.com",
    "Change a group. With --agent, agents that are not named leave it.",
    {**_ID, **_FIELDS},
    all_fields,
)
app.add_call(
    "groups delete 6 --yes",
    "Remove a group; its agents stay.",
    _ID,
    "group {group_id} is removed",
    ask="Remove group {group_id}?",
)


def show_status(
    context: click.Context,
    *,
    filters: Annotated[options.Filters, options.given_filters(_GROUP)],
    as_json: options.AsJson = False,
) -> None:
    """Show whether visitors can chat now: online or offline.

    Examples:
      livechat-async status --group 2
    """
    show_item(
        context,
        lambda client: client.status.get(**filters),
        lambda found: printable(found.status),
        as_json=as_json,
    )
