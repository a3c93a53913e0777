"""The asyncio client for LiveChat's REST API, version 2.

::

    from livechat_async import LiveChatClient, PersonalAccessToken

    async with LiveChatClient(PersonalAccessToken(login, token)) as client:
        for visitor in await client.visitors.list(state="chatting"):
            print(visitor.name, visitor.page_current)
"""

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
    InvalidJSONError,
    LiveChatError,
    NotFoundError,
    PagingError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    RequestTimeout,
    ResponseTooLarge,
    ServerError,
    TLSError,
    TransportError,
)
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
from livechat_async.request import Request
from livechat_async.response import Response

__all__ = [
    "APIStatusError",
    "AuthenticationError",
    "BadRequestError",
    "BearerToken",
    "BrokenItem",
    "CallError",
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
    "InvalidJSONError",
    "LiveChatClient",
    "LiveChatError",
    "NotFoundError",
    "Operator",
    "Page",
    "Pager",
    "PagingError",
    "PermissionDeniedError",
    "PersonalAccessToken",
    "Progress",
    "RateLimitError",
    "RedirectError",
    "Request",
    "RequestTimeout",
    "Response",
    "ResponseTooLarge",
    "RetryPolicy",
    "ServerError",
    "SurveyAnswer",
    "TLSError",
    "Timeouts",
    "TransportError",
    "VisitedPage",
    "Visitor",
    "VisitorChat",
    "VisitorDetails",
    "VisitorState",
    "__version__",
]
