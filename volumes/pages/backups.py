"""The backups of a volume, on a page of its own and as a tab of a container's; and all of one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission, allows
from rules.errors import Invalid, LightdError, NotFound
from rules.pages import action, page, saying, show
from rules.serializers import validated
from volumes import access, uses
from volumes.backups import bounds, cron, lifecycle, schedules
from volumes.backups.lifecycle import Into
from volumes.backups.schedules import Plan
from volumes.backups.serializers import BackupRequest, PlanRequest
from volumes.forms import BackupForm, ScheduleForm
from volumes.models import Backup, BackupSchedule, Operation, Volume
from volumes.operations import asking

ROWS = 50
# Seconds between two looks of an open page: while something is under way, and else.
SOON, LATER = 1, 10
# How long the end of a restore is told.
TOLD = timedelta(hours=1)
FORESEEN = 3


@dataclass(frozen=True)
class Progress:
    """An operation, and how far it is."""

    operation: Operation

    @property
    def is_under_way(self) -> bool:
        return not self.operation.is_finished

    @property
    def percent(self) -> int | None:
        """None: nobody knows yet."""
        total = self.operation.total_bytes
        return min(100, 100 * self.operation.done_bytes // total) if total else None


@dataclass(frozen=True)
class Row:
    """A backup, and what makes it."""

    backup: Backup

    @property
    def work(self) -> Progress | None:
        making = self.backup.status == Backup.Status.MAKING
        return Progress(self.backup.operation) if making and self.backup.operation else None


@dataclass(frozen=True)
class Restore(Progress):
    """The latest one into a volume."""

    backup: Backup | None


@dataclass(frozen=True)
class Held:
    """How many backups a volume has of those that it may have, and their bytes."""

    count: int
    most: int
    size: int


@dataclass(frozen=True)
class Shelf:
    """The backups of a volume, or without one, all of one's own."""

    volume: Volume | None
    rows: list[Row]
    part: Any
    restore: Restore | None
    running: list[str]  # on the volume, which cannot be restored meanwhile
    held: Held | None  # of the volume
    may_write: bool
    may_make_volumes: bool

    @property
    def pace(self) -> int:
        works = [*(row.work for row in self.rows), self.restore]
        return SOON if any(work and work.is_under_way for work in works) else LATER

    @property
    def version(self) -> str:
        """Another one for anything else to see."""
        seen = [(row.backup.pk, row.backup.status, row.backup.locked, row.backup.name) for row in self.rows]
        works = [work.operation for work in [*(row.work for row in self.rows), self.restore] if work]
        progress = [
            (work.pk, work.status, work.done_bytes, work.total_bytes, work.result.get("step")) for work in works
        ]
        return hashlib.sha256(repr((seen, progress, self.running, self.held)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Planned:
    """A schedule, and what it means."""

    schedule: BackupSchedule

    @property
    def words(self) -> str:
        return cron.explained(self.schedule.cron)


# --- Looking ------------------------------------------------------------------


@page
def show_all(request: HttpRequest, volume_id: str) -> HttpResponse:
    shown = of_volume(request, volume_id)
    return render(request, "volumes/backups.html", {**shown, "name": shown["shelf"].volume.short})


def of_volume(request: HttpRequest, volume_id: str) -> dict[str, Any]:
    """What a page shows of a volume's backups."""
    actor = actor_of(request)
    volume = access.find_files(actor, volume_id, Permission.FILES_READ)
    return {
        "shelf": _shelf(request, actor, volume),
        "form": BackupForm(),
        **_schedules(actor, volume, ScheduleForm()),
    }


@page
def show_own(request: HttpRequest) -> HttpResponse:
    """All of one's own, also of volumes that are gone."""
    return render(request, "volumes/own_backups.html", {"shelf": _shelf(request, actor_of(request), None)})


@page
def show_list(request: HttpRequest, volume_id: str | None = None) -> HttpResponse:
    """The list alone, asked for again and again; without a volume, that of all of one's own."""
    actor = actor_of(request)
    shelf = _shelf(request, actor, _volume(actor, volume_id))
    if request.GET.get("version") == shelf.version:
        return HttpResponse(status=204)  # htmx leaves all as it is
    return render(request, "volumes/backups/_list.html", {"shelf": shelf})


def _volume(actor: Actor, volume_id: str | None) -> Volume | None:
    return None if volume_id is None else access.find_files(actor, volume_id, Permission.FILES_READ)


def _shelf(request: HttpRequest, actor: Actor, volume: Volume | None) -> Shelf:
    found = lifecycle.of_ones_own(actor) if volume is None else lifecycle.of_volume(actor, str(volume.pk))
    part = Paginator(found, ROWS).get_page(request.GET.get("page"))
    return Shelf(
        volume=volume,
        rows=[Row(backup) for backup in part],
        part=part,
        restore=None if volume is None else _latest_restore(volume),
        running=[] if volume is None else uses.running_on(volume),
        held=None if volume is None else _held(volume),
        may_write=volume is None or access.may(actor, Permission.FILES_WRITE, volume),
        may_make_volumes=allows(actor, Permission.VOLUMES),
    )


def _held(volume: Volume) -> Held:
    found = bounds.counted(volume).aggregate(count=Count("pk"), size=Sum("size", default=0))
    return Held(most=settings.BACKUPS_PER_VOLUME, **found)


def _latest_restore(volume: Volume) -> Restore | None:
    operation = volume.operations.filter(kind=Operation.Kind.RESTORE).first()
    if operation is None or (operation.finished_at and operation.finished_at < timezone.now() - TOLD):
        return None
    return Restore(operation, Backup.objects.filter(pk=operation.args["backup"]).first())


# --- Acting -------------------------------------------------------------------


@action
def make(request: HttpRequest, volume_id: str) -> HttpResponse:
    actor, form = actor_of(request), BackupForm(request.POST)
    volume = access.find_files(actor, volume_id, Permission.FILES_WRITE)
    if not form.is_valid():
        return _show_making(request, actor, volume, form)
    try:
        backup = lifecycle.create(actor, volume_id, **validated(BackupRequest, form.filled()))
    except LightdError as error:
        return _show_making(request, actor, volume, form, error)
    return saying(_show_making(request, actor, volume, BackupForm()), f"Making {backup}")


def _show_making(
    request: HttpRequest, actor: Actor, volume: Volume, form: BackupForm, error: LightdError | None = None
) -> HttpResponse:
    return show(request, "volumes/backups/_made.html", form, error, shelf=_shelf(request, actor, volume))


@action
def act(request: HttpRequest, backup_id: str, what: str, volume_id: str | None = None) -> HttpResponse:
    """What a button does with one; then the list that it stands in, as in `show_list`."""
    if what not in ACTIONS:
        raise NotFound("There is no such action")
    actor = actor_of(request)
    return _list(request, actor, volume_id, ACTIONS[what](actor, backup_id))


def _list(request: HttpRequest, actor: Actor, volume_id: str | None, said: str) -> HttpResponse:
    shelf = _shelf(request, actor, _volume(actor, volume_id))
    return saying(render(request, "volumes/backups/_list.html", {"shelf": shelf}), said)


def _restore(actor: Actor, backup_id: str) -> str:
    lifecycle.restore(actor, backup_id, Into.SAME)
    return "Restoring, after a safety copy"


def _restore_into_new(actor: Actor, backup_id: str) -> str:
    operation = lifecycle.restore(actor, backup_id, Into.NEW)
    return f"Restoring into the new volume {operation.volume.short}"


def _lock(actor: Actor, backup_id: str) -> str:
    return f"{lifecycle.change(actor, backup_id, locked=True)} is locked"


def _unlock(actor: Actor, backup_id: str) -> str:
    return f"{lifecycle.change(actor, backup_id, locked=False)} can be deleted"


def _delete(actor: Actor, backup_id: str) -> str:
    lifecycle.delete(actor, backup_id)
    return "The backup is deleted"


ACTIONS: dict[str, Callable[[Actor, str], str]] = {
    "restore": _restore,
    "restore-new": _restore_into_new,
    "lock": _lock,
    "unlock": _unlock,
    "delete": _delete,
}


@action
def cancel(request: HttpRequest, volume_id: str, operation_id: str) -> HttpResponse:
    actor = actor_of(request)
    asking.cancel(actor, volume_id, operation_id)
    return _list(request, actor, volume_id, "Cancelled")


# --- Schedules ----------------------------------------------------------------


@action
def add_schedule(request: HttpRequest, volume_id: str) -> HttpResponse:
    actor, form = actor_of(request), ScheduleForm(request.POST)
    volume = access.find_files(actor, volume_id, Permission.FILES_WRITE)
    if not form.is_valid():
        return _show_schedules(request, actor, volume, form)
    try:
        schedules.create(actor, volume_id, Plan(**validated(PlanRequest, form.filled())))
    except LightdError as error:
        return _show_schedules(request, actor, volume, form, error)
    return saying(_show_schedules(request, actor, volume, ScheduleForm()), "The schedule is made")


@action
def change_schedule(request: HttpRequest, volume_id: str, schedule_id: str, what: str) -> HttpResponse:
    actor = actor_of(request)
    volume = access.find_files(actor, volume_id, Permission.FILES_WRITE)
    match what:
        case "pause" | "resume":
            schedules.change(actor, volume_id, schedule_id, {"enabled": what == "resume"})
        case "delete":
            schedules.delete(actor, volume_id, schedule_id)
        case _:
            raise NotFound("There is no such action")
    return _show_schedules(request, actor, volume, ScheduleForm())


@action
def foresee(request: HttpRequest, volume_id: str) -> HttpResponse:
    """When backups would be made, while one types."""
    access.find_files(actor_of(request), volume_id, Permission.FILES_READ)
    typed = {name: request.POST.get(name, "") for name in ("cron", "time_zone")}
    try:
        plan = validated(PlanRequest, typed)
        line, zone = plan["cron"], plan["time_zone"]
        cron.refuse_bad(line, zone)
    except Invalid as error:
        problem = next(sentence for sentences in (error.details or {}).values() for sentence in sentences)
        return render(request, "volumes/backups/_foreseen.html", {"problem": problem})
    times: list[datetime] = cron.following(line, zone, timezone.now(), FORESEEN)
    return render(request, "volumes/backups/_foreseen.html", {"words": cron.explained(line), "times": times})


def _show_schedules(
    request: HttpRequest, actor: Actor, volume: Volume, form: ScheduleForm, error: LightdError | None = None
) -> HttpResponse:
    return show(request, "volumes/backups/_schedules.html", form, error, **_schedules(actor, volume, form))


def _schedules(actor: Actor, volume: Volume, form: ScheduleForm) -> dict[str, Any]:
    planned = [Planned(schedule) for schedule in schedules.of_volume(actor, str(volume.pk))]
    return {
        "volume": volume,
        "planned": planned,
        "schedule_form": form,
        "may_write": access.may(actor, Permission.FILES_WRITE, volume),
        "zones": sorted(cron.zones()),
    }
