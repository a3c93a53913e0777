"""The asyncio client for LiveChat's REST API, version 2.

::

    from livechat_async import LiveChatClient, PersonalAccessToken

    async with LiveChatClient(PersonalAccessToken(login, token)) as client:
        for visitor in await client.visitors.list(state="chatting"):
            print(visitor.name, visitor.page_current)
"""

import typing as _typing
from importlib import import_module as _import_module

from livechat_async._version import __version__
from livechat_async.client import LiveChatClient
from livechat_async.credentials import (
    BearerToken,
    Credentials,
    CredentialsSource,
    PersonalAccessToken,
)
from livechat_async.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    CallError,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    ConnectTimeout,
    DecodeError,
    ExportError,
    InvalidJSONError,
    LiveChatError,
    NotFoundError,
    OverfullDayError,
    PagingError,
    PermissionDeniedError,
    QueueFullError,
    RateLimitError,
    RedirectError,
    RequestTimeout,
    ResponseTooLarge,
    ServerError,
    TLSError,
    TransportError,
    UnsettledDaysError,
    WebhookError,
)
from livechat_async.http.request import Request
from livechat_async.http.response import Response
from livechat_async.models.visitors import (
    CustomVariable,
    DetailField,
    Operator,
    SurveyAnswer,
    VisitedPage,
    Visitor,
    VisitorChat,
    VisitorDetails,
    VisitorState,
)
from livechat_async.options import RetryPolicy, Timeouts
from livechat_async.pagination import BrokenItem, Page, Pager, Progress

if _typing.TYPE_CHECKING:
    from livechat_async.export.checkpoint import Checkpoint, IncompleteDay, Window
    from livechat_async.export.export import Export, ExportProgress
    from livechat_async.models.chats import (
        Chat,
        ChatAgent,
        ChatEvent,
        ChatEventType,
        ChatGoal,
        ChatMessage,
        ChatQueue,
        ChatRate,
        ChatSurveyAnswer,
        ChatType,
        ChatVisitor,
        Engagement,
        GoalOrder,
        UserType,
    )
    from livechat_async.models.tickets import (
        FirstResponse,
        Ticket,
        TicketAgent,
        TicketAttachment,
        TicketAuthor,
        TicketAuthorType,
        TicketEvent,
        TicketEventType,
        TicketGroup,
        TicketOrder,
        TicketPeriod,
        TicketRate,
        TicketRequester,
        TicketSource,
        TicketSourceType,
        TicketStatus,
    )
    from livechat_async.models.webhooks import Webhook, WebhookDataType, WebhookEventType
    from livechat_async.watch.changes import (
        Arrived,
        Change,
        Left,
        PageChanged,
        Resynced,
        StateChanged,
        Updated,
        VisitorChange,
    )
    from livechat_async.watch.watch import VisitorWatch

__all__ = [
    "APIStatusError",
    "Arrived",
    "AuthenticationError",
    "BadRequestError",
    "BearerToken",
    "BrokenItem",
    "CallError",
    "Change",
    "Chat",
    "ChatAgent",
    "ChatEvent",
    "ChatEventType",
    "ChatGoal",
    "ChatMessage",
    "ChatQueue",
    "ChatRate",
    "ChatSurveyAnswer",
    "ChatType",
    "ChatVisitor",
    "Checkpoint",
    "ClientStateError",
    "ConfigurationError",
    "ConnectError",
    "ConnectTimeout",
    "ConnectionLost",
    "Credentials",
    "CredentialsSource",
    "CustomVariable",
    "DecodeError",
    "DetailField",
    "Engagement",
    "Export",
    "ExportError",
    "ExportProgress",
    "FirstResponse",
    "GoalOrder",
    "IncompleteDay",
    "InvalidJSONError",
    "Left",
    "LiveChatClient",
    "LiveChatError",
    "NotFoundError",
    "Operator",
    "OverfullDayError",
    "Page",
    "PageChanged",
    "Pager",
    "PagingError",
    "PermissionDeniedError",
    "PersonalAccessToken",
    "Progress",
    "QueueFullError",
    "RateLimitError",
    "RedirectError",
    "Request",
    "RequestTimeout",
    "Response",
    "ResponseTooLarge",
    "Resynced",
    "RetryPolicy",
    "ServerError",
    "StateChanged",
    "SurveyAnswer",
    "TLSError",
    "Ticket",
    "TicketAgent",
    "TicketAttachment",
    "TicketAuthor",
    "TicketAuthorType",
    "TicketEvent",
    "TicketEventType",
    "TicketGroup",
    "TicketOrder",
    "TicketPeriod",
    "TicketRate",
    "TicketRequester",
    "TicketSource",
    "TicketSourceType",
    "TicketStatus",
    "Timeouts",
    "TransportError",
    "UnsettledDaysError",
    "Updated",
    "UserType",
    "VisitedPage",
    "Visitor",
    "VisitorChange",
    "VisitorChat",
    "VisitorDetails",
    "VisitorState",
    "VisitorWatch",
    "Webhook",
    "WebhookDataType",
    "WebhookError",
    "WebhookEventType",
    "Window",
    "__version__",
]

# What not every program needs, by the module that has it: imported when it is first asked for.
_PARTS = {
    "livechat_async.watch.changes": (
        "Arrived",
        "Change",
        "Left",
        "PageChanged",
        "Resynced",
        "StateChanged",
        "Updated",
        "VisitorChange",
    ),
    "livechat_async.export.checkpoint": (
        "Checkpoint",
        "IncompleteDay",
        "Window",
    ),
    "livechat_async.export.export": (
        "Export",
        "ExportProgress",
    ),
    "livechat_async.models.chats": (
        "Chat",
        "ChatAgent",
        "ChatEvent",
        "ChatEventType",
        "ChatGoal",
        "ChatMessage",
        "ChatQueue",
        "ChatRate",
        "ChatSurveyAnswer",
        "ChatType",
        "ChatVisitor",
        "Engagement",
        "GoalOrder",
        "UserType",
    ),
    "livechat_async.models.tickets": (
        "FirstResponse",
        "Ticket",
        "TicketAgent",
        "TicketAttachment",
        "TicketAuthor",
        "TicketAuthorType",
        "TicketEvent",
        "TicketEventType",
        "TicketGroup",
        "TicketOrder",
        "TicketPeriod",
        "TicketRate",
        "TicketRequester",
        "TicketSource",
        "TicketSourceType",
        "TicketStatus",
    ),
    "livechat_async.models.webhooks": (
        "Webhook",
        "WebhookDataType",
        "WebhookEventType",
    ),
    "livechat_async.watch.watch": ("VisitorWatch",),
}
_MODULE_OF = {name: module for module, names in _PARTS.items() for name in names}


# Hidden from type checkers, to which it would say that there is every name.
if not _typing.TYPE_CHECKING:

    def __getattr__(name: str) -> _typing.Any:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(_import_module(_MODULE_OF[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted(globals().keys() | _MODULE_OF.keys())
