"""Those who are signed in: what they may do, and whether they still may."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings

from accounts.permissions import Permission
from containers import access
from containers.models import SftpAccess, SftpKey
from containers.sftp.sign_in import Guest
from containers.sftp.threads import Threads
from rules.errors import Forbidden

log = logging.getLogger(__name__)

EVERY = 0.5  # seconds between two looks at everybody's rights


@dataclass(eq=False)
class Visit:
    """One connection of a guest's."""

    guest: Guest
    end: Callable[[str], None]  # hangs up, with the reason
    may_write: bool = False
    is_over: bool = False
    used_at: float = field(default_factory=time.monotonic)
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)  # ties together what the log and the audit say

    def __post_init__(self) -> None:
        self.may_write = self.guest.may_write

    @property
    def is_idle(self) -> bool:
        return time.monotonic() - self.used_at > settings.SFTP_IDLE_TIMEOUT

    def use(self) -> None:
        """Note that something is asked."""
        if self.is_over:
            raise Forbidden("The connection has ended")
        self.used_at = time.monotonic()

    def require_write(self) -> None:
        if not self.may_write:
            raise Forbidden("You may not do this to the volume: files.write is needed")


class Visits:
    """All of this process."""

    def __init__(self) -> None:
        self._visits: set[Visit] = set()
        self._somebody_left = False
        self._threads = Threads(1, "rights")  # of its own: rights end also while every disk hangs

    def of_user(self, user_id: int) -> int:
        return sum(visit.guest.actor.user.pk == user_id for visit in self._visits)

    def begin(self, visit: Visit) -> None:
        self._visits.add(visit)

    def leave(self, visit: Visit) -> None:
        visit.is_over = True
        self._visits.discard(visit)
        self._somebody_left = True

    async def watch(self) -> None:
        """Keep everybody to their rights until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            if self._visits:
                await self._look()
            if self._somebody_left:
                self._somebody_left = False
                await self._threads.run(give_memory_back)

    async def _look(self) -> None:
        visits = list(self._visits)
        guests = {visit.guest for visit in visits}
        try:
            rights = await self._threads.run(partial(rights_of, guests))
        except Exception:  # whatever it was: the next look is the only one that ends anybody's visit
            log.exception("the rights of SFTP connections could not be checked")
            return
        for visit in visits:
            visit.may_write = rights.may_write(visit.guest)
            if not rights.may_stay(visit.guest):
                visit.end("You may not use these files any more")
            elif visit.is_idle:
                visit.end(f"Nothing was asked for {settings.SFTP_IDLE_TIMEOUT} s")


@dataclass(frozen=True)
class Rights:
    """What some guests have at one moment."""

    passwords: dict[int, str]
    keys: set[uuid.UUID]
    held: set[access.Claim]

    def may_stay(self, guest: Guest) -> bool:
        if guest.access_id not in self.passwords or reading(guest) not in self.held:
            return False
        if isinstance(guest.proof, uuid.UUID):
            return guest.proof in self.keys
        return guest.proof == self.passwords[guest.access_id]

    def may_write(self, guest: Guest) -> bool:
        return writing(guest) in self.held


def rights_of(guests: Collection[Guest]) -> Rights:
    """In five queries, however many they are."""
    accesses = SftpAccess.objects.filter(pk__in={guest.access_id for guest in guests})
    keys = SftpKey.objects.filter(pk__in={guest.proof for guest in guests if isinstance(guest.proof, uuid.UUID)})
    return Rights(
        passwords=dict(accesses.order_by().values_list("pk", "password")),
        keys=set(keys.order_by().values_list("pk", flat=True)),
        held=access.still({claim for guest in guests for claim in (reading(guest), writing(guest))}),
    )


def reading(guest: Guest) -> access.Claim:
    return claim_of(guest, Permission.FILES_READ)


def writing(guest: Guest) -> access.Claim:
    return claim_of(guest, Permission.FILES_WRITE)


def claim_of(guest: Guest, permission: Permission) -> access.Claim:
    user = guest.actor.user
    return access.Claim(user.pk, guest.container_id, permission, user.is_superuser)


def give_memory_back() -> None:
    """What transfers took: the C library would keep most of it, four uploads at once made 250 MB of 50."""
    ctypes.CDLL(None).malloc_trim(0)
