"""The Webhooks page: ``/webhooks``."""

from __future__ import annotations

from livechat_async.sandbox.http.answers import Answer, json_answer, not_found
from livechat_async.sandbox.http.bodies import read_body
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account
from livechat_async.sandbox.webhooks.registrations import Registration, read_registration


def list_webhooks(account: Account, _request: RecordedRequest) -> Answer:
    """``GET /webhooks``: all webhooks."""
    return _webhooks(account, *account.registrations)


def create_webhook(account: Account, request: RecordedRequest) -> Answer:
    """``POST /webhooks``: register a webhook."""
    registration = read_registration(read_body(request, lists=("data_types",)))
    return _webhooks(account, account.registrations.add(*registration))


def delete_webhook(account: Account, _request: RecordedRequest, webhook_id: str) -> Answer:
    """``DELETE /webhooks/<WEBHOOK_ID>``: remove a webhook."""
    if not account.registrations.remove(webhook_id):
        return not_found("Push notification not found")
    return json_answer({"result": "Push notification removed successfully"})


def _webhooks(account: Account, *items: Registration) -> Answer:
    # LiveChat puts the list and a new webhook into the same envelope.
    return json_answer({"events": [item.to_wire(account.license_id) for item in items]})


ROUTES = (
    Route("GET", "/webhooks", list_webhooks),
    Route("POST", "/webhooks", create_webhook),
    Route("DELETE", "/webhooks/{webhook_id}", delete_webhook),
)
