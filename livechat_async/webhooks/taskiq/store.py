"""The jobs in Redis.

All keys have one prefix:

- ``<prefix>:queue``: a stream with an entry for each job that runs or may run now. Its consumer
  group ``workers`` knows which worker has which entry, and since when: that is the job's lease.
- ``<prefix>:later``: the jobs that wait for another attempt, by the time at which it is due.
- ``<prefix>:job:<digest>``: the job, while it waits or runs.
- ``<prefix>:done:<digest>``: there while a success is remembered.
- ``<prefix>:dead``, by time of death, and ``<prefix>:dead:<digest>``: the dead letters.
- ``<prefix>:dead-letters``: how many there were so far.
- ``<prefix>:latest:<digest>``: the key of the latest job of a series.

Each step is one script, so no crash leaves it half done. It may be sent twice, as happens when an
answer is lost. All but `add` are allowed when Redis is full: they are what makes room.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from attrs import frozen
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from livechat_async.display import number_of
from livechat_async.errors import QueueFullError
from livechat_async.redaction import SecretBytes
from livechat_async.webhooks.engine import EngineStatus, Job, Outcome, StoredJob
from livechat_async.webhooks.taskiq.connection import asking, milliseconds

GROUP: Final = "workers"
_FORGET_CONSUMER = 3_600_000  # milliseconds

# ARGV begins with the job's digest, its entry, and the run that has it.
_KEYS = "local queue, later, dead, job, done, letter = unpack(KEYS)\n"
_PRELUDE = f"""#!lua flags=allow-oom
{_KEYS}local digest, entry, run = ARGV[1], ARGV[2], ARGV[3]
local function leave()
  redis.pcall('XACK', queue, '{GROUP}', entry)
  redis.call('XDEL', queue, entry)
end
local function now()
  local time = redis.call('TIME')
  return time[1] + time[2] / 1000000
end
"""
_IF_MINE = _PRELUDE + "if redis.call('HGET', job, 'run') ~= run then return 0 end\n"

_ADD: Final = f"""#!lua
{_KEYS}if redis.call('EXISTS', job, done) > 0 then return 0 end
if redis.call('XLEN', queue) + redis.call('ZCARD', later) >= tonumber(ARGV[2]) then return -1 end
redis.call('DEL', letter)
redis.call('ZREM', dead, ARGV[1])
redis.call('HSET', job, 'handler', ARGV[3], 'body', ARGV[4], 'received', redis.call('TIME')[1])
if ARGV[5] ~= '' then redis.call('SET', KEYS[7], ARGV[5], 'PX', ARGV[6]) end
redis.call('XADD', queue, '*', 'job', ARGV[1])
return 1
"""
# The group begins with the stream's first entry.
_GROUP: Final = f"""{_PRELUDE}
local made = redis.pcall('XGROUP', 'CREATE', queue, '{GROUP}', '0', 'MKSTREAM')
if made.err and not string.find(made.err, 'BUSYGROUP') then return made end
return 1
"""
# Makes due what waited for long enough, then takes over an entry whose worker is gone.
_FIND: Final = f"""{_PRELUDE}
for _, each in ipairs(redis.call('ZRANGE', later, '-inf', now(), 'BYSCORE', 'LIMIT', 0, 100)) do
  redis.call('ZREM', later, each)
  redis.call('XADD', queue, '*', 'job', each)
end
if ARGV[5] == '0' then return false end
local idle = redis.call('XPENDING', queue, '{GROUP}', 'IDLE', ARGV[5], '-', '+', 1)
if #idle == 0 then return false end
local taken = redis.call('XCLAIM', queue, '{GROUP}', ARGV[4], ARGV[5], idle[1][1])
if #taken == 0 then
  redis.call('XACK', queue, '{GROUP}', idle[1][1])
  return false
end
return taken[1]
"""
_BEGIN: Final = f"""{_PRELUDE}
local held = redis.call('XPENDING', queue, '{GROUP}', entry, entry, 1)[1]
if not held or held[2] ~= ARGV[4] then return false end
if redis.call('EXISTS', job) == 0 then
  leave()
  return false
end
if redis.call('HGET', job, 'run') ~= run then
  redis.call('HSET', job, 'run', run)
  redis.call('HINCRBY', job, 'starts', 1)
end
redis.call('XCLAIM', queue, '{GROUP}', ARGV[4], 0, entry, 'JUSTID')
return {{redis.call('HGETALL', job), tostring(now())}}
"""
# If Redis has lost its memory, there is neither job nor mark, and the run goes on.
_RENEW: Final = f"""{_PRELUDE}
local is_known = redis.call('EXISTS', job, done) > 0
if is_known and redis.call('HGET', job, 'run') ~= run then return 0 end
redis.pcall('XCLAIM', queue, '{GROUP}', ARGV[4], 0, entry, 'JUSTID')
return 1
"""
# A success counts, whichever run has the job by now, or gave it up. The job may wait already for
# another attempt; an entry without a job is passed over.
_DONE: Final = f"""{_PRELUDE}
redis.call('SET', done, 1, 'PX', ARGV[4])
redis.call('DEL', job, letter)
redis.call('ZREM', later, digest)
redis.call('ZREM', dead, digest)
leave()
return 1
"""
_AGAIN: Final = f"""{_IF_MINE}
redis.call('HSET', job, 'attempts', ARGV[4], 'starts', 0)
redis.call('HDEL', job, 'run')
redis.call('ZADD', later, now() + ARGV[5], digest)
leave()
return 1
"""
_DEAD: Final = f"""{_IF_MINE}
local number, died = redis.call('INCR', dead .. '-letters'), now()
redis.call('HSET', job, 'id', number, 'died', died, 'attempts', ARGV[4], 'error', ARGV[5])
redis.call('HDEL', job, 'run')
redis.call('RENAME', job, letter)
redis.call('PEXPIRE', letter, ARGV[6])
redis.call('ZREMRANGEBYSCORE', dead, '-inf', died - ARGV[6] / 1000)
redis.call('ZADD', dead, died, digest)
leave()
return 1
"""
# An idle time as long as the lease lets another worker take the entry at once.
_BACK: Final = f"""{_IF_MINE}
redis.call('HINCRBY', job, 'starts', -1)
redis.call('HDEL', job, 'run')
redis.call('XCLAIM', queue, '{GROUP}', ARGV[4], 0, entry, 'IDLE', ARGV[5], 'JUSTID')
return 1
"""
# Gives back all entries of a consumer that leaves. Forgets consumers without entries, if they leave
# or have not been seen for long.
_TIDY: Final = f"""{_PRELUDE}
local leaving = ARGV[4]
if leaving ~= '' then
  for _, left in ipairs(redis.call('XPENDING', queue, '{GROUP}', '-', '+', 10000, leaving)) do
    redis.call('XCLAIM', queue, '{GROUP}', leaving, 0, left[1], 'IDLE', ARGV[5], 'JUSTID')
  end
end
for _, pairs in ipairs(redis.call('XINFO', 'CONSUMERS', queue, '{GROUP}')) do
  local consumer = {{}}
  for i = 1, #pairs, 2 do consumer[pairs[i]] = pairs[i + 1] end
  local gone = consumer['name'] == leaving or consumer['idle'] > {_FORGET_CONSUMER}
  if gone and consumer['pending'] == 0 then
    redis.call('XGROUP', 'DELCONSUMER', queue, '{GROUP}', consumer['name'])
  end
end
"""
REPLAY: Final = f"""{_PRELUDE}
if redis.call('EXISTS', letter) == 0 then return 0 end
redis.call('ZREM', dead, digest)
redis.call('RENAME', letter, job)
redis.call('PERSIST', job)
redis.call('HDEL', job, 'id', 'died', 'attempts', 'starts', 'error')
redis.call('XADD', queue, '*', 'job', digest)
return 1
"""
DISCARD: Final = f"""{_PRELUDE}
redis.call('ZREM', dead, digest)
return redis.call('DEL', letter)
"""


@frozen
class Run:
    """One run of a job, by one worker: the job's digest, its entry, and a name of its own."""

    digest: str
    entry: str
    name: str
    consumer: str


@frozen(kw_only=True)
class TakenJob(StoredJob):
    """A job whose run begins; its ``age`` is how many seconds it has been in Redis."""

    age: float


def digest(key: str) -> str:
    """A job's name in Redis, which has one length whatever the event's id is."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def keys_of(prefix: str, job: str) -> list[str]:
    """The keys that every script gets."""
    named = [f"{prefix}:{kind}:{job}" for kind in ("job", "done", "dead")]
    return [f"{prefix}:queue", f"{prefix}:later", f"{prefix}:dead", *named]


class WebhookStore:
    """The steps of a job's life. `TaskiqEngine` explains the settings."""

    def __init__(
        self,
        redis: Redis,
        prefix: str,
        *,
        remember: float,
        redelivery: float,
        queue_size: int,
        keep: float,
    ) -> None:
        self._redis = redis
        self._prefix = prefix
        self._remember = milliseconds(remember)
        self._redelivery = milliseconds(redelivery)
        self._keep = milliseconds(keep)
        self._queue_size = queue_size
        self.stream: str = f"{prefix}:queue"
        self._scripts: dict[str, Any] = {}

    async def add(self, job: Job) -> bool:
        """Store a job, unless it is known; False if it is a repeat.

        Raises:
            QueueFullError: too many jobs wait and run.
        """
        latest = f"{self._prefix}:latest:{digest(job.series)}"
        if job.series:
            async with asking(self._redis):
                known: Any = await self._redis.get(latest)
            job = job.after((known or b"").decode("utf-8", "surrogatepass"))
        key = job.key.encode("utf-8", "surrogatepass") if job.series else b""
        name = digest(job.key)
        details = (self._queue_size, job.handler, job.body, key, self._remember)
        answer = await self._call(_ADD, [*keys_of(self._prefix, name), latest], name, *details)
        if answer < 0:
            raise QueueFullError(
                f"the queue in Redis is full with {number_of(self._queue_size, 'job')}: start more "
                "workers, or raise queue_size"
            )
        return bool(answer)

    async def make_group(self) -> None:
        """Make the consumer group if there is none."""
        await self._step(_GROUP, Run("", "", "", ""))

    async def read(self, consumer: str, wait: float) -> tuple[str, str] | None:
        """Take the next entry, with its job; wait up to ``wait`` seconds for one."""
        # One at a time: another worker could run what waits in this worker's memory.
        async with asking(self._redis, wait):
            answer: Any = await self._redis.xreadgroup(
                GROUP, consumer, {self.stream: ">"}, count=1, block=milliseconds(wait)
            )
        return _entry(*answer[0][1][0]) if answer else None

    async def find(self, consumer: str, *, claims: bool) -> tuple[str, str] | None:
        """Make due what is due; ``claims``: take over an entry whose worker is gone, if any."""
        run = Run("", "", "", consumer)
        answer = await self._step(_FIND, run, consumer, self._redelivery if claims else 0)
        if not answer:
            return None
        id_, pairs = answer
        return _entry(id_, dict(zip(pairs[::2], pairs[1::2], strict=True)))

    async def begin(self, run: Run) -> TakenJob | None:
        """Begin a run, and its lease; None if the job has ended, or another worker has it."""
        answer = await self._step(_BEGIN, run, run.consumer)
        if not answer:
            return None
        pairs, now = answer
        found = {name.decode(): each for name, each in zip(pairs[::2], pairs[1::2], strict=True)}
        return TakenJob(
            handler=found.get("handler", b"").decode("utf-8", "replace"),
            body=SecretBytes(found.get("body", b"")),
            age=float(now) - float(found.get("received", 0)),
            attempts=int(found.get("attempts", 0)),
            losses=int(found["starts"]) - 1,
        )

    async def renew(self, run: Run) -> bool:
        """Renew a run's lease. False if another run has the job by now, or it is done."""
        return bool(await self._step(_RENEW, run, run.consumer))

    async def record(self, run: Run, outcome: Outcome, attempts: int) -> None:
        """Record how an attempt ended. Only a success counts if another run has the job by now."""
        if outcome.succeeded:
            await self._step(_DONE, run, self._remember)
        elif outcome.wait is None:
            await self._step(_DEAD, run, attempts, outcome.error, self._keep)
        else:
            await self._step(_AGAIN, run, attempts, outcome.wait)

    async def give_back(self, run: Run, *, at_once: bool) -> None:
        """Leave a job to other workers: at once, or when the lease ends."""
        await self._step(_BACK, run, run.consumer, self._redelivery if at_once else 0)

    async def tidy(self, leaving: str = "") -> None:
        """Forget workers that are gone, and the one that leaves; its entries go to others."""
        await self._step(_TIDY, Run("", "", "", leaving), leaving, self._redelivery)

    async def count(self) -> EngineStatus:
        """Count the jobs that wait, those given to a worker, and the dead letters."""
        async with asking(self._redis):
            length = int(await self._redis.xlen(self.stream))
            later = int(await self._redis.zcard(f"{self._prefix}:later"))
            dead = int(await self._redis.zcard(f"{self._prefix}:dead"))
        running = 0
        if length:
            try:
                async with asking(self._redis):
                    pending: Any = await self._redis.xpending(self.stream, GROUP)
                running = min(int(pending["pending"]), length)
            except ResponseError:  # there was no worker yet
                running = 0
        return EngineStatus(queued=length - running + later, running=running, dead_letters=dead)

    async def _step(self, script: str, run: Run, *more: str | bytes | float) -> Any:
        keys = keys_of(self._prefix, run.digest)
        return await self._call(script, keys, run.digest, run.entry, run.name, *more)

    async def _call(self, script: str, keys: list[str], *args: str | bytes | float) -> Any:
        if script not in self._scripts:
            self._scripts[script] = self._redis.register_script(script)
        async with asking(self._redis):
            return await self._scripts[script](keys=keys, args=args)


def _entry(id_: bytes, fields: dict[bytes, bytes]) -> tuple[str, str]:
    return id_.decode(), fields.get(b"job", b"").decode("utf-8", "replace")
