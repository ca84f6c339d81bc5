"""Uploads whose connection breaks: they say so, wait, and go on where they were."""

import re
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.network import Network
from tests.browser.slow_uploads import (
    CRAWL,
    MEGABYTE,
    SIZE,
    has_come,
    large_file,
    offsets,
    slow_down,
    speed_up,
    state_of,
)
from tests.browser.test_files_page import at, drop
from tests.e2e.server import Lightd
from tests.waiting import wait_until

GOES_ON = re.compile(r"Goes on from \d+(\.\d)? %")

pytestmark = pytest.mark.expects_errors("net::ERR_", "WebSocket", "status of 404")


@pytest.fixture
def page(administrators_page: Page, volume: str) -> Page:
    administrators_page.goto(at(volume))
    return administrators_page


@pytest.fixture(autouse=True)
def _mended(network: Network) -> Iterator[None]:
    yield
    network.mend()


def test_it_waits_while_there_is_no_connection(page: Page, network: Network, folder: Path, tmp_path: Path) -> None:
    begun, file = offsets(page), large_file(tmp_path)
    slow_down(page)
    drop(page, file)
    wait_until(lambda: has_come(folder, 10 * MEGABYTE), 60, "a part has come")

    network.cut()
    expect(state_of(page)).to_have_text("Waits for the connection")
    expect(page.get_by_text("The connection is lost. Uploads wait for it.")).to_be_attached()
    assert_accessible(page)
    slow_down(page, CRAWL)
    network.mend()

    expect(state_of(page)).to_have_text(GOES_ON)
    speed_up(page)
    expect(page.locator(".uploads-figures")).to_have_text("1 file uploaded", timeout=60_000)
    assert begun[0] == 0
    assert 10 * MEGABYTE <= begun[-1] < SIZE
    assert [path.name for path in folder.iterdir()] == ["world.zip"]
    assert (folder / "world.zip").read_bytes() == file.read_bytes()


@pytest.mark.expects_errors("status of 429")
def test_who_is_told_to_wait_but_not_how_long_waits_a_second(page: Page, folder: Path, tmp_path: Path) -> None:
    """As some proxy says it."""
    asked: list[float] = []

    def too_many_at_first(route: Route) -> None:
        asked.append(time.monotonic())
        if len(asked) < 3:
            route.fulfill(status=429, body="Too many requests")
        else:
            route.continue_()

    page.route("**/upload?*", too_many_at_first)
    (tmp_path / "a.txt").write_text("text")

    drop(page, tmp_path / "a.txt")

    expect(page.locator(".uploads-figures")).to_have_text("1 file uploaded")
    assert (folder / "a.txt").read_text() == "text"
    assert all(later - earlier > 0.9 for earlier, later in pairwise(asked))


def test_the_same_file_goes_on_in_another_visit(page: Page, folder: Path, tmp_path: Path) -> None:
    file = large_file(tmp_path)
    slow_down(page)
    drop(page, file)
    wait_until(lambda: has_come(folder, 10 * MEGABYTE), 60, "a part has come")
    page.on("dialog", lambda dialog: dialog.accept())  # that uploads are under way
    page.reload()
    expect(page.get_by_text("unfinished")).to_be_visible()
    begun = offsets(page)
    slow_down(page, CRAWL)

    drop(page, file)

    expect(state_of(page)).to_have_text(GOES_ON)
    speed_up(page)
    expect(page.locator(".uploads-figures")).to_have_text("1 file uploaded", timeout=60_000)
    assert len(begun) == 1
    assert begun[0] >= 10 * MEGABYTE
    assert (folder / "world.zip").read_bytes() == file.read_bytes()


def test_cancelled_while_it_waits_nothing_of_it_stays(
    page: Page, network: Network, folder: Path, tmp_path: Path
) -> None:
    slow_down(page)
    drop(page, large_file(tmp_path))
    wait_until(lambda: has_come(folder, 10 * MEGABYTE), 60, "a part has come")
    network.cut()
    expect(state_of(page)).to_have_text("Waits for the connection")
    network.mend()

    page.get_by_role("button", name="Cancel").click()

    expect(page.locator(".uploads-figures")).to_have_text("0 files uploaded, 1 cancelled")
    wait_until(lambda: not list(folder.iterdir()), 30, "what had come is removed")


def test_a_file_that_changed_on_this_computer_is_not_tried_again(
    page: Page, network: Network, folder: Path, tmp_path: Path
) -> None:
    file = large_file(tmp_path)
    slow_down(page)
    drop(page, file)
    wait_until(lambda: has_come(folder, 5 * MEGABYTE), 60, "a part has come")
    file.unlink()
    network.cut()
    network.mend()

    expect(state_of(page)).to_have_text("The file was changed or removed on this computer meanwhile")
    expect(page.locator(".uploads-figures")).to_have_text("0 files uploaded, 1 failed")


@pytest.mark.expects_errors("answer 503", "status of 503", "Status Error Code 503")
def test_what_the_server_itself_cannot_do_is_said_and_not_waited_for(
    page: Page, lightd: Lightd, volume: str, folder: Path, tmp_path: Path
) -> None:
    """Its disk has lost the volume, say."""
    image = lightd.folder / "storage/images" / f"{volume}.ext4"
    subprocess.run(["umount", folder.parent], check=True)
    aside = image.rename(image.with_suffix(".aside"))
    small = tmp_path / "small.txt"
    small.write_text("small")

    drop(page, small)

    expect(state_of(page)).to_contain_text("image is missing", timeout=60_000)
    aside.rename(image)
