"""The quick way: msgspec reads usual values as loose types, and plain functions finish them.

Beside what a structure hook does with care, it can state how its usual values are read: as which
type for msgspec, and by which function of such a value. That is a `Quick`, and a `QuickHook` holds
both. One `Quick` serves JSON text and dicts alike. It raises for a value that is not usual; then
the careful hook reads the value, because only careful hooks know errors and where they are.

The `Quick` of a model is assembled from those of its fields (`ModelHook`): a struct for msgspec,
and a function that makes the model of the struct, compiled from one assignment a field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from datetime import tzinfo
from functools import cached_property, lru_cache
from textwrap import indent
from threading import RLock
from typing import Any, ClassVar, Final, TypeAlias

import attrs
import msgspec

from livechat_async.models._base import quirks_of, wire_name

Hook: TypeAlias = Callable[[Any, Any], Any]
Make: TypeAlias = Callable[[Any], Any]
Around: TypeAlias = Callable[[Make], Make] | None

_MOST_NEW_FIELDS = 32
_making = RLock()  # no thread builds on a quick way that another thread is still making


class Times:
    """The times of the object that is being decoded: its kinds so far, and the zone of its texts.

    That is the zone of texts that name none; it wins over the client's. The pair is one of its
    texts and the twin of that.
    """

    naive: bool = False
    aware: bool = False
    pair: tuple[Any, Any] | None = None
    zone: tzinfo | None = None


NO_TIMES: Final = Times()  # outside of any object; its kinds mean nothing
TIMES: Final[ContextVar[Times]] = ContextVar("times", default=NO_TIMES)


@attrs.frozen(eq=False, repr=False, slots=False)
class Quick:
    """How usual values of a type are read.

    Attributes:
        wire: the type msgspec reads them as. msgspec is lenient, so that a datetime can be Unix
            seconds; ``str`` in a union keeps it from making numbers or null of text.
        read: makes the value of what msgspec read; None where that is the value already.
        as_is: values of exactly this type need no ``read``.
        nothing: values that become None without ``read``.
        empty: of text or a tuple, the empty value; where it is the default, a blank becomes it.
        no_object: of a model, what msgspec reads of ``{}``: where None is possible, it means that.
        twin: of a time, how its twin in Unix seconds is read; a twin of ``nothing`` is ignored.
        item: of a tuple, how its items are read.
        is_blank: of a tuple, whether an item that msgspec read is left out; None leaves out none.
    """

    wire: Any
    read: Make | None = None
    as_is: type[Any] | None = None
    nothing: Sequence[Any] = ()
    empty: Any = None
    no_object: msgspec.Struct | None = None
    twin: Quick | None = None
    item: Quick | None = None
    is_blank: Make | None = None

    def value_of(self, found: Any) -> Any:
        """The value of what msgspec read."""
        if type(found) is self.as_is:
            return found
        if self.nothing and found in self.nothing:
            return None
        return found if self.read is None else self.read(found)

    @cached_property
    def finish(self) -> Make | None:
        """The shortest function from what msgspec read to the value; None if they are the same."""
        return self.value_of if self.as_is is not None or self.nothing else self.read

    @cached_property
    def decode(self) -> Callable[[bytes | msgspec.Raw], Any]:
        """Reads JSON text as ``wire``."""
        return msgspec.json.Decoder(self.wire, strict=False).decode

    def from_json(self, content: bytes | msgspec.Raw) -> Any:
        """The value in this JSON text."""
        found = self.decode(content)
        return found if self.finish is None else self.finish(found)

    def from_object(self, value: Any) -> Any:
        """The value of JSON that was read into dicts and lists."""
        return self.value_of(msgspec.convert(value, self.wire, strict=False))


class QuickHook:
    """A structure hook, and what states its quick way when it is first needed.

    It is no function with an attribute, because `functools.wraps` would copy that to a user's hook.
    """

    __slots__ = ("__weakref__", "careful", "made", "made_in", "state")

    generation: ClassVar[object] = object()  # a new one has every quick way stated again

    def __init__(self, careful: Hook, state: Callable[[], Quick | None]) -> None:
        self.careful: Hook = careful
        self.state: Callable[[], Quick | None] = state
        self.made: Quick | None = None
        self.made_in: object = None

    def __call__(self, value: Any, type_: Any) -> Any:
        """The value, as any structure hook gives it."""
        return self.careful(value, type_)


def quick_of(hook: Hook) -> Quick | None:
    """The quick way of a structure hook; None for a hook without one, such as a user's."""
    if not isinstance(hook, QuickHook):
        return None
    if hook.made_in is not QuickHook.generation:
        with _making:
            # A model can hold its own kind: inside itself it has no quick way, so that this ends.
            hook.made, hook.made_in = None, QuickHook.generation
            try:
                hook.made = hook.state()
            except Exception:
                hook.made_in = None  # the next reading raises the same error
                raise
    return hook.made


Fields: TypeAlias = Sequence[tuple["attrs.Attribute[Any]", Quick]]
GiveFields: TypeAlias = Callable[[], Fields] | None


class ModelHook(QuickHook):
    """The structure hook of a model: the quick way for usual objects, the careful hook for others.

    msgspec refuses an object with a field the struct does not know. The careful hook then reports
    the field, and the struct is extended, so that it costs only one object a careful reading.

    Args:
        model: a slotted attrs class with a field ``extra`` for what it does not know.
        careful: reads any object, and everything else that stands for the model.
        fields: gives the other fields; None if only its ``__init__`` can make the model.
        around: wraps the function that makes the model; None leaves that as it is.
    """

    __slots__ = ("_around", "_fields", "_model", "_new_fields")

    def __init__(
        self, model: type[Any], careful: Hook, fields: GiveFields, around: Around = None
    ) -> None:
        super().__init__(careful, self._assembled)
        self._model = model
        self._fields = fields
        self._around = around
        self._new_fields: tuple[str, ...] = ()

    def __call__(self, value: Any, type_: Any) -> Any:
        """The model, read quickly or with care."""
        quick = quick_of(self) if type(value) is dict else None
        if quick is not None:
            try:
                return quick.from_object(value)
            except Exception:  # noqa: BLE001, S110 (it is not usual; the careful hook says what)
                pass
        return self.careful(value, type_)

    def learn(self, names: Iterable[str]) -> None:
        """Extend the struct by fields that came and are unknown."""
        known = self._new_fields
        new = [name for name in names if name.isidentifier() and name not in known]
        if new and self._fields is not None and len(known) < _MOST_NEW_FIELDS:
            self._new_fields = (*known, *new)[:_MOST_NEW_FIELDS]
            QuickHook.generation = object()

    def _assembled(self) -> Quick | None:
        if self._fields is None:
            return None
        fields = self._fields()
        quirks = quirks_of(self._model)
        has_required = any(field.default is attrs.NOTHING for field, _ in fields)
        # Only to tell an empty object from one of nulls, a missing field differs from null.
        missing = None if has_required else msgspec.UNSET
        struct, make = _assemble(self._model, fields, self._new_fields, missing, self.careful)
        make = make if self._around is None else self._around(make)
        no_object = None if has_required else struct()
        # A number as a text's id is not usual: msgspec would make 2 of 2.0.
        bare = int | str if quirks.bare_id is int else str
        wire = struct if quirks.bare_id is None else struct | bare
        return Quick(wire, make, no_object=no_object)


# The model's name makes the code its own: the interpreter adapts code to the classes it meets.
_FUNCTION = """\
def outer({names}):
    def make_{model}(struct):
        if type(struct) is not struct_of_model:
            return careful(struct, model)
        draft = new_draft()
{lines}
        draft.__class__ = model
        return draft
    return make_{model}
"""


def _assemble(
    model: type[Any], fields: Fields, new_fields: Sequence[str], missing: Any, careful: Hook
) -> tuple[type[msgspec.Struct], Make]:
    """What msgspec reads an object as, and the function that makes the model of that."""
    spec: list[Any] = []
    rename = {f"new_field_{index}": name for index, name in enumerate(new_fields)}
    lines: list[str] = []
    names: dict[str, Any] = {
        "new_draft": _draft_of(model),  # type: ignore[arg-type]  # a class can be hashed
        "model": model,
        "careful": careful,
        "no_extra": attrs.fields(model).extra.default,
        "new_fields": tuple(new_fields),
        "missing": msgspec.UNSET,
        "times": TIMES.get,
    }
    # Those with twins come last: their pairs count before those of objects inside.
    for field, quick in sorted(fields, key=lambda each: "twin" in each[0].metadata):
        name, twin, line = field.name, quick.twin, _assignment(field, quick, names)
        rename[name] = wire_name(field)
        is_required = field.default is attrs.NOTHING
        wire = quick.wire if is_required or quick.wire is Any else quick.wire | None
        spec.append((name, wire) if is_required else (name, wire, missing))
        if "twin" in field.metadata:
            rename[f"{name}_twin"] = field.metadata["twin"]
            spec.append((f"{name}_twin", None if twin is None else twin.wire | None, None))
            if twin is not None:
                value = _call(f"{name}_twin", twin.read, names)
                (names[f"no_{name}_twin"],) = twin.nothing
                lines.append(f"v = struct.{name}_twin")
                lines.append(
                    f"if v is not None and v != no_{name}_twin:\n"
                    f"    draft.{name} = {value}\n    seen = times()\n    seen.aware = True\n"
                    f"    if struct.{name}: seen.pair = struct.{name}, v\nelse:"
                )
                line = indent(line, "    ")
        lines.append(line)
    values = "".join(f"struct.new_field_{index}, " for index in range(len(new_fields)))
    extra = f"{{n: v for n, v in zip(new_fields, ({values})) if v is not missing}} or no_extra"
    lines.append(f"draft.extra = {extra if new_fields else 'no_extra'}")
    spec += [(f"new_field_{index}", Any, msgspec.UNSET) for index in range(len(new_fields))]
    names["struct_of_model"] = struct = msgspec.defstruct(
        model.__name__, spec, rename=rename, kw_only=True, forbid_unknown_fields=True, gc=False
    )
    msgspec.json.Decoder(struct)  # now, under the lock: two threads that use it first would crash
    body = indent("\n".join(lines), " " * 8)
    source = _FUNCTION.format(names=", ".join(names), model=model.__name__, lines=body)
    return struct, _compiled(source)(**names)


def _assignment(field: attrs.Attribute[Any], quick: Quick, names: dict[str, Any]) -> str:
    """The lines that set a field; what they use is added to the names."""
    name, place, default = field.name, f"struct.{field.name}", f"default_{field.name}"
    value, has_default = _call(name, quick.read, names), field.default is not attrs.NOTHING
    if has_default:
        names[default] = field.default
    if has_default and quick.empty is not None and quick.empty == field.default:
        if quick.item is not None:
            items = _items(name, quick.item, quick.is_blank, names)
            return f"v = {place}\nif not v: draft.{name} = {default}\nelse:\n{items}"
        return f"draft.{name} = {place} or {default}"
    if quick.nothing:
        names[f"nothing_{name}"] = (*quick.nothing, msgspec.UNSET)
        usual = "" if any(quick.nothing) else "v or "
        value = f"{value} if {usual}v not in nothing_{name} else None"
    if quick.as_is is not None:
        names[f"type_{name}"] = quick.as_is
        value = f"v if type(v) is type_{name} else {value}"
    if quick.nothing and (not has_default or field.default is None):
        value = f"None if v is None else {value}"
    elif has_default:
        value = f"{default} if v is None or v is missing else {value}"
    return f"draft.{name} = {place}" if value == "v" else f"v = {place}\ndraft.{name} = {value}"


def _items(name: str, item: Quick, is_blank: Make | None, names: dict[str, Any]) -> str:
    """The lines that set a field to a tuple of the items in ``v``."""
    lines = "    if type(v) is not list: raise TypeError\n"
    if item.finish is None and is_blank is None:
        return f"{lines}    draft.{name} = tuple(v)"
    value = _call(f"item_of_{name}", item.finish, names)
    if item.as_is is not None:
        names[f"type_{name}"] = item.as_is
        value = f"v if type(v) is type_{name} else {value}"
    step = f"items.append({value})"
    if is_blank is not None:
        names[f"is_blank_{name}"] = is_blank
        first = getattr(item.wire, "__struct_fields__", ())[:1]  # tells of most that they are not
        condition = " or ".join([*(f"v.{each}" for each in first), f"not is_blank_{name}(v)"])
        step = f"if {condition}: {step}"
    lines += f"    items = []\n    for v in v:\n        {step}\n"
    return f"{lines}    draft.{name} = tuple(items)"


def _call(name: str, read: Make | None, names: dict[str, Any]) -> str:
    if read is None:
        return "v"
    names[f"read_{name}"] = read
    return f"read_{name}(v)"


@lru_cache(maxsize=256)
def _compiled(source: str) -> Callable[..., Make]:
    """The function ``outer`` of this source; compiled once for all converters."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102 (made of the names of a model's fields)
    return namespace["outer"]  # type: ignore[no-any-return]


@lru_cache(maxsize=256)
def _draft_of(model: type[Any]) -> type[Any]:
    """The model, but writable and made empty: its ``__class__`` can be set to the model.

    A frozen class is filled through ``object.__setattr__``, which takes longer than all the rest.
    """
    names = ("__init__", "__setattr__", "__delattr__")
    own = {name: getattr(object, name) for name in names}
    return type(model.__name__, (model,), {**own, "__slots__": ()})
