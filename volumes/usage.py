"""How full a volume is. Of an image the kernel knows it at any moment; a directory has to be counted, which is done now
and then: what is measured is as old as that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from rules.errors import OutOfSpace
from rules.units import MIB
from volumes import contents, images, storage
from volumes.models import Volume
from volumes.tree import Room

# After so long who asks counts a directory anew, if that is quick; of running containers the supervisor does it.
_COUNTED_EVERY = timedelta(seconds=30)


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
    if volume.quota_mb is None:
        return Usage(used, None, None)
    size = volume.quota_mb * MIB
    return Usage(used, size, max(size - used, 0))


def known(volume: Volume) -> int | None:
    """Bytes that are used, for a list of many; None if nobody knows. Nothing is mounted or counted for it."""
    if not volume.is_image:
        return volume.measured_bytes
    return _of_image(volume).used if storage.image(volume).is_ready else None


def room_in(volume: Volume) -> Room:
    """What may be written into it from now on: a directory's size is held by nobody else, an image's by the kernel.

    Raises:
        OutOfSpace: nothing.
    """
    if volume.is_image:
        return Room()
    available = of(volume).available
    if available == 0:
        raise OutOfSpace("The volume is full")
    return Room(available)


@contextmanager
def filling(volume: Volume) -> Iterator[Room]:
    """The room for what is written in the block; when all of it is there, it counts as used."""
    room = room_in(volume)
    yield room
    count_written(volume.pk, room)


def count_written(volume_id: UUID, room: Room) -> None:
    """Until the directory is counted the next time: the one who writes next has so much less room."""
    if room.size is not None and room.taken:
        used = Greatest(Coalesce("measured_bytes", 0) + room.taken, 0)
        Volume.objects.filter(pk=volume_id).update(measured_bytes=used)


def note(volume_id: UUID, used: int) -> None:
    """What is in a directory, as somebody has counted it just now."""
    Volume.objects.filter(pk=volume_id).update(measured_bytes=used, measured_at=timezone.now())


def _of_image(volume: Volume) -> Usage:
    size = storage.size_of(volume)
    found = images.usage(storage.image(volume), size)
    return Usage(found.used, size * MIB, found.available)


def _count_if_it_is_time(volume: Volume) -> None:
    if volume.measured_at and volume.measured_at > timezone.now() - _COUNTED_EVERY:
        return
    with storage.tree(volume) as tree:
        found = contents.count(tree)
    if found.complete or found.size > (volume.measured_bytes or 0):
        note(volume.pk, found.size)
        volume.refresh_from_db(fields=["measured_bytes", "measured_at"])
