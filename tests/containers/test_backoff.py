"""What fails waits, each time for longer, and the others have their turn."""

from uuid import uuid4

import pytest

from containers import reconcile
from containers.backoff import AT_MOST, FIRST, Backoff
from containers.engine import client
from containers.engine.answers import Seen
from containers.engine.errors import EngineRefused, EngineUnavailable, TookTooLong


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("containers.backoff.time.monotonic", clock)
    return clock


def fail(waiting: Backoff, key: str) -> None:
    with waiting.guarded(key, "refused"):
        raise EngineRefused("in use")


def waits_for(waiting: Backoff, key: str, clock: Clock) -> float:
    """Seconds; the clock stands there afterwards."""
    began = clock.now
    while waiting.waits(key):
        clock.now += 1
    return clock.now - began


def test_each_time_it_waits_for_twice_as_long(clock: Clock) -> None:
    waiting = Backoff()
    waited = []
    for _ in range(8):
        fail(waiting, "a")
        waited.append(waits_for(waiting, "a", clock))

    assert waited == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST, 16 * FIRST, 32 * FIRST, AT_MOST, AT_MOST]


def test_what_succeeds_begins_anew(clock: Clock) -> None:
    waiting = Backoff()
    for _ in range(3):
        fail(waiting, "a")
    with waiting.guarded("a", "refused"):
        pass
    assert not waiting.waits("a")

    fail(waiting, "a")

    assert waits_for(waiting, "a", clock) == FIRST


def test_who_is_refused_lets_the_others_go_on_and_who_gets_no_answer_does_not() -> None:
    waiting = Backoff()

    fail(waiting, "a")
    with pytest.raises(EngineUnavailable), waiting.guarded("b", "too long"):
        raise TookTooLong("Docker engine unreachable")

    assert waiting.waits("a")
    assert waiting.waits("b")
    assert not waiting.waits("c")


def test_what_is_tried_no_more_is_forgotten(clock: Clock) -> None:
    waiting = Backoff()
    for number in range(100):
        fail(waiting, str(number))
        clock.now += AT_MOST

    assert len(waiting._waits) <= 2


@pytest.mark.django_db
def test_what_cannot_be_removed_ends_its_round_and_the_others_are_removed_in_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    def remove(docker_id: str) -> None:
        tried.append(docker_id)
        if docker_id == "stuck":
            raise TookTooLong("Docker engine unreachable")

    monkeypatch.setattr(client, "remove_with_volumes", remove)
    seen = {name: Seen(name, uuid4(), running=False, created=True) for name in ("stuck", "first", "second")}
    waiting = Backoff()

    with pytest.raises(EngineUnavailable):
        reconcile.clear_away(seen, waiting)
    assert tried == ["stuck"]

    reconcile.clear_away(seen, waiting)
    assert tried == ["stuck", "first", "second"]
