"""What the options of a sandbox may be; each raises ConfigurationError for anything else."""

from __future__ import annotations

import ipaddress
import math
import re
from typing import Any, get_args

from livechat_async.credentials import PersonalAccessToken
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import kind_of
from livechat_async.sandbox.data.seed import DEFAULT_SEED
from livechat_async.sandbox.pages.api import CountShape
from livechat_async.sandbox.state.timeline import PAGE_SIZE
from livechat_async.sandbox.webhooks.announcer import TokenScope

__all__ = [
    "check_count_shape",
    "check_credentials",
    "check_host",
    "check_license",
    "check_port",
    "check_record_cap",
    "check_seconds",
    "check_seed",
    "check_token_scope",
]

# Test data: they open nothing but a sandbox.
_LOGIN = "john.doe@example.com"
_TOKEN = "sandbox-token"  # noqa: S105


def check_host(host: object) -> str:
    """A loopback address."""
    try:
        if host == "localhost" or ipaddress.ip_address(str(host)).is_loopback:
            return str(host)
    except ValueError:
        pass
    raise ConfigurationError(
        f"host={host!r}: a loopback address is needed, 127.0.0.1, ::1 or localhost"
    )


def check_port(port: object) -> int:
    """A port."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65_535:  # noqa: PLR2004 - TCP's own
        raise ConfigurationError(f"port={port!r}: 0 for any free port is needed, or up to 65535")
    return port


def check_license(license_id: object) -> int:
    """A licence."""
    if not isinstance(license_id, bool) and re.fullmatch(r"[0-9]{1,18}", str(license_id)):
        return int(str(license_id))
    raise ConfigurationError(f"license_id={license_id!r}: digits are needed, such as 12345")


def check_seed(seed: object) -> int:
    """How many visitors."""
    if seed is True:
        return DEFAULT_SEED
    if not isinstance(seed, int) or seed < 0:
        raise ConfigurationError(f"seed={seed!r}: True or a number of visitors is needed")
    return seed


def check_credentials(credentials: Any) -> PersonalAccessToken:
    """The credentials of a sandbox."""
    if credentials is None:
        return PersonalAccessToken(_LOGIN, _TOKEN)
    if not isinstance(credentials, PersonalAccessToken):
        kind = kind_of(credentials)
        del credentials  # it may be the token itself
        raise ConfigurationError(f"credentials of a sandbox are a PersonalAccessToken, not {kind}")
    return credentials


def check_count_shape(count_shape: CountShape) -> CountShape:
    """The shape of a count."""
    if count_shape not in get_args(CountShape):
        raise ConfigurationError(
            f"count_shape={count_shape!r}: 'object', 'number' or 'text' is needed"
        )
    return count_shape


def check_seconds(name: str, seconds: object) -> float:
    """Seconds."""
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, (int, float))
        or not math.isfinite(seconds)
        or seconds < 0
    ):
        raise ConfigurationError(f"{name}={seconds!r}: seconds are needed, 0 or more")
    return seconds


def check_token_scope(scope: TokenScope) -> TokenScope:
    """Whose the token of a webhook is."""
    if scope not in get_args(TokenScope):
        raise ConfigurationError(f"webhook_tokens={scope!r}: 'event' or 'registration' is needed")
    return scope


def check_record_cap(record_cap: object) -> int:
    """How many records there are pages of."""
    if (
        isinstance(record_cap, bool)
        or not isinstance(record_cap, int)
        or record_cap < PAGE_SIZE
        or record_cap % PAGE_SIZE
    ):
        raise ConfigurationError(
            f"record_cap={record_cap!r}: a number of whole pages is needed, {PAGE_SIZE} or a "
            "multiple of it"
        )
    return record_cap
