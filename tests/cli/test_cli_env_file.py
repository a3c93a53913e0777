"""``--env-file``: variables from a file, when the user asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runner import environment, run
from hypothesis import given
from hypothesis import strategies as st

from livechat_async import ConfigurationError
from livechat_async.cli.env_file import parse_env
from livechat_async.sandbox import Sandbox

JOHN = "LIVECHAT_LOGIN=john.doe@example.com\nLIVECHAT_TOKEN=s3cr3t-of-john\n"
LIST = ("visitors", "list")


@pytest.fixture
def bare(sandbox: Sandbox) -> dict[str, str]:
    """An environment without credentials."""
    return environment(LIVECHAT_BASE_URL=sandbox.url)


async def test_a_file_is_read_only_when_it_is_asked_for(
    bare: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(JOHN)
    monkeypatch.chdir(tmp_path)

    codes = [
        (await run(*LIST, env=bare)).code,
        (await run("--env-file", ".env", *LIST, env=bare)).code,
        (await run(*LIST, "--env-file", ".env", env=bare)).code,
    ]

    assert codes == [2, 0, 0]


async def test_the_environment_comes_first(
    sandbox: Sandbox, bare: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("LIVECHAT_ACCESS_TOKEN=dal:other\nLIVECHAT_BASE_URL=http://127.0.0.1:1\n")
    variables = dict(line.split("=") for line in JOHN.splitlines())

    done = await run("--env-file", str(file), *LIST, env=bare | variables)

    assert (done.code, done.err) == (0, "")
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file or directory"),
        (b"LIVECHAT_TOKEN=\xff", "it is no text"),
        (b"# ours\nLIVECHAT_TOKEN s3cr3t", "line 2: NAME=value is needed"),
        (b"LIVECHAT_TOKEN='s3cr3t", "line 1: NAME=value is needed, and quotes in pairs"),
        (b"LIVECHAT_TOKEN=s3cr3t\0", "the value of LIVECHAT_TOKEN holds a NUL"),
    ],
)
async def test_a_wrong_file_is_explained_without_its_values(
    sandbox: Sandbox, bare: dict[str, str], tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / ".env"
    if content is not None:
        file.write_bytes(content)

    done = await run("--env-file", str(file), *LIST, env=bare)

    assert (done.code, done.out, sandbox.requests) == (2, "", [])
    assert f"--env-file {file}" in done.err
    assert message in done.err
    assert "s3cr3t" not in done.err


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("LIVECHAT_A=b", "b"),
        ("export LIVECHAT_A = b c ", "b c"),
        ("LIVECHAT_A=", ""),
        ("LIVECHAT_A=b # said", "b"),
        ("LIVECHAT_A=b#c", None),
        ("LIVECHAT_A= # said", ""),
        ("LIVECHAT_A=#said", None),
        ("LIVECHAT_A='b'#said", None),
        ("LIVECHAT_A=b \t c\t#said", "b \t c"),
        ("LIVECHAT_A='b # c' # said", "b # c"),
        ("LIVECHAT_A='b\\n'", "b\\n"),
        ('LIVECHAT_A="b\\n\\"c\\" \\\\ \\$d"', 'b\n"c" \\ $d'),
        ("LIVECHAT_A=b'c", None),
        ("LIVECHAT_A", None),
        ("LIVECHAT_A=x=y", "x=y"),
        ("LIVECHAT_A=b\r", "b"),
    ],
)
def test_a_line_is_read_as_other_programs_read_it(line: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(ConfigurationError, match="line 1"):
            list(parse_env(line, ".env"))
    else:
        assert list(parse_env(line, ".env")) == [("LIVECHAT_A", value)]


@given(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"])))
def test_any_value_can_be_written_in_quotes(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert list(parse_env(f'LIVECHAT_A="{escaped}"', ".env")) == [("LIVECHAT_A", value)]


@given(st.text())
def test_lines_of_others_are_not_looked_at(text: str) -> None:
    others = "\n".join(f"OTHER{line}" for line in text.split("\n"))
    assert list(parse_env(f"{others}\nLIVECHAT_A=b", ".env")) == [("LIVECHAT_A", "b")]


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = list(parse_env(f"LIVECHAT_A{text}", ".env"))
    except ConfigurationError:
        return
    assert all(name.startswith("LIVECHAT_") for name, _ in found)
