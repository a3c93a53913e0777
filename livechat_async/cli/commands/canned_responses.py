"""``livechat-async canned-responses``: list, get, create, update and delete."""

from __future__ import annotations

from livechat_async import CannedResponse
from livechat_async.cli.commands import options
from livechat_async.cli.commands.calls import CallApp
from livechat_async.cli.output.listing import Listing, fields, joined, two_lines

app: CallApp = CallApp(help="List, create, change and remove canned responses.")

_ID = {"response_id": options.argument(int, "The canned response's number.", min=0)}
_TAGS = {
    "tags": options.texts("TAG", "A shortcut that agents type for it; may be repeated.", "--tag")
}
_RESPONSES: Listing[CannedResponse] = Listing(
    "canned response",
    columns=fields("id", "group", "tags", "text", "created_by", "modified_by"),
    cells={
        "Text, tags": lambda response: two_lines(
            response.text, joined(*(f"#{tag}" for tag in response.tags)), fold=True
        ),
        "Number, by": lambda response: two_lines(
            str(response.id), response.modified_by or response.created_by
        ),
    },
)

app.add_call(
    "canned-responses list --group 2",
    "Show the canned responses of one group, 0 by default.",
    options.of_group("The group; 0 by default."),
    _RESPONSES,
)
app.add_call("canned-responses get 3151", "Show a canned response.", _ID, _RESPONSES.details)
app.add_call(
    'canned-responses create "Good bye." --tag bye --tag cu',
    "Create a canned response.",
    {
        "text": options.argument(str, "The text."),
        **_TAGS,
        **options.of_group("The group that gets it; 0 by default."),
    },
    "it is canned response {answer.id} now",
    needs=["tags"],
)
app.add_call(
    'canned-responses update 3151 --text "Good bye."',
    "Change a canned response. New tags replace all others.",
    {**_ID, "text": options.optional(str, "The new text."), **_TAGS},
    _RESPONSES.details,
)
app.add_call(
    "canned-responses delete 3151",
    "Remove a canned response.",
    _ID,
    "the canned response is removed",
    ask="Remove canned response {response_id}?",
)
