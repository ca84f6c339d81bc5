"""One reading of many containers, with all that follows from it, beside the same figures asked of Docker's API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar
from uuid import uuid4

import docker

from benchmarks.figures import Row, median
from containers.engine.watch import AsyncEngine
from containers.sockets.groups import StatsMessage
from containers.supervisor.stats import Stats
from tests.engine import IMAGE, Engine

P = ParamSpec("P")
R = TypeVar("R")

CONTAINERS = 30
ROUNDS = 10
PACE = 1.0  # seconds from one reading of a watched container to the next
SETTLE = 3.0  # seconds until their files are found and read twice


def measure(engine: Engine) -> list[Row]:
    """CPU of this process for each container, and how long all of them take."""
    client = engine.client()
    with many(client) as made:
        by_file = asyncio.run(sweeps(made))
        by_engine = [timed(lambda: [client.stats(one, stream=False, one_shot=True) for one in made]) for _ in range(3)]
    return [
        Row(
            f"one sweep of stats, CPU for each of {CONTAINERS} containers",
            median([cpu for cpu, _ in by_file]) / CONTAINERS,
            "ms",
            0.5,
            median([cpu for cpu, _ in by_engine]) / CONTAINERS,
            "Docker's API, our side of it alone",
        ),
        Row(
            f"one sweep of stats over {CONTAINERS} containers",
            median([wall for _, wall in by_file]),
            "ms",
            None,
            median([wall for _, wall in by_engine]),
            "Docker's API, one after another",
        ),
    ]


async def sweeps(docker_ids: list[str]) -> list[tuple[float, float]]:
    """CPU and duration of each round, in milliseconds."""

    async def send(message: StatsMessage) -> None:
        """Nobody listens."""

    async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        raise AssertionError(f"Reading figures is not to use the database: {function}")

    engine = AsyncEngine("benchmark")
    stats = Stats(engine, in_database, send)
    containers = [uuid4() for _ in docker_ids]
    for container_id, docker_id in zip(containers, docker_ids, strict=True):
        stats.began(container_id, docker_id)
    rounds = []
    end = time.monotonic() + SETTLE
    while time.monotonic() < end:
        await stats.read_due()
        await asyncio.sleep(0.2)
    for _ in range(ROUNDS):
        stats.watched(containers)
        await asyncio.sleep(PACE)
        cpu, wall = time.process_time(), time.perf_counter()
        await stats.read_due()
        rounds.append(((time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000))
    await stats.close()
    await engine.close()
    return rounds


def timed(work: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return (time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000


@contextmanager
def many(client: docker.APIClient) -> Iterator[list[str]]:
    """Running containers that do a little."""
    made = []
    try:
        for _ in range(CONTAINERS):
            one = client.create_container(IMAGE, ["sh", "-c", "while :; do sleep 0.2; done"])["Id"]
            made.append(one)
            client.start(one)
        yield made
    finally:
        for one in made:
            client.remove_container(one, force=True)
