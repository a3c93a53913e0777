"""Extensions of griffe, which reads the code for the reference.

Docstrings are written for Sphinx's rules, and Markdown has others: ``::`` before a block of code
becomes a fence, and a name in single backticks becomes a link to its place in the reference.
attrs makes the ``__init__`` of a class when it is imported, so it is not in the code that griffe
reads.
"""

from __future__ import annotations

import importlib
import inspect
import re
import textwrap
from functools import cache
from typing import Any

import griffe

_MODULES = (
    "livechat_async",
    "livechat_async.webhooks",
    "livechat_async.webhooks.taskiq",
    "livechat_async.sandbox",
    "livechat_async.captures",
)
_CODE = re.compile(r"^(.*\S)?::\n\n((?:    .*\n?|\n)+)", re.MULTILINE)
_DRAWING = "──"
_ADDRESS = re.compile(r"^(https://\S+)$", re.MULTILINE)
_NAME = re.compile(r"(?<![`\w])`([A-Za-z_][\w.]*)`(?![`\w])")


@cache
def public_paths() -> dict[str, str]:
    """The path in the reference of each public name."""
    paths: dict[str, str] = {}
    for module in _MODULES:
        for name in importlib.import_module(module).__all__:
            paths.setdefault(name, f"{module}.{name}")
    return paths


class Links(griffe.Extension):
    """Rewrites each docstring when it is read."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            text = _NAME.sub(lambda found: _link(found[1], obj), obj.docstring.value)
            text = _ADDRESS.sub(r"[LiveChat's documentation](\1)", text)
            obj.docstring.value = _CODE.sub(_fence, text)

    def on_attribute(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Show a client's resource as what it is, not as the descriptor that imports it."""
        annotation = attr.annotation
        if isinstance(annotation, griffe.ExprSubscript) and str(annotation.left) == "_Resource":
            attr.annotation = annotation.slice

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Leave out how a resource is made: users get it from their client."""
        if [str(base) for base in cls.bases] == ["Resource"]:
            cls.bases = []


def _fence(found: re.Match[str]) -> str:
    before = f"{found[1]}:\n\n" if found[1] else ""
    code = textwrap.dedent(found[2]).strip("\n")
    return f"{before}```{'text' if _DRAWING in code else 'python'}\n{code}\n```\n\n"


def _link(name: str, obj: griffe.Object) -> str:
    first, _, member = name.partition(".")
    if name in public_paths():
        return f"[`{name}`][{public_paths()[name]}]"
    if member and first in public_paths():
        return f"[`{name}`][{public_paths()[first]}.{member}]"
    owner = obj if obj.is_class else obj.parent
    if owner is not None and owner.is_class and not name.startswith("_") and name in owner.members:
        return f"[`{name}`][{owner.path}.{name}]"
    return f"`{name}`"


class AttrsInit(griffe.Extension):
    """Adds the ``__init__`` that attrs makes to each class of attrs."""

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Add it, with the annotations of the attributes in the code."""
        if cls.module.path == "livechat_async.errors":  # users catch them, and make none
            return
        decorators = {str(each.value).partition("(")[0] for each in cls.decorators}
        if not decorators & {"frozen", "define"} or "__init__" in cls.members:
            return
        real = getattr(importlib.import_module(cls.module.path), cls.name)
        parameters = [
            _parameter(each, cls, real) for each in inspect.signature(real).parameters.values()
        ]
        init = griffe.Function(
            "__init__", parameters=griffe.Parameters(griffe.Parameter("self"), *parameters)
        )
        cls.set_member("__init__", init)


def _parameter(parameter: inspect.Parameter, cls: griffe.Class, real: type) -> griffe.Parameter:
    return griffe.Parameter(
        parameter.name,
        annotation=_annotation(parameter.name, cls, real),
        kind=griffe.ParameterKind(parameter.kind.description),
        default=None if parameter.default is parameter.empty else _short(parameter.default),
    )


def _annotation(name: str, cls: griffe.Class, real: type) -> griffe.Expr | str | None:
    """As the code has it; of an inherited attribute, whose code may not be read yet, as text."""
    for own in (name, f"_{name}"):
        attribute = cls.members.get(own)
        if isinstance(attribute, griffe.Attribute):
            return attribute.annotation
    inherited = (inspect.get_annotations(base).get(name) for base in real.__mro__)
    return next(filter(None, inherited), None)


def _short(default: object) -> str:
    """The default of a parameter; ``...`` where attrs makes a new one for each object."""
    return "..." if "NOTHING" in repr(default) else repr(default)
