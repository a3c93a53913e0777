"""Captures of another version, cut short or changed by hand are errors that name the file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import JSON

from livechat_async import ConfigurationError
from livechat_async.captures import Capture, check_captures, load_captures
from livechat_async.captures.files import DEEPEST, NO_JSON, CaptureFolder
from livechat_async.sandbox import Sandbox

GOOD: dict[str, Any] = {
    "version": 1,
    "kind": "answer",
    "method": "GET",
    "path": "/visitors",
    "query": "",
    "status": 200,
    "headers": {},
    "body": [],
}
NAME = "000001-GET-visitors.json"


@given(JSON, st.text(max_size=20), st.sampled_from([200, 404]))
def test_what_is_written_is_read_again(body: Any, query: str, status: int):
    capture = Capture(kind="answer", method="GET", path="/a", query=query, status=status, body=body)
    again = Capture.from_json("a.json", capture.to_json())
    assert again.file == "a.json"
    assert (again.status, again.path) == (status, "/a")
    assert json.dumps(again.body) == json.dumps(body)


def test_deep_values_do_not_grow_a_file_beyond_what_is_read():
    body: Any = [5] * 1_000_000
    for _ in range(DEEPEST - 1):
        body = [body]
    content = Capture(kind="answer", method="GET", path="/a", status=200, body=body).to_json()
    assert len(content) < 4_000_000
    assert Capture.from_json("", content).body == body


def test_a_body_that_is_no_json_is_read_again_by_its_size():
    capture = Capture(kind="answer", method="GET", path="/", status=200, size=7)
    assert Capture.from_json("", capture.to_json()) == capture
    assert capture.body is NO_JSON


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no JSON: it was cut short, or changed by hand"),
        (json.dumps(GOOD).encode()[:-20], "is no JSON: it was cut short"),
        (b"\x00\xff", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "is no capture: it has no version"),
        ({"version": 2}, "has version 2, and this release reads version 1: record it again"),
        ({"version": "x"}, "has version 'x'"),
        ({"kind": "mail"}, "kind has to be answer or webhook"),
        ({"method": "get"}, "method has to be one of GET, HEAD"),
        ({"path": "visitors"}, "path has to be text with a / first"),
        ({"path": 5}, "path has to be"),
        ({"query": None}, "query has to be text"),
        ({"status": "200"}, "status has to be a status from 200 to 999"),
        ({"status": 99}, "status has to be"),
        ({"status": True}, "status has to be"),
        ({"headers": {"A": "b\r\nC: d"}}, "headers has to be an object of texts"),
        ({"headers": []}, "headers has to be"),
        ({"headers": {"content-length": "9"}}, "without those about the connection or length"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "headers has to be"),
        ({"headers": {"": "a"}}, "headers has to be"),
        ({"headers": {"A b": "c"}}, "headers has to be"),
        ({"status": 0}, "the status of an answer has to be 200 to 999"),
        ({"size": -1}, "size has to be a number up to"),
        ({"size": 10**12}, "size has to be"),
        ({"size": 5}, "look at body and size"),
        ({"bdy": 5}, "look at bdy"),
        ({"body": json.loads("[" * 200 + "]" * 200)}, "has more than 100 levels"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: Any, said: str):
    if isinstance(content, dict):
        content = json.dumps({**GOOD, **content}).encode()
    (tmp_path / NAME).write_bytes(content)
    for read in (load_captures, check_captures, Sandbox.from_captures):
        with pytest.raises(ConfigurationError) as caught:
            read(tmp_path)
        assert str(caught.value).startswith(f"{tmp_path / NAME} ")
        assert said in str(caught.value)


@pytest.mark.parametrize("name", ["kind", "method", "path", "body"])
def test_a_field_that_is_missing_is_named(tmp_path: Path, name: str):
    content = {key: value for key, value in GOOD.items() if key != name}
    (tmp_path / NAME).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"look at .*{name}"):
        load_captures(tmp_path)


def test_a_folder_that_is_missing_or_empty_is_named_with_a_remedy(tmp_path: Path):
    whole_path = r"^folder='.*: there is no such folder: .*/none' makes one"
    with pytest.raises(ConfigurationError, match=whole_path):
        load_captures(tmp_path / "none")
    with pytest.raises(ConfigurationError, match="has no captures: 'livechat-async record"):
        load_captures(tmp_path)
    (tmp_path / "a.json").mkdir()
    with pytest.raises(ConfigurationError, match=r"a\.json cannot be read: Is a directory"):
        load_captures(tmp_path)


def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(ConfigurationError, match=f"{NAME} is no JSON"):
        load_captures(tmp_path)


def test_files_are_read_in_the_order_of_their_numbers(tmp_path: Path):
    for number in (2, 10, 1_000_000):
        content = json.dumps({**GOOD, "path": f"/{number}"})
        (tmp_path / f"{number:06}-GET-x.json").write_text(content, encoding="utf-8")
    assert [each.path for each in load_captures(tmp_path)] == ["/2", "/10", "/1000000"]


def test_a_name_shows_the_path_and_is_a_plain_one(tmp_path: Path):
    folder = CaptureFolder(tmp_path)
    path = "/agents/../a%2Fb@x.example/" + "x" * 300
    written = folder.add(Capture(kind="answer", method="GET", path=path, status=200))
    folder.close()
    assert written.file.startswith("000001-GET-agents-..-a2Fbx.example-xxx")
    assert len(written.file) < 100
    assert (tmp_path / written.file).is_file()
