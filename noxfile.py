"""Every check of the project. ``nox`` alone runs them all."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False

PYPROJECT = nox.project.load_toml("pyproject.toml")
AIOHTTP = ("3.13", "3.14")
# What only the tests with a Redis can show: `distributed` accounts for it.
WITH_REDIS = "livechat_async/webhooks/taskiq/*.py"


def install(
    session: nox.Session, *groups: str, package: str = ".[cli,distributed,parquet,testing]"
) -> None:
    """The package with its extras, and dependency groups of ``pyproject.toml``."""
    session.install(package, *nox.project.dependency_groups(PYPROJECT, *groups))


@nox.session
def lint(session: nox.Session) -> None:
    """Style, formatting, and who may import whom."""
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", "--no-logo")


@nox.session
def types(session: nox.Session) -> None:
    """The package and a user's code, as two type checkers see them."""
    install(session, "types", "test")
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "livechat_async", "--ignoreexternal")


@nox.session
@nox.parametrize("aiohttp", AIOHTTP)
def tests(session: nox.Session, aiohttp: str) -> None:
    """The tests with branch coverage, on each supported aiohttp."""
    install(session, "test")
    session.install(f"aiohttp=={aiohttp}.*")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report", f"--omit={WITH_REDIS}")


@nox.session
def distributed(session: nox.Session) -> None:
    """The tests of several machines, with a redis-server that they start themselves."""
    if shutil.which("redis-server") is None:
        session.error("redis-server is missing: apt-get install redis-server, or see .ci/run")
    install(session, "test")
    session.env["COVERAGE_FILE"] = str(Path(session.create_tmp()).resolve() / "coverage")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *(session.posargs or ["tests/distributed"]))
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report", f"--include={WITH_REDIS}", "--fail-under=95")


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def pythons(session: nox.Session) -> None:
    """The tests on each supported Python that is installed."""
    install(session, "test")
    session.run("pytest", *session.posargs)


@nox.session(default=False)
def benchmarks(session: nox.Session) -> None:
    """This client beside others; ``nox -s benchmarks -- --only one-visitor`` for a part."""
    install(session, "benchmarks")
    session.run("python", "-m", "benchmarks", *session.posargs)


SMOKE_TEST = """
import asyncio
from livechat_async import LiveChatClient
from livechat_async.sandbox import Sandbox

async def main():
    async with Sandbox(seed=True) as sandbox:
        async with LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client:
            assert len(await client.visitors.list()) == len(sandbox.visitors) > 0

asyncio.run(main())
"""


@nox.session
def wheel(session: nox.Session) -> None:
    """The built wheel works in an environment that holds nothing else."""
    session.install("build")
    room = Path(session.create_tmp()).resolve()
    shutil.rmtree(room)
    session.run("python", "-m", "build", "--wheel", "--outdir", str(room), silent=True)
    (built,) = room.glob("*.whl")
    session.run("python", "-m", "venv", str(room / "empty"))
    session.chdir(room)  # away from the tree, which would be imported instead
    binaries = room / "empty" / "bin"
    session.run(str(binaries / "pip"), "install", "--quiet", str(built), external=True)
    session.run(str(binaries / "python"), "-W", "error", "-c", SMOKE_TEST, external=True)
    session.run(str(binaries / "livechat-async"), "demo", external=True, success_codes=[2])
