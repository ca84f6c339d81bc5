"""One viewer's share of a console: a bounded queue between the hub and its connection."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from enum import StrEnum
from typing import Any

from django.utils import timezone

from containers.measures import DROPPED_LINES
from containers.sockets.groups import EventMessage, OutputMessage, RefusalMessage, StatsMessage

# Characters of output that may wait for a viewer. A browser that lags further behind is told what it missed.
MAX_WAITING = 1 << 20
# The same of answers. Whoever asks on and on and does not read them gets no more.
MAX_ANSWERS = 4 << 20
LEAST_ANSWER = 256  # characters that each counts for at least


class Inward(StrEnum):
    """What is between the queue and its connection only: never sent."""

    ANSWER = "answer"
    REPLAY = "replay"
    SKIP = "skip"


class Viewer:
    """Takes what the hub offers without ever making it wait; gives it to one connection in order."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(8)  # by which the supervisor answers
        self._waiting: deque[dict[str, Any]] = deque()
        self._size = 0
        self._answers = 0
        self._missed_lines = 0
        self._missed_to = 0  # the cursor up to which output was left out
        self._shown_to = 0  # the cursor up to which the viewer has the console
        self.since = timezone.now()
        self._ready = asyncio.Event()
        self._stats: dict[str, Any] | None = None  # the one that waits

    def skip_to(self, end: int) -> None:
        """The viewer has everything before `end` already, from the history."""
        self._shown_to = max(self._shown_to, end)

    def offer_output(self, message: OutputMessage) -> None:
        """A batch of the console. Beyond `MAX_WAITING` it is left out, and counted."""
        data = message["data"]
        if self._size + len(data) > MAX_WAITING:
            self._missed_lines += data.count("\n")
            self._missed_to = message["end"]
            DROPPED_LINES.inc(data.count("\n"))
            return
        self._say_what_was_missed()
        self._put({"event": "console", "data": data, "start": message["start"], "seq": message["end"]})
        self._size += len(data)

    def offer_event(self, message: EventMessage) -> None:
        """What an event row says."""
        self._say_what_was_missed()
        for each in message["messages"]:
            self._put(each)

    def offer_stats(self, message: StatsMessage) -> None:
        """Figures; those that still wait are not worth sending any more."""
        if self._stats is None:
            self._stats = {"event": "stats"}
            self._put(self._stats)
        self._stats.update(message["usage"])

    def offer_refusal(self, message: RefusalMessage) -> None:
        """An answer to somebody who typed, perhaps to this viewer."""
        if message["viewer"] == self.name:
            self.offer({"event": "daemon_message", "data": f"Error: {message['sentence']}"})

    def offer(self, message: dict[str, Any]) -> None:
        """An answer to the viewer itself, in order with everything else."""
        if self._answers < MAX_ANSWERS:
            size = max(len(message["data"]), LEAST_ANSWER)
            self._answers += size
            self._put({"event": Inward.ANSWER, "message": message, "size": size})

    def offer_replay(self) -> None:
        """Something may have been lost on the way: have the viewer's connection look into the console's history."""
        self._put({"event": Inward.REPLAY})

    def _say_what_was_missed(self) -> None:
        if self._missed_lines:
            text = f"{self._missed_lines} lines were left out: this connection is too slow"
            self._missed_lines = 0
            self._put({"event": "daemon_message", "data": text})
            self._put({"event": Inward.SKIP, "seq": self._missed_to})

    def _put(self, message: dict[str, Any]) -> None:
        self._waiting.append(message)
        self._ready.set()

    async def next(self) -> dict[str, Any]:
        """The next message to send; or, as an `Inward.REPLAY`, from which cursor on the history has to be sent first,
        since output did not come, or came in part already."""
        while True:
            while not self._waiting:
                self._say_what_was_missed()
                if self._waiting:
                    break
                self._ready.clear()
                await self._ready.wait()
            message = self._waiting[0]
            if message["event"] == "console" and message["start"] != self._shown_to < message["seq"]:
                to = message["start"] if message["start"] > self._shown_to else message["seq"]
                return {"event": Inward.REPLAY, "since": self._shown_to, "to": to}
            self._waiting.popleft()
            match message["event"]:
                case "console":
                    self._size -= len(message["data"])
                    if message["seq"] > self._shown_to:
                        self._shown_to = message["seq"]
                        return {"event": "console", "data": message["data"], "seq": message["seq"]}
                case Inward.SKIP:
                    self.skip_to(message["seq"])
                case Inward.ANSWER:
                    self._answers -= message["size"]
                    answer: dict[str, Any] = message["message"]
                    return answer
                case Inward.REPLAY:
                    return {"event": Inward.REPLAY, "since": self._shown_to, "to": self._shown_to}
                case "stats":
                    self._stats = None
                    return message
                case _:
                    return message
