"""What a request says: its query, its body, and the agent who signed it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from livechat_async.checks import is_deeper
from livechat_async.redaction import conceal, reveal
from livechat_async.sandbox.data.people import OWNER
from livechat_async.sandbox.http.access import read_basic
from livechat_async.sandbox.http.answers import BadRequest
from livechat_async.sandbox.http.multipart import read_multipart
from livechat_async.sandbox.http.parse_str import parse_pairs
from livechat_async.sandbox.http.queries import QueryReader
from livechat_async.sandbox.http.requests import RecordedRequest

_DEEPEST = 100  # levels, far beyond what any method takes
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_JSON = "application/json"


class BodyReader(QueryReader):
    """Reads a form or a JSON body, or an object in it, as `QueryReader` reads a query.

    Args:
        values: the values. A number, true or false in JSON is read as its text.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        super().__init__({name: _as_text(value) for name, value in values.items()})

    def __contains__(self, name: str) -> bool:
        return self._query.get(name) is not None

    def given(self) -> list[str]:
        """The names of all parameters that were sent."""
        return [name for name in self._query if name in self]

    def require(self, *names: str) -> None:
        """Note each of these parameters that is missing."""
        self.problems.extend(f"{name} is required" for name in names if name not in self)

    def raw(self, name: str) -> Any:
        """A value as it was sent, but for numbers and flags."""
        return self._query.get(name)

    def part(self, name: str, keys: Collection[str]) -> BodyReader | None:
        """A reader of an object with some of these keys; None if it is missing or wrong."""
        value = self.raw(name)
        if value is None:
            return None
        value = {} if value == [] else value  # PHP writes an empty object so
        if not isinstance(value, dict) or not value.keys() <= set(keys):
            self.problems.append(f"{name} has to be an object with keys of: {', '.join(keys)}")
            return None
        reader = BodyReader(value)
        reader.problems = self.problems
        return reader

    def objects(self, name: str) -> list[BodyReader]:
        """A reader of each object in a list, as in ``rules[0][type]=...``."""
        found = self.raw(name)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            if name in self:
                self.problems.append(f"{name} has to be a list of objects")
            return []
        return [BodyReader(each) for each in found]

    def clock_time(self, name: str) -> Any:
        """A time of the day, such as ``09:00``."""
        return self._read(name, _is_clock_time, "a time, HH:MM")


def query_of(request: RecordedRequest) -> QueryReader:
    """A reader of what `read_query` reads."""
    return QueryReader(read_query(request))


def body_of(request: RecordedRequest, lists: Collection[str] = ()) -> BodyReader:
    """A reader of what `read_body` reads; a write that sends nothing holds nothing."""
    return BodyReader(read_body(request, lists) if request.body or request.raw_query else {})


def author_of(request: RecordedRequest) -> str:
    """The login that signed the request; the owner's for a bearer token, which shows none."""
    return read_basic(request.headers.get("Authorization", ""))[0] or OWNER


def _is_clock_time(value: object) -> bool:
    pattern = "([01][0-9]|2[0-3]):[0-5][0-9]"
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _as_text(value: object) -> object:
    if isinstance(value, dict):
        return {name: _as_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else reveal(value)


def content_type_of(request: RecordedRequest) -> str:
    """The content type without its parameters, such as ``application/json``; "" if missing."""
    return str(request.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def read_body(request: RecordedRequest, lists: Collection[str] = ()) -> Any:
    """The values in a form or a JSON object; ``lists`` names those with lists.

    The query adds the values that the body lacks, as some programs send them there. Their secrets
    show in no ``repr``. A body of any other kind is a BadRequest.
    """
    kind = content_type_of(request)
    if kind == _JSON:
        values = _read_json(request.body)
    elif kind == _FORM:
        values = _read_form(request.form(), lists)
    elif kind == _MULTIPART:
        header = request.headers["Content-Type"]
        values = _read_form(parse_pairs(read_multipart(request.body, header)), lists)
    elif request.body or not request.raw_query:
        kinds = f"{_FORM}, {_MULTIPART} or {_JSON}"
        raise BadRequest(f"Content-Type has to be {kinds}, not {kind or 'missing'}")
    else:
        values = {}
    return conceal({**_read_form(request.query, lists), **values})


def read_query(request: RecordedRequest) -> Mapping[str, object]:
    """The query of a read, and the values of a form in its body, which ``curl -X GET -d`` sends."""
    has_form = content_type_of(request) in {_FORM, _MULTIPART}
    return read_body(request) if has_form else request.query


def read_tags(request: RecordedRequest) -> list[str]:
    """The tags of ``PUT .../tags``: ``tag[]=a&tag[]=b`` or ``{"tag": ["a", "b"]}``.

    A body without them is a BadRequest; an empty list in JSON removes all tags.
    """
    tags = read_body(request, lists=("tag",)).get("tag")
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag for tag in tags):
        raise BadRequest("tag is required and has to be a list of texts, tag[]=sales in a form")
    return tags


def _read_form(values: dict[str, object], lists: Collection[str]) -> Mapping[str, object]:
    for name in lists:
        items = values.get(name)
        # To PHP an array with gaps in its numbers is still an array.
        if isinstance(items, dict) and all(key.isdecimal() for key in items):
            values[name] = list(items.values())
    return values


def _read_json(body: bytes) -> Mapping[str, object]:
    try:
        value: Any = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        # json.loads accepts a lone surrogate as an escape, yet it is no character.
        json.dumps(value, ensure_ascii=False).encode()
        if is_deeper(value, _DEEPEST):
            raise BadRequest(f"the body is nested more than {_DEEPEST} levels deep")
    except UnicodeError:  # its text holds the body, and that has a token
        raise BadRequest("the body is not valid JSON: not UTF-8") from None
    except (ValueError, RecursionError) as problem:
        raise BadRequest(f"the body is not valid JSON: {problem}") from None
    if not isinstance(value, dict):
        raise BadRequest("the body has to be a JSON object")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
