"""What can be asked of backups; every door calls these.

Who may do something to the files of a volume may do it to its backups. Those of a volume that is gone are whose it was.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission, allows, require
from rules.errors import Conflict, LightdError, NotFound
from rules.rows import by_id
from volumes import access, lifecycle, replacing
from volumes.backups import bounds, deleting
from volumes.backups.models import LONGEST_NAME, Backup, BackupSchedule
from volumes.backups.stores import chosen
from volumes.models import Operation, Volume
from volumes.operations import queue

Status = Backup.Status
READ, WRITE = Permission.FILES_READ, Permission.FILES_WRITE


class Into(StrEnum):
    """Where a backup is brought back to."""

    SAME = "same"
    NEW = "new"


# --- Finding ------------------------------------------------------------------


def of_volume(actor: Actor, volume_id: str) -> QuerySet[Backup]:
    """Those of a volume, newest first."""
    return _shown().filter(volume=access.find_files(actor, volume_id, READ))


def of_ones_own(actor: Actor) -> QuerySet[Backup]:
    """Those of all of one's volumes, also of those that are gone; an administrator's are all."""
    require(actor, Permission.VOLUMES)
    if actor.user.is_superuser:
        return _shown()
    return _shown().filter(Q(volume__owner=actor.user) | Q(volume=None, owner=actor.user))


def find(actor: Actor, backup_id: str, permission: Permission = READ) -> Backup:
    """One that is not being deleted, for whoever has `permission` on it.

    Raises:
        NotFound: there is none that the actor may see.
        Forbidden: the actor sees it, but lacks `permission`.
    """
    backup = by_id(_shown(), backup_id, "Backup")
    try:
        if backup.volume:
            access.refuse_unless_may(actor, permission, backup.volume)
        else:
            _refuse_unless_ones_own(actor, permission, backup)
    except NotFound:
        raise NotFound("Backup not found") from None
    return backup


def _refuse_unless_ones_own(actor: Actor, permission: Permission, backup: Backup) -> None:
    """As it is in the list `of_ones_own`."""
    if not allows(actor, Permission.VOLUMES) or not (actor.user.is_superuser or backup.owner_id == actor.user.pk):
        raise NotFound("Backup not found")
    require(actor, permission)


def find_good(actor: Actor, backup_id: str) -> Backup:
    """One that can be downloaded or restored."""
    backup = find(actor, backup_id)
    refuse_unless_good(backup)
    return backup


def refuse_unless_good(backup: Backup) -> None:
    if not backup.is_good:
        raise Conflict("The backup is still being made" if backup.status == Status.MAKING else "This backup has failed")


def _shown() -> QuerySet[Backup]:
    return Backup.objects.exclude(status=Status.DELETING).select_related("volume", "operation")


def _locked(backup: Backup) -> Backup:
    """It as it is now, until the caller's transaction ends. Before its volume is locked, everywhere: else two who want
    both would wait for each other."""
    now = _shown().select_for_update(of=("self",)).filter(pk=backup.pk).first()
    if now is None:
        raise NotFound("Backup not found")
    return now


def _in_trail(backup: Backup) -> str:
    """As what is within its volume: so the trail of that has it."""
    return f"{backup.of_volume}/{backup.pk}"


def _target(backup_id: str, *_: object, **__: object) -> str:
    try:
        return _in_trail(by_id(Backup.objects.all(), backup_id, "Backup"))
    except NotFound:
        return backup_id


# --- Making -------------------------------------------------------------------


@audit.attempt("backup.create", lambda volume_id, name="": f"{volume_id}/{name}")
def create(actor: Actor, volume_id: str, name: str = "") -> Backup:
    """Have all that is in the volume put aside.

    Args:
        name: what it is called; empty: after what it is of, and the time.
    """
    volume = access.find_files(actor, volume_id, WRITE)
    with transaction.atomic():
        replacing.refuse_replaced(volume.pk)
        bounds.refuse_one_more(volume)
        backup = begin(volume, actor.name, name=name)
        audit.record(actor, f"{volume_id}/{backup}")
    return backup


def begin(volume: Volume, actor: str, *, name: str = "", schedule: BackupSchedule | None = None) -> Backup:
    """The row and its operation, in the caller's transaction."""
    backup = new(volume, actor, name=name, schedule=schedule)
    backup.operation = queue.add_as(actor, volume, Operation.Kind.BACKUP, {"backup": str(backup.pk)})
    backup.save(update_fields=["operation"])
    return backup


def new(volume: Volume, actor: str, **fields: Any) -> Backup:
    """A row of the volume's, named after what it is of unless `fields` name it."""
    fields["name"] = fields.get("name") or f"{called(volume)}-{at(timezone.now())}"[:LONGEST_NAME]
    return Backup.objects.create(
        volume=volume,
        of_volume=volume.pk,
        quota_mb=volume.quota_mb,
        owner_id=volume.owner_id,
        store=chosen(),
        actor=actor,
        **fields,
    )


def called(volume: Volume) -> str:
    """What its backups are named after: the container that uses it, else the volume itself."""
    user = volume.containers.order_by("created_at").first()
    return str(user) if user else volume.short


def at(moment: datetime) -> str:
    """As a part of a file's name: sorted by name, backups are sorted by time."""
    return f"{moment:%Y-%m-%dT%H-%M-%SZ}"


# --- Changing and deleting ----------------------------------------------------


@audit.attempt("backup.change", _target)
def change(actor: Actor, backup_id: str, *, name: str | None = None, locked: bool | None = None) -> Backup:
    """Call it something else, or lock it against deletion."""
    found = find(actor, backup_id, WRITE)
    wanted = {"name": name, "locked": locked}
    changes = {field: value for field, value in wanted.items() if value is not None}
    with transaction.atomic():
        backup = _locked(found)
        before = {field: getattr(backup, field) for field in changes}
        if locked and not backup.locked:
            _refuse_lock(backup)
        for field, value in changes.items():
            setattr(backup, field, value)
        backup.save(update_fields=list(changes))
        audit.record(actor, _in_trail(backup), before=before, after=changes)
    return backup


def _refuse_lock(backup: Backup) -> None:
    """Nothing can be had of one that is not good, and a safety copy that is to stay counts as the others do."""
    refuse_unless_good(backup)
    if backup.is_safety_copy and backup.volume is not None:
        replacing.lock(backup.volume.pk)
        bounds.refuse_one_more(backup.volume)


@audit.attempt("backup.delete", _target)
def delete(actor: Actor, backup_id: str) -> None:
    """Remove it for good."""
    backup = find(actor, backup_id, WRITE)
    with transaction.atomic():
        audit.record(actor, _in_trail(backup), before={"name": backup.name})
        if not deleting.let_go(Backup.objects.filter(pk=backup.pk)):
            raise _why_not(backup)


def delete_with_volume(actor: Actor, volume_id: str) -> list[str]:
    """Remove a volume, and its backups; returns the names of those that stay, locked or in use."""
    backups = list(of_volume(actor, volume_id))
    lifecycle.delete(actor, volume_id)
    return [str(backup) for backup in backups if not _let_go(actor, backup)]


def _let_go(actor: Actor, backup: Backup) -> bool:
    try:
        with suppress(NotFound):  # somebody else has let it go
            delete(actor, str(backup.pk))
    except Conflict:
        return False
    return True


def _why_not(backup: Backup) -> LightdError:
    now = _shown().filter(pk=backup.pk).first()
    if now is None:
        return NotFound("Backup not found")
    if now.locked:
        return Conflict("The backup is locked; unlock it first")
    if now.status == Status.MAKING:
        return Conflict("The backup is still being made; cancel its operation first")
    return Conflict("A restore needs the backup; wait until that is done, or cancel it")


# --- Bringing back ------------------------------------------------------------


@audit.attempt("backup.restore", _target)
def restore(actor: Actor, backup_id: str, into: Into) -> Operation:
    """Have all that is in a volume replaced by what the backup has; in the same one after a safety copy of it."""
    with transaction.atomic():
        backup = _locked(find(actor, backup_id, WRITE))
        refuse_unless_good(backup)
        operation = _into_new(actor, backup) if into == Into.NEW else _into_same(actor, backup)
        audit.record(actor, _in_trail(backup), after={"into": str(operation.volume_id)})
    return operation


def _into_same(actor: Actor, backup: Backup) -> Operation:
    volume = backup.volume
    if volume is None:
        raise Conflict("The volume is gone; restore the backup into a new one")
    replacing.refuse_unless_at_rest(volume)
    bounds.refuse_one_more_safety_copy(volume)
    name = f"{called(volume)}-before-restore-{at(timezone.now())}"
    safety_copy = new(volume, actor.name, name=name, is_safety_copy=True)
    args = {"backup": str(backup.pk), "safety_copy": str(safety_copy.pk)}
    safety_copy.operation = queue.add(volume, Operation.Kind.RESTORE, actor, args)
    safety_copy.save(update_fields=["operation"])
    return safety_copy.operation


def _into_new(actor: Actor, backup: Backup) -> Operation:
    find(actor, str(backup.pk), READ)  # in a volume of their own they can read it
    volume = lifecycle.create(actor, backup.quota_mb)
    return queue.add(volume, Operation.Kind.RESTORE, actor, {"backup": str(backup.pk)})
