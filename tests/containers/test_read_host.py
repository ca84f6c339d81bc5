"""The host's own figures, from the kernel's files."""

from dataclasses import replace
from os import cpu_count
from pathlib import Path

import pytest

from containers.supervisor import host
from tests.containers import kernel

STAT = "cpu  154387 200 36155 918055 2620 300 1210 1120 5000 0\ncpu0 1 0 1 1 0 0 0 0 0 0\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    for name, content in (("meminfo", kernel.MEMINFO), ("stat", STAT), ("loadavg", "1.65 1.31 0.96 5/176 16201\n")):
        kernel.write(tmp_path / name, content)
    return tmp_path


def test_every_figure_is_read(proc: Path) -> None:
    read = host.read(proc, proc)

    assert read.busy == (154387 + 200 + 36155 + 300 + 1210 + 1120) / host.TICKS
    assert (read.memory, read.memory_limit) == ((24684092 - 23404828) << 10, 24684092 << 10)
    assert 0 < read.disk < read.disk_limit
    assert read.load == 1.65


def test_cpu_is_what_was_busy_in_between(proc: Path) -> None:
    before = host.read(proc, proc)

    def cpu(busy: float) -> float:
        return host.usage(before, replace(before, at=before.at + 2, busy=before.busy + busy)).cpu_usage

    assert cpu(0.5) == 25.0
    assert cpu(1000) == 100.0 * (cpu_count() or 1)  # ticks are coarse: never more than there is
    assert host.usage(before, before).cpu_usage == 0.0
