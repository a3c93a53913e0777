"""The documentation's curl lines, run by a shell and curl."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from typing import Any

from livechat_async.credentials import PersonalAccessToken
from livechat_async.sandbox import Sandbox

HOST = '"https://api.livechatinc.com'
BASIC = '-H "Authorization: Basic john.doe@mycompany.com:<your_PAT>"'
"""How newer parts of the page show the credentials, without their encoding."""

VISITOR = "S1352647457.ac951bfe2e"
TOKEN = "26132406c42c96ba61ed42689b70f719"
JSON = "-H Content-type:application/json"


async def curl(sandbox: Sandbox, line: str) -> Any:
    """The answer to a line; the host, the credentials and the agents' domain are exchanged."""
    code, answer = await exit_and_answer(sandbox, line)
    assert code == 0
    return answer


async def exit_and_answer(sandbox: Sandbox, line: str) -> tuple[int | None, Any]:
    """The exit code of curl, and the answer if there is one."""
    credentials = sandbox.credentials
    assert isinstance(credentials, PersonalAccessToken)
    if TOKEN in line:
        chat = sandbox.chat_of(VISITOR)
        assert chat is not None
        line = line.replace(TOKEN, str(chat.token))
    line = (
        line.replace("https://api.livechatinc.com", sandbox.url)
        .replace(BASIC, f'-H "Authorization: {credentials.authorization().reveal()}"')
        .replace("mycompany.com", "example.com")
        .replace("c14b85863755158d7aa5cc4ba17f61cb", credentials.token.reveal())
        # -s: no progress meter. -q: no .curlrc. No proxy for loopback.
        .replace("curl ", "curl -q -sS --noproxy '*' ", 1)
    )
    shell = await asyncio.create_subprocess_exec("/bin/sh", "-c", line, stdout=PIPE, stderr=PIPE)
    output, complaints = await asyncio.wait_for(shell.communicate(), 60)
    assert bool(complaints) == bool(shell.returncode), complaints
    return shell.returncode, json.loads(output) if output else None
