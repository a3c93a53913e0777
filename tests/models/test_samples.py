"""Documented answers: the models know every field of them, and give back what they read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from livechat_async import Chat, Ticket, Visitor
from livechat_async.decoding.converter import make_converter

FIXTURES = Path(__file__).parent.parent / "fixtures"
CONVERTER = make_converter()
SAMPLES: dict[str, Any] = {
    **dict.fromkeys(("visitors_2013", "visitors_2017"), list[Visitor]),
    **dict.fromkeys(("chats_2013", "chats_2018"), list[Chat]),
    **dict.fromkeys(("tickets_docs", "tickets_2019"), list[Ticket]),
}


def read(name: str) -> Any:
    answer = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    items = answer if isinstance(answer, list) else answer[name.partition("_")[0]]
    return CONVERTER.structure(items, SAMPLES[name])


def extras(model: Any) -> list[Mapping[str, Any]]:
    if isinstance(model, (list, tuple)):
        return [extra for item in model for extra in extras(item)]
    if not attrs.has(type(model)):
        return []
    values = [getattr(model, field.name) for field in attrs.fields(type(model))]
    return [model.extra, *extras(values)]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_field_is_known(name: str) -> None:
    assert not any(extras(read(name)))


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_written_is_read_as_the_same(name: str) -> None:
    written = json.loads(json.dumps(CONVERTER.unstructure(read(name))))
    assert CONVERTER.structure(written, SAMPLES[name]) == read(name)
