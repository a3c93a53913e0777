"""``livechat-async agents``: list, get, create, update, set-status and delete."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from livechat_async import Agent, AgentPermission, AgentStatus, AgentSummary
from livechat_async.cli.commands import options
from livechat_async.cli.commands.calls import CallApp
from livechat_async.cli.output.listing import Listing, fields, joined
from livechat_async.cli.output.show import all_fields
from livechat_async.redaction import conceal

if TYPE_CHECKING:
    from livechat_async import LiveChatClient

app: CallApp = CallApp(help="List, create, change and remove agents.")


async def _create(client: LiveChatClient, **fields: Any) -> Agent:
    password = conceal(os.environ.get("LIVECHAT_AGENT_PASSWORD"), "password")
    return await client.agents.create(password=password, **fields)


async def _set_status(client: LiveChatClient, login: str, status: AgentStatus) -> str:
    agent = await client.agents.update(login, status=status)
    return f"{'now' if agent.status == status else 'still'} {agent.status}"


_LOGIN = {"login": options.argument(str, "The agent's login, an e-mail address.")}
_STATUS = {"status": options.one_of("STATUS", AgentStatus, "Only agents with this status")}
_FIELDS = {
    "name": options.text("TEXT", "The name."),
    "job_title": options.text("TEXT", "The job title."),
    "permission": options.optional(
        AgentPermission, "The role: administrator or normal.", metavar="ROLE"
    ),
    "groups": options.numbers(
        "The number of one of the agent's groups; may be repeated.", "--group"
    ),
    "login_status": options.optional(
        AgentStatus,
        "The status right after a login: accepting chats or not accepting chats.",
        metavar="STATUS",
    ),
    "max_chats_count": options.number("The largest number of chats at once.", "--max-chats"),
}
_AGENTS: Listing[AgentSummary] = Listing(
    "agent",
    {
        **fields("login", "name", "status", "permission"),
        "groups": lambda agent: joined(*map(str, agent.group_ids)),
    },
)

app.add_call('agents list --status "accepting chats"', "Show the agents.", _STATUS, _AGENTS)
app.add_call("agents get john.doe@example.com", "Show an agent.", _LOGIN, all_fields)
app.add_call(
    "agents create jenny@example.com --name Jenny --group 2",
    """Create an agent.

    LIVECHAT_AGENT_PASSWORD is the password; without it, LiveChat mails a link.""",
    {**_LOGIN, **_FIELDS},
    all_fields,
    needs=["name"],
    method=_create,
)
app.add_call(
    "agents update jenny@example.com --max-chats 2 --group 2",
    "Change an agent. What is not named stays.",
    {**_LOGIN, **_FIELDS},
    all_fields,
)
app.add_call(
    'agents set-status john@example.com "not accepting chats"',
    """Let an agent take chats or none, or log the agent out.

    LiveChat changes nothing while the agent is offline.""",
    {**_LOGIN, "status": options.argument(AgentStatus, f"One of: {', '.join(AgentStatus)}.")},
    "{login} is {answer}",
    method=_set_status,
    to_plain=None,
)
app.add_call(
    "agents delete jenny.doe@example.com --yes",
    "Remove an agent and the agent's statistics. Archived chats stay.",
    _LOGIN,
    "{login} is removed",
    ask="Remove the agent {login} and the statistics?",
)
