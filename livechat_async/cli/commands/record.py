"""``livechat-async record``: a proxy that writes what LiveChat answers, without personal data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

from livechat_async.cli.commands.options import Port
from livechat_async.cli.common import served_until_stopped, wait_for
from livechat_async.cli.parsing import option
from livechat_async.display import number_of
from livechat_async.redaction import printable

if TYPE_CHECKING:
    from livechat_async.captures import Capture, Recorder


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
    from livechat_async.captures import Recorder  # noqa: PLC0415 (it imports every model)

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
