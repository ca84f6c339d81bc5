"""Archives in the file manager: made, extracted, followed over a reload, and cancelled."""

import bz2
import os
import re
import tarfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import PersonFactory
from tests.e2e.server import Lightd
from tests.waiting import wait_until

MEGABYTE = 1 << 20
PAUSE = 1000  # milliseconds between two looks at what goes on, as in static/js/operations.js
LONG = 60_000  # milliseconds that a worker may take
AT_WORK = re.compile(r"^\d+(\.\d)? %, [\d.]+ [KMG]?i?B/s")


@pytest.fixture
def page(administrators_page: Page) -> Page:
    return administrators_page


def open_files(page: Page, volume: str) -> None:
    page.goto(f"/dashboard/volumes/{volume}/files")


def choose(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("checkbox", name=f"Choose {name}", exact=True).check()


def noise(path: Path, megabytes: int) -> None:
    """What no format makes smaller, and bzip2 takes long over: some ten megabytes a second."""
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(MEGABYTE))


def pack_noise(path: Path, megabytes: int) -> None:
    """An archive with as much of it, without the time that packing takes: the same stream again and again."""
    entry = tarfile.TarInfo("noise")
    entry.size = megabytes * MEGABYTE
    stream = bz2.compress(os.urandom(MEGABYTE))
    path.write_bytes(bz2.compress(entry.tobuf()) + stream * megabytes + bz2.compress(bytes(1024)))


def compress(page: Page, name: str, kind: str) -> None:
    page.get_by_role("button", name="Compress").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of the archive").fill(name)
    dialog.get_by_label("Format").select_option(kind)
    dialog.get_by_role("button", name="Compress").click()


def test_what_is_chosen_goes_into_an_archive_and_out_of_it_again(page: Page, volume: str, folder: Path) -> None:
    (folder / "world").mkdir()
    (folder / "world/level.dat").write_text("level")
    (folder / "motd.txt").write_text("hello")
    open_files(page, volume)

    choose(page, "world", "motd.txt")
    page.get_by_role("button", name="Compress").click()
    expect(page.get_by_role("heading", name="Compress 2 entries")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    compress(page, "all", "tar.zst")

    expect(page.get_by_text("all.tar.zst is made")).to_be_visible(timeout=LONG)
    archive = page.get_by_role("link", name="all.tar.zst", exact=True)
    expect(archive).to_be_visible()

    choose(page, "all.tar.zst")
    page.get_by_role("button", name="Extract").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("The folder")).to_have_value("all")
    assert_accessible(page)
    dialog.get_by_role("button", name="Extract").click()
    expect(page.get_by_text("all.tar.zst is extracted into all")).to_be_visible(timeout=LONG)
    page.get_by_role("link", name="all", exact=True).click()
    expect(page.get_by_role("link", name="motd.txt", exact=True)).to_be_visible()
    assert (folder / "all/world/level.dat").read_text() == "level"


def test_files_that_are_there_are_replaced_only_if_that_was_said(page: Page, volume: str, folder: Path) -> None:
    (folder / "motd.txt").write_text("new")
    with tarfile.open(folder / "a.tar.gz", "w:gz") as archive:
        archive.add(folder / "motd.txt", "motd.txt")
    (folder / "motd.txt").write_text("old")
    open_files(page, volume)

    def extract_here(replace: bool) -> None:
        choose(page, "a.tar.gz")
        page.get_by_role("button", name="Extract").click()
        page.get_by_role("dialog").get_by_label("Here", exact=True).check()
        page.get_by_role("dialog").get_by_label("Replace files that are there already").set_checked(replace)
        page.get_by_role("dialog").get_by_role("button", name="Extract").click()

    extract_here(replace=False)
    sentence = page.locator(".operation-error")
    expect(sentence).to_have_text("File already exists at path: motd.txt", timeout=LONG)
    assert_accessible(page)
    assert (folder / "motd.txt").read_text() == "old"
    page.get_by_role("button", name="Close a.tar.gz").click()
    expect(page.get_by_role("region", name="Archives at work")).to_be_hidden()

    extract_here(replace=True)
    expect(page.get_by_text("a.tar.gz is extracted into the top of the volume")).to_be_visible(timeout=LONG)
    assert (folder / "motd.txt").read_text() == "new"


def test_progress_outlives_a_reload_and_can_be_cancelled(page: Page, volume: str, folder: Path) -> None:
    noise(folder / "noise", 200)
    open_files(page, volume)
    choose(page, "noise")
    compress(page, "slow", "tar.bz2")
    panel = page.get_by_role("region", name="Archives at work")
    expect(panel.locator(".operation-state")).to_have_text(AT_WORK, timeout=LONG)
    assert_accessible(page)

    page.reload()
    bar = panel.get_by_role("progressbar", name="Making slow.tar.bz2")
    expect(bar).to_be_visible()
    expect(panel.locator(".operation-state")).to_have_text(AT_WORK, timeout=LONG)
    panel.get_by_role("button", name="Cancel making slow.tar.bz2").click()

    expect(page.get_by_text("Cancelled: slow.tar.bz2")).to_be_visible()
    expect(panel).to_be_hidden()
    wait_until(lambda: [path.name for path in folder.iterdir()] == ["noise"], 30, "the worker has cleared away")


def test_an_extraction_shows_how_far_it_is(page: Page, volume: str, folder: Path) -> None:
    pack_noise(folder / "noise.tar.bz2", 200)
    open_files(page, volume)
    choose(page, "noise.tar.bz2")
    page.get_by_role("button", name="Extract").click()
    page.get_by_role("dialog").get_by_label("The folder").fill("out")
    page.get_by_role("dialog").get_by_role("button", name="Extract").click()

    panel = page.get_by_role("region", name="Archives at work")
    expect(panel).to_contain_text("Extracting noise.tar.bz2 into out")
    expect(panel.locator(".operation-state")).to_have_text(re.compile(r"^[1-9]\d*(\.\d)? %"), timeout=LONG)
    panel.get_by_role("button", name="Cancel extracting noise.tar.bz2").click()  # the rest would take its time

    expect(page.get_by_text("Cancelled: noise.tar.bz2")).to_be_visible()
    expect(panel).to_be_hidden()


def test_nothing_is_asked_while_nothing_goes_on(page: Page, volume: str, folder: Path) -> None:
    (folder / "motd.txt").write_text("hello")
    open_files(page, volume)
    choose(page, "motd.txt")
    compress(page, "all", "tar.zst")
    expect(page.get_by_text("all.tar.zst is made")).to_be_visible(timeout=LONG)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.reload()
    page.wait_for_timeout(3 * PAUSE)

    assert asked
    assert not [url for url in asked if re.search(r"/operations([/?]|$)", url)]


def test_who_may_only_read_sees_them_and_cannot_cancel(
    administrators_page: Page, as_user: PersonFactory, lightd: Lightd
) -> None:
    container, guest = lightd.create(), as_user("gina")
    lightd.http.put(f"/containers/{container}/grants/{guest.username}", json={"permissions": ["files.read"]})
    noise(lightd.files(container) / "noise", 300)
    volume = lightd.http.get(f"/containers/{container}").json()["volume_id"]
    body = {"format": "tar.bz2", "output_name": "slow", "paths": ["noise"], "background": True}
    begun = lightd.http.post(f"/volumes/{volume}/compress", json=body).json()["operation"]["id"]

    guest.page.goto(f"/dashboard/container/{container}/files")

    expect(guest.page.get_by_role("progressbar", name="Making slow.tar.bz2")).to_be_visible()
    expect(guest.page.get_by_role("button", name="Cancel")).to_have_count(0)
    lightd.http.delete(f"/volumes/{volume}/operations/{begun}")
    expect(guest.page.get_by_text("Cancelled: slow.tar.bz2")).to_be_visible()
