"""Misspelled arguments: which one was meant.

Python refuses an argument that a function does not have before the function runs. Only from version
3.13 on it suggests another one, and never one of another name, such as ``max_items`` for ``limit``.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from operator import attrgetter
from typing import Any

from livechat_async.checks import closest
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import conceal, shown

# What other libraries call it, and what it is called here.
_OTHER_WORDS = {
    "end": "date_to",
    "limit": "max_items",
    "login": "credentials",
    "max_results": "max_items",
    "retries": "retry",
    "since": "date_from",
    "start": "date_from",
    "token": "credentials",
    "until": "date_to",
    "url": "base_url",
}
_UNEXPECTED = re.compile(r"(\w+\.[\w.]+)\(\) got an unexpected keyword argument '(\w+)'")
_POSITIONAL = re.compile(r"(\w+\.[\w.]+)\(\) takes .*positional arguments? but")


def arguments_of(function: Callable[..., Any]) -> dict[str, str]:
    """The arguments that a call can name, and their types as text.

    The options of ``**options: Unpack[...]`` are among them.
    """
    found: dict[str, str] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        note = str(parameter.annotation)
        if parameter.kind is parameter.VAR_KEYWORD and note.startswith("Unpack["):
            found |= options_of(function.__globals__[note[7:-1]])
        elif name != "self" and parameter.kind in (
            parameter.KEYWORD_ONLY,
            parameter.POSITIONAL_OR_KEYWORD,
        ):
            found[name] = note
    return found


def options_of(kind: Any) -> dict[str, str]:
    """The names of a ``TypedDict``, and their types as text."""
    notes = kind.__annotations__.items()
    return {name: getattr(note, "__forward_arg__", str(note)) for name, note in notes}


def unknown(owner: str, given: Mapping[str, Any], known: Mapping[str, str]) -> ConfigurationError:
    """The error for arguments that the owner, a function, does not have."""
    name, value = next(iter(given.items()))
    problem = f"{name}={shown(conceal(value, name))}: {owner} has no such argument"
    return ConfigurationError(f"{problem}; {_advice(name, known)}")


def explain(error: TypeError) -> None:
    """Add a note to Python's error for a wrong call of one of our methods: what was meant."""
    said = str(error)
    found = _UNEXPECTED.search(said) or _POSITIONAL.search(said)
    function = found and _method(found[1])
    if not found or not function:
        return
    known = arguments_of(function)
    if found.re is _UNEXPECTED:
        error.add_note(f"{found[1]}: {_advice(found[2], known)}")
    else:
        error.add_note(f"{found[1]}: name the arguments: {', '.join(f'{each}=' for each in known)}")


def _advice(name: str, known: Mapping[str, str]) -> str:
    meant = _OTHER_WORDS.get(name, "")
    if meant not in known:
        meant = closest(name, known)
    names = ", ".join(known)
    return f"did you mean {meant}: {known[meant]}? It has {names}" if meant else f"it has {names}"


def _method(path: str) -> Any:
    """The method of this name in the package, as far as it is imported; None if there is none."""
    for name, module in [*sys.modules.items()]:
        if name.startswith("livechat_async."):
            with suppress(AttributeError):
                method = attrgetter(path)(module)
                if method.__module__.startswith("livechat_async."):
                    return method
    return None
