"""What proves that a webhook comes from the LiveChat account: Basic credentials in its address."""

from __future__ import annotations

import base64
import binascii
from hmac import compare_digest

from attrs import field, frozen
from yarl import URL

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, SecretBytes, conceal, kind_of

__all__ = ["WebhookCredentials", "same_secret"]


def same_secret(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    # compare_digest takes no text beyond ASCII, and what comes off a wire may hold halves of
    # characters, which "replace" would make equal to one another.
    return compare_digest(_encoded(one), _encoded(other))


def _encoded(text: str) -> bytes:
    return SecretBytes(text.encode("utf-8", "surrogatepass"))


@frozen(init=False)
class WebhookCredentials:
    """The user name and password that LiveChat sends with each webhook.

    LiveChat's bodies carry no signature. The documentation's one means is HTTPS and Basic
    credentials inside the registered address, which `url` makes.

    Args:
        user: any text without a colon.
        password: any text; it shows in no ``repr``.

    Raises:
        ConfigurationError: one of them is empty or no text, or the user name holds a colon.
    """

    user: str
    password: str = field(repr=False)

    def __init__(self, user: str, password: str) -> None:
        # Hidden before they are checked: "user:password" given as the user name is a secret.
        user, password = conceal(user, "secret"), conceal(password, "secret")
        object.__setattr__(self, "user", user)
        object.__setattr__(self, "password", password)
        for name, value in (("user", user), ("password", password)):
            problem = _problem_of(value)
            if problem is not None:
                del user, password, value
                raise ConfigurationError(f"WebhookCredentials({name}=...) {problem}")
        if ":" in user:
            raise ConfigurationError("WebhookCredentials(user=...) cannot hold a colon")
        object.__setattr__(self, "user", str(user))

    def matches(self, authorization: str | None) -> bool:
        """Whether the value of an ``Authorization`` header holds these very credentials.

        Both parts are compared, each in constant time, whatever the other one's result.
        """
        given = _basic_pair(authorization)
        if given is None:
            return False
        user, password = given
        right_user = compare_digest(user, _encoded(self.user))
        right_password = compare_digest(password, _encoded(self.password))
        return right_user & right_password

    def url(self, address: str) -> Secret:
        """The address with these credentials in it, percent-encoded: for registering it.

        Args:
            address: where the receiver is reached, such as ``https://bot.example.com/livechat``.

        Raises:
            ConfigurationError: it is no absolute http or https URL, or holds credentials already.
        """
        problem = _problem_of_address(address)
        if problem is not None:
            del address  # it may hold a password
            raise ConfigurationError(f"the webhook's address {problem}")
        url = URL(address).with_user(self.user).with_password(self.password)
        return Secret(str(url))


def _problem_of(value: object) -> str | None:
    if not isinstance(value, str):
        return f"is text, not {kind_of(value)}"
    if not value:
        return "is empty"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "holds half a character, which cannot be sent"
    return None


def _problem_of_address(address: object) -> str | None:
    if not isinstance(address, str):
        return f"is text, not {kind_of(address)}"
    try:
        url = URL(address)
        host = url.host
    except ValueError:
        return "is not a URL"
    if url.scheme not in {"http", "https"} or not host:
        return "has to be an absolute URL, such as https://bot.example.com/livechat"
    if url.user is not None or url.password is not None:
        return "holds a user name or password already"
    return None


def _basic_pair(authorization: str | None) -> tuple[bytes, bytes] | None:
    """User name and password of a ``Basic`` header, or None if it is none that can be read."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = SecretBytes(base64.b64decode(encoded.strip(" "), validate=True))
    except (binascii.Error, ValueError):  # not base64, or not even ASCII
        return None
    user, colon, password = pair.partition(b":")
    return (SecretBytes(user), SecretBytes(password)) if colon else None
