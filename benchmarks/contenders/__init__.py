"""The contenders of `benchmarks.calls`: this library, and other ways to call the API.

All of them send the same headers, refuse an answer that is not a success, and return a list of
objects, typed or not. Each has a process of its own, which imports only what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from benchmarks.worker import Contender

CONTENDERS: Mapping[str, str] = {
    "livechat_async": "ours:LiveChatAsync",
    "livechat_async, 16 at once": "ours:LiveChatAsyncByDefault",
    "aiohttp + json.loads": "with_aiohttp:AiohttpJson",
    "aiohttp + orjson": "with_orjson:AiohttpOrjson",
    "httpx + .json()": "with_httpx:HttpxJson",
    "httpx2 + .json()": "with_httpx:Httpx2Json",
    "as LiveChat's SDK": "with_httpx:LikeTheSdk",
    "httpx + pydantic": "with_pydantic:HttpxPydantic",
}
"""The module here and the class, by the contender's name."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    "aiohttp + orjson": ("orjson",),
    "httpx + .json()": ("httpx",),
    "httpx2 + .json()": ("httpx2",),
    "as LiveChat's SDK": ("httpx",),
    "httpx + pydantic": ("httpx", "pydantic"),
}
"""The packages each needs that are not dependencies of this library."""


def contender(name: str, url: str) -> Contender:
    """The contender of this name; `benchmarks.worker` calls this."""
    module, _, kind = CONTENDERS[name].partition(":")
    made: Contender = getattr(import_module(f"{__name__}.{module}"), kind)(url)
    return made
