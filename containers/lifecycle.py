"""What can be asked of a container. REST, socket, pages and admin all call these functions: many doors, one room.

Each checks what can be checked, changes the state and adds the job in one transaction, and answers; a worker does the
rest. What each raises has the sentence that its caller is to read: `NotFound` for a container that the actor may not
see, `Forbidden` without the permission, `Conflict` where its state or what is being done to it forbids the action,
`Unavailable` when the engine does not answer. More than that is said where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.models import User
from accounts.permissions import Permission, require
from containers import events, images, limits, mounts, quotas, states
from containers.access import find, locked
from containers.engine import client as engine
from containers.engine.errors import EngineRefused, EngineUnavailable
from containers.instance import instance_id
from containers.jobs import cleanup, queue
from containers.models import Container, Event, Job, JobArgs
from containers.patterns import compile_pattern
from containers.states import Action, State
from ports import pool
from ports.pool import Binding, PortRequest
from rules.errors import Check, Conflict, Forbidden, Invalid, LightdError, Unavailable, refusals
from volumes import replacing, storage


@dataclass(frozen=True)
class NewContainer:
    """What a create request says. Memory in bytes, CPU in cores."""

    internal_id: str
    image: str
    volume_id: UUID
    startup_command: str
    start_pattern: str = ""
    install_script: str = ""
    ports: list[PortRequest] = field(default_factory=list)
    memory: int | None = None
    cpu: float | None = None
    mount: dict[str, str] = field(default_factory=dict)
    owner: str = ""  # a username; empty: whoever asks


@audit.attempt("container.create", lambda new: new.internal_id)
def create(actor: Actor, new: NewContainer) -> Container:
    """Take the ports, make the row and begin the installation. State: `installing`.

    Raises:
        Invalid: an image, limit, pattern, mount or port that cannot be, or is not in the pool.
        Conflict: the container exists, or a port is in use.
        Unavailable: no port is left in the pool.
        Forbidden: beyond the owner's quota, or a host path that may not be mounted.
    """
    require(actor, Permission.CREATE)
    refuse_bad(actor, new)
    engine.ping()
    made_with_it: JobArgs = {"missing_host_paths": mounts.missing(new.mount)}
    with transaction.atomic():
        container = insert(actor, new)
        pool.take(container, new.ports)
        quotas.refuse_beyond(container)
        audit.record(actor, container)
        events.record(container, Event.Kind.INSTALLING, f"Installing from {new.image}", actor=actor.name)
        queue.add(container, Job.Kind.INSTALL, actor, made_with_it)
    return container


def refuse_bad(actor: Actor, new: NewContainer) -> None:
    """Every check of a create request that needs no other row."""
    for check in checks(actor, new):
        check()


def mistakes(actor: Actor, new: NewContainer) -> list[LightdError]:
    """All that `create` would refuse, as far as it can be told of one field by itself."""
    others: list[Check] = [partial(refuse_taken, new.internal_id), partial(owner_of, actor, new)]
    return list(refusals([*checks(actor, new), *others]))


def checks(actor: Actor, new: NewContainer) -> list[Check]:
    return [
        partial(images.refuse_bad_image, new.image),
        partial(limits.refuse_bad_memory, new.memory),
        partial(limits.refuse_bad_cpu, new.cpu),
        partial(compile_pattern, new.start_pattern),
        partial(mounts.refuse_by_others, actor, new.mount),
        partial(mounts.resolve, new.mount),
    ]


def refuse_taken(internal_id: str) -> None:
    if Container.objects.filter(internal_id=internal_id).exists():
        raise Conflict("Container already exists", field="internal_id")


def owner_of(actor: Actor, new: NewContainer) -> User:
    """Whose it will be: an administrator may make a container for someone else."""
    if new.owner in ("", actor.user.username):
        return actor.user
    if not actor.is_admin:
        raise Forbidden("owner: Only administrators make containers for others", field="owner")
    owner = User.objects.filter(username=new.owner, is_active=True).first()
    if owner is None:
        raise Invalid.named("owner", "There is no such user")
    return owner


def insert(actor: Actor, new: NewContainer) -> Container:
    """The row of a new container, on a volume that is made if its id is unknown."""
    owner = owner_of(actor, new)
    refuse_taken(new.internal_id)
    volume = storage.ensure(new.volume_id, owner)
    replacing.refuse_replaced(volume.pk)
    try:
        with transaction.atomic():
            return Container.objects.create(
                internal_id=new.internal_id,
                owner=owner,
                volume=volume,
                image=new.image,
                startup_command=new.startup_command,
                start_pattern=new.start_pattern,
                install_script=new.install_script,
                memory=new.memory,
                cpu=new.cpu,
                mount=new.mount,
            )
    except IntegrityError:
        raise Conflict("Container already exists", field="internal_id") from None


@audit.attempt("container.start")
def start(actor: Actor, internal_id: str) -> Container:
    """Begin to start. State: `starting`, and `running` when the output matches the start pattern."""
    return begin_start(actor, find(actor, internal_id, Permission.POWER), Action.START)


def begin_start(actor: Actor, container: Container, action: Action) -> Container:
    """Start a container that is stopped, in the name of `action`."""
    refuse(container, action)
    if not container.installed:
        raise Conflict(f"Cannot {action.value}: the installation failed, reinstall the container first")
    engine.ping()
    with transaction.atomic():
        refuse_now(container, action)
        replacing.refuse_replaced(container.volume_id)
        change(container, State.STARTING, action, should_run=True, error="", exit_code=None, started_at=None)
        events.record(container, Event.Kind.STARTING, "Start requested", actor=actor.name)
        audit.record(actor, container)
        queue.add(container, Job.Kind.START, actor)
    return container


@audit.attempt("container.stop")
def stop(actor: Actor, internal_id: str) -> Container:
    """Ask the process to end: by the stop command or SIGTERM, by SIGKILL after the stop timeout. State: `stopping`."""
    container = find(actor, internal_id, Permission.POWER)
    refuse(container, Action.STOP)
    if call_off_restart(actor, container):
        return container
    engine.ping()
    with transaction.atomic():
        change(container, State.STOPPING, Action.STOP, should_run=False)
        events.record(container, Event.Kind.STOPPING, "Stop requested", actor=actor.name)
        audit.record(actor, container)
        queue.add(container, Job.Kind.STOP, actor)
    return container


@audit.attempt("container.kill")
def kill(actor: Actor, internal_id: str) -> Container:
    """End the process with SIGKILL, from any state that has one. A killed installation has failed."""
    container = find(actor, internal_id, Permission.POWER)
    refuse(container, Action.KILL)
    if call_off_restart(actor, container):
        return container
    engine.ping()
    with transaction.atomic():
        stops = states.move(container.id, State.STOPPING, should_run=False)
        if not Container.objects.filter(pk=container.id, state__in=states.WITH_PROCESS).update(should_run=False):
            raise Conflict("Cannot kill while container is stopped")
        kind = Event.Kind.STOPPING if stops else Event.Kind.KILLING
        events.record(container, kind, "Kill requested", actor=actor.name)
        audit.record(actor, container)
        queue.add(container, Job.Kind.KILL, actor)
    return container


def call_off_restart(actor: Actor, container: Container) -> bool:
    """In the pause after a crash nothing runs, and Docker need not be asked; False if it is not in one."""
    with transaction.atomic():
        waiting = Container.objects.filter(pk=container.id, state=State.STARTING, restart_at__isnull=False)
        if not waiting.update(restart_at=None):
            return False
        states.move(container.id, State.READY, only_from=frozenset({State.STARTING}), should_run=False)
        events.record(container, Event.Kind.STOPPING, "Automatic restart called off", actor=actor.name)
        audit.record(actor, container)
        events.record(container, Event.Kind.EXIT, "Stopped before it was started again")
    return True


@audit.attempt("container.restart")
def restart(actor: Actor, internal_id: str) -> Container:
    """Stop gracefully, then start again. The supervisor begins the second half when the process has ended."""
    container = find(actor, internal_id, Permission.POWER)
    refuse(container, Action.RESTART)
    if container.state in (State.READY, State.FAILED):
        return begin_start(actor, container, Action.RESTART)
    if hurry_restart(actor, container):
        return container
    engine.ping()
    with transaction.atomic():
        change(container, State.STOPPING, Action.RESTART, should_run=True)
        events.record(container, Event.Kind.STOPPING, "Restart requested", actor=actor.name)
        audit.record(actor, container)
        queue.add(container, Job.Kind.STOP, actor)
    return container


def hurry_restart(actor: Actor, container: Container) -> bool:
    """In the pause after a crash it is about to be started again: now, then; False if it is not in one."""
    with transaction.atomic():
        waiting = Container.objects.filter(pk=container.id, state=State.STARTING, restart_at__isnull=False)
        if not waiting.update(restart_at=timezone.now()):
            return False
        audit.record(actor, container)
    return True


# By the names that pages and sockets have for them.
POWER: dict[str, Callable[[Actor, str], Container]] = {"start": start, "stop": stop, "kill": kill, "restart": restart}


# Columns of what is to be installed. The end of the old container's process, which the worker finds by its label, says
# nothing any more.
ANEW: dict[str, Any] = {
    "docker_id": "",
    "committed_image": "",
    "deadline_at": None,
    "installed": False,
    "should_run": False,
    "error": "",
    "exit_code": None,
    "install_exit_code": None,
}


@audit.attempt("container.reinstall")
def reinstall(
    actor: Actor, internal_id: str, *, image: str | None = None, install_script: str | None = None
) -> Container:
    """Make the container anew from its image and run the install script; the volume is kept. State: `installing`.

    Raises:
        Invalid, Forbidden: an image that cannot be, or that the host does not allow.
    """
    container = find(actor, internal_id, Permission.REINSTALL)
    refuse(container, Action.REINSTALL)
    if image is not None:
        images.refuse_bad_image(image)
    engine.ping()
    before = {"image": container.image, "install_script": container.install_script}
    container.image = container.image if image is None else image
    container.install_script = container.install_script if install_script is None else install_script
    with transaction.atomic():
        refuse_now(container, Action.REINSTALL)
        replacing.refuse_replaced(container.volume_id)
        change(
            container,
            State.INSTALLING,
            Action.REINSTALL,
            image=container.image,
            install_script=container.install_script,
            **ANEW,
        )
        events.record(container, Event.Kind.INSTALLING, f"Reinstalling from {container.image}", actor=actor.name)
        after = {"image": container.image, "install_script": container.install_script}
        audit.record(actor, container, before=before, after=after)
        queue.add(container, Job.Kind.INSTALL, actor)
    return container


@audit.attempt("container.rebind")
def rebind(actor: Actor, internal_id: str, requests: list[PortRequest]) -> Container:
    """Move the container to other ports; everything else stays, also whether it runs.

    Raises:
        Invalid: a port is not in the pool.
        Conflict: one is in use.
        Unavailable: no port is left in the pool.
        Forbidden: beyond the owner's quota.
    """
    container = find(actor, internal_id, Permission.NETWORK)
    refuse(container, Action.REBIND)
    engine.ping()
    with transaction.atomic():
        refuse_now(container, Action.REBIND)
        before = [str(binding) for binding in pool.bindings(container)]
        wanted = reserve(container, requests)
        shown = ", ".join(str(binding) for binding in wanted) or "no ports"
        events.record(container, Event.Kind.REBINDING, f"Moving to {shown}", actor=actor.name)
        audit.record(actor, container, before={"ports": before}, after={"ports": [str(each) for each in wanted]})
        args: JobArgs = {"ports": [[b.ip, b.host_port, b.container_port, b.protocol] for b in wanted]}
        queue.add(container, Job.Kind.REBIND, actor, args)
    return container


def reserve(container: Container, requests: list[PortRequest]) -> list[Binding]:
    """Keep the ports that a rebind asks for. Inside the caller's transaction."""
    wanted = pool.reserve(container, requests)
    quotas.refuse_more_ports(container, len(wanted))
    return wanted


@audit.attempt("container.rebind")
def foresee_rebind(actor: Actor, internal_id: str, requests: list[PortRequest]) -> list[Binding]:
    """The ports that the container would have after such a rebind, refused as the rebind would be; nothing changes."""
    container = find(actor, internal_id, Permission.NETWORK)
    refuse(container, Action.REBIND)
    with transaction.atomic():
        wanted = reserve(container, requests)
        transaction.set_rollback(True)
    return wanted


class GoesOn(Unavailable):
    """A deletion that was cut off when Docker had been asked to remove something: the supervisor completes it."""

    def __init__(self, error: LightdError) -> None:
        super().__init__(f"{error.sentence}; the deletion goes on by itself")


@audit.attempt("container.delete")
def delete(actor: Actor, internal_id: str) -> None:
    """Remove the container from Docker, then its row; its ports go back to the pool, its volume stays.

    The one request that waits for Docker: its documented answer says that it is done. If the engine does not answer,
    everything is as before.

    Raises:
        GoesOn: the engine ceased to answer when nobody could say any more that everything is as before.
    """
    container = find(actor, internal_id, Permission.DELETE)
    engine.ping()
    began = timezone.now()
    Container.objects.filter(pk=container.id).update(deleting_at=began)
    try:
        remove(container, actor)
    except (EngineRefused, EngineUnavailable) as error:
        # Unless another request is at it by now; and an earlier one may have got farther.
        Container.objects.filter(pk=container.id, deleting_at=began).update(deleting_at=container.deleting_at)
        if isinstance(error, EngineRefused):
            raise Conflict(error.sentence) from error
        raise


def remove(container: Container, actor: Actor | None) -> None:
    """Both halves of a delete. Cut off between the two, the supervisor calls it again: the user asked for it.

    A job that runs meanwhile finds its row gone and removes what it has just made.

    Args:
        actor: who asked for it; None: the supervisor, in the name of whoever did.

    Raises:
        EngineRefused, EngineUnavailable: nothing was removed.
        GoesOn: something was, or may have been.
    """
    remove_from_docker(container)
    with transaction.atomic():
        row = Container.objects.select_for_update().filter(pk=container.id).first()
        if row is None:
            return
        if actor:
            audit.record(actor, row)
        events.record(row, Event.Kind.DELETED, "Deleted", actor=actor.name if actor else "system")
        pool.release(row)
        row.delete()
    transaction.on_commit(cleanup.ask_to_sweep)


def remove_from_docker(container: Container) -> None:
    """Remove all that Docker has of the container. What can be asked is asked before anything is removed."""
    doomed = {docker_id: engine.volumes_of(docker_id) for docker_id in engine.ours(instance_id(), container.id)}
    removed = False
    try:
        for docker_id, volumes in doomed.items():
            engine.remove(docker_id)
            removed = True
            engine.remove_volumes(volumes)
    except EngineRefused as refused:
        if not removed:
            raise
        raise GoesOn(refused) from refused
    except EngineUnavailable as unavailable:  # Docker may do it all the same, and only its answer was lost
        raise GoesOn(unavailable) from unavailable


def refuse(container: Container, action: Action) -> None:
    """Raise `Conflict` if the state, or what is being done to the container, does not allow `action`."""
    if container.deleting_at is not None:
        raise Conflict(f"Cannot {action.value} while container is being deleted")
    states.refuse_unless_allowed(action, container.state)
    if action in (Action.STOP, Action.KILL):
        return
    busy = Job.objects.filter(container=container, kind=Job.Kind.REBIND, status__in=Job.UNFINISHED)
    if busy.exists():
        raise Conflict(f"Cannot {action.value} while network is rebinding")


def refuse_now(container: Container, action: Action) -> None:
    """The same once more, of the row as it is when nobody else can change it: the engine was asked in between.

    Inside the caller's transaction.
    """
    refuse(locked(container), action)


def change(container: Container, to: State, action: Action, **fields: object) -> None:
    """Enter `to` as the one who asked for `action`; lost the race, say what the winner left."""
    if states.move(container.id, to, only_from=states.ALLOWED[action], **fields):
        container.state = to
        return
    now = Container.objects.filter(pk=container.id).values_list("state", flat=True).first()
    raise Conflict(f"Cannot {action.value} while container is {states.called(now or 'deleted')}")
