"""``login``, ``logout`` and ``profiles``: which credentials are used, and who can read them."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from cli_runner import Done, environment, run, show
from hypothesis import given
from hypothesis import strategies as st

from livechat_async import ConfigurationError, PersonalAccessToken
from livechat_async.cli import profiles
from livechat_async.cli.commands.shell import VARIABLE
from livechat_async.cli.profiles import Profile
from livechat_async.credentials import BearerToken
from livechat_async.redaction import Secret
from livechat_async.sandbox import Sandbox

Login = Callable[..., Awaitable[Done]]

TOKEN = "s3cr3t-of-john"
JOHN = "john.doe@example.com"
LIST = ("visitors", "list")


class Keyring:
    """The package ``keyring``, with one backend."""

    def __init__(self, priority: float = 5) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.priority = priority
        self.is_locked = False

    def get_keyring(self) -> Any:
        return SimpleNamespace(priority=self.priority)

    def set_password(self, service: str, name: str, token: str) -> None:
        self._check()
        self.kept[service, name] = token

    def get_password(self, service: str, name: str) -> str | None:
        self._check()
        return self.kept.get((service, name))

    def delete_password(self, service: str, name: str) -> None:
        self._check()
        del self.kept[service, name]

    def _check(self) -> None:
        if self.is_locked:
            raise RuntimeError(f"locked, with {TOKEN}")


@pytest.fixture(autouse=True)
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """A keyring, which is none until its priority is raised."""
    made = Keyring(priority=0)
    monkeypatch.setitem(sys.modules, "keyring", made)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / "settings"


@pytest.fixture
def bare(sandbox: Sandbox, settings: Path) -> dict[str, str]:
    """An environment without credentials."""
    return environment(XDG_CONFIG_HOME=str(settings), LIVECHAT_BASE_URL=sandbox.url)


@pytest.fixture
def login(bare: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Login:
    """Logs in with a token on standard input."""

    async def call(*arguments: str, token: str = TOKEN) -> Done:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{token}\n"))
        return await run("login", *arguments, env=bare)

    return call


def file_of(settings: Path, name: str = "default") -> Path:
    return settings / "livechat-async" / "profiles" / f"{name}.json"


async def test_after_a_login_no_variable_is_needed(
    sandbox: Sandbox, bare: dict[str, str], login: Login, settings: Path
) -> None:
    before = await run(*LIST, env=bare)
    done = await login("--login", JOHN)
    after = await run(*LIST, env=bare)

    file = file_of(settings)
    assert before.code == 2
    assert "no credentials: run livechat-async login, or set LIVECHAT_LOGIN" in before.err
    assert done == Done(0, f"logged in as {JOHN}: profile default, its token is in {file}\n", "")
    assert (after.code, after.err) == (0, "")
    assert sandbox.requests[-1].headers["Authorization"].startswith("Basic ")


async def test_only_the_owner_can_read_the_file(login: Login, settings: Path) -> None:
    done = await login("--login", JOHN)

    file = file_of(settings)
    assert done.code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["default.json"]
    assert json.loads(file.read_bytes())["token"] == TOKEN


async def test_only_the_owner_can_exchange_the_directory_whatever_the_umask(
    login: Login, settings: Path
) -> None:
    before = os.umask(0)
    try:
        assert (await login("--no-check", "--login", JOHN)).code == 0
    finally:
        os.umask(before)
    folders = (settings / "livechat-async", settings / "livechat-async" / "profiles")
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700]


async def test_a_keyring_holds_the_token_where_there_is_one(
    keyring: Keyring, bare: dict[str, str], login: Login, settings: Path
) -> None:
    keyring.priority = 5

    done = await login("--login", JOHN)
    used = await run(*LIST, env=bare)
    kept = dict(keyring.kept)
    gone = await run("logout", env=bare)

    assert (
        done.out == f"logged in as {JOHN}: profile default, its token is in the system's keyring\n"
    )
    assert kept == {("livechat-async", "default"): TOKEN}
    assert (used.code, gone.code, keyring.kept) == (0, 0, {})
    assert not file_of(settings).exists()


async def test_a_keyring_that_fails_gives_way_to_the_file(
    keyring: Keyring, login: Login, settings: Path
) -> None:
    keyring.priority, keyring.is_locked = 5, True

    done = await login("--login", JOHN)

    assert done.code == 0
    assert json.loads(file_of(settings).read_bytes())["token"] == TOKEN


async def test_a_locked_keyring_is_explained(
    keyring: Keyring, bare: dict[str, str], login: Login
) -> None:
    keyring.priority = 5
    await login("--login", JOHN)
    keyring.is_locked = True

    done = await run("--verbose", *LIST, env=bare)

    assert (done.code, done.out) == (2, "")
    assert "the system's keyring does not give the token of profile default" in done.err
    assert TOKEN not in done.err


async def test_a_new_login_leaves_no_old_token(
    keyring: Keyring, bare: dict[str, str], login: Login, settings: Path
) -> None:
    keyring.priority = 5
    await login("--login", JOHN)
    keyring.priority = 0  # as after the package was removed
    await login("--login", JOHN)
    keyring.priority = 5
    await login("--login", JOHN)

    assert "token" not in json.loads(file_of(settings).read_bytes())
    assert (await run(*LIST, env=bare)).code == 0


async def test_a_wrong_token_is_not_kept(sandbox: Sandbox, login: Login, settings: Path) -> None:
    done = await login("--login", JOHN, token="wr0ng")
    unchecked = await login("--login", JOHN, "--no-check", token="wr0ng")

    assert (done.code, done.out) == (1, "")
    assert "answered 401" in done.err
    assert (unchecked.code, len(sandbox.requests)) == (0, 1)
    assert file_of(settings).exists()
    for shown in (done, unchecked):
        assert "wr0ng" not in shown.out + shown.err


async def test_variables_come_before_the_default_profile_and_profile_before_both(
    sandbox: Sandbox, bare: dict[str, str], login: Login
) -> None:
    await login("--no-check", "--login", "jane@example.com", token="t0ken-of-jane")
    await login("--no-check", "--login", JOHN, "--profile", "work")
    variables = {"LIVECHAT_LOGIN": JOHN, "LIVECHAT_TOKEN": TOKEN}

    codes = [
        (await run(*LIST, env=bare)).code,
        (await run(*LIST, env=bare | variables)).code,
        (await run(*LIST, "--profile", "work", env=bare)).code,
        (await run("--profile", "default", *LIST, env=bare | variables)).code,
        (await run(*LIST, env=bare | {"LIVECHAT_PROFILE": "work"})).code,
    ]

    assert codes == [1, 0, 0, 1, 0]  # the sandbox knows John alone
    assert len(sandbox.requests) == 5


@pytest.mark.parametrize(
    ("arguments", "variable", "said"),
    [
        (LIST, "a/b", "LIVECHAT_PROFILE='a/b': a name has up to 64 letters"),
        (("login", "--oauth"), "a/b", "LIVECHAT_PROFILE='a/b': a name has"),
        (("--profile", "a/b", *LIST), "work", "--profile='a/b': a name has"),
        (LIST, "wrok", "there is no profile wrok, which LIVECHAT_PROFILE names, only work: livech"),
        (("logout",), "wrok", "there is no profile wrok, which LIVECHAT_PROFILE names, only work"),
        (("--profile", "wrok", *LIST), "work", "there is no profile wrok, only work: livechat-asy"),
    ],
)
async def test_a_wrong_profile_is_said_of_the_variable_or_of_the_option_that_names_it(
    bare: dict[str, str], login: Login, arguments: tuple[str, ...], variable: str, said: str
) -> None:
    await login("--no-check", "--login", JOHN, "--profile", "work")

    done = await run(*arguments, env=bare | {"LIVECHAT_PROFILE": variable})

    assert done.code == 2
    assert done.err.startswith(f"error: {said}")


async def test_a_token_goes_only_to_the_address_it_was_kept_for(
    sandbox: Sandbox, bare: dict[str, str], login: Login
) -> None:
    await login("--no-check", "--login", JOHN)

    elsewhere = await run(*LIST, env=bare | {"LIVECHAT_BASE_URL": "http://127.0.0.1:1"})
    without = {name: value for name, value in bare.items() if name != "LIVECHAT_BASE_URL"}
    there = await run(*LIST, env=without)

    assert elsewhere.code == 2
    assert "LIVECHAT_BASE_URL is not the address" in elsewhere.err
    assert there.code == 0
    assert len(sandbox.requests) == 1


async def test_profiles_are_listed_without_tokens(bare: dict[str, str], login: Login) -> None:
    await login("--no-check", "--login", JOHN, "--profile", "work")
    await login("--no-check", "--oauth", "--profile", "a", "--region", "fra", token="dal:t0ken")

    pipe, as_json = (
        await run("profiles", "--columns", "name,login,region", env=bare),
        await run("profiles", "--json", env=bare),
    )

    assert pipe.out == f"name\tlogin\tregion\na\t\tfra\nwork\t{JOHN}\t\n"
    assert [one["name"] for one in json.loads(as_json.out)] == ["a", "work"]
    assert TOKEN not in as_json.out
    assert "t0ken" not in as_json.out


async def test_a_profile_that_cannot_be_read_hides_no_other(
    bare: dict[str, str], login: Login, settings: Path
) -> None:
    """One fault does not cost the rest (field case 2)."""
    for name in ("a", "b", "c"):
        await login("--no-check", "--login", JOHN, "--profile", name)
    file_of(settings, "a").write_bytes(b"{")
    file_of(settings, "b").chmod(0o644)
    file_of(settings, "d").mkdir()

    done = await run("profiles", "--columns", "name", env=bare)

    assert (done.code, done.out) == (0, "name\nc\n")
    assert [line.partition(" ")[0] for line in done.err.splitlines()] == ["warning:"] * 3


async def test_the_shell_completes_the_names_of_profiles(
    bare: dict[str, str], login: Login
) -> None:
    await login("--no-check", "--login", JOHN, "--profile", "work")
    asked = {VARIABLE: "bash_complete", "COMP_WORDS": "livechat-async --profile w"}

    done = await run(env=bare | asked | {"COMP_CWORD": "2"})

    assert done == Done(0, "plain,work\n", "")


async def test_a_person_is_asked_and_the_token_is_not_shown(
    bare: dict[str, str], settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, bool]] = []

    def prompt(text: str, *, hide_input: bool = False, err: bool = False) -> str:
        assert err
        asked.append((text, hide_input))
        return TOKEN if hide_input else JOHN

    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))

    code, terminal = await show("login", env=bare)

    assert code == 0, terminal.plain
    assert asked == [("Login (the agent's e-mail address)", False), ("Token", True)]
    assert TOKEN not in terminal.plain
    assert file_of(settings).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("login",), "standard input is no terminal: give --login, or --oauth"),
        (("login", "--oauth", "--login", JOHN), "--oauth needs no --login"),
        (("login", "--login", "john:doe"), "login"),
        (("login", "--login", JOHN, "--profile", "../x"), "profile='../x': a name has up to 64"),
        (("logout",), "there is no profile default"),
        (("logout", "--profile", "work"), "livechat-async login --profile work"),
        (("--profile", "nobody", *LIST), "there is no profile nobody"),
        (("login", "--token", TOKEN), "there is no option --token"),
    ],
)
async def test_a_wrong_call_is_explained_and_keeps_nothing(
    sandbox: Sandbox,
    bare: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{TOKEN}\n"))

    done = await run(*arguments, env=bare)

    assert (done.code, done.out, sandbox.requests) == (2, "", [])
    assert message in done.err
    assert TOKEN not in done.err
    assert (await run("profiles", env=bare)).out.count("\n") == 1  # the names of the columns


async def test_a_file_that_others_can_read_is_not_used(
    sandbox: Sandbox, bare: dict[str, str], login: Login, settings: Path
) -> None:
    await login("--no-check", "--login", JOHN)
    file_of(settings).chmod(0o640)

    done = await run(*LIST, env=bare)

    assert (done.code, sandbox.requests) == (2, [])
    assert f"others can read {file_of(settings)}: chmod 600 it" in done.err


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"token": 5}', b'{"token": "\xff"}'])
async def test_a_broken_file_is_explained(
    bare: dict[str, str], login: Login, settings: Path, content: bytes
) -> None:
    await login("--no-check", "--login", JOHN)
    file_of(settings).write_bytes(content)

    done, again = await run(*LIST, env=bare), await login("--login", JOHN)

    assert done.code == 2
    assert "is no profile any more: livechat-async login --profile default" in done.err
    assert again.code == 0


@given(
    name=st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,20}\Z"),
    login=st.sampled_from(["", JOHN]),
    token=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
    base_url=st.none() | st.just("http://127.0.0.1:8080"),
    region=st.sampled_from([None, "dal", "fra"]),
)
def test_a_profile_is_read_as_it_was_kept(
    tmp_path_factory: pytest.TempPathFactory, **fields: Any
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "keyring", None)  # not installed
        patch.setitem(os.environ, "XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))
        profile = Profile(**fields | {"token": Secret(fields["token"])})

        kept = profiles.save(profile)

        assert kept == profile == profiles.load(profile.name)
        assert profiles.names() == [profile.name]
        assert isinstance(kept.credentials, PersonalAccessToken if fields["login"] else BearerToken)
        profiles.remove(profile.name)
        with pytest.raises(ConfigurationError, match="there is no profile"):
            profiles.load(profile.name)


async def test_a_login_that_cannot_be_written_leaves_the_one_before(
    bare: dict[str, str], login: Login, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await login("--login", JOHN)
    before = file_of(settings).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = await login("--no-check", "--login", "jane@example.com")

    assert (done.code, done.err) == (1, f"error: '{file_of(settings)}': No space left on device\n")
    assert file_of(settings).read_bytes() == before
    assert [path.name for path in file_of(settings).parent.iterdir()] == ["default.json"]
    assert (await run(*LIST, env=bare)).code == 0


async def test_a_login_without_any_standard_input_says_what_to_give(
    bare: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # as after <&-

    done = await run("login", env=bare)

    assert done.code == 2
    assert done.err.startswith("error: standard input is no terminal: give --login, or --oauth")


async def test_a_profile_that_is_a_folder_is_named_whole(login: Login, settings: Path) -> None:
    """Its path is longer than other values that messages show."""
    name = "a" * 64
    file_of(settings, name).mkdir(parents=True)

    done = await login("--profile", name, "--no-check", "--login", JOHN)

    assert (done.code, done.err) == (1, f"error: '{file_of(settings, name)}': Is a directory\n")


@pytest.mark.parametrize("has_token", [True, False])
async def test_a_login_that_cannot_be_written_changes_no_token_in_the_keyring(
    keyring: Keyring, login: Login, monkeypatch: pytest.MonkeyPatch, *, has_token: bool
) -> None:
    """Otherwise the new token would go to the address of the profile before."""
    keyring.priority = 5
    if has_token:
        await login("--no-check", "--login", JOHN)
    before = dict(keyring.kept)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = await login("--no-check", "--login", JOHN, token="another")

    assert done.code == 1
    assert keyring.kept == before
