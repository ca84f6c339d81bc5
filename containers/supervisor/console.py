"""The console of one Docker container: the one attach, held for as long as the container exists.

It is made before the container is started, so the first byte is seen, and again whenever the process ends. Output goes
to the spool, to the start pattern's matcher, and in batches to the viewers; nobody has to be watching.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from containers.engine.answers import Inspected
from containers.engine.errors import EngineRefused, EngineUnavailable, Gone
from containers.engine.watch import AsyncEngine, Terminal
from containers.outcomes import Watch
from containers.patterns import Matcher
from containers.spool import INSTALL_LOG, Spool
from containers.states import State
from containers.supervisor import backfill
from containers.supervisor.flood import Flood

log = logging.getLogger(__name__)

BATCH_EVERY = 0.05  # seconds
BATCH_SIZE = 64 << 10  # bytes
SETTLE = 0.05  # seconds that a new attach is listened to before Docker's log is cut to fit
SETTLE_AT_MOST = 1.0  # seconds, where the log is ahead of what was heard
CATCH_UP_AT_MOST = 3.0  # seconds that an end waits for the output before it
OVERLAP = timedelta(seconds=2)  # of Docker's log and what is known already
FLOOD_LOOK_EVERY = 0.2  # seconds
RETRY = 0.5  # seconds between attaches that fail
INPUT_QUEUE = 256  # commands waiting for a process that does not read
LAST_WORDS = 1.0  # seconds of silence after an exit that end the wait for more output
LAST_WORDS_AT_MOST = 5.0  # seconds
END_BLUR = timedelta(milliseconds=200)  # between Docker's time of an exit and the end of its output
EPOCH = datetime.fromtimestamp(0, UTC)
INSTALL_LOG_LIMIT = 4 << 20  # bytes of an installation's output; then the older half is dropped


class Sink(Protocol):
    """Where a console tells what it saw."""

    async def output(self, container_id: UUID, data: str, start: int, end: int) -> None: ...
    def left_out(self, size: int) -> None: ...
    async def watch(self, container_id: UUID) -> Watch | None: ...
    async def matched(self, container_id: UUID, docker_id: str) -> None: ...


@dataclass
class Process:
    """What is done with the output of one process, from its first byte to its end."""

    matcher: Matcher | None = None
    matching: asyncio.Lock = field(default_factory=asyncio.Lock)
    install_log: Path | None = None


class Console:
    """See the module. `run` is its whole life."""

    def __init__(
        self, engine: AsyncEngine, docker_id: str, container_id: UUID, directory: Path, spool: Spool, sink: Sink
    ) -> None:
        self._engine = engine
        self._docker_id = docker_id
        self._container_id = container_id
        self._directory = directory
        self._spool = spool
        self._sink = sink
        self._terminal: Terminal | None = None
        self._process: Process | None = None
        self._pending = bytearray()
        self._decoder = new_decoder()
        self._flood = Flood()
        self._flushing = asyncio.Lock()
        self._flusher: asyncio.Task[None] | None = None
        self._ended_at: datetime | None = None
        self._end_seen = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._heard = 0  # pieces of output
        self._input: asyncio.Queue[bytes] = asyncio.Queue(INPUT_QUEUE)

    async def run(self) -> None:
        """Attach, read to the end, and attach again, until Docker no longer knows the container."""
        typist = asyncio.create_task(self._type())
        try:
            while True:
                try:
                    await self._attach_and_read()
                except Gone:
                    return
                except (EngineRefused, EngineUnavailable) as error:
                    log.info("console of %s: %s", self._docker_id[:12], error.sentence)
                    await asyncio.sleep(RETRY)
        finally:
            typist.cancel()
            if self._flusher:
                self._flusher.cancel()

    async def _attach_and_read(self) -> None:
        asked = datetime.now(UTC)
        async with self._engine.attached(self._docker_id) as terminal:
            attached = datetime.now(UTC)
            info = await self._engine.inspect(self._docker_id)
            self._terminal = terminal
            try:
                await self._catch_up(terminal, info, asked, attached)
                self._caught_up.set()
                while (data := await terminal.read()) is not None:
                    self._heard += 1
                    await self._take(data)
            finally:
                self._terminal = None
                await self._end_process()

    # --- Output -------------------------------------------------------------

    async def _catch_up(self, terminal: Terminal, info: Inspected, asked: datetime, attached: datetime) -> None:
        """Read from Docker's log what was printed before the attach, if anything could have been.

        Docker attached us at some moment between `asked` and `attached`.
        """
        if info.running and info.started_at and info.started_at < attached:
            await self._resume(info)
        elif info.finished_at and (self._ended_at is None or info.finished_at > self._ended_at):
            self._process = await self._begin_process(resumed=self._has_heard(info))
        else:
            return
        last_seen = datetime.fromtimestamp(self._spool.written_at, UTC)
        first = await listen(terminal, SETTLE)
        entries = await self._engine.log_since(self._docker_id, max(last_seen - OVERLAP, EPOCH))
        if not first and entries and entries[-1][0] > asked:
            # Printed before the attach, or on its way to us through it? What comes next tells.
            first = await listen(terminal, SETTLE_AT_MOST)
        lost = backfill.missed(entries, self._spool.tail(BATCH_SIZE), last_seen, first, attached)
        await self._take_missed(lost)
        if not info.running:
            await self._end_process()
        await self._take_missed(first)

    async def _resume(self, info: Inspected) -> None:
        """Go on with a process that ran before we were here; its earlier output is what its pattern may be in."""
        resumed = self._has_heard(info)
        self._process = await self._begin_process(resumed=resumed)
        self._decoder.decode(self._spool.tail(3))  # half a character, perhaps
        if resumed and self._process.matcher:
            await self._match_earlier(self._process, info)

    def _has_heard(self, info: Inspected) -> bool:
        """Whether some of the process's output is known already."""
        return info.started_at is not None and info.started_at < datetime.fromtimestamp(self._spool.written_at, UTC)

    async def caught_up(self) -> None:
        """Wait until what was printed before we were here is known, for a while: nothing may come of an attach."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_AT_MOST):
                await self._caught_up.wait()

    async def arm(self) -> None:
        """Look for the pattern of a process that became `starting` only after it began to print: one that was started
        beside us, by `docker start`, is noticed a moment too late."""
        process = self._process
        if process is None or process.matcher is not None:
            return
        watch = await self._sink.watch(self._container_id)
        if watch and watch.state == State.STARTING and watch.start_pattern:
            process.matcher = Matcher(watch.start_pattern)
            await self._match_earlier(process, await self._engine.inspect(self._docker_id))

    async def _match_earlier(self, process: Process, info: Inspected) -> None:
        """Look for the pattern in what the process printed so far, which Docker's log has."""
        earlier = await self._engine.log_since(self._docker_id, first_output(info))
        await self._match(process, b"".join(text for _, text in earlier))

    async def _begin_process(self, *, resumed: bool) -> Process:
        """Ask what the process is there for: installing, or starting until its pattern matches."""
        watch = await self._sink.watch(self._container_id)
        process = Process()
        if watch and watch.state == State.INSTALLING:
            process.install_log = self._directory / INSTALL_LOG
            if not resumed:
                process.install_log.write_bytes(b"")
        elif watch and watch.state == State.STARTING and watch.start_pattern:
            process.matcher = Matcher(watch.start_pattern)
        return process

    async def _take(self, data: bytes) -> None:
        """Output as it comes. Every byte is looked at for the pattern; a flood is not kept or shown."""
        process = await self._process_of_output()
        if self._flood.lets_through(data):
            self._pending += self._flood.notice()
            self._pending += data
        else:
            self._sink.left_out(len(data))
        await self._look_at(process, data)

    async def _take_missed(self, data: bytes) -> None:
        """Output that was printed while we were away. Docker's log is bounded, so none of it counts as a flood."""
        for at in range(0, len(data), BATCH_SIZE):
            piece = data[at : at + BATCH_SIZE]
            process = await self._process_of_output()
            self._pending += piece
            await self._look_at(process, piece)

    async def _process_of_output(self) -> Process:
        """The process that prints, which has just begun if we know of none."""
        if self._process is None:
            self._process = await self._begin_process(resumed=False)
        return self._process

    async def _look_at(self, process: Process, data: bytes) -> None:
        """Keep and match what was printed; see that what is pending is sent soon."""
        if process.install_log:
            append_bounded(process.install_log, data)
        await self._match(process, data)
        if len(self._pending) >= BATCH_SIZE:
            await self._flush()
        elif self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush_soon())

    async def _match(self, process: Process, data: bytes) -> None:
        if process.matcher is None:
            return
        async with process.matching:
            matcher = process.matcher
            if matcher is None or not await matcher.feed_aside(data):
                return
            process.matcher = None
        await self._flush()  # viewers see the line before they see what it means
        await self._sink.matched(self._container_id, self._docker_id)

    async def _flush_soon(self) -> None:
        """Send what is pending after a moment, and then what came while that was being sent: nobody else would."""
        while self._pending or self._flood.is_unsaid:
            await asyncio.sleep(BATCH_EVERY if self._pending else FLOOD_LOOK_EVERY)
            if self._flood.is_over():
                self._pending += self._flood.notice()
            await self._flush()

    async def _flush(self, *, final: bool = False) -> None:
        """Write what is pending to the spool, and send it; half a UTF-8 character waits for its other half."""
        async with self._flushing:
            held = len(self._decoder.getstate()[0])
            if not self._pending and not (final and held):
                return
            data = bytes(self._pending)
            self._pending.clear()
            start = self._spool.end - held
            end = self._spool.append(data)
            text = self._decoder.decode(data, final)
            end -= len(self._decoder.getstate()[0])
            if text:
                await self._sink.output(self._container_id, text, start, end)

    async def _end_process(self) -> None:
        self._pending += self._flood.notice()
        await self._flush(final=True)
        self._decoder = new_decoder()
        while not self._input.empty():  # what this process has not read is not for the next one
            self._input.get_nowait()
        self._process = None
        self._ended_at = datetime.now(UTC)
        self._end_seen.set()

    async def ended(self, at: datetime) -> None:
        """Wait until all output of the process that ended at `at` has been read and sent.

        Docker ends an attach with its process, but not if that had left input unread (moby 20.10 goes on waiting to
        write it). The next process would not be heard, so we hang up when nothing comes any more.
        """
        give_up_at = time.monotonic() + LAST_WORDS_AT_MOST
        while self._ended_at is None or self._ended_at < at - END_BLUR:
            heard = self._heard
            self._end_seen.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS):
                    await self._end_seen.wait()
                    continue
            late = time.monotonic() > give_up_at
            if self._terminal and (late or self._heard == heard):
                self._terminal.hang_up()
            if late or self._terminal is None:
                return

    # --- Input --------------------------------------------------------------

    @property
    def attached(self) -> bool:
        """Whether there is a terminal to type into."""
        return self._terminal is not None

    def type(self, data: bytes) -> bool:
        """Queue input for the process, in order; False if it has not read its last `INPUT_QUEUE` commands."""
        try:
            self._input.put_nowait(data)
        except asyncio.QueueFull:
            return False
        return True

    async def _type(self) -> None:
        while True:
            data = await self._input.get()
            terminal = self._terminal
            if terminal is None:
                log.info("console of %s: input dropped, nothing runs", self._docker_id[:12])
                continue
            try:
                await terminal.write(data)
            except OSError as error:
                log.info("console of %s: input dropped: %s", self._docker_id[:12], error)


def first_output(info: Inspected) -> datetime:
    """The moment from which on Docker's log is of the process that runs now.

    Docker notes the time of a start when the process runs already: it may have printed before. What the one before it
    printed came before its end, or little later.
    """
    if info.started_at is None or info.finished_at is None:
        return EPOCH
    return min(info.finished_at + END_BLUR, info.started_at)


def new_decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")


async def listen(terminal: Terminal, seconds: float) -> bytes:
    """What a terminal brings within `seconds`."""
    heard = bytearray()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (data := await terminal.read()) is not None:
                heard += data
    return bytes(heard)


def append_bounded(path: Path, data: bytes) -> None:
    """Append to a log that has a limit: its end is kept, where it says what went wrong.

    One that was removed is not made again: a worker did that, who has ended the installation that still prints.
    """
    with suppress(FileNotFoundError), path.open("rb+") as file:
        if file.seek(0, os.SEEK_END) + len(data) > INSTALL_LOG_LIMIT:
            drop_older_half(file)
        file.write(data)


def drop_older_half(file: BinaryIO) -> None:
    """Leave the newer half of a file, and be at its end. Cut off between the two steps, it has that half twice."""
    file.seek(-INSTALL_LOG_LIMIT // 2, os.SEEK_END)
    newer = file.read()
    file.seek(0)
    file.write(newer)
    file.truncate()
