"""Docker's events, over which an image's author may write: one that can't be read is left out, and the others come."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import UUID, uuid4

import docker
import pytest

from containers.engine import client
from containers.engine.answers import Seen
from containers.engine.config import LABEL_CONTAINER, LABEL_INSTANCE
from containers.engine.watch import EVENT_AT_MOST, AsyncEngine, Happening, cut_lines
from tests.engine import IMAGE

INSTANCE = uuid4().hex


@pytest.fixture
def images(docker_client: docker.APIClient) -> Iterator[list[str]]:
    """Names of images that a test makes: removed afterwards."""
    made: list[str] = []
    yield made
    for one in docker_client.containers(all=True, filters={"label": f"{LABEL_INSTANCE}={INSTANCE}"}):
        docker_client.remove_container(one["Id"], force=True)
    for name in made:
        docker_client.remove_image(name, force=True)


def image_with(docker_client: docker.APIClient, images: list[str], labels: dict[str, str]) -> str:
    """An image whose author has set these labels."""
    name = f"labelled-{uuid4().hex[:8]}"
    maker = docker_client.create_container(IMAGE)["Id"]
    docker_client.commit(maker, repository=name, conf={"Labels": labels})
    docker_client.remove_container(maker)
    images.append(name)
    return name


def run_to_its_end(docker_client: docker.APIClient, image: str, container_id: str) -> None:
    """A container of ours, as our own labels have it, on an image of somebody's."""
    labels = {LABEL_INSTANCE: INSTANCE, LABEL_CONTAINER: container_id}
    made = docker_client.create_container(image, "true", labels=labels)["Id"]
    docker_client.start(made)
    docker_client.wait(made)


@pytest.mark.parametrize(
    "labels",
    [
        {"exitCode": "x"},
        {LABEL_CONTAINER: "x", LABEL_INSTANCE: "x", "signal": "x", "name": "x", "image": "x"},
        {"big": "x" * (EVENT_AT_MOST + 1)},
    ],
    ids=["exitCode", "ours", "big"],
)
def test_no_label_of_an_image_ends_the_events(
    engine_here: None, docker_client: docker.APIClient, images: list[str], labels: dict[str, str]
) -> None:
    hostile, other = uuid4(), uuid4()
    image = image_with(docker_client, images, labels)

    def run_both() -> None:
        run_to_its_end(docker_client, image, str(hostile))
        run_to_its_end(docker_client, IMAGE, str(other))

    seen = asyncio.run(until_it_died(other, run_both))

    assert [one.action for one in seen if one.container_id == other] == ["create", "start", "die"]
    if "big" not in labels:  # what is too long to be read is found by the next sweep
        assert [one.action for one in seen if one.container_id == hostile] == ["create", "start", "die"]


def test_who_made_one_of_ours_without_our_id_is_not_listed(
    engine_here: None, docker_client: docker.APIClient, images: list[str]
) -> None:
    image = image_with(docker_client, images, {LABEL_INSTANCE: INSTANCE, LABEL_CONTAINER: "x"})
    docker_client.create_container(image, "true")
    ours = uuid4()
    run_to_its_end(docker_client, IMAGE, str(ours))

    listed = asyncio.run(list_ours())

    assert [one.container_id for one in listed] == [ours]


def test_what_is_run_by_hand_from_a_container_s_own_image_is_not_ours(
    engine_here: None, docker_client: docker.APIClient, images: list[str]
) -> None:
    labels = {LABEL_INSTANCE: INSTANCE, LABEL_CONTAINER: str(uuid4())}
    ours = docker_client.create_container(IMAGE, "true", labels=labels)["Id"]
    images.append(f"labelled-{uuid4().hex[:8]}:kept")
    client.commit(ours, images[-1])

    by_hand = docker_client.create_container(images[-1], "true")["Id"]

    listed = asyncio.run(list_ours())
    docker_client.remove_container(by_hand)
    assert [one.docker_id for one in listed] == [ours]


def test_a_long_line_is_cut_and_the_next_one_is_whole() -> None:
    pieces = [b"ab", b"c\nde", b"fgh", b"ijk\n", b"\nlm\nno\nbroken o"]

    assert asyncio.run(collected(pieces, at_most=4)) == [b"abc", b"defg", b"", b"lm", b"no"]


async def until_it_died(container_id: UUID, act: Callable[[], None]) -> list[Happening]:
    """What the engine tells while `act` runs, up to the end of this container's process."""
    engine = AsyncEngine(INSTANCE)
    seen: list[Happening] = []
    try:
        async with asyncio.timeout(30):
            async for one in engine.happenings():
                if one.action == "connected":
                    acting = asyncio.create_task(asyncio.to_thread(act))
                    continue
                seen.append(one)
                if one.action == "die" and one.container_id == container_id:
                    break
        await acting
    finally:
        await engine.close()
    return seen


async def list_ours() -> list[Seen]:
    engine = AsyncEngine(INSTANCE)
    try:
        return list((await engine.list_ours()).values())
    finally:
        await engine.close()


async def collected(pieces: list[bytes], at_most: int) -> list[bytes]:
    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return [line async for line in cut_lines(stream(), at_most)]
