"""A user's code as a type checker sees it: what errors hold. Nothing here is run."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import Literal, assert_type

from livechat_async import (
    APIStatusError,
    AuthenticationError,
    CallError,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    ConnectTimeout,
    DecodeError,
    InvalidJSONError,
    LiveChatClient,
    LiveChatError,
    RateLimitError,
    RedirectError,
    RequestTimeout,
    ResponseTooLarge,
    TransportError,
)


async def catching(client: LiveChatClient) -> str:  # noqa: PLR0911 - one for each kind
    try:
        await client.visitors.list()
    except RateLimitError as error:
        assert_type(error.retry_after, float | None)
        return error.message
    except APIStatusError as error:
        assert_type(error.status, int)
        assert_type(error.messages, tuple[str, ...])
        assert_type(error.body, str)
        assert_type(error.region, str | None)
        return error.message
    except RedirectError as error:
        assert_type(error.location, str)
        return error.reason
    except RequestTimeout as error:
        assert_type(error.limit, Literal["connect", "attempt", "deadline"])
        assert_type(error.seconds, float)
        return error.reason
    except ResponseTooLarge as error:
        assert_type(error.limit_bytes, int)
        return error.reason
    except TransportError as error:
        return error.reason
    except DecodeError as error:
        assert_type(error.path, str)
        assert_type(error.expected, str)
        assert_type(error.found, str)
        return error.body
    except CallError as error:
        assert_type(error.method, str)
        assert_type(error.attempts, int)
        return error.url
    except LiveChatError as error:
        error.url  # type: ignore[attr-defined]  # noqa: B018
        return str(error)
    return ""


def kinds(
    timeout: ConnectTimeout,
    wrong: ConfigurationError,
    state: ClientStateError,
    broken: InvalidJSONError,
    refused: AuthenticationError,
) -> None:
    os_error: TimeoutError = timeout
    no_connection: ConnectError = timeout
    too_late: RequestTimeout = timeout
    value_error: ValueError = wrong
    runtime_error: RuntimeError = state
    every: list[LiveChatError] = [timeout, wrong, state, broken, refused]
    print(os_error, no_connection, too_late, value_error, runtime_error, every)  # noqa: T201

    no_status: APIStatusError = timeout  # type: ignore[assignment]
    no_timeout: TimeoutError = refused  # type: ignore[assignment]
    no_call: CallError = wrong  # type: ignore[assignment]
    print(no_status, no_timeout, no_call)  # noqa: T201


def making() -> None:
    APIStatusError(method="GET", url="https://example.com/", status=500, message="no")

    APIStatusError("GET", "https://example.com/", 500, "no")  # type: ignore[call-arg, arg-type]
    APIStatusError(method="GET", url="https://example.com/", message="no")  # type: ignore[call-arg]
