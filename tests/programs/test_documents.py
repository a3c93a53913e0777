"""What the README and docs/ show is run; what they say in tables and trees is compared."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import shlex
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from livechat_async import DetailField, LiveChatClient, RetryPolicy, Timeouts, errors
from livechat_async.resources.reports import ChatReports, ReportsResource, TicketReports
from livechat_async.sandbox import Sandbox

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
REPORTS = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
DOCUMENTS = README + "".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))
)
BLOCKS = dict(
    re.findall(r"<!-- runs: ([\w ]+) -->\n```\w+\n(.*?)```", DOCUMENTS, flags=re.DOTALL),
)
VISITOR = "S1352647457.ac951bfe2e"


@pytest.fixture
async def seeded():
    async with Sandbox(seed=True) as sandbox:
        yield sandbox


def environment(sandbox: Sandbox, **more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LIVECHAT_")}
    return {
        **ours,
        "LIVECHAT_BASE_URL": sandbox.url,
        "LIVECHAT_LOGIN": sandbox.credentials.login,
        "LIVECHAT_TOKEN": sandbox.credentials.token.reveal(),
        **more,
    }


async def run(*command: str, env: dict[str, str], cwd: Path = ROOT) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, env=env, cwd=cwd, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, out.decode() + err.decode()
    return out.decode()


async def program(name: str, sandbox: Sandbox, cwd: Path = ROOT) -> list[str]:
    """The lines that a program of the documents prints."""
    command = (sys.executable, "-W", "error", "-c", BLOCKS[name])
    return (await run(*command, env=environment(sandbox), cwd=cwd)).splitlines()


async def commands(name: str, sandbox: Sandbox, cwd: Path = ROOT) -> list[str]:
    """What each command of a block prints."""
    printed = []
    for line in BLOCKS[name].splitlines():
        command = shlex.split(line.removeprefix("$ livechat-async "))
        sure = ["--yes"] if "delete" in command else []
        whole = (sys.executable, "-m", "livechat_async.cli", *command, *sure)
        printed.append(await run(*whole, env=environment(sandbox), cwd=cwd))
    return printed


def test_every_python_block_is_run_here():
    programs = {"quickstart", "archives", "bot", "testing", "send", "pager", "export"}
    programs |= {"register", "watch", "bot test", "reports", "agents", "groups", "tags", "goals"}
    programs |= {"greetings", "canned responses", "replay"}
    assert DOCUMENTS.count("```python\n") == len(programs)
    parts = ("export", "reports", "agents", "groups")
    captures = {"record", "through the recorder", "captures check"}
    lines = {"command line", *(f"{part} on the command line" for part in parts), *captures}
    assert set(BLOCKS) - programs == lines


async def test_the_quickstart_lists_and_counts(seeded: Sandbox):
    for name, fields in {"S1.a": {"name": "Mary", "city": "Gdansk"}}.items():
        seeded.add_visitor(id=name, group=0, page_current="https://example.com/shoes", **fields)
        seeded.start_chat(name)
    *chatting, queued = await program("quickstart", seeded)
    assert "Mary from Gdansk is on https://example.com/shoes" in chatting
    assert re.fullmatch(r"\d+ in the queue", queued)


async def test_the_bot_says_which_variable_is_missing(seeded: Sandbox, tmp_path: Path):
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BLOCKS["bot"]),
        env=environment(seeded, LIVECHAT_WEBHOOK_USER="livechat"),
        cwd=tmp_path,
        stderr=PIPE,
    )
    _, err = await bot.communicate()
    assert bot.returncode == 1
    assert "ConfigurationError: set LIVECHAT_WEBHOOK_PASSWORD to" in err.decode().splitlines()[-1]


async def test_the_bot_shows_the_agent_what_it_knows(seeded: Sandbox, tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = {
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LIVECHAT_WEBHOOK_USER": "livechat",
        "LIVECHAT_WEBHOOK_PASSWORD": "sandbox-password",
    }
    bot = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        BLOCKS["bot"],
        env=environment(seeded, **more),
        cwd=tmp_path,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        assert bot.stdout is not None
        await asyncio.wait_for(bot.stdout.readline(), 200)
        visitor_id = seeded.add_visitor(name="Mary")
        seeded.start_chat(visitor_id)
        await seeded.delivered(200)
    finally:
        bot.send_signal(signal.SIGINT)
        await bot.communicate()
    (delivery,) = seeded.deliveries
    assert delivery.statuses == [200]
    (details,) = seeded.details_of(visitor_id)
    assert details.fields == (DetailField("Plan", "Gold, since 2021"),)
    assert details.icon == "example.com/crm.png"


@pytest.mark.parametrize(("name", "passed"), [("testing", 2), ("bot test", 1)])
async def test_the_test_of_a_bot_passes_as_printed(
    seeded: Sandbox, tmp_path: Path, name: str, passed: int
):
    (tmp_path / "test_bot.py").write_text(BLOCKS[name], encoding="utf-8")
    printed = await run(
        sys.executable,
        *("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "-q"),
        env=environment(seeded),
        cwd=tmp_path,
    )
    assert f"{passed} passed" in printed


async def test_webhooks_are_registered_once(seeded: Sandbox):
    address = "http://127.0.0.1:9/livechat"
    more = {"LIVECHAT_WEBHOOK_USER": "livechat", "LIVECHAT_WEBHOOK_PASSWORD": "sandbox-password"}
    env = environment(seeded, WEBHOOK_URL=address, **more)
    for _ in range(2):
        printed = await run(sys.executable, "-c", BLOCKS["register"], env=env)
        assert printed.splitlines() == [
            f"chat_started goes to {address}",
            f"chat_ended goes to {address}",
        ]
    assert len(seeded.webhooks) == 2


async def test_visitors_are_watched(seeded: Sandbox):
    code = BLOCKS["watch"].replace("interval=5", "interval=0.05")
    assert code != BLOCKS["watch"]
    seeded.add_visitor(id="S1.a", name="Mary", page_current="https://example.com/")
    watch = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=environment(seeded), stdout=PIPE, stderr=PIPE
    )

    async def until(text: str) -> None:
        assert watch.stdout is not None
        async with asyncio.timeout(200):
            while (line := (await watch.stdout.readline()).decode()) != f"{text}\n":
                assert line, "it ended"

    try:
        await until("Mary arrived on https://example.com/")
        seeded.update_visitor("S1.a", page_current="https://example.com/shoes")
        await until("Mary went to https://example.com/shoes")
        seeded.start_chat("S1.a")
        await until("Mary was browsing and is chatting")
        seeded.remove_visitor("S1.a")
        await until("Mary left")
    finally:
        watch.kill()
        await watch.communicate()


async def test_an_endpoint_is_called_without_its_method(seeded: Sandbox):
    (line,) = await program("send", seeded)
    assert line.startswith(f"200 {len(seeded.visitors)} 1 0.")


async def test_the_archives_are_read(seeded: Sandbox):
    lines = await program("archives", seeded)
    chats = seeded.chat_ids(date_from="2026-01-01")[:100]
    assert [line.split()[0] for line in lines[: len(chats)]] == chats
    assert chats


async def test_a_pager_is_awaited_and_iterated(seeded: Sandbox):
    ids = seeded.chat_ids(date_from="2026-01-01")
    first, count, *pages = await program("pager", seeded)
    assert first == f"page 1 of {-(-len(ids) // 25)} with {min(25, len(ids))} of {len(ids)}"
    assert count.startswith(f"{len(ids)} chats, the last begun 20")
    assert pages == [
        f"page {number} begins with {ids[(number - 1) * 25]}"
        for number in range(2, -(-len(ids) // 25) + 1)
    ]


async def test_an_export_goes_on_from_its_checkpoint(seeded: Sandbox, tmp_path: Path):
    *ids, summary = await program("export", seeded, tmp_path)
    assert sorted(ids) == sorted(seeded.chat_ids(date_from="2024-01-01"))
    assert summary == f"{len(ids)} chats; finished: True"
    assert await program("export", seeded, tmp_path) == [summary]


async def test_the_archives_are_read_on_the_command_line(seeded: Sandbox, tmp_path: Path):
    await commands("export on the command line", seeded, tmp_path)
    lines = (tmp_path / "chats.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["id"] for line in lines} == set(
        seeded.chat_ids(date_from="2024-01-01", date_to="2026-12-31")
    )
    assert (tmp_path / "chats.csv").read_text(encoding="utf-8").count("\n") >= len(lines)


async def test_reports_are_read(seeded: Sandbox):
    *months, ratings, first, second = await program("reports", seeded)
    chats = [chat for chat in seeded.chats if chat["type"] == "chat"]
    assert all(re.fullmatch(r"\d{4}-\d\d-01 \d+", line) for line in months)
    assert sum(int(line.split()[1]) for line in months) == len(chats)
    rates = Counter(chat["rate"] for chat in chats)
    assert ratings == f"{rates['rated_good']} good, {rates['rated_bad']} bad"
    assert {first.split()[0], second.split()[0]} == {"john.doe@example.com", "jane.doe@example.com"}


async def test_reports_are_read_on_the_command_line(seeded: Sandbox):
    seeded.add_chat(started=datetime(2026, 1, 31, 10, tzinfo=UTC))
    ratings, goals, availability = await commands("reports on the command line", seeded)
    assert ratings.startswith("period\tbegin\tend\tbad\tgood\tchats\n2026-01\t2026-01-01\t")
    assert goals.startswith("period,goals,")
    assert json.loads(availability)["10:00"]["minutes"] == 60


async def test_agents_are_listed_and_changed(seeded: Sandbox):
    assert await program("agents", seeded) == [
        "john.doe@example.com John Doe owner",
        "jane.doe@example.com Jane Doe normal",
        "jenny.doe@example.com is offline in ['Sales']",
        "John Doe takes no chats now",
    ]
    assert all(await commands("agents on the command line", seeded))


async def test_groups_are_listed_and_changed(seeded: Sandbox):
    assert await program("groups", seeded) == [
        "0 All operators is accepting chats with everyone",
        "2 Sales is accepting chats with john.doe@example.com, jane.doe@example.com",
        "5 Returns is accepting chats with john.doe@example.com",
        "6 VIP is accepting chats with john.doe@example.com",
        "VIP is online: False",
        "The site is online: True",
    ]
    assert all(await commands("groups on the command line", seeded))


async def test_tags_are_counted(seeded: Sandbox):
    number = sum("sales" in chat["tags"] for chat in seeded.chats)
    assert await program("tags", seeded) == [f"sales is on {number} chats", "vip is on 0 chats"]


async def test_a_goal_is_reached(seeded: Sandbox):
    chat = seeded.chat_of(VISITOR)
    assert chat is not None
    assert await program("goals", seeded) == [f"{chat.chat_id} Order placed by phone 49.50 EUR"]


async def test_a_greeting_is_made_and_paused(seeded: Sandbox):
    *rules, greeting = await program("greetings", seeded)
    assert rules == ["visit_time_page equals 20", "url_current contains /pricing"]
    assert greeting.startswith("Greeting(id=1, active=False, name='Pricing'")


async def test_a_canned_response_is_made_and_changed(seeded: Sandbox):
    assert await program("canned responses", seeded) == [
        "['bye', 'cu'] Have a great day! john.doe@example.com"
    ]


async def test_answers_are_recorded_compared_and_replayed(seeded: Sandbox, tmp_path: Path):
    record = shlex.split(BLOCKS["record"].removeprefix("$ livechat-async "))
    recorder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livechat_async.cli", *record),
        *("--upstream", seeded.url, "--port", "0"),
        env=environment(seeded),
        cwd=tmp_path,
        stdout=PIPE,
    )
    try:
        assert recorder.stdout is not None
        _, exported = [(await recorder.stdout.readline()).decode() for _ in range(2)]
        url = exported.strip().removeprefix("export LIVECHAT_BASE_URL=")
        export, *lines = BLOCKS["through the recorder"].splitlines()
        assert export.startswith("$ export LIVECHAT_BASE_URL=http://127.0.0.1:")
        for line in lines:
            command = (sys.executable, "-m", "livechat_async.cli", *shlex.split(line)[2:])
            await run(*command, env=environment(seeded, LIVECHAT_BASE_URL=url))
    finally:
        recorder.send_signal(signal.SIGINT)
        await recorder.communicate()
    names = sorted(path.name for path in (tmp_path / "captures").glob("*.json"))
    assert names == ["000001-GET-visitors.json", "000002-GET-visitors.json"]
    (compared,) = await commands("captures check", seeded, tmp_path)
    assert compared.startswith("Compared: 2 answers and 0 webhooks.\nThe models know every field")
    (tmp_path / "test_replay.py").write_text(BLOCKS["replay"], encoding="utf-8")
    quietly = ("-p", "no:cacheprovider", "-p", "no:randomly", "-q")
    command = (sys.executable, "-m", "pytest", *quietly)
    assert "2 passed" in await run(*command, env=environment(seeded), cwd=tmp_path)


def test_the_table_of_resources_names_every_resource_and_page():
    rows = re.findall(r"^\| .*`(\w+)`.* \| all ", README, re.MULTILINE)
    assert sorted(rows) == sorted(vars(LiveChatClient)["__annotations__"])
    for page in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{page.name})" in README


def test_the_table_of_reports_names_every_method():
    rows = re.findall(r"^\| `(\w[\w.]+)` \| [^|]+ \| [^|]+ \| [^|]*\|$", REPORTS, re.MULTILINE)
    kinds = {"chats.": ChatReports, "tickets.": TicketReports, "": ReportsResource}
    methods = {
        f"{part}{name}" for part, kind in kinds.items() for name in vars(kind) if name[0] != "_"
    }
    assert len(rows) == len(methods) == 21
    assert set(rows) == methods


COMMANDS = [line.removeprefix("$ livechat-async ") for line in BLOCKS["command line"].splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
async def test_the_commands_run_as_printed(seeded: Sandbox, command: str):
    token = next(v for v in [seeded.start_chat(seeded.add_visitor(id="S1.b"))]).token
    if VISITOR in command:
        seeded.end_chat(VISITOR)
        token = seeded.start_chat(VISITOR).token
    more = {"LIVECHAT_WEBHOOK_TOKEN": token, "LIVECHAT_LICENSE_ID": str(seeded.license_id)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "livechat_async.cli", *shlex.split(command)),
        env=environment(seeded, **more),
        stdout=PIPE,
        stderr=PIPE,
    )
    if "watch" in command:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 200)
        process.send_signal(signal.SIGINT)
    out, err = await process.communicate()
    assert process.returncode == (130 if "watch" in command else 0), out.decode() + err.decode()
    assert err == b""
    if VISITOR in command:
        assert DetailField("Age", "36") in seeded.details_of(VISITOR)[-1].fields


def defaults_of(function: object) -> dict[str, object]:
    parameters = inspect.signature(function).parameters  # type: ignore[arg-type]
    return {name: parameter.default for name, parameter in parameters.items()}


def test_the_table_of_settings_has_the_real_defaults():
    rows = re.findall(r"^\| `(?:(\w+)\()?(\w+)=\)?` \| ([^|]+) \|", README, flags=re.MULTILINE)
    assert len(rows) == 11
    for owner, name, printed in rows:
        real = {
            "Timeouts": Timeouts,
            "RetryPolicy": RetryPolicy,
            "": LiveChatClient,
        }[owner]
        value = getattr(real(), name) if owner else defaults_of(real)[name]
        numbers = [float(number) for number in re.findall(r"[\d.]+", printed)]
        if isinstance(value, frozenset):
            assert set(numbers) == set(value)
        elif isinstance(value, bool):
            assert printed == str(value)
        else:
            assert numbers == [value]


def test_the_tree_of_errors_is_the_real_one():
    assert errors.__doc__ is not None
    (tree,) = re.findall(r"```text\n(LiveChatError\n.*?)```", README, flags=re.DOTALL)
    drawn = inspect.cleandoc(errors.__doc__.split("::\n")[1].split("\n\nErrors hold")[0])
    assert tree.strip() == inspect.cleandoc(drawn).strip()


def test_the_checks_end_with_the_line_that_the_readme_gives():
    (line,) = re.findall(r"^\$ (.*nox --session tests)$", README, flags=re.MULTILINE)
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == line


@pytest.mark.parametrize(
    "path", [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
)
def test_every_link_within_the_repository_leads_somewhere(path: Path):
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^):#]*)(?:#([^)]*))?\)", text)
    assert links, "a page that leads nowhere"
    for target, section in links:
        page = path.parent / target if target else path
        assert page.exists(), f"{path.name}: {target}"
        if section:
            headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
            assert section in map(slug, headings), f"{path.name}: {target}#{section}"


def slug(heading: str) -> str:
    """The name of a section in links, as GitHub makes it of a heading."""
    return re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
