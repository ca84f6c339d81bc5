"""SIGKILL of each part of ours while containers are in each of the six states: afterwards every state is true."""

from collections.abc import Iterator

import pytest

from tests.e2e.faults import OF_OURS, Fault
from tests.e2e.fleet import STATES, Fleet, make_fleet
from tests.e2e.grown import GrownLightd
from tests.e2e.server import Lightd
from tests.e2e.serving import serving
from tests.engine import Engine


@pytest.fixture(scope="module")
def grown_apart(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    """A server that nobody else uses meanwhile, as four processes, with Redis and PostgreSQL."""
    with serving(GrownLightd(tmp_path_factory.mktemp("faults"), engine)) as running:
        yield running


@pytest.fixture
def fleet(request: pytest.FixtureRequest, fault: Fault) -> Iterator[Fleet]:
    lightd: Lightd = request.getfixturevalue("lightd_apart" if fault.mode == "default" else "grown_apart")
    fleet = make_fleet(lightd)
    yield fleet
    lightd.start()
    fleet.remove()


@pytest.mark.parametrize("fault", OF_OURS, ids=str)
def test_no_state_changes_and_nothing_is_missed(fleet: Fleet, fault: Fault) -> None:
    lightd = fleet.lightd
    before = fleet.told()

    fault.hit(lightd)
    lightd.start()
    lightd.wait_ready()

    for name in STATES:
        fleet.wait(name, fault.after[name])

    # Once more, and now the containers go on while it is away.
    fault.hit(lightd)
    go_on(fleet)
    lightd.start()
    lightd.wait_ready()

    fleet.wait("installing", "ready")
    fleet.wait("starting", "running")
    fleet.wait("running", "ready")
    assert lightd.get(fleet.ids["running"])["exit_code"] == 137
    fleet.wait("failed", "failed")
    lightd.act(fleet.ids["stopping"], "kill")
    fleet.wait("stopping", "ready")
    lightd.start_and_wait(fleet.ids["ready"])

    assert {name: kinds[len(before[name]) :] for name, kinds in fleet.told().items()} == {
        "installing": ["installed"],
        "ready": ["starting", "started", "running"],
        "starting": ["running"],
        "running": ["exit", "crashed"],
        "stopping": ["killing", "exit"],
        "failed": [],
    }
    assert fleet.begun() == {"installing": 1, "ready": 1, "starting": 1, "running": 1, "stopping": 1}
    fleet.check_nothing_lost()


def go_on(fleet: Fleet) -> None:
    """The script ends, a pattern is printed, a process dies, and nobody of ours may be there to see it."""
    for name in ("installing", "starting", "ready"):
        fleet.let_go(name)
    fleet.kill_process("running")
    fleet.wait_for_end("installing")
    fleet.wait_for_end("running")
    fleet.wait_for_output("starting", b"Ready")
