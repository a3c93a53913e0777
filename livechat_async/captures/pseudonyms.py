"""Replacements for names, addresses, texts, ids and times: of the same shape, without the content.

One `Pseudonyms` replaces equal values by equal ones. Its key is random and stays in the memory of
the process, so whoever has the files cannot test a guess.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Container
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import shake_256
from ipaddress import ip_address
from threading import Lock
from typing import TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from livechat_async.decoding.times import parse_time

_LOWER, _UPPER = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS, _HEX = "0123456789", "abcdef"
_SPACE = re.compile(r"(\s+)")
_HEX_RUN = re.compile(r"(?<![^\W_])(?=[0-9a-f]*[0-9])[0-9a-f]{6,}(?![^\W_])")
# Such as www.example.com, or shop.example.co/shoes without a scheme; not 3.5, a.m. or S1.ac951b.
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,8}(?:com|net|org|edu|gov|info|biz|app|dev|example|[a-z]{2})"
    r"(?=[:/?#]|\Z)",
    re.IGNORECASE,
)
_KEPT = frozenset(string.punctuation + string.whitespace)
_AROUND = "()[]{}<>\"',;!?"
_SCHEMES = ("http", "https", "mailto", "tel", "ftp")
_SHORT = 8  # characters; longer replacements do not meet by chance
_TRIES = 100
_SHORTEST_SHIFT, _LONGEST_SHIFT = 60, 600  # weeks
_ZONES = (
    *("Africa/Cairo", "America/Lima", "America/Toronto", "Asia/Tokyo", "Asia/Dubai"),
    *("Australia/Sydney", "Europe/London", "Europe/Madrid", "Europe/Prague", "Pacific/Auckland"),
)
_MONTH_DAYS = 30.4375

_Moment = TypeVar("_Moment", date, datetime)


class Pseudonyms:
    """Replaces values, equal ones by equal ones, as long as it lives."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        weeks = _SHORTEST_SHIFT + secrets.randbelow(_LONGEST_SHIFT - _SHORTEST_SHIFT)
        # Whole weeks keep the hours and the days of the week.
        self._shift = timedelta(weeks=-weeks)
        self._short: dict[str, str] = {}
        self._taken: set[str] = set()
        self._lock = Lock()

    def text(self, text: str) -> str:
        """Text of the same length and shape. E-mails, addresses and hosts in it keep their form."""
        words = [(word, self._structured(word)) for word in _SPACE.split(text)]
        if not any(made for _, made in words):
            return self.unit(text)
        return "".join(made or self._plain(word, text) for word, made in words)

    def unit(self, text: str) -> str:
        """The replacement of a value as a whole; different ones get different ones."""
        if not set(text) - _KEPT:
            return text
        if len(text) > _SHORT:
            return self._other_than(text, ())
        with self._lock:  # a large answer is scrubbed in a thread
            if text not in self._short:
                self._short[text] = self._other_than(text, self._taken)
                self._taken.add(self._short[text])
            return self._short[text]

    def _other_than(self, text: str, taken: Container[str]) -> str:
        made = text
        for attempt in range(_TRIES):
            made = _replaced(text, self._bytes(text, len(text), attempt))
            if made != text and made not in taken:
                return made
        while made in taken:  # there are few texts of this shape, and all are in use
            made += _LOWER[self._bytes(made, 1)[0] % len(_LOWER)]
        return made

    def number(self, number: float) -> float:
        """A number of as many digits, with its sign; below 1,000 a whole number stays."""
        if isinstance(number, int) and abs(number) < 1000:  # noqa: PLR2004
            return number
        with suppress(ValueError):  # Python writes no number of more than 4,300 digits
            text = str(abs(number)) if isinstance(number, int) else format(abs(number), "f")
            made = type(number)(self.unit(text)) * (-1 if number < 0 else 1)
            return made if made - made == 0 else 0.0  # other digits may be out of range: infinity
        return type(number)(0)

    def digits(self, text: str) -> str:
        """An id, an e-mail or a URL; a number as `number` replaces it."""
        is_small = text.isascii() and text.isdigit() and len(text) <= 3  # noqa: PLR2004
        return text if is_small else self._structured(text) or self.unit(text)

    def coordinate(self, value: float) -> float:
        """A latitude or longitude, somewhere else, with as many decimals."""
        decimals = len(repr(value).partition(".")[2])
        return round(int.from_bytes(self._bytes(repr(value), 8)) / 2**64 * 160 - 80, decimals)

    def zone(self, name: str) -> str:
        """The name of a time zone; only for zones that no time is read in."""
        return _ZONES[self._bytes(name, 1)[0] % len(_ZONES)]

    def seconds(self, number: float, unit: int = 1) -> float:
        """Unix seconds, moved in time; ``unit`` is 1000 for milliseconds."""
        return number + int(self._shift.total_seconds()) * unit

    def time(self, text: str) -> str | None:
        """A time in one of LiveChat's forms, or a day, moved in time; None if it is neither."""
        try:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
                return self._moved(date.fromisoformat(text)).isoformat()
            moment = parse_time(text)
            if moment is None:
                return None
            moment = self._moved(moment)
        except (ValueError, OverflowError):
            return None
        if text[3] == ",":  # not strftime, whose names depend on the locale
            half = "am" if moment.hour < 12 else "pm"  # noqa: PLR2004
            return f"{text[:5]}{moment:%m/%d/%y} {moment.hour % 12 or 12:02}:{moment:%M:%S} {half}"
        return _in_form_of(text, moment)

    def _moved(self, moment: _Moment) -> _Moment:
        is_too_early = moment.year <= date.min.year - self._shift.days // 365
        return moment - self._shift if is_too_early else moment + self._shift

    def period(self, key: str) -> str | None:
        """The key of a report's row, such as ``2026-01``, moved in time; None for another text."""
        if re.fullmatch(r"([01]\d|2[0-3]):00", key, re.ASCII):
            return key
        if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", key, re.ASCII):
            year, month = map(int, key.split("-"))
            # Months are moved by whole months, or two of them could meet.
            months = year * 12 + month - 1 + round(self._shift.days / _MONTH_DAYS)
            return f"{months // 12:04}-{months % 12 + 1:02}" if months > 0 else None
        if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", key, re.ASCII):
            day = self.time(key[:10])
            return None if day is None else f"{day}{key[10:]}"
        return self.time(key)

    def host(self, host: str) -> str:
        """A host: an address of no one, or a name under ``.example``, label by label."""
        host = host.lower()
        with suppress(ValueError):
            return self._address(host.strip("[]"), bracketed=host.startswith("["))
        *labels, _ = host.split(".") if "." in host else (host, "")
        return host if host == "localhost" else ".".join((*map(self.unit, labels), "example"))

    def url(self, url: str) -> str:
        """A URL with the same scheme, port and number of parts."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return self.unit(url)
        if parts.scheme.lower() not in ("", *_SCHEMES):
            return self.unit(url)
        user_info, at, _ = parts.netloc.rpartition("@")
        user_info = ":".join(map(self.unit, user_info.split(":")))
        host = self.host(parts.hostname) if parts.hostname else ""
        place = f"[{host}]" if ":" in host else host
        netloc = f"{user_info}{at}{place}{'' if port is None else f':{port}'}"
        path = "/".join(self._quoted(part) for part in parts.path.split("/"))
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        query = urlencode([(self._part(name), self._part(value)) for name, value in pairs])
        return urlunsplit((parts.scheme, netloc, path, query, self._part(parts.fragment)))

    def _quoted(self, part: str) -> str:
        return quote(self._part(unquote(part)), safe="@:!$&'()*+,;=~")

    def _part(self, text: str) -> str:
        """A part of a URL. It is not searched for URLs, which could be nested without end."""
        return self._mail(text) if "@" in text else self.unit(text)

    def _mail(self, text: str) -> str:
        local, _, host = text.rpartition("@")
        return f"{self.unit(local)}@{self.host(host)}"

    def _structured(self, word: str) -> str | None:
        """A URL, an e-mail, an IP address or a host, with the marks around it; None for others."""
        core = word.strip(_AROUND).rstrip(".:")
        if not core or not ("@" in core or "." in core or ":" in core):
            return None
        start = word.index(core)
        before, after = word[:start], word[start + len(core) :]
        made: str | None = None
        if "://" in core or core.lower().startswith(("mailto:", "tel:")):
            made = self.url(core)
        elif "@" in core:
            made = self._mail(core)
        elif (found := _HOST.match(core)) is not None:
            made = self.url(f"//{core}")[2:] if found.end() < len(core) else self.host(core)
        else:
            with suppress(ValueError):
                made = self._address(core)
        return None if made is None else f"{before}{made}{after}"

    def _plain(self, word: str, text: str) -> str:
        """A word of a text, which is replaced differently in every text."""
        return _replaced(word, self._bytes(f"{word}\0{text}", len(word)))

    def _address(self, text: str, *, bracketed: bool = False) -> str:
        found = ip_address(text)
        if found.is_loopback and "%" not in text:  # anything may stand behind it, as a zone
            return text
        raw = self._bytes(str(found), 12)
        if found.version == 4:  # noqa: PLR2004
            return "10." + ".".join(map(str, raw[:3]))
        groups = ":".join(f"{raw[i] * 256 + raw[i + 1]:x}" for i in range(0, 12, 2))
        return f"[2001:db8:{groups}]" if bracketed else f"2001:db8:{groups}"

    def _bytes(self, text: str, size: int, attempt: int = 0) -> bytes:
        seed = self._key + attempt.to_bytes(1) + text.encode("utf-8", "surrogatepass")
        return shake_256(seed).digest(size)


def _replaced(text: str, raw: bytes) -> str:
    """Each letter and digit replaced by one of its kind; a first digit stays zero or not."""
    kinds = map(_kind_of, text)
    made = [kind[number % len(kind)] for kind, number in zip(kinds, raw, strict=True)]
    for run in _HEX_RUN.finditer(text):
        for place in range(*run.span()):
            if text[place].isalpha():
                made[place] = _HEX[raw[place] % len(_HEX)]
    if text[:1].isascii() and text[:1].isdigit():
        made[0] = "0" if text[0] == "0" else _DIGITS[1 + raw[0] % 9]
    return "".join(made)


@lru_cache(maxsize=4096)
def _kind_of(char: str) -> str:
    """The characters that may stand for this one; itself if it stays."""
    if char.isascii():
        return next((kind for kind in (_DIGITS, _LOWER, _UPPER) if char in kind), char)
    if not char.isalnum():
        return " " if char.isspace() else "☺☻☼♠♣♥♦♪♫★"
    return "àéîõü" if char.islower() else "ÀÉÎÕÜ" if char.isupper() else "字文語言話"


def _in_form_of(text: str, moment: datetime) -> str:
    """The time in ISO form, with the mark, the fraction and the offset as in this text."""
    fraction = re.search(r"\.\d+", text)
    offset = re.search(r"(Z|[+-]\d\d:?\d\d)$", text)
    digits = "" if fraction is None else f".{moment.microsecond:06}"[: len(fraction[0])]
    zone = "" if offset is None else offset[0]
    return f"{moment.date()}{text[10]}{moment:%H:%M:%S}{digits}{zone}"
