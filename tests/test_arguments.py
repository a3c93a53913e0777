"""Wrong arguments: each is refused with its name, what was given, and a remedy.

The walk gives wrong values to every argument of every public function, method and class. A public
name that is new needs a row in `CALLS`, or a place among those that take what the library made.
"""

from __future__ import annotations

import enum
import inspect
import traceback
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

import livechat_async
from livechat_async import (
    ConfigurationError,
    DetailField,
    LiveChatClient,
    LiveChatError,
    PersonalAccessToken,
    Request,
    RetryPolicy,
    TimeOnPage,
    Timeouts,
    UrlGoal,
    VisitorDetails,
    captures,
    sandbox,
    webhooks,
)
from livechat_async.models._base import WireModel
from livechat_async.redaction import kind_of, shown
from livechat_async.resources import reports
from livechat_async.resources._base import Resource
from livechat_async.sandbox import Sandbox
from livechat_async.webhooks import (
    ChatStarted,
    MemoryEngine,
    SQLiteEngine,
    WebhookCredentials,
    WebhookReceiver,
    sqlite,
    taskiq,
)
from livechat_async.webhooks.events import current_client
from livechat_async.webhooks.sqlite import database
from livechat_async.webhooks.taskiq import RedisLimiter, TaskiqEngine, letters

JOHN = "john.doe@example.com"
REDIS = "redis://127.0.0.1:1/0"
DETAILS = VisitorDetails("crm", [DetailField("Plan", "gold")])


class Sent(Exception):
    """The request was about to be sent."""


@frozen
class Bench:
    """What the calls are made on. The client sends nothing: it raises `Sent` instead."""

    client: LiveChatClient
    receiver: WebhookReceiver
    folder: Path

    @property
    def letters(self) -> sqlite.SQLiteLetters:
        path = self.folder / "bot.sqlite3"
        if not path.exists():
            database.connect(str(path), create=True).close()
        return sqlite.SQLiteLetters(path)


@frozen
class Call:
    """A public callable: how it is found, and arguments that it takes.

    Attributes:
        name: as in the package.
        find: gives the callable.
        good: arguments it takes.
        free: arguments that take anything.
        hidden: arguments whose value may be a secret, so that messages show its type at most.
        says: another word that messages have for an argument.
    """

    name: str
    find: Callable[[Bench], Callable[..., Any]]
    good: Mapping[str, Any] = field(factory=dict)
    free: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    says: Mapping[str, str] = field(factory=dict)


def of(kind: Callable[..., Any]) -> Callable[[Bench], Callable[..., Any]]:
    return lambda _: kind


def on_sandbox(name: str, hidden: tuple[str, ...] = (), /, **good: Any) -> Call:
    def find(_: Bench) -> Callable[..., Any]:
        place = Sandbox(chats=3, tickets=3)
        place.add_visitor(id=VISITOR)
        if name in {"say", "end_chat"}:
            place.start_chat(VISITOR)
        found: Callable[..., Any] = getattr(place, name)
        return found

    return Call(f"Sandbox.{name}", find, good, hidden=hidden)


def on_client(path: str, hidden: tuple[str, ...] = (), /, **good: Any) -> Call:
    *way, method = path.split(".")

    def find(bench: Bench) -> Callable[..., Any]:
        place: Any = bench.client
        for step in way:
            place = getattr(place, step)
        found: Callable[..., Any] = getattr(place, method)
        return found

    kind = "Reports" if len(way) > 1 else "Resource"
    owner = way[-1].removesuffix("s") if kind == "Reports" else way[-1]
    name = f"{owner.title().replace('_', '')}{kind}.{method}"
    return Call(name, find, good, hidden=hidden)


async def fetch(*_: object, **__: object) -> Any:
    raise Sent


async def hook(*_: object) -> None: ...


def registering(bench: Bench) -> Callable[..., Any]:
    def on(events: Any, *, name: Any = None) -> Any:
        return bench.receiver.on(events, name=name)(hook)

    return on


def responding(bench: Bench) -> Callable[..., Any]:
    def with_response(method: Any) -> Any:
        return bench.client.with_response(method)

    return with_response


def with_captures(function: Callable[..., Any]) -> Callable[[Bench], Callable[..., Any]]:
    """The function, once the current folder has a capture."""

    def find(bench: Bench) -> Callable[..., Any]:
        capture = captures.Capture(kind="answer", method="GET", path="/agents", status=200, body=[])
        (bench.folder / "000001-agents.json").write_bytes(capture.to_json())
        return function

    return find


VISITOR = "S1352647457.ac951bfe2e"
WEBHOOK = {"event_type": "chat_started", "url": "http://127.0.0.1:9/hook"}
COMPARISONS = ("PageViews", "TimeOnPage", "TimeOnSite", "Visits")
TEXT_RULES = ("CurrentUrl", "Place", "Referrer", "SearchKeyword", "VisitedUrl")
REPORTS = [
    on_client(f"reports.{group}.{name}")
    for group, kind in (("chats", reports.ChatReports), ("tickets", reports.TicketReports))
    for name in vars(kind)
    if name[0] != "_" and name != "occupancy"
]


def callable_without_arguments() -> Iterator[Call]:
    """The methods of resources that need no argument; a new one needs no row."""
    for name in LiveChatClient.__annotations__:
        for method, function in vars(resource_class(name)).items():
            if method[0] != "_" and inspect.isfunction(function):
                _, *others = inspect.signature(function).parameters.values()
                needed = (p for p in others if p.default is p.empty and p.kind != p.VAR_KEYWORD)
                if others and next(needed, None) is None:
                    yield on_client(f"{name}.{method}")


def resource_class(name: str) -> type[Resource]:
    module = import_module(f"livechat_async.resources.{name}")
    found: type[Resource] = getattr(module, f"{name.title().replace('_', '')}Resource")
    return found


CALLS: list[Call] = [
    # --- settings ---
    Call("LiveChatClient", of(LiveChatClient), free=("credentials",)),
    Call("LiveChatClient.from_env", of(LiveChatClient.from_env)),
    Call("LiveChatClient.with_options", lambda b: b.client.with_options),
    Call("BearerToken", of(livechat_async.BearerToken), {"token": "dal:abc"}, hidden=("token",)),
    Call(
        "PersonalAccessToken",
        of(PersonalAccessToken),
        {"login": JOHN, "token": "abc"},
        hidden=("login", "token"),
    ),
    Call("RetryPolicy", of(RetryPolicy)),
    Call("Timeouts", of(Timeouts)),
    # --- any call ---
    Call("Request", of(Request), {"method": "GET", "path": "/visitors"}, hidden=("body",)),
    Call("LiveChatClient.send", lambda b: b.client.send, {"request": Request("GET", "/agents")}),
    Call("LiveChatClient.with_response", responding),
    Call(
        "LiveChatClient.paginate",
        lambda b: b.client.paginate,
        {"request": Request("GET", "/chats"), "item_type": dict, "key": "chats"},
    ),
    Call("Pager", of(livechat_async.Pager), {"fetch": fetch}),
    Call("Pager.page", lambda _: livechat_async.Pager(fetch).page, {"number": 1}),
    Call("Pager.pages", lambda _: livechat_async.Pager(fetch).pages),
    Call(
        "Export",
        of(livechat_async.Export),
        {"fetch": fetch, "query": {}, "first": date(2026, 1, 1), "last": date(2026, 1, 31)},
    ),
    Call("Checkpoint.from_json", of(livechat_async.Checkpoint.from_json), {"text": "{}"}),
    Call("VisitorWatch", of(livechat_async.VisitorWatch), {"fetch": fetch, "retry": RetryPolicy()}),
    # --- what is sent ---
    Call("DetailField", of(DetailField), {"name": "Plan", "value": "gold"}),
    Call("VisitorDetails", of(VisitorDetails), {"id": "crm", "fields": DETAILS.fields}),
    Call(
        "CustomVariableGoal",
        of(livechat_async.CustomVariableGoal),
        {"name": "paid", "value": "yes"},
    ),
    Call("SalesTrackerGoal", of(livechat_async.SalesTrackerGoal)),
    Call("UrlGoal", of(UrlGoal), {"url": "/thanks"}),
    Call("AdsTraffic", of(livechat_async.AdsTraffic)),
    Call(
        "CustomVariableRule",
        of(livechat_async.CustomVariableRule),
        {"name": "paid", "value": "yes"},
    ),
    Call("UrlFunnel", of(livechat_async.UrlFunnel), {"urls": ["/shoes"]}),
    *(Call(name, of(getattr(livechat_async, name)), {"value": 5}) for name in COMPARISONS),
    *(Call(name, of(getattr(livechat_async, name)), {"value": "/shoes"}) for name in TEXT_RULES),
    # --- the resources ---
    *callable_without_arguments(),
    on_client(
        "visitors.add_details", visitor_id=VISITOR, details=DETAILS, license_id=12345, token="abc"
    ),
    on_client("chats.get", chat_id="MH022RD0K5"),
    on_client("chats.set_tags", chat_id="MH022RD0K5", tags=["sales"]),
    on_client("chats.send_transcript", chat_id="MH022RD0K5", to=JOHN),
    on_client("tickets.get", ticket_id="O5CR4"),
    on_client("tickets.create", message="Hi", requester_mail=JOHN),
    on_client("tickets.set_tags", ticket_id="O5CR4", tags=["sales"]),
    *REPORTS,
    on_client("reports.chats.occupancy", weekday="monday"),
    on_client("webhooks.create", ("url",), event_type="chat_started", url="https://example.com"),
    on_client("webhooks.delete", webhook_id="b1"),
    on_client("webhooks.ensure", ("url",), url="https://example.com", events=["chat_started"]),
    on_client("agents.get", login=JOHN),
    on_client("agents.create", ("password",), login=JOHN, name="John"),
    on_client(
        "agents.update",
        ("password", "current_password"),
        login=JOHN,
        name="John",
        password="12345",
        current_password="12345",
    ),
    on_client("agents.delete", login=JOHN),
    on_client("groups.get", group_id=1),
    on_client("groups.create", name="Sales", agents=[JOHN]),
    on_client("groups.update", group_id=1, name="Sales"),
    on_client("groups.delete", group_id=1),
    on_client("tags.create", name="sales", author=JOHN, group=0),
    on_client("tags.delete", name="sales", group=0),
    on_client("goals.get", goal_id=71),
    on_client("goals.create", name="Paid", kind=UrlGoal("/thanks")),
    on_client("goals.update", goal_id=71, name="Paid"),
    on_client("goals.delete", goal_id=71),
    on_client("goals.mark_as_successful", goal_id=71, visitor_id=VISITOR),
    on_client("greetings.get", greeting_id=1),
    on_client("greetings.create", name="Hello", rules=[TimeOnPage(20)]),
    on_client("greetings.update", greeting_id=1, name="Hello"),
    on_client("greetings.delete", greeting_id=1),
    on_client("canned_responses.get", response_id=1),
    on_client("canned_responses.create", text="Bye", tags=["bye"]),
    on_client("canned_responses.update", response_id=1, text="Bye"),
    on_client("canned_responses.delete", response_id=1),
    # --- what is received ---
    Call("WireModel.to_dict", of(webhooks.WebhookVisitor(id=VISITOR).to_dict)),
    Call("WireModel.to_json", of(webhooks.WebhookVisitor(id=VISITOR).to_json)),
    # --- webhooks ---
    Call(
        "WebhookCredentials",
        of(WebhookCredentials),
        {"user": "a", "password": "b"},
        hidden=("user", "password"),
    ),
    Call(
        "WebhookCredentials.matches",
        lambda _: WebhookCredentials("user", "password").matches,
        {"authorization": None},
    ),
    Call(
        "WebhookCredentials.url",
        lambda _: WebhookCredentials("user", "password").url,
        {"address": "https://example.com"},
        hidden=("address",),
    ),
    Call("WebhookReceiver", of(WebhookReceiver), {"credentials": None}, hidden=("path_secret",)),
    Call("WebhookReceiver.on", registering, {"events": ChatStarted, "name": "other"}),
    Call("WebhookReceiver.on_dead_letter", lambda b: b.receiver.on_dead_letter, {"hook": hook}),
    Call("WebhookReceiver.receive", lambda b: b.receiver.receive, {"body": b"{}", "headers": {}}),
    Call("WebhookReceiver.close", lambda b: b.receiver.close),
    Call("RunPolicy", of(webhooks.RunPolicy)),
    Call("parse_webhook", of(webhooks.parse_webhook), {"body": "{}"}, hidden=("body",)),
    Call("MemoryEngine", of(MemoryEngine)),
    Call("SQLiteEngine", of(SQLiteEngine), {"path": "bot.sqlite3"}),
    Call(
        "SQLiteLetters",
        lambda b: type(b.letters),
        {"path": "bot.sqlite3"},
        says={"path": "database"},
    ),
    Call("SQLiteLetters.list", lambda b: b.letters.list),
    Call("SQLiteLetters.replay", lambda b: b.letters.replay),
    Call("SQLiteLetters.discard", lambda b: b.letters.discard),
    Call("TaskiqEngine", of(TaskiqEngine), {"redis_url": REDIS}, hidden=("redis_url",)),
    Call("RedisLimiter", of(RedisLimiter), {"redis_url": REDIS}, hidden=("redis_url",)),
    Call("RedisLetters", of(letters.RedisLetters), {"redis_url": REDIS}, hidden=("redis_url",)),
    Call(
        "VisitorEvent.add_details",
        lambda _: (
            ChatStarted(
                license_id="12345",
                token=livechat_async.Secret("abc"),
                visitor=webhooks.WebhookVisitor(id=VISITOR),
            ).add_details
        ),
        {"details": DETAILS},
    ),
    # --- the sandbox ---
    Call("Sandbox", of(Sandbox), hidden=("control_token",)),
    Call("Sandbox.from_captures", with_captures(Sandbox.from_captures), {"folder": "."}),
    on_sandbox("add_visitor"),
    on_sandbox("update_visitor", visitor_id=VISITOR),
    on_sandbox("remove_visitor", visitor_id=VISITOR),
    on_sandbox("visit_page", visitor_id=VISITOR),
    on_sandbox("queue", visitor_id=VISITOR),
    on_sandbox("start_chat", visitor_id=VISITOR),
    on_sandbox("say", visitor_id=VISITOR, text="Hi"),
    on_sandbox("end_chat", visitor_id=VISITOR),
    on_sandbox("chat_of", visitor_id=VISITOR),
    on_sandbox("details_of", visitor_id=VISITOR),
    on_sandbox("chat_ids"),
    on_sandbox("add_chat"),
    on_sandbox("remove_chat", chat_id="P0YNXR9RKS"),
    on_sandbox("seed_chats", count=1),
    on_sandbox("let_chats_arrive"),
    on_sandbox("let_chats_go"),
    on_sandbox("add_ticket"),
    on_sandbox("remove_ticket", ticket_id="5FUED"),
    on_sandbox("seed_tickets", count=1),
    on_sandbox("set_agent_status", login=JOHN, status="offline"),
    on_sandbox("inject", fault=sandbox.EmptyBody()),
    on_sandbox("set_chaos", profile="calm"),
    on_sandbox("set_latency", seconds=1),
    Call("Chaos", of(sandbox.Chaos), {"profile": "calm"}),
    on_sandbox("register_webhook", ("url",), **WEBHOOK),
    on_sandbox("remove_webhook", webhook_id="b1"),
    on_sandbox("delivered"),
    on_sandbox("repeat_delivery", delivery="d1"),
    on_sandbox("change_canned_response", text="Bye"),
    Call("Body", of(sandbox.Body), {"content": "text"}),
    Call("CutBody", of(sandbox.CutBody)),
    Call("Drip", of(sandbox.Drip), {"seconds": 1}),
    Call("DropConnection", of(sandbox.DropConnection)),
    Call("Envelope", of(sandbox.Envelope)),
    Call("Redirect", of(sandbox.Redirect), {"location": "/"}),
    Call("Slow", of(sandbox.Slow), {"seconds": 1}),
    Call("Status", of(sandbox.Status), {"status": 503}),
    # --- captures ---
    Call("Recorder", of(captures.Recorder), {"folder": "."}),
    Call("check_captures", with_captures(captures.check_captures), {"folder": "."}),
    Call("load_captures", with_captures(captures.load_captures), {"folder": "."}),
]


# --- the walk ---


class Unshowable:
    """A value whose ``repr`` fails."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


WRONG: list[Any] = [
    *(object(), Unshowable(), lambda: 0, 5j, -(10**5000), -1, True, 0.5, float("nan")),
    *("", " ", "misspelt", "https://[", b"bytes", [], [None], [[]], {}, {5: object()}, (), {None}),
    *(None, date(2026, 1, 31), datetime(2026, 1, 31, tzinfo=UTC), int, hook),
]


def argument_names(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The arguments of a function, with those of ``**options: Unpack[...]``."""
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not parameter.VAR_KEYWORD:
            found[name] = parameter
        elif str(parameter.annotation).startswith("Unpack["):
            scope = inspect.unwrap(getattr(function, "__func__", function)).__globals__
            names = scope[parameter.annotation[7:-1]].__optional_keys__
            found |= {each: parameter.replace(name=each) for each in names}
    return found


def called(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            others = {key: value for key, value in arguments.items() if key != name}
            return function(arguments[name], **others)
    return function(**arguments)


async def outcome_of(
    function: Callable[..., Any], arguments: Mapping[str, Any]
) -> Exception | None:
    """The error of a call, or None if it went as far as sending something."""
    try:
        result = called(function, arguments)
        if inspect.isawaitable(result) and not isinstance(result, livechat_async.Pager):
            await result
        elif inspect.isasyncgen(result):
            await anext(result)
    except Sent:
        return None
    except Exception as error:  # noqa: BLE001 (that is what the walk looks for)
        return error
    return None


def problem_of(call: Call, name: str, value: Any, error: Exception) -> str:
    """What is wrong with the error for a wrong argument, or an empty text."""
    if not isinstance(error, LiveChatError):
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}: {error}"
    said = str(error)
    if name not in said and call.says.get(name, name) not in said:
        return f"does not name the argument: {said}"
    items = [*value] if isinstance(value, (list, set, tuple, dict)) else []
    kinds = [
        shown(value).strip("'"),
        kind_of(value),
        "empty",
        "blank",
        shown(items),
        *map(shown, items),
    ]
    if inspect.isroutine(value) or inspect.isclass(value):
        kinds.append(value.__name__)
    if name not in call.hidden and not any(kind.lower() in said.lower() for kind in kinds):
        return f"does not show the value: {said}"
    return ""


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LIVECHAT_ACCESS_TOKEN", "dal:abc")
    monkeypatch.chdir(tmp_path)
    async with LiveChatClient(PersonalAccessToken(JOHN, "abc")) as client:
        monkeypatch.setattr(client._session.transport, "exchange", fetch)
        receiver = WebhookReceiver(credentials=None, engine=MemoryEngine())
        current_client.set(client)
        yield Bench(client, receiver, tmp_path)


@pytest.mark.parametrize("call", CALLS, ids=[call.name for call in CALLS])
async def test_a_wrong_argument_is_named_and_shown(call: Call, bench: Bench) -> None:
    """(field case 25)"""
    problems = []
    for name, parameter in argument_names(call.find(bench)).items():
        refused = 0
        for value in WRONG:
            if value is None and parameter.default is None:
                continue  # that leaves it out
            error = await outcome_of(call.find(bench), {**call.good, name: value})
            if error is not None:
                refused += 1
                problem = problem_of(call, name, value, error)
                if problem:
                    problems.append(f"{name}={shown(value)}: {problem}")
        if not refused and name not in call.free:
            problems.append(f"{name}: takes anything")
    if problems:
        pytest.fail("\n" + "\n".join(problems), pytrace=False)


# What the library makes, and what no user calls.
NOT_CALLED = {
    *("Arrived", "Attempt", "BrokenItem", "Capture", "Checkpoint", "Delivery", "Difference"),
    *("Capture.from_json", "EngineStatus"),
    *("ExportProgress", "IncompleteDay", "Job", "Left", "Movement", "Outcome", "Page"),
    *("PageChanged", "Period", "Progress", "ReceiverAnswer", "ReceiverStatus", "RecordedRequest"),
    *("Report", "Response", "Resynced", "StartedChat", "StateChanged", "Updated", "VisitorList"),
    *("WebhookBroker", "Window"),
    # The agreement between a receiver and its engine, the doors of servers, and what a fault does.
    *("Engine", "JobRunner", "bind", "submit", "kick", "aiohttp_context", "aiohttp_handler"),
    *("MemoryEngine.close", "SQLiteEngine.close", "TaskiqEngine.close"),
    *(f"{name}.send" for name in sandbox.__all__),
    # These do with Redis what those of `SQLiteLetters` do with a file.
    *(f"RedisLetters.{name}" for name in ("list", "replay", "discard")),
    # These take anything.
    *("Secret", "Request.with_query", "is_worth_another_run"),
}


def public_things() -> Iterator[tuple[str, Any]]:
    for module in (livechat_async, webhooks, taskiq, sandbox, captures, sqlite):
        yield from ((name, getattr(module, name)) for name in module.__all__)
    resources = [f"livechat_async.resources.{name}" for name in LiveChatClient.__annotations__]
    for module in (letters, *map(import_module, resources)):
        for name, value in vars(module).items():
            is_own = inspect.isclass(value) and value.__module__ == module.__name__
            if is_own and not name.startswith("_"):
                yield name, value


def public_callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, thing in public_things():
        if not inspect.isclass(thing):
            if inspect.isfunction(thing) and name not in NOT_CALLED:
                yield name, thing
            continue
        if issubclass(thing, (BaseException, enum.Enum)) or typing.is_typeddict(thing):
            continue
        if not issubclass(thing, (WireModel, Resource)) and name not in NOT_CALLED:
            yield name, thing
        for method, function in inspect.getmembers(thing, callable):
            is_ours = f"{getattr(function, '__module__', '')}".startswith("livechat_async")
            path = f"{name}.{method}"
            if method[0] != "_" and is_ours and not {method, name, path} & NOT_CALLED:
                yield path, function


def test_every_public_callable_is_walked() -> None:
    walked = {call.name for call in CALLS}
    missing = [
        name
        for name, function in public_callables()
        if not {name, getattr(function, "__qualname__", name)} & walked
        and argument_names(function).keys() - {"self"}
    ]
    assert not missing, missing


# --- secrets in the wrong place ---

PLANTED = "planted-secret-0451"
AS_GIVEN: list[Callable[[str], Any]] = [
    lambda secret: [secret],
    lambda secret: {"password": secret},
    lambda secret: secret.encode(),
    lambda secret: f"{secret}\n",
    lambda secret: f"https://john:{secret}@example.com:port",
]


@pytest.mark.parametrize("given", AS_GIVEN)
@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.hidden], ids=lambda call: call.name
)
async def test_a_secret_that_is_refused_does_not_show(
    call: Call, given: Callable[[str], Any], bench: Bench
) -> None:
    """(field case 25)"""
    for name in call.hidden:
        error = await outcome_of(call.find(bench), {**call.good, name: given(PLANTED)})
        while error is not None:
            assert PLANTED not in f"{error} {error!r}"
            error = error.__cause__ or error.__context__  # type: ignore[assignment]


# --- what the messages say ---


def wrong(value: object) -> Any:
    """The value, of which a type checker says nothing."""
    return value


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/visitors"), ("post", "/chats"), ("GET", None), (b"GET", "/x")]
)
async def test_a_text_where_a_request_is_due_shows_the_request(
    method: Any, path: Any, bench: Bench
) -> None:
    """(field case 25)"""
    with pytest.raises(ConfigurationError) as caught:
        await bench.client.send(method, path)
    is_call = isinstance(method, str) and isinstance(path, str)
    wanted = f"Request({method!r}, {path!r})" if is_call else "Request('GET', '/visitors')"
    assert str(caught.value) == f"request={method!r}: a Request is needed, as in {wanted}"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("api.livechatinc.com", "base_url='api.livechatinc.com' has to be a whole URL, such"),
        ("localhost:8080", "base_url='localhost:8080' has to be a whole URL, such as https"),
        ("/api", "base_url='/api' has to be a whole URL"),
        ("ftp://example.com", "base_url='ftp://example.com' has to be a whole URL"),
        ("https://[", "base_url='https://[' is not a URL: use one such as https://"),
        ("john:password@example.com", "base_url has to be a whole URL, such as https"),
        (5, "base_url has to be text, such as https://api.livechatinc.com, not int"),
    ],
)
def test_a_base_url_shows_unless_it_may_hold_a_password(value: Any, said: str) -> None:
    """(field case 25)"""
    with pytest.raises(ConfigurationError) as caught:
        LiveChatClient(base_url=value)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda c: c.visitors.list(state="chating"), "; did you mean 'chatting'?"),
        (lambda c: c.visitors.count(state="Chatting"), "; did you mean 'chatting'?"),
        (lambda c: c.visitors.watch(state="queue"), "; did you mean 'queued'?"),
        (lambda c: c.tickets.list(status="opened"), "; did you mean 'open'?"),
        (lambda c: c.tickets.list(order="descending"), "is none of 'desc', 'asc'"),
        (lambda c: c.agents.list(status="acepting chats"), "; did you mean 'accepting chats'?"),
        (lambda c: c.reports.chats.total(group_by="days"), "; did you mean 'day'?"),
        (lambda c: c.reports.chats.occupancy("Mondy"), "; did you mean 'monday'?"),
        (lambda c: c.chats.list(rate="ratedgood"), "; did you mean 'rated_good'?"),
        (lambda c: c.chats.list(timezone="Europe/Warsow"), "; did you mean 'Europe/Warsaw'?"),
        (lambda c: c.chats.list(on_broken="skipp"), "; did you mean 'skip'?"),
        (lambda c: c.webhooks.create("chat_start", url="https://x.com"), "'chat_started'?"),
        (
            lambda c: c.webhooks.create("chat_ended", url="https://x.com", data_types=["visitors"]),
            "; did you mean 'visitor'?",
        ),
        (lambda c: c.webhooks.ensure("https://x.com", ["chat-ended"]), "'chat_ended'?"),
        (lambda c: c.with_options(region="frankfurt"), "region='frankfurt' is none of"),
        (lambda _: Request("GTE", "/visitors"), "; did you mean 'GET'?"),
        (lambda _: Sandbox(plan=wrong("enterprize")), "; did you mean 'enterprise'?"),
        (lambda _: WebhookReceiver(credentials=None).on(wrong("chat_ended")), "on(ChatEnded)"),
        (lambda _: WebhookReceiver(credentials=None, engine=wrong(REDIS)), "as in SQLiteEngine("),
    ],
)
async def test_a_misspelled_choice_suggests_the_right_one(
    call: Callable[[Any], Any], said: str, bench: Bench
) -> None:
    error = await outcome_of(call, {next(iter(inspect.signature(call).parameters)): bench.client})
    assert isinstance(error, ConfigurationError)
    assert said in str(error)


def test_nothing_is_suggested_for_what_looks_like_nothing(bench: Bench) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bench.client.visitors.watch(state="xyz")
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda c: c.chats.list(limit=10),
            "limit=10: chats.list has no such argument; did you mean max_items: int | None?",
        ),
        (
            lambda c: c.chats.list(groups=[0]),
            "groups=[0]: chats.list has no such argument; did you mean group: int | None?",
        ),
        (
            lambda c: c.chats.export(since=date(2026, 1, 1)),
            "chats.export has no such argument; did you mean date_from: date | None?",
        ),
        (
            lambda c: c.chats.list(xyz=1),
            "it has date_from, date_to, prefetch, max_items, on_broken",
        ),
        (
            lambda c: c.reports.chats.ranking(agent=JOHN),
            f"agent={JOHN!r}: this report has no such argument; it has date_from, date_to, group,",
        ),
        (
            lambda c: c.reports.chats.total(tag="vip"),
            "tag='vip': this report has no such argument; did you mean tags: Iterable[str] | None?",
        ),
        (
            lambda c: c.with_options(retries=3),
            "retries=3: with_options has no such argument; did you mean retry: RetryPolicy?",
        ),
        (lambda c: c.with_options(token="abc"), "token='***': with_options has no such argument"),
        (lambda c: c.with_options(base_url=REDIS), "with_options cannot change base_url: make"),
    ],
)
async def test_a_misspelled_argument_suggests_the_right_one(
    call: Callable[[LiveChatClient], Any], said: str, bench: Bench
) -> None:
    """(field case 25)"""
    error = await outcome_of(call, {"c": bench.client})
    assert isinstance(error, ConfigurationError)
    assert said in str(error)


@pytest.mark.parametrize(
    ("call", "note"),
    [
        (
            lambda c: c.visitors.list(group=0),
            "VisitorsResource.list: did you mean groups: Iterable[int] | None?",
        ),
        (
            lambda c: c.visitors.list(limit=10),
            "VisitorsResource.list: it has state, groups, on_broken",
        ),
        (
            lambda c: c.tickets.list(limit=10),
            "TicketsResource.list: did you mean max_items: int | None?",
        ),
        (
            lambda c: c.tickets.create(mesage="Hi", requester_mail=JOHN),
            "TicketsResource.create: did you mean message: str?",
        ),
        (
            lambda c: c.paginate(Request("GET", "/chats"), dict, key="chats", limit=10),
            "LiveChatClient.paginate: did you mean max_items: int | None?",
        ),
        (
            lambda _: RetryPolicy(max_attemps=3),  # type: ignore[call-arg]
            "RetryPolicy.__init__: did you mean attempts: int? It has attempts, backoff",
        ),
        (
            lambda c: c.visitors.list("chatting"),
            "VisitorsResource.list: name the arguments: state=, groups=, on_broken=",
        ),
    ],
)
async def test_python_s_error_for_a_misspelled_argument_gets_a_note(
    call: Callable[[LiveChatClient], Any], note: str
) -> None:
    """(field case 25)"""
    with pytest.raises(TypeError) as caught:
        async with LiveChatClient() as client:
            await call(client)
    [shown_note] = caught.value.__notes__
    assert shown_note.startswith(note)


class Elsewhere:
    """A class of a program of the user's."""

    def list(self) -> None: ...


@pytest.mark.parametrize(
    "fail",
    [
        lambda: Elsewhere().list(group=0),  # type: ignore[call-arg]
        lambda: int([]),  # type: ignore[call-overload]
        lambda: Path("/").exists(group=0),  # type: ignore[call-arg]
    ],
)
async def test_other_errors_get_no_note(fail: Callable[[], object]) -> None:
    with pytest.raises(TypeError) as caught:
        async with LiveChatClient():
            fail()
    assert not hasattr(caught.value, "__notes__")


def test_a_long_value_is_shortened() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Timeouts(connect="x" * 100_000)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 300
    with pytest.raises(ConfigurationError) as caught:
        Timeouts(connect=[PersonalAccessToken(JOHN, PLANTED), "\x1b[2J"])  # type: ignore[arg-type]
    assert PLANTED not in str(caught.value)
    assert "\x1b" not in str(caught.value)
