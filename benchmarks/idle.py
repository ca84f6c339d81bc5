"""What everything costs while nothing happens."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import MEBIBYTE, Row
from tests.e2e.server import ROOT, Lightd
from tests.waiting import wait_until

SETTLE = 8.0  # seconds after the start, or after the last container, that are not idle yet
SECONDS = 30.0
TICKS = os.sysconf("SC_CLK_TCK")

ONE_PROCESS = "import django, time; django.setup(); print('ready', flush=True); time.sleep(600)"


def measure(site: Lightd) -> list[Row]:
    """Proportional memory (PSS: a page shared by n processes counts 1/n for each) and CPU of all our processes."""
    time.sleep(SETTLE)
    with one_django_process(site.environment) as bare:
        alone = cpu_share(site)
        return [
            Row(
                f"idle, memory of all {len(family(site))} processes",
                sum(memory(pid) for pid in family(site)),
                "MB",
                250,
                memory(bare),
                "one idle Django process",
            ),
            Row("idle, CPU of a core", alone.of_all, "%", 2),
        ]


def shares(cpu: Cpu) -> list[str]:
    """Each process with what it took of a core and its proportional memory."""
    return [f"{percent:6.2f} %  {memory(pid):6.1f} MB  {role(pid)}" for pid, percent in cpu.of_each.items()]


def family(site: Lightd) -> list[int]:
    return sorted(site.everyone())


def role(pid: int) -> str:
    """What a process does, as far as its command and its name tell."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return f"{pid} {Path(f'/proc/{pid}/comm').read_text().strip()}: {command.split('manage.py ')[-1]}"


def memory(pid: int) -> float:
    """Proportional memory of a process, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / MEBIBYTE


@dataclass(frozen=True)
class Cpu:
    """Percent of a core that our processes take, all together and each, oldest first."""

    of_all: float
    of_each: dict[int, float]


def cpu_share(site: Lightd) -> Cpu:
    before, begun = cpu_seconds(site), time.monotonic()
    time.sleep(SECONDS)
    after, percent = cpu_seconds(site), 100 / (time.monotonic() - begun)
    return Cpu(
        (sum(after.values()) - sum(before.values())) * percent,
        {pid: (seconds - before.get(pid, 0)) * percent for pid, seconds in after.items()},
    )


def cpu_seconds(site: Lightd) -> dict[int, float]:
    """Of each that lives, with its children that have ended."""
    seconds = {}
    for pid in family(site):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        seconds[pid] = sum(map(int, fields[11:15])) / TICKS  # utime, stime, cutime, cstime
    return seconds


@contextmanager
def one_django_process(environment: dict[str, str]) -> Iterator[int]:
    """Our settings and apps loaded, nothing done: what a process costs before it is of any use."""
    process = subprocess.Popen(
        [sys.executable, "-c", ONE_PROCESS],
        cwd=ROOT,
        env={**environment, "DJANGO_SETTINGS_MODULE": "lightd_site.settings"},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        wait_until(process.stdout.readline, 30, "a Django process is ready")
        yield process.pid
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
