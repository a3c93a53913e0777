"""Checks of a sandbox's options; each raises ConfigurationError for a wrong value."""

from __future__ import annotations

import re
from typing import Any, Literal, TypeAlias, TypeVar

from livechat_async.checks import check_count, is_loopback
from livechat_async.credentials import PersonalAccessToken
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import kind_of
from livechat_async.sandbox.http.answers import PAGE_SIZE

__all__ = [
    "CountShape",
    "TokenScope",
    "check_choice",
    "check_credentials",
    "check_host",
    "check_license",
    "check_port",
    "check_record_cap",
    "check_seed",
]

CountShape: TypeAlias = Literal["object", "number", "text"]
TokenScope: TypeAlias = Literal["event", "registration"]

_Choice = TypeVar("_Choice", bound=str)

_SEEDED_VISITORS = 8
# Test data: they open nothing but a sandbox.
_LOGIN = "john.doe@example.com"
_TOKEN = "sandbox-token"  # noqa: S105


def check_host(host: object) -> str:
    """A loopback address."""
    if is_loopback(str(host)):
        return str(host)
    raise ConfigurationError(
        f"host={host!r}: a loopback address is needed, 127.0.0.1, ::1 or localhost"
    )


def check_port(port: object) -> int:
    """A port; 0 for any free one."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65_535:  # noqa: PLR2004 - TCP's own
        raise ConfigurationError(f"port={port!r}: 0 for any free port is needed, or up to 65535")
    return port


def check_license(license_id: object) -> int:
    """A licence number, which may be text."""
    if not isinstance(license_id, bool) and re.fullmatch(r"[0-9]{1,18}", str(license_id)):
        return int(str(license_id))
    raise ConfigurationError(f"license_id={license_id!r}: digits are needed, such as 12345")


def check_seed(seed: object) -> int:
    """A number of visitors; True for eight."""
    if seed is True:
        return _SEEDED_VISITORS
    if not isinstance(seed, int) or seed < 0:
        raise ConfigurationError(f"seed={seed!r}: True or a number of visitors is needed")
    return seed


def check_credentials(credentials: Any) -> PersonalAccessToken:
    """The credentials given, or fake ones."""
    if credentials is None:
        return PersonalAccessToken(_LOGIN, _TOKEN)
    if not isinstance(credentials, PersonalAccessToken):
        kind = kind_of(credentials)
        del credentials  # it may be the token itself
        raise ConfigurationError(f"credentials of a sandbox are a PersonalAccessToken, not {kind}")
    return credentials


def check_choice(name: str, value: _Choice, choices: tuple[_Choice, ...]) -> _Choice:
    """One of a few texts."""
    if value not in choices:
        *most, last = map(repr, choices)
        raise ConfigurationError(f"{name}={value!r}: {', '.join(most)} or {last} is needed")
    return value


def check_record_cap(record_cap: object) -> int:
    """A number of records that fills whole pages."""
    cap = check_count("record_cap", record_cap, PAGE_SIZE)
    if cap % PAGE_SIZE:
        raise ConfigurationError(
            f"record_cap={record_cap!r}: whole pages are needed, a multiple of {PAGE_SIZE}"
        )
    return cap
