"""The state of all jobs in Redis, and the steps of a job's life.

Each step is one script: Redis carries it out as a whole or not at all, and writes it to its
append-only file as a whole, so no crash leaves a step half done. Each step may be sent twice, as
happens when an answer is lost, and has the same effect as once. All keys have one prefix:

- ``<prefix>:jobs``: a stream with an entry for each job; an entry is removed when its job has
  ended, and never before. The consumer group ``workers`` knows which worker has which entry, and
  for how long the entry has been idle.
- ``<prefix>:mark:<job>``: ``waits`` while the job waits or runs, then ``done``. It expires after
  ``remember`` seconds. A job that failed for good has no mark, so it may run again.
- ``<prefix>:lock:<job>``: the run that holds the job. It expires unless it is renewed.
- ``<prefix>:starts:<job>``: how often the job was begun.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

from attrs import field, frozen
from redis.exceptions import ResponseError

from livechat_async.errors import QueueFullError
from livechat_async.redaction import SecretBytes
from livechat_async.webhooks.engine import EngineStatus
from livechat_async.webhooks.taskiq.connection import Redis, milliseconds, within

__all__ = ["GROUP", "Entry", "Outcome", "RedisLedger"]

Outcome: TypeAlias = Literal["begun", "busy", "done", "gone"]

GROUP: Final = "workers"
_LEASE = 0.75  # of `redelivery`: a lock expires before its entry goes to another worker
_FORGET_CONSUMER = 3_600_000  # milliseconds

# KEYS are the stream and the job's mark, lock and starts. From "begin" to "return", ARGV begins
# with the group, the entry and the holder.
_SCRIPTS: Final = {
    "add": """
local length = redis.call('XLEN', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
if length >= tonumber(ARGV[3]) then return -1 end
redis.call('XADD', KEYS[1], '*', 'data', ARGV[1])
redis.call('SET', KEYS[2], 'waits', 'PX', ARGV[2])
return 1
""",
    # Takes over an entry that has been idle for too long, because its worker is gone.
    "claim": """
local idle = redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], '-', '+', 1)
if #idle == 0 then return false end
local id = idle[1][1]
local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], id)
if #claimed == 0 then
  redis.call('XACK', KEYS[1], ARGV[1], id)
  return {id}
end
return claimed[1]
""",
    "begin": """
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then return {'gone', 0} end
if redis.call('GET', KEYS[2]) == 'done' then
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
  redis.call('XDEL', KEYS[1], ARGV[2])
  return {'done', 0}
end
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= ARGV[3] then return {'busy', 0} end
redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
local starts = redis.call('INCR', KEYS[4])
redis.call('PEXPIRE', KEYS[4], ARGV[5])
return {'begun', starts}
""",
    # Renews the lock, and resets the entry's idle time. If Redis has lost its memory, there is
    # neither entry nor mark, and the run goes on.
    "renew": """
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= ARGV[3] then return 0 end
local left = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if #left == 0 and redis.call('GET', KEYS[2]) == 'done' then return 0 end
redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
if #left > 0 then redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[5], 0, ARGV[2], 'JUSTID') end
return 1
""",
    # A success counts, whoever holds the lock by now.
    "done": """
redis.call('SET', KEYS[2], 'done', 'PX', ARGV[4])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('DEL', KEYS[4])
if redis.call('GET', KEYS[3]) == ARGV[3] then redis.call('DEL', KEYS[3]) end
return 1
""",
    # A failure does not count if another worker runs the job by now, or has done it.
    "failed": """
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= ARGV[3] then return 0 end
if redis.call('GET', KEYS[2]) ~= 'done' then redis.call('DEL', KEYS[2]) end
redis.call('DEL', KEYS[3], KEYS[4])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
return 1
""",
    # Sets the entry's idle time so high that another worker takes it over at once.
    "return": """
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= ARGV[3] then return 0 end
if holder then
  redis.call('DEL', KEYS[3])
  if redis.call('DECR', KEYS[4]) < 1 then redis.call('DEL', KEYS[4]) end
end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[4], 0, ARGV[2], 'IDLE', ARGV[5], 'JUSTID')
return 1
""",
    # Gives back all entries of a consumer that leaves. Forgets consumers without entries, if they
    # leave or have not been seen for long.
    "leave": """
if ARGV[2] ~= '' then
  for _, left in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 10000, ARGV[2])) do
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, left[1], 'IDLE', ARGV[3], 'JUSTID')
  end
end
local forgotten = 0
for _, pairs in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #pairs, 2 do consumer[pairs[i]] = pairs[i + 1] end
  local gone = consumer['name'] == ARGV[2] or consumer['idle'] > tonumber(ARGV[4])
  if gone and consumer['pending'] == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
    forgotten = forgotten + 1
  end
end
return forgotten
""",
}


@frozen
class Entry:
    """An entry of the stream. Its id begins with milliseconds since 1970, by Redis's clock."""

    id: str
    data: bytes = field(repr=False)  # the job's message, which holds secrets


class RedisLedger:
    """The steps of a job's life. `TaskiqEngine` explains the settings.

    ``job`` is always a job's digest, ``entry`` the id of its entry, ``holder`` the text that names
    one run of it, and ``consumer`` the name of a worker.
    """

    def __init__(
        self, redis: Redis, prefix: str, *, remember: float, redelivery: float, queue_size: int
    ) -> None:
        self._redis = redis
        self._prefix = prefix
        self._remember = milliseconds(remember)
        self._redelivery = milliseconds(redelivery)
        self._queue_size = queue_size
        self._scripts = {name: redis.register_script(text) for name, text in _SCRIPTS.items()}
        self.stream: str = f"{prefix}:jobs"
        self.lease: float = _LEASE * redelivery  # for how many seconds a lock holds
        self._lease = milliseconds(self.lease)

    @staticmethod
    def digest(key: str) -> str:
        """A job's name in Redis, which has one length whatever the event's id is."""
        return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    async def add(self, job: str, data: bytes) -> bool:
        """Store a job with its message, unless it is known; False if it is a repeat.

        Raises:
            QueueFullError: too many jobs wait and run.
        """
        answer = await self._call("add", job, data, self._remember, self._queue_size)
        if answer < 0:
            raise QueueFullError(
                f"{self._queue_size:,} jobs wait in Redis already: start more workers, or raise "
                "queue_size"
            )
        return bool(answer)

    async def make_group(self) -> None:
        """Make the consumer group if there is none. It begins with the stream's first entry."""
        try:
            async with within():
                await self._redis.xgroup_create(self.stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def read(self, consumer: str, wait: float) -> Entry | None:
        """Take the next entry that no worker has had; wait up to ``wait`` seconds for one."""
        # One at a time: another worker could run what waits in this worker's memory.
        async with within(wait):
            answer: Any = await self._redis.xreadgroup(
                GROUP, consumer, {self.stream: ">"}, count=1, block=milliseconds(wait)
            )
        if not answer:
            return None
        ((id_, fields),) = answer[0][1]
        return _entry(id_, fields)

    async def claim(self, consumer: str) -> Entry | None:
        """Take over an entry whose worker is gone; None if there is none."""
        while True:
            answer = await self._call("claim", "", GROUP, consumer, self._redelivery)
            if not answer:
                return None
            if len(answer) > 1:
                id_, pairs = answer
                return _entry(id_, dict(zip(pairs[::2], pairs[1::2], strict=True)))

    async def begin(self, job: str, entry: str, holder: str) -> tuple[Outcome, int]:
        """Lock a job, unless another run holds it or it has ended.

        Gives the outcome and how often the job was begun so far. ``begun``: the worker runs the
        job. ``busy``: another one does; the entry comes again. ``done``: the job was done already,
        and its entry is removed. ``gone``: it ended meanwhile.
        """
        times = (self._lease, self._remember)
        outcome, starts = await self._call("begin", job, GROUP, entry, holder, *times)
        return outcome.decode(), int(starts)

    async def renew(self, job: str, entry: str, holder: str, consumer: str) -> bool:
        """Renew a run's lock. False if another run holds the job by now, or has done it."""
        return bool(await self._call("renew", job, GROUP, entry, holder, self._lease, consumer))

    async def done(self, job: str, entry: str, holder: str) -> None:
        """Record that a job was done, and remove its entry."""
        await self._call("done", job, GROUP, entry, holder, self._remember)

    async def failed(self, job: str, entry: str, holder: str) -> bool:
        """Forget a job that failed for good; False if another run, whose outcome counts, has it."""
        return bool(await self._call("failed", job, GROUP, entry, holder))

    async def give_back(self, job: str, entry: str, holder: str, consumer: str) -> None:
        """Give a job to another worker at once."""
        await self._call("return", job, GROUP, entry, holder, consumer, self._redelivery)

    async def tidy(self, leaving: str = "") -> None:
        """Forget workers that are gone, and the one that leaves; its entries go to others."""
        await self._call("leave", "", GROUP, leaving, self._redelivery, _FORGET_CONSUMER)

    async def age(self, entry: str) -> float:
        """For how many seconds an entry has been in the stream, by Redis's clock."""
        async with within():
            seconds, micro = await self._redis.time()
        return float(seconds) + float(micro) / 1e6 - int(entry.partition("-")[0]) / 1000

    async def count(self) -> EngineStatus:
        """Count the jobs that wait for a worker, and those given to one."""
        async with within():
            length = int(await self._redis.xlen(self.stream))
        try:
            async with within():
                pending: Any = await self._redis.xpending(self.stream, GROUP)
        except ResponseError:  # there was no worker yet
            return EngineStatus(queued=length, running=0)
        running = min(int(pending["pending"]), length)
        return EngineStatus(queued=length - running, running=running)

    async def _call(self, name: str, job: str, *args: str | bytes | float) -> Any:
        kinds = ("mark", "lock", "starts") if job else ()
        keys = [self.stream, *(f"{self._prefix}:{kind}:{job}" for kind in kinds)]
        async with within():
            return await self._scripts[name](keys=keys, args=args)


def _entry(id_: bytes, fields: dict[bytes, bytes]) -> Entry:
    return Entry(id_.decode(), SecretBytes(fields.get(b"data", b"")))
