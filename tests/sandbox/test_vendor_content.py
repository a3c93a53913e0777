"""What LiveChat's own clients for PHP, Node and C# send, byte for byte, to four pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import aiohttp
import pytest
from yarl import URL

from livechat_async.sandbox import Sandbox

FORM = "application/x-www-form-urlencoded"
VISITOR = "S1352647457.ac951bfe2e"
# PHP and Node encode brackets; C# does not, writes a space as a plus, and says the encoding.
Call: TypeAlias = tuple[str, str, str | None]


async def send(sandbox: Sandbox, call: Call, content_type: str, accept: str | None = None) -> Any:
    method, path, body = call
    headers = {"X-API-Version": "2", "Authorization": sandbox.credentials.authorization().reveal()}
    if accept is not None:
        headers["Accept"] = accept
    if body is not None:
        headers["Content-Type"] = content_type
    async with (
        aiohttp.ClientSession(skip_auto_headers=("Content-Type", "Accept")) as session,
        session.request(
            method, URL(sandbox.url + path, encoded=True), headers=headers, data=body
        ) as response,
    ):
        return response.status, await response.json()


PHP: Mapping[str, tuple[Call, int, str]] = {
    "canned responses": (("GET", "/canned_responses?group=0", None), 200, "3151"),
    "one canned response": (("GET", "/canned_responses/3151", None), 200, "help"),
    "a new canned response": (
        ("POST", "/canned_responses", "text=Have+a+great+day&tags%5B0%5D=bye&tags%5B1%5D=cu"),
        *(200, "['cu', 'bye']"),
    ),
    "a changed canned response": (
        ("PUT", "/canned_responses/3151", "text=Hi&tags%5B0%5D=bye"),
        *(200, "['bye']"),
    ),
    "a removed canned response": (("DELETE", "/canned_responses/3151", None), 200, "removed"),
    "tags": (("GET", "/tags?group=0", None), 200, "support"),
    "a new tag": (
        ("POST", "/tags", "tag=vip&author=john.doe%40mycompany.com&group=1"),
        *(200, "'name': 'vip'"),
    ),
    # It sends neither the visitor nor the group, which are required.
    "a marked goal": (("POST", "/goals/71/mark_as_successful", ""), 400, "visitor_id is required"),
    "a removed tag": (("DELETE", "/tags/sales", None), 400, "group is required"),
}


@pytest.mark.parametrize("name", PHP)
async def test_php(sandbox: Sandbox, name: str) -> None:
    call, status, part = PHP[name]
    answered, answer = await send(sandbox, call, FORM, "*/*")
    assert answered == status
    assert part in str(answer)


RULES = (
    "name=a%20b&rules%5B0%5D%5Btype%5D=visits_number&rules%5B0%5D%5Bvalue%5D=2"
    "&rules%5B1%5D%5Btype%5D=url_funnel&rules%5B1%5D%5Burls%5D%5B0%5D%5Burl%5D=cart"
    "&rules%5B1%5D%5Burls%5D%5B0%5D%5Boperator%5D=contains"
)
NODE: Mapping[str, tuple[Call, str]] = {
    "canned responses": (("GET", "/canned_responses?group=0", None), "3151"),
    "a new canned response": (
        ("POST", "/canned_responses", "text=Bye&tags%5B0%5D=bye&tags%5B1%5D=cu&group=2"),
        "'group': 2",
    ),
    "a changed canned response": (("PUT", "/canned_responses/3151", "text=Hi"), "'text': 'Hi'"),
    # It sends an empty form with every DELETE.
    "a removed canned response": (("DELETE", "/canned_responses/3151", ""), "removed"),
    "goals": (("GET", "/goals", None), "Order placed"),
    "one goal": (("GET", "/goals/71", None), "Order placed"),
    "a new goal": (
        ("POST", "/goals", "name=new%20goal&type=url&url=http%3A%2F%2Fa.example.com%2F"),
        "'url': 'http://a.example.com/'",
    ),
    "a changed goal": (("PUT", "/goals/71", "name=paused&active=0"), "'active': 0"),
    "a removed goal": (("DELETE", "/goals/71", ""), "goal removed successfully"),
    "a marked goal": (
        ("POST", "/goals/71/mark_as_successful", f"visitor_id={VISITOR}&order_price=199.00"),
        "goal marked as successful",
    ),
    "greetings": (("GET", "/greetings?group=0", None), "2291"),
    "one greeting": (("GET", "/greetings/2291", None), "Hello!"),
    "a new greeting": (("POST", "/greetings", RULES), "'urls': [{'url': 'cart'"),
    "a changed greeting": (
        ("PUT", "/greetings/2291", "active=0&properties%5Bgreeting-message_text%5D=Hi"),
        "{'active': '0', 'greeting-message_text': 'Hi'}",
    ),
    "a removed greeting": (("DELETE", "/greetings/2291", ""), "'ok': True"),
}


@pytest.mark.parametrize("name", NODE)
async def test_node(sandbox: Sandbox, name: str) -> None:
    sandbox.add_visitor(id=VISITOR, state="chatting")
    call, part = NODE[name]
    status, answer = await send(sandbox, call, FORM)
    assert status == 200, answer
    assert part in str(answer)


C_SHARP: Mapping[str, tuple[Call, int, str]] = {
    "tags": (("GET", "/tags", None), 200, "sales"),
    "tags of a group": (("GET", "/tags?group=0", None), 200, "support"),
    "a new tag": (
        ("POST", "/tags", "tag=two+words&author=john.doe%40mycompany.com&group=1"),
        *(200, "'name': 'two words'"),
    ),
    "a removed tag": (("DELETE", "/tags/sales", "group=2"), 200, "'ok': True"),
    "goals": (("GET", "/goals", None), 200, "Order placed"),
    "a new goal": (
        (
            *("POST", "/goals"),
            "name=new+goal&type=custom_variable&custom_variable_name=a&custom_variable_value=b+c",
        ),
        *(200, "'custom_variable_value': 'b c'"),
    ),
    "a changed goal": (("PUT", "/goals/71", "name=paused&active=0"), 200, "'active': 0"),
    "a removed goal": (("DELETE", "/goals/71", None), 200, "goal removed successfully"),
    "a marked goal": (
        ("POST", "/goals/71/mark_as_successful", f"visitor_id={VISITOR}"),
        *(200, "goal marked as successful"),
    ),
    "greetings of a group": (("GET", "/greetings?group=0", None), 200, "2291"),
    "a new greeting": (
        (
            *("POST", "/greetings"),
            (
                "name=a&rules[0][type]=custom_variable&rules[0][variable_name]=b"
                "&rules[0][variable_value]=true&rules[1][type]=url_funnel"
                "&rules[1][urls][0][url]=%2fa&rules[1][urls][0][operator]=equals"
                "&rules[1][urls][1][url]=b&rules[1][urls][1][operator]=contains&group=2"
            ),
        ),
        *(200, "[{'url': '/a', 'operator': 'equals'}, {'url': 'b', 'operator': 'contains'}]"),
    ),
    "a changed greeting": (
        ("PUT", "/greetings/2291", "name=a&properties[greeting-message_text]=Hello+there"),
        *(200, "'greeting-message_text': 'Hello there'"),
    ),
    "a removed greeting": (("DELETE", "/greetings/2291", None), 200, "'ok': True"),
    "canned responses of group 0": (("GET", "/canned_responses", None), 200, "3151"),
    "a new canned response": (
        ("POST", "/canned_responses", "text=Bye%2c+then&tags[]=bye&tags[]=cu"),
        *(200, "'text': 'Bye, then'"),
    ),
    # It sends the text as the group.
    "a new canned response of a group": (
        ("POST", "/canned_responses", "text=Bye&tags[]=bye&group=Bye"),
        *(400, "group has to be a number"),
    ),
    "a changed canned response": (
        ("PUT", "/canned_responses/3151", "text=Hi&tags[]=bye"),
        *(200, "['bye']"),
    ),
    "a removed canned response": (("DELETE", "/canned_responses/3151", None), 200, "removed"),
}


@pytest.mark.parametrize("name", C_SHARP)
async def test_c_sharp(sandbox: Sandbox, name: str) -> None:
    sandbox.add_visitor(id=VISITOR, state="chatting")
    call, status, part = C_SHARP[name]
    answered, answer = await send(sandbox, call, f"{FORM}; charset=utf-8", "application/json")
    assert answered == status, answer
    assert part in str(answer)
