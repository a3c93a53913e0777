"""More than one machine: handlers that run on workers, with Redis in between."""

from livechat_async.webhooks.taskiq.broker import WebhookBroker
from livechat_async.webhooks.taskiq.engine import TaskiqEngine
from livechat_async.webhooks.taskiq.limiter import RedisLimiter

__all__ = ["RedisLimiter", "TaskiqEngine", "WebhookBroker"]
