"""How much of what there is is used, as bars: of the host, of a user's quota, of the pool of ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from containers import current, quotas
from ports import pool
from rules.figures import cores, part, share, size
from volumes import quotas as volume_quotas

Say = Callable[[float], str]

# Of the host: the names of its charts in static/js/history.js, and what people call them.
CPU, MEMORY, DISK = ("cores", "CPU"), ("memory", "Memory"), ("disk", "Disk")


@dataclass(frozen=True)
class Bar:
    """Something that is used, with a name that a page finds it by. Without a limit there is nothing to fill."""

    name: str
    label: str
    text: str
    percent: int | None = None
    limit: float | None = None


def of_host() -> list[Bar]:
    """What the host uses, as the supervisor last read it."""
    host = current.of(current.HOST)
    if host is None:
        return [Bar(*each, "not known") for each in (CPU, MEMORY, DISK)]
    return [
        _limited(*CPU, round(host["cpu_usage"] / 100, 1), host["cores"], cores),
        _limited(*MEMORY, host["memory_usage"], host["memory_limit"], size),
        _limited(*DISK, host["disk_usage"], host["disk_limit"], size),
    ]


def of_quota(user: User) -> list[Bar]:
    """What the user has of what they may have. Three queries."""
    used, given = quotas.used_by(user), volume_quotas.given_to(user)
    return [
        _of_quota("containers", "Containers", used.containers, user.max_containers, _number),
        _of_quota("memory", "Memory", used.memory, user.max_memory, size),
        _of_quota("cpu", "CPU", used.cpu, user.max_cpu, cores),
        _of_quota("ports", "Ports", used.ports, user.max_ports, _number),
        _of_quota("volumes", "Volumes", given.volumes, user.max_volumes, _number),
        _of_quota("disk", "Disk", given.megabytes, user.max_disk_mb, _megabytes),
    ]


def of_pool() -> Bar:
    """How many ports of the pool are in use. One query."""
    filling = pool.filling()
    if not filling.total:
        return Bar("pool", "Port pool", "empty")
    text = f"{filling.used} of {filling.total} in use, {filling.total - filling.used} free"
    return Bar("pool", "Port pool", text, share(filling.used, filling.total), filling.total)


def _of_quota(name: str, label: str, used: float, most: float | None, say: Say) -> Bar:
    return Bar(name, label, f"{say(used)}, no limit") if most is None else _limited(name, label, used, most, say)


def _limited(name: str, label: str, used: float, limit: float, say: Say) -> Bar:
    return Bar(name, label, part(say(used), say(limit)), share(used, limit), limit)


def _number(count: float) -> str:
    return f"{count:.0f}"


def _megabytes(count: float) -> str:
    return f"{count:.0f} MB"
