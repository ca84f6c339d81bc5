"""Uploads to a server that is killed and comes back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import sign_in
from tests.browser.slow_uploads import MEGABYTE, SIZE, has_come, large_file, offsets, slow_down, speed_up, state_of
from tests.browser.test_files_page import at, drop
from tests.browser.watch import SERVER_AWAY
from tests.e2e.server import Lightd
from tests.waiting import wait_until

pytestmark = pytest.mark.expects_errors(*SERVER_AWAY, "status of 408", "status of 404")


@pytest.fixture
def lightd(own_lightd: Lightd) -> Lightd:
    return own_lightd


@pytest.mark.parametrize("end", [Lightd.stop, Lightd.crash])
def test_they_go_on_when_it_is_back(
    page: Page, lightd: Lightd, tmp_path: Path, end: Callable[[Lightd], object]
) -> None:
    volume = lightd.http.post("/volumes", json={}).json()
    folder, file = Path(volume["path"]), large_file(tmp_path)
    small = [tmp_path / f"{number}.txt" for number in range(20)]
    for each in small:
        each.write_text(each.name)
    sign_in(page, "admin", lightd.password)
    page.goto(at(volume["id"]))
    begun = offsets(page)
    slow_down(page)
    drop(page, file)
    wait_until(lambda: has_come(folder, 10 * MEGABYTE), 60, "a part has come")

    end(lightd)
    expect(state_of(page)).to_have_text("Waits for the connection")
    drop(page, *small)
    speed_up(page)
    lightd.start()

    expect(page.locator(".uploads-figures")).to_have_text("21 files uploaded", timeout=60_000)
    assert begun[0] == 0
    assert 10 * MEGABYTE <= begun[-1] < SIZE
    assert (folder / "world.zip").read_bytes() == file.read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == sorted([*(each.name for each in small), "world.zip"])
