"""The images on the host, by what a person sees: pulled from a real registry."""

from collections.abc import Iterator

import docker
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.registry import Registry, SlowLine
from tests.e2e.server import free_range
from tests.e2e.test_image_pull import RATE, push_noise


@pytest.fixture
def slow_image(tmp_path_factory: pytest.TempPathFactory, docker_client: docker.APIClient) -> Iterator[str]:
    """An image that is in a registry alone; its name goes through a slow line."""
    registry = Registry(tmp_path_factory.mktemp("registry"), free_range(1))
    line = SlowLine(registry.port, RATE)
    yield push_noise(docker_client, registry.port).replace(f":{registry.port}/", f":{line.port}/")
    line.close()
    registry.close()


def test_an_image_is_pulled_and_removed_without_a_reload(administrators_page: Page, slow_image: str) -> None:
    page = administrators_page
    page.goto("/dashboard/images/")
    page.get_by_label("Pull an image").fill(slow_image)
    page.get_by_role("button", name="Pull", exact=True).click()
    job = page.locator("#image-jobs li").filter(has_text=slow_image)
    row = page.get_by_role("row").filter(has_text=slow_image)

    expect(page.get_by_role("progressbar", name=f"Pull of {slow_image}")).to_be_visible()
    expect(job).to_contain_text(" % of 11.4 MiB")
    expect(row).to_be_visible()
    expect(job).to_contain_text("pulled")

    row.get_by_role("button", name=f"Remove {slow_image}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Remove {slow_image}?")
    dialog.get_by_role("button", name="Remove").click()

    expect(page.locator("#image-jobs li").filter(has_text="removed")).to_be_visible()
    expect(row).to_have_count(0)
