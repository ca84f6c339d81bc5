"""Whether a container has changed its file system: asked of Docker before that is kept as an image."""

import tracemalloc
from collections.abc import Callable, Iterator

import docker
import pytest

from containers.engine import client
from containers.engine.errors import Gone
from tests.engine import IMAGE

pytestmark = pytest.mark.usefixtures("engine_here")

MANY = "mkdir /many; cd /many; name=$(printf %0150d 0); for i in $(seq 5000); do : > $name$i; done"

Ran = Callable[[str], str]


@pytest.fixture
def ran(docker_client: docker.APIClient) -> Iterator[Ran]:
    """Makes a container, and waits until this has run in it."""
    made: list[str] = []

    def run(script: str) -> str:
        made.append(docker_client.create_container(IMAGE, ["sh", "-c", script])["Id"])
        docker_client.start(made[-1])
        assert docker_client.wait(made[-1])["StatusCode"] == 0
        return made[-1]

    yield run
    for docker_id in made:
        docker_client.remove_container(docker_id, force=True)


@pytest.mark.parametrize(
    ("script", "changed"),
    [("cat /etc/passwd", False), ("touch /new", True), ("rm /etc/passwd", True), ("echo x >> /etc/passwd", True)],
)
def test_it_is_told_from_its_image(ran: Ran, script: str, changed: bool) -> None:
    assert client.changed_files(ran(script)) is changed


def test_one_that_changed_much_takes_no_memory_of_ours(ran: Ran, docker_client: docker.APIClient) -> None:
    docker_id = ran(MANY)
    assert client.changed_files(docker_id)  # once, for what is loaded only then

    tracemalloc.start()
    try:
        assert client.changed_files(docker_id)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        assert len(docker_client.diff(docker_id)) > 5_000
        _, whole = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 200_000 < whole


def test_one_that_is_gone_is_said_to_be() -> None:
    with pytest.raises(Gone):
        client.changed_files("f" * 64)
