"""What follows when a process ends: told apart by how it ended, and by what was asked for."""

import re
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.console import Console, Message
from tests.e2e.live.conftest import Show
from tests.e2e.server import Lightd
from tests.e2e.serving import LightdFactory
from tests.engine import PrivateEngine
from tests.waiting import wait_until

POLICIES = ("never", "on-crash", "always")
PAUSES = (1, 5, 15)  # seconds
LATE = 10  # seconds after its pause that a process may begin
# Ends in some way the first time, and stays up the second.
ONCE = "if mkdir tried 2>/dev/null; then {}; fi; exec sleep infinity"
FAILS_ALWAYS = "bash -c 'echo run $EPOCHREALTIME; exit 3'"


def run(lightd: Lightd, command: str, policy: str, **fields: Any) -> tuple[str, Console]:
    """A container with that policy, just asked to start, and a viewer of it."""
    container = lightd.create(startup_command=command, **fields)
    set_policy(lightd, container, policy)
    viewer = lightd.socket(container)
    lightd.act(container, "start")
    return container, viewer


def set_policy(lightd: Lightd, container: str, policy: str) -> None:
    answer = lightd.http.patch(f"/containers/{container}", json={"restart_policy": policy})
    assert answer.status_code == 200, answer.text


def says(viewer: Console) -> list[str]:
    """The state words that a viewer was sent."""
    return [message["data"] for message in viewer.messages if message["event"] == "event"]


def crashes(viewer: Console, number: int, timeout: float = 30) -> list[Message]:
    """That many crashes, once they have been told."""

    def told() -> list[Message]:
        return [m for m in viewer.messages if m["event"] == "event" and m["data"] == "crashed"]

    wait_until(lambda: len(told()) >= number, timeout, f"{number} crashes")
    return told()


def runs(viewer: Console) -> list[float]:
    """When each run of ``FAILS_ALWAYS`` began."""
    return [float(at) for at in re.findall(r"run ([\d.]+)", viewer.output)]


def stays_as_it_is(lightd: Lightd, container: str, exit_code: int) -> bool:
    """What is to be started again is never shown as ``ready``, not for a moment."""
    shown = lightd.get(container)
    return bool(shown["state"] == "ready" and shown["exit_code"] == exit_code)


@pytest.fixture(scope="module", autouse=True)
def failing(lightd: Lightd) -> tuple[str, Console]:
    """Fails each time it is started. Begun first, since its pauses take longest."""
    return run(lightd, FAILS_ALWAYS, "on-crash")


# --- How it ended ---------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
def test_a_clean_exit_is_no_crash(lightd: Lightd, policy: str) -> None:
    container, viewer = run(lightd, ONCE.format("exit 0"), policy)
    ended = viewer.messages.index(viewer.wait_for_event("exit"))

    if policy == "always":
        viewer.wait_for_event("running", after=ended)
    else:
        assert stays_as_it_is(lightd, container, exit_code=0)
    assert "crashed" not in says(viewer)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("ending", "exit_code", "out_of_memory", "limits"),
    [
        pytest.param("echo last words; exit 1", 1, False, {}, id="exit 1"),
        pytest.param("echo last words; kill -9 $$", 137, False, {}, id="kill -9 from inside"),
        pytest.param(
            "echo last words; head -c 100M /dev/zero | tail; exit $?",
            137,
            True,
            {"memory": 16 << 20},
            id="out of memory",
        ),
    ],
)
def test_a_crash_is_told_with_its_last_words(
    lightd: Lightd, policy: str, ending: str, exit_code: int, out_of_memory: bool, limits: dict[str, int]
) -> None:
    container, viewer = run(lightd, ONCE.format(ending), policy, limits=limits)

    (crash,) = crashes(viewer, 1)

    assert (crash["exit_code"], crash["out_of_memory"]) == (exit_code, out_of_memory)
    assert "last words" in crash["output"]
    if policy == "never":
        assert stays_as_it_is(lightd, container, exit_code)
    else:
        viewer.wait_for_event("running", after=viewer.messages.index(crash))
        assert lightd.state(container) == "running"
        assert says(viewer)[-4:] == ["exit", "crashed", "starting", "running"]


@pytest.mark.parametrize("action", ["stop", "kill"])
def test_an_end_that_was_asked_for_is_no_crash(lightd: Lightd, action: str) -> None:
    container, viewer = run(lightd, "sleep infinity", "always")
    viewer.wait_for_event("running")

    lightd.act(container, action)
    viewer.wait_for_event("exit")

    assert stays_as_it_is(lightd, container, exit_code=137 if action == "kill" else 143)
    assert "crashed" not in says(viewer)


# --- The pauses, and the limit ----------------------------------------------------


def test_a_stop_in_the_pause_calls_the_restart_off(lightd: Lightd) -> None:
    container, viewer = run(lightd, FAILS_ALWAYS, "always")
    crashes(viewer, 2)

    lightd.act(container, "stop")

    assert lightd.state(container) == "ready"
    assert "Automatic restart called off" in [event["message"] for event in history(lightd, container)]
    seen = len(viewer.messages)
    lightd.act(container, "start")  # nothing is left in its way
    viewer.wait_for_event("crashed", after=seen)
    assert len(runs(viewer)) == 3


def test_a_restart_in_the_pause_starts_at_once(lightd: Lightd) -> None:
    container, viewer = run(lightd, FAILS_ALWAYS, "on-crash")
    crashes(viewer, 3)
    seen = len(viewer.messages)

    lightd.act(container, "restart")

    viewer.wait_for(lambda m: m["event"] == "console" and "run" in m["data"], after=seen)
    assert runs(viewer)[3] - runs(viewer)[2] < PAUSES[2]


def test_pauses_grow_and_then_it_stays_down_and_says_so(
    lightd: Lightd, failing: tuple[str, Console], show: Show
) -> None:
    container, viewer = failing

    crashes(viewer, 4, timeout=60)
    viewer.wait_for(lambda m: str(m.get("data")).startswith("Error: Restarted 3 times within 10 minutes"), 30)

    began = runs(viewer)
    waited = [later - earlier for earlier, later in pairwise(began)]
    show(f"restarts after {', '.join(f'{seconds:.1f}' for seconds in waited)} s, for pauses of 1, 5 and 15 s")
    assert len(waited) == 3
    for seconds, pause in zip(waited, PAUSES, strict=True):
        assert pause <= seconds < pause + LATE
    assert stays_as_it_is(lightd, container, exit_code=3)
    assert lightd.get(container)["error"].endswith("it stays down")
    kinds = [event["kind"] for event in reversed(history(lightd, container))]
    again = ["starting", "started", "running", "exit", "crashed"]
    assert [kind for kind in kinds if kind in {*again, "stays_down"}] == again * 4 + ["stays_down"]


def test_who_starts_it_after_that_gives_it_as_many_tries_again(lightd: Lightd, failing: tuple[str, Console]) -> None:
    container, viewer = failing
    wait_until(lambda: lightd.state(container) == "ready", 60, "it stays down")
    told = len(crashes(viewer, 4))

    lightd.act(container, "start")

    crashes(viewer, told + 2)
    lightd.act(container, "stop")


def test_the_limit_counts_what_happened_within_its_window(make_lightd: LightdFactory) -> None:
    lightd = make_lightd(environment={"LIGHTD_CRASH_LIMIT": "1", "LIGHTD_CRASH_WINDOW": "3"})

    _, slow = run(lightd, "bash -c 'read -t 4; exit 1'", "on-crash")
    quick, _ = run(lightd, FAILS_ALWAYS, "on-crash")

    wait_until(lambda: "it stays down" in str(lightd.get(quick)["error"]), 30, "the quick one stays down")
    crashes(slow, 3)
    slow.wait_for_event("starting", after=slow.messages.index(crashes(slow, 3)[2]))


# --- The engine -------------------------------------------------------------------


def test_an_engine_restart_is_no_crash_and_they_come_back_by_policy(
    own_engine: PrivateEngine, make_lightd: LightdFactory
) -> None:
    lightd = make_lightd(engine=own_engine)
    started = {policy: run(lightd, "sleep infinity", policy) for policy in POLICIES}
    for _, viewer in started.values():
        viewer.wait_for_event("running")
    seen = {policy: len(viewer.messages) for policy, (_, viewer) in started.items()}

    own_engine.restart()

    for policy in ("on-crash", "always"):
        started[policy][1].wait_for_event("running", 60, after=seen[policy])
    never, viewer = started["never"]
    viewer.wait_for_event("exit", 60)
    assert lightd.state(never) == "ready"
    for container, viewer in started.values():
        assert "crashed" not in says(viewer)
        assert lightd.inspect(container)["State"]["Running"] == (container != never)


def history(lightd: Lightd, container: str) -> list[dict[str, Any]]:
    """The events, newest first."""
    events: list[dict[str, Any]] = lightd.http.get(f"/containers/{container}/events").json()["events"]
    return events
