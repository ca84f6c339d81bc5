"""Settings of a container that exists: limits hold at once and stay, the answer names what waits for a restart, and
what is refused changes nothing, neither in the row nor in Docker."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from docker.errors import NotFound

from tests.e2e.server import Lightd, object_of
from tests.waiting import wait_until

MIB = 1 << 20
# By name of the API: in Docker's HostConfig, and in the files that a container sees, of cgroup v1 or v2.
FIELDS = {
    "memory": "Memory",
    "memory_swap": "MemorySwap",
    "memory_reservation": "MemoryReservation",
    "cpu_shares": "CpuShares",
    "cpu_period": "CpuPeriod",
    "cpu_quota": "CpuQuota",
    "cpuset_cpus": "CpusetCpus",
}
RESOURCES = {
    "memory": 200 * MIB,
    "memory_swap": 300 * MIB,
    "memory_reservation": 100 * MIB,
    "cpu_shares": 512,
    "cpu_period": 50_000,
    "cpu_quota": 25_000,
    "cpuset_cpus": "0",
}
LOOK = """
cd /sys/fs/cgroup
if [ -e memory.max ]; then cat memory.max cpu.max cpuset.cpus
else cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpuset/cpuset.cpus; fi
"""


def inside(lightd: Lightd, container: str) -> tuple[int, float, str]:
    """Memory in bytes, CPU in cores and the list of cores, as the process itself can read them."""
    memory, quota, period, cores = lightd.run_in(container, "sh", "-c", LOOK).split()
    return int(memory), int(quota) / int(period), cores


def in_docker(lightd: Lightd, container: str) -> dict[str, Any]:
    host: dict[str, Any] = lightd.inspect(container)["HostConfig"]
    return host


def begun(lightd: Lightd, container: str) -> tuple[str, str]:
    """What differs after any restart."""
    shown = lightd.inspect(container)
    return shown["Id"], shown["State"]["StartedAt"]


def wait_begun_again(lightd: Lightd, container: str, before: tuple[str, str]) -> None:
    def is_another() -> bool:
        with suppress(NotFound):  # it was made anew between the question for its id and that for what Docker says
            return begun(lightd, container) != before
        return False

    wait_until(is_another, 30, f"{container} has begun again")


def patch(lightd: Lightd, container: str, **settings: Any) -> dict[str, Any]:
    return object_of(lightd.http.patch(f"/containers/{container}", json=settings))


def post(lightd: Lightd, container: str, resources: dict[str, Any]) -> None:
    answer = lightd.http.post(f"/containers/{container}/resources", json=resources)
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"message": "Resource update started"}


def resources(lightd: Lightd, container: str) -> dict[str, Any]:
    return object_of(lightd.http.get(f"/containers/{container}/resources"))


def concluded(lightd: Lightd, container: str, number: int = 1, timeout: float = 30) -> list[str]:
    """How the last updates ended, oldest first, once so many have."""

    def told() -> list[str]:
        events = lightd.http.get(f"/containers/{container}/events?limit=1000").json()["events"]
        return [event["message"] for event in reversed(events) if event["message"].startswith("Limits ")]

    wait_until(lambda: len(told()) >= number, timeout, f"{number} updates have ended")
    return told()


def agree(lightd: Lightd, container: str) -> None:
    """The row and Docker say the same."""
    host, shown = in_docker(lightd, container), resources(lightd, container)
    for name, value in shown.items():
        if name in FIELDS and value is not None:
            assert host[FIELDS[name]] == value, name
    assert (host["Memory"] or None, host["NanoCpus"] / 1e9 or None) == tuple(
        lightd.get(container)["limits"][name] for name in ("memory", "cpu")
    )


# --- At once, and for good ----------------------------------------------------------


def test_limits_hold_at_once_and_through_everything(lightd: Lightd) -> None:
    (port,) = lightd.port_range(1)
    container = lightd.create(limits={"memory": 128 * MIB, "cpu": 1}, install_script="#!/bin/sh\n")
    lightd.start_and_wait(container)
    before = begun(lightd, container)

    answer = patch(lightd, container, limits={"memory": 64 * MIB, "cpu": 0.5})

    assert answer["restart_required"] == []
    assert answer["limits"] == {"memory": 64 * MIB, "cpu": 0.5}
    assert concluded(lightd, container) == ["Limits applied"]
    assert begun(lightd, container) == before
    cores = inside(lightd, container)[2]
    expected = (64 * MIB, 0.5, cores)

    def still(how: str) -> None:
        wait_begun_again(lightd, container, before)
        lightd.wait_state(container, "running")
        assert inside(lightd, container) == expected, how
        agree(lightd, container)

    assert inside(lightd, container) == expected
    agree(lightd, container)
    lightd.act(container, "restart")
    still("restart")
    before = begun(lightd, container)
    lightd.act(container, "rebind-network", ports=[{"port": port}])
    still("rebind")
    before = begun(lightd, container)
    assert patch(lightd, container, mount={"/mnt/tests": str(Path(__file__).parent)})["restart_required"] == ["mount"]
    lightd.act(container, "restart")
    still("start that makes it anew")
    before = begun(lightd, container)
    lightd.act(container, "reinstall")
    lightd.wait_state(container, "ready")
    lightd.start_and_wait(container)
    still("reinstall")


def test_resources_by_dockers_names_hold_at_once_and_stay(lightd: Lightd) -> None:
    container = lightd.create()
    assert set(resources(lightd, container).values()) == {None}
    lightd.start_and_wait(container)
    before = begun(lightd, container)

    post(lightd, container, RESOURCES)

    assert concluded(lightd, container) == ["Limits applied"]
    assert begun(lightd, container) == before
    for _ in range(2):
        assert resources(lightd, container) == {**RESOURCES, "blkio_weight": None}
        assert {name: in_docker(lightd, container)[field] for name, field in FIELDS.items()} == RESOURCES
        assert inside(lightd, container) == (200 * MIB, 0.5, "0")
        patch(lightd, container, mount={"/mnt/tests": str(Path(__file__).parent)})
        lightd.act(container, "restart")
        wait_begun_again(lightd, container, before)
        lightd.wait_state(container, "running")


@pytest.mark.both_modes
def test_what_waits_for_a_restart_is_named_and_does_not_hold_up_the_rest(lightd: Lightd) -> None:
    container = lightd.create(limits={"memory": 128 * MIB, "cpu": 1})
    lightd.start_and_wait(container)
    viewer = lightd.socket(container)
    before = begun(lightd, container)

    answer = patch(
        lightd,
        container,
        startup_command="echo changed; exec sleep infinity",
        start_pattern="changed",
        stop_timeout=5,
        mount={"/mnt/tests": str(Path(__file__).parent)},
        limits={"memory": 64 * MIB, "cpu": None},
    )

    assert sorted(answer["restart_required"]) == ["cpu", "mount", "start_pattern", "startup_command"]
    assert concluded(lightd, container) == ["Limits applied"]
    assert inside(lightd, container)[:2] == (64 * MIB, 1)
    post(lightd, container, {"cpuset_cpus": "0"})
    assert concluded(lightd, container, 2) == ["Limits applied"] * 2
    assert inside(lightd, container) == (64 * MIB, 1, "0")
    assert begun(lightd, container) == before

    seen = len(viewer.messages)
    lightd.act(container, "restart")
    stopping = viewer.messages.index(viewer.wait_for_event("stopping", after=seen))
    viewer.wait_for_event("running", after=stopping)
    assert "changed" in viewer.output
    assert "test_settings.py" in lightd.run_in(container, "ls", "/mnt/tests")
    assert in_docker(lightd, container)["NanoCpus"] == 0
    agree(lightd, container)


# --- Refused ------------------------------------------------------------------------

FLOOR = "Memory limit must be at least 6291456 bytes (6 MiB)"
CORES = f"CPU limit must be from 0.01 to {os.cpu_count()} cores"
Change = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def limited(lightd: Lightd) -> str:
    """Runs, with limits and 60 MiB in use."""
    container = lightd.create(
        startup_command="bash -c 'x=$(head -c 60M /dev/zero | tr \"\\0\" x); echo Ready; sleep infinity; :'",
        start_pattern="Ready",
        limits={"memory": 256 * MIB, "cpu": 1},
    )
    lightd.start_and_wait(container)
    return container


@pytest.mark.parametrize(
    ("door", "body", "status", "sentence"),
    [
        ("", {"limits": {"memory": 6 * MIB - 1}}, 400, FLOOR),
        ("", {"limits": {"cpu": 1000}}, 400, CORES),
        ("", {"limits": {"memory": 64 * MIB, "cpu": 0}, "stop_timeout": 7}, 400, CORES),
        ("/resources", {"memory": 1, "cpu_shares": 512}, 400, FLOOR),
        (
            "/resources",
            {"memory": 64 * MIB, "memory_swap": 32 * MIB},
            400,
            "memory_swap counts memory and swap together: at least memory",
        ),
        ("/resources", {"memory_reservation": 512 * MIB}, 400, "memory_reservation must not be above memory"),
        ("/resources", {"cpuset_cpus": "4096"}, 400, "cpuset_cpus names a core that the host does not have: 4096"),
        (
            "/resources",
            {"cpu_quota": 50_000},
            409,
            "cpu_period and cpu_quota conflict with the CPU limit, which is set",
        ),
    ],
)
def test_what_cannot_hold_changes_nothing(
    lightd: Lightd, limited: str, door: str, body: dict[str, Any], status: int, sentence: str
) -> None:
    address = f"/containers/{limited}"
    before = lightd.get(limited), resources(lightd, limited), in_docker(lightd, limited), lightd.happened(limited)

    answer = (lightd.http.post if door else lightd.http.patch)(address + door, json=body)

    assert answer.status_code == status
    assert answer.json()["error"] == sentence
    assert before == (
        lightd.get(limited),
        resources(lightd, limited),
        in_docker(lightd, limited),
        lightd.happened(limited),
    )


def test_a_cpu_limit_is_refused_beside_a_quota(lightd: Lightd) -> None:
    container = lightd.create()
    post(lightd, container, {"cpu_period": 50_000, "cpu_quota": 25_000})
    concluded(lightd, container)

    answer = lightd.http.patch(f"/containers/{container}", json={"limits": {"cpu": 1}})

    assert answer.status_code == 409
    assert answer.json()["error"] == "CPU limit conflicts with cpu_period and cpu_quota, which are set"
    assert lightd.get(container)["limits"]["cpu"] is None
    agree(lightd, container)


# --- Several at once ----------------------------------------------------------------


def test_updates_at_once_and_one_below_what_is_in_use_leave_the_row_as_docker(lightd: Lightd, limited: str) -> None:
    began = begun(lightd, limited)
    asked: list[Callable[[], object]] = [
        *(lambda size=size: patch(lightd, limited, limits={"memory": size * MIB}) for size in (200, 210, 220)),
        lambda: post(lightd, limited, {"memory": 16 * MIB}),
        lambda: post(lightd, limited, {"cpu_shares": 256}),
        lambda: post(lightd, limited, {"memory_reservation": 12 * MIB}),
        lambda: post(lightd, limited, {"cpuset_cpus": "0"}),
    ]

    with ThreadPoolExecutor(len(asked)) as threads:
        list(threads.map(lambda ask: ask(), asked))

    said = concluded(lightd, limited, len(asked), timeout=30)
    refused = [message for message in said if message != "Limits applied"]
    assert len(refused) == 1
    assert refused[0].startswith("Limits are as before: the container uses ")
    assert begun(lightd, limited) == began
    agree(lightd, limited)
    shown = resources(lightd, limited)
    assert (shown["cpu_shares"], shown["memory_reservation"], shown["cpuset_cpus"]) == (256, 12 * MIB, "0")
    assert shown["memory"] in (200 * MIB, 210 * MIB, 220 * MIB)
    assert inside(lightd, limited) == (shown["memory"], 1, "0")
