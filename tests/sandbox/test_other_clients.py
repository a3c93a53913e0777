"""What programs in other languages send: multipart bodies, JSONP, HEAD, OPTIONS, and odd types."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from asking import ask, send_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livechat_async.sandbox import CutBody, Drip, Sandbox, StartedChat
from livechat_async.sandbox.http.answers import BadRequest
from livechat_async.sandbox.http.multipart import read_multipart
from livechat_async.sandbox.http.parse_str import parse_pairs

FIELDS = [("id", "crm"), ("fields[0][name]", "Plan"), ("fields[0][value]", "Gold é")]


@pytest.fixture
def chat(sandbox: Sandbox) -> StartedChat:
    return sandbox.start_chat(sandbox.add_visitor(id="S1.a", name="Mary Brown"))


def multipart(pairs: list[tuple[str, str]], boundary: str = "x-y") -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in pairs
    ]
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


def details(chat: StartedChat) -> list[tuple[str, str]]:
    return [("license_id", chat.license_id), ("token", str(chat.token)), *FIELDS]


# --- bodies ---


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x-y",
        'Multipart/Form-Data; charset=utf-8; Boundary="x-y"',
        "multipart/form-data;boundary=x-y;charset=UTF-8",
    ],
)
async def test_details_come_as_multipart(
    sandbox: Sandbox, http: aiohttp.ClientSession, chat: StartedChat, kind: str
) -> None:
    """Some clients send every form like an upload (field case 32)."""
    body, headers = multipart(details(chat)), {"Content-Type": kind}
    status, _ = await ask(http, "/visitors/S1.a/details", "POST", data=body, headers=headers)
    assert status == 200
    [shown] = sandbox.details_of("S1.a")
    assert [(field.name, field.value) for field in shown.fields] == [("Plan", "Gold é")]


async def test_all_writes_take_multipart(
    sandbox: Sandbox, http: aiohttp.ClientSession, chat: StartedChat
) -> None:
    """PUT and POST, with lists and objects (field case 32)."""

    def form(*pairs: tuple[str, str]) -> aiohttp.MultipartWriter:
        writer = aiohttp.MultipartWriter("form-data")
        for name, value in pairs:
            writer.append(value).set_content_disposition("form-data", name=name)
        return writer

    path = f"/chats/{chat.chat_id}"
    data = form(("tag[]", "a b"), ("tag[]", "é"))
    status, answer = await ask(http, f"{path}/tags", "PUT", data=data)
    assert (status, answer["chats"][0]["tags"]) == (200, ["a b", "é"])
    data = form(("to", "mary@example.com"))
    assert (await ask(http, f"{path}/send_transcript", "POST", data=data))[0] == 200
    data = form(("message", "Hello"), ("requester[mail]", "mary@example.com"), ("group[0]", "2"))
    status, ticket = await ask(http, "/tickets", "POST", data=data)
    assert (status, ticket["requester"]["mail"]) == (200, "mary@example.com")
    assert [group["id"] for group in ticket["groups"]] == [2]
    url = "http://127.0.0.1:9/livechat"
    data = form(("event_type", "chat_ended"), ("data_types[]", "chat"), ("url", url))
    assert (await ask(http, "/webhooks", "POST", data=data))[0] == 200
    assert [webhook["event_type"] for webhook in sandbox.webhooks] == ["chat_ended"]
    data = form(("status", "offline"), ("groups[]", "5"), ("notifications[new_visitor]", "0"))
    status, agent = await ask(http, "/agents/jane.doe@example.com", "PUT", data=data)
    assert (status, agent["status"], agent["groups"][0]["id"]) == (200, "offline", 5)
    assert agent["notifications"]["new_visitor"] == 0
    rule = ("rules[0][type]", "visits_number"), ("rules[0][value]", "2")
    status, made = await ask(http, "/greetings", "POST", data=form(("name", "Again"), *rule))
    assert (status, made["rules"][0]["value"]) == (200, "2")
    data = form(("group", "2"))
    assert await ask(http, "/tags/sales", "DELETE", data=data) == (200, {"ok": True})


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=UTF-8",
        "APPLICATION/JSON",
        'application/json;charset="utf-8"',
        "application/x-www-form-urlencoded; charset=UTF-8",
        "Application/X-WWW-Form-Urlencoded",
    ],
)
async def test_content_types_ignore_case_and_parameters(
    sandbox: Sandbox, http: aiohttp.ClientSession, kind: str
) -> None:
    """As HTTP clients write them (field case 32)."""
    sandbox.add_ticket(id="TTTTT")
    body = '{"tag": ["a"]}' if "json" in kind.lower() else "tag[]=a"
    headers = {"Content-Type": kind}
    assert (await ask(http, "/tickets/TTTTT/tags", "PUT", data=body, headers=headers))[0] == 200
    assert sandbox.tickets[0]["tags"] == ["a"]


async def test_values_may_stand_in_the_query_of_a_write_and_in_the_body_of_a_read(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    """A value in the body of a write counts more (field case 32)."""
    sandbox.add_ticket(id="TTTTT", status="open")
    sandbox.add_ticket(id="UUUUU", status="spam")
    assert (await ask(http, "/tickets/TTTTT/tags?tag[]=a", "PUT"))[0] == 200
    assert next(each["tags"] for each in sandbox.tickets if each["id"] == "TTTTT") == ["a"]
    data = {"tag[]": "b"}
    status, answer = await ask(http, "/tickets/TTTTT/tags?tag[]=a", "PUT", data=data)
    assert (status, answer["tickets"][0]["tags"]) == (200, ["b"])
    status, answer = await ask(http, "/tickets?order=asc", data={"status": "spam"})
    assert (status, [each["id"] for each in answer["tickets"]]) == (200, ["UUUUU"])
    assert (await ask(http, "/tickets", data={"status": "odd"}))[0] == 400
    status, agent = await ask(http, "/agents/jane.doe@example.com?status=offline", "PUT")
    assert (status, agent["status"]) == (200, "offline")
    status, agents = await ask(http, "/agents", data={"status": "offline"})
    assert (status, [each["name"] for each in agents]) == (200, ["Jane Doe"])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", multipart(FIELDS)),
        ("multipart/form-data; boundary=", multipart(FIELDS)),
        ("multipart/form-data; boundary=other", multipart(FIELDS)),
        ("multipart/form-data; boundary=x-y", b""),
        ("multipart/form-data; boundary=x-y", b"tag[]=a"),
        ("multipart/mixed; boundary=x-y", multipart(FIELDS)),
        ("text/plain", b"tag[]=a"),
    ],
)
async def test_a_body_of_no_known_form_is_refused(
    sandbox: Sandbox, http: aiohttp.ClientSession, kind: str, body: bytes
) -> None:
    """The answer is a 400 that says why (field case 32)."""
    sandbox.add_ticket(id="TTTTT")
    headers = {"Content-Type": kind}
    status, answer = await ask(http, "/tickets/TTTTT/tags", "PUT", data=body, headers=headers)
    assert (status, list(answer)) == (400, ["errors"])


def read(body: bytes, kind: str = "multipart/form-data; boundary=x-y") -> dict[str, object]:
    return parse_pairs(read_multipart(body, kind))


def test_files_and_broken_parts_of_a_multipart_body_are_left_out() -> None:
    """PHP keeps files elsewhere as well (field case 32)."""
    body = (
        b'ignored\r\n--x-y\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n1\r\n'
        b"--x-y\r\nContent-Type: text/plain\r\n\r\n2\r\n"
        b"--x-y\r\nno end of the head\r\n"
        b"--x-y\r\ncontent-disposition:form-data;name=b\r\nX-Odd: 1\r\n\r\n--x\r\n3\xff\r\n"
        b'--x-y\r\nContent-Disposition: form-data; name="c\\"d"\r\n\r\n\r\n--x-y--\r\n'
        b'--x-y\r\nContent-Disposition: form-data; name="late"\r\n\r\n4\r\n--x-y--'
    )
    assert read(body) == {"b": "--x\r\n3\ufffd", 'c"d': ""}


NAMES = st.text(st.characters(codec="utf-8", exclude_characters='\r\n\0"\\[] .'), min_size=1)


@given(
    pairs=st.dictionaries(NAMES, st.text(st.characters(codec="utf-8"))).map(
        lambda values: [*values.items()]
    )
)
def test_what_a_client_encodes_as_multipart_is_read_again(pairs: list[tuple[str, str]]) -> None:
    """Any names and values, in their order (field case 32)."""
    if any("\r\n--x-y" in f"\r\n{value}\r\n" for _, value in pairs):
        return
    kept = [pair for pair in pairs if not pair[0].startswith(("__Host-", "__Secure-"))]
    assert [*read(multipart(kept)).items()] == kept


PIECES = [
    *(b"--x-y", b"--", b"\r\n", b"\r\n\r\n", b'name="', b'"', b";", b"\\", b"=", b"a", b"\xff"),
    *(b"Content-Disposition: form-data", b"filename="),
]


@given(body=st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_no_multipart_body_breaks_the_reader(body: bytes) -> None:
    """It is read or refused (field case 32)."""
    try:
        values = read(body)
    except BadRequest:
        return
    assert all(isinstance(name, str) for name in values)


# --- JSONP ---


@pytest.mark.parametrize(
    "path", ["/chats", "/chats/AAA", "/tickets", "/tickets/TTTTT", "/visitors", "/webhooks"]
)
@pytest.mark.parametrize("name", ["show", "app.show", "jQuery1234_5", "$", "calls[7]"])
async def test_every_read_is_answered_as_jsonp(
    sandbox: Sandbox, http: aiohttp.ClientSession, path: str, name: str
) -> None:
    """Lists and single items alike (field case 33)."""
    sandbox.add_chat(id="AAA", chat_start_url="a\u2028b\u2029</script>")
    sandbox.add_ticket(id="TTTTT")
    sandbox.add_visitor(name="Zoë")
    status, plain = await ask(http, path)
    async with http.get(path, params={"callback": name}) as response:
        text = await response.text()
        assert (response.status, response.content_type) == (status, "text/javascript")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert text.startswith(f"/**/{name}(")
    assert text.endswith(");")
    assert "\u2028" not in text
    assert json.loads(text[len(f"/**/{name}(") : -2]) == plain


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/chats?date_from=odd&callback=show", 400),
        ("/chats/none?callback=show", 404),
        ("/nowhere?callback=show", 404),
        ("/visitors?callback=show&count=1", 200),
    ],
)
async def test_errors_are_jsonp_too(http: aiohttp.ClientSession, path: str, status: int) -> None:
    """A page reads them by the same function (field case 33)."""
    async with http.get(path) as response:
        text = await response.text()
        assert response.status == status
    assert text.startswith("/**/show({")


async def test_a_refusal_of_credentials_is_jsonp_too(sandbox: Sandbox) -> None:
    """Its text reaches the page (field case 33)."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{sandbox.url}/v2/chats?callback=show") as response,
    ):
        assert (response.status, (await response.text())[:9]) == (401, "/**/show(")


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "alert(1)//",
        "a b",
        "1a",
        "a.",
        ".a",
        "a..b",
        "a[x]",
        "é",
        "a\n",
        "a" * 2_000,
        "a;b",
    ],
)
async def test_what_is_no_name_of_a_function_is_refused(
    http: aiohttp.ClientSession, name: str
) -> None:
    """The answer is plain JSON (field case 33)."""
    async with http.get("/visitors", params={"callback": name}) as response:
        assert response.content_type == "application/json"
        assert response.status == 400
        [problem] = (await response.json())["errors"]
        assert problem.startswith("callback has to be the name of a function")


async def test_a_write_ignores_a_callback(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    """A script element can only read (field case 33)."""
    sandbox.add_ticket(id="TTTTT")
    path, data = "/tickets/TTTTT/tags?callback=show", {"tag[]": "a"}
    assert (await ask(http, path, "PUT", data=data))[0] == 200


# --- HEAD and OPTIONS ---


@pytest.mark.parametrize(
    "path", ["/chats", "/chats/AAA", "/chats/none", "/visitors?count=x", "/visitors?callback=f"]
)
async def test_head_answers_like_get_without_the_body(
    sandbox: Sandbox, http: aiohttp.ClientSession, path: str
) -> None:
    """The headers are those of the whole answer (field case 33)."""
    sandbox.add_chat(id="AAA")
    async with http.get(path) as whole, http.head(path) as head:
        body = await whole.read()
        assert (await head.read(), head.status) == (b"", whole.status)
        for name in ("Content-Type", "Content-Length"):
            assert head.headers[name] == whole.headers[name]
        assert head.headers["Content-Length"] == str(len(body))
    assert [record.method for record in sandbox.requests] == ["GET", "HEAD"]


@pytest.mark.parametrize("fault", [Drip(0, chunk=1), CutBody()])
async def test_a_fault_sends_no_body_to_a_head(sandbox: Sandbox, fault: Any) -> None:
    """The next answer of the connection is not mixed up with it (field case 33)."""
    sandbox.inject(fault)
    head = "HEAD /v2/visitors HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    signature = f"Authorization: {sandbox.bearer.authorization().reveal()}"
    answer = await send_bytes(sandbox, f"{head}{signature}\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/chats", "GET, HEAD, OPTIONS"),
        ("/v2/chats/AAA", "GET, HEAD, OPTIONS"),
        ("/tickets", "GET, HEAD, POST, OPTIONS"),
        ("/visitors/S1.a/details", "POST, OPTIONS"),
        ("/_sandbox/visitors", "GET, HEAD, POST, OPTIONS"),
    ],
)
async def test_options_names_the_methods(sandbox: Sandbox, path: str, allowed: str) -> None:
    """Neither version nor credentials are needed; no other site gets permission (field case 33)."""
    async with (
        aiohttp.ClientSession(sandbox.url) as http,
        http.options(path) as response,
    ):
        assert (response.status, await response.read()) == (204, b"")
        assert response.headers["Allow"] == allowed
        assert not [name for name in response.headers if name.startswith("Access-Control")]


async def test_options_of_an_unknown_path_is_a_404(http: aiohttp.ClientSession) -> None:
    """There is no method to name (field case 33)."""
    assert (await ask(http, "/nowhere", "OPTIONS"))[0] == 404


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(name=st.text("abz_$.[]0(){};'\"<>/*\u2028 ", min_size=1, max_size=12))
async def test_a_callback_is_a_name_or_refused(sandbox: Sandbox, name: str) -> None:
    """No text of the query becomes code (field case 33)."""
    authorization = {"Authorization": sandbox.bearer.authorization().reveal()}
    async with (
        aiohttp.ClientSession(headers=authorization) as session,
        session.get(f"{sandbox.url}/v2/visitors", params={"callback": name}) as response,
    ):
        text = await response.text()
    if response.status == 200:
        assert text == f"/**/{name}([]);"
        assert not set(name) & set("(){};'\"<>/* \u2028")
    else:
        assert response.status == 400
