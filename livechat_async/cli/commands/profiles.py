"""``livechat-async login``, ``logout`` and ``profiles``: the accounts that this machine knows."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import click

from livechat_async.cli import profiles
from livechat_async.cli.common import Settings, wait_for
from livechat_async.cli.output.listing import Listing, View, draw_list, fields
from livechat_async.cli.parsing import option
from livechat_async.cli.profiles import Profile
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, printable


def log_in(
    context: click.Context,
    *,
    login: Annotated[
        str | None,
        option(
            "The agent's login, an e-mail address. It is asked for by default.", metavar="LOGIN"
        ),
    ] = None,
    oauth: Annotated[
        bool, option("The token is an OAuth access token, which needs no login.", "--oauth")
    ] = False,
    base_url: Annotated[
        str | None,
        option("Another address, such as a sandbox's.", metavar="URL", envvar="LIVECHAT_BASE_URL"),
    ] = None,
    no_check: Annotated[
        bool, option("Keep the token without a call that tries it.", "--no-check")
    ] = False,
) -> None:
    """Keep the token of an account, so that commands need no variables.

    It is kept as the profile that --profile names, or else as the profile default.

    The token is asked for, and not shown. Without a terminal it is the first line of standard
    input. It goes into the system's keyring where there is one and the package keyring is
    installed, else into a file that only you can read.

    Variables such as LIVECHAT_TOKEN come before the default profile, and --profile comes before
    both. LIVECHAT_PROFILE names another default.

    Examples:
      livechat-async login
      livechat-async login --profile work --login john.doe@example.com < token.txt
      livechat-async login --profile sandbox --base-url http://127.0.0.1:8080
      livechat-async visitors list --profile work
    """
    settings = Settings.of(context)
    if oauth and login:
        raise click.UsageError("--oauth needs no --login: the token names its account")
    asks = sys.stdin.isatty()
    if not oauth and not login:
        if not asks:
            raise click.UsageError("standard input is no terminal: give --login, or --oauth")
        login = click.prompt("Login (the agent's e-mail address)", err=True)
    token = click.prompt("Token", hide_input=True, err=True) if asks else sys.stdin.readline()
    profile = Profile(
        name=profiles.chosen_name(settings.profile) or profiles.DEFAULT,
        token=Secret(token.strip()),
        login="" if oauth or login is None else login,
        base_url=base_url,
        region=settings.account_region,
    )
    client = settings.client_of(profile)
    if not no_check:

        async def check() -> None:
            async with client:
                await client.agents.list()

        wait_for(check())
    kept = profiles.save(profile)
    who = profile.login or "the account of the token"
    click.echo(
        printable(f"logged in as {who}: profile {profile.name}, its token is in {kept.place}")
    )


def log_out(context: click.Context) -> None:
    """Forget a profile and its token.

    The token stays valid: whoever has a copy can use it. To end that, remove it at LiveChat.

    Examples:
      livechat-async logout
      livechat-async logout --profile work
    """
    name = profiles.chosen_name(Settings.of(context).profile) or profiles.DEFAULT
    profiles.remove(name)
    click.echo(f"profile {name} is forgotten")


def _to_plain(profile: Profile) -> dict[str, Any]:
    return {name: text(profile) or None for name, text in _PROFILES.columns.items()}


_PROFILES: Listing[Profile] = Listing(
    "profile",
    {
        **fields("name", "login", "base_url", "region"),
        "token_in": lambda profile: profile.place,
    },
    to_plain=_to_plain,
    about_json="all but the token",
)


def list_profiles(*, view: Annotated[View[Any], _PROFILES.options()]) -> None:
    """Show the profiles that login has kept, without their tokens.

    Examples:
      livechat-async profiles
      livechat-async profiles --columns name,login
    """
    found = list[Profile]()
    for name in profiles.names():
        try:
            found.append(profiles.describe(name))
        except ConfigurationError as problem:
            click.echo(f"warning: {printable(str(problem))}", err=True)
    draw_list(found, view)
