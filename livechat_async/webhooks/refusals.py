"""Counts the refused webhooks, and logs each kind of refusal without flooding the log."""

from __future__ import annotations

import asyncio
import logging

from livechat_async.webhooks.gate import RefusedError

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

LOG_EVERY = 60.0
"""Seconds: in this time, one refusal of each status is logged, and then how many there were."""

_LATER = "LiveChat delivers it again, so there is time for a fix"
_REMEDIES = {
    400: f"{_LATER}. See what is between LiveChat and this bot",
    401: (
        "register the address with the receiver's credentials: "
        "client.webhooks.ensure(credentials.url(address), ...)"
    ),
    403: "add the licence to license_ids if it is yours",
    404: "register the address with the receiver's path_secret at its end",
    405: "see who calls this address",
    408: "see what is between LiveChat and this bot",
    413: "raise max_body_bytes if it came from LiveChat",
    415: "see what is between LiveChat and this bot",
    422: f"{_LATER}. Update livechat_async, or report this",
}


class Refusals:
    """Counts and logs refusals. The first of a status is logged at once, others once a minute."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self._unlogged: dict[int, int] = {}  # since the last line about this status
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def note(self, refused: RefusedError) -> None:
        """Count a refusal, and log it unless its status was logged a moment ago."""
        status = refused.answer.status
        self.counts[status] = self.counts.get(status, 0) + 1
        if status in self._timers:
            self._unlogged[status] = self._unlogged.get(status, 0) + 1
            return
        remedy = _REMEDIES.get(status, "")
        text = f"{refused}; {remedy}" if remedy else str(refused)
        logger.warning("answered %d to a webhook: %s", status, text)
        self._wait(status)

    def close(self) -> None:
        """Log what was not logged yet."""
        for status in [*self._timers]:
            self._timers.pop(status).cancel()
            self._sum_up(status)

    def _wait(self, status: int) -> None:
        loop = asyncio.get_running_loop()
        self._timers[status] = loop.call_later(LOG_EVERY, self._end_of_minute, status)

    def _end_of_minute(self, status: int) -> None:
        del self._timers[status]
        if self._sum_up(status):
            self._wait(status)

    def _sum_up(self, status: int) -> bool:
        count = self._unlogged.pop(status, 0)
        if count:
            logger.warning("answered %d to %d more webhooks in the last minute", status, count)
        return count > 0
