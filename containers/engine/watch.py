"""Docker as the supervisor sees it: asynchronous, each call with a time-out, streams without one."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiodocker
import aiohttp
from aiodocker.stream import Stream
from django.conf import settings

from containers.engine.answers import Inspected, OnHost, Seen, inspected, on_host, seen
from containers.engine.cgroups import from_engine
from containers.engine.config import LABEL_CONTAINER, LABEL_INSTANCE
from containers.engine.errors import EngineRefused, EngineUnavailable, Gone
from containers.usage import Counters

log = logging.getLogger(__name__)

# A sequence that nobody types. Docker's own (ctrl-p, ctrl-q) would let a command end the attach.
DETACH_KEYS = ",".join(["ctrl-_"] * 8)


LOG_ENTRY = 16 << 10  # bytes
STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) ")

CANNOT_CONNECT = 900  # aiodocker's own status for an engine that it does not reach

# Bytes of an event. Docker repeats all labels of a container or an image in each, however long their author made them.
EVENT_AT_MOST = 1 << 20


@dataclass(frozen=True)
class Happening:
    """One event of Docker's stream about a container of ours.

    It has no exit code: Docker writes the container's labels, and so those of its image, over what an event says. Only
    what we label ourselves is sure to be ours. How a process ended is in Docker's record of the container.
    """

    action: str
    docker_id: str
    container_id: UUID
    at: datetime


class Terminal:
    """The two ends of an attach."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def read(self) -> bytes | None:
        """The next piece of output; None at its end. A broken stream looks like its end: the next attach finds out."""
        try:
            message = await self._stream.read_out()
        except (OSError, aiohttp.ClientError, aiodocker.DockerError) as error:
            log.info("a console broke off: %s", error)
            return None
        return None if message is None else message.data

    async def write(self, data: bytes) -> None:
        """Type; raises `OSError` when the other end is gone."""
        try:
            await self._stream.write_in(data)
        except (RuntimeError, AssertionError, aiohttp.ClientError) as error:  # aiodocker's ways to say closed
            raise ConnectionError(str(error)) from error

    def hang_up(self) -> None:
        """End the attach from here, with what is still to be typed; the reader comes to its end."""
        response = self._stream._resp
        if response and response.connection and response.connection.transport:
            response.connection.transport.abort()


class AsyncEngine:
    """One connection pool to the engine, for the life of a supervisor."""

    def __init__(self, instance: str) -> None:
        self._docker = aiodocker.Docker(settings.ENGINE_URL)
        # Each console holds a connection for as long as its container exists. With aiohttp's own limit of a hundred
        # nothing at all would be asked of the engine any more, once there are so many.
        self._docker.connector._limit = 0
        self._filters = json.dumps({"label": [f"{LABEL_INSTANCE}={instance}"]})

    async def close(self) -> None:
        await self._docker.close()

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """Bound a call in time, and turn its errors into ours."""
        try:
            async with asyncio.timeout(settings.ENGINE_TIMEOUT):
                yield
        except aiodocker.DockerError as error:
            if error.status == 404:
                raise Gone(error.message) from error
            if error.status >= CANNOT_CONNECT:
                raise EngineUnavailable("Docker engine unreachable") from error
            raise EngineRefused(error.message) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise EngineUnavailable("Docker engine unreachable") from error

    async def info(self) -> dict[str, Any]:
        """The host's facts: `NCPU`, `MemTotal` (bytes), `ServerVersion`, … of `GET /info`."""
        async with self._asking():
            return dict(await self._docker.system.info())

    async def list_ours(self) -> dict[str, Seen]:
        """All containers of this installation, by Docker's id, in one call."""
        async with self._asking():
            rows = await self._docker._query_json(
                "containers/json", method="GET", params={"all": "1", "filters": self._filters}
            )
        return {entry.docker_id: entry for entry in map(seen, rows) if entry}

    async def inspect(self, docker_id: str) -> Inspected:
        async with self._asking():
            return inspected(await self._docker.containers.container(docker_id).show())

    async def inspect_anew(self, docker_id: str) -> Inspected:
        """Docker's record, asked for over a new connection.

        An engine that is told to end closes its door first and then ends its containers, and meanwhile still answers
        whoever is inside. Raises `EngineUnavailable` then.
        """
        async with self._asking(), aiodocker.Docker(settings.ENGINE_URL) as docker:
            return inspected(await docker.containers.container(docker_id).show())

    async def usage(self, docker_id: str) -> Counters:
        """What the container uses, from one reading of the engine's. Raises `ValueError` if it does not run."""
        async with self._asking():
            raw = await self._docker._query_json(
                f"containers/{docker_id}/stats", method="GET", params={"stream": "0", "one-shot": "1"}
            )
        return from_engine(raw)

    async def images(self) -> list[OnHost]:
        """All images on the host."""
        async with self._asking():
            rows = await self._docker._query_json("images/json", method="GET")
        return [on_host(row) for row in rows]

    async def happenings(self) -> AsyncIterator[Happening]:
        """Docker's events about our containers, from now on. Ends, or raises `EngineUnavailable`, with the engine."""
        async for line in self._events({"type": ["container"], **json.loads(self._filters)}):
            if not line:
                yield Happening("connected", "", UUID(int=0), datetime.now(UTC))
            elif read := read_happening(line):
                yield read

    async def image_changes(self) -> AsyncIterator[None]:
        """Once when connected, and whenever anything about the host's images changed. Ends as `happenings` does."""
        async for _ in self._events({"type": ["image"]}):
            yield

    async def _events(self, filters: dict[str, list[str]]) -> AsyncIterator[bytes]:
        """Docker's events as they come, a line each, after an empty one that says that they are followed."""
        params = {"filters": json.dumps(filters)}
        timeout = aiohttp.ClientTimeout(total=None, sock_read=None, sock_connect=settings.ENGINE_TIMEOUT)
        try:
            async with self._docker._query("events", method="GET", params=params, timeout=timeout) as response:
                yield b""
                async for line in cut_lines(response.content.iter_any(), EVENT_AT_MOST):
                    yield line
        except (TimeoutError, aiohttp.ClientError, aiodocker.DockerError, OSError) as error:
            raise EngineUnavailable("Docker engine unreachable") from error

    @asynccontextmanager
    async def attached(self, docker_id: str) -> AsyncIterator[Terminal]:
        """The terminal of a container, to read and to type. Works before the start, and then from its first byte."""
        stream = self._docker.containers.container(docker_id).attach(
            stdin=True, stdout=True, stderr=True, detach_keys=DETACH_KEYS
        )
        async with self._asking():
            await stream.__aenter__()
        try:
            yield Terminal(stream)
        finally:
            await stream.close()

    async def log_since(self, docker_id: str, since: datetime) -> list[tuple[datetime, bytes]]:
        """Docker's own log from `since` on: each entry with its time. An entry is a line, or 16 KiB of a longer one."""
        params = {"stdout": "1", "stderr": "1", "timestamps": "1", "since": f"{since.timestamp():.6f}"}
        async with (
            self._asking(),
            self._docker._query(f"containers/{docker_id}/logs", method="GET", params=params) as response,
        ):
            raw = await response.read()
        return await asyncio.to_thread(lambda: list(parse_log(raw)))


def parse_log(raw: bytes) -> Iterator[tuple[datetime, bytes]]:
    """Split a log with timestamps (of a container with a terminal: no stream headers) into its entries.

    Each entry reads `2024-01-02T03:04:05.123456789Z text`. It ends with its line, or after 16 KiB of it without a line
    feed (daemon/logger/copier.go, defaultBufSize): then the next one's time follows in the middle of the line. Bytes
    that are no UTF-8 have become three each by now, so 16 KiB is the least that such an entry has.
    """
    at = 0
    moment = datetime.fromtimestamp(0, UTC)
    while at < len(raw):
        if stamp := STAMP.match(raw, at):
            moment, at = datetime.fromisoformat(stamp[1].decode()), stamp.end()
        end = raw.find(b"\n", at) + 1 or len(raw)
        if end - at > LOG_ENTRY and (later := STAMP.search(raw, at + LOG_ENTRY, end)):
            end = later.start()
        yield moment, raw[at:end]
        at = end


async def cut_lines(pieces: AsyncIterable[bytes], at_most: int) -> AsyncIterator[bytes]:
    """The lines of a stream, without what is beyond `at_most` bytes of one, and without one that breaks off."""
    line = bytearray()
    async for piece in pieces:
        *ends, beginning = piece.split(b"\n")
        for end in ends:
            line += end[: at_most - len(line)]
            yield bytes(line)
            line.clear()
        line += beginning[: at_most - len(line)]


def read_happening(line: bytes) -> Happening | None:
    """The event in a line of `GET /events`. None if it cannot be read: the next sweep finds what it would have said,
    and no label ends the stream for all the others."""
    try:
        return happening(json.loads(line))
    except Exception as error:
        log.warning("an event is left to the next sweep: %s: %s: %s", type(error).__name__, error, line[:200])
        return None


def happening(raw: dict[str, Any]) -> Happening:
    """Read one message of `GET /events`; `timeNano` is in nanoseconds."""
    return Happening(
        action=raw["Action"],
        docker_id=raw["Actor"]["ID"],
        container_id=UUID(raw["Actor"]["Attributes"][LABEL_CONTAINER]),
        at=datetime.fromtimestamp(raw["timeNano"] / 1e9, UTC),
    )
