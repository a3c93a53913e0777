"""The control calls as an OpenAPI document, made from their signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from attrs import frozen

from livechat_async._version import __version__
from livechat_async.models.visitors import DetailField, VisitorDetails
from livechat_async.sandbox.data.live_chats import StartedChat
from livechat_async.sandbox.faults import FAULTS, Fault
from livechat_async.sandbox.http.answers import Wire
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.chats import Movement
from livechat_async.sandbox.webhooks.deliverer import Attempt, Delivery

_Call: TypeAlias = Callable[..., object] | property

SHAPES: Mapping[type, Mapping[str, Any]] = {
    StartedChat: {
        **dict.fromkeys(("visitor_id", "chat_id", "license_id", "token"), str),
        "webhook": Wire,
    },
    Delivery: {
        **dict.fromkeys(("id", "event_type", "event_unique_id", "webhook_id", "url"), str),
        "done": bool,
        "body": Wire,
        "attempts": list[Attempt],
    },
    Attempt: {"at": datetime, "status": int | None, "problem": str},
    RecordedRequest: {
        **dict.fromkeys(("method", "path", "raw_path", "raw_query", "body"), str),
        "query": Wire,
        "headers": dict[str, str],
        "received_at": datetime,
        "status": int | None,
        "fault": str,
        "seconds": float | None,
    },
    VisitorDetails: {"id": str, "fields": list[DetailField], "icon": str | None},
    DetailField: {"name": str, "value": str, "url": str | None},
}
"""The fields of what the calls answer with, and their types in JSON."""

# What an argument in a path is; the docstring describes any other.
_IN_PATH = {
    "visitor_id": "The id of a visitor who is on the site, such as `S1352647457.0000000001`.",
    "chat_id": "The id of a chat in the archives, such as `P0YNXR9RKS`.",
    "ticket_id": "The id of a ticket, such as `5FUED`.",
    "delivery_id": "The id of a delivery of a webhook, such as `1`.",
    "login": "The login of an agent, such as `john.doe@example.com`.",
}
_FAILURES = {
    "Wrong": "An argument is wrong, or it cannot be done now.",
    "NoToken": "The sandbox has a control token, and it was not sent.",
    "Refused": "A web page asks, or the `Host` is not known.",
    "NoVisitor": "There is no such visitor.",
    "TooLarge": "The body is larger than 1 MiB.",
}
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
_IN_JSON = {"None": "null", "True": "true", "False": "false"}
_LISTS = (list, Iterable, Collection)
_OBJECTS = (dict, Mapping)


def describe(calls: Iterable[Route[_Call]]) -> Wire:
    """The document of the calls."""
    parts: Wire = {
        "Done": {"type": "object", "properties": {"result": {"const": "done"}}},
        "Id": {"type": "object", "properties": {"id": {"type": ["string", "integer"]}}},
        "Error": {"type": "object", "properties": {"error": {"type": "string"}}},
    }
    for part in parts.values():
        part["required"] = list(part["properties"])
    parts |= {kind.__name__: _shape(kind, fields) for kind, fields in SHAPES.items()}
    paths: Wire = {}
    for route in calls:
        paths.setdefault(f"/_sandbox{route.path}", {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Control calls of a LiveChat sandbox",
            "version": __version__,
            "description": "What tests do to a sandbox: visitors, chats and tickets come, change "
            "and go, and requests fail. The calls meet no faults themselves. Web pages of other "
            "sites are refused.",
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"controlToken": []}],
        "paths": paths,
        "components": {
            "schemas": parts,
            "responses": {
                name: _answer(_ref("schemas/Error"), text) for name, text in _FAILURES.items()
            },
            "securitySchemes": {
                "controlToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Only for a sandbox that was started with a control token.",
                }
            },
        },
    }


def _operation(route: Route[_Call]) -> Wire:
    function: Any = route.page.fget if isinstance(route.page, property) else route.page
    doc, hints = _Doc.of(function), get_type_hints(function)
    in_path = re.findall(r"{(\w+)}", route.path)
    _, *parameters = inspect.signature(function).parameters.values()
    of_path, of_body = parameters[: len(in_path)], parameters[len(in_path) :]
    operation: Wire = {
        "operationId": function.__name__,
        "summary": doc.summary,
        "tags": [route.path.split("/")[1] or "controls" if route.path else "controls"],
    }
    if doc.more:
        operation["description"] = doc.more
    if in_path:
        operation["parameters"] = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string"},
                "description": _IN_PATH.get(name) or doc.arguments.get(parameter.name, ""),
            }
            for name, parameter in zip(in_path, of_path, strict=True)
        ]
    if of_body:
        schema = _body(of_body, hints, doc)
        if "fault" in schema["properties"]:
            schema = {"oneOf": [_with_fault(schema, *fault) for fault in FAULTS.items()]}
        operation["requestBody"] = {
            "required": any(each.default is each.empty for each in of_body if _is_named(each)),
            "content": {"application/json": {"schema": schema}},
        }
    operation["responses"] = _responses(route, hints["return"], doc)
    return operation


def _is_named(parameter: inspect.Parameter) -> bool:
    return parameter.kind is not parameter.VAR_KEYWORD


def _body(parameters: Iterable[inspect.Parameter], hints: Mapping[str, Any], doc: _Doc) -> Wire:
    """The object that gives a call's parameters by name."""
    schema: Wire = {"type": "object", "properties": {}, "additionalProperties": False}
    for parameter in parameters:
        text = doc.arguments.get(parameter.name, "")
        if not _is_named(parameter):
            schema["additionalProperties"] = {"description": text}
            continue
        field = {**_schema(hints[parameter.name]), "description": text}
        if parameter.default is parameter.empty:
            schema.setdefault("required", []).append(parameter.name)
        elif isinstance(parameter.default, (bool, float, int, str)):
            field["default"] = parameter.default
        schema["properties"][parameter.name] = field
    return schema


def _with_fault(schema: Wire, name: str, kind: type[Fault]) -> Wire:
    """The body that injects one kind of fault, with the arguments of this kind."""
    doc = _Doc.of(kind)
    signature = inspect.signature(kind).parameters.values()
    own = _body(signature, get_type_hints(kind), doc)
    fault = {"const": name, "description": f"{doc.summary} {doc.more}".strip()}
    return {
        **schema,
        "title": name,
        "properties": {**schema["properties"], "fault": fault, **own["properties"]},
        "required": ["fault", *own.get("required", ())],
        "additionalProperties": False,
    }


def _responses(route: Route[_Call], kind: Any, doc: _Doc) -> Wire:
    if kind in (NoneType, Movement):
        answers = {"200": _answer(_ref("schemas/Done"), "It is done.")}
    elif kind in (str, int):
        answers = {"200": _answer(_ref("schemas/Id"), doc.returns or "The id.")}
    else:
        answers = {"200": _answer(_schema(kind), doc.returns or doc.summary)}
    others = {"401": "NoToken", "403": "Refused"}
    if route.method != "GET":
        others |= {"400": "Wrong", "413": "TooLarge"}
    if "{visitor_id}" in route.path:
        others["404"] = "NoVisitor"
    return answers | {status: _ref(f"responses/{others[status]}") for status in sorted(others)}


def _answer(schema: Wire, text: str) -> Wire:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _schema(kind: Any) -> Wire:  # noqa: PLR0911 (one for each kind of type)
    """The JSON of a type; anything for a type that JSON does not have."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _any_of([each for each in arguments if each is not datetime and _schema(each)])
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin in _LISTS:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is tuple:
        items = [_schema(each) for each in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items)}
    if origin in _OBJECTS:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if kind in SHAPES:
        return _ref(f"schemas/{kind.__name__}")
    if kind in (date, datetime):
        return {"type": "string", "format": "date" if kind is date else "date-time"}
    return {"type": _TYPES[kind]} if kind in _TYPES else {}


def _any_of(kinds: Iterable[Any]) -> Wire:
    schemas = [_schema(kind) for kind in kinds]
    if any(schema.keys() - {"type", "format"} for schema in schemas):
        return {"anyOf": schemas}
    merged = {key: value for schema in schemas for key, value in schema.items()}
    types = list(dict.fromkeys(schema["type"] for schema in schemas))
    return {**merged, "type": types if len(types) > 1 else types[0]}


def _shape(kind: type, fields: Mapping[str, Any]) -> Wire:
    doc = _Doc.of(kind)
    properties = {
        name: {**_schema(type_), "description": doc.arguments.get(name) or _of_member(kind, name)}
        for name, type_ in fields.items()
    }
    return {
        "type": "object",
        "description": f"{doc.summary} {doc.more}".strip(),
        "properties": properties,
        "required": list(properties),
    }


def _of_member(kind: type, name: str) -> str:
    """The docstring of a property or method of the name; "" if there is none."""
    member = getattr(kind, name, None) or getattr(kind, f"{name}_body", None)
    return _Doc.of(member).summary if member is not None else ""


def _ref(name: str) -> Wire:
    return {"$ref": f"#/components/{name}"}


@frozen
class _Doc:
    """A docstring in its parts, with the marks of Markdown."""

    summary: str
    more: str
    arguments: Mapping[str, str]
    returns: str

    @classmethod
    def of(cls, documented: object) -> _Doc:
        text = inspect.cleandoc(getattr(documented, "__doc__", None) or "")
        about, *rest = re.split(r"^(Args|Attributes|Returns|Raises):\n", text, flags=re.MULTILINE)
        sections = dict(zip(rest[::2], rest[1::2], strict=True))
        lines = (sections.get("Args") or sections.get("Attributes") or "").rstrip()
        items = re.findall(r"^    \**(\w+): (.*(?:\n {5,}.*)*)", lines, flags=re.MULTILINE)
        summary, _, more = about.split("::\n")[0].strip().partition("\n\n")
        return cls(
            _prose(summary),
            "\n\n".join(_prose(paragraph) for paragraph in more.split("\n\n") if paragraph),
            {name: _prose(description) for name, description in items},
            _prose(sections.get("Returns", "")),
        )


def _prose(text: str) -> str:
    """Lines as one, with a capital letter, without what only Python has."""
    sentences = re.split(r"(?<=\.) ", " ".join(text.split()))
    kept = ["; ".join(filter(_is_for_all, each.split("; "))) for each in sentences]
    # If every sentence has something of Python, they are better than nothing.
    prose = " ".join(each if each.endswith(".") else f"{each}." for each in kept if each)
    prose = prose or " ".join(sentences)
    prose = (prose[:1].upper() + prose[1:]).replace("``", "`")
    return re.sub(r"\b(None|True|False)\b", lambda found: _IN_JSON[found[0]], prose)


def _is_for_all(clause: str) -> bool:
    """Whether a clause names nothing of Python: a name in single backticks, or a datetime."""
    return not re.search(r"(?<!`)`[^`]+`(?!`)|``repr``|aware datetime", clause)
