"""Visitors to look at: made up, the same every time, and like those of a real site."""

from __future__ import annotations

from typing import TypeVar

from attrs import frozen

from livechat_async.sandbox.store import Store
from livechat_async.sandbox.wire import time_text

__all__ = ["DEFAULT_SEED", "DOCUMENTED_VISITOR", "seed_visitors"]

_T = TypeVar("_T")

DEFAULT_SEED = 8

DOCUMENTED_VISITOR = "S1352647457.ac951bfe2e"
"""The visitor the documentation adds details to. It is the first, and its chat too."""


@frozen
class _Place:
    city: str
    region: str
    country: str
    country_code: str
    timezone: str
    latitude: str
    longitude: str
    language: str


@frozen
class _Page:
    path: str
    title: str


_PLACES = (
    _Place(
        *("Greenville", "North Carolina", "United States", "US", "America/New_York"),
        *("35.6127", "-77.3663", "en"),
    ),
    _Place(
        *("Courbevoie", "Ile-de-France", "France", "FR", "Europe/Paris"),
        *("48.897", "2.2564", "fr"),
    ),
    _Place(
        *("Wrocław", "Lower Silesia", "Poland", "PL", "Europe/Warsaw"),
        *("51.1079", "17.0385", "pl"),
    ),
    _Place(
        *("Toronto", "Ontario", "Canada", "CA", "America/Toronto"),
        *("43.6532", "-79.3832", "en"),
    ),
    _Place(
        *("São Paulo", "São Paulo", "Brazil", "BR", "America/Sao_Paulo"),
        *("-23.5505", "-46.6333", "pt"),
    ),
    _Place(
        *("Melbourne", "Victoria", "Australia", "AU", "Australia/Melbourne"),
        *("-37.8136", "144.9631", "en"),
    ),
    _Place(
        *("Tokyo", "Tokyo", "Japan", "JP", "Asia/Tokyo"),
        *("35.6762", "139.6503", "ja"),
    ),
    _Place(
        *("Nairobi", "Nairobi", "Kenya", "KE", "Africa/Nairobi"),
        *("-1.2921", "36.8219", "en"),
    ),
    _Place(
        *("Berlin", "Berlin", "Germany", "DE", "Europe/Berlin"),
        *("52.52", "13.405", "de"),
    ),
    _Place(
        *("Denver", "Colorado", "United States", "US", "America/Denver"),
        *("39.7392", "-104.9903", "en"),
    ),
    _Place(
        *("Mumbai", "Maharashtra", "India", "IN", "Asia/Kolkata"),
        *("19.076", "72.8777", "en"),
    ),
)

_PAGES = (
    _Page("products/shoes", "Shoes"),
    _Page("", "Example"),
    _Page("pricing", "Pricing"),
    _Page("products/boots", "Boots"),
    _Page("cart", "Your cart"),
    _Page("help/returns", "Returns"),
    _Page("contact", "Contact us"),
)

_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0",
)

_FIRST_NAMES = (
    *("Mary", "Alex", "Robin", "Sam", "Kim", "Charlie", "Jamie", "Taylor", "Casey", "Jordan"),
    *("Noor", "Ariel", "Quinn"),
)
_LAST_NAMES = (
    *("Brown", "Smith", "Miller", "Lee", "Horak", "Silva", "Martin", "Ito", "Weber", "Baker"),
    *("Kowalska", "Rossi", "Khan", "Murphy"),
)

# The ranges that are set aside for documentation (RFC 5737).
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")

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
    place, page = _pick(_PLACES, index), _pick(_PAGES, index)
    state = _FIRST_STATES[index] if index < len(_FIRST_STATES) else _pick(_LATER_STATES, index)
    # Visits began up to half an hour ago, and the current page is looked at for less than that.
    began = now - 120 - index * 97 % 1_700
    entered = began + index * 31 % 110
    ip = f"{_pick(_NETWORKS, index)}.{index // len(_NETWORKS) % 254 + 1}"
    address = f"http://www.example.com/{page.path}"
    greetings, visits = index % 5, index * 7 % 16 + 1
    invited = "Can I help you?" if state == "invited" else ""
    return {
        "id": _id(index),
        "name": f"{_pick(_FIRST_NAMES, index)} {_pick(_LAST_NAMES, index)}",
        "state": state,
        "group": (0, 0, 2, 0, 2, 5)[index % 6],
        "ip": ip,
        "host": f"host-{ip.replace('.', '-')}.example.net",
        "browser": _pick(_BROWSERS, index),
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


def _id(index: int) -> str:
    if index == 0:
        return DOCUMENTED_VISITOR
    # An odd factor spreads the numbers over all ten digits, and no two meet.
    return f"S{1_352_647_457 + index * 86_413}.{index * 0x9E3779B97F % 16**10:010x}"


def _pick(choices: tuple[_T, ...], index: int) -> _T:
    return choices[index % len(choices)]
