"""Made-up people and the pages they visit; the same every time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar

from attrs import frozen

_T = TypeVar("_T")

DOCUMENTED_VISITOR = "S1352647457.ac951bfe2e"
"""The visitor in the documentation's example of details. It is the first person."""


AGENTS = {"john.doe@example.com": "John Doe", "jane.doe@example.com": "Jane Doe"}
"""The names of the agents, by their logins."""

OWNER = "john.doe@example.com"
"""The agent who owns the account, and who chats unless another one is named."""

GROUPS = {0: "All operators", 2: "Sales", 5: "Returns"}
"""The names of the groups, by their numbers."""


class Page(NamedTuple):
    """A page of the site."""

    address: str
    title: str


_PLACE = (
    *("city", "region", "country", "country_code", "timezone"),
    *("latitude", "longitude", "language"),
)
_PLACES = tuple(
    dict(zip(_PLACE, line.split("|"), strict=True))
    for line in (
        "Greenville|North Carolina|United States|US|America/New_York|35.6127|-77.3663|en",
        "Courbevoie|Ile-de-France|France|FR|Europe/Paris|48.897|2.2564|fr",
        "Wrocław|Lower Silesia|Poland|PL|Europe/Warsaw|51.1079|17.0385|pl",
        "Toronto|Ontario|Canada|CA|America/Toronto|43.6532|-79.3832|en",
        "São Paulo|São Paulo|Brazil|BR|America/Sao_Paulo|-23.5505|-46.6333|pt",
        "Melbourne|Victoria|Australia|AU|Australia/Melbourne|-37.8136|144.9631|en",
        "Tokyo|Tokyo|Japan|JP|Asia/Tokyo|35.6762|139.6503|ja",
        "Nairobi|Nairobi|Kenya|KE|Africa/Nairobi|-1.2921|36.8219|en",
        "Berlin|Berlin|Germany|DE|Europe/Berlin|52.52|13.405|de",
        "Denver|Colorado|United States|US|America/Denver|39.7392|-104.9903|en",
        "Mumbai|Maharashtra|India|IN|Asia/Kolkata|19.076|72.8777|en",
    )
)

PAGES = (
    Page("http://www.example.com/products/shoes", "Shoes"),
    Page("http://www.example.com/", "Example"),
    Page("http://www.example.com/pricing", "Pricing"),
    Page("http://www.example.com/products/boots", "Boots"),
    Page("http://www.example.com/cart", "Your cart"),
    Page("http://www.example.com/help/returns", "Returns"),
    Page("http://www.example.com/contact", "Contact us"),
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


@frozen
class Person:
    """A person who comes to the site."""

    id: str
    name: str
    place: Mapping[str, str]
    browser: str
    ip: str

    @property
    def email(self) -> str:
        """An e-mail address that does not exist."""
        return f"{self.name.lower().replace(' ', '.')}@example.com"


@lru_cache(maxsize=1024)
def person(index: int) -> Person:
    """The person of an index; the first 762 have IP addresses of their own."""
    return Person(
        id=_id(index),
        name=f"{pick(_FIRST_NAMES, index)} {pick(_LAST_NAMES, index)}",
        place=pick(_PLACES, index),
        browser=pick(_BROWSERS, index),
        ip=f"{pick(_NETWORKS, index)}.{index // len(_NETWORKS) % 254 + 1}",
    )


def pick(choices: tuple[_T, ...], index: int) -> _T:
    """The choice of an index, which wraps around."""
    return choices[index % len(choices)]


def _id(index: int) -> str:
    if index == 0:
        return DOCUMENTED_VISITOR
    # An odd factor spreads the numbers over all ten digits, and no two are the same.
    return f"S{1_352_647_457 + index * 86_413}.{index * 0x9E3779B97F % 16**10:010x}"
