"""Counting over windows, in memory and in a real Redis."""

import time
from collections.abc import Iterator

import pytest

from lightd_site.wall.counters import Count, Memory, Redis
from tests.services import PrivateRedis
from tests.waiting import wait_until

LONG = 10**9


@pytest.fixture(scope="module")
def redis() -> Iterator[PrivateRedis]:
    service = PrivateRedis()
    yield service
    service.remove()


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Memory | Redis:
    return Memory() if request.param == "memory" else Redis(request.getfixturevalue("redis").url)


def test_each_name_is_counted_by_itself(store: Memory | Redis) -> None:
    one, two = Count("one", LONG), Count("two", LONG)

    assert store.read([one]) == [0]
    assert store.add([one, two]) == [1, 1]
    assert store.add([two, one]) == [2, 2]
    assert store.add([one]) == [3]
    assert store.read([one, two]) == [3, 2]


def test_a_new_window_begins_at_nothing(store: Memory | Redis) -> None:
    brief = Count("brief", 1)
    store.add([brief])

    wait_until(lambda: store.read([brief]) == [0], 5, "a new second has begun")
    assert 1 <= Count("long", LONG).left <= LONG


def test_processes_count_together_in_redis(redis: PrivateRedis) -> None:
    shared = Count("shared", LONG)
    Redis(redis.url).add([shared])

    assert Redis(redis.url).add([shared]) == [2]


def test_without_redis_each_process_counts_for_itself(redis: PrivateRedis) -> None:
    store = Redis(redis.url)
    count = Count("away", LONG)
    store.add([count])

    with redis.away():
        began = time.monotonic()
        assert [store.add([count]) for _ in range(100)] == [[number] for number in range(1, 101)]
        assert time.monotonic() - began < 5
