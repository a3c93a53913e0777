"""``livechat-async agents``: list, get, create, update, set-status and delete."""

from __future__ import annotations

import os
from typing import Annotated, Any, TypeAlias

import typer

from livechat_async import AgentPermission, AgentStatus, AgentSummary
from livechat_async.cli.commands.options import AsJson, Filters, Yes, confirm, option, with_filters
from livechat_async.cli.output.show import Listing, joined, show_fields, show_item, show_list
from livechat_async.redaction import conceal, printable

__all__ = ["app"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="Who answers chats.")

_Login: TypeAlias = Annotated[str, typer.Argument(help="The agent's login, an e-mail address.")]
_Status: TypeAlias = Annotated[AgentStatus | None, option("Only these agents.")]
_NUMBER: dict[str, Any] = {"metavar": "NUMBER", "min": 0}
_FIELDS = {
    "name": Annotated[str | None, option("The name.", metavar="TEXT")],
    "job_title": Annotated[str | None, option("The job title.", metavar="TEXT")],
    "permission": Annotated[AgentPermission | None, option("administrator or normal.")],
    "groups": Annotated[
        list[int] | None, option("A group; may be repeated.", "--group", **_NUMBER)
    ],
    "login_status": Annotated[AgentStatus | None, option("Right after a login.")],
    "max_chats_count": Annotated[int | None, option("The most at once.", "--max-chats", **_NUMBER)],
}


@app.command("list")
def list_agents(context: typer.Context, *, status: _Status = None, as_json: AsJson = False) -> None:
    """Show the agents.

    Examples:
      livechat-async agents list --status "accepting chats"
    """
    show_list(context, lambda client: client.agents.list(status=status), _AGENTS, as_json=as_json)


@app.command("get")
def get_agent(context: typer.Context, login: _Login, *, as_json: AsJson = False) -> None:
    """Show an agent.

    Examples:
      livechat-async agents get john.doe@example.com
    """
    show_fields(context, lambda client: client.agents.get(login), as_json=as_json)


@app.command("create")
@with_filters(_FIELDS)
def create_agent(
    context: typer.Context, login: _Login, *, filters: Filters, as_json: AsJson = False
) -> None:
    """Create an agent, who needs a --name.

    LIVECHAT_AGENT_PASSWORD is the password; without it, LiveChat mails a link.

    Examples:
      livechat-async agents create jenny@example.com --name Jenny --group 2
    """
    password = conceal(os.environ.get("LIVECHAT_AGENT_PASSWORD"), "password")
    fields: Any = {"name": "", "password": password, **filters}
    show_fields(
        context, lambda client: client.agents.create(login=login, **fields), as_json=as_json
    )


@app.command("update")
@with_filters(_FIELDS)
def update_agent(
    context: typer.Context, login: _Login, *, filters: Filters, as_json: AsJson = False
) -> None:
    """Change an agent. What is not named stays.

    Examples:
      livechat-async agents update jenny@example.com --max-chats 2 --group 2
    """
    show_fields(context, lambda client: client.agents.update(login, **filters), as_json=as_json)


@app.command("set-status")
def set_status(
    context: typer.Context,
    login: _Login,
    status: Annotated[AgentStatus, typer.Argument(help="The new status.")],
) -> None:
    """Let an agent take chats or none, or log the agent out.

    LiveChat changes nothing while the agent is offline.

    Examples:
      livechat-async agents set-status john@example.com "not accepting chats"
    """
    show_item(
        context,
        lambda client: client.agents.update(login, status=status),
        lambda agent: printable(
            f"{agent.login} is {'now' if agent.status == status else 'still'} {agent.status}"
        ),
    )


@app.command("delete")
def delete_agent(context: typer.Context, login: _Login, *, yes: Yes = False) -> None:
    """Remove an agent, whose statistics are then lost. Archived chats stay.

    Examples:
      livechat-async agents delete jenny.doe@example.com --yes
    """
    confirm(f"Remove the agent {printable(login)} and the statistics?", yes)
    removed = printable(f"{login} is removed")
    show_item(context, lambda client: client.agents.delete(login), lambda _: removed)


_AGENTS: Listing[AgentSummary] = Listing.of_columns(
    "agent",
    login=lambda agent: agent.login,
    name=lambda agent: agent.name,
    status=lambda agent: agent.status or "",
    permission=lambda agent: agent.permission or "",
    groups=lambda agent: joined(*map(str, agent.group_ids)),
)
