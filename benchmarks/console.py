"""How late a line is on its way to the viewers: many of them on one console, and beside one that floods."""

from __future__ import annotations

import time
from collections.abc import Callable

import docker

from benchmarks.figures import MEBIBYTE, Row, percentile
from tests.e2e.live.crowd import Crowd, address, numbers
from tests.e2e.memory import resident
from tests.e2e.server import Lightd

VIEWERS = 50
RATE = 1000  # lines a second
SECONDS = 20
FLOOD_SECONDS = 60
QUIET = 9  # containers beside the flood
QUIET_RATE = 10  # lines a second of each
P99 = 0.99


def measure(site: Lightd) -> list[Row]:
    """Lines carry the moment at which they were printed; the viewers compare it with theirs, on the same host."""
    return [*one_busy_console(site), *beside_a_flood(site)]


def one_busy_console(site: Lightd) -> list[Row]:
    lines = RATE * SECONDS
    raw = lags_of_docker(site, numbers(RATE * 5, RATE))
    container = site.create(startup_command=numbers(lines, RATE))
    site.start_and_wait(container)
    with Crowd([address(site, container)] * VIEWERS, lines) as crowd:
        site.socket(container).command("go")
        crowd.wait(3 * SECONDS)
    lags = [lag for each in crowd.followers for _, lag in each.lags]
    assert len(lags) == lines * VIEWERS, "lines were lost"
    return [
        Row(
            f"console of {RATE:,} lines/s, {VIEWERS} viewers, every line, p99",
            percentile(lags, P99) * 1000,
            "ms",
            150,
            percentile(raw, P99) * 1000,
            "Docker's attach, one reader",
        )
    ]


def beside_a_flood(site: Lightd) -> list[Row]:
    """The same nine consoles without the flood are the raw figure."""
    calm, _, _ = quiet_consoles(site, SECONDS, lambda: None)
    flood = site.create(startup_command="yes")
    before = supervisor_memory(site)
    lags, asked, memory = quiet_consoles(site, FLOOD_SECONDS, lambda: site.start_and_wait(flood))
    site.act(flood, "kill")
    return [
        Row(
            "consoles beside `yes`, p99", percentile(lags, P99) * 1000, "ms", 250, percentile(calm, P99) * 1000, "alone"
        ),
        Row("API beside `yes`, p95", percentile(asked, 0.95) * 1000, "ms"),
        Row(
            f"memory of the supervisor's process after {FLOOD_SECONDS} s of it",
            memory[-1],
            "MB",
            None,
            before,
            "before",
        ),
        Row("the same, the most of it meanwhile", max(memory), "MB"),
    ]


def quiet_consoles(
    site: Lightd, duration: int, meanwhile: Callable[[], object]
) -> tuple[list[float], list[float], list[float]]:
    """For so many seconds: lags of the lines of nine consoles (seconds), of calls of the API, and what memory the
    supervisor had, one figure after the other (MB)."""
    lines = QUIET_RATE * duration
    containers = [site.create(startup_command=numbers(lines, QUIET_RATE)) for _ in range(QUIET)]
    for container in containers:
        site.start_and_wait(container)
    asked, memory = [], []
    with Crowd([address(site, each) for each in containers], lines) as crowd:
        meanwhile()
        for container in containers:
            site.socket(container).command("go")
        while not crowd.has_all(within=0.2):
            begun = time.perf_counter()
            site.get(containers[0])
            asked.append(time.perf_counter() - begun)
            memory.append(supervisor_memory(site))
    return [lag for each in crowd.followers for _, lag in each.lags], asked, memory


def supervisor_memory(site: Lightd) -> float:
    """MB that are resident."""
    return resident(site, "supervisor") / MEBIBYTE


def lags_of_docker(site: Lightd, command: str) -> list[float]:
    """How late the same lines come over Docker's own attach, in seconds."""
    client = site.engine.client()
    like = site.inspect(site.create(startup_command="true"))
    container = client.create_container_from_config(
        {"Image": like["Image"], "Cmd": ["sh", "-c", command], "Tty": True, "OpenStdin": True}
    )["Id"]
    try:
        return read_attached(client, container)
    finally:
        client.remove_container(container, force=True)


def read_attached(client: docker.APIClient, container: str) -> list[float]:
    typist = client.attach_socket(container, {"stdin": 1, "stream": 1})
    output = client.attach(container, stream=True)
    client.start(container)
    typist._sock.sendall(b"go\n")
    lags: list[float] = []
    rest = b""
    for piece in output:
        now = time.time()
        *lines, rest = (rest + piece).split(b"\n")
        lags += [now - float(line.split()[1]) for line in lines if line.startswith(b"n") and len(line.split()) == 2]
        if len(lags) >= RATE * 5:
            break
    return lags
