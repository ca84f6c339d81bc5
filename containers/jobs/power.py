"""Start, stop and kill. A signal never waits: the supervisor sees the process end, and keeps the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from containers import events, states
from containers.engine import client as engine
from containers.engine.errors import EngineRefused, Gone
from containers.jobs import files, installation, queue, recreate
from containers.jobs.launch import launch
from containers.models import Container, Event, Job
from containers.states import State
from work import lease

GONE = "The container is gone from Docker; reinstall it (its volume is kept)"


def start(job: Job) -> None:
    """Start the process. The supervisor sees it run, and matches the pattern."""
    container = job.container
    if job.args.get("alone"):
        recreate.take_back(container)
    if container.stale and recreate.exists(container.docker_id):
        recreate.refresh(job)
    files.write_start(container)
    queue.check(job)
    try:
        if not was_started(job):
            queue.remember(job, {"launched": True})
            launch(container, container.docker_id)
    except Gone as gone:
        raise EngineRefused(GONE) from gone
    take_back_unless_wanted(job)


def was_started(job: Job) -> bool:
    """Whether an earlier attempt, whose worker or whose answer was lost, had done this start already; its process may
    have ended since."""
    if "launched" not in job.args:
        return False
    started_at = engine.inspect(job.container.docker_id).started_at
    return started_at is not None and started_at > job.created_at


def take_back_unless_wanted(job: Job) -> None:
    """A stop, a kill or a delete that came while Docker was starting found no process: end it now. One that found it
    has seen to it, and a stop gives it its time."""
    missed = Job.objects.filter(container=job.container_id, created_at__gt=job.created_at, args__missed=True)
    if missed.exists() or not lease.mine(job).exists():
        engine.signal(job.container.docker_id, "SIGKILL")


def stop(job: Job) -> None:
    """Ask the process to end; SIGKILL follows when `deadline_at` has passed, whoever is alive then."""
    container = job.container
    with queue.step(job):
        stopping = Container.objects.filter(pk=container.pk, state=State.STOPPING)
        if not stopping.update(deadline_at=stop_deadline(container)):
            return  # it ended before anybody could ask it to
    signal_or_settle(job, lambda: ask_to_end(container, container.docker_id))


def stop_deadline(container: Container) -> datetime:
    """When a process that is asked to end now is ended by SIGKILL."""
    return timezone.now() + timedelta(seconds=container.stop_timeout)


def kill(job: Job) -> None:
    """End the process at once."""
    docker_id = job.container.docker_id  # none yet: its image is being pulled
    signal_or_settle(job, lambda: bool(docker_id) and engine.signal(docker_id, "SIGKILL"))


def signal_or_settle(job: Job, signal: Callable[[], bool]) -> None:
    """Call `signal`, which says whether there was a process; see to it that none follows if there was not."""
    if not signal() and settle(job):
        signal()  # Docker may have started it since, and its worker have looked for our mark before we left it


def settle(job: Job) -> bool:
    """There was no process to signal. Either it ended by itself and the supervisor has seen or will see it, or it was
    asked to start and had not: then that start is given up, and nothing else will say that the container is stopped.

    Returns:
        True if a worker has begun to start one: it finds our mark afterwards.
    """
    with queue.step(job):
        if Container.objects.filter(pk=job.container_id, state=State.INSTALLING).exists():
            queue.cancel(job.container_id, (Job.Kind.INSTALL,))
            installation.failed(job.container, "The installation was killed", job.actor)
            return False
        waiting = Job.objects.filter(container=job.container, kind=Job.Kind.START, status=Job.Status.QUEUED).update(
            status=Job.Status.CANCELLED, finished_at=timezone.now()
        )
        if queue.unfinished(job.container_id):
            queue.remember(job, {"missed": True})
            return True
        restarting = Container.objects.filter(pk=job.container_id, should_run=True).exists()
        if not waiting or restarting:
            return False
        if states.move(job.container_id, State.READY, only_from=frozenset({State.STOPPING}), deadline_at=None):
            events.record_for(job, Event.Kind.EXIT, "Stopped before it was started")
        return False


def ask_to_end(container: Container, docker_id: str) -> bool:
    """Type the stop command, or send SIGTERM. False if there is no process."""
    if not container.stop_command:
        return engine.signal(docker_id, "SIGTERM")
    if not engine.inspect(docker_id).running:
        return False
    engine.type_into(docker_id, container.stop_command.rstrip("\n") + "\n")
    return True


def runs(docker_id: str) -> bool:
    """Whether Docker runs a process of the container."""
    try:
        return engine.inspect(docker_id).running
    except Gone:
        return False


def fail_start(job: Job, sentence: str) -> None:
    """Docker refused to start the container."""
    with queue.step(job):
        gone = {"installed": False, "docker_id": ""} if sentence == GONE else {}
        if states.move(
            job.container_id,
            State.FAILED,
            only_from=frozenset({State.STARTING, State.STOPPING}),
            should_run=False,
            error=sentence,
            **gone,
        ):
            events.record_for(job, Event.Kind.FAILED, sentence)


def fail_signal(job: Job, sentence: str) -> None:
    """Docker refused a signal: the process is as it was, and so is the state; the supervisor goes on watching both."""
    with queue.step(job):
        Container.objects.filter(pk=job.container_id).update(error=sentence, updated_at=timezone.now())
