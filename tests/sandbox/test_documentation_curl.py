"""The documentation's own curl lines, run by a shell and curl; host and credentials exchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from curl import VISITOR, curl

from livechat_async.models.visitors import DetailField, VisitorDetails
from livechat_async.sandbox import Sandbox

LIST = r"""curl "https://api.livechatinc.com/visitors?
state=chatting&\
group[]=0" \
  -u john.doe@mycompany.com:c14b85863755158d7aa5cc4ba17f61cb \
  -H X-API-Version:2 -g
"""

FORM = r"""curl "https://api.livechatinc.com/visitors/S1352647457.ac951bfe2e/details" \
  -H X-API-Version:2
  -d "license_id=12345&\
token=26132406c42c96ba61ed42689b70f719&\
id=my-app&\
fields[0][name]=Age&\
fields[0][value]=36"
"""

JSON = r"""curl "https://api.livechatinc.com/visitors/S1352647457.ac951bfe2e/details" \
  -H X-API-Version:2 \
  -H Content-type:application/json \
  -d "{
        "license_id":12345,
        "token":"26132406c42c96ba61ed42689b70f719",
        "id":"my-app",
        "fields":[
          {
            "name":"Age",
            "value":36
          }
        ]
      }"
"""

ADDED = {"result": "Visitor details added"}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed=True) as running:
        yield running


async def test_list(sandbox: Sandbox) -> None:
    # curl refuses to send the line break after the question mark.
    visitors = await curl(sandbox, LIST.replace("visitors?\n", "visitors?"))
    assert [visitor["id"] for visitor in visitors] == [VISITOR]
    assert sandbox.requests[-1].raw_query == "state=chatting&group[]=0"


async def test_details_as_form(sandbox: Sandbox) -> None:
    # The page leaves out the backslash at the end of this line.
    line = FORM.replace("-H X-API-Version:2\n", "-H X-API-Version:2 \\\n")
    assert await curl(sandbox, line) == ADDED
    assert sandbox.details_of(VISITOR) == [VisitorDetails("my-app", [DetailField("Age", "36")])]


async def test_details_as_json(sandbox: Sandbox) -> None:
    # A shell would remove the page's quotation marks, so none would reach curl.
    line = JSON.replace('-d "{', "-d '{").replace('}"\n', "}'\n")
    assert await curl(sandbox, line) == ADDED
    assert sandbox.requests[-1].json()["license_id"] == 12345
    assert sandbox.details_of(VISITOR) == []


async def test_details_as_json_with_the_license_as_text(sandbox: Sandbox) -> None:
    line = JSON.replace('-d "{', "-d '{").replace('}"\n', "}'\n").replace("12345", '"12345"')
    assert await curl(sandbox, line) == ADDED
    assert sandbox.details_of(VISITOR) == [VisitorDetails("my-app", [DetailField("Age", "36")])]


async def test_details_as_json_as_a_shell_reads_the_page(sandbox: Sandbox) -> None:
    answer = await curl(sandbox, JSON)
    assert answer["errors"][0].startswith("the body is not valid JSON")
    assert sandbox.requests[-1].status == 400


# Of the lines on reports, the page repeats all but the path and the query.
REPORTS = [
    "chats/total_chats?date_from=2013-01-29&date_to=2013-01-29&agent=john.doe@mycompany.com&group_by=hour",
    "chats/engagement?date_from=2013-01-28&date_to=2013-01-29&agent=john.doe@mycompany.com&tag[]=sales&group_by=hour",
    "chats/not_replied_chats?date_from=2020-01-11&date_to=2020-01-17&agent=john.doe@mycompany.com&group_by=day",
    "chats/ratings?group=2&date_from=2012-01-29&date_to=2013-01-29&group_by=month",
    "chats/ratings/ranking",
    "chats/queued_visitors?date_from=2013-01-29&group=2",
    "chats/queued_visitors/waiting_times?date_from=2013-01-29&group=2",
    "availability?date_from=2013-01-25&date_to=2013-01-30&agent=john.doe@mycompany.com&group_by=day",
    "chats/chatting_time?date_from=2013-01-25&date_to=2013-01-30&group=1",
    "chats/first_response_time?date_from=2014-01-10&date_to=2014-01-20&agent=john.doe@mycompany.com",
    "chats/response_time?date_from=2014-01-10&date_to=2014-01-20&agent=john.doe@mycompany.com",
    "chats/agents_occupancy?weekday=mon",
    "chats/goals?date_from=2013-01-01&goal=71&group_by=month",
    "chats/greetings?date_from=2014-01-13&date_to=2014-02-14&group_by=month",
    "tickets/new_tickets?date_from=2013-01-29&date_to=2013-01-29&group_by=hour",
    "tickets/first_response_time?date_from=2014-01-10&date_to=2014-01-20&agent=john.doe@mycompany.com",
    "tickets/solved_tickets?date_from=2014-01-10&date_to=2014-01-20",
    "tickets/resolution_time?date_from=2014-01-10&date_to=2014-01-20",
    "tickets/ticket_sources?date_from=2014-01-10&date_to=2014-01-20",
    "tickets/ratings?group=2&date_from=2012-01-29&date_to=2013-01-29&group_by=month",
    "tickets/ratings/ranking",
]
FIRST_KEYS = {"total_chats": "00:00", "new_tickets": "00:00", "engagement": "2013-01-28"}
FIRST_KEYS |= {"not_replied_chats": "2020-01-11", "greetings": "2014-01", "ranking": "ranking"}


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.partition("?")[0])
async def test_reports(sandbox: Sandbox, report: str) -> None:
    line = f"""curl "https://api.livechatinc.com/reports/{report}" \\
  -u john.doe@mycompany.com:c14b85863755158d7aa5cc4ba17f61cb \\
  -H X-API-Version:2
"""
    # The page leaves out -g, without which curl takes tag[] for a range.
    answer = await curl(sandbox, line.replace("-H", "-g -H"))
    path = report.partition("?")[0]
    first = next(iter(answer))
    assert first.startswith(FIRST_KEYS.get(path.rpartition("/")[2], "20"))
    assert sandbox.requests[-1].status == 200
