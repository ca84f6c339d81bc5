"""Makes the database agree with Docker: at boot, after the engine was away, and every few seconds.

Docker's events are the fast way to the same end. This is the one that needs nobody to have been watching. It asks the
engine, and may wait for that: so what it writes, it writes only if nobody else has meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from containers import crashes, events, lifecycle, outcomes, states
from containers.backoff import Backoff
from containers.crashes import Ending
from containers.engine import client as engine
from containers.engine.answers import Inspected, Seen
from containers.engine.errors import Gone
from containers.jobs import installation, queue, rebind, recreate, run
from containers.models import LONG, Container, Event, Job
from containers.states import State

log = logging.getLogger(__name__)

# A job's row may be seen before what it did in Docker, or the other way round: nothing younger is judged.
SETTLED_AFTER = timedelta(seconds=2)
# Docker notes an end a little before we lose it, or only when it is back and cleans up.
AWAY_BLUR = timedelta(seconds=3)
# A delete whose request died with its process is completed by us.
DELETE_ABANDONED_AFTER = timedelta(seconds=90)


class Away(NamedTuple):
    """The last time that the engine was away, as the supervisor saw it."""

    since: datetime
    until: datetime

    def covers(self, started_at: datetime | None, ended_at: datetime) -> bool:
        """Whether what began and ended then ended with the engine."""
        if started_at is not None and started_at > self.until:
            return False
        return self.since - AWAY_BLUR <= ended_at <= self.until + AWAY_BLUR


class Overtaken(Exception):
    """Somebody has written the row since it was judged, or is about to."""


def reconcile(seen: Mapping[str, Seen], engine_away: Away | None = None, backoff: Backoff | None = None) -> None:
    """Compare every row with what Docker's list says; `seen` maps Docker's id to its entry.

    One container's trouble is logged, has it wait, and does not keep the others from their turn.

    Raises:
        EngineUnavailable: the round ends there.
    """
    backoff = backoff or Backoff()
    for container in Container.objects.filter(deleting_at=None).defer(*LONG):
        entry = seen.get(container.docker_id)
        if seems_to_agree(container, entry) or backoff.waits(container.pk):
            continue
        with backoff.guarded(container.pk, f"{container} could not be brought to agree with Docker"):
            if is_so_still(container):
                agree(container, entry, engine_away)


def seems_to_agree(container: Container, entry: Seen | None) -> bool:
    """By the row as it was when the sweep began, without a query: as nearly always."""
    if entry is None:
        return not container.docker_id and container.state != State.INSTALLING
    if entry.running:
        return container.state == State.RUNNING
    return container.state not in states.WITH_PROCESS or container.restart_at is not None


def is_so_still(container: Container) -> bool:
    """Read the row anew. What a job is about to change, or has changed since the sweep began, is left alone.

    That no job is left is asked first: then the row has all that the last one wrote.
    """
    if queue.unfinished(container.id):
        return False
    docker_id = container.docker_id
    try:
        container.refresh_from_db()
    except Container.DoesNotExist:
        return False
    # One that was written in what is the future by now is older: the clock was set back.
    unsettled = abs(timezone.now() - container.updated_at) < SETTLED_AFTER
    return container.docker_id == docker_id and container.deleting_at is None and not unsettled


def agree(container: Container, entry: Seen | None, engine_away: Away | None) -> None:
    """Bring one row to what Docker says."""
    with suppress(Overtaken):
        if entry is None:
            missing(container)
        elif entry.running:
            found_running(container, entry)
        else:
            found_stopped(container, entry, engine_away)


@contextmanager
def as_judged(container: Container) -> Iterator[None]:
    """A transaction in which the row is what was judged, and nobody else can change it. Raises `Overtaken` if anybody
    has, or if a job is to: the engine was asked in between."""
    with transaction.atomic():
        unchanged = Container.objects.select_for_update().filter(
            pk=container.pk,
            state=container.state,
            docker_id=container.docker_id,
            deleting_at=None,
            updated_at=container.updated_at,
        )
        if not unchanged.exists() or queue.unfinished(container.id):
            raise Overtaken
        yield


def missing(container: Container) -> None:
    """Docker's list does not have the row's container."""
    if container.state == State.INSTALLING:
        # The job that would make it was lost: it is asked for again.
        with as_judged(container):
            queue.add(container, Job.Kind.INSTALL, None)
    elif container.docker_id:
        try:
            engine.inspect(container.docker_id)  # made after the list was read?
        except Gone:
            with as_judged(container):
                outcomes.vanished(container.id)


def found_running(container: Container, entry: Seen) -> None:
    """A process runs. Is it meant to?"""
    if container.state == State.STOPPING:
        with as_judged(container):
            asked = queue.unfinished(container.id, Job.SIGNALS)  # then a worker is still to ask it
            # Looked up after that: a worker that has asked it just now has left the time that it has.
            if not asked and Container.objects.filter(pk=container.pk, deadline_at=None).exists():
                queue.add(container, Job.Kind.KILL, None)
    elif container.state == State.FAILED and not container.installed:
        with as_judged(container):
            queue.add(container, Job.Kind.KILL, None)  # an install script that outlived its installation
    elif container.state != State.RUNNING:
        info = engine.inspect(entry.docker_id)
        if info.running:
            with as_judged(container):
                outcomes.started(container.id, entry.docker_id, info.started_at or timezone.now())


def found_stopped(container: Container, entry: Seen, engine_away: Away | None) -> None:
    """No process runs. Was one meant to?"""
    if container.state not in states.WITH_PROCESS or container.restart_at:
        return
    info = engine.inspect(entry.docker_id)
    if info.running:
        return
    with as_judged(container):
        if info.finished_at and not entry.created:
            outcomes.exited(container.id, entry.docker_id, ending_of(info, info.finished_at, engine_away))
            settle_unexplained(container, info, engine_away)
        elif container.state == State.INSTALLING:
            queue.add(container, Job.Kind.INSTALL, None)
        else:
            settle_unexplained(container, info, engine_away)


def ending_of(info: Inspected, finished_at: datetime, engine_away: Away | None) -> Ending:
    """How the process ended that Docker's record is about."""
    rebooted = info.started_at is not None and info.started_at < crashes.booted_at()
    with_engine = engine_away is not None and engine_away.covers(info.started_at, finished_at)
    return Ending(info.exit_code, finished_at, info.oom_killed, by_engine=rebooted or with_engine)


def settle_unexplained(container: Container, info: Inspected, engine_away: Away | None) -> None:
    """Docker shows no end that is younger than the last request, and no job is left: the request came to nothing. Of a
    process that was seen to run it did not: then the clock was set back, and the end is its own."""
    container.refresh_from_db()
    if container.restart_at:
        return
    if container.state == State.RUNNING or (container.state == State.STARTING and container.started_at):
        outcomes.ended_by_itself(container, ending_of(info, info.finished_at or timezone.now(), engine_away))
    elif container.state == State.STOPPING and not container.should_run:
        states.move(container.id, State.READY, deadline_at=None)
    elif container.state in (State.STARTING, State.STOPPING) and not queue.unfinished(container.id):
        if states.move(container.id, State.STARTING, only_from=frozenset({State.STOPPING}), started_at=None) or (
            container.state == State.STARTING
        ):
            queue.add(container, Job.Kind.START, None)
    elif container.state == State.INSTALLING and not queue.unfinished(container.id):
        installation.failed(container, "The installation was cut off", exit_code=info.exit_code)


def clear_away(seen: Mapping[str, Seen], backoff: Backoff) -> None:
    """Remove from Docker what nobody wants any more.

    Raises:
        EngineUnavailable: the round ends there.
    """
    remove_strays(seen, backoff)
    complete_deletes(backoff)


def remove_strays(seen: Mapping[str, Seen], backoff: Backoff) -> None:
    """Remove containers of ours that no row points to: halves of a rebind or a delete that was cut off."""
    known = dict(Container.objects.values_list("pk", "docker_id"))
    for entry in seen.values():
        if known.get(entry.container_id) == entry.docker_id or backoff.waits(entry.docker_id):
            continue
        if queue.unfinished(entry.container_id) or Container.objects.filter(docker_id=entry.docker_id).exists():
            continue
        log.warning("removing stray container %s", entry.docker_id[:12])
        with backoff.guarded(entry.docker_id, f"stray container {entry.docker_id[:12]} could not be removed"):
            remove_stray(entry)


def remove_stray(entry: Seen) -> None:
    """Remove it, and the images that were made for it."""
    if not Container.objects.filter(pk=entry.container_id).exists():
        engine.remove_with_volumes(entry.docker_id)
        return
    engine.remove(entry.docker_id)
    if queue.unfinished(entry.container_id):
        return  # one that was asked for meanwhile may have made an image, and not its container yet
    row = Container.objects.filter(pk=entry.container_id).first()
    if row:
        engine.remove_images(recreate.repository(row), keep=row.committed_image)


def complete_deletes(backoff: Backoff) -> None:
    """Complete deletes whose request was cut off, by SIGKILL say: the user asked for them."""
    abandoned = timezone.now() - DELETE_ABANDONED_AFTER
    for container in Container.objects.filter(deleting_at__lt=abandoned):
        if not backoff.waits(container.pk):
            with backoff.guarded(container.pk, f"{container} could not be deleted"):
                lifecycle.remove(container, actor=None)


def keep_deadlines() -> None:
    """Kill what has had its time: an install script past its limit, a process past its stop timeout. What an
    installation waits for is its worker's to kill.

    One whose worker was lost before it had asked has not had it: the next worker asks, and its time begins then.
    """
    overdue = Q(deadline_at__lte=timezone.now(), state__in=(State.INSTALLING, State.STOPPING))
    for container in Container.objects.filter(overdue).exclude(docker_id=""):
        if not (queue.unfinished(container.id, Job.SIGNALS) or rebind.is_to_ask(container)):
            end_overdue(container)


@transaction.atomic
def end_overdue(container: Container) -> None:
    """Have it killed, its time being up; of a stop that is told, once."""
    log.info("%s has had its time while %s", container, container.state)
    if container.state == State.STOPPING:
        overdue = Container.objects.filter(pk=container.pk, state=State.STOPPING, deadline_at=container.deadline_at)
        if not overdue.update(deadline_at=None):
            return  # it ended just now
        events.record(container, Event.Kind.KILLING, f"Still running after {container.stop_timeout} s: killing it")
    queue.add(container, Job.Kind.KILL, None)


def rescue_jobs() -> None:
    """Give jobs of dead workers to others; those that killed every worker they had are given up."""
    for job in queue.rescue():
        run.give_up(job, f"Gave up after {job.attempts} attempts: each worker that tried was lost")
