"""A volume made larger or smaller: done by a worker, who may be gone at any moment, and by the next one again."""

from __future__ import annotations

import logging
from collections.abc import Callable

from rules.errors import LightdError
from volumes import images, locks, quotas, storage, uses
from volumes.archives import Meter
from volumes.models import Operation, Volume
from volumes.operations import queue
from work import lease

log = logging.getLogger(__name__)

# Seconds that somebody else may have the volume: a worker that is lost, while the program ends that it had begun.
_WAIT = 60.0


def resize(operation: Operation, meter: Meter) -> None:
    """Have the volume hold as much as is asked for. What is refused leaves it as it was."""
    try:
        with locks.held(str(operation.volume_id), wait=_WAIT) as lock:
            _resize(operation, meter, lock)
    except locks.Busy:
        quotas.give_back(operation)
        raise


def _resize(operation: Operation, meter: Meter, lock: int) -> None:
    volume, size = operation.volume, int(operation.args["size"])
    try:
        storage.mount(volume, lock)
        if not images.has_room_for(storage.image(volume), size):
            _enlarge(operation, size, meter, lock)
        queue.begin_publishing(operation, "size", {}, meter)
        images.hold(storage.image(volume), size)
    except (LightdError, OSError):
        give_up(operation)
        raise
    Volume.objects.filter(pk=volume.pk).update(quota_mb=size)


def give_up(operation: Operation) -> None:
    """Have the volume be of the size that it had, by who has its lock, or after who had it."""
    quotas.give_back(operation)
    volume = Volume.objects.get(pk=operation.volume_id)
    try:
        if storage.image(volume).is_ready:
            images.hold(storage.image(volume), storage.size_of(volume))
    except LightdError as error:
        log.error("volume %s is larger than its row says: %s", volume, error)


def _enlarge(operation: Operation, size: int, meter: Meter, lock: int) -> None:
    volume = operation.volume
    uses.refuse_running(volume)
    image = storage.image(volume)
    images.unmount(image, lock)
    try:
        lease.mine(operation).update(total_bytes=image.file.stat().st_blocks * 512)
        images.enlarge(image, size, _counted(meter), lock)
    finally:
        images.mount(image, storage.size_of(volume), lock)


def _counted(meter: Meter) -> Callable[[int], None]:
    def count(size: int) -> None:
        meter.check()
        meter.done += size

    return count
