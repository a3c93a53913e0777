"""The documentation's curl lines for tags, goals, greetings and canned responses.

The numbers in paths are exchanged. Where the page has a slip, the line is run as printed, which the
sandbox or curl refuses, and as it is meant.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from curl import BASIC, HOST, JSON, exit_and_answer

from livechat_async.sandbox import Sandbox

VISITOR = "S1281361958.2238ee3bd3"
# The page's numbers, and those of the sandbox.
NUMBERS = {"goals/1181": "goals/71", "goals/2231": "goals/71", "responses/3181": "responses/3151"}
NUMBERS |= {"greetings/2491": "greetings/2291"}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        running.add_visitor(id=VISITOR)
        yield running


async def run(sandbox: Sandbox, line: str) -> tuple[int | None, Any]:
    """The exit code of curl, and the answer."""
    for number, ours in NUMBERS.items():
        line = line.replace(number, ours)
    return await exit_and_answer(sandbox, f"curl {line.strip()}")


HEAD = f"  {BASIC} \\\n  -H X-API-Version:2"

GREETING = rf"""{HOST}/greetings" \
{HEAD} \
  {JSON} \
  -d '{{
        "name":"my custom invitation",
        "rules":[
          {{
            "type":"visit_time_page",
            "value":15,
            "operator":"greater_than"
          }},
          {{
            "type":"visits_number",
            "value":2,
            "operator":"greater_or_equal"
          }}
        ]
      }}'
"""

LINES: dict[str, tuple[str, str]] = {
    "tags": (f'{HOST}/tags?group=0" \\\n{HEAD}', "support"),
    "a new tag, JSON": (
        rf"""{HOST}/tags" \
{HEAD} \
  {JSON} \
  -d '{{
        "tag":"support",
        "author":"john.doe@mycompany.com",
        "group":1
      }}'
""",
        "'count': {'inChats': 0, 'inTickets': 0}",
    ),
    "a new tag, form": (
        rf"""{HOST}/tags" \
{HEAD} \
  -d "tag=support&\
author=john.doe@mycompany.com&\
group=1"
""",
        "'name': 'support'",
    ),
    "a removed tag, JSON": (
        f"""{HOST}/tags/support" \\\n{HEAD} -X DELETE {JSON} -d '{{
        "group":0
      }}'""",
        "'ok': True",
    ),
    "a removed tag, form": (
        f'{HOST}/tags/support" \\\n{HEAD} -X DELETE \\\n  -d "group=0"',
        "'ok': True",
    ),
    "goals": (f'{HOST}/goals" \\\n{HEAD}', "Order placed"),
    "one goal": (f'{HOST}/goals/1181" \\\n{HEAD}', "'type': 'api'"),
    "a marked goal, JSON": (
        f"""{HOST}/goals/1181/mark_as_successful" \\\n{HEAD} \\\n  {JSON} \\\n  -d '{{
        "visitor_id":"{VISITOR}"
     }}'""",
        "goal marked as successful",
    ),
    "a marked goal, form": (
        f'{HOST}/goals/1181/mark_as_successful" \\\n{HEAD} \\\n  -d "visitor_id={VISITOR}"',
        "goal marked as successful",
    ),
    "a new goal, JSON": (
        rf"""{HOST}/goals" \
{HEAD} \
  {JSON} \
  -d '{{
        "name":"new goal",
        "type":"url",
        "url":"http://www.mystore.com/checkout/thank_you",
        "match_type":"exact"
     }}'
""",
        "'match_type': 'exact'",
    ),
    # The blanks before the names reach the server, where PHP drops them.
    "a new goal, form": (
        rf"""{HOST}/goals" \
{HEAD} \
  -d "name=new%20goal&\
  type=url&\
  url=http://www.mystore.com/checkout/thank_you&\
  match_type=exact"
""",
        "'match_type': 'exact'",
    ),
    "a changed goal, JSON": (
        rf"""{HOST}/goals/2231" -X PUT \
{HEAD} \
  {JSON} \
  -d '{{
        "name":"new goal paused",
        "active":0
     }}'
""",
        "'name': 'new goal paused', 'active': 0",
    ),
    "a changed goal, form": (
        rf"""{HOST}/goals/2231" \
{HEAD} \
  -X PUT -d "name=new%20goal%20paused&\
  active=0"
""",
        "'name': 'new goal paused', 'active': 0",
    ),
    "a removed goal": (
        f'{HOST}/goals/2231" \\\n{HEAD} \\\n  -X DELETE',
        "goal removed successfully",
    ),
    "greetings": (f'{HOST}/greetings\\\n?group=0" \\\n{HEAD}', "2411"),
    "one greeting": (f'{HOST}/greetings/2411" \\\n{HEAD}', "Hello again!"),
    "a new greeting, JSON": (GREETING, "'visits_number', 'operator': 'greater_or_equal'"),
    "a new greeting, form": (
        rf"""{HOST}/greetings" \
{HEAD} \
  -d "name=my+custom+invitation&\
rules[0][type]=visit_time_page&\
rules[0][value]=15&\
rules[0][operator]=greater_than&\
rules[1][type]=visits_number&\
rules[1][value]=2&\
rules[1][operator]=greater_or_equal"
""",
        "'value': '15'",
    ),
    "a new greeting with a custom variable, form": (
        rf"""{HOST}/greetings\
?group=1" \
{HEAD} \
  -d "name=custom+variable+type+greeting&\
rules[0][type]=custom_variable&\
rules[0][variable_name]=my_custom_var&\
rules[0][variable_value]=var_value&\
rules[0][operator]=contains"
""",
        "'variable_name': 'my_custom_var', 'variable_value': 'var_value'",
    ),
    "a new greeting with ads traffic, JSON": (
        rf"""{HOST}/greetings\
?group=1" \
{HEAD} \
  {JSON} \
  -d '{{
        "name":"ads traffic type greeting",
        "rules":[
          {{
            "type":"ads_traffic",
            "variable_name":"facebook",
            "variable_value":"1234",
            "operator":"contains"
          }}
        ],
        "properties": {{
          "greeting-message_text": "Hello, would you like to talk about our products?"
        }}
      }}'
""",
        "'variable_name': 'facebook', 'variable_value': '1234'",
    ),
    "a new greeting with ads traffic, form": (
        rf"""{HOST}/greetings\
?group=1" \
{HEAD} \
  -d "name=ads+traffic+type+greeting&\
rules[0][type]=ads_traffic&\
rules[0][variable_name]=facebook&\
rules[0][variable_value]=1234&\
rules[0][operator]=contains&\
properties[greeting-message_text]=Hello,+would+you+like+to+talk+about+our+products?"
""",
        "'greeting-message_text': 'Hello, would you like to talk about our products?'",
    ),
    "a new greeting with a funnel, JSON": (
        rf"""{HOST}/greetings" \
{HEAD} \
  {JSON} \
  -d '{{
        "name":"url funnel type greeting",
        "rules":[
          {{
            "type":"url_funnel",
            "urls":[
              {{
                "url":"mystore.com/shoes",
                "operator":"equals"
              }},
              {{
                "url":"cart",
                "operator":"contains"
              }}
            ]
          }}
        ]
      }}'
""",
        "{'url': 'cart', 'operator': 'contains'}",
    ),
    "a new greeting with a funnel, form": (
        rf"""{HOST}/greetings" \
{HEAD} \
  -d "name=url+funnel+type+greeting&\
rules[0][type]=url_funnel&\
rules[0][urls][0][url]=mystore.com/shoes&\
rules[0][urls][0][operator]=equals&\
rules[0][urls][1][url]=cart&\
rules[0][urls][1][operator]=contains"
""",
        "{'url': 'cart', 'operator': 'contains'}",
    ),
    "a new greeting with several rules, form": (
        rf"""{HOST}/greetings" \
{HEAD} \
  -d "name=my+custom+invitation&\
rules[0][type]=visit_time_site&\
rules[0][value]=15&\
rules[1][type]=custom_variable&\
rules[1][variable_name]=empty_cart&\
rules[1][variable_value]=true&\
rules[2][type]=url_current&\
rules[2][value]=shoes&\
rules[2][operator]=contains"
""",
        "'variable_value': 'true'",
    ),
    "a greeting with another name": (
        rf"""{HOST}/greetings/2491" \
{HEAD} \
  -X PUT -d "name=athletic+shoes&\
properties[greeting-message_text]=Hello"
""",
        "'name': 'athletic shoes'",
    ),
    "a greeting that is paused": (
        f'{HOST}/greetings/2491" \\\n{HEAD} \\\n  -X PUT -d "active=0"',
        "'active': False",
    ),
    "a greeting with other rules": (
        rf"""{HOST}/greetings/2491"\
{HEAD} \
  -X PUT -d "rules[0][type]=custom_variable&\
rules[0][variable_name]=athletic_shoes&\
rules[0][variable_value]=true"
""",
        "'variable_name': 'athletic_shoes', 'variable_value': 'true'",
    ),
    "a removed greeting": (f'{HOST}/greetings/2491" \\\n{HEAD} \\\n  -X DELETE', "'ok': True"),
    "canned responses": (f'{HOST}/canned_responses?group=0" \\\n{HEAD}', "3161"),
    "one canned response": (f'{HOST}/canned_responses/3151" \\\n{HEAD}', "'id': 3151"),
    "a new canned response, JSON": (
        rf"""{HOST}/canned_responses" \
{HEAD} \
  {JSON} \
  -d '{{
        "text":"Have a great day, goodbye.",
        "tags": ["bye", "cu"]
     }}'
""",
        "'text': 'Have a great day, goodbye.', 'tags': ['cu', 'bye']",
    ),
    "a new canned response, form": (
        rf"""{HOST}/canned_responses" \
{HEAD} \
  -d "text=Have+a+great+day,+goodbye.&\
tags[]=bye&\
tags[]=cu"
""",
        "'text': 'Have a great day, goodbye.', 'tags': ['cu', 'bye']",
    ),
    "a changed canned response, form": (
        f'{HOST}/canned_responses/3181" \\\n{HEAD} \\\n  -X PUT -d "tags[]=bye"',
        "'tags': ['bye'], 'modification_date'",
    ),
    "a changed canned response, JSON": (
        rf"""{HOST}/canned_responses/3181" \
{HEAD} \
  {JSON} \
  -X PUT \
  -d '{{
        "tags": ["bye"]
     }}'
""",
        "'tags': ['bye'], 'modification_date'",
    ),
    "a removed canned response": (
        f'{HOST}/canned_responses/3181" \\\n{HEAD} \\\n  -X DELETE',
        "Canned response removed successfully",
    ),
}


@pytest.mark.parametrize("name", LINES)
async def test_a_line_does_what_it_says(sandbox: Sandbox, name: str) -> None:
    line, part = LINES[name]
    code, answer = await run(sandbox, line)
    assert code == 0
    assert sandbox.requests[-1].status == 200, answer
    assert part in str(answer)


SLIPS: dict[str, tuple[str, str]] = {
    "a comma after the last entry": (
        LINES["a marked goal, JSON"][0].replace(f'"{VISITOR}"', f'"{VISITOR}",'),
        "not valid JSON",
    ),
    "no last brace": (GREETING.replace("]\n      }'", "]'"), "not valid JSON"),
    "no comma between two entries": (GREETING.replace("15,", "15"), "not valid JSON"),
    "no -X PUT": (
        LINES["a changed goal, JSON"][0].replace("-X PUT ", ""),
        "Method POST is not allowed here, only GET, HEAD, PUT, DELETE, OPTIONS",
    ),
    "no number in the path": (
        LINES["a changed canned response, JSON"][0].replace("/3181", ""),
        "Method PUT is not allowed here, only GET, HEAD, POST, OPTIONS",
    ),
    "a type that no other place has": (
        GREETING.replace("visits_number", "custom"),
        "type has to be one of",
    ),
}


@pytest.mark.parametrize("name", SLIPS)
async def test_a_line_with_a_slip_is_explained(sandbox: Sandbox, name: str) -> None:
    line, part = SLIPS[name]
    assert line not in [each for each, _ in LINES.values()]
    code, answer = await run(sandbox, line)
    assert code == 0
    assert part in str(answer)


async def test_curl_itself_refuses_blanks_in_an_address(sandbox: Sandbox) -> None:
    code, answer = await run(sandbox, LINES["greetings"][0].replace("\n?group", "\n  ?group"))
    assert (code, answer, sandbox.requests) == (3, None, [])
