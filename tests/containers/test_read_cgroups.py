"""A container's figures from the kernel's files, whichever of the two layouts a host has."""

from collections.abc import Callable
from pathlib import Path

import pytest

from containers.engine import cgroups
from containers.engine.cgroups import Machine
from tests.containers import kernel
from tests.containers.kernel import DOCKER_ID, PID

Host = Callable[[Path], Machine]
both = pytest.mark.parametrize("host", [kernel.v1, kernel.v2], ids=["v1", "v2"])


@both
def test_every_figure_is_read(host: Host, tmp_path: Path) -> None:
    files = cgroups.find(PID, DOCKER_ID, host(tmp_path))

    assert files
    read = files.read()
    assert read.cpu == 32_327_026_000
    assert read.memory == 134217728 - 86016
    assert (read.network_rx, read.network_tx) == (1481646 + 100, 210334 + 50)  # without the loopback
    assert (read.block_read, read.block_write) == (4096 + 512, 10485760)
    assert read.pids == 3


def test_the_limit_is_the_containers_own(tmp_path: Path) -> None:
    files = cgroups.find(PID, DOCKER_ID, kernel.v1(tmp_path))

    assert files
    assert files.read().memory_limit == 536870912


def test_without_a_limit_it_is_the_hosts_memory(tmp_path: Path) -> None:
    unlimited = kernel.v1(tmp_path / "v1")
    limit = tmp_path / f"v1/sys/fs/cgroup/memory/docker/{DOCKER_ID}/memory.limit_in_bytes"
    limit.write_text("9223372036854771712\n")

    for machine in (unlimited, kernel.v2(tmp_path / "v2")):
        files = cgroups.find(PID, DOCKER_ID, machine)
        assert files
        assert files.read().memory_limit == kernel.MEMORY


@both
def test_a_process_of_somebody_else_is_not_taken_for_it(host: Host, tmp_path: Path) -> None:
    machine = host(tmp_path)

    assert cgroups.find(PID, "f" * 64, machine) is None
    assert cgroups.find(PID + 1, DOCKER_ID, machine) is None


@both
def test_files_that_may_not_be_read_are_not_found(host: Host, tmp_path: Path) -> None:
    machine = host(tmp_path)
    for path in (tmp_path / "sys").rglob("*memory*_in_bytes"):
        path.unlink()
    for path in (tmp_path / "sys").rglob("memory.current"):
        path.unlink()

    assert cgroups.find(PID, DOCKER_ID, machine) is None


def test_controllers_that_are_off_count_nothing(tmp_path: Path) -> None:
    machine = kernel.v2(tmp_path)
    for name in ("io.stat", "pids.current"):
        next((tmp_path / "sys").rglob(name)).unlink()

    files = cgroups.find(PID, DOCKER_ID, machine)

    assert files
    read = files.read()
    assert (read.block_read, read.block_write, read.pids) == (0, 0, 0)


@both
def test_reading_fails_when_the_process_is_gone(host: Host, tmp_path: Path) -> None:
    files = cgroups.find(PID, DOCKER_ID, host(tmp_path))
    (tmp_path / f"proc/{PID}/net/dev").unlink()

    assert files
    with pytest.raises(OSError, match="net/dev"):
        files.read()


def test_cache_larger_than_what_is_used_is_not_taken_off() -> None:
    assert cgroups.without_cache(100, 40) == 60
    assert cgroups.without_cache(100, 100) == 100
    assert cgroups.without_cache(100, 400) == 100


def test_the_engines_answer_reads_the_same() -> None:
    answer = {
        "cpu_stats": {"cpu_usage": {"total_usage": 32_327_026_000}},
        "memory_stats": {"usage": 134217728, "stats": {"total_inactive_file": 86016}, "limit": 536870912},
        "networks": {"eth0": {"rx_bytes": 7, "tx_bytes": 5}, "eth1": {"rx_bytes": 1, "tx_bytes": 1}},
        "blkio_stats": {"io_service_bytes_recursive": [{"op": "Read", "value": 4096}, {"op": "write", "value": 512}]},
        "pids_stats": {"current": 3},
    }

    read = cgroups.from_engine(answer)

    assert (read.cpu, read.memory, read.memory_limit) == (32_327_026_000, 134217728 - 86016, 536870912)
    assert (read.network_rx, read.network_tx, read.block_read, read.block_write) == (8, 6, 4096, 512)
    assert read.pids == 3


def test_the_engines_answer_about_a_stopped_container_is_none() -> None:
    stopped = {"cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}, "blkio_stats": {}, "pids_stats": {}}

    with pytest.raises(ValueError, match="does not run"):
        cgroups.from_engine(stopped)
