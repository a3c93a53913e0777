"""The archive: chats that have ended, chats that go on, and messages left after hours.

https://developers.livechat.com/docs/management/configuration-api/v2.0#archives
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, TypedDict, Unpack

from livechat_async.decoding.bodies import single_reader
from livechat_async.errors import ConfigurationError
from livechat_async.export.checkpoint import Checkpoint
from livechat_async.export.export import WINDOW_ITEMS, Export, OverfullDayPolicy, export
from livechat_async.http.request import Request
from livechat_async.http.session import SessionManager
from livechat_async.models.chats import Chat, ChatRate
from livechat_async.pagination import BrokenPolicy, Pager, paginate
from livechat_async.resources._arguments import (
    as_choice,
    as_flag,
    as_mail,
    as_number,
    as_tags,
    as_text,
    as_zone_name,
    date_range,
    given_text,
)

__all__ = ["ChatFilters", "ChatsResource"]


class ChatFilters(TypedDict, total=False):
    """What `ChatsResource.list` and `ChatsResource.export` can narrow; `list` documents each."""

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


class ChatsResource:
    """The archive of chats: ``client.chats``."""

    def __init__(self, session: SessionManager) -> None:
        self._session = session

    def list(
        self,
        *,
        date_from: date | None = None,
        date_to: date | None = None,
        timezone: str | None = None,
        visitor_id: str | None = None,
        query: str | None = None,
        agent: str | None = None,
        group: int | None = None,
        goal: int | None = None,
        has_goal: bool | None = None,
        sale: int | None = None,
        has_sale: bool | None = None,
        queued: bool | None = None,
        rate: ChatRate | str | None = None,
        include_pending: bool | None = None,
        tags: Iterable[str] | None = None,
        tagged: bool | None = None,
        comment: bool | None = None,
        city: str | None = None,
        region: str | None = None,
        country: str | None = None,
        prefetch: int | None = None,
        max_items: int | None = None,
        on_broken: BrokenPolicy = "raise",
    ) -> Pager[Chat]:
        """The chats of the archive, 25 a page. Nothing is sent before the pager is used.

        ::

            async for chat in client.chats.list(date_from=date(2024, 1, 1), has_goal=True): ...

        LiveChat shows the latest 25000 chats, which is 1000 pages; to get more, ask for shorter
        spans of days, or use `export`.

        https://developers.livechat.com/docs/management/configuration-api/v2.0#archives

        Args:
            date_from: the first day. A datetime is refused, because its time would be lost.
            date_to: the last day; today if left out.
            timezone: the name of the zone the days, and the texts of times, are in, such as
                ``"America/Phoenix"``.
            visitor_id: only of this visitor.
            query: only with this text.
            agent: only of the agent with this login.
            group: only of the group with this number.
            goal: only those that reached the goal with this number.
            has_goal: only those that reached any goal, or none.
            sale: only those with the tracked sale of this number.
            has_sale: only those with any tracked sale, or none.
            queued: only those that came through the queue, or did not.
            rate: only those rated so.
            include_pending: also those that still go on; they may come late.
            tags: only those with these tags; at least one.
            tagged: only those with any tag, or none.
            comment: only those whose rating has a comment, or has none.
            city: only from there, in the local language. The three places know chats since
                2015-05-11.
            region: likewise.
            country: likewise, in English.
            prefetch: keep so many page requests in flight, ahead of the loop.
            max_items: stop after so many chats.
            on_broken: ``"raise"`` a `DecodeError` at a chat that cannot be read, or ``"skip"`` it
                and report it in ``page.broken``.

        Returns:
            A pager: await it for the first page, or iterate over it for all chats.

        Raises:
            ConfigurationError: a filter that cannot be meant.
        """
        filters = _query(
            timezone=timezone,
            visitor_id=visitor_id,
            query=query,
            agent=agent,
            group=group,
            goal=goal,
            has_goal=has_goal,
            sale=sale,
            has_sale=has_sale,
            queued=queued,
            rate=rate,
            include_pending=include_pending,
            tags=tags,
            tagged=tagged,
            comment=comment,
            city=city,
            region=region,
            country=country,
        )
        return paginate(
            self._session,
            Request("GET", "/chats", query={**date_range(date_from, date_to), **filters}),
            Chat,
            key="chats",
            on_broken=on_broken,
            prefetch=prefetch,
            max_items=max_items,
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
        """Every chat of a range of days, each once, also past the 25000 that `list` shows.

        ::

            async with client.chats.export(date_from=date(2023, 1, 1), tags=["sales"]) as export:
                async for chat in export:
                    write(chat)
                    save(export.checkpoint.to_json())

        `Export` says what is guaranteed, and how to go on after a crash.

        https://developers.livechat.com/docs/management/configuration-api/v2.0#archives

        Args:
            date_from: the first day; 2002-01-01, before any chat there is, if left out.
            date_to: the last day; if left out, the day on which the export is begun, and a
                checkpoint keeps it.
            prefetch: keep so many page requests in flight, ahead of the loop.
            checkpoint: where to go on, of an export that was asked the same.
            on_broken: ``"raise"`` a `DecodeError` at a chat that cannot be read, or ``"skip"`` it
                and report it in ``export.broken``.
            on_overfull_day: ``"raise"`` an `OverfullDayError` at a day with more than 25000 chats,
                or give the latest 25000 of it, ``"partial"``, and report it in
                ``export.incomplete``.
            window_items: walk so many chats at a time. After a crash so many are read again at
                most; their ids are kept in memory and in the checkpoint.
            **filters: those of `list`.

        Raises:
            ConfigurationError: a filter that cannot be meant, or a checkpoint of another query.
        """
        date_range(date_from, date_to)
        return export(
            self._session,
            Request("GET", "/chats", query=_query(**filters)),
            Chat,
            key="chats",
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

        https://developers.livechat.com/docs/management/configuration-api/v2.0#archives

        Args:
            chat_id: the chat's id, such as ``"MH022RD0K5"``.

        Raises:
            ConfigurationError: no id, or no credentials; nothing was sent.
            CallError: the call failed; a `NotFoundError` says that there is no such chat.
        """
        request = _of_chat("GET", chat_id)
        read = single_reader(self._session.converter.get_structure_hook(Chat), Chat, "chats")
        response = await self._session.call(request, read)
        return response.value

    async def set_tags(self, chat_id: str, tags: Iterable[str]) -> None:
        """Replace the tags of a chat.

        https://developers.livechat.com/docs/management/configuration-api/v2.0#archives

        Args:
            chat_id: the chat's id.
            tags: all the tags it is to have; an empty list takes off every tag.

        Raises:
            ConfigurationError: no id, or something that is no tag; nothing was sent.
            CallError: the call failed.
        """
        await self._session.send(_of_chat("PUT", chat_id, "/tags", tag=as_tags(tags)))

    async def send_transcript(self, chat_id: str, *, to: str) -> None:
        """Mail what was said in a chat.

        https://developers.livechat.com/docs/management/configuration-api/v2.0#archives

        Args:
            chat_id: the chat's id.
            to: the e-mail address it goes to.

        Raises:
            ConfigurationError: no id, or no e-mail address; nothing was sent.
            CallError: the call failed.
        """
        address = as_mail("to", given_text("to", to))
        await self._session.send(_of_chat("POST", chat_id, "/send_transcript", to=address))


def _of_chat(method: str, chat_id: str, path: str = "", **body: object) -> Request:
    return Request(
        method,
        f"/chats/{{chat_id}}{path}",
        path_params={"chat_id": given_text("chat_id", chat_id)},
        body=body or None,
    )


def _query(**given: Unpack[ChatFilters]) -> dict[str, Any]:
    tags = given.get("tags")
    filters: dict[str, Any] = {
        "timezone": as_zone_name(given.get("timezone")),
        "visitor_id": as_text("visitor_id", given.get("visitor_id")),
        "query": as_text("query", given.get("query")),
        "agent": as_text("agent", given.get("agent")),
        "group": as_number("group", given.get("group")),
        "goal": as_number("goal", given.get("goal")),
        "has_goal": as_flag("has_goal", given.get("has_goal")),
        "sale": as_number("sale", given.get("sale")),
        "has_sale": as_flag("has_sale", given.get("has_sale")),
        "queued": as_flag("queued", given.get("queued")),
        "rate": as_choice("rate", given.get("rate"), ChatRate),
        "include_pending": as_flag("include_pending", given.get("include_pending")),
        "tag": None if tags is None else as_tags(tags),
        "tagged": as_flag("tagged", given.get("tagged")),
        "comment": as_flag("comment", given.get("comment")),
        "city": as_text("city", given.get("city")),
        "region": as_text("region", given.get("region")),
        "country": as_text("country", given.get("country")),
    }
    if filters["tag"] == []:
        raise ConfigurationError(
            "tags is empty: leave it out to mean any, or ask with tagged=False for those "
            "without a tag"
        )
    return filters
