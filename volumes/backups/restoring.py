"""What a worker does to bring a backup back: a safety copy, the checksum, all of it unpacked beside the volume.

Only then it is put in the volume's place, in one step: cut off before that the volume is as it was, and as it is to be
after it.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from rules.errors import Conflict, NotFound
from volumes import storage, usage
from volumes.archives import UNLIMITED, CheckedCopy, Meter, unpack
from volumes.backups import making, retention
from volumes.backups.models import Backup
from volumes.backups.stores import store_of
from volumes.models import Operation, Volume
from volumes.operations import queue
from volumes.tree import PIECE, OpenFile, Tree
from work import lease


class Step(NamedTuple):
    """How far a restore is, as it is shown."""

    name: str
    total: int | None = None  # bytes


def do(operation: Operation, meter: Meter) -> None:
    # An attempt that was cut off behind the last step did nothing that this one may not do again.
    lease.mine(operation).update(publishing="")
    backup = _found(operation.args["backup"])
    if safety_copy := operation.args.get("safety_copy"):
        _begin(operation, meter, Step("saving"))
        making.make(operation, Backup.objects.get(pk=safety_copy), meter)
    with _fetched(operation, backup, meter) as archive:
        _begin(operation, meter, Step("checking", archive.entry.size))
        _refuse_changed(archive, backup, meter)
        _begin(operation, meter, Step("unpacking", archive.entry.size))
        with storage.replacement(operation.volume) as new:
            with new.tree(usage.room_in_empty(operation.volume)) as tree:
                unpack(archive, tree, meter, CheckedCopy())
                _be_like(operation.volume, tree)
                tree.flush()
            queue.begin_publishing(operation, new.name, {}, meter)
            storage.swap(operation.volume, new)
            usage.count(operation.volume)
    retention.prune_safety_copies(operation.volume)


def _be_like(volume: Volume, tree: Tree) -> None:
    """The volume's own folder is in no archive: it stays as it is, since containers count on who may write there."""
    with storage.tree(volume) as now:
        root = now.look(())
    tree.finish_folder((), root.mode, root.modified_ns, root.owner)


def _found(backup_id: str) -> Backup:
    backup = Backup.objects.filter(pk=backup_id, status=Backup.Status.GOOD).first()
    if backup is None:
        raise NotFound("The backup is not there any more")
    return backup


def _begin(operation: Operation, meter: Meter, step: Step) -> None:
    """What is counted from here on belongs to this step."""
    meter.limits = UNLIMITED
    meter.done = meter.entries = 0
    lease.mine(operation).update(result={"step": step.name}, total_bytes=step.total, done_bytes=0, entries=0)


def _fetched(operation: Operation, backup: Backup, meter: Meter) -> OpenFile:
    """The archive, open on this host: what is checked is what is unpacked, whatever becomes of it in its store."""
    _begin(operation, meter, Step("fetching", backup.size))

    def note(size: int) -> None:
        meter.check()
        meter.done += size

    return OpenFile(store_of(backup).fetch(backup.file, note), backup.file)


def _refuse_changed(archive: OpenFile, backup: Backup, meter: Meter) -> None:
    checksum = hashlib.sha256()
    while piece := archive.read(meter.done, PIECE):
        meter.check()
        checksum.update(piece)
        meter.done += len(piece)
    if checksum.hexdigest() != backup.sha256:
        raise Conflict("The backup is damaged: its checksum is another one than when it was made. Nothing was changed")
