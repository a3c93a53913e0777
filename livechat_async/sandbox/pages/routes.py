"""The routing table of an API: method and path lead to the function that answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Generic, TypeVar
from urllib.parse import unquote

from attrs import frozen

from livechat_async.sandbox.http.answers import Answer, error, not_found
from livechat_async.sandbox.http.requests import RecordedRequest

__all__ = ["Route", "Routes", "segments"]

_Page = TypeVar("_Page")


@frozen
class Route(Generic[_Page]):
    """A row of the table. An open page needs no credentials.

    A part of the path in braces, as in ``/chats/{chat_id}/tags``, fits any text, and the page gets
    the text as an argument.
    """

    method: str
    path: str
    page: _Page
    is_open: bool = False


class Routes(Generic[_Page]):
    """The table. Of several paths that fit, the first wins."""

    def __init__(self, *rows: Route[_Page]) -> None:
        self.rows = rows
        self._methods: dict[tuple[str, ...], dict[str, Route[_Page]]] = {}
        for row in rows:
            self._methods.setdefault(tuple(segments(row.path)), {})[row.method] = row

    def find(
        self, request: RecordedRequest, path: list[str]
    ) -> tuple[Route[_Page], list[str]] | Answer:
        """The route of a request and the arguments in its path, or the answer 404 or 405."""
        for pattern, methods in self._methods.items():
            if len(pattern) != len(path):
                continue
            pairs = list(zip(pattern, path, strict=True))
            if any(part != given and not part.startswith("{") for part, given in pairs):
                continue
            if request.method not in methods:
                names = ", ".join(methods)
                text = f"Method {request.method} is not allowed here, only {names}"
                return error(HTTPStatus.METHOD_NOT_ALLOWED, text, {"Allow": names})
            arguments = [given for part, given in pairs if part.startswith("{")]
            return methods[request.method], arguments
        return not_found(f"There is nothing at {request.path}")


def segments(raw_path: str) -> list[str]:
    """The parts of a path, each percent-decoded; one slash at the end makes no difference."""
    return [unquote(part) for part in raw_path.removesuffix("/").split("/")[1:]]
