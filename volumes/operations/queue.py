"""The rows of operations: added by the web, claimed by one worker, rescued when the worker is gone."""

from __future__ import annotations

import logging
import threading
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.actor import Actor
from rules import request_id
from rules.errors import Conflict, NotFound
from rules.rows import delete_in_pieces
from volumes import quotas, replacing
from volumes.archives import Meter, Stopped
from volumes.models import Operation, Volume
from work import lease, workers

log = logging.getLogger(__name__)

Status = Operation.Status

# Those of a volume that may be unfinished, and those that are remembered when they are finished.
MOST_UNFINISHED, MOST_FINISHED = 20, 100
# Done in no time: a resize that does not have to copy the volume's image into a larger one.
QUICK = Q(kind=Operation.Kind.RESIZE, args__copies=False)

# Seconds. A large volume takes hours to pack; whether its worker lives is told by the lease.
LONGEST = 7 * 24 * 3600

# Seconds that a request waits for the end: less than the minute after which most proxies give up on us.
LONGEST_WAIT = 55.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5  # seconds between two looks

# Requests of this process that may wait, each with a thread and a connection of its own.
MOST_WAITING = 24

_ends = threading.Event()
_places = threading.BoundedSemaphore(MOST_WAITING)


def add(volume: Volume, kind: Operation.Kind, actor: Actor, args: dict[str, Any]) -> Operation:
    """Add an operation inside the caller's transaction; the broker hears of it after the commit."""
    return add_as(actor.name, volume, kind, args)


def add_as(name: str, volume: Volume, kind: Operation.Kind, args: dict[str, Any]) -> Operation:
    """The same for whoever is called so: a schedule is no user."""
    replacing.refuse_replaced(volume.pk)
    if unfinished(volume).count() >= MOST_UNFINISHED:
        raise Conflict(f"The volume has {MOST_UNFINISHED} operations that are not done yet")
    _forget_most(volume)
    operation = Operation.objects.create(
        volume=volume, kind=kind, args=args, actor=name, request_id=request_id.current()
    )
    transaction.on_commit(lambda: tell(operation))
    return operation


def _forget_most(volume: Volume) -> None:
    """Each may name a thousand paths, and nobody has to wait for a worker who cancels it."""
    finished = volume.operations.exclude(status__in=Operation.UNFINISHED).filter(lease_until=None)
    if old := list(finished.values_list("pk", flat=True)[MOST_FINISHED:]):
        Operation.objects.filter(pk__in=old).delete()


def unfinished(volume: Volume) -> QuerySet[Operation]:
    return volume.operations.filter(status__in=Operation.UNFINISHED)


def tell(operation: Operation) -> None:
    """Tell the workers. Lost on the way, `rescue` tells them again."""
    workers.tell("volumes.operations.run.run", str(operation.pk), cluster=workers.INSTALLS, timeout=LONGEST)


# --- Waiting for one ----------------------------------------------------------


def wait(operation: Operation) -> Operation:
    """The operation when it is finished; or as it is after the longest time that one may wait, or when many do."""
    if not _places.acquire(blocking=False):
        return operation
    try:
        until, pause = monotonic() + LONGEST_WAIT, _SHORTEST_PAUSE
        while not operation.is_finished and monotonic() < until and not _ends.wait(pause):
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            operation = _again(operation)
        return operation
    finally:
        _places.release()


def _again(operation: Operation) -> Operation:
    try:
        return Operation.objects.select_related("volume").get(pk=operation.pk)
    except Operation.DoesNotExist:
        raise NotFound("Volume not found") from None  # deleted meanwhile, with its operations


def end_waiting() -> None:
    """This process ends: who waits is told how far it is."""
    _ends.set()


def cancel(operation: Operation) -> None:
    """Give it up; a worker in the middle of it clears away what it has made."""
    if operation.kind == Operation.Kind.RESIZE:
        raise Conflict("A resize cannot be cancelled; ask for another size when it is done")
    now = timezone.now()
    unfinished = Operation.objects.filter(pk=operation.pk, status__in=Operation.UNFINISHED, publishing="")
    # A lease, of nobody if need be: an earlier attempt may have left something.
    lease_until = Coalesce("lease_until", Value(now, models.DateTimeField()))
    if not unfinished.update(status=Status.CANCELLED, finished_at=now, lease_until=lease_until):
        raise Conflict("The operation is finished, or so far that it cannot be cancelled")


# --- The worker's -------------------------------------------------------------


def claim(operation_id: UUID) -> Operation | None:
    """Make it this worker's own; None if it is somebody else's or finished, or has to wait until another one is done.

    Of two workers that come at the same moment both may get one, so now and then there is one more than planned.
    """
    claimable = Operation.objects.select_related("volume").filter(pk=operation_id)
    if not _has_room():
        claimable = claimable.filter(QUICK)
    return lease.take(claimable, done_bytes=0, entries=0)


def _has_room() -> bool:
    """What takes long leaves a worker to the installations."""
    running = Operation.objects.filter(status=Status.RUNNING)
    slow = running.count() - running.filter(QUICK).count()
    return slow < settings.INSTALL_WORKERS - 1


def kept(operation: Operation, meter: Meter) -> AbstractContextManager[None]:
    """Keep it this worker's own for as long as the block runs; the meter is stopped when it is not any more."""
    return lease.kept(operation, partial(_renew, meter))


def _renew(meter: Meter, operation: Operation) -> None:
    """Renew the lease, and with it write how far it is and notice a cancellation."""
    is_mine = lease.renew(operation, done_bytes=meter.done, entries=meter.entries)
    meter.stopped = meter.stopped or not is_mine
    if not is_mine:  # it was cancelled: time to clear away
        _given_up(operation).update(lease_until=timezone.now() + lease.LEASE)


def _given_up(operation: Operation) -> QuerySet[Operation]:
    """Without a lease it is cleared already, perhaps since a moment ago: that is not taken back."""
    return Operation.objects.filter(
        pk=operation.pk, status=Status.CANCELLED, attempts=operation.attempts, lease_until__isnull=False
    )


def begin_publishing(operation: Operation, draft: str, result: dict[str, Any], meter: Meter) -> None:
    """From here on it goes on to its end, whoever takes it there. Raises `Stopped` if it was given up before."""
    if not lease.mine(operation).update(publishing=draft, result=result, done_bytes=meter.done, entries=meter.entries):
        raise Stopped


def finish(operation: Operation, status: Operation.Status, error: str = "", error_status: int = 500) -> None:
    """Write how it ended. What it has made is cleared away, or in its place."""
    lease.finish(operation, status, error, error_status=error_status)
    _tell_of_the_next()


def cleared(operation: Operation) -> None:
    """Of one that was given up: nothing is left of it."""
    Operation.objects.filter(pk=operation.pk, attempts=operation.attempts).exclude(status=Status.RUNNING).update(
        lease_until=None
    )
    _tell_of_the_next()


def _tell_of_the_next() -> None:
    waiting = Operation.objects.filter(status=Status.QUEUED).order_by("created_at").first()
    if waiting is not None:
        tell(waiting)


# --- The supervisor's ---------------------------------------------------------


def rescue() -> None:
    """Give what dead workers had to others, and tell the workers again of what they seem not to have heard of."""
    if not Operation.objects.filter(Q(status__in=Operation.UNFINISHED) | Q(lease_until__isnull=False)).exists():
        return  # as nearly always: this is asked every second
    now = timezone.now()
    for operation in Operation.objects.filter(lease_until__lt=now, status=Status.RUNNING):
        log.warning("%s lost its worker", operation)
        _put_back(operation, now)
    claimable = Q(status=Status.QUEUED) if _has_room() else Q(status=Status.QUEUED) & QUICK
    # Its worker died before it had cleared away.
    to_be_cleared = ~Q(status__in=Operation.UNFINISHED) & Q(lease_until__lt=now)
    for operation in workers.lost(Operation.objects.filter(claimable | to_be_cleared), lambda _: workers.INSTALLS):
        tell(operation)


def _put_back(operation: Operation, now: datetime) -> None:
    """To the queue, or after too many attempts to the failed, which are cleared away. What is published goes on."""
    changes: dict[str, Any] = {"status": Status.QUEUED, "lease_until": None}
    if operation.attempts >= lease.MAX_ATTEMPTS and not operation.publishing:
        error = f"Given up: its worker was lost {lease.MAX_ATTEMPTS} times"
        changes = {"status": Status.FAILED, "error": error, "finished_at": now}
    with transaction.atomic():
        if not lease.take_away(operation, queued_at=now, **changes):
            return
        if changes["status"] == Status.FAILED and operation.kind == Operation.Kind.RESIZE:
            quotas.give_back(operation)  # before anybody may ask for another size
    tell(operation)


def prune(older_than: timedelta) -> None:
    """Forget what was finished long ago."""
    finished = Operation.objects.exclude(status__in=Operation.UNFINISHED)
    delete_in_pieces(finished.filter(finished_at__lt=timezone.now() - older_than, lease_until=None))
