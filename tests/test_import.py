"""The modules that an import of the package loads, and those that load later."""

import ast
import inspect
import pickle
import pkgutil
import pydoc
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import pytest

import livechat_async
from livechat_async import (
    BrokenItem,
    LiveChatClient,
    Page,
    PersonalAccessToken,
    Progress,
    resources,
)
from livechat_async.models.chats import Chat, ChatVisitor
from livechat_async.models.visitors import Count
from livechat_async.redaction import repr_of_fields

_SOURCE = ast.parse(Path(livechat_async.__file__).read_text(encoding="utf-8"))


def names_imported_by(node: ast.ImportFrom) -> set[tuple[str, str | None]]:
    """The names of an import, each with its name after ``as``; `import *` makes all public."""
    if node.names[0].name == "*":
        return {(name, name) for name in import_module(str(node.module)).__all__}
    return {(alias.name, alias.asname) for alias in node.names}


_LATER = {
    node.module: {name for name, _ in names_imported_by(node)}
    for block in _SOURCE.body
    if isinstance(block, ast.If)
    for node in block.body
    if isinstance(node, ast.ImportFrom)
}
_RESOURCES = sorted(
    module.name
    for module in pkgutil.iter_modules(resources.__path__)
    if not module.name.startswith("_")
)
_PARTS = (
    "livechat_async.watch.changes",
    "livechat_async.export.checkpoint",
    "livechat_async.export.export",
    *(f"livechat_async.resources.{name}" for name in _RESOURCES),
    *(f"livechat_async.models.{name}" for name in _RESOURCES if name != "visitors"),
    "livechat_async.watch.watch",
)


def told_by_a_new_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout.strip()


def test_what_is_imported_later_is_what_type_checkers_see() -> None:
    parts = {
        f"livechat_async.{module}": set(names.split())
        for module, names in livechat_async._LATER.items()
    }
    assert parts == _LATER
    assert {name for names in parts.values() for name in names} < set(livechat_async.__all__)


def test_type_checkers_see_each_name_as_one_of_the_package() -> None:
    # A name that is imported without `as` is private to the package for type checkers.
    imported = {
        pair
        for node in ast.walk(_SOURCE)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("livechat_async")
        for pair in names_imported_by(node)
    }
    assert imported == {(name, name) for name in livechat_async.__all__}


def test_each_part_is_imported_when_it_is_asked_for() -> None:
    code = f"""
import sys
from livechat_async import (
    BrokenItem,
    LiveChatClient,
    Page,
    PersonalAccessToken,
    Progress,
    resources,
)
client = LiveChatClient(PersonalAccessToken("login", "token"))
print([part for part in {_PARTS!r} if part in sys.modules])
[getattr(client, name) for name in {_RESOURCES!r}]
client.visitors.watch()
print([part for part in {_PARTS!r} if part not in sys.modules])
"""
    assert told_by_a_new_process(code) == "[]\n[]"


def test_each_name_is_there_in_a_new_process() -> None:
    code = """
import livechat_async
listed = set(livechat_async.__all__)
print(listed - set(dir(livechat_async)))
print([name for name in sorted(listed) if getattr(livechat_async, name, None) is None])
print(listed - vars(livechat_async).keys())
"""
    assert told_by_a_new_process(code) == "set()\n[]\nset()"


def test_the_package_alone_loads_nothing_but_itself() -> None:
    code = """
import sys
import livechat_async
print([name for name in ("aiohttp", "asyncio", "attrs", "cattrs") if name in sys.modules])
"""
    assert told_by_a_new_process(code) == "[]"


def test_its_modules_are_attributes_of_the_package_alone() -> None:
    code = """
import livechat_async
print(livechat_async.models.visitors.Visitor.__name__)
print(livechat_async.errors.NotFoundError.__name__)
"""
    assert told_by_a_new_process(code) == "Visitor\nNotFoundError"


def test_an_import_by_name_brings_what_is_imported_later() -> None:
    code = (
        "from livechat_async import Chat, VisitorWatch\nprint(Chat.__name__, VisitorWatch.__name__)"
    )
    assert told_by_a_new_process(code) == "Chat VisitorWatch"


def test_a_star_import_brings_everything_in_a_new_process() -> None:
    code = """
names = {}
exec("from livechat_async import *", names)
import livechat_async
print(set(livechat_async.__all__) ^ (names.keys() - {"__builtins__"}))
"""
    assert told_by_a_new_process(code) == "set()"


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(AttributeError, match="module 'livechat_async' has no attribute 'Chats'"):
        livechat_async.Chats  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError, match="Chats"):
        exec("from livechat_async import Chats")  # noqa: S102 - type checkers refuse it


def test_what_is_imported_later_can_be_unpickled_in_a_new_process() -> None:
    pickled = pickle.dumps(Chat(id="PZ070E0W1B", visitor=ChatVisitor(name="Ann")))
    code = f"import pickle\nprint(pickle.loads({pickled!r}))"
    assert told_by_a_new_process(code) == repr(pickle.loads(pickled))  # noqa: S301 - our own


@pytest.mark.parametrize("name", _RESOURCES)
async def test_a_resource_is_made_once_for_each_client(name: str) -> None:
    client = LiveChatClient(PersonalAccessToken("login", "token"))
    copy = client.with_options(timezone="UTC")
    assert getattr(client, name) is getattr(client, name)
    assert getattr(client, name) is not getattr(copy, name)
    assert getattr(copy, name)._session is copy._session
    assert name in dir(client)


@pytest.mark.parametrize("name", _RESOURCES)
def test_a_resource_is_described_by_help_and_may_be_replaced(name: str) -> None:
    """Above the methods and beside its name, each time with its methods (field case 24)."""
    assert inspect.isdatadescriptor(vars(LiveChatClient)[name])
    client = LiveChatClient(PersonalAccessToken("login", "token"))
    described = inspect.getdoc(getattr(LiveChatClient, name)) or ""
    methods = {method for method in dir(getattr(client, name)) if not method.startswith("_")}
    assert set(re.findall(r"`(\w+)`", described)) == methods
    assert described.endswith(".")
    above, _, below = pydoc.render_doc(LiveChatClient, renderer=pydoc.plaintext).partition(
        "Methods defined here"
    )
    assert f"      {name}: {described}\n" in above
    assert f" |  {name}\n |      {described}\n" in below
    setattr(client, name, "a double for a test")
    assert getattr(client, name) == "a double for a test"


@pytest.mark.parametrize("name", sorted(livechat_async.__all__))
def test_annotations_can_be_resolved(name: str) -> None:
    cls = getattr(livechat_async, name)
    if not inspect.isclass(cls):
        return
    get_type_hints(cls)
    for member_name, member in vars(cls).items():
        function = member.fget if isinstance(member, property) else member
        if inspect.isfunction(function) and not member_name.startswith("_"):
            get_type_hints(function)


async def _never(_: int) -> Page[int]:
    raise AssertionError


@attrs.frozen
class Generated:
    number: int
    text: str = attrs.field(default="a", repr=str.upper)
    hidden: str = attrs.field(default="b", repr=False)
    items: list[Any] = attrs.field(factory=list)


@attrs.frozen(repr=False)
class Asked:
    number: int
    text: str = attrs.field(default="a", repr=str.upper)
    hidden: str = attrs.field(default="b", repr=False)
    items: list[Any] = attrs.field(factory=list)

    def __repr__(self) -> str:
        return repr_of_fields(self)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Progress(pages_done=2), "Progress(pages_done=2, pages_expected=None, items_done=0, "),
        (BrokenItem(1, "chats[3].id", "text", "5"), "BrokenItem(page=1, path='chats[3].id', "),
        (
            Page(items=[1], number=1, pages=None, total=2, size=1, url="/a", fetch=_never),
            "Page(1, 1 of 2 items)",
        ),
        (Count(3), "Count(number=3)"),
    ],
)
def test_the_repr_of_what_pages_bring(value: object, shown: str) -> None:
    assert repr(value).startswith(shown)


def test_the_repr_is_the_one_attrs_generates() -> None:
    generated, asked = Generated(1), Asked(1)
    generated.items.extend([generated, "c"])
    asked.items.extend([asked, "c"])
    assert repr(asked) == repr(generated).replace("Generated", "Asked")
    assert repr(asked) == "Asked(number=1, text=A, items=[..., 'c'])"


def test_the_repr_of_a_class_in_a_function_has_its_bare_name() -> None:
    @attrs.frozen(repr=False)
    class Inside:
        __repr__ = repr_of_fields

    assert repr(Inside()) == "Inside()"
