"""The engine for many machines: taskiq's workers run the handlers, with Redis in between.

Read `engine` first: it states the promises. A job travels from there through `store` (the steps in
Redis) and `broker` (taskiq's door) to `worker` (runs it under a lease). `letters` is for jobs that
were given up, and `connection` says how Redis is reached. `limiter` is a request budget for all
processes.
"""

try:
    import redis as _redis  # noqa: F401
    import taskiq as _taskiq  # noqa: F401
except ImportError as _missing:  # pragma: no cover (every test session has the extra)
    raise ImportError(
        f"{_missing.name} is missing: pip install 'livechat_async[distributed]'", name=_missing.name
    ) from _missing

from livechat_async.webhooks.taskiq.broker import WebhookBroker
from livechat_async.webhooks.taskiq.engine import TaskiqEngine
from livechat_async.webhooks.taskiq.limiter import RedisLimiter

__all__ = ["RedisLimiter", "TaskiqEngine", "WebhookBroker"]
