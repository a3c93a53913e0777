"""How webhooks are delivered: when, with what credentials, how often, and until when."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from delivery_receiver import Receiver

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox import Delivery, Sandbox

NOW = 1_487_246_066


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


@pytest.fixture
async def quick() -> AsyncIterator[Sandbox]:
    """A sandbox whose ten repeats come within half a second."""
    async with Sandbox(clock=lambda: NOW, webhook_retry_span=0.5) as running:
        yield running


async def until(condition: Callable[[], object]) -> None:
    for _ in range(20_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it never came to that")


def statuses(sandbox: Sandbox) -> list[list[int | None]]:
    return [delivery.statuses for delivery in sandbox.deliveries]


async def test_a_chat_is_delivered_when_it_starts(quick: Sandbox, receiver: Receiver) -> None:
    webhook_id = quick.register_webhook("chat_started", receiver.url)
    chat = quick.start_chat(quick.add_visitor(name="Mary Brown"))
    assert not quick.deliveries[0].done
    await quick.delivered()

    assert receiver.bodies == [chat.webhook_body()]
    [headers] = receiver.headers
    assert headers["Content-Type"] == "application/json"
    assert "Authorization" not in headers
    [delivery] = quick.deliveries
    assert (delivery.id, delivery.event_type, delivery.done) == ("1", "chat_started", True)
    assert delivery.webhook_id == webhook_id
    assert (delivery.statuses, delivery.attempts[0].problem) == ([200], "")
    assert delivery.url == receiver.url
    assert delivery.body() == chat.webhook_body()
    assert delivery.event_unique_id == chat.webhook_body()["event_unique_id"]
    assert str(chat.token) not in repr(delivery)


@pytest.mark.parametrize(
    ("user_info", "pair"),
    [
        ("user:password@", "user:password"),
        ("u%40x:p%3Aa%2Fs%25s@", "u@x:p:a/s%s"),
        ("m%C3%A9:%E2%82%AC@", "mé:€"),
        ("user@", "user:"),
        (":password@", ":password"),
    ],
)
async def test_credentials_in_the_url_become_a_header(
    quick: Sandbox, receiver: Receiver, user_info: str, pair: str
) -> None:
    quick.register_webhook(
        "chat_started", receiver.url.replace("//", f"//{user_info}") + "?a=b%20c"
    )
    quick.start_chat(quick.add_visitor())
    await quick.delivered()

    [headers] = receiver.headers
    assert headers["Authorization"] == f"Basic {b64encode(pair.encode()).decode()}"
    assert receiver.paths == ["/livechat?a=b%20c"]
    [delivery] = quick.deliveries
    assert delivery.url == f"{receiver.url}?a=b%20c"
    assert "password" not in repr(delivery)
    assert "password" not in json.dumps(delivery.to_wire())


async def test_what_is_not_answered_200_is_repeated(quick: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [500, 503, 404, 302, 201, 204]
    quick.register_webhook("chat_started", receiver.url)
    chat = quick.start_chat(quick.add_visitor())
    await quick.delivered()

    assert statuses(quick) == [[500, 503, 404, 302, 201, 204, 200]]
    assert receiver.raw == [receiver.raw[0]] * 7
    assert receiver.bodies[0] == chat.webhook_body()
    assert set(receiver.paths) == {"/livechat"}


async def test_a_webhook_is_repeated_at_most_ten_times(quick: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [500] * 20
    quick.register_webhook("chat_started", receiver.url)
    quick.start_chat(quick.add_visitor())
    await quick.delivered()
    assert statuses(quick) == [[500] * 11]
    assert quick.deliveries[0].done


async def test_the_repeats_take_six_hours_by_default(receiver: Receiver) -> None:
    async with Sandbox() as sandbox:
        waits = sandbox._account.deliverer._waits
        assert len(waits) == 10
        assert sum(waits) == pytest.approx(6 * 60 * 60)
        assert all(later == pytest.approx(2 * wait) for wait, later in itertools.pairwise(waits))

        receiver.answers = [500]
        sandbox.register_webhook("chat_started", receiver.url)
        sandbox.start_chat(sandbox.add_visitor())
        with pytest.raises(TimeoutError, match=r"chat_started to http\S+ \[500\]\. .*retry_span"):
            await sandbox.delivered(timeout=0.3)


async def test_a_late_answer_is_no_answer(receiver: Receiver) -> None:
    receiver.answers = [30.0, 30.0]
    async with Sandbox(webhook_timeout=0.1, webhook_retry_span=0.1) as sandbox:
        sandbox.register_webhook("chat_started", receiver.url)
        sandbox.start_chat(sandbox.add_visitor())
        await sandbox.delivered()
    [delivery] = sandbox.deliveries
    assert delivery.statuses == [None, None, 200]
    assert delivery.attempts[0].problem == "no answer within 0.1 s"
    assert len(receiver.bodies) == 3


async def test_a_receiver_that_starts_late_gets_its_webhook(quick: Sandbox) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quick.register_webhook("chat_started", f"http://127.0.0.1:{port}/livechat")
    quick.start_chat(quick.add_visitor())
    await until(lambda: quick.deliveries[0].attempts)
    async with Receiver(port=port) as receiver:
        await quick.delivered()
    [delivery] = quick.deliveries
    assert delivery.statuses[0] is None
    assert delivery.attempts[0].problem.startswith("no answer: ")
    assert delivery.statuses[-1] == 200
    assert len(receiver.bodies) == 1


async def test_a_slow_receiver_does_not_delay_others(quick: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [30.0]
    quick.register_webhook("ticket_created", receiver.url)
    headers = {"X-API-Version": "2", "Authorization": quick.credentials.authorization().reveal()}
    ticket = {"message": "Hello", "requester": {"mail": "mary@example.com"}}
    async with aiohttp.ClientSession(quick.url, headers=headers) as http:
        for _ in range(2):
            async with http.post("/tickets", json=ticket) as response:
                assert response.status == 200
        await until(lambda: sorted(statuses(quick)) == [[], [200]])


async def test_stopping_ends_all_deliveries(receiver: Receiver) -> None:
    receiver.answers = [500, 30.0]
    sandbox = Sandbox()
    async with sandbox:
        sandbox.register_webhook("chat_started", receiver.url)
        for _ in range(2):
            sandbox.start_chat(sandbox.add_visitor())
        await until(lambda: sorted(statuses(sandbox)) == [[], [500]])
    assert all(delivery.done for delivery in sandbox.deliveries)
    assert sorted(statuses(sandbox)) == [[], [500]]
    await sandbox.delivered()
    assert len(receiver.bodies) == 2
    assert not sandbox._account.deliverer._tasks

    async with sandbox:
        sandbox.start_chat(sandbox.add_visitor())
        await sandbox.delivered()
    assert statuses(sandbox)[-1] == [200]


async def test_stopping_before_anything_began(receiver: Receiver) -> None:
    sandbox = Sandbox()
    async with sandbox:
        sandbox.register_webhook("chat_started", receiver.url)
        sandbox.start_chat(sandbox.add_visitor())
    await asyncio.sleep(0.05)
    assert [delivery.done for delivery in sandbox.deliveries] == [True]
    assert (statuses(sandbox), receiver.bodies) == ([[]], [])


async def test_nothing_is_told_while_it_is_stopped(receiver: Receiver) -> None:
    sandbox = Sandbox()
    sandbox.register_webhook("chat_started", receiver.url)
    sandbox.register_webhook("visitor_queued", receiver.url)
    visitor_id = sandbox.add_visitor()
    sandbox.queue(visitor_id)
    sandbox.start_chat(visitor_id)
    await sandbox.delivered()
    assert sandbox.deliveries == []
    async with sandbox:
        await sandbox.delivered()
        sandbox.end_chat(visitor_id)
        await sandbox.delivered()
    assert (sandbox.deliveries, receiver.bodies) == ([], [])


async def test_another_thread_may_do_things(quick: Sandbox, receiver: Receiver) -> None:
    quick.register_webhook("chat_started", receiver.url)

    def start() -> None:
        quick.start_chat(quick.add_visitor())
        # A loop in another thread can wait too.
        asyncio.run(quick.delivered())
        assert statuses(quick) == [[200]]

    await asyncio.to_thread(start)
    assert len(receiver.bodies) == 1


async def test_waiting_in_another_loop_ends_with_the_sandbox(receiver: Receiver) -> None:
    receiver.answers = [30.0]
    sandbox = Sandbox()
    waiting = threading.Event()

    def wait() -> None:
        waiting.set()
        asyncio.run(sandbox.delivered(timeout=200))

    async with sandbox:
        sandbox.register_webhook("chat_started", receiver.url)
        sandbox.start_chat(sandbox.add_visitor())
        thread = asyncio.create_task(asyncio.to_thread(wait))
        await until(lambda: waiting.is_set() and receiver.bodies)
    await asyncio.wait_for(thread, 100)


async def test_waiting_in_another_loop_in_vain(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [30.0]

    def wait() -> None:
        with pytest.raises(TimeoutError, match="chat_started"):
            asyncio.run(sandbox.delivered(timeout=0.2))

    async with Sandbox() as sandbox:
        sandbox.register_webhook("chat_started", receiver.url)
        sandbox.start_chat(sandbox.add_visitor())
        await asyncio.to_thread(wait)
        assert not sandbox.deliveries[0].done
    assert caplog.records == []


def test_a_loop_that_is_gone_is_no_error() -> None:
    sandbox = Sandbox()
    sandbox.register_webhook("chat_started", "http://127.0.0.1:9/livechat")
    with asyncio.Runner() as runner:
        runner.run(sandbox.start())
        runner.run(sandbox._server.stop())
    sandbox.start_chat(sandbox.add_visitor())
    assert sandbox.deliveries == []


def test_a_loop_that_goes_with_something_under_way() -> None:
    sandbox = Sandbox()
    sandbox.register_webhook("chat_started", "http://127.0.0.1:9/livechat")

    async def start() -> None:
        await sandbox.start()
        sandbox.start_chat(sandbox.add_visitor())
        await sandbox._server.stop()

    asyncio.run(start())
    asyncio.run(sandbox.delivered())
    asyncio.run(sandbox.stop())
    assert sandbox.deliveries[0].done


async def test_everything_again_though_it_was_answered(receiver: Receiver) -> None:
    async with Sandbox(webhook_repeats=3, webhook_retry_span=0) as sandbox:
        receiver.answers = [500, 200, 500]
        sandbox.register_webhook("chat_started", receiver.url)
        sandbox.start_chat(sandbox.add_visitor())
        await sandbox.delivered()
    # An extra delivery is made once, whatever its answer.
    assert statuses(sandbox) == [[500, 200, 500, 200, 200]]
    assert receiver.raw == [receiver.raw[0]] * 5


async def test_a_delivery_can_be_repeated(quick: Sandbox, receiver: Receiver) -> None:
    quick.register_webhook("chat_started", receiver.url)
    quick.start_chat(quick.add_visitor())
    await quick.delivered()
    [delivery] = quick.deliveries
    receiver.answers = [503]
    quick.repeat_delivery(delivery)
    assert not delivery.done
    await quick.delivered()
    assert delivery.statuses == [200, 503, 200]

    for _ in range(3):
        quick.repeat_delivery(delivery.id)
    assert delivery.under_way == 3
    await quick.delivered()
    assert delivery.statuses[3:] == [200] * 3
    assert len({bytes(raw) for raw in receiver.raw}) == 1
    assert quick.deliveries == [delivery]


async def test_impossible_repeats_are_refused(receiver: Receiver) -> None:
    sandbox = Sandbox()
    async with sandbox:
        sandbox.register_webhook("chat_started", receiver.url)
        sandbox.start_chat(sandbox.add_visitor())
        await sandbox.delivered()
        with pytest.raises(ConfigurationError, match="delivery='7': there is no such delivery"):
            sandbox.repeat_delivery("7")
    [delivery] = sandbox.deliveries
    with pytest.raises(ConfigurationError, match="does not run"):
        sandbox.repeat_delivery(delivery)
    assert delivery.done


async def test_jitter_changes_the_order(receiver: Receiver) -> None:
    async with Sandbox(webhook_jitter=0.2) as sandbox:
        sandbox.register_webhook("chat_started", receiver.url, ["visitor"])
        visitors = [sandbox.add_visitor() for _ in range(12)]
        for visitor_id in visitors:
            sandbox.start_chat(visitor_id)
        await sandbox.delivered()
    came = [body["visitor"]["id"] for body in receiver.bodies]
    assert sorted(came) == sorted(visitors)
    assert came != visitors


async def test_webhooks_go_to_this_machine_only(quick: Sandbox) -> None:
    quick.register_webhook("chat_started", "https://user:password@example.com/livechat")
    quick.start_chat(quick.add_visitor())
    await quick.delivered()
    [delivery] = quick.deliveries
    assert delivery.statuses == [None]
    assert "on this machine only" in delivery.attempts[0].problem
    assert delivery.url == "https://example.com/livechat"


async def test_webhooks_go_to_a_machine_that_is_named(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bot in another container gets its webhooks over plain http (field case 34)."""
    resolve = asyncio.get_running_loop().getaddrinfo

    async def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        return await resolve("127.0.0.1" if host == "bot" else host, *args, **options)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    async with Sandbox(webhook_hosts=["Bot"], webhook_retry_span=0) as sandbox:
        sandbox.register_webhook("chat_started", f"http://bot:{receiver.port}/livechat")
        sandbox.register_webhook("chat_started", f"http://other:{receiver.port}/livechat")
        assert [webhook["url"].partition(":")[0] for webhook in sandbox.webhooks] == [
            "http",
            "https",
        ]
        visitor_id = sandbox.add_visitor()
        sandbox.start_chat(visitor_id)
        await sandbox.delivered()
    assert [delivery.statuses for delivery in sandbox.deliveries] == [[200], [None]]
    assert "--webhook-host" in sandbox.deliveries[1].attempts[0].problem
    [body] = receiver.bodies
    assert body["visitor"]["id"] == visitor_id


@pytest.mark.parametrize(("hosts", "statuses"), [((), [None]), (["127.0.0.1"], [200])])
async def test_a_sandbox_for_other_machines_calls_this_one_only_if_it_is_named(
    receiver: Receiver, hosts: list[str], statuses: list[int | None]
) -> None:
    """Who reaches its API reaches nothing else on this machine by it (field case 44)."""
    async with Sandbox(
        allow_remote=True, control_token="Test-Token/123+456", webhook_hosts=hosts
    ) as sandbox:
        sandbox.register_webhook("chat_started", receiver.url)
        sandbox.start_chat(sandbox.add_visitor())
        await sandbox.delivered()
    [delivery] = sandbox.deliveries
    assert delivery.statuses == statuses
    assert len(receiver.bodies) == sum(status is not None for status in statuses)


async def test_the_log_forgets_the_oldest(
    quick: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livechat_async.sandbox.webhooks.deliverer._KEPT", 3)
    quick.register_webhook("chat_started", receiver.url)
    for _ in range(5):
        quick.start_chat(quick.add_visitor())
    await quick.delivered()
    assert [delivery.id for delivery in quick.deliveries] == ["3", "4", "5"]
    assert len(receiver.bodies) == 5
    quick.clear_deliveries()
    assert quick.deliveries == []


async def test_many_webhooks_are_delivered_together(quick: Sandbox, receiver: Receiver) -> None:
    quick.register_webhook("chat_started", receiver.url)
    for _ in range(300):
        quick.start_chat(quick.add_visitor())
    await quick.delivered(timeout=300)
    assert len({body["event_unique_id"] for body in receiver.bodies}) == 300


async def test_a_timeout_names_a_few_deliveries(quick: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [30.0] * 5
    quick.register_webhook("chat_started", receiver.url)
    for _ in range(5):
        quick.start_chat(quick.add_visitor())
    with pytest.raises(TimeoutError, match=r"after 0\.2 s .* and 2 more"):
        await quick.delivered(timeout=0.2)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"webhook_retry_span": -1}, "webhook_retry_span=-1"),
        ({"webhook_timeout": "10"}, "webhook_timeout='10'"),
        ({"webhook_repeats": 1.5}, "webhook_repeats=1.5"),
        ({"webhook_jitter": float("nan")}, "webhook_jitter=nan"),
        ({"webhook_tokens": "licence"}, "webhook_tokens='licence'"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Sandbox(**options)
    assert str(caught.value).startswith(text)


def test_a_delivery_equals_only_itself() -> None:
    values = dict.fromkeys(("id", "event_type", "event_unique_id", "webhook_id", "url"), "x")
    one, other = (Delivery(**values, raw_body=b"{}", target="y") for _ in range(2))
    assert one != other
    assert len({one, other}) == 2
