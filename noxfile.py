"""Every check of the project. ``nox`` alone runs all but the benchmarks.

The tests use every processor; ``--`` hands arguments to pytest, as in
``nox -s tests -- tests/test_options.py``.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|venv"  # uv fills an environment in seconds, pip in a minute
nox.options.error_on_missing_interpreters = False  # a session without its Python is skipped

PYPROJECT = nox.project.load_toml("pyproject.toml")
PACKAGE = ".[cli,distributed,parquet,testing]"
# Tests wait a fifth of their time, so two processors keep three of them busy.
WORKERS = max(2, (os.cpu_count() or 1) * 3 // 2)
PARALLEL = ("-n", str(WORKERS), "--dist", "worksteal")
BRIEF = (*PARALLEL, "--brief")  # for the environments that repeat what the session `tests` runs
# Only `distributed` runs these: they need a Redis.
WITH_REDIS = "livechat_async/webhooks/taskiq/*.py"


def install(session: nox.Session, *groups: str, options: tuple[str, ...] = ()) -> None:
    """Install the package with its extras, and dependency groups of ``pyproject.toml``.

    Python keeps its bytecode in ``.nox/bytecode``, even if ``PYTHONDONTWRITEBYTECODE`` is set. The
    tests start many processes, and a process spends most of its start on compiling.
    """
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    session.env["PYTHONPYCACHEPREFIX"] = str(Path(".nox", "bytecode").resolve())
    session.install(*options, PACKAGE, *nox.project.dependency_groups(PYPROJECT, *groups))


def compile_tests(session: nox.Session) -> None:
    """Compile the tests, which each worker would do for itself otherwise."""
    session.run("pytest", "--collect-only", "--quiet", silent=True)


def run_with_coverage(session: nox.Session, *pytest_arguments: str) -> None:
    """Run pytest and gather the branches that it and its processes took."""
    # Not in session.create_tmp(): pytest would put its folders there too, below our pyproject.toml.
    session.env["COVERAGE_FILE"] = str(Path(".nox", f"coverage-{session.name}").resolve())
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *pytest_arguments)
    session.run("coverage", "combine", "--quiet")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting, and which module may import which."""
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", "--no-logo")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the package and of a user's code with two type checkers."""
    install(session, "types", "test")
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "livechat_async", "--ignoreexternal")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site into build/website/site; any warning fails it."""
    install(session, "docs")
    session.run("python", "-m", "website", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests with the newest dependencies."""
    install(session, "test")
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests as ``pythons`` does, and require their branch coverage."""
    install(session, "test")
    compile_tests(session)
    run_with_coverage(session, *BRIEF, *session.posargs)
    session.run("coverage", "report", f"--omit={WITH_REDIS}")


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def pythons(session: nox.Session) -> None:
    """Run the tests on each supported Python, with the newest dependencies."""
    install(session, "test")
    session.run("pytest", *BRIEF, *session.posargs)


@nox.session(python="3.11", venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that ``pyproject.toml`` allows."""
    install(session, "test", options=("--resolution", "lowest-direct"))
    compile_tests(session)
    session.run("pytest", *BRIEF, *session.posargs)


@nox.session
def programs(session: nox.Session) -> None:
    """Run the examples, the documents' code, the benchmarks, crashes, and hostile texts."""
    install(session, "test")
    session.run("pytest", *PARALLEL, *(session.posargs or ["tests/programs"]))


@nox.session
def distributed(session: nox.Session) -> None:
    """Run the tests of several machines on a redis-server that they start themselves."""
    if shutil.which("redis-server") is None:
        session.error("redis-server is missing: apt-get install redis-server, or see .ci/run")
    install(session, "pytest")  # more would take longer: taskiq imports FastAPI where there is one
    run_with_coverage(session, *PARALLEL, *(session.posargs or ["tests/distributed"]))
    session.run("coverage", "report", f"--include={WITH_REDIS}", "--fail-under=95")


@nox.session
def browser(session: nox.Session) -> None:
    """Use the sandbox's page in Chromium; ``-- tests/browser --screenshots DIR`` takes pictures."""
    if shutil.which("chromium") is None:
        session.error("chromium is missing: apt-get install chromium, or see .ci/run")
    install(session, "browser")
    # One process with one browser: it runs beside the other sessions.
    session.run("pytest", *(session.posargs or ["tests/browser"]))


@nox.session(default=False)
def benchmarks(session: nox.Session) -> None:
    """Compare this client with others; ``nox -s benchmarks -- --only one-visitor`` runs a part."""
    install(session, "benchmarks")
    session.run("python", "-m", "benchmarks", *session.posargs)


SMOKE_TEST = """
import asyncio
from urllib.request import Request, urlopen
from livechat_async import LiveChatClient
from livechat_async.sandbox import Sandbox

async def main():
    async with Sandbox(seed=True) as sandbox:
        async with LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client:
            assert len(await client.visitors.list()) == len(sandbox.visitors) > 0
        for path in ("/", "/_window/main.js", "/_window/window.css", "/_window/icon.svg"):
            page = Request(sandbox.url + path, headers={"Accept": "text/html"})
            with await asyncio.to_thread(urlopen, page) as answer:
                assert answer.status == 200

asyncio.run(main())
"""


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, and use it in an environment that holds nothing else."""
    session.install("build", "uv")
    room = Path(session.create_tmp()).resolve()
    shutil.rmtree(room)
    session.run("python", "-m", "build", "--wheel", "--outdir", str(room), silent=True)
    (built,) = room.glob("*.whl")
    session.run("uv", "venv", "--quiet", str(room / "empty"))
    session.chdir(room)  # away from the tree, which would be imported instead
    binaries = room / "empty" / "bin"
    python = str(binaries / "python")
    session.run("uv", "pip", "install", "--quiet", "--python", python, str(built))
    session.run(python, "-W", "error", "-c", SMOKE_TEST, external=True)
    session.run(str(binaries / "livechat-async"), "demo", external=True, success_codes=[2])
