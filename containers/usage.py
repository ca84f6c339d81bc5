"""What a process uses: counters as the kernel keeps them, and the figures that two readings of them make."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

NANO = 1_000_000_000


@dataclass(frozen=True)
class Counters:
    """One reading. CPU, network and block figures only rise, from nought at each start of the container."""

    at: float  # seconds, of a clock that never goes back
    cpu: int  # nanoseconds, all cores together
    memory: int  # bytes, without the file cache that the kernel gives back first
    memory_limit: int  # bytes; the host's memory if there is no limit
    network_rx: int  # bytes
    network_tx: int
    block_read: int  # bytes
    block_write: int
    pids: int


@dataclass(frozen=True)
class Moved:
    """Bytes that were moved between two readings."""

    network_rx: int = 0
    network_tx: int = 0
    block_read: int = 0
    block_write: int = 0


@dataclass(frozen=True)
class Usage:
    """The `stats` message of the contract. Network and block figures count from the container's start."""

    cpu_usage: float  # percent, 100 a core
    memory_usage: int
    memory_limit: int
    network_rx: int
    network_tx: int
    block_read: int
    block_write: int
    disk_usage: int  # bytes of the volume; of a directory as last measured
    uptime: int  # seconds
    pids: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def differs(self, shown: Usage | None) -> bool:
        """Whether a viewer who has `shown` learns something. That time has passed is nothing new."""
        return shown is None or {**asdict(self), "uptime": 0} != {**asdict(shown), "uptime": 0}


def nothing_yet(at: float) -> Counters:
    """What the counters say when a process begins."""
    return Counters(at, 0, 0, 0, 0, 0, 0, 0, 0)


def cpu_percent(before: Counters, after: Counters) -> float:
    """Percent of a core used between two readings, to a tenth: below that is noise, and would never stand still."""
    seconds = after.at - before.at
    if seconds <= 0:
        return 0.0
    return round(risen(before.cpu, after.cpu) / NANO / seconds * 100, 1)


def moved(before: Counters, after: Counters) -> Moved:
    """Bytes between two readings."""
    return Moved(
        risen(before.network_rx, after.network_rx),
        risen(before.network_tx, after.network_tx),
        risen(before.block_read, after.block_read),
        risen(before.block_write, after.block_write),
    )


def risen(before: int, after: int) -> int:
    """How far a counter rose. One that is lower than it was began again from nought in between."""
    return after - before if after >= before else after


def usage(before: Counters, after: Counters, *, uptime: int, disk: int) -> Usage:
    """The figures that two readings of one container make."""
    return Usage(
        cpu_usage=cpu_percent(before, after),
        memory_usage=after.memory,
        memory_limit=after.memory_limit,
        network_rx=after.network_rx,
        network_tx=after.network_tx,
        block_read=after.block_read,
        block_write=after.block_write,
        disk_usage=disk,
        uptime=uptime,
        pids=after.pids,
    )
