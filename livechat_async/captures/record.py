"""The recorder: a proxy on this machine that writes every answer, scrubbed, as one file.

A program is pointed at it instead of LiveChat. Requests go on to LiveChat as they are, and answers
come back as they are. What is written holds no header of a request and no body of one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, closing
from http import HTTPStatus
from typing import Any, Final, Self

import aiohttp
from aiohttp import web
from yarl import URL

from livechat_async.captures.files import (
    LARGEST,
    METHODS,
    NO_JSON,
    Capture,
    CaptureFolder,
    check_folder,
    read_json,
)
from livechat_async.captures.scrub import Scrubber
from livechat_async.captures.shapes import DeliveryShape, find_endpoint, shape_of
from livechat_async.checks import check_call, check_flag, check_port, is_loopback, refusal
from livechat_async.errors import ConfigurationError
from livechat_async.options import problem_of_base_url, problem_of_plain_http
from livechat_async.servers import (
    is_from_web_page,
    is_local_host,
    listen,
    server_logger,
    url_of,
)

LIVECHAT: Final = "https://api.livechatinc.com"
"""Where requests go on to by default."""
_CONNECT_SECONDS, _READ_SECONDS = 30, 120
_STOP_SECONDS = 0.5
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 64 * 1024
_LARGE = 64 * 1024  # bytes, from which scrubbing is done in a thread
_BETWEEN_HOPS = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
    *("te", "trailer", "transfer-encoding", "upgrade", "host", "content-length", "expect"),
    "accept-encoding",
}
_DECODED = ("gzip", "deflate", "br", "zstd")  # by aiohttp, in an answer
_KNOWN_CONTENT = ("application/json", "text/html", "text/plain", "text/javascript")


class Recorder:
    """A proxy on loopback that records what LiveChat answers, or the webhooks that it sends.

    ::

        async with Recorder("captures/") as recorder:
            ...  # let a program work against recorder.url

    Equal values become equal ones in everything that one recorder writes.

    Args:
        folder: where the files go; it is made if it is not there.
        upstream: the address that requests go on to, https or on this machine. For webhooks: the
            bot that gets them; without it they are answered 200.
        webhooks: True to record webhooks instead of answers.
        host: a loopback address.
        port: 0 for any free port.
        recorded: called with each capture once its file is complete.
        warn: called with a text for what is not recorded, and why.

    Raises:
        ConfigurationError: an argument is wrong.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        upstream: str | None = None,
        *,
        webhooks: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        recorded: Callable[[Capture], object] = lambda _: None,
        warn: Callable[[str], object] = lambda _: None,
    ) -> None:
        if not is_loopback(host):
            raise refusal("host", host, "a loopback address is needed, such as 127.0.0.1")
        check_flag("webhooks", webhooks)
        check_call("recorded", recorded, "of a Capture")
        check_call("warn", warn, "of a text")
        address = upstream if upstream is not None or webhooks else LIVECHAT
        if address is not None:
            problem = problem_of_base_url(address) or problem_of_plain_http(URL(address))
            if problem is not None:
                raise ConfigurationError(f"upstream{problem}")
        self._upstream = None if address is None else URL(str(address).rstrip("/"))
        self._webhooks = webhooks
        self._host, self._port = host, check_port("port", port)
        self._recorded, self._warn = recorded, warn
        self._scrubber = Scrubber()
        self._one_at_a_time = asyncio.Lock()
        self._path = check_folder(folder)
        self.url: str = ""
        self._opened = AsyncExitStack()
        self._folder: CaptureFolder  # this and the next are there while it runs
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start to listen; ``url`` then has the address.

        Raises:
            ConfigurationError: the port is in use, the folder cannot be used, or another recorder
                writes into it.
        """
        async with AsyncExitStack() as opened:  # closes all of it if the rest fails
            folder = opened.enter_context(closing(CaptureFolder(self._path)))
            session = aiohttp.ClientSession(
                # On a connection that was used before, aiohttp may send a PUT or DELETE twice.
                connector=aiohttp.TCPConnector(force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_SECONDS, sock_read=_READ_SECONDS
                ),
            )
            await opened.enter_async_context(session)
            self._folder, self._session = folder, session
            logger = server_logger("livechat_async.captures")
            server = web.Server(self._handle, access_log=None, logger=logger, auto_decompress=False)
            runner = web.ServerRunner(server, shutdown_timeout=_STOP_SECONDS)
            # Opened last and closed first: answers under way need the rest.
            opened.push_async_callback(runner.cleanup)
            remedy = "use port 0 for a free one"
            address, self._port = await listen(runner, self._host, self._port, remedy)
            self._opened = opened.pop_all()
        self.url = url_of(address, self._port)

    async def stop(self) -> None:
        """Stop at once, and let another recorder use the folder. Stopping twice does no harm."""
        await self._opened.aclose()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        refusal = self._refuse_stranger(request)
        if refusal is not None:
            return refusal
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is larger than 1 MiB")
        take = self._take_webhook if self._webhooks else self._take_answer
        try:
            return await take(request, body)
        except (aiohttp.ClientError, OSError) as problem:
            return self._failed(request, problem)

    def _refuse_stranger(self, request: web.BaseRequest) -> web.Response | None:
        """The answer for a web page, and for what is no request of the API; None for all else."""
        if is_from_web_page(request.method, request.headers):
            return _error(HTTPStatus.FORBIDDEN, "Web pages may not use the recorder")
        if request.method not in (("POST",) if self._webhooks else METHODS):
            return _error(HTTPStatus.METHOD_NOT_ALLOWED, "The recorder does not know this method")
        if not request.rel_url.raw_path.startswith("/"):  # as in "OPTIONS *"
            return _error(HTTPStatus.BAD_REQUEST, "The recorder passes on paths only")
        # Webhooks come through a tunnel, which has a name of its own.
        hosts = [] if self._webhooks else request.headers.getall("Host", [])
        if hosts and not all(map(is_local_host, [*hosts, request.host])):
            text = "The Host header has to name this machine, as in localhost or 127.0.0.1"
            return _error(HTTPStatus.FORBIDDEN, text)
        return None

    def _line(self, request: web.BaseRequest) -> str:
        """A request as warnings name it: the path of a webhook may be a secret."""
        path = request.rel_url.raw_path
        return "a webhook" if self._webhooks else f"{request.method} {self._scrubber.path(path)}"

    def _failed(self, request: web.BaseRequest, problem: Exception) -> web.Response:
        where = "" if self._upstream is None else self._upstream.origin()
        if isinstance(problem, TimeoutError):
            status, why = HTTPStatus.GATEWAY_TIMEOUT, "no answer in time"
        elif isinstance(problem, aiohttp.ClientConnectorError):
            status, why = HTTPStatus.BAD_GATEWAY, f"no connection ({problem.os_error.strerror})"
        else:
            status, why = HTTPStatus.BAD_GATEWAY, "the answer was cut short or is no HTTP"
        self._warn(f"{self._line(request)}: {why} from {where}")
        return _error(status, f"{why} from {where}")

    async def _take_answer(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        upstream = self._upstream
        assert upstream is not None  # noqa: S101 - only webhooks need none
        url = URL(f"{upstream}{request.rel_url.raw_path_qs}", encoded=True)
        async with self._session.request(
            request.method,
            url,
            headers=_passed_on(request.headers),
            data=body or None,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Content-Type"),
        ) as answer:
            if answer.status < HTTPStatus.OK:
                raise aiohttp.ClientPayloadError  # it changes the protocol, unasked
            headers = _passed_on(answer.headers)
            if headers.get("Content-Encoding", "").lower() in _DECODED:
                headers.popall("Content-Encoding")
            if "Location" in headers:
                location = _join(url, headers["Location"])
                if location.origin() == upstream.origin():
                    inner = location.raw_path_qs.removeprefix(upstream.raw_path.rstrip("/"))
                    headers["Location"] = f"{self.url}{inner}"
                elif answer.status in _REDIRECTS:
                    text = f"{upstream.origin()} redirects to {location.origin()}: use that address"
                    self._warn(f"{self._line(request)}: {text} as upstream, if you trust it")
                    return _error(HTTPStatus.BAD_GATEWAY, text)
            content = bytearray()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                content += chunk
                if len(content) > LARGEST:
                    return await self._pass_on(request, answer, headers, content)
            body = bytes(content)
            await self._write(lambda: self._capture_of(request, answer, body), len(body))
            return web.Response(status=answer.status, headers=headers, body=body)

    async def _pass_on(
        self,
        request: web.BaseRequest,
        answer: aiohttp.ClientResponse,
        headers: Mapping[str, str],
        content: bytearray,
    ) -> web.StreamResponse:
        """Send an answer that is too large to be recorded, part by part."""
        self._warn(
            f"{self._line(request)}: the answer is larger than {LARGEST // 1024**2} MiB; it is "
            "passed on, and not recorded"
        )
        response = web.StreamResponse(status=answer.status, headers=headers)
        try:
            await response.prepare(request)
            await response.write(bytes(content))
            content.clear()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                await response.write(chunk)
            await response.write_eof()
        except (aiohttp.ClientError, OSError):
            # The status is sent already: only a closed connection shows that this is not all.
            if request.transport is not None:
                request.transport.close()
        return response

    def _capture_of(
        self, request: web.BaseRequest, answer: aiohttp.ClientResponse, content: bytes
    ) -> Capture:
        path, query = request.rel_url.raw_path, request.rel_url.raw_query_string
        document = read_json(content)
        shape = shape_of(find_endpoint(request.method, path), query, answer.status, document)
        is_json = document is not NO_JSON
        return Capture(
            kind="answer",
            method=request.method,
            path=self._scrubber.path(path),
            query=self._scrubber.query(query),
            status=answer.status,
            headers=self._headers(answer.status, answer.headers),
            body=self._scrubber.scrub(document, shape) if is_json else NO_JSON,
            size=0 if is_json else len(content),
        )

    def _headers(self, status: int, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of an answer that are kept: their values are of a form that is allowed."""
        kept = dict[str, str]()
        media, _, charset = headers.get("Content-Type", "").lower().partition(";")
        if media in _KNOWN_CONTENT:
            is_utf8 = charset.strip() == "charset=utf-8"
            kept["Content-Type"] = f"{media}; charset=utf-8" if is_utf8 else media
        wait = headers.get("Retry-After", "")
        if wait.isascii() and wait.isdigit() and len(wait) < 6:  # noqa: PLR2004
            kept["Retry-After"] = wait
        if status in _REDIRECTS and "Location" in headers:
            url = URL(headers["Location"])
            query = self._scrubber.query(url.raw_query_string)
            kept["Location"] = f"{self._scrubber.path(url.raw_path)}{'?' if query else ''}{query}"
        return kept

    async def _take_webhook(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        document = read_json(body)
        is_webhook = isinstance(document, dict) and isinstance(document.get("event_type"), str)
        if is_webhook:

            def scrubbed() -> Capture:
                made = self._scrubber.scrub(document, DeliveryShape)
                return Capture(kind="webhook", method="POST", path="/", body=made)

            await self._write(scrubbed, len(body))
        else:
            self._warn(f"a request of {len(body):,} bytes is no webhook, and is not recorded")
        if self._upstream is None:
            if is_webhook:
                return web.json_response({"result": "recorded"})
            return _error(HTTPStatus.BAD_REQUEST, "this is no webhook of version 2")
        async with self._session.post(
            self._upstream, data=body, headers=_passed_on(request.headers), allow_redirects=False
        ) as answer:
            content = await answer.content.read(_CHUNK)
            return web.Response(status=answer.status, body=content)

    async def _write(self, scrubbed: Callable[[], Capture], size: int) -> None:
        """Write a capture. Whatever goes wrong, the answer still reaches the program."""
        async with self._one_at_a_time:
            try:
                made = await asyncio.to_thread(scrubbed) if size > _LARGE else scrubbed()
                written = self._folder.add(made)
            except OSError as problem:
                self._warn(f"cannot write into {self._path}: {problem.strerror}")
                return
            except Exception as problem:  # noqa: BLE001 (a bug; its text may hold the answer)
                kind = type(problem).__name__
                self._warn(f"an answer cannot be scrubbed, and is not recorded: {kind}")
                return
        self._recorded(written)


def _join(url: URL, location: str) -> URL:
    """Where a redirect leads; nowhere if it holds no URL."""
    try:
        found = url.join(URL(location))
        found.origin()
    except ValueError:
        return URL("http://0.0.0.0")
    return found


def _passed_on(headers: Any) -> Any:
    """A copy of the headers without those that are meant for one connection alone."""
    kept = headers.copy()
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    for name in {each.lower() for each in headers} & (_BETWEEN_HOPS | named):
        kept.popall(name)
    return kept


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": f"livechat-async record: {text}"}, status=status)
