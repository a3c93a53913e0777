"""``record``, ``captures check`` and ``sandbox --captures``, from one to the other."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path

from cli_runner import Running, environment, run

from livechat_async import LiveChatClient
from livechat_async.captures import Recorder, load_captures
from livechat_async.sandbox import Sandbox

Start = Callable[..., Running]


async def address(command: Running) -> str:
    """Where it listens, once it says so."""
    await command.until("export LIVECHAT_BASE_URL=")
    return command.text.split("LIVECHAT_BASE_URL=")[1].split()[0]


async def test_what_is_recorded_can_be_compared_and_replayed(
    sandbox: Sandbox, env: dict[str, str], start: Start, tmp_path: Path
):
    sandbox.add_visitor(id="S1.mary", name="Mary Brown")
    folder = str(tmp_path / "captures")
    recorder = start(
        "record", "--output", folder, "--upstream", sandbox.url, "--port", "0", env=env
    )
    async with LiveChatClient(sandbox.credentials, base_url=await address(recorder)) as client:
        (visitor,) = await client.visitors.list()
    done = await recorder.end(signal.SIGTERM)
    assert (visitor.name, done.code) == ("Mary Brown", 0)
    assert done.out.splitlines()[-1] == f"200 GET /visitors -> {folder}/000001-GET-visitors.json"
    assert done.err == f"# 1 file in {folder}; compare: livechat-async captures check {folder}\n"
    (capture,) = load_captures(folder)
    assert "Mary" not in str(capture.body)

    report = await run("captures", "check", folder, env=environment())
    assert (report.code, report.err) == (0, "")
    assert report.out.splitlines()[0] == "Compared: 1 answer and 0 webhooks."

    replay = start("sandbox", "--captures", folder, "--port", "0", env=environment())
    async with LiveChatClient(sandbox.credentials, base_url=await address(replay)) as client:
        (replayed,) = await client.visitors.list()
    await replay.until("#   GET /visitors\n")
    done = await replay.end(signal.SIGTERM)
    assert (done.code, replayed.state, replayed.id) == (0, visitor.state, capture.body[0]["id"])


async def test_a_difference_is_exit_code_1_and_json_for_programs(tmp_path: Path):
    capture = {"version": 1, "kind": "answer", "method": "GET", "path": "/visitors", "status": 200}
    body = [{"id": "S1.a", "state": "browsing", "mood": "\x1b[31mgold"}]
    file = tmp_path / "000001-GET-visitors.json"
    file.write_text(json.dumps({**capture, "body": body}), encoding="utf-8")
    shown = await run("captures", "check", str(tmp_path), env=environment())
    assert (shown.code, shown.err) == (1, "")
    assert "| `GET /visitors` | `[].mood` | new field | text |" in shown.out
    assert "\x1b" not in shown.out
    report = await run("captures", "check", str(tmp_path), "--json", env=environment())
    assert report.code == 1
    (difference,) = json.loads(report.out)["differences"]
    assert (difference["path"], difference["file"]) == ("[].mood", file.name)


async def test_a_file_that_cannot_be_read_is_exit_code_2(tmp_path: Path):
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    for command in (("captures", "check"), ("sandbox", "--captures")):
        done = await run(*command, str(tmp_path), env=environment())
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"error: {tmp_path}/a.json is no JSON: it was cut short")


async def test_webhooks_are_recorded_until_ctrl_c(start: Start, tmp_path: Path):
    folder = tmp_path / "captures"
    arguments = ("record", "--output", str(folder), "--webhooks", "--port", "0")
    recorder = start(*arguments, env=environment())
    await recorder.until("/livechat\n")
    url = recorder.text.split("#   ")[1].strip()
    body = json.dumps({"event_type": "chat_started", "token": "s3cr3t"}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body)) as answer:  # noqa: ASYNC210, S310
        assert answer.status == 200
    done = await recorder.end(signal.SIGINT)
    assert done.code == 130
    assert done.out.splitlines()[-1] == f"webhook chat_started -> {folder}/000001-POST.json"
    assert "s3cr3t" not in (folder / "000001-POST.json").read_text(encoding="utf-8")


async def test_a_wrong_upstream_or_a_busy_folder_is_exit_code_2(tmp_path: Path):
    output = ("record", "--output", str(tmp_path), "--port", "0")
    wrong = await run(*output, "--upstream", "http://example.com", env=environment())
    assert (wrong.code, wrong.out) == (2, "")
    assert "upstream for example.com is plain http" in wrong.err
    async with Recorder(tmp_path):
        busy = await run(*output, env=environment())
    assert (busy.code, busy.out) == (2, "")
    assert "another recorder writes into" in busy.err
