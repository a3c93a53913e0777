"""The cost of an import, and of keeping the objects in memory."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator

from benchmarks.decoding import BASE as DICTS
from benchmarks.decoding import DECODERS, OURS, decoders
from benchmarks.measuring import (
    Goal,
    Row,
    Section,
    Settings,
    Spread,
    are_installed,
    in_time,
    say,
)
from benchmarks.serving import fetch

NAMES = ("import", "memory")
KEPT = 400
_AIOHTTP = "import aiohttp"
_OURS = "import livechat_async's client"
_HELP, _COMPLETION = "livechat-async chats list --help", "livechat-async chats list --r, and Tab"
_IMPORTS = {
    _OURS: ("livechat_async",),
    _AIOHTTP: ("aiohttp",),
    "import httpx": ("httpx",),
    "import httpx2": ("httpx2",),
    "import httpx, pydantic": ("httpx", "pydantic"),
    _HELP: ("click", "rich"),
    _COMPLETION: ("click", "rich"),
}
_COMMAND = """
import os, sys
sys.argv[1:] = "chats list --help".split()
os.environ.update({0!r})
with open(os.devnull, "w") as sys.stdout:
    from livechat_async.cli import main
    main()
sys.stdout = sys.__stdout__
"""
_TAB = {
    "_LIVECHAT_ASYNC_COMPLETE": "bash_complete",
    "COMP_WORDS": "livechat-async chats list --r",
    "COMP_CWORD": "3",
}
_STATEMENTS = {
    _OURS: "from livechat_async import LiveChatClient",
    _HELP: _COMMAND.format({}),
    _COMPLETION: _COMMAND.format(_TAB),
}
_PER_PAYLOAD = "400"


def sections(settings: Settings, url: str) -> Iterator[Section]:
    """The comparisons that ``--only`` asks for."""
    if settings.wants("import"):
        yield _imports(settings)
    if settings.wants("memory"):
        yield _memory(url)


def _cpu_of(statement: str) -> float:
    """Seconds of processor time that a new interpreter takes for this statement, or command."""
    code = f"{_STATEMENTS.get(statement, statement)}\nimport time\nprint(time.process_time())"
    # As in an installation: compiled once, and not at each import.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(  # noqa: S603 (of our own)
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return float(done.stdout)


def _imports(settings: Settings) -> Section:
    say("imports")
    statements = [name for name, modules in _IMPORTS.items() if are_installed(modules)]
    for statement in statements:
        _cpu_of(statement)  # writes the compiled files, and warms the disk cache
    turns = []
    for _ in range(settings.turns):
        bare = _cpu_of("pass")
        turns.append({name: _cpu_of(name) - bare for name in statements})
    goals = {_OURS: Goal("CPU", 1.2), _HELP: Goal("CPU", 1.0), _COMPLETION: Goal("CPU", 1.0)}
    return Section(
        name="import",
        title="Importing and help, without the start of the interpreter",
        base=f"{_AIOHTTP}: {in_time(Spread.of([turn[_AIOHTTP] for turn in turns]).median)} CPU",
        rows=[
            Row(
                name,
                {"CPU": Spread.of([turn[name] / turn[_AIOHTTP] for turn in turns])},
                goals.get(name),
            )
            for name in statements
        ],
        charted="CPU",
    )


def _memory(url: str) -> Section:
    say("memory")
    content = fetch(f"{url}/{KEPT}/visitors")
    sizes = {name: _size(name, content) / KEPT for name in decoders(_PER_PAYLOAD)}
    # They keep the same objects as ours, or the same dicts as orjson's.
    for name in ("livechat_async, from dicts", "livechat_async, carefully", "msgspec, to dicts"):
        sizes.pop(name, None)
    goals = {OURS: Goal("memory", 1.0)}
    return Section(
        name="memory",
        title=f"Memory of one visitor, of {KEPT} that are kept",
        base=f"{DICTS}: {sizes[DICTS]:,.0f} bytes each",
        rows=[
            Row(name, {"memory": Spread.of([size / sizes[DICTS]])}, goals.get(name))
            for name, size in sizes.items()
        ],
        charted="memory",
    )


def _size(name: str, content: bytes) -> int:
    """Bytes that the decoded objects take."""
    decode = DECODERS[name]("Visitor")
    decode(content)  # caches made by the first call are not part of a visitor
    gc.collect()
    tracemalloc.start()
    kept = decode(content)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size
