"""The Webhooks page: ``/webhooks``."""

from __future__ import annotations

from http import HTTPStatus

from livechat_async.sandbox.http.answers import Answer, error, errors, json_answer
from livechat_async.sandbox.http.bodies import BadBody, body_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.pages.chats import Routes
from livechat_async.sandbox.webhooks.registrations import (
    Registration,
    Registrations,
    read_registration,
)

__all__ = ["WebhooksApi"]


class WebhooksApi:
    """The Webhooks page.

    Args:
        registrations: the webhooks.
        license_id: the licence.
    """

    def __init__(self, registrations: Registrations, license_id: int) -> None:
        self._registrations = registrations
        self._license_id = license_id

    def routes(self, path: list[str]) -> Routes:
        """What there is below ``/webhooks``."""
        match path:
            case []:
                return {"GET": self._list, "POST": self._create}
            case [webhook_id]:
                return {"DELETE": lambda _: self._delete(webhook_id)}
            case _:
                return {}

    def _list(self, _: RecordedRequest) -> Answer:
        return self._told(*self._registrations)

    def _create(self, request: RecordedRequest) -> Answer:
        try:
            body = body_of(request, lists=("data_types",))
        except BadBody as problem:
            return errors([str(problem)])
        problems: list[str] = []
        event_type, url, data_types = read_registration(body, problems)
        if problems:
            return errors(problems)
        return self._told(self._registrations.add(event_type, url, data_types))

    def _delete(self, webhook_id: str) -> Answer:
        if not self._registrations.remove(webhook_id):
            return error(HTTPStatus.NOT_FOUND, "Push notification not found")
        return json_answer({"result": "Push notification removed successfully"})

    def _told(self, *items: Registration) -> Answer:
        # Both the list and the new one come in the same envelope.
        return json_answer({"events": [item.to_wire(self._license_id) for item in items]})
