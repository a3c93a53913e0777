"""The body of ``POST /visitors/<VISITOR_ID>/details``: read from a form or JSON, and checked."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from attrs import field, frozen

from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import DetailField, VisitorDetails
from livechat_async.redaction import Secret
from livechat_async.sandbox.http.bodies import BadBody, read_body

__all__ = ["BadBody", "DetailsBody", "check_details", "read_details"]


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
    values = read_body(content_type, body, lists=("fields",))
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
