"""How many sockets one web process has: of a user, of a container, and of those whose right is not known yet."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from django.conf import settings

from containers.sockets.per_loop import PerLoop
from rules.errors import TooMany

# Sockets of one address that are looked up at once, and that wait for it: the database has other callers too.
LOOKED_UP = 4
WAITING = 200
RETRY = 5.0  # seconds, as a hint; a socket has no header for it


class Places:
    """The places of this process."""

    def __init__(self) -> None:
        self._taken: Counter[tuple[str, object]] = Counter()
        self._doors: dict[str, asyncio.Semaphore] = {}
        self._waiting: Counter[str] = Counter()

    @asynccontextmanager
    async def at_the_door(self, address: str) -> AsyncIterator[None]:
        """Wait for a turn to say who one is.

        Raises:
            TooMany: too many of this address wait already.
        """
        if self._waiting[address] >= WAITING:
            raise TooMany("Too many sockets are being opened from your address; try again", RETRY)
        self._waiting[address] += 1
        door = self._doors.setdefault(address, asyncio.Semaphore(LOOKED_UP))
        try:
            async with door:
                yield
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address], self._doors[address]

    def take(self, user_id: int, container_id: UUID | None = None) -> Callable[[], None]:
        """Take a place, at one container's console or at none; returns what gives it back.

        Raises:
            TooMany: the user, or the container, has no more.
        """
        if self._taken["user", user_id] >= settings.SOCKETS_PER_USER:
            raise TooMany(f"You already have {settings.SOCKETS_PER_USER} sockets open, which is the most", RETRY)
        if container_id is not None and self._taken["container", container_id] >= settings.SOCKETS_PER_CONTAINER:
            sentence = f"The container already has {settings.SOCKETS_PER_CONTAINER} sockets open, which is the most"
            raise TooMany(sentence, RETRY)
        taken: tuple[tuple[str, object], ...] = (("user", user_id),)
        if container_id is not None:
            taken += (("container", container_id),)
        self._taken.update(taken)
        return lambda: self._free(taken)

    def _free(self, taken: tuple[tuple[str, object], ...]) -> None:
        for place in taken:
            self._taken[place] -= 1
            if not self._taken[place]:
                del self._taken[place]


places = PerLoop(Places)
