"""From an answer's bytes to its value, by the quickest way that fits.

A `Reader` is a plain function of bytes. A body of `LARGE` bytes or more is to be read in a thread;
it is then read item by item, so that the event loop gets the interpreter in between.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias, TypeVar, cast, get_args, get_origin

import attrs
import msgspec
from cattrs import Converter

from livechat_async.decoding.hooks import is_nothing
from livechat_async.decoding.problems import WireError, find_wire_error, show
from livechat_async.decoding.quick import Hook, quick_of
from livechat_async.decoding.times import with_own_times

T = TypeVar("T")
Reader: TypeAlias = Callable[[bytes], T]
OnBroken: TypeAlias = Callable[[WireError], None] | None

logger: logging.Logger = logging.getLogger("livechat_async")

LARGE: Final = 512 * 1024
"""Bytes from which on a body is read in a thread: some 4 ms of work, or 20 ms with care."""

# A thread cannot be cancelled: it asks before each item whether its call has ended.
IS_STOPPED: Final = ContextVar[Callable[[], bool]]("IS_STOPPED", default=bool)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HALVES = re.compile(rb"(?<!\\)((?:\\\\)*)((?:\\u[dD][89a-fA-F][0-9a-fA-F]{2})+)")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[][{},]', re.DOTALL)
_NAME = re.compile(rb'\s*("(?:[^"\\]|\\.)*+")\s*:', re.DOTALL)
_MOST_DIGITS = 4000
_NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode
_split_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class NotJSONError(WireError):
    """The bytes are cut off, or something else than JSON; ``found`` says why."""


def load_json(content: bytes, place: str = "") -> Any:
    """The document in these bytes, which may stand at a place in an answer.

    What JSON does not allow, but anyone understands, is mended, and a line in the log says so:
    bytes that are no UTF-8, control characters, halves of emojis, ``NaN`` and ``Infinity``, which
    become null, and numbers that are out of range, which stay text.

    Raises:
        NotJSONError: there is none.
        WireError: there is one, from its first bracket to its last, which cannot be read.
    """
    try:
        return msgspec.json.decode(content)
    except _NOT_JSON as error:
        reason = str(error)
    with suppress(ValueError, RecursionError):
        text = _HALVES.sub(_without_halves, content.removeprefix(_BYTE_ORDER_MARK))
        document = _lenient.decode(text.decode("utf-8", "replace"))
        logger.warning("mended what is no JSON at %s: %s", place or "the top", reason)
        return document
    if _parts(content) is None:
        raise NotJSONError("JSON", reason)
    raise WireError("JSON", reason)


def _without_halves(found: re.Match[bytes]) -> bytes:
    text: str = json.loads(b'"%b"' % found[2])
    return found[1] + text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


_lenient = json.JSONDecoder(
    strict=False,
    parse_constant=lambda _: None,
    parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS else digits,
    parse_float=lambda text: number if math.isfinite(number := float(text)) else text,
)


def _parts(content: bytes) -> list[bytes] | None:
    """What the outermost list or object holds, by its brackets alone; None if it is cut off.

    It does not look into the parts, so what is wrong in one costs none of the others.
    """
    parts, depth, start = [], 0, 0
    if content.rstrip()[-1:] not in (b"]", b"}"):
        return None
    for token in _TOKEN.finditer(content):
        mark = token[0]
        depth += (mark in b"[{") - (mark in b"]}")
        if depth == 0 and mark not in b"]}":
            return None
        if depth == 1 and mark in b"[{":
            if content[start : token.start()].removeprefix(_BYTE_ORDER_MARK).strip():
                return None
            start = token.end()
        elif (depth == 1 and mark == b",") or depth == 0:
            parts.append(content[start : token.start()])
            start = token.end()
            if depth == 0:
                break
    if depth != 0 or not parts or content[start:].strip():
        return None
    return parts if parts[-1].strip() else parts[:-1]


def _items(content: bytes) -> Sequence[bytes | msgspec.Raw] | None:
    """The items of a list, each as it came; None if it is no whole list."""
    with suppress(*_NOT_JSON):
        return _split(content)
    is_list = content.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"[")
    return _parts(content) if is_list else None


def _members(content: bytes) -> Mapping[str, bytes | msgspec.Raw]:
    """The values of an object, each as it came, by their names; none if it is no whole object."""
    with suppress(*_NOT_JSON):
        return _split_object(content)
    members = {}
    for name in filter(None, map(_NAME.match, _parts(content) or ())):
        with suppress(WireError):  # no name of ours
            members[load_json(name[1])] = name.string[name.end() :]
    return members


def value_reader(converter: Converter, type_: Any, on_broken: OnBroken = None) -> Reader[Any]:
    """A reader of a value of this type.

    It raises what ``converter.structure`` does, or a `WireError` that says the same. ``on_broken``
    takes the `WireError` of an item of a list, which is then left out.
    """
    return partial(_read_value, converter, type_, on_broken)


@with_own_times
def _read_value(converter: Converter, type_: Any, on_broken: OnBroken, content: bytes) -> Any:
    quick = quick_of(converter.get_structure_hook(type_))
    if quick is not None and len(content) < LARGE:
        with suppress(Exception):  # something is not usual; what, its items show
            return quick.from_json(content)
    if quick is not None and get_origin(type_) is list:
        (inner,) = get_args(type_)
        raws = _items(content)
        if raws is not None:
            hook = converter.get_structure_hook(inner)
            return _read_items(raws, hook, inner, "", on_broken)
    document = load_json(content)
    try:
        return converter.structure(document, type_)
    except Exception as error:  # noqa: BLE001 (a user's hook may raise anything)
        raise find_wire_error(error, type_, document) from None


def _read_items(raws: Any, hook: Hook, type_: Any, place: str, on_broken: OnBroken) -> list[Any]:
    """The items of the list at this place: each the quick way, or with care if it is not usual."""
    values: list[Any] = []
    document: Any = None
    quick, is_stopped = quick_of(hook), IS_STOPPED.get()
    for index, raw in enumerate(raws):
        if is_stopped():
            raise WireError("an answer that is waited for", "the call has ended")
        if quick is not None:
            try:
                values.append(quick.from_json(raw))
            except Exception:  # noqa: BLE001, S110 (it is not usual; the hook says what it is)
                pass
            else:
                continue
        try:
            document = load_json(bytes(raw), f"{place}[{index}]")
            values.append(hook(document, type_))
        except Exception as error:  # noqa: BLE001 (a user's hook may raise anything)
            problem = find_wire_error(error, type_, document).inside(f"{place}[{index}]")
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


@with_own_times
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
            raised.
    """
    quick = quick_of(hook)
    if quick is not None and len(content) < LARGE:
        with suppress(Exception):  # something is not usual; what, its items show
            found = _envelope_decoder(key, quick.wire)(content)
            items = [quick.value_of(item) for item in found.items]
            return Envelope(items, found.pages, found.total)
    members = _members(content)
    if key not in members:
        return None
    held = bytes(members[key])
    raws = _items(held)
    if raws is None and not is_nothing(load_json(held, key)):
        return None
    pages, total = (None if key == name else _load(members, name) for name in ("pages", "total"))
    return Envelope(_read_items(raws or (), hook, type_, key, on_broken), pages, total)


def _load(members: Mapping[str, bytes | msgspec.Raw], name: str) -> Any:
    try:
        return load_json(bytes(members.get(name, b"null")), name)
    except WireError as error:
        return f"what cannot be read: {error.found}"


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
