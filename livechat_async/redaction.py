"""What may be shown: text without secrets, and without what a terminal would obey.

A traceback with locals, a debugger or a log line shows the ``repr`` of whatever a frame holds,
aiohttp's frames too. A secret that travels as one of these types still works wherever text or
bytes are expected and shows nothing there.
"""

from __future__ import annotations

import json
import re
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
    "is_secret_name",
    "kind_of",
    "printable",
    "redact",
    "repr_of_fields",
    "secrets_in",
]

HIDDEN = "***"

# Patterns are kept as text: `re` compiles each when it is first used, and remembers it.

# C1 controls, line separators, what turns the direction of text around, and halves of characters:
# a terminal obeys them, or text looks like what it is not.
TRICKY = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_UNSAFE = rf"[\x00-\x1f{TRICKY}]"
_PICTURES = {**{code: chr(0x2400 + code) for code in range(0x20)}, 0x7F: "\u2421"}

_PERCENT = "%[0-9A-F]{2}"
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


# User name and password of a URL: in plain text, in JSON and percent-encoded; and cut off, as the
# body of an error may be.
_RUN = r'(?:[^\s"<>/?#\\]|\\(?!/))*'
_USER_INFO = (
    r"((?::|%3[Aa])(?:\\?/|%2[Ff]){2})"
    rf"(?:{_RUN}(@|%40)|{_RUN}(?::|%3[Aa]){_RUN}(…?\Z))"
)
_SECRET_VALUE = (
    rf"""(?i)(["'](?:{"|".join(sorted(_SECRET_NAMES))})["']\s*:\s*["'])(?:[^"'\\]|\\.)*"""
)


class Secret(str):
    """Text whose ``repr`` is hidden. ``str()`` gives the text itself: it has to reach the wire."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{HIDDEN}'"


class SecretBytes(bytes):
    """Bytes whose ``repr`` is hidden: a request body that holds a secret."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"b'{HIDDEN}'"


def is_secret_name(name: object) -> bool:
    """Whether a header, parameter or key of this name usually carries a secret."""
    return isinstance(name, str) and name.lower() in _SECRET_NAMES


def conceal(value: Any, name: object = None) -> Any:
    """The same nesting of mappings and sequences, with all text a secret below a secret's name."""
    if value is None:
        return None
    hidden = is_secret_name(name)
    if isinstance(value, str):
        return Secret(value) if hidden else value
    if isinstance(value, (bytes, bytearray)):
        return SecretBytes(value) if hidden else value
    if type(value) is dict or isinstance(value, Mapping):  # the former is quicker to tell
        return {key: conceal(item, name if hidden else key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [conceal(item, name) for item in value]
        return items if isinstance(value, list) else tuple(items)
    return value


def kind_of(value: object) -> str:
    """The name of a value's type for a message, as the caller knows it."""
    known = next((kind for kind in (str, bytes) if isinstance(value, kind)), type(value))
    return known.__name__


def secrets_in(value: object) -> list[Secret]:
    """Every `Secret` in a nesting of mappings and sequences."""
    if not value:
        return []
    if isinstance(value, Secret):
        return [value]
    if type(value) is dict or isinstance(value, Mapping):
        return [secret for item in value.values() for secret in secrets_in(item)]
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [secret for item in value for secret in secrets_in(item)]
    return []


@recursive_repr("...")
def repr_of_fields(value: Any) -> str:
    """The ``repr`` attrs would generate, made when asked for: generating takes time at import."""
    shown = [
        f"{field.name}={(repr if field.repr is True else field.repr)(getattr(value, field.name))}"
        for field in fields(type(value))
        if field.repr
    ]
    return f"{type(value).__qualname__.rpartition('>.')[2]}({', '.join(shown)})"


def printable(text: str) -> str:
    """The text with a picture in place of every character a terminal would obey, as ``␛``."""
    return re.sub(_UNSAFE, lambda found: _PICTURES.get(ord(found[0]), "\ufffd"), text)


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it hidden, however it is spelled there.

    That is those given, the user name and password of every URL, and what in JSON stands under the
    name of a secret.
    """
    spellings = {spelling for secret in secrets if secret for spelling in _spellings(str(secret))}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, HIDDEN)
    text = re.sub(_USER_INFO, rf"\1{HIDDEN}\2\3", text)
    return re.sub(_SECRET_VALUE, rf"\1{HIDDEN}", text)


def _spellings(secret: str) -> Iterator[str]:
    """The ways in which an answer may repeat a secret: plain, in JSON, in HTML, in a URL."""
    from html import escape  # noqa: PLC0415 (it brings along the names of all HTML entities)

    quoted = quote(secret, safe="")
    yield from (secret, repr(secret)[1:-1], escape(secret))
    yield from (quoted, re.sub(_PERCENT, lambda found: found[0].lower(), quoted))
    for in_json in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield from (in_json, in_json.replace("/", r"\/"))
