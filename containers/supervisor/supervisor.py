"""The supervisor: watches one Docker host, for as long as it lives. It starts and stops nothing itself, and removes
only what nobody has any more."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from django.conf import settings
from django.db import Error as DatabaseProblem
from django.db import close_old_connections, connections
from django.utils import timezone

from accounts import audit
from containers import events, health, host_images, outcomes, reconcile
from containers.backoff import Backoff
from containers.engine.answers import OnHost, Seen
from containers.engine.errors import EngineUnavailable, Gone
from containers.engine.watch import AsyncEngine, Happening
from containers.instance import instance_id, refuse_foreign
from containers.jobs import cleanup, queue
from containers.outcomes import Watch
from containers.sockets.groups import InputMessage, RefusalMessage, WatchMessage
from containers.supervisor import relay
from containers.supervisor.broadcast import Broadcast
from containers.supervisor.consoles import Consoles
from containers.supervisor.counts import Counts
from containers.supervisor.images import Images
from containers.supervisor.pace import attempt, every, guarded
from containers.supervisor.stats import Stats
from rules.errors import LightdError
from volumes import kept_uploads, storage, trash
from volumes import usage as volume_usage
from volumes.backups import deleting as backup_deleting
from volumes.backups import schedules as backup_schedules
from volumes.operations import queue as operations

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

LOCK_RETRY = 1.0  # seconds between two tries of a second supervisor
HEARTBEAT = 2.0
SWEEP = 5.0
BOOKS = 1.0  # deadlines and lost jobs
RELAY = 0.2
PRUNE = 3600.0
KEEP_JOBS = timedelta(days=7)
RECONNECT_AT_MOST = 2.0


class Supervisor:
    """One of these acts per storage root; a second one waits for the first one's lock."""

    def __init__(self) -> None:
        self._counts = Counts()
        self._broadcast = Broadcast(self._note_unsent)
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()  # while anybody has or awaits one
        self._handling: set[asyncio.Task[None]] = set()
        self._lost_engine_at: datetime | None = None
        self._engine_away: reconcile.Away | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        # Threads of our own: the web's requests never wait for us, nor we for them. What asks the engine waits for it,
        # a removal for up to a minute: what is only written, heartbeat and deadlines say, does not wait for either.
        self._database = ThreadPoolExecutor(1, thread_name_prefix="supervisor-db")
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="supervisor-engine")
        self._removing = ThreadPoolExecutor(1, thread_name_prefix="supervisor-removals")
        self._disagreeing, self._unremoved = Backoff(), Backoff()
        self._remover: asyncio.Task[None] | None = None
        self._engine_error: str | None = "not reached yet"
        self._unanswered_since: int | None = None  # our beats, by the engine; in Unix seconds

    async def run(self) -> None:
        """Watch until cancelled. Containers go on running when we end."""
        lock = await take_lock(Path(settings.STORAGE_ROOT) / "supervisor.lock")
        try:
            await self._in_database(refuse_foreign)
            await self._watch_all()
        finally:
            for thread in (self._database, self._asking, self._removing):
                thread.shutdown(wait=False)
            os.close(lock)

    async def _watch_all(self) -> None:
        self._engine = AsyncEngine(instance_id())
        self._consoles = Consoles(self._engine, self)
        self._stats = Stats(self._engine, self._in_database, self._broadcast.stats)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(guarded(self._mount_volumes()))
                tasks.create_task(self._follow_engine())
                tasks.create_task(self._take_input())
                tasks.create_task(self._stats.run())
                tasks.create_task(self._take_watches())
                tasks.create_task(Images(self._engine, self._keep_images).run())
                tasks.create_task(self._relay())
                tasks.create_task(every(HEARTBEAT, self._beat))
                tasks.create_task(every(BOOKS, self._keep_books))
                tasks.create_task(every(BOOKS, self._rescue_jobs))
                tasks.create_task(every(PRUNE, self._prune))
        finally:
            await self._close()

    async def _close(self) -> None:
        tasks = list(self._handling)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._consoles.close()
        await self._engine.close()

    async def _in_database(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run database work that asks nobody else, in the thread for that."""
        return await in_thread(self._database, function, *args, **kwargs)

    # --- Docker ---------------------------------------------------------------

    async def _follow_engine(self) -> None:
        """Follow Docker's events; whenever the stream breaks, connect again and compare everything."""
        pause = 0.1
        while True:
            try:
                async for happening in self._engine.happenings():
                    pause = 0.1
                    if happening.action == "connected":
                        self._found_engine(happening.at)
                    else:
                        self._begin(self._handle(happening))
                log.warning("the engine ended its event stream")
            except EngineUnavailable as error:
                if self._engine_error is None:
                    log.warning(error.sentence)
            except Exception:
                log.exception("the engine's events are followed anew")
                pause = RECONNECT_AT_MOST
            self._lost_engine()
            await asyncio.sleep(pause)
            pause = min(pause * 2, RECONNECT_AT_MOST)

    def _found_engine(self, at: datetime) -> None:
        """Compare everything now, and every few seconds from now on."""
        self._engine_error = None
        if self._lost_engine_at:
            self._engine_away = reconcile.Away(self._lost_engine_at, at)
        self._disagreeing, self._unremoved = Backoff(), Backoff()  # what failed, failed with the engine that was
        self._end_sweeps()
        self._sweeper = self._begin(every(SWEEP, self._sweep))

    def _lost_engine(self) -> None:
        """No sweep until we are connected again: it might find the engine back, and what that has ended, before we know
        that it was away."""
        if self._engine_error is None:
            self._lost_engine_at = datetime.now(UTC)
        self._engine_error = "Docker engine unreachable"
        self._end_sweeps()

    def _end_sweeps(self) -> None:
        if self._sweeper:
            self._sweeper.cancel()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` beside everything else, owned by us."""
        task = asyncio.create_task(guarded(work))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)
        return task

    async def _sweep(self) -> None:
        began = time.monotonic()
        seen = await self._engine.list_ours()
        for entry in seen.values():
            self._consoles.listen(entry)
        self._stats.seen(seen.values())
        # An end that nobody saw is judged when all that came before it is known, as it is when we see it.
        ended = [entry.docker_id for entry in seen.values() if not entry.running and not entry.created]
        consoles = [console for docker_id in ended if (console := self._consoles.get(docker_id))]
        await asyncio.gather(*(console.caught_up() for console in consoles))
        await in_thread(self._asking, reconcile.reconcile, seen, self._engine_away, self._disagreeing)
        if self._remover is None or self._remover.done():
            self._remover = self._begin(in_thread(self._removing, reconcile.clear_away, seen, self._unremoved))
        for docker_id in await self._in_database(outcomes.awaiting_pattern):
            await self._arm(docker_id)
        self._news.set()
        self._counts.sweeps.observe(time.monotonic() - began)

    async def _handle(self, happening: Happening) -> None:
        """One event of Docker's. Those of one container are taken in their order, and do not hold up another's."""
        async with self._turns.setdefault(happening.container_id, asyncio.Lock()):
            match happening.action:
                case "create":
                    self._consoles.listen(
                        Seen(happening.docker_id, happening.container_id, running=False, created=True)
                    )
                case "start":
                    self._stats.began(happening.container_id, happening.docker_id)
                    await self._in_database(outcomes.started, happening.container_id, happening.docker_id, happening.at)
                    await self._arm(happening.docker_id)
                case "die":
                    self._stats.ended(happening.docker_id)
                    await self._died(happening)
                case "destroy":
                    await self._destroyed(happening)
                case _:
                    return
        self._news.set()

    async def _arm(self, docker_id: str) -> None:
        if console := self._consoles.get(docker_id):
            await console.arm()

    async def _died(self, happening: Happening) -> None:
        """How it ended is in Docker's record. From an engine that is going down there is none to be had: the end is
        judged when it is back, as one of those that it took with it."""
        if console := self._consoles.get(happening.docker_id):
            await console.ended(happening.at)
        try:
            info = await self._engine.inspect_anew(happening.docker_id)
        except Gone:
            info = None  # its removal is an event of its own
        if info is None or info.running:
            await self._in_database(queue.wake, happening.container_id)
            return
        ending = reconcile.ending_of(info, happening.at, self._engine_away)
        await self._in_database(outcomes.exited, happening.container_id, happening.docker_id, ending)

    async def _destroyed(self, happening: Happening) -> None:
        await self._consoles.let_go(happening.docker_id, happening.container_id)
        await self._in_database(outcomes.removed, happening.container_id, happening.docker_id)

    # --- Consoles ---------------------------------------------------------------

    async def output(self, container_id: UUID, data: str, start: int, end: int) -> None:
        """Part of `console.Sink`: send a batch to the web processes."""
        self._counts.console["console_bytes"] += end - start
        await self._broadcast.output(container_id, data, start, end)

    def left_out(self, size: int) -> None:
        """Part of `console.Sink`: a flood's bytes that are not kept."""
        self._counts.console["console_dropped_bytes"] += size

    def _note_unsent(self) -> None:
        self._counts.console["console_unsent_batches"] += 1

    async def watch(self, container_id: UUID) -> Watch | None:
        """Part of `console.Sink`: what the output is to be watched for."""
        return await self._in_database(outcomes.watch, container_id)

    async def matched(self, container_id: UUID, docker_id: str) -> None:
        """Part of `console.Sink`: the start pattern was found."""
        await self._in_database(outcomes.pattern_matched, container_id, docker_id)
        self._news.set()

    async def _take_input(self) -> None:
        """Type what viewers sent, each container's in the order it came."""
        while True:
            await attempt(partial(self._type, await self._broadcast.next_input()))

    async def _type(self, message: InputMessage) -> None:
        consoles = self._consoles.of(UUID(message["container_id"]))
        typed = [console.type(message["data"].encode()) for console in consoles if console.attached]
        if not any(typed):
            await self._refuse(message)

    async def _take_watches(self) -> None:
        """What somebody watches is read every second."""
        while True:
            await attempt(partial(self._read_often, await self._broadcast.next_watch()))

    async def _read_often(self, message: WatchMessage) -> None:
        self._stats.watched(map(UUID, message["container_ids"]), newly=map(UUID, message["newly"]))

    async def _refuse(self, typed: InputMessage) -> None:
        await self._broadcast.refusal(
            RefusalMessage(
                type="console.refusal",
                container_id=typed["container_id"],
                viewer=typed["viewer"],
                sentence="the console takes no input now",
            )
        )

    # --- Images ---------------------------------------------------------------

    async def _keep_images(self, found: list[OnHost]) -> None:
        await self._in_database(host_images.keep, found)

    # --- Volumes --------------------------------------------------------------

    async def _mount_volumes(self) -> None:
        """As after the host has started. Who needs one before its turn has it mounted as well."""
        if refusal := await asyncio.to_thread(storage.why_not_held):
            log.warning("the size of new volumes is not held by the kernel: %s", refusal)
        await asyncio.to_thread(mount_volumes)

    # --- Books --------------------------------------------------------------

    async def _relay(self) -> None:
        """Send new events as soon as we write one, and look for those of others several times a second."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RELAY):
                    await self._news.wait()
            self._news.clear()
            await self._broadcast.catch_up()
            try:
                await self._relay_once()
            except DatabaseProblem as error:
                log.warning("events wait: %s", error)

    async def _relay_once(self) -> None:
        sent = []
        for row, message in await self._in_database(relay.unsent):
            if (message["messages"] or message["deleted"]) and not await self._broadcast.event(message):
                break  # the others wait for their turn, in order
            sent.append(row)
        if sent:
            await self._in_database(relay.mark_sent, sent)

    async def _beat(self) -> None:
        """Say that we live, and whether the engine does."""
        detail: dict[str, Any] = {"engine": "ok", "at": int(datetime.now(UTC).timestamp())}
        try:
            info = await self._engine.info()
            detail |= {"cores": info["NCPU"], "memory": info["MemTotal"], "engine_version": info["ServerVersion"]}
            self._unanswered_since = None
        except LightdError as error:
            self._unanswered_since = self._unanswered_since or detail["at"]
            detail |= {"engine": error.sentence, "engine_away_since": self._unanswered_since}
        detail["counts"] = await self._in_database(self._counts.as_dict)
        await self._in_database(health.beat, "supervisor", detail)

    async def _rescue_jobs(self) -> None:
        await in_thread(self._asking, reconcile.rescue_jobs)

    async def _keep_books(self) -> None:
        await self._attempt_each(operations.rescue, backup_deleting.settle, backup_schedules.begin_due)
        if self._engine_error is None:
            await self._attempt_each(reconcile.keep_deadlines, outcomes.begin_due_restarts)

    async def _prune(self) -> None:
        await attempt(self._consoles.prune)
        await self._attempt_each(
            trash.ask_to_sweep,
            kept_uploads.ask_to_sweep,
            volume_usage.ask_to_count,
            backup_deleting.ask_to_sweep,
            cleanup.ask_to_sweep,
        )
        # It may be very much: no heartbeat and no event waits for it, as for no removal.
        await in_thread(self._removing, forget_rows)

    async def _attempt_each(self, *steps: Callable[[], object]) -> None:
        """Database work: what goes wrong in one keeps none that comes after it from its turn."""
        for step in steps:

            @wraps(step)  # its name is logged
            async def work(step: Callable[[], object] = step) -> None:
                await self._in_database(step)

            await attempt(work)


def forget_rows() -> None:
    """Delete what is older than it is kept."""
    queue.prune(KEEP_JOBS)
    operations.prune(KEEP_JOBS)
    events.forget(timezone.now())
    audit.forget(timezone.now())


async def in_thread(thread: ThreadPoolExecutor, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run what blocks in this thread, on a database connection of its own."""

    def work() -> R:
        close_old_connections()
        return function(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(thread, work)


def mount_volumes() -> None:
    """In a thread of its own, since it can take a while."""
    try:
        storage.mount_all()
    finally:
        connections.close_all()


async def take_lock(path: Path) -> int:
    """Wait until we are the only supervisor of this storage root. The kernel frees the lock of a dead one."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    said = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not said:
                log.info("another supervisor is at work, waiting for it to end")
            said = True
            await asyncio.sleep(LOCK_RETRY)
        else:
            return lock
