"""What a viewer gets of the figures: the newest, and only that."""

from typing import Any

from containers.sockets.groups import EventMessage, StatsMessage
from containers.sockets.viewer import Viewer


def figures(cpu: float) -> StatsMessage:
    return StatsMessage(type="console.stats", container_id="c", usage={"cpu_usage": cpu})


def event(text: str) -> EventMessage:
    said: list[dict[str, Any]] = [{"event": "event", "data": text}]
    return EventMessage(type="console.event", id=0, container_id="c", messages=said, deleted=False)


async def test_a_slow_viewer_gets_the_newest_alone() -> None:
    viewer = Viewer()
    for cpu in range(100):
        viewer.offer_stats(figures(cpu))
    viewer.offer_event(event("running"))

    assert await viewer.next() == {"event": "stats", "cpu_usage": 99}
    assert await viewer.next() == {"event": "event", "data": "running"}


async def test_one_that_keeps_up_gets_each() -> None:
    viewer = Viewer()
    for cpu in range(3):
        viewer.offer_stats(figures(cpu))
        assert await viewer.next() == {"event": "stats", "cpu_usage": cpu}
