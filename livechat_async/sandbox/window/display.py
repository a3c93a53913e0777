"""Requests, answers and deliveries as a person reads them, without their secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote_plus

from livechat_async.checks import is_deeper
from livechat_async.display import cut
from livechat_async.redaction import HIDDEN, conceal, hide, is_secret_name
from livechat_async.sandbox.http.answers import BadRequest, Wire
from livechat_async.sandbox.http.multipart import read_multipart
from livechat_async.sandbox.http.requests import KeptAnswer, RecordedRequest
from livechat_async.sandbox.webhooks.deliverer import Delivery

_MOST_SHOWN = 64 * 2**10
_DEEPEST = 100


def show_request(record: RecordedRequest, answer: KeptAnswer | None, hidden: Sequence[str]) -> Wire:
    """A request and its answer; ``hidden`` are the spellings of secrets."""
    shown: Wire = {
        "method": record.method,
        "path": hide(record.raw_path, hidden),
        "query": _pairs(_form_pairs(record.raw_query), hidden),
        "status": record.status,
        "fault": record.fault,
        "seconds": record.seconds,
        "received_at": record.received_at.isoformat(),
        "headers": _headers(record.headers, hidden),
        "body": _body(record.body, record.headers.get("Content-Type", ""), hidden),
        "size": len(record.body),
        "answer": None,
    }
    if answer is not None:
        kind = answer.headers.get("Content-Type", "")
        shown["answer"] = {
            "headers": _headers(answer.headers, hidden),
            "body": _body(answer.body, kind, hidden),
            "size": answer.size,
            "is_cut": answer.size > len(answer.body),
        }
    return shown


def show_delivery(delivery: Delivery, hidden: Sequence[str]) -> Wire:
    """A delivery with its body and all its attempts."""
    body = _body(delivery.raw_body, "application/json", hidden)
    return {**delivery.to_wire(), "body": body, "size": len(delivery.raw_body)}


def _headers(headers: Mapping[str, str], hidden: Sequence[str]) -> list[list[str]]:
    return [
        [name, HIDDEN if is_secret_name(name) else hide(str(value), hidden)]
        for name, value in headers.items()
    ]


def _body(body: bytes, content_type: str, hidden: Sequence[str]) -> str:
    """A body as text: JSON indented, a form a line for each value."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        text = _pairs(_form_pairs(body.decode("utf-8", "replace")), hidden)
    elif kind == "multipart/form-data":
        try:
            text = _pairs(read_multipart(body, content_type), hidden)
        except BadRequest:
            text = _text(body, hidden)
    else:
        text = _json(body, hidden) or _text(body, hidden)
    return cut(text, _MOST_SHOWN)


def _json(body: bytes, hidden: Sequence[str]) -> str:
    """Indented JSON without the values of secret names; "" for what is no JSON."""
    try:
        value = json.loads(body)
        if is_deeper(value, _DEEPEST):
            return ""
    except (ValueError, RecursionError):
        return ""
    shown = json.dumps(conceal(value), default=str, ensure_ascii=False, indent=2)
    return hide(shown, hidden)


def _text(body: bytes, hidden: Sequence[str]) -> str:
    return hide(body[: 2 * _MOST_SHOWN].decode("utf-8", "replace"), hidden)


def _form_pairs(text: str) -> Iterable[tuple[str, str]]:
    for part in text.split("&"):
        name, _, value = part.partition("=")
        if part:
            yield unquote_plus(name), unquote_plus(value)


def _pairs(pairs: Iterable[tuple[str, str]], hidden: Sequence[str]) -> str:
    """A line for each value."""
    return "\n".join(
        f"{name} = {HIDDEN if is_secret_name(name) else hide(value, hidden)}"
        for name, value in pairs
    )
