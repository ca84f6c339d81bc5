"""The engine, or a process in it, dies: what it took along is seen, and what waited for it goes on when it is back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.faults import OF_THE_ENGINE, Fault
from tests.e2e.fleet import NEVER_ENDING, STATES, Fleet, make_fleet
from tests.e2e.registry import Registry, SlowLine, push_behind
from tests.e2e.server import Lightd
from tests.e2e.serving import serving
from tests.e2e.test_image_pull import messages
from tests.e2e.truth import wait_true
from tests.engine import PrivateEngine, prepared
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def engine_apart() -> Iterator[PrivateEngine]:
    """An engine that the faults of this module may hit."""
    with prepared(PrivateEngine()) as engine:
        yield engine


@pytest.fixture(scope="module")
def lightd(engine_apart: PrivateEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    with serving(Lightd(tmp_path_factory.mktemp("faults"), engine_apart)) as running:
        yield running


@pytest.fixture
def fleet(lightd: Lightd) -> Iterator[Fleet]:
    fleet = make_fleet(lightd)
    yield fleet
    fleet.remove()


@pytest.fixture
def slow_image(slow_line: SlowLine, registry: Registry, engine_apart: PrivateEngine) -> str:
    """As elsewhere, for this engine."""
    return push_behind(slow_line, engine_apart.client(), registry)


# The process's own end comes first: within three seconds of an engine's return an end counts as the engine's.
IN_ORDER = sorted(OF_THE_ENGINE, key=lambda fault: fault.name != "container's process")


@pytest.mark.parametrize("fault", IN_ORDER, ids=str)
def test_an_end_is_seen_in_every_state(fleet: Fleet, fault: Fault) -> None:
    lightd = fleet.lightd

    fault.hit(lightd)
    lightd.wait_ready()

    for name in STATES:
        fleet.wait(name, fault.after[name])
    assert lightd.get(fleet.ids["running"])["exit_code"] == 137
    assert ("crashed" in fleet.told()["running"]) == (fault.name == "container's process")
    lightd.start_and_wait(fleet.ids["running"])
    assert fleet.begun() == {"installing": 1, "starting": 1, "running": 2, "stopping": 1}
    fleet.check_nothing_lost()


def test_what_waits_goes_on_after_the_engine_was_killed(
    lightd: Lightd, engine_apart: PrivateEngine, slow_image: str
) -> None:
    """A stop, what replaces a process that does not end, and an image on its way."""
    stopped, restarted, rebound, reinstalled = names = [lightd.fresh_id() for _ in range(4)]
    old_port, new_port = lightd.port_range(2)
    for internal_id in names:
        ports = [{"container_port": 7000, "host_port": old_port}] if internal_id == rebound else []
        lightd.create(internal_id, startup_command=NEVER_ENDING, start_pattern="Ready", ports=ports)
        lightd.http.patch(f"/containers/{internal_id}", json={"stop_timeout": 600}).raise_for_status()
        lightd.start_and_wait(internal_id)
    files = {internal_id: lightd.files(internal_id) for internal_id in names}
    lightd.act(stopped, "stop")
    lightd.act(restarted, "restart")
    lightd.act(rebound, "rebind-network", ports=[{"container_port": 7000, "host_port": new_port}])
    lightd.act(reinstalled, "reinstall", install_script="echo once >> installs")
    for internal_id in (stopped, restarted, rebound):
        lightd.wait_state(internal_id, "stopping")
    wait_until(lambda: not lightd.get(reinstalled)["container_id"], 30, "the reinstallation ends the old process")
    pulled = begin_pull(lightd, slow_image)

    engine_apart.kill()
    engine_apart.start()
    lightd.wait_ready()

    wait_true(lightd, stopped, "ready")
    wait_true(lightd, restarted, "running")
    wait_true(lightd, rebound, "running")
    wait_true(lightd, reinstalled, "ready")
    wait_true(lightd, pulled, "ready")
    assert [port["host_port"] for port in lightd.get(rebound)["ports"]] == [new_port]
    assert [begun(files[internal_id], "starts") for internal_id in names] == [1, 2, 2, 1]
    assert begun(files[reinstalled], "installs") == 1


def begun(files: Path, name: str) -> int:
    return len((files / name).read_text().splitlines())


def begin_pull(lightd: Lightd, image: str) -> str:
    """A container whose image is on its way."""
    internal_id = lightd.create(wait=None, image=image)
    wait_until(lambda: messages(lightd, internal_id, "pulling"), 60, "the pull has begun")
    return internal_id


def test_a_pull_goes_on_when_the_engine_is_back(lightd: Lightd, engine_apart: PrivateEngine, slow_image: str) -> None:
    internal_id = begin_pull(lightd, slow_image)

    engine_apart.restart()
    lightd.wait_ready()

    wait_true(lightd, internal_id, "ready")
    assert lightd.happened(internal_id).count("created") == 1
