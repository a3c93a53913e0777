from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livechat_async.models.visitors import DetailField, VisitorDetails
from livechat_async.sandbox import Sandbox, StartedChat
from livechat_async.sandbox.http.answers import BadRequest
from livechat_async.sandbox.http.bodies import read_body
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.pages.visitors import read_details

ADDED = (200, {"result": "Visitor details added"})
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
AGE = {"name": "Age", "value": "36"}


@pytest.fixture
async def web(sandbox: Sandbox) -> Any:
    """A session without credentials: the body holds them."""
    async with aiohttp.ClientSession(sandbox.url, headers={"X-API-Version": "2"}) as session:
        yield session


@pytest.fixture
def chat(sandbox: Sandbox) -> StartedChat:
    return sandbox.start_chat(sandbox.add_visitor(id="S1.a", name="Mary Brown"))


async def post(
    web: aiohttp.ClientSession, body: bytes | str, kind: str | None = JSON, visitor: str = "S1.a"
) -> tuple[int, Any]:
    headers = {} if kind is None else {"Content-Type": kind}
    skip = ["Content-Type"] if kind is None else []
    async with web.post(
        f"/visitors/{visitor}/details", data=body, headers=headers, skip_auto_headers=skip
    ) as response:
        return response.status, await response.json()


def good(chat: StartedChat, **changes: object) -> dict[str, object]:
    body = {"license_id": "12345", "token": str(chat.token), "id": "my-app", "fields": [AGE]}
    return {name: value for name, value in {**body, **changes}.items() if value is not ...}


async def test_a_form_is_shown_to_the_agent(
    sandbox: Sandbox, web: aiohttp.ClientSession, chat: StartedChat
) -> None:
    body = (
        f"license_id=12345&token={chat.token!s}&id=my-app&icon=example.com/i.png"
        "&fields[0][name]=Age&fields[0][value]=36"
        "&fields%5B1%5D%5Bname%5D=Profile&fields%5B1%5D%5Bvalue%5D=Open+in+CRM"
        "&fields[1][url]=https%3A%2F%2Fcrm.example.com%2F7"
    )
    assert await post(web, body, FORM) == ADDED
    assert sandbox.details_of("S1.a") == [
        VisitorDetails(
            "my-app",
            [
                DetailField("Age", "36"),
                DetailField("Profile", "Open in CRM", url="https://crm.example.com/7"),
            ],
            icon="example.com/i.png",
        )
    ]


async def test_json_is_shown_to_the_agent(
    sandbox: Sandbox, web: aiohttp.ClientSession, chat: StartedChat
) -> None:
    fields = [AGE, {"name": "Height", "value": 1.75}, {"name": "Año", "value": 36, "more": None}]
    kind = "Application/JSON; charset=utf-8"
    assert await post(web, json.dumps(good(chat, fields=fields, other=1)), kind) == ADDED
    assert sandbox.details_of("S1.a") == [
        VisitorDetails(
            "my-app",
            [DetailField("Age", "36"), DetailField("Height", "1.75"), DetailField("Año", "36")],
        )
    ]


@pytest.mark.parametrize("number", [12345, 12345.0])
async def test_a_number_as_license_is_dropped_in_silence(
    sandbox: Sandbox, web: aiohttp.ClientSession, chat: StartedChat, number: float
) -> None:
    status, answer = await post(web, json.dumps(good(chat, license_id=number)))
    if isinstance(number, int):
        assert (status, answer) == ADDED
    else:
        assert status == 401
    assert sandbox.details_of("S1.a") == []


async def test_sets_in_order_of_arrival_and_replaced(
    sandbox: Sandbox, web: aiohttp.ClientSession, chat: StartedChat
) -> None:
    for details_id, value in (("crm", 1), ("shop", 2), ("crm", 3)):
        body = good(chat, id=details_id, fields=[{"name": "n", "value": value}])
        assert await post(web, json.dumps(body)) == ADDED
    shown = [(details.id, details.fields[0].value) for details in sandbox.details_of("S1.a")]
    assert shown == [("crm", "3"), ("shop", "2")]


@pytest.mark.parametrize(
    "changes",
    [
        {"license_id": "12346"},
        {"license_id": 12346},
        {"license_id": ...},
        {"license_id": True},
        {"license_id": ["12345"]},
        {"license_id": None},
        {"token": "wrong"},
        {"token": ...},
        {"token": 1},
        {"token": ""},
        {"token": "wrong", "fields": []},
    ],
)
async def test_a_wrong_secret_is_a_401(
    sandbox: Sandbox, web: aiohttp.ClientSession, chat: StartedChat, changes: dict[str, object]
) -> None:
    status, answer = await post(web, json.dumps(good(chat, **changes)))
    assert status == 401
    assert answer["error"].startswith("You have no rights to access this data.")
    assert sandbox.details_of("S1.a") == []


async def test_the_token_is_that_of_the_visitor_and_of_the_chat_that_runs(
    sandbox: Sandbox, web: aiohttp.ClientSession, chat: StartedChat
) -> None:
    body = json.dumps(good(chat))
    sandbox.start_chat(sandbox.add_visitor(id="S2.b"))
    sandbox.add_visitor(id="S3.c")
    assert (await post(web, body, visitor="S2.b"))[0] == 401
    assert (await post(web, body, visitor="S3.c"))[0] == 401
    assert await post(web, body) == ADDED
    sandbox.end_chat("S1.a")
    assert (await post(web, body))[0] == 401
    again = sandbox.start_chat("S1.a")
    assert (await post(web, body))[0] == 401
    assert await post(web, json.dumps(good(again))) == ADDED


async def test_an_unknown_visitor_is_a_404(web: aiohttp.ClientSession, chat: StartedChat) -> None:
    status, answer = await post(web, json.dumps(good(chat)), visitor="S9.z")
    assert (status, answer) == (404, {"error": "Visitor not found"})


async def test_any_visitor_id_is_one_segment(sandbox: Sandbox, web: aiohttp.ClientSession) -> None:
    chat = sandbox.start_chat(sandbox.add_visitor(id="a/b c+é?"))
    async with web.post(
        f"{sandbox.url}/v2/visitors/a%2Fb%20c+%C3%A9%3F/details/", json=good(chat)
    ) as response:
        # yarl leaves %2F alone.
        assert response.status == 200
    assert len(sandbox.details_of("a/b c+é?")) == 1


async def test_a_version_is_required(sandbox: Sandbox, chat: StartedChat) -> None:
    async with (
        aiohttp.ClientSession(sandbox.url) as web,
        web.post("/visitors/S1.a/details", json=good(chat)) as response,
    ):
        assert response.status == 400
        assert "X-API-Version: 2" in (await response.json())["errors"][0]


ID = "id is required and has to be text"
ID_SIGNS = "id should include only letters, digits and punctuation marks"
FIELDS = "fields is required and has to be a list of at least one object"
ICON = "icon has to be a URL without http://, such as example.com/icon.png"
NAME = "fields[0].name is required and has to be text"
VALUE = "fields[0].value is required and has to be text or a number"
URL = "fields[0].url has to be a whole URL, such as https://example.com/7"
OBJECT = "fields[0] has to be an object with name and value"


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"id": ...}, [ID]),
        ({"id": ""}, [ID]),
        ({"id": 7}, [ID]),
        ({"id": "my app"}, [ID_SIGNS]),
        ({"id": "my\tapp"}, [ID_SIGNS]),
        ({"fields": ...}, [FIELDS]),
        ({"fields": []}, [FIELDS]),
        ({"fields": {"0": AGE}}, [FIELDS]),
        ({"fields": "Age"}, [FIELDS]),
        ({"fields": None}, [FIELDS]),
        ({"fields": ["Age"]}, [OBJECT]),
        ({"fields": [{}]}, [NAME, VALUE]),
        ({"fields": [{"name": " ", "value": "1"}]}, [NAME]),
        ({"fields": [{"name": 1, "value": "1"}]}, [NAME]),
        ({"fields": [{"name": "a", "value": None}]}, [VALUE]),
        ({"fields": [{"name": "a", "value": True}]}, [VALUE]),
        ({"fields": [{"name": "a", "value": ["1"]}]}, [VALUE]),
        ({"fields": [{**AGE, "url": "/7"}]}, [URL]),
        ({"fields": [{**AGE, "url": ""}]}, [URL]),
        ({"fields": [{**AGE, "url": None}]}, []),
        ({"fields": [{**AGE, "url": 7}]}, [URL]),
        ({"icon": "https://example.com/i.png"}, [ICON]),
        ({"icon": "//example.com/i.png"}, []),  # public programs send it (field case 32)
        ({"icon": "//"}, [ICON]),
        ({"icon": ""}, [ICON]),
        ({"icon": "a b"}, [ICON]),
        ({"icon": "a\nb"}, [ICON]),
        ({"icon": 7}, [ICON]),
        ({"icon": None}, [ICON]),
        (
            {"id": "", "icon": "", "fields": [AGE, "x", {"value": 1}]},
            [ID, ICON, OBJECT.replace("0", "1"), NAME.replace("0", "2")],
        ),
    ],
)
async def test_every_problem_is_named(
    sandbox: Sandbox,
    web: aiohttp.ClientSession,
    chat: StartedChat,
    changes: dict[str, object],
    problems: list[str],
) -> None:
    expected = (400, {"errors": problems}) if problems else ADDED
    assert await post(web, json.dumps(good(chat, **changes))) == expected
    assert len(sandbox.details_of("S1.a")) == (0 if problems else 1)


@pytest.mark.parametrize("license_id", [12345, "12345"])
async def test_a_number_as_license_is_checked_like_any_other(
    web: aiohttp.ClientSession, chat: StartedChat, license_id: object
) -> None:
    body = good(chat, license_id=license_id, fields=[])
    assert await post(web, json.dumps(body)) == (400, {"errors": [FIELDS]})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("fields[][name]=a&fields[][value]=b", [NAME.replace("0", "1"), VALUE]),
        ("fields[name]=a&fields[value]=b", [FIELDS]),
        ("fields=a", [FIELDS]),
        ("", [FIELDS]),
        ("fields[3][name]=a&fields[3][value]=", None),
    ],
)
async def test_arrays_of_a_form(
    sandbox: Sandbox,
    web: aiohttp.ClientSession,
    chat: StartedChat,
    fields: str,
    expected: list[str] | None,
) -> None:
    body = f"license_id=12345&token={chat.token!s}&id=x&{fields}"
    status, answer = await post(web, body, FORM)
    if expected is None:
        assert (status, answer) == ADDED
        assert sandbox.details_of("S1.a")[0].fields == (DetailField("a", ""),)
    else:
        assert (status, sorted(answer["errors"])) == (400, sorted(expected))


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (b"", JSON, "the body is not valid JSON"),
        (b"{", JSON, "the body is not valid JSON"),
        (b"[]", JSON, "the body has to be a JSON object"),
        (b"7", JSON, "the body has to be a JSON object"),
        (b'{"value": NaN}', JSON, "the body is not valid JSON: NaN"),
        (b'{"value": "\xff"}', JSON, "the body is not valid JSON: not UTF-8"),
        (b'{"value": "\\ud800"}', JSON, "the body is not valid JSON: not UTF-8"),
        (b'{"value": ' + b"9" * 5000 + b"}", JSON, "the body is not valid JSON"),
        (b"[" * 100_000, JSON, "the body is not valid JSON"),
        (b"{}", "text/plain", "Content-Type has to be"),
        (b"{}", "multipart/form-data; boundary=x", "the body is not multipart/form-data"),
        (b"{}", "multipart/mixed; boundary=x", "Content-Type has to be"),
        (b"{}", None, "Content-Type has to be"),
    ],
)
async def test_bodies_that_cannot_be_read(
    web: aiohttp.ClientSession, chat: StartedChat, body: bytes, kind: str | None, text: str
) -> None:
    status, answer = await post(web, body, kind, chat.visitor_id)
    assert status == 400
    [problem] = answer["errors"]
    assert problem.startswith(text)


async def test_a_compressed_body_is_refused(
    sandbox: Sandbox, web: aiohttp.ClientSession, chat: StartedChat
) -> None:
    async with web.post("/visitors/S1.a/details", json=good(chat), compress="gzip") as response:
        assert response.status == 400
        assert (await response.json())["errors"][0].startswith("the body is not valid JSON")
    assert sandbox.requests[-1].body.startswith(b"\x1f\x8b")


# Hypothesis is slow to draw its first text.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def with_containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    containers = st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    return inner | containers


# Two levels spelled out: st.recursive inspects source code, which is not always to be had.
json_values = with_containers(
    with_containers(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    )
)
field_values = st.fixed_dictionaries(
    {}, optional={"name": json_values, "value": json_values, "url": json_values | st.just("tel:1")}
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values,
        "icon": json_values,
        "fields": json_values | st.lists(field_values, max_size=3),
    },
)


def request(content_type: str, body: bytes) -> RecordedRequest:
    return RecordedRequest(
        method="POST",
        raw_path="/",
        raw_query="",
        headers={"Content-Type": content_type},
        body=body,
        received_at=datetime.now(UTC),
    )


@relaxed
@given(bodies)
def test_whatever_json_is_sent_there_is_an_answer(body: dict[str, Any]) -> None:
    problems: tuple[str, ...] = ()
    try:
        checked = read_details(body)
    except BadRequest as refusal:
        problems = refusal.args
    if problems:
        assert all(problem.startswith(("id ", "icon ", "fields")) for problem in problems)
    else:
        assert checked.id == body["id"]
        assert checked.icon == body.get("icon")
        assert [item.name for item in checked.fields] == [item["name"] for item in body["fields"]]


words = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1)


@relaxed
@given(words, st.lists(st.tuples(words, st.text() | st.integers()), min_size=1, max_size=5))
def test_good_json_is_shown_as_sent(details_id: str, pairs: list[tuple[str, str | int]]) -> None:
    fields = [{"name": name, "value": value} for name, value in pairs]
    body = json.dumps({"id": details_id, "fields": fields, "license_id": 1, "token": "t"})
    values = read_body(request(JSON, body.encode()))
    assert read_details(values) == VisitorDetails(
        details_id, [DetailField(name, value) for name, value in pairs]
    )


@relaxed
@given(st.binary())
def test_whatever_bytes_come_as_a_form_they_are_read(body: bytes) -> None:
    assert isinstance(read_body(request(FORM, body)), dict)


@relaxed
@given(st.binary().filter(lambda body: b"{" not in body))
def test_bytes_that_are_no_json_object_are_refused(body: bytes) -> None:
    with pytest.raises(BadRequest, match=r"^the body "):
        read_body(request(JSON, body))


def test_a_body_that_was_read_shows_no_secret() -> None:
    read = read_body(request(JSON, b'{"license_id": 1, "token": "very-secret"}'))
    assert read["token"] == "very-secret"
    assert "very-secret" not in repr(read)
