"""One class for each resource, such as ``client.chats``, and one method for each endpoint.

A method checks its arguments by the rules in `_arguments` and makes a call through the base class
in `_base`; it does nothing else. Each class is imported when it is first used: `LiveChatClient`
has a line for it, and so has the list below, for type checkers.
"""

import re as _re
import typing as _typing
from importlib import import_module as _import_module

if _typing.TYPE_CHECKING:
    from livechat_async.resources.chats import ChatsResource as ChatsResource
    from livechat_async.resources.tickets import TicketsResource as TicketsResource
    from livechat_async.resources.visitors import VisitorsResource as VisitorsResource
    from livechat_async.resources.webhooks import WebhooksResource as WebhooksResource
else:

    def __getattr__(name: str) -> _typing.Any:
        """The class of this name: ``ChatsResource`` is in the module ``chats``."""
        words = _re.findall("[A-Z][a-z]+", name.removesuffix("Resource"))
        if not words or not name.endswith("Resource"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = _import_module(f"{__name__}.{'_'.join(words).lower()}")
        return getattr(module, name)
