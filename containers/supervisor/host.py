"""What the machine uses that the supervisor runs on; with an engine elsewhere, that is not the engine's."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from containers.engine.cgroups import field, text

TICKS = os.sysconf("SC_CLK_TCK")
KIB = 1024


@dataclass(frozen=True)
class HostReading:
    """One reading of the host."""

    at: float  # seconds, of a clock that never goes back
    busy: float  # seconds that all cores together did not idle, since boot
    memory: int  # bytes
    memory_limit: int
    disk: int  # bytes, of the file system that the storage root is on
    disk_limit: int
    load: float


@dataclass(frozen=True)
class HostUsage:
    """What is shown of the host."""

    cpu_usage: float  # percent, 100 a core
    memory_usage: int
    memory_limit: int
    disk_usage: int
    disk_limit: int
    load: float
    cores: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read(storage_root: Path, proc: Path = Path("/proc")) -> HostReading:
    """Read the host's figures: proc(5), statvfs(3)."""
    memory = text(proc / "meminfo")
    total, available = (field(memory, name) * KIB for name in ("MemTotal:", "MemAvailable:"))
    disk = os.statvfs(storage_root)
    return HostReading(
        at=time.monotonic(),
        busy=busy_seconds(text(proc / "stat")),
        memory=total - available,
        memory_limit=total,
        disk=(disk.f_blocks - disk.f_bfree) * disk.f_frsize,
        disk_limit=disk.f_blocks * disk.f_frsize,
        load=float(text(proc / "loadavg").split()[0]),
    )


def busy_seconds(listing: str) -> float:
    """Time that the cores did not idle. What a guest system used is in the user time already; waiting is idling."""
    user, nice, system, _idle, _waiting, irq, softirq, steal, *_ = map(int, listing.partition("\n")[0].split()[1:])
    return (user + nice + system + irq + softirq + steal) / TICKS


def usage(before: HostReading, after: HostReading) -> HostUsage:
    """What two readings of the host make."""
    cores = os.cpu_count() or 1
    share = (after.busy - before.busy) / (after.at - before.at) if after.at > before.at else 0.0
    return HostUsage(
        # The kernel counts in ticks: over a second it may come to a little more than there is.
        cpu_usage=round(min(max(share, 0), cores) * 100, 1),
        memory_usage=after.memory,
        memory_limit=after.memory_limit,
        disk_usage=after.disk,
        disk_limit=after.disk_limit,
        load=after.load,
        cores=cores,
    )
