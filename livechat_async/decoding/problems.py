"""What is wrong with a payload, and where."""

from __future__ import annotations

from typing import Any

import attrs
from cattrs import AttributeValidationNote, BaseValidationError, IterableValidationNote

from livechat_async.models._base import wire_name

__all__ = ["WireError", "find_wire_error", "show", "wrong"]


class WireError(ValueError):
    """Not the expected, but the found value stands at a path, such as ``[3].chat_start_time``."""

    def __init__(self, expected: str, found: str, path: str = "") -> None:
        self.expected = expected
        self.found = found
        self.path = path
        super().__init__(f"expected {expected}, got {found}")

    def inside(self, place: str) -> WireError:
        """The same error, with the path from an outer object that holds the value at this place."""
        dot = "." if self.path and self.path[0] not in ".[" else ""
        return WireError(self.expected, self.found, f"{place}{dot}{self.path}")


def wrong(expected: str, value: object) -> WireError:
    """The error for a value where something else is expected."""
    return WireError(expected, show(value))


def show(value: object) -> str:
    """The value as a message shows it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        return repr(value)
    except RecursionError:
        return f"a {type(value).__name__} of too many levels"


def find_wire_error(error: Exception) -> WireError:
    """The first problem, and its place, in an error of ``Converter.structure``."""
    path = ""
    while isinstance(error, BaseValidationError):
        cls, error = error.cl, error.exceptions[0]
        path += _step(error, cls)
    if isinstance(error, WireError):
        path, expected, found = path + error.path, error.expected, error.found
    elif isinstance(error, KeyError):
        expected, found = "a value", "no such field"
    else:
        expected, found = "what the type asks for", f"{type(error).__name__}: {error}"
    return WireError(expected, found, path.removeprefix("."))


def _step(error: Exception, cls: Any) -> str:
    """Where in a value of this type the error is, as cattrs notes it; blank without a note."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, IterableValidationNote):
            return f"[{note.index}]"
        if isinstance(note, AttributeValidationNote):
            field = attrs.fields_dict(cls).get(note.name) if attrs.has(cls) else None
            return f".{note.name if field is None else wire_name(field)}"
    return ""
