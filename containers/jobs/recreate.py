"""Making a container anew from its own file system: what a rebind does for other ports, and a start for settings that
Docker cannot change in a container that exists."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from containers.engine import client as engine
from containers.engine.errors import EngineRefused, Gone
from containers.instance import instance_id
from containers.jobs import make, queue
from containers.jobs.queue import Superseded
from containers.models import Container, Job
from ports import pool
from ports.pool import Binding

log = logging.getLogger(__name__)


def remember_old(job: Job) -> str:
    """Write into the job what there is before anything is changed; returns Docker's id of the old container."""
    if "old_docker_id" not in job.args:
        container = job.container
        container.refresh_from_db()
        with queue.step(job):
            queue.remember(job, {"old_docker_id": container.docker_id, "old_image": container.committed_image})
    old: str = job.args["old_docker_id"]
    return old


def exists(docker_id: str) -> bool:
    """Whether Docker knows the container."""
    try:
        engine.inspect(docker_id)
    except Gone:
        return False
    return True


def make_new(job: Job, old: str, bindings: Sequence[Binding]) -> str:
    """The new container, on the old one's file system."""
    made = engine.made_by(instance_id(), job.id)
    if made:
        return made
    image = keep_file_system(job, old)
    try:
        queue.check(job)
    except Superseded:
        engine.remove_if_unused(new_image(job))
        raise
    return make.make(job, image, bindings, engine.inspect(old).volumes)


def keep_file_system(job: Job, old: str) -> str:
    """An image of the old container's file system: the one it was made from if nothing changed, else a commit.

    A commit adds a layer, and Docker's storage takes 127 of them: from time to time all are made into one.
    """
    base = engine.inspect(old).image
    if not engine.changed_files(old):
        return base
    image = new_image(job)
    if engine.image_exists(image):
        return image
    if job.container.committed_image and engine.layers(base) >= engine.MAX_LAYERS:
        engine.flatten(old, image)
    else:
        engine.commit(old, image)
    return image


def repository(container: Container) -> str:
    """Where the images of a container's own file system are kept; its id, since user text may not be a legal name."""
    return f"lightd/{container.id}"


def new_image(job: Job) -> str:
    return f"{repository(job.container)}:{job.id.hex}"


def adopt(job: Job, new: str) -> None:
    """Make the new container the row's own: what happens to it from here on is the container's.

    What was changed while it was being made, it does not have: then the next start makes another.
    """
    container = job.container
    image = new_image(job) if engine.image_exists(new_image(job)) else container.committed_image
    with queue.step(job):
        stale = make.is_stale(job)
        Container.objects.filter(pk=container.pk).update(docker_id=new, committed_image=image, stale=stale)
    container.docker_id, container.committed_image, container.stale = new, image, stale


def remove_others(container: Container, *keep: str) -> None:
    """Remove all of its containers but those: two processes would write into one volume. Docker's own volumes stay, as
    they are those of the containers that stay."""
    for docker_id in engine.ours(instance_id(), container.id):
        if docker_id not in keep:
            engine.remove(docker_id)


def take_back(container: Container) -> None:
    """Remove all that jobs that were given up had made of it, and leave the row's own."""
    remove_others(container, container.docker_id)
    engine.remove_images(repository(container), keep=container.committed_image)


def clear_away(job: Job, old: str) -> None:
    """Remove the old container, and the image that was made for it.

    What cannot be removed now is no reason to go back; the supervisor finds it again.
    """
    container = job.container
    try:
        if old != container.docker_id:
            engine.remove(old)
        if job.args["old_image"] != container.committed_image:
            engine.remove_if_unused(job.args["old_image"])
    except EngineRefused as refused:
        log.warning("left behind when %s was made anew: %s", container, refused.sentence)


def refresh(job: Job) -> None:
    """Make a stopped container anew with its present settings. Run again after a cut, it goes on where it stopped."""
    old = remember_old(job)
    new = make_new(job, old, pool.bindings(job.container))
    adopt(job, new)
    clear_away(job, old)
