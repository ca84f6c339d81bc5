"""Tells the dashboard's sockets whether the Docker engine answers: one look for all those of a process."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Protocol

from channels.db import database_sync_to_async

from containers import health
from containers.sockets.per_loop import PerLoop

log = logging.getLogger(__name__)

EVERY = 2.0  # seconds, as often as the supervisor says it


class Listener(Protocol):
    def offer_engine(self, away_since: datetime | None) -> None: ...


class EngineWatch:
    """All listeners of this process."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._round: asyncio.Task[None] | None = None
        self._seen: tuple[datetime | None] | None = None  # by the round that goes on; None: nothing yet

    def join(self, listener: Listener) -> None:
        """Tell it from now on, after each look; it hears at once what the last one found."""
        self._listeners.add(listener)
        if self._round is None:
            self._round = asyncio.create_task(self._walk())
        elif self._seen:
            listener.offer_engine(*self._seen)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if self._round and not self._listeners:
            self._round.cancel()
            self._round = self._seen = None

    async def _walk(self) -> None:
        while True:
            try:
                self._seen = (await database_sync_to_async(health.engine_away_since)(),)
            except Exception:  # whatever it was: the next look may find out
                log.exception("how the engine is could not be looked up")
            else:
                for listener in self._listeners:
                    listener.offer_engine(*self._seen)
            await asyncio.sleep(EVERY)


engine_watch = PerLoop(EngineWatch)
