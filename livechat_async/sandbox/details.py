"""The body of ``POST /visitors/<VISITOR_ID>/details``: read from a form or JSON, and checked."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any, NoReturn

from attrs import field, frozen

from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import DetailField, VisitorDetails
from livechat_async.redaction import Secret
from livechat_async.sandbox.parse_str import parse_str

__all__ = ["BadBody", "DetailsBody", "check_details", "read_details"]

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


class BadBody(Exception):
    """The body cannot be read; the text says why, for the one who sent it."""


@frozen
class DetailsBody:
    """A body that could be read.

    Attributes:
        license_id: as text, or None.
        token: None if there is none.
        dropped: the licence is a JSON number. The real server then says all is well and shows
            nothing.
        values: the whole body.
    """

    license_id: str | None
    token: Secret | None
    dropped: bool
    values: Mapping[str, object] = field(repr=False)


def read_details(content_type: str, body: bytes) -> DetailsBody:
    """Read a body.

    Raises:
        BadBody: it is neither a form nor a JSON object, or not what its type says.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _FORM:
        values = _read_form(body)
    elif kind == _JSON:
        values = _read_json(body)
    else:
        raise BadBody(f"Content-Type has to be {_FORM} or {_JSON}, not {kind or 'missing'}")
    license_id, token = values.get("license_id"), values.get("token")
    is_number = isinstance(license_id, (int, float)) and not isinstance(license_id, bool)
    return DetailsBody(
        license_id=str(license_id) if is_number or isinstance(license_id, str) else None,
        token=Secret(token) if isinstance(token, str) else None,
        dropped=is_number,
        values=values,
    )


def check_details(values: Mapping[str, object]) -> VisitorDetails | list[str]:
    """The details in a body, or everything that is wrong with them."""
    problems: list[str] = []
    details_id, icon = values.get("id"), values.get("icon")
    if not isinstance(details_id, str) or not details_id:
        problems.append("id is required and has to be text")
    elif any(unicodedata.category(character)[0] not in "LMNPS" for character in details_id):
        problems.append("id should include only letters, digits and punctuation marks")
    if "icon" in values and not _is_bare_address(icon):
        problems.append("icon has to be a URL without http://, such as example.com/icon.png")
    fields = _check_fields(values.get("fields"), problems)
    if problems:
        return problems
    return VisitorDetails(
        id=str(details_id), fields=fields, icon=icon if isinstance(icon, str) else None
    )


def _check_fields(value: object, problems: list[str]) -> list[DetailField]:
    if not isinstance(value, list) or not value:
        problems.append("fields is required and has to be a list of at least one object")
        return []
    checked = (_check_field(f"fields[{n}]", item, problems) for n, item in enumerate(value))
    return [item for item in checked if item is not None]


def _check_field(place: str, item: object, problems: list[str]) -> DetailField | None:
    if not isinstance(item, Mapping):
        problems.append(f"{place} has to be an object with name and value")
        return None
    name, value, url = item.get("name"), item.get("value"), item.get("url")
    if not isinstance(name, str) or not name.strip():
        problems.append(f"{place}.name is required and has to be text")
        name = None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        problems.append(f"{place}.value is required and has to be text or a number")
    elif name is not None:
        try:
            return DetailField(name, value, url if "url" in item else None)
        except ConfigurationError:
            problems.append(f"{place}.url has to be a whole URL, such as https://example.com/7")
    return None


def _is_bare_address(value: object) -> bool:
    return (
        isinstance(value, str)
        and bool(value)
        and value.isprintable()
        and " " not in value
        and "://" not in value
        and not value.startswith("//")
    )


def _read_form(body: bytes) -> Mapping[str, object]:
    values = parse_str(body.decode("utf-8", "surrogateescape"))
    fields = values.get("fields")
    # To PHP an array whose numbers leave some out is still an array.
    if isinstance(fields, dict) and all(key.isdecimal() for key in fields):
        values["fields"] = list(fields.values())
    return values


def _read_json(body: bytes) -> Mapping[str, object]:
    try:
        value: Any = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        # A lone surrogate passes as an escape, yet it is no character.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as problem:
        raise BadBody(f"the body is not valid JSON: {_reason(problem)}") from None
    if not isinstance(value, dict):
        raise BadBody("the body has to be a JSON object")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _reason(problem: ValueError | RecursionError) -> str:
    # The text of a UnicodeError holds the body, and that has a token.
    return "not UTF-8" if isinstance(problem, UnicodeError) else str(problem)
