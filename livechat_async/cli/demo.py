"""``livechat-async demo``: what the library is for, in a few seconds and without an account."""

from __future__ import annotations

from rich.console import RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from livechat_async import DetailField, LiveChatClient, VisitorDetails, VisitorState
from livechat_async.cli.show import details_panel, short_table, terminal
from livechat_async.cli.wait import wait_for
from livechat_async.redaction import printable
from livechat_async.sandbox import Sandbox

__all__ = ["CODE", "demo"]

# The lines a user would write; together they are one program, which a test runs.
_OPEN = "async with LiveChatClient(PersonalAccessToken(login, token)) as client:"
_LIST = "    visitors = await client.visitors.list()"
_COUNT = '    chatting = await client.visitors.count(state="chatting")'
_ADD = """\
    details = VisitorDetails(
        id="my-app",
        icon="example.com/icon.png",
        fields=[
            DetailField("Age", 36),
            DetailField("Profile", "Open in CRM",
                        url="https://crm.example.com/7"),
        ],
    )
    await client.visitors.add_details(
        visitor_id, details, license_id=license_id, token=webhook_token)"""
CODE = (_OPEN, _LIST, _COUNT, _ADD)

_VISITORS = 6


def demo() -> None:
    """See what it does, in a few seconds: no account is needed, and nothing leaves this machine."""
    wait_for(_tell())


async def _tell() -> None:
    async with (
        Sandbox(seed=_VISITORS) as sandbox,
        LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client,
    ):
        _say("A LiveChat sandbox runs on ", (sandbox.url, "cyan"), ", for this demo only.\n")
        _code(_OPEN)

        _step(1, "Who is on the site?", _LIST)
        visitors = await client.visitors.list()
        _show(short_table(visitors))

        _step(2, "How many of them are chatting?", _COUNT)
        chatting = await client.visitors.count(state="chatting")
        _say("       → ", (f"{chatting} of {len(visitors)}", "bold green"))

        visitor = next(item for item in visitors if item.state is VisitorState.BROWSING)
        _step(3, f"{printable(visitor.name)} starts a chat, and LiveChat calls your webhook.")
        chat = sandbox.start_chat(visitor.id)
        _say("   It brings visitor_id, license_id and a token for this one chat.")

        _step(4, "Tell the agent what you know.", _ADD)
        await client.visitors.add_details(
            chat.visitor_id,
            VisitorDetails(
                id="my-app",
                fields=[
                    DetailField("Age", 36),
                    DetailField("Profile", "Open in CRM", url="https://crm.example.com/7"),
                ],
                icon="example.com/icon.png",
            ),
            license_id=chat.license_id,
            token=chat.token,
        )
        _show(details_panel(visitor, sandbox.details_of(visitor.id)))
        _say(
            ("\nNext: ", "bold"),
            "write your bot against ",
            ("livechat-async sandbox", "cyan"),
            ", or set LIVECHAT_LOGIN\n      and LIVECHAT_TOKEN and run ",
            ("livechat-async visitors list --watch", "cyan"),
        )


def _step(number: int, title: str, code: str = "") -> None:
    _say((f"\n{number}  ", "bold cyan"), (title, "bold"))
    if code:
        _code(code)


def _code(code: str) -> None:
    highlighter = Syntax("", "python", theme="ansi_dark", background_color="default")
    text = highlighter.highlight(code)
    text.rstrip()
    for line in text.split():
        _say("   ", line)


def _show(renderable: RenderableType) -> None:
    terminal().print(Padding(renderable, (1, 0, 0, 3), expand=False))


def _say(*parts: str | Text | tuple[str, str]) -> None:
    terminal().print(Text.assemble(*parts))
