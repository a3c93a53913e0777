"""Whose requests a server on this machine answers, and how it starts."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat_async.captures import Recorder
from livechat_async.checks import is_loopback
from livechat_async.sandbox import Sandbox
from livechat_async.servers import (
    is_from_own_page,
    is_from_web_page,
    is_local_host,
    is_private_host,
)

LOCAL = ["localhost", "LocalHost", "127.0.0.1", "127.8.9.10", "[::1]", "bot.localhost"]


@pytest.mark.parametrize("name", LOCAL)
@pytest.mark.parametrize("end", ["", ":8080", ".", ".:8080", ":", " "])
def test_a_name_of_this_machine_is_local_with_any_port(name: str, end: str) -> None:
    """Names ignore case, and a dot may end them (field case 44)."""
    if not (name.endswith("]") and end.startswith(".")):
        assert is_local_host(name + end)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":8080",
        "evil.example.com",
        "evil.example.com:8080",
        "localhost.evil.example.com",
        "evil-localhost",
        "127.0.0.1.evil.example.com",
        "127.0.0.1@evil.example.com",
        "user:pass@127.0.0.1:8080",
        "localhost:8080@evil.example.com",
        "evil.example.com#localhost",
        "localhost/evil",
        "localhost, evil.example.com",
        "localhost:80:80",
        "localhost:123456",
        "0.0.0.0",  # noqa: S104 - a Host header
        "10.0.0.1",
        "[::]",
        "[2001:db8::1]:8080",
        "[::1",
        "::1",
        "2130706433",
        "0x7f.1",
        "\uff4cocalhost",
        "localhost\x00",
        "localhost..",
        "xn--localhost-",
    ],
)
def test_any_other_host_is_not_local(host: str) -> None:
    """A name that an attacker controls can lead here (field case 44)."""
    assert not is_local_host(host)


@given(
    st.text("localhost127.:[]@/\\?# %", max_size=30)
    | st.text(max_size=20).map("localhost{}".format)
    | st.text(max_size=20).map("{}127.0.0.1".format)
)
def test_a_host_is_local_only_if_a_url_with_it_leads_here(host: str) -> None:
    """The standard library's reader of URLs is the judge (field case 44)."""
    if is_local_host(host):
        name = (urlsplit(f"http://{host.strip()}/").hostname or "").removesuffix(".")
        assert is_loopback(name) or name.endswith(".localhost")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("sandbox", True),
        ("Sandbox:8080", True),
        ("my_sandbox-1", True),
        ("sandbox.", True),
        ("10.0.0.1:8080", True),
        ("[2001:db8::1]:8080", True),
        ("bot.localhost", True),
        ("sandbox.test.svc", True),
        ("SANDBOX.test.svc.:80", True),
        ("sandbox.test.svc2", False),
        ("a.sandbox.test.svc", False),
        ("evil.example.com", False),
        ("10.0.0.1.example.com", False),
        ("10.0.0.1@evil.example.com", False),
        ("sandbox@evil.example.com", False),
        ("sandbox, evil.example.com", False),
        ("evil.com", False),
        ("", False),
        (":8080", False),
        (".", False),
        ("[::1", False),
    ],
)
def test_a_strangers_domain_is_not_private(host: str, *, expected: bool) -> None:
    """Other machines use names that no stranger can point elsewhere (field case 44)."""
    assert is_private_host(host, {"sandbox.test.svc"}) == expected


@given(st.from_regex(r"[a-z0-9.-]{0,20}\.[a-z]{2,10}(:[0-9]{1,5})?", fullmatch=True))
def test_no_name_in_a_domain_is_private(host: str) -> None:
    """DNS rebinding takes a name with a dot (field case 44)."""
    inner = host.partition(":")[0].removesuffix(".")
    assert is_private_host(host, ()) == inner.endswith(".localhost")


@pytest.mark.parametrize("delimiter", [".", ":", "[", "]", "a", "1", "-", " ", "@"])
def test_a_long_host_is_judged_at_once(delimiter: str) -> None:
    """A hundred thousand of any delimiter are no name (field case 35)."""
    assert not is_local_host(delimiter * 100_000)
    assert not is_local_host(f"localhost{delimiter * 100_000}x")


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("POST", {}, False),
        ("POST", {"sec-fetch-site": "none"}, False),
        ("POST", {"sec-fetch-mode": "cors"}, False),  # what Node's fetch sends
        ("POST", {"origin": "null"}, True),
        ("POST", {"origin": ""}, True),
        ("POST", {"origin": "http://localhost:8080"}, True),
        ("POST", {"sec-fetch-site": "cross-site"}, True),
        ("POST", {"sec-fetch-site": " Same-Site "}, True),
        ("POST", {"sec-fetch-site": "same-origin"}, True),
        ("DELETE", {"sec-fetch-site": "cross-site"}, True),
        ("GET", {"sec-fetch-site": "cross-site"}, False),  # a link that someone followed
        ("HEAD", {"sec-fetch-site": "cross-site"}, False),
        ("GET", {"origin": "https://evil.example.com"}, True),
    ],
)
def test_the_headers_of_a_web_page_are_known(
    method: str, headers: dict[str, str], *, expected: bool
) -> None:
    """Only browsers send these headers (field case 44)."""
    assert is_from_web_page(method, headers) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"host": "localhost:8080", "origin": "http://localhost:8080"}, True),
        ({"host": "LocalHost:8080", "origin": "http://localhost:8080"}, True),
        ({"host": "[::1]:80", "origin": "http://[::1]:80", "sec-fetch-site": "same-origin"}, True),
        ({"host": "localhost:8080", "origin": "http://localhost:8081"}, False),
        ({"host": "localhost:8080", "origin": "https://localhost:8080"}, False),
        ({"host": "localhost:8080", "origin": "http://localhost:8080.evil.example.com"}, False),
        ({"host": "localhost:8080", "origin": "http://127.0.0.1:8080"}, False),
        ({"host": "localhost:8080", "origin": "null"}, False),
        ({"host": "localhost:8080"}, False),
        ({"origin": "http://"}, False),
        ({"host": "h", "origin": "http://h", "sec-fetch-site": "same-site"}, False),
        ({"host": "h", "origin": "http://h", "sec-fetch-site": "cross-site"}, False),
    ],
)
def test_a_page_of_the_server_itself_is_known(headers: dict[str, str], *, expected: bool) -> None:
    """Its origin is the host that it asks (field case 44)."""
    assert is_from_own_page(headers) == expected


@pytest.mark.parametrize("kind", [Sandbox, Recorder])
def test_a_server_is_closed_wherever_its_event_loop_ends(
    kind: Callable[..., Sandbox | Recorder], tmp_path: Path
) -> None:
    """While it starts, and while it stops."""

    async def serve() -> None:
        async with kind() if kind is Sandbox else kind(tmp_path):
            pass

    async def begin(steps: int) -> None:
        serving.append(asyncio.create_task(serve()))
        for _ in range(steps):
            await asyncio.sleep(0)

    serving: list[asyncio.Task[None]] = []
    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always")
        for steps in range(1, 12):
            asyncio.run(begin(steps))
        gc.collect()
    assert [str(warning.message) for warning in left_open] == []
    assert all(task.done() for task in serving)
