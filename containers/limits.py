"""Which limits a container may be given."""

from __future__ import annotations

import math
import os
from typing import Any

from containers.engine.config import RESOURCES
from containers.models import Heartbeat
from rules.errors import Invalid

MIN_MEMORY = 6 << 20  # bytes; Docker's own floor (daemon/daemon_unix.go, linuxMinMemory)
MAX_MEMORY = 1 << 60  # bytes; far above any host, far below what overflows
RESOURCE_NAMES = tuple(RESOURCES)
RANGES = {
    "memory_swap": (MIN_MEMORY, MAX_MEMORY),
    "memory_reservation": (MIN_MEMORY, MAX_MEMORY),
    "cpu_shares": (2, 262144),
    "cpu_period": (1000, 1000000),
    "cpu_quota": (1000, 1 << 40),
    "blkio_weight": (10, 1000),
}
UNLIMITED = {"memory_swap": -1, "cpu_quota": -1}
MIN_CPU = 0.01  # cores; Docker's own floor


def refuse_bad_memory(memory: int | None) -> None:
    """Raise `Invalid` for a memory limit (bytes) that Docker could not hold."""
    if memory is not None and memory < MIN_MEMORY:
        raise Invalid.at("limits.memory", f"Memory limit must be at least {MIN_MEMORY} bytes (6 MiB)")
    if memory is not None and memory > MAX_MEMORY:
        raise Invalid.at("limits.memory", f"Memory limit must be at most {MAX_MEMORY} bytes (1 EiB)")


def refuse_bad_cpu(cpu: float | None) -> None:
    """Raise `Invalid` for a CPU limit (cores) that Docker could not hold."""
    cores = host_cores()
    if cpu is not None and not (math.isfinite(cpu) and MIN_CPU <= cpu <= cores):
        raise Invalid.at("limits.cpu", f"CPU limit must be from {MIN_CPU} to {cores} cores")


def refuse_bad_resources(resources: dict[str, Any], memory: int | None) -> None:
    """Raise `Invalid` for limits under Docker's own names that Docker or the kernel could not hold.

    The ranges are those of daemon/daemon_unix.go (verifyPlatformContainerResources) and of the kernel's cgroups.
    """
    for name, (lowest, highest) in RANGES.items():
        value = resources.get(name)
        if value is not None and value != UNLIMITED.get(name) and not lowest <= value <= highest:
            raise Invalid.at(name, f"{name} must be from {lowest} to {highest}")
    swap, reservation = resources.get("memory_swap"), resources.get("memory_reservation")
    if swap is not None and memory is None:
        raise Invalid.at("memory_swap", "memory_swap needs a memory limit")
    if swap not in (None, -1) and memory is not None and swap < memory:
        raise Invalid.at("memory_swap", "memory_swap counts memory and swap together: at least memory")
    if reservation is not None and memory is not None and reservation > memory:
        raise Invalid.at("memory_reservation", "memory_reservation must not be above memory")
    refuse_bad_cpuset(resources.get("cpuset_cpus"))


def refuse_bad_cpuset(cpuset: str | None) -> None:
    """Raise `Invalid` unless `cpuset` lists cores that the host has: `0-2,5`."""
    if cpuset is None:
        return
    cores = host_cores()
    for part in cpuset.split(","):
        first, dash, last = part.partition("-")
        ends = (first, last) if dash else (first, first)
        if not all(end.isascii() and end.isdigit() and len(end) < 5 for end in ends) or int(ends[0]) > int(ends[1]):
            raise Invalid.at("cpuset_cpus", "cpuset_cpus is a list of cores like 0-2,5")
        if int(ends[1]) >= cores:
            raise Invalid.at("cpuset_cpus", f"cpuset_cpus names a core that the host does not have: {ends[1]}")


def host_cores() -> int:
    """Cores of the Docker host, as the supervisor last read them; our own machine's until it has."""
    supervisor = Heartbeat.objects.filter(role="supervisor").first()
    return int((supervisor.detail.get("cores") if supervisor else None) or os.cpu_count() or 1)
