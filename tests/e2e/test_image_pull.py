"""Pulling an image from a real registry, over a line slow enough to watch."""

import io
import os
import tarfile
from collections.abc import Iterator

import docker
import pytest

from tests.e2e.registry import Registry, SlowLine
from tests.e2e.server import Lightd, free_range
from tests.waiting import wait_until

SIZE = 12_000_000  # bytes; random, so the registry's gzip leaves them as many
RATE = 4_000_000  # bytes a second


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    registry = Registry(tmp_path_factory.mktemp("registry"), free_range(1))
    yield registry
    registry.close()


@pytest.fixture
def slow_image(registry: Registry, docker_client: docker.APIClient) -> Iterator[str]:
    """An image that is in the registry alone; its name goes through the slow line."""
    line = SlowLine(registry.port, RATE)
    yield push_noise(docker_client, registry.port).replace(f":{registry.port}/", f":{line.port}/")
    line.close()


def push_noise(client: docker.APIClient, port: int) -> str:
    """Put an image of noise into the registry at `port`, and nowhere else; returns its name."""
    repository = f"127.0.0.1:{port}/{os.urandom(4).hex()}/slow"
    client.import_image_from_data(layer(), repository=repository, tag="1")
    for message in client.push(repository, tag="1", stream=True, decode=True):
        assert "error" not in message, message
    client.remove_image(f"{repository}:1")
    return f"{repository}:1"


def layer() -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("noise")
        entry.size = SIZE
        tar.addfile(entry, io.BytesIO(os.urandom(SIZE)))
    return archive.getvalue()


def messages(lightd: Lightd, internal_id: str, kind: str) -> list[str]:
    events = lightd.http.get(f"/containers/{internal_id}/events").json()["events"]
    return [event["message"] for event in reversed(events) if event["kind"] == kind]


def test_a_pull_says_how_far_it_is(lightd: Lightd, slow_image: str) -> None:
    internal_id = lightd.fresh_id()
    lightd.create(internal_id, image=slow_image, wait=None)
    lightd.wait_state(internal_id, "ready", 30)

    progress = messages(lightd, internal_id, "pulling")
    percent = [int(line.rpartition(": ")[2].split(" %")[0]) for line in progress if " %" in line]
    assert progress[0] == f"Pulling image {slow_image}"
    assert percent, progress
    assert percent == sorted(percent)
    assert messages(lightd, internal_id, "pulled") == [f"Pulled image {slow_image}"]


def test_an_image_that_the_registry_does_not_have_fails_with_its_name(lightd: Lightd, registry: Registry) -> None:
    internal_id = lightd.fresh_id()
    image = f"127.0.0.1:{registry.port}/nobody/nothing:1"
    lightd.create(internal_id, image=image, wait=None)
    lightd.wait_state(internal_id, "failed", 30)

    error = lightd.http.get(f"/containers/{internal_id}").json()["error"]
    assert error.startswith(f"Image {image} could not be pulled: ")


def test_a_delete_during_the_pull_ends_it(lightd: Lightd, slow_image: str) -> None:
    internal_id = lightd.fresh_id()
    lightd.create(internal_id, image=slow_image, wait=None)
    wait_until(lambda: messages(lightd, internal_id, "pulling"), 10, "the pull has begun")

    assert lightd.http.delete(f"/containers/{internal_id}").status_code == 200

    assert lightd.http.get(f"/containers/{internal_id}").status_code == 404
    # Its worker is free again for the next one, long before the pull would have been over.
    after = lightd.fresh_id()
    lightd.create(after)
    lightd.wait_state(after, "ready", 30)


def test_a_kill_during_the_pull_fails_the_installation(lightd: Lightd, slow_image: str) -> None:
    internal_id = lightd.fresh_id()
    lightd.create(internal_id, image=slow_image, wait=None)
    wait_until(lambda: messages(lightd, internal_id, "pulling"), 10, "the pull has begun")

    assert lightd.http.post(f"/containers/{internal_id}/kill").status_code == 202

    lightd.wait_state(internal_id, "failed", 5)
    assert lightd.http.get(f"/containers/{internal_id}").json()["error"] == "The installation was killed"
