"""The sandbox itself: the server, its state, and what a test does to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import date
from types import TracebackType
from typing import Any, Self

from livechat_async.credentials import BearerToken, PersonalAccessToken
from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import Operator, VisitorDetails
from livechat_async.sandbox.actions import Archives
from livechat_async.sandbox.checks import to_number
from livechat_async.sandbox.data.live_chats import StartedChat
from livechat_async.sandbox.data.seed import SEEDED_CHATS, SEEDED_TICKETS, seed_visitors
from livechat_async.sandbox.fault_queue import FaultQueue
from livechat_async.sandbox.faults import Fault
from livechat_async.sandbox.http.requests import RecordedRequest, RequestLog
from livechat_async.sandbox.http.server import Server
from livechat_async.sandbox.options import (
    check_count_shape,
    check_credentials,
    check_host,
    check_license,
    check_port,
    check_record_cap,
    check_seconds,
    check_seed,
    check_token_scope,
)
from livechat_async.sandbox.pages.api import Api, CountShape
from livechat_async.sandbox.pages.chats import ChatsApi
from livechat_async.sandbox.pages.control import Control
from livechat_async.sandbox.pages.tickets import TicketsApi
from livechat_async.sandbox.pages.webhooks import WebhooksApi
from livechat_async.sandbox.state.visitors import DEFAULT_AGENT, Store
from livechat_async.sandbox.webhooks.announcer import Announcer, TokenScope
from livechat_async.sandbox.webhooks.controls import WebhookControls
from livechat_async.sandbox.webhooks.deliverer import Deliverer
from livechat_async.sandbox.webhooks.registrations import Registrations

__all__ = ["Sandbox"]

# Test data: it opens nothing but a sandbox.
_BEARER = "dal:sandbox-bearer-token"


class Sandbox(Archives, WebhookControls):
    """A LiveChat of one's own: an HTTP server on this machine that speaks the documented API.

    It has the Visitors, Archives, Tickets and Webhooks pages, and delivers the webhooks that are
    registered for this machine as LiveChat does: again and again until they are answered 200.

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
        seed: True for eight visitors to look at, or how many. With any of them come 120 chats of
            the last 90 days and 12 tickets, unless ``chats`` and ``tickets`` say otherwise.
        license_id: the licence, which webhooks carry.
        credentials: what may list visitors; `bearer` may in any case.
        count_shape: how ``count=1`` is answered, which LiveChat documents nowhere:
            ``"object"`` for ``{"count": 7}``, ``"number"`` for ``7``, ``"text"`` for ``"7"``.
        clock: gives the Unix seconds.
        chats: how many made-up chats are in the archives; see `seed_chats`.
        tickets: how many made-up tickets there are.
        chats_from: the first day of the chats and tickets, in UTC, as a date or ``"2013-01-23"``;
            by default 90 days before the end.
        chats_to: their last day; by default they end now.
        chats_seed: other numbers make up other chats and tickets.
        record_cap: of how many chats an answer has pages: beyond them it is a 400.
        latency: seconds every answer of the API takes longer, each on its own. They pass before
            the request is carried out.
        webhook_retry_span: seconds in which a webhook that is not answered 200 is repeated, ten
            times at ever longer distances; 0 for at once.
        webhook_timeout: seconds the answer to a webhook may take.
        webhook_repeats: how many times every webhook is delivered once more though it was answered
            200, which LiveChat does now and then.
        webhook_jitter: every delivery begins after up to so many seconds, by chance, so that they
            come in any order.
        webhook_tokens: whose the token of a webhook's body is, which LiveChat documents nowhere:
            ``"event"`` for one of each event, ``"registration"`` for the one that
            ``GET /webhooks`` shows.

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
        chats: int | None = None,
        tickets: int | None = None,
        chats_from: date | str | None = None,
        chats_to: date | str | None = None,
        chats_seed: int = 0,
        record_cap: int = 25_000,
        latency: float = 0,
        webhook_retry_span: float = 6 * 60 * 60,
        webhook_timeout: float = 10,
        webhook_repeats: int = 0,
        webhook_jitter: float = 0,
        webhook_tokens: TokenScope = "event",
    ) -> None:
        registrations = Registrations()
        deliverer = Deliverer(
            limit=check_seconds("webhook_timeout", webhook_timeout),
            retry_span=check_seconds("webhook_retry_span", webhook_retry_span),
            repeats=to_number("webhook_repeats", webhook_repeats),
            jitter=check_seconds("webhook_jitter", webhook_jitter),
        )
        license_ = check_license(license_id)
        announcer = Announcer(
            license_, clock, registrations, deliverer, check_token_scope(webhook_tokens)
        )
        Archives.__init__(self, clock, announcer)
        WebhookControls.__init__(self, registrations, deliverer, announcer)
        self._host = check_host(host)
        self._port = check_port(port)
        self._credentials = check_credentials(credentials)
        self._bearer = BearerToken(_BEARER)
        self._url: str | None = None
        self._log = RequestLog()
        self._faults = FaultQueue()
        self._store = Store(license_, clock, self._chats, announcer)
        visitors = check_seed(seed)
        seed_visitors(self._store, visitors)
        defaults = (SEEDED_CHATS, SEEDED_TICKETS) if visitors else (0, 0)
        self._chats.seed(defaults[0] if chats is None else chats, chats_from, chats_to, chats_seed)
        self._tickets.seed(
            defaults[1] if tickets is None else tickets, chats_from, chats_to, chats_seed
        )
        api = Api(
            self._store,
            (self._credentials, self._bearer),
            check_count_shape(count_shape),
            chats=ChatsApi(self._chats, self._store, announcer, check_record_cap(record_cap)),
            tickets=TicketsApi(self._tickets),
            webhooks=WebhooksApi(registrations, license_),
        )
        control = Control(self._store, self, self, self._log, self._faults)
        self._server = Server(
            *(api.answer, control.answer, self._log, self._faults),
            check_seconds("latency", latency),
        )

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
        self._deliverer.start()

    async def stop(self) -> None:
        """Stop the server at once, whatever it is doing, and all deliveries for good.

        Stopping twice does no harm.
        """
        await self._deliverer.stop()
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
        """Let a visitor leave the site; a chat of it ends, and the details are gone.

        Raises:
            ConfigurationError: there is no such visitor.
        """
        self._store.remove(visitor_id)

    def queue(self, visitor_id: str) -> None:
        """Let a visitor wait for an agent; a webhook that is about that is told.

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
        """Let a visitor and an agent begin a chat; a webhook that is about that is told.

        It is delivered while the sandbox runs, and nobody waits for it here: see `delivered`.

        Args:
            visitor_id: the visitor.
            agent: the agent's login, or an `Operator` to name the agent too.
            prechat_survey: questions and their answers; by default name and e-mail address.

        Returns:
            What the ``chat_started`` webhook carries, or would carry.

        Raises:
            ConfigurationError: there is no such visitor, it is in a chat, or a bad agent or survey.
        """
        return self._store.start_chat(visitor_id, agent, prechat_survey)

    def say(self, visitor_id: str, text: str, *, by_agent: bool = False) -> None:
        """Let the visitor say something in the chat, or the agent.

        Raises:
            ConfigurationError: there is no such visitor, it is in no chat, or that is no text.
        """
        self._store.say(visitor_id, text, by_agent=by_agent)

    def end_chat(self, visitor_id: str) -> None:
        """End a chat: the visitor's state is ``chat closed``, and its tokens are worth nothing.

        The chat is in the archives now, and a webhook that is about that is told.

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
