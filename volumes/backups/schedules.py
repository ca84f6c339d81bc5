"""Backups that are made by themselves: what can be asked of their schedules, and what the supervisor does for them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission
from rules.errors import Conflict, Invalid, LightdError, NotFound
from rules.rows import by_id
from volumes import access, replacing
from volumes.backups import bounds, cron, lifecycle, retention
from volumes.backups.models import Backup, BackupSchedule

log = logging.getLogger(__name__)

MOST = 10  # of a volume
ACTOR = "schedule"


@dataclass(frozen=True)
class Plan:
    """What a schedule is to be."""

    cron: str
    time_zone: str
    keep: int
    enabled: bool

    def next_after(self, moment: datetime) -> datetime | None:
        return cron.next_after(self.cron, self.time_zone, moment) if self.enabled else None


# --- What can be asked --------------------------------------------------------


def of_volume(actor: Actor, volume_id: str, permission: Permission = lifecycle.READ) -> QuerySet[BackupSchedule]:
    return access.find_files(actor, volume_id, permission).backup_schedules.all()


def find(actor: Actor, volume_id: str, schedule_id: str, permission: Permission = lifecycle.READ) -> BackupSchedule:
    return by_id(of_volume(actor, volume_id, permission), schedule_id, "Schedule")


def _target(volume_id: str, schedule_id: str, *_: object) -> str:
    return f"{volume_id}/{schedule_id}"


@audit.attempt("backup.schedule", lambda volume_id, plan: volume_id)
def create(actor: Actor, volume_id: str, plan: Plan) -> BackupSchedule:
    volume = access.find_files(actor, volume_id, lifecycle.WRITE)
    cron.refuse_bad(plan.cron, plan.time_zone)
    _refuse_too_many(plan.keep)
    with transaction.atomic():
        replacing.lock(volume.pk)
        if volume.backup_schedules.count() >= MOST:
            raise Conflict(f"The volume has {MOST} schedules, as many as it may have")
        schedule = BackupSchedule.objects.create(
            volume=volume, actor=actor.name, next_at=plan.next_after(timezone.now()), **vars(plan)
        )
        audit.record(actor, f"{volume_id}/{schedule.pk}", after=vars(plan))
    return schedule


@audit.attempt("backup.schedule", _target)
def change(actor: Actor, volume_id: str, schedule_id: str, changes: Mapping[str, Any]) -> BackupSchedule:
    """Have it be otherwise from now on; its next time is counted anew.

    Args:
        changes: of fields of its plan.
    """
    schedule = find(actor, volume_id, schedule_id, lifecycle.WRITE)
    before = plan_of(schedule)
    after = replace(before, **changes)
    cron.refuse_bad(after.cron, after.time_zone)
    if "keep" in changes:
        _refuse_too_many(after.keep)
    fields = {**vars(after), "next_at": after.next_after(timezone.now())}
    with transaction.atomic():
        if not BackupSchedule.objects.filter(pk=schedule.pk).update(**fields):
            raise NotFound("Schedule not found")
        audit.record(actor, _target(volume_id, schedule_id), before=vars(before), after=vars(after))
    for name, value in fields.items():
        setattr(schedule, name, value)
    return schedule


@audit.attempt("backup.unschedule", _target)
def delete(actor: Actor, volume_id: str, schedule_id: str) -> None:
    """The backups that it made stay."""
    schedule = find(actor, volume_id, schedule_id, lifecycle.WRITE)
    with transaction.atomic():
        audit.record(actor, _target(volume_id, schedule_id))
        schedule.delete()


def plan_of(schedule: BackupSchedule) -> Plan:
    return Plan(schedule.cron, schedule.time_zone, schedule.keep, schedule.enabled)


def _refuse_too_many(keep: int) -> None:
    """Raise Invalid if a schedule would keep more backups than there may be: at some night it would make no more."""
    most = settings.BACKUPS_PER_VOLUME
    if keep > most:
        raise Invalid.named("keep", f"A volume may have {most} backups")


# --- The supervisor's ---------------------------------------------------------


def begin_due() -> None:
    """Begin what is due. Of runs that were missed while nothing ran, one is made up for."""
    now = timezone.now()
    for schedule in BackupSchedule.objects.filter(next_at__lte=now).select_related("volume__owner"):
        try:
            next_at = plan_of(schedule).next_after(now)
        except Exception:  # a time zone that is gone, say: the others go on, and this one when it is changed
            log.exception("schedule %s has no next time", schedule.pk)
            next_at = None
        try:
            _begin(schedule, now, next_at)
        except Exception:  # a database that is busy, say: asked again in a second, and the others do not wait for it
            log.exception("the backup of schedule %s could not be begun", schedule.pk)


@transaction.atomic
def _begin(schedule: BackupSchedule, now: datetime, next_at: datetime | None) -> None:
    """The backup and the next time, together: neither twice nor never."""
    due = BackupSchedule.objects.filter(pk=schedule.pk, next_at=schedule.next_at)
    if not due.update(next_at=next_at):
        return
    retention.forget_failures(schedule)
    if schedule.backups.filter(status=Backup.Status.MAKING).exists():
        log.warning("the backup of schedule %s is left out: the one before is still being made", schedule.pk)
        return
    try:
        with transaction.atomic():
            replacing.lock(schedule.volume_id)
            bounds.refuse_one_more(schedule.volume, schedule)
            lifecycle.begin(schedule.volume, ACTOR, schedule=schedule)
    except LightdError as error:
        _note_refusal(schedule, error, now)


def _note_refusal(schedule: BackupSchedule, error: LightdError, now: datetime) -> None:
    """Where people look for the backup, they find why there is none."""
    lifecycle.new(
        schedule.volume,
        ACTOR,
        schedule=schedule,
        status=Backup.Status.FAILED,
        leftovers=False,
        error=error.sentence,
        finished_at=now,
    )
