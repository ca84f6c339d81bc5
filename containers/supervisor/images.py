"""Keeps the rows of the host's images true, by following Docker's events about them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from django.db import Error as DatabaseProblem

from containers.engine.answers import OnHost
from containers.engine.watch import AsyncEngine
from rules.errors import LightdError

log = logging.getLogger(__name__)

# Seconds. A pull or a prune brings many events, which one look answers.
SETTLE = 0.5
RECONNECT = 2.0
# Should a look fail between two events.
LOOK_AGAIN = 30.0


class Images:
    """Looks at Docker's list whenever something changed in it."""

    def __init__(self, engine: AsyncEngine, keep: Callable[[list[OnHost]], Awaitable[None]]) -> None:
        self._engine = engine
        self._keep = keep
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Follow and look until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._look())

    async def _follow(self) -> None:
        while True:
            try:
                async for _ in self._engine.image_changes():
                    self._changed.set()
            except LightdError as error:
                log.debug("images: %s", error)  # the supervisor has said that the engine is away
            except Exception:
                log.exception("images: their events are followed anew")
            await asyncio.sleep(RECONNECT)

    async def _look(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN):
                    await self._changed.wait()
            self._changed.clear()
            try:
                await self._keep(await self._engine.images())
            except (LightdError, DatabaseProblem) as error:
                log.debug("images: left to the next look: %s", error)
            except Exception:
                log.exception("images: left to the next look")
            await asyncio.sleep(SETTLE)
