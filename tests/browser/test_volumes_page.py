"""Volumes, by what a person sees."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PersonFactory
from tests.e2e.server import Lightd


def test_a_volume_is_made_and_deleted_by_typing_its_name(as_user: PersonFactory) -> None:
    page = as_user("carol").page
    page.goto("/dashboard/volumes/")
    expect(page.get_by_text("There are no volumes")).to_be_visible()
    page.get_by_role("link", name="Create a volume").first.click()
    page.get_by_label("Size").fill("2048")
    page.get_by_role("button", name="Create").click()
    row = page.locator("tbody tr")
    expect(row.get_by_text("2.0 GiB")).to_be_visible()
    expect(row.get_by_text("0 B")).to_be_visible()

    row.get_by_role("link", name=re.compile("Delete")).click()
    name = page.get_by_role("heading", name="Delete volume").inner_text().split()[-1]
    page.get_by_label(f"Type {name} to delete it").fill(name)
    page.get_by_role("button", name="Delete").click()

    expect(page.get_by_text(f"Volume {name} is deleted.")).to_be_visible()
    expect(page.get_by_text("There are no volumes")).to_be_visible()


def test_the_size_is_shown_as_soon_as_it_is_measured(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    (lightd.files(container) / "world").write_bytes(b"x" * 3_000_000)
    lightd.start_and_wait(container)

    page.goto(f"/dashboard/volumes/?search={container}")

    row = page.locator("tbody tr")
    expect(row.get_by_role("link", name=container)).to_be_visible()
    expect(row.locator("[data-usage]")).to_have_text("2.9 MiB")


@pytest.mark.expects_errors("status of 422")
def test_it_is_resized_above_its_files_while_the_bar_follows(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    volume = lightd.get(container)["volume_id"]
    assert lightd.http.post(f"/volumes/{volume}/resize", json={"size": 64}).status_code == 200
    (lightd.files(container) / "world").write_bytes(bytes(47 << 20) + bytes(500_000))
    page.goto(f"/dashboard/container/{container}/files")
    size = page.get_by_role("region", name="Size of the volume")
    expect(size.get_by_text("47.5 of 64.0 MiB")).to_be_visible()

    size.get_by_text("Resize").first.click()
    size.get_by_label("New size").fill("40")
    size.get_by_role("button", name="Resize").click()
    expect(size.get_by_text("There are 48 MB in the volume, and it cannot be made smaller")).to_be_visible()

    size.get_by_label("New size").fill("128")
    size.get_by_role("button", name="Resize").click()
    expect(size.get_by_text("47.5 of 128 MiB")).to_be_visible()
    expect(page.get_by_text("has 128 MB now")).to_be_visible()
    (lightd.files(container) / "world").unlink()
    expect(size.get_by_text("0 B of 128 MiB")).to_be_visible(timeout=60_000)
