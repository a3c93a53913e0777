"""``livechat-async groups``: list, get, create, update, delete; and ``livechat-async status``."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import typer

from livechat_async import Group
from livechat_async.cli.commands.options import AsJson, Filters, Yes, confirm, option, with_filters
from livechat_async.cli.output.show import Listing, joined, show_fields, show_item, show_list
from livechat_async.redaction import printable

__all__ = ["app", "show_status"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="Groups of agents.")

_Number: TypeAlias = Annotated[int, typer.Argument(help="The group's number.", min=0)]
_Group: TypeAlias = Annotated[int | None, option("Of this group.", metavar="NUMBER", min=0)]
_FIELDS = {
    "name": Annotated[str | None, option("The name.", metavar="TEXT")],
    "agents": Annotated[
        list[str] | None, option("A login; may be repeated.", "--agent", metavar="LOGIN")
    ],
    "language": Annotated[str | None, option("Of the chat window.", metavar="CODE")],
}


@app.command("list")
def list_groups(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the groups. Group 0 has every agent."""
    show_list(context, lambda client: client.groups.list(), _GROUPS, as_json=as_json)


@app.command("get")
def get_group(context: typer.Context, number: _Number, *, as_json: AsJson = False) -> None:
    """Show a group.

    Examples:
      livechat-async groups get 2
    """
    show_fields(context, lambda client: client.groups.get(number), as_json=as_json)


@app.command("create")
@with_filters(_FIELDS)
def create_group(context: typer.Context, *, filters: Filters, as_json: AsJson = False) -> None:
    """Create a group, which needs a --name and an --agent.

    Examples:
      livechat-async groups create --name VIP --agent john.doe@example.com
    """
    fields: Any = {"name": "", "agents": [], **filters}
    show_fields(context, lambda client: client.groups.create(**fields), as_json=as_json)


@app.command("update")
@with_filters(_FIELDS)
def update_group(
    context: typer.Context, number: _Number, *, filters: Filters, as_json: AsJson = False
) -> None:
    """Change a group. Agents that are not named leave it, if any are named.

    Examples:
      livechat-async groups update 2 --agent john@example.com --agent jane@example.com
    """
    show_fields(context, lambda client: client.groups.update(number, **filters), as_json=as_json)


@app.command("delete")
def delete_group(context: typer.Context, number: _Number, *, yes: Yes = False) -> None:
    """Remove a group; its agents stay.

    Examples:
      livechat-async groups delete 6 --yes
    """
    confirm(f"Remove group {number}?", yes)
    removed = f"group {number} is removed"
    show_item(context, lambda client: client.groups.delete(number), lambda _: removed)


def show_status(context: typer.Context, *, group: _Group = None, as_json: AsJson = False) -> None:
    """Show whether visitors can chat now: online or offline.

    Examples:
      livechat-async status --group 2
    """
    show_item(
        context,
        lambda client: client.status.get(group),
        lambda found: printable(found.status),
        as_json=as_json,
    )


_GROUPS: Listing[Group] = Listing.of_columns(
    "group",
    id=lambda group: str(group.id),
    name=lambda group: group.name,
    status=lambda group: group.status or "",
    language=lambda group: group.language,
    agents=lambda group: "everyone" if group.agents is None else joined(*group.agents),
)
