"""The archive: chats that have ended, chats that go on, and messages left after hours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any, TypedDict, Unpack

from livechat_async.checks import check_choice
from livechat_async.export.checkpoint import Checkpoint
from livechat_async.export.export import WINDOW_ITEMS, Export, OverfullDayPolicy, export
from livechat_async.http.request import Request
from livechat_async.models.chats import Chat, ChatRate
from livechat_async.pagination import BrokenPolicy, Pager
from livechat_async.resources._arguments import (
    as_flag,
    as_number,
    as_tags,
    as_text,
    as_zone_name,
    date_range,
    given_mail,
    given_tags,
    given_text,
)
from livechat_async.resources._base import Resource

_TEXTS = ("visitor_id", "query", "agent", "city", "region", "country")
_FLAGS = ("has_goal", "has_sale", "queued", "include_pending", "tagged", "comment")
_RULES: Mapping[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(_TEXTS, as_text),
    **dict.fromkeys(_FLAGS, as_flag),
    **dict.fromkeys(("group", "goal", "sale"), as_number),
    "timezone": as_zone_name,
    "rate": partial(check_choice, choices=ChatRate),
    "tags": partial(
        given_tags,
        empty="leave it out to mean any, or ask with tagged=False for those without a tag",
    ),
}


class ChatFilters(TypedDict, total=False):
    """The filters of `ChatsResource.list` and `ChatsResource.export`.

    Attributes:
        timezone: the name of the time zone for days and for times in texts, such as
            ``"America/Phoenix"``.
        visitor_id: only chats of this visitor.
        query: only chats with this text.
        agent: only chats of the agent with this login.
        group: only chats of the group with this number.
        goal: only chats that reached the goal with this number.
        has_goal: only chats that reached a goal, or none.
        sale: only chats with the tracked sale of this number.
        has_sale: only chats with a tracked sale, or without.
        queued: only chats that came through the queue, or did not.
        rate: only chats with this rating.
        include_pending: also chats that still go on; they may appear late.
        tags: only chats with these tags; at least one.
        tagged: only chats with a tag, or without.
        comment: only chats whose rating has a comment, or has none.
        city: only chats from this city, in the local language. LiveChat knows the places of
            chats since 2015-05-11.
        region: only chats from this region, in the local language.
        country: only chats from this country, in English.
    """

    timezone: str | None
    visitor_id: str | None
    query: str | None
    agent: str | None
    group: int | None
    goal: int | None
    has_goal: bool | None
    sale: int | None
    has_sale: bool | None
    queued: bool | None
    rate: ChatRate | str | None
    include_pending: bool | None
    tags: Iterable[str] | None
    tagged: bool | None
    comment: bool | None
    city: str | None
    region: str | None
    country: str | None


class ChatsResource(Resource):
    """The archive of chats: ``client.chats``.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#archives
    """

    _envelope = "chats"

    def list(
        self,
        *,
        date_from: date | None = None,
        date_to: date | None = None,
        prefetch: int | None = None,
        max_items: int | None = None,
        on_broken: BrokenPolicy = "raise",
        **filters: Unpack[ChatFilters],
    ) -> Pager[Chat]:
        """The chats of the archive, 25 a page. Nothing is sent until you use the pager.

        Await it for the first page, or iterate over it for all chats.

        ::

            async for chat in client.chats.list(date_from=date(2024, 1, 1), has_goal=True): ...

        LiveChat shows the latest 25000 chats, which is 1000 pages. To get more, ask for shorter
        spans of days, or use `export`.

        Args:
            date_from: the first day. A datetime is refused, because its time would be lost.
            date_to: the last day; today by default.
            prefetch: how many page requests to keep in flight ahead of the loop.
            max_items: stop after this many chats.
            on_broken: ``"raise"`` a `DecodeError` if a chat cannot be read, or ``"skip"`` it and
                report it in ``page.broken``.
            **filters: the filters of `ChatFilters`.
        """
        return self._paginate(
            "/chats",
            Chat,
            {**date_range(date_from, date_to), **_query(filters, self.list)},
            prefetch=prefetch,
            max_items=max_items,
            on_broken=on_broken,
        )

    def export(
        self,
        *,
        date_from: date | None = None,
        date_to: date | None = None,
        prefetch: int | None = 8,
        checkpoint: Checkpoint | None = None,
        on_broken: BrokenPolicy = "raise",
        on_overfull_day: OverfullDayPolicy = "raise",
        window_items: int = WINDOW_ITEMS,
        **filters: Unpack[ChatFilters],
    ) -> Export[Chat]:
        """Every chat of a range of days, each once, even more than the 25000 that `list` shows.

        ::

            async with client.chats.export(date_from=date(2023, 1, 1), tags=["sales"]) as export:
                async for chat in export:
                    write(chat)
                    save(export.checkpoint.to_json())

        `Export` lists the guarantees, and says how to resume after a crash.

        Args:
            date_from: the first day; 2002-01-01 by default, before the first chat there can be.
            date_to: the last day; by default the day on which the export begins. A checkpoint
                keeps it.
            prefetch: how many page requests to keep in flight ahead of the loop.
            checkpoint: where to resume. An export with other filters or days refuses it.
            on_broken: ``"raise"`` a `DecodeError` if a chat cannot be read, or ``"skip"`` it and
                report it in ``export.broken``.
            on_overfull_day: ``"raise"`` an `OverfullDayError` for a day with more than 25000 chats,
                or export its latest 25000 as a ``"partial"`` day, and report it in
                ``export.incomplete``.
            window_items: how many chats to walk at a time. At most this many are read again after
                a crash; their ids are kept in memory and in the checkpoint.
            **filters: the filters of `ChatFilters`.
        """
        date_range(date_from, date_to)
        return export(
            self._session,
            Request("GET", "/chats", query=_query(filters, self.export)),
            Chat,
            key=self._envelope,
            date_from=date_from,
            date_to=date_to,
            prefetch=prefetch,
            checkpoint=checkpoint,
            on_broken=on_broken,
            on_overfull_day=on_overfull_day,
            window_items=window_items,
        )

    async def get(self, chat_id: str) -> Chat:
        """One chat.

        Args:
            chat_id: the chat's id, such as ``"MH022RD0K5"``.

        Raises:
            NotFoundError: there is no such chat.
        """
        chat_id = given_text("chat_id", chat_id)
        return await self._call("GET", "/chats/{chat_id}", Chat, chat_id=chat_id)

    async def set_tags(self, chat_id: str, tags: Iterable[str]) -> None:
        """Replace the tags of a chat.

        Args:
            chat_id: the chat's id.
            tags: all tags of the chat; an empty list removes every tag.
        """
        chat_id = given_text("chat_id", chat_id)
        body = {"tag": as_tags("tags", tags)}
        await self._call("PUT", "/chats/{chat_id}/tags", body=body, chat_id=chat_id)

    async def send_transcript(self, chat_id: str, *, to: str) -> None:
        """Send the messages of a chat by e-mail.

        Args:
            chat_id: the chat's id.
            to: the e-mail address of the recipient.
        """
        chat_id = given_text("chat_id", chat_id)
        body = {"to": given_mail("to", to)}
        await self._call("POST", "/chats/{chat_id}/send_transcript", body=body, chat_id=chat_id)


def _query(filters: Mapping[str, Any], method: Callable[..., Any]) -> dict[str, Any]:
    strange = {name: value for name, value in filters.items() if name not in _RULES}
    if strange:
        from livechat_async.keywords import arguments_of, unknown  # noqa: PLC0415 (for a mistake only)

        raise unknown(f"chats.{method.__name__}", strange, arguments_of(method))
    return {
        "tag" if name == "tags" else name: _RULES[name](name, value)
        for name, value in filters.items()
        if value is not None
    }
