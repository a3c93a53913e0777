"""The answers of a receiver and the calls of its handlers, without a server."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from receiver_help import (
    CREDENTIALS,
    TOKEN,
    DeadLetters,
    MakeReceiver,
    Recorder,
    basic,
    body,
    document,
    headers,
    until,
)

from livechat_async.errors import ClientStateError, ConfigurationError, QueueFullError
from livechat_async.webhooks import (
    ChatEnded,
    ChatStarted,
    EngineStatus,
    Job,
    JobRunner,
    MemoryEngine,
    TicketCreated,
    UnknownEvent,
    WebhookCredentials,
    WebhookEvent,
    WebhookReceiver,
)


class FakeEngine:
    """Accepts every job, except those it is set to refuse."""

    def __init__(self) -> None:
        self.taken: list[Job] = []
        self.refuses: dict[str, Exception] = {}
        self.start_fails: Exception | None = None
        self.starts = 0
        self.closings: list[float] = []

    def bind(self, run: JobRunner) -> None:
        self.run = run

    async def start(self) -> None:
        self.starts += 1
        await asyncio.sleep(0)
        if self.start_fails is not None:
            raise self.start_fails

    async def submit(self, job: Job) -> bool:
        if job.handler in self.refuses:
            raise self.refuses[job.handler]
        if any(job.key == taken.key for taken in self.taken):
            return False
        self.taken.append(job)
        return True

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109
        self.closings.append(timeout)

    def status(self) -> EngineStatus:
        return EngineStatus(queued=len(self.taken), running=0)


async def test_an_event_reaches_its_handler_after_the_answer(bot: WebhookReceiver) -> None:
    recorder = Recorder(gate=asyncio.Event())
    bot.on(ChatStarted)(recorder)
    answer = await bot.receive(body(), headers())
    assert (answer.status, answer.body) == (200, b"")
    await until(lambda: len(recorder.events) == 1)
    assert recorder.ended == 0
    assert recorder.gate is not None
    recorder.gate.set()
    await until(lambda: bot.status().done == 1)
    (event,) = recorder.events
    assert isinstance(event, ChatStarted)
    assert event.visitor.email == "mary@example.com"


async def test_a_handler_gets_the_events_it_was_registered_for(bot: WebhookReceiver) -> None:
    started, chats, everything, unknown = Recorder(), Recorder(), Recorder(), Recorder()
    bot.on(ChatStarted, name="started")(started)
    bot.on(ChatStarted, ChatEnded, name="chats")(chats)
    bot.on(WebhookEvent, name="everything")(everything)
    bot.on(UnknownEvent, name="unknown")(unknown)
    kinds = ["chat_started", "chat_ended", "visitor_queued", "chat_moved"]
    for number, kind in enumerate(kinds):
        assert (await bot.receive(body(number, kind), headers())).status == 200
    await until(lambda: bot.status().done == 8)
    assert [each.event_type for each in started.events] == kinds[:1]
    assert [each.event_type for each in chats.events] == kinds[:2]
    assert [each.event_type for each in everything.events] == kinds
    assert [each.event_type for each in unknown.events] == kinds[3:]


async def test_a_repeated_delivery_does_not_run_the_handler_again(bot: WebhookReceiver) -> None:
    recorder = Recorder()
    bot.on(ChatStarted)(recorder)
    for _ in range(10):
        assert (await bot.receive(body(), headers())).status == 200
    await until(lambda: bot.status().done == 1)
    assert (await bot.receive(body(), headers())).status == 200
    assert len(recorder.events) == 1
    status = bot.status()
    assert (status.accepted, status.repeats, status.done) == (11, 10, 1)


async def test_a_repeat_without_an_id_is_recognised_by_its_content(bot: WebhookReceiver) -> None:
    recorder = Recorder()
    bot.on(WebhookEvent)(recorder)
    sent = document()
    del sent["event_unique_id"]
    for _ in range(3):
        sent["token"] += "0"
        await bot.receive(json.dumps(sent).encode(), headers())
    await until(lambda: bot.status().done == 1)
    assert bot.status().repeats == 2


async def test_only_failed_handlers_run_again_when_livechat_delivers_again(
    make_receiver: MakeReceiver,
) -> None:
    bot = make_receiver(attempts=2)
    good, bad, letters = Recorder(), Recorder(errors=[OSError(), OSError("last")]), DeadLetters()
    bot.on(ChatStarted, name="good")(good)
    bot.on(ChatStarted, name="bad")(bad)
    bot.on_dead_letter(letters)
    await bot.receive(body(), headers())
    await until(lambda: bot.status().dead == 1)
    ((event, error, name),) = letters.letters
    assert (event, str(error), name) == (bad.events[0], "last", "bad")
    await until(lambda: bot.status().running == 0)
    await bot.receive(body(), headers())
    await until(lambda: bot.status().done == 2)
    assert len(good.events) == 1, "a handler that succeeded does not run again"
    assert len(bad.events) == 3
    status = bot.status()
    assert (status.failed, status.dead, status.abandoned, status.repeats) == (2, 1, 0, 1)


async def test_a_job_that_waits_or_runs_is_not_queued_twice(make_receiver: MakeReceiver) -> None:
    bot = make_receiver(engine=MemoryEngine(concurrency=1))
    recorder = Recorder(gate=asyncio.Event())
    bot.on(ChatStarted)(recorder)
    for number in (1, 2, 1, 2, 1, 2):
        assert (await bot.receive(body(number), headers())).status == 200
    status = bot.status()
    assert (status.queued, status.running, status.repeats) == (1, 1, 4)
    assert recorder.gate is not None
    recorder.gate.set()
    await until(lambda: bot.status().done == 2)
    assert len(recorder.events) == 2


async def test_the_answer_is_200_only_when_every_handler_has_its_job(
    make_receiver: MakeReceiver,
) -> None:
    engine = FakeEngine()
    engine.refuses["two"] = QueueFullError("full")
    bot = make_receiver(engine=engine)
    bot.on(ChatStarted, name="one")(Recorder())
    bot.on(ChatStarted, name="two")(Recorder())
    answer = await bot.receive(body(), headers())
    assert answer.status == 503
    assert answer.headers["Retry-After"].isdigit()
    assert [job.handler for job in engine.taken] == ["one"]
    engine.refuses.clear()
    assert (await bot.receive(body(), headers())).status == 200
    assert [job.handler for job in engine.taken] == ["one", "two"]
    status = bot.status()
    assert (status.accepted, status.refused, status.repeats) == (1, 1, 1)


async def test_a_full_queue_is_answered_503(make_receiver: MakeReceiver) -> None:
    bot = make_receiver(engine=MemoryEngine(queue_size=1, concurrency=1))
    recorder = Recorder(gate=asyncio.Event())
    bot.on(ChatStarted)(recorder)
    answers = [(await bot.receive(body(number), headers())).status for number in range(4)]
    assert answers == [200, 200, 503, 503]
    assert recorder.gate is not None
    recorder.gate.set()
    await until(lambda: bot.status().done == 2)
    assert (await bot.receive(body(2), headers())).status == 200


async def test_an_engine_that_fails_makes_the_answer_503(
    make_receiver: MakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    engine = FakeEngine()
    bot = make_receiver(engine=engine)
    bot.on(ChatStarted, name="one")(Recorder())
    engine.start_fails = OSError("no server")
    assert (await bot.receive(body(), headers())).status == 503
    assert "the engine could not be started" in caplog.text
    with pytest.raises(OSError, match="no server"):
        await bot.start()
    engine.start_fails = None
    engine.refuses["one"] = OSError("gone")
    assert (await bot.receive(body(), headers())).status == 503
    assert "the engine did not accept" in caplog.text
    engine.refuses.clear()
    assert (await bot.receive(body(), headers())).status == 200
    assert TOKEN not in caplog.text


async def test_a_closed_receiver_submits_no_jobs(make_receiver: MakeReceiver) -> None:
    engine = FakeEngine()
    bot = make_receiver(engine=engine)
    bot.on(ChatStarted)(Recorder())
    async with bot:
        pass
    assert (await bot.receive(body(), headers())).status == 503
    assert engine.taken == []
    assert engine.closings == [30.0]


async def test_the_engine_is_started_once(make_receiver: MakeReceiver) -> None:
    engine = FakeEngine()
    bot = make_receiver(engine=engine)
    assert bot.status().state == "new"
    await asyncio.gather(*(bot.receive(body(n), headers()) for n in range(5)), bot.start())
    await bot.start()
    assert engine.starts == 1
    assert bot.status().state == "running"


async def test_an_event_without_a_handler_is_answered_200(bot: WebhookReceiver) -> None:
    bot.on(TicketCreated)(Recorder())
    assert (await bot.receive(body(1), headers())).status == 200
    assert (await bot.receive(body(2, "chat_moved"), headers())).status == 200
    status = bot.status()
    assert (status.accepted, status.ignored) == (2, 2)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 400),
        (b"no JSON at all", 400),
        (b"event_type=chat_started", 400),
        (body()[:-20], 400),
        (body()[:-1] + b",}", 400),
        (body().replace(b", ", b" ", 1), 400),
        (b"\xff\xfe{}", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"chat_started"', 422),
        (b"{}", 422),
        (b'{"event_type": ""}', 422),
        (b'{"event_type": 7}', 422),
        (b'{"webhook_id": "1", "secret_key": "s", "action": "incoming_chat", "payload": {}}', 422),
        (b'{"event_type": "ticket_created"}', 422),
        (b'{"event_type": "visitor_queued"}', 422),
        (b'{"event_type": "chat_started", "chat": [1]}', 422),
        (b"[" * 100_000, 400),
        (b'{"event_type": "chat_started"}', 200),
        (b'{"event_type": "nothing we know"}', 200),
        (json.dumps(document(chat={}, visitor={})).encode(), 200),
        (json.dumps(document(chat={"id": "", "messages": None, "agents": [{}]})).encode(), 200),
        (json.dumps(document(visitor={"name": "Mary"}, license_id=12345)).encode(), 200),
        (json.dumps({**document(), "token": None, "license_id": None, "new": [1]}).encode(), 200),
    ],
)
async def test_each_kind_of_body_gets_its_status(
    bot: WebhookReceiver, sent: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder()
    bot.on(WebhookEvent)(recorder)
    with caplog.at_level(logging.INFO, "livechat_async.webhooks"):
        answer = await bot.receive(sent, headers())
    assert answer.status == status
    assert TOKEN not in caplog.text
    assert TOKEN.encode() not in answer.body
    if status == 200:
        await until(lambda: bot.status().done == 1)
    else:
        assert f"answered {status} to a webhook: " in caplog.text
        assert caplog.records[-1].levelname == "WARNING"
        assert bot.status().refused == 1
        assert bot.status().refusals == {status: 1}
        assert recorder.events == []


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["event_type", "token", "chat", "visitor", "id", "license_id", "messages"]
                ),
                inner | st.sampled_from(["chat_started", "visitor_queued", "x"]),
                max_size=5,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_body_gets_an_answer(sent: bytes) -> None:
    async def main() -> None:
        async with WebhookReceiver(credentials=CREDENTIALS, backoff=0) as bot:
            recorder = Recorder()
            bot.on(WebhookEvent)(recorder)
            answer = await bot.receive(sent, headers())
            assert answer.status in {200, 400, 422}
        assert len(recorder.events) == (answer.status == 200)

    asyncio.run(main())


def encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic ",
        basic("user", "wrong"),
        basic("wrong"),
        basic("USER"),
        basic("user", "pass:wörd "),
        basic("user", ""),
        basic("", ""),
        basic().replace("Basic", "Bearer"),
        basic()[:-3],
        basic() + "x",
        basic()[:9] + "*" + basic()[9:],
        basic() + ", Basic eDp5",
        f"Basic {encoded(b'user')}",
        f"Basic {encoded('user:pass:wörd'.encode('latin-1'))}",
        "Basic user:pass:wörd",
        "Basic \udcff\udcfe",
        "Basic ☃☃☃☃",
        "Basic " + "A" * 100_000,
    ],
)
async def test_wrong_credentials_are_answered_401_before_the_body_is_read(
    bot: WebhookReceiver, authorization: str | None
) -> None:
    given = {} if authorization is None else {"Authorization": authorization}
    answer = await bot.receive(b"never read", given)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "authorization", [basic(), basic().replace("B", "b", 1), basic().replace("Basic ", "BASIC   ")]
)
async def test_the_case_of_scheme_and_header_names_does_not_matter(
    bot: WebhookReceiver, authorization: str
) -> None:
    assert (await bot.receive(body(), {"authorization": authorization})).status == 200
    assert (await bot.receive(body(), [("AUTHORIZATION", authorization)])).status == 200


async def test_credentials_given_twice_are_refused(bot: WebhookReceiver) -> None:
    pairs = [("Authorization", basic()), ("authorization", basic())]
    assert (await bot.receive(body(), pairs)).status == 401


async def test_the_path_secret_is_checked_before_the_credentials(
    make_receiver: MakeReceiver,
) -> None:
    bot = make_receiver(path_secret="sésame")
    for wrong in ("", "sesame", "sésame ", "\udcff", None):
        assert (await bot.receive(b"x", headers(), path_secret=wrong)).status == 404
    assert (await bot.receive(b"x", {}, path_secret="sésame")).status == 401
    assert (await bot.receive(body(), headers(), path_secret="sésame")).status == 200


async def test_a_path_secret_on_one_side_only_is_logged_once(
    make_receiver: MakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    bot = make_receiver()
    for _ in range(3):
        assert (await bot.receive(body(), headers(), path_secret="anything")).status == 200
    (record,) = caplog.records
    assert "pass path_secret=... to WebhookReceiver" in record.getMessage()
    assert "anything" not in caplog.text
    caplog.clear()
    bot = make_receiver(path_secret="sesame")
    for _ in range(3):
        assert (await bot.receive(body(), headers())).status == 404
    warning, refusal = caplog.records
    assert "add {secret} to the route's path" in warning.getMessage()
    assert "answered 404 to a webhook" in refusal.getMessage()
    assert "sesame" not in caplog.text


async def test_a_receiver_without_any_secret_logs_a_warning(
    make_receiver: MakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    bot = make_receiver(credentials=None)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "anyone who finds its address" in record.getMessage()
    assert (await bot.receive(body(), {})).status == 200
    caplog.clear()
    make_receiver(credentials=None, path_secret="sesame")
    assert caplog.records == []


@pytest.mark.parametrize(
    "page", [{"Origin": "null"}, {"ORIGIN": "http://localhost"}, {"sec-fetch-site": "cross-site"}]
)
async def test_a_receiver_without_any_secret_takes_nothing_from_web_pages(
    make_receiver: MakeReceiver, page: dict[str, str]
) -> None:
    """A page may send a body without a type to any address (field case 44)."""
    bot = make_receiver(credentials=None)
    answer = await bot.receive(body(), page)
    assert (answer.status, b"Origin" in answer.body) == (403, True)
    assert bot.status().accepted == 0


@pytest.mark.parametrize("host", ["bot.example.com", "evil.example.com:80", "127.0.0.1", "[::1]"])
async def test_a_receiver_takes_any_host(make_receiver: MakeReceiver, host: str) -> None:
    """Proxies and tunnels change it (field case 44)."""
    bot = make_receiver(credentials=None)
    assert (await bot.receive(body(), {"Host": host})).status == 200


async def test_a_sender_that_knows_the_secret_may_be_a_web_page(
    make_receiver: MakeReceiver,
) -> None:
    """A form for tests may send events, with the credentials (field case 44)."""
    page = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert (await make_receiver().receive(body(), headers(**page))).status == 200
    bot = make_receiver(credentials=None, path_secret="sesame")
    assert (await bot.receive(body(), page, path_secret="sesame")).status == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON;charset="UTF-8"; x=y', 200),
        ("application/json;", 200),
        ("application/json; charset=latin-1", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
async def test_only_json_in_utf8_is_accepted(
    bot: WebhookReceiver, content_type: str, status: int
) -> None:
    assert (await bot.receive(body(), headers(Content_Type=content_type))).status == status


async def test_a_body_without_a_content_type_is_accepted(bot: WebhookReceiver) -> None:
    assert (await bot.receive(body(), {"Authorization": basic()})).status == 200


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 415), ("br", 415), ("identity", 200)])
async def test_compressed_bodies_are_refused(
    bot: WebhookReceiver, encoding: str, status: int
) -> None:
    assert (await bot.receive(body(), headers(Content_Encoding=encoding))).status == status


async def test_a_body_of_5_mb_is_refused(bot: WebhookReceiver) -> None:
    large = body(padding="x" * 5_000_000)
    answer = await bot.receive(large, headers())
    assert answer.status == 413
    assert answer.body == b"more than 1,048,576 bytes are not accepted\n"
    for length in (str(len(large)), "9" * 5_000):
        assert (await bot.receive(b"", headers(Content_Length=length))).status == 413


async def test_other_licences_are_refused(make_receiver: MakeReceiver) -> None:
    bot = make_receiver(license_ids=[12345, "678"])
    for license_id, status in ((12345, 200), ("678", 200), ("9", 403), (None, 403)):
        answer = await bot.receive(body(license_id=license_id), headers())
        assert answer.status == status


@pytest.mark.parametrize("ids", ["12345", 12345, [], [True], ["x"], [-1], [1.5]])
def test_malformed_license_ids_are_refused(ids: Any) -> None:
    with pytest.raises(ConfigurationError, match="license_ids"):
        WebhookReceiver(credentials=CREDENTIALS, license_ids=ids)


@pytest.mark.parametrize("secret", ["", "a/b", "a\nb", b"abc", 7])
def test_malformed_path_secrets_are_refused(secret: Any) -> None:
    with pytest.raises(ConfigurationError, match="path_secret has to be"):
        WebhookReceiver(credentials=CREDENTIALS, path_secret=secret)


def test_credentials_must_be_webhook_credentials() -> None:
    with pytest.raises(ConfigurationError, match="not tuple") as caught:
        WebhookReceiver(credentials=("user", "hush"))  # type: ignore[arg-type]
    assert "hush" not in str(caught.value)
    with pytest.raises(TypeError, match="credentials"):
        WebhookReceiver()  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_body_bytes", 0),
        ("timeout", -1),
        ("attempts", 0),
        ("backoff", -1),
        ("backoff_max", "1"),
    ],
)
def test_settings_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name):
        WebhookReceiver(credentials=CREDENTIALS, **{name: value})


def test_handlers_and_hooks_must_be_async(bot: WebhookReceiver) -> None:
    def sync(_: WebhookEvent) -> None: ...

    async def generator(_: WebhookEvent) -> Any:
        yield 1

    class Handler:
        async def __call__(self, event: WebhookEvent) -> None: ...

    @functools.wraps(sync)
    def wrapped(event: WebhookEvent) -> Any:
        return Recorder()(event)

    for handler in (
        sync,
        generator,
        lambda event: event,
        functools.partial(sync),
        Handler,
        wrapped,
        7,
    ):
        with pytest.raises(ConfigurationError, match="a handler has to be async: declare it"):
            bot.on(ChatStarted, name="x")(handler)  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match="hook has to be async"):
            bot.on_dead_letter(handler)  # type: ignore[type-var]


async def test_every_kind_of_async_callable_can_be_a_handler(bot: WebhookReceiver) -> None:
    seen: list[str] = []

    async def function(what: str, _: WebhookEvent) -> None:
        seen.append(what)

    class Bot:
        async def method(self, _: WebhookEvent) -> None:
            seen.append("method")

    recorder = Recorder()
    for handler in (functools.partial(function, "partial"), Bot().method, recorder):
        assert bot.on(ChatStarted)(handler) is handler
    bot.on(ChatStarted, name="named")(functools.partial(functools.partial(function), "named"))
    await bot.receive(body(), headers())
    await until(lambda: bot.status().done == 4)
    assert sorted(seen) == ["method", "named", "partial"]
    assert list(bot._runner.handlers) == ["function", "method", "Recorder", "named"]


def test_handler_names_must_be_unique_and_well_formed(bot: WebhookReceiver) -> None:
    bot.on(ChatStarted, name="show")(Recorder())
    with pytest.raises(ConfigurationError, match="already named 'show'"):
        bot.on(ChatEnded, name="show")(Recorder())
    for name in ("", "a:b", "a b", "ü", 7, "x" * 101):
        with pytest.raises(ConfigurationError, match="cannot be a handler's name"):
            bot.on(ChatEnded, name=name)(Recorder())  # type: ignore[arg-type]
    bot.on_dead_letter(DeadLetters())
    with pytest.raises(ConfigurationError, match="a dead-letter hook already"):
        bot.on_dead_letter(DeadLetters())


def test_handlers_can_be_registered_for_events_only(bot: WebhookReceiver) -> None:
    with pytest.raises(ConfigurationError, match="needs an event"):
        bot.on()(Recorder())
    for odd in (int, "chat_started", Recorder()):
        with pytest.raises(ConfigurationError, match="a class of events is needed"):
            bot.on(odd)(Recorder())  # type: ignore[call-overload]


async def test_on_without_parentheses_says_what_it_needs(bot: WebhookReceiver) -> None:
    async def show(_: WebhookEvent) -> None: ...

    with pytest.raises(ConfigurationError, match=r"on\(show\): a class of events is needed"):
        bot.on(show)  # type: ignore[call-overload]


async def test_a_handler_registered_later_gets_later_events(bot: WebhookReceiver) -> None:
    early, late = Recorder(), Recorder()
    bot.on(ChatStarted, name="early")(early)
    await bot.receive(body(1), headers())
    bot.on(ChatStarted, name="late")(late)
    await bot.receive(body(2), headers())
    await until(lambda: bot.status().done == 3)
    assert len(late.events) == 1


def test_a_receiver_belongs_to_one_event_loop(bot: WebhookReceiver) -> None:
    async def first() -> None:
        await bot.receive(body(), headers())

    async def second(call: Any) -> None:
        with pytest.raises(ClientStateError, match="belongs to another event loop"):
            await call()

    asyncio.run(first())
    for call in (first, bot.start, bot.close):
        asyncio.run(second(call))
    bot._intake._loop = None  # so that the fixture can close it


async def test_a_plain_with_says_to_use_async_with(bot: WebhookReceiver) -> None:
    with pytest.raises(TypeError, match="async with"), bot:
        pass


def test_credentials_hide_the_password() -> None:
    credentials = WebhookCredentials("user", "a-secret")
    assert repr(credentials) == "WebhookCredentials(user='user')"
    assert credentials == WebhookCredentials("user", "a-secret")
    assert repr(credentials.url("https://bot.example.com/x")) == "'***'"


@pytest.mark.parametrize(
    ("user", "password"),
    [("", "x"), ("x", ""), ("a:b", "x"), (7, "x"), ("x", b"hush"), ("x", "\ud800")],
)
def test_credentials_that_cannot_be_sent_are_refused(user: Any, password: Any) -> None:
    with pytest.raises(ConfigurationError, match="WebhookCredentials") as caught:
        WebhookCredentials(user, password)
    assert "hush" not in str(caught.value)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":"), min_size=1),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)
def test_credentials_match_only_themselves(user: str, password: str) -> None:
    credentials = WebhookCredentials(user, password)
    assert credentials.matches(basic(user, password))
    assert not credentials.matches(basic(user, password + "x"))
    assert not credentials.matches(basic(user + "x", password))
    assert not credentials.matches(basic(password, user)) or user == password


def test_the_address_to_register_contains_the_credentials() -> None:
    credentials = WebhookCredentials("a user@x", "p/w:ö?#%")
    url = credentials.url("https://bot.example.com:8443/livechat/x%2Fy?a=b")
    expected = (
        "https://a%20user%40x:p%2Fw%3A%C3%B6%3F%23%25@bot.example.com:8443/livechat/x%2Fy?a=b"
    )
    assert url == expected
    for odd in ("bot.example.com", "ftp://example.com", "https://a:b@example.com", "http://[", 7):
        with pytest.raises(ConfigurationError, match=r"address (has to|is not|already)"):
            credentials.url(odd)  # type: ignore[arg-type]
