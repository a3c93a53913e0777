"""`LiveChatClient`: opens and closes the connections, and has the resources."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import tzinfo
from importlib import import_module
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NoReturn,
    ParamSpec,
    Self,
    TypedDict,
    TypeVar,
    Unpack,
    overload,
)

import aiohttp
from cattrs import Converter
from yarl import URL

from livechat_async.checks import refusal
from livechat_async.credentials import (
    BearerToken,
    Credentials,
    CredentialsSource,
    PersonalAccessToken,
    Region,
)
from livechat_async.decoding.bodies import value_reader
from livechat_async.errors import ConfigurationError
from livechat_async.http.request import Request, no_request
from livechat_async.http.response import Response
from livechat_async.http.session import SessionManager
from livechat_async.http.transport import Transport
from livechat_async.options import ClientOptions, Limiter, RetryPolicy, Timeouts
from livechat_async.pagination import BrokenPolicy, Pager, page_fetcher
from livechat_async.redaction import Secret, conceal, shown

if TYPE_CHECKING:
    from livechat_async.resources.agents import AgentsResource
    from livechat_async.resources.canned_responses import CannedResponsesResource
    from livechat_async.resources.chats import ChatsResource
    from livechat_async.resources.goals import GoalsResource
    from livechat_async.resources.greetings import GreetingsResource
    from livechat_async.resources.groups import GroupsResource
    from livechat_async.resources.reports import ReportsResource
    from livechat_async.resources.status import StatusResource
    from livechat_async.resources.tags import TagsResource
    from livechat_async.resources.tickets import TicketsResource
    from livechat_async.resources.visitors import VisitorsResource
    from livechat_async.resources.webhooks import WebhooksResource

P = ParamSpec("P")
T = TypeVar("T")


class SharedOptions(TypedDict, total=False):
    """Options of `from_env` and of `with_options`. `LiveChatClient` documents each."""

    retry: RetryPolicy
    timeouts: Timeouts
    max_response_bytes: int
    max_header_bytes: int | None
    timezone: tzinfo | str | None
    headers: Mapping[str, str] | None
    region: Region | None
    limiter: Limiter | None


class ChangeableOptions(SharedOptions, total=False):
    """Options that `LiveChatClient.with_options` can change."""

    credentials: Credentials | CredentialsSource | None


class AddressOptions(TypedDict, total=False):
    """Options that environment variables give too. `LiveChatClient` documents each."""

    base_url: str | Secret
    allow_insecure_hosts: Collection[str]


class EnvironmentOptions(SharedOptions, AddressOptions, total=False):
    """Options that `LiveChatClient.from_env` takes."""

    session: aiohttp.ClientSession | None
    max_concurrency: int
    trace_configs: Sequence[aiohttp.TraceConfig]


class _Resource(Generic[T]):
    """A resource of a client, imported and made when it is first used.

    ``tags`` is ``TagsResource`` in the module ``livechat_async.resources.tags``.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        described = (owner.__doc__ or "").partition(f"    {name}: ")[2]
        self.__doc__ = described.partition("\n")[0]  # `help` shows it beside the name
        owner.__annotations__[name] = _Resource  # `get_type_hints` must not look for its class

    @overload
    def __get__(self, client: None, _: type) -> Self: ...
    @overload
    def __get__(self, client: LiveChatClient, _: type) -> T: ...

    def __get__(self, client: LiveChatClient | None, _: type) -> Self | T:
        if client is None:
            return self
        made = vars(client)
        if self._name not in made:
            module = import_module(f"livechat_async.resources.{self._name}")
            kind = getattr(module, f"{self._name.title().replace('_', '')}Resource")
            made[self._name] = kind(made["_session"])
        resource: T = made[self._name]
        return resource

    def __set__(self, client: LiveChatClient, resource: T) -> None:
        vars(client)[self._name] = resource


class LiveChatClient:
    """A client of LiveChat's REST API, version 2.

    ::

        async with LiveChatClient(PersonalAccessToken(login, token)) as client:
            visitors = await client.visitors.list(state="chatting")

    The methods of its resources raise a `ConfigurationError` and send nothing if an argument cannot
    be used or there are no credentials. They raise a `CallError` if the call fails.

    Args:
        credentials: a `PersonalAccessToken` or a `BearerToken`, or an async callable that returns
            one: it is called when the first is needed, and again once after a 401. Adding details
            needs none.
        base_url: where the API is. Https, or http on loopback; a path prefix is kept.
        allow_insecure_hosts: exact names of hosts to which plain http is allowed too. Anyone on the
            way can read the credentials, so name only test servers, such as a sandbox in another
            container.
        session: an aiohttp session of your own; the client neither closes nor changes it. Its
            connections, proxy, middlewares and default headers serve our calls, but no cookie and
            no ``Authorization`` of it is sent. Without one, the client makes its own at the first
            call.
        retry: which failures are repeated, and when.
        timeouts: how long to wait, in seconds.
        max_concurrency: the most requests at the same time.
        max_response_bytes: the largest answer that is read.
        max_header_bytes: the longest header that is read. None for the limit of the session, which
            is 8,190 bytes unless you lend one with another.
        timezone: the zone of times that LiveChat sends without one, as a ``tzinfo`` or a name
            such as ``"Europe/Warsaw"``. Without it they become naive datetimes.
        headers: sent with each request, such as for a proxy.
        region: ``"dal"`` or ``"fra"``, where the account lives. A `BearerToken` names its own.
        limiter: an async context manager entered once an attempt, such as aiolimiter's.
        trace_configs: aiohttp's, for tracing.

    Attributes:
        visitors: Who is on the site: `list`, `count`, `watch`, `add_details`.
        chats: The archive of chats: `list`, `get`, `export`, `set_tags`, `send_transcript`.
        tickets: Tickets: `list`, `get`, `create`, `set_tags`.
        reports: Reports: `chats`, `tickets`, `availability`.
        webhooks: The registered webhooks: `list`, `create`, `delete`, `ensure`.
        agents: Agents: `list`, `get`, `create`, `update`, `delete`.
        groups: Groups of agents: `list`, `get`, `create`, `update`, `delete`.
        status: Whether visitors can chat now: `get`.
        tags: Tags of chats and tickets: `list`, `create`, `delete`.
        goals: Visitors' goals: `list`, `get`, `create`, `update`, `delete`, `mark_as_successful`.
        greetings: Greetings that visitors are shown: `list`, `get`, `create`, `update`, `delete`.
        canned_responses: Texts that agents have ready: `list`, `get`, `create`, `update`, `delete`.

    Raises:
        ConfigurationError: a value that cannot be used.
    """

    visitors: _Resource[VisitorsResource] = _Resource()
    chats: _Resource[ChatsResource] = _Resource()
    tickets: _Resource[TicketsResource] = _Resource()
    reports: _Resource[ReportsResource] = _Resource()
    webhooks: _Resource[WebhooksResource] = _Resource()
    agents: _Resource[AgentsResource] = _Resource()
    groups: _Resource[GroupsResource] = _Resource()
    status: _Resource[StatusResource] = _Resource()
    tags: _Resource[TagsResource] = _Resource()
    goals: _Resource[GoalsResource] = _Resource()
    greetings: _Resource[GreetingsResource] = _Resource()
    canned_responses: _Resource[CannedResponsesResource] = _Resource()

    def __init__(
        self,
        credentials: Credentials | CredentialsSource | None = None,
        *,
        base_url: str | Secret = "https://api.livechatinc.com",
        allow_insecure_hosts: Collection[str] = (),
        session: aiohttp.ClientSession | None = None,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        max_concurrency: int = 16,
        max_response_bytes: int = 8 * 1024 * 1024,
        max_header_bytes: int | None = None,
        timezone: tzinfo | str | None = None,
        headers: Mapping[str, str] | None = None,
        region: Region | None = None,
        limiter: Limiter | None = None,
        trace_configs: Sequence[aiohttp.TraceConfig] = (),
    ) -> None:
        # A secret in the wrong argument is still a secret: no frame may show it.
        credentials, base_url, headers = map(_hidden, (credentials, base_url, headers))
        options = ClientOptions(
            credentials=credentials,
            base_url=base_url,
            allow_insecure_hosts=allow_insecure_hosts,
            retry=RetryPolicy() if retry is None else retry,
            timeouts=Timeouts() if timeouts is None else timeouts,
            max_response_bytes=max_response_bytes,
            max_header_bytes=max_header_bytes,
            timezone=timezone,
            headers=headers,
            region=region,
            limiter=limiter,
        )
        transport = Transport(
            session,
            host=options.base_url.host or "",
            max_concurrency=max_concurrency,
            trace_configs=trace_configs,
        )
        self._session = SessionManager(transport, options)

    @classmethod
    def from_env(cls, **options: Unpack[EnvironmentOptions]) -> Self:
        """A client configured by environment variables.

        ``LIVECHAT_LOGIN`` with ``LIVECHAT_TOKEN`` give a `PersonalAccessToken`,
        ``LIVECHAT_ACCESS_TOKEN`` gives a `BearerToken`, and ``LIVECHAT_BASE_URL`` another address.
        ``LIVECHAT_ALLOW_INSECURE_HOSTS`` holds the names for ``allow_insecure_hosts``, with commas
        between them.

        Args:
            options: the arguments of the class besides ``credentials``.

        Raises:
            ConfigurationError: the variables are missing, incomplete, or contradict each other.
        """
        _hide(options)
        options = {**address_from_env(), **options}
        return cls(_credentials_from_env(), **options)

    def with_options(self, **changes: Unpack[ChangeableOptions]) -> Self:
        """A copy with other options, on the same connections and the same concurrency limit.

        The copy and the original close together: closing one closes the other.

        Args:
            changes: any of ``credentials``, ``retry``, ``timeouts``, ``max_response_bytes``,
                ``max_header_bytes``, ``timezone``, ``headers``, ``region``, ``limiter``.

        Raises:
            ConfigurationError: a value that cannot be used, or an option that cannot be changed.
        """
        _hide(changes)
        fixed = changes.keys() - ChangeableOptions.__optional_keys__
        if not fixed <= EnvironmentOptions.__optional_keys__:
            from livechat_async.keywords import options_of, unknown  # noqa: PLC0415 (as a rule unused)

            given: dict[str, Any] = {**changes}
            strange = fixed - EnvironmentOptions.__optional_keys__
            known = options_of(ChangeableOptions)
            raise unknown("with_options", {name: given[name] for name in strange}, known)
        if fixed:
            raise ConfigurationError(
                f"with_options cannot change {', '.join(sorted(fixed))}: make another client"
            )
        copy = object.__new__(type(self))
        copy._session = self._session.with_options(**changes)
        return copy

    @overload
    async def send(self, request: Request, type_: None = None) -> Response[None]: ...
    @overload
    async def send(self, request: Request, type_: type[T]) -> Response[T]: ...
    @overload
    async def send(self, request: Request, type_: Any) -> Response[Any]: ...

    async def send(self, request: Request, type_: Any = None) -> Response[Any]:
        """Make any call, such as one that LiveChat adds, and read its answer as a type of yours.

        ::

            response = await client.send(Request("GET", "/agents"), list[dict[str, Any]])

        Args:
            request: what to call.
            type_: the type of the answer: an attrs class, ``list[Visitor]``, ``dict[str, Any]``,
                ``Any`` for JSON as it is. None does not decode the body: its bytes are on the
                response.

        Returns:
            The value, with status, headers, attempts, time taken, and the body as bytes.

        Raises:
            ConfigurationError: the request cannot be sent as it is, or needs credentials; or no
                answer can be read as that type. Nothing was sent.
            ClientStateError: the client is closed, or belongs to another event loop.
            TransportError: no whole answer came.
            APIStatusError: the answer is not a success.
            DecodeError: the answer is not of that type.
        """
        if not isinstance(request, Request):
            raise no_request(request, type_)
        converter = self._session.converter.current
        if type_ is not None:
            _check_type("type_", type_, converter)
        read = None if type_ is None else value_reader(converter, type_)
        response: Response[Any] = await self._session.call(request, read)
        return response

    def with_response(
        self, method: Callable[P, Awaitable[T]], /, *args: P.args, **options: P.kwargs
    ) -> Coroutine[Any, Any, Response[T]]:
        """Call a method of a resource, and get its value with status, headers and attempts.

        ::

            response = await client.with_response(client.visitors.list, state="chatting")
            print(response.value, response.headers["Date"], response.attempts)

        Args:
            method: the method. Of one that returns a pager, the first page is fetched.
            args: its positional arguments.
            options: its keyword arguments.

        Returns:
            The response, with what the method returns as its ``value``. Of a method that makes
            several calls, such as ``webhooks.ensure``, the rest is that of the last call.

        Raises:
            ConfigurationError: it is no method of a resource, or returns nothing to await.
        """
        from livechat_async.resources._base import with_response  # noqa: PLC0415

        return with_response(self._session, method, args, options)

    def paginate(
        self,
        request: Request,
        item_type: type[T],
        *,
        key: str,
        prefetch: int | None = None,
        max_items: int | None = None,
        on_broken: BrokenPolicy = "raise",
    ) -> Pager[T]:
        """All pages of any endpoint that takes ``page=``, with items of any type.

        ::

            async for chat in client.paginate(Request("GET", "/chats"), Chat, key="chats"): ...

        Args:
            request: what to call, without ``page``.
            item_type: the type of the items.
            key: the name of the list in the answer.
            prefetch: how many page requests to keep in flight, ahead of the loop.
            max_items: stop after this many items.
            on_broken: ``"raise"`` a `DecodeError` at an item that cannot be read, or ``"skip"`` it
                and report it in ``page.broken``.

        Raises:
            ConfigurationError: an argument cannot be used.
        """
        if not isinstance(request, Request):
            raise no_request(request, item_type)
        if not isinstance(key, str):
            raise refusal("key", key, "the name of the list in the answer is needed, as in 'chats'")
        _check_type("item_type", item_type, self._session.converter.current)
        fetch = page_fetcher(self._session, request, item_type, key=key, on_broken=on_broken)
        return Pager(fetch, prefetch=prefetch, max_items=max_items)

    @property
    def converter(self) -> Converter:
        """The cattrs converter of this client's answers. Register hooks of your own on it.

        An answer of 512 KiB or more is decoded in a thread, so that it does not hold the event
        loop. Your hooks then run in that thread too, with the context variables of the call.
        """
        return self._session.converter.own()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._session.transport.closed

    async def close(self) -> None:
        """Close the connections, but not a session of yours. Closing twice does no harm."""
        await self._session.transport.close()

    async def __aenter__(self) -> Self:
        self._session.transport.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
        if isinstance(error, TypeError):
            from livechat_async.keywords import explain  # noqa: PLC0415 (for a mistake only)

            explain(error)

    def __enter__(self) -> NoReturn:
        raise TypeError("a LiveChatClient is opened with `async with`, not with `with`")

    def __exit__(self, *_: object) -> None:  # `with` looks for both methods before it calls one
        return

    def __repr__(self) -> str:
        session: SessionManager | None = getattr(self, "_session", None)
        return f"<LiveChatClient of {session.options.base_url if session else 'nothing yet'}>"


def _check_type(name: str, type_: Any, converter: Converter) -> None:
    try:
        converter.get_structure_hook(type_)  # cached
    except Exception as error:  # noqa: BLE001 (the caller's class, and its annotations, may raise)
        reason = f"{error}".removesuffix(".")
    else:
        return
    kind = type_.__qualname__ if isinstance(type_, type) else shown(type_)
    raise ConfigurationError(
        f"{name}={kind}: no answer can be read as that: {reason}. Give an attrs class of a module, "
        "list[...] of one, dict[str, Any], or Any; or register a hook on client.converter"
    )


def _hidden(value: Any) -> Any:
    return Secret(value) if isinstance(value, URL) else conceal(value, "secret")


def _hide(options: Any) -> None:
    for name in ("base_url", "credentials", "headers"):
        if name in options:
            options[name] = _hidden(options[name])


def address_from_env() -> AddressOptions:
    """The address that environment variables give, and the hosts allowed plain http."""
    address = AddressOptions()
    if os.environ.get("LIVECHAT_BASE_URL"):
        address["base_url"] = Secret(os.environ["LIVECHAT_BASE_URL"])
    if os.environ.get("LIVECHAT_ALLOW_INSECURE_HOSTS"):
        names = os.environ["LIVECHAT_ALLOW_INSECURE_HOSTS"].split(",")
        address["allow_insecure_hosts"] = [name.strip() for name in names]
    return address


def _credentials_from_env() -> Credentials:
    # Nothing keeps the environment: a frame that held it would show it.
    login = os.environ.get("LIVECHAT_LOGIN")
    token = conceal(os.environ.get("LIVECHAT_TOKEN"), "token")
    access_token = conceal(os.environ.get("LIVECHAT_ACCESS_TOKEN"), "token")
    if access_token and (login or token):
        raise ConfigurationError(
            "LIVECHAT_ACCESS_TOKEN is set, and so is LIVECHAT_LOGIN or LIVECHAT_TOKEN: unset one"
        )
    if access_token:
        return BearerToken(access_token)
    if login and token:
        return PersonalAccessToken(login, token)
    if login or token:
        missing = "LIVECHAT_TOKEN" if login else "LIVECHAT_LOGIN"
        raise ConfigurationError(f"{missing} is not set; it goes with the other of the two")
    raise ConfigurationError(
        "no credentials: set LIVECHAT_LOGIN and LIVECHAT_TOKEN, or LIVECHAT_ACCESS_TOKEN"
    )
