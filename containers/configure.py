"""Changing the settings of a container that exists: at once where Docker can, at its next start where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission
from containers import events, limits, mounts, quotas
from containers.access import find, locked
from containers.engine import client as engine
from containers.engine.config import limits_named
from containers.jobs import queue
from containers.models import Container, Event, Job, JobArgs
from containers.patterns import compile_pattern
from containers.states import State
from rules import figures
from rules.errors import Check, Conflict, LightdError, refusals

# Read when a process begins: a running one has the old values until it is started again.
READ_AT_START = ("startup_command", "start_pattern")
LIMITS = ("memory", "cpu", *limits.RESOURCE_NAMES)
# In which a process runs, or is about to, with the settings that it was started with.
STARTED = (State.STARTING, State.RUNNING, State.STOPPING)


@dataclass(frozen=True)
class Effect:
    """What a change of settings would do."""

    changed: dict[str, Any]
    makes_anew: bool  # the next start makes the container anew


class Overtaken(Conflict):
    """Somebody else changed the same settings, here by name, since they were seen."""

    def __init__(self, who: str, values: Mapping[str, Any]) -> None:
        self.names = list(values)
        details = {name: [f"{who} made it {said(name, value)} meanwhile"] for name, value in values.items()}
        super().__init__(f"{who} changed {spelled(self.names)} since you saw the settings", details)


@audit.attempt("container.settings")
def patch(
    actor: Actor, internal_id: str, changes: dict[str, Any], seen: Mapping[str, Any] | None = None
) -> tuple[Container, list[str]]:
    """Change settings; nothing, if any of them is bad.

    Args:
        changes: `startup_command`, `start_pattern`, `stop_command`, `stop_timeout` (seconds), `restart_policy`,
            `memory` (bytes), `cpu` (cores), `mount`; each optional.
        seen: the settings as they were shown to whoever changes them; None: whatever they are now.

    Returns:
        The container, and the changed settings that a running process has only after a restart.

    Raises:
        Overtaken: one of them is not any more as it was seen.
    """
    found = find(actor, internal_id, Permission.SETTINGS)
    if is_for_docker(differing(found, changes)):
        engine.ping()
    with transaction.atomic():
        container = locked(found)
        changed = differing(container, changes)
        refuse_bad(actor, container, changed)
        refuse_overtaken(container, changed, seen)
        apply(actor, container, changed)
    container.refresh_from_db()
    return container, waiting_of(changed) if container.state in STARTED else []


@audit.attempt("container.settings")
def foresee(actor: Actor, internal_id: str, changes: dict[str, Any], seen: Mapping[str, Any]) -> Effect:
    """What `patch` would do; refused as it would be, while nothing changes."""
    container = find(actor, internal_id, Permission.SETTINGS)
    changed = differing(container, changes)
    refuse_bad(actor, container, changed)
    refuse_overtaken(container, changed, seen)
    return Effect(changed, makes_anew(changed))


def differing(container: Container, changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if getattr(container, name) != value}


def is_for_docker(changed: dict[str, Any]) -> bool:
    """Whether Docker is told of a change at once."""
    return any(name in LIMITS and not lifted(name, changed) for name in changed)


def waiting_of(changed: dict[str, Any]) -> list[str]:
    """Those of the changed settings that a running process has only after a restart."""
    return [name for name in changed if name in READ_AT_START or name == "mount" or lifted(name, changed)]


def makes_anew(changed: dict[str, Any]) -> bool:
    """Whether the next start has to make the container anew: Docker changes neither of these in one that exists."""
    return "mount" in changed or any(lifted(name, changed) for name in changed)


def waits(container: Container) -> list[str]:
    """Settings that were changed since its process was started, and that it has only after a restart."""
    if container.state not in STARTED or container.started_at is None:
        return []
    since = container.events.filter(kind=Event.Kind.SETTINGS, created_at__gte=container.started_at)
    return sorted({name for data in since.values_list("data", flat=True) for name in data.get("waiting", ())})


def refuse_overtaken(container: Container, changed: dict[str, Any], seen: Mapping[str, Any] | None) -> None:
    """Raise `Overtaken` if somebody else made one of the settings something else since it was seen."""
    if seen is None:
        return
    values = {name: value_of(container, name) for name in changed}
    others = {name: value for name, value in values.items() if value not in (seen.get(name), changed[name])}
    if others:
        last = container.events.filter(kind=Event.Kind.SETTINGS).exclude(actor="").first()
        raise Overtaken(last.actor if last else "Somebody", others)


def value_of(container: Container, name: str) -> Any:
    """A setting or a limit by its name."""
    return container.limit(name) if name in LIMITS else getattr(container, name)


def said(name: str, value: Any) -> str:
    """The value of a setting as people read it."""
    if value in (None, "", {}):
        return "none"
    if name in ("memory", "memory_swap", "memory_reservation") and value >= 0:
        return figures.size(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return str(value)


def spelled(names: list[str]) -> str:
    """Settings as people call them."""
    return ", ".join(name.replace("_", " ") for name in names)


def refuse_bad(actor: Actor, container: Container, changed: dict[str, Any]) -> None:
    """Every check, before anything is written."""
    for check in checks(actor, container, changed):
        check()


def mistakes(actor: Actor, container: Container, changes: dict[str, Any]) -> list[LightdError]:
    """All that `refuse_bad` would refuse."""
    return list(refusals(checks(actor, container, differing(container, changes))))


def checks(actor: Actor, container: Container, changed: dict[str, Any]) -> Iterator[Check]:
    if changed.get("start_pattern"):
        yield partial(compile_pattern, changed["start_pattern"])
    if "mount" in changed:
        yield partial(mounts.refuse_by_others, actor, changed["mount"])
        yield partial(mounts.resolve_present, changed["mount"])
    if "memory" in changed:
        yield partial(limits.refuse_bad_memory, changed["memory"])
    if "cpu" in changed:
        yield partial(limits.refuse_bad_cpu, changed["cpu"])
    if "memory" in changed or "cpu" in changed:
        yield partial(limits.refuse_bad_resources, container.resources, changed.get("memory", container.memory))
    if "cpu" in changed:
        yield partial(refuse_two_models, container, changed["cpu"])


def refuse_two_models(container: Container, cpu: float | None) -> None:
    """Raise Conflict for cores beside the kernel's own words for the same thing."""
    if cpu is not None and {"cpu_period", "cpu_quota"} & set(container.resources):
        raise Conflict("CPU limit conflicts with cpu_period and cpu_quota, which are set")


def lifted(name: str, changed: dict[str, Any]) -> bool:
    """Whether a limit was taken away: Docker's live update can change one, and not remove it."""
    return name in ("memory", "cpu") and changed[name] is None


def apply(actor: Actor, container: Container, changed: dict[str, Any]) -> None:
    """Write the row, the event and the job. Inside the caller's transaction."""
    if not changed:
        return
    before = {name: container.limit(name) for name in LIMITS}
    audit.record(actor, container, before={name: getattr(container, name) for name in changed}, after=changed)
    anew = {"stale": True} if makes_anew(changed) else {}
    Container.objects.filter(pk=container.pk).update(**changed, **anew, updated_at=timezone.now())
    swap = changed.get("resources", container.resources).get("memory_swap")
    if {"memory", "cpu"} & set(changed) or swap != before["memory_swap"]:
        quotas.refuse_beyond(Container.objects.get(pk=container.pk))
    shown = ", ".join(sorted(changed))
    data = {"waiting": waiting_of(changed)}
    events.record(container, Event.Kind.SETTINGS, f"Changed {shown}", actor=actor.name, data=data)
    for name, value in changed.items():
        setattr(container, name, value)
    live = {name: now for name in LIMITS if (now := container.limit(name)) != before[name] and now is not None}
    if live:
        args: JobArgs = {"settings": live, "limits": limits_named(container, live)}
        queue.add(container, Job.Kind.UPDATE, actor, args)


@audit.attempt("container.resources")
def update_resources(
    actor: Actor, internal_id: str, wanted: dict[str, Any], seen: Mapping[str, Any] | None = None
) -> Container:
    """Change limits by Docker's own names and units, live; stored, and kept by every recreate.

    Raises:
        Invalid: a value that Docker could not hold.
        Conflict: `cpu_period` or `cpu_quota` beside a `cpu` limit: two models of the same thing.
        Overtaken: one of them is not any more as it was seen.
    """
    found = find(actor, internal_id, Permission.SETTINGS)
    engine.ping()
    with transaction.atomic():
        container = locked(found)
        refuse_overtaken(container, wanted, seen)
        change_resources(actor, container, wanted)
    return container


def change_resources(actor: Actor, container: Container, wanted: dict[str, Any]) -> None:
    """Check them beside what is set already, and apply them. Inside the caller's transaction."""
    if container.cpu is not None and {"cpu_period", "cpu_quota"} & set(wanted):
        raise Conflict("cpu_period and cpu_quota conflict with the CPU limit, which is set")
    changed = dict(wanted)
    memory = changed.pop("memory", container.memory)
    resources = container.resources | changed
    limits.refuse_bad_memory(memory)
    limits.refuse_bad_resources(resources, memory)
    settings = {"memory": memory, "resources": resources}
    apply(actor, container, {name: value for name, value in settings.items() if getattr(container, name) != value})


def resources_of(container: Container) -> dict[str, Any]:
    """The eight, `None` where nothing is set."""
    return {"memory": container.memory} | {name: container.resources.get(name) for name in limits.RESOURCE_NAMES}
