"""What a test of the recorder works with."""

from __future__ import annotations

from pathlib import Path

from attrs import define, field

from livechat_async import LiveChatClient
from livechat_async.captures import Capture, Recorder
from livechat_async.sandbox import Sandbox


@define
class Recording:
    """A recorder in front of a sandbox, the client that goes through it, and what it said."""

    folder: Path
    sandbox: Sandbox
    recorder: Recorder
    client: LiveChatClient
    captures: list[Capture] = field(factory=list)
    warnings: list[str] = field(factory=list)

    @property
    def written(self) -> str:
        """Everything on the disk, with the names of the files."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return "".join(f"{path.name}\n{path.read_text(encoding='utf-8')}" for path in files)
