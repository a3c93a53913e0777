"""What the models do not know of recorded answers and webhooks, and what they contradict."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from attrs import asdict, define, evolve, field, frozen

from livechat_async.captures.files import NO_JSON, load_captures
from livechat_async.captures.scrub import Scrubber
from livechat_async.captures.shapes import (
    DeliveryShape,
    Known,
    enum_of,
    fields_of,
    find_endpoint,
    is_id,
    is_of,
    item_of,
    model_of,
    shape_of,
)
from livechat_async.decoding.converter import shared_converter
from livechat_async.decoding.hooks import is_nothing
from livechat_async.decoding.problems import find_wire_error
from livechat_async.display import cut, number_of
from livechat_async.models.greetings import MESSAGE
from livechat_async.redaction import printable

Kind: TypeAlias = Literal["new field", "new value", "new type", "contradiction"]
_LONGEST = 60  # characters of an example


@frozen(kw_only=True)
class Difference:
    """Something in the captures that the models do not know, or that they contradict.

    Attributes:
        call: the call, such as ``GET /chats/{chat_id}``, or ``webhook``.
        path: where in the answer, such as ``chats[].visitor.plan``; ``{}`` stands for any key.
        kind: ``"new field"``, ``"new value"`` of an open set, ``"new type"`` of a field that takes
            it as text, or ``"contradiction"``: the client raises a `DecodeError`.
        found: the type that was found, such as ``text``; of a contradiction also what is expected.
        example: a value of this kind, as JSON; it is made up.
        count: how often it was found.
        file: the first file that has it.
    """

    call: str
    path: str
    kind: Kind
    found: str
    example: str
    count: int
    file: str


@frozen(kw_only=True)
class Report:
    """The comparison of a folder of captures with the models of this release.

    Attributes:
        answers: how many answers there are.
        webhooks: how many webhooks there are.
        differences: what is different, in the order of its first appearance.
        unchecked: the answers that no model describes, by their calls: errors, writes whose answer
            the client does not read, and calls that are not documented.
    """

    answers: int
    webhooks: int
    differences: tuple[Difference, ...]
    unchecked: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return asdict(self)

    def to_markdown(self) -> str:
        """The report as an issue takes it. Nothing personal is in it."""
        answers, webhooks = number_of(self.answers, "answer"), number_of(self.webhooks, "webhook")
        lines = [f"Compared: {answers} and {webhooks}."]
        if not self.differences:
            lines.append("The models know every field, type and value in them.")
        else:
            lines += ["", "| call | path | difference | found | such as | times | first in |"]
            lines.append("| --- | --- | --- | --- | --- | --- | --- |")
        for each in self.differences:
            call, path, example = map(_code, (each.call, each.path, each.example))
            found, file = map(_cell, (each.found, each.file))
            row = (call, path, each.kind, found, example, str(each.count), file)
            lines.append(f"| {' | '.join(row)} |")
        if self.unchecked:
            calls = ", ".join(f"`{call}` ({n})" for call, n in self.unchecked.items())
            lines += ["", f"No model describes: {calls}."]
        return "\n".join(lines)


def check_captures(folder: str | os.PathLike[str]) -> Report:
    """Compare the captures in a folder with the models.

    Raises:
        ConfigurationError: a capture cannot be read; the text names the file.
    """
    kinds, unchecked, findings = Counter[str](), Counter[str](), _Findings()
    for capture in load_captures(folder):
        kinds[capture.kind] += 1
        if capture.kind == "webhook":
            call, shape = "webhook", DeliveryShape
        else:
            endpoint = find_endpoint(capture.method, capture.path)
            call = endpoint or f"{capture.method} {findings.scrubber.path(capture.path)}"
            shape = shape_of(endpoint, capture.query, capture.status, capture.body)
        if shape is None or capture.method == "HEAD":
            unchecked[call if capture.status < 400 else f"{call}: {capture.status}"] += 1  # noqa: PLR2004
        else:
            findings.call, findings.file = call, capture.file
            findings.walk(capture.body, Known("", shape), "")
    return Report(
        answers=kinds["answer"],
        webhooks=kinds["webhook"],
        differences=tuple(findings.found.values()),
        unchecked=dict(unchecked),
    )


@define
class _Findings:
    """The differences so far, each once with its count, and the answer that is compared now."""

    call: str = ""
    file: str = ""
    found: dict[tuple[str, ...], Difference] = field(factory=dict)
    scrubber: Scrubber = field(factory=Scrubber)

    def walk(self, value: Any, known: Known, path: str) -> None:
        """Compare a value with what the models know of it."""
        if value is NO_JSON:
            self._add("contradiction", path, "JSON is expected", None, known)
            return
        model, inside = model_of(known.hint), item_of(known.hint)
        if model is not None and isinstance(value, dict):
            self._object(value, model, path)
        elif inside is not None and isinstance(value, list) and inside[0] is list:
            for item in value:
                if item is not None:
                    self._item(item, Known(known.name, inside[1]), f"{path}[]")
        elif inside is not None and isinstance(value, dict) and inside[0] is Mapping:
            for name, item in value.items():
                step = name if name == MESSAGE else "{}"
                self._item(item, Known(name, inside[1]), f"{path}.{step}".lstrip("."))
        else:
            self._leaf(value, known, path)

    def _item(self, item: Any, known: Known, path: str) -> None:
        if known.hint is Any:
            if isinstance(item, (dict, list)):
                self._add("new type", path, _type(item), item, known)
        else:
            self.walk(item, known, path)

    def _object(self, value: dict[str, Any], model: Any, path: str) -> None:
        fields = fields_of(model)
        for name, item in value.items():
            step = f"{path}.{self.scrubber.name(name, value, fields)}".lstrip(".")
            known = fields.get(name)
            if known is None:
                self._add("new field", step, _type(item), item, Known(name, None))
            elif known.is_needed or item is not None:
                self.walk(item, known, step)
        for name, known in fields.items():
            if known.is_needed and name not in value:
                step = f"{path}.{name}".lstrip(".")
                self._add("contradiction", step, "missing, and a value is expected", None, known)

    def _leaf(self, value: Any, known: Known, path: str) -> None:
        if known.hint is Any:
            return
        try:
            shared_converter().structure(value, known.hint)
        except Exception as error:  # noqa: BLE001 (cattrs has many)
            problem = find_wire_error(error)
            inside = f"{'.' if problem.path[:1].isalpha() and path else ''}{problem.path}"
            found = f"{_type(value)}, and {problem.expected} is expected"
            self._add("contradiction", f"{path}{inside}", found, value, known)
            return
        texts = enum_of(known.hint)
        if isinstance(value, str):
            if texts is not None and value and value not in texts:
                self._add("new value", path, "text", value, known)
        elif is_of(known.hint, str) and not is_nothing(value) and not is_id(known.hint):
            self._add("new type", path, _type(value), value, known)

    def _add(self, kind: Kind, path: str, found: str, value: Any, known: Known) -> None:
        made = self.scrubber.scrub(value, known.hint, known.name)
        example = cut(json.dumps(made, ensure_ascii=False), _LONGEST)
        # Each new value is a difference of its own; of all else, the first one is the example.
        key = (self.call, path, kind, found, example if kind == "new value" else "")
        new = Difference(
            call=self.call,
            path=path,
            kind=kind,
            found=found,
            example=example,
            count=0,
            file=self.file,
        )
        before = self.found.get(key, new)
        self.found[key] = evolve(before, count=before.count + 1)


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    """The text without what ends a cell, a row or code in a table of Markdown."""
    return printable(" ".join(text.split())).translate({ord("|"): "¦", ord("`"): "'"})


def _type(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    names: dict[Any, str] = {str: "text", list: "list", dict: "object"}
    return names.get(type(value), "number")
