"""Rebind: the same container on other ports. Docker cannot change a container's ports, so it is made anew from its own
file system, and the old one is kept until the new one stands."""

from __future__ import annotations

from containers import events, states
from containers.jobs import files, power, queue, recreate
from containers.jobs.launch import launch
from containers.jobs.queue import Waiting
from containers.models import Container, Event, Job
from containers.states import State
from ports import pool
from ports.pool import Binding
from work import lease


def rebind(job: Job) -> None:
    """Move to the ports in the job's arguments. Run again after a cut, it goes on where it stopped."""
    container = job.container
    wanted = [Binding(*port) for port in job.args["ports"]]
    old = recreate.remember_old(job)
    if not old or not recreate.exists(old):
        # An installation that failed has left no container: the next one will be made on the new ports.
        stand(job, wanted)
        return
    if container.docker_id == old:
        stop_old(job, old)
    new = recreate.make_new(job, old, wanted)
    recreate.adopt(job, new)
    start_again(job, new)
    stand(job, wanted)
    recreate.clear_away(job, old)


def stop_old(job: Job, old: str) -> None:
    """End the old container's process as a stop does: the supervisor keeps the time, and no worker waits for it.

    Raises:
        Waiting: it has not ended yet.
    """
    with queue.step(job):
        if states.move(job.container_id, State.STOPPING, deadline_at=power.stop_deadline(job.container)):
            events.record_for(job, Event.Kind.STOPPING, "Stopping to change ports")
            queue.remember(job, {"to_be_asked": True})
    if job.args.get("to_be_asked"):
        with queue.step(job):  # anew: the worker before may have been lost before it had asked
            stopping = Container.objects.filter(pk=job.container_id, state=State.STOPPING)
            stopping.update(deadline_at=power.stop_deadline(job.container))
        power.ask_to_end(job.container, old)
        queue.remember(job, {"to_be_asked": False})
    if power.runs(old):
        raise Waiting(lambda: not power.runs(old))


def is_to_ask(container: Container) -> bool:
    """Whether a rebind is still to ask the container's process to end."""
    unfinished = Job.objects.filter(container=container, kind=Job.Kind.REBIND, status__in=Job.UNFINISHED)
    return unfinished.filter(args__to_be_asked=True).exists()


def start_again(job: Job, new: str) -> None:
    """Start the new container if the old one was meant to run. Ports show only now whether the host has them free."""
    with queue.step(job):
        container = Container.objects.select_for_update().get(pk=job.container_id)
        if not container.should_run:
            settle_stopped(job)
            return
        if states.move(
            container.id, State.STARTING, error="", exit_code=None, deadline_at=None, started_at=None, restart_at=None
        ):
            events.record_for(job, Event.Kind.STARTING, "Starting on the new ports")
    recreate.remove_others(job.container, new, job.args["old_docker_id"])
    files.write_start(job.container)
    launch(job.container, new)
    power.take_back_unless_wanted(job)


def settle_stopped(job: Job) -> None:
    """The old process has ended and none is to follow."""
    if states.move(job.container_id, State.READY, only_from=frozenset({State.STOPPING}), deadline_at=None):
        events.record_for(job, Event.Kind.EXIT, "Stopped while changing ports")


def stand(job: Job, wanted: list[Binding]) -> None:
    """The new container stands, and there is no way back: in one transaction the new ports are taken, the old ones are
    in the pool again, and the job is done, so that the next one may come."""
    with queue.step(job):
        pool.switch(job.container, wanted)
        shown = ", ".join(str(binding) for binding in wanted)
        events.record_for(job, Event.Kind.REBOUND, f"Moved to {shown or 'no ports'}")
        lease.finish(job, Job.Status.DONE)


def fail(job: Job, sentence: str) -> None:
    """Put everything back: the row, the ports, the old container and its process."""
    with queue.step(job):
        container = put_back_row(job, sentence)
        lease.finish(job, Job.Status.FAILED, sentence)
        if container.should_run:
            resume_old(job)
    if not container.should_run:
        recreate.take_back(container)


def put_back_row(job: Job, sentence: str) -> Container:
    """The row as it was before, and no port kept any more. In the caller's transaction."""
    container = Container.objects.select_for_update().get(pk=job.container_id)
    if "old_docker_id" in job.args:
        container.docker_id, container.committed_image = job.args["old_docker_id"], job.args["old_image"]
    container.error = sentence
    container.save(update_fields=["docker_id", "committed_image", "error"])
    pool.release_reserved(container)
    events.record_for(job, Event.Kind.REBIND_FAILED, f"Ports are as before: {sentence}")
    began = frozenset({State.STARTING, State.RUNNING, State.STOPPING})
    states.move(container.id, State.READY, only_from=began, deadline_at=None)
    return container


def resume_old(job: Job) -> None:
    """Start the old container again, as it ran before, when what this job had made in its place is gone."""
    if states.move(job.container_id, State.STARTING, started_at=None):
        events.record_for(job, Event.Kind.STARTING, "Starting on the old ports")
        queue.add(job.container, Job.Kind.START, None, {"alone": True})
