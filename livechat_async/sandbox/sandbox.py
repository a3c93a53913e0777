"""The sandbox itself: the server, its state, and what a test does to it."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Self, get_args

from livechat_async.credentials import BearerToken, PersonalAccessToken
from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import Operator, VisitorDetails
from livechat_async.redaction import kind_of
from livechat_async.sandbox.api import Api, CountShape
from livechat_async.sandbox.chats import StartedChat
from livechat_async.sandbox.control import Control
from livechat_async.sandbox.fault_queue import FaultQueue
from livechat_async.sandbox.faults import Fault
from livechat_async.sandbox.records import RecordedRequest, RequestLog
from livechat_async.sandbox.seed import DEFAULT_SEED, seed_visitors
from livechat_async.sandbox.server import Server
from livechat_async.sandbox.store import DEFAULT_AGENT, Store

__all__ = ["Sandbox"]

# Test data: neither opens anything but a sandbox.
_LOGIN = "john.doe@example.com"
_TOKEN = "sandbox-token"  # noqa: S105
_BEARER = "dal:sandbox-bearer-token"


class Sandbox:
    """A LiveChat of one's own: an HTTP server on this machine that speaks the Visitors page.

    ::

        async with Sandbox() as sandbox:
            visitor_id = sandbox.add_visitor(name="Mary Brown")
            chat = sandbox.start_chat(visitor_id)
            ...  # let a bot work against sandbox.url with sandbox.credentials
            assert sandbox.details_of(visitor_id)

    It may be started again after it was stopped, on the same port and with everything in it: an
    outage to try. State may be set at any time, also while it is stopped.

    Args:
        host: a loopback address. Nobody else can reach it, for nothing guards its control.
        port: 0 for any that is free.
        seed: True for eight visitors to look at, or how many.
        license_id: the licence, which webhooks carry.
        credentials: what may list visitors; `bearer` may in any case.
        count_shape: how ``count=1`` is answered, which LiveChat documents nowhere:
            ``"object"`` for ``{"count": 7}``, ``"number"`` for ``7``, ``"text"`` for ``"7"``.
        clock: gives the Unix seconds.

    Raises:
        ConfigurationError: one of them is not what it should be.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: bool | int = False,
        license_id: int | str = 12345,
        credentials: PersonalAccessToken | None = None,
        count_shape: CountShape = "object",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._host = _check_host(host)
        self._port = _check_port(port)
        if count_shape not in get_args(CountShape):
            raise ConfigurationError(
                f"count_shape={count_shape!r}: 'object', 'number' or 'text' is needed"
            )
        self._credentials = _check_credentials(credentials)
        self._bearer = BearerToken(_BEARER)
        self._url: str | None = None
        self._log = RequestLog()
        self._faults = FaultQueue()
        self._store = Store(_check_license(license_id), clock)
        seed_visitors(self._store, _check_seed(seed))
        api = Api(self._store, (self._credentials, self._bearer), count_shape)
        control = Control(self._store, self._log, self._faults)
        self._server = Server(api.answer, control.answer, self._log, self._faults)

    def __repr__(self) -> str:
        state = "running" if self._server.is_running else "stopped"
        where = f" at {self._url}" if self._url else ""
        return f"<Sandbox {state}{where}>"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the server.

        Raises:
            ConfigurationError: it runs already, or its port is in use.
        """
        address, self._port = await self._server.start(self._host, self._port)
        host = f"[{address}]" if ":" in address else address
        self._url = f"http://{host}:{self._port}"

    async def stop(self) -> None:
        """Stop the server at once, whatever it is doing. Stopping twice does no harm."""
        await self._server.stop()

    @property
    def url(self) -> str:
        """The address for ``base_url``, such as ``http://127.0.0.1:43123``.

        Raises:
            ConfigurationError: the sandbox was never started.
        """
        if self._url is None:
            raise ConfigurationError(
                "the sandbox has no url yet: use 'async with Sandbox() as sandbox', or start() it"
            )
        return self._url

    @property
    def credentials(self) -> PersonalAccessToken:
        """What may list visitors: the credentials given, or else a fake personal access token."""
        return self._credentials

    @property
    def bearer(self) -> BearerToken:
        """A fake OAuth token that may list visitors too."""
        return self._bearer

    @property
    def license_id(self) -> int:
        """The licence."""
        return self._store.license_id

    @property
    def visitors(self) -> list[dict[str, Any]]:
        """Copies of all visitors, as an answer shows them."""
        visitors: list[dict[str, Any]] = self._store.copy()
        return visitors

    def add_visitor(self, *, omit: Collection[str] = (), **fields: object) -> str:
        """Let somebody come to the site.

        Args:
            omit: names of wire fields the visitor is not to have.
            **fields: wire fields, known or not. A time (``last_visit``, ...) may be an aware
                datetime; its twin (``last_visit_ts``, ...) follows it, and the other way round.
                ``state="chatting"`` begins a chat, see `chat_of`.

        Returns:
            The visitor's id: the one given, or a new one such as ``S1352647457.0000000001``.

        Raises:
            ConfigurationError: the id is in use, or a value cannot be sent.
        """
        return self._store.add(fields, omit)

    def update_visitor(
        self, visitor_id: str, *, omit: Collection[str] = (), **fields: object
    ) -> None:
        """Change a visitor; see `add_visitor`. Leaving the state ``chatting`` ends the chat.

        Raises:
            ConfigurationError: there is no such visitor, or a value cannot be sent.
        """
        self._store.update(visitor_id, fields, omit)

    def remove_visitor(self, visitor_id: str) -> None:
        """Let a visitor leave the site, with chat and details.

        Raises:
            ConfigurationError: there is no such visitor.
        """
        self._store.remove(visitor_id)

    def queue(self, visitor_id: str) -> None:
        """Let a visitor wait for an agent.

        Raises:
            ConfigurationError: there is no such visitor, or it is in a chat.
        """
        self._store.queue(visitor_id)

    def start_chat(
        self,
        visitor_id: str,
        agent: str | Operator = DEFAULT_AGENT,
        *,
        prechat_survey: Mapping[str, str] | None = None,
    ) -> StartedChat:
        """Let a visitor and an agent begin a chat.

        Args:
            visitor_id: the visitor.
            agent: the agent's login, or an `Operator` to name the agent too.
            prechat_survey: questions and their answers; by default name and e-mail address.

        Returns:
            What the ``chat_started`` webhook would carry.

        Raises:
            ConfigurationError: there is no such visitor, it is in a chat, or a bad agent or survey.
        """
        return self._store.start_chat(visitor_id, agent, prechat_survey)

    def end_chat(self, visitor_id: str) -> None:
        """End a chat: the visitor's state is ``chat closed``, and the token worth nothing.

        Raises:
            ConfigurationError: there is no such visitor, or it is in no chat.
        """
        self._store.end_chat(visitor_id)

    def chat_of(self, visitor_id: str) -> StartedChat | None:
        """The chat a visitor is in, or None.

        Raises:
            ConfigurationError: there is no such visitor.
        """
        return self._store.chat_of(visitor_id)

    def details_of(self, visitor_id: str) -> list[VisitorDetails]:
        """What the agent is shown of a visitor, in the order it arrived in.

        A set of an id that is there already takes that one's place.

        Raises:
            ConfigurationError: there is no such visitor.
        """
        return self._store.details_of(visitor_id)

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests of the API, the oldest first; at most the last 10,000."""
        return list(self._log)

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._log.clear()

    def inject(self, fault: Fault, times: int = 1) -> None:
        """Let something go wrong with the next requests of the API.

        Faults are used up in the order they were injected in, one a request.

        Args:
            fault: one of `livechat_async.sandbox.faults`.
            times: how many requests it befalls.

        Raises:
            ConfigurationError: it is no fault, or ``times`` is no number above 0.
        """
        self._faults.add(fault, times)

    @property
    def faults(self) -> list[Fault]:
        """The faults that are still to come."""
        return list(self._faults)

    def clear_faults(self) -> None:
        """Let nothing more go wrong."""
        self._faults.clear()


def _check_host(host: object) -> str:
    try:
        if host == "localhost" or ipaddress.ip_address(str(host)).is_loopback:
            return str(host)
    except ValueError:
        pass
    raise ConfigurationError(
        f"host={host!r}: a loopback address is needed, 127.0.0.1, ::1 or localhost"
    )


def _check_port(port: object) -> int:
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65_535:  # noqa: PLR2004 - TCP's own
        raise ConfigurationError(f"port={port!r}: 0 for any free port is needed, or up to 65535")
    return port


def _check_license(license_id: object) -> int:
    if not isinstance(license_id, bool) and re.fullmatch(r"[0-9]{1,18}", str(license_id)):
        return int(str(license_id))
    raise ConfigurationError(f"license_id={license_id!r}: digits are needed, such as 12345")


def _check_seed(seed: object) -> int:
    if seed is True:
        return DEFAULT_SEED
    if not isinstance(seed, int) or seed < 0:
        raise ConfigurationError(f"seed={seed!r}: True or a number of visitors is needed")
    return seed


def _check_credentials(credentials: Any) -> PersonalAccessToken:
    if credentials is None:
        return PersonalAccessToken(_LOGIN, _TOKEN)
    if not isinstance(credentials, PersonalAccessToken):
        kind = kind_of(credentials)
        del credentials  # it may be the token itself
        raise ConfigurationError(f"credentials of a sandbox are a PersonalAccessToken, not {kind}")
    return credentials
