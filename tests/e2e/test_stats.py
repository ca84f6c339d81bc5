"""Statistics as a user sees them: on the socket, and through the API."""

import time
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest

from tests.e2e.console import Console, Message
from tests.e2e.server import Lightd
from tests.waiting import wait_until

MIB = 1 << 20
FIELDS = {
    "event",
    "cpu_usage",
    "memory_usage",
    "memory_limit",
    "network_rx",
    "network_tx",
    "block_read",
    "block_write",
    "disk_usage",
    "uptime",
    "pids",
}
SOON = 5  # seconds, a third of the time after which they are read though nobody watches
BURN = "while :; do :; done"


def stats(viewer: Console) -> list[Message]:
    return [message for message in viewer.messages if message["event"] == "stats"]


def cpu_seconds(lightd: Lightd, container: str) -> float:
    """As the engine counts them."""
    raw = lightd.engine.client().stats(lightd.docker_id(container), stream=False, one_shot=True)
    return float(raw["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9)


def current(lightd: Lightd, container: str) -> dict[str, Any] | None:
    figures: dict[str, Any] | None = lightd.http.get(f"/containers/{container}/stats").json()["current"]
    return figures


def test_half_a_core_is_shown_as_fifty_percent(lightd: Lightd) -> None:
    container = lightd.create(startup_command=f"bash -c '{BURN}'", limits={"cpu": 0.5, "memory": 256 * MIB})
    lightd.start_and_wait(container)
    viewer = lightd.socket(container)
    viewer.wait_for(lambda message: message["event"] == "stats")
    before, begun = cpu_seconds(lightd, container), time.monotonic()

    wait_until(lambda: len(stats(viewer)) >= 7, 60, "seven messages")

    got = (cpu_seconds(lightd, container) - before) / (time.monotonic() - begun) * 100  # 50, unless others need it
    shown = stats(viewer)[1:]
    last = shown[-1]
    assert set(last) == FIELDS
    assert mean(message["cpu_usage"] for message in shown) == pytest.approx(got, abs=15)
    assert 0 < got < 58
    assert last["memory_limit"] == 256 * MIB
    assert last["pids"] >= 2
    lightd.act(container, "kill")


def test_a_viewer_sees_figures_at_once_and_then_changes_alone(lightd: Lightd) -> None:
    container = lightd.create(startup_command="exec sleep infinity")
    lightd.start_and_wait(container)
    time.sleep(3)
    viewer = lightd.socket(container)

    viewer.wait_for(lambda message: message["event"] == "stats", timeout=SOON)
    time.sleep(4)

    lightd.run_in(container, "sh", "-c", "timeout 4 sh -c 'while :; do :; done' || true")
    viewer.wait_for(lambda message: message["event"] == "stats" and message["cpu_usage"] > 5)
    shown = [{**message, "uptime": 0} for message in stats(viewer)]
    assert len(shown) >= 2
    assert all(before != after for before, after in pairwise(shown))
    lightd.act(container, "kill")


def test_a_second_viewer_need_not_wait_for_a_change(lightd: Lightd) -> None:
    container = lightd.create(startup_command="exec sleep infinity")
    lightd.start_and_wait(container)
    first = lightd.socket(container)
    first.wait_for(lambda message: message["event"] == "stats")
    time.sleep(2)

    second = lightd.socket(container)

    second.wait_for(lambda message: message["event"] == "stats", timeout=10)
    lightd.act(container, "kill")


def test_what_nobody_watches_is_read_less_often(make_lightd: Any) -> None:
    lightd = make_lightd(environment={"LIGHTD_STATS_PACE": "4"})
    container = lightd.create(startup_command="exec sleep infinity")
    lightd.start_and_wait(container)
    wait_until(lambda: current(lightd, container), 30, "figures")

    unwatched = readings(lightd, container, seconds=12)
    lightd.socket(container)
    time.sleep(1.5)
    watched = readings(lightd, container, seconds=12)

    assert 1 <= unwatched <= 5 < watched  # 4 or so, and 12 or so

    lightd.act(container, "kill")
    lightd.wait_state(container, "ready")
    assert current(lightd, container) is None


def readings(lightd: Lightd, container: str, seconds: float) -> int:
    """How many different readings the API shows meanwhile."""
    uptimes, end = set(), time.monotonic() + seconds
    while time.monotonic() < end:
        figures = current(lightd, container)
        assert figures
        uptimes.add(figures["uptime"])
        time.sleep(0.2)
    return len(uptimes)


def test_a_restart_starts_the_figures_anew(lightd: Lightd) -> None:
    container = lightd.create(startup_command="exec sleep infinity")
    lightd.start_and_wait(container)
    viewer = lightd.socket(container)
    viewer.wait_for(lambda message: message["event"] == "stats" and message["uptime"] >= 4)
    seen, asked = len(viewer.messages), time.monotonic()

    lightd.act(container, "restart")

    began = viewer.messages.index(viewer.wait_for_event("starting", after=seen))
    fresh = viewer.wait_for(lambda message: message["event"] == "stats", after=began)
    assert fresh["uptime"] <= time.monotonic() - asked + 1
    assert fresh["cpu_usage"] < 200
    lightd.act(container, "kill")


def test_the_size_of_the_volume_is_shown(lightd: Lightd) -> None:
    command = "bash -c 'head -c 3000000 /dev/zero > /home/container/data; exec sleep infinity'"
    container = lightd.create(startup_command=command)
    lightd.start_and_wait(container)
    lightd.act(container, "restart")  # measured once at a start, and then rarely
    lightd.wait_state(container, "running")

    assert wait_until(lambda: (current(lightd, container) or {}).get("disk_usage"), 30, "a size")
    lightd.act(container, "kill")


def test_the_host_is_shown(lightd: Lightd) -> None:
    answer = wait_until(lambda: lightd.http.get("/host/stats").json()["current"], 60, "the host's figures")

    assert 0 <= answer["cpu_usage"] <= 100 * answer["cores"]
    assert 0 < answer["memory_usage"] < answer["memory_limit"]
    assert 0 < answer["disk_usage"] < answer["disk_limit"]
