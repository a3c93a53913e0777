"""Jobs in a SQLite file: none is lost, and none that succeeded is run again."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from receiver_help import (
    LIMIT,
    TOKEN,
    DeadLetters,
    MakeReceiver,
    Recorder,
    body,
    document,
    headers,
    until,
)

from livechat_async import ConfigurationError
from livechat_async.errors import ClientStateError, QueueFullError
from livechat_async.webhooks import (
    ChatChanged,
    ChatStarted,
    EngineStatus,
    Job,
    MemoryEngine,
    Outcome,
    SQLiteEngine,
    WebhookReceiver,
    parse_webhook,
)
from livechat_async.webhooks.engine import Sleep
from livechat_async.webhooks.sqlite import SQLiteLetters
from livechat_async.webhooks.sqlite.owners import Owners

DONE = Outcome(succeeded=True)


def job(number: int, handler: str = "show", **fields: Any) -> Job:
    content = body(number, **fields)
    return Job(parse_webhook(content), handler, content)


@define
class OrderedRunner:
    """A runner whose attempts wait for an order, or end at once as it says."""

    always: Outcome | None = None
    names: set[str] = field(factory=lambda: {"show"})
    attempts: list[tuple[str, int]] = field(factory=list)
    orders: dict[str, asyncio.Future[Outcome]] = field(factory=dict)
    abandoned: list[tuple[Job, str]] = field(factory=list)
    most_at_once: int = 0

    async def __call__(self, job: Job, sleep: Sleep | None = None) -> bool:
        pytest.fail(f"{job} ran whole, with {sleep}, and not one attempt")

    async def attempt(self, job: Job, number: int) -> Outcome:
        key = f"{job.event.unique_id}:{job.handler}"
        self.attempts.append((key, number))
        if self.always is not None:
            return self.always
        assert key not in self.orders, "the same job runs twice at the same time"
        self.orders[key] = asyncio.get_running_loop().create_future()
        self.most_at_once = max(self.most_at_once, len(self.orders))
        try:
            return await self.orders[key]
        finally:
            del self.orders[key]

    def knows(self, handler: str) -> bool:
        return handler in self.names

    async def abandon(self, job: Job, reason: str) -> None:
        self.abandoned.append((job, reason))


def short(number: int, handler: str = "show") -> str:
    return f"{number:032x}:{handler}"


MakeEngine = Callable[..., Coroutine[Any, Any, tuple[SQLiteEngine, OrderedRunner]]]


@pytest.fixture(autouse=True)
def engines_wait_less(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.cls is not TestDeliveries:  # which counts the steps of an engine
        monkeypatch.setattr("livechat_async.webhooks.sqlite.engine._LOOK_EVERY", 0.05)
        monkeypatch.setattr("livechat_async.webhooks.sqlite.engine._GATHER", 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.sqlite3"


@pytest.fixture
async def start(path: Path) -> AsyncIterator[MakeEngine]:
    engines = []

    async def make(
        runner: OrderedRunner | None = None, **options: Any
    ) -> tuple[SQLiteEngine, OrderedRunner]:
        engine, runner = SQLiteEngine(path, **options), runner or OrderedRunner()
        engine.bind(runner)
        engines.append(engine)
        await engine.start()
        return engine, runner

    yield make
    for engine in engines:
        await engine.close(0)


async def crash(engine: SQLiteEngine) -> None:
    """Leave an engine as a kill does: what runs ends, and nothing more is recorded."""
    engine._end = lambda _: None  # type: ignore[method-assign]
    engine._is_stopping = True
    tasks = [*engine._tasks, engine._pump]
    for timer in (engine._look, engine._due):
        if timer is not None:
            timer.cancel()
    engine._closing = asyncio.ensure_future(asyncio.sleep(0))
    for task in tasks:
        if task is not None:
            task.cancel()
    await asyncio.gather(*filter(None, tasks), return_exceptions=True)
    await asyncio.to_thread(engine._thread.shutdown)


def write_at(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def link(path: Path, target: Path) -> None:
    path.symlink_to(target)


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(path)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def insert_job_of_a_dead_process(path: Path, content: bytes) -> None:
    database = sqlite3.connect(path)
    try:
        with database:
            database.execute("INSERT INTO jobs VALUES ('k', 'show', ?, 1, 1, 0, 0, 77)", (content,))
    finally:
        database.close()


# --- the engine against a model ---


class Deliveries(RuleBasedStateMachine):
    """Deliveries, outcomes, restarts, kills and passing time, in any order.

    The model is the set of jobs to do, and until when each successful job is remembered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.mkdtemp()
        self.now = 1e9
        self.to_do: set[str] = set()
        self.known_until: dict[str, float] = {}
        self.dead: set[str] = set()
        self.successes: Counter[str] = Counter()
        self.begin()

    def begin(self) -> None:
        self.engine = SQLiteEngine(
            f"{self.folder}/bot.sqlite3",
            queue_size=3,
            concurrency=2,
            remember=10.0,
            max_losses=1_000,
            clock=lambda: self.now,
        )
        self.runner = OrderedRunner()
        self.engine.bind(self.runner)
        self.do(self.engine.start())

    def do(self, call: Coroutine[Any, Any, Any]) -> Any:
        async def both() -> Any:
            result = await call
            await self.settle()
            return result

        return self.loop.run_until_complete(both())

    async def settle(self) -> None:
        """Look around until nothing has moved for three times."""
        engine, calm = self.engine, 0
        while calm < 3 and engine._closing is None:
            engine._next.look = True
            engine._wake.set()
            report = engine._report
            while engine._report is report:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            for _ in range(10):  # a job that ends notes that
                await asyncio.sleep(0)
            moves = engine._next.endings or engine._in_hand or engine._report.taken
            calm = 0 if moves else calm + 1

    @rule(number=st.integers(1, 6))
    def deliver(self, number: int) -> None:
        key = short(number)
        free = 2 - len(self.runner.orders)
        if key in self.to_do or self.known_until.get(key, -1) > self.now:
            assert self.do(self.engine.submit(job(number))) is False
        elif not free and len(self.to_do) - 2 >= 3:
            with pytest.raises(QueueFullError, match="full with 3 jobs"):
                self.do(self.engine.submit(job(number)))
        elif free or len(self.to_do) - len(self.runner.orders) < 3:
            assert self.do(self.engine.submit(job(number))) is True
            self.to_do.add(key)
            self.dead.discard(key)

    @precondition(lambda self: self.runner.orders)
    @rule(data=st.data(), word=st.sampled_from(["succeed", "die", "again"]))
    def order(self, data: st.DataObject, word: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.runner.orders)))
        outcome = {
            "succeed": DONE,
            "die": Outcome(succeeded=False, error="OSError: away"),
            "again": Outcome(succeeded=False, wait=0.0, error="OSError: away"),
        }[word]
        self.runner.orders[key].set_result(outcome)
        if word != "again":
            self.to_do.remove(key)
        if word == "succeed":
            self.successes[key] += 1
            self.known_until[key] = self.now + 10
        if word == "die":
            self.dead.add(key)
        self.do(asyncio.sleep(0))

    @rule(seconds=st.sampled_from([1.0, 5.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.do(asyncio.sleep(0))

    @rule(is_kill=st.booleans())
    def restart(self, is_kill: bool) -> None:  # noqa: FBT001 (hypothesis passes it by name)
        self.loop.run_until_complete(crash(self.engine) if is_kill else self.engine.close(0))
        self.begin()

    @precondition(lambda self: self.dead)
    @rule()
    def replay(self) -> None:
        letters = SQLiteLetters(f"{self.folder}/bot.sqlite3", clock=lambda: self.now)
        assert len(letters.replay()) == len(self.dead)
        self.to_do |= self.dead
        self.dead.clear()
        self.do(asyncio.sleep(0))

    @invariant()
    def every_job_waits_or_runs(self) -> None:
        status = self.engine.status()
        assert status.queued + status.running == len(self.to_do)
        assert set(self.runner.orders) <= self.to_do
        assert status.running == len(self.runner.orders) == min(2, len(self.to_do))
        assert status.dead_letters == len(self.dead)

    def teardown(self) -> None:
        self.loop.run_until_complete(self.engine.close(0))
        left = rows(Path(self.folder) / "bot.sqlite3", "SELECT owner FROM jobs")
        assert left == [(None,)] * len(self.to_do)
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        assert asyncio.all_tasks(self.loop) == set()
        self.loop.close()
        shutil.rmtree(self.folder)


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(stateful_step_count=25)


# --- what a 200 promises ---


async def test_a_job_is_on_the_disk_before_it_is_accepted(path: Path, start: MakeEngine) -> None:
    engine, runner = await start()
    assert await engine.submit(job(1)) is True
    assert rows(path, "SELECT handler, attempts FROM jobs") == [("show", 0)]
    assert await engine.submit(job(1)) is False
    await until(lambda: bool(runner.orders))
    runner.orders[short(1)].set_result(DONE)
    await until(lambda: rows(path, "SELECT count(*) FROM done") == [(1,)])
    assert await engine.submit(job(1)) is False
    assert rows(path, "SELECT * FROM jobs") == []


@pytest.mark.parametrize("is_kill", [False, True])
async def test_jobs_survive_a_restart_and_done_ones_are_not_run_again(
    path: Path, start: MakeEngine, *, is_kill: bool
) -> None:
    """Whether the process is closed or killed (field case 16)."""
    engine, runner = await start(concurrency=2)
    for number in range(5):
        await engine.submit(job(number))
    await until(lambda: len(runner.orders) == 2)
    runner.orders[short(0)].set_result(DONE)
    await until(lambda: rows(path, "SELECT count(*) FROM done") == [(1,)])
    await (crash(engine) if is_kill else engine.close(0))
    engine, runner = await start(OrderedRunner(DONE))
    assert await engine.submit(job(0)) is False
    await until(lambda: engine.status() == EngineStatus(queued=0, running=0))
    assert {key for key, _ in runner.attempts} == {short(number) for number in range(1, 5)}
    assert len(runner.attempts) == 4


async def test_retries_go_on_where_they_were_after_a_restart(start: MakeEngine) -> None:
    engine, runner = await start()
    await engine.submit(job(1))
    for number in (1, 2):
        await until(lambda number=number: runner.attempts[-1:] == [(short(1), number)])  # type: ignore[misc]
        runner.orders[short(1)].set_result(Outcome(succeeded=False, wait=0.01, error="away"))
        await until(lambda: not runner.orders)
    await engine.close(0)
    _, runner = await start(OrderedRunner(DONE))
    await until(lambda: bool(runner.attempts))
    assert runner.attempts == [(short(1), 3)]


async def test_a_job_that_waits_for_an_attempt_is_not_run_early(start: MakeEngine) -> None:
    now = [1e9]
    engine, runner = await start(OrderedRunner(Outcome(False, wait=300.0)), clock=lambda: now[0])  # noqa: FBT003
    await engine.submit(job(1))
    await until(lambda: engine.status() == EngineStatus(queued=1, running=0))
    await engine.close(0)
    _, runner = await start(OrderedRunner(DONE), clock=lambda: now[0])
    _, other = await start(OrderedRunner(DONE), clock=lambda: now[0])
    await asyncio.sleep(0.2)  # some looks around
    assert runner.attempts == other.attempts == []
    now[0] += 300
    await until(lambda: bool(runner.attempts or other.attempts))


@pytest.mark.parametrize("restarts", [True, False])
async def test_a_clock_that_is_set_back_delays_no_job(start: MakeEngine, *, restarts: bool) -> None:
    """Job 2 has not begun, and job 1 waits a minute for its second attempt."""
    now = [1e9]
    engine, runner = await start(concurrency=1, clock=lambda: now[0])
    await engine.submit(job(1))
    await engine.submit(job(2))
    now[0] -= 86_400
    if restarts:
        await crash(engine)
        engine, runner = await start(concurrency=1, clock=lambda: now[0])
        await until(lambda: bool(runner.orders))
    else:
        await asyncio.sleep(0.2)  # some looks around
    runner.always = DONE
    for order in runner.orders.values():
        order.set_result(Outcome(False, wait=60.0))  # noqa: FBT003
    await until(lambda: len(runner.attempts) == 2)
    await until(lambda: engine.status() == EngineStatus(queued=1, running=0))
    now[0] += 61
    await until(lambda: len(runner.attempts) == 3)


async def test_an_outage_of_the_database_behind_a_handler_costs_no_event(
    path: Path, make_receiver: MakeReceiver
) -> None:
    """Five events come while a handler's own database is away, and a restart falls into it.

    (field case 16)
    """
    is_away = True
    handled: list[str | None] = []

    def make() -> WebhookReceiver:
        bot = make_receiver(engine=SQLiteEngine(path), backoff=0.01, backoff_max=0.05)

        @bot.on(ChatStarted)
        async def show(event: ChatStarted) -> None:
            if is_away:
                raise OSError("away")
            handled.append(event.unique_id)

        return bot

    async with make() as bot:
        for number in range(5):
            assert (await bot.receive(body(number), headers())).status == 200
        await until(lambda: bot.status().failed >= 10)
    async with make() as bot:
        is_away = False
        await until(lambda: bot.status().done == 5)
        assert bot.status().dead == 0
    assert sorted(map(str, handled)) == [f"{number:032x}" for number in range(5)]


async def test_two_processes_on_one_file_share_the_jobs(start: MakeEngine) -> None:
    """Each event is handled once, whichever engine gets its deliveries (field case 14)."""
    one, first = await start(OrderedRunner(DONE), concurrency=2)
    two, second = await start(OrderedRunner(DONE), concurrency=2)
    answers = await asyncio.gather(
        *(engine.submit(job(number)) for number in range(30) for engine in (one, two, one))
    )
    assert sum(answers) == 30
    await until(lambda: one.status().running == two.status().running == 0)
    await until(lambda: len(first.attempts) + len(second.attempts) == 30)
    assert len({*first.attempts, *second.attempts}) == 30


async def test_a_process_without_a_free_place_leaves_its_jobs_to_another(start: MakeEngine) -> None:
    busy, first = await start(concurrency=1)
    await busy.submit(job(1))
    await busy.submit(job(2))
    _, second = await start(OrderedRunner(DONE))
    await until(lambda: second.attempts == [(short(2), 1)])
    assert first.attempts == [(short(1), 1)]


# --- what a job may meet ---


async def test_a_job_that_its_processes_do_not_survive_is_given_up(
    path: Path, start: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        engine, runner = await start(max_losses=2)
        if not runner.attempts:
            await engine.submit(job(1))
        await until(lambda runner=runner: bool(runner.orders))  # type: ignore[misc]
        await crash(engine)
    engine, runner = await start(max_losses=2)
    await until(lambda: engine.status().dead_letters == 1)
    assert runner.attempts == []
    ((_, reason),) = runner.abandoned
    assert reason == "it was begun 2 times, and its process ended each time"
    (letter,) = SQLiteLetters(path).list()
    assert letter.error == reason
    assert "took over 1 job of a process that ended" in caplog.text


async def test_a_job_of_an_unknown_handler_blocks_no_other_and_is_kept(
    path: Path, start: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1e9]
    engine, _ = await start(
        OrderedRunner(names={"show", "old"}), concurrency=1, clock=lambda: now[0]
    )
    await engine.submit(job(0))
    for number in range(1, 30):
        await engine.submit(job(number, "old"))
    await engine.submit(job(1))
    await engine.close(0)

    engine, runner = await start(OrderedRunner(DONE), concurrency=1, clock=lambda: now[0])
    await until(lambda: engine.status() == EngineStatus(queued=29, running=0))
    assert sorted(runner.attempts) == [(short(0), 1), (short(1), 1)]
    assert caplog.text.count("a handler named 'old', which this bot does not have") == 1

    old = OrderedRunner(DONE, names={"old"})
    _, _ = await start(old, clock=lambda: now[0])
    await until(lambda: len(old.attempts) == 29)

    await engine.submit(job(50, "other"))
    now[0] += 25_201
    await until(lambda: engine.status().dead_letters == 1)
    (letter,) = SQLiteLetters(path).list()
    assert (letter.handler, letter.error) == ("other", "no handler is named 'other'")


async def test_an_event_that_can_no_longer_be_read_is_kept_and_blocks_no_other(
    path: Path, start: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine, _ = await start(concurrency=1)
    for number in range(3):
        await engine.submit(job(number))
    await engine.close(0)
    database = sqlite3.connect(path)
    database.execute("UPDATE jobs SET body = ? WHERE key LIKE '%1:show'", (b'{"token": "x"}',))
    database.commit()
    database.close()
    engine, runner = await start(OrderedRunner(DONE))
    await until(lambda: engine.status() == EngineStatus(queued=0, running=0, dead_letters=1))
    assert sorted(runner.attempts) == [(short(0), 1), (short(2), 1)]
    (letter,) = SQLiteLetters(path).list()
    assert letter.body == b'{"token": "x"}'
    assert "can no longer be read: expected the name of an event" in letter.error
    assert letter.error in caplog.text
    assert "'x'" not in repr(letter)


async def test_a_full_queue_refuses_jobs_and_recognises_repeats(start: MakeEngine) -> None:
    engine, runner = await start(concurrency=1, queue_size=2)
    for number in range(3):
        assert await engine.submit(job(number))
    with pytest.raises(QueueFullError, match="full with 2 jobs: raise concurrency"):
        await engine.submit(job(3))
    assert not await engine.submit(job(2))
    runner.orders[short(0)].set_result(DONE)
    await until(lambda: len(runner.attempts) == 2)
    assert await engine.submit(job(3))


async def test_old_marks_and_dead_letters_are_removed(
    path: Path, start: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1e9]
    engine, runner = await start(clock=lambda: now[0], remember=10, keep=100)
    for number, outcome in enumerate([DONE, Outcome(succeeded=False, error="away")]):
        await engine.submit(job(number))
        await until(lambda number=number: short(number) in runner.orders)  # type: ignore[misc]
        runner.orders[short(number)].set_result(outcome)
    changed = job(5, kind="chat_changed", event_unique_id=None)
    assert changed.series
    await engine.submit(changed)
    await until(lambda: engine.status().dead_letters == 1)
    assert rows(path, "SELECT count(*) FROM done") == rows(path, "SELECT count(*) FROM latest")
    now[0] += 10
    await until(lambda: rows(path, "SELECT count(*) FROM done") == [(0,)])
    assert rows(path, "SELECT count(*) FROM latest") == [(0,)]
    assert engine.status().dead_letters == 1
    now[0] += 90
    await until(lambda: engine.status().dead_letters == 0)
    assert "removed 1 dead letter older than 0.00115741 days" in caplog.text


# --- dead letters ---


async def test_a_dead_letter_holds_the_event_and_its_error(
    path: Path, make_receiver: MakeReceiver
) -> None:
    hook = DeadLetters()
    bot = make_receiver(engine=SQLiteEngine(path), attempts=2)
    errors: list[BaseException | None] = [OSError("one"), OSError(f"two, with {TOKEN}")]
    recorder = Recorder(errors=errors)
    bot.on(ChatStarted, name="show")(recorder)
    bot.on_dead_letter(hook)
    async with bot:
        began = time.time()
        await bot.receive(body(7), headers())
        await until(lambda: bot.status().dead_letters == 1)
        assert len(hook.letters) == 1

        letters = SQLiteLetters(path)
        (letter,) = letters.list()
        assert letter.body == body(7)
        assert (letter.handler, letter.attempts) == ("show", 2)
        assert letter.error.startswith("OSError: two, with ***\nTraceback")
        assert TOKEN not in letter.error + repr(letter)
        assert 0 <= letter.received.timestamp() - began <= letter.died.timestamp() - began < LIMIT

        assert letters.replay([letter.id]) == [letter]
        await until(lambda: bot.status().done == 1)
        assert len(recorder.events) == 3
        assert bot.status().dead_letters == 0
        assert letters.list() == []


async def test_an_event_that_is_delivered_again_leaves_no_dead_letter(
    path: Path, start: MakeEngine
) -> None:
    engine, runner = await start(OrderedRunner(Outcome(succeeded=False, error="away")))
    await engine.submit(job(1))
    await until(lambda: engine.status().dead_letters == 1)
    runner.always = DONE
    assert await engine.submit(job(1)) is True
    await until(lambda: len(runner.attempts) == 2)
    await until(lambda: engine.status() == EngineStatus(queued=0, running=0))
    assert SQLiteLetters(path).list() == []


async def test_dead_letters_are_chosen_and_discarded(path: Path, start: MakeEngine) -> None:
    engine, runner = await start(OrderedRunner(Outcome(succeeded=False, error="away")))
    for number in range(4):
        await engine.submit(job(number))
        await until(lambda number=number: engine.status().dead_letters == number + 1)  # type: ignore[misc]
    letters = SQLiteLetters(path)
    ids = [letter.id for letter in letters.list()]
    with pytest.raises(ConfigurationError, match="there is no dead letter 99"):
        letters.discard([ids[0], 99])
    assert len(letters.list()) == 4
    assert [letter.id for letter in letters.discard([ids[2], ids[0]])] == [ids[2], ids[0]]
    assert [letter.id for letter in letters.list()] == [ids[1], ids[3]]
    assert letters.list([ids[3]])[0].id == ids[3]
    letters.discard()
    assert letters.list() == []
    await until(lambda: engine.status().dead_letters == 0)
    assert len(runner.attempts) == 4


# --- changes without an id ---


@pytest.mark.parametrize("is_durable", [True, False])
async def test_a_change_that_is_undone_and_made_again_is_no_repeat(
    path: Path, make_receiver: MakeReceiver, *, is_durable: bool
) -> None:
    """The tags A, A and B, A, A and B, each delivered twice (field case 15)."""
    bot = make_receiver(engine=SQLiteEngine(path) if is_durable else MemoryEngine())
    seen: list[tuple[str, ...]] = []

    @bot.on(ChatChanged)
    async def show(event: ChatChanged) -> None:
        seen.append(event.chat.tags)

    async with bot:
        for tags in (["A"], ["A", "B"], ["A"], ["A", "B"]):
            for chat in ("PJ1", "PJ2"):
                content = body(
                    kind="chat_changed", event_unique_id=None, chat={"id": chat, "tags": tags}
                )
                for _ in range(2):
                    assert (await bot.receive(content, headers())).status == 200
        await until(lambda: bot.status().done == 8)
        assert bot.status().repeats == 8
    assert Counter(seen) == {("A",): 4, ("A", "B"): 4}


async def test_changes_without_an_id_keep_their_order_across_restarts(start: MakeEngine) -> None:
    """A repeat after a restart is still one, and a change back is none (field case 15)."""

    def change(*tags: str) -> Job:
        return job(1, kind="chat_changed", event_unique_id=None, chat={"id": "PJ1", "tags": tags})

    for tags, is_new in ((["A"], True), (["A"], False), (["A", "B"], True), (["A"], True)):
        engine, _ = await start(OrderedRunner(DONE))
        assert await engine.submit(change(*tags)) is is_new
        await until(lambda engine=engine: engine.status().running == 0)  # type: ignore[misc]
        await engine.close(LIMIT)


# --- files that cannot be used ---


def content_of(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def another_database(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE customers (name TEXT)")
    database.close()


def another_version(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA application_id = {0x4C434A42}")
    database.execute("PRAGMA user_version = 7")
    database.close()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda path: path.write_bytes(b"no database" * 1_000), "it is no SQLite database: move"),
        (another_database, "it is the database of another program: name another file"),
        (another_version, r"another version of livechat_async made it \(format 7, and this"),
        (lambda path: path.mkdir(), "it cannot be opened: its folder has to exist"),
    ],
    ids=["no database", "another program's", "another version's", "a folder"],
)
async def test_a_file_that_is_something_else_is_named_and_left_alone(
    path: Path, spoil: Callable[[Path], object], problem: str
) -> None:
    spoil(path)
    before = content_of(path)
    bot = WebhookReceiver(credentials=None, path_secret="sesame", engine=SQLiteEngine(path))
    with pytest.raises(ConfigurationError, match=rf"the bot's database .*bot\.sqlite3: {problem}"):
        await bot.start()
    assert content_of(path) == before
    with pytest.raises(ConfigurationError, match=r"the bot's database .*bot\.sqlite3: "):
        SQLiteLetters(path)
    await bot.close()


async def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    engine = SQLiteEngine(tmp_path / "nowhere" / "bot.sqlite3")
    engine.bind(OrderedRunner())
    with pytest.raises(ConfigurationError, match="its folder has to exist"):
        await engine.start()
    with pytest.raises(ConfigurationError, match="there is no such file"):
        SQLiteLetters(tmp_path / "bot.sqlite3")
    assert files_in(tmp_path) == []
    await engine.close(0)


@pytest.mark.parametrize("path", ["", ":memory:", "a\0b", b"bytes", None, 3])
def test_a_path_that_is_no_file_is_refused(path: Any) -> None:
    with pytest.raises(ConfigurationError, match="path"):
        SQLiteEngine(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("queue_size", 0),
        ("concurrency", 1.5),
        ("remember", 0),
        ("keep", "a month"),
        ("max_losses", True),
    ],
)
def test_settings_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name):
        SQLiteEngine("bot.sqlite3", **{name: value})


async def test_only_the_owner_of_the_file_can_read_it(path: Path, start: MakeEngine) -> None:
    engine, _ = await start()
    await engine.submit(job(1))
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in files_in(path.parent)}
    assert len(modes) == 5
    assert set(modes.values()) == {0o600}


# --- a database that fails while it is used ---


async def post(bot: WebhookReceiver, number: int) -> int:
    return (await bot.receive(body(number), headers())).status


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livechat_async.webhooks.sqlite.database._BUSY_SECONDS", 0.05)
    monkeypatch.setattr("livechat_async.webhooks.sqlite.engine._PAUSE", 0.02)
    monkeypatch.setattr("livechat_async.webhooks.sqlite.engine._FLUSH_SECONDS", 2.0)


@pytest.mark.usefixtures("quick")
async def test_a_locked_database_is_503_and_outcomes_wait(
    path: Path, make_receiver: MakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    bot = make_receiver(engine=SQLiteEngine(path))
    recorder = Recorder(gate=asyncio.Event())
    bot.on(ChatStarted)(recorder)
    async with bot:
        assert await post(bot, 1) == 200
        await until(lambda: len(recorder.events) == 1)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert recorder.gate is not None
        recorder.gate.set()
        assert [await post(bot, number) for number in (2, 3)] == [503, 503]
        await until(lambda: bot.status().done == 1)
        assert rows(path, "SELECT count(*) FROM done") == [(0,)]
        other.execute("COMMIT")
        other.close()
        await until(lambda: rows(path, "SELECT count(*) FROM done") == [(1,)])
        assert [await post(bot, number) for number in (1, 2, 3)] == [200] * 3
        await until(lambda: bot.status().done == 3)
        other.close()
    assert caplog.text.count("webhooks are answered 503, because of the database") == 1
    assert "another program keeps it locked: end that program's transaction" in caplog.text
    assert "the database of jobs can be used again" in caplog.text
    assert len(recorder.events) == 3


@pytest.mark.usefixtures("quick")
async def test_a_database_that_is_locked_at_the_start_is_used_later(
    path: Path, start: MakeEngine
) -> None:
    first, _ = await start()
    await first.close(0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    engine, runner = await start(OrderedRunner(DONE))
    with pytest.raises(QueueFullError, match="the database cannot be used now"):
        await engine.submit(job(1))
    other.close()
    assert await engine.submit(job(1))
    await until(lambda: runner.attempts == [(short(1), 1)])


@pytest.mark.usefixtures("quick")
async def test_a_full_disk_is_503_and_jobs_still_end(
    start: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """What removes work is allowed where nothing can be added (field case 38)."""
    engine, runner = await start(concurrency=3)
    for number in range(10):
        await engine.submit(job(number, padding="x" * 5_000))
    await until(lambda: len(runner.orders) == 3)
    database = engine._store._database
    assert database is not None
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(QueueFullError, match="the database cannot be used now"):
        await engine.submit(job(99, padding="x" * 500_000))
    assert "the disk is full: make room for 8 MiB or more" in caplog.text
    for _ in range(10):
        await until(lambda: bool(runner.orders))
        next(iter(runner.orders.values())).set_result(DONE)
        await asyncio.sleep(0)
        await until(lambda: len(runner.orders) != 3 or engine.status().queued == 0)
    await until(lambda: engine.status() == EngineStatus(queued=0, running=0))
    database.execute("PRAGMA max_page_count = 1000000")
    await until(engine._store._reserve.is_there)
    assert await engine.submit(job(99, padding="x" * 500_000))


@pytest.mark.usefixtures("quick")
async def test_a_link_in_the_place_of_the_reserve_is_not_followed(
    path: Path, tmp_path: Path, start: MakeEngine
) -> None:
    """Others may plant a link where they may write (field case 37)."""
    other = tmp_path / "other"
    other.write_bytes(b"of another program")
    link(Path(f"{path}-reserve-{os.getpid()}"), other)
    await start()
    await until(Path(f"{path}-reserve").exists)
    assert other.read_bytes() == b"of another program"


async def test_without_room_for_its_reserve_an_engine_stores_nothing_new(
    start: MakeEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk has to leave room for outcomes (field case 38)."""
    engine, runner = await start()
    await engine.submit(job(1))

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("livechat_async.webhooks.sqlite.database.os.write", no_room)
        engine._store._reserve.give_up()
        with pytest.raises(QueueFullError, match="the database cannot be used now"):
            await engine.submit(job(2))
        runner.orders[short(1)].set_result(DONE)
        await until(lambda: rows(path, "SELECT count(*) FROM done") == [(1,)])
        await asyncio.sleep(0.2)  # some looks around
        assert sorted(each.name for each in files_in(path.parent)) == [
            f"bot.sqlite3{end}" for end in ("", "-owners", "-shm", "-wal")
        ]
    await until(engine._store._reserve.is_there)
    assert await engine.submit(job(2))


async def test_a_database_that_cannot_be_written_is_named(path: Path, start: MakeEngine) -> None:
    engine, _ = await start()
    await engine.close(0)
    write_at(path, 18, b"\x03")  # a version of the format that SQLite can only read
    engine = SQLiteEngine(path)
    engine.bind(OrderedRunner())
    with pytest.raises(ConfigurationError, match="it cannot be written: this user has to be able"):
        await engine.start()
    await engine.close(0)


def damage(path: Path, engine: SQLiteEngine) -> None:
    engine._store._disconnect()  # which moves everything from the write-ahead log to the file
    write_at(path, 100, b"\xff" * 8_000)


@pytest.mark.usefixtures("quick")
async def test_a_damaged_database_is_503_and_a_clear_log_line(
    path: Path, make_receiver: MakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    engine = SQLiteEngine(path)
    bot = make_receiver(engine=engine)
    bot.on(ChatStarted)(Recorder())
    async with bot:
        assert await post(bot, 1) == 200
        await until(lambda: bot.status().done == 1)
        engine._thread.submit(damage, path, engine).result()
        assert await post(bot, 2) == 503
        assert await post(bot, 3) == 503
    assert "bot.sqlite3: it is damaged: move it away, and save what can be saved" in caplog.text


@pytest.mark.usefixtures("quick")
async def test_an_unexpected_error_is_503_and_nothing_hangs(
    start: MakeEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine, _ = await start()
    with monkeypatch.context() as patch:
        patch.setattr(engine._store, "_store", lambda *_: 1 / 0)
        with pytest.raises(QueueFullError):
            await engine.submit(job(1))
    assert "a step of the database failed unexpectedly" in caplog.text
    assert await engine.submit(job(1))


@pytest.mark.usefixtures("quick")
async def test_a_job_that_was_stored_although_an_error_was_reported_runs(
    start: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk may fail after it has written; the next delivery is then a repeat."""
    engine, runner = await start(OrderedRunner(DONE))
    store = engine._store._store

    def fail_at_the_end(database: sqlite3.Connection, new: Any) -> Any:
        store(database, new)
        if new:
            database.execute("COMMIT")
            raise sqlite3.OperationalError("disk I/O error")
        return []

    with monkeypatch.context() as patch:
        patch.setattr(engine._store, "_store", fail_at_the_end)
        with pytest.raises(QueueFullError):
            await engine.submit(job(1))
    assert await engine.submit(job(1)) is False
    await until(lambda: runner.attempts == [(short(1), 1)])


async def test_a_file_that_is_removed_while_it_is_used_is_made_again(
    path: Path, start: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine, runner = await start(OrderedRunner(DONE))
    await engine.submit(job(1))
    await asyncio.to_thread(path.unlink)
    assert await engine.submit(job(2))
    assert "was removed or replaced while it was in use" in caplog.text
    await until(lambda: len(runner.attempts) == 2)
    assert path in files_in(path.parent)


@pytest.mark.usefixtures("quick")
async def test_a_file_of_owners_that_is_removed_is_made_again(
    path: Path, start: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """Its jobs still run here, and a job of a process that ended still begins again."""
    engine, runner = await start()
    await engine.submit(job(1))
    owners = Path(f"{path}-owners")
    await asyncio.to_thread(owners.unlink)
    await until(owners.exists)
    await asyncio.to_thread(insert_job_of_a_dead_process, path, body(2))
    await until(lambda: len(runner.attempts) == 2)
    assert [key for key, _ in runner.attempts] == [short(1), short(2)]
    assert caplog.text.count("-owners was removed or replaced while it was used") == 1


@pytest.mark.usefixtures("quick")
async def test_outcomes_that_cannot_be_stored_at_the_end_are_counted(
    path: Path,
    start: MakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("livechat_async.webhooks.sqlite.engine._FLUSH_SECONDS", 0.2)
    engine, runner = await start()
    await engine.submit(job(1))
    await until(lambda: bool(runner.orders))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await engine.close(0)
    other.close()
    assert "1 outcomes could not be stored: these jobs run again" in caplog.text
    _, runner = await start(OrderedRunner(DONE))
    await until(lambda: runner.attempts == [(short(1), 1)])


# --- beginning and ending ---


async def test_closing_lets_handlers_end_and_leaves_the_rest_in_the_file(
    path: Path, start: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine, runner = await start(concurrency=2)
    for number in range(4):
        await engine.submit(job(number))
    await until(lambda: len(runner.orders) == 2)
    closing = asyncio.create_task(engine.close(LIMIT))
    await asyncio.sleep(0)
    with pytest.raises(ClientStateError, match="closed"):
        await engine.submit(job(9))
    for order in list(runner.orders.values()):
        order.set_result(DONE)
    await closing
    await engine.close(LIMIT)
    assert runner.abandoned == []
    assert rows(path, "SELECT count(*), count(owner) FROM jobs") == [(2, 0)]
    assert rows(path, "SELECT count(*) FROM done") == [(2,)]
    assert not any("-wal" in each.name for each in files_in(path.parent)), (
        "the file holds everything"
    )
    assert "stopped" not in caplog.text


async def test_handlers_that_do_not_end_in_time_run_again_in_the_next_process(
    start: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine, runner = await start()
    await engine.submit(job(1))
    await until(lambda: bool(runner.orders))
    await engine.close(0.01)
    assert "stopped 1 job, to run again in the next process" in caplog.text
    _, runner = await start(OrderedRunner(DONE))
    await until(lambda: runner.attempts == [(short(1), 1)])


def test_the_dead_letter_of_an_interrupted_handler_is_kept(path: Path) -> None:
    """Ctrl-C in a handler ends the program, and its event is not run again (field case 45)."""
    bot = WebhookReceiver(credentials=None, path_secret="sesame", engine=SQLiteEngine(path))
    bot.on(ChatStarted)(Recorder(errors=[KeyboardInterrupt()]))

    async def main() -> None:
        async with bot:
            await bot.receive(body(1), {}, path_secret="sesame")
            await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    (letter,) = SQLiteLetters(path).list()
    assert "raised KeyboardInterrupt" in letter.error
    assert rows(path, "SELECT * FROM jobs") == []


class BusyThread(ThreadPoolExecutor):
    """Begins each call only after a while, as a thread does on a busy machine."""

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        super().submit(time.sleep, 0.2)
        return super().submit(*args, **kwargs)


def test_an_outcome_is_stored_though_the_event_loop_ends_before_its_transaction_begins(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        engine = SQLiteEngine(path)
        engine.bind(OrderedRunner(DONE))
        await engine.start()
        await engine.submit(job(1))
        await until(lambda: not engine.status().running)
        await asyncio.sleep(0.05)  # its outcome is given to the thread

    monkeypatch.setattr("livechat_async.webhooks.sqlite.engine.ThreadPoolExecutor", BusyThread)
    asyncio.run(main())
    deadline = time.monotonic() + LIMIT
    while not any(rows(path, "SELECT count(*) FROM done")[0]):
        assert time.monotonic() < deadline, "the outcome is lost, and the job runs again"
        time.sleep(0.01)
    assert rows(path, "SELECT * FROM jobs") == []


def test_a_job_cancelled_by_the_end_of_the_event_loop_runs_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(always: Outcome | None) -> OrderedRunner:
        engine, runner = SQLiteEngine(path), OrderedRunner(always)
        engine.bind(runner)
        await engine.start()
        if always is None:
            await engine.submit(job(1))
        await until(lambda: bool(runner.attempts))
        if always is not None:
            await engine.close(LIMIT)
        return runner

    asyncio.run(main(None))
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "was cancelled while it ran, and runs again in the next process" in record.getMessage()
    assert asyncio.run(main(DONE)).attempts == [(short(1), 1)]


async def test_an_engine_belongs_to_one_receiver_and_is_started_first(path: Path) -> None:
    engine = SQLiteEngine(path)
    engine.bind(OrderedRunner())
    with pytest.raises(ConfigurationError, match="belongs to one receiver"):
        engine.bind(OrderedRunner())
    with pytest.raises(ClientStateError, match="not started"):
        await engine.submit(job(1))
    await engine.start()
    await engine.start()
    with pytest.raises(ConfigurationError, match="pass body="):
        await engine.submit(Job(parse_webhook(document()), "show"))
    assert repr(engine) == f"<SQLiteEngine at {path}>"
    await engine.close(0)


def test_owners_lock_a_file_again_that_was_removed(tmp_path: Path) -> None:
    """Otherwise a new process would take all others for dead, and run their jobs a second time."""
    path = tmp_path / "owners"
    owners = Owners(str(path))
    number = owners.take()
    assert not owners.keep()
    path.unlink()
    assert owners.keep()
    assert not owners.keep()
    lock = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"

    def other_process() -> bytes:
        command = [sys.executable, "-c", lock, str(path)]
        return subprocess.run(command, capture_output=True, check=False).stderr

    assert b"BlockingIOError" in other_process()
    owners.release(number)
    assert other_process() == b""


def test_owners_have_numbers_of_their_own_until_they_leave(tmp_path: Path) -> None:
    one, two = Owners(str(tmp_path / "owners")), Owners(str(tmp_path / "owners"))
    assert (one.take(), two.take(), one.take()) == (0, 1, 2)
    assert [two.is_alive(number) for number in range(4)] == [True, True, True, False]
    two.release(1)
    two.release(1)
    assert one.take() == 1
    for number in range(3):
        one.release(number)
    assert not two.is_alive(0)
