from __future__ import annotations

import asyncio
import json
import shlex
import signal
import socket
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cli_process import COMMAND, PATIENCE, Done, Terminal, run
from yarl import URL

from livechat_async import DetailField, LiveChatClient, VisitorDetails
from livechat_async.sandbox import Sandbox, Slow, Status
from livechat_async.webhooks import ChatStarted, parse_webhook

Here = Callable[..., Awaitable[Done]]

PASSWORD = {"LIVECHAT_WEBHOOK_USER": "us.er", "LIVECHAT_WEBHOOK_PASSWORD": "p@ss"}
NO_PASSWORD: dict[str, str | None] = dict.fromkeys(PASSWORD)
SECRET = {"LIVECHAT_WEBHOOK_SECRET": "hid den%"}
TOKEN = "27f41c8da685c81a890f9e5f8ce48387"
COLUMNS = ["time", "event_type", "key", "id", "visitor_id", "name", "email", "about"]


@dataclass
class Listening:
    """The command on pipes, and what it has said so far."""

    process: asyncio.subprocess.Process
    port: int = 0
    err: str = ""
    lines: list[str] = field(default_factory=list[str])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/livechat"

    @property
    def url_with_password(self) -> str:
        return f"http://us.er:p%40ss@127.0.0.1:{self.port}/livechat"

    async def line(self) -> str:
        """The next line of stdout."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        self.lines.append(line.decode())
        return self.lines[-1]

    async def told(self, text: str) -> None:
        """Wait until stderr has said this."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while text not in self.err:
                line = await self.process.stderr.readline()
                assert line, f"it ended without {text!r}: {self.err}"
                self.err += line.decode()

    async def end(self, how: signal.Signals | None = signal.SIGINT) -> Done:
        if how is not None:
            self.process.send_signal(how)
        out, err = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        text = "".join(self.lines) + out.decode()
        return Done(self.process.returncode or 0, text, self.err + err.decode())


def port_in(text: str) -> int:
    return int(text.partition("http://127.0.0.1:")[2].partition("/")[0])


@asynccontextmanager
async def listening(*arguments: str, env: dict[str, str]) -> AsyncIterator[Listening]:
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "webhooks", "listen", "--port", "0", *arguments),
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    it = Listening(process)
    try:
        await it.told("until Ctrl-C.")
        it.port = port_in(it.err)
        yield it
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


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


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 (of files, which tell nobody)
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_real_webhooks_in_columns_and_a_repeat_is_dropped(
    sandbox: Sandbox, env: dict[str, str]
) -> None:
    async with listening(env=env) as it:
        for kind in ("chat_started", "ticket_created", "canned_response_changed"):
            sandbox.register_webhook(kind, it.url_with_password)
        visitor = sandbox.add_visitor(name="Mary Brown", page_current="https://example.com/cart")
        chat = sandbox.start_chat(visitor)
        await sandbox.delivered()
        sandbox.repeat_delivery(sandbox.deliveries[0])
        await sandbox.delivered()
        sandbox.change_canned_response("Hi!\tthere", tags=["hi"])
        await sandbox.delivered()
        done = await it.end()

    header, first, second = [line.split("\t") for line in done.out.splitlines()]
    started, canned = sandbox.deliveries
    assert done.code == 130
    assert header == COLUMNS
    assert first[1:3] == ["chat_started", started.event_unique_id]
    assert first[4:] == [
        visitor,
        "Mary Brown",
        "mary.brown@example.com",
        "https://example.com/cart",
    ]
    assert second[1:] == [
        *("canned_response_changed", canned.event_unique_id, "1", "", "#hi", ""),
        "Hi!␉there",
    ]
    assert started.statuses == [200, 200]
    assert done.err.splitlines()[-1] == "3 webhooks accepted, 2 shown, 1 repeat dropped"
    assert "for every event" in done.err
    assert f'webhooks create chat_started --url "{it.url}"' in done.err
    assert "warning" not in done.err
    assert chat.token not in done.out + done.err
    assert "p@ss" not in done.out + done.err


async def test_json_is_the_event_without_its_token_unless_asked_for(env: dict[str, str]) -> None:
    body = document(later={"token": "another-secret", "kept": 1}, chat={"id": "PJ1"})
    body["visitor"]["name"] = "Mary\x1b[2J\x9b"
    event = parse_webhook(body)

    async with (
        listening("--json", env=env) as hidden,
        listening("--json", "--show-token", env=env) as shown,
    ):
        assert (await post(hidden.url, body))[0] == (await post(shown.url, body))[0] == 200
        without, whole = await hidden.line(), await shown.line()
        done, _ = await hidden.end(), await shown.end()

    assert TOKEN not in without + done.err
    assert "another-secret" not in without
    assert "\x9b" not in without
    assert json.loads(without)["later"] == {"kept": 1}
    assert parse_webhook(whole) == event
    data = json.loads(whole)
    assert data.pop("token") == TOKEN
    del data["later"]["token"]
    assert json.loads(without) == data


async def test_a_terminal_gets_a_line_an_event(sandbox: Sandbox, env: dict[str, str]) -> None:
    name = "Mary [b]\x1b[2JBrown"
    visitor = sandbox.add_visitor(name=name, page_current="https://example.com/cart")

    terminal = await Terminal.open("webhooks", "listen", "--port", "0", env=env)
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
    code = await terminal.end(signal.SIGINT)

    lines = terminal.plain.splitlines()
    assert (code, status) == (130, 200)
    assert all(len(line) <= 80 for line in lines if visitor in line)
    assert "/cart" in terminal.plain
    assert chat.token not in terminal.text
    assert "\x1b[2JB" not in terminal.text
    assert "\x1b[1;32mchat_started" in terminal.text
    assert lines[-1] == "3 webhooks accepted, 3 shown, 0 repeats dropped, 1 refused"


async def test_only_the_events_that_are_wanted(env: dict[str, str]) -> None:
    wanted = ("--event", "chat_ended", "--event", "visitor_queued")
    async with listening(*wanted, "--json", env=env) as it:
        for number, kind in enumerate(("chat_started", "chat_ended", "visitor_queued", "new")):
            assert await post(it.url, document(number, kind)) == (200, "")
        kinds = [json.loads(await it.line())["event_type"] for _ in range(2)]
        done = await it.end(signal.SIGTERM)

    assert kinds == ["chat_ended", "visitor_queued"]
    assert "for chat_ended, visitor_queued, until" in done.err
    assert done.err.endswith("4 webhooks accepted, 2 shown, 0 repeats dropped, 2 of other events\n")
    assert done.code == 130


async def test_a_program_gets_the_whole_event_on_its_stdin(
    sandbox: Sandbox, env: dict[str, str], script: Callable[[str], str], tmp_path: Path
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
    async with listening("--exec", program, "--json", env={**env, **SECRET}) as it:
        secret = it.url_with_password + "/hid%20den%25"
        sandbox.register_webhook("chat_started", secret)
        visitor = sandbox.add_visitor(name="Mary Brown")
        chat = sandbox.start_chat(visitor)
        await it.told("err of the program")
        await sandbox.delivered()
        done = await it.end()

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


async def test_a_program_that_fails_is_run_again(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path
) -> None:
    program = script(
        """
number = json.load(sys.stdin)["event_unique_id"][-1]
runs = here / number
runs.write_text((runs.read_text() if runs.exists() else "") + "x")
sys.exit(3 if number == "2" or len(runs.read_text()) < 3 else 0)
"""
    )
    async with listening("--exec", program, "--attempts", "3", env=env) as it:
        await post(it.url, document(1))
        await it.told("attempt 2 of 3")
        await post(it.url, document(2))
        await it.told("exec gave up")
        await until(lambda: (tmp_path / "1").read_text() == "xxx")
        await post(it.url, document(1))
        done = await it.end()

    assert (tmp_path / "1").read_text() == (tmp_path / "2").read_text() == "xxx"
    assert "warning: exec failed on 00000000000000000000000000000001 (attempt 1 of 3)" in done.err
    assert "ended with exit code 3" in done.err
    assert "Traceback" not in done.err
    assert TOKEN not in done.out + done.err
    assert done.err.splitlines()[-1] == (
        "3 webhooks accepted, 1 handled, 1 failed (after 5 failed runs), 1 repeat dropped"
    )


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (35, "signal 35")])
async def test_a_program_that_is_killed_has_failed(
    env: dict[str, str], number: int, name: str
) -> None:
    program = f"sh -c 'kill -{number} $$'"
    async with listening("--exec", program, "--attempts", "1", env=env) as it:
        await post(it.url, document(unread="x" * 500_000))
        await it.told(f"sh was ended by {name}")
        done = await it.end()

    assert "0 handled, 1 failed (after 1 failed run)" in done.err


async def test_so_many_programs_at_a_time(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path
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
    async with listening("--exec", program, "--jobs", "2", env=env) as it:
        for number in range(6):
            assert await post(it.url, document(number)) == (200, "")
        for _ in range(7):  # they are shown as they come, whatever waits
            await it.line()
        await until(lambda: len(list(tmp_path.glob("runs-*"))) == 2)
        (tmp_path / "go").touch()
        await until(lambda: len(list(tmp_path.glob("saw-*"))) == 6)
        done = await it.end()

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
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path
) -> None:
    arguments = ("--exec", script(FAMILY), "--exec-timeout", "4", "--attempts", "1")
    async with listening(*arguments, env=env) as it:
        await post(it.url, document())
        pids = await pids_in(tmp_path / "pids")
        await it.told("took longer than 4 s")
        await until(lambda: not any(map(is_alive, pids)))
        done = await it.end()

    assert done.code == 130
    assert "1 failed (after 1 failed run)" in done.err


async def test_ctrl_c_lets_programs_end(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path
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
    async with listening("--exec", program, env=env) as it:
        await post(it.url, document())
        await until((tmp_path / "begun").exists)
        it.process.send_signal(signal.SIGINT)
        await it.told("Stopping: 1 event to be handled yet")
        late, text = await post(it.url, document(2))
        (tmp_path / "go").touch()
        done = await it.end(None)

    assert (late, text) == (503, "deliver again later: the receiver is closed\n")
    assert (tmp_path / "ended").exists()
    assert done.code == 130
    assert "1 handled" in done.err


async def test_a_second_ctrl_c_ends_it_at_once(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path
) -> None:
    async with listening("--exec", script(FAMILY), env=env) as it:
        await post(it.url, document())
        pids = await pids_in(tmp_path / "pids")
        it.process.send_signal(signal.SIGINT)
        await it.told("Stopping: ")
        began = asyncio.get_running_loop().time()
        done = await it.end(signal.SIGINT)
        seconds = asyncio.get_running_loop().time() - began

    assert done.code == 130
    assert seconds < 8
    assert not any(map(is_alive, pids))
    assert "Traceback" not in done.err
    assert "error" not in done.err


async def test_who_may_come_in(env: dict[str, str]) -> None:
    async with listening("--json", env={**env, **SECRET}) as it:
        good = f"{it.url}/hid%20den%25"
        wrong = await post(good, document(), knows="us.er:nope")
        other_path = await post(f"{it.url}/hidden", document())
        no_path = await post(it.url, document())
        elsewhere = await post(f"http://127.0.0.1:{it.port}/hid%20den%25", document(1))
        deeper = await post(f"http://127.0.0.1:{it.port}/a/b/hid%20den%25", document(2))
        version_3 = await post(good, {"webhook_id": "x", "secret_key": "s3cr3t", "action": "y"})
        async with aiohttp.ClientSession() as session, session.get(good) as response:
            method = response.status
        done = await it.end()

    assert [wrong[0], other_path[0], no_path[0]] == [401, 404, 404]
    assert [elsewhere[0], deeper[0], version_3[0], method] == [200, 200, 422, 405]
    assert "warning: answered 401 to a webhook: the credentials are missing or wrong" in done.err
    assert "one of version 3" in done.err
    assert len(done.out.splitlines()) == 2
    assert "2 webhooks accepted, 2 shown, 0 repeats dropped, 4 refused" in done.err
    assert "s3cr3t" not in done.err


@pytest.mark.parametrize("secrets", [{}, SECRET])
async def test_it_registers_and_leaves_the_registrations(
    sandbox: Sandbox, env: dict[str, str], secrets: dict[str, str]
) -> None:
    other = sandbox.register_webhook("chat_started", "https://example.com/other")
    wanted = ("--event", "chat_started", "--event", "chat_ended")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    public = f"http://127.0.0.1:{port}/bots"
    arguments = ("--register", public, "--json", "--port", str(port))
    before: list[dict[str, Any]] = []
    for kinds in (wanted, wanted):
        async with listening(*kinds, *arguments, env={**env, **secrets}) as it:
            sandbox.start_chat(sandbox.add_visitor(name="Mary Brown"))
            shown = json.loads(await it.line())
            done = await it.end()
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


async def test_ctrl_c_while_it_registers(sandbox: Sandbox, env: dict[str, str]) -> None:
    sandbox.inject(Slow(50))
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "webhooks", "listen", "--port", "0", "--register", "https://example.com/bot"),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await until(lambda: sandbox.requests)
        done = await Listening(process).end()
    finally:
        if process.returncode is None:
            process.kill()

    assert (done.code, done.out, done.err) == (130, "", "")


async def test_a_terminal_that_is_closed_ends_it_and_its_programs(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path
) -> None:
    async with listening("--exec", script(FAMILY), env=env) as it:
        await post(it.url, document())
        pids = await pids_in(tmp_path / "pids")
        it.process.send_signal(signal.SIGHUP)
        await it.told("Stopping: ")
        done = await it.end(signal.SIGHUP)

    assert done.code == 130
    assert not any(map(is_alive, pids))


async def test_events_are_handled_though_nobody_reads_stderr(
    env: dict[str, str], script: Callable[[str], str], tmp_path: Path
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
    async with listening("--exec", program, env=env) as it:
        await it.told("webhooks create")
        it.process._transport.get_pipe_transport(2).close()  # type: ignore[attr-defined]
        assert (await post(it.url, b"{"))[0] == 400
        for number in range(3):
            assert (await post(it.url, document(number)))[0] == 200
        await until(lambda: len(list(tmp_path.glob("done-*"))) == 3)


async def test_it_ends_quietly_when_nobody_reads_on(env: dict[str, str]) -> None:
    async with listening("--json", env=env) as it:
        await post(it.url, document(1))
        await it.line()
        # The reading end of the pipe is closed, as `head -1` does.
        it.process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        status, _ = await post(it.url, document(2))
        assert it.process.stderr is not None
        err = await asyncio.wait_for(it.process.stderr.read(), PATIENCE)
        code = await asyncio.wait_for(it.process.wait(), PATIENCE)

    # What could not be shown was not taken, and comes again.
    assert (code, status) == (141, 503)
    assert b"rror" not in err


async def test_without_a_password_it_warns(env: dict[str, str]) -> None:
    open_ = {name: text for name, text in env.items() if name not in PASSWORD}
    async with listening(env=open_) as it:
        await it.told("warning: whoever reaches this address can send events")
        assert (await post(it.url, document()))[0] == 200
        done = await it.end()
    assert done.code == 130

    async with listening(env={**open_, **SECRET}) as it:
        done = await it.end()
    assert "warning" not in done.err

    terminal = await Terminal.open("webhooks", "listen", "--port", "0", env=open_)
    await terminal.until("╭─ Warning ─")
    await terminal.until("╯")
    assert await terminal.end(signal.SIGTERM) == 130


async def test_verbose_shows_no_secret(env: dict[str, str], script: Callable[[str], str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *("--verbose", "webhooks", "listen", "--port", "0", "--attempts", "2"),
        *("--exec", script("sys.exit(1)")),
        env={**env, **SECRET},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    it = Listening(process)
    try:
        await it.told("until Ctrl-C.")
        it.port = port_in(it.err)
        await post(f"{it.url}/hid%20den%25", document())
        await it.told("exec gave up")
        done = await it.end()
    finally:
        if process.returncode is None:
            process.kill()

    assert "ERROR exec gave up" in done.err
    assert done.err.count("attempt 1 of 2") == 1
    for secret in (TOKEN, "p@ss", "hid den", "hid%20den"):
        assert secret not in done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "changes", "code", "text"),
    [
        ("--event chat_begun", {}, 2, "chat_begun"),
        ("--exec ''", {}, 2, "--exec is empty"),
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
        ("--register https://example.com/", {}, 2, "--register lets anybody send events"),
        ("--host 0.0.0.0", {}, 2, "--host 0.0.0.0 lets anybody send events"),
        ("--host ''", {}, 2, "--host"),
        ("", {"LIVECHAT_WEBHOOK_USER": "x"}, 2, "go together"),
        ("", {"LIVECHAT_WEBHOOK_USER": "x:s3cr3t", "LIVECHAT_WEBHOOK_PASSWORD": "y"}, 2, "a colon"),
        ("", {"LIVECHAT_WEBHOOK_SECRET": "s3cr3t/x"}, 2, "LIVECHAT_WEBHOOK_SECRET has to be one"),
        ("--host no-such-host.invalid", PASSWORD, 2, "on no-such-host.invalid cannot be had"),
    ],
)
async def test_one_clear_line(
    here: Here, arguments: str, changes: dict[str, str], code: int, text: str
) -> None:
    environment = {**NO_PASSWORD, **changes}
    done = await here("webhooks", "listen", *shlex.split(arguments), **environment)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    assert text in done.err
    assert "s3cr3t" not in done.err


async def test_a_port_in_use(here: Here, sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        done = await here(
            *("webhooks", "listen", "--port", str(port), "--register", url), **PASSWORD
        )

    assert (done.code, done.out) == (2, "")
    assert done.err == (f"error: port {port} on 127.0.0.1 is in use: --port 0 finds a free one\n")
    assert sandbox.webhooks == []
