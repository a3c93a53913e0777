"""The sandbox: its options, its server, and the methods of `Actions`."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection
from datetime import date
from functools import partial
from typing import Any, Self, get_args

from attrs import evolve

from livechat_async.checks import (
    check_choice,
    check_clock,
    check_count,
    check_flag,
    check_hosts,
    check_port,
    check_seconds,
    is_loopback,
    refusal,
)
from livechat_async.credentials import BearerToken, PersonalAccessToken
from livechat_async.display import never_raises
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, conceal, kind_of
from livechat_async.sandbox.actions import Actions
from livechat_async.sandbox.api import answer_api, answer_recorded
from livechat_async.sandbox.chaos import ChaosProfile
from livechat_async.sandbox.control import answer_control
from livechat_async.sandbox.http.access import Access
from livechat_async.sandbox.http.answers import PAGE_SIZE
from livechat_async.sandbox.http.server import Server
from livechat_async.sandbox.state.account import Account, CountShape, Plan
from livechat_async.sandbox.webhooks.deliverer import Deliverer
from livechat_async.sandbox.webhooks.events import TokenScope
from livechat_async.sandbox.window.window import Window
from livechat_async.servers import url_of

# Test data: they open nothing but a sandbox.
_LOGIN = "john.doe@example.com"
_TOKEN = "sandbox-token"  # noqa: S105
_BEARER = "dal:sandbox-bearer-token"

# An address that stands for all of them is no address to connect to.
_THIS_MACHINE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
_LARGEST_LICENSE = 10**18
_SEEDED_VISITORS, _SEEDED_CHATS, _SEEDED_TICKETS = 8, 120, 12


class Sandbox(Actions):
    """A LiveChat of your own: an HTTP server on this machine that speaks the documented API.

    It has the documented pages. It delivers webhooks to receivers on this machine as LiveChat does:
    repeated until the answer is 200.

    ::

        async with Sandbox() as sandbox:
            visitor_id = sandbox.add_visitor(name="Mary Brown")
            chat = sandbox.start_chat(visitor_id)
            ...  # let a bot work against sandbox.url with sandbox.credentials
            assert sandbox.details_of(visitor_id)

    Open its `url` in a browser to see what happens on it, and to act there.

    A stopped sandbox can start again, on the same port and with everything in it: use this to test
    an outage. You may change its state at any time, also while it is stopped.

    Args:
        host: the address to listen on. Any but a loopback address lets other machines in, and needs
            ``allow_remote``.
        port: 0 for any free port.
        seed: True for eight made-up visitors, or their number. Any of them come with 120 chats of
            the last 90 days and 12 tickets, unless ``chats`` and ``tickets`` say otherwise.
        license_id: the licence, which webhooks carry.
        credentials: credentials for the API; `bearer` works in any case.
        count_shape: how ``count=1`` is answered, which LiveChat does not document:
            ``"object"`` for ``{"count": 7}``, ``"number"`` for ``7``, ``"text"`` for ``"7"``.
        clock: returns the Unix seconds.
        chats: the number of made-up chats in the archives; see `seed_chats`.
        tickets: the number of made-up tickets.
        chats_from: the first day of the chats and tickets, in UTC, as a date or ``"2013-01-23"``;
            by default 90 days before the end.
        chats_to: their last day; by default they end now.
        chats_seed: another number makes up other chats and tickets.
        record_cap: the number of chats that a list gives pages of; later pages are a 400.
        plan: the plan of the account: ``"starter"``, ``"team"``, ``"business"`` or
            ``"enterprise"``. Below ``"enterprise"``, three reports are a 403: chatting time, first
            response time and response time of chats.
        latency: seconds before each request of the API is carried out.
        chaos: a named mixture of faults: ``"calm"``, ``"flaky"``, ``"rate-limited"``, ``"outage"``
            or ``"slow"``; see `set_chaos`.
        chaos_seed: another number makes up other faults.
        allow_remote: whether other machines, such as other containers, may use the sandbox. They
            may call it by an IP address or a name without a dot.
        control_token: a secret that control calls have to send; ``allow_remote`` needs one.
        allow_hosts: further names by which other machines call the sandbox.
        webhook_hosts: exact names of other machines to which webhooks are delivered, over plain
            http. With ``allow_remote``, they are delivered to these only, and to loopback only if
            it is named, as in ``"127.0.0.1"``.
        webhook_retry_span: seconds in which a webhook without a 200 is repeated ten times, with
            growing waits; 0 for at once.
        webhook_timeout: seconds to wait for the answer to a webhook.
        webhook_repeats: extra deliveries of each webhook after a 200, which LiveChat sometimes
            makes.
        webhook_jitter: the maximum of the random seconds before each delivery, to mix their order.
        webhook_tokens: the owner of the token in a webhook's body, which LiveChat does not
            document: ``"event"`` for a new token each event, ``"registration"`` for the one that
            ``GET /webhooks`` shows.

    Raises:
        ConfigurationError: an option is wrong.
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
        plan: Plan = "enterprise",
        latency: float = 0,
        chaos: ChaosProfile | None = None,
        chaos_seed: int = 0,
        allow_remote: bool = False,
        control_token: str | Secret | None = None,
        allow_hosts: Collection[str] = (),
        webhook_hosts: Collection[str] = (),
        webhook_retry_span: float = 6 * 60 * 60,
        webhook_timeout: float = 10,
        webhook_repeats: int = 0,
        webhook_jitter: float = 0,
        webhook_tokens: TokenScope = "event",
    ) -> None:
        control_token = conceal(control_token, "token")  # no frame may show it
        access = _check_access(host, control_token, allow_remote, allow_hosts)
        receivers = check_hosts("webhook_hosts", webhook_hosts)
        check_choice("count_shape", count_shape, get_args(CountShape))
        check_choice("plan", plan, get_args(Plan))
        check_choice("webhook_tokens", webhook_tokens, get_args(TokenScope))
        check_clock("clock", clock)
        account = Account(
            license_id=_check_license(license_id),
            clock=clock,
            # Strangers who reach the API must not make the sandbox call what is on this machine.
            reaches=lambda host: host in receivers or (not allow_remote and is_loopback(host)),
            deliverer=Deliverer(
                limit=check_seconds("webhook_timeout", webhook_timeout),
                retry_span=check_seconds("webhook_retry_span", webhook_retry_span),
                repeats=check_count("webhook_repeats", webhook_repeats, 0),
                jitter=check_seconds("webhook_jitter", webhook_jitter),
            ),
            token_scope=webhook_tokens,
            count_shape=count_shape,
            record_cap=_check_record_cap(record_cap),
            plan=plan,
        )
        super().__init__(account)
        self._host = host
        self._port = check_port("port", port)
        self._credentials = _check_credentials(credentials)
        self._bearer = BearerToken(_BEARER)
        self._url: str | None = None
        self._recorded: list[str] = []
        visitors = _check_seed(seed)
        self.set_latency(latency)
        account.visitors.make_up(visitors)
        if chats is None:
            chats = _SEEDED_CHATS if visitors else 0
        if tickets is None:
            tickets = _SEEDED_TICKETS if visitors else 0
        for made, name, count in (
            (account.chats, "chats", chats),
            (account.tickets, "tickets", tickets),
        ):
            names = (name, "chats_from", "chats_to", "chats_seed")
            made.make_up(count, chats_from, chats_to, chats_seed, names=names)
        if chaos is not None:
            check_choice("chaos", chaos, get_args(ChaosProfile))
        self.set_chaos(chaos, check_count("chaos_seed", chaos_seed, 0))
        self._window = Window(account, (self._credentials, self._bearer))
        self._server = Server(
            partial(answer_api, account, (self._credentials, self._bearer)),
            partial(answer_control, account, self),
            self._window.answer,
            account,
            access,
        )

    @classmethod
    def from_captures(
        cls, folder: str | os.PathLike[str], *, host: str = "127.0.0.1", port: int = 0
    ) -> Self:
        """A sandbox that answers as recorded by ``livechat-async record``.

        An answer belongs to the method, path and query of its request; credentials and bodies make
        no difference. A request that was recorded several times gets these answers in turn, and
        then the last one again. What was not recorded is answered 501, with a text that says what
        there is. Faults and `requests` work as usual; visitors, chats and webhooks have no effect
        on the answers.

        Args:
            folder: where the captures are.
            host: a loopback address.
            port: 0 for any free port.

        Raises:
            ConfigurationError: a capture cannot be read, or an option is wrong.
        """
        from livechat_async.captures.replay import Replay  # noqa: PLC0415 (it imports every model)

        sandbox = cls(host=host, port=port)
        replay = Replay(folder)
        sandbox._recorded = replay.lines
        sandbox._server = evolve(sandbox._server, api=partial(answer_recorded, replay))
        return sandbox

    @property
    def recorded(self) -> list[str]:
        """The requests that `from_captures` has answers for, such as ``GET /visitors?count=1``."""
        return list(self._recorded)

    @never_raises
    def __repr__(self) -> str:
        state = "running" if self._server.is_running else "stopped"
        where = f" at {self._url}" if self._url else ""
        return f"<Sandbox {state}{where}>"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the server.

        Raises:
            ConfigurationError: the sandbox runs already, or its port is in use.
        """
        address, self._port = await self._server.start(self._host, self._port)
        self._url = url_of(_THIS_MACHINE.get(address, address), self._port)
        self._account.deliverer.start()

    async def stop(self) -> None:
        """Stop the server and all deliveries at once. Stopping twice does no harm."""
        try:
            await self._account.deliverer.stop()
        finally:
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
    def open_windows(self) -> int:
        """The number of browser pages that show the sandbox now: those of its `url`."""
        return self._window.open_pages

    @property
    def credentials(self) -> PersonalAccessToken:
        """Credentials for the API: the ones given, or a fake personal access token."""
        return self._credentials

    @property
    def bearer(self) -> BearerToken:
        """A fake OAuth token for the API."""
        return self._bearer

    @property
    def license_id(self) -> int:
        """The licence."""
        return self._account.license_id


def _check_access(host: object, token: Any, allow_remote: object, allow_hosts: Any) -> Access:
    if not isinstance(host, str):
        raise refusal("host", host, "text is needed, such as 127.0.0.1")
    if not check_flag("allow_remote", allow_remote) and not is_loopback(host):
        needed = "pass allow_remote=True and a control_token, or a loopback address, such as"
        raise refusal("host", host, f"it lets other machines in: {needed} 127.0.0.1")
    if allow_remote and token is None:
        needed = "a control_token is needed, or any machine could control the sandbox"
        raise refusal("allow_remote", allow_remote, f"{needed}: secrets.token_urlsafe() makes one")
    if token is not None and (
        not isinstance(token, Secret) or not re.fullmatch(r"[!-~]{16,200}", token.reveal())
    ):
        raise ConfigurationError(
            "control_token has to be 16 to 200 ASCII characters without spaces: "
            "secrets.token_urlsafe() makes one"
        )
    names = check_hosts("allow_hosts", allow_hosts)
    if names and not allow_remote:
        needed = "it has no effect without allow_remote=True: pass both"
        raise refusal("allow_hosts", allow_hosts, needed)
    return Access(control_token=token, remote_hosts=names if allow_remote else None)


def _check_license(license_id: Any) -> int:
    if isinstance(license_id, str) and re.fullmatch(r"[0-9]{1,18}", license_id):
        return int(license_id)
    if (
        isinstance(license_id, int)
        and not isinstance(license_id, bool)
        and 0 <= license_id < _LARGEST_LICENSE
    ):
        return license_id
    raise refusal("license_id", license_id, "digits are needed, such as 12345")


def _check_seed(seed: object) -> int:
    if seed is True:
        return _SEEDED_VISITORS
    if not isinstance(seed, int) or seed < 0:
        raise refusal("seed", seed, "True or a number of visitors is needed")
    return seed


def _check_credentials(credentials: Any) -> PersonalAccessToken:
    if credentials is None:
        return PersonalAccessToken(_LOGIN, _TOKEN)
    if not isinstance(credentials, PersonalAccessToken):
        kind = kind_of(credentials)
        del credentials  # it may be the token itself
        raise ConfigurationError(
            f"credentials: a sandbox needs a PersonalAccessToken(login, token), not {kind}"
        )
    return credentials


def _check_record_cap(record_cap: object) -> int:
    cap = check_count("record_cap", record_cap, PAGE_SIZE)
    if cap % PAGE_SIZE:
        needed = f"whole pages are needed, a multiple of {PAGE_SIZE}"
        raise refusal("record_cap", record_cap, needed)
    return cap
