"""How a request is signed: with a personal access token, or with an OAuth bearer token."""

from __future__ import annotations

import asyncio
import base64
import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, SecretBytes, conceal, kind_of, repr_of_fields

__all__ = [
    "BearerToken",
    "Credentials",
    "CredentialsKeeper",
    "CredentialsSource",
    "PersonalAccessToken",
    "Region",
    "Signature",
    "check_credentials",
]

Region: TypeAlias = Literal["dal", "fra"]

_REGION_PREFIX = re.compile(r"(dal|fra)[:-]", re.IGNORECASE)
_ENCODED_COLON = re.compile(r"^(dal|fra)%3a", re.IGNORECASE)


@frozen(eq=False, repr=False)
class Signature:
    """What signs the requests of an account.

    Attributes:
        authorization: the value of the ``Authorization`` header.
        secrets: what is secret in it.
    """

    authorization: Secret
    secrets: tuple[Secret, ...]


@frozen(init=False)
class PersonalAccessToken:
    """HTTP Basic with a personal access token, or with one of the older API keys.

    Args:
        login: the agent's e-mail address, or the account id: LiveChat has documented both for
            version 2, so any text without a colon is taken.
        token: the personal access token or API key. It shows in no ``repr``.

    Raises:
        ConfigurationError: one of them is empty, or holds what a header cannot carry.
    """

    login: str
    token: str = field(repr=False)
    _signature: Signature = field(init=False, repr=False, eq=False)

    def __init__(self, login: str, token: str) -> None:
        # Hidden before they are checked: what is refused for its line break is still a secret, and
        # so is "login:token" given as the login.
        login, token = conceal(login, "secret"), conceal(token, "secret")
        object.__setattr__(self, "login", login)
        object.__setattr__(self, "token", token)
        _check_login(login)
        _check_token(token)
        object.__setattr__(self, "login", str(login))
        pair = SecretBytes(f"{login}:{token}".encode())
        encoded = Secret(base64.b64encode(pair).decode("ascii"))
        signature = Signature(Secret(f"Basic {encoded}"), (Secret(token), encoded))
        object.__setattr__(self, "_signature", signature)

    def __repr__(self) -> str:
        return repr_of_fields(self)

    @property
    def region(self) -> None:
        """A personal access token does not say where its account lives."""
        return

    @property
    def signature(self) -> Signature:
        """What signs requests with it."""
        return self._signature

    def authorization(self) -> Secret:
        """The value of the ``Authorization`` header."""
        return self._signature.authorization


@frozen(init=False)
class BearerToken:
    """An OAuth 2.1 access token.

    Such a token begins with the region of its account, ``dal:`` or ``fra:``, which is sent along
    as ``X-Region``. A token copied from a redirect's address has its colon as ``%3A``; it is
    put right.

    Args:
        token: the access token. It shows in no ``repr``.

    Attributes:
        region: the region the token names, or None.

    Raises:
        ConfigurationError: it is empty, or holds what a header cannot carry.
    """

    token: str = field(repr=False)
    region: Region | None = field(init=False, repr=False, eq=False)
    _signature: Signature = field(init=False, repr=False, eq=False)

    def __init__(self, token: str) -> None:
        token = conceal(token, "secret")
        object.__setattr__(self, "token", token)
        _check_token(token)
        token = Secret(_ENCODED_COLON.sub(r"\1:", token))
        object.__setattr__(self, "token", token)
        object.__setattr__(self, "region", _region_in(token))
        object.__setattr__(self, "_signature", Signature(Secret(f"Bearer {token}"), (token,)))

    def __repr__(self) -> str:
        return repr_of_fields(self)

    @property
    def signature(self) -> Signature:
        """What signs requests with it."""
        return self._signature

    def authorization(self) -> Secret:
        """The value of the ``Authorization`` header."""
        return self._signature.authorization


def _region_in(token: str) -> Region | None:
    prefix = _REGION_PREFIX.match(token)
    if prefix is None:
        return None
    return "fra" if prefix[1].lower() == "fra" else "dal"


Credentials: TypeAlias = PersonalAccessToken | BearerToken
CredentialsSource: TypeAlias = Callable[[], Awaitable[Credentials]]


def check_credentials(value: object) -> Credentials:
    """The value, if it is credentials.

    Raises:
        ConfigurationError: it is something else. Its value is not shown: it may be a secret.
    """
    if isinstance(value, (PersonalAccessToken, BearerToken)):
        return value
    kind = kind_of(value)
    del value  # what was given instead may well be the token itself
    raise ConfigurationError(f"credentials are a PersonalAccessToken or a BearerToken, not {kind}")


def _check_login(login: Any) -> None:
    if not isinstance(login, str):
        raise ConfigurationError(f"login is text, not {kind_of(login)}")
    if not login.strip():
        raise ConfigurationError("login is empty")
    if ":" in login:
        raise ConfigurationError(
            "login holds a colon, which HTTP Basic cannot carry: pass login and token as two "
            "arguments"
        )
    if login != login.strip() or not login.isprintable():
        raise ConfigurationError(
            "login begins or ends with white space, or holds control characters: strip it"
        )


def _check_token(token: Any) -> None:
    if not isinstance(token, str):
        raise ConfigurationError(f"token is text, not {kind_of(token)}")
    if not token.strip():
        raise ConfigurationError("token is empty")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(
            "token holds white space, control characters or letters outside ASCII, which no "
            "LiveChat token has: was a line break or a quotation mark copied with it?"
        )


class CredentialsKeeper:
    """The credentials of a client, asked for when first needed and again when they are refused.

    Args:
        given: credentials, an async callable that returns some, or None.
    """

    def __init__(self, given: Credentials | CredentialsSource | None) -> None:
        self._source = given if callable(given) else None
        self._kept = None if callable(given) else given
        self._asking = asyncio.Lock()

    @property
    def missing(self) -> bool:
        """Whether there are none, nor anything to ask for them."""
        return self._kept is None and self._source is None

    @property
    def region(self) -> Region | None:
        """The region the credentials at hand name, or None."""
        return None if self._kept is None else self._kept.region

    @property
    def at_hand(self) -> Credentials | None:
        """The credentials that are there without asking, or None."""
        return self._kept

    async def get(self, *, refused: Credentials | None = None) -> Credentials | None:
        """Credentials to sign with; of tasks that need them at once, one asks.

        Args:
            refused: what the server just answered 401 to. None is returned if there is nothing
                else to try.
        """
        if self._source is None:
            return None if self._kept is refused else self._kept
        async with self._asking:
            if self._kept is None or self._kept is refused:
                asked = self._source()
                if not inspect.isawaitable(asked):
                    del asked
                    raise ConfigurationError("credentials: the callable has to be async")
                self._kept = check_credentials(await asked)
        return None if self._kept is refused else self._kept
