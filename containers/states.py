"""The state machine of a container: one table, and the only code that writes `Container.state`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from rules.errors import Conflict


class State(models.TextChoices):
    """States of the API contract. A container that is stopped and can be started is `ready`."""

    INSTALLING = "installing"
    READY = "ready"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    FAILED = "failed"


# For each state, the states it may be entered from.
SOURCES: dict[State, frozenset[State]] = {
    State.INSTALLING: frozenset({State.READY, State.STARTING, State.RUNNING, State.STOPPING, State.FAILED}),
    State.READY: frozenset({State.INSTALLING, State.STARTING, State.RUNNING, State.STOPPING, State.FAILED}),
    State.STARTING: frozenset({State.READY, State.STOPPING, State.FAILED}),
    State.RUNNING: frozenset({State.STARTING}),
    State.STOPPING: frozenset({State.STARTING, State.RUNNING}),
    State.FAILED: frozenset({State.INSTALLING, State.READY, State.STARTING, State.RUNNING, State.STOPPING}),
}

# States in which Docker runs (or is about to run) a process of the container.
WITH_PROCESS = frozenset({State.INSTALLING, State.STARTING, State.RUNNING, State.STOPPING})


class Action(models.TextChoices):
    """What a user may ask for; the value is the verb of the refusing sentence."""

    START = "start"
    STOP = "stop"
    KILL = "kill"
    RESTART = "restart"
    REINSTALL = "reinstall"
    REBIND = "rebind network"


# For each action, the states it may be asked in.
ALLOWED: dict[Action, frozenset[State]] = {
    Action.START: frozenset({State.READY, State.FAILED}),
    Action.STOP: frozenset({State.STARTING, State.RUNNING}),
    Action.KILL: WITH_PROCESS,
    # A restart of a stopped container starts it, as `docker restart` does.
    Action.RESTART: frozenset({State.READY, State.STARTING, State.RUNNING, State.FAILED}),
    Action.REINSTALL: frozenset(State) - {State.INSTALLING},
    Action.REBIND: frozenset(State) - {State.INSTALLING},
}


def refuse_unless_allowed(action: Action, state: str) -> None:
    """Raise `Conflict` with the contract's sentence if `action` may not be asked in `state`."""
    if state not in ALLOWED[action]:
        raise Conflict(f"Cannot {action.value} while container is {called(state)}")


def called(state: str) -> str:
    """How people name the state: they know a `ready` container as a stopped one."""
    return "stopped" if state == State.READY else state


def move(container_id: UUID, to: State, *, only_from: frozenset[State] | None = None, **fields: Any) -> bool:
    """Enter `to` by one conditional UPDATE, together with other columns.

    Args:
        container_id: primary key of the container.
        to: the state to enter.
        only_from: narrows the states that the table allows to come from.
        fields: further columns written in the same statement. A pause before an automatic restart is over, unless they
            begin one.

    Returns:
        False if the container was in none of the allowed states (or is gone): somebody else was first.
    """
    from containers.models import Container

    sources = SOURCES[to] if only_from is None else SOURCES[to] & only_from
    fields = {"restart_at": None} | fields
    changed = Container.objects.filter(pk=container_id, state__in=sources).update(
        state=to, updated_at=timezone.now(), **fields
    )
    return changed == 1
