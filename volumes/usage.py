"""How full a volume is. Of an image the kernel knows it at any moment.

A directory's size is held by our own doors alone. How much is in it stands in its row, in bytes of the disk, as `du`
has them: what was counted last, and since then what our doors have written, less what they have removed
(`volumes.tree.room`). They say so in steps: those who write at once may go beyond the size by one step each. What its
container does, and what folders take, is known when it is counted again: by who asks, twice a minute, as far as that
is quick; by the supervisor, while its container runs; and by a worker, within two hours, whatever was asked about.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from rules.errors import LightdError, OutOfSpace
from rules.units import MIB
from volumes import contents, images, storage
from volumes.contents import Contents
from volumes.models import Volume
from volumes.tree import Room
from work import workers

log = logging.getLogger(__name__)

# After so long who asks counts a directory anew, as far as that is quick.
_COUNTED_EVERY = timedelta(seconds=30)
# So long a worker counts those that were asked about. It does so every hour, or a little later.
_OF_LATE = timedelta(hours=2)


@dataclass(frozen=True)
class Usage:
    """Bytes; without a size, no more is known than what is used."""

    used: int
    size: int | None
    available: int | None


def of(volume: Volume) -> Usage:
    """For who waits for it: exact, or as last measured."""
    if volume.is_image:
        storage.made(volume)
        return _of_image(volume)
    _count_if_it_is_time(volume)
    used = volume.measured_bytes or 0
    size = volume.limit
    return Usage(used, size, None if size is None else max(size - used, 0))


def known(volume: Volume) -> int | None:
    """Bytes that are used, for a list of many; None if nobody knows. Nothing is mounted or counted for it."""
    if not volume.is_image:
        return volume.measured_bytes
    return _of_image(volume).used if storage.image(volume).is_ready else None


def refuse_full(volume: Volume) -> None:
    """Raise OutOfSpace if nothing more can be written into a directory: an image's kernel says so itself."""
    if not volume.is_image and of(volume).available == 0:
        raise OutOfSpace("The volume is full")


def room_in(volume: Volume) -> Room:
    """For who writes into it or removes from it, and settles it at the end."""
    return Room() if volume.is_image else Room(partial(_told, volume.pk))


def room_in_empty(volume: Volume) -> Room:
    """The same, for what is to replace all that is in it."""
    limit = volume.limit
    if volume.is_image or limit is None:
        return Room()
    left = limit

    def told(more: int) -> int:
        nonlocal left
        left -= more
        return left

    return Room(told)


@contextmanager
def counting(volume: Volume) -> Iterator[Room]:
    """The same, settled at the end of the block."""
    room = room_in(volume)
    try:
        yield room
    finally:
        room.settle()


def note(volume_id: UUID, used: int) -> None:
    """What is in a directory, as somebody has counted it just now."""
    Volume.objects.filter(pk=volume_id).update(measured_bytes=used)


def ask_to_count() -> None:
    """Have a worker do it: walking can take minutes. Lost on the way, the supervisor asks for it within the hour."""
    workers.tell("volumes.usage.count_all", cluster=workers.INSTALLS)


def count_all() -> None:
    """Count the directories that somebody has asked about of late, however long that takes."""
    asked = Volume.objects.filter(storage=Volume.Storage.DIRECTORY, measured_at__gt=timezone.now() - _OF_LATE)
    for volume in list(asked):  # for minutes: not with a query open
        try:
            count(volume)
        except (LightdError, OSError) as error:
            log.warning("what is in volume %s is not counted for now: %s", volume, error)


def count(volume: Volume) -> None:
    """Have it counted, however long that takes."""
    if not volume.is_image:
        with storage.tree(volume) as tree:
            _note_count(volume, contents.count(tree, math.inf))


def _told(volume_id: UUID, more: int) -> int | None:
    if more:
        used = Greatest(Coalesce("measured_bytes", 0) + more, 0)
        Volume.objects.filter(pk=volume_id).update(measured_bytes=used)
    volume = Volume.objects.filter(pk=volume_id).first()
    return of(volume).available if volume else None  # deleted meanwhile: its writer is told at the end


def _of_image(volume: Volume) -> Usage:
    size = storage.size_of(volume)
    found = images.usage(storage.image(volume), size)
    return Usage(found.used, size * MIB, found.available)


def _count_if_it_is_time(volume: Volume) -> None:
    now = timezone.now()
    if volume.measured_at and volume.measured_at > now - _COUNTED_EVERY:
        return
    as_it_was = Volume.objects.filter(pk=volume.pk, measured_at=volume.measured_at)
    if not as_it_was.update(measured_at=now):
        return  # of several who ask at once, one counts
    with storage.tree(volume) as tree:
        _note_count(volume, contents.count(tree))
    volume.refresh_from_db(fields=["measured_bytes", "measured_at"])


def _note_count(volume: Volume, found: Contents) -> None:
    if found.complete:
        note(volume.pk, found.on_disk)
    else:
        at_least = Greatest(Coalesce("measured_bytes", 0), found.on_disk)
        Volume.objects.filter(pk=volume.pk).update(measured_bytes=at_least)
