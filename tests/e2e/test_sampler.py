"""The sampler against a real engine: its figures are the kernel's, and the engine's own."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

import docker
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.cache import cache
from docker.types import HostConfig
from pytest_django import Settings

from accounts.models import User
from containers.engine import cgroups
from containers.engine.answers import Seen
from containers.engine.watch import AsyncEngine
from containers.models import Container, Sample
from containers.sockets.groups import StatsMessage
from containers.supervisor.stats import Stats
from containers.usage import Counters, Usage, cpu_percent
from tests.engine import IMAGE, Engine
from tests.in_database import in_database
from tests.people import container_of
from tests.waiting import wait_until

MIB = 1 << 20
BURN = "while :; do :; done"
HOLD = f"exec perl -e 'open F, \"/dev/zero\"; sysread F, $held, {100 * MIB}; sleep 1000'"
IDLE = "exec sleep 1000"

Run = Callable[..., str]
P = ParamSpec("P")
R = TypeVar("R")


@pytest.fixture
def run(docker_client: docker.APIClient) -> Iterator[Run]:
    """Runs a shell command in a container of its own; returns Docker's id."""
    made = []

    def start(command: str, **limits: Any) -> str:
        config = docker_client.create_host_config(**limits) if limits else HostConfig("1.41")
        one: str = docker_client.create_container(IMAGE, ["sh", "-c", command], host_config=config)["Id"]
        made.append(one)
        docker_client.start(one)
        return one

    yield start
    for one in made:
        docker_client.remove_container(one, force=True)


@dataclass
class Sampler:
    """A sampler that is told to read, with a clock that is told the time."""

    stats: Stats
    sent: list[StatsMessage]
    now: list[float] = field(default_factory=lambda: [1_800_000_000.0])

    async def read_until(self, done: Callable[[], bool], at_most: float = 60) -> None:
        async with asyncio.timeout(at_most):
            while not done():
                await self.stats.read_due()
                await asyncio.sleep(0.1)

    async def read_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        await self.read_until(lambda: time.monotonic() > end, seconds + 30)

    def usage(self, docker_id: str) -> Usage | None:
        process = self.stats._processes.get(docker_id)
        return process.usage if process else None

    async def usage_of(self, docker_id: str) -> Usage:
        await self.read_until(lambda: self.usage(docker_id) is not None)
        usage = self.usage(docker_id)
        assert usage
        return usage


@pytest_asyncio.fixture
async def sampler(engine: Engine, settings: Settings, transactional_db: None) -> AsyncIterator[Sampler]:
    settings.ENGINE_URL = engine.url
    asking = AsyncEngine("none")
    sent: list[StatsMessage] = []

    async def send(message: StatsMessage) -> None:
        sent.append(message)

    now = [1_800_000_000.0]
    stats = Stats(asking, in_database, send, clock=lambda: now[0])
    yield Sampler(stats, sent, now)
    await stats.close()
    await asking.close()
    cache.clear()


def pid_of(client: docker.APIClient, docker_id: str) -> int:
    return int(client.inspect_container(docker_id)["State"]["Pid"])


def seen(docker_id: str) -> Seen:
    return Seen(docker_id, uuid4(), running=True, created=False)


def test_half_a_core_is_shown_as_fifty_percent(docker_client: docker.APIClient, run: Run) -> None:
    """As far as this machine lets it have that: the engine says how far."""
    burning = run(BURN, cpu_period=100_000, cpu_quota=50_000)
    files = cgroups.find(pid_of(docker_client, burning), burning)

    assert files
    before, engine_before = files.read(), by_engine(docker_client, burning)
    time.sleep(4)
    mine, theirs = cpu_percent(before, files.read()), cpu_percent(engine_before, by_engine(docker_client, burning))
    assert mine == pytest.approx(theirs, abs=8)
    assert 0 < mine < 58


def by_engine(client: docker.APIClient, docker_id: str) -> Counters:
    return cgroups.from_engine(client.stats(docker_id, stream=False, one_shot=True))


def wait_until_held(client: docker.APIClient, holding: str) -> None:
    """Until the container has the memory that it asks for."""
    wait_until(lambda: by_engine(client, holding).memory > 99 * MIB, 30, "the memory is held")


async def test_figures_are_those_of_docker_stats(docker_client: docker.APIClient, run: Run, sampler: Sampler) -> None:
    holding = run(HOLD, mem_limit=256 * MIB)
    sampler.stats.began(uuid4(), holding)
    wait_until_held(docker_client, holding)

    mine = await sampler.usage_of(holding)
    theirs = by_engine(docker_client, holding)

    assert mine.memory_usage == pytest.approx(100 * MIB, rel=0.1)
    assert mine.memory_usage == pytest.approx(theirs.memory, rel=0.05)
    assert mine.memory_limit == theirs.memory_limit == 256 * MIB
    assert mine.pids == theirs.pids
    assert mine.network_rx == pytest.approx(theirs.network_rx, abs=4000)


async def test_without_files_the_engine_is_asked(
    docker_client: docker.APIClient, run: Run, sampler: Sampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "find", lambda *args: None)
    holding = run(HOLD, mem_limit=256 * MIB)
    burning = run(BURN, cpu_period=100_000, cpu_quota=50_000)
    wait_until_held(docker_client, holding)

    for one in (holding, burning):
        sampler.stats.began(uuid4(), one)
    await sampler.usage_of(burning)
    sampler.stats.watched([process.container_id for process in sampler.stats._processes.values()])
    await sampler.read_for(3)

    holds, burns = await sampler.usage_of(holding), await sampler.usage_of(burning)
    assert holds.memory_usage == pytest.approx(100 * MIB, rel=0.1)
    assert 0 < burns.cpu_usage < 65


async def test_only_changes_are_sent(run: Run, sampler: Sampler) -> None:
    idle = seen(run(IDLE, network_mode="none"))
    sampler.stats.seen([idle])
    sampler.stats.watched([idle.container_id], newly=[idle.container_id])

    settled = await settle(sampler, idle)
    assert settled >= 1

    sampler.stats.watched([idle.container_id], newly=[idle.container_id])
    await sampler.read_for(2)
    assert len(sampler.sent) == settled + 1


async def settle(sampler: Sampler, idle: Seen) -> int:
    """How many messages there are when four seconds in a row have brought none. Its start takes a moment, on a busy
    machine a few."""
    for _ in range(5):
        before = len(sampler.sent)
        sampler.stats.watched([idle.container_id])
        await sampler.read_for(4)
        if before and len(sampler.sent) == before:
            return before
    raise AssertionError(f"sent for an idle container: {sampler.sent}")


async def test_nothing_is_sent_that_nobody_watches(run: Run, sampler: Sampler) -> None:
    busy = run(BURN)
    sampler.stats.began(uuid4(), busy)

    await sampler.usage_of(busy)
    await sampler.read_for(2)

    assert sampler.sent == []


async def test_a_broken_container_does_not_keep_the_others_from_their_turn(run: Run, sampler: Sampler) -> None:
    gone, well = "0" * 64, run(IDLE)
    sampler.stats.began(uuid4(), gone)
    sampler.stats.began(uuid4(), well)

    assert await sampler.usage_of(well)
    assert gone not in sampler.stats._processes


async def test_a_restart_that_nobody_told_of_is_found(
    docker_client: docker.APIClient, run: Run, sampler: Sampler
) -> None:
    container = run(f"{BURN} & {IDLE}")
    sampler.stats.began(uuid4(), container)
    sampler.stats.watched([process.container_id for process in sampler.stats._processes.values()])
    await sampler.read_until(lambda: uptime(sampler, container) >= 3)

    asked = time.monotonic()
    docker_client.restart(container, timeout=0)
    sampler.stats.watched([process.container_id for process in sampler.stats._processes.values()])
    await sampler.read_until(lambda: 0 < uptime(sampler, container) <= time.monotonic() - asked + 1)
    await sampler.read_for(3)

    after = await sampler.usage_of(container)
    assert 0 < after.cpu_usage <= 130


def uptime(sampler: Sampler, docker_id: str) -> float:
    """As it is shown; 0 where nothing is."""
    usage = sampler.usage(docker_id)
    return usage.uptime if usage else 0


async def test_minutes_are_written_when_they_are_over(transactional_db: None, run: Run, sampler: Sampler) -> None:
    container = await sync_to_async(row_of_a_container)()
    sampler.stats.began(container.id, run(BURN, cpu_period=100_000, cpu_quota=50_000))
    sampler.stats.watched([container.id])
    await sampler.read_for(4)

    await sampler.stats.roll_up()
    assert not await Sample.objects.aexists()
    sampler.now[0] += 60
    await sampler.stats.roll_up()
    await sampler.stats.roll_up()

    sample = await Sample.objects.aget(container=container)
    host = await Sample.objects.aget(container=None)
    assert 0 < sample.cpu_average < 60
    assert sample.memory_average > 0
    assert host.memory_average > sample.memory_average
    assert host.disk > 0


async def test_minutes_wait_for_a_database_that_is_away(run: Run, sampler: Sampler) -> None:
    container = await sync_to_async(row_of_a_container)()
    sampler.stats.began(container.id, run(IDLE))
    await sampler.read_for(3)
    sampler.now[0] += 60
    keep = sampler.stats._in_database

    async def away(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        raise OSError("away")

    sampler.stats._in_database = away
    with pytest.raises(OSError, match="away"):
        await sampler.stats.roll_up()
    sampler.stats._in_database = keep
    await sampler.stats.roll_up()

    assert await Sample.objects.filter(container=container).acount() == 1


def row_of_a_container() -> Container:
    return container_of(User.objects.create_user("alice"))
