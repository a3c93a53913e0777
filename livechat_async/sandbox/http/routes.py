"""Routes: method and path lead to the function that answers."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Generic, TypeVar
from urllib.parse import unquote

from attrs import frozen

from livechat_async.sandbox.http.answers import Answer, error, not_found
from livechat_async.sandbox.http.requests import RecordedRequest

_Page = TypeVar("_Page")


@frozen
class Route(Generic[_Page]):
    """A method, a path, and the page that answers; an open page needs no credentials.

    A part of the path in braces, as in ``/chats/{chat_id}/tags``, fits any text, and the page gets
    the text as an argument.
    """

    method: str
    path: str
    page: _Page
    is_open: bool = False

    def arguments(self, path: list[str]) -> list[str] | None:
        """The arguments in a path; None if the path does not fit."""
        pattern = self.path.split("/")[1:]
        if len(pattern) != len(path):
            return None
        pairs = list(zip(pattern, path, strict=True))
        if any(part != given and not part.startswith("{") for part, given in pairs):
            return None
        return [given for part, given in pairs if part.startswith("{")]


def find_route(
    routes: Iterable[Route[_Page]], request: RecordedRequest, path: list[str]
) -> tuple[Route[_Page], list[str]] | Answer:
    """The route of a request and the arguments in its path, or the answer 204, 404 or 405.

    HEAD takes the route of GET. OPTIONS is answered with the methods, and with no permission for
    web pages of other sites, which LiveChat does not give either.
    """
    method = "GET" if request.method == "HEAD" else request.method
    allowed = list[str]()
    for route in routes:
        arguments = route.arguments(path)
        if arguments is None:
            continue
        if route.method == method:
            return route, arguments
        allowed += ["GET", "HEAD"] if route.method == "GET" else [route.method]
    if not allowed:
        return not_found(f"There is nothing at {request.path}")
    names = ", ".join([*allowed, "OPTIONS"])
    if method == "OPTIONS":
        return Answer(HTTPStatus.NO_CONTENT, b"", headers={"Allow": names})
    text = f"Method {request.method} is not allowed here, only {names}"
    return error(HTTPStatus.METHOD_NOT_ALLOWED, text, {"Allow": names})


def segments(raw_path: str) -> list[str]:
    """The parts of a path, each percent-decoded; one slash at the end makes no difference."""
    return [unquote(part) for part in raw_path.removesuffix("/").split("/")[1:]]
