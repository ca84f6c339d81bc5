"""While all that is in a volume is being replaced, nothing else is begun on it.

Both sides ask inside of the transaction in which they begin, and lock the volume's row first: of two that begin at the
same moment, the second one sees the first.
"""

from __future__ import annotations

from uuid import UUID

from rules.errors import Conflict, NotFound
from rules.rows import by_id
from volumes import storage, uses
from volumes.models import Operation, Volume
from volumes.tree import Identity


def refuse_unless_at_rest(volume: Volume) -> None:
    """Raise Conflict while anything runs on the volume, or is done to its files. In the caller's transaction."""
    refuse_replaced(volume.pk)
    uses.refuse_running(volume)
    if volume.operations.filter(status__in=Operation.UNFINISHED).exists():
        raise Conflict("The volume has operations that are not done yet; wait for them, or cancel them")


def refuse_written(volume: Volume) -> None:
    """Raise Conflict while the volume's files are being replaced: what is written now would be in neither copy."""
    _refuse_restored(volume.pk)


def refuse_lost(volume_id: UUID | str, root: Identity) -> None:
    """Raise Conflict if what was written below this folder is not in the volume, or soon will not be: its files are
    replaced, or were since the folder was opened."""
    volume = by_id(Volume.objects.all(), str(volume_id), "Volume")
    refuse_written(volume)
    if volume.is_image:
        return  # as long as something is open in it, none takes its place
    with storage.tree(volume) as now:
        if now.identity != root:
            raise Conflict("The volume was restored from a backup meanwhile, and this is lost with its old files")


def refuse_replaced(volume_id: UUID) -> None:
    """Raise Conflict while the volume's files are being replaced. In the caller's transaction."""
    lock(volume_id)
    _refuse_restored(volume_id)


def lock(volume_id: UUID) -> Volume:
    """The volume as it is now, which nobody else who asks here has until the caller's transaction ends. Rows that only
    refer to it may be made meanwhile.

    Raises:
        NotFound: it was deleted meanwhile.
    """
    volume = Volume.objects.select_for_update(no_key=True).filter(pk=volume_id).first()
    if volume is None:
        raise NotFound("Volume not found")
    return volume


def _refuse_restored(volume_id: UUID) -> None:
    replacing = Operation.objects.filter(volume=volume_id, kind=Operation.Kind.RESTORE, status__in=Operation.UNFINISHED)
    if replacing.exists():
        raise Conflict("The volume is being restored from a backup; wait until that is done, or cancel it")
