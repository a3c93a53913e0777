"""Servers on this machine: how they start, whose requests they answer, and what they log."""

from __future__ import annotations

import asyncio
import errno
import logging
import re
from collections.abc import Collection, Mapping
from typing import cast

from aiohttp import web

from livechat_async.checks import is_address, is_loopback
from livechat_async.errors import ConfigurationError

# The name and the port of a ``Host`` header. A dot at the end of a name makes no difference.
_HOST = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253}?)\.?)(?::[0-9]{0,5})?")


async def listen(
    runner: web.AppRunner | web.ServerRunner, host: str, port: int, remedy: str
) -> tuple[str, int]:
    """Begin to serve, and return the address and the port; port 0 takes any free one.

    Raises:
        ConfigurationError: the port cannot be had; the text ends with the remedy.
    """
    try:
        await runner.setup()
        await _Site(runner, host, port).start()
    except OSError as problem:
        why = "is in use" if problem.errno == errno.EADDRINUSE else f"cannot be had ({problem})"
        raise ConfigurationError(f"port {port} on {host} {why}: {remedy}") from None
    address: tuple[str, int] = runner.addresses[0][:2]
    return address


class _Site(web.BaseSite):
    """As ``web.TCPSite``, but the runner also closes a site that was cancelled while it started.

    asyncio loses the sockets of a server that is cancelled just as it begins to listen.
    """

    def __init__(self, runner: web.AppRunner | web.ServerRunner, host: str, port: int) -> None:
        super().__init__(runner)
        self._address = host, port

    @property
    def name(self) -> str:
        return url_of(*self._address)

    async def start(self) -> None:
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(
            cast("web.Server", self._runner.server),  # there is one after its setup
            *self._address,
            backlog=self._backlog,
            start_serving=False,
        )
        await self._server.start_serving()


def url_of(address: str, port: int) -> str:
    """The URL of a server, such as ``http://127.0.0.1:8080``."""
    return f"http://{f'[{address}]' if ':' in address else address}:{port}"


def is_local_host(host: str) -> bool:
    """Whether a ``Host`` header names this machine, with any port.

    Any name can be made to lead here (DNS rebinding), and a browser then lets the pages of that
    name read the answers.
    """
    name = _name_of(host)
    return is_loopback(name) or name.endswith(".localhost")


def is_private_host(host: str, names: Collection[str]) -> bool:
    """Whether no stranger can make the name in a ``Host`` header lead here.

    DNS rebinding takes a name in a domain of the attacker's. An IP address is none, and neither is
    a name without a dot, such as that of a container.

    Args:
        host: the header, with any port.
        names: further names, in lower case, which are known to be harmless.
    """
    name = _name_of(host)
    if not name:
        return False
    return "." not in name or is_address(name) or name in names or name.endswith(".localhost")


def _name_of(host: str) -> str:
    match = _HOST.fullmatch(host.strip().lower())
    return "" if match is None else match[1] or match[2]


def is_from_web_page(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser sent a request for a web page.

    A browser adds ``Origin`` to every request that may change something, and most add
    ``Sec-Fetch-Site``. A GET without ``Origin`` may come from a link, and only reads.

    Args:
        method: in upper case.
        headers: their names in lower case, unless the mapping ignores case.
    """
    site = headers.get("sec-fetch-site", "none").strip().lower()
    return "origin" in headers or (method not in {"GET", "HEAD"} and site != "none")


def is_from_own_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser sent a request for a page of the server that receives it.

    Check ``Host`` with `is_local_host` too: after DNS rebinding, ``Origin`` and ``Host`` agree.

    Args:
        headers: their names in lower case, unless the mapping ignores case.
    """
    site = headers.get("sec-fetch-site", "same-origin").strip().lower()
    host = headers.get("host", "").strip().lower()
    origin = headers.get("origin", "").strip().lower()
    return host != "" and site == "same-origin" and origin == f"http://{host}"


def server_logger(name: str) -> logging.Logger:
    """A logger for aiohttp's server that leaves out malformed requests.

    aiohttp logs each with a traceback, which may show the path and the secret in it. The client
    gets a 400 that says what is wrong.
    """
    logger = logging.getLogger(name)
    logger.addFilter(_is_fault_of_server)
    return logger


def _is_fault_of_server(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__module__ != "aiohttp.http_exceptions"
