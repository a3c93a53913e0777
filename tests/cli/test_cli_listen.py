from __future__ import annotations

import asyncio
import json
import re
import shlex
import signal
import socket
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cli_runner import Done, Process, Running, run, until
from yarl import URL

from livechat_async import DetailField, LiveChatClient, VisitorDetails
from livechat_async.cli.listen import listener
from livechat_async.sandbox import Sandbox, Slow, Status
from livechat_async.webhooks import ChatStarted, parse_webhook

Here = Callable[..., Awaitable[Done]]
Start = Callable[..., Running]
StartProcess = Callable[..., Awaitable[Process]]

PASSWORD = {"LIVECHAT_WEBHOOK_USER": "us.er", "LIVECHAT_WEBHOOK_PASSWORD": "p@ss"}
NO_PASSWORD: dict[str, str | None] = dict.fromkeys(PASSWORD)
SECRET = {"LIVECHAT_WEBHOOK_SECRET": "hid den%"}
TOKEN = "27f41c8da685c81a890f9e5f8ce48387"
COLUMNS = ["time", "event_type", "key", "id", "visitor_id", "name", "email", "about"]


def port_in(text: str) -> int:
    return int(text.partition("http://127.0.0.1:")[2].partition("/")[0])


LISTEN = ("webhooks", "listen", "--port", "0")


async def port_of(command: Running) -> int:
    """Where it listens, once it does."""
    await command.said("until Ctrl-C.")
    return port_in(command.err)


def url_at(port: int) -> str:
    return f"http://127.0.0.1:{port}/livechat"


def url_with_password(port: int) -> str:
    return f"http://us.er:p%40ss@127.0.0.1:{port}/livechat"


@pytest.fixture
def env(env: dict[str, str]) -> dict[str, str]:
    return {**env, **PASSWORD}


def document(number: int = 1, kind: str = "chat_started", **others: Any) -> dict[str, Any]:
    return {
        "event_type": kind,
        "event_unique_id": f"{number:032x}",
        "token": TOKEN,
        "license_id": "12345",
        "visitor": {"id": f"S{number}.ac951bfe2e", "name": "Mary", "email": "mary@example.com"},
        **others,
    }


async def post(url: str, body: Any, *, knows: str = "us.er:p@ss") -> tuple[int, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Basic {b64encode(knows.encode()).decode()}",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(URL(url, encoded=True), data=data, headers=headers) as response,
    ):
        return response.status, await response.text()


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Makes a program of Python code, which writes to the directory it is called with."""

    def make(code: str) -> str:
        path = tmp_path / "program.py"
        start = (
            "import json, os, sys, time, subprocess, pathlib\nhere = pathlib.Path(sys.argv[1])\n"
        )
        path.write_text(start + code)
        return shlex.join([sys.executable, str(path), str(tmp_path)])

    return make


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_real_webhooks_in_columns_and_a_repeat_is_dropped(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    it = start(*LISTEN, env=env)
    port = await port_of(it)
    for kind in ("chat_started", "ticket_created", "canned_response_changed"):
        sandbox.register_webhook(kind, url_with_password(port))
    visitor = sandbox.add_visitor(name="Mary Brown", page_current="https://example.com/cart")
    chat = sandbox.start_chat(visitor)
    await sandbox.delivered()
    sandbox.repeat_delivery(sandbox.deliveries[0])
    await sandbox.delivered()
    sandbox.change_canned_response("Hi!\tthere", tags=["hi"])
    await sandbox.delivered()
    done = await it.end(signal.SIGINT)

    header, first, second = [line.split("\t") for line in done.out.splitlines()]
    started, canned = sandbox.deliveries
    assert done.code == 130
    assert header == COLUMNS
    assert first[1:3] == ["chat_started", f"chat_started:12345:{started.event_unique_id}"]
    assert first[4:] == [
        visitor,
        "Mary Brown",
        "mary.brown@example.com",
        "https://example.com/cart",
    ]
    assert second[1:] == [
        "canned_response_changed",
        f"canned_response_changed:12345:{canned.event_unique_id}",
        *("1", "", "#hi", ""),
        "Hi!␉there",
    ]
    assert started.statuses == [200, 200]
    assert done.err.splitlines()[-1] == "3 webhooks accepted, 2 shown, 1 repeat dropped"
    assert "for every event" in done.err
    assert f'webhooks create chat_started --url "{url_at(port)}"' in done.err
    assert "warning" not in done.err
    assert chat.token not in done.out + done.err
    assert "p@ss" not in done.out + done.err


async def test_json_is_the_event_without_its_token_unless_asked_for(
    env: dict[str, str], start: Start
) -> None:
    body = document(later={"token": "another-secret", "kept": 1}, chat={"id": "PJ1"})
    body["visitor"]["name"] = "Mary\x1b[2J\x9b"
    event = parse_webhook(body)

    shown: list[str] = []
    for option in ((), ("--show-token",)):
        it = start(*LISTEN, "--json", *option, env=env)
        assert (await post(url_at(await port_of(it)), body))[0] == 200
        shown.append(await it.line())
        done = await it.end(signal.SIGINT)
        assert TOKEN not in done.err
    without, whole = shown

    assert TOKEN not in without
    assert "another-secret" not in without
    assert "\x9b" not in without
    assert json.loads(without)["later"] == {"kept": 1}
    assert parse_webhook(whole) == event
    data = json.loads(whole)
    assert data.pop("token") == TOKEN
    del data["later"]["token"]
    assert json.loads(without) == data


async def test_a_terminal_gets_a_line_an_event(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    name = "Mary [b]\x1b[2JBrown"
    visitor = sandbox.add_visitor(name=name, page_current="https://example.com/cart")

    terminal = start(*LISTEN, env=env, width=80)
    await terminal.until("until Ctrl-C")
    port = port_in(terminal.plain)
    for kind in ("chat_started", "chat_ended", "chat_changed", "visitor_queued"):
        sandbox.register_webhook(kind, f"http://us.er:p%40ss@127.0.0.1:{port}/livechat")
    chat = sandbox.start_chat(visitor)
    await terminal.until("+ chat_started   Mary [b]␛[2JB… ")
    sandbox.end_chat(visitor)
    await terminal.until("- chat_ended     Mary")
    status, _ = await post(
        f"http://127.0.0.1:{port}/livechat", document(kind="brand_new", other="thing")
    )
    await terminal.until("? brand_new      -")
    await post(f"http://127.0.0.1:{port}/livechat", b"{")
    await terminal.until("! answered 400 to a webhook: ")
    code = (await terminal.end(signal.SIGINT)).code

    lines = terminal.plain.splitlines()
    assert (code, status) == (130, 200)
    assert all(len(line) <= 80 for line in lines if visitor in line)
    assert "/cart" in terminal.plain
    assert chat.token not in terminal.text
    assert "\x1b[2JB" not in terminal.text
    assert "\x1b[1;32mchat_started" in terminal.text
    assert lines[-1] == "3 webhooks accepted, 3 shown, 0 repeats dropped, 1 refused"


async def test_only_wanted_events_are_shown(env: dict[str, str], start: Start) -> None:
    wanted = ("--event", "chat_ended", "--event", "visitor_queued")
    it = start(*LISTEN, *wanted, "--json", env=env)
    port = await port_of(it)
    for number, kind in enumerate(("chat_started", "chat_ended", "visitor_queued", "new")):
        assert await post(url_at(port), document(number, kind)) == (200, "")
    kinds = [json.loads(await it.line())["event_type"] for _ in range(2)]
    done = await it.end(signal.SIGTERM)

    assert kinds == ["chat_ended", "visitor_queued"]
    assert "for chat_ended, visitor_queued, until" in done.err
    assert done.err.endswith("4 webhooks accepted, 2 shown, 0 repeats dropped, 2 of other events\n")
    assert done.code == 130


async def test_a_program_gets_the_whole_event_on_its_stdin(
    sandbox: Sandbox,
    env: dict[str, str],
    script: Callable[[str], str],
    tmp_path: Path,
    start_process: StartProcess,
) -> None:
    program = script(
        """
(here / "event.json").write_bytes(sys.stdin.buffer.read())
seen = {}
for pid in (os.getpid(), os.getppid()):
    seen[pid] = pathlib.Path(f"/proc/{pid}/cmdline").read_text()
seen["environ"] = dict(os.environ)
(here / "seen.json").write_text(json.dumps(seen))
print("out of the program")
print("err of the program", file=sys.stderr)
"""
    )
    it = await start_process(*LISTEN, "--exec", program, "--json", env={**env, **SECRET})
    port = await port_of(it)
    secret = url_with_password(port) + "/hid%20den%25"
    sandbox.register_webhook("chat_started", secret)
    visitor = sandbox.add_visitor(name="Mary Brown")
    chat = sandbox.start_chat(visitor)
    await it.said("err of the program")
    await sandbox.delivered()
    done = await it.end(signal.SIGINT)

    [delivery] = sandbox.deliveries
    read = parse_webhook((tmp_path / "event.json").read_bytes())
    seen = (tmp_path / "seen.json").read_text()
    assert isinstance(read, ChatStarted)
    assert read == parse_webhook(delivery.raw_body)
    assert read.token == chat.token
    assert chat.token not in seen
    assert "p@ss" not in seen
    assert "hid den%" not in seen
    assert json.loads(seen)["environ"]["LIVECHAT_BASE_URL"] == sandbox.url
    assert "out of the program\n" in done.out
    for secret in (chat.token, "p@ss", "p%40ss", "hid den%", "hid%20den"):
        assert secret not in done.out + done.err
    assert "/livechat/$LIVECHAT_WEBHOOK_SECRET" in done.err
    assert done.err.endswith("1 webhook accepted, 1 handled, 0 failed, 0 repeats dropped\n")

    async with LiveChatClient(base_url=sandbox.url) as client:
        details = VisitorDetails("crm", [DetailField("Plan", "Gold")])
        await read.add_details(details, client=client)
    assert sandbox.details_of(visitor) == [details]


async def test_a_web_page_cannot_run_a_program(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path, start: Start
) -> None:
    """Without a password, only what a browser adds tells its requests apart (field case 44)."""
    program = script("(here / 'ran').touch()")
    it = start(*LISTEN, "--exec", program, env={**env, **NO_PASSWORD})
    port = await port_of(it)
    # A page may send text to any address without asking first.
    page = {"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site"}
    async with aiohttp.ClientSession() as session:
        for headers in (page, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            headers["Content-Type"] = "application/json"
            body = json.dumps(document())
            async with session.post(url_at(port), data=body, headers=headers) as response:
                assert response.status == 403
    done = await it.end(signal.SIGINT)

    assert not (tmp_path / "ran").exists()
    assert "3 refused" in done.err


async def test_a_malformed_request_shows_no_traceback_and_no_secret(
    env: dict[str, str], start_process: StartProcess
) -> None:
    """Its path may hold the secret (field case 44)."""
    it = await start_process(*LISTEN, env={**env, **SECRET})
    port = await port_of(it)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = b"/hid%20den%25/" + b"a" * 9_000
    writer.write(b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"400"
    writer.close()
    done = await it.end(signal.SIGINT)

    assert "Traceback" not in done.err
    assert "hid%20den" not in done.out + done.err


async def test_a_program_that_fails_is_run_again_after_longer_waits(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path, start: Start
) -> None:
    """Each event waits for 0.5 to 1 s, and then for 1 to 2 s (field case 18)."""
    program = script(
        """
number = json.load(sys.stdin)["event_unique_id"][-1]
runs = here / number
runs.write_text((runs.read_text() if runs.exists() else "") + "x")
sys.exit(3 if number == "2" or len(runs.read_text()) < 3 else 0)
"""
    )
    it = start(*LISTEN, "--exec", program, "--attempts", "3", env=env)
    port = await port_of(it)
    await post(url_at(port), document(1))
    await it.said("attempt 2 of 3")
    await post(url_at(port), document(2))
    await it.said("exec gave up")
    await until(lambda: (tmp_path / "1").read_text() == "xxx")
    await post(url_at(port), document(1))
    done = await it.end(signal.SIGINT)

    assert (tmp_path / "1").read_text() == (tmp_path / "2").read_text() == "xxx"
    key = "chat_started:12345:00000000000000000000000000000001"
    assert f"warning: exec failed on {key} (attempt 1 of 3)" in done.err
    assert "ended with exit code 3" in done.err
    waits = re.findall(r"\(attempt (\d) of 3\), again in ([\d.]+) s", done.err)
    assert len(waits) == 4
    for attempt, seconds in waits:
        assert 0.5 <= float(seconds) / 2 ** (int(attempt) - 1) <= 1
    assert "Traceback" not in done.err
    assert TOKEN not in done.out + done.err
    assert done.err.splitlines()[-1] == (
        "3 webhooks accepted, 1 handled, 1 failed (after 5 failed runs), 1 repeat dropped"
    )


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (35, "signal 35")])
async def test_a_program_that_is_killed_has_failed(
    env: dict[str, str], number: int, name: str, start: Start
) -> None:
    program = f"sh -c 'kill -{number} $$'"
    it = start(*LISTEN, "--exec", program, "--attempts", "1", env=env)
    port = await port_of(it)
    await post(url_at(port), document(unread="x" * 500_000))
    await it.said(f"sh was ended by {name}")
    done = await it.end(signal.SIGINT)

    assert "0 handled, 1 failed (after 1 failed run)" in done.err


async def test_no_more_programs_run_at_a_time_than_jobs(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path, start: Start
) -> None:
    program = script(
        """
number = json.load(sys.stdin)["event_unique_id"][-1]
(here / f"runs-{number}").touch()
while not (here / "go").exists():
    time.sleep(0.02)
(here / f"saw-{number}").write_text(str(len(list(here.glob("runs-*")))))
time.sleep(0.3)
(here / f"runs-{number}").unlink()
"""
    )
    it = start(*LISTEN, "--exec", program, "--jobs", "2", env=env)
    port = await port_of(it)
    for number in range(6):
        assert await post(url_at(port), document(number)) == (200, "")
    for _ in range(7):  # they are shown as they come, whatever waits
        await it.line()
    await until(lambda: len(list(tmp_path.glob("runs-*"))) == 2)
    (tmp_path / "go").touch()
    await until(lambda: len(list(tmp_path.glob("saw-*"))) == 6)
    done = await it.end(signal.SIGINT)

    assert {(tmp_path / f"saw-{number}").read_text() for number in range(6)} <= {"1", "2"}
    assert "6 handled" in done.err


FAMILY = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which the child inherits
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
signal.signal(signal.SIGTERM, signal.SIG_DFL)
(here / "new").write_text(f"{os.getpid()} {child.pid}")
(here / "new").rename(here / "pids")
sys.stdin.read()
time.sleep(600)
"""


async def pids_in(path: Path) -> list[int]:
    await until(path.exists)
    return [int(pid) for pid in await asyncio.to_thread(lambda: path.read_text().split())]


async def test_a_program_that_takes_too_long_ends_with_all_it_started(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path, start: Start
) -> None:
    arguments = ("--exec", script(FAMILY), "--exec-timeout", "4", "--attempts", "1")
    it = start(*LISTEN, *arguments, env=env)
    port = await port_of(it)
    await post(url_at(port), document())
    pids = await pids_in(tmp_path / "pids")
    await it.said("took longer than 4 s")
    await until(lambda: not any(map(is_alive, pids)))
    done = await it.end(signal.SIGINT)

    assert done.code == 130
    assert "1 failed (after 1 failed run)" in done.err


async def test_ctrl_c_lets_programs_end(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path, start: Start
) -> None:
    program = script(
        """
sys.stdin.read()
(here / "begun").touch()
while not (here / "go").exists():
    time.sleep(0.02)
(here / "ended").touch()
"""
    )
    it = start(*LISTEN, "--exec", program, env=env)
    port = await port_of(it)
    await post(url_at(port), document())
    await until((tmp_path / "begun").exists)
    it.send(signal.SIGINT)
    await it.said("Stopping: 1 event to be handled yet")
    late, text = await post(url_at(port), document(2))
    (tmp_path / "go").touch()
    done = await it.end()

    assert (late, text) == (503, "deliver again later: the receiver is closed\n")
    assert (tmp_path / "ended").exists()
    assert done.code == 130
    assert "1 handled" in done.err


async def test_a_second_ctrl_c_ends_it_at_once(
    env: dict[str, str],
    script: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: Start,
) -> None:
    monkeypatch.setattr(listener, "_DRAIN", 1_000_000.0)
    it = start(*LISTEN, "--exec", script(FAMILY), env=env)
    port = await port_of(it)
    await post(url_at(port), document())
    pids = await pids_in(tmp_path / "pids")
    it.send(signal.SIGINT)
    await it.said("Stopping: ")
    done = await it.end(signal.SIGINT)

    assert done.code == 130
    await until(lambda: not any(map(is_alive, pids)))
    assert "Traceback" not in done.err
    assert "error" not in done.err


async def test_only_senders_who_know_the_secrets_are_let_in(
    env: dict[str, str], start: Start
) -> None:
    it = start(*LISTEN, "--json", env={**env, **SECRET})
    port = await port_of(it)
    good = f"{url_at(port)}/hid%20den%25"
    wrong = await post(good, document(), knows="us.er:nope")
    other_path = await post(f"{url_at(port)}/hidden", document())
    no_path = await post(url_at(port), document())
    elsewhere = await post(f"http://127.0.0.1:{port}/hid%20den%25", document(1))
    deeper = await post(f"http://127.0.0.1:{port}/a/b/hid%20den%25", document(2))
    version_3 = await post(good, {"webhook_id": "x", "secret_key": "s3cr3t", "action": "y"})
    async with aiohttp.ClientSession() as session, session.get(good) as response:
        method = response.status
    done = await it.end(signal.SIGINT)

    assert [wrong[0], other_path[0], no_path[0]] == [401, 404, 404]
    assert [elsewhere[0], deeper[0], version_3[0], method] == [200, 200, 422, 405]
    assert "warning: answered 401 to a webhook: the credentials are missing or wrong" in done.err
    assert "one of version 3" in done.err
    assert len(done.out.splitlines()) == 2
    assert "2 webhooks accepted, 2 shown, 0 repeats dropped, 4 refused" in done.err
    assert "s3cr3t" not in done.err


@pytest.mark.parametrize("secrets", [{}, SECRET])
async def test_it_registers_and_leaves_the_registrations(
    sandbox: Sandbox, env: dict[str, str], secrets: dict[str, str], start: Start
) -> None:
    other = sandbox.register_webhook("chat_started", "https://example.com/other")
    wanted = ("--event", "chat_started", "--event", "chat_ended")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    public = f"http://127.0.0.1:{port}/bots"
    arguments = ("--register", public, "--json", "--port", str(port))
    before: list[dict[str, Any]] = []
    for kinds in (wanted, wanted):
        it = start(*LISTEN, *kinds, *arguments, env={**env, **secrets})
        port = await port_of(it)
        sandbox.start_chat(sandbox.add_visitor(name="Mary Brown"))
        shown = json.loads(await it.line())
        done = await it.end(signal.SIGINT)
        assert shown["event_type"] == "chat_started"
        assert f"Registered at {public}: chat_started, chat_ended. The registrations" in done.err
        assert "p%40ss" not in done.err
        assert "hid" not in done.err
        assert "--url" not in done.err
        before = before or sandbox.webhooks
        assert sandbox.webhooks == before

    tail = "/hid%20den%25" if secrets else ""
    mine = [webhook for webhook in sandbox.webhooks if webhook["id"] != other]
    url = f"http://us.er:p%40ss@127.0.0.1:{port}/bots{tail}"
    assert [(str(webhook["url"]), webhook["event_type"]) for webhook in mine] == [
        (url, "chat_started"),
        (url, "chat_ended"),
    ]


async def test_a_registration_that_fails_ends_it(sandbox: Sandbox, env: dict[str, str]) -> None:
    sandbox.inject(Status(403, {"error": "bad: https://us.er:p%40ss@example.com/hid%20den%25"}))
    arguments = ("webhooks", "listen", "--port", "0", "--register", "https://example.com/bot")

    done = await run(*arguments, env={**env, **SECRET})
    without = await run(*arguments, env={**env, "LIVECHAT_TOKEN": ""})

    assert (done.code, done.out) == (1, "")
    assert "error: GET" in done.err
    assert "403" in done.err
    assert "p%40ss" not in done.err
    assert "hid" not in done.err
    assert without.code == 2
    assert "LIVECHAT_TOKEN" in without.err


async def test_ctrl_c_while_it_registers(
    sandbox: Sandbox, env: dict[str, str], start: Start
) -> None:
    sandbox.inject(Slow(50))
    it = start(*LISTEN, "--register", "https://example.com/bot", env=env)
    await until(lambda: sandbox.requests)

    assert await it.end(signal.SIGINT) == Done(130, "", "")


async def test_a_terminal_that_is_closed_ends_it_and_its_programs(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path, start_process: StartProcess
) -> None:
    it = await start_process(*LISTEN, "--exec", script(FAMILY), env=env)
    port = await port_of(it)
    await post(url_at(port), document())
    pids = await pids_in(tmp_path / "pids")
    it.send(signal.SIGHUP)
    await it.said("Stopping: ")
    done = await it.end(signal.SIGHUP)

    assert done.code == 130
    await until(lambda: not any(map(is_alive, pids)))


async def test_events_are_handled_without_a_reader_of_stderr(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path, start: Start
) -> None:
    program = script(
        """
number = json.load(sys.stdin)["event_unique_id"][-1]
first = here / f"first-{number}"
if not first.exists():
    first.touch()
    sys.exit(1)
(here / f"done-{number}").touch()
"""
    )
    it = start(*LISTEN, "--exec", program, env=env)
    port = await port_of(it)
    await it.said("webhooks create")
    it.close_pipe("stderr")
    assert (await post(url_at(port), b"{"))[0] == 400
    for number in range(3):
        assert (await post(url_at(port), document(number)))[0] == 200
    await until(lambda: len(list(tmp_path.glob("done-*"))) == 3)


async def test_it_listens_no_more_after_it_was_cancelled_twice(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path, start: Start
) -> None:
    it = start(*LISTEN, "--exec", script(FAMILY), env=env)
    port = await port_of(it)
    await post(url_at(port), document())
    await pids_in(tmp_path / "pids")
    stopping = asyncio.create_task(it.stop())  # cancels it
    await it.said("Stopping: ")
    await it.stop()  # again
    await stopping

    with pytest.raises(aiohttp.ClientConnectorError):
        await post(url_at(port), document(2))


async def test_it_ends_quietly_when_the_reader_is_gone(
    env: dict[str, str], start_process: StartProcess
) -> None:
    it = await start_process(*LISTEN, "--json", env=env)
    port = await port_of(it)
    await post(url_at(port), document(1))
    await it.line()
    it.close_pipe("stdout")
    status, _ = await post(url_at(port), document(2))
    done = await it.end()

    # What could not be shown was not taken, and comes again.
    assert (done.code, status) == (141, 503)
    assert "rror" not in done.err


async def test_without_a_password_it_warns(env: dict[str, str], start: Start) -> None:
    open_ = {name: text for name, text in env.items() if name not in PASSWORD}
    it = start(*LISTEN, env=open_)
    port = await port_of(it)
    await it.said("warning: whoever reaches this address can send events")
    assert (await post(url_at(port), document()))[0] == 200
    done = await it.end(signal.SIGINT)
    assert done.code == 130

    it = start(*LISTEN, env={**open_, **SECRET})
    port = await port_of(it)
    done = await it.end(signal.SIGINT)
    assert "warning" not in done.err

    terminal = start(*LISTEN, env=open_, width=80)
    await terminal.until("╭─ Warning ─")
    await terminal.until("╯")
    assert (await terminal.end(signal.SIGTERM)).code == 130


async def test_verbose_shows_no_secret(
    env: dict[str, str], script: Callable[[str], str], start: Start
) -> None:
    program = script("sys.exit(1)")
    arguments = (*LISTEN, "--attempts", "2", "--exec", program)
    it = start("--verbose", *arguments, env={**env, **SECRET})
    port = await port_of(it)
    await post(f"{url_at(port)}/hid%20den%25", document())
    await it.said("exec gave up")
    done = await it.end(signal.SIGINT)

    assert "ERROR exec gave up" in done.err
    assert done.err.count("attempt 1 of 2") == 1
    for secret in (TOKEN, "p@ss", "hid den", "hid%20den"):
        assert secret not in done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "changes", "code", "text"),
    [
        ("--event chat_begun", {}, 2, "chat_begun"),
        ("--exec ''", {}, 2, "--exec: '' is blank"),
        ("--exec 'echo \"x'", {}, 2, "No closing quotation"),
        ("--exec 'no-such-program-here --x'", {}, 2, "no program 'no-such-program-here'"),
        ("--exec /", {}, 2, "no program '/'"),
        ("--jobs 0", {}, 2, "--jobs"),
        ("--show-token", {}, 2, "--show-token goes with --json"),
        ("--port 70000", {}, 2, "--port"),
        ("--register example.com", PASSWORD, 2, "--register has to be a whole URL"),
        ("--register https://[::1", PASSWORD, 2, "--register is not a URL"),
        ("--register https://u:s3cr3t@example.com/", PASSWORD, 2, "set LIVECHAT_WEBHOOK_USER and"),
        ("--register https://example.com/?a=b", SECRET, 2, "--register cannot have a query"),
        ("--register https://example.com/", {}, 2, "--register lets everybody send events"),
        ("--host 0.0.0.0", {}, 2, "--host 0.0.0.0 lets everybody send events"),
        ("--host ''", {}, 2, "--host"),
        ("", {"LIVECHAT_WEBHOOK_USER": "x"}, 2, "go together"),
        ("", {"LIVECHAT_WEBHOOK_USER": "x:s3cr3t", "LIVECHAT_WEBHOOK_PASSWORD": "y"}, 2, "a colon"),
        ("", {"LIVECHAT_WEBHOOK_SECRET": "s3cr3t/x"}, 2, "LIVECHAT_WEBHOOK_SECRET has to be one"),
        ("--host no-such-host.invalid", PASSWORD, 2, "on no-such-host.invalid cannot be had"),
    ],
)
async def test_a_wrong_call_gets_one_clear_line(
    here: Here, arguments: str, changes: dict[str, str], code: int, text: str
) -> None:
    environment = {**NO_PASSWORD, **changes}
    done = await here("webhooks", "listen", *shlex.split(arguments), **environment)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    assert text in done.err
    assert "s3cr3t" not in done.err


async def test_a_port_in_use_is_one_clear_line(here: Here, sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        done = await here(
            *("webhooks", "listen", "--port", str(port), "--register", url), **PASSWORD
        )

    assert (done.code, done.out) == (2, "")
    assert done.err == (f"error: port {port} on 127.0.0.1 is in use: --port 0 finds a free one\n")
    assert sandbox.webhooks == []
