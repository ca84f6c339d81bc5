"""Reads what running containers and the host use, tells viewers what changed, and keeps minutes.

Every second for containers that somebody watches, every `STATS_PACE` seconds for the others and the host. Files are
read in a thread of our own, never in the loop; one container's trouble is its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar
from uuid import UUID

from django.conf import settings

from containers import current, samples
from containers.engine import cgroups
from containers.engine.answers import Inspected, Seen
from containers.engine.cgroups import Files
from containers.engine.errors import EngineRefused, Gone
from containers.sockets.groups import StatsMessage
from containers.supervisor import host
from containers.supervisor.disk import Sizes
from containers.supervisor.host import HostReading
from containers.supervisor.pace import evenly
from containers.usage import Counters, Usage, cpu_percent, moved, nothing_yet, usage
from rules.errors import LightdError
from volumes import storage
from volumes import usage as volume_usage
from volumes.models import Volume

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

TICK = 1.0  # seconds
WATCHED_FOR = 12.0  # seconds from the last time that a web process said so; it says so every five
ROLL_UP = 5.0  # seconds between two looks for finished minutes
THIN = 900.0
LOOK_AT_DISKS = 0.5
# A process that began no longer ago than this is counted from its beginning, else from our first reading.
JUST_BEGUN = timedelta(seconds=5)


class Engine(Protocol):
    """What is asked of the engine."""

    async def inspect(self, docker_id: str) -> Inspected: ...
    async def usage(self, docker_id: str) -> Counters: ...


class InDatabase(Protocol):
    """Runs database work in the supervisor's thread for it."""

    def __call__(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]: ...


Send = Callable[[StatsMessage], Awaitable[Any]]


@dataclass
class Process:
    """The running process of one container."""

    container_id: UUID
    docker_id: str
    files: Files | None = None
    asked: asyncio.Task[None] | None = None  # the engine, of late
    known: bool = False  # where its files are, or that there are none for us
    started_at: datetime | None = None
    tried: float = field(default=float("-inf"))  # when it was last read, or that was tried
    before: Counters | None = None
    usage: Usage | None = None
    shown: Usage | None = None


class Stats:
    """See the module. `seen`, `began` and `ended` are told by the supervisor, `watched` by web processes."""

    def __init__(
        self, engine: Engine, in_database: InDatabase, send: Send, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._in_database = in_database
        self._send = send
        self._clock = clock
        self._processes: dict[str, Process] = {}  # by Docker's id
        self._watched: dict[UUID, float] = {}  # until when
        self._minutes = samples.Minutes()
        self._sizes = Sizes()
        self._host: HostReading | None = None
        self._host_shown = False
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="supervisor-stats")
        self._disks = ThreadPoolExecutor(1, thread_name_prefix="supervisor-disks")

    async def run(self) -> None:
        """Read, tell and keep until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for seconds, work in (
                    (TICK, self.read_due),
                    (ROLL_UP, self.roll_up),
                    (THIN, self._thin),
                    (LOOK_AT_DISKS, self.measure_a_disk),
                ):
                    tasks.create_task(evenly(seconds, work))
        finally:
            await self.close()

    async def close(self) -> None:
        """Leave nothing behind. What the minute under way has so far is lost."""
        asked = [process.asked for process in self._processes.values() if process.asked]
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        self._sizes.stop()
        for threads in (self._threads, self._disks):
            threads.shutdown(wait=False, cancel_futures=True)

    # --- What there is to read ------------------------------------------------------

    def seen(self, entries: Iterable[Seen]) -> None:
        """The engine's whole list: what it has running, and nothing else, is read from now on."""
        running = {entry.docker_id: entry.container_id for entry in entries if entry.running}
        for docker_id in self._processes.keys() - running.keys():
            self.ended(docker_id)
        for docker_id in running.keys() - self._processes.keys():
            self.began(running[docker_id], docker_id)

    def began(self, container_id: UUID, docker_id: str) -> None:
        """A process was started; of one that was running before, whatever is known no longer holds."""
        self.ended(docker_id)
        self._processes[docker_id] = Process(container_id, docker_id)

    def ended(self, docker_id: str) -> None:
        """A process ended."""
        process = self._processes.pop(docker_id, None)
        if process is None:
            return
        if process.asked:
            process.asked.cancel()
        if process.usage:
            self._threads.submit(current.forget, process.container_id)

    def watched(self, container_ids: Iterable[UUID], newly: Iterable[UUID] = ()) -> None:
        """Somebody watches these, as one web process says every few seconds.

        Of those that somebody is new to, the next figures are sent whether they changed or not.
        """
        for container_id in container_ids:
            self._watched[container_id] = time.monotonic() + WATCHED_FOR
        new = set(newly)
        for process in self._processes.values():
            if process.container_id in new:
                process.shown = None

    def _is_watched(self, container_id: UUID) -> bool:
        until = self._watched.get(container_id, 0.0)
        if until < time.monotonic():
            self._watched.pop(container_id, None)
            return False
        return True

    # --- Reading ------------------------------------------------------------------------

    async def read_due(self) -> None:
        """Read all that it is time for."""
        due = [process for process in self._processes.values() if self._is_due(process)]
        by_file = [(process, process.files) for process in due if process.files]
        for process in due:
            process.tried = time.monotonic()
            if process.files is None and (process.asked is None or process.asked.done()):
                process.asked = asyncio.create_task(self._ask(process))
        host_is_due = self._host_is_due()
        if not by_file and not host_is_due:
            return
        readings = await self._in_thread(read_files, [files for _, files in by_file])
        for (process, files), counters in zip(by_file, readings, strict=True):
            if counters:
                self._take(process, counters)
            elif process.files is files:  # gone with the process, or that of another start
                process.files, process.known, process.tried = None, False, float("-inf")
        if host_is_due:
            await self._read_host()
        await self._tell([process for process, _ in by_file])

    def _host_is_due(self) -> bool:
        waits = settings.STATS_PACE if self._host_shown else TICK
        return self._host is None or time.monotonic() - self._host.at > waits - TICK / 2

    def _is_due(self, process: Process) -> bool:
        # Two readings make a figure: the second one does not wait.
        waits = TICK if process.usage is None or self._is_watched(process.container_id) else settings.STATS_PACE
        return time.monotonic() - process.tried > waits - TICK / 2

    async def _ask(self, process: Process) -> None:
        """Ask the engine where the process is, and for its figures if its files can't be read."""
        try:
            if not process.known:
                await self._locate(process)
            if process.files is None:
                self._take(process, await self._engine.usage(process.docker_id))
                await self._tell([process])
        except (Gone, NotRunning):
            if self._processes.get(process.docker_id) is process:
                self.ended_while_asked(process)
        except (LightdError, ValueError, KeyError) as error:
            log.debug("no figures of %s: %s", process.docker_id[:12], error)
        except Exception:
            log.exception("no figures of %s", process.docker_id[:12])

    def ended_while_asked(self, process: Process) -> None:
        """The engine says that it does not run: as `ended`, from within the asking itself."""
        process.asked = None
        self.ended(process.docker_id)

    async def _locate(self, process: Process) -> None:
        info = await self._engine.inspect(process.docker_id)
        if not info.running:
            raise NotRunning("not running")
        if process.started_at != info.started_at:  # also a start that nobody told us of
            process.before = process.usage = process.shown = None
        process.started_at = info.started_at
        process.files = await self._in_thread(cgroups.find, info.pid, process.docker_id)
        process.known = True
        process.tried = float("-inf")
        age = datetime.now(UTC) - (info.started_at or datetime.fromtimestamp(0, UTC))
        if process.before is None and age < JUST_BEGUN:
            process.before = nothing_yet(time.monotonic() - age.total_seconds())

    def _take(self, process: Process, after: Counters) -> None:
        """Make figures of a reading and the one before, for the viewers and for the minute."""
        before, process.before = process.before, after
        if before is None or after.at <= before.at:
            return
        disk = self._sizes.of(process.container_id)
        process.usage = usage(before, after, uptime=self._uptime(process), disk=disk)
        self._minutes.add(
            process.container_id,
            self._clock(),
            after.at - before.at,
            cpu=cpu_percent(before, after),
            memory=after.memory,
            disk=disk,
            moved=moved(before, after),
        )

    def _uptime(self, process: Process) -> int:
        if process.started_at is None:
            return 0
        return max(int((datetime.now(UTC) - process.started_at).total_seconds()), 0)

    async def _read_host(self) -> None:
        before = self._host
        self._host = after = await self._in_thread(host.read, Path(settings.STORAGE_ROOT))
        if before is None:
            return
        figures = host.usage(before, after)
        self._minutes.add(
            None,
            self._clock(),
            after.at - before.at,
            cpu=figures.cpu_usage,
            memory=after.memory,
            disk=after.disk,
            load=after.load,
        )
        await self._in_thread(current.remember, {current.HOST: figures.as_dict()})
        self._host_shown = True

    async def _tell(self, processes: list[Process]) -> None:
        """Keep the figures for whoever asks, and send what changed to those who watch."""
        figures: dict[UUID | str, dict[str, Any]] = {
            process.container_id: process.usage.as_dict() for process in processes if process.usage
        }
        if figures:
            await self._in_thread(current.remember, figures)
        for process in processes:
            if process.usage and self._is_watched(process.container_id) and process.usage.differs(process.shown):
                process.shown = process.usage
                await self._send(
                    StatsMessage(
                        type="console.stats",
                        container_id=str(process.container_id),
                        usage=process.usage.as_dict(),
                    )
                )

    async def _in_thread(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run what blocks in our thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*args, **kwargs))

    # --- Keeping ------------------------------------------------------------------------

    async def roll_up(self) -> None:
        """Write the minutes that are over."""
        now = self._clock()
        finished = self._minutes.finished(now)
        if finished:
            await self._in_database(samples.store, finished.values())
        self._minutes.forget(finished, now)

    async def _thin(self) -> None:
        await self._in_database(samples.thin, datetime.fromtimestamp(self._clock(), UTC))

    async def measure_a_disk(self) -> None:
        """Measure the volume that has waited longest, if it is time. One in an image needs no measuring."""
        self._sizes.keep_only(process.container_id for process in self._processes.values())
        container_id = self._sizes.next_due(process.container_id for process in self._processes.values())
        volume = await self._in_database(volume_of, container_id) if container_id else None
        if container_id is None or volume is None:
            return
        if volume.is_image:
            self._sizes.follow(container_id, storage.image(volume))
            return
        path = storage.directory(volume)
        size = await asyncio.get_running_loop().run_in_executor(self._disks, self._sizes.measure, container_id, path)
        if size is not None:
            await self._in_database(volume_usage.note, volume.pk, size)


class NotRunning(EngineRefused):
    """Docker knows the container, and it does not run."""


def read_files(files: list[Files]) -> list[Counters | None]:
    """Read several containers' files; None for one whose can't be read."""
    return [read_one(each) for each in files]


def read_one(files: Files) -> Counters | None:
    try:
        return files.read()
    except (OSError, ValueError):
        return None


def volume_of(container_id: UUID) -> Volume | None:
    return Volume.objects.filter(containers=container_id).first()
