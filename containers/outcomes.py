"""What Docker did, turned into states and events. Called by the supervisor alone; each function may be told twice.

A container of Docker's that is no longer the row's own (its predecessor in a rebind, say) changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from containers import crashes, events, spool, states
from containers.crashes import Ending
from containers.jobs import installation, queue
from containers.models import Container, Event, Job
from containers.states import State

LAST_WORDS_AT_MOST = 8 << 10  # bytes


class Watch(NamedTuple):
    """What is to be looked for in a container's output."""

    state: str
    start_pattern: str


def watch(container_id: UUID) -> Watch | None:
    """What the output of the process that has just begun to print means; None if the row is gone."""
    row = Container.objects.filter(pk=container_id).values_list("state", "start_pattern").first()
    return Watch(*row) if row else None


def awaiting_pattern() -> list[str]:
    """Docker's ids of the containers that run and are `starting` until their pattern matches."""
    rows = Container.objects.filter(state=State.STARTING, started_at__isnull=False).exclude(start_pattern="")
    return list(rows.values_list("docker_id", flat=True))


def mine(container_id: UUID, docker_id: str) -> Container | None:
    """The row, locked, if `docker_id` is its present container. The caller has a transaction open."""
    return Container.objects.select_for_update().filter(pk=container_id, docker_id=docker_id).first()


@transaction.atomic
def started(container_id: UUID, docker_id: str, at: datetime) -> None:
    """Docker started the process. Without a start pattern it is `running` now."""
    container = mine(container_id, docker_id)
    if container is None:
        return
    if container.state in (State.READY, State.FAILED) and container.installed:
        # Started by somebody beside us (`docker start`): what runs is shown as running.
        states.move(container.id, State.STARTING, should_run=True, started_at=None, exit_code=None, error="")
        container.refresh_from_db()
    if container.state not in (State.STARTING, State.RUNNING):
        return
    note_start(container, at)
    if not container.start_pattern:
        reach_running(container)


def note_start(container: Container, at: datetime) -> None:
    """Record the start once, with the time Docker gave it."""
    if Container.objects.filter(pk=container.id, started_at=None).update(started_at=at):
        latest = Job.objects.filter(container=container, kind=Job.Kind.START).order_by("-created_at").first()
        again = latest is not None and latest.args.get("restart")
        events.record(container, Event.Kind.STARTED, "Container restarted" if again else "Container started")


def reach_running(container: Container) -> None:
    """`starting` becomes `running`."""
    if states.move(container.id, State.RUNNING):
        events.record(container, Event.Kind.RUNNING, "Running")


@transaction.atomic
def pattern_matched(container_id: UUID, docker_id: str) -> None:
    """The output matched the start pattern."""
    container = mine(container_id, docker_id)
    if container is None or container.state != State.STARTING:
        return
    note_start(container, timezone.now())
    reach_running(container)


@transaction.atomic
def exited(container_id: UUID, docker_id: str, ending: Ending) -> None:
    """The process ended. What that means depends on what was asked for."""
    queue.wake(container_id)
    container = mine(container_id, docker_id)
    if container is None or begun_since(container, ending.at) or container.restart_at:
        return
    if container.state == State.INSTALLING:
        install_script_ended(container, ending.exit_code)
    elif container.state == State.STOPPING:
        ended_as_asked(container, ending)
    elif container.state in (State.STARTING, State.RUNNING):
        ended_by_itself(container, ending)


def ended_as_asked(container: Container, ending: Ending) -> None:
    """The end of a stop or a kill, the first half of a restart, or a step of a rebind, which goes on by itself."""
    note_exit(container, ending)
    replaced = queue.unfinished(container.id, (Job.Kind.INSTALL, Job.Kind.REBIND))
    if container.should_run and not replaced:
        states.move(container.id, State.STARTING, exit_code=ending.exit_code, deadline_at=None, started_at=None)
        events.record(container, Event.Kind.STARTING, "Restarting")
        queue.add(container, Job.Kind.START, None, {"restart": True})
    else:
        states.move(container.id, State.READY, exit_code=ending.exit_code, deadline_at=None)


def ended_by_itself(container: Container, ending: Ending) -> None:
    """Nobody asked for this end: the restart policy decides what follows."""
    note_exit(container, ending)
    if ending.is_crash:
        note_crash(container, ending)
    restarts = crashes.restarts_lately(container)
    if not crashes.wants_restart(container.restart_policy, ending):
        states.move(
            container.id, State.READY, exit_code=ending.exit_code, should_run=False, error=ending.what_went_wrong
        )
    elif ending.by_engine or restarts < settings.CRASH_LIMIT:
        start_after_pause(container, ending, restarts)
    else:
        stay_down(container, ending)


def note_exit(container: Container, ending: Ending) -> None:
    events.record(container, Event.Kind.EXIT, f"The process {ending}", data={"exit_code": ending.exit_code})


def note_crash(container: Container, ending: Ending) -> None:
    """Keep the last lines with the crash: the console goes on, and they are what people look for."""
    last_words = spool.read_lines(spool.folder(container.directory), crashes.LAST_WORDS, LAST_WORDS_AT_MOST)
    events.record(
        container,
        Event.Kind.CRASHED,
        ending.what_went_wrong,
        data={
            "exit_code": ending.exit_code,
            "out_of_memory": ending.out_of_memory,
            "output": last_words.data.decode("utf-8", "replace"),
        },
    )


def start_after_pause(container: Container, ending: Ending, restarts: int) -> None:
    """`starting`, and really started when the pause is over; a stop or a kill meanwhile calls it off."""
    pause = crashes.pause_before(0 if ending.by_engine else restarts)
    states.move(container.id, State.READY, exit_code=ending.exit_code, error=ending.what_went_wrong)
    states.move(container.id, State.STARTING, restart_at=timezone.now() + pause, started_at=None)
    message = f"Restarting in {pause.seconds} s"
    events.record(container, Event.Kind.STARTING, message, data={"restart_in": pause.seconds})


def stay_down(container: Container, ending: Ending) -> None:
    """It ended too often: it stays down, and says so."""
    minutes = settings.CRASH_WINDOW // 60
    sentence = f"Restarted {settings.CRASH_LIMIT} times within {minutes} minutes, and it ended again: it stays down"
    error = ". ".join(filter(None, (ending.what_went_wrong, sentence)))
    states.move(container.id, State.READY, exit_code=ending.exit_code, should_run=False, error=error)
    events.record(container, Event.Kind.STAYS_DOWN, sentence)


def begin_due_restarts() -> None:
    """Start what has waited out its pause after a crash."""
    for container in Container.objects.filter(state=State.STARTING, restart_at__lte=timezone.now()):
        begin_restart(container)


@transaction.atomic
def begin_restart(container: Container) -> None:
    """Start it, unless it is being moved or made anew: then it is started with that, or afterwards."""
    waiting = Container.objects.filter(pk=container.pk, restart_at=container.restart_at)
    # Locked before jobs are looked for: who asks for one of those locks the row as well.
    if waiting.select_for_update().exists() and not queue.unfinished(container.pk):
        waiting.update(restart_at=None, error="")
        queue.add(container, Job.Kind.START, None, {"restart": True, "automatic": True})


def begun_since(container: Container, at: datetime) -> bool:
    """Whether a start or an installation was asked for after `at`: then the exit is an earlier process's."""
    return Job.objects.filter(
        container=container, kind__in=(Job.Kind.START, Job.Kind.INSTALL), created_at__gt=at
    ).exists()


def install_script_ended(container: Container, exit_code: int) -> None:
    """Exit code 0 is the only success."""
    if exit_code == 0:
        installation.succeeded(container, "Installed")
    elif container.deadline_at and container.deadline_at <= timezone.now():
        installation.failed(container, "The install script took too long and was ended", exit_code=exit_code)
    elif exit_code == 137:  # 128 + SIGKILL
        installation.failed(container, "The install script was killed (exit code 137)", exit_code=exit_code)
    else:
        installation.failed(container, f"The install script failed with exit code {exit_code}", exit_code=exit_code)


def removed(container_id: UUID, docker_id: str) -> None:
    """Docker removed a container: nothing new, unless it was the row's own and nobody of us did it."""
    if Container.objects.filter(pk=container_id, docker_id=docker_id, deleting_at=None).exists():
        vanished(container_id)


@transaction.atomic
def vanished(container_id: UUID) -> None:
    """Docker knows no container for this row any more, and no job is about to make one."""
    container = Container.objects.select_for_update().filter(pk=container_id).first()
    if container is None or container.deleting_at or queue.unfinished(container.id):
        return
    sentence = "The container was removed from Docker by somebody else; reinstall it (its volume is kept)"
    if states.move(
        container.id, State.FAILED, installed=False, should_run=False, docker_id="", deadline_at=None, error=sentence
    ):
        events.record(container, Event.Kind.FAILED, sentence)
