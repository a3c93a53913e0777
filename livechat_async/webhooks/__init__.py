"""Webhooks: from the body that LiveChat sends to the handlers of a bot.

Read in this order, as a webhook travels: `servers` (aiohttp, ASGI), `intake`, `gate` (may the
request come in?), `parsing` and `events`, `engine` (the agreement) with `sqlite` (one machine),
`taskiq` (many machines) or `memory` (tests), and `runner` (attempts of a handler). `receiver` puts
them together. `letters` are the jobs that an engine has given up.
"""

from livechat_async.models.webhooks import (
    DATA_TYPES,
    Webhook,
    WebhookCannedResponse,
    WebhookChat,
    WebhookChatAgent,
    WebhookChatEvent,
    WebhookDataType,
    WebhookEventType,
    WebhookMessage,
    WebhookSurveyAnswer,
    WebhookSurveyChoice,
    WebhookVisitor,
)
from livechat_async.webhooks.engine import Engine, EngineStatus, Job, JobRunner, Outcome
from livechat_async.webhooks.events import (
    CannedResponseChanged,
    ChatChanged,
    ChatEnded,
    ChatStarted,
    TicketCreated,
    UnknownEvent,
    VisitorEvent,
    VisitorQueued,
    WebhookEvent,
)
from livechat_async.webhooks.gate import ReceiverAnswer, WebhookCredentials
from livechat_async.webhooks.memory import MemoryEngine
from livechat_async.webhooks.parsing import parse_webhook
from livechat_async.webhooks.receiver import ReceiverStatus, WebhookReceiver
from livechat_async.webhooks.runner import RunPolicy, is_worth_another_run
from livechat_async.webhooks.sqlite import SQLiteEngine

__all__ = [
    "DATA_TYPES",
    "CannedResponseChanged",
    "ChatChanged",
    "ChatEnded",
    "ChatStarted",
    "Engine",
    "EngineStatus",
    "Job",
    "JobRunner",
    "MemoryEngine",
    "Outcome",
    "ReceiverAnswer",
    "ReceiverStatus",
    "RunPolicy",
    "SQLiteEngine",
    "TicketCreated",
    "UnknownEvent",
    "VisitorEvent",
    "VisitorQueued",
    "Webhook",
    "WebhookCannedResponse",
    "WebhookChat",
    "WebhookChatAgent",
    "WebhookChatEvent",
    "WebhookCredentials",
    "WebhookDataType",
    "WebhookEvent",
    "WebhookEventType",
    "WebhookMessage",
    "WebhookReceiver",
    "WebhookSurveyAnswer",
    "WebhookSurveyChoice",
    "WebhookVisitor",
    "is_worth_another_run",
    "parse_webhook",
]
