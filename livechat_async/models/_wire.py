"""What every object LiveChat sends has in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

__all__ = ["WireModel"]


@frozen(kw_only=True)
class WireModel:
    """An object of the wire.

    Attributes:
        extra: fields this library does not know, as sent.
    """

    extra: Mapping[str, Any] = field(factory=dict, hash=False, repr=False)
