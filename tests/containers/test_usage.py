"""From two readings to figures."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from containers.usage import Counters, Moved, cpu_percent, moved, nothing_yet, risen, usage

BEFORE = Counters(100.0, 5_000_000_000, 1000, 5000, 10, 20, 30, 40, 3)


def test_cpu_is_a_hundred_for_each_core() -> None:
    assert cpu_percent(BEFORE, replace(BEFORE, at=101.0, cpu=5_500_000_000)) == 50.0
    assert cpu_percent(BEFORE, replace(BEFORE, at=102.0, cpu=9_000_000_000)) == 200.0


def test_two_readings_at_once_say_nothing_of_cpu() -> None:
    assert cpu_percent(BEFORE, BEFORE) == 0.0


def test_a_container_that_was_started_anew_counts_from_nought() -> None:
    after = Counters(102.0, 1_000_000_000, 900, 5000, 4, 0, 30, 50, 3)

    assert cpu_percent(BEFORE, after) == 50.0
    assert moved(BEFORE, after) == Moved(network_rx=4, network_tx=0, block_read=0, block_write=10)


def test_the_first_reading_of_a_process_counts_from_its_beginning() -> None:
    after = replace(BEFORE, at=102.0, cpu=1_000_000_000)

    assert cpu_percent(nothing_yet(100.0), after) == 50.0
    assert moved(nothing_yet(100.0), after) == Moved(10, 20, 30, 40)


@given(st.integers(0, 2**63), st.integers(0, 2**63))
def test_a_counter_never_falls(before: int, after: int) -> None:
    assert 0 <= risen(before, after) <= after


def test_time_that_passed_is_no_change() -> None:
    shown = usage(BEFORE, replace(BEFORE, at=101.0), uptime=10, disk=0)

    assert not replace(shown, uptime=11).differs(shown)
    assert replace(shown, memory_usage=1001).differs(shown)
    assert shown.differs(None)
