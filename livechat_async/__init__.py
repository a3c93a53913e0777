"""The asyncio client for LiveChat's REST API, version 2.

::

    from livechat_async import LiveChatClient, PersonalAccessToken

    async with LiveChatClient(PersonalAccessToken(login, token)) as client:
        for visitor in await client.visitors.list(state="chatting"):
            print(visitor.name, visitor.page_current)
"""

# `Page as Page` makes a name public for type checkers, and `import *` all names of a module's
# `__all__`. isort would make a statement of each.
# isort: off
import typing as _typing
from importlib import import_module as _import_module

from livechat_async._version import __version__ as __version__

# Each name stands here, for type checkers, and in the table below.
if _typing.TYPE_CHECKING:
    from livechat_async.client import LiveChatClient as LiveChatClient
    from livechat_async.credentials import (
        BearerToken as BearerToken,
        Credentials as Credentials,
        CredentialsSource as CredentialsSource,
        PersonalAccessToken as PersonalAccessToken,
    )
    from livechat_async.errors import *
    from livechat_async.export.checkpoint import (
        Checkpoint as Checkpoint,
        IncompleteDay as IncompleteDay,
        Window as Window,
    )
    from livechat_async.export.export import (
        Export as Export,
        ExportProgress as ExportProgress,
    )
    from livechat_async.http.request import Request as Request
    from livechat_async.http.response import Response as Response
    from livechat_async.models.agents import *
    from livechat_async.models.canned_responses import *
    from livechat_async.models.chats import *
    from livechat_async.models.goals import *
    from livechat_async.models.greetings import *
    from livechat_async.models.groups import *
    from livechat_async.models.reports import *
    from livechat_async.models.status import *
    from livechat_async.models.tags import *
    from livechat_async.models.tickets import *
    from livechat_async.models.visitors import (
        CustomVariable as CustomVariable,
        DetailField as DetailField,
        Operator as Operator,
        SurveyAnswer as SurveyAnswer,
        VisitedPage as VisitedPage,
        Visitor as Visitor,
        VisitorChat as VisitorChat,
        VisitorDetails as VisitorDetails,
        VisitorState as VisitorState,
    )
    from livechat_async.models.webhooks import (
        Webhook as Webhook,
        WebhookDataType as WebhookDataType,
        WebhookEventType as WebhookEventType,
    )
    from livechat_async.options import (
        RetryPolicy as RetryPolicy,
        Timeouts as Timeouts,
    )
    from livechat_async.pagination import (
        BrokenItem as BrokenItem,
        Page as Page,
        Pager as Pager,
        Progress as Progress,
    )
    from livechat_async.redaction import Secret as Secret
    from livechat_async.resources.visitors import VisitorList as VisitorList
    from livechat_async.watch.changes import (
        Arrived as Arrived,
        Change as Change,
        Left as Left,
        PageChanged as PageChanged,
        Resynced as Resynced,
        StateChanged as StateChanged,
        Updated as Updated,
        VisitorChange as VisitorChange,
    )
    from livechat_async.watch.watch import VisitorWatch as VisitorWatch
else:
    # The names by their modules, which are imported when a program first needs a name.
    _LATER = {
        "client": "LiveChatClient",
        "credentials": "BearerToken Credentials CredentialsSource PersonalAccessToken",
        "errors": (
            "APIStatusError AuthenticationError BadRequestError CallError ClientStateError "
            "ConfigurationError ConnectError ConnectTimeout ConnectionLost DecodeError "
            "ExportError InvalidJSONError LiveChatError NotFoundError OverfullDayError "
            "PagingError PermissionDeniedError ProtocolError QueueFullError RateLimitError "
            "RedirectError RequestTimeout ResponseTooLarge ServerError TLSError TransportError "
            "UnsettledDaysError WebhookError"
        ),
        "export.checkpoint": "Checkpoint IncompleteDay Window",
        "export.export": "Export ExportProgress",
        "http.request": "Request",
        "http.response": "Response",
        "models.agents": (
            "Agent AgentGroup AgentNotifications AgentPermission AgentStatus AgentSummary Weekday "
            "WorkDay"
        ),
        "models.canned_responses": "CannedResponse",
        "models.chats": (
            "Chat ChatAgent ChatEvent ChatEventType ChatGoal ChatMessage ChatQueue ChatRate "
            "ChatSurveyAnswer ChatType ChatVisitor Engagement GoalOrder UserType"
        ),
        "models.goals": (
            "ApiGoal CustomVariableGoal Goal GoalKind GoalType MatchType SalesTrackerGoal "
            "SalesValueType UrlGoal"
        ),
        "models.greetings": (
            "AdsProvider AdsTraffic CurrentUrl CustomVariableRule FunnelUrl Greeting GreetingRule "
            "GreetingSubtype PageViews Place Referrer Rule RuleOperator RuleType SearchKeyword "
            "TimeOnPage TimeOnSite UrlFunnel VisitedUrl Visits"
        ),
        "models.groups": "Group",
        "models.reports": (
            "ChatEngagement CountedHours GoalsReached GreetingsShown GroupBy NewTickets "
            "NotRepliedChats Period QueuePart QueuedVisitors RankedAgent Ratings Report "
            "ResponseTime Sales Seconds SolvedTickets TicketSources TimeSpent TotalChats"
        ),
        "models.status": "GroupStatus OnlineStatus",
        "models.tags": "Tag TagCount",
        "models.tickets": (
            "FirstResponse Ticket TicketAgent TicketAttachment TicketAuthor TicketAuthorType "
            "TicketEvent TicketEventType TicketGroup TicketOrder TicketPeriod TicketRate "
            "TicketRequester TicketSource TicketSourceType TicketStatus"
        ),
        "models.visitors": (
            "CustomVariable DetailField Operator SurveyAnswer VisitedPage Visitor VisitorChat "
            "VisitorDetails VisitorState"
        ),
        "models.webhooks": "Webhook WebhookDataType WebhookEventType",
        "options": "RetryPolicy Timeouts",
        "pagination": "BrokenItem Page Pager Progress",
        "redaction": "Secret",
        "resources.visitors": "VisitorList",
        "watch.changes": (
            "Arrived Change Left PageChanged Resynced StateChanged Updated VisitorChange"
        ),
        "watch.watch": "VisitorWatch",
    }
    _MODULE_OF = {name: module for module, names in _LATER.items() for name in names.split()}
    # Modules that can be reached as attributes, such as ``livechat_async.models.visitors``.
    _PARTS = {module.partition(".")[0] for module in _LATER}
    __all__ = ["__version__", *_MODULE_OF]  # noqa: PLE0604 (strings, all of them)

    def __getattr__(name: str) -> _typing.Any:
        if name in _PARTS:
            part = _import_module(f"{__name__}.{name}")
            if hasattr(part, "__path__"):
                _import_module(f"{__name__}.client")  # with the modules of that room
            return part
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = _import_module(f"{__name__}.{_MODULE_OF[name]}")
        value = globals()[name] = getattr(module, name)
        return value

    def __dir__() -> list[str]:
        return sorted(globals().keys() | _MODULE_OF.keys())
