"""Many viewers of one console at once, each of which comes back after every cut and goes on at its cursor."""

import asyncio
import json
import threading
import time
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.e2e.server import Lightd
from tests.waiting import wait_until

# Prints the numbered lines `n000001 <unix time>`, RATE a second, once a line was typed.
NUMBERS = """\
exec bash -c 'read; exec 9<> <(:); s=$EPOCHREALTIME; i=0
while [ $i -lt LINES ]; do
    now=$EPOCHREALTIME; due=$(( (${now/./} - ${s/./}) * RATE / 1000000 ))
    while [ $i -lt $due ] && [ $i -lt LINES ]; do i=$((i + 1)); printf "n%06d %s\\n" $i $EPOCHREALTIME; done
    read -t 0.004 -u 9
done; read'
"""


def numbers(lines: int, rate: int) -> str:
    """The startup command of a container that prints ``lines`` numbered lines, ``rate`` a second."""
    return NUMBERS.replace("LINES", str(lines)).replace("RATE", str(rate))


class Follower:
    """One viewer: the ``numbers`` that it has seen, and in ``lags`` when each was printed and how late it came."""

    def __init__(self, url: str) -> None:
        self.numbers: list[int] = []
        self.lags: list[tuple[float, float]] = []
        self.connections = 0
        self._url = url
        self._seq = 0
        self._rest = ""
        self._socket: ClientConnection | None = None

    @property
    def last(self) -> int:
        return self.numbers[-1] if self.numbers else 0

    async def follow(self, last: int) -> None:
        """Until line ``last`` was seen."""
        while self.last < last:
            try:
                async with connect(f"{self._url}&since_seq={self._seq}", max_size=None, open_timeout=5) as socket:
                    self._socket = socket
                    self.connections += 1
                    while self.last < last:
                        self._take(json.loads(await socket.recv()))
            except (OSError, WebSocketException):
                await asyncio.sleep(0.05)  # cut off, or the server is away: a client tries again

    def cut(self) -> None:
        """As a network does: no goodbye."""
        if self._socket:
            self._socket.transport.abort()

    def _take(self, message: dict[str, Any]) -> None:
        if message["event"] != "console":
            return
        now = time.time()
        self._seq = message["seq"]
        *lines, self._rest = (self._rest + message["data"]).split("\n")
        for line in lines:
            if line.startswith("n"):
                number, printed_at = line[1:].split()
                self.numbers.append(int(number))
                self.lags.append((float(printed_at), now - float(printed_at)))


class Crowd:
    """Followers in a thread of their own, so that the test is free to do harm meanwhile."""

    def __init__(self, urls: list[str], last: int) -> None:
        self.followers = [Follower(url) for url in urls]
        self._last = last
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(together([each.follow(self._last) for each in self.followers]))
        self._loop.run_until_complete(asyncio.wait([self._task]))
        self._loop.close()

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: all(each.connections for each in self.followers), 30, "every viewer is connected")
        return self

    def cut(self, number: int) -> None:
        self._loop.call_soon_threadsafe(self.followers[number].cut)

    def has_all(self, within: float) -> bool:
        """Whether every follower sees the last line before so many seconds have passed."""
        self._thread.join(within)
        return not self._thread.is_alive()

    def wait(self, timeout: float) -> None:
        """Until every follower has seen the last line."""
        self.has_all(timeout)
        late = {number: each.last for number, each in enumerate(self.followers) if each.last < self._last}
        assert not late, f"these viewers have not seen line {self._last}: {late}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.is_alive() and self._task:
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(10)


def address(lightd: Lightd, container: str) -> str:
    """Of the console's socket."""
    return f"ws://127.0.0.1:{lightd.port}/ws/{container}?token={lightd.token}"


def percentile(figures: list[float], percent: int) -> float:
    return sorted(figures)[len(figures) * percent // 100]


async def together(work: list[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for each in work:
            tasks.create_task(each)


def faults(numbers: list[int], lines: int) -> list[str]:
    """What is wrong with the lines that a viewer saw, in words."""
    found = [
        f"{later} after {earlier}"
        for earlier, later in zip([0, *numbers], numbers, strict=False)
        if later != earlier + 1
    ]
    return found + ([f"ends with {numbers[-1] if numbers else None}"] if numbers[-1:] != [lines] else [])
