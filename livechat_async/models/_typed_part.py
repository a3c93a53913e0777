"""The base of what a request holds in one of several types, each with fields of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from attrs import fields, frozen

from livechat_async.models._base import wire_name
from livechat_async.redaction import repr_of_fields

__all__ = ["TypedPart"]


@frozen
class TypedPart:
    """A part of a request that has a type. The fields are checked when it is made."""

    type: ClassVar[str] = ""

    __repr__ = repr_of_fields

    def __attrs_pre_init__(self) -> None:
        if not self.type:
            raise TypeError(f"{type(self).__name__} has no type: use one of its subclasses")

    def to_wire(self) -> dict[str, Any]:
        """The type and the fields under the names that LiveChat knows."""
        values = {wire_name(field): getattr(self, field.name) for field in fields(type(self))}
        return {"type": self.type, **values}
