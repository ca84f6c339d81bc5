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


Part = UUID | str | access.Claim  # of a ward: its right, or its claim


class Watchman:
    """Asks for all connections of a process at once, in a few queries; for what many of them have, once."""

    def __init__(self) -> None:
        self._wards: dict[Part, set[Ward]] = {}  # each by both of its parts
        self._round: asyncio.Task[None] | None = None

    def watch(self, ward: Ward) -> None:
        for part in (ward.right, ward.claim):
            self._wards.setdefault(part, set()).add(ward)
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._walk())

    def dismiss(self, ward: Ward) -> None:
        for part in (ward.right, ward.claim):
            wards = self._wards.get(part, set())
            wards.discard(ward)
            if not wards:
                self._wards.pop(part, None)

    async def _walk(self) -> None:
        while self._wards:
            await asyncio.sleep(EVERY)
            try:
                ended = await database_sync_to_async(over)(list(self._wards))
            except Exception:  # whatever it was: who walks no more ends nothing for the rest of the process's life
                log.exception("the rights of open sockets could not be checked")
                continue
            why = {ward: error for part, error in ended.items() for ward in self._wards.get(part, ())}
            await asyncio.gather(*(self._end(ward, error) for ward, error in why.items()))

    async def _end(self, ward: Ward, why: LightdError) -> None:
        self.dismiss(ward)
        try:
            await asyncio.wait_for(ward.end(why), END_WITHIN)
        except Exception:
            log.exception("a socket whose right has ended could not be closed")


def over(parts: Collection[Part]) -> dict[Part, LightdError]:
    """Those that hold no more, and why; the rights last, as who has none is told of nothing else."""
    claims = {part for part in parts if isinstance(part, access.Claim)}
    token_ids = {part for part in parts if isinstance(part, UUID)}
    session_keys = {part for part in parts if isinstance(part, str)}
    tokens_alive = tokens.alive(token_ids) if token_ids else set()
    sessions_alive = sessions.alive(session_keys) if session_keys else set()
    return {
        **dict.fromkeys(claims - access.still(claims), Forbidden("You may not watch this container any more")),
        **dict.fromkeys(token_ids - tokens_alive, Unauthenticated("Token has expired or was revoked")),
        **dict.fromkeys(session_keys - sessions_alive, Unauthenticated("You are signed out")),
    }


watchman = PerLoop(Watchman)
