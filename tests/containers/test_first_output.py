"""From when on Docker's log is of the process that runs: Docker notes a start when the process may have printed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from containers.engine.answers import Inspected
from containers.supervisor.console import EPOCH, first_output

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUNNING = Inspected(
    docker_id="d" * 64,
    pid=1,
    image="",
    running=True,
    started=True,
    exit_code=0,
    oom_killed=False,
    started_at=NOON,
    finished_at=None,
    volumes={},
    host_paths=[],
)


def test_all_of_the_log_is_of_the_first_process() -> None:
    assert first_output(RUNNING) == EPOCH


def test_what_came_before_the_time_of_the_start_is_of_it_too() -> None:
    ended = NOON - timedelta(seconds=5)

    assert ended < first_output(replace(RUNNING, finished_at=ended)) < NOON


def test_a_process_is_never_later_than_its_start() -> None:
    assert first_output(replace(RUNNING, finished_at=NOON - timedelta(milliseconds=1))) == NOON
