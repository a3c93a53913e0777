"""The base of every resource: a call in one line."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Mapping
from typing import Any, ClassVar, TypeVar, cast, overload

from attrs import evolve

from livechat_async.decoding.bodies import Reader, single_reader, value_reader
from livechat_async.errors import ConfigurationError
from livechat_async.http.request import BodyEncoding, Request
from livechat_async.http.response import Response
from livechat_async.http.session import SessionManager
from livechat_async.models._base import WireModel
from livechat_async.pagination import BrokenPolicy, Pager, page_fetcher
from livechat_async.redaction import kind_of

T = TypeVar("T")


class Resource:
    """Endpoints with one subject. A method checks its arguments and makes a call.

    ::

        async def delete(self, name: str, *, group: int) -> None:
            body = {"group": as_number("group", group)}
            await self._call("DELETE", "/tags/{name}", body=body, name=given_text("name", name))
    """

    _envelope: ClassVar[str] = ""
    """The name of the list in a page of items. A single item may come in such a list, too."""

    def __init__(self, session: SessionManager) -> None:
        self._session = session

    def __repr__(self) -> str:
        names = sorted(name for name in dir(self) if not name.startswith("_"))
        return f"<{type(self).__name__}: {', '.join(names)}>"

    @overload
    async def _call(self, method: str, path: str, type_: type[T], **options: Any) -> T: ...
    @overload
    async def _call(self, method: str, path: str, **options: Any) -> None: ...

    async def _call(
        self,
        method: str,
        path: str,
        type_: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        encoding: BodyEncoding = "json",
        authenticate: bool = True,
        **path_params: str | int,
    ) -> Any:
        """Make a call, and decode its answer as ``type_``; without one the answer is not read."""
        request = Request(
            method,
            path,
            path_params=path_params or None,
            query=query,
            body=body,
            encoding=encoding,
            authenticate=authenticate,
        )
        converter = self._session.converter.current
        if type_ is None:
            read = None
        elif self._envelope and isinstance(type_, type) and issubclass(type_, WireModel):
            read = single_reader(converter.get_structure_hook(type_), type_, self._envelope)
        else:
            read = value_reader(converter, type_)
        return (await self._session.call(request, read)).value

    def _paginate(
        self,
        path: str,
        type_: type[T],
        query: Mapping[str, Any],
        on_broken: BrokenPolicy,
        **options: Any,
    ) -> Pager[T]:
        """A pager over the pages of an endpoint; the options are those of `Pager`."""
        request, key = Request("GET", path, query=query), self._envelope
        fetch = page_fetcher(self._session, request, type_, key=key, on_broken=on_broken)
        return Pager(fetch, **options)


class _Recorder:
    """Stands for a session, and keeps the latest response."""

    def __init__(self, session: SessionManager) -> None:
        self._session = session
        self.response: Response[Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    async def call(self, request: Request, read: Reader[Any] | None) -> Response[Any]:
        """`SessionManager.call`."""
        self.response = await self._session.call(request, read)
        return self.response


def with_response(
    session: SessionManager, method: Any, args: tuple[Any, ...], options: Mapping[str, Any]
) -> Coroutine[Any, Any, Response[Any]]:
    """Call a method of a resource by this session; `LiveChatClient.with_response` says how.

    No frame keeps the arguments while the call runs: there may be a secret among them.

    Raises:
        ConfigurationError: it is no method of a resource, or makes no call that can be awaited.
    """
    resource = getattr(method, "__self__", None)
    if not isinstance(resource, Resource):
        raise ConfigurationError(
            "with_response takes a method of a resource and its arguments, as in "
            f"with_response(client.visitors.list, state='chatting'), not a {kind_of(method)}"
        )
    recorder = _Recorder(session)
    called = method.__func__(type(resource)(cast("SessionManager", recorder)), *args, **options)
    if not isinstance(called, Awaitable):
        raise ConfigurationError(
            f"with_response cannot take {method.__qualname__}, which makes no call of its own: "
            "loop over what it returns"
        )
    return _respond(called, recorder)


async def _respond(called: Awaitable[Any], recorder: _Recorder) -> Response[Any]:
    value = await called
    if recorder.response is None:
        raise ConfigurationError("with_response: the method made no call")
    return evolve(recorder.response, value=value)
