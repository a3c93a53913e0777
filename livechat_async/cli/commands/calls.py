"""Commands that make one call of the library: its arguments, the method, and what is shown."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Annotated, Any, TypeAlias, get_args

import typer
from rich.text import Text

from livechat_async import LiveChatClient
from livechat_async.cli.commands.options import AsJson, Yes, confirm
from livechat_async.cli.output.show import Listing, show_item, show_list
from livechat_async.redaction import printable

__all__ = ["Group", "add_call", "number"]

Group: TypeAlias = Annotated[
    int | None, typer.Option("--group", help="Of this group.", metavar="NUMBER", min=0)
]


def number(thing: str) -> Any:
    """The argument that is the number of something."""
    return Annotated[int, typer.Argument(help=f"The {thing}'s number.", min=0)]


def add_call(
    app: typer.Typer,
    example: str,
    text: str,
    arguments: Mapping[str, Any],
    show: Listing[Any] | Callable[..., Text | str],
    *,
    method: Callable[[LiveChatClient], Callable[..., Any]] | None = None,
    question: str = "",
    has_answer: bool = True,
) -> None:
    """Add a command to an app.

    Args:
        app: where it is added.
        example: how it is used. ``goals get 71`` is the command ``get``, which calls
            ``client.goals.get`` unless ``method`` finds another method.
        text: its help.
        arguments: the arguments of the method. One that may be None may be left out.
        show: a listing of the items in the answer, or what makes a text of the answer.
        method: finds the method of a client.
        question: what to ask before the call, with arguments in braces.
        has_answer: whether the method gives something that ``--json`` can show.
    """
    resource, name, *_ = example.split()
    find = method or attrgetter(f"{resource.replace('-', '_')}.{name}")

    def run(context: typer.Context, **given: Any) -> None:
        as_json = given.pop("as_json", False)
        if question:
            confirm(printable(question.format(**given)), given.pop("yes"))
        wanted = {key: value for key, value in given.items() if value not in (None, [])}

        def call(client: LiveChatClient) -> Any:
            return find(client)(**wanted)

        if isinstance(show, Listing):
            show_list(context, call, show, as_json=as_json, nothing=f"No {show.noun}s.")
        else:
            show_item(context, call, show, as_json=as_json)

    flag = {"yes": Yes} if question else {"as_json": AsJson} if has_answer else {}
    parameters = [inspect.Parameter("context", _KEYWORD, annotation=typer.Context)]
    for key, kind in {**arguments, **flag}.items():
        may_be_none = type(None) in get_args(get_args(kind)[0])
        default = False if key in flag else None if may_be_none else inspect.Parameter.empty
        parameters.append(inspect.Parameter(key, _KEYWORD, annotation=kind, default=default))
    vars(run)["__signature__"] = inspect.Signature(parameters)  # what typer reads
    app.command(name, help=f"{text}\n\nExamples:\n  livechat-async {example}")(run)


_KEYWORD = inspect.Parameter.KEYWORD_ONLY
