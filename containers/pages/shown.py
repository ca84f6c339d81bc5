"""A container as a page shows it: the word for its state, and what its viewer may do now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Case, F, Q, QuerySet, TextChoices, Value, When

from accounts.actor import Actor
from accounts.permissions import OF_A_CONTAINER, Permission
from containers import access, crashes, current
from containers.models import LONG, Container
from containers.states import ALLOWED, WITH_PROCESS, Action, State
from ports import pool
from ports.pool import Binding
from rules.errors import NotFound


class Look(TextChoices):
    """What people call a state: a `ready` container has never run, was stopped, or crashed."""

    INSTALLING = "installing"
    READY = "ready"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    CRASHED = "crashed"
    FAILED = "failed"

    @property
    def tone(self) -> str:
        """Its colour, as static/site.css calls it."""
        return TONES.get(self, "idle")

    @property
    def icon(self) -> str:
        """What the browser's tab shows: the file below static/."""
        return f"states/{self.tone}.svg"


TONES = {
    Look.RUNNING: "good",
    **dict.fromkeys((Look.INSTALLING, Look.STARTING, Look.STOPPING), "busy"),
    **dict.fromkeys((Look.CRASHED, Look.FAILED), "bad"),
}

PERCENT_A_CORE = 100  # as figures of CPU have it
POWER_ACTIONS = (Action.START, Action.STOP, Action.RESTART, Action.KILL)
NEEDED = dict.fromkeys(POWER_ACTIONS, Permission.POWER) | {
    Action.REINSTALL: Permission.REINSTALL,
    Action.REBIND: Permission.NETWORK,
}
# Without an installation that succeeded there is nothing to start.
OF_AN_INSTALLED = frozenset({Action.START, Action.RESTART})


@dataclass(frozen=True)
class Shown:
    """One container."""

    container: Container
    look: Look
    ports: list[Binding]
    may: dict[str, bool]  # by the permission's name: `console_write`
    can: dict[str, bool]  # by the action's name: `start`
    usage: dict[str, Any] | None  # the last figures, while it runs

    def allows(self, permission: Permission) -> bool:
        """Whether its viewer has a permission that can be had on a container."""
        return self.may[permission.name.lower()]

    @property
    def has_process(self) -> bool:
        """Whether there is something to type into: in the pause before an automatic restart there is not."""
        return self.container.state in WITH_PROCESS and not self.container.restart_at

    @property
    def word(self) -> str:
        """How its state is called: what waits for its automatic restart has not begun to start."""
        return "restarting" if self.container.restart_at else self.look

    @property
    def awaits_pattern(self) -> bool:
        """Whether its process runs, and has not printed what it is called running for."""
        return self.look == Look.STARTING and bool(self.container.started_at and self.container.start_pattern)

    @property
    def why_no_input(self) -> str:
        """Why nothing can be typed into it; empty if something can."""
        if self.has_process:
            return ""
        if self.container.restart_at:
            return "Nothing runs until it is restarted"
        if not self.container.installed:
            return "Not installed: see Install"
        return "Nothing runs: start it first" if self.may["power"] else "Nothing runs"

    @property
    def restart_of(self) -> str:
        """Which automatic restart it waits for, of how many it may have; what ends with the engine is not counted."""
        number = crashes.restarts_lately(self.container) + 1
        return f"{number} of {settings.CRASH_LIMIT}" if number <= settings.CRASH_LIMIT else ""

    @property
    def cpu_limit(self) -> float | None:
        """As the figures have it, in percent; None: no limit."""
        return round(self.container.cpu * PERCENT_A_CORE, 6) if self.container.cpu else None

    @property
    def actions(self) -> list[str]:
        """What a list may do to it, alone or together with others."""
        power = [action.name.lower() for action in POWER_ACTIONS if self.can[action.name.lower()]]
        return [*power, "delete"] if self.may["delete"] and not self.container.deleting_at else power


def with_look(containers: QuerySet[Container]) -> QuerySet[Any]:
    """Containers with the word for their state as `look`: a list is narrowed, ordered and counted by it too."""
    return containers.annotate(
        look=Case(
            When(~Q(state=State.READY), then=F("state")),
            When(last_end=Container.LastEnd.CRASHED, then=Value(Look.CRASHED.value)),
            When(last_end=Container.LastEnd.EXIT, then=Value(Look.STOPPED.value)),
            default=Value(Look.READY.value),
        )
    )


def shown(actor: Actor, containers: QuerySet[Container]) -> list[Shown]:
    """Containers that the actor may see, in two queries however many."""
    found = list(with_look(access.with_grants(actor, containers)).prefetch_related("ports"))
    figures = current.of_many(each.pk for each in found if each.state == State.RUNNING)
    return [_shown(actor, each, figures.get(each.pk)) for each in found]


def rows(actor: Actor, containers: QuerySet[Container]) -> list[Shown]:
    """The same for the rows of a list."""
    return shown(actor, containers.defer(*LONG))


def find(actor: Actor, internal_id: str, permission: Permission = Permission.VIEW) -> Shown:
    """One container, if the actor has `permission` on it; raises what `access.find` does."""
    container = access.find(actor, internal_id, permission)
    found = shown(actor, Container.objects.filter(pk=container.pk))
    if not found:
        raise NotFound("Container not found")
    return found[0]


def _shown(actor: Actor, container: Any, usage: dict[str, Any] | None) -> Shown:
    may = {permission: access.may(actor, permission, container) for permission in OF_A_CONTAINER}
    return Shown(
        container=container,
        look=Look(container.look),  # of with_look
        ports=pool.bindings(container),
        may={permission.name.lower(): allowed for permission, allowed in may.items()},
        can={
            action.name.lower(): may[permission] and is_possible(action, container)
            for action, permission in NEEDED.items()
        },
        usage=usage,
    )


def is_possible(action: Action, container: Container) -> bool:
    """Whether the state allows it, as far as the row says."""
    if container.deleting_at or (action in OF_AN_INSTALLED and not container.installed):
        return False
    return container.state in ALLOWED[action]
