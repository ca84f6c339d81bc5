"""A rebind changes ports and nothing else; if it cannot be done, nothing at all."""

import io
import socket
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from containers.engine.client import MAX_LAYERS
from containers.engine.config import LABEL_INTERNAL_ID
from tests.e2e.programs import STUBBORN
from tests.e2e.server import Lightd
from tests.waiting import wait_until

SERVER = "echo Ready; exec sleep infinity"


def rebind(lightd: Lightd, internal_id: str, *ports: int) -> None:
    lightd.act(internal_id, "rebind-network", ports=[{"ip": "0.0.0.0", "port": port} for port in ports])


def published(lightd: Lightd, internal_id: str) -> list[int]:
    return [port["host_port"] for port in lightd.get(internal_id)["ports"]]


def wait_rebound(lightd: Lightd, internal_id: str, *ports: int, state: str) -> None:
    wait_until(
        lambda: published(lightd, internal_id) == list(ports) and lightd.state(internal_id) == state,
        30,
        f"{internal_id} is {state} on {ports}",
    )


def wait_rebound_times(lightd: Lightd, internal_id: str, times: int) -> None:
    wait_until(lambda: kinds(lightd, internal_id).count("rebound") == times, 30, f"rebind {times} is over")


def in_use(lightd: Lightd, port: int) -> str | None:
    row = lightd.http.get(f"/network/ports/0.0.0.0/{port}").json()
    assert row["in_use"] == (row["internal_id"] is not None)
    owner: str | None = row["internal_id"]
    return owner


def kinds(lightd: Lightd, internal_id: str) -> list[str]:
    events = lightd.http.get(f"/containers/{internal_id}/events?limit=1000").json()["events"]
    return [event["kind"] for event in reversed(events)]


def docker_containers(client: docker.APIClient, internal_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.containers(all=True, filters={"label": f"{LABEL_INTERNAL_ID}={internal_id}"})
    return rows


def own_images(client: docker.APIClient, lightd: Lightd, internal_id: str) -> list[str]:
    docker_id = lightd.docker_id(internal_id)
    container = client.inspect_container(docker_id)["Config"]["Labels"]["lightd.container"]
    return [tag for image in client.images(name=f"lightd/{container}") for tag in image["RepoTags"]]


def test_rebind_keeps_everything_but_the_ports(lightd: Lightd, docker_client: docker.APIClient, tmp_path: Path) -> None:
    old, new = lightd.port_range(2)
    (tmp_path / "shared").write_text("from the host")
    internal_id = lightd.create(
        startup_command=SERVER,
        start_pattern="Ready",
        install_script="#!/bin/sh\necho installed > /opt/by-the-script; ln -s /opt/by-the-script /opt/link\n",
        ports=[{"container_port": 7000, "host_port": old}],
        limits={"memory": 64 << 20, "cpu": 0.5},
        mount={"/mnt/host": str(tmp_path)},
    )
    lightd.start_and_wait(internal_id)
    lightd.run_in(internal_id, "sh", "-c", "echo running > /opt/at-run-time; chmod 600 /opt/at-run-time")
    before = lightd.inspect(internal_id)

    rebind(lightd, internal_id, new)
    wait_rebound(lightd, internal_id, new, state="running")

    after = lightd.inspect(internal_id)
    assert lightd.run_in(internal_id, "cat", "/opt/link") == "installed\n"
    assert lightd.run_in(internal_id, "stat", "-c", "%a", "/opt/at-run-time") == "600\n"
    assert lightd.run_in(internal_id, "cat", "/mnt/host/shared") == "from the host"
    limit = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max"
    assert int(lightd.run_in(internal_id, "sh", "-c", limit)) == 64 << 20
    kept = set(before["HostConfig"]) - {"PortBindings", "LogConfig"}
    assert {key: after["HostConfig"][key] for key in kept} == {key: before["HostConfig"][key] for key in kept}
    assert after["Config"]["Tty"]
    assert after["Config"]["OpenStdin"]
    assert after["HostConfig"]["PortBindings"] == {"7000/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(new)}]}
    assert in_use(lightd, old) is None
    assert in_use(lightd, new) == internal_id
    assert [row["Id"] for row in docker_containers(docker_client, internal_id)] == [after["Id"]]


def test_a_stopped_container_stays_stopped(lightd: Lightd) -> None:
    old, new = lightd.port_range(2)
    internal_id = lightd.create(ports=[{"container_port": 7000, "host_port": old}])

    rebind(lightd, internal_id, new)
    wait_rebound(lightd, internal_id, new, state="ready")

    assert not lightd.inspect(internal_id)["State"]["Running"]
    assert "starting" not in kinds(lightd, internal_id)


def test_a_port_that_another_program_has_puts_everything_back(lightd: Lightd, docker_client: docker.APIClient) -> None:
    old, new = lightd.port_range(2)
    internal_id = lightd.create(
        startup_command=SERVER, start_pattern="Ready", ports=[{"container_port": 7000, "host_port": old}]
    )
    lightd.start_and_wait(internal_id)
    lightd.run_in(internal_id, "sh", "-c", "echo kept > /opt/kept")

    with closing(socket.create_server(("0.0.0.0", new))):
        rebind(lightd, internal_id, new)
        wait_until(lambda: "rebind_failed" in kinds(lightd, internal_id), 30, "the rebind has failed")
        wait_rebound(lightd, internal_id, old, state="running")

    assert lightd.run_in(internal_id, "cat", "/opt/kept") == "kept\n"
    assert in_use(lightd, new) is None
    assert in_use(lightd, old) == internal_id
    wait_until(lambda: len(docker_containers(docker_client, internal_id)) == 1, 30, "the new one is gone")
    last = lightd.http.get(f"/containers/{internal_id}/events").json()["events"]
    failed = next(event["message"] for event in last if event["kind"] == "rebind_failed")
    assert "taken by another program" in failed


@pytest.mark.timeout(900)
def test_a_hundred_rebinds_in_a_row_still_work(lightd: Lightd, docker_client: docker.APIClient) -> None:
    """Each changes the file system first, so that each would add a layer: there are never as many as Docker takes."""
    pair = lightd.port_range(2)
    internal_id = lightd.create(ports=[{"container_port": 7000, "host_port": pair[0]}])

    for number in range(1, 101):
        write_file(docker_client, lightd.docker_id(internal_id), f"mark-{number}")
        new = pair[number % 2]
        rebind(lightd, internal_id, new)
        wait_rebound_times(lightd, internal_id, number)
        assert published(lightd, internal_id) == [new]

    lightd.start_and_wait(internal_id)
    marks = lightd.run_in(internal_id, "sh", "-c", "ls /opt/mark-* | wc -l")
    assert int(marks) == 100
    wait_until(lambda: len(docker_containers(docker_client, internal_id)) == 1, 30, "one container is left")
    (image,) = own_images(docker_client, lightd, internal_id)
    assert len(docker_client.inspect_image(image)["RootFS"]["Layers"]) <= MAX_LAYERS


def write_file(client: docker.APIClient, docker_id: str, name: str) -> None:
    """Into the file system of a container that is stopped."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    assert client.put_archive(docker_id, "/opt", archive.getvalue())


@pytest.fixture
def image_with_a_volume(docker_client: docker.APIClient) -> Iterator[str]:
    """Debian's, declaring a volume of its own, as databases' images do."""
    repository, tag = "lightd-test/with-volume", "1"
    name = f"{repository}:{tag}"
    made = docker_client.create_container("debian:bookworm", "true")
    docker_client.commit(made["Id"], repository, tag, changes="VOLUME /var/lib/data")
    docker_client.remove_container(made["Id"])
    yield name
    docker_client.remove_image(name, force=True)


def test_what_lies_in_a_volume_of_the_image_is_kept(
    lightd: Lightd, docker_client: docker.APIClient, image_with_a_volume: str
) -> None:
    old, new = lightd.port_range(2)
    internal_id = lightd.create(
        image=image_with_a_volume,
        startup_command=SERVER,
        start_pattern="Ready",
        ports=[{"container_port": 7000, "host_port": old}],
    )
    lightd.start_and_wait(internal_id)
    lightd.run_in(internal_id, "sh", "-c", "echo precious > /var/lib/data/row")

    rebind(lightd, internal_id, new)
    wait_rebound(lightd, internal_id, new, state="running")
    assert lightd.run_in(internal_id, "cat", "/var/lib/data/row") == "precious\n"

    (volume,) = [m["Name"] for m in lightd.inspect(internal_id)["Mounts"] if m["Type"] == "volume"]
    assert lightd.http.delete(f"/containers/{internal_id}").status_code == 200
    with pytest.raises(docker.errors.NotFound):  # part of the container's file system, and gone with it
        docker_client.inspect_volume(volume)


def being_rebound(lightd: Lightd) -> tuple[str, int, int]:
    """A container in the middle of a rebind, whose process does not end when asked to; its old port and the new one."""
    old, new = lightd.port_range(2)
    internal_id = lightd.create(
        startup_command=STUBBORN, start_pattern="Ready", ports=[{"container_port": 7000, "host_port": old}]
    )
    lightd.http.patch(f"/containers/{internal_id}", json={"stop_timeout": 600}).raise_for_status()
    lightd.start_and_wait(internal_id)
    rebind(lightd, internal_id, new)
    lightd.wait_state(internal_id, "stopping")
    return internal_id, old, new


def test_kill_during_a_rebind_leaves_it_stopped_on_the_new_ports(lightd: Lightd) -> None:
    internal_id, _, new = being_rebound(lightd)

    lightd.act(internal_id, "kill")

    wait_rebound(lightd, internal_id, new, state="ready")


def test_delete_during_a_rebind_leaves_nothing(lightd: Lightd, docker_client: docker.APIClient) -> None:
    internal_id, old, new = being_rebound(lightd)

    assert lightd.http.delete(f"/containers/{internal_id}").status_code == 200

    assert in_use(lightd, old) is None
    assert in_use(lightd, new) is None
    wait_until(lambda: not docker_containers(docker_client, internal_id), 30, "nothing is left in Docker")


def test_another_rebind_is_refused_while_ports_change(lightd: Lightd) -> None:
    internal_id, _, new = being_rebound(lightd)

    answer = lightd.http.post(f"/containers/{internal_id}/rebind-network", json={"ports": []})

    assert answer.status_code == 409
    assert answer.json() == {"error": "Cannot rebind network while network is rebinding"}
    lightd.act(internal_id, "kill")
    wait_rebound(lightd, internal_id, new, state="ready")


def test_a_failed_installation_can_be_moved_to_other_ports(lightd: Lightd) -> None:
    old, new = lightd.port_range(2)
    internal_id = lightd.create(
        wait="failed", install_script="#!/bin/sh\nexit 1\n", ports=[{"container_port": 7000, "host_port": old}]
    )

    rebind(lightd, internal_id, new)

    wait_rebound(lightd, internal_id, new, state="failed")
    lightd.act(internal_id, "reinstall", install_script="#!/bin/sh\ntrue\n")
    lightd.wait_state(internal_id, "ready")
    lightd.start_and_wait(internal_id)
    assert published(lightd, internal_id) == [new]
