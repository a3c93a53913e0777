"""Bracket notation (`group[]=0`, `fields[0][name]=Age`), plain values for JSON, and path segments.

LiveChat's API reads a query string and a form body the way PHP does, and PHP silently renames,
drops or merges what its notation cannot carry. Such data is refused here, before anything is sent.
An error names the path of the entry, never its value, which may be a secret.

How a scalar is sent, in forms and in JSON:

| given                   | plain value             | in a form                   |
| ----------------------- | ----------------------- | --------------------------- |
| `str`                   | the same object         | the same object             |
| `Secret`                | its text                | the same text               |
| `bool`                  | `1` or `0`              | `1` or `0`                  |
| `int`, `float`          | the number              | its shortest exact text     |
| `decimal.Decimal`       | text in fixed notation  | the same text               |
| `date`, `datetime`      | `isoformat()`           | the same text               |
| `enum.Enum`             | as its value            | as its value                |
| `None`                  | left out                | left out                    |
"""

import math
import re
from collections import UserString
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias, cast
from urllib.parse import quote, unquote

from livechat_async.redaction import Secret

Plain: TypeAlias = dict[str, "Plain"] | list["Plain"] | str | int | float
"""What JSON carries, without null."""

_Path: TypeAlias = tuple[str | int, ...]

MAX_DEPTH: Final = 32
"""How many levels of containers the outermost may hold."""

MAX_PAIRS: Final = 1000
"""How many pairs a form may have: PHP's `max_input_vars`. PHP drops the rest."""

# Python refuses to print an int of more than 640 to 4300 digits, depending on its settings.
_MAX_DIGITS: Final = 500
_TOO_LARGE: Final = 10**_MAX_DIGITS

# Patterns stay text: `re` compiles each at its first use and caches it, so the import is quick.
_SURROGATE: Final = r"[\ud800-\udfff]"
_CONTROL: Final = r"[\x00-\x1f\x7f-\x9f]"
_WHITE_SPACE: Final = " \t\n\v\f\r"

# Sequences by their type, but not of entries.
_WHOLE: Final = (bytes, bytearray, memoryview, UserString)


def plain(data: object) -> Plain | None:
    """Normalise nested mappings, sequences and scalars to new dicts and lists that JSON carries.

    Entries that are `None` are left out; a `str` of any subclass stays the same object.

    Raises:
        ValueError: A key that is not a `str` or occurs twice, a type that is not in the table, NaN
            or infinity, a number of more than 500 digits, a lone surrogate, or more than
            `MAX_DEPTH` levels of nesting, as in data that contains itself.
    """
    return _plain(data, (), form=False)


def encode_pairs(data: Mapping[str, object]) -> list[tuple[str, str]]:
    """Flatten a mapping to the names and texts of a form, not yet percent-encoded.

    A list of scalars is sent as `group[]`. A list that holds any container gets consecutive
    indices, `fields[0][name]`, because PHP would otherwise make each field an element of its own.

    Raises:
        ValueError: All that `plain` refuses, and what PHP would change or lose: an empty container,
            a nested mapping with the keys `0`, `1`, ... of a list, more than `MAX_PAIRS` pairs, a
            key that is empty or has a NUL, a top-level key that has a `[`, `.` or space or starts
            with white space, and a nested key that has a `]`, is only white space or starts with
            `__Host-` or `__Secure-`.
    """
    tree = _plain(data, (), form=True)
    if not isinstance(tree, dict):
        raise _refusal((), f"a form is made of a mapping, not of {_kind(data)}")
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        _flatten(key, value, pairs)
    if len(pairs) > MAX_PAIRS:
        raise _refusal(
            (pairs[MAX_PAIRS][0],),
            f"of {len(pairs)} pairs only the first {MAX_PAIRS} would be read; "
            "send fewer at a time, or as JSON",
        )
    return pairs


def urlencode(data: Mapping[str, object]) -> str:
    """Encode what `encode_pairs` takes as a query string or a form body.

    The text is ASCII, such as `state=chatting&group%5B%5D=0`. All but letters, digits and `_.-~`
    is percent-encoded as UTF-8, brackets too, and a space is `%20`.
    """
    usual = _urlencode_usual(data)
    if usual is not None:
        return usual
    # Joined, not formatted: a secret's own __format__ may hide it.
    return "&".join(
        "=".join((quote(name, safe=""), quote(text, safe=""))) for name, text in encode_pairs(data)
    )


def _urlencode_usual(data: Mapping[str, object]) -> str | None:
    """The text of a flat mapping of plain scalars and lists of them; None for any other."""
    if type(data) is not dict:
        return None
    texts: list[str] = []
    for key, value in data.items():
        # PHP keeps an identifier as it is, and it needs no percent-encoding.
        is_list = type(value) is list
        items: Sequence[Any] = value if type(value) is list else (value,)
        if not items or type(key) is not str or not (key.isascii() and key.isidentifier()):
            return None
        for item in items:
            kind = type(item)
            if kind is str and item.isascii():
                text = item if item.isalnum() else quote(item, safe="")
            elif (kind is int or kind is bool) and -_TOO_LARGE < item < _TOO_LARGE:
                text = str(int(item))
            elif kind is date:
                text = item.isoformat()
            else:
                return None
            texts.append(f"{key}%5B%5D={text}" if is_list else f"{key}={text}")
    return "&".join(texts) if len(texts) <= MAX_PAIRS else None


def quote_segment(value: str) -> str:
    """Percent-encode one segment of a URL's path, such as a visitor's id; a `/` stays part of it.

    Raises:
        ValueError: The segment is empty, or is `.` or `..`, percent-encoded or not, which would
            name another resource; or it has a control character or a lone surrogate.
    """
    if value.isascii() and value.isalnum():
        return value
    if not value:
        raise ValueError("a path segment must not be empty; give the id")
    if unquote(value) in {".", ".."}:
        raise ValueError(
            "a path segment must not be '.' or '..', percent-encoded or not; give an id"
        )
    if not value.isprintable() and re.search(_CONTROL, value):
        raise ValueError("a path segment must not have a control character; remove it")
    if not value.isascii() and re.search(_SURROGATE, value):
        raise ValueError("a path segment must not have a lone surrogate; give well-formed text")
    return quote(value, safe="")


def _plain(value: object, path: _Path, *, form: bool) -> Plain | None:
    # Exact types come first: `isinstance` is slow with ABCs.
    is_mapping = type(value) is dict
    if not is_mapping and type(value) is not list:
        while isinstance(value, Enum):
            value = value.value
        is_mapping = isinstance(value, Mapping)
        is_entries = isinstance(value, Sequence) and not isinstance(value, (str, *_WHOLE))
        if not is_mapping and not is_entries:
            return _scalar(value, path)
    if len(path) > MAX_DEPTH:
        raise _refusal(path, f"nested more than {MAX_DEPTH} levels deep; send flatter data")
    result: dict[str, Plain] | list[Plain]
    if is_mapping:
        result = _mapping(cast("Mapping[object, object]", value), path, form=form)
    else:
        result = []
        for index, item in enumerate(cast("Sequence[Any]", value)):
            is_usual = type(item) is str and item.isascii()
            normal = item if is_usual else _plain(item, (*path, index), form=form)
            if normal is not None:
                result.append(normal)
    if form and path and not result:
        raise _refusal(path, f"{_kind(value)} with nothing in it; leave it out, or send it as JSON")
    return result


def _mapping(value: Mapping[object, Any], path: _Path, *, form: bool) -> dict[str, Plain]:
    result: dict[str, Plain] = {}
    for given, item in value.items():
        if not isinstance(given, str):
            raise _refusal(path, f"a key of it is {_kind(given)}; give keys as text")
        # A member of a str enum formats as its name on some Pythons, so take its text alone.
        key = str.__str__(given)
        if not (key.isascii() and key.isidentifier()):
            _check_key(key, (*path, key), form=form)
        is_usual = type(item) is str and item.isascii()
        normal = item if is_usual else _plain(item, (*path, key), form=form)
        if normal is None:
            continue
        # Multi-valued mappings, as of query strings, list each value under the same key.
        if key in result:
            raise _refusal((*path, key), "the key occurs more than once; give its values as a list")
        result[key] = normal
    if form and path and "0" in result and list(result) == [str(n) for n in range(len(result))]:
        raise _refusal(
            path,
            f"{_kind(value)} with the keys 0, 1, ... would be read as a list; "
            "give a list, or send it as JSON",
        )
    return result


def _scalar(value: object, path: _Path) -> str | int | float | None:
    if isinstance(value, Secret):
        value = value.reveal()
    if isinstance(value, str):
        _check_text(value, path, "its text")
        return value
    if isinstance(value, (int, float, Decimal)):
        return _number(value, path)
    if isinstance(value, date):
        return value.isoformat()
    if value is None:
        return None
    if isinstance(value, _WHOLE):
        remedy = "turn it into str"
    elif isinstance(value, (AbstractSet, Iterator)):
        remedy = "give a list"
    else:
        remedy = "give text, a number, a date, an enum member, a list or a mapping"
    raise _refusal(path, f"{_kind(value)} cannot be sent; {remedy}")


def _number(value: float | Decimal, path: _Path) -> str | int | float:
    if isinstance(value, int):
        too_large, finite = not -_TOO_LARGE < value < _TOO_LARGE, True
    elif isinstance(value, float):
        too_large, finite = False, math.isfinite(value)
    else:
        too_large, finite = abs(value.adjusted()) >= _MAX_DIGITS, value.is_finite()
    if not finite:
        raise _refusal(path, f"{_kind(value)} that is not finite; leave it out, or give text")
    if too_large:
        raise _refusal(path, f"{_kind(value)} of more than {_MAX_DIGITS} digits; give text")
    if isinstance(value, int):
        return int(value)
    # A subclass may print as something else than the number.
    return float(value) if isinstance(value, float) else format(value, "f")


def _flatten(name: str, value: Plain, pairs: list[tuple[str, str]]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _flatten(f"{name}[{key}]", item, pairs)
    elif isinstance(value, list):
        indexed = any(isinstance(item, (dict, list)) for item in value)
        for index, item in enumerate(value):
            _flatten(f"{name}[{index}]" if indexed else f"{name}[]", item, pairs)
    else:
        pairs.append((name, value if isinstance(value, str) else str(value)))


def _check_text(text: str, path: _Path, what: str) -> None:
    # Searched, not encoded: the error of a failed encoding holds the whole text.
    if not text.isascii() and re.search(_SURROGATE, text):
        raise _refusal(path, f"{what} has a lone surrogate; give well-formed text")


def _check_key(key: str, path: _Path, *, form: bool) -> None:
    _check_text(key, path, "its key")
    problem = _problem_of_key(key, is_nested=len(path) > 1) if form else ""
    if problem:
        raise _refusal(path, f"{problem}; rename it, or send the data as JSON")


def _problem_of_key(key: str, *, is_nested: bool) -> str:
    """The change that PHP would make to a key of a form, or an empty text."""
    rules = [
        (not key, "an empty key would be dropped or read as a list"),
        ("\0" in key, "a key with a NUL would be cut short there"),
    ]
    if is_nested:
        is_cookie = key.startswith(("__Host-", "__Secure-"))
        rules += [
            ("]" in key, "a nested key with ']' would be cut short there"),
            (not key.strip(_WHITE_SPACE), "a nested key of white space may be read as a list"),
            (is_cookie, "a nested key with a cookie's prefix would be dropped"),
        ]
    else:
        starts_white = key != key.lstrip(_WHITE_SPACE)
        is_renamed = any(character in key for character in "[ .")
        rules += [
            (starts_white, "a top-level key that starts with white space may be renamed"),
            (is_renamed, "a top-level key with '[', '.' or a space would be renamed"),
        ]
    return next((problem for is_broken, problem in rules if is_broken), "")


def _kind(value: object) -> str:
    return f"a value of type {type(value).__qualname__}"


def _refusal(path: _Path, problem: str) -> ValueError:
    steps = [str(step) for step in path]
    # Line breaks and surrogates in a key would spoil the log the message ends up in.
    steps = [step if step.isprintable() else ascii(step)[1:-1] for step in steps]
    if not steps:
        return ValueError(f"the data: {problem}")
    return ValueError(f"{steps[0]}{''.join(f'[{step}]' for step in steps[1:])}: {problem}")
