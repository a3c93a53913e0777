"""The public names of the package, and the modules that an import of it loads."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from typing import Any

import pytest

import livechat_async
from livechat_async import errors
from livechat_async._version import __version__

PUBLIC = sorted(livechat_async.__all__)


def test_all_is_all_that_is_public() -> None:
    submodules = {module.name for module in pkgutil.iter_modules(livechat_async.__path__)}
    reachable = {
        name
        for name in dir(livechat_async)
        if name.isidentifier() and not name.startswith("_") and name not in submodules
    }
    assert reachable | {"__version__"} == set(livechat_async.__all__)


def test_no_name_is_listed_twice() -> None:
    assert len(livechat_async.__all__) == len(set(livechat_async.__all__))


def test_a_star_import_brings_exactly_these() -> None:
    names: dict[str, Any] = {}
    exec("from livechat_async import *", names)  # noqa: S102 - the only way to try it
    assert names.keys() - {"__builtins__"} == set(livechat_async.__all__)


def test_every_error_is_offered() -> None:
    assert set(errors.__all__) <= set(livechat_async.__all__)


def test_the_version_is_one() -> None:
    assert livechat_async.__version__ == __version__
    assert __version__[0].isdigit()


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "__version__"])
def test_a_public_name_says_what_it_is(name: str) -> None:
    value = getattr(livechat_async, name)
    if inspect.isclass(value):
        assert "__doc__" in vars(value)
        assert (value.__doc__ or "").strip()
        assert value.__module__.startswith("livechat_async.")
    else:  # an alias of types, which has no docstring of its own
        assert name in {"Change", "Credentials", "CredentialsSource"}


@pytest.mark.parametrize("cls", [getattr(livechat_async, name) for name in PUBLIC], ids=str)
def test_public_methods_and_properties_are_documented(cls: Any) -> None:
    if not inspect.isclass(cls):
        return
    for name, member in vars(cls).items():
        if name.startswith("_") or not (callable(member) or isinstance(member, property)):
            continue
        assert (inspect.getdoc(getattr(cls, name)) or "").strip(), f"{cls.__name__}.{name}"


MODULES = [
    module.name
    for module in pkgutil.walk_packages(livechat_async.__path__, "livechat_async.")
    if not module.ispkg and not module.name.endswith(("__main__", "_version"))
]


@pytest.mark.parametrize("name", MODULES)
def test_each_module_says_what_it_and_its_names_are(name: str) -> None:
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip()
    for public, value in vars(module).items():
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        is_own = value.__module__ == name and value.__qualname__ == public
        if is_own and not public.startswith("_"):
            assert (value.__doc__ or "").strip(), f"{name}.{public}"


@pytest.mark.parametrize("import_", ["import livechat_async", "from livechat_async import *"])
def test_importing_brings_in_no_optional_dependency(import_: str) -> None:
    unwanted = ("typer", "rich", "click", "pytest", "hypothesis", "livechat_async.sandbox")
    code = (
        f"{import_}\nimport sys\n"
        f"print([name for name in sys.modules if name.startswith({unwanted!r})])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("[]", "", 0)
