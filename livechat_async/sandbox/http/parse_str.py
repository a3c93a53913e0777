"""A reader of bracket notation that works as PHP's `parse_str`, with all its quirks and losses."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final, TypeAlias

import attrs

_Value: TypeAlias = "str | _Array"

MAX_NESTING: Final = 64
"""PHP's `max_input_nesting_level`: a name with more brackets removes the whole variable."""

MAX_VARS: Final = 1000
"""PHP's `max_input_vars`: later pairs are ignored."""

_INDEX_MIN: Final = -(2**63)
_INDEX_MAX: Final = 2**63 - 1
_INDEX: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")

_ENCODED: Final = re.compile(rb"(?:%[0-9A-Fa-f]{2})++")

# isspace() of the C locale.
_WHITE_SPACE: Final = frozenset(" \t\n\v\f\r")
_MANGLED: Final = str.maketrans(" .", "__")
_MANGLED_UNCLOSED: Final = str.maketrans(" .[", "___")
_GUARDED_PREFIXES: Final = ("__Host-", "__Secure-")


@attrs.define(eq=False)
class _Array:
    """A PHP array: ordered, with the index at which `[]` appends.

    All keys are text: in PHP, a whole number and its text are the same key.
    """

    items: dict[str, _Value] = attrs.field(factory=dict[str, _Value])
    next_index: int = _INDEX_MIN

    def put(self, key: str | None, value: _Value) -> bool:
        """Set a key, or append for `None`; returns whether there was room."""
        if key is None:
            key = str(0 if self.next_index == _INDEX_MIN else self.next_index)
            if key in self.items:
                return False
        self.items[key] = value
        if _INDEX.fullmatch(key) and self.next_index <= (index := int(key)) <= _INDEX_MAX:
            self.next_index = min(index + 1, _INDEX_MAX)
        return True

    def child(self, key: str | None) -> "_Array | None":
        """The array at a key, which may be new; `None` if there is no room."""
        found = None if key is None else self.items.get(key)
        if isinstance(found, _Array):
            return found
        made = _Array()
        return made if self.put(key, made) else None

    def unwrap(self) -> dict[str, object]:
        """The items; an array in them is a list if its keys are those of a list."""
        return {
            key: _to_list(value.unwrap()) if isinstance(value, _Array) else value
            for key, value in self.items.items()
        }


def parse_str(text: str) -> dict[str, object]:
    """Read a query string or a form body as PHP reads it.

    Args:
        text: pairs joined by `&`, percent-encoded, with `+` for a space; brackets may be encoded.

    Returns:
        The variables by name, in the order of their first appearance. A leaf is a `str`. An array
        is a list if its keys are exactly `0` to `n-1` in order, otherwise a dict with `str` keys.
        Bytes that are not UTF-8 become U+FFFD.
    """
    # PHP stops at a NUL, and takes several separators in a row as one.
    pairs = (pair.partition("=") for pair in text.partition("\0")[0].split("&") if pair)
    return parse_pairs((_decode(name), _decode(value)) for name, _, value in pairs)


def parse_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, object]:
    """Read decoded names and values, as of a multipart body, in the way of `parse_str`."""
    root = _Array()
    for name, value in islice(pairs, MAX_VARS):
        _register(root, name, value)
    return root.unwrap()


def _decode(text: str) -> str:
    # The HTTP server passes bytes that are not UTF-8 as surrogates.
    raw = text.replace("+", " ").encode("utf-8", "surrogateescape")
    # A megabyte of % takes unquote_to_bytes a second.
    raw = _ENCODED.sub(lambda run: bytes.fromhex(run[0].replace(b"%", b"").decode()), raw)
    return raw.decode("utf-8", "replace")


def _to_list(values: dict[str, object]) -> list[object] | dict[str, object]:
    is_list = all(key == str(index) for index, key in enumerate(values))
    return list(values.values()) if is_list else values


def _register(root: _Array, name: str, value: str) -> None:
    name = name.partition("\0")[0].lstrip(" ")
    variable, bracket, _ = name.partition("[")
    keys = _read_keys(name, len(variable)) if bracket else []
    if bracket and not keys and variable:
        variable = name.translate(_MANGLED_UNCLOSED)
    else:
        variable = variable.translate(_MANGLED)
    if not variable:
        return
    *containers, last = [variable, *keys[:MAX_NESTING]]
    array = root
    for key in containers:
        child = None if _is_forged(key, name) else array.child(key)
        if child is None:
            return
        array = child
    if len(keys) > MAX_NESTING:
        del root.items[variable]
    elif not _is_forged(last, name):
        array.put(last, value)


def _read_keys(name: str, start: int) -> list[str | None]:
    """The keys in brackets from `start` on, at most one more than allowed; `None` is `[]`."""
    keys: list[str | None] = []
    while name[start : start + 1] == "[":
        if len(keys) == MAX_NESTING:
            return [*keys, None]
        begin = start + 1
        search = begin + 1 if name[begin : begin + 1] in _WHITE_SPACE else begin
        end = name.find("]", search)
        if end < 0:
            break
        keys.append(None if end == search else name[begin:end])
        start = end + 1
    return keys


def _is_forged(key: str | None, name: str) -> bool:
    """Whether a key has a cookie prefix that browsers guard, but the name as sent does not."""
    return key is not None and any(
        key.startswith(prefix) and not name.startswith(prefix) for prefix in _GUARDED_PREFIXES
    )
