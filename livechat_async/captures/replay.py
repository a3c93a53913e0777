"""Which recorded answer belongs to a request: by its method, path and query."""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote

from livechat_async.captures.files import Capture, load_captures
from livechat_async.checks import refusal

_SHOWN = 5
_Request: TypeAlias = tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]


class Replay:
    """The answers in a folder. A request that was recorded several times gets them in turn.

    The last answer to a request is repeated from then on.

    Raises:
        ConfigurationError: a capture cannot be read, or none of them is an answer.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._answers: dict[_Request, list[Capture]] = {}
        self._next: dict[_Request, int] = {}
        for each in load_captures(folder):
            if each.kind == "answer":
                request = _request(each.method, each.path, each.query)
                self._answers.setdefault(request, []).append(each)
        if not self._answers:
            needed = "it has webhooks only, and no answers: record some without --webhooks"
            raise refusal("folder", os.fspath(folder), needed)

    @property
    def lines(self) -> list[str]:
        """Every recorded request once, such as ``GET /visitors?state=chatting``."""
        return [answers[0].line for answers in self._answers.values()]

    def find(self, method: str, path: str, query: str) -> Capture | None:
        """The next answer to a request; None if there is none."""
        request = _request(method, path, query)
        if method == "HEAD" and request not in self._answers:
            request = _request("GET", path, query)
        answers = self._answers.get(request)
        if answers is None:
            return None
        place = self._next.get(request, 0)
        self._next[request] = place + 1
        return answers[min(place, len(answers) - 1)]

    def explain(self, method: str, path: str, query: str) -> str:
        """What there is instead of a request that was not recorded."""
        line = f"{method} {path}{'?' if query else ''}{query}"
        near = get_close_matches(line, self.lines, _SHOWN, cutoff=0)
        more = len(self._answers) - len(near)
        rest = f", and {more} more" if more else ""
        return f"{line} was not recorded. There is {', '.join(near)}{rest}"


def _request(method: str, path: str, query: str) -> _Request:
    """What must be equal: neither ``/v2`` nor the order of parameters makes a difference."""
    steps = path.removesuffix("/").split("/")[1:]
    pairs = sorted(parse_qsl(query, keep_blank_values=True), key=lambda pair: pair[0])
    return method, tuple(map(unquote, steps[steps[:1] == ["v2"] :])), tuple(pairs)
