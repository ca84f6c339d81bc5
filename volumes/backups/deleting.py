"""The end of backups: out of sight at once, out of their store by a worker, as what failed ones have left there."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from rules.errors import LightdError
from volumes.backups.models import Backup
from volumes.backups.stores import store_of
from volumes.models import Operation
from work import workers

log = logging.getLogger(__name__)

Status = Backup.Status
# How long those that failed are shown, and how many of a volume, or of all of somebody's that are gone.
KEEP_FAILED, MOST_FAILED = timedelta(days=30), 10
# The backups that a restore names: a worker that goes on with it reads both.
NEEDED = ("backup", "safety_copy")


def let_go(backups: QuerySet[Backup]) -> int:
    """Have them go, but for those that are locked, being made, or needed by a restore. In the caller's transaction."""
    wanted = Backup.objects.filter(pk__in=list(backups.values_list("pk", flat=True)))
    list(wanted.select_for_update())  # whoever begins to restore one does the same: then one sees the other
    restored = Operation.objects.filter(kind=Operation.Kind.RESTORE, status__in=Operation.UNFINISHED)
    free = wanted.filter(locked=False, status__in=(Status.GOOD, Status.FAILED))
    needed = [args[name] for args in restored.values_list("args", flat=True) for name in NEEDED if name in args]
    gone = free.exclude(pk__in=needed).update(status=Status.DELETING)
    if gone:
        transaction.on_commit(ask_to_sweep)
    return gone


def settle() -> None:
    """What was being made and is no more, has failed. The supervisor asks for this again and again."""
    making = Backup.objects.filter(status=Status.MAKING)
    for backup in making.exclude(operation__status__in=Operation.UNFINISHED).select_related("operation"):
        failed = Backup.objects.filter(pk=backup.pk, status=Status.MAKING)
        if failed.update(status=Status.FAILED, error=_reason(backup.operation), finished_at=timezone.now()):
            ask_to_sweep()


def _reason(operation: Operation | None) -> str:
    if operation is None:
        return "The volume was deleted meanwhile"
    return operation.error or "It was cancelled"


def ask_to_sweep() -> None:
    """Have a worker clear the stores. Lost on the way, the supervisor asks for it within the hour."""
    workers.tell("volumes.backups.deleting.clear_stores", cluster=workers.INSTALLS)


def clear_stores() -> None:
    """Remove from their stores what is no backup any more, or never became one. Safe to run at any time."""
    for backup in Backup.objects.filter(Q(status=Status.DELETING) | Q(status=Status.FAILED, leftovers=True)):
        try:
            store_of(backup).clear(backup.pk.hex)
        except (LightdError, OSError) as error:
            log.warning("backup %s stays in its store for now: %s", backup.pk, error)
            continue
        Backup.objects.filter(pk=backup.pk, status=Status.FAILED).update(leftovers=False)
        Backup.objects.filter(pk=backup.pk, status=Status.DELETING).delete()
    _forget_failed()


def _forget_failed() -> None:
    failed = Backup.objects.filter(status=Status.FAILED, leftovers=False)
    place = Window(
        RowNumber(), partition_by=[F("owner"), F("volume")], order_by=[F("created_at").desc(), F("id").desc()]
    )
    behind = failed.annotate(place=place).filter(place__gt=MOST_FAILED).values("pk")
    failed.filter(Q(pk__in=behind) | Q(finished_at__lt=timezone.now() - KEEP_FAILED)).delete()
