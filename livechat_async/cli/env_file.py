"""Reads ``.env`` files: the lines that set a variable of ours."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from livechat_async.errors import ConfigurationError

CREDENTIALS = ("LIVECHAT_LOGIN", "LIVECHAT_TOKEN", "LIVECHAT_ACCESS_TOKEN")

_OURS = r"\s*(?:export\s+)?(?P<name>LIVECHAT_\w+)"
# Possessive, so that a long line takes no time that grows with its square.
_LINE = rf"""(?x:{_OURS}\s*=[ \t]*+(?:
    '(?P<plain>[^']*)' | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | (?P<bare>[^\s'"\#]++(?:\s++[^\s'"\#]++)*+)?
)\s*+(?:(?<=\s)\#.*)?)"""
_ESCAPES: Mapping[str, str] = {"n": "\n", "r": "\r", "t": "\t"}


def load_env_file(path: Path) -> None:
    """Set the variables of a file, as far as the environment does not set them.

    Credentials go together: if the environment has some, those of the file are left out.

    Raises:
        ConfigurationError: the file cannot be read, or a line is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is no text"
        raise ConfigurationError(f"--env-file {path}: {reason}") from None
    has_credentials = any(os.environ.get(name) for name in CREDENTIALS)
    for name, value in parse_env(text, str(path)):
        if "\0" in value:
            raise ConfigurationError(f"--env-file {path}: the value of {name} holds a NUL")
        if name not in os.environ and not (has_credentials and name in CREDENTIALS):
            os.environ[name] = value


def parse_env(text: str, source: str) -> Iterator[tuple[str, str]]:
    """The variables of ours that a text sets, in order.

    A value may stand in single quotes, where all is literal, or in double quotes, where a backslash
    escapes. Lines of other programs are not looked at.

    Args:
        text: the content of the file.
        source: the name of the file, for messages. They show no value, which may be a secret.

    Raises:
        ConfigurationError: a line sets no value as it should.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(_OURS, line) is None:
            continue
        found = re.fullmatch(_LINE, line)
        if found is None:
            raise ConfigurationError(
                f"--env-file {source}, line {number}: NAME=value is needed, and quotes in pairs"
            )
        quoted = found["quoted"]
        value = found["plain"] or found["bare"] or ""
        yield found["name"], value if quoted is None else re.sub(r"\\(.)", _unescaped, quoted)


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1])
