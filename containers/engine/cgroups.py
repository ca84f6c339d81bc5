"""What a container uses, read from the kernel's own files: a fraction of what a call of the engine's costs.

Two layouts: cgroup v1 (kernel: Documentation/admin-guide/cgroup-v1), where each controller is a tree of its own, and
v2 (Documentation/admin-guide/cgroup-v2.rst), one tree for all. Nothing is ever written here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from containers.usage import Counters

LARGEST_READ = 64 << 10  # bytes; io.stat has a line for each device


class Files(Protocol):
    """The files of one running container."""

    def read(self) -> Counters:
        """Read them all.

        Raises:
            OSError: they are gone, with the process, or may not be read.
            ValueError: they are not what the kernel documents.
        """
        ...


@dataclass(frozen=True)
class Machine:
    """Where the kernel shows itself; tests have trees of their own."""

    proc: Path = Path("/proc")
    # A path in mountinfo is absolute; below this folder.
    root: Path = Path("/")

    @property
    def memory(self) -> int:
        """The host's memory in bytes."""
        return field(text(self.proc / "meminfo"), "MemTotal:") << 10  # it is in KiB

    def mounts(self) -> dict[str, Path]:
        """Where each v1 controller is mounted; v2's one tree is under the empty name.

        Fields of /proc/self/mountinfo: proc(5). The mount's root is `/` unless we ourselves are in a container.
        """
        found: dict[str, Path] = {}
        for line in text(self.proc / "self/mountinfo").splitlines():
            mount, _, system = line.partition(" - ")
            kind, _, options = system.split(" ", 2)
            place = self.root / mount.split(" ")[4].lstrip("/")
            if kind == "cgroup2":
                found[""] = place
            elif kind == "cgroup":
                found |= dict.fromkeys(options.split(","), place)
        return found


HOST = Machine()


def find(pid: int, docker_id: str, machine: Machine = HOST) -> Files | None:
    """The files of the container whose main process is `pid`; None if they are not to be had.

    A process of this number may be anybody's: the engine may be on another host, or have given us a number of another
    namespace. Docker has the container's id in the name of its cgroup, so that says whether it is the right one.
    """
    try:
        folders = folders_of(text(machine.proc / str(pid) / "cgroup"), docker_id)
        mounts = machine.mounts()
        network = machine.proc / str(pid) / "net/dev"
        files: Files
        if "memory" in folders:  # a host may have v1 for the controllers and v2 beside it, for systemd alone
            trees = {name: mounts[name] / folder for name, folder in folders.items() if name in mounts}
            files = FilesV1(trees, network, machine.memory)
        else:
            files = FilesV2(mounts[""] / folders[""], network, machine.memory)
        files.read()
    except (OSError, ValueError, KeyError):
        return None
    return files


def folders_of(listing: str, docker_id: str) -> dict[str, str]:
    """Read `/proc/<pid>/cgroup` (cgroups(7)): controller to folder, the container's own.

    What runs in a container may have made groups of its own below: the path is cut at the one named by Docker.
    """
    found: dict[str, str] = {}
    for line in listing.splitlines():
        _, controllers, path = line.split(":", 2)
        parts = path.split("/")
        own = next((index for index, part in enumerate(parts) if docker_id in part), None)
        if own is not None:
            found |= dict.fromkeys(controllers.split(","), "/".join(parts[1 : own + 1]))
    return found


class FilesV1:
    """cgroup v1: a folder for each controller."""

    def __init__(self, folders: dict[str, Path], network: Path, host_memory: int) -> None:
        self._cpu = folders["cpuacct"] / "cpuacct.usage"
        self._memory = folders["memory"] / "memory.usage_in_bytes"
        self._memory_limit = folders["memory"] / "memory.limit_in_bytes"
        self._memory_stat = folders["memory"] / "memory.stat"
        self._host_memory = host_memory
        # Counted by the block layer itself, whichever scheduler a disk has.
        self._block = folders["blkio"] / "blkio.throttle.io_service_bytes_recursive" if "blkio" in folders else None
        self._pids = folders["pids"] / "pids.current" if "pids" in folders else None
        self._network = network

    def read(self) -> Counters:
        cpu, at = int(text(self._cpu)), time.monotonic()
        read, written = v1_block(text(self._block)) if self._block else (0, 0)
        received, sent = traffic(text(self._network))
        return Counters(
            at=at,
            cpu=cpu,
            memory=without_cache(int(text(self._memory)), field(text(self._memory_stat), "total_inactive_file")),
            memory_limit=min(int(text(self._memory_limit)), self._host_memory),
            network_rx=received,
            network_tx=sent,
            block_read=read,
            block_write=written,
            pids=int(text(self._pids)) if self._pids else 0,
        )


class FilesV2:
    """cgroup v2: one folder. The files of controllers that are not switched on are missing."""

    def __init__(self, folder: Path, network: Path, host_memory: int) -> None:
        self._cpu = folder / "cpu.stat"
        self._memory = folder / "memory.current"
        self._memory_limit = folder / "memory.max"
        self._memory_stat = folder / "memory.stat"
        self._host_memory = host_memory
        self._block = folder / "io.stat" if (folder / "io.stat").exists() else None
        self._pids = folder / "pids.current" if (folder / "pids.current").exists() else None
        self._network = network

    def read(self) -> Counters:
        cpu, at = field(text(self._cpu), "usage_usec") * 1000, time.monotonic()
        read, written = v2_block(text(self._block)) if self._block else (0, 0)
        received, sent = traffic(text(self._network))
        limit = text(self._memory_limit).strip()
        return Counters(
            at=at,
            cpu=cpu,
            memory=without_cache(int(text(self._memory)), field(text(self._memory_stat), "inactive_file")),
            memory_limit=self._host_memory if limit == "max" else min(int(limit), self._host_memory),
            network_rx=received,
            network_tx=sent,
            block_read=read,
            block_write=written,
            pids=int(text(self._pids)) if self._pids else 0,
        )


def from_engine(raw: dict[str, Any]) -> Counters:
    """The same from the engine's answer to `GET /containers/{id}/stats` (Docker Engine API v1.41).

    Raises:
        ValueError: the container does not run; the answer has no figures then.
    """
    memory = raw["memory_stats"]
    if "usage" not in memory:
        raise ValueError("no figures: the container does not run")
    inactive = memory["stats"].get("total_inactive_file", memory["stats"].get("inactive_file", 0))
    networks = (raw.get("networks") or {}).values()
    blocks = raw["blkio_stats"].get("io_service_bytes_recursive") or []
    return Counters(
        at=time.monotonic(),
        cpu=int(raw["cpu_stats"]["cpu_usage"]["total_usage"]),
        memory=without_cache(int(memory["usage"]), int(inactive)),
        memory_limit=int(memory["limit"]),
        network_rx=sum(one["rx_bytes"] for one in networks),
        network_tx=sum(one["tx_bytes"] for one in networks),
        block_read=sum(one["value"] for one in blocks if one["op"].lower() == "read"),
        block_write=sum(one["value"] for one in blocks if one["op"].lower() == "write"),
        pids=int(raw["pids_stats"].get("current", 0)),
    )


def without_cache(used: int, inactive: int) -> int:
    """Memory as `docker stats` shows it: less the file cache that was not used of late.

    docker/cli, cli/command/container/stats_helpers.go, calculateMemUsageUnixNoCache: `total_inactive_file` on v1,
    `inactive_file` on v2, and nothing taken off if that is not less than what is used.
    """
    return used - inactive if inactive < used else used


def v1_block(listing: str) -> tuple[int, int]:
    """Bytes read and written: lines like `8:0 Read 4096` (cgroup-v1/blkio-controller.rst), all devices together."""
    rows = [line.split() for line in listing.splitlines()]
    return (
        sum(int(row[2]) for row in rows if len(row) == 3 and row[1] == "Read"),
        sum(int(row[2]) for row in rows if len(row) == 3 and row[1] == "Write"),
    )


def v2_block(listing: str) -> tuple[int, int]:
    """Bytes read and written: lines like `8:0 rbytes=4096 wbytes=0 rios=1 …` (cgroup-v2.rst, io.stat)."""
    pairs = [pair.partition("=") for line in listing.splitlines() for pair in line.split()[1:]]
    return (
        sum(int(value) for name, _, value in pairs if name == "rbytes"),
        sum(int(value) for name, _, value in pairs if name == "wbytes"),
    )


def traffic(listing: str) -> tuple[int, int]:
    """Bytes received and sent by all interfaces but the loopback: `/proc/<pid>/net/dev` (proc(5))."""
    received = sent = 0
    for name, columns in interfaces(listing):
        if name != "lo":
            received += int(columns[0])
            sent += int(columns[8])
    return received, sent


def interfaces(listing: str) -> Iterator[tuple[str, list[str]]]:
    for line in listing.splitlines()[2:]:
        name, _, columns = line.partition(":")
        yield name.strip(), columns.split()


def field(listing: str, name: str) -> int:
    """The number after `name` in lines of name and number; 0 if it is not there."""
    _, found, rest = f"\n{listing}".partition(f"\n{name} ")
    return int(rest.split(maxsplit=1)[0]) if found else 0


def text(path: Path) -> str:
    """A whole small file. Half the time of `Path.read_text`, and these are read all day."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        pieces = []
        while piece := os.read(handle, LARGEST_READ):
            pieces.append(piece)
    finally:
        os.close(handle)
    return b"".join(pieces).decode("ascii", "replace")
