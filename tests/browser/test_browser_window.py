"""The window on a sandbox in a real browser: every button, every live change, and attacks."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from aiohttp import web
from playwright.async_api import Locator, Page, Route, expect

from livechat_async import DetailField, LiveChatClient, RetryPolicy, VisitorDetails
from livechat_async.sandbox import DropConnection, Sandbox, Slow, Status

pytestmark = pytest.mark.asyncio(loop_scope="session")

TUTORIAL = Path(__file__).parent.parent.parent / "docs" / "tutorial-crm.md"
PATIENCE = 60
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - the sandbox has no event for it
            await asyncio.sleep(0.01)


def client_of(sandbox: Sandbox) -> LiveChatClient:
    retry = RetryPolicy(attempts=1)
    return LiveChatClient(sandbox.credentials, base_url=sandbox.url, retry=retry)


def visitor_named(page: Page, name: str) -> Locator:
    return page.get_by_role("option", name=re.compile(f"^{re.escape(name)}"))


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


async def come(page: Page, name: str, where: str = "") -> None:
    """Add a visitor with the button."""
    await button(page, "Add a visitor").click()
    await page.get_by_role("textbox", name="Name", exact=True).fill(name)
    await page.get_by_role("combobox", name="Page", exact=True).fill(where)
    await button(page, "Add").click()


async def open_tab(page: Page, name: str) -> Locator:
    await page.get_by_role("tab", name=name).click()
    panel = page.get_by_role("tabpanel")
    await expect(panel).to_have_count(1)
    return panel


@asynccontextmanager
async def running_bot(sandbox: Sandbox, folder: Path) -> AsyncIterator[Process]:
    """The tutorial's bot, against the sandbox."""
    text = TUTORIAL.read_text(encoding="utf-8")
    [code] = re.findall(r"<!-- runs: crm bot -->\n```\w+\n(.*?)```", text, re.DOTALL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LIVECHAT_")}
    env = {
        **ours,
        "LIVECHAT_BASE_URL": sandbox.url,
        "LIVECHAT_LOGIN": sandbox.credentials.login,
        "LIVECHAT_TOKEN": sandbox.credentials.token.reveal(),
        "LIVECHAT_WEBHOOK_USER": "livechat",
        "LIVECHAT_WEBHOOK_PASSWORD": "sandbox-password",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code.replace("port=8000", f"port={port}")),
        env=env,
        cwd=folder,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        assert bot.stdout is not None
        await asyncio.wait_for(bot.stdout.readline(), PATIENCE)
        yield bot
    finally:
        bot.send_signal(signal.SIGINT)
        await bot.communicate()


async def test_the_details_of_the_tutorials_bot_appear_while_one_looks(
    sandbox: Sandbox, page: Page, tmp_path: Path
) -> None:
    """A visitor arrives and chats, and the bot adds details, with nothing but clicks."""
    async with running_bot(sandbox, tmp_path):
        await come(page, "Mary", "http://www.example.com/pricing")
        await expect(page.get_by_role("heading", name="Mary")).to_be_visible()
        await expect(page.locator("#details")).to_contain_text("No program has added details")
        await button(page, "Start a chat").click()
        await expect(page.get_by_label("E-mail")).to_have_value("mary@example.com")
        await button(page, "Start").click()
        details = page.locator("#details")
        await expect(details).to_contain_text("crm")
        await expect(details).to_contain_text("Gold")
        profile = details.get_by_role("link", name="Open in CRM")
        await expect(profile).to_have_attribute("href", "https://crm.example.com/mary@example.com")
        deliveries = await open_tab(page, "Webhooks")
        await expect(deliveries.get_by_role("listitem")).to_contain_text("chat_started")
        await expect(deliveries.get_by_role("listitem")).to_contain_text("200")
        requests = await open_tab(page, "Requests")
        await expect(requests.get_by_role("listitem").first).to_contain_text("/details")


async def test_the_buttons_of_a_visitor(sandbox: Sandbox, page: Page) -> None:
    await come(page, "Robin Miller", "http://www.example.com/cart")
    await until(lambda: sandbox.visitors)
    [visitor] = sandbox.visitors
    visitor_id = visitor["id"]
    assert (visitor["name"], visitor["page_current"]) == (
        "Robin Miller",
        "http://www.example.com/cart",
    )
    assert [each["page"] for each in visitor["visit_path"]] == ["http://www.example.com/cart"]

    await button(page, "Move on").click()
    await expect(page.locator("#who")).to_contain_text("Returns · /help/returns")
    await page.get_by_label("Page to move on to").fill("https://shop.example.com/a?b=1")
    await button(page, "Move on").click()
    await expect(page.locator("#who")).to_contain_text("/a?b=1")
    await expect(page.get_by_label("Page to move on to")).to_have_value("")

    await button(page, "Queue").click()
    await expect(page.locator("#who")).to_contain_text("queued")
    await expect(button(page, "Queue")).to_be_hidden()
    await expect(button(page, "End the chat")).to_be_hidden()
    await expect(button(page, "Send")).to_be_disabled()

    await button(page, "Start a chat").click()
    await page.locator("#chat-agent").select_option("jane.doe@example.com")
    await page.get_by_label("E-mail").fill("robin@example.com")
    await button(page, "Start").click()
    await expect(page.locator("#who")).to_contain_text("with Jane Doe")
    await expect(page.locator("#facts")).to_contain_text("robin@example.com")
    await expect(button(page, "Start a chat")).to_be_hidden()

    log = page.get_by_role("log")
    for author, text in (("Visitor", "Hello?"), ("Agent", "Hello, Robin.")):
        await page.get_by_label(author, exact=True).check()
        await page.get_by_label("Message", exact=True).fill(text)
        await button(page, "Send").click()
        await expect(log).to_contain_text(text)
    await expect(log.locator(".said.agent")).to_contain_text("Jane Doe")
    await expect(log.locator(".said.visitor")).to_contain_text("Robin Miller")

    await button(page, "End the chat").click()
    await expect(page.locator("#who")).to_contain_text("chat closed")
    await expect(log).to_contain_text("The chat has ended.")
    assert [each["text"] for each in sandbox.chats[0]["messages"]] == ["Hello?", "Hello, Robin."]

    await button(page, "Leave the site").click()
    await expect(page.get_by_text("Robin Miller has left the site.")).to_be_visible()
    await expect(page.get_by_role("option")).to_have_count(0)
    with pytest.raises(StopIteration):
        next(each for each in sandbox.visitors if each["id"] == visitor_id)


async def test_what_others_do_shows_at_once(sandbox: Sandbox, page: Page) -> None:
    """Each change comes from the program, and no click from the page."""
    mary = sandbox.add_visitor(name="Mary Brown", page_current="http://www.example.com/pricing")
    row = visitor_named(page, "Mary Brown")
    await expect(row).to_contain_text("/pricing")
    await expect(page.get_by_role("heading", name="Visitors")).to_contain_text("1")
    sandbox.update_visitor(mary, state="invited", city="Wrocław", country="Poland")
    await expect(row).to_contain_text("invited")
    await expect(page.locator("#facts")).to_contain_text("Wrocław, Poland")
    sandbox.visit_page(mary, "http://www.example.com/cart")
    await expect(row).to_contain_text("/cart")
    await expect(page.locator("#facts")).to_contain_text("ExampleYour cart")

    chat = sandbox.start_chat(mary)
    await expect(row).to_contain_text("chatting")
    sandbox.say(mary, "Do you ship to Norway?")
    await expect(page.get_by_role("log")).to_contain_text("Do you ship to Norway?")
    async with client_of(sandbox) as client:
        token, license_id = chat.token, chat.license_id
        for name, value in (("crm", "Gold"), ("orders", "4711"), ("crm", "Silver")):
            fields = [DetailField("Value", value, url="https://crm.example.com/7")]
            details = VisitorDetails(name, fields)
            await client.visitors.add_details(mary, details, token=token, license_id=license_id)
    cards = page.locator("#details article")
    await expect(cards).to_have_count(2)
    await expect(cards.first).to_contain_text("Silver")
    boxes = [await card.bounding_box() for card in await cards.all()]
    assert boxes[0]["y"] == boxes[1]["y"], "sets stand side by side"
    await expect(cards.first.get_by_role("link")).to_have_attribute(
        "href", "https://crm.example.com/7"
    )

    chats = await open_tab(page, "Chats 1")
    await expect(chats.get_by_role("listitem")).to_contain_text("1 message")
    sandbox.end_chat(mary)
    await expect(chats.get_by_role("listitem")).to_contain_text("chat closed")
    await expect(chats).to_contain_text("0 running, 1 in the archives")

    sandbox.add_ticket(subject="Where is my order?")
    tickets = await open_tab(page, "Tickets 1")
    await tickets.get_by_text("Where is my order?").click()
    await expect(tickets).to_contain_text("It seems that my new shoes are broken.")
    sandbox.remove_visitor(mary)
    await expect(page.get_by_text("Mary Brown has left the site.")).to_be_visible()


async def test_requests_show_while_they_come_and_what_was_in_them(
    sandbox: Sandbox, page: Page
) -> None:
    requests = page.get_by_role("tabpanel")
    await expect(requests).to_contain_text("No request has come yet.")
    sandbox.inject(Status(418))
    sandbox.inject(DropConnection())
    sandbox.inject(Slow(0.3))
    async with client_of(sandbox) as client:
        for _ in range(2):
            with pytest.raises(Exception, match=r"418|connection"):
                await client.visitors.list()
        await client.webhooks.create("chat_started", url="http://user:s3cr3t@127.0.0.1:9/")
    rows = requests.get_by_role("listitem")
    await expect(rows).to_have_count(3)
    for row, parts in enumerate(
        (["POST", "/webhooks", "Slow", "200"], ["DropConnection", "no answer"], ["418", "Status"])
    ):
        for part in parts:
            await expect(rows.nth(row)).to_contain_text(part)
    await rows.first.get_by_role("button").click()
    record = page.get_by_role("dialog")
    await expect(record).to_contain_text("POST /webhooks")
    await expect(record).to_contain_text("Authorization***")
    await expect(record).to_contain_text('"event_type": "chat_started"')
    await expect(record).to_contain_text('"url": "http://***@127.0.0.1:9/"')
    await expect(record).not_to_contain_text("s3cr3t")
    await button(record, "Close").click()  # type: ignore[arg-type]
    await expect(record).to_be_hidden()
    await button(page, "Clear").click()
    await expect(rows).to_have_count(0)
    assert sandbox.requests == []


async def test_a_delivery_shows_its_repeats_and_can_be_delivered_again(
    sandbox: Sandbox, page: Page
) -> None:
    came: list[bytes] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        came.append(await request.read())
        return web.Response(status=500 if len(came) == 1 else 200)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    deliveries = await open_tab(page, "Webhooks")
    await expect(deliveries).to_contain_text("No webhook has been delivered yet.")
    sandbox.register_webhook("chat_started", f"http://127.0.0.1:{port}/livechat")
    sandbox.start_chat(sandbox.add_visitor(name="Mary"))
    row = deliveries.get_by_role("listitem")
    await expect(row.locator(".status")).to_have_text(["500", "200"])
    await button(page, "Deliver chat_started again").click()
    await expect(row.locator(".status")).to_have_text(["500", "200", "200"])
    await row.get_by_role("button", name="chat_started").first.click()
    record = page.get_by_role("dialog")
    await expect(record).to_contain_text('"token": "***"')
    await record.get_by_role("button", name="Deliver again").click()
    await expect(record.locator("dl").nth(1).locator("dd")).to_have_text(
        ["500", "200", "200", "200"]
    )
    await page.keyboard.press("Escape")
    assert len(set(came)) == 1
    await button(page, "Clear").click()
    await expect(row).to_have_count(0)
    await runner.cleanup()


async def test_faults_are_injected_and_cleared(
    sandbox: Sandbox, page: Page, complaints: list[str]
) -> None:
    await button(page, "Inject a fault").click()
    kind = page.locator("#fault-kind")
    await page.get_by_label("Status", exact=True).fill("429")
    await page.get_by_label("Retry-After in seconds (optional)").fill("0.5")
    await page.get_by_label("Requests that meet it").fill("2")
    await button(page, "Inject").click()
    pending = page.locator("#pending li")
    await expect(pending).to_contain_text("Status(status=429, retry_after=0.5)")
    await expect(pending).to_contain_text("2")
    assert sandbox.faults == [Status(429, retry_after=0.5)] * 2
    await page.get_by_label("Requests that meet it").fill("1")
    names = await kind.locator("option").all_text_contents()
    for name in names:
        await kind.select_option(name)
        await button(page, "Inject").click()
        await expect(pending.last).to_contain_text(f"{name}(")
    assert [type(fault).__name__ for fault in sandbox.faults[2:]] == names
    await kind.select_option("DropConnection")
    await page.get_by_label("After the headers").check()
    await button(page, "Inject").click()
    await until(lambda: sandbox.faults[-1] == DropConnection(after_headers=True))
    await button(page, "Clear all").click()
    await expect(page.locator("#pending")).to_be_hidden()
    assert sandbox.faults == []

    await kind.select_option("Status")
    await page.get_by_label("Status", exact=True).fill("700")
    await button(page, "Inject").click()
    await expect(page.get_by_role("alert")).to_contain_text("a status from 200 to 599 is needed")
    assert sandbox.faults == []
    assert len(complaints) == 1, "the browser logs the 400"
    complaints.clear()
    await button(page, "Close").first.click()
    sandbox.inject(Status(503), times=3)
    await expect(button(page, "Faults to come: 3")).to_be_visible()
    async with client_of(sandbox) as client:
        with pytest.raises(Exception, match="503"):
            await client.visitors.list()
    await expect(button(page, "Faults to come: 2")).to_be_visible()


async def test_the_sandbox_freezes_thaws_and_slows_down(sandbox: Sandbox, page: Page) -> None:
    await button(page, "Freeze").click()
    await expect(button(page, "Freeze")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_text("Requests of the API wait")).to_be_visible()
    async with client_of(sandbox) as client:
        waiting = asyncio.create_task(client.visitors.list())
        row = page.get_by_role("tabpanel").get_by_role("listitem")
        await expect(row).to_contain_text("…")
        assert not waiting.done()
        await button(page, "Freeze").click()
        assert await waiting == []
        await expect(row).to_contain_text("200")
    await expect(page.get_by_text("Requests of the API wait")).to_be_hidden()

    await page.get_by_label("Latency").fill("250")
    await page.keyboard.press("Enter")
    await until(lambda: sandbox.latency == 0.25)
    await button(page, "Freeze").focus()
    sandbox.set_latency(1.5)
    await expect(page.get_by_label("Latency")).to_have_value("1500")


COUNT_ELEMENTS = "document.querySelectorAll('script, img, iframe, svg').length"
ATTACKS = (
    '<img src=x onerror="window.hit=1">',
    '"><script>window.hit=1</script><b a="',
    "<svg/onload=window.hit=1>",
    "javascript:window.hit=1//",
    "' onmouseover='window.hit=1' x='",
    "{{constructor.constructor('window.hit=1')()}}</textarea></title></style>",
    "\u202egnp.exe\u2066\u0000\u001b[2J",
)


async def test_nothing_that_a_visitor_sends_runs(sandbox: Sandbox, page: Page) -> None:
    """Name, page, details, messages and all else stay text, whatever is opened."""
    elements = await page.evaluate(COUNT_ELEMENTS)
    sandbox.register_webhook("chat_started", "http://127.0.0.1:9/%3Cscript%3E")
    for attack in ATTACKS:
        await attack_with(attack, sandbox)
        await expect(page.locator("#who h2")).to_have_text(attack)
        await page.locator("#who").hover()
        for tab in ("Requests", "Webhooks"):
            await (await open_tab(page, tab)).locator(".entry").first.click()
            await expect(page.get_by_role("dialog")).to_be_visible()
            await page.keyboard.press("Escape")
        for tab in ("Chats", "Tickets"):
            item = (await open_tab(page, tab)).locator("summary", has_text=attack[:9]).first
            await item.click()
            await item.dispatch_event("mouseover")
        for link in await page.locator("a").all():
            assert re.match(r"(https?|mailto|tel):", await link.get_attribute("href") or "")
    assert await page.evaluate(COUNT_ELEMENTS) == elements
    assert await page.evaluate("window.hit") is None


async def attack_with(attack: str, sandbox: Sandbox) -> None:
    """Send an attack in everything that a program can send."""
    fields = ("page_current", "page_title", "referrer", "city", "country", "ip")
    visitor = sandbox.add_visitor(
        id=f"S1.{attack}",
        name=attack,
        **dict.fromkeys(fields, attack),
        visit_path=[{"page": attack, "title": attack}],
        custom_variables=[{"key": attack, "value": attack}],
    )
    sandbox.start_chat(visitor, prechat_survey={attack: attack})
    sandbox.say(visitor, attack)
    sandbox.say(visitor, attack, by_agent=True)
    # The library refuses most of this, so it is written past its checks.
    field = DetailField("name", "value", url="https://example.com/")
    for name in ("name", "value", "url"):
        object.__setattr__(field, name, attack)
    details = VisitorDetails("id", [field], icon="example.com/x")
    for name in ("id", "icon"):
        object.__setattr__(details, name, attack)
    sandbox._account.visitors.get(visitor).details["id"] = details
    requester = {"name": attack, "mail": attack}
    sandbox.add_ticket(subject=attack, status=attack, tags=[attack], requester=requester)
    sandbox.add_chat(visitor={"name": attack}, tags=[attack])
    header = "".join(letter for letter in attack if letter.isascii() and letter.isprintable())
    sandbox.inject(Status(500, attack, headers={"X-Attack": header}))
    async with client_of(sandbox) as client:
        with pytest.raises(Exception, match="500"):
            await client.tickets.create(
                message=attack, requester_mail="mary@example.com", subject=attack
            )


async def test_values_of_any_kind_show(sandbox: Sandbox, page: Page) -> None:
    """A program may set every field to any JSON, and the page goes on."""
    fields = ("name", "page_current", "page_title", "referrer", "city", "ip", "visits", "chats")
    lists = ("visit_path", "custom_variables", "prechat_survey", "operators")
    for value in ({"a": [1]}, [], None, 0.5, True, "\ud800"):
        given = dict.fromkeys(fields, value)
        odd = {} if value == "\ud800" else {name: [value, {"key": value}] for name in lists}
        visitor = sandbox.add_visitor(**given, **odd)
        sandbox.start_chat(visitor)
        sandbox.update_visitor(visitor, state="browsing")
        sandbox.update_visitor(visitor, state="chatting", chat_id=value)
        sandbox.say(visitor, "\ud800")
        ticket = ("subject", "status", "tags", "requester", "assignee", "events")
        sandbox.add_ticket(**dict.fromkeys(ticket, value))
        sandbox.add_chat(**dict.fromkeys(("visitor", "agents", "tags", "messages"), value))
    sandbox.add_visitor(id="\ud800", name="The Last")
    await expect(page.get_by_role("option")).to_have_count(7)
    for visitor_row in await page.get_by_role("option").all():
        await visitor_row.click()
        await expect(visitor_row).to_have_attribute("aria-selected", "true")
    for tab in ("Chats", "Tickets"):
        await expect((await open_tab(page, tab)).get_by_role("listitem")).not_to_have_count(0)
    await page.goto(f"{sandbox.url}/#%")
    await page.reload()
    await expect(page.get_by_role("option")).to_have_count(7)


async def test_two_thousand_visitors_do_not_stall_the_page(sandbox: Sandbox, page: Page) -> None:
    """No task of the page takes seconds while 2,000 visitors come, change and go."""
    await page.evaluate(
        "window.longest = 0; new PerformanceObserver((list) => { for (const entry of"
        " list.getEntries()) window.longest = Math.max(window.longest, entry.duration); })"
        ".observe({type: 'longtask', buffered: true})"
    )
    ids = [sandbox.add_visitor(name=f"Visitor {number:04}") for number in range(2_000)]
    await expect(page.get_by_role("heading", name="Visitors")).to_contain_text("2,000")
    await expect(page.get_by_role("option")).to_have_count(300)
    await expect(visitor_named(page, "Visitor 1999")).to_be_visible()
    for number in range(20):
        for visitor_id in ids[number::20]:
            sandbox.visit_page(visitor_id)
        await asyncio.sleep(0)
    sandbox.update_visitor(ids[-1], name="The Last")
    await expect(visitor_named(page, "The Last")).to_contain_text("/pricing")
    await page.get_by_label("Find visitors").fill("0042")
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.get_by_label("Find visitors").fill("")
    await button(page, "Show 300 more of 2,000").click()
    await expect(page.get_by_role("option")).to_have_count(600)
    for visitor_id in ids[5:]:
        sandbox.remove_visitor(visitor_id)
    await expect(page.get_by_role("option")).to_have_count(5)
    assert await page.evaluate("window.longest") < 5_000


async def test_the_list_is_filtered_by_state_and_text(sandbox: Sandbox, page: Page) -> None:
    for name, state in (("Mary", "queued"), ("Alex", "browsing"), ("Kim", "queued")):
        sandbox.add_visitor(name=name, state=state, city="Berlin" if name == "Kim" else "")
    await page.get_by_role("button", name="queued 2").click()
    await expect(page.get_by_role("option")).to_have_count(2)
    await page.get_by_label("Find visitors").fill("berl k")
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.get_by_label("Find visitors").fill("nothing")
    await expect(page.get_by_text("No visitor fits.")).to_be_visible()
    await page.get_by_label("Find visitors").fill("")
    await page.get_by_role("button", name="all 3").click()
    await expect(page.get_by_role("option")).to_have_count(3)


async def test_it_follows_until_a_visitor_is_selected(sandbox: Sandbox, page: Page) -> None:
    heading = page.locator("#who h2")
    mary = sandbox.add_visitor(name="Mary")
    await expect(heading).to_have_text("Mary")
    sandbox.add_visitor(name="Alex")
    await expect(heading).to_have_text("Alex")
    sandbox.start_chat(mary)
    await expect(heading).to_have_text("Mary")
    await visitor_named(page, "Alex").click()
    await expect(button(page, "Follow")).to_have_attribute("aria-pressed", "false")
    sandbox.say(mary, "Hello")
    chats = await open_tab(page, "Chats")
    await chats.locator("summary").click()
    await expect(chats).to_contain_text("Hello")
    await expect(heading).to_have_text("Alex")
    await button(page, "Show the visitor").click()
    await expect(heading).to_have_text("Mary")
    await page.reload()
    await expect(heading).to_have_text("Mary")


async def test_it_works_by_keyboard_alone(sandbox: Sandbox, page: Page) -> None:
    keys = page.keyboard
    await keys.press("Tab")
    await expect(button(page, "Add a visitor")).to_be_focused()
    await keys.press("Enter")
    await expect(page.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    await keys.type("Kim Horak")
    await keys.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(button(page, "Add a visitor")).to_be_focused()
    await expect(visitor_named(page, "Kim Horak")).to_be_visible()
    sandbox.add_visitor(name="Sam Lee")
    sandbox.add_visitor(name="Noor Khan")
    await expect(page.get_by_role("option")).to_have_count(3)

    await page.get_by_role("listbox").focus()
    for key, name in (
        ("Home", "Noor Khan"),
        ("ArrowDown", "Sam Lee"),
        ("End", "Kim Horak"),
        ("ArrowDown", "Kim Horak"),
        ("ArrowUp", "Sam Lee"),
    ):
        await keys.press(key)
        await expect(page.get_by_role("option", selected=True)).to_contain_text(name)
        await expect(page.locator("#who h2")).to_have_text(name)
    active = await page.get_by_role("listbox").get_attribute("aria-activedescendant")
    assert active == await page.get_by_role("option", selected=True).get_attribute("id")

    await button(page, "Start a chat").focus()
    await keys.press("Enter")
    await keys.press("Escape")
    await expect(button(page, "Start a chat")).to_be_focused()
    await keys.press("Space")
    await page.get_by_label("E-mail").focus()
    await keys.press("Enter")
    await expect(page.get_by_label("Message", exact=True)).to_be_focused()
    await keys.type("Hello")
    await keys.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("Hello")
    await expect(page.get_by_label("Message", exact=True)).to_be_focused()

    await page.get_by_role("tab", name="Requests").focus()
    for key, name in (
        ("ArrowRight", "Webhooks"),
        ("End", "Tickets"),
        ("ArrowRight", "Requests"),
        ("ArrowLeft", "Tickets"),
        ("Home", "Requests"),
    ):
        await keys.press(key)
        await expect(page.get_by_role("tab", selected=True)).to_contain_text(name)
        await expect(page.get_by_role("tab", selected=True)).to_be_focused()
        await expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
    async with client_of(sandbox) as client:
        await client.visitors.list()
        await page.get_by_role("tabpanel").get_by_role("listitem").get_by_role("button").focus()
        await client.visitors.list()
    await expect(page.get_by_role("tabpanel").get_by_role("listitem")).to_have_count(2)
    await keys.press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text("GET /visitors")


async def test_everything_that_can_be_used_has_a_name(sandbox: Sandbox, page: Page) -> None:
    sandbox.start_chat(sandbox.add_visitor(name="Mary"))
    await expect(page.get_by_role("option")).to_have_count(1)
    for dialog in ("add-visitor", "open-faults"):
        await page.locator(f"#{dialog}").click()
        assert await nameless(page) == []
        await page.keyboard.press("Escape")
    assert await nameless(page) == []


async def nameless(page: Page) -> list[str]:
    snapshot = await page.locator("body").aria_snapshot()
    roles = (
        "button|textbox|searchbox|spinbutton|combobox|radio|checkbox|link|listbox|option|tab|log"
    )
    return re.findall(rf"^\s*- (?:{roles})(?: \[[^\]]*\])*:?$", snapshot, flags=re.MULTILINE)


async def test_it_fits_any_screen_in_light_and_dark(
    sandbox: Sandbox, page: Page, screenshots: Path | None
) -> None:
    await fill(sandbox, page)
    for width, scheme in product((360, 800, 1200, 1600), SCHEMES):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.emulate_media(color_scheme=scheme)
        sizes = await page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        assert sizes[0] == width
        assert width == 360 or sizes[1] == 900, "only on a narrow screen the page itself scrolls"
        for name in ("Add a visitor", "Freeze", "Move on", "End the chat", "Send"):
            box = await button(page, name).bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        assert await worst_contrast(page) >= 4.5
        if screenshots is not None:
            await page.screenshot(path=screenshots / f"window-{width}-{scheme}.png", full_page=True)


async def fill(sandbox: Sandbox, page: Page) -> None:
    """A site on which something happens."""
    sandbox._account.visitors.make_up(7)
    long = "https://www.example.com/" + "a-long-path/" * 20
    sandbox.add_visitor(name="A name that is much too long for one line " * 3, page_current=long)
    mary = sandbox.add_visitor(
        name="Mary Jones",
        page_current="http://www.example.com/pricing",
        city="Greenville",
        country="United States",
    )
    sandbox.visit_page(mary)
    sandbox.register_webhook("chat_started", "http://127.0.0.1:9/livechat")
    chat = sandbox.start_chat(mary)
    sandbox.say(mary, "Hello, do you ship to Norway?")
    sandbox.say(mary, "Yes, we do. It takes about three days.", by_agent=True)
    sandbox.say(mary, "Great, thank you!")
    profile = DetailField("Profile", "Open in CRM", url="https://crm.example.com/7")
    crm = [DetailField("Plan", "Gold, since 2021"), profile]
    orders = [DetailField("Last order", "4711"), DetailField("Total", "129.00 EUR")]
    async with client_of(sandbox) as client:
        await client.visitors.list()
        await client.chats.list()
        for details in (
            VisitorDetails("crm", crm, icon="example.com/crm.png"),
            VisitorDetails("orders", orders),
        ):
            await client.visitors.add_details(
                mary, details, token=chat.token, license_id=chat.license_id
            )
        sandbox.inject(Status(503))
        with pytest.raises(Exception, match="503"):
            await client.tickets.list()
        await client.visitors.count()
    await expect(page.locator("#details article")).to_have_count(2)
    await expect(page.get_by_role("tabpanel").get_by_role("listitem")).to_have_count(6)


async def worst_contrast(page: Page) -> float:
    """The lowest contrast of any text with what is behind it, as WCAG counts it."""
    contrast: float = await page.evaluate(
        """() => {
          const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
          const rgba = (colour) => {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            return canvas.getImageData(0, 0, 1, 1).data;
          };
          const light = (colour) => {
            const [r, g, b] = [...rgba(colour)].slice(0, 3).map((value) => {
              const part = value / 255;
              return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const behind = (element) => {
            for (let each = element; each; each = each.parentElement) {
              const style = getComputedStyle(each);
              if (style.backgroundImage !== "none") return null;
              if (rgba(style.backgroundColor)[3] === 255) return style.backgroundColor;
            }
            return "white";
          };
          let worst = 21;
          for (const element of document.querySelectorAll("main *, header *")) {
            const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
            const hasText = [...element.childNodes].some(isText);
            if (!hasText || !element.checkVisibility() || element.closest(":disabled")) continue;
            const back = behind(element);
            if (back === null) continue;
            const [one, other] = [light(getComputedStyle(element).color), light(back)];
            worst = Math.min(worst, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05));
          }
          return worst;
        }"""
    )
    return contrast


async def test_a_sandbox_that_comes_back_shows_only_what_is_there(
    sandbox: Sandbox, page: Page, complaints: list[str]
) -> None:
    gone = sandbox.add_visitor(name="Mary")
    await expect(visitor_named(page, "Mary")).to_be_visible()
    await sandbox.stop()
    await expect(page.get_by_text("Not connected: trying again")).to_be_visible()
    sandbox.remove_visitor(gone)
    await sandbox.start()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(page.get_by_text("No visitor is on the site yet.")).to_be_visible()
    sandbox.add_visitor(name="Alex")
    await expect(visitor_named(page, "Alex")).to_be_visible()
    await expect(page.get_by_role("option")).to_have_count(1)
    complaints.clear()  # the browser logs each connection that it could not make


async def test_a_browser_that_goes_away_leaves_nothing_behind(sandbox: Sandbox, page: Page) -> None:
    assert sandbox.open_windows == 1
    await page.goto("about:blank")
    await until(lambda: sandbox.open_windows == 0)
    async with client_of(sandbox) as client:
        assert await client.visitors.list() == []


async def test_another_page_can_neither_change_nor_show_a_sandbox(
    sandbox: Sandbox, page: Page, complaints: list[str]
) -> None:
    """A page of another port is another site (field case 44)."""

    async def serve(_: web.BaseRequest) -> web.Response:
        html = f'<iframe src="{sandbox.url}/"></iframe>'
        return web.Response(text=html, content_type="text/html")

    runner = web.ServerRunner(web.Server(serve))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    outcome = await page.evaluate(
        """async (there) => {
          const outcomes = [];
          for (const options of [
            {method: "POST", mode: "no-cors", body: "{}"},
            {method: "DELETE"},
            {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"},
          ])
            outcomes.push(await fetch(`${there}/_sandbox/visitors`, options).then(
              (response) => response.type, (error) => error.name));
          const source = new EventSource(`${there}/_sandbox/window/changes`);
          outcomes.push(await new Promise((resolve) => {
            source.onmessage = () => resolve("message");
            source.onerror = () => resolve("error");
          }));
          return outcomes;
        }""",
        sandbox.url,
    )
    assert outcome == ["opaque", "TypeError", "TypeError", "error"]
    assert sandbox.visitors == []
    frame = page.frames[1]
    assert await frame.locator("#add-visitor").count() == 0
    complaints.clear()  # the browser says what it refused
    await runner.cleanup()


async def test_a_sandbox_with_a_control_token_asks_for_it_once(
    page: Page, complaints: list[str]
) -> None:
    """Without the token nothing shows, and with it everything works."""

    async def guard(route: Route) -> None:
        if route.request.headers.get("authorization") == "Bearer right":
            await route.continue_()
        else:
            await route.fulfill(status=401, json={"error": "The control token is missing"})

    await page.route("**/_sandbox/**", guard)
    await page.reload()
    token = page.locator("#token")
    await page.keyboard.press("Escape")
    for given in ("wrong", "right"):
        await token.fill(given)
        await button(page, "Go on").click()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await come(page, "Mary")
    await expect(visitor_named(page, "Mary")).to_be_visible()
    await page.reload()
    await expect(visitor_named(page, "Mary")).to_be_visible()
    complaints.clear()  # the browser logs each 401
