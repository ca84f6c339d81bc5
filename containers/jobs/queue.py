"""The job rows: added by the web, claimed by one worker, rescued when the worker is gone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from containers.models import Container, ImageJob, Job, JobArgs
from rules import request_id
from rules.errors import Conflict
from rules.rows import delete_in_pieces
from work import lease, workers
from work.models import Work

log = logging.getLogger(__name__)

J = TypeVar("J", Job, ImageJob)

# What takes long, and has workers of its own.
SLOW = (Job.Kind.INSTALL, ImageJob.Kind.PULL, ImageJob.Kind.REMOVE)
# The function that workers are told to call with the id of a row.
RUN: dict[type[Work], str] = {Job: "containers.jobs.run.run", ImageJob: "containers.jobs.run.run_image_job"}


class Superseded(Exception):
    """The job is no longer wanted: its container is gone, or something newer took its place."""


class Waiting(Exception):
    """The job cannot go on yet, and holds no worker until it can: whoever sees that it can calls `wake`. Should nobody,
    a worker asks again every few seconds, as of all that is queued.

    `over` asks whether it can: nobody may have seen it at the moment the job was put back.
    """

    def __init__(self, over: Callable[[], bool]) -> None:
        self.over = over


def add(container: Container, kind: Job.Kind, actor: Actor | None, args: JobArgs | None = None) -> Job:
    """Add a job inside the caller's transaction; the broker hears of it after the commit.

    The state machine has decided that the action may begin, so an older job that still thinks it owns the container's
    process is cancelled here; so is a signal that was meant for the process before this one.
    """
    if kind in Job.EXCLUSIVE:
        cancel(container.id, Job.EXCLUSIVE)
    if kind in (Job.Kind.START, Job.Kind.INSTALL):
        cancel(container.id, Job.SIGNALS)
    job = Job.objects.create(
        container=container,
        kind=kind,
        args=args or {},
        actor=actor.name if actor else "",
        request_id=request_id.current(),
    )
    transaction.on_commit(lambda: nudge(job))
    return job


def add_image_job(kind: ImageJob.Kind, image: str, shown: str, actor: Actor) -> ImageJob:
    """Add the pull or removal of an image inside the caller's transaction.

    Raises:
        Conflict: there is one already.
    """
    try:
        with transaction.atomic():
            job = ImageJob.objects.create(
                kind=kind, image=image, shown=shown, actor=actor.name, request_id=request_id.current()
            )
    except IntegrityError:
        raise Conflict(f"{shown} is already being pulled or removed") from None
    transaction.on_commit(lambda: nudge(job))
    return job


def nudge(job: Job | ImageJob) -> None:
    """Tell the workers of a job. Only its id travels; lost on the way, `rescue` tells them again."""
    workers.tell(RUN[type(job)], str(job.id), cluster=cluster_of(job.kind))


def cluster_of(kind: str) -> str:
    """The workers that do jobs of this kind."""
    return workers.INSTALLS if kind in SLOW else workers.POWER


def cancel(container_id: UUID, kinds: tuple[Job.Kind, ...]) -> None:
    """Give up unfinished jobs of a container. A worker in the middle of one notices at its next step."""
    Job.objects.filter(container_id=container_id, kind__in=kinds, status__in=Job.UNFINISHED).update(
        status=Job.Status.CANCELLED, finished_at=timezone.now()
    )


def unfinished(container_id: UUID, kinds: tuple[Job.Kind, ...] = Job.EXCLUSIVE) -> bool:
    """Whether a worker has, or will get, such a job of the container; by default one that begins or replaces its
    process."""
    return Job.objects.filter(container_id=container_id, kind__in=kinds, status__in=Job.UNFINISHED).exists()


def claim(job_id: UUID) -> Job | None:
    """Make the job this worker's own; None if it is somebody else's, finished, or its row is gone."""
    return lease.take(Job.objects.select_related("container", "container__volume").filter(pk=job_id))


def claim_image_job(job_id: UUID) -> ImageJob | None:
    """The same of an image's."""
    return lease.take(ImageJob.objects.filter(pk=job_id))


@contextmanager
def step(job: Work) -> Iterator[None]:
    """A transaction in which the job is surely still this worker's own. Raises `Superseded` otherwise."""
    with transaction.atomic():
        if not lease.mine(job).select_for_update().exists():
            raise Superseded
        yield


def check(job: Work) -> None:
    """Raise `Superseded` if the job was given up meanwhile."""
    if not lease.mine(job).exists():
        raise Superseded


def put_back(job: Work, *, counts: bool = False) -> None:
    """Return a job that could not be done now (the engine is away, say).

    Args:
        counts: as one of the attempts that it has.
    """
    attempts = F("attempts") if counts else F("attempts") - 1
    lease.mine(job).update(status=Job.Status.QUEUED, attempts=attempts, queued_at=timezone.now(), lease_until=None)


def remember(job: Job, args: JobArgs) -> None:
    """Write into the job how far it is."""
    job.args |= args
    lease.mine(job).update(args=job.args)


def wake(container_id: UUID) -> None:
    """Tell the workers, after the caller's commit, of jobs that may have been `Waiting` for what has happened now."""
    for job in Job.objects.filter(container_id=container_id, kind__in=Job.PATIENT, status=Job.Status.QUEUED):
        transaction.on_commit(partial(nudge, job))


def rescue() -> list[Job | ImageJob]:
    """Give the jobs of dead workers to others, and nudge those the broker has lost.

    Returns:
        Jobs that were begun as often as they may be and never ended: they are left to the caller, who knows what
        their failure means.
    """
    jobs = Job.objects.select_related("container", "container__volume")
    return [*rescue_among(jobs), *rescue_among(ImageJob.objects.all())]


def rescue_among(jobs: QuerySet[J]) -> list[J]:
    """The same for jobs of one sort."""
    if not jobs.filter(status__in=Work.UNFINISHED).exists():
        return []  # as nearly always: this is asked every second
    now = timezone.now()
    orphans = jobs.filter(status=Work.Status.RUNNING, lease_until__lt=now)
    hopeless = list(orphans.filter(attempts__gte=lease.MAX_ATTEMPTS))
    for job in orphans.filter(attempts__lt=lease.MAX_ATTEMPTS):
        if lease.take_away(job, status=Work.Status.QUEUED, queued_at=now, lease_until=None):
            log.warning("job %s lost its worker, queued again", job)
            nudge(job)
    for job in workers.lost(jobs.filter(status=Work.Status.QUEUED), lambda job: cluster_of(job.kind)):
        nudge(job)
    return hopeless


def prune(older_than: timedelta) -> None:
    """Forget finished jobs."""
    finished = Q(finished_at__lt=timezone.now() - older_than) & ~Q(status__in=Work.UNFINISHED)
    delete_in_pieces(Job.objects.filter(finished))
    delete_in_pieces(ImageJob.objects.filter(finished))
