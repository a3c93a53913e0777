"""What the README and docs/ show is run."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from documents import BLOCKS, PAGES, lines_of, load, run_command, run_commands, run_program
from example_shell import free_port
from pyarrow import parquet

from livechat_async import ConfigurationError, DetailField
from livechat_async.sandbox import DropConnection, Sandbox

VISITOR = "S1352647457.ac951bfe2e"
PATIENCE = 120
WEBHOOK_LOGIN = {"LIVECHAT_WEBHOOK_USER": "livechat", "LIVECHAT_WEBHOOK_PASSWORD": "of-a-test"}


@pytest.fixture
async def seeded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A sandbox, in whose environment and in an empty folder the programs run."""
    for name in [name for name in os.environ if name.startswith("LIVECHAT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    async with Sandbox(seed=True) as sandbox:
        monkeypatch.setenv("LIVECHAT_BASE_URL", sandbox.url)
        monkeypatch.setenv("LIVECHAT_LOGIN", sandbox.credentials.login)
        monkeypatch.setenv("LIVECHAT_TOKEN", sandbox.credentials.token.reveal())
        yield sandbox


def test_every_program_and_command_is_run_by_a_test():
    here = Path(__file__).parent
    tests = "".join(path.read_text(encoding="utf-8") for path in here.glob("test_document*.py"))
    assert [name for name in BLOCKS if f'"{name}"' not in tests] == []
    shown = sum(text.count("```python\n") for text in PAGES.values())
    assert shown == sum("import " in block for block in BLOCKS.values())


async def test_the_quickstart_lists_who_chats(seeded: Sandbox):
    seeded.add_visitor(
        id="S1.a", name="Mary", city="Gdansk", group=0, page_current="https://example.com/shoes"
    )
    seeded.start_chat("S1.a")
    assert "Mary from Gdansk is on https://example.com/shoes" in await run_program("quickstart")


async def test_the_first_list_names_every_visitor(seeded: Sandbox):
    lines = await run_program("first list")
    assert len(lines) == len(seeded.visitors)
    (printed,) = re.findall(r"```text\n(Mary .*?)\n```", PAGES["docs/index.md"], re.DOTALL)
    assert lines[:2] == printed.splitlines()


async def test_a_program_has_its_own_retries_and_limits(seeded: Sandbox):
    waiting = sum(visitor["state"] == "queued" for visitor in seeded.visitors)
    assert await run_program("retries") == [
        f"{len(seeded.visitors)} visitors, {waiting} in the queue"
    ]


@pytest.mark.usefixtures("seeded")
async def test_errors_are_caught_by_their_class():
    missing, refused = await run_program("errors")
    assert missing.startswith("no such chat: 404 ")
    assert refused == "the token is wrong, or the login"


async def test_two_accounts_share_a_client(seeded: Sandbox, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SystemExit, match="set SUPPORT_TOKEN: the OAuth token of"):
        await run_program("accounts")
    (line,) = lines_of("the second account")
    monkeypatch.setenv(*line.removeprefix("export ").split("="))
    number = len(seeded.visitors)
    assert await run_program("accounts") == [f"shop: {number}, support: {number}"]
    assert len({request.headers["authorization"] for request in seeded.requests}) == 2


async def test_a_session_is_lent(seeded: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PROXY_URL", raising=False)
    assert await run_program("proxies") == [f"{len(seeded.visitors)} visitors"]


@pytest.fixture
def log_levels() -> Iterator[None]:
    library = logging.getLogger("livechat_async")
    level = library.level
    yield
    library.setLevel(level)


@pytest.mark.usefixtures("log_levels")
async def test_each_attempt_is_logged(seeded: Sandbox, caplog: pytest.LogCaptureFixture):
    await run_program("logging")
    (record,) = [each for each in caplog.records if each.name == "livechat_async"]
    assert (record.levelname, "200" in record.getMessage()) == ("DEBUG", True)
    assert seeded.credentials.token.reveal() not in caplog.text


async def test_a_notebook_awaits_in_its_cells(seeded: Sandbox):
    names, chats = await run_program("notebook cells")
    assert names.count("(") == len(seeded.visitors)
    assert chats == "50 chats"


async def test_a_program_has_a_sandbox_of_its_own(seeded: Sandbox):
    assert await run_program("sandbox in a program") == ["20 made-up visitors"]
    assert seeded.requests == []


async def test_the_tests_pass_as_printed(seeded: Sandbox, tmp_path: Path):
    for name in ("testing", "bot test"):
        (tmp_path / f"test_{name.replace(' ', '_')}.py").write_text(BLOCKS[name], encoding="utf-8")
    pytest_command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q")
    process = await asyncio.create_subprocess_exec(*pytest_command, cwd=tmp_path, stdout=PIPE)
    printed, _ = await process.communicate()
    assert "3 passed" in printed.decode()
    assert seeded.requests == []


async def test_webhooks_are_registered_once(seeded: Sandbox, monkeypatch: pytest.MonkeyPatch):
    for name, value in WEBHOOK_LOGIN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    with pytest.raises(SystemExit, match="set PUBLIC_URL: LiveChat reaches the bot there"):
        await run_program("register")
    monkeypatch.setenv("PUBLIC_URL", "http://127.0.0.1:9")
    address = "http://127.0.0.1:9/livechat"
    for _ in range(2):
        assert await run_program("register") == [
            f"chat_started goes to {address}",
            f"chat_ended goes to {address}",
        ]
    assert len(seeded.webhooks) == 2


class Endless:
    """A program that goes on until the test has seen enough."""

    def __init__(self, out: io.StringIO) -> None:
        self._out = out
        self._read = 0

    async def until(self, text: str) -> None:
        """Wait for the next line that a pattern fits from its beginning."""
        async with asyncio.timeout(PATIENCE):
            while True:
                *whole, _ = self._out.getvalue().split("\n")
                new = whole[self._read :]
                for line in new:
                    self._read += 1
                    if re.match(text, line):
                        return
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(name: str, interval: str) -> AsyncIterator[Endless]:
    """Run a program that polls, at another interval."""
    code = re.sub(r"(interval=|INTERVAL = )\d+", rf"\g<1>{interval}", BLOCKS[name])
    assert code != BLOCKS[name]
    with redirect_stdout(io.StringIO()) as out:
        _, (coroutine,) = load(code)
        task = asyncio.create_task(coroutine)
        yield Endless(out)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_visitors_are_watched(seeded: Sandbox):
    seeded.add_visitor(id="S1.a", name="Mary", page_current="https://example.com/")
    async with running("watch", "0.05") as program:
        await program.until("Mary arrived on https://example.com/")
        seeded.update_visitor("S1.a", page_current="https://example.com/shoes")
        await program.until("Mary went to https://example.com/shoes")
        seeded.start_chat("S1.a")
        await program.until("Mary was browsing and is chatting")
        seeded.remove_visitor("S1.a")
        await program.until("Mary left")


async def test_the_queue_board_shows_who_waits(seeded: Sandbox):
    port = seeded.url.rpartition(":")[2]
    async with running("queue board", "0.05") as program:
        await program.until(r"\d\d:\d\d:\d\d  1 waiting")
        (printed,) = re.findall(r"```text\n.*\n(.*)", PAGES["docs/tutorial-queue-board.md"])
        pattern = re.sub(r"\d+(?= min)", r"\\d+", printed)
        await program.until(pattern)
        for line in lines_of("queue"):
            await shell(line.replace("8080", port))
        await program.until(r".*  2 waiting")
        await program.until("  Mary                   0 min")
        seeded.inject(DropConnection(), times=4)
        await program.until("no answer now: GET ")
        seeded.remove_visitor("S1.mary")
        await program.until(r".*  1 waiting")


async def test_an_endpoint_is_called_without_its_method(seeded: Sandbox):
    (line,) = await run_program("send")
    assert line.startswith(f"200 {len(seeded.visitors)} 1 0.")


async def test_the_archives_are_read(seeded: Sandbox):
    lines = await run_program("archives")
    chats = seeded.chat_ids(date_from="2026-01-01")[:100]
    assert [line.split()[0] for line in lines[: len(chats)]] == chats
    assert chats


async def test_a_pager_is_awaited_and_iterated(seeded: Sandbox):
    ids = seeded.chat_ids(date_from="2026-01-01")
    first, count, *pages = await run_program("pager")
    assert first == f"page 1 of {-(-len(ids) // 25)} with {min(25, len(ids))} of {len(ids)}"
    assert count.startswith(f"{len(ids)} chats, the last begun 20")
    assert pages == [
        f"page {number} begins with {ids[(number - 1) * 25]}"
        for number in range(2, -(-len(ids) // 25) + 1)
    ]


async def test_the_archives_are_read_on_the_command_line(seeded: Sandbox, tmp_path: Path):
    await run_commands("export on the command line")
    lines = (tmp_path / "chats.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["id"] for line in lines} == set(
        seeded.chat_ids(date_from="2024-01-01", date_to="2026-12-31")
    )
    assert (tmp_path / "chats.csv").read_text(encoding="utf-8").count("\n") >= len(lines)


async def test_each_night_makes_up_for_the_days_that_have_no_file(seeded: Sandbox, tmp_path: Path):
    zone = "Europe/Warsaw"
    today = datetime.now(ZoneInfo(zone)).date()
    days = [today - timedelta(days=back) for back in range(7, 0, -1)]
    files = {day: tmp_path / "chats" / f"{day}.parquet" for day in days}
    wanted = {
        day: sorted(seeded.chat_ids(date_from=day, date_to=day, timezone=zone)) for day in days
    }
    assert await run_program("nightly") == [f"{day} {len(wanted[day])} chats" for day in days]

    files[days[2]].unlink()
    files[days[2]].with_suffix(".part").write_text("of a run that was killed")
    assert await run_program("nightly") == [f"{days[2]} {len(wanted[days[2]])} chats"]
    assert {
        day: sorted(parquet.read_table(path).column("id").to_pylist())
        for day, path in files.items()
    } == wanted
    assert any(wanted.values())


async def test_a_month_becomes_a_parquet_file_with_one_command(seeded: Sandbox, tmp_path: Path):
    added = seeded.add_chat(started=datetime(2026, 1, 31, 10, tzinfo=UTC))
    await run_commands("nightly command")
    table = parquet.read_table(tmp_path / "january.parquet")
    assert added in table.column("id").to_pylist()


async def test_reports_are_read(seeded: Sandbox):
    *months, ratings, first, second = await run_program("reports")
    chats = [chat for chat in seeded.chats if chat["type"] == "chat"]
    assert all(re.fullmatch(r"\d{4}-\d\d-01 \d+", line) for line in months)
    assert sum(int(line.split()[1]) for line in months) == len(chats)
    rates = Counter(chat["rate"] for chat in chats)
    assert ratings == f"{rates['rated_good']} good, {rates['rated_bad']} bad"
    assert {first.split()[0], second.split()[0]} == {"john.doe@example.com", "jane.doe@example.com"}


async def test_reports_are_read_on_the_command_line(seeded: Sandbox):
    seeded.add_chat(started=datetime(2026, 1, 31, 10, tzinfo=UTC))
    ratings, goals, availability = await run_commands("reports on the command line")
    assert ratings.startswith("period\tbegin\tend\tbad\tgood\tchats\n2026-01\t2026-01-01\t")
    assert goals.startswith("period,goals,")
    assert json.loads(availability)["10:00"]["minutes"] == 60


async def test_agents_are_listed_and_changed(seeded: Sandbox):
    assert await run_program("agents") == [
        "john.doe@example.com John Doe owner",
        "jane.doe@example.com Jane Doe normal",
        "jenny.doe@example.com is offline in ['Sales']",
        "John Doe takes no chats now",
    ]
    assert all(await run_commands("agents on the command line"))
    assert len(seeded.agents) == 2


async def test_groups_are_listed_and_changed(seeded: Sandbox):
    assert await run_program("groups") == [
        "0 All operators is accepting chats with everyone",
        "2 Sales is accepting chats with john.doe@example.com, jane.doe@example.com",
        "5 Returns is accepting chats with john.doe@example.com",
        "6 VIP is accepting chats with john.doe@example.com",
        "VIP is online: False",
        "The site is online: True",
    ]
    assert all(await run_commands("groups on the command line"))
    assert len(seeded.agents) == 2


async def test_tags_are_counted(seeded: Sandbox):
    number = sum("sales" in chat["tags"] for chat in seeded.chats)
    assert await run_program("tags") == [f"sales is on {number} chats", "vip is on 0 chats"]


async def test_a_goal_is_reached(seeded: Sandbox):
    chat = seeded.chat_of(VISITOR)
    assert chat is not None
    assert await run_program("goals") == [f"{chat.chat_id} Order placed by phone 49.50 EUR"]


async def test_a_greeting_is_made_and_paused(seeded: Sandbox):
    *rules, greeting = await run_program("greetings")
    assert rules == ["visit_time_page equals 20", "url_current contains /pricing"]
    assert greeting.startswith("Greeting(id=1, active=False, name='Pricing'")
    assert seeded.requests


async def test_a_canned_response_is_made_and_changed(seeded: Sandbox):
    assert await run_program("canned responses") == [
        "['bye', 'cu'] Have a great day! john.doe@example.com"
    ]
    assert seeded.requests


async def test_objects_show_themselves_and_become_json(seeded: Sandbox):
    page, chat, email, *lines = await run_program("objects")
    ids = seeded.chat_ids()
    assert page == f"Page(1 of {-(-len(ids) // 25)}, 25 of {len(ids)} chats, {ids[0]} … {ids[24]})"
    assert chat.startswith(f"Chat(id='{ids[0]}', ")
    data = json.loads("\n".join(lines))
    assert (data["id"], data["visitor"]["email"]) == (ids[0], email)


async def test_answers_are_recorded_compared_and_replayed(
    seeded: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (record,) = lines_of("record")
    program, *arguments = record.split()
    assert program == "livechat-async"
    there = ("--upstream", seeded.url, "--port", "0")
    recorder = await start(sys.executable, "-m", "livechat_async.cli", *arguments, *there)
    try:
        _, exported = [await read_line(recorder) for _ in range(2)]
        monkeypatch.setenv("LIVECHAT_BASE_URL", exported.removeprefix("export LIVECHAT_BASE_URL="))
        export, *commands = lines_of("through the recorder")
        assert export.startswith("export LIVECHAT_BASE_URL=http://127.0.0.1:")
        for command in commands:
            await run_command(command)
    finally:
        recorder.send_signal(signal.SIGINT)
        await recorder.communicate()
    names = sorted(path.name for path in (tmp_path / "captures").glob("*.json"))
    assert names == ["000001-GET-visitors.json", "000002-GET-visitors.json"]
    (compared,) = await run_commands("captures check")
    assert compared.startswith("Compared: 2 answers and 0 webhooks.\nThe models know every field")
    (tmp_path / "test_replay.py").write_text(BLOCKS["replay"], encoding="utf-8")
    pytest_command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q")
    process = await asyncio.create_subprocess_exec(*pytest_command, cwd=tmp_path, stdout=PIPE)
    printed, _ = await process.communicate()
    assert "2 passed" in printed.decode()


@pytest.mark.usefixtures("seeded")
async def test_objects_become_rows():
    number, *schema = await run_program("rows")
    assert number == "50 rows"
    assert schema[:3] == ["id: string", "started: timestamp[us, tz=UTC]", "visitor_email: string"]


async def test_a_typed_call_has_a_response(seeded: Sandbox):
    seeded.start_chat(seeded.add_visitor())
    (line,) = await run_program("response")
    number = sum(visitor["state"] == "chatting" for visitor in seeded.visitors)
    assert re.fullmatch(rf"{number} 200 \w+, .* GMT 1", line)


COMMANDS = lines_of("command line")


@pytest.mark.parametrize("command", [each for each in COMMANDS if "watch" not in each])
async def test_a_command_runs_as_printed(
    seeded: Sandbox, command: str, monkeypatch: pytest.MonkeyPatch
):
    seeded.end_chat(VISITOR)
    monkeypatch.setenv("LIVECHAT_WEBHOOK_TOKEN", seeded.start_chat(VISITOR).token)
    monkeypatch.setenv("LIVECHAT_LICENSE_ID", str(seeded.license_id))
    assert await run_command(command) or "webhooks" in command
    if VISITOR in command:
        assert DetailField("Age", "36") in seeded.details_of(VISITOR)[-1].fields


@pytest.mark.parametrize("command", [each for each in COMMANDS if "watch" in each])
@pytest.mark.usefixtures("seeded")
async def test_a_command_watches_until_ctrl_c(command: str):
    process = await start(sys.executable, "-m", "livechat_async.cli", *command.split()[1:])
    try:
        await read_line(process)
        process.send_signal(signal.SIGINT)
    finally:
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (130, b"")


def test_the_bot_says_which_variable_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LIVECHAT_WEBHOOK_USER", "livechat")
    monkeypatch.delenv("LIVECHAT_WEBHOOK_PASSWORD", raising=False)
    with pytest.raises(ConfigurationError, match="set LIVECHAT_WEBHOOK_PASSWORD: LiveChat sends"):
        load(BLOCKS["crm bot"], "bot")
    monkeypatch.setenv("LIVECHAT_WEBHOOK_PASSWORD", "choose-your-own")
    monkeypatch.setenv("LIVECHAT_LOGIN", "john.doe@example.com")
    monkeypatch.setenv("LIVECHAT_TOKEN", "sandbox-token")
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    with pytest.raises(SystemExit, match="set PUBLIC_URL: LiveChat reaches the bot there"):
        load(BLOCKS["crm bot"], "bot")


async def test_the_bot_of_the_tutorial_shows_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Every line of the tutorial, in its order; only the ports and the folder are the test's."""
    monkeypatch.chdir(tmp_path)
    ports = {"8080": "0", "8000": free_port()}

    def here(line: str) -> str:
        return re.sub(r"\b(8080|8000)\b", lambda found: ports[found[0]], line)

    async def details_by(block: str) -> str:
        (line,) = lines_of(block)
        async with asyncio.timeout(PATIENCE):
            while (details := await shell(here(line))) == "[]":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return details

    async def start_bot() -> Process:
        bot = await start(sys.executable, "-W", "error", "bot.py")
        assert f":{ports['8000']}" in await read_line(bot)
        return bot

    (command,) = lines_of("crm sandbox")
    assert command.startswith(*lines_of("a sandbox"))
    program, *arguments = here(command).split()
    assert program == "livechat-async"
    running = [await start(sys.executable, "-m", "livechat_async.cli", *arguments)]
    try:
        ports["8080"] = (await read_line(running[0])).rpartition(":")[2]
        _, _, *variables = [await read_line(running[0]) for _ in range(5)]
        assert variables == list(map(here, lines_of("the variables")))

        for line in lines_of("crm variables"):
            for name, value in re.findall(r"(\w+)=(\S+)", here(line)):
                monkeypatch.setenv(name, value)
        (tmp_path / "bot.py").write_text(here(BLOCKS["crm bot"]), encoding="utf-8")
        assert lines_of("crm start") == ["python bot.py"]
        running.append(await start_bot())
        for line in lines_of("crm chat"):
            await shell(here(line))
        (printed,) = re.findall(r"```json\n(.*?)\n```", PAGES["docs/tutorial-crm.md"], re.DOTALL)
        assert await details_by("crm details") == printed

        await stop(running.pop())
        for line in lines_of("crm again"):
            await shell(here(line))
        running.append(await start_bot())
        assert '"value": "not a customer"' in await details_by("crm details again")
    finally:
        for process in reversed(running):
            await stop(process)


async def stop(process: Process) -> None:
    process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    assert b"Traceback" not in errors, errors.decode()


async def start(*command: str) -> Process:
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)


async def read_line(process: Process) -> str:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    if not line:
        _, errors = await process.communicate()
        pytest.fail(f"it ended: {errors.decode()}")
    return line.decode().rstrip()


async def shell(line: str) -> str:
    process = await asyncio.create_subprocess_shell(line, stdout=PIPE)
    printed, _ = await process.communicate()
    assert process.returncode == 0, line
    return printed.decode().strip()
