"""What workers are told to call: one function for what is done to containers, one for images."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError

from containers.engine import client
from containers.engine.errors import EngineUnavailable, TookTooLong
from containers.jobs import images, install, limits, power, queue, rebind
from containers.jobs.queue import Superseded, Waiting
from containers.models import ImageJob, Job
from rules import request_id, subject
from rules.errors import LightdError
from volumes.locks import Busy
from work import lease
from work.models import Work

log = logging.getLogger(__name__)

# By a job's kind: what it does, and what it means for the container that it failed.
DO: dict[str, Callable[[Any], None]] = {
    Job.Kind.INSTALL: install.install,
    Job.Kind.START: power.start,
    Job.Kind.STOP: power.stop,
    Job.Kind.KILL: power.kill,
    Job.Kind.REBIND: rebind.rebind,
    Job.Kind.UPDATE: limits.update,
    ImageJob.Kind.PULL: images.pull,
    ImageJob.Kind.REMOVE: images.remove,
}
FAIL: dict[str, Callable[[Job, str], None]] = {
    Job.Kind.INSTALL: install.fail,
    Job.Kind.START: power.fail_start,
    Job.Kind.STOP: power.fail_signal,
    Job.Kind.KILL: power.fail_signal,
    Job.Kind.REBIND: rebind.fail,
    Job.Kind.UPDATE: limits.fail,
}


def run(job_id: str) -> None:
    """Do the job with this id, unless somebody else does or did."""
    job = queue.claim(UUID(job_id))
    if job is None:
        return
    request_id.use(job.request_id)
    subject.is_container(job.container.internal_id)
    with lease.kept(job):
        attempt(job)


def run_image_job(job_id: str) -> None:
    """The same for an image's."""
    job = queue.claim_image_job(UUID(job_id))
    if job is None:
        return
    request_id.use(job.request_id)
    subject.is_container("")
    with lease.kept(job):
        attempt(job)


def attempt(job: Job | ImageJob) -> None:
    """One attempt at a claimed job, and how it ended."""
    try:
        DO[job.kind](job)
    except Superseded:
        log.info("job %s is no longer wanted", job)
    except Waiting as waiting:
        queue.put_back(job)
        with suppress(EngineUnavailable):
            if waiting.over():
                queue.nudge(job)
    except TookTooLong:
        _try_again(job)
    except EngineUnavailable:
        log.warning("job %s waits for the engine", job)
        queue.put_back(job)
    except Busy:
        log.info("job %s waits for its volume", job)
        queue.put_back(job)
    except (OperationalError, InterfaceError) as error:
        # The lease runs out, and the next attempt begins where this one was.
        log.warning("job %s lost the database: %s", job, error)
    except LightdError as error:
        give_up(job, error.sentence)
    except Exception as error:
        log.exception("job %s failed", job)
        give_up(job, f"Internal error: {type(error).__name__}")
    else:
        lease.finish(job, Work.Status.DONE)


def _try_again(job: Job | ImageJob) -> None:
    """What an engine that answers others took too long for is tried as often as what a worker died with."""
    try:
        client.ping()
    except EngineUnavailable:
        log.warning("job %s waits for the engine, which is stuck", job)
        queue.put_back(job)
    else:
        log.warning("job %s took the engine too long", job)
        if job.attempts < lease.MAX_ATTEMPTS:
            queue.put_back(job, counts=True)
        else:
            give_up(job, "The Docker engine took too long for it, again and again")


def give_up(job: Job | ImageJob, sentence: str) -> None:
    """End a job that cannot be done, and put its container into a true state."""
    try:
        if isinstance(job, Job):
            FAIL[job.kind](job, sentence)
    except Superseded:
        log.info("job %s failed after it was given up: %s", job, sentence)
    except Exception:
        # Not begun again for ever: the supervisor compares with Docker whatever has no job.
        log.exception("job %s failed, and could not be undone", job)
    lease.finish(job, Work.Status.FAILED, sentence)
