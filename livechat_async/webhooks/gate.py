"""What a webhook is answered, and what is decided before its body is read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from attrs import field, frozen

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, kind_of
from livechat_async.webhooks.credentials import WebhookCredentials, same_secret

__all__ = ["ACCEPTED", "Gate", "ReceiverAnswer", "refusal"]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_RETRY_AFTER = "30"
_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": 'Basic realm="livechat", charset="UTF-8"'},
    405: {"Allow": "POST"},
    503: {"Retry-After": _RETRY_AFTER},
}
_TEXT = {"Content-Type": "text/plain; charset=utf-8"}
_JSON = "application/json"
_UTF8 = frozenset({"", "utf-8", "utf8", "us-ascii"})
_READ = frozenset({"authorization", "content-encoding", "content-length", "content-type"})


@frozen
class ReceiverAnswer:
    """What to answer a webhook.

    Attributes:
        status: the HTTP status. LiveChat delivers again, up to 10 times, whatever is not 200.
        body: a line for whoever tries by hand; LiveChat does not read it.
        headers: the answer's headers, besides its length.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(factory=dict)


ACCEPTED = ReceiverAnswer(200)


def refusal(status: int, reason: str) -> ReceiverAnswer:
    """An answer that takes nothing, and says why."""
    return ReceiverAnswer(status, f"{reason}\n".encode(), {**_TEXT, **_HEADERS.get(status, {})})


class Gate:
    """Lets those in who know the secrets, with a body that can be one of LiveChat's.

    A request without ``Content-Type`` is let in: the body has to be JSON anyway, and what stands
    before a receiver may drop a header.

    Args:
        credentials: what ``Authorization`` has to hold, or None if anybody may come.
        path_secret: the secret part of the address, or None if there is none.
        max_body_bytes: the longest body.
    """

    def __init__(
        self,
        credentials: WebhookCredentials | None,
        path_secret: str | None,
        max_body_bytes: int,
    ) -> None:
        _check_path_secret(path_secret)
        self.max_body_bytes: int = max_body_bytes
        self._credentials = credentials
        self._path_secret = None if path_secret is None else Secret(path_secret)
        self._warned = False
        if credentials is None and path_secret is None:
            logger.warning(
                "WebhookReceiver: anybody who finds its address can send it events; pass "
                "credentials=WebhookCredentials(...), and register the address with them"
            )

    @property
    def wants_path_secret(self) -> bool:
        """Whether a part of the address is a secret."""
        return self._path_secret is not None

    def refuses(
        self, headers: Iterable[tuple[str, str]], path_secret: str | None
    ) -> ReceiverAnswer | None:
        """What to answer at once, without a look at the body; None if it may come in."""
        if not self._knows_path(path_secret):
            return refusal(404, "nothing is here")
        found: dict[str, str] = {}
        for name, value in headers:
            known = name.lower()
            if known in _READ:
                if known in found:  # which of the two is meant, nobody can say
                    value = "(twice)"  # noqa: PLW2901
                found[known] = value
        if self._credentials is not None and not self._credentials.matches(
            found.get("authorization")
        ):
            return refusal(401, "the credentials are missing or wrong")
        if found.get("content-encoding", "identity").strip().lower() != "identity":
            return refusal(415, "a compressed body is not taken")
        if not _is_json(found.get("content-type", _JSON)):
            return refusal(415, "a body of the type application/json is needed")
        length = found.get("content-length")
        if length is not None and _to_int(length) > self.max_body_bytes:
            return self.too_large()
        return None

    def too_large(self) -> ReceiverAnswer:
        """The answer to a body that is too long."""
        return refusal(413, f"more than {self.max_body_bytes:,} bytes are not taken")

    def _knows_path(self, given: str | None) -> bool:
        wanted = self._path_secret
        if wanted is None:
            if given is not None:
                self._warn_once(
                    "a route gives the receiver a path secret, but it was made without one, so "
                    "that any will do: pass path_secret=... to WebhookReceiver"
                )
            return True
        if given is None:
            self._warn_once(
                "the receiver has a path secret, but a route gives it none, so that nothing is "
                "taken there: add {secret} to the route's path, or pass path_secret to receive()"
            )
            return False
        return same_secret(given, wanted)

    def _warn_once(self, text: str) -> None:
        if not self._warned:
            self._warned = True
            logger.warning(text)


def _check_path_secret(value: object) -> None:
    problem = None
    if value is not None and not isinstance(value, str):
        problem = f"is text, not {kind_of(value)}"
    elif value is not None and (not value or "/" in value or not value.isprintable()):
        problem = "is one part of a path: some text without a slash"
    if problem is not None:
        del value
        raise ConfigurationError(f"path_secret {problem}")


def _is_json(content_type: str) -> bool:
    kind, _, rest = content_type.partition(";")
    if kind.strip().lower() != _JSON:
        return False
    for parameter in rest.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "').lower() not in _UTF8:
            return False
    return True


def _to_int(length: str) -> int:
    """The number, or its beginning; 0 for what is none, which the body's length then decides."""
    return int(length[:20]) if length.isascii() and length.isdigit() else 0
