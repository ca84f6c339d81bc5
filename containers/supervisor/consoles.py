"""The consoles of all containers of ours: held while Docker has the container, kept on disk for longer."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from containers.engine.answers import Seen
from containers.engine.watch import AsyncEngine
from containers.models import containers_root, directory_of
from containers.spool import Spool, has_older
from containers.supervisor.console import Console, Sink
from containers.supervisor.pace import guarded

log = logging.getLogger(__name__)

DAY = 86400  # seconds


class Held(NamedTuple):
    """The console of one of Docker's containers."""

    console: Console
    task: asyncio.Task[None]
    container_id: UUID


class Consoles:
    """By Docker's id: a container of ours that is made anew has two of them for a moment, and one spool."""

    def __init__(self, engine: AsyncEngine, sink: Sink) -> None:
        self._engine = engine
        self._sink = sink
        self._held: dict[str, Held] = {}
        self._spools: dict[UUID, Spool] = {}

    def listen(self, entry: Seen) -> None:
        """Hold the console of a container of ours, if we do not yet. One whose files cannot be had keeps no other from
        being held: it is tried again."""
        held = self._held.get(entry.docker_id)
        if held and not held.task.done():
            return
        directory = directory_of(entry.container_id)
        spool = self._spools.get(entry.container_id)
        if spool is None:
            try:
                spool = self._spools[entry.container_id] = Spool(directory)
            except (OSError, ValueError) as error:
                log.warning("the console of %s cannot be kept: %s", entry.container_id, error)
                return
        console = Console(self._engine, entry.docker_id, entry.container_id, directory, spool, self._sink)
        task = asyncio.create_task(guarded(console.run()), name=f"console-{entry.docker_id[:12]}")
        self._held[entry.docker_id] = Held(console, task, entry.container_id)

    def get(self, docker_id: str) -> Console | None:
        """The console that is held of this one."""
        held = self._held.get(docker_id)
        return held.console if held else None

    def of(self, container_id: UUID) -> list[Console]:
        """Those of a container of ours."""
        return [held.console for held in self._held.values() if held.container_id == container_id]

    async def let_go(self, docker_id: str, container_id: UUID) -> None:
        """Docker has it no longer."""
        held = self._held.pop(docker_id, None)
        if held:
            held.task.cancel()
            await asyncio.wait({held.task})  # it may be writing its last words
        if not self.of(container_id) and (spool := self._spools.pop(container_id, None)):
            spool.close()

    async def prune(self) -> None:
        """Forget what was printed long ago, also by containers that Docker does not have now."""
        before = time.time() - settings.CONSOLE_KEEP_DAYS * DAY
        for console in await asyncio.to_thread(older, before):
            # In the loop, which alone writes to a spool. One at a time: others have their turn in between.
            with suppress(OSError, ValueError):
                if held := self._spools.get(UUID(console.parent.name)):
                    held.prune(before)
                else:
                    with closing(Spool(console.parent)) as spool:
                        spool.prune(before)
            await asyncio.sleep(0)

    async def close(self) -> None:
        """End all of them; their containers go on."""
        tasks = [held.task for held in self._held.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for spool in self._spools.values():
            spool.close()


def older(before: float) -> list[Path]:
    """The folders of consoles in which there is anything that was last added to before that time (Unix seconds)."""
    found = []
    for console in containers_root().glob("*/console"):
        with suppress(OSError, ValueError):
            if has_older(console, before):
                found.append(console)
    return found
