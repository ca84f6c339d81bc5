"""How much of the host one user's containers may take together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts import users
from accounts.models import User
from containers.limits import UNLIMITED
from containers.models import Container
from ports.models import Port
from rules.errors import Forbidden


@dataclass(frozen=True)
class Used:
    """What a user's containers take together. Memory (bytes, with swap) and CPU (cores) are their limits."""

    containers: int
    memory: int
    cpu: float
    ports: int


def used_by(owner: User) -> Used:
    """What counts against the owner's quota. Two queries."""
    rows = Container.objects.filter(owner=owner).values_list("memory", "cpu", "resources")
    memory = sum(max(memory or 0, resources.get("memory_swap") or 0) for memory, _, resources in rows)
    return Used(len(rows), memory, sum(cpu or 0 for _, cpu, _ in rows), ports_of(owner).count())


def refuse_beyond(container: Container) -> None:
    """Raise `Forbidden` if its owner's containers, this one as it is now included, are more than their quota.

    The caller has a transaction open, in which the container is as it shall be, and rolls it back on an error. The
    owner's row is locked first: of two that would each be the last, only one comes through.
    """
    owner = users.locked(container.owner_id)
    if owner.is_superuser:
        return
    if owner.max_memory is not None or owner.max_cpu is not None:
        refuse_unlimited(owner, container)
    used = used_by(owner)
    refuse_more(owner.max_containers, used.containers, "containers")
    refuse_more(owner.max_memory, used.memory, "memory", lambda size: f"{size / 2**20:.0f} MiB")
    refuse_more(owner.max_cpu, used.cpu, "CPU", lambda cores: f"{cores:g} cores")
    refuse_more(owner.max_ports, used.ports, "ports")


def refuse_more_ports(container: Container, wanted: int) -> None:
    """The same of the ports that the container is to have after a rebind, in whose middle it holds more."""
    owner = users.locked(container.owner_id)
    if not owner.is_superuser:
        refuse_more(owner.max_ports, ports_of(owner).exclude(container=container).count() + wanted, "ports")


def ports_of(owner: User) -> QuerySet[Port]:
    return Port.objects.filter(container__owner=owner)


def refuse_unlimited(owner: User, container: Container) -> None:
    """A container without a limit is beyond any quota."""
    if owner.max_memory is not None and container.memory is None:
        raise Forbidden("limits.memory is needed: there is a quota of memory", field="limits.memory")
    if owner.max_memory is not None and container.limit("memory_swap") == UNLIMITED["memory_swap"]:
        raise Forbidden("memory_swap needs a limit: there is a quota of memory", field="memory_swap")
    if owner.max_cpu is not None and container.cpu is None:
        raise Forbidden("limits.cpu is needed: there is a quota of CPU", field="limits.cpu")


def refuse_more(
    most: float | None, wanted: float, what: str, shown: Callable[[float], str] = lambda number: f"{number:g}"
) -> None:
    if most is not None and wanted > most:
        raise Forbidden(f"The quota of {what} is {shown(most)}, and this would make it {shown(wanted)}")
