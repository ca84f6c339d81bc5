"""Limits changed while the container runs: Docker's live update, without a restart.

Updates of one container are done one after another in the order of the requests, and never while a job makes it anew:
so what Docker has in the end is what the row says.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from containers import events
from containers.engine import client as engine
from containers.engine.config import settings_of
from containers.engine.errors import EngineRefused, EngineUnavailable, Gone, TookTooLong
from containers.jobs import queue
from containers.jobs.queue import Waiting
from containers.models import Container, Event, Job
from rules.units import MIB
from work import lease


def update(job: Job) -> None:
    """Give Docker's container the limits in the job's arguments. Where there is none yet, the next one is made with
    those of the row."""
    if others_first(job):
        raise Waiting(lambda: not others_first(job))
    try:
        with suppress(Gone):
            apply(job.container, job.args["limits"])
    except TookTooLong:
        # Docker may do it yet, whatever becomes of this job: the next start makes the container as the row is then.
        Container.objects.filter(pk=job.container_id).update(stale=True)
        raise
    conclude(job, Job.Status.DONE, "Limits applied")


def others_first(job: Job) -> bool:
    """Whether an earlier update is under way, or a job that makes or starts the container."""
    earlier = Job.objects.filter(
        container=job.container_id, kind=Job.Kind.UPDATE, status__in=Job.UNFINISHED, created_at__lt=job.created_at
    )
    return earlier.exists() or queue.unfinished(job.container_id)


def apply(container: Container, limits: dict[str, Any]) -> None:
    """Update, and see that Docker has taken it."""
    docker_id = container.docker_id
    if not docker_id or (container.stale and not engine.inspect(docker_id).running):
        return
    used = engine.memory_in_use(docker_id) if "Memory" in limits else 0
    if used > limits.get("Memory", used):
        # The newer kernels' way to hold such a limit is to kill the process.
        raise EngineRefused(f"the container uses {used / MIB:.0f} MiB of memory now")
    warnings = engine.update(docker_id, limits)
    has = engine.host_config(docker_id)
    left_out = [name for name, value in limits.items() if has.get(name) != value and name != "MemorySwap"]
    if left_out:
        raise EngineRefused(warnings or f"Docker did not take {', '.join(left_out)}")


def fail(job: Job, sentence: str) -> None:
    """The row goes back to what the container still has, but for what a later request has changed again.

    Where Docker does not say what it has, the row stays as was asked, and the next start makes the container so.
    """
    docker_id = job.container.docker_id
    try:
        has = settings_of(engine.host_config(docker_id)) if docker_id else {}
    except (EngineUnavailable, EngineRefused):
        with queue.step(job):
            Container.objects.filter(pk=job.container_id).update(stale=True)
            conclude(job, Job.Status.FAILED, f"Limits hold from the next start on: {sentence}", sentence)
        return
    with queue.step(job):
        container = Container.objects.select_for_update().get(pk=job.container_id)
        for name, wanted in job.args["settings"].items():
            if name in has and container.limit(name) == wanted:
                container.set_limit(name, has[name])
        container.save(update_fields=("memory", "cpu", "resources"))
        conclude(job, Job.Status.FAILED, f"Limits are as before: {sentence}", sentence)


def conclude(job: Job, status: Job.Status, message: str, error: str = "") -> None:
    """Say how it ended, and let the next one begin."""
    with queue.step(job):
        events.record_for(job, Event.Kind.SETTINGS, message)
        lease.finish(job, status, error)
        queue.wake(job.container_id)
