"""Celery's worker and commands as processes, and what a notebook does."""

from __future__ import annotations

import ast
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import documents
from example_shell import BLOCKS, Shell


def day_of(chat: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(chat['started_timestamp'], UTC):%Y-%m-%d}"


def test_a_celery_worker_awaits_the_client(shell: Shell, tmp_path: Path):
    shell.env["CELERY_FOLDER"] = str(tmp_path / "queue")
    chats = shell.json(f"curl -sS {shell.sandbox}/_sandbox/chats")
    chats = [chat for chat in chats if "started_timestamp" in chat]  # not the messages left
    day = day_of(chats[-1])
    coming = shell.json(BLOCKS["chat"][0])
    shell.run(f"curl -sS -X POST {shell.sandbox}/_sandbox/visitors/{coming['id']}/queue")
    visitors = shell.json(f"curl -sS {shell.sandbox}/_sandbox/visitors")

    folder, worker = BLOCKS["celery worker"]
    assert "--pool solo" in worker
    shell.start("celery worker")
    shell.until_logged("celery worker", "ready.")
    count, agents = BLOCKS["celery tasks"]
    assert "$(date -I)" in agents
    for _ in range(2):
        printed = shell.run(f"{folder}; {count}")
        assert int(printed) == sum(visitor["state"] == "queued" for visitor in visitors) > 0
    printed = shell.run(f"{folder}; {agents.replace('$(date -I)', day)}")
    shell.stop("celery worker")

    assert ast.literal_eval(printed) == Counter(
        agent["email"] for chat in chats if day_of(chat) == day for agent in chat["agents"]
    )
    log = shell.log("celery worker")
    assert "Traceback" not in log
    assert "nclosed" not in log


def test_a_notebook_awaits_the_client(shell: Shell, tmp_path: Path):
    cells = tmp_path / "cells"
    cells.write_text(documents.BLOCKS["notebook cells"], encoding="utf-8")
    visitors = shell.json(f"curl -sS {shell.sandbox}/_sandbox/visitors")
    printed = shell.run(f"python -m asyncio <{cells} 2>&1")
    assert all(repr(visitor["name"]) in printed for visitor in visitors)
    assert "nclosed" not in printed
