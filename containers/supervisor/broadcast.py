"""What the supervisor sends to the web processes. With Redis, that can be away: nobody here waits for it, or fails.

Output that could not be sent is in the spool. As soon as the channel layer is back, viewers are told how far the
console has come, and read from the spool what they did not get.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from containers.sockets.groups import (
    INPUT_CHANNEL,
    WATCH_CHANNEL,
    EventMessage,
    InputMessage,
    OutputMessage,
    RefusalMessage,
    StatsMessage,
    WatchMessage,
    group,
    layer,
)
from rules.outages import REDIS_AWAY

log = logging.getLogger(__name__)

SEND_AT_MOST = 1.0  # seconds
PAUSE = 0.5  # seconds between two tries while the layer is away


class Broadcast:
    """The supervisor's side of the channel layer."""

    def __init__(self, unsent: Callable[[], None]) -> None:
        self._layer = layer()
        self._unsent = unsent
        self._away_until: float | None = None
        self._behind: dict[UUID, int] = {}

    async def output(self, container_id: UUID, data: str, start: int, end: int) -> None:
        """Send a batch of a console; one that can't be sent is made up for by `catch_up`."""
        message = output_message(container_id, data, start, end)
        if container_id not in self._behind and await self._send(container_id, message):
            return
        self._behind[container_id] = max(end, self._behind.get(container_id, 0))
        self._unsent()

    async def event(self, message: EventMessage) -> bool:
        """Send what an event says; False if that must be done again later."""
        return await self._send(message["container_id"], message)

    async def stats(self, message: StatsMessage) -> bool:
        """Send a container's figures; those that can't be sent are not missed, the next ones come soon."""
        return await self._send(message["container_id"], message)

    async def refusal(self, message: RefusalMessage) -> bool:
        """Answer a viewer; without the layer there is no way to it."""
        return await self._send(message["container_id"], message)

    async def catch_up(self) -> None:
        """Tell the viewers of consoles whose output could not be sent how far it has come."""
        for container_id, end in list(self._behind.items()):
            if not await self._send(container_id, output_message(container_id, "", end, end)):
                return
            if self._behind[container_id] == end:
                del self._behind[container_id]

    async def _send(
        self, container_id: UUID | str, message: EventMessage | OutputMessage | RefusalMessage | StatsMessage
    ) -> bool:
        if self._away_until is not None and time.monotonic() < self._away_until:
            return False
        try:
            async with asyncio.timeout(SEND_AT_MOST):
                await self._layer.group_send(group(container_id), cast(dict[str, Any], message))
                end_if_cancelled()
        except REDIS_AWAY as error:
            if self._away_until is None:
                log.warning("the channel layer is away: %s", error)
            self._away_until = time.monotonic() + PAUSE
            return False
        if self._away_until is not None:
            log.info("the channel layer is back")
        self._away_until = None
        return True

    async def next_input(self) -> InputMessage:
        """What a viewer typed; waits for it, also while the layer is away."""
        return cast(InputMessage, await self._next(INPUT_CHANNEL))

    async def next_watch(self) -> WatchMessage:
        """Which containers a web process has viewers of."""
        return cast(WatchMessage, await self._next(WATCH_CHANNEL))

    async def _next(self, channel: str) -> dict[str, Any]:
        while True:
            try:
                message = await self._layer.receive(channel)
            except REDIS_AWAY:
                await asyncio.sleep(PAUSE)
            else:
                end_if_cancelled()
                return cast(dict[str, Any], message)


def end_if_cancelled() -> None:
    """Obey a cancellation that came meanwhile.

    redis-py uses `asyncio.wait_for`, which before Python 3.12 swallows one that comes just when its work is done
    (python/cpython#86296): the supervisor went on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def output_message(container_id: UUID, data: str, start: int, end: int) -> OutputMessage:
    return OutputMessage(type="console.output", container_id=str(container_id), data=data, start=start, end=end)
