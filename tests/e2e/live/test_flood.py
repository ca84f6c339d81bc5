"""One container prints as fast as it can, and one of its viewers does not read: nobody else notices."""

import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from websockets.sync.client import connect

from tests.e2e.console import Message
from tests.e2e.live.conftest import Show
from tests.e2e.live.crowd import Crowd, Follower, address, faults, numbers, percentile
from tests.e2e.memory import resident
from tests.e2e.server import Lightd
from tests.e2e.serving import serving
from tests.engine import Engine
from tests.waiting import wait_until

SECONDS = 20
QUIET = 9  # containers beside the flood
RATE = 10  # lines a second of each
LINES = SECONDS * RATE
MISSED = 10_000  # lines, at least, that who does not read does not get
MEGABYTE = 1 << 20
LEFT_OUT = re.compile(r"\[lightd\] (\d+) lines \(\d+ bytes\) were left out: too fast to show\r\n")


@dataclass
class Flooded:
    """What was seen while it lasted."""

    memory_before: int
    memory: list[int] = field(default_factory=list)  # bytes of the process of web and supervisor
    answered: list[float] = field(default_factory=list)  # seconds that a call of the API took
    quiet: list[Follower] = field(default_factory=list)
    shown: str = ""  # to the viewer of the flood that keeps up
    shown_late: list[Message] = field(default_factory=list)  # to the one that did not read

    @property
    def lags(self) -> list[float]:
        return [lag for each in self.quiet for _, lag in each.lags]


@pytest.fixture(scope="module")
def flooded(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flooded]:
    with serving(Lightd(tmp_path_factory.mktemp("lightd"), engine)) as lightd:
        quiet = [lightd.create(startup_command=numbers(LINES, RATE), wait=None) for _ in range(QUIET)]
        flood = lightd.create(startup_command="yes")
        for container in quiet:
            lightd.wait_state(container, "ready")
            lightd.act(container, "start")
        for container in quiet:
            lightd.wait_state(container, "running")
        yield watched(lightd, quiet, flood)


def watched(lightd: Lightd, quiet: list[str], flood: str) -> Flooded:
    seen = Flooded(resident(lightd, "supervisor"))
    typists = [lightd.socket(container) for container in quiet]
    viewer = lightd.socket(flood)
    with Crowd([address(lightd, each) for each in quiet], LINES) as crowd:
        lightd.start_and_wait(flood)
        for typist in typists:
            typist.command("go")
        deadline = time.monotonic() + 3 * SECONDS
        while not crowd.has_all(within=0.2) and time.monotonic() < deadline:
            asked_at = time.monotonic()
            lightd.get(flood)
            seen.answered.append(time.monotonic() - asked_at)
            seen.memory.append(resident(lightd, "supervisor"))
        viewer.wait_for(lambda message: LEFT_OUT.search(str(message.get("data"))) is not None, 60)
    seen.quiet = crowd.followers
    with Sleeper(address(lightd, flood)) as sleeper:
        # Not for long: Daphne takes a connection that answers no ping for dead, after 20 s and 30 s more.
        missed_before = missed_lines(lightd)
        wait_until(lambda: missed_lines(lightd) > missed_before + MISSED, 30, "lines were left out for the sleeper")
        seen.memory.append(resident(lightd, "supervisor"))
        seen.shown_late = sleeper.wake_until("too slow")
    seen.shown = viewer.output
    return seen


def test_the_others_lose_no_line_and_no_time(flooded: Flooded, show: Show) -> None:
    lags = flooded.lags
    show(
        f"`yes` beside {QUIET} × {RATE} lines/s for {SECONDS} s:"
        f" median {percentile(lags, 50) * 1000:.0f} ms, p99 {percentile(lags, 99) * 1000:.0f} ms"
    )
    assert [faults(each.numbers, LINES) for each in flooded.quiet] == [[]] * QUIET
    assert percentile(lags, 50) < 2


def test_memory_is_bounded(flooded: Flooded, show: Show) -> None:
    before, most = flooded.memory_before // MEGABYTE, max(flooded.memory) // MEGABYTE
    show(f"web and supervisor: {before} MB before the flood, at most {most} MB in it")
    assert most - before < 48


def test_the_api_answers(flooded: Flooded, show: Show) -> None:
    took = flooded.answered
    show(f"{len(took)} calls meanwhile: median {percentile(took, 50) * 1000:.0f} ms, worst {max(took) * 1000:.0f} ms")
    assert percentile(took, 50) < 2


def test_who_watches_the_flood_is_told_what_was_left_out(flooded: Flooded) -> None:
    assert sum(int(lines) for lines in LEFT_OUT.findall(flooded.shown)) > 10_000
    assert flooded.shown.count("y\r\n") > 100_000  # and still sees much of it


def test_who_does_not_read_is_told_what_it_missed(flooded: Flooded) -> None:
    told = flooded.shown_late[-1]["data"]

    missed = re.fullmatch(r"(\d+) lines were left out: this connection is too slow", told)
    assert missed, told
    assert int(missed[1]) > MISSED


def missed_lines(lightd: Lightd) -> float:
    """How many lines viewers that were too slow did not get, all in all."""
    metrics = lightd.http.get("/metrics").text
    (line,) = [line for line in metrics.splitlines() if line.startswith("lightd_console_dropped_lines_total ")]
    return float(line.split()[1])


class Sleeper:
    """A viewer whose connection stays, and takes nothing: a laptop that was closed."""

    def __init__(self, url: str) -> None:
        host, port = re.findall(r"//([\d.]+):(\d+)/", url)[0]
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        line.connect((host, int(port)))
        self._opening = connect(url, sock=line, max_queue=1, max_size=None, ping_interval=None)

    def __enter__(self) -> "Sleeper":
        self._connection = self._opening.__enter__()
        return self

    def wake_until(self, text: str) -> list[Message]:
        """Reads, as fast as it can, until a daemon message has the text."""
        messages: list[Message] = []
        while not (messages and messages[-1]["event"] == "daemon_message" and text in messages[-1]["data"]):
            messages.append(json.loads(self._connection.recv(timeout=30)))
        return messages

    def __exit__(self, *_: object) -> None:
        self._opening.__exit__(None, None, None)
