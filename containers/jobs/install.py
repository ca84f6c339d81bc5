"""Install and reinstall: pull the image, make the container, run the install script in it.

The worker's part ends when the script runs. The supervisor sees it end (or takes its deadline), so a script of half an
hour holds no worker, and a worker that dies takes no installation with it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from containers import events, images, mounts
from containers.engine import client as engine
from containers.engine.errors import Gone
from containers.instance import instance_id
from containers.jobs import files, installation, make, power, pulling, queue
from containers.jobs.launch import launch
from containers.jobs.pulling import Progress
from containers.jobs.queue import Superseded, Waiting
from containers.models import Container, Event, Job
from containers.spool import INSTALL_LOG
from containers.states import State
from ports import pool


def install(job: Job) -> None:
    """Do all that comes before the install script, and start it."""
    container = job.container
    mounts.make_missing(job.args.get("missing_host_paths", []))
    clear_away_old(job)
    pull(job)
    docker_id = create(job)
    if container.install_script.strip():
        run_script(job, docker_id)
    else:
        with queue.step(job):
            installation.succeeded(container, "Installed (no install script)", job.actor)


def clear_away_old(job: Job) -> None:
    """End and remove what an earlier installation left, gracefully: a server may have data to save."""
    container = job.container
    with queue.step(job):
        installing = Container.objects.filter(pk=container.pk, state=State.INSTALLING)
        # From here on, what happens to the old one says nothing about the installation.
        if not installing.update(docker_id="", committed_image=""):
            raise Superseded
    container.docker_id = container.committed_image = ""
    made = engine.made_by(instance_id(), job.id)
    old = [docker_id for docker_id in engine.ours(instance_id(), container.id) if docker_id != made]
    end_old(job, old)
    for docker_id in old:
        engine.remove_with_volumes(docker_id)
    if made is None:  # else what is in the log is this installation's already
        with queue.step(job):  # and of one that came meanwhile otherwise
            (container.directory / INSTALL_LOG).unlink(missing_ok=True)


def end_old(job: Job, old: list[str]) -> None:
    """Ask their processes to end, as a stop does; their removal kills what has not in its time. No worker waits for it:
    the users of three containers that take their hour would have all of them.

    Raises:
        Waiting: there is one that has not ended yet, and has not had its time.
    """
    running = [docker_id for docker_id in old if power.runs(docker_id)]
    if running and "waits_until" not in job.args:
        for docker_id in running:
            with suppress(Gone):
                power.ask_to_end(job.container, docker_id)
        queue.remember(job, {"waits_until": power.stop_deadline(job.container).timestamp()})
    if running and timezone.now().timestamp() < job.args["waits_until"]:
        raise Waiting(lambda: not any(power.runs(docker_id) for docker_id in running))


def pull(job: Job) -> None:
    """Have the image on the host. One that is there already is not asked for again, as with `docker run`."""
    image = job.container.image
    images.refuse_unlisted(image)
    if engine.image_exists(images.full_name(image)):
        return
    with queue.step(job):
        events.record_for(job, Event.Kind.PULLING, f"Pulling image {image}")
    pulling.pull(image, f"Image {image}", partial(tell_progress, job))
    with queue.step(job):
        events.record_for(job, Event.Kind.PULLED, f"Pulled image {image}")


def tell_progress(job: Job, progress: Progress) -> None:
    """An event a second."""
    sentence = f"Pulling image {job.container.image}"
    if progress.percent is not None:
        sentence += f": {progress.percent} % of {progress.total / 1e6:.1f} MB"
    with queue.step(job):  # also how a pull notices that its container was deleted
        events.record_for(job, Event.Kind.PULLING, sentence)


def create(job: Job) -> str:
    """Make the container and write its id, unless the job was given up meanwhile."""
    container = job.container
    docker_id = make.make(job, images.full_name(container.image), pool.bindings(container))
    try:
        with queue.step(job):
            # A job that is run again finds its id written already.
            fresh = Q(docker_id="") | Q(docker_id=docker_id)
            installing = Container.objects.filter(fresh, pk=container.pk, deleting_at=None)
            if not installing.update(docker_id=docker_id, stale=make.is_stale(job)):
                raise Superseded
            events.record_for(job, Event.Kind.CREATED, f"Created container {docker_id[:12]}")
    except Superseded:
        engine.remove_with_volumes(docker_id)
        raise
    container.docker_id = docker_id
    return docker_id


def run_script(job: Job, docker_id: str) -> None:
    """Start the container on its install script, unless an earlier attempt did."""
    container = job.container
    if engine.inspect(docker_id).started:
        return
    files.write_install(container)
    deadline = timezone.now() + timedelta(seconds=settings.INSTALL_TIMEOUT)
    with queue.step(job):
        Container.objects.filter(pk=container.pk).update(deadline_at=deadline)
        events.record_for(job, Event.Kind.INSTALL_STARTED, "Running the install script")
    launch(container, docker_id)
    try:
        queue.check(job)
    except Superseded:
        engine.signal(docker_id, "SIGKILL")
        raise


def fail(job: Job, sentence: str) -> None:
    """The installation cannot be completed."""
    with queue.step(job):
        installation.failed(job.container, sentence, job.actor)
