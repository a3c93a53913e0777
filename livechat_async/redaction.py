"""Text that is safe to show: without secrets, and without characters that a terminal obeys.

Tracebacks with locals, debuggers and error reporters show whatever a frame holds, whole or cut, in
aiohttp's frames too. A `Secret` is no ``str``, so only `Secret.reveal` gives its text. aiohttp
needs text and bytes: it gets `WireText` and `SecretBytes`, which hide themselves when shown or cut.
"""

from __future__ import annotations

import base64
import json
import re
from collections import UserString
from collections.abc import Iterable, Iterator, Mapping, Sequence
from reprlib import recursive_repr
from typing import Any, Final
from urllib.parse import quote

from attrs import fields

HIDDEN = "***"

SHORTEST_HIDDEN: Final = 4
"""The fewest characters of a secret that is hidden wherever it stands.

A shorter one is part of ordinary words: hiding it would make a message unreadable, and the gaps
would show which letters it has.
"""

_MOST_READ = 8  # times the length that is shown: hiding makes a text shorter
_SHOWN = 120  # characters of a value in a message

# Patterns stay text: `re` compiles each at its first use and caches it, so the import is quick.

# C1 controls, line separators, marks that reverse the direction of text, and lone surrogates: a
# terminal obeys them, or they make text look like something else.
TRICKY = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_UNSAFE = rf"[\x00-\x1f{TRICKY}]"
_PICTURES = {**{code: chr(0x2400 + code) for code in range(0x20)}, 0x7F: "\u2421"}

_PERCENT = "%[0-9A-F]{2}"
_UNICODE = r"\\u([0-9a-f]{4})"
# What writers of URLs leave as it is: `urlencode`, PHP and browsers, and yarl in a query.
_SAFE_IN_URLS = ("", "/", "!$'()*,:@/?~")
_APOSTROPHES = ("'", "&#39;", "&#039;")  # what writers of HTML make of it
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
_COLON = r"(?::|%3[Aa])"
_BEFORE_AUTHORITY = rf"{_COLON}(?:\\?/|%2[Ff]){{2}}"
_AUTHORITY = r'(?:[^\s"<>/?#\\]|\\(?!/))*+'
_SECRET_VALUE = (
    rf"""(?i)(["'](?:{"|".join(sorted(_SECRET_NAMES))})["']\s*:\s*["'])(?:[^"'\\]|\\.)*"""
)


class Secret:
    """Text that is given out by `reveal` alone.

    It can be compared with text, and is false if empty. ``str()`` and formatting give ``***``.
    Whatever else takes text or makes text of it raises a ``TypeError``: slices, joins,
    concatenation, JSON. A copy is the secret itself.

    A pickle keeps the text, in base64 so that a dump of the pickle does not show it. Protect a
    pickle as you protect the secret.

    Args:
        text: the text, or another secret.
    """

    __slots__ = ("__text",)

    def __init__(self, text: object) -> None:
        self.__text: str = text.reveal() if isinstance(text, Secret) else str(text)

    def reveal(self) -> str:
        """The text itself. Do not keep it in a variable where an error may show it."""
        return self.__text

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Secret):
            return self.__text == other.__text
        return self.__text == other if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.__text)

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"'{HIDDEN}'"

    def __format__(self, _: str) -> str:
        return HIDDEN

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: object) -> Secret:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (base64.b64encode(self.__text.encode("utf-8", "surrogatepass")),)


def _unpickled(encoded: bytes) -> Secret:
    return Secret(base64.b64decode(encoded).decode("utf-8", "surrogatepass"))


class WireText(str):
    """Secret text where only a ``str`` will do, such as a header. It hides itself when shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{HIDDEN}'"

    def __format__(self, _: str) -> str:
        return HIDDEN

    def __getitem__(self, key: Any) -> WireText:  # tracebacks cut a text before they show it
        return WireText(super().__getitem__(key))


class SecretBytes(bytes):
    """Bytes that hide themselves when shown or cut, for a body that holds a secret."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"b'{HIDDEN}'"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return HIDDEN

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        return SecretBytes(part) if isinstance(part, bytes) else part


def reveal(value: Any) -> Any:
    """The text of a secret; any other value as it is."""
    return value.reveal() if isinstance(value, Secret) else value


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
    # Every call comes through here: exact types come first, for `isinstance` is slow with ABCs, and
    # the loops copy usual entries without a call for each.
    hidden = isinstance(name, str) and name.lower() in _SECRET_NAMES
    is_dict, is_list = type(value) is dict, type(value) is list
    if not is_dict and not is_list:
        if isinstance(value, (str, Secret, bytes, bytearray)):
            return _concealed_text(value, found, hidden=hidden)
        is_dict = isinstance(value, Mapping)
    if is_dict:
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


def _concealed_text(value: Any, found: list[Secret] | None, *, hidden: bool) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return SecretBytes(value) if hidden else value
    if hidden and isinstance(value, str):
        value = Secret(value)
    if isinstance(value, Secret) and found is not None:
        found.append(value)
    return value


def kind_of(value: object) -> str:
    """The name of a value's type for a message: a `Secret` was given as a str."""
    if isinstance(value, (str, Secret)):
        return "str"
    return "bytes" if isinstance(value, bytes) else type(value).__name__


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


def redact(text: str, secrets: Iterable[str | Secret]) -> str:
    """The text with every secret in it hidden, in any spelling.

    Secrets are those given of `SHORTEST_HIDDEN` characters or more, the user name and password of
    every URL, and JSON values under a secret name.
    """
    return hide(text, spellings_of(map(Secret, secrets)))


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


def shown(value: object) -> str:
    """The value as a message shows it: in one line, shortened, and without secrets."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 (Python shows no int of 5,000 digits; other reprs may raise, too)
        text = f"<{type(value).__name__}>"
    return printable(shorten(text, (), _SHOWN))


def hide(text: str, spellings: Iterable[str]) -> str:
    """`redact` for secrets whose `spellings_of` are known."""
    for spelling in spellings:
        text = text.replace(spelling, HIDDEN)
    if re.search(_BEFORE_AUTHORITY, text):
        text = "".join(_without_user_info(text))
    return re.sub(_SECRET_VALUE, rf"\1{HIDDEN}", text)


def _without_user_info(text: str) -> Iterator[str]:
    """The parts of a text in which the user name and password of every URL are hidden.

    Also of a URL that was cut off, as in the body of an error. Each character is looked at a few
    times at most: whoever wrote the text may have wanted it to take long.
    """
    done, end, last_at = 0, -1, (0, "")
    for found in re.finditer(_BEFORE_AUTHORITY, text):
        start = found.end()
        if found.start() < done:
            continue
        if start > end:  # the authority of another URL than before
            end = re.compile(_AUTHORITY).match(text, start).end()  # type: ignore[union-attr]
            last_at = max(
                (text.rfind("@", start, end), "@"), (text.rfind("%40", start, end), "%40")
            )
        if last_at[0] >= start:
            yield text[done:start] + HIDDEN + last_at[1]
            done = last_at[0] + len(last_at[1])
        elif end == len(text) and re.search(_COLON, text[start:end]):
            yield text[done:start] + HIDDEN
            done = end
    yield text[done:]


def spellings_of(secrets: Iterable[Secret]) -> list[str]:
    """The spellings in which an answer may repeat a secret: plain, in JSON, in HTML, in URLs.

    The longest come first: a secret may contain another one. A secret of less than
    `SHORTEST_HIDDEN` characters, not counting white space around it, has none.
    """
    from html import escape  # noqa: PLC0415 (it loads the names of all HTML entities)

    found: set[str] = set()
    for hidden in secrets:
        secret = hidden.reveal()
        if len(secret.strip()) < SHORTEST_HIDDEN:
            continue
        in_html = escape(secret)
        # In a text with both quotation marks, `repr` escapes one of them, and PHP escapes both.
        beside_both = repr(f"{secret}'\"")[1:-4]
        in_php = beside_both.replace('"', r"\"")
        found |= {secret, repr(secret)[1:-1], beside_both, in_php, in_html}
        for apostrophe in _APOSTROPHES:
            found.add(in_html.replace("&#x27;", apostrophe))
        for safe in _SAFE_IN_URLS:
            quoted = quote(secret, safe=safe)
            for in_url in {quoted, quoted.replace("%20", "+")} - found:
                found |= {in_url, re.sub(_PERCENT, lambda code: code[0].lower(), in_url)}
        ascii_only = json.dumps(secret)[1:-1]
        upper = re.sub(_UNICODE, lambda code: rf"\u{code[1].upper()}", ascii_only)
        for in_json in (ascii_only, upper, json.dumps(secret, ensure_ascii=False)[1:-1]):
            found |= {in_json, in_json.replace("/", r"\/")}
    return sorted(found, key=len, reverse=True)
