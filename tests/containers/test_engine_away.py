"""What an engine takes along when it goes: judged by when a process began and ended."""

from datetime import UTC, datetime, timedelta

import pytest

from containers.reconcile import Away

LOST = datetime(2026, 1, 1, 12, tzinfo=UTC)
BACK = LOST + timedelta(seconds=20)


def at(seconds: float) -> datetime:
    """So long after the engine was back."""
    return BACK + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("started", "ended", "by_engine"),
    [
        pytest.param(-60, -30, False, id="before it was lost"),
        pytest.param(-60, -21, True, id="a moment before we saw that it was lost"),
        pytest.param(-60, -10, True, id="meanwhile"),
        pytest.param(-60, 2, True, id="as it came back"),
        pytest.param(-60, 11, False, id="long after it came back"),
        pytest.param(1, 2, False, id="begun since it is back"),
        pytest.param(None, 2, True, id="nobody knows when it began"),
    ],
)
def test_what_ended_with_the_engine(started: float | None, ended: float, by_engine: bool) -> None:
    away = Away(LOST, BACK)

    assert away.covers(None if started is None else at(started), at(ended)) == by_engine
