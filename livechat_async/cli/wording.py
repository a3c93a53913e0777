"""What messages say here: options as they are typed, and remedies of the command line.

The library's messages name arguments of Python, such as ``date_from=…``. A command's options have
the names of these arguments, so `in_options` needs no table a command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

import click

from livechat_async import errors

_QUOTED = r"""(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?!\w)"""
_NAME = rf"""(?x)
    {_QUOTED}  # a value, which stays
    | (?<! [-\w?&] ) (?P<name> ^\w+ (?= : | \ [a-z] ) | \w+ (?= = | \}} ) | \w+_\w+ )
    (?: =True \b )?"""
_NAMES = r"\b(it has|give at least one of) (\w+(?:, \w+)*)$"

_HERE: Mapping[str, str] = {
    r"^VisitorDetails\((.*)\): ": r"\1: ",
    r"no such argument; (?:did you mean .*\? I|i)t has": "no such option; it has",
    r"^(?:the bot's database|redis_url)": "--engine",
    r"^ids:": "ID:",
    r"pass login and token as two arguments": "the token is no part of it",
    r"\ba control_token\b": "a token in LIVECHAT_CONTROL_TOKEN",
    r"leave port out to get a free one": "--port 0 takes a free one",
    r"secrets\.token_urlsafe\(\) makes one": "openssl rand -hex 16 makes one",
    r", such as by urllib\.parse\.quote": "",
    r"pass credentials instead": "leave them out",
    r"Raise Timeouts\(deadline=\.\.\.\)": "Raise --timeout",
    r"Raise Timeouts\(.*": "Try again later",
    r"`page`: has this endpoint pages\?": "page: please report this",
    r"use numbers of list\(\)": "webhooks dead list shows them",
    r"Raise max_header_bytes .*": "This program takes no longer ones",
    r", or raise max_response_bytes": "",
    r"Check base_url": "Check LIVECHAT_BASE_URL",
    r"use it as base_url": "set LIVECHAT_BASE_URL to it",
    r"Pass region='(\w+)'": r"Pass --region \1",
    r"license_id and token have": "--license-id and LIVECHAT_WEBHOOK_TOKEN have",
    r": see max_concurrency and limiter": "",
    r"or use chats\.export": "or use chats export",
    r"The error's `body` holds": "--verbose shows",
    r"\. The pages before it are done: .*": "",
}
"""What the library says, and what is the same on the command line."""


def label_of(parameter: click.Parameter) -> str:
    """The name of an option or an argument, as its command's help shows it."""
    # The first one: others are old names.
    long = next((name for name in parameter.opts if name.startswith("--")), None)
    return long or (parameter.metavar or (parameter.name or "").upper()).strip("[].")


def of_failure(error: errors.LiveChatError, context: click.Context | None) -> str:
    """What failed, and what to do about it here.

    Args:
        error: what the library raised.
        context: of the command that ran, if it came so far.
    """
    parameters = [] if context is None else context.command.get_params(context)
    labels = {name: label_of(one) for one in reversed(parameters) for name in _names_in_python(one)}
    message = in_options(str(error), labels)
    is_of_an_item = isinstance(error, errors.DecodeError) and "[" in error.path
    can_skip = is_of_an_item and "on_broken" in labels
    return f"{message}; --on-broken skip goes on without it" if can_skip else message


def in_options(message: str, labels: Mapping[str, str]) -> str:
    """The library's message about an argument, as one about what the user typed.

    Args:
        message: such as ``date_from=2023-02-01 is after date_to=2023-01-01: swap the two``.
        labels: for each argument, its option, such as ``--from``.
    """

    def known(found: re.Match[str]) -> str:
        names = (labels[name] for name in found[2].split(", ") if name in labels)
        return f"{found[1]} {', '.join(names)}"

    for theirs, ours in _HERE.items():
        message = re.sub(theirs, ours, message)
    message = re.sub(_NAMES, known, message)
    return re.sub(_NAME, lambda found: labels.get(found["name"], found[0]), message)


def of_wrong_usage(error: click.ClickException) -> str:
    """What is wrong with the words of a command."""
    match error:
        case click.MissingParameter(param=click.Parameter() as parameter):
            variable = getattr(parameter, "envvar", None)
            remedy = f": give it, or set {variable}" if variable else ""
            return f"{label_of(parameter)} is missing{remedy}"
        case click.BadParameter(param=click.Parameter() as parameter):
            return f"{label_of(parameter)}: {error.message}"
        case click.NoSuchOption(option_name=option, possibilities=names):
            close = get_close_matches(option, names or (), n=1, cutoff=0.7)
            return f"there is no option {option}{''.join(f'. Did you mean {n}?' for n in close)}"
        case click.BadOptionUsage(option_name=option):
            has_value = "does not take a value" in error.message
            return f"{option} {'takes no value' if has_value else 'needs a value'}"
        case _:
            return error.message


def _names_in_python(parameter: click.Parameter) -> set[str]:
    return {parameter.name or "", label_of(parameter).removeprefix("--").replace("-", "_")}
