"""How objects show themselves: in a line that fits a screen, and as a table in a notebook.

Others sent what is shown. So texts are cut before anything else is done with them, a value that
cannot be shown hides no other, and HTML is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from enum import Enum
from functools import wraps
from itertools import islice
from reprlib import recursive_repr
from typing import Any, Final

from attrs import fields, has

from livechat_async.redaction import HIDDEN, is_secret_name, printable

_LINE: Final = 320  # characters of the repr of a model
_TEXT, _CELL = 60, 80  # characters of a text in a line, and in a cell of a table
_ITEMS = 3  # of a list or a mapping
_DEPTH = 2  # of lists in lists
_ROWS, _COLUMNS = 50, 12
_COLLECTIONS = (list, tuple, set, frozenset)
_PLAIN_REPRS: Final[Sequence[object]] = [kind.__repr__ for kind in _COLLECTIONS]


def brief(value: object, length: int = _TEXT, *, quoted: bool = True) -> str:
    """A value in a few words. It never raises.

    A text is cut. A list shows its first items and the number of all; a list of objects without a
    label, such as messages, shows the number alone.

    Args:
        value: anything.
        length: how many characters of a text are shown.
        quoted: whether texts and lists are written as in Python.
    """
    try:
        shown = _brief(value, length, quoted, _DEPTH)
    except Exception:  # noqa: BLE001 (whatever its own repr raises)
        shown = f"<{type(value).__name__}>"
    return cut(shown, 2 * length)


def cut(text: str, length: int) -> str:
    """A text of at most this length, and a sign that there is more."""
    return text if len(text) <= length else f"{text[:length]}…"


def _brief(value: Any, length: int, quoted: bool, depth: int) -> str:  # noqa: FBT001
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping) or type(value).__repr__ in _PLAIN_REPRS:
        return _brief_items(value, length // 2, quoted, depth - 1)
    label = value if type(value) is str else label_of(value)  # a class of texts may hide them
    if label is None:
        return repr(value) if quoted else f"{value}"
    return repr(cut(label, length)) if quoted else cut(label, length)


def _brief_items(items: Any, length: int, quoted: bool, depth: int) -> str:  # noqa: FBT001
    first, is_mapping = list(islice(items, _ITEMS)), isinstance(items, Mapping)
    if depth < 0 or any(has(type(item)) and label_of(item) is None for item in first):
        return f"<{len(items)}>" if quoted else f"{len(items)}"
    shown = [_brief(item, length, quoted, depth) for item in first]
    if is_mapping:
        values = [HIDDEN if is_secret_name(name) else items[name] for name in first]
        texts = [_brief(value, length, quoted, depth) for value in values]
        shown = [f"{name}: {text}" for name, text in zip(shown, texts, strict=True)]
    if len(items) > len(first):
        shown.append(f"… {len(items)} in all")
    start, end = ("{", "}") if is_mapping else ("[", "]") if quoted else ("", "")
    return f"{start}{', '.join(shown)}{end}"


def label_of(value: object) -> str | None:
    """The text that stands for an object in a list or a cell; None for an object without one."""
    label: Any = getattr(value, "_label", None)
    text = None if label is None else label()
    return f"{text}" if text else None  # of the member of an enum, its text


def repr_of_model(self: Any) -> str:
    """The ``repr`` of a model: the values by which it is shown, cut to a line. It never raises."""
    return _repr_of_model(self)


@recursive_repr("...")
def _repr_of_model(model: Any) -> str:
    reprs = {field.name: field.repr for field in fields(type(model)) if callable(field.repr)}
    shown, room = list[str](), _LINE
    for name, value in _shown_values(model):
        if value is None:
            continue
        part = f"{name}={reprs.get(name, brief)(value)}"
        room -= len(part) + 2
        if room < 0:
            shown.append("…")
            break
        shown.append(part)
    return f"{type(model).__qualname__.rpartition('>.')[2]}({', '.join(shown)})"


def _shown_values(value: Any) -> Iterator[tuple[str, Any]]:
    """The attributes by which an object is shown: those its class names, or all its fields.

    A blank value is None, and so is one that cannot be had.
    """
    cls = type(value)
    named: Sequence[str] = getattr(cls, "_shown", ())
    for name in named or [field.name for field in fields(cls) if field.repr is not False]:
        found: Any = None
        with suppress(Exception):  # it is half made, as in a traceback, or of odd values
            found = getattr(value, name)
        is_blank = isinstance(found, (str, *_COLLECTIONS)) and not found
        yield name, None if is_blank else found


def never_raises(show: Callable[[Any], str]) -> Callable[[Any], str]:
    """Decorator of a ``__repr__``: an object that is half made, or of odd values, shows its class.

    A traceback with local variables shows objects while they are made.
    """

    @wraps(show)
    def __repr__(self: Any) -> str:  # noqa: N807
        try:
            return show(self)
        except Exception:  # noqa: BLE001 (whatever is missing or odd)
            return object.__repr__(self)

    return __repr__


def number_of(number: int, thing: str) -> str:
    """A number with its noun, such as ``1 visitor`` or ``2 visitors``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def out_of(number: int, total: int | None) -> str:
    """A number of things, and how many there are if that is known, such as ``25 of 120``."""
    return f"{number:,}" if total is None else f"{number:,} of {total:,}"


def noun_of(items: Sequence[object]) -> str:
    """What each of the items is, such as ``chat``."""
    kind = type(items[0]) if items else object
    return kind.__name__.lower() if hasattr(kind, "_label") else "item"


def ends_of(items: Sequence[object]) -> str:
    """The ids of the first and the last item, such as ``MH022RD0K5 … PZ070E0W1B``."""
    ends = [items[0], items[-1]] if len(items) > 1 else items
    return " … ".join(filter(None, map(_id_of, ends)))


def _id_of(item: object) -> str:
    try:
        id_ = item.get("id") if isinstance(item, Mapping) else getattr(item, "id", None)
    except Exception:  # noqa: BLE001 (the item is of a class of the user's)
        id_ = None
    return "" if id_ is None else printable(brief(id_, quoted=False))


def html_table(caption: str, items: Sequence[object]) -> str:
    """A table of models or mappings, in HTML: the first 50 of them, in at most 12 columns.

    It shows no HTML that is in the items.
    """
    from html import escape  # noqa: PLC0415 (it loads the names of all HTML entities)

    def line(tag: str, texts: Iterable[str]) -> str:
        cells = (f"<{tag}>{escape(printable(text))}</{tag}>" for text in texts)
        return f"<tr>{''.join(cells)}</tr>"

    rows = [dict(_cells(item)) for item in items[:_ROWS]]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = [name for name in names if any(row.get(name) for row in rows)][:_COLUMNS]
    body = [line("td", (row.get(name, "") for name in columns)) for row in rows]
    if len(items) > len(rows):
        more = f"… and {len(items) - len(rows):,} more"
        body.append(f'<tr><td colspan="{len(columns)}">{more}</td></tr>')
    return (
        f"<table><caption>{escape(printable(caption))}</caption>"
        f"<thead>{line('th', columns)}</thead><tbody>{''.join(body)}</tbody></table>"
    )


def _cells(item: Any) -> Iterator[tuple[str, str]]:
    """The names of an item's columns, and the text of each."""
    pairs: Iterable[tuple[Any, Any]] = [("item", item)]
    if isinstance(item, Mapping):
        names = list(islice(item, _COLUMNS))
        pairs = [(name, HIDDEN if is_secret_name(name) else item[name]) for name in names]
    elif has(type(item)):
        pairs = _shown_values(item)
    for name, value in pairs:
        yield brief(name, quoted=False), "" if value is None else brief(value, _CELL, quoted=False)
