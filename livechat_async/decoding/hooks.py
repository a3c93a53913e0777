"""The structure hooks of texts and numbers: what is text, a whole number, or nothing."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from livechat_async.decoding.problems import WireError, wrong
from livechat_async.decoding.quick import Quick, QuickHook
from livechat_async.redaction import HIDDEN, Secret

NOTHING: Final = (None, "")
"""What stands for nothing on the quick way, where a text, a number, a time or an object is due."""

_WHOLE_NUMBER = re.compile(r"([+-]?[0-9]{1,4000})(?:\.0*)?")
_NUMBER = re.compile(r"[+-]?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_LARGEST = sys.float_info.max
_FiniteFloat: TypeAlias = Annotated[float, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]


def is_nothing(value: Any) -> bool:
    """Whether a value stands for nothing, where no list is due: PHP writes ``{}`` as ``[]``."""
    return value is None or value in ("", [], {})


def whole_number(value: Any) -> int | None:
    """The whole number, also of text or of 3.0, as JSON has one kind of numbers; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    match = _WHOLE_NUMBER.fullmatch(value) if isinstance(value, str) else None
    return int(match[1]) if match else None


def to_str(value: Any, _: Any = str) -> str:
    """Text, or the JSON text of another value: people type numbers, and a site's code sends them.

    An empty list or object is blank text. A null is no text: nothing ever becomes ``"None"``.
    """
    if isinstance(value, str):
        return value
    if value is not None:
        with suppress(TypeError, ValueError, RecursionError):
            return "" if is_nothing(value) else _to_json(value)
    raise wrong("text", value)


def to_int(value: Any, _: Any = int) -> int:
    """A whole number."""
    number = whole_number(value)
    if number is None:
        raise wrong("a whole number", value)
    return number


def _to_secret(value: Any, _: Any) -> Secret:
    if isinstance(value, (str, Secret)):
        return Secret(value)
    raise WireError("text", f"{HIDDEN} of type {type(value).__name__}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _to_id_text(value: Any, _: Any = str) -> str:
    text = str(value) if _is_number(value) else value
    if isinstance(text, str):
        return text
    raise wrong("text", value)


def _to_float(value: Any, _: Any = float) -> float:
    if _is_number(value) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise wrong("a number", value)


def _to_bool(value: Any, _: Any = bool) -> bool:
    if is_nothing(value):  # as PHP sees it
        return False
    if value in (0, 1, "0", "1"):  # True and False are among them
        return bool(int(value))
    raise wrong("true or false", value)


def _to_decimal(value: Any, _: Any = Decimal) -> Decimal:
    """A number of exactly the digits that were sent: a float's shortest text has these."""
    text = str(value) if _is_number(value) else value
    if isinstance(text, str) and _NUMBER.fullmatch(text):
        try:
            return Decimal(text)
        except InvalidOperation:
            pass  # more digits than there are
    raise wrong("a number", value)


# Numbers as text come again: visitors from one place have its coordinates.
_int_in, _float_in = lru_cache(maxsize=1024)(to_int), lru_cache(maxsize=1024)(_to_float)

HOOKS: Final[Mapping[type[Any], QuickHook]] = {
    str: QuickHook(to_str, lambda: Quick(str, empty="")),
    Secret: QuickHook(_to_secret, lambda: Quick(str, Secret)),
    int: QuickHook(to_int, lambda: Quick(int | str, _int_in, as_is=int)),
    float: QuickHook(_to_float, lambda: Quick(_FiniteFloat | str, _float_in, as_is=float)),
    bool: QuickHook(_to_bool, lambda: Quick(bool | int | str, _to_bool, as_is=bool)),
    Decimal: QuickHook(_to_decimal, lambda: Quick(str | int | float, _to_decimal)),
}
"""The hooks of plain types. A number may also be text, and a bool 1, 0 or nothing."""

ID_TEXT_HOOK: Final = QuickHook(_to_id_text, lambda: Quick(str))
"""The hook of an ``IdText``: text, or a number as its text."""
