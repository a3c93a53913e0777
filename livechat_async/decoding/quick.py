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
from functools import cached_property, lru_cache
from typing import Any, ClassVar, TypeAlias

import attrs
import msgspec

__all__ = [
    "Field",
    "Hook",
    "ModelHook",
    "Quick",
    "QuickHook",
    "quick_of",
    "wire_or",
]

Hook: TypeAlias = Callable[[Any, Any], Any]

_MOST_NEW_FIELDS = 32


@attrs.frozen(eq=False, repr=False, slots=False)
class Quick:
    """How usual values of a type are read.

    Attributes:
        wire: the type msgspec reads them as. msgspec is lenient, so that a datetime can be Unix
            seconds; text in a union keeps it from making numbers or null of text.
        read: makes the value of what msgspec read; None where that is the value already.
        as_is: values of exactly this type need no ``read``.
        nothing: values that become None without ``read``.
        empty: what blank text or an empty list becomes; None if such a value is not usual.
        no_object: of a model that ``keeps_empty``, what msgspec reads of ``{}``.
        twin: of a time, how its twin in Unix seconds is read; a twin of ``nothing`` is ignored.
    """

    wire: Any
    read: Callable[[Any], Any] | None = None
    as_is: type[Any] | None = None
    nothing: Sequence[Any] = ()
    empty: Any = None
    no_object: Any = None
    twin: Quick | None = None

    def value_of(self, found: Any) -> Any:
        """The value of what msgspec read."""
        if type(found) is self.as_is:
            return found
        if self.nothing and found in self.nothing:
            return None
        return found if self.read is None else self.read(found)

    @cached_property
    def finish(self) -> Callable[[Any], Any] | None:
        """The shortest function from what msgspec read to the value; None if they are the same."""
        return self.value_of if self.as_is is not None or self.nothing else self.read

    @cached_property
    def decode(self) -> Callable[[bytes | msgspec.Raw], Any]:
        """Reads JSON text as ``wire``."""
        return msgspec.json.Decoder(self.wire, strict=False).decode

    def from_json(self, content: bytes | msgspec.Raw) -> Any:
        """The value in this JSON text."""
        return self.value_of(self.decode(content))

    def from_object(self, value: Any) -> Any:
        """The value of JSON that was read into dicts and lists."""
        return self.value_of(msgspec.convert(value, self.wire, strict=False))


def wire_or(wire: Any, *others: Any) -> Any:
    """The union of types for msgspec."""
    for other in others:
        wire = wire if wire is Any else wire | other
    return wire


class QuickHook:
    """A structure hook with a quick way.

    It is no function with an attribute, because `functools.wraps` would copy that to a user's hook.

    Args:
        careful: the structure hook.
        state: states the quick way when it is first needed; None if there is none.
    """

    __slots__ = ("__weakref__", "_made_in", "_quick", "_state", "careful")

    generation: ClassVar[object] = object()
    """Replaced when a struct is extended: then every quick way is stated again."""

    def __init__(self, careful: Hook, state: Callable[[], Quick | None]) -> None:
        self.careful = careful
        self._state = state
        self._quick: Quick | None = None
        self._made_in: object = None

    def __call__(self, value: Any, type_: Any) -> Any:
        """The value, as any structure hook gives it."""
        return self.careful(value, type_)

    def quick(self) -> Quick | None:
        """The quick way."""
        generation = QuickHook.generation
        if self._made_in is not generation:
            self._quick = self._state()
            self._made_in = generation
        return self._quick


def quick_of(hook: Hook) -> Quick | None:
    """The quick way of a structure hook; None for a hook without one, such as a user's."""
    return hook.quick() if isinstance(hook, QuickHook) else None


@attrs.frozen(eq=False, repr=False)
class Field:
    """A field of a model.

    Attributes:
        name: the name of the attribute.
        wire: its name on the wire.
        twin: the name on the wire of the same time in Unix seconds.
        default: its value where it is missing or null; `attrs.NOTHING` if it is required.
        type: its type.
        hook: the structure hook of that type.
    """

    name: str
    wire: str
    twin: str | None
    default: Any
    type: Any
    hook: Hook

    def quick(self) -> Quick:
        """The quick way of the field; it asks the hook where that has none."""
        hook, type_ = self.hook, self.type
        return quick_of(hook) or Quick(Any, lambda value: hook(value, type_))


# The models whose quick ways are being assembled: one that holds its like asks its hook for that.
_ON_THE_WAY: ContextVar[frozenset[type[Any]]] = ContextVar("on_the_way", default=frozenset())


class ModelHook(QuickHook):
    """The structure hook of a model: the quick way for usual objects, the careful hook for others.

    A field the struct does not know makes msgspec refuse the object. The careful hook then reports
    the field with `learn`, and the struct is extended: a field that LiveChat adds costs only the
    first object a careful reading.

    Args:
        model: a slotted attrs class with a field ``extra`` for what it does not know.
        careful: reads any object, and everything else that stands for the model.
        fields: gives its other fields; None if the model has to be made by its ``__init__``.
        keeps_empty: whether an object without fields differs from one of nulls.
        around: wraps the function that makes the model of the struct.
    """

    __slots__ = ("_around", "_bare", "_fields", "_keeps_empty", "_model", "_new_fields")

    def __init__(
        self,
        model: type[Any],
        careful: Hook,
        fields: Callable[[], list[Field]] | None,
        *,
        bare: tuple[type[Any], ...] = (),
        keeps_empty: bool = False,
        around: Callable[[Callable[[Any], Any]], Callable[[Any], Any]] | None = None,
    ) -> None:
        super().__init__(careful, self._assembled)
        self._model = model
        self._fields = fields
        self._keeps_empty = keeps_empty
        self._around = around
        self._new_fields: tuple[str, ...] = ()
        self._bare = bare

    def __call__(self, value: Any, type_: Any) -> Any:
        """The model, read quickly or with care."""
        if type(value) is dict:
            quick = self.quick()
            if quick is not None:
                try:
                    return quick.from_object(value)
                except Exception:  # noqa: BLE001, S110 (it is not usual; the careful hook says what)
                    pass
        return self.careful(value, type_)

    def learn(self, names: Iterable[str]) -> None:
        """Extend the struct by fields that came and are unknown."""
        new = [name for name in names if name.isidentifier() and name not in self._new_fields]
        new = new[: _MOST_NEW_FIELDS - len(self._new_fields)]
        if new and self._fields is not None:
            self._new_fields += tuple(new)
            QuickHook.generation = object()

    def _assembled(self) -> Quick | None:
        before = _ON_THE_WAY.get()
        if self._fields is None or self._model in before:
            return None
        token = _ON_THE_WAY.set(before | {self._model})
        try:
            ways = [(field, field.quick()) for field in self._fields()]
        finally:
            _ON_THE_WAY.reset(token)
        missing = msgspec.UNSET if self._keeps_empty else None
        struct, make = _assemble(self._model, ways, self._new_fields, missing, self.careful)
        is_never_empty = any(field.default is attrs.NOTHING for field, _ in ways)
        return Quick(
            wire_or(struct, *self._bare),
            make if self._around is None else self._around(make),
            no_object=None if is_never_empty or not self._keeps_empty else struct(),
        )


def _assemble(
    model: type[Any],
    fields: Sequence[tuple[Field, Quick]],
    new_fields: Sequence[str],
    missing: msgspec.UnsetType | None,
    careful: Hook,
) -> tuple[type[msgspec.Struct], Callable[[Any], Any]]:
    """The struct msgspec reads, and the function that makes the model of it."""
    spec: list[Any] = []
    rename: dict[str, str] = {}
    lines: list[str] = []
    names: dict[str, Any] = {
        "new": object.__new__,
        "draft_of_model": _draft_of(model),  # type: ignore[arg-type]  # a class can be hashed
        "model": model,
        "no_extra": attrs.fields(model).extra.default,
        "new_fields": tuple(new_fields),
        "missing": msgspec.UNSET,
        "careful": careful,
    }
    for field, quick in fields:
        name, twin = field.name, quick.twin
        rename[name] = field.wire
        if field.default is attrs.NOTHING:
            spec.append((name, quick.wire))
        else:
            spec.append((name, wire_or(quick.wire, None), missing))
        line = _assignment(field, quick, names)
        if field.twin is not None:
            rename[f"{name}_twin"] = field.twin
            spec.append((f"{name}_twin", None if twin is None else wire_or(twin.wire, None), None))
            if twin is not None:
                value = _call(f"{name}_twin", twin.read, "v", names)
                names[f"no_{name}_twin"] = twin.nothing
                line = (
                    f"v = struct.{name}_twin\n"
                    f"if v is not None and v not in no_{name}_twin: draft.{name} = {value}\n"
                    f"else:\n{_indented(line, 4)}"
                )
        lines.append(line)
    for index, wire in enumerate(new_fields):
        rename[f"new_field_{index}"] = wire
        spec.append((f"new_field_{index}", Any, msgspec.UNSET))
    extra = "no_extra"
    if new_fields:
        values = "".join(f"struct.new_field_{index}, " for index in range(len(new_fields)))
        pairs = f"zip(new_fields, ({values}))"
        extra = f"{{n: v for n, v in {pairs} if v is not missing}} or no_extra"
    lines.append(f"draft.extra = {extra}")
    names["struct_of_model"] = struct = msgspec.defstruct(
        model.__name__, spec, rename=rename, kw_only=True, forbid_unknown_fields=True, gc=False
    )
    source = _FUNCTION.format(names=", ".join(names), lines=_indented("\n".join(lines), 8))
    return struct, _compiled(source)(**names)


_FUNCTION = """\
def outer({names}):
    def make(struct):
        if type(struct) is not struct_of_model:
            return careful(struct, model)
        draft = new(draft_of_model)
{lines}
        draft.__class__ = model
        return draft
    return make
"""


def _assignment(field: Field, quick: Quick, names: dict[str, Any]) -> str:
    """The line that sets a field; what its expression uses is added to the names."""
    name, place = field.name, f"struct.{field.name}"
    value = _call(name, quick.read, "v", names)
    default, is_required = f"default_{name}", field.default is attrs.NOTHING
    if not is_required:
        names[default] = field.default
    if not is_required and quick.empty is not None and quick.empty == field.default:
        if value == "v":
            return f"draft.{name} = {place} or {default}"
        return f"draft.{name} = {value} if (v := {place}) else {default}"
    if quick.nothing:
        names[f"nothing_{name}"] = (*quick.nothing, msgspec.UNSET)
        usual = "" if any(quick.nothing) else "v or "
        value = f"{value} if {usual}v is not None and v not in nothing_{name} else None"
    if not is_required and not (None in quick.nothing and field.default is None):
        value = f"{default} if v is None or v is missing else {value}"
    if quick.as_is is not None:
        names[f"type_{name}"] = quick.as_is
        value = f"v if type(v) is type_{name} else {value}"
    return f"draft.{name} = {place}" if value == "v" else f"v = {place}\ndraft.{name} = {value}"


def _call(name: str, read: Callable[[Any], Any] | None, value: str, names: dict[str, Any]) -> str:
    if read is None:
        return value
    names[f"read_{name}"] = read
    return f"read_{name}({value})"


def _indented(lines: str, width: int) -> str:
    return "\n".join(" " * width + line for line in lines.split("\n"))


@lru_cache(maxsize=256)
def _compiled(source: str) -> Callable[..., Callable[[Any], Any]]:
    """The function ``outer`` of this source; compiled once for all converters."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102 (made of the names of a model's fields)
    outer: Callable[..., Callable[[Any], Any]] = namespace["outer"]
    return outer


@lru_cache(maxsize=256)
def _draft_of(model: type[Any]) -> type[Any]:
    """The model, but writable: it has the same slots, so ``__class__`` can be set to the model.

    A frozen class is filled through ``object.__setattr__``, which takes longer than all the rest.
    """
    plain = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(model.__name__, (model,), {"__slots__": (), **plain})
