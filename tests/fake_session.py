"""A session manager that sends nothing: it keeps the requests, and has the answers ready."""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field
from cattrs import Converter
from yarl import URL

from livechat_async.decoding.bodies import Reader
from livechat_async.decoding.converter import make_converter
from livechat_async.http.request import Request, RequestBuilder
from livechat_async.http.response import Response


@define
class FakeSession:
    """Answers request number *n* with answer number *n*, and the last one for ever."""

    answers: list[Any] = field(factory=lambda: [{}])
    requests: list[Request] = field(factory=list)
    unread: int = 0
    converter: Converter = field(factory=make_converter)

    async def call(self, request: Request, read: Reader[Any] | None) -> Response[Any]:
        self.requests.append(request)
        if read is None:
            self.unread += 1
            return Response(
                value=None, status=200, headers={}, attempts=1, elapsed=0.0, content=b""
            )
        document = self.answers[min(len(self.requests), len(self.answers)) - 1]
        content = json.dumps(document).encode()
        value = read(content)
        return Response(
            value=value, status=200, headers={}, attempts=1, elapsed=0.0, content=content
        )

    @property
    def sent(self) -> tuple[str, str, Any]:
        """The only request as it would go out: method, target and JSON body."""
        (request,) = self.requests
        assert request.encoding == "json"
        assert request.authenticate
        prepared = RequestBuilder(URL("https://example.com"), {}, None).build(request, None)
        body = None if prepared.body is None else json.loads(prepared.body)
        return prepared.method, prepared.url.raw_path_qs, body
