"""What is wrong with a payload, and where."""

from __future__ import annotations

from typing import Any, get_args

import attrs
from cattrs import AttributeValidationNote, BaseValidationError, IterableValidationNote

from livechat_async.models._base import WireModel, wire_name

_WRONG_KIND = (TypeError, AttributeError)


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


def find_wire_error(error: Exception, type_: Any = None, value: Any = None) -> WireError:
    """The first problem, and its place, in an error of ``Converter.structure``.

    Args:
        error: what it raised.
        type_: the type it was to make, if that is known.
        value: what it was to make that of.
    """
    if isinstance(error, (BaseValidationError, *_WRONG_KIND)) and _is_no_object(value, type_):
        return WireError(_name_of(type_), show(value))  # not the field that was looked for in it
    path, is_whole = "", type_ is not None
    while isinstance(error, BaseValidationError):
        cls, error = error.cl, error.exceptions[0]
        step, type_ = _step(error, cls)
        path, is_whole = path + step, is_whole and not step
    if isinstance(error, WireError):
        path, expected, found = path + error.path, error.expected, error.found
    elif isinstance(error, KeyError):
        expected, found = "a value", "no such field"
    else:
        # The words of cattrs, or of the user's class. Those of a wrong kind say nothing of it.
        is_kind = is_whole and isinstance(error, _WRONG_KIND)
        expected = "what the type asks for" if type_ is None else _name_of(type_)
        found = show(value) if is_kind else f"{type(error).__name__}: {error}"
    return WireError(expected, found, path.removeprefix("."))


def _step(error: Exception, cls: Any) -> tuple[str, Any]:
    """Where in a value of this type the error is, as cattrs notes it, and the type there.

    Without a note, the place is blank and the type is the same.
    """
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, IterableValidationNote):
            return f"[{note.index}]", note.type
        if isinstance(note, AttributeValidationNote):
            field = attrs.fields_dict(cls).get(note.name) if attrs.has(cls) else None
            return f".{note.name if field is None else wire_name(field)}", note.type
    return "", cls


def _is_no_object(value: Any, type_: Any) -> bool:
    """Whether a class of the user's cannot be made of a value. One of ours takes a bare id, too."""
    is_ours = isinstance(type_, type) and issubclass(type_, WireModel)
    return attrs.has(type_) and not is_ours and not isinstance(value, dict)


def _name_of(type_: Any) -> str:
    is_class = isinstance(type_, type) and not get_args(type_)
    return type_.__qualname__ if is_class else str(type_).replace("typing.", "")
