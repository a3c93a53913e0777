"""The API of a sandbox that replays captures."""

from __future__ import annotations

from http import HTTPStatus

from livechat_async.captures.files import NO_JSON
from livechat_async.captures.replay import Replay
from livechat_async.sandbox.http.answers import Answer, error, to_json
from livechat_async.sandbox.http.requests import RecordedRequest

__all__ = ["answer_recorded"]


def answer_recorded(replay: Replay, request: RecordedRequest) -> Answer:
    """The recorded answer to a request, or a 501 that says what there is."""
    found = replay.find(request.method, request.raw_path, request.raw_query)
    if found is None:
        # Not 404, which programs take for a visitor or chat that is gone.
        text = replay.explain(request.method, request.raw_path, request.raw_query)
        return error(HTTPStatus.NOT_IMPLEMENTED, text)
    body = b"." * found.size if found.body is NO_JSON else to_json(found.body)
    headers = dict(found.headers)
    return Answer(found.status, body, headers.pop("Content-Type", "application/json"), headers)
