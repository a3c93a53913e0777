"""One request and its answer, with every way an answer can reach a client, or fail to."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from livechat_async.sandbox.http.answers import Answer

__all__ = ["Exchange"]


class Exchange:
    """A request that waits for its answer.

    Args:
        request: the request.
        process: carries it out and gives the real answer. Called at most once.
        answered: told the status before it is sent.
    """

    def __init__(
        self,
        request: web.BaseRequest,
        process: Callable[[], Answer],
        answered: Callable[[int], None],
    ) -> None:
        self._request = request
        self._answered = answered
        self.process = process

    def whole(self, answer: Answer) -> web.StreamResponse:
        """Answer as one should."""
        self._answered(answer.status)
        return web.Response(status=answer.status, body=answer.body, headers=_headers(answer))

    async def begin(self, answer: Answer) -> web.StreamResponse:
        """Send the headers, ``Content-Length`` among them; the body is the caller's to write."""
        self._answered(answer.status)
        response = web.StreamResponse(status=answer.status, headers=_headers(answer))
        response.content_length = len(answer.body)
        await response.prepare(self._request)
        return response

    async def cut(self, answer: Answer, size: int) -> web.StreamResponse:
        """Send the headers and the first ``size`` bytes of the body, then close the connection."""
        response = await self.begin(answer)
        await response.write(answer.body[:size])
        self._close()
        return response

    def drop(self) -> web.StreamResponse:
        """Close the connection without a byte."""
        self._close()
        return web.Response()

    def _close(self) -> None:
        # What has been written is still sent. A client that left first has closed it already.
        if self._request.transport is not None:
            self._request.transport.close()


def _headers(answer: Answer) -> dict[str, str]:
    return {"Content-Type": answer.content_type, **answer.headers}
