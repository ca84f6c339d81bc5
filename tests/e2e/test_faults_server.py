"""Our processes killed in the middle of power actions, and again and again: each action is done, and done once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.faults import ENDS, IN_THE_MIDDLE, Fault
from tests.e2e.server import Lightd
from tests.e2e.truth import wait_true
from tests.waiting import wait_until

# Writes down each of its beginnings and each of its graceful ends, which take their time.
SERVER = "trap 'sleep 1; echo once >> saved; exit 0' TERM; echo once >> starts; echo Ready; while :; do sleep 0.1; done"

ALL_JOBS_DONE = 60  # seconds: a lost job's lease, and the job itself


@pytest.fixture
def lightd(request: pytest.FixtureRequest, fault: Fault) -> Iterator[Lightd]:
    lightd: Lightd = request.getfixturevalue("lightd_apart" if fault.mode == "default" else "grown_lightd")
    yield lightd
    lightd.start()
    lightd.remove_containers()


@pytest.mark.parametrize(("fault", "times"), IN_THE_MIDDLE, ids=str)
def test_power_actions_are_done_once(lightd: Lightd, fault: Fault, times: int) -> None:
    actions = make_servers(lightd)
    files = {container: lightd.files(container) for container in actions}

    ask_at_once(lightd, actions)
    for _ in range(times):
        fault.hit(lightd)
        lightd.start()
    lightd.wait_ready()

    wait_until(lambda: unfinished_jobs(lightd) == 0, ALL_JOBS_DONE, "all jobs are done")
    for container, action in actions.items():
        wait_true(lightd, container, ENDS[action][0])
    wait_until(lambda: unfinished_jobs(lightd) == 0, ALL_JOBS_DONE, "all jobs are done")
    done = {
        container: (lightd.state(container), lines(files[container] / "starts"), lines(files[container] / "saved"))
        for container in actions
    }
    assert done == {container: ENDS[action] for container, action in actions.items()}


def make_servers(lightd: Lightd) -> dict[str, str]:
    """Two for each action, which run if it needs that."""
    create = {"startup_command": SERVER, "start_pattern": "Ready", "wait": None}
    actions = {lightd.create(**create): action for action in [*ENDS, *ENDS]}
    running = [container for container, action in actions.items() if action != "start"]
    for container in actions:
        lightd.wait_state(container, "ready")
    ask_at_once(lightd, dict.fromkeys(running, "start"))
    for container in running:
        lightd.wait_state(container, "running")
    return actions


def ask_at_once(lightd: Lightd, actions: dict[str, str]) -> None:
    with ThreadPoolExecutor(len(actions)) as threads:
        list(threads.map(lightd.act, actions, actions.values()))


def unfinished_jobs(lightd: Lightd) -> int:
    text = lightd.http.get("/metrics", headers={"Accept": "text/plain"}).text
    return sum(int(float(line.split()[-1])) for line in text.splitlines() if line.startswith("lightd_jobs{"))


def lines(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0
