"""What a worker does to make a backup: pack the volume as a stream into the store, then say that it is there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import users
from rules.errors import OutOfSpace
from volumes import storage
from volumes.archives import UNLIMITED, Choice, Format, LeftOut, Meter, Stopped, measure, pack
from volumes.backups import bounds, ignoring, retention
from volumes.backups.models import Backup
from volumes.backups.stores import Store, store_of
from volumes.models import Operation
from volumes.tree import Tree
from work import lease

FORMAT = Format.TAR_ZST


@dataclass(frozen=True)
class Archive:
    """What was put into the store."""

    file: str
    sha256: str
    size: int
    left_out: LeftOut


def do(operation: Operation, meter: Meter) -> None:
    make(operation, Backup.objects.get(pk=operation.args["backup"]), meter)


def make(operation: Operation, backup: Backup, meter: Meter) -> None:
    """Have the backup there, unless an earlier attempt has."""
    if backup.status != Backup.Status.MAKING:
        return
    store = store_of(backup)
    store.clear(backup.pk.hex)  # what an earlier attempt left
    # Each attempt has its own name: the worker of the one before may only be slow.
    file = f"{backup.pk.hex}-{operation.attempts}.{FORMAT}"
    archive = _archive(operation, backup, store, file, meter)
    try:
        _become_good(operation, backup, archive, meter)
    except Stopped:
        store.clear(file)
        raise


def _archive(operation: Operation, backup: Backup, store: Store, file: str, meter: Meter) -> Archive:
    meter.limits = UNLIMITED
    with storage.tree(operation.volume) as tree:
        # What a restore is about to replace is all of it, also what no backup is to have.
        ignores = Choice.ignores if backup.is_safety_copy else ignoring.ignores(tree)
        # Links are kept wherever they lead: here nobody follows them, and the container is to have them back.
        choice = Choice(ignores=ignores, keeps_link=lambda path, target: True)
        total = measure(tree, [()], choice)
        lease.mine(operation).update(total_bytes=total)
        _refuse_without_room(store, total)
        return _write(backup, store, file, tree, choice, meter)


def _write(backup: Backup, store: Store, file: str, tree: Tree, choice: Choice, meter: Meter) -> Archive:
    checksum, left_out, size = hashlib.sha256(), LeftOut(), 0
    room = bounds.room_of(backup.owner)
    with store.new_file(file) as new:
        for piece in pack(tree, [()], FORMAT, meter, left_out, choice):
            size += len(piece)
            bounds.refuse_beyond(room, size)
            checksum.update(piece)
            new.write(piece)
        meter.check()
        new.finish()
    return Archive(file, checksum.hexdigest(), size, left_out)


def _refuse_without_room(store: Store, size: int) -> None:
    """Packed it will be smaller, but nobody knows by how much before, and the disk is not for backups alone."""
    free = store.free()
    if free is not None and free < size:
        raise OutOfSpace(
            f"There is no room where backups are kept: {size >> 20} MB are to be packed, {free >> 20} MB free"
        )


@transaction.atomic
def _become_good(operation: Operation, backup: Backup, archive: Archive, meter: Meter) -> None:
    """The one step by which it is good. Raises `Stopped` if nobody wants it any more, or another worker has it."""
    progress: dict[str, Any] = {"done_bytes": meter.done, "entries": meter.entries}
    if operation.kind == Operation.Kind.BACKUP:
        progress["publishing"] = archive.file  # too late to cancel
        progress["result"] = {
            "size": archive.size,
            "left_out": archive.left_out.paths,
            "left_out_count": archive.left_out.count,
        }
    if not lease.mine(operation).update(**progress):
        raise Stopped
    # Once more: another one may have become good meanwhile.
    owner = users.locked(backup.owner_id)
    bounds.refuse_beyond(bounds.room_of(owner), archive.size)
    became = Backup.objects.filter(pk=backup.pk, status=Backup.Status.MAKING).update(
        status=Backup.Status.GOOD,
        file=archive.file,
        sha256=archive.sha256,
        size=archive.size,
        entries=meter.entries,
        left_out=archive.left_out.count,
        leftovers=False,
        finished_at=timezone.now(),
    )
    if not became:
        raise Stopped
    retention.prune(backup)
