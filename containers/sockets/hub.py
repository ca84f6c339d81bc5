"""One subscription for each process and container, fanned out here to the process's viewers.

A group member for each socket would cost the channel layer five times as much.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, cast

from channels.db import database_sync_to_async
from channels.exceptions import ChannelFull
from django.db import Error as DatabaseProblem
from django.utils import timezone

from containers.models import Event
from containers.sockets.groups import (
    WATCH_CHANNEL,
    EventMessage,
    OutputMessage,
    RefusalMessage,
    StatsMessage,
    WatchMessage,
    event_message,
    group,
    layer,
)
from containers.sockets.per_loop import PerLoop
from rules.outages import REDIS_AWAY

log = logging.getLogger(__name__)

RETRY = 0.5  # seconds
# What making up for lost messages meets when a service is gone.
AWAY: tuple[type[Exception], ...] = (*REDIS_AWAY, DatabaseProblem)
CALL_AT_MOST = 2.0  # seconds
# Redis forgets a member after a day, and everything when it is started anew: we say again that we listen.
RENEWAL = 300.0  # seconds
SAY_WATCHED = 5.0  # seconds
# How long ago a loss may have begun that is noticed now: a connection that is only silent breaks by its time-out.
NOTICED_WITHIN = timedelta(seconds=15)


class Listener(Protocol):
    """Who hears of containers. Nothing here waits for one."""

    since: datetime

    def offer_output(self, message: OutputMessage) -> None: ...
    def offer_event(self, message: EventMessage) -> None: ...
    def offer_stats(self, message: StatsMessage) -> None: ...
    def offer_refusal(self, message: RefusalMessage) -> None: ...
    def offer_replay(self) -> None: ...


class Hub:
    """All listeners of this process."""

    def __init__(self) -> None:
        self._layer = layer()
        self._viewers: dict[str, set[Listener]] = {}
        self._channel: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._joining = asyncio.Lock()
        self._lost_since: datetime | None = None
        self._lost = asyncio.Event()
        self._handed_out: deque[int] = deque(maxlen=2000)  # ids of events

    async def join(self, container_ids: Collection[str], viewer: Listener) -> None:
        """Let `viewer` hear of these containers from now on; while the layer is away, as soon as it is back."""
        async with self._joining:
            channel = await self._begin()
            for container_id in container_ids:
                first = container_id not in self._viewers
                self._viewers.setdefault(container_id, set()).add(viewer)
                if first:
                    await self._add_if_there(container_id, channel)
            await self._say_watched(list(container_ids))

    async def _add_if_there(self, container_id: str, channel: str) -> None:
        """While the layer is away nobody waits for it, one container after another: `_keep_joined` adds them all."""
        if self._lost_since is not None:
            self._lost.set()
            return
        try:
            await self._add(container_id, channel)
        except REDIS_AWAY as error:
            self._note_loss(error)

    async def _begin(self) -> str:
        """The channel that we listen on, with what is done beside."""
        if self._channel is None:
            self._channel = await self._layer.new_channel()
            self._tasks = [
                asyncio.create_task(self._go_on(partial(self._read, self._channel))),
                asyncio.create_task(self._go_on(partial(self._keep_joined, self._channel))),
                asyncio.create_task(self._go_on(self._keep_watching)),
            ]
        return self._channel

    async def _go_on(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin `work` anew, whatever it met: who listens no more hears nothing for the rest of the process's life."""
        while True:
            try:
                await work()
            except Exception:
                log.exception("listening to containers goes on")
                self._lost.set()  # what was being made up for still is to be
                await asyncio.sleep(RETRY)

    async def leave(self, container_ids: Collection[str], viewer: Listener) -> None:
        """No longer let `viewer` hear of these containers: from this moment on, however long the layer takes."""
        unwatched = [container_id for container_id in container_ids if self._forget(container_id, viewer)]
        if not unwatched or self._channel is None:
            return
        async with self._joining:
            try:
                for container_id in unwatched:
                    await self._discard(container_id, self._channel)
            except REDIS_AWAY as error:
                self._note_loss(error)

    async def _discard(self, container_id: str, channel: str) -> None:
        """Unless somebody has come meanwhile, or the layer is away: what still comes is nobody's, and dropped."""
        if container_id not in self._viewers and self._lost_since is None:
            async with asyncio.timeout(CALL_AT_MOST):
                await self._layer.group_discard(group(container_id), channel)

    def _forget(self, container_id: str, viewer: Listener) -> bool:
        """Whether that was the last one who hears of the container."""
        viewers = self._viewers.get(container_id, set())
        viewers.discard(viewer)
        return not viewers and self._viewers.pop(container_id, None) is not None

    async def _add(self, container_id: str, channel: str) -> None:
        async with asyncio.timeout(CALL_AT_MOST):
            await self._layer.group_add(group(container_id), channel)

    async def _read(self, channel: str) -> None:
        while True:
            try:
                message = await self._layer.receive(channel)
            except REDIS_AWAY as error:
                self._note_loss(error)
                await asyncio.sleep(RETRY)
                continue
            self._hand_out(message)

    def _hand_out(self, message: dict[str, Any]) -> None:
        viewers = self._viewers.get(message["container_id"], ())
        if message["type"] == "console.output":
            for viewer in viewers:
                viewer.offer_output(cast(OutputMessage, message))
        elif message["type"] == "console.stats":
            for viewer in viewers:
                viewer.offer_stats(cast(StatsMessage, message))
        elif message["type"] == "console.refusal":
            for viewer in viewers:
                viewer.offer_refusal(cast(RefusalMessage, message))
        elif message["id"] not in self._handed_out:
            self._handed_out.append(message["id"])
            for viewer in viewers:
                viewer.offer_event(cast(EventMessage, message))

    async def _keep_watching(self) -> None:
        """Tell the supervisor again and again what is watched: it forgets, as we may be gone without a word."""
        while True:
            await asyncio.sleep(SAY_WATCHED)
            if self._viewers:
                await self._say_watched([])

    async def _say_watched(self, newly: list[str]) -> None:
        if self._lost_since is not None:
            return  # `_keep_watching` says it again
        message = WatchMessage(type="stats.watch", container_ids=list(self._viewers), newly=newly)
        with suppress(ChannelFull, *REDIS_AWAY):
            async with asyncio.timeout(CALL_AT_MOST):
                await self._layer.send(WATCH_CHANNEL, cast(dict[str, Any], message))

    # --- When the layer was away --------------------------------------------------

    def _note_loss(self, error: BaseException) -> None:
        if self._lost_since is None:
            log.warning("the channel layer is away: %s", error)
            self._lost_since = timezone.now() - NOTICED_WITHIN
        self._lost.set()

    async def _keep_joined(self, channel: str) -> None:
        """Renew our memberships now and then, and at once when they may be lost; then make up for what was."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEWAL):
                    await self._lost.wait()
            self._lost.clear()
            began = timezone.now()
            try:
                await self._renew(channel)
                await self._make_up(began)
            except AWAY as error:
                self._note_loss(error)
                await asyncio.sleep(RETRY)

    async def _renew(self, channel: str) -> None:
        for container_id in list(self._viewers):
            async with self._joining:
                if container_id in self._viewers:
                    await self._add(container_id, channel)

    async def _make_up(self, began: datetime) -> None:
        """Give the viewers what was sent while we could not hear: events from their table, output from the spool. Who
        has come since this round began gets the rest in the next."""
        if self._lost_since is None:
            return
        messages = await database_sync_to_async(events_since)(self._lost_since, list(self._viewers))
        self._lost_since = began if self._lost.is_set() else None
        for viewer in (viewer for viewers in self._viewers.values() for viewer in viewers):
            viewer.offer_replay()
        for created_at, message in messages:
            if message["id"] not in self._handed_out:
                self._handed_out.append(message["id"])
                for viewer in self._viewers.get(message["container_id"], ()):
                    if created_at >= viewer.since:
                        viewer.offer_event(message)
        log.info("the channel layer is back")


def events_since(moment: datetime, container_ids: list[str]) -> list[tuple[datetime, EventMessage]]:
    """What happened to these containers since, oldest first."""
    newer = Event.objects.filter(created_at__gte=moment, container_uuid__in=container_ids).order_by("id")
    return [(row.created_at, event_message(row)) for row in newer]


hub = PerLoop(Hub)
