"""The OpenAPI document of the control calls, compared with what they do."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest
from asking import ask, call
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from livechat_async.models.visitors import DetailField, VisitorDetails
from livechat_async.sandbox import Sandbox, openapi
from livechat_async.sandbox.control import CALLS
from livechat_async.sandbox.http.routes import Route

DOCUMENT = openapi.describe(CALLS)
DESCRIPTION = "The document at /_sandbox/openapi.json is made of it."


def operation_of(route: Route[Any]) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][f"/_sandbox{route.path}"][route.method.lower()]
    return found


def body_of(route: Route[Any]) -> dict[str, Any] | None:
    body = operation_of(route).get("requestBody")
    return None if body is None else body["content"]["application/json"]["schema"]


def problems(schema: dict[str, Any], value: object) -> list[str]:
    """What a validator of OpenAPI 3.1 finds wrong with a value."""
    whole = {"allOf": [schema], "components": DOCUMENT["components"]}
    return [error.message for error in OAS31Validator(whole).iter_errors(value)]


def parts_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schema, or each of its choices."""
    return schema.get("oneOf", [schema])


async def test_the_document_is_served_and_valid(control: aiohttp.ClientSession) -> None:
    """The control calls can be read by any tool (field case 34)."""
    status, document = await call(control, "GET", "openapi.json")
    assert (status, document) == (200, DOCUMENT)
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_has_every_call_of_the_table_and_no_other() -> None:
    described = {
        (method.upper(), path)
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
    }
    assert described == {(route.method, f"/_sandbox{route.path}") for route in CALLS}


@pytest.mark.parametrize("route", CALLS, ids=lambda route: f"{route.method} {route.path}")
def test_everything_about_a_call_is_described(route: Route[Any]) -> None:
    operation, name = operation_of(route), f"{route.method} /_sandbox{route.path}"
    assert operation["summary"].endswith("."), (
        f"{name}: begin the docstring of its function with a sentence. {DESCRIPTION}"
    )
    in_path = {part["name"]: part["description"] for part in operation.get("parameters", [])}
    assert list(in_path) == re.findall(r"{(\w+)}", route.path)
    missing = [parameter for parameter, text in in_path.items() if not text]
    for schema in parts_of(body_of(route) or {}):
        fields = schema.get("properties", {}).items()
        missing += [field for field, part in fields if not part["description"]]
        more = schema.get("additionalProperties")
        missing += ["**"] if isinstance(more, dict) and not more["description"] else []
    assert not missing, (
        f"{name}: describe {', '.join(missing)} under 'Args:' in the docstring of its function, "
        f"or a part of the path in openapi.py. {DESCRIPTION}"
    )
    answer = operation["responses"]["200"]
    assert answer["description"].endswith(".")
    assert answer["content"]["application/json"]["schema"], (
        f"{name}: annotate what its function returns, such as list[str] or Wire. {DESCRIPTION}"
    )


def test_every_field_of_an_answer_is_described() -> None:
    for kind in openapi.SHAPES:
        schema = DOCUMENT["components"]["schemas"][kind.__name__]
        for field, part in schema["properties"].items():
            assert part["description"], f"{kind.__name__}.{field} has no docstring"


def test_no_text_speaks_of_python() -> None:
    assert not re.search(r"\b(None|True|False|repr|datetimes?|self|str)\b|``", str(texts(DOCUMENT)))


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value[key] for key in ("summary", "description") if isinstance(value.get(key), str)]
        return own + [text for item in value.values() for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


VISITOR = {"visitor_id": "S1.a"}
EXAMPLES: list[tuple[str, dict[str, Any] | None]] = [
    ("POST /visitors", {"id": "S1.a", "name": "Mary", "omit": ["city"]}),
    ("PATCH /visitors/{visitor_id}", {"city": "Gdansk"}),
    ("GET /visitors/{visitor_id}", None),
    ("POST /visitors/{visitor_id}/queue", None),
    ("POST /visitors/{visitor_id}/chat", {"agent": "john.doe@example.com"}),
    ("POST /visitors/{visitor_id}/messages", {"text": "Hello", "by_agent": True}),
    ("GET /visitors/{visitor_id}/details", None),
    ("GET /deliveries", None),
    ("POST /deliveries/{delivery_id}/repeat", None),
    ("DELETE /visitors/{visitor_id}/chat", None),
    ("DELETE /visitors/{visitor_id}", None),
    ("POST /chats", {"id": "P0A", "tags": ["sales"]}),
    ("DELETE /chats/{chat_id}", None),
    ("POST /tickets", {"id": "T0A", "subject": "Shoes"}),
    ("DELETE /tickets/{ticket_id}", None),
    ("POST /agents/{login}/status", {"status": "not accepting chats"}),
    ("POST /seed", {"chats": 3, "tickets": 2, "date_from": "2013-01-01", "date_to": "2013-01-31"}),
    ("POST /arrivals", {"per_request": 2, "every": 3, "day": "2013-01-20", "at_most": 5}),
    ("DELETE /arrivals", None),
    ("POST /departures", {"per_request": 2, "day": None}),
    ("DELETE /departures", None),
    ("POST /canned_responses", {"text": "Hello!", "tags": ["hi"], "group": 0}),
    ("POST /faults", {"fault": "Status", "times": 2, "status": 503, "retry_after": 1.5}),
    ("POST /faults", {"fault": "Status", "status": 200, "body": {"any": ["thing"]}}),
    ("POST /faults", {"fault": "Envelope", "change": {"pages": 3}, "omit": ["total"]}),
    ("POST /faults", {"fault": "Drip", "seconds": 0.1, "chunk": 5}),
    ("POST /faults", {"fault": "EmptyBody"}),
    ("DELETE /faults", None),
    ("POST /chaos", {"profile": "rate-limited", "seed": 7}),
    ("GET /chaos", None),
    ("DELETE /chaos", None),
    ("DELETE /deliveries", None),
    ("DELETE /requests", None),
]


async def test_calls_take_and_answer_what_the_document_says(
    sandbox: Sandbox, http: aiohttp.ClientSession, control: aiohttp.ClientSession
) -> None:
    routes = {f"{route.method} {route.path}": route for route in CALLS}
    sandbox.register_webhook("chat_started", "https://example.com/livechat")
    sandbox.seed_chats(2)
    sandbox.seed_tickets(2)
    await ask(http, "/v2/visitors?state=chatting", "POST", json={"a": 1})
    given = {**VISITOR, "chat_id": "P0A", "ticket_id": "T0A", "delivery_id": "1"}
    given["login"] = "jane.doe@example.com"
    reads = [name for name in routes if name.startswith("GET ") and "{" not in name]
    for name, body in [*((name, None) for name in reads), *EXAMPLES]:
        if name == "GET /visitors/{visitor_id}/details":
            details = VisitorDetails("crm", [DetailField("Plan", "Gold")])
            sandbox._account.visitors.get("S1.a").details["crm"] = details
        route, schema = routes[name], body_of(routes[name])
        if body is not None:
            assert schema is not None
            assert problems(schema, body) == [], name
        path = route.path.format_map(given).lstrip("/")
        async with control.request(route.method, path, json=body) as response:
            answer = await response.json()
            assert response.status == 200, (name, answer)
            described = operation_of(route)["responses"]["200"]["content"]
            assert response.content_type in described
        assert problems(described[response.content_type]["schema"], answer) == [], name
        for kind, item in shapes_in(described[response.content_type]["schema"], answer):
            fields = DOCUMENT["components"]["schemas"][kind]["properties"]
            assert set(item) == set(fields), f"add the new fields of {kind} to openapi.SHAPES"
        if name == "POST /visitors/{visitor_id}/chat":
            await sandbox.delivered()


def shapes_in(schema: dict[str, Any], answer: Any) -> list[tuple[str, dict[str, Any]]]:
    """The parts of an answer that have a shape of their own, with its name."""
    if isinstance(answer, list):
        return [shape for item in answer for shape in shapes_in(schema.get("items", {}), item)]
    name = schema.get("$ref", "").rpartition("/")[2]
    return [(name, answer)] if name else []


@pytest.mark.parametrize("route", CALLS, ids=lambda route: f"{route.method} {route.path}")
async def test_what_the_document_refuses_the_sandbox_refuses(
    sandbox: Sandbox, control: aiohttp.ClientSession, route: Route[Any]
) -> None:
    schema = body_of(route)
    if schema is None:
        return
    sandbox.add_visitor(id="S1.a")
    path = re.sub(r"{\w+}", "S1.a", route.path).lstrip("/")
    bodies: list[dict[str, Any]] = [{}] if operation_of(route)["requestBody"]["required"] else []
    if all(part["additionalProperties"] is False for part in parts_of(schema)):
        bodies.append({"nonsense": 1})
    for body in bodies:
        assert problems(schema, body)
        status, answer = await call(control, route.method, path, json=body)
        assert (status, list(answer)) == (400, ["error"]), (route, body)
