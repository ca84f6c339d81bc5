"""Readings become minutes, minutes quarter hours, quarter hours hours; nothing is counted twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from containers import samples
from containers.models import Container, Sample
from containers.samples import Minutes, Window
from containers.usage import Moved
from tests.people import container_of

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MINUTE, QUARTER, HOUR = Sample.Span.MINUTE, Sample.Span.QUARTER, Sample.Span.HOUR


def sample(container: Container | None, at: datetime, span: int = MINUTE, **figures: Any) -> Sample:
    defaults = {"cpu_average": 10.0, "cpu_highest": 20.0, "memory_average": 100, "memory_highest": 200}
    return Sample.objects.create(container=container, at=at, span=span, **{**defaults, **figures})


def spans() -> list[tuple[int, datetime]]:
    return list(Sample.objects.order_by("at").values_list("span", "at"))


# --- Minutes ----------------------------------------------------------------------


def test_a_minute_is_averaged_by_time(container: Container) -> None:
    minutes = Minutes()
    start = NOON.timestamp()
    minutes.add(container.id, start + 15, 15, cpu=80.0, memory=1000, disk=7, moved=Moved(1, 2, 3, 4))
    minutes.add(container.id, start + 59, 45, cpu=40.0, memory=2000, disk=8, moved=Moved(10, 20, 30, 40))

    assert not minutes.finished(start + 59.9)
    samples.store(minutes.finished(start + 60).values())

    row = Sample.objects.get()
    assert (row.container, row.span, row.at) == (container, MINUTE, NOON)
    assert (row.cpu_average, row.cpu_highest) == (50.0, 80.0)
    assert (row.memory_average, row.memory_highest, row.disk) == (1750, 2000, 8)
    assert (row.network_rx, row.network_tx, row.block_read, row.block_write) == (11, 22, 33, 44)


def test_all_containers_are_written_in_one_go(
    alice: User, container: Container, django_assert_num_queries: Any
) -> None:
    other = container_of(alice, "web-2")
    minutes = Minutes()
    for one in (container.id, other.id, None):
        minutes.add(one, NOON.timestamp(), 1, cpu=1.0, memory=1, disk=0, load=0.5)

    with django_assert_num_queries(4):  # begin, who there is, insert, commit
        samples.store(minutes.finished(NOON.timestamp() + 60).values())

    assert Sample.objects.count() == 3
    assert Sample.objects.get(container=None).load == 0.5


def test_written_twice_it_is_there_once(container: Container) -> None:
    minutes = Minutes()
    for one in (container.id, None):
        minutes.add(one, NOON.timestamp(), 1, cpu=1.0, memory=1, disk=0)
    finished = minutes.finished(NOON.timestamp() + 60)

    samples.store(finished.values())
    samples.store(made_anew(finished))

    assert Sample.objects.count() == 2


def made_anew(finished: dict[Any, Sample]) -> list[Sample]:
    """The same minutes, as a supervisor that was started anew has them."""
    rest = {"cpu_average": 99.0, "cpu_highest": 99.0, "memory_average": 9, "memory_highest": 9}
    return [Sample(container_id=row.container_id, span=row.span, at=row.at, **rest) for row in finished.values()]


def test_a_container_deleted_meanwhile_does_not_hold_up_the_others(alice: User, container: Container) -> None:
    gone = container_of(alice, "gone")
    minutes = Minutes()
    for one in (container.id, gone.id):
        minutes.add(one, NOON.timestamp(), 1, cpu=1.0, memory=1, disk=0)
    gone.delete()

    samples.store(minutes.finished(NOON.timestamp() + 60).values())

    assert [row.container for row in Sample.objects.all()] == [container]


def test_what_is_not_written_is_kept_for_a_while_only() -> None:
    minutes = Minutes()
    now = NOON.timestamp()
    minutes.add(None, now, 1, cpu=1.0, memory=1, disk=0)

    minutes.forget([], now + 120)
    assert minutes.finished(now + 120)
    minutes.forget([], now + samples.WRITE_WITHIN + 1)
    assert not minutes.finished(now + samples.WRITE_WITHIN + 1)


# --- Thinning -----------------------------------------------------------------------


def test_minutes_of_more_than_a_day_become_quarter_hours(container: Container) -> None:
    for minute in range(30):
        sample(container, NOON + timedelta(minutes=minute), cpu_highest=float(minute), network_rx=2, disk=minute)

    samples.thin(NOON + timedelta(days=1, minutes=20))

    assert [span for span, _ in spans()] == [QUARTER] + [MINUTE] * 15
    quarter = Sample.objects.get(span=QUARTER)
    assert quarter.at == NOON
    assert (quarter.cpu_average, quarter.cpu_highest, quarter.memory_average) == (10.0, 14.0, 100)
    assert (quarter.network_rx, quarter.disk) == (30, 14)


@pytest.mark.parametrize(
    ("span", "age", "becomes"),
    [
        (MINUTE, timedelta(hours=23), [MINUTE]),
        (MINUTE, timedelta(days=1, minutes=16), [QUARTER]),
        (MINUTE, timedelta(days=31), [HOUR]),
        (QUARTER, timedelta(days=29), [QUARTER]),
        (QUARTER, timedelta(days=30, minutes=61), [HOUR]),
        (HOUR, timedelta(days=364), [HOUR]),
        (HOUR, timedelta(days=366), []),
    ],
)
def test_how_long_each_is_kept(container: Container, span: int, age: timedelta, becomes: list[int]) -> None:
    for one in (container, None):
        sample(one, samples.floor_time(NOON - age, span), span)

    samples.thin(NOON)

    for found in (container.samples.all(), Sample.objects.filter(container=None)):
        assert [row.span for row in found] == becomes


def test_thinned_again_nothing_changes(container: Container) -> None:
    for minute in range(0, 60 * 40, 7):
        sample(container, NOON + timedelta(minutes=minute))
        sample(None, NOON + timedelta(minutes=minute))
    now = NOON + timedelta(days=2)

    samples.thin(now)
    first = list(Sample.objects.order_by("pk").values())
    samples.thin(now)

    assert list(Sample.objects.order_by("pk").values()) == first


def test_cut_off_in_the_middle_it_goes_on(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    for minute in range(60):
        sample(container, NOON + timedelta(minutes=minute), network_rx=1)
    merge, calls = samples.merge, iter([True, True, False])

    def merge_twice(*args: Any) -> None:
        if not next(calls):
            raise DatabaseError("away")
        merge(*args)

    monkeypatch.setattr(samples, "merge", merge_twice)
    with pytest.raises(DatabaseError):
        samples.thin(NOON + timedelta(days=2))
    monkeypatch.setattr(samples, "merge", merge)
    samples.thin(NOON + timedelta(days=2))

    assert [span for span, _ in spans()] == [QUARTER] * 4
    assert sum(row.network_rx for row in Sample.objects.all()) == 60


def test_containers_are_thinned_apart(alice: User, container: Container) -> None:
    other = container_of(alice, "web-2")
    for one, cpu in ((container, 10.0), (other, 30.0), (None, 50.0)):
        sample(one, NOON, cpu_average=cpu)
        sample(one, NOON + timedelta(minutes=1), cpu_average=cpu)

    samples.thin(NOON + timedelta(days=2))

    assert {row.container: row.cpu_average for row in Sample.objects.all()} == {container: 10, other: 30, None: 50}


# --- Windows ------------------------------------------------------------------------


def test_a_window_of_an_hour_shows_minutes(container: Container, django_assert_num_queries: Any) -> None:
    for minutes in (5, 4, 70):
        sample(container, NOON - timedelta(minutes=minutes), network_tx=minutes)
    sample(None, NOON - timedelta(minutes=5))

    with django_assert_num_queries(1):
        found = samples.window(container.id, Window.HOUR, NOON)

    assert [row["at"] for row in found] == [NOON.timestamp() - 300, NOON.timestamp() - 240]
    assert [row["network_tx"] for row in found] == [5, 4]


def test_a_week_joins_minutes_and_quarter_hours(container: Container) -> None:
    sample(container, NOON - timedelta(days=3), QUARTER, cpu_average=5.0)
    for minute in range(15):
        sample(container, NOON - timedelta(minutes=30 - minute), cpu_average=float(minute), block_read=1)

    older, newer = samples.window(container.id, Window.WEEK, NOON)

    assert (older["cpu_average"], newer["cpu_average"]) == (5.0, 7.0)
    assert newer["at"] == (NOON - timedelta(minutes=30)).timestamp()
    assert newer["block_read"] == 15


@given(st.lists(st.tuples(st.sampled_from([60, 900]), st.floats(0, 1600)), min_size=1, max_size=30))
def test_joined_averages_lie_between_the_parts(parts: list[tuple[int, float]]) -> None:
    spans = tuple(span for span, _ in parts)
    values = tuple(value for _, value in parts)

    average = samples.joined("cpu_average", values, spans)

    assert min(values) - 0.01 <= average <= max(values) + 0.01
    assert samples.joined("cpu_highest", values, spans) == round(max(values), 2)


# --- Delete ---------------------------------------------------------------------------


def test_deleting_a_container_removes_its_samples(alice: User, container: Container) -> None:
    other = container_of(alice, "web-2")
    for one in (container, other, None):
        sample(one, NOON)

    container.delete()

    assert {row.container for row in Sample.objects.all()} == {other, None}
