"""A shortcut past the careful hooks, for objects that are as LiveChat usually sends them.

Of what the hooks of a model's fields tell as `Usual`, one function is generated. It reads a dict at
once, and asks a hook only about a value that is not a usual one. Where anything raises, it leaves
the whole object to the careful hook: only that one knows errors, and where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import indent
from typing import Any

import attrs

from livechat_async.decoding.generated import Field, compiled, draft_of
from livechat_async.decoding.usual import ASK, Hook, choice

__all__ = ["shortcut"]


def shortcut(model: type[Any], fields: Sequence[Field], careful: Hook) -> Hook:
    """A structure hook that does what ``careful`` does, only sooner.

    Args:
        model: a slotted attrs class, with a field ``extra`` for what it does not know.
        fields: its other fields.
        careful: the hook that can do everything.
    """
    made: Hook | None = None

    def to_model(value: Any, cls: Any) -> Any:
        nonlocal made
        if type(value) is not dict:
            return careful(value, cls)
        if made is None:  # the first dict comes; where JSON is read straight, none may ever come
            made = _generated(model, fields, careful)
        return made(value, cls)

    return to_model


def _generated(model: type[Any], fields: Sequence[Field], careful: Hook) -> Hook:
    texts = [field for field in fields if field.is_text]
    others = [field for field in fields if not field.is_text]
    twins = [field.twin for field in others if field.twin is not None]
    known = dict.fromkeys([*(field.wire for field in fields), *twins])
    places = {name: f"v{index}" for index, name in enumerate(known)}
    names: dict[str, object] = {
        "careful": careful,
        "draft_of_model": draft_of(model),  # type: ignore[arg-type]  # a class can be hashed
        "join": "".join,
        "known": frozenset(known),
        "model": model,
        "new": object.__new__,
        "no_extra": attrs.fields(model).extra.default,
    }
    lines = [f"{place} = value.get({name!r})" for name, place in places.items()]
    for field in texts:
        place = places[field.wire]
        if field.default is not attrs.NOTHING:
            names[f"{place}_default"] = field.default
            lines.append(f"if {place} is None: {place} = {place}_default")
    # Joining them is the quickest way to see that texts are texts.
    lines.append(f"join([{', '.join(places[field.wire] for field in texts)}])")
    lines.append("draft = new(draft_of_model)")
    lines += [f"draft.{field.name} = {places[field.wire]}" for field in texts]
    for field in others:
        place, usual = places[field.wire], field.usual
        own = {name: f"{place}_{name}" for name in usual.uses}
        names |= {own[name]: thing for name, thing in usual.uses.items()}
        if field.is_required:
            lines.append(f"if {place} is None: raise ValueError")
        value = choice(usual.cases, usual.blank, ASK, place, own, are_all=False)
        if field.twin is None:
            lines.append(f"draft.{field.name} = {value}")
        else:
            lines += _time(field.name, value, places[field.twin], usual.cases, own)
    source = _FUNCTION.format(names=", ".join(names), lines=indent("\n".join(lines), " " * 12))
    return compiled(source)(**names)


def _time(
    name: str, value: str, twin: str, cases: Mapping[type[Any], str], own: Mapping[str, str]
) -> Iterator[str]:
    """The lines that set a time: by its twin, or, where that says none, to ``value``."""
    if int not in cases:
        yield f"if {twin} is not None and {twin} != '': raise ValueError"
        yield f"draft.{name} = {value}"
        return
    yield f"if type({twin}) is int and {twin}:"
    yield f"    draft.{name} = {cases[int].format(v=twin, **own)}"
    yield f"elif {twin} is None or {twin} in ('', '0') or type({twin}) is int:"
    yield f"    draft.{name} = {value}"
    yield f"elif type({twin}) is str and {twin}.isascii() and {twin}.isdecimal() and int({twin}):"
    yield f"    draft.{name} = {cases[int].format(v=f'int({twin})', **own)}"
    yield "else: raise ValueError"


_FUNCTION = """\
def make({names}):
    def to_model(value, cls):
        try:
{lines}
            if known.issuperset(value):
                draft.extra = no_extra
            else:
                draft.extra = {{n: item for n, item in value.items() if n not in known}}
            draft.__class__ = model
            return draft
        except Exception:
            pass
        return careful(value, cls)
    return to_model
"""
