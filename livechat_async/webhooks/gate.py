"""Which requests may deliver webhooks, and the answers they get."""

from __future__ import annotations

import base64
import binascii
import logging
import os
from collections.abc import Iterable, Mapping
from hmac import compare_digest
from typing import Self

from attrs import field, frozen
from yarl import URL

from livechat_async.checks import problem_of_url
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, SecretBytes, conceal, kind_of, reveal
from livechat_async.servers import is_from_web_page

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": 'Basic realm="livechat", charset="UTF-8"'},
    405: {"Allow": "POST"},
    503: {"Retry-After": "30"},
}
_TEXT = {"Content-Type": "text/plain; charset=utf-8"}
_JSON = "application/json"
_UTF8 = frozenset({"", "utf-8", "utf8", "us-ascii"})
_CHECKED = frozenset(
    {
        *("authorization", "content-encoding", "content-length", "content-type"),
        *("origin", "sec-fetch-site"),
    }
)


@frozen
class ReceiverAnswer:
    """The answer to a webhook.

    Attributes:
        status: the HTTP status. LiveChat delivers again, a few times, after any status but 200.
        body: one line for people who try by hand; LiveChat does not read it.
        headers: the answer's headers, except its length.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(factory=dict)


ACCEPTED = ReceiverAnswer(200)


class RefusedError(Exception):
    """The webhook is not accepted: the status to answer, and one line that says why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        headers = {**_TEXT, **_HEADERS.get(status, {})}
        self.answer: ReceiverAnswer = ReceiverAnswer(status, f"{reason}\n".encode(), headers)


@frozen(init=False)
class WebhookCredentials:
    """The user name and password that LiveChat sends with each webhook.

    LiveChat does not sign its bodies, but sends Basic credentials that are in the registered
    address; `url` makes such an address.

    Args:
        user: any text without a colon.
        password: any text; no ``repr`` shows it.

    Raises:
        ConfigurationError: one of them is empty or not text, or the user name holds a colon.
    """

    user: str
    password: Secret = field(repr=False)

    def __init__(self, user: str | Secret, password: str | Secret) -> None:
        # Hidden before the checks: someone may pass "user:password" as the user name.
        user, password = conceal(user, "secret"), conceal(password, "secret")
        object.__setattr__(self, "user", user)
        object.__setattr__(self, "password", password)
        for name, value in (("user", user), ("password", password)):
            problem = _credentials_problem(value)
            if problem is not None:
                del user, password, value
                raise ConfigurationError(f"WebhookCredentials({name}=...) {problem}")
        if ":" in reveal(user):
            raise ConfigurationError(
                "WebhookCredentials(user=...) cannot hold a colon: pass user and password as two "
                "arguments"
            )
        object.__setattr__(self, "user", reveal(user))

    @classmethod
    def from_env(cls) -> Self:
        """The credentials in ``LIVECHAT_WEBHOOK_USER`` and ``LIVECHAT_WEBHOOK_PASSWORD``.

        Raises:
            ConfigurationError: a variable is missing or empty, or the user name holds a colon.
        """
        names = ("LIVECHAT_WEBHOOK_USER", "LIVECHAT_WEBHOOK_PASSWORD")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            raise ConfigurationError(
                f"set {' and '.join(missing)}: LiveChat sends a user name and a password of your "
                "choice with each webhook"
            )
        return cls(*(os.environ[name] for name in names))

    def matches(self, authorization: str | None) -> bool:
        """Whether an ``Authorization`` header holds these credentials; in constant time."""
        if authorization is not None and not isinstance(authorization, str):
            kind = kind_of(authorization)
            raise ConfigurationError(f"authorization has to be the text of the header, not {kind}")
        sent = _basic_credentials(authorization)
        if sent is None:
            return False
        right_user = compare_digest(sent[0], _encoded(self.user))
        right_password = compare_digest(sent[1], _encoded(self.password.reveal()))
        return right_user & right_password  # both are always compared

    def url(self, address: str | Secret) -> Secret:
        """The address to register: ``address`` with these credentials in it, percent-encoded.

        Args:
            address: the receiver's address, such as ``https://bot.example.com/livechat``.

        Raises:
            ConfigurationError: the address is not a whole http or https URL, or already holds
                credentials.
        """
        address = conceal(address, "secret")
        problem = _address_problem(address)
        if problem is not None:
            raise ConfigurationError(f"address {problem}")
        url = URL(reveal(address)).with_user(self.user)
        return Secret(url.with_password(self.password.reveal()))


def _credentials_problem(value: object) -> str | None:
    if not isinstance(value, Secret):
        return f"has to be text, not {kind_of(value)}"
    if not value:
        return "is empty: choose a text, and register the address with it"
    if any("\ud800" <= character <= "\udfff" for character in value.reveal()):
        return "holds half a character, which cannot be sent"
    return None


def _address_problem(address: object) -> str | None:
    if not isinstance(address, Secret):
        return f"has to be text, such as https://bot.example.com/livechat, not {kind_of(address)}"
    problem = problem_of_url(address.reveal(), "https://bot.example.com/livechat")
    if problem:
        return problem
    url = URL(address.reveal())
    if url.user is not None or url.password is not None:
        return "already holds a user name or password: leave these out"
    return None


def _basic_credentials(authorization: str | None) -> tuple[bytes, bytes] | None:
    """The user name and password of a ``Basic`` header; None if it is malformed."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = SecretBytes(base64.b64decode(encoded.strip(" "), validate=True))
    except (binascii.Error, ValueError):  # not base64, or not even ASCII
        return None
    user, colon, password = pair.partition(b":")
    return (SecretBytes(user), SecretBytes(password)) if colon else None


def _encoded(text: str) -> bytes:
    # compare_digest takes only ASCII text. A request may hold lone surrogates; the error handler
    # "replace" would make them all equal.
    return SecretBytes(text.encode("utf-8", "surrogatepass"))


class Gate:
    """Checks a request before its body is read.

    Without credentials and path secret, all pass except those of web pages.
    """

    def __init__(
        self,
        credentials: WebhookCredentials | None,
        path_secret: str | Secret | None,
        max_body_bytes: int,
    ) -> None:
        path_secret = conceal(path_secret, "secret")
        _check_path_secret(path_secret)
        self.max_body_bytes: int = max_body_bytes
        self.path_secret: Secret | None = None if path_secret is None else Secret(path_secret)
        self._credentials = credentials
        self._warned = False
        if credentials is None and path_secret is None:
            logger.warning(
                "WebhookReceiver: anyone who finds its address can send it events; pass "
                "credentials=WebhookCredentials(...), and register the address with them"
            )

    def check(self, headers: Iterable[tuple[str, str]], path_secret: str | None) -> None:
        """Raise RefusedError if the path or the headers of a request are wrong."""
        if path_secret is not None or self.path_secret is not None:
            self._check_path(path_secret)
        found: dict[str, str] = {}
        for name, value in headers:
            known = name.lower()
            if known in _CHECKED:  # sent twice, it is unclear which one counts
                found[known] = "(twice)" if known in found else value
        wanted = self._credentials
        if wanted is not None and not wanted.matches(found.get("authorization")):
            raise RefusedError(401, "the credentials are missing or wrong")
        # LiveChat sends neither of the headers. A page has no way to know a secret.
        is_guarded = wanted is not None or self.path_secret is not None
        if not is_guarded and is_from_web_page("POST", found):
            raise RefusedError(403, "web pages may not send events: send no Origin header")
        if found.get("content-encoding", "identity").strip().lower() != "identity":
            raise RefusedError(415, "compressed bodies are not accepted")
        # A proxy may drop the type, and the body must be JSON anyway.
        if not _is_json(found.get("content-type", _JSON)):
            raise RefusedError(415, "a body of the type application/json is needed")
        length = found.get("content-length", "")
        # 20 digits are far above any limit, and quick to convert.
        if length.isascii() and length.isdigit() and int(length[:20]) > self.max_body_bytes:
            raise self.too_large()

    def too_large(self) -> RefusedError:
        """The error for a body that is too long."""
        return RefusedError(413, f"more than {self.max_body_bytes:,} bytes are not accepted")

    def _check_path(self, sent: str | None) -> None:
        if sent is not None and not isinstance(sent, str):
            raise ConfigurationError(f"path_secret has to be text, or None, not {kind_of(sent)}")
        wanted, warning = self.path_secret, ""
        if wanted is None:
            warning = (
                "a route passes a path secret, but the receiver was made without one and accepts "
                "any: pass path_secret=... to WebhookReceiver"
            )
        elif sent is None:
            warning = (
                "the receiver has a path secret, but a route passes none, so every webhook is "
                "refused there: add {secret} to the route's path, or pass path_secret to receive()"
            )
        if warning and not self._warned:
            self._warned = True
            logger.warning(warning)
        if wanted is None:
            return
        if not (sent and compare_digest(_encoded(sent), _encoded(wanted.reveal()))):
            raise RefusedError(404, "there is nothing here")


def _check_path_secret(value: object) -> None:
    problem = ""
    if not isinstance(value, Secret):
        problem = "" if value is None else f"has to be text, not {kind_of(value)}"
    elif not value or "/" in value.reveal() or not value.reveal().isprintable():
        problem = "has to be one part of a path: printable text without a slash, and not empty"
    if problem:
        del value
        raise ConfigurationError(f"path_secret {problem}")


def _is_json(content_type: str) -> bool:
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() != _JSON:
        return False
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "').lower() not in _UTF8:
            return False
    return True
