from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from cli_runner import Done, run

from livechat_async import DetailField, VisitorDetails
from livechat_async.cli.commands.visitors import _to_link
from livechat_async.sandbox import Sandbox

Here = Callable[..., Awaitable[Done]]
TOKEN = {"LIVECHAT_WEBHOOK_TOKEN": "7f3a-webhook-secret"}


@pytest.mark.parametrize("encoding", ["json", "form"])
async def test_the_agent_sees_fields_then_links(
    sandbox: Sandbox, env: dict[str, str], encoding: str
) -> None:
    visitor = sandbox.add_visitor()
    chat = sandbox.start_chat(visitor)
    env = {name: value for name, value in env.items() if name != "LIVECHAT_TOKEN"}

    done = await run(
        *("visitors", "add-details", visitor, "--id", "my-app", "--encoding", encoding),
        *("--link", "Profile=Open in CRM=https://crm.example.com/7", "--field", "Sum=2+2=4"),
        *("--field", "City=Łódź", "--icon", "https://example.com/icon.png"),
        *("--link", "Mail=Write=mailto:john.doe@example.com"),
        env={
            **env,
            "LIVECHAT_WEBHOOK_TOKEN": str(chat.token),
            "LIVECHAT_LICENSE_ID": chat.license_id,
        },
    )

    assert (done.code, done.err) == (0, "")
    assert done.out == f"4 lines sent as my-app for {visitor}\n"
    assert sandbox.details_of(visitor) == [
        VisitorDetails(
            "my-app",
            [
                DetailField("Sum", "2+2=4"),
                DetailField("City", "Łódź"),
                DetailField("Profile", "Open in CRM", url="https://crm.example.com/7"),
                DetailField("Mail", "Write", url="mailto:john.doe@example.com"),
            ],
            icon="example.com/icon.png",
        )
    ]
    (request,) = sandbox.requests
    assert "Authorization" not in request.headers
    assert encoding in request.headers["Content-Type"]


@pytest.mark.parametrize(
    ("text", "name", "value", "url"),
    [
        ("Profile=Open=https://example.com/7", "Profile", "Open", "https://example.com/7"),
        ("A=b=c=d=tel:+123", "A", "b=c=d", "tel:+123"),
        ("A=b=HTTP://example.com", "A", "b", "HTTP://example.com"),
        (
            "Login=Open=https://example.com/?next=https://example.org/=http://example.net",
            "Login",
            "Open",
            "https://example.com/?next=https://example.org/=http://example.net",
        ),
        (
            "A=https://example.com=https://example.org",
            "A",
            *("https://example.com",),
            "https://example.org",
        ),
    ],
)
def test_a_link_is_split_in_one_way_only(text: str, name: str, value: str, url: str) -> None:
    assert _to_link(text) == DetailField(name, value, url=url)


@pytest.mark.parametrize(
    ("arguments", "changes", "message"),
    [
        ((), TOKEN, "nothing to show"),
        (("--field", "Age"), TOKEN, "NAME=VALUE"),
        (("--field", "=36"), TOKEN, "--field: '=36' cannot be used: NAME=VALUE"),
        (("--link", "Profile=https://crm.example.com/7"), TOKEN, "NAME=TEXT=URL"),
        (("--link", "Profile=Open=ftp://example.com"), TOKEN, "NAME=TEXT=URL"),
        (
            ("--link", "Profile=Open=https://example.com/a b"),
            TOKEN,
            "cannot be used: NAME=TEXT=URL",
        ),
        (("--field", "Age=36", "--icon", "no icon"), TOKEN, "icon"),
        (("--field", "Age=36", "--encoding", "xml"), TOKEN, "--encoding"),
        (("--field", "Age=36", "--license-id", "many"), TOKEN, "--license-id: 'many'"),
        (("--field", "Age=36"), {}, "LIVECHAT_WEBHOOK_TOKEN"),
        (("--field", "Age=36"), {**TOKEN, "LIVECHAT_LICENSE_ID": None}, "LIVECHAT_LICENSE_ID"),
        (("--field", "Age=36", "--token", "7f3a-webhook-secret"), TOKEN, "--token"),
    ],
)
async def test_a_wrong_value_is_named_and_nothing_is_sent(
    sandbox: Sandbox,
    here: Here,
    arguments: tuple[str, ...],
    changes: dict[str, str | None],
    message: str,
) -> None:
    done = await here(
        *("visitors", "add-details", "S1.mary", "--id", "my-app", *arguments),
        **{"LIVECHAT_LICENSE_ID": "12345", **changes},
    )

    assert done.code == 2
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    assert message in done.err
    assert "7f3a" not in done.err
    assert sandbox.requests == []


async def test_a_token_of_another_chat_is_an_error_that_does_not_show_it(
    sandbox: Sandbox, here: Here
) -> None:
    visitor = sandbox.add_visitor()
    sandbox.start_chat(visitor)

    done = await here(
        *("--verbose", "visitors", "add-details", visitor, "--id", "my-app"),
        *("--license-id", "12345", "--field", "Age=36"),
        **TOKEN,
    )

    assert (done.code, done.out) == (1, "")
    assert "401" in done.err
    assert "DEBUG POST" in done.err
    assert "7f3a" not in done.err
    assert "s3cr3t" not in done.err


async def test_without_a_base_url_it_is_livechat_itself(here: Here) -> None:
    done = await here(
        *("--timeout", "0.1", "visitors", "add-details", ".", "--id", "my-app"),
        *("--license-id", "12345", "--field", "Age=36"),
        **TOKEN,
        LIVECHAT_BASE_URL=None,
    )

    # The id is refused before anything is sent.
    assert (done.code, done.out) == (2, "")
    assert "path segment must not be" in done.err
