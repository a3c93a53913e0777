"""``livechat-async tags``: list, create and delete."""

from __future__ import annotations

from livechat_async import Tag
from livechat_async.cli.commands import options
from livechat_async.cli.commands.calls import CallApp
from livechat_async.cli.output.listing import Listing, fields, two_lines

app: CallApp = CallApp(help="List, create and remove the tags of chats and tickets.")

_TAG = {
    "name": options.argument(str, "The tag."),
    "group": options.number("The tag's group."),
}
_TAGS: Listing[Tag] = Listing(
    "tag",
    columns={
        **fields("name", "group"),
        "in_chats": lambda tag: str(tag.count.in_chats if tag.count else ""),
        "in_tickets": lambda tag: str(tag.count.in_tickets if tag.count else ""),
        **fields("author", "creation_date"),
    },
    cells={
        "Tag": lambda tag: two_lines(tag.name, f"group {tag.group}", "bold"),
        "Chats, tickets": lambda tag: two_lines(
            *(map(str, (tag.count.in_chats, tag.count.in_tickets)) if tag.count else ("?", "?"))
        ),
        "Author": lambda tag: two_lines(tag.author, ""),
    },
)

app.add_call(
    "tags list",
    "Show the tags, and how often each is in use.",
    options.of_group("Only the tags of this group."),
    _TAGS,
)
app.add_call(
    "tags create sales --group 0 --author john.doe@example.com",
    "Add a tag to a group.",
    {**_TAG, "author": options.text("LOGIN", "The login of the agent who adds it.")},
    "group {answer.group} has the tag {answer.name} now",
    needs=["group", "author"],
)
app.add_call(
    "tags delete sales --group 0",
    "Remove a tag from a group. Chats and tickets that have it keep it.",
    _TAG,
    "the tag is removed",
    needs=["group"],
    ask="Remove the tag {name} from group {group}?",
)
