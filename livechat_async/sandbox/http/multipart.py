"""A reader of ``multipart/form-data``, the form that uploads use and some clients always send."""

from __future__ import annotations

import re
from collections.abc import Iterator

from livechat_async.sandbox.http.answers import BadRequest

_BOUNDARY = re.compile(
    r';\s*boundary=(?:"([^"]{1,70})"|([^\s";,]{1,70}))', re.ASCII | re.IGNORECASE
)
_NAME = re.compile(r';\s*name=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))', re.IGNORECASE)
_FILE = re.compile(r";\s*filename\*?=", re.IGNORECASE)
_LONGEST_HEAD = 8_190


def read_multipart(body: bytes, content_type: str) -> Iterator[tuple[str, str]]:
    """The names and values in a body, in order, without the files.

    Args:
        body: as sent. What comes after the last whole part is ignored.
        content_type: the whole header, with the boundary.

    Raises:
        BadRequest: the header has no boundary, or the body does not begin with it.
    """
    match = _BOUNDARY.search(content_type[:_LONGEST_HEAD])
    if match is None:
        raise BadRequest("Content-Type has to have the boundary of multipart/form-data")
    boundary = (match[1] or match[2]).encode("utf-8", "surrogateescape")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]
    if not parts:
        raise BadRequest("the body is not multipart/form-data: it has no line with the boundary")
    return _read_parts(parts)


def _read_parts(parts: list[bytes]) -> Iterator[tuple[str, str]]:
    for part in parts:
        if part.startswith(b"--"):
            return
        head, end, value = part.partition(b"\r\n\r\n")
        if not end or len(head) > _LONGEST_HEAD:
            continue
        for line in head.decode("utf-8", "replace").split("\r\n"):
            kind, _, rest = line.partition(":")
            name = _NAME.search(rest)
            is_field = kind.strip().lower() == "content-disposition" and not _FILE.search(rest)
            if is_field and name is not None:
                yield _unquoted(name), value.decode("utf-8", "replace")


def _unquoted(name: re.Match[str]) -> str:
    return name[2] or re.sub(r"\\(.)", r"\1", name[1])
