"""Which handlers there are, and which of them an event is for."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

from livechat_async.errors import ConfigurationError
from livechat_async.webhooks.events import WebhookEvent
from livechat_async.webhooks.runner import Handler

__all__ = ["Registry", "check_async", "check_classes"]

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class Registry:
    """Handlers by name, in the order in which they were registered.

    Args:
        handlers: where they are kept by name, for whatever runs them.
    """

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self._handlers = handlers
        self._classes: dict[str, tuple[type[WebhookEvent], ...]] = {}
        self._names_for: dict[type[WebhookEvent], tuple[str, ...]] = {}

    def add(self, classes: tuple[Any, ...], handler: Handler, name: str | None) -> None:
        """Register a handler for classes that have been checked.

        Raises:
            ConfigurationError: it is not async, or its name is taken or none at all.
        """
        check_async(handler, "a handler")
        name = _name_of(handler) if name is None else name
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} is no name for a handler, which is made of letters, digits, '_', '-' "
                "and '.': pass name='...' to on()"
            )
        if name in self._handlers:
            raise ConfigurationError(
                f"a handler is named {name!r} already: rename this one, or pass name='...' to on()"
            )
        self._handlers[name] = handler
        self._classes[name] = classes
        self._names_for.clear()

    def names_for(self, event: WebhookEvent) -> tuple[str, ...]:
        """The handlers that the event is for."""
        kind = type(event)
        names = self._names_for.get(kind)
        if names is None:
            names = tuple(n for n, wanted in self._classes.items() if issubclass(kind, wanted))
            self._names_for[kind] = names
        return names


def check_classes(classes: tuple[Any, ...]) -> None:
    """Raise ConfigurationError unless these are events, and at least one."""
    if not classes:
        raise ConfigurationError(
            "on() needs an event: on(ChatStarted), or on(WebhookEvent) for all"
        )
    for each in classes:
        if not isinstance(each, type) or not issubclass(each, WebhookEvent):
            name = getattr(each, "__name__", repr(each))
            raise ConfigurationError(
                f"on({name}): a class of events is needed, as in on(ChatStarted)"
            )


def check_async(function: Callable[..., Any], what: str) -> None:
    """Raise ConfigurationError unless a call of it can be awaited."""
    inner: Any = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    if inspect.iscoroutinefunction(inner):
        return
    is_class = isinstance(inner, type)
    if not is_class and inspect.iscoroutinefunction(getattr(inner, "__call__", None)):  # noqa: B004
        return
    name = getattr(inner, "__name__", repr(inner))
    raise ConfigurationError(f"{name}: {what} has to be async: declare it with 'async def'")


def _name_of(handler: Any) -> Any:
    inner = handler
    while isinstance(inner, functools.partial):
        inner = inner.func
    return getattr(inner, "__name__", type(inner).__name__)
