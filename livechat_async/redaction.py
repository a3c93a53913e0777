"""Text that is safe to show: without secrets, and without characters that a terminal obeys.

A traceback with locals, a debugger or a log line shows the ``repr`` of whatever a frame holds, in
aiohttp's frames too. A `Secret` works wherever text is expected, and its ``repr`` hides it.
"""

from __future__ import annotations

import json
import re
from collections import UserString
from collections.abc import Iterable, Iterator, Mapping, Sequence
from reprlib import recursive_repr
from typing import Any
from urllib.parse import quote

from attrs import fields

__all__ = [
    "HIDDEN",
    "TRICKY",
    "Secret",
    "SecretBytes",
    "conceal",
    "hide",
    "is_secret_name",
    "kind_of",
    "printable",
    "redact",
    "repr_of_fields",
    "secrets_in",
    "shorten",
    "spellings_of",
]

HIDDEN = "***"
_MOST_READ = 8  # times the length that is shown: hiding makes a text shorter

# Patterns stay text: `re` compiles each at its first use and caches it, so the import is quick.

# C1 controls, line separators, marks that reverse the direction of text, and lone surrogates: a
# terminal obeys them, or they make text look like something else.
TRICKY = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_UNSAFE = rf"[\x00-\x1f{TRICKY}]"
_PICTURES = {**{code: chr(0x2400 + code) for code in range(0x20)}, 0x7F: "\u2421"}

_PERCENT = "%[0-9A-F]{2}"
_NUMBERS = frozenset({int, float, bool})
_SCALARS = (UserString, memoryview)  # sequences by their type, but not of entries
_SECRET_NAMES = frozenset(
    {
        "access_token",
        "api_key",
        "authorization",
        "client_secret",
        "current_password",
        "password",
        "refresh_token",
        "secret",
        "secret_key",
        "token",
    }
)

# What stands between the scheme and the host of a URL: in plain text, in JSON, percent-encoded.
_BEFORE_AUTHORITY = r"(?::|%3[Aa])(?:\\?/|%2[Ff]){2}"
_AUTHORITY = r'(?:[^\s"<>/?#\\]|\\(?!/))*+'
_SECRET_VALUE = (
    rf"""(?i)(["'](?:{"|".join(sorted(_SECRET_NAMES))})["']\s*:\s*["'])(?:[^"'\\]|\\.)*"""
)


class Secret(str):
    """Text with a hidden ``repr``. ``str()`` gives the text itself: it has to reach the wire."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{HIDDEN}'"


class SecretBytes(bytes):
    """Bytes with a hidden ``repr``, for a request body that holds a secret."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"b'{HIDDEN}'"


def is_secret_name(name: object) -> bool:
    """Whether a header, parameter or key of this name usually carries a secret."""
    return isinstance(name, str) and name.lower() in _SECRET_NAMES


def conceal(value: Any, name: object = None, found: list[Secret] | None = None) -> Any:
    """A copy of nested mappings and sequences in which all text below a secret name is a `Secret`.

    Args:
        value: mappings, sequences, text, or anything else, which stays as it is.
        name: the name the value stands under.
        found: takes up every `Secret` of the result.
    """
    hidden = isinstance(name, str) and name.lower() in _SECRET_NAMES
    if isinstance(value, str):
        text = Secret(value) if hidden else value
        if found is not None and isinstance(text, Secret):
            found.append(text)
        return text
    if isinstance(value, (bytes, bytearray)):
        return SecretBytes(value) if hidden else value
    # Every call comes through here: exact types come first, for `isinstance` is slow with ABCs, and
    # the loops copy usual entries without a call for each.
    is_list = type(value) is list
    if type(value) is dict or (not is_list and isinstance(value, Mapping)):
        entries: dict[Any, Any] = {}
        for key, item in value.items():
            kind = type(item)
            if kind in _NUMBERS or (
                kind is str and not hidden and type(key) is str and key.lower() not in _SECRET_NAMES
            ):
                entries[key] = item
            else:
                entries[key] = conceal(item, name if hidden else key, found)
        return entries
    if is_list or (isinstance(value, Sequence) and not isinstance(value, _SCALARS)):
        items: list[Any] = []
        for item in value:
            kind = type(item)
            is_usual = kind in _NUMBERS or (kind is str and not hidden)
            items.append(item if is_usual else conceal(item, name, found))
        return tuple(items) if isinstance(value, tuple) else items
    return value


def kind_of(value: object) -> str:
    """The name of a value's type for a message: a `Secret` is a str."""
    known = next((kind for kind in (str, bytes) if isinstance(value, kind)), type(value))
    return known.__name__


def secrets_in(value: object) -> list[Secret]:
    """Every `Secret` in nested mappings and sequences."""
    found: list[Secret] = []
    conceal(value, found=found)
    return found


def repr_of_fields(self: Any) -> str:
    """The ``repr`` that attrs would generate. attrs generates it at import, which takes longer."""
    return _repr_of_fields(self)


@recursive_repr("...")
def _repr_of_fields(value: Any) -> str:
    shown = [
        f"{field.name}={(repr if field.repr is True else field.repr)(getattr(value, field.name))}"
        for field in fields(type(value))
        if field.repr and hasattr(value, field.name)  # a traceback may show one that is half made
    ]
    return f"{type(value).__qualname__.rpartition('>.')[2]}({', '.join(shown)})"


def printable(text: str) -> str:
    """The text with a picture such as ``␛`` for every character that a terminal obeys."""
    return re.sub(_UNSAFE, lambda found: _PICTURES.get(ord(found[0]), "\ufffd"), text)


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it hidden, in any spelling.

    Secrets are those given, the user name and password of every URL, and JSON values under a
    secret name.
    """
    return hide(text, spellings_of(secrets))


def shorten(text: str, spellings: Sequence[str], length: int) -> str:
    """The first ``length`` characters of a text of any size, without its secrets.

    Secrets are hidden before the text is cut, because half a secret would not be found; and the
    text is bounded before that, so that a long one costs no more than a short one.
    """
    longest = max(map(len, spellings), default=0)
    bound = _MOST_READ * length + longest
    shown = hide(text[:bound], spellings)
    if len(text) > bound:  # what stands at the end may be half a secret
        shown = shown[: len(shown) - longest]
    elif len(shown) <= length:
        return shown
    return f"{shown[:length]}…"


def hide(text: str, spellings: Iterable[str]) -> str:
    """`redact` for secrets whose `spellings_of` are known."""
    for spelling in spellings:
        text = text.replace(spelling, HIDDEN)
    text = "".join(_without_user_info(text))
    return re.sub(_SECRET_VALUE, rf"\1{HIDDEN}", text)


def _without_user_info(text: str) -> Iterator[str]:
    """The parts of a text in which the user name and password of every URL are hidden.

    Also of a URL that was cut off, as in the body of an error. Each character is looked at a few
    times at most: whoever wrote the text may have wanted it to take long.
    """
    done, end, last_at, last_colon = 0, -1, (0, ""), -1
    for found in re.finditer(_BEFORE_AUTHORITY, text):
        start = found.end()
        if found.start() < done:
            continue
        if start > end:  # the authority of another URL than before
            end = re.compile(_AUTHORITY).match(text, start).end()  # type: ignore[union-attr]
            last_at = max((text.rfind(at, start, end), at) for at in ("@", "%40"))
            last_colon = max(text.rfind(colon, start, end) for colon in (":", "%3A", "%3a"))
        if last_at[0] >= start:
            yield text[done:start] + HIDDEN + last_at[1]
            done = last_at[0] + len(last_at[1])
        elif last_colon >= start and end == len(text):
            yield text[done:start] + HIDDEN
            done = end
    yield text[done:]


def spellings_of(secrets: Iterable[str]) -> list[str]:
    """The spellings in which an answer may repeat a secret: plain, in JSON, in HTML, in a URL.

    The longest come first: a secret may contain another one.
    """
    from html import escape  # noqa: PLC0415 (it loads the names of all HTML entities)

    found: set[str] = set()
    for secret in map(str, secrets):
        quoted = quote(secret, safe="")
        found |= {secret, repr(secret)[1:-1], escape(secret), quoted}
        found.add(re.sub(_PERCENT, lambda code: code[0].lower(), quoted))
        for in_json in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
            found |= {in_json, in_json.replace("/", r"\/")}
    found.discard("")
    return sorted(found, key=len, reverse=True)
