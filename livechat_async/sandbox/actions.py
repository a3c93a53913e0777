"""What tests do to a sandbox: visitors, chats and tickets come, change and go; webhooks; faults."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from livechat_async.checks import (
    check_choice,
    check_count,
    check_flag,
    check_list,
    check_seconds,
    refusal,
)
from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import Operator, VisitorDetails
from livechat_async.redaction import Secret, WireText, kind_of, reveal
from livechat_async.sandbox.chaos import Chaos, ChaosProfile
from livechat_async.sandbox.data.live_chats import LiveChat, StartedChat, as_operator
from livechat_async.sandbox.data.people import OWNER
from livechat_async.sandbox.faults import Fault
from livechat_async.sandbox.http.answers import BadRequest, plain
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.state.account import Account
from livechat_async.sandbox.state.chats import Movement
from livechat_async.sandbox.state.team import STATUSES
from livechat_async.sandbox.state.visitors import Visitor
from livechat_async.sandbox.webhooks.deliverer import Delivery
from livechat_async.sandbox.webhooks.registrations import DATA_TYPES, read_registration


class Actions:
    """The methods of a sandbox for visitors, chats, tickets, webhooks, requests and faults.

    Every method raises `ConfigurationError` for an argument that it cannot use: an unknown id or
    one that is in use, a bad day, a number out of range, a value that has no form in JSON. Nothing
    has changed then.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    @property
    def visitors(self) -> list[dict[str, Any]]:
        """Copies of all visitors, as an answer shows them."""
        return plain("visitors", self._account.visitors.find())

    def add_visitor(self, /, *, omit: Collection[str] = (), **fields: object) -> str:
        """Let a visitor come to the site.

        Args:
            omit: names of wire fields to leave out.
            **fields: wire fields, known or not. A time (``last_visit``, ...) may be an aware
                datetime. A time and its twin (``last_visit_ts``, ...) follow each other.
                ``state="chatting"`` begins a chat, see `chat_of`.

        Returns:
            The visitor's id: the one given, or a new one such as ``S1352647457.0000000001``.
        """
        return self._account.visitors.add(fields, omit)

    def update_visitor(
        self, /, visitor_id: str, *, omit: Collection[str] = (), **fields: object
    ) -> None:
        """Change a visitor; see `add_visitor`. Leaving the state ``chatting`` ends the chat."""
        self._account.visitors.update(visitor_id, fields, omit)

    def remove_visitor(self, visitor_id: str) -> None:
        """Let a known visitor leave the site: a running chat ends, and the details are gone."""
        self._account.visitors.remove(visitor_id)

    def visit_page(self, visitor_id: str, page: str | None = None, *, title: str = "") -> None:
        """Let a visitor open another page, which joins ``visit_path``.

        Args:
            visitor_id: the visitor.
            page: the page's address; by default, or if blank, the next page of the made-up site.
            title: the page's title; by default that of a made-up page, or none.
        """
        visitor = self._account.visitors.get(visitor_id)
        if page is not None and not isinstance(page, str):
            raise refusal("page", page, "text is needed, such as http://www.example.com/pricing")
        if not isinstance(title, str):
            raise refusal("title", title, "text is needed")
        self._account.visitors.move(visitor, page, title)

    def queue(self, visitor_id: str) -> None:
        """Let a visitor wait for an agent, and send the webhook ``visitor_queued``.

        Raises:
            ConfigurationError: the visitor is in a chat.
        """
        visitor = self._account.visitors.get(visitor_id)
        if visitor.chat is not None:
            raise refusal("visitor_id", visitor_id, "this visitor is in a chat: end_chat first")
        self._account.visitors.enter(visitor, "queued")

    def start_chat(
        self,
        visitor_id: str,
        agent: str | Operator = OWNER,
        *,
        prechat_survey: Mapping[str, str] | None = None,
    ) -> StartedChat:
        """Begin a chat between a visitor and an agent, and send the webhook ``chat_started``.

        The webhook is sent only while the sandbox runs. To wait for its delivery, see `delivered`.

        Args:
            visitor_id: the visitor.
            agent: the agent's login; or an `Operator`, to give the agent a name too.
            prechat_survey: questions and their answers; by default name and e-mail address.

        Returns:
            The data that the ``chat_started`` webhook carries.

        Raises:
            ConfigurationError: the visitor is in a chat.
        """
        visitor = self._account.visitors.get(visitor_id)
        if visitor.chat is not None:
            needed = "this visitor is in a chat already: end_chat first"
            raise refusal("visitor_id", visitor_id, needed)
        operator, given = as_operator(agent), {}
        if prechat_survey is not None:
            if not isinstance(prechat_survey, Mapping):
                needed = "questions and answers are needed, such as {'Name:': 'Mary Brown'}"
                raise refusal("prechat_survey", prechat_survey, needed)
            answers = [{"key": key, "value": value} for key, value in prechat_survey.items()]
            given = {"prechat_survey": answers}
        return self._account.visitors.begin_chat(visitor, operator, given)

    def say(self, visitor_id: str, text: str, *, by_agent: bool = False) -> None:
        """Add a message to the chat, by the visitor or by the agent.

        Args:
            visitor_id: a visitor in a chat.
            text: the message.
            by_agent: whether the agent says it.

        Raises:
            ConfigurationError: the visitor is in no chat.
        """
        visitor, chat = self._chatting(visitor_id)
        if not isinstance(text, str):
            raise refusal("text", text, "text is needed, such as 'Hello'")
        check_flag("by_agent", by_agent)
        chat.say(visitor.wire, text, self._account.visitors.now, by_agent=by_agent)

    def end_chat(self, visitor_id: str) -> None:
        """End a chat, move it to the archives, and send the webhook ``chat_ended``.

        The visitor's state becomes ``chat closed``, and the chat's tokens are no longer valid.

        Raises:
            ConfigurationError: the visitor is in no chat.
        """
        visitor, _ = self._chatting(visitor_id)
        self._account.visitors.enter(visitor, "chat closed")

    def chat_of(self, visitor_id: str) -> StartedChat | None:
        """The chat that a known visitor is in, or None."""
        chat = self._account.visitors.get(visitor_id).chat
        return None if chat is None else chat.start

    def details_of(self, visitor_id: str) -> list[VisitorDetails]:
        """The details that the agent sees of a known visitor, in the order of their arrival.

        Newer details with the same id take the place of the older ones.
        """
        return list(self._account.visitors.get(visitor_id).details.values())

    @property
    def chats(self) -> list[dict[str, Any]]:
        """Copies of all chats of the archives, the newest first; `chat_ids` is cheaper."""
        return plain("chats", [*self._account.chats])

    def chat_ids(
        self,
        *,
        date_from: date | str | None = None,
        date_to: date | str | None = None,
        timezone: str = "UTC",
    ) -> list[str]:
        """The ids of the chats in the archives, the newest first: what a walk should find.

        Args:
            date_from: the first day on which a chat may have begun.
            date_to: the last day.
            timezone: the zone of these days.
        """
        return self._account.chats.ids_of_days(date_from, date_to, timezone)

    def add_chat(self, /, *, omit: Collection[str] = (), **fields: object) -> str:
        """Add a chat to the archives.

        Args:
            omit: names of wire fields to leave out.
            **fields: wire fields, known or not, which replace those of a short chat with John Doe
                that ended just now. ``started`` and ``ended`` may be aware datetimes. Their texts
                follow ``started_timestamp`` and ``ended_timestamp`` in the zone ``timezone``. With
                ``type="missed_chat"`` it is a message left after hours, and ``time`` may be an
                aware datetime.

        Returns:
            The chat's id: the one given, or a new one such as ``P0YNXR9RKS``.
        """
        return self._account.chats.add_given(fields, omit)

    def remove_chat(self, chat_id: str) -> None:
        """Remove a known chat from the archives."""
        if not self._account.chats.remove(chat_id):
            raise refusal("chat_id", chat_id, "there is no such chat; use an id of chat_ids")

    def seed_chats(
        self,
        count: int,
        *,
        date_from: date | str | None = None,
        date_to: date | str | None = None,
        seed: int = 0,
    ) -> None:
        """Add made-up chats to the archives, evenly spread over some days.

        They are the same every time for the same days. Each is built only when it is read: a
        million of them take little memory.

        Args:
            count: the number of chats.
            date_from: the first day, in UTC; by default 90 days before the end.
            date_to: the last day; by default they end now.
            seed: another number makes up other chats.
        """
        self._account.chats.make_up(count, date_from, date_to, seed)

    def let_chats_arrive(
        self,
        per_request: int = 1,
        *,
        every: int = 1,
        day: date | str | None = None,
        at_most: int | None = None,
    ) -> Movement:
        """Let new chats arrive while a client pages: just before a ``GET /chats`` is answered.

        They are at the top of the first page and push older chats to later pages. This goes on
        until the next call of this method; or until `Movement.stop`.

        Args:
            per_request: the number of chats that arrive together.
            every: at which requests: 1 for each, 3 for the third, the sixth and so on.
            day: they begin in the last second of this day, in UTC; by default now.
            at_most: the total number of chats; None for no limit.

        Returns:
            An object with their ids.
        """
        return self._account.chats.begin_arrivals(
            day, per_request=per_request, every=every, at_most=at_most
        )

    def let_chats_go(
        self,
        per_request: int = 1,
        *,
        every: int = 1,
        day: date | str | None = None,
        at_most: int | None = None,
    ) -> Movement:
        """Remove chats while a client pages, the newest first; see `let_chats_arrive`.

        Args:
            per_request: the number of chats that go together.
            every: at which requests: 1 for each, 3 for the third, the sixth and so on.
            day: only chats that began on this day, in UTC, go.
            at_most: the total number of chats; None for no limit.

        Returns:
            An object with their ids.
        """
        return self._account.chats.begin_departures(
            day, per_request=per_request, every=every, at_most=at_most
        )

    @property
    def arrivals(self) -> Movement | None:
        """The latest arrivals that `let_chats_arrive` began."""
        return self._account.chats.arrivals

    @property
    def departures(self) -> Movement | None:
        """The latest departures that `let_chats_go` began."""
        return self._account.chats.departures

    @property
    def transcripts(self) -> list[tuple[str, str]]:
        """The transcripts that were sent: chat id and address, in order."""
        return list(self._account.chats.transcripts)

    @property
    def tickets(self) -> list[dict[str, Any]]:
        """Copies of all tickets, the last changed first."""
        return plain("tickets", [*self._account.tickets])

    def add_ticket(self, /, *, omit: Collection[str] = (), **fields: object) -> str:
        """Add a ticket, and send the webhook ``ticket_created``.

        Args:
            omit: names of wire fields to leave out.
            **fields: wire fields, known or not, which replace those of an open ticket that has just
                come by mail. ``date`` and ``modified`` may be aware datetimes.

        Returns:
            The ticket's id: the one given, or a new one such as ``5FUED``.
        """
        return self._account.tickets.add_given(fields, omit)

    def remove_ticket(self, ticket_id: str) -> None:
        """Remove a known ticket."""
        if not self._account.tickets.remove(ticket_id):
            raise refusal("ticket_id", ticket_id, "there is no such ticket; use an id of tickets")

    def seed_tickets(
        self,
        count: int,
        *,
        date_from: date | str | None = None,
        date_to: date | str | None = None,
        seed: int = 0,
    ) -> None:
        """Add made-up tickets, last changed evenly over some days; see `seed_chats`."""
        self._account.tickets.make_up(count, date_from, date_to, seed)

    def register_webhook(
        self, event_type: str, url: str, data_types: Iterable[str] | None = None
    ) -> str:
        """Register a webhook, as ``POST /webhooks`` does.

        Args:
            event_type: ``chat_started``, ``chat_ended``, ``chat_changed``, ``visitor_queued``,
                ``ticket_created`` or ``canned_response_changed``.
            url: the receiver's URL, on this machine or one of ``webhook_hosts``; nothing is sent
                elsewhere. A user name and password in it become the header ``Authorization``.
            data_types: the data in the webhook's bodies; by default all that the event has.

        Returns:
            The webhook's id.
        """
        if not isinstance(url, (str, Secret)):
            raise ConfigurationError(
                f"url has to be text, such as http://127.0.0.1:8080/livechat, not {kind_of(url)}"
            )
        url = WireText(reveal(url))
        event_type = check_choice("event_type", event_type, DATA_TYPES)
        kinds = possible = list(DATA_TYPES[event_type])
        if data_types is not None:
            needed = f"names is needed, as in {possible}"
            kinds = check_list("data_types", data_types, needed)
            for kind in kinds:
                check_choice("data_types", kind, possible)
            if not kinds:
                raise ConfigurationError(f"data_types is empty: leave it out to mean {possible}")
        values = {"event_type": event_type, "url": url, "data_types": kinds}
        try:
            registration = read_registration(values)
        except BadRequest as problem:
            raise ConfigurationError("; ".join(problem.args)) from None
        return self._account.registrations.add(*registration).id

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove a known webhook; deliveries under way go on."""
        if not self._account.registrations.remove(webhook_id):
            raise refusal(
                "webhook_id", webhook_id, "there is no such webhook; use an id of webhooks"
            )

    @property
    def webhooks(self) -> list[dict[str, Any]]:
        """The webhooks, as ``GET /webhooks`` shows them; ``url`` and ``token`` are secrets."""
        return [item.to_wire(self._account.license_id) for item in self._account.registrations]

    @property
    def deliveries(self) -> list[Delivery]:
        """The deliveries, done or under way, the oldest first; at most the last 10,000."""
        return list(self._account.deliverer)

    def clear_deliveries(self) -> None:
        """Forget the deliveries so far; those under way go on."""
        self._account.deliverer.clear()

    async def delivered(self, timeout: float = 10) -> None:  # noqa: ASYNC109 - see `settled`
        """Wait until no delivery is under way, including its repeats.

        ::

            sandbox.start_chat(visitor_id)
            await sandbox.delivered()
            [delivery] = sandbox.deliveries
            assert delivery.statuses == [200]

        Args:
            timeout: seconds.

        Raises:
            TimeoutError: deliveries are still under way; the message names them.
        """
        await self._account.deliverer.settled(check_seconds("timeout", timeout))

    def repeat_delivery(self, delivery: Delivery | str) -> None:
        """Repeat a delivery, byte for byte, as LiveChat does after a late answer.

        Args:
            delivery: one of `deliveries`, or its id. It may still be under way.

        Raises:
            ConfigurationError: the sandbox does not run.
        """
        self._account.deliverer.repeat(delivery.id if isinstance(delivery, Delivery) else delivery)

    def change_canned_response(
        self, text: str, *, response_id: int | None = None, tags: Iterable[str] = (), group: int = 0
    ) -> int:
        """Create or change a canned response, and send the webhook ``canned_response_changed``.

        Args:
            text: its new text.
            response_id: its id; without one, a new canned response is created. So is one with an
                id that there was not.
            tags: its tags.
            group: its group.

        Returns:
            The canned response's id.
        """
        if not isinstance(text, str):
            raise refusal("text", text, "text is needed, such as 'Hello'")
        names = check_list("tags", tags, "texts is needed, as in ['hello']")
        if not all(isinstance(tag, str) for tag in names):
            raise refusal("tags", names, "a list of texts is needed, as in ['hello']")
        number = None if response_id is None else check_count("response_id", response_id, 0)
        group = check_count("group", group, 0)
        written = self._account.canned_responses.write(
            OWNER, number, group=group, text=text, tags=names
        )
        return int(written["id"])

    @property
    def agents(self) -> list[dict[str, Any]]:
        """Copies of all agents, with everything."""
        return plain(
            "agents", [self._account.team.agent(each) for each in self._account.team.logins]
        )

    def set_agent_status(self, login: str, status: str) -> None:
        """Let an agent log in or out: only this ends the status ``offline``, as in LiveChat.

        The status of the agent's groups follows.

        Args:
            login: a known agent's login, such as ``john.doe@example.com``.
            status: ``accepting chats``, ``not accepting chats`` or ``offline``.
        """
        self._account.team.set_status(login, check_choice("status", status, STATUSES))

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests of the API, the oldest first; at most the last 10,000."""
        return list(self._account.requests)

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._account.requests.clear()

    def set_chaos(self, profile: ChaosProfile | None, seed: int = 0) -> None:
        """Let the requests of the API meet a named mixture of faults from now on.

        The n-th request meets the same fault, or none, for the same profile and seed. A fault that
        was injected goes first.

        Args:
            profile: ``calm``, ``flaky``, ``rate-limited``, ``outage`` or ``slow``; None for none.
            seed: another number makes up other faults.
        """
        self._account.faults.chaos = None if profile is None else Chaos(profile, seed)

    @property
    def chaos(self) -> Chaos | None:
        """The profile at work, its seed, and the number of requests so far."""
        return self._account.faults.chaos

    def inject(self, fault: Fault, times: int = 1) -> None:
        """Let the next requests of the API meet a fault.

        Each request takes one fault, in the order of their injection.

        Args:
            fault: one of `livechat_async.sandbox.faults`.
            times: the number of requests that meet it.
        """
        self._account.faults.add(fault, times)

    @property
    def faults(self) -> list[Fault]:
        """The injected faults that are still to come."""
        return list(self._account.faults)

    def clear_faults(self) -> None:
        """Remove all injected faults that are still to come."""
        self._account.faults.clear()

    @property
    def latency(self) -> float:
        """Seconds before each request of the API is carried out."""
        return self._account.pace.latency

    def set_latency(self, seconds: float) -> None:
        """Change how long each request of the API waits before it is carried out.

        Args:
            seconds: how long; 0 for no wait.
        """
        self._account.pace.latency = check_seconds("latency", seconds)

    @property
    def is_frozen(self) -> bool:
        """Whether the API answers nothing; see `freeze`."""
        return self._account.pace.is_frozen

    def freeze(self) -> None:
        """Answer no request of the API until `thaw`, as a server that hangs.

        Connections are accepted, and requests wait. Webhooks are still delivered.
        """
        self._account.pace.is_frozen = True

    def thaw(self) -> None:
        """Answer requests again, first those that waited."""
        self._account.pace.is_frozen = False

    def _chatting(self, visitor_id: str) -> tuple[Visitor, LiveChat]:
        visitor = self._account.visitors.get(visitor_id)
        if visitor.chat is None:
            raise refusal("visitor_id", visitor_id, "this visitor is in no chat: start_chat first")
        return visitor, visitor.chat
