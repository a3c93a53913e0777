"""Visitors to look at: made up, the same every time, and like those of a real site."""

from __future__ import annotations

from livechat_async.sandbox.data.people import DOCUMENTED_VISITOR, PAGES, page_address, person, pick
from livechat_async.sandbox.data.visitors import time_text
from livechat_async.sandbox.state.visitors import Store

__all__ = [
    "DEFAULT_SEED",
    "DOCUMENTED_VISITOR",
    "SEEDED_CHATS",
    "SEEDED_TICKETS",
    "seed_visitors",
]

DEFAULT_SEED = 8
SEEDED_CHATS, SEEDED_TICKETS = 120, 12
"""How many chats and tickets there are with seeded visitors."""

_FIRST_STATES = (
    *("chatting", "online", "queued", "browsing", "chatting", "invited", "refused invitation"),
    "chat closed",
)
_LATER_STATES = (
    *("browsing", "browsing", "queued", "browsing", "chatting", "browsing", "invited", "browsing"),
    *("logging into chat", "browsing", "chat closed", "browsing", "refused invitation"),
)


def seed_visitors(store: Store, number: int) -> None:
    """Let so many visitors come to the site.

    The first eight are in every state there is but one, two of them in a chat. Everything is the
    same every time, but for the times, which are those of a visit that is going on.
    """
    for index in range(number):
        store.add(_visitor(index, store.now))


def _visitor(index: int, now: int) -> dict[str, object]:
    who, page = person(index), pick(PAGES, index)
    place = who.place
    state = _FIRST_STATES[index] if index < len(_FIRST_STATES) else pick(_LATER_STATES, index)
    # Visits began up to half an hour ago, and the current page is looked at for less than that.
    began = now - 120 - index * 97 % 1_700
    entered = began + index * 31 % 110
    address = page_address(page)
    greetings, visits = index % 5, index * 7 % 16 + 1
    invited = "Can I help you?" if state == "invited" else ""
    return {
        "id": who.id,
        "name": who.name,
        "state": state,
        "group": (0, 0, 2, 0, 2, 5)[index % 6],
        "ip": who.ip,
        "host": f"host-{who.ip.replace('.', '-')}.example.net",
        "browser": who.browser,
        "language": place.language,
        "city": place.city,
        "region": place.region,
        "country": place.country,
        "country_code": place.country_code,
        "timezone": place.timezone,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "last_visit_ts": began,
        "page_entered_ts": entered,
        "page_time_ts": entered,
        "page_current": address,
        "page_address": address,
        "page_title": page.title,
        "referrer": "https://www.example.org/search?q=shoes" if index % 3 == 0 else "",
        "invitation": invited,
        "visit_path": [
            {
                "page": address,
                "title": page.title,
                "invitation": invited,
                "time": time_text(entered),
                "time_ts": entered,
                "time_ref": entered,
            }
        ],
        **(
            {"custom_variables": [{"key": "empty_cart", "value": "true"}]} if index % 4 == 0 else {}
        ),
        "visits": visits,
        "page_views": visits * 3,
        "greetings_all": greetings,
        "greetings_accepted": greetings // 2,
        "greetings_refused": greetings // 3,
    }
