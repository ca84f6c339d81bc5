"""Ends connections whose right has ended: a token revoked or expired, a browser signed out, a user made
inactive or an administrator no longer, a grant taken back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple
from uuid import UUID

from channels.db import database_sync_to_async

from accounts import sessions, tokens
from containers import access
from containers.sockets.per_loop import PerLoop
from rules.errors import Forbidden, LightdError, Unauthenticated

log = logging.getLogger(__name__)

EVERY = 0.4  # seconds; the contract promises a second
END_WITHIN = 1  # second, in which a connection is told; nobody else waits longer for it


class Ward(NamedTuple):
    """What a connection may do: the token (its id) or the session (its key) that it was opened with, what it was let in
    for, and how to end it."""

    right: UUID | str
    claim: access.Claim
    end: Callable[[LightdError], Awaitable[None]]


class Watchman:
    """Asks for all connections of a process at once, in a few queries."""

    def __init__(self) -> None:
        self._wards: set[Ward] = set()
        self._round: asyncio.Task[None] | None = None

    def watch(self, ward: Ward) -> None:
        self._wards.add(ward)
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._walk())

    def dismiss(self, ward: Ward) -> None:
        self._wards.discard(ward)

    async def _walk(self) -> None:
        while self._wards:
            await asyncio.sleep(EVERY)
            try:
                ended = await database_sync_to_async(rightless)(list(self._wards))
            except Exception:  # whatever it was: who walks no more ends nothing for the rest of the process's life
                log.exception("the rights of open sockets could not be checked")
                continue
            await asyncio.gather(*(self._end(ward, why) for ward, why in ended))

    async def _end(self, ward: Ward, why: LightdError) -> None:
        self.dismiss(ward)
        try:
            await asyncio.wait_for(ward.end(why), END_WITHIN)
        except Exception:
            log.exception("a socket whose right has ended could not be closed")


def rightless(wards: Collection[Ward]) -> list[tuple[Ward, LightdError]]:
    """Those whose right has ended, and why."""
    token_ids = {ward.right for ward in wards if isinstance(ward.right, UUID)}
    session_keys = {ward.right for ward in wards if isinstance(ward.right, str)}
    tokens_alive = tokens.alive(token_ids) if token_ids else set()
    sessions_alive = sessions.alive(session_keys) if session_keys else set()
    held = access.still({ward.claim for ward in wards})
    ended: list[tuple[Ward, LightdError]] = []
    for ward in wards:
        if isinstance(ward.right, UUID) and ward.right not in tokens_alive:
            ended.append((ward, Unauthenticated("Token has expired or was revoked")))
        elif isinstance(ward.right, str) and ward.right not in sessions_alive:
            ended.append((ward, Unauthenticated("You are signed out")))
        elif ward.claim not in held:
            ended.append((ward, Forbidden("You may not watch this container any more")))
    return ended


watchman = PerLoop(Watchman)
