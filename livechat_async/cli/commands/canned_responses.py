"""``livechat-async canned-responses``: list, get, create, update and delete."""

from __future__ import annotations

from typing import Annotated

import typer

from livechat_async import CannedResponse
from livechat_async.cli.commands.calls import Group, add_call, number
from livechat_async.cli.commands.options import option
from livechat_async.cli.output.show import Listing, joined, two_lines

__all__ = ["app"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="Texts that agents have ready.")

_ID = {"response_id": number("canned response")}
_TEXT = Annotated[str, typer.Argument(help="The text.")]
_NEW_TEXT = Annotated[str | None, option("The new text.")]
_TAG = option("A shortcut for it; may be repeated.", "--tag", metavar="TAG")
_RESPONSES: Listing[CannedResponse] = Listing(
    "canned response",
    columns={
        "id": lambda response: str(response.id),
        "group": lambda response: str(response.group),
        "tags": lambda response: joined(*response.tags),
        "text": lambda response: response.text,
        "created_by": lambda response: response.created_by,
        "modified_by": lambda response: response.modified_by or "",
    },
    cells={
        "Text, tags": lambda response: two_lines(
            response.text, joined(*(f"#{tag}" for tag in response.tags)), fold=True
        ),
        "Number, by": lambda response: two_lines(
            str(response.id), response.modified_by or response.created_by
        ),
    },
)

add_call(
    app,
    "canned-responses list --group 2",
    "Show the canned responses of one group, 0 by default.",
    {"group": Group},
    _RESPONSES,
)
add_call(app, "canned-responses get 3151", "Show a canned response.", _ID, _RESPONSES.details)
add_call(
    app,
    'canned-responses create "Good bye." --tag bye --tag cu',
    "Create a canned response.",
    {"text": _TEXT, "tags": Annotated[list[str], _TAG], "group": Group},
    lambda made: f"it is canned response {made.id} now",
)
add_call(
    app,
    'canned-responses update 3151 --text "Good bye."',
    "Change a canned response. New tags replace all others.",
    {**_ID, "text": _NEW_TEXT, "tags": Annotated[list[str] | None, _TAG]},
    _RESPONSES.details,
)
add_call(
    app,
    "canned-responses delete 3151",
    "Remove a canned response.",
    _ID,
    lambda _: "the canned response is removed",
    question="Remove canned response {response_id}?",
)
