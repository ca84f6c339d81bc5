"""Workers killed with SIGKILL: whatever they were at is gone on with, and done once."""

import signal
import time
import uuid
from pathlib import Path

import pytest

from tests.e2e.server import Lightd, alive, read_proc, threads_of
from tests.e2e.test_image_pull import messages
from tests.e2e.truth import RETURN, wait_true
from tests.engine import signal_process
from tests.waiting import wait_until

PROCESSES = 7  # of a cluster: itself, its sentinel, three workers, a monitor and a pusher
STAGGER = 0.12  # seconds between two requests, so that a kill cuts each at another place


@pytest.fixture(scope="module")
def lightd(lightd_apart: Lightd) -> Lightd:
    return lightd_apart


@pytest.fixture(autouse=True)
def _whole_clusters(lightd: Lightd) -> None:
    wait_for_workers(lightd, [])


def workers_of(lightd: Lightd) -> set[int]:
    """Every process of a cluster of this server, whoever is its parent by now."""
    root = f"LIGHTD_STORAGE_ROOT={lightd.environment['LIGHTD_STORAGE_ROOT']}\0".encode()
    processes = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
    clusters = [pid for pid in processes if read_proc(pid, "comm") in (b"lightd-power\n", b"lightd-installs\n")]
    return alive({pid for pid in clusters if root in read_proc(pid, "environ")})


def wait_for_workers(lightd: Lightd, without: list[int]) -> None:
    """Until both clusters are whole again, none of the killed is in them, and nobody of the old ones lingers."""

    def whole() -> bool:
        below = lightd.pids("workers")
        return len(below) == 2 * PROCESSES and workers_of(lightd) == set(below) and not set(below) & set(without)

    wait_until(whole, 60, "both clusters are whole, and there are no others")


def threads(pids: list[int]) -> dict[int, int]:
    return {pid: len(threads_of(pid)) for pid in pids}


def worker_that_begins(lightd: Lightd, before: dict[int, int]) -> int:
    """The process that has a job now: a thread more than before, which keeps its lease."""

    def find() -> int | None:
        now = threads(list(before))
        return next((pid for pid in before if now[pid] > before[pid]), None)

    found = wait_until(find, 30, "a worker has the job", every=0.01)
    assert found
    return found


@pytest.mark.parametrize("number", range(PROCESSES))
def test_one_process_of_a_cluster_is_killed(lightd: Lightd, number: int) -> None:
    """Each may hold a lock that the others need, or be the parent that nobody tells them is gone."""
    killed = lightd.pids("installs")[number]

    signal_process(killed, signal.SIGKILL)

    wait_for_workers(lightd, [killed])
    container = lightd.create(wait=None)
    wait_true(lightd, container, "ready")


@pytest.mark.parametrize("attempt", range(2))
def test_workers_killed_in_the_middle_of_installs(lightd: Lightd, attempt: int) -> None:
    volumes = {}
    for port in lightd.port_range(8):
        volume = str(uuid.uuid4())
        script = "echo run >> /home/container/runs; sleep 0.2"
        container = lightd.create(wait=None, volume_id=volume, install_script=script, ports=[{"port": port}])
        volumes[container] = volume
        time.sleep(STAGGER)

    killed = lightd.kill_role("installs")

    wait_for_workers(lightd, killed)
    for container, volume in volumes.items():
        wait_true(lightd, container, "ready")
        assert (lightd.files_of(volume) / "runs").read_text() == "run\n"


def test_the_script_goes_on_when_all_workers_are_killed(lightd: Lightd) -> None:
    volume = str(uuid.uuid4())
    container = lightd.create(
        wait=None,
        volume_id=volume,
        install_script="cd /home/container; echo run >> runs; until [ -e go ]; do sleep 0.05; done; touch /installed",
    )
    path = lightd.files_of(volume)
    wait_until((path / "runs").exists, 30, "the script runs")

    killed = lightd.kill_role("workers")
    wait_for_workers(lightd, killed)
    (path / "go").touch()

    wait_true(lightd, container, "ready")
    assert (path / "runs").read_text() == "run\n"
    lightd.start_and_wait(container)
    lightd.run_in(container, "test", "-e", "/installed")


def test_the_worker_of_a_reinstall_is_killed(lightd: Lightd) -> None:
    """It waits for the old process, which takes its time to end; the next worker goes on from there."""
    slow = "bash -c 'trap \"sleep 1.5; exit 0\" TERM; echo Hello; while :; do sleep 0.1; done'"
    container = lightd.create(startup_command=slow, start_pattern="Hello", install_script="touch /installed")
    old = lightd.start_and_wait(container)["container_id"]
    before = threads(lightd.pids("installs"))

    lightd.act(container, "reinstall", install_script="touch /again")
    signal_process(worker_that_begins(lightd, before), signal.SIGKILL)

    shown = wait_true(lightd, container, "ready", timeout=RETURN + 2)
    assert shown["container_id"] != old
    lightd.start_and_wait(container)
    lightd.run_in(container, "sh", "-c", "test -e /again && ! test -e /installed")


def test_a_worker_killed_in_the_middle_of_a_pull_is_replaced(lightd: Lightd, slow_image: str) -> None:
    container = lightd.create(wait=None, image=slow_image)
    wait_until(lambda: messages(lightd, container, "pulling"), 60, "the pull has begun")

    lightd.kill_role("installs")

    # The lease of the dead worker runs out, and the pull goes on with the layers that Docker has.
    wait_true(lightd, container, "ready", timeout=RETURN + 20)


@pytest.mark.parametrize("attempt", range(2))
def test_workers_killed_in_the_middle_of_power_actions(lightd: Lightd, attempt: int) -> None:
    ends = {"start": "running", "restart": "running", "stop": "ready", "kill": "ready"}
    actions = {lightd.create(start_pattern="Hello"): action for action in [*ends, *ends]}
    for container, action in actions.items():
        if action != "start":
            lightd.start_and_wait(container)

    for container, action in actions.items():
        lightd.act(container, action)
        time.sleep(STAGGER)
    killed = lightd.kill_role("power")

    wait_for_workers(lightd, killed)
    for container, action in actions.items():
        wait_true(lightd, container, ends[action])
