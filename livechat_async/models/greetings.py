"""Greetings, which LiveChat shows to visitors to whom all their rules apply.

https://developers.livechat.com/docs/management/configuration-api/v2.0#greetings
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, ClassVar

from attrs import field, frozen
from attrs.validators import optional

from livechat_async.checks import (
    NOT_BLANK,
    check_choice,
    check_items,
    choice,
    count,
    is_text,
    refusal,
    text,
)
from livechat_async.models._base import EMPTY, TypedPart, WireModel

__all__ = [
    "AdsProvider",
    "AdsTraffic",
    "CurrentUrl",
    "CustomVariableRule",
    "FunnelUrl",
    "Greeting",
    "GreetingRule",
    "GreetingSubtype",
    "PageViews",
    "Place",
    "Referrer",
    "Rule",
    "RuleOperator",
    "RuleType",
    "SearchKeyword",
    "TimeOnPage",
    "TimeOnSite",
    "UrlFunnel",
    "VisitedUrl",
    "Visits",
]

MESSAGE = "greeting-message_text"
"""The property of a greeting with its text."""


class RuleType(StrEnum):
    """What a rule looks at."""

    VISIT_TIME_SITE = "visit_time_site"
    VISIT_TIME_PAGE = "visit_time_page"
    URL_CURRENT = "url_current"
    URL_VISITED = "url_visited"
    PAGES_VIEW_NUMBER = "pages_view_number"
    URL_REFERRER = "url_referrer"
    GEOLOCATION = "geolocation"
    VISITS_NUMBER = "visits_number"
    SEARCH_KEYWORD = "search_keyword"
    CUSTOM_VARIABLE = "custom_variable"
    URL_FUNNEL = "url_funnel"
    ADS_TRAFFIC = "ads_traffic"


class RuleOperator(StrEnum):
    """How a rule compares; ``equals`` is LiveChat's default."""

    EQUALS = "equals"
    DOESNT_EQUAL = "doesnt_equal"
    LOWER_THAN = "lower_than"
    LOWER_OR_EQUAL = "lower_or_equal"
    GREATER_THAN = "greater_than"
    GREATER_OR_EQUAL = "greater_or_equal"
    CONTAINS = "contains"
    DOESNT_CONTAIN = "doesnt_contain"


class GreetingSubtype(StrEnum):
    """A special greeting. A visitor who closes an announcement never sees it again."""

    ANNOUNCEMENT = "announcement"


class AdsProvider(StrEnum):
    """Who shows the advertisement that a visitor came by."""

    FACEBOOK = "facebook"
    GOOGLE = "google"
    MICROSOFT = "microsoft"
    TWITTER = "twitter"
    YAHOO = "yahoo"


@frozen(kw_only=True, repr=False)
class FunnelUrl(WireModel):
    """A page in a sequence of pages.

    Attributes:
        url: its address, or a part of it.
        operator: how the address has to match: a `RuleOperator`, or the text of a new one.
    """

    url: str = ""
    operator: RuleOperator | str | None = None

    def _label(self) -> str:
        return self.url


@frozen(kw_only=True, repr=False)
class GreetingRule(WireModel):
    """A rule of a greeting, as LiveChat answers it. To send one, use a class such as `TimeOnPage`.

    Attributes:
        id: its number.
        type: a `RuleType`, or the text of a new one.
        operator: a `RuleOperator`, or the text of a new one; None for a sequence of pages.
        condition: ``"and"``, as far as is known.
        value: what it compares with: text, also of a number, such as ``"15"``.
        variable_name: the name of a variable, or of a provider of advertisements.
        variable_value: its value: text, such as ``"true"``.
        urls: the sequence of pages.
    """

    id: int | None = None
    type: RuleType | str | None = None
    operator: RuleOperator | str | None = None
    condition: str = ""
    value: str | None = None
    variable_name: str = ""
    variable_value: str = ""
    urls: tuple[FunnelUrl, ...] = ()

    def _label(self) -> str:
        return str(self.type or "")


@frozen(kw_only=True, repr=False)
class Greeting(WireModel):
    """A greeting. LiveChat does not say which group it belongs to.

    Attributes:
        id: its number.
        active: whether it is enabled.
        name: its name, which visitors do not see.
        rules: all that has to apply, not in the order in which the rules were sent.
        properties: further settings as sent; ``active`` is ``"1"`` or ``"0"`` here.
    """

    id: int
    active: bool | None = None
    name: str = ""
    rules: tuple[GreetingRule, ...] = ()
    properties: Mapping[str, Any] = field(default=EMPTY, hash=False)

    @property
    def message(self) -> str:
        """The text that visitors see, or ``""``."""
        found = self.properties.get(MESSAGE)
        return found if isinstance(found, str) else ""


class Rule(TypedPart):
    """A rule of a new greeting: one of the classes below.

    All but `UrlFunnel` have an ``operator``, a `RuleOperator` or its text, such as ``"contains"``;
    without one the visitor's value has to equal that of the rule. A value that LiveChat cannot take
    is a `ConfigurationError`.
    """


@frozen(repr=False, kw_only=True)
class _Comparison(Rule):
    operator: RuleOperator | str | None = field(default=None, validator=choice(RuleOperator))


@frozen(repr=False)
class _Number(_Comparison):
    value: int = field(validator=count(0))


@frozen(repr=False)
class _Text(_Comparison):
    value: str = field(validator=text())


class TimeOnSite(_Number):
    """The visitor is on the site for ``value`` seconds."""

    type: ClassVar[str] = RuleType.VISIT_TIME_SITE


class TimeOnPage(_Number):
    """The visitor is on the page for ``value`` seconds."""

    type: ClassVar[str] = RuleType.VISIT_TIME_PAGE


class PageViews(_Number):
    """The visitor has opened ``value`` pages."""

    type: ClassVar[str] = RuleType.PAGES_VIEW_NUMBER


class Visits(_Number):
    """This is the visitor's visit number ``value``."""

    type: ClassVar[str] = RuleType.VISITS_NUMBER


class CurrentUrl(_Text):
    """The visitor is on a page of this address."""

    type: ClassVar[str] = RuleType.URL_CURRENT


class VisitedUrl(_Text):
    """The visitor has been on a page of this address."""

    type: ClassVar[str] = RuleType.URL_VISITED


class Referrer(_Text):
    """The visitor came from a page of this address."""

    type: ClassVar[str] = RuleType.URL_REFERRER


class Place(_Text):
    """The visitor is in this country or city."""

    type: ClassVar[str] = RuleType.GEOLOCATION


class SearchKeyword(_Text):
    """The visitor came by a search for this word."""

    type: ClassVar[str] = RuleType.SEARCH_KEYWORD


def _to_variable(value: str | bool) -> str:  # noqa: FBT001 (a value, no switch)
    return str(value).lower() if isinstance(value, bool) else value


@frozen(repr=False)
class CustomVariableRule(_Comparison):
    """The site's tracking code has set a variable to this value.

    Args:
        name: the name of the variable.
        value: text; True and False become ``"true"`` and ``"false"``.
        operator: how it compares.
    """

    type: ClassVar[str] = RuleType.CUSTOM_VARIABLE
    name: str = field(validator=text(), metadata={"wire": "variable_name"})
    value: str = field(
        converter=_to_variable, validator=text(), metadata={"wire": "variable_value"}
    )


def _to_urls(values: Iterable[FunnelUrl | str]) -> tuple[FunnelUrl, ...]:
    example = "['example.com/shoes', 'example.com/cart']"
    given = check_items("UrlFunnel: urls", values, (FunnelUrl, str), example)
    urls = [FunnelUrl(url=each) if isinstance(each, str) else each for each in given]
    for each in urls:
        if not is_text(each.url):
            raise refusal("UrlFunnel: url", each.url, NOT_BLANK)
        if each.operator is not None:
            check_choice("UrlFunnel: operator", each.operator, RuleOperator)
    return tuple(urls)


@frozen(repr=False)
class UrlFunnel(Rule):
    """The visitor has been on these pages, one after the other.

    Args:
        urls: at least one: the address of a page, or a `FunnelUrl` that says how to compare it.
    """

    type: ClassVar[str] = RuleType.URL_FUNNEL
    urls: tuple[FunnelUrl, ...] = field(converter=_to_urls)

    def to_wire(self) -> dict[str, Any]:
        """The type, and each address with its operator."""
        urls = [{"url": each.url, "operator": each.operator} for each in self.urls]
        return {"type": self.type, "urls": urls}


@frozen(repr=False)
class AdsTraffic(_Comparison):
    """The visitor came by an advertisement. Only accounts with the newer monitoring have it.

    Args:
        provider: who showed it; any by default. An `AdsProvider`.
        value: the parameter that the provider adds to addresses, of at most 255 characters; any by
            default.
        operator: how it compares.
    """

    type: ClassVar[str] = RuleType.ADS_TRAFFIC
    provider: AdsProvider | str | None = field(
        default=None, validator=choice(AdsProvider), metadata={"wire": "variable_name"}
    )
    value: str | None = field(
        default=None,
        validator=optional(text(at_most=255)),
        metadata={"wire": "variable_value"},
    )


ENDPOINTS: Mapping[str, Any] = {
    "GET /greetings": list[Greeting],
    "POST /greetings": Greeting,
    "GET /greetings/{greeting_id}": Greeting,
    "PUT /greetings/{greeting_id}": Greeting,
    "DELETE /greetings/{greeting_id}": None,
}
