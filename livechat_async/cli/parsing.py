"""Makes commands of functions: each parameter is an option or an argument, as its annotation says.

::

    app = Group(help="Goals.")

    @app.command("get")
    def get(
        number: Annotated[int, argument("The goal's number.")],
        *,
        as_json: Annotated[bool, option("As JSON.", "--json")] = False,
    ) -> None: ...

The values and messages are ours; click splits the words and finds the command.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from enum import Enum
from importlib import import_module
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_args, get_origin

import click
from attrs import frozen
from click.shell_completion import CompletionItem

from livechat_async.cli.help import help_of, split_help
from livechat_async.redaction import shown

_REQUIRED = inspect.Parameter.empty
_INNERMOST = f"{__name__}.innermost"  # a key of what all contexts of a command line share


@frozen
class _Word:
    """What the annotation of a parameter says of it."""

    about: str
    names: tuple[str, ...]
    settings: Mapping[str, Any]
    is_argument: bool = False


if TYPE_CHECKING:
    _ParamType: TypeAlias = click.ParamType[Any]
else:  # in older versions of click it cannot be subscripted
    _ParamType = click.ParamType


def option(about: str, *names: str, **settings: Any) -> Any:
    """An option, for ``Annotated``. Without a name, it is called as its parameter.

    Args:
        about: its line in the help.
        names: such as ``"--yes", "-y"``, or ``"--tagged/--untagged"`` for a flag with two sides.
        settings: ``min``, ``max`` and ``parser`` of the value, and settings of `click.Option`. A
            parser raises a `ValueError` that says what is needed.
    """
    return _Word(about, names, settings)


def argument(about: str, **settings: Any) -> Any:
    """An argument, for ``Annotated``. It has a place instead of a name."""
    return _Word(about, (), settings, is_argument=True)


@frozen
class Together:
    """Several options and arguments that become one parameter, for ``Annotated``.

    Args:
        make: gets their values by name, and returns the value of the parameter.
        table: the annotation of each. What may be None, and flags, may be left out.
        needs: the names of those that cannot be left out nevertheless.
    """

    make: Callable[..., Any]
    table: Mapping[str, Any]
    needs: Collection[str] = ()


class _Shown(click.Command):
    """What a command and a group have in common: shared options, and the help."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own options, and the shared ones whose names it does not use."""
        *own, help_option = super().get_params(ctx)
        used = {name for parameter in own for name in parameter.opts}
        shared = getattr(ctx.find_root().command, "shared", ())
        free = [parameter for parameter in shared if used.isdisjoint(parameter.opts)]
        return [*own, *free, help_option]

    def get_help_option_names(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names of the option that shows the help."""
        return ["-h", "--help"]

    def get_help(self, ctx: click.Context) -> str:
        """The help as a text."""
        return help_of(self, ctx)


class Command(_Shown):
    """A command that calls a function with its options, and with the context if it takes one."""

    def __init__(
        self,
        name: str | None,
        *,
        callback: Callable[..., Any],
        params: Sequence[click.Parameter] | None = None,
        **settings: Any,
    ) -> None:
        parameters = inspect.signature(callback, eval_str=True).parameters
        own: list[click.Parameter] = []
        self._bundles: dict[str, Together] = {}
        for key, parameter in parameters.items():
            if get_origin(parameter.annotation) is not Annotated:
                continue
            about = get_args(parameter.annotation)[1]
            if isinstance(about, Together):
                self._bundles[key] = about
                own.extend(parameters_of(about.table, about.needs))
            else:
                own.append(_make(key, parameter.annotation, parameter.default))
        self._lists = {one.name for one in own if one.nargs < 0 or getattr(one, "multiple", False)}
        self._takes_context = "context" in parameters
        settings.setdefault("help", callback.__doc__)
        super().__init__(name, callback=callback, params=[*own, *(params or ())], **settings)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, and refuse one too many."""
        ctx.allow_extra_args = True
        rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            raise click.UsageError(f"{rest[0]!r} is one word too many", ctx)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Call the function. A list that was not given is None."""
        given = {
            name: (list(value) or None) if name in self._lists else value
            for name, value in ctx.params.items()
        }
        for name, bundle in self._bundles.items():
            given[name] = bundle.make(**{one: given.pop(one) for one in bundle.table})
        ctx.meta[_INNERMOST] = ctx
        if self._takes_context:
            given["context"] = ctx
        assert self.callback is not None  # noqa: S101 - __init__ has it
        return ctx.invoke(self.callback, **given)


def innermost(context: click.Context) -> click.Context:
    """The context of the command that runs, of those in the given one."""
    found: click.Context = context.meta.get(_INNERMOST, context)
    return found


class Group(_Shown, click.Group):
    """Commands below a common name."""

    command_class: type[click.Command] | None = Command

    def __init__(self, name: str | None = None, **settings: Any) -> None:
        super().__init__(name, no_args_is_help=True, **settings)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names in the order in which the commands were added."""
        return list(self.commands)

    def summaries(self, ctx: click.Context) -> Iterator[tuple[str, str]]:
        """The name of each command, and what it does."""
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None:
                yield name, split_help(command)[0][0]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may be meant."""
        if args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            matches = get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f". Did you mean {matches[0]!r}?" if matches else ""
            if not ctx.resilient_parsing:
                raise click.UsageError(f"there is no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """Commands that are imported when they are run, completed, or asked for their own help.

    Args:
        places: the name of each command, where it is in `commands` (``module:attribute``), and what
            it does.
        shared: options that each command takes, as the group itself does.
        settings: settings of `click.Group`.
    """

    def __init__(
        self,
        places: Mapping[str, tuple[str, str]],
        shared: Sequence[click.Parameter],
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.shared = shared
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names in their order."""
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self._places:
            return None
        if cmd_name not in self.commands:
            module, _, name = self._places[cmd_name][0].partition(":")
            found = getattr(import_module(f"livechat_async.cli.commands.{module}"), name)
            is_command = isinstance(found, click.Command)
            self.add_command(found if is_command else Command(cmd_name, callback=found), cmd_name)
        return super().get_command(ctx, cmd_name)

    def summaries(self, ctx: click.Context) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """The name of each command, and what it does, without an import."""
        return ((name, about) for name, (_, about) in self._places.items())

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command or of an option, without an import."""
        found = [item for item in self.summaries(ctx) if item[0].startswith(incomplete)]
        return [
            *(CompletionItem(name, help=about) for name, about in found),
            *click.Command.shell_complete(self, ctx, incomplete),
        ]


def parameters_of(
    table: Mapping[str, Any], needs: Collection[str] = ()
) -> Iterator[click.Parameter]:
    """The options and arguments of a table, as `Together` has it."""
    for name, annotation in table.items():
        kind = get_args(annotation)[0]
        may_lack = name not in needs and (kind is bool or type(None) in get_args(kind))
        default = (False if kind is bool else None) if may_lack else _REQUIRED
        yield _make(name, annotation, default)


def _make(name: str, annotation: Any, default: Any) -> click.Parameter:
    kind, word = get_args(annotation)[:2]
    if type(None) in get_args(kind):
        [kind] = (one for one in get_args(kind) if one is not type(None))
    is_list = get_origin(kind) is list
    settings = dict(word.settings)
    type_ = _type_of(get_args(kind)[0] if is_list else kind, settings)
    if default is _REQUIRED:
        settings["required"] = True
    elif default is not None:
        settings["default"] = default
    if word.is_argument:
        settings |= {"nargs": -1} if is_list else {}
        made: click.Parameter = click.Argument([name], type=type_, **settings)
        vars(made)["help"] = word.about  # which click does not keep
        return made
    names = word.names or (f"--{name.replace('_', '-')}",)
    if kind is bool:
        settings = {"default": None, **settings}
        return click.Option([name, *names], is_flag=True, help=word.about, **settings)
    return click.Option([name, *names], type=type_, multiple=is_list, help=word.about, **settings)


def _type_of(kind: Any, settings: dict[str, Any]) -> click.ParamType[Any]:
    """What converts the value of an option. Settings of the value are taken out."""
    least, most = settings.pop("min", -inf), settings.pop("max", inf)
    if "parser" in settings:
        return _Value(settings.pop("parser"))
    if issubclass(kind, Enum):
        return _Choice(kind)
    if kind in (int, float):
        return _Value(_number_within(kind, least, most), "number")
    return _Path(path_type=Path) if issubclass(kind, Path) else _Value(_to_text)


class _Value(_ParamType):
    """A value that a function reads."""

    def __init__(self, read: Callable[[str], Any], name: str = "text") -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a text, or say what is needed. A default is a value already."""
        if type(value) is not str:
            return value
        try:
            value.encode()
            return self._read(value)
        except UnicodeEncodeError:  # so Python keeps bytes of another encoding than the terminal's
            message = f"{shown(value)} is no text in UTF-8"
        except ValueError as problem:
            message = f"{shown(value)} {problem}"
        raise click.BadParameter(message, ctx, param)


def _to_text(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank")
    return text


class _Path(click.Path):
    """A file or a folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a path, which is not blank."""
        if not str(value).strip():
            raise click.BadParameter(f"{shown(value)} is blank", ctx, param)
        return super().convert(value, param, ctx)


class _Choice(_Value):
    """One of the values of an enum, which completion offers."""

    def __init__(self, kind: type[Enum]) -> None:
        super().__init__(self._find)
        self.choices: list[str] = [str(one.value) for one in kind]
        self._enum = kind

    def _find(self, text: str) -> Enum:
        if text not in self.choices:
            from livechat_async.checks import meant  # noqa: PLC0415 (only a mistake needs it)

            raise ValueError(f"is none of: {', '.join(self.choices)}{meant(text, self.choices)}")
        return self._enum(text)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """The values that begin so."""
        return [CompletionItem(one) for one in self.choices if one.startswith(incomplete)]


def _number_within(
    kind: type[int | float], least: float, most: float
) -> Callable[[str], int | float]:
    """What reads a number within limits, both of which are allowed."""
    needed = "a whole number" if kind is int else "a number"
    if most < inf:
        needed = f"{needed} from {least:,} to {most:,}"
    elif least > -inf:
        needed = f"{needed} of {least:,} or more"

    def read(text: str) -> int | float:
        with suppress(ValueError):
            number = kind(text)
            if least <= number <= most and abs(number) != inf:
                return number
        raise ValueError(f"is not {needed}")

    return read
