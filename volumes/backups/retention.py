"""Which backups go by themselves, when a newer one has become good. Never a locked one, never the last good one."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from volumes.backups import deleting
from volumes.backups.models import Backup, BackupSchedule
from volumes.models import Volume

# The last state before the latest restore is what people want back.
SAFETY_COPIES = 1
# Those of a schedule that are shown beside the one that comes.
FAILURES = 3


def prune(newest: Backup) -> None:
    """In the transaction in which `newest` became good, have those go that it supersedes."""
    if newest.schedule:
        deleting.let_go(superseded(newest.schedule))


@transaction.atomic
def prune_safety_copies(volume: Volume) -> None:
    """When a restore is done, and not before: should it fail, the copy before it may have what people want back."""
    deleting.let_go(_behind(_safety_copies(volume), SAFETY_COPIES))


def forget_failures(schedule: BackupSchedule) -> None:
    """A schedule that fails each minute would fill the list with it."""
    deleting.let_go(_behind(schedule.backups.filter(status=Backup.Status.FAILED), FAILURES))


def superseded(schedule: BackupSchedule, more: int = 0) -> QuerySet[Backup]:
    """Those of a schedule that are more than it keeps, if `more` come."""
    return _behind(schedule.backups.filter(status=Backup.Status.GOOD), schedule.keep - more)


def _safety_copies(volume: Volume) -> QuerySet[Backup]:
    return volume.backups.filter(is_safety_copy=True, status=Backup.Status.GOOD)


def _behind(backups: QuerySet[Backup], keep: int) -> QuerySet[Backup]:
    free = backups.filter(locked=False)
    newest = free.order_by("-created_at", "-id").values("pk")[:keep]
    return free.exclude(pk__in=list(newest.values_list("pk", flat=True)))
