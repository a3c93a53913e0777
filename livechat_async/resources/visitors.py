"""The visitors on the site, and the details that agents see of them."""

from __future__ import annotations

import builtins
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from livechat_async.checks import check_choice, check_kind, check_numbers, refusal
from livechat_async.decoding.bodies import value_reader
from livechat_async.display import brief, ends_of, html_table, never_raises, number_of
from livechat_async.errors import ConfigurationError
from livechat_async.http.request import BodyEncoding, Request
from livechat_async.models.visitors import Count, Visitor, VisitorDetails, VisitorState
from livechat_async.pagination import BrokenItem, BrokenPolicy, check_policy, places_of, skip_to
from livechat_async.redaction import Secret, conceal, kind_of
from livechat_async.resources._base import Resource

if TYPE_CHECKING:
    from livechat_async.watch.watch import FailureHook, VisitorWatch

logger: logging.Logger = logging.getLogger("livechat_async")

_MOST_STATES = 4  # that a list names


class VisitorList(builtins.list[Visitor]):
    """The visitors of an answer.

    Attributes:
        broken: visitors that were skipped, with ``on_broken="skip"``.
    """

    broken: Sequence[BrokenItem] = ()

    @never_raises
    def __repr__(self) -> str:
        parts = (self._numbers(), ends_of(self))
        return f"VisitorList({', '.join(filter(None, parts))})"

    def _repr_html_(self) -> str:
        """A table of the visitors, for notebooks."""
        return html_table(self._numbers(), self)

    def _numbers(self) -> str:
        """How many there are in each state, such as ``3 visitors, 2 browsing, 1 queued``."""
        states = Counter(brief(getattr(one, "state", "?"), quoted=False) for one in self)
        numbers = [f"{number} {state}" for state, number in states.most_common(_MOST_STATES)]
        skipped = [f"{len(self.broken)} skipped"] if self.broken else []
        return ", ".join([number_of(len(self), "visitor"), *numbers, *skipped])


class VisitorsResource(Resource):
    """The visitors of the site: ``client.visitors``.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#visitors
    """

    async def list(
        self,
        *,
        state: VisitorState | str | None = None,
        groups: Iterable[int] | None = None,
        on_broken: BrokenPolicy = "raise",
    ) -> VisitorList:
        """All visitors who are on a page with the tracking code now, in one answer.

        Args:
            state: only visitors in this state. ``chatting`` and ``queued`` always work; the
                documentation contradicts itself on the others.
            groups: only visitors of the groups with these numbers.
            on_broken: ``"raise"`` a `DecodeError` if a visitor cannot be read, or ``"skip"`` them
                and report them in ``broken`` of the list, and in the log.
        """
        check_policy(on_broken)
        visitors = await self._fetch(_filters(state, groups), on_broken)
        if visitors.broken:
            logger.warning("skipped visitors that cannot be read: %s", places_of(visitors.broken))
        return visitors

    async def _fetch(self, query: Mapping[str, Any], on_broken: BrokenPolicy) -> VisitorList:
        converter = self._session.converter.current

        def read(content: bytes) -> VisitorList:
            broken: builtins.list[BrokenItem] = []
            skip = skip_to(broken) if on_broken == "skip" else None
            # A hook of the user's may make something else than a list.
            visitors = VisitorList(value_reader(converter, builtins.list[Visitor], skip)(content))
            visitors.broken = broken
            return visitors

        return (await self._session.call(Request("GET", "/visitors", query=query), read)).value

    async def count(
        self, *, state: VisitorState | str | None = None, groups: Iterable[int] | None = None
    ) -> int:
        """How many visitors `list` would give, without fetching them.

        The documentation does not show this answer, so it may be a number, or its text, or an
        object with one of them under ``count``, ``total`` or ``visitors``. The arguments are those
        of `list`.

        Raises:
            DecodeError: the answer has another shape; the error shows it.
        """
        query = {**_filters(state, groups), "count": 1}
        return (await self._call("GET", "/visitors", Count, query=query)).number

    def watch(
        self,
        *,
        interval: float = 5.0,
        state: VisitorState | str | None = None,
        groups: Iterable[int] | None = None,
        max_outage: float | None = None,
        updates: bool = False,
        on_failure: FailureHook | None = None,
        on_broken: BrokenPolicy = "skip",
    ) -> VisitorWatch:
        """Follow who arrives, what they do, and who leaves. `VisitorWatch` has the guarantees.

        ::

            async with client.visitors.watch(interval=5) as watch:
                async for change in watch:
                    print(change)

        LiveChat has no such method, so this calls `list` again and again, with the client's
        retries in each poll. Nothing is sent before the loop begins.

        LiveChat bills each call: at 0.27 USD for 1,000, as of December 2025, ``interval=5`` is
        518,400 calls and some 140 USD in 30 days. Webhooks need no polls.

        Args:
            interval: seconds from one poll to the next, 0.01 or more.
            state: as for `list`. A visitor who enters the state is `Arrived`; one who leaves it is
                `Left`.
            groups: as for `list`. A visitor may arrive in them and leave them, too.
            max_outage: give up with the latest error when polls fail for more seconds than this;
                None goes on while they may succeed later.
            updates: whether to report `Updated` for a visitor of whom only another field than state
                and page changed, such as the time they were last seen.
            on_failure: called when a poll fails and will be repeated, with the error and the
                seconds until the next poll.
            on_broken: as for `list`, but by default the watch goes on without a visitor who cannot
                be read, who counts as absent. It reports them in its ``broken``, and in the log
                where they change.
        """
        from livechat_async.watch.watch import VisitorWatch  # noqa: PLC0415

        check_policy(on_broken)
        return VisitorWatch(
            partial(self._fetch, _filters(state, groups), on_broken),
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
        token: str | Secret,
        encoding: BodyEncoding = "json",
    ) -> None:
        """Show details of a visitor to the agent, beside the running chat.

        It works only during a chat, with the visitor's id, the ``license_id`` and the ``token``
        from its ``chat_started`` webhook. It needs no credentials, and sends none. If LiveChat
        reports success, that does not prove that an agent sees the details.

        Args:
            visitor_id: the visitor's id.
            details: the details. They replace earlier ones with the same ``id``.
            license_id: from the webhook; always sent as text, because LiveChat accepts a JSON
                number but shows nothing.
            token: from the same webhook. It is a secret.
            encoding: send them as ``"json"`` or as a ``"form"``; LiveChat takes both.

        Raises:
            AuthenticationError: ``license_id`` and ``token`` do not belong to a running chat.
        """
        token = conceal(token, "token")
        _check_details(details, token)
        body = {
            "license_id": _license_text(license_id),
            "token": token,
            **self._session.converter.current.unstructure(details),
        }
        await self._call(
            "POST",
            "/visitors/{visitor_id}/details",
            body=body,
            encoding=encoding,
            authenticate=False,
            visitor_id=visitor_id,
        )


def _filters(state: VisitorState | str | None, groups: Iterable[int] | None) -> dict[str, Any]:
    filters: dict[str, Any] = {}
    if state is not None:
        filters["state"] = check_choice("state", state, VisitorState)
    if groups is not None:
        filters["group"] = check_numbers("groups", groups, "every group")
    return filters


def _license_text(license_id: Any) -> str:
    try:
        text = str(license_id) if isinstance(license_id, (int, str)) else ""
    except ValueError:  # Python shows no int of thousands of digits
        text = ""
    if not (text.isascii() and text.isdigit()):  # which "True" is not
        raise refusal(
            "license_id", license_id, "the number from the webhook is needed, as int or text"
        )
    return text


def _check_details(details: Any, token: Any) -> None:
    example = 'VisitorDetails("my-app", [DetailField("Age", 36)])'
    check_kind("details", details, VisitorDetails, example)
    if not isinstance(token, Secret) or not token.reveal().strip():
        found = "a blank text" if isinstance(token, Secret) else kind_of(token)
        raise ConfigurationError(
            f"token: the text from the chat_started webhook is needed, not {found}"
        )
