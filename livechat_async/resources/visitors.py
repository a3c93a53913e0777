"""Who is on the site, and what the agent is shown of them.

https://developers.livechat.com/docs/management/configuration-api/v2.0#visitors
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from livechat_async.errors import ConfigurationError
from livechat_async.http.request import BodyEncoding, Request
from livechat_async.http.session import SessionManager
from livechat_async.models.visitors import Count, Visitor, VisitorDetails, VisitorState
from livechat_async.redaction import conceal
from livechat_async.resources._arguments import as_choice, as_groups

if TYPE_CHECKING:
    from livechat_async.watch.watch import FailureHook, VisitorWatch

__all__ = ["VisitorsResource"]


class VisitorsResource:
    """The visitors of the site: ``client.visitors``."""

    def __init__(self, session: SessionManager) -> None:
        self._session = session

    async def list(
        self, *, state: VisitorState | str | None = None, groups: Iterable[int] | None = None
    ) -> builtins.list[Visitor]:
        """Everybody who is on a page with the tracking code now. The API does not page them.

        Args:
            state: only visitors in this state. The documentation disagrees with itself on which
                states can be asked for; ``chatting`` and ``queued`` always can.
            groups: only visitors of the groups with these numbers.

        Raises:
            ConfigurationError: a filter that cannot be meant, or no credentials.
            CallError: the call failed; `livechat_async.errors` has the tree.
        """
        request = Request("GET", "/visitors", query=_filters(state, groups))
        return (await self._session.send(request, list[Visitor])).value

    async def count(
        self, *, state: VisitorState | str | None = None, groups: Iterable[int] | None = None
    ) -> int:
        """How many visitors `list` would give, without fetching them.

        The documentation does not show this answer: a number is taken, also as text, and also
        inside an object under ``count``, ``total`` or ``visitors``.

        Args:
            state: as for `list`.
            groups: as for `list`.

        Raises:
            ConfigurationError: as for `list`.
            CallError: the call failed; a `DecodeError` shows an answer of another shape.
        """
        request = Request("GET", "/visitors", query={**_filters(state, groups), "count": 1})
        return (await self._session.send(request, Count)).value.number

    def watch(
        self,
        *,
        interval: float = 5.0,
        state: VisitorState | str | None = None,
        groups: Iterable[int] | None = None,
        max_outage: float | None = None,
        updates: bool = False,
        on_failure: FailureHook | None = None,
    ) -> VisitorWatch:
        """Follow who comes, what they do, and who leaves; see `VisitorWatch` for what is exact.

        ::

            async with client.visitors.watch(interval=5) as watch:
                async for change in watch:
                    print(change)

        LiveChat has no such method: it asks what `list` asks, again and again, with the client's
        retries in each poll. Nothing is sent before the loop begins.

        Args:
            interval: seconds from one poll to the next, 0.01 at least.
            state: as for `list`. Who leaves the state is `Left`, and who enters it `Arrived`.
            groups: as for `list`, and likewise.
            max_outage: seconds. Give up when polls fail for longer, with the latest error; None
                never gives up while they may succeed later.
            updates: whether there is an `Updated` for a visitor of whom only something else than
                state and page changed, such as the time they were last seen.
            on_failure: called with the error of each poll that fails and is made again, and with
                the seconds until then.

        Raises:
            ConfigurationError: an argument makes no sense.
        """
        from livechat_async.watch.watch import VisitorWatch  # noqa: PLC0415

        request = Request("GET", "/visitors", query=_filters(state, groups))

        async def fetch() -> builtins.list[Visitor]:
            return (await self._session.send(request, list[Visitor])).value

        return VisitorWatch(
            fetch,
            retry=self._session.options.retry,
            interval=interval,
            max_outage=max_outage,
            updates=updates,
            on_failure=on_failure,
        )

    async def add_details(
        self,
        visitor_id: str,
        details: VisitorDetails,
        *,
        license_id: int | str,
        token: str,
        encoding: BodyEncoding = "json",
    ) -> None:
        """Show the agent what is known of a visitor, beside the running chat.

        Works only during a chat whose ``chat_started`` webhook brought the visitor's id, the
        ``license_id`` and the ``token``. Needs no credentials, and sends none. LiveChat's success
        is no proof that an agent sees anything.

        Args:
            visitor_id: the visitor's id.
            details: what is shown. A set of the same ``id`` is replaced.
            license_id: from the webhook; always sent as text, because LiveChat answers a JSON
                number with a success and shows nothing.
            token: from the same webhook. A secret.
            encoding: send it as ``"json"`` or as a ``"form"``; LiveChat takes both.

        Raises:
            ConfigurationError: an argument that cannot be sent; nothing was.
            CallError: the call failed; an `AuthenticationError` says that ``license_id`` and
                ``token`` are not of a running chat.
        """
        token = conceal(token, "token")
        _check_webhook_token(token)
        body = {
            "license_id": _license_text(license_id),
            "token": token,
            **self._session.converter.unstructure(_checked_details(details)),
        }
        request = Request(
            "POST",
            "/visitors/{visitor_id}/details",
            path_params={"visitor_id": visitor_id},
            body=body,
            encoding=encoding,
            authenticate=False,
        )
        await self._session.send(request)


def _filters(state: VisitorState | str | None, groups: Iterable[int] | None) -> dict[str, Any]:
    filters: dict[str, Any] = {}
    if state is not None:
        filters["state"] = as_choice("state", state, VisitorState)
    if groups is not None:
        filters["group"] = as_groups(groups, without="every group")
    return filters


def _license_text(license_id: Any) -> str:
    text = str(license_id) if isinstance(license_id, (int, str)) else ""
    if isinstance(license_id, bool) or not (text.isascii() and text.isdigit()):
        raise ConfigurationError(
            f"license_id={license_id!r}: the number from the webhook is needed, as int or text"
        )
    return text


def _check_webhook_token(token: Any) -> None:
    if not isinstance(token, str) or not token.strip():
        raise ConfigurationError("token has to be the text that the chat_started webhook brought")


def _checked_details(details: Any) -> VisitorDetails:
    if not isinstance(details, VisitorDetails):
        raise ConfigurationError(f"details is a VisitorDetails, not {type(details).__name__}")
    return details
