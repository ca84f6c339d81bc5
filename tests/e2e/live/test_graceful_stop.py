"""A stop asks first: by the stop command or SIGTERM. SIGKILL comes after the stop timeout, not sooner and not never,
whoever was killed meanwhile; and no power action waits for a process that does not end."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.console import Console
from tests.e2e.live.conftest import Show
from tests.e2e.programs import STUBBORN
from tests.e2e.server import Lightd
from tests.engine import signal_process
from tests.waiting import wait_until

AT_ONCE = 30  # seconds that an action may take which waits for nobody, on a machine that is busy
LATE = 20  # seconds after its time that a SIGKILL may come
NEVER = 600  # a stop timeout that no test waits for

# Ends by its own command alone.
SERVER = 'trap \'\' TERM; echo Ready; while read line; do echo "got $line."; [ "$line" = bye ] && exit 7; done'
POLITE = "trap 'echo saved; exit 4' TERM; echo Ready; while true; do sleep 0.2; done"


def sent(lightd: Lightd, container: str) -> dict[str, float]:
    """The signals that Docker was told to send since the container was made, and `die`: with the time of the first."""
    docker_id = lightd.inspect(container)["Id"]
    events = lightd.engine.client().events(
        since=0, until=int(time.time()) + 1, filters={"container": docker_id, "event": ["kill", "die"]}, decode=True
    )
    found: dict[str, float] = {}
    for event in events:
        found.setdefault(event["Actor"]["Attributes"].get("signal", "die"), event["timeNano"] / 1e9)
    return found


def wait_asked_to_end(lightd: Lightd, container: str) -> None:
    wait_until(lambda: "15" in sent(lightd, container), AT_ONCE, f"{container} was asked to end")


def wait_killed(lightd: Lightd, container: str) -> None:
    wait_until(lambda: not lightd.inspect(container)["State"]["Running"], AT_ONCE, f"{container} was killed")


def running(lightd: Lightd, command: str, **settings: Any) -> str:
    """A container that has printed that it is ready. It would be started again after every crash."""
    container = lightd.create(startup_command=command, start_pattern="Ready")
    change(lightd, container, restart_policy="always", **settings)
    lightd.start_and_wait(container)
    return container


def many(lightd: Lightd, number: int, command: str, **settings: Any) -> list[str]:
    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(lambda _: running(lightd, command, **settings), range(number)))


def change(lightd: Lightd, container: str, **settings: Any) -> None:
    answer = lightd.http.patch(f"/containers/{container}", json=settings)
    assert answer.status_code == 200, answer.text


def stopped(lightd: Lightd, container: str, exit_code: int, timeout: float = AT_ONCE) -> None:
    """It ends as asked: told as an exit with its code, never as a crash, and it stays down."""
    shown = lightd.wait_state(container, "ready", timeout)
    assert shown["exit_code"] == exit_code
    assert shown["error"] is None
    kinds = lightd.happened(container)
    assert kinds[-1] == "exit"
    assert "stopping" in kinds
    assert "crashed" not in kinds
    assert lightd.inspect(container)["State"]["ExitCode"] == exit_code


def told_from_stopping(viewer: Console) -> list[str]:
    """The states that a viewer was told. That it runs may have been told late: the row says so a little earlier."""
    told = [message["data"] for message in viewer.messages if message["event"] == "event"]
    return told[told.index("stopping") :]


def act_on_all(lightd: Lightd, containers: list[str], action: str, **body: Any) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda container: lightd.act(container, action, **body), containers))


# --- How it is asked ----------------------------------------------------------------


@pytest.mark.both_modes
def test_the_stop_command_ends_the_server(lightd: Lightd) -> None:
    container = running(lightd, SERVER, stop_command="bye", stop_timeout=NEVER)
    viewer = lightd.socket(container)

    lightd.act(container, "stop")

    stopped(lightd, container, exit_code=7)
    assert set(sent(lightd, container)) == {"die"}
    viewer.wait_for_event("exit")
    assert told_from_stopping(viewer) == ["stopping", "exit"]
    assert re.findall(r"got (.*)\.", viewer.output) == ["bye"]


def test_without_a_stop_command_it_is_sigterm(lightd: Lightd) -> None:
    container = running(lightd, POLITE, stop_timeout=NEVER)
    viewer = lightd.socket(container)

    lightd.act(container, "stop")

    stopped(lightd, container, exit_code=4)
    assert set(sent(lightd, container)) == {"15", "die"}
    assert viewer.wait_for_output("saved")


def test_what_has_not_begun_to_serve_is_stopped_too(lightd: Lightd) -> None:
    container = lightd.create(startup_command=f"echo begins; {POLITE}", start_pattern="never printed")
    viewer = lightd.socket(container)
    lightd.act(container, "start")
    viewer.wait_for_output("Ready")
    assert lightd.state(container) == "starting"

    lightd.act(container, "stop")

    stopped(lightd, container, exit_code=4)


def test_a_restart_asks_first_too(lightd: Lightd) -> None:
    container = running(lightd, SERVER, stop_command="bye", stop_timeout=NEVER)
    viewer = lightd.socket(container)

    lightd.act(container, "restart")

    stopping = viewer.messages.index(viewer.wait_for_event("stopping"))
    viewer.wait_for_event("running", after=stopping)
    assert set(sent(lightd, container)) == {"die"}
    assert "got bye." in viewer.output
    assert told_from_stopping(viewer) == ["stopping", "exit", "starting", "running"]


# --- When it does not listen --------------------------------------------------------


def test_sigkill_comes_after_the_stop_timeout(lightd: Lightd, show: Show) -> None:
    by_signal = running(lightd, STUBBORN, stop_timeout=3)
    by_command = running(lightd, STUBBORN, stop_command="bye", stop_timeout=3)

    asked = time.time()
    act_on_all(lightd, [by_signal, by_command], "stop")

    for container, signals in ((by_signal, {"15", "9", "die"}), (by_command, {"9", "die"})):
        stopped(lightd, container, exit_code=137, timeout=3 + LATE)
        noted = sent(lightd, container)
        assert set(noted) == signals
        show(f"SIGKILL {noted['9'] - asked:.1f} s after the request, for a stop timeout of 3 s")
        assert 3 <= noted["9"] - asked < 3 + LATE


@pytest.mark.both_modes
def test_a_kill_does_not_wait_for_a_stop(lightd: Lightd) -> None:
    container = running(lightd, STUBBORN, stop_timeout=NEVER)
    lightd.act(container, "stop")
    wait_until(lambda: "15" in sent(lightd, container), AT_ONCE, "it was asked to end")

    for action in ("stop", "restart", "start"):
        answer = lightd.http.post(f"/containers/{container}/{action}")
        assert answer.status_code == 409
        assert answer.json() == {"error": f"Cannot {action} while container is stopping"}
    assert lightd.state(container) == "stopping"
    asked = time.time()
    lightd.act(container, "kill")

    stopped(lightd, container, exit_code=137)
    assert sent(lightd, container)["die"] - asked < AT_ONCE


def test_nobody_waits_for_ten_that_do_not_end(lightd: Lightd) -> None:
    ten = many(lightd, 10, STUBBORN, stop_timeout=NEVER)
    other = running(lightd, POLITE)
    act_on_all(lightd, ten[:3], "stop")
    act_on_all(lightd, ten[3:5], "restart")
    act_on_all(lightd, ten[5:], "rebind-network", ports=[])

    asked = time.time()
    lightd.act(other, "stop")
    stopped(lightd, other, exit_code=4)
    lightd.start_and_wait(other)
    assert time.time() - asked < AT_ONCE

    for container in ten:
        wait_asked_to_end(lightd, container)
        assert lightd.state(container) == "stopping"
    asked = time.time()
    act_on_all(lightd, ten, "kill")
    for container in ten:
        wait_killed(lightd, container)
    assert time.time() - asked < AT_ONCE
    for container in ten[:5]:
        stopped(lightd, container, exit_code=137)
    for container in ten[5:]:
        assert lightd.wait_state(container, "ready")["exit_code"] == 137


# --- When those who wait are killed -------------------------------------------------


@contextmanager
def frozen_workers(lightd: Lightd) -> Iterator[None]:
    """No job is begun meanwhile."""
    pids = lightd.pids("workers")
    for pid in pids:
        signal_process(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            signal_process(pid, signal.SIGCONT)


def kill_workers(lightd: Lightd) -> None:
    lightd.kill_role("workers")


def crash_everything(lightd: Lightd) -> None:
    lightd.crash()
    lightd.start()


def sweeps(lightd: Lightd) -> int:
    """How often the supervisor has compared everything."""
    text = lightd.http.get("/metrics", headers={"Accept": "text/plain"}).text
    found = re.search(r"lightd_sweep_duration_seconds_count (\d+)", text)
    return int(found[1]) if found else 0


# How long the process gets: until the workers are gone, and until everything is back.
@pytest.mark.parametrize(("fault", "timeout"), [(kill_workers, 2), (crash_everything, 8)])
def test_sigkill_keeps_its_time_when_we_are_killed(
    lightd_apart: Lightd, fault: Callable[[Lightd], None], timeout: int
) -> None:
    lightd = lightd_apart
    container = running(lightd, STUBBORN, stop_timeout=timeout)
    lightd.act(container, "stop")
    wait_until(lambda: "15" in sent(lightd, container), AT_ONCE, "it was asked to end")

    fault(lightd)

    stopped(lightd, container, exit_code=137, timeout=timeout + LATE)
    signals = sent(lightd, container)
    assert timeout - 1 <= signals["9"] - signals["15"] < timeout + LATE


def test_a_stop_that_waited_for_a_worker_still_asks_first(lightd_apart: Lightd) -> None:
    lightd = lightd_apart
    late = running(lightd, STUBBORN, stop_timeout=4)
    ended = running(lightd, POLITE)
    reinstalled = running(lightd, POLITE)

    with frozen_workers(lightd):
        act_on_all(lightd, [late, ended], "stop")
        lightd.act(reinstalled, "kill")
        before = sweeps(lightd)
        wait_until(lambda: sweeps(lightd) >= before + 2, 60, "all was compared with Docker meanwhile")
        # One ends by itself while the stop waits for a worker, and is started anew: the stop is not for that process.
        lightd.engine.client().kill(lightd.docker_id(ended), "SIGKILL")
        lightd.wait_state(ended, "ready")
        lightd.act(ended, "start")
        lightd.act(reinstalled, "reinstall")

    stopped(lightd, late, exit_code=137, timeout=4 + LATE)
    signals = sent(lightd, late)
    assert 3 <= signals["9"] - signals["15"] < 4 + LATE  # the shell notes the first a little after it came
    lightd.wait_state(ended, "running")
    lightd.wait_state(reinstalled, "ready")
    assert "15" not in sent(lightd, ended)
    assert lightd.state(ended) == "running"
