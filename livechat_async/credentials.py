"""The credentials that sign requests: a personal access token, or an OAuth bearer token."""

from __future__ import annotations

import asyncio
import base64
import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import (
    Secret,
    SecretBytes,
    WireText,
    conceal,
    kind_of,
    repr_of_fields,
    reveal,
)

Region: TypeAlias = Literal["dal", "fra"]

_REGION_PREFIX = re.compile(r"(dal|fra)[:-]", re.IGNORECASE)
_ENCODED_COLON = re.compile(r"^(dal|fra)%3a", re.IGNORECASE)


@frozen(eq=False, repr=False)
class Signature:
    """The signature of an account's requests.

    Attributes:
        authorization: the value of the ``Authorization`` header.
        secrets: the secrets in it.
        region: where the account lives, or None.
    """

    authorization: WireText
    secrets: tuple[Secret, ...]
    region: Region | None


@frozen(init=False)
class PersonalAccessToken:
    """HTTP Basic with a personal access token, or with one of the older API keys.

    Args:
        login: the agent's e-mail address, or the account id. LiveChat has documented both for
            version 2, so any text without a colon is taken.
        token: the personal access token or API key.

    Attributes:
        token: as given, as a `Secret`.
        signature: signs requests.

    Raises:
        ConfigurationError: one of them is empty, or holds what a header cannot carry.
    """

    login: str
    token: Secret = field(repr=False)
    signature: Signature = field(init=False, repr=False, eq=False)

    def __init__(self, login: str, token: str | Secret) -> None:
        # Hidden before they are checked: a token that is refused for its line break is still a
        # secret, and so is "login:token" given as the login.
        login, token = conceal(login, "secret"), conceal(token, "secret")
        _check("login", login, _problem_of_login)
        _check("token", token, _problem_of_token)
        pair = SecretBytes(f"{reveal(login)}:{reveal(token)}".encode())
        encoded = Secret(base64.b64encode(pair).decode("ascii"))
        token = Secret(token)
        signature = Signature(WireText("Basic " + encoded.reveal()), (token, encoded), None)
        object.__setattr__(self, "signature", signature)
        self.__attrs_init__(reveal(login), token)  # pyright: ignore[reportAttributeAccessIssue]

    __repr__ = repr_of_fields

    @property
    def region(self) -> None:
        """None: a personal access token does not say where its account lives."""
        return

    def authorization(self) -> Secret:
        """The value of the ``Authorization`` header."""
        return Secret(self.signature.authorization)


@frozen(init=False)
class BearerToken:
    """An OAuth 2.1 access token.

    Such a token begins with the region of its account, ``dal:`` or ``fra:``, which is also sent as
    ``X-Region``. A token copied from a redirect's address has its colon as ``%3A``; that is
    corrected.

    Args:
        token: the access token.

    Attributes:
        token: as given, as a `Secret`.
        region: the region the token names, or None.
        signature: signs requests.

    Raises:
        ConfigurationError: it is empty, or holds what a header cannot carry.
    """

    token: Secret = field(repr=False)
    region: Region | None = field(init=False, repr=False, eq=False)
    signature: Signature = field(init=False, repr=False, eq=False)

    def __init__(self, token: str | Secret) -> None:
        token = conceal(token, "secret")
        _check("token", token, _problem_of_token)
        token = Secret(_ENCODED_COLON.sub(r"\1:", reveal(token)))
        region = _region_in(token)
        object.__setattr__(self, "region", region)
        signature = Signature(WireText("Bearer " + token.reveal()), (token,), region)
        object.__setattr__(self, "signature", signature)
        self.__attrs_init__(token)  # pyright: ignore[reportAttributeAccessIssue]

    __repr__ = repr_of_fields

    def authorization(self) -> Secret:
        """The value of the ``Authorization`` header."""
        return Secret(self.signature.authorization)


def _region_in(token: Secret) -> Region | None:
    prefix = _REGION_PREFIX.match(token.reveal())
    if prefix is None:
        return None
    return "fra" if prefix[1].lower() == "fra" else "dal"


Credentials: TypeAlias = PersonalAccessToken | BearerToken
CredentialsSource: TypeAlias = Callable[[], Awaitable[Credentials]]


def check_credentials(value: object) -> Credentials:
    """The value, if it is credentials.

    Raises:
        ConfigurationError: it is something else. The message does not show it: it may be a secret.
    """
    if isinstance(value, (PersonalAccessToken, BearerToken)):
        return value
    kind = kind_of(value)
    del value  # it may be the token itself
    raise ConfigurationError(
        "credentials: a PersonalAccessToken(login, token) or a BearerToken(token) is needed, "
        f"not {kind}"
    )


# These return problems, so that no frame of an error holds the text of a secret.
def _problem_of_login(text: str) -> str:
    if not text.strip():
        return "is blank: pass the agent's e-mail address, or the account id"
    if ":" in text:
        return "holds a colon, which HTTP Basic cannot carry: pass login and token as two arguments"
    if text != text.strip() or not text.isprintable():
        return "begins or ends with white space, or holds control characters: strip it"
    return ""


def _problem_of_token(text: str) -> str:
    if not text.strip():
        return "is blank: pass the token as LiveChat's Developer Console shows it"
    if not text.isascii() or not text.isprintable() or " " in text:
        return (
            "holds white space, control characters or letters outside ASCII, which no LiveChat "
            "token has: was a line break or a quotation mark copied with it?"
        )
    return ""


def _check(name: str, value: Any, problem_of: Callable[[str], str]) -> None:
    is_text = isinstance(value, Secret)
    problem = problem_of(value.reveal()) if is_text else f"has to be text, not {kind_of(value)}"
    if problem:
        raise ConfigurationError(f"{name} {problem}")


class CredentialsKeeper:
    """The credentials of a client. Its callable is called when they are needed or were refused.

    Args:
        given: credentials, an async callable that returns some, or None.

    Attributes:
        at_hand: the credentials there are without a call of the callable, or None.
        missing: whether neither credentials nor a callable was given.
    """

    def __init__(self, given: Credentials | CredentialsSource | None) -> None:
        self._source = given if callable(given) else None
        self.at_hand: Credentials | None = None if callable(given) else given
        self.missing: bool = given is None
        self._asking = asyncio.Lock()

    async def get(self, *, refused: Credentials | None = None) -> Credentials | None:
        """Credentials to sign with. One task calls for all that need them at the same time.

        Args:
            refused: the credentials the server just answered 401 to. The result is None if there
                are no others.
        """
        if self._source is not None:
            async with self._asking:
                if self.at_hand is None or self.at_hand is refused:
                    asked = self._source()
                    if not inspect.isawaitable(asked):
                        del asked
                        raise ConfigurationError(
                            "credentials: the callable has to be async; declare it with 'async def'"
                        )
                    self.at_hand = check_credentials(await asked)
        return None if self.at_hand is refused else self.at_hand
