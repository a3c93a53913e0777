"""A visitor as the plainest attrs classes that msgspec reads JSON straight into.

They hold what was sent: blanks stay blanks, times stay texts, and what is not known is lost. This
is the price of objects alone.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field


@define(kw_only=True)
class PlainPage:
    """A page the visitor was on."""

    page: str
    title: str = ""
    invitation: str = ""
    time: str = ""
    time_ts: int | None = None
    time_ref: int | None = None


@define(kw_only=True)
class PlainVisitor:
    """A visitor who is on the site now."""

    id: str
    state: str
    name: str = ""
    group: int | None = None
    ip: str = ""
    host: str = ""
    browser: str = ""
    language: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    country_code: str = ""
    timezone: str = ""
    latitude: str = ""
    longitude: str = ""
    last_visit: str = ""
    last_visit_ts: int | None = None
    page_entered: str = ""
    page_entered_ts: int | None = None
    page_time: str = ""
    page_time_ts: int | None = None
    page_current: str = ""
    page_address: str = ""
    page_title: str = ""
    referrer: str = ""
    invitation: str = ""
    visit_path: list[PlainPage] = field(factory=list[PlainPage])
    chat_id: str = ""
    chat_start_time: str = ""
    chat_start_time_ts: int | None = None
    chat: dict[str, Any] | None = None
    queue_start_time: str | int = ""
    operators: list[dict[str, str]] = field(factory=list[dict[str, str]])
    prechat_survey: list[dict[str, str]] = field(factory=list[dict[str, str]])
    custom_variables: list[dict[str, str]] = field(factory=list[dict[str, str]])
    chats: int | None = None
    visits: int | None = None
    page_views: int | None = None
    greetings_all: int | None = None
    greetings_accepted: int | None = None
    greetings_refused: int | None = None
