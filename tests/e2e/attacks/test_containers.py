"""What a container, its image and its owner may try against the host and the others."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.attacks.conftest import PIDS_LIMIT
from tests.e2e.server import Lightd
from tests.waiting import wait_until

# Bits of linux/capability.h for the default of LIGHTD_CONTAINER_CAPABILITIES.
CAPABILITIES = sum(1 << bit for bit in (0, 1, 3, 4, 5, 6, 7, 10, 18, 31))
SMALL = {"memory": 32 << 20, "cpu": 0.5}


@pytest.fixture(scope="module")
def neighbour(attacked: Lightd) -> str:
    """A container beside the attacker's, which echoes what it is told."""
    neighbour = attacked.create(startup_command="cat")
    attacked.start_and_wait(neighbour)
    return neighbour


def assert_well(lightd: Lightd, neighbour: str) -> None:
    """The neighbour answers on its console, and the API as well."""
    with lightd.socket(neighbour) as viewer:
        viewer.command("are you there")
        viewer.wait_for_output("are you there", 20)
    assert lightd.http.get("/containers", timeout=20).status_code == 200
    assert lightd.state(neighbour) == "running"


def end(lightd: Lightd, container: str) -> None:
    lightd.act(container, "kill")
    lightd.wait_state(container, "ready")


# --- Inside -------------------------------------------------------------------


def test_the_rights_of_root_inside_are_those_of_the_settings(attacked: Lightd, neighbour: str) -> None:
    status = dict(line.split(":\t", 1) for line in attacked.run_in(neighbour, "cat", "/proc/1/status").splitlines())

    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == CAPABILITIES
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"  # a filter: Docker's default profile
    host = attacked.inspect(neighbour)["HostConfig"]
    assert host["PidsLimit"] == PIDS_LIMIT
    assert not host["Privileged"]
    assert host["SecurityOpt"] == ["no-new-privileges"]


def test_a_fork_bomb_stays_in_its_container(attacked: Lightd, neighbour: str) -> None:
    bomb = attacked.create(
        startup_command="bash -c 'bomb() { bomb | bomb & }; bomb; echo lit; exec sleep infinity'",
        start_pattern="lit",
        limits=SMALL,
    )
    attacked.start_and_wait(bomb)

    assert_well(attacked, neighbour)
    assert len(attacked.engine.client().top(attacked.docker_id(bomb))["Processes"]) <= PIDS_LIMIT
    end(attacked, bomb)


def test_a_memory_bomb_ends_alone(attacked: Lightd, neighbour: str) -> None:
    bomb = attacked.create(startup_command="bash -c 'while :; do a+=$(printf %1000000s); done'", limits=SMALL)
    attacked.act(bomb, "start")
    wait_until(lambda: "exit" in attacked.happened(bomb) or "crashed" in attacked.happened(bomb), 60, "it has ended")

    assert attacked.get(bomb)["exit_code"] == 137
    assert_well(attacked, neighbour)


def test_a_pattern_made_to_be_slow_delays_its_own_container_alone(attacked: Lightd, neighbour: str) -> None:
    slow = attacked.create(
        startup_command="bash -c 'while :; do printf %20000s | tr \" \" a; done'",
        start_pattern="(.{0,100}){9}x",
        limits=SMALL,
    )
    attacked.act(slow, "start")
    wait_until(lambda: attacked.inspect(slow)["State"]["Running"], 30, "it runs")

    assert_well(attacked, neighbour)
    other = attacked.create(startup_command="bash -c 'echo Done; exec sleep infinity'", start_pattern="Done")
    attacked.start_and_wait(other, timeout=60)
    attacked.act(slow, "kill")
    end(attacked, other)


def test_a_pattern_too_large_to_compile_is_refused(attacked: Lightd) -> None:
    answer = attacked.http.post("/containers", json=attacked.body(start_pattern="((((a{100}){100}){100}){100})"))

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Invalid start_pattern")


# --- Images -------------------------------------------------------------------


@pytest.mark.parametrize(
    "image", ["ghcr.io/acme/x", "docker.io.evil/library/debian", "lightd/anything:1", "acme/debian"]
)
def test_an_image_that_is_not_allowed(attacked: Lightd, neighbour: str, image: str) -> None:
    answers = [
        attacked.http.post("/containers", json=attacked.body(image=image)),
        attacked.http.post(f"/containers/{neighbour}/reinstall", json={"image": image}),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (403, f"Image may not be used: {image}")


def test_an_image_is_not_found_by_its_id(attacked: Lightd, neighbour: str) -> None:
    """By the first digits of an id one could have the file system of somebody else's container."""
    image_id = attacked.inspect(neighbour)["Image"].removeprefix("sha256:")[:12]

    thief = attacked.create(image=image_id, wait=None)

    attacked.wait_state(thief, "failed", timeout=60)
    assert attacked.get(thief)["container_id"] is None


# --- Mounts -------------------------------------------------------------------


@contextmanager
def flipping(link: Path, *targets: Path) -> Iterator[None]:
    """A link that leads here and there, as fast as it can be changed."""
    over = threading.Event()

    def flip() -> None:
        turn = 0
        while not over.is_set():
            draft = link.with_name("draft")
            draft.symlink_to(targets[turn % len(targets)])
            os.replace(draft, link)
            turn += 1

    flipper = threading.Thread(target=flip)
    flipper.start()
    try:
        yield
    finally:
        over.set()
        flipper.join()


def wait_made_or_not(lightd: Lightd, container: str) -> None:
    wait_until(lambda: lightd.state(container) != "installing", 60, f"{container} is made or not")


def test_a_link_that_changes_all_the_time_never_mounts_what_is_protected(attacked: Lightd, tmp_path: Path) -> None:
    harmless = tmp_path / "harmless"
    harmless.mkdir()
    link = tmp_path / "link"
    link.symlink_to(harmless)
    made = []
    with flipping(link, harmless, Path("/etc")):
        for _ in range(30):
            answer = attacked.http.post("/containers", json=attacked.body(mount={"/data": str(link)}))
            assert answer.status_code in (201, 403)
            if answer.status_code == 201:
                made.append(answer.json()["internal_id"])
        for container in made:
            wait_made_or_not(attacked, container)

    for container in made:
        if attacked.state(container) == "ready":
            sources = {
                mount["Target"]: mount["Source"] for mount in attacked.inspect(container)["HostConfig"]["Mounts"]
            }
            assert sources["/data"] == str(harmless)
        else:
            assert re.match("Host path may not be mounted", attacked.get(container)["error"])


def test_a_path_that_leads_elsewhere_at_a_later_start_is_not_mounted(attacked: Lightd, tmp_path: Path) -> None:
    """As one container does to another, when what it has mounted holds what the other has."""
    shared = tmp_path / "shared"
    shared.mkdir()
    container = attacked.create(mount={"/data": str(shared)}, startup_command="sleep infinity")
    attacked.start_and_wait(container)
    end(attacked, container)
    shared.rename(tmp_path / "moved")
    shared.symlink_to("/etc")

    attacked.act(container, "start")
    wait_until(lambda: attacked.get(container)["error"], 30, "it is refused")

    assert "Host path may not be mounted" in attacked.get(container)["error"]
    assert not attacked.inspect(container)["State"]["Running"]

    shared.unlink()
    shared.symlink_to(tmp_path / "moved")
    attacked.act(container, "start")
    wait_until(lambda: "leads elsewhere" in (attacked.get(container)["error"] or ""), 30, "it is refused")


@pytest.mark.parametrize("internal_id", ["../../etc/passwd", "/etc/passwd", "..", "a/../../b", "a\\..\\b", "%2e%2e%2f"])
def test_no_id_is_a_path(attacked: Lightd, internal_id: str) -> None:
    assert attacked.http.post("/containers", json=attacked.body(internal_id)).status_code == 400
    body = attacked.body() | {"volume_id": internal_id}
    assert attacked.http.post("/containers", json=body).status_code == 400
    for path in ("containers", "volumes", "auth/tokens", "network/ports"):
        answer = attacked.http.get(f"/{path}/{internal_id}")
        assert answer.status_code in (302, 400, 404, 405)  # `..` alone is taken away by the client
        assert "root:" not in answer.text


def test_a_path_that_is_gone_is_neither_made_anew_nor_done_without(attacked: Lightd, tmp_path: Path) -> None:
    """As that of a disk which is not mounted: a server that ran without its world would begin a new one."""
    world = tmp_path / "disk" / "world"
    container = attacked.create(mount={"/data": str(world)}, startup_command="sleep infinity")
    world.rename(tmp_path / "elsewhere")

    for action in ("start", "reinstall"):
        attacked.act(container, action)
        wait_until(lambda: attacked.get(container)["error"], 30, "it is refused")
        assert attacked.get(container)["error"] == f"Host path does not exist: {world}"

    assert not world.exists()
    other = tmp_path / "other"
    answer = attacked.http.patch(f"/containers/{container}", json={"mount": {"/data": str(other)}})
    assert (answer.status_code, answer.json()["error"]) == (400, f"Host path does not exist: {other}")
