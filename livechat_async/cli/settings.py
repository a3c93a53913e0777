"""What the options before a command say of the client."""

from __future__ import annotations

import os

from attrs import frozen

from livechat_async import LiveChatClient, RetryPolicy, Timeouts
from livechat_async.credentials import Region

__all__ = ["Settings"]


@frozen(kw_only=True)
class Settings:
    """The settings of every client a command makes.

    Attributes:
        timeouts: how long to wait.
        region: where the account lives.
    """

    timeouts: Timeouts
    region: Region | None

    def client(self, retry: RetryPolicy | None = None) -> LiveChatClient:
        """A client with the credentials of the environment.

        Args:
            retry: what is tried again, if not the usual.

        Raises:
            ConfigurationError: the environment holds none.
        """
        return LiveChatClient.from_env(
            timeouts=self.timeouts, region=self.region, retry=retry or RetryPolicy()
        )

    def client_without_credentials(self) -> LiveChatClient:
        """A client that can add details, and sends no credentials.

        Raises:
            ConfigurationError: ``LIVECHAT_BASE_URL`` is no address to use.
        """
        base_url = os.environ.get("LIVECHAT_BASE_URL")
        if not base_url:
            return LiveChatClient(timeouts=self.timeouts, region=self.region)
        return LiveChatClient(base_url=base_url, timeouts=self.timeouts, region=self.region)
