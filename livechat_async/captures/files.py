"""A folder of captures: one JSON file for each answer or webhook.

Files are for their owner only, and have their names once they are complete. One recorder at a time
writes into a folder. A reader gets every capture in a folder, or an error that names a file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeAlias

import attrs
from attrs import field, frozen

from livechat_async import private_files
from livechat_async.checks import is_deeper, refusal
from livechat_async.decoding.bodies import load_json
from livechat_async.decoding.problems import WireError
from livechat_async.errors import ConfigurationError

DEEPEST: Final = 100
"""Levels of JSON. An answer with more of them is not recorded."""
LARGEST: Final = 16 * 1024 * 1024
"""Bytes. A larger answer is not recorded."""
METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_READABLE = 1024 * 1024
"""Characters, up to which a file is indented. Many deep values would grow a hundredfold."""
_VERSION = 1
_NAME = re.compile(r"([0-9]{6,9})-[A-Za-z0-9_.-]{1,120}\.json")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
# A replay would send them, and what follows would be no answer.
_FRAMING = ("connection", "content-encoding", "content-length", "transfer-encoding", "upgrade")
_LOCK = ".recording.lock"

Kind: TypeAlias = Literal["answer", "webhook"]


class _NoJSON:
    """Stands for a body that is no JSON: its bytes are not kept."""

    def __repr__(self) -> str:
        return "NO_JSON"


NO_JSON: Final = _NoJSON()


def read_json(content: bytes) -> Any:
    """The JSON in a body, or `NO_JSON`; what is nested too deep counts as none."""
    try:
        document = load_json(content)
        return NO_JSON if is_deeper(document, DEEPEST) else document
    except (WireError, RecursionError):
        return NO_JSON


@frozen(kw_only=True)
class Capture:
    """An answer to a request, or a webhook, without personal data.

    Attributes:
        file: the name of its file.
        kind: ``"answer"`` or ``"webhook"``.
        method: of the request.
        path: of the request, percent-encoded.
        query: of the request, percent-encoded, without the question mark.
        status: of the answer; 0 for a webhook.
        headers: of the answer: ``Content-Type``, ``Retry-After`` and ``Location`` if it had them.
        body: the JSON of the answer or webhook; `NO_JSON` if it is none.
        size: how many bytes a body had that is no JSON, of which none is kept.
    """

    file: str = ""
    kind: Kind
    method: str
    path: str
    query: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(factory=dict)
    body: Any = field(default=NO_JSON, repr=False)
    size: int = 0

    @property
    def line(self) -> str:
        """The request, such as ``GET /visitors?state=chatting``."""
        return f"{self.method} {self.path}{'?' if self.query else ''}{self.query}"

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON, and is kept."""
        return self.body is not NO_JSON

    def to_json(self) -> bytes:
        """What is in its file."""
        plain = {"version": _VERSION, **attrs.asdict(self, recurse=False)}
        del plain["file"], plain["body" if self.body is NO_JSON else "size"]
        text = json.dumps(plain, ensure_ascii=False)
        if len(text) < _READABLE:
            text = json.dumps(plain, ensure_ascii=False, indent=1)
        return f"{text}\n".encode("utf-8", "replace")

    @classmethod
    def from_json(cls, name: str, content: bytes) -> Self:
        """The capture in a file.

        Raises:
            ValueError: it holds none; the text says why, without the name.
        """
        try:
            given = load_json(content)
        except WireError:
            raise ValueError("is no JSON: it was cut short, or changed by hand") from None
        if not isinstance(given, dict) or "version" not in given:
            raise ValueError("is no capture: it has no version")
        if given["version"] != _VERSION:
            raise ValueError(
                f"has version {given['version']!r}, and this release reads version {_VERSION}: "
                "record it again, or use the release that recorded it"
            )
        if is_deeper(given, DEEPEST + 1):
            raise ValueError(f"has more than {DEEPEST} levels")
        for key, (is_right, needed) in _RULES.items():
            if key in given and not is_right(given[key]):
                raise ValueError(f"was changed by hand: {key} has to be {needed}")
        if given.get("kind") == "answer" and not given.get("status"):
            raise ValueError("was changed by hand: the status of an answer has to be 200 to 999")
        del given["version"]
        wrong = given.keys() ^ {"kind", "method", "path"}
        wrong -= {"query", "status", "headers", "body", "size"}
        if wrong or ("body" in given) == ("size" in given):
            names = ", ".join(sorted(wrong)) or "body and size"
            raise ValueError(f"was changed by hand, or is cut short: look at {names}")
        return cls(file=name, **given)


def _is_headers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _HEADER.fullmatch(name)
        and name.lower() not in _FRAMING
        and isinstance(text, str)
        and text.isprintable()
        and text.isascii()
        for name, text in value.items()
    )


_RULES: Mapping[str, tuple[Any, str]] = {
    "kind": (lambda value: value in ("answer", "webhook"), "answer or webhook"),
    "method": (lambda value: value in METHODS, f"one of {', '.join(METHODS)}"),
    "path": (lambda value: isinstance(value, str) and value.startswith("/"), "text with a / first"),
    "query": (lambda value: isinstance(value, str), "text"),
    "status": (
        lambda value: type(value) is int and (value == 0 or 200 <= value <= 999),  # noqa: PLR2004
        "a status from 200 to 999",
    ),
    "headers": (_is_headers, "an object of texts, without those about the connection or length"),
    "size": (
        lambda value: type(value) is int and 0 <= value <= LARGEST,
        f"a number up to {LARGEST}",
    ),
}


def check_folder(folder: Any) -> Path:
    """The path of a folder. Blank text is refused: it would be the current folder."""
    text = os.fspath(folder) if isinstance(folder, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise refusal("folder", folder, "the path of a folder is needed, such as 'captures/'")
    return Path(text)


def load_captures(folder: str | os.PathLike[str]) -> list[Capture]:
    """All captures in a folder, in the order in which they were recorded.

    Raises:
        ConfigurationError: there is no such folder, it has no captures, or a file cannot be read;
            the text names the file.
    """
    place = check_folder(folder)
    if not place.is_dir():
        needed = f"there is no such folder: 'livechat-async record --output {place}' makes one"
        raise refusal("folder", os.fspath(folder), needed)
    found = [_load(path) for path in sorted(place.glob("*.json"), key=_order)]
    if not found:
        needed = f"it has no captures: 'livechat-async record --output {place}' makes some"
        raise refusal("folder", os.fspath(folder), needed)
    return found


def _order(path: Path) -> tuple[int, str]:
    match = _NAME.fullmatch(path.name)
    return (int(match[1]) if match else 0, path.name)


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # no pipe is waited for


def _load(path: Path) -> Capture:
    try:
        # With escapes, a file can be some times larger than its answer.
        with open(path, "rb", opener=_open) as file:
            return Capture.from_json(path.name, file.read(8 * LARGEST))
    except OSError as problem:
        text = f"cannot be read: {problem.strerror}"
    except ValueError as problem:
        text = str(problem)
    raise ConfigurationError(f"{path} {text}")


class CaptureFolder:
    """A folder that one recorder writes into, until `close`.

    Raises:
        ConfigurationError: it cannot be made, or another recorder writes into it.
    """

    def __init__(self, folder: Path) -> None:
        self.path: Path = folder
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | private_files.SAFELY
            self._lock = os.open(self.path / _LOCK, flags, 0o600)
            is_mine = private_files.lock(self._lock)
        except OSError as problem:
            raise ConfigurationError(f"{self.path} cannot be used: {problem.strerror}") from None
        if not is_mine:
            os.close(self._lock)
            raise ConfigurationError(
                f"another recorder writes into {self.path}: stop it, or choose another folder"
            )
        self._number = max((_order(path)[0] for path in self.path.glob("*.json")), default=0)

    def add(self, capture: Capture) -> Capture:
        """Write a file, and return the capture with its name; an OSError if that is impossible."""
        steps = (re.sub(r"[^A-Za-z0-9_.-]+", "", step) for step in capture.path.split("/"))
        slug = "-".join(filter(None, (capture.method, *steps)))[:80]
        self._number += 1
        final = self.path / f"{self._number:06}-{slug}.json"
        private_files.replace(final, capture.to_json(), draft=self.path / ".draft")
        return attrs.evolve(capture, file=final.name)

    def close(self) -> None:
        """Let another recorder write into the folder."""
        os.close(self._lock)
