"""How large a volume is to be, and how full it is; every door calls these."""

from __future__ import annotations

from django.db import transaction

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission
from rules.errors import Conflict
from rules.units import MIB
from volumes import access, images, lifecycle, quotas, replacing, storage, usage, uses
from volumes.models import Operation, Volume
from volumes.operations import queue
from volumes.usage import Usage


def measure(actor: Actor, volume_id: str) -> tuple[Volume, Usage]:
    """A volume, and how full it is."""
    volume = access.find_files(actor, volume_id, Permission.FILES_READ)
    return volume, usage.of(volume)


@audit.attempt("volume.resize")
def resize(actor: Actor, volume_id: str, size: int) -> Operation | None:
    """Have the volume be of so many megabytes, while everything that uses it runs; None: it is.

    Larger than the image that it is in, that is copied into a larger one, which takes its place: for this nothing may
    use the volume.
    """
    volume = lifecycle.find(actor, volume_id)
    refuse_below_use(volume, size)
    copies = volume.is_image and not images.has_room_for(storage.image(volume), size)
    if copies:
        images.refuse_too_large(storage.image(volume).file.parent, size)
        uses.refuse_running(volume)
    with transaction.atomic():
        before = _begin(volume, size)
        audit.record(actor, volume, before={"quota_mb": before}, after={"quota_mb": size})
        if not volume.is_image:
            return None
        return queue.add(volume, Operation.Kind.RESIZE, actor, {"size": size, "before": before, "copies": copies})


def refuse_below_use(volume: Volume, size: int) -> None:
    """Raise Conflict if there is more in the volume than so many megabytes."""
    used = usage.of(volume).used
    if used > size * MIB:
        raise Conflict(f"There are {-(-used // MIB)} MB in the volume, and it cannot be made smaller", field="size")


def _begin(volume: Volume, size: int) -> int | None:
    """Give the row its new size, unless it is smaller: then it has it when it holds. Returns the present one."""
    row = replacing.lock(volume.pk)
    if row.operations.filter(kind=Operation.Kind.RESIZE, status__in=Operation.UNFINISHED).exists():
        raise Conflict("The volume is being resized already")
    before = row.quota_mb
    if not row.is_image or before is None or size > before:
        row.quota_mb = size
        row.save(update_fields=["quota_mb", "updated_at"])
        quotas.refuse_beyond(row)
    return before
