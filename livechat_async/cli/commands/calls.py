"""Commands that make one call of the library: its arguments, the method, and what is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import click

from livechat_async.cli.commands.options import AsJson, Filters, Yes, confirm, given_filters
from livechat_async.cli.common import to_plain, without_secrets
from livechat_async.cli.output.listing import Listing, View, show_list
from livechat_async.cli.output.show import show_item
from livechat_async.cli.parsing import Group
from livechat_async.redaction import printable

if TYPE_CHECKING:
    from rich.text import Text

    from livechat_async import LiveChatClient


def _without_secrets(answer: Any) -> Any:
    return without_secrets(to_plain(answer))


class CallApp(Group):
    """An app whose commands make one call each."""

    def add_call(
        self,
        example: str,
        text: str,
        arguments: Mapping[str, Any],
        show: Listing[Any] | Callable[[Any], Text | str] | str,
        *,
        needs: Collection[str] = (),
        method: Callable[..., Any] | None = None,
        ask: str = "",
        to_plain: Callable[[Any], Any] | None = _without_secrets,
    ) -> None:
        """Add a command.

        Args:
            example: how it is used. ``goals get 71`` is the command ``get``, which calls
                ``client.goals.get`` unless there is a ``method``.
            text: its help.
            arguments: the arguments of the method, a table for `given_filters`.
            show: a listing of the items in the answer; what makes a text of the answer; or a text
                with the ``{answer}`` and arguments in braces.
            needs: the names of options that cannot be left out.
            method: a function of the client and the arguments.
            ask: what to ask before the call, with arguments in braces.
            to_plain: makes data for ``--json``, which is left out after a question and for None.
        """
        resource, name, *_ = example.split()
        find = attrgetter(f"{resource.replace('-', '_')}.{name}")

        def run(
            context: click.Context,
            *,
            filters: Filters,
            view: View[Any] | None = None,
            as_json: bool = False,
            yes: bool = False,
        ) -> None:
            if ask:
                confirm(printable(ask.format(**filters)), yes)

            def call(client: LiveChatClient) -> Any:
                return find(client)(**filters) if method is None else method(client, **filters)

            if view is not None:
                show_list(context, call, view)
            else:
                to_text = partial(_text, show, filters)
                show_item(context, call, to_text, as_json=as_json, to_plain=to_plain)

        kinds: dict[str, Any] = {"filters": Annotated[Filters, given_filters(arguments, needs)]}
        view_options: Any = getattr(show, "options", None)
        if view_options is not None:
            kinds["view"] = Annotated[View[Any], view_options()]
        elif ask:
            kinds["yes"] = Yes
        elif to_plain is not None:
            kinds["as_json"] = AsJson
        run.__annotations__ = {"context": click.Context, **kinds}  # what `Command` reads
        self.command(name, help=f"{text}\n\nExamples:\n  livechat-async {example}")(run)


def _text(show: Any, arguments: Mapping[str, Any], answer: Any) -> Any:
    if isinstance(show, str):
        return printable(show.format(answer=answer, **arguments))
    return show(answer)
