"""``livechat-async record`` and ``livechat-async captures``: answers without personal data.

Both import what they need when they run: it imports every model.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
from click.exceptions import Exit

from livechat_async.cli.commands.options import Port
from livechat_async.cli.common import served_until_stopped, to_json, wait_for
from livechat_async.cli.parsing import Group, argument, option
from livechat_async.display import number_of
from livechat_async.redaction import printable

if TYPE_CHECKING:
    from livechat_async.captures import Capture, Recorder

app: Group = Group(help="Check the answers and webhooks that 'record' has written.")


def run_record(
    *,
    folder: Annotated[
        Path, option("The folder to write into.", "--output", "-o", metavar="FOLDER")
    ],
    upstream: Annotated[
        str | None,
        option(
            "Where requests go on to; by default LiveChat. With --webhooks: your bot.",
            metavar="URL",
        ),
    ] = None,
    webhooks: Annotated[bool, option("Record webhooks, instead of answers.", "--webhooks")] = False,
    host: Annotated[
        str, option("The address to listen on, which has to be loopback.")
    ] = "127.0.0.1",
    port: Port = 8081,
) -> None:
    r"""Write each answer of LiveChat to a file, without personal data, until Ctrl-C.

    It is a proxy on this machine: point a program at it, in any language. Each
    answer becomes one file, with its structure, types and known values. Names,
    addresses, texts, ids and secrets are replaced before it is written, equal
    ones by equal ones, and times are moved. Headers and bodies of requests are
    not written at all. Look through the files before you share them.

    'captures check' compares the files with what this release knows.
    'sandbox --captures' gives the same answers again, for tests.

    Examples:
      livechat-async record --output captures/
      livechat-async record --output captures/ --webhooks
      livechat-async record --output captures/ --webhooks \
        --upstream http://127.0.0.1:8000/livechat
    """
    from livechat_async.captures import Recorder  # noqa: PLC0415

    count = 0

    def show(capture: Capture) -> None:
        nonlocal count
        count += 1
        what = capture.body["event_type"] if capture.kind == "webhook" else capture.line
        click.echo(f"{capture.status or 'webhook'} {printable(what)} -> {folder / capture.file}")

    def warn(text: str) -> None:
        click.echo(f"warning: {printable(text)}", err=True)

    recorder = Recorder(
        folder, upstream, webhooks=webhooks, host=host, port=port, recorded=show, warn=warn
    )
    try:
        wait_for(_serve(recorder, webhooks=webhooks))
    finally:
        if count:
            files = f"{number_of(count, 'file')} in {folder}"
            click.echo(f"# {files}; compare: livechat-async captures check {folder}", err=True)


async def _serve(recorder: Recorder, *, webhooks: bool) -> None:
    async with served_until_stopped(recorder):
        if webhooks:
            click.echo("# Register this address at LiveChat, or the tunnel that leads to it:")
            click.echo(f"#   {recorder.url}/livechat")
        else:
            click.echo("# Point livechat-async, or another program, at the recorder:")
            click.echo(f"export LIVECHAT_BASE_URL={recorder.url}")


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
    from livechat_async.captures import check_captures  # noqa: PLC0415

    report = check_captures(folder)
    if as_json:
        click.echo(to_json(report.to_json(), indent=2))
    else:
        click.echo("\n".join(map(printable, report.to_markdown().splitlines())))
    if report.differences:
        raise Exit(1)
