"""The Canned responses page: ``/canned_responses``."""

from __future__ import annotations

from typing import Any

from livechat_async.sandbox.http.answers import Answer, json_answer
from livechat_async.sandbox.http.bodies import BodyReader, author_of, body_of, query_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account


def list_responses(account: Account, request: RecordedRequest) -> Answer:
    """``GET /canned_responses``: the canned responses of one group, 0 by default."""
    reader = query_of(request)
    group = reader.number("group") or 0
    reader.check()
    return json_answer([item for item in account.canned_responses if item["group"] == group])


def create_response(account: Account, request: RecordedRequest) -> Answer:
    """``POST /canned_responses``: create a canned response."""
    body = body_of(request, lists=("tags",))
    body.require("text", "tags")
    fields = {"group": body.number("group") or 0, **_read(body)}
    return json_answer(account.canned_responses.write(author_of(request), **fields))


def get_response(account: Account, _request: RecordedRequest, number: str) -> Answer:
    """``GET /canned_responses/<ID>``: one canned response."""
    return json_answer(account.canned_responses.get(number))


def update_response(account: Account, request: RecordedRequest, number: str) -> Answer:
    """``PUT /canned_responses/<ID>``: change a canned response; its group stays."""
    account.canned_responses.get(number)  # `write` would create it
    fields = _read(body_of(request, lists=("tags",)))
    written = account.canned_responses.write(author_of(request), int(number), **fields)
    return json_answer(written)


def delete_response(account: Account, _request: RecordedRequest, number: str) -> Answer:
    """``DELETE /canned_responses/<ID>``: remove a canned response."""
    account.canned_responses.remove(number)
    return json_answer({"result": "Canned response removed successfully"})


def _read(body: BodyReader) -> dict[str, Any]:
    """The text and the tags in a body; a `BadRequest` with everything that is wrong with it."""
    text, tags = body.text("text"), body.texts("tags")
    if tags == ():
        body.problems.append("tags has to be a list of at least one text, tags[]=hello in a form")
    body.check()
    # In the documentation, tags come back in another order than they were sent.
    fields = {"text": text, "tags": None if tags is None else [*reversed(tags)]}
    return {name: value for name, value in fields.items() if value is not None}


ROUTES = (
    Route("GET", "/canned_responses", list_responses),
    Route("POST", "/canned_responses", create_response),
    Route("GET", "/canned_responses/{number}", get_response),
    Route("PUT", "/canned_responses/{number}", update_response),
    Route("DELETE", "/canned_responses/{number}", delete_response),
)
