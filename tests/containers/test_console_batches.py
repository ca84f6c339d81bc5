"""What a container prints is sent in batches: nothing waits for the next line to come."""

import asyncio
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

from containers.engine.watch import AsyncEngine
from containers.outcomes import Watch
from containers.spool import Spool
from containers.supervisor.console import Console

BOTH = "line 18\nline 19\n"


class SlowSink:
    """The way to the viewers, which takes a while for each batch."""

    def __init__(self) -> None:
        self.sent = ""
        self.under_way = asyncio.Event()
        self.go_on = asyncio.Event()
        self.all_sent = asyncio.Event()

    async def output(self, container_id: UUID, data: str, start: int, end: int) -> None:
        self.under_way.set()
        await self.go_on.wait()
        self.sent += data
        if self.sent == BOTH:
            self.all_sent.set()

    def left_out(self, size: int) -> None:
        raise AssertionError("nothing is left out")

    async def watch(self, container_id: UUID) -> Watch | None:
        return None

    async def matched(self, container_id: UUID, docker_id: str) -> None:
        raise AssertionError("there is no pattern")


async def test_what_comes_while_a_batch_is_sent_is_sent_too(tmp_path: Path) -> None:
    sink = SlowSink()
    nobody_asked = cast(AsyncEngine, None)
    console = Console(nobody_asked, "docker-id", uuid4(), tmp_path, Spool(tmp_path), sink)

    await console._take(b"line 18\n")
    await sink.under_way.wait()
    await console._take(b"line 19\n")  # the last one: no other comes to push it out
    sink.go_on.set()

    async with asyncio.timeout(5):
        await sink.all_sent.wait()
