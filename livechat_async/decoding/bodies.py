"""From an answer's bytes to its value, by the quickest way that fits.

A `Reader` is a plain function of bytes. A body of `LARGE` bytes or more is to be read in a thread;
it is then read item by item, so that the event loop gets the interpreter in between.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypeVar, cast, get_args, get_origin

import attrs
import msgspec
from cattrs import Converter

from livechat_async.decoding.problems import WireError, find_wire_error, show
from livechat_async.decoding.quick import Hook, quick_of

__all__ = [
    "IS_STOPPED",
    "LARGE",
    "Envelope",
    "NotJSONError",
    "Reader",
    "load_json",
    "read_envelope",
    "single_reader",
    "value_reader",
]

T = TypeVar("T")
Reader: TypeAlias = Callable[[bytes], T]
OnBroken: TypeAlias = Callable[[WireError], None] | None

LARGE: Final = 512 * 1024
"""Bytes from which on a body is read in a thread: some 4 ms of work, or 20 ms with care."""

# A thread cannot be cancelled: it asks before each item whether its call has ended.
IS_STOPPED: Final = ContextVar[Callable[[], bool]]("IS_STOPPED", default=bool)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SURROGATES = re.compile(rb"(?<!\\)((?:\\\\)*)((?:\\u[dD][89a-fA-F][0-9a-fA-F]{2})+)")
_NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


class NotJSONError(ValueError):
    """The bytes are no JSON; says why."""


def load_json(content: bytes) -> Any:
    """The document in these bytes.

    Raises:
        NotJSONError: there is none.
    """
    reason = ""
    for mend in _MENDINGS:
        try:
            return msgspec.json.decode(mend(content))
        except _NOT_JSON as error:
            reason = reason or str(error)
    raise NotJSONError(reason)


def _mended(content: bytes) -> bytes:
    """The content without a byte order mark, and without halves of emojis."""
    return _SURROGATES.sub(_without_halves, content.removeprefix(_BYTE_ORDER_MARK))


def _without_halves(found: re.Match[bytes]) -> bytes:
    text: str = json.loads(b'"%b"' % found[2])
    return found[1] + text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


# Half an emoji in one visitor's name is no reason to lose the whole list.
_MENDINGS = (bytes, _mended)


def value_reader(converter: Converter, type_: Any) -> Reader[Any]:
    """A reader of a value of this type.

    It raises what ``converter.structure`` does, or a `WireError` that says the same.
    """

    def read(content: bytes) -> Any:
        quick = quick_of(converter.get_structure_hook(type_))
        if quick is not None and len(content) < LARGE:
            with suppress(Exception):  # something is not usual; what, its items show
                return quick.from_json(content)
        if quick is not None and get_origin(type_) is list:
            (inner,) = get_args(type_)
            with suppress(*_NOT_JSON, NotJSONError):  # the whole document's error says where
                hook = converter.get_structure_hook(inner)
                return _read_items(_split(content), hook, inner, "", None)
        return converter.structure(load_json(content), type_)

    return read


def _read_items(raws: Any, hook: Hook, type_: Any, place: str, on_broken: OnBroken) -> list[Any]:
    """The items of the list at this place: each the quick way, or with care if it is not usual."""
    values: list[Any] = []
    quick, is_stopped = quick_of(hook), IS_STOPPED.get()
    for index, raw in enumerate(raws):
        if is_stopped():
            raise NotJSONError("the reading was stopped")
        if quick is not None:
            try:
                values.append(quick.from_json(raw))
            except Exception:  # noqa: BLE001, S110 (it is not usual; the hook says what it is)
                pass
            else:
                continue
        try:
            values.append(hook(load_json(bytes(raw)), type_))
        except NotJSONError:
            raise
        except Exception as error:  # noqa: BLE001 (a user's hook may raise anything)
            problem = find_wire_error(error).inside(f"{place}[{index}]")
            if on_broken is None:
                raise problem from None
            on_broken(problem)
        quick = quick_of(hook)  # it may have learnt a field
    return values


@attrs.frozen(eq=False, repr=False)
class Envelope:
    """An object around a list: its items, and the values under ``pages`` and ``total``."""

    items: list[Any]
    pages: Any
    total: Any


def read_envelope(
    content: bytes, key: str, hook: Hook, type_: Any, on_broken: OnBroken = None
) -> Envelope | None:
    """The envelope of the list ``key``; None if that is not what the content is.

    Args:
        content: as it came.
        key: the name of the list.
        hook: the structure hook of its items.
        type_: their type.
        on_broken: takes the `WireError` of an item, which is then left out; without it, it is
            raised. A `NotJSONError` is always raised.
    """
    quick = quick_of(hook)
    if quick is not None and len(content) < LARGE:
        with suppress(Exception):  # something is not usual; what, its items show
            found = _envelope_decoder(key, quick.wire)(content)
            items = [quick.value_of(item) for item in found.items]
            return Envelope(items, found.pages, found.total)
    for mend in _MENDINGS:
        try:
            found = _envelope_decoder(key, msgspec.Raw)(mend(content))
        except _NOT_JSON:
            continue
        items = _read_items(found.items, hook, type_, key, on_broken)
        return Envelope(items, found.pages, found.total)
    return None


@lru_cache(maxsize=64)
def _envelope_decoder(key: str, item: Any) -> Callable[[bytes], Any]:
    # A list may itself be called "pages" or "total"; then there is no such number.
    rename = {name: f"no {name}" if name == key else name for name in ("pages", "total")}
    fields: list[Any] = [("items", list[item]), ("pages", Any, None), ("total", Any, None)]
    envelope = msgspec.defstruct("Envelope", fields, rename={**rename, "items": key})
    return msgspec.json.Decoder(envelope, strict=False).decode


def single_reader(hook: Hook, type_: type[T], key: str) -> Reader[T]:
    """A reader of the one item of an answer: it comes bare, or alone in the envelope of a list.

    It raises a `WireError` where the envelope of the list ``key`` does not hold one item.
    """

    def read(content: bytes) -> T:
        document = load_json(content)
        if not isinstance(document, dict) or "id" in document or key not in document:
            return cast("T", hook(document, type_))
        items = document[key]
        if not isinstance(items, list) or len(items) != 1:
            raise WireError("a list of one item", show(items), key)
        try:
            return cast("T", hook(items[0], type_))
        except Exception as error:  # noqa: BLE001 (a user's hook may raise anything)
            raise find_wire_error(error).inside(f"{key}[0]") from None

    return read
