"""What a browser gets: the page at ``/``, its files, and what it shows.

The files are under ``/_window/``. What they show is under ``/_sandbox/window/``, as whoever may not
use the controls may not see it either.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from functools import cache
from http import HTTPStatus
from importlib.resources import files

from livechat_async.credentials import Credentials
from livechat_async.redaction import spellings_of
from livechat_async.sandbox.http.answers import (
    HTML,
    SCRIPT,
    Answer,
    Stream,
    error,
    json_answer,
    not_found,
)
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import segments
from livechat_async.sandbox.state.account import Account
from livechat_async.sandbox.window.display import show_delivery, show_request
from livechat_async.sandbox.window.feed import Feed

_PAGE = "index.html"
_TYPES = {"css": "text/css; charset=utf-8", "js": SCRIPT, "svg": "image/svg+xml"}

# Nothing comes from outside, no script but our own runs, and no other page may embed this one.
# Only `nonce` allows a script: the API answers scripts too, as JSONP.
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_MOST_PAGES = 32


class Window:
    """The page of a sandbox. It only looks: its buttons are control calls.

    Args:
        account: what it shows.
        accepted: the credentials of the API, which it hides.

    Attributes:
        open_pages: the number of pages that follow the changes now.
    """

    def __init__(self, account: Account, accepted: Iterable[Credentials]) -> None:
        self._account = account
        self._secrets = [secret for each in accepted for secret in each.signature.secrets]
        self._feed = Feed(account)
        self.open_pages: int = 0

    def answer(  # noqa: PLR0911 (one for each path)
        self, request: RecordedRequest
    ) -> Answer | Stream | None:
        """The page or a part of it; None for any other request."""
        if request.method not in {"GET", "HEAD"}:
            return None
        match path := segments(request.raw_path):
            case [] if "text/html" in request.headers.get("Accept", "").lower():
                return _page()
            case ["_sandbox", "window", "changes"] if request.method == "GET":
                return self._stream()
            case ["_sandbox", "window", "requests", number]:
                return self._request(number)
            case ["_sandbox", "window", "deliveries", delivery_id]:
                return self._delivery(delivery_id)
            case ["_window", name] if name in _files() and name != _PAGE:
                kind = _TYPES[name.rpartition(".")[2]]
                return Answer(HTTPStatus.OK, _files()[name], kind, _HEADERS)
            case ["_window", *_]:
                return not_found(f"The window has no file {'/'.join(path[1:])!r}")
        return None

    def _request(self, number: str) -> Answer:
        is_number = re.fullmatch("[0-9]{1,18}", number)
        found = self._account.requests.find(int(number)) if is_number else None
        if found is None:
            return not_found(f"Request {number} is no longer kept")
        return json_answer(show_request(*found, spellings_of(self._secrets)))

    def _delivery(self, delivery_id: str) -> Answer:
        found = self._account.deliverer.find(delivery_id)
        if found is None:
            return not_found(f"Delivery {delivery_id} is no longer kept")
        return json_answer(show_delivery(found, spellings_of(self._secrets)))

    def _stream(self) -> Answer | Stream:
        if self.open_pages >= _MOST_PAGES:
            text = f"{_MOST_PAGES} windows are open already: close one"
            return error(HTTPStatus.SERVICE_UNAVAILABLE, text)
        return Stream(self._changes(), _HEADERS)

    async def _changes(self) -> AsyncGenerator[bytes, None]:
        """Everything first, then what changes, as server-sent events."""
        self.open_pages += 1
        known = 0
        try:
            while True:
                known, events = self._feed.since(known)
                if events:
                    yield events
                await asyncio.sleep(self._feed.due - time.monotonic())
        finally:
            self.open_pages -= 1
            if not self.open_pages:
                self._feed = Feed(self._account)  # its rows take memory


def _page() -> Answer:
    nonce = secrets.token_urlsafe(16)
    headers = {**_HEADERS, "Content-Security-Policy": _POLICY.format(nonce=nonce), "Vary": "Accept"}
    body = _files()[_PAGE].replace(b"{nonce}", nonce.encode())
    return Answer(HTTPStatus.OK, body, HTML, headers)


@cache
def _files() -> Mapping[str, bytes]:
    """The files of the page by name."""
    folder = files("livechat_async.sandbox.window") / "files"
    return {item.name: item.read_bytes() for item in folder.iterdir() if item.is_file()}
