"""The help of every command, completion, and the time that both take."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
from cli_runner import environment, run, run_process
from hypothesis import given
from hypothesis import strategies as st

from livechat_async.cli import main
from livechat_async.cli.app import app
from livechat_async.cli.commands.shell import VARIABLE
from livechat_async.cli.help import EXIT_CODES, split_help
from livechat_async.cli.manual import escape

ROOT = Path(__file__).parents[2]
_HEAVY = ("aiohttp", "cattrs", "pydantic", "rich.progress", "rich.live", "livechat_async.client")


def _walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _walk(found, (*path, name))


COMMANDS = list(_walk(app))


def command_of(path: tuple[str, ...]) -> click.Command:
    command: click.Command = app
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return command


def options_of(path: tuple[str, ...]) -> list[click.Option]:
    parameters = command_of(path).get_params(click.Context(app))
    return [one for one in parameters if isinstance(one, click.Option)]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
async def test_help_keeps_names_whole_and_fits(path: tuple[str, ...], width: int) -> None:
    """At 80 columns, the names of options were cut (field case 27)."""
    done = await run(*path, "--help", env=environment(COLUMNS=str(width)))

    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= width
    for option in options_of(path):
        assert re.search(rf"^  .*{re.escape(option.opts[0])}\b", done.out, re.MULTILINE)
        if option.is_flag:
            starts = tuple(f"  {name}" for name in option.opts)
            row = next(line for line in lines if line.startswith(starts))
            names, _, _ = row.strip().partition("  ")
            assert re.fullmatch("[-a-z, ]+", names)  # without a value
    assert "<" not in done.out.split("Examples:")[0]
    assert not path or "Exit codes: 'livechat-async --help' lists them" in done.out


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
async def test_examples_can_be_pasted(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Examples were wrapped into lines that cannot be pasted (field case 27)."""
    _, examples = split_help(command_of(path))
    done = await run(*path, "--help", env=environment(COLUMNS="80"))

    if not examples:
        assert isinstance(command_of(path), click.Group) or path == ("demo",)
        return
    printed = done.out.split("Examples:\n")[1]
    pasted = [line.removeprefix("  ") for line in printed.splitlines()]
    assert "\n".join(pasted) == examples
    for line in examples.replace("\\\n", " ").splitlines():
        words = shlex.split(re.split(" (?:[|<>]|>>) ", line)[0])
        while words[0] != "livechat-async":
            monkeypatch.setenv(*words.pop(0).split("=", 1))
        del words[0]
        with suppress(click.exceptions.Exit):
            _parse(words)


def test_the_page_of_the_command_line_is_right() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")

    commands = re.findall(r"^\$ livechat-async (.*)$", page, re.MULTILINE)
    assert len(commands) > 10
    for line in commands:
        with suppress(click.exceptions.Exit):
            _parse(shlex.split(re.split(" (?:[|<>]|>>) ", line)[0]))
    for code, about in EXIT_CODES:
        assert f"| {code} | {about} |" in page


def _parse(words: list[str]) -> None:
    """Read the words as the program does, without running anything."""
    while words[0].startswith("--"):  # the options before the command, which have values
        words = words[2:]
    command, path = app, list(words)
    context = click.Context(app, info_name="livechat-async")
    while isinstance(command, click.Group):
        name, found, path = command.resolve_command(context, path)
        assert found is not None
        command = found  # type: ignore[assignment]
        if not isinstance(found, click.Group):
            found.make_context(name, path, parent=context)
            return
        context = click.Context(found, info_name=name, parent=context)


async def test_the_help_lists_the_exit_codes() -> None:
    done = await run("--help", env=environment())

    assert [code for code, _ in EXIT_CODES] == ["0", "1", "2", "130", "141"]
    for code, about in EXIT_CODES:
        assert re.search(rf"^  {code} +{re.escape(about)}$", done.out, re.MULTILINE)


def test_each_command_says_the_same_in_the_overview_and_in_its_own_help() -> None:
    for name, about in app.summaries(click.Context(app)):
        assert split_help(command_of((name,)))[0][0] == about


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("chats", "list", "--limit", "x"),
            "--limit: 'x' is not a whole number of 1 or more",
        ),
        (("chats", "list", "--rate", "best"), "--rate: 'best' is none of: rated, not_rated, "),
        (
            ("visitors", "watch", "--state", "queue"),
            (
                "--state: 'queue' is none of: browsing, chatting, logging into chat, queued, "
                "invited, refused invitation, chat closed, online; did you mean 'queued'? Try"
            ),
        ),
        (("sandbox", "--port", "70000"), "--port: '70000' is not a whole number from 0 to 65,535"),
        (("--timeout", "soon", "status"), "--timeout: 'soon' is not a number of 0.1 or more"),
        (("chats", "list", "--to", "2023-02-30"), "--to: '2023-02-30' is no day: YYYY-MM-DD"),
        (("chats", "list", "--limt", "3"), "there is no option --limt. Did you mean --limit?"),
        (("chats", "list", "--xyzzy"), "there is no option --xyzzy. Try"),
        (("chats", "get"), "CHAT_ID is missing"),
        (("chats", "export"), "--output is missing"),
        (("chats", "get", "A", "B"), "'B' is one word too many"),
        (("chats", "list", "--from"), "--from needs a value"),
        (("chats", "list", "--json=yes"), "--json takes no value"),
        (("chat", "list"), "there is no command 'chat'. Did you mean 'chats'?"),
        (("agents", "set-status", "john@example.com", "away"), "STATUS: 'away' is none of: "),
        (("goals", "get", "-1"), "there is no option -1"),
    ],
)
async def test_messages_are_ours(arguments: tuple[str, ...], message: str) -> None:
    """Messages began with pydantic's ``Value error,`` (field case 27)."""
    done = await run(*arguments, env=environment())

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {message}")
    assert len(done.err.splitlines()) == 1
    for word in ("Value error", "Input should", "Invalid value", "Got unexpected", "Missing "):
        assert word not in done.err


@pytest.mark.parametrize("arguments", [("--help",), ("chats", "list", "--help"), ("--version",)])
async def test_help_imports_little(arguments: tuple[str, ...]) -> None:
    """Each start took 0.7 to 0.9 s of CPU, most of it for imports (field case 29)."""
    done = await run_process(*_reporting(*arguments), env=environment(), command=(sys.executable,))

    assert done.code == 0
    assert done.err.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("livechat-async ch", ["chats"]),
        ("livechat-async chats ", ["list", "get", "export"]),
        ("livechat-async chats list --ra", ["--rate"]),
        ("livechat-async chats list --rate rated_", ["rated_good", "rated_bad"]),
        ("livechat-async reports chats-re", ["chats-response-time"]),
        ("livechat-async visitors list --state logg", ["logging\\ into\\ chat"]),
        ("livechat-async chats list --columns id,vis", ["id,visitor_id", "id,visitor"]),
        ("livechat-async --timeout 3 webhooks de", ["delete", "dead"]),
        ("livechat-async nothing --ti", ["--timeout"]),
    ],
)
async def test_completion_imports_little(words: str, expected: list[str]) -> None:
    """At each Tab it took as long (field case 29)."""
    env = environment(
        **{VARIABLE: "bash_complete"},
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
    )

    done = await run_process(*_reporting(), env=env, command=(sys.executable,))

    assert [line.removeprefix("plain,") for line in done.out.splitlines()] == expected
    assert (done.code, done.err.strip()) == (0, "[]")


def _reporting(*arguments: str) -> tuple[str, str]:
    """Arguments of Python that run the command line, and then say what it has imported."""
    code = f"""
import sys
sys.argv = ["livechat-async", *{arguments!r}]
from livechat_async.cli import main
code = main()
print([name for name in {_HEAVY!r} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""
    return "-c", code


def test_ctrl_c_while_completing_prints_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """(field case 29)."""

    def interrupted(*_: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(app), "shell_complete", interrupted)
    for name, value in (
        (VARIABLE, "bash_complete"),
        ("COMP_WORDS", "livechat-async ch"),
        ("COMP_CWORD", "1"),
    ):
        monkeypatch.setitem(os.environ, name, value)

    assert main() == 130
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_a_shell_gets_its_script(shell: str) -> None:
    done = await run("completion", shell, env=environment())

    assert (done.code, done.err) == (0, "")
    assert f"{VARIABLE}={shell}_complete" in done.out


async def test_the_manual_page_has_every_command_and_option() -> None:
    done = await run("man", env=environment())

    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    macros = {line.split()[0] for line in lines if line.startswith((".", "'"))}
    assert macros == {".TH", ".nh", ".ad", ".SH", ".SS", ".PP", ".TP", ".EX", ".EE"}
    for path in COMMANDS:
        if not isinstance(command_of(path), click.Group):
            assert f".SS {escape(' '.join(('livechat-async', *path)))} " in done.out
            assert all(escape(one.opts[0]) in done.out for one in options_of(path))


@given(st.text())
def test_no_text_is_an_instruction_of_the_manual_page(text: str) -> None:
    line = escape(text)

    assert len(line.splitlines()) <= 1
    assert not line.startswith((".", "'"))
    assert "\\" not in re.sub(r"\\(\((rs|aq|ga|ti|ha|dq)|[-&])", "", line)


async def test_the_package_runs_as_a_module() -> None:
    done = await run_process(
        "-m", "livechat_async", "--version", env=environment(), command=(sys.executable,)
    )

    assert (done.code, done.out[:15]) == (0, "livechat-async ")


@pytest.mark.parametrize("place", ["before", "behind"])
async def test_shared_options_stand_before_or_behind_the_command(place: str) -> None:
    shared, command = ("--timeout", "0"), ("visitors", "list")
    words = (*shared, *command) if place == "before" else (*command, *shared)

    done = await run(*words, env=environment())

    assert done.code == 2
    assert "--timeout: '0' is not a number of 0.1 or more" in done.err


async def test_a_command_keeps_its_own_option_of_a_shared_name() -> None:
    shown = await run("sandbox", "--help", env=environment())

    assert "Log a line per request on stderr." in shown.out
    assert "Log all calls on stderr." not in shown.out


@pytest.mark.parametrize("command", ["list", "export"])
async def test_the_region_of_an_account_is_not_that_of_its_visitors(command: str) -> None:
    """Before `chats`, --region was the account's, and behind it, the visitor's."""
    words = ("chats", command, "--output", "chats.jsonl")[: 2 if command == "list" else 4]

    account = await run(*words, "--region", "California", env=environment())
    visitor = await run(*words, "--visitor-region", "California", env=environment())

    assert "--region: 'California' is none of: dal, fra" in account.err
    assert "no credentials" in visitor.err


async def test_commands_in_quotes_and_remarks_in_brackets_stay_in_one_line() -> None:
    done = await run("webhooks", "listen", "--help", env=environment(COLUMNS="80"))
    record = await run("record", "--help", env=environment(COLUMNS="80"))
    login = await run("login", "--help", env=environment(COLUMNS="80"))

    assert "'cloudflared tunnel --url http://127.0.0.1:8080'" in done.out
    assert "'sandbox --captures'" in record.out
    assert "[variable: LIVECHAT_BASE_URL]" in login.out


async def test_the_usage_has_what_a_command_cannot_do_without() -> None:
    create = await run("tags", "create", "--help", env=environment())
    details = await run("visitors", "add-details", "--help", env=environment())

    assert "tags create --group NUMBER --author LOGIN [OPTIONS] NAME" in create.out
    # The license id can also come from its variable.
    assert "add-details --id NAME [OPTIONS] VISITOR_ID" in details.out
