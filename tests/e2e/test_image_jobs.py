"""Pulls and removals asked for on the page of images, against a real registry."""

import re
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from tests.e2e.browser import Browser
from tests.e2e.registry import SIZE, Registry, SlowLine, push_noise
from tests.e2e.server import Lightd
from tests.engine import IMAGE
from tests.waiting import wait_until

AT_ONCE = 10  # seconds; the supervisor looks by itself every thirty


@pytest.fixture(scope="module")
def lightd(lightd_apart: Lightd) -> Lightd:
    """One whose workers are killed."""
    return lightd_apart


@pytest.fixture
def page(lightd: Lightd) -> Iterator[Browser]:
    """An administrator's."""
    with Browser(lightd.url) as browser:
        yield browser.sign_in("admin", lightd.password)


def table(browser: Browser) -> str:
    return browser.page("/dashboard/images/table")


def jobs(browser: Browser) -> str:
    """What is under way, as text."""
    return re.sub(r"<[^>]*>|\s+", " ", browser.page("/dashboard/images/jobs"))


def on_host(client: docker.APIClient, image: str) -> bool:
    return bool(client.images(name=image))


def docker_id(client: docker.APIClient, image: str) -> Any:
    return client.inspect_image(image)["Id"]


def test_a_pull_comes_to_its_end_and_a_removal_undoes_it(
    page: Browser, slow_image: str, docker_client: docker.APIClient
) -> None:
    assert page.post("/dashboard/images/pull", image=slow_image).status_code == 302
    wait_until(lambda: " % of 11.4 MiB" in jobs(page), 60, "the page says how far it is")
    wait_until(lambda: slow_image in table(page), 60, "the image is in the table")
    wait_until(lambda: "pulled" in jobs(page), 30, "the pull is done")

    answer = page.post(f"/dashboard/images/remove/{docker_id(docker_client, slow_image)}")
    assert answer.status_code == 200, answer.text
    wait_until(lambda: slow_image not in table(page), 30, "the image is out of the table")

    assert not on_host(docker_client, slow_image)


def test_a_pull_goes_on_when_its_worker_was_killed(page: Browser, lightd: Lightd, slow_image: str) -> None:
    page.post("/dashboard/images/pull", image=slow_image)
    wait_until(lambda: " % of " in jobs(page), 60, "the pull is under way")

    lightd.kill_role("workers")

    wait_until(lambda: slow_image in table(page), 60, "another worker has pulled it")


def test_a_cancelled_pull_ends(
    page: Browser, slow_image: str, slow_line: SlowLine, docker_client: docker.APIClient
) -> None:
    slow_line.rate = SIZE // 20
    page.post("/dashboard/images/pull", image=slow_image)
    wait_until(lambda: " % of " in jobs(page), 60, "the pull is under way")
    address = re.search(r"/dashboard/images/cancel/[0-9a-f-]+", page.page("/dashboard/images/jobs"))
    assert address

    assert page.post(address[0]).status_code == 200

    assert "cancelled" in jobs(page)
    wait_until(slow_line.stands_still, 60, "nothing is pulled any more")
    assert slow_line.carried < SIZE
    assert not on_host(docker_client, slow_image)


def test_an_image_that_the_registry_does_not_have_fails_with_its_name(page: Browser, registry: Registry) -> None:
    image = f"127.0.0.1:{registry.port}/nobody/nothing:1"

    page.post("/dashboard/images/pull", image=image)

    wait_until(lambda: f"{image} could not be pulled: " in jobs(page), 60, "the failure is said")


def test_what_is_pulled_beside_us_is_in_the_table_at_once(
    page: Browser, registry: Registry, docker_client: docker.APIClient
) -> None:
    image = push_noise(docker_client, registry.port)

    docker_client.pull(image)
    wait_until(lambda: image in table(page), AT_ONCE, "the image is in the table")
    docker_client.remove_image(image)
    wait_until(lambda: image not in table(page), AT_ONCE, "the image is out of the table")


def test_an_image_that_another_container_on_the_host_was_made_from_stays(
    page: Browser, slow_image: str, docker_client: docker.APIClient
) -> None:
    page.post("/dashboard/images/pull", image=slow_image)
    wait_until(lambda: slow_image in table(page), 60, "the image is in the table")
    docker_client.tag(slow_image, "second/name", "1")
    made = docker_client.create_container(slow_image, "true", name="somebody-elses")
    try:
        page.post(f"/dashboard/images/remove/{docker_id(docker_client, slow_image)}")

        wait_until(lambda: "is used by somebody-elses" in jobs(page), 30, "the refusal is said")
        assert on_host(docker_client, slow_image)
        assert on_host(docker_client, "second/name:1")
    finally:
        docker_client.remove_container(made["Id"])


def test_the_image_of_a_container_stays(page: Browser, lightd: Lightd, docker_client: docker.APIClient) -> None:
    container = lightd.create()

    answer = page.post(f"/dashboard/images/remove/{docker_id(docker_client, IMAGE)}")

    assert answer.status_code == 409
    assert container in answer.text
