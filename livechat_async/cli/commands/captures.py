"""``livechat-async captures``: what recorded answers have that the models do not know."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
from click.exceptions import Exit

from livechat_async.cli.common import to_json
from livechat_async.cli.parsing import Group, argument, option
from livechat_async.redaction import printable

app: Group = Group(help="Check the answers and webhooks that 'record' has written.")


@app.command("check")
def check(
    folder: Annotated[Path, argument("The folder that 'record' has written.")],
    *,
    as_json: Annotated[bool, option("As one JSON document.", "--json")] = False,
) -> None:
    """Compare recorded answers and webhooks with what this release knows.

    It lists fields, types and values that the models do not know, and whatever
    they contradict: where, how often, and with a made-up example. Nothing in the
    report is personal, so you can paste it into an issue.

    The exit code is 0 if there is no difference, 1 if there is one, and 2 if a
    file cannot be read.

    Examples:
      livechat-async captures check captures/
      livechat-async captures check captures/ --json | jq '.differences[].path'
    """
    from livechat_async.captures import check_captures  # noqa: PLC0415 (it imports every model)

    report = check_captures(folder)
    if as_json:
        click.echo(to_json(report.to_json(), indent=2))
    else:
        click.echo("\n".join(map(printable, report.to_markdown().splitlines())))
    if report.differences:
        raise Exit(1)
