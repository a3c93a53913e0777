"""An answer's bytes to its value, by the quickest way that leads there.

A `Reader` works in turns: it is a generator that yields wherever others may run for a while, so a
long list does not hold the event loop. A list is split into the text of its items, and each item is
read straight, or, where it is not as usual, with care. Whatever else there is, is read whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar, cast

import attrs
import msgspec
from cattrs import Converter

from livechat_async.decoding.problems import WireError, find_wire_error, show
from livechat_async.decoding.straight import decoder, straight_reader
from livechat_async.decoding.usual import Hook, usual_of

__all__ = [
    "Envelope",
    "NotJSONError",
    "Reader",
    "document_reader",
    "item_reader",
    "load_json",
    "open_envelope",
    "read_envelope",
    "single_reader",
    "turn_length",
    "value_reader",
]

T = TypeVar("T")
Reader: TypeAlias = Callable[[bytes], Generator[None, None, T]]

_BYTES_A_TURN = 512 * 1024  # read in some 4 ms, or with care in some 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SURROGATES = re.compile(rb"(?<!\\)((?:\\\\)*)((?:\\u[dD][89a-fA-F][0-9a-fA-F]{2})+)")
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


class NotJSONError(ValueError):
    """The bytes are no JSON; says why."""


def load_json(content: bytes) -> Any:
    """The document in these bytes.

    Raises:
        NotJSONError: there is none.
    """
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error)
    # Half an emoji in one visitor's name is no reason to lose the whole list.
    mended = _mended(content)
    if mended == content:
        raise NotJSONError(reason)
    return load_json(mended)


def _mended(content: bytes) -> bytes:
    """The content without a mark at its head, and without halves of emojis."""
    return _SURROGATES.sub(_without_halves, content.removeprefix(_BYTE_ORDER_MARK))


def _without_halves(found: re.Match[bytes]) -> bytes:
    text: str = json.loads(b'"%b"' % found[2])
    return found[1] + text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def document_reader(read: Callable[[Any], T]) -> Reader[T]:
    """A reader that has the whole document read by ``read``."""

    def in_one_turn(content: bytes) -> Generator[None, None, T]:
        yield from ()
        return read(load_json(content))

    return in_one_turn


def value_reader(converter: Converter, type_: Any) -> Reader[Any]:
    """A reader of a value of this type.

    It raises what ``converter.structure`` does, or a `WireError` that says the same.
    """

    def in_turns(content: bytes) -> Generator[None, None, Any]:
        items = usual_of(converter.get_structure_hook(type_)).items
        if items is None:
            return converter.structure(load_json(content), type_)
        values = _read_at_once(content, items.hook)
        if values is not None:
            return values
        try:
            raws = _split(content)
            return (yield from _read_items(raws, item_reader(items.hook, items.type), content))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, NotJSONError):
            pass  # the whole document's error says where
        return converter.structure(load_json(content), type_)

    return in_turns


def _read_at_once(content: bytes, hook: Hook) -> list[Any] | None:
    """The list, if it is short, and nothing in it is unusual."""
    straight = straight_reader(hook)
    if straight is None or len(content) > _BYTES_A_TURN:
        return None
    try:
        return straight.many(content)
    except Exception:  # noqa: BLE001 (something in it is not as usual; item by item shows what)
        return None


def _read_items(
    raws: Sequence[msgspec.Raw], read: Callable[[msgspec.Raw], T], content: bytes
) -> Generator[None, None, list[T]]:
    length = turn_length(raws, content)
    values: list[T] = []
    for start in range(0, len(raws), length):
        if start:
            yield
        try:
            values += map(read, raws[start : start + length])
        except NotJSONError:
            raise
        except Exception as error:  # noqa: BLE001 (whatever a hook of the user's raises, too)
            problem = find_wire_error(error).inside(f"[{len(values)}]")
            raise problem from None
    return values


def turn_length(raws: Sequence[msgspec.Raw], content: bytes) -> int:
    """How many of the items in this content are to be read in one turn."""
    return max(1, len(raws) * _BYTES_A_TURN // max(1, len(content)))


def item_reader(hook: Hook, type_: Any) -> Callable[[msgspec.Raw], Any]:
    """A function that reads the text of an item straight, or with care by its structure hook.

    It raises what the hook does, or `NotJSONError`.
    """
    straight = straight_reader(hook)

    def read(raw: msgspec.Raw) -> Any:
        if straight is not None:
            try:
                return straight.one(raw)
            except Exception:  # noqa: BLE001, S110 (it is not as usual; the hook says what it is)
                pass
        return hook(load_json(bytes(raw)), type_)

    return read


@attrs.frozen(eq=False, repr=False)
class Envelope:
    """An object around a list.

    Attributes:
        items: the items, or the text of each.
        pages: what stands under this name, or None.
        total: likewise.
    """

    items: list[Any]
    pages: Any
    total: Any


def open_envelope(content: bytes, key: str, item: Any = msgspec.Raw) -> Envelope | None:
    """The envelope of the list of this name; None if that is not what the content is.

    Args:
        content: as it came.
        key: the name of the list.
        item: the type msgspec is to read its items as; by default they stay text.
    """
    decode = _envelope_decoder(key, item).decode
    for mend in (bytes, _mended):
        try:
            found = decode(mend(content))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        return Envelope(found.items, getattr(found, "pages", None), getattr(found, "total", None))
    return None


def read_envelope(content: bytes, key: str, hook: Hook) -> Envelope | None:
    """The envelope with its items read; None if it is long, or something in it is unusual."""
    straight = straight_reader(hook)
    if straight is None or len(content) > _BYTES_A_TURN:
        return None
    envelope = open_envelope(content, key, straight.wire)
    if envelope is None:
        return None
    try:
        return Envelope(straight.make_all(envelope.items), envelope.pages, envelope.total)
    except Exception:  # noqa: BLE001 (something in it is not as usual; item by item shows what)
        return None


@lru_cache(maxsize=64)
def _envelope_decoder(key: str, item: Any) -> msgspec.json.Decoder[Any]:
    fields: list[Any] = [("items", list[item])]
    fields += [(name, Any, None) for name in ("pages", "total") if name != key]
    envelope = msgspec.defstruct("Envelope", fields, rename={"items": key})
    return decoder(envelope)


def single_reader(hook: Hook, type_: type[T], key: str) -> Reader[T]:
    """A reader of the one item of an answer: it comes bare, or alone in the envelope of a list.

    It raises a `WireError` where the envelope does not hold one item.

    Args:
        hook: the structure hook of the item's type.
        type_: that type.
        key: the name of the envelope's list.
    """

    def read(document: Any) -> T:
        if not isinstance(document, dict) or "id" in document or key not in document:
            return cast("T", hook(document, type_))
        items = document[key]
        if not isinstance(items, list) or len(items) != 1:
            raise WireError("a list of one item", show(items), key)
        try:
            return cast("T", hook(items[0], type_))
        except Exception as error:  # noqa: BLE001 (whatever a hook of the user's raises, too)
            problem = find_wire_error(error).inside(f"{key}[0]")
        raise problem

    return document_reader(read)
