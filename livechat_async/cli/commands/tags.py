"""``livechat-async tags``: list, create and delete."""

from __future__ import annotations

from typing import Annotated

import typer

from livechat_async import Tag
from livechat_async.cli.commands.calls import Group, add_call
from livechat_async.cli.commands.options import option
from livechat_async.cli.output.show import Listing, two_lines
from livechat_async.redaction import printable

__all__ = ["app"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="The tags of chats and tickets.")

_NAME = Annotated[str, typer.Argument(help="The tag.")]
_GROUP = Annotated[int, option("The tag's group.", metavar="NUMBER", min=0)]
_AUTHOR = Annotated[str, option("The login of who makes it.", metavar="LOGIN")]
_TAGS: Listing[Tag] = Listing(
    "tag",
    columns={
        "name": lambda tag: tag.name,
        "group": lambda tag: str(tag.group),
        "in_chats": lambda tag: str(tag.count.in_chats if tag.count else ""),
        "in_tickets": lambda tag: str(tag.count.in_tickets if tag.count else ""),
        "author": lambda tag: tag.author,
        "creation_date": lambda tag: tag.creation_date.isoformat() if tag.creation_date else "",
    },
    cells={
        "Tag": lambda tag: two_lines(tag.name, f"group {tag.group}", "bold"),
        "Chats, tickets": lambda tag: two_lines(
            *(map(str, (tag.count.in_chats, tag.count.in_tickets)) if tag.count else ("?", "?"))
        ),
        "Author": lambda tag: two_lines(tag.author, ""),
    },
)

add_call(app, "tags list", "Show the tags, and how often each is in use.", {"group": Group}, _TAGS)
add_call(
    app,
    "tags create sales --group 0 --author john.doe@example.com",
    "Add a tag to a group.",
    {"name": _NAME, "group": _GROUP, "author": _AUTHOR},
    lambda tag: printable(f"group {tag.group} has the tag {tag.name} now"),
)
add_call(
    app,
    "tags delete sales --group 0",
    "Remove a tag from a group. Chats and tickets that have it keep it.",
    {"name": _NAME, "group": _GROUP},
    lambda _: "the tag is removed",
    question="Remove the tag {name} from group {group}?",
)
