"""What many containers cost us: a hundred that do nothing, and thirty that print beside them."""

from __future__ import annotations

import time

from benchmarks.figures import Row
from benchmarks.idle import SETTLE, cpu_share, family, memory, shares
from tests.e2e.server import Lightd

IDLE = 100
BUSY = 30
BUSY_COMMAND = "exec bash -c 'exec 9<> <(:); while :; do echo $EPOCHREALTIME; read -t 0.1 -u 9; done'"


def measure(site: Lightd) -> list[Row]:
    """Each figure is of all our processes, less what they take without a container."""
    time.sleep(SETTLE)
    alone = cpu_share(site).of_all
    run(site, IDLE, "exec sleep infinity")
    idle, held = share(site, f"{IDLE} idle containers") - alone, all_memory(site)
    run(site, BUSY, BUSY_COMMAND)
    busy = share(site, f"{BUSY} that print beside them") - alone
    return [
        Row(f"{IDLE} idle containers supervised, CPU of a core", idle, "%", 10),
        Row("the same, memory of all our processes", held, "MB"),
        Row(f"{BUSY} that print 10 lines/s beside them, CPU of a core", busy, "%"),
        Row("the same, memory of all our processes", all_memory(site), "MB"),
    ]


def share(site: Lightd, what: str) -> float:
    """What all take of a core; each of them is printed with its memory."""
    cpu = cpu_share(site)
    print("\n".join([f"{what}:", *shares(cpu)]))
    return cpu.of_all


def run(site: Lightd, number: int, command: str) -> None:
    containers = [site.create(startup_command=command, wait=None) for _ in range(number)]
    for container in containers:
        site.wait_state(container, "ready", timeout=300)
        site.act(container, "start")
    for container in containers:
        site.wait_state(container, "running", timeout=300)
    time.sleep(SETTLE)


def all_memory(site: Lightd) -> float:
    return sum(memory(pid) for pid in family(site))
