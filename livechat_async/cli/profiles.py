"""Profiles: accounts that ``livechat-async login`` keeps, each under a name.

A profile is a file, ``profiles/NAME.json`` in the user's directory for settings. Its token is in
the system's keyring where there is one, else in the file. Only their owner can read the files.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import msgspec
from attrs import evolve, field, frozen

from livechat_async import private_files
from livechat_async.credentials import BearerToken, Credentials, PersonalAccessToken
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret

DEFAULT = "default"
"""The profile that is used if none is named."""

_SERVICE = "livechat-async"
_VARIABLE = "LIVECHAT_PROFILE"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_RECOMMENDED = 1  # the least priority of a keyring that keeps secrets from others


@frozen
class Profile:
    """An account.

    Attributes:
        name: the name of the profile.
        token: its token.
        login: the agent of a personal access token; empty for an OAuth access token.
        base_url: the address that the token is for; None for LiveChat's own.
        region: where the account lives, if it was said.
        is_in_keyring: whether the token is in the system's keyring.
    """

    name: str
    token: Secret = field(repr=False)
    login: str = ""
    base_url: str | None = None
    region: Literal["dal", "fra"] | None = None
    is_in_keyring: bool = False

    def __attrs_post_init__(self) -> None:
        _path(self.name)  # refuses a name that cannot be one of a file

    @property
    def credentials(self) -> Credentials:
        """What signs the requests."""
        return (
            PersonalAccessToken(self.login, self.token) if self.login else BearerToken(self.token)
        )

    @property
    def place(self) -> str:
        """Where the token is."""
        return "the system's keyring" if self.is_in_keyring else str(_path(self.name))


class _Stored(msgspec.Struct, omit_defaults=True):
    """The content of a file."""

    login: str = ""
    base_url: str | None = None
    region: Literal["dal", "fra"] | None = None
    token: str | None = None


def chosen_name(given: str | None) -> str | None:
    """The name that ``--profile`` or else LIVECHAT_PROFILE gives, or None."""
    return given or os.environ.get(_VARIABLE) or None


def names() -> list[str]:
    """The names of all profiles."""
    with suppress(FileNotFoundError, NotADirectoryError):
        found = (path.stem for path in _directory().iterdir() if path.suffix == ".json")
        return sorted(name for name in found if re.fullmatch(_NAME, name))
    return []


def has_profile(name: str) -> bool:
    """Whether there is a profile of this name."""
    return _path(name).is_file()


def save(profile: Profile) -> Profile:
    """Keep a profile in place of one of the same name, and say where its token is now.

    Raises:
        OSError: the file cannot be written.
    """
    path = _path(profile.name)
    before = _tried(lambda keyring: keyring.get_password(_SERVICE, profile.name))
    is_in_keyring = _put_into_keyring(profile.name, profile.token)
    stored = _Stored(
        profile.login,
        profile.base_url,
        profile.region,
        None if is_in_keyring else profile.token.reveal(),
    )
    content = msgspec.json.format(msgspec.json.encode(stored))
    try:
        for folder in (path.parent.parent, path.parent):  # parents=True would heed the umask alone
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private_files.replace(path, content, path.with_name(f".{path.stem}-{os.getpid()}"))
    except BaseException:
        # The file of the profile before names the address to which this token would go.
        if before:
            _put_into_keyring(profile.name, Secret(before))
        elif is_in_keyring:
            _drop_from_keyring(profile.name)
        raise
    if not is_in_keyring:
        _drop_from_keyring(profile.name)  # an older one
    return evolve(profile, is_in_keyring=is_in_keyring)


def load(name: str) -> Profile:
    """A profile with its token.

    Raises:
        ConfigurationError: there is none, others can read it, or it cannot be read.
    """
    stored = _find(name)
    if stored is None:
        source = f", which {_VARIABLE} names" if name == os.environ.get(_VARIABLE) else ""
        known = f", only {', '.join(names())}" if names() else ""
        raise ConfigurationError(
            f"there is no profile {name}{source}{known}: "
            f"livechat-async login --profile {name} makes it"
        )
    token = _get_from_keyring(name) if stored.token is None else Secret(stored.token)
    return evolve(describe(name), token=token)


def describe(name: str) -> Profile:
    """A profile without its token, which may need a keyring to be unlocked.

    Raises:
        ConfigurationError: others can read it, or it cannot be read.
    """
    stored = _find(name) or _Stored()
    return Profile(
        name, Secret(""), stored.login, stored.base_url, stored.region, stored.token is None
    )


def remove(name: str) -> None:
    """Forget a profile and its token.

    Raises:
        ConfigurationError: there is none, or it cannot be read.
    """
    if has_profile(name):
        _drop_from_keyring(name)
        _path(name).unlink()
    else:
        load(name)  # says what is there


def _directory() -> Path:
    if os.name == "nt":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / _SERVICE / "profiles"


def _path(name: str) -> Path:
    if not re.fullmatch(_NAME, name):
        source = _VARIABLE if name == os.environ.get(_VARIABLE) else "profile"
        raise ConfigurationError(
            f"{source}={name!r}: a name has up to 64 letters, digits, dots, dashes and underscores"
        )
    return _directory() / f"{name}.json"


def _find(name: str) -> _Stored | None:
    path = _path(name)
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise ConfigurationError(f"{path} cannot be read: {problem.strerror}") from None
    if os.name != "nt" and stat.S_IMODE(mode) & 0o077:
        raise ConfigurationError(f"others can read {path}: chmod 600 it, and change the token")
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(content, type=_Stored)
    raise ConfigurationError(
        f"{path} is no profile any more: livechat-async login --profile {name} makes it again"
    )


# The keyring, which may fail in ways of its own: no package, no service, a locked one.


def _keyring() -> Any:
    """The package ``keyring``; None without it, and without a place that it recommends."""
    try:
        keyring: Any = import_module("keyring")
    except ImportError:
        return None
    return keyring if keyring.get_keyring().priority >= _RECOMMENDED else None


def _tried(call: Callable[[Any], Any]) -> Any:
    """What a call of the keyring gives; None if there is no keyring, or if it fails."""
    with suppress(Exception):
        keyring = _keyring()
        return None if keyring is None else call(keyring)
    return None


def _put_into_keyring(name: str, token: Secret) -> bool:
    def put(keyring: Any) -> bool:
        keyring.set_password(_SERVICE, name, token.reveal())
        return bool(keyring.get_password(_SERVICE, name) == token.reveal())

    return _tried(put) is True


def _get_from_keyring(name: str) -> Secret:
    token = _tried(lambda keyring: keyring.get_password(_SERVICE, name))
    if not token:
        raise ConfigurationError(
            f"the system's keyring does not give the token of profile {name}: unlock it, or run "
            f"livechat-async login --profile {name}"
        )
    return Secret(token)


def _drop_from_keyring(name: str) -> None:
    _tried(lambda keyring: keyring.delete_password(_SERVICE, name))
