"""Pulling images onto the host, and removing them from it.

Docker does either again without harm, so an attempt that was cut off is simply repeated. The rows of the images follow
from Docker's events (`containers/supervisor/images.py`).
"""

from __future__ import annotations

from functools import partial

from containers import host_images, images
from containers.engine import client as engine
from containers.engine.errors import EngineRefused, Gone
from containers.jobs import pulling, queue
from containers.jobs.pulling import Progress
from containers.models import ImageJob
from work import lease


def pull(job: ImageJob) -> None:
    """Have the image as the registry has it now, also if one of its name is there."""
    images.refuse_unlisted(job.image)
    lease.mine(job).update(percent=None, total=0)
    pulling.pull(job.image, job.shown, partial(tell_progress, job))


def tell_progress(job: ImageJob, progress: Progress) -> None:
    """Write how far it is."""
    with queue.step(job):  # also how a pull notices that it was cancelled
        lease.mine(job).update(percent=progress.percent, total=progress.total)


def remove(job: ImageJob) -> None:
    """Remove an image with all its names, by what Docker and the rows say now."""
    try:
        names = engine.names_of(job.image)
    except Gone:
        return
    host_images.refuse_ours(names)
    host_images.refuse_used(job.shown, {*host_images.users_of(names), *engine.made_from(job.image)})
    queue.check(job)
    try:
        for name in names or [job.image]:
            engine.discard_image(name)
    except EngineRefused as refused:
        raise EngineRefused(f"{job.shown} could not be removed: {refused.sentence}") from refused
