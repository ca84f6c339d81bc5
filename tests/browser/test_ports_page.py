"""The pool, by what a person sees."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PersonFactory
from tests.e2e.server import Lightd

IP = "127.0.0.9"


@pytest.fixture
def first(lightd: Lightd) -> Iterator[int]:
    """The first of three ports of an address that no other test has."""
    lightd.http.post("/network/ports", json={"ip": IP, "start": 7001, "end": 7003}).raise_for_status()
    yield 7001
    for row in lightd.http.get("/network/ports").json()["ports"]:
        if row["ip"] == IP:
            lightd.http.put(f"/network/ports/{IP}/{row['port']}/use", json={"in_use": False})
            lightd.http.delete(f"/network/ports/{IP}/{row['port']}")


def test_what_is_searched_for_is_shown_without_a_reload(administrators_page: Page, first: int) -> None:
    page = administrators_page
    page.goto("/dashboard/ports/")
    rows = page.locator("tbody tr")

    page.get_by_label("Address").select_option(IP)
    expect(rows).to_have_count(3)
    expect(page.get_by_role("img", name=f"{IP} tcp: 3 of 3 ports free")).to_be_visible()

    page.get_by_label("Search", exact=True).fill("7002-7003")
    expect(rows).to_have_count(2)
    expect(page).to_have_url(re.compile(rf"search=7002-7003&.*ip={IP}"))


def test_several_are_deleted_after_one_question_that_names_them(administrators_page: Page, first: int) -> None:
    page = administrators_page
    page.goto(f"/dashboard/ports/?ip={IP}")
    delete = page.get_by_role("button", name="Delete", exact=True)
    expect(delete).to_be_disabled()

    page.get_by_label("Select every free port on this page").check()
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.get_by_label(f"Select {IP}:7003/tcp").uncheck()
    delete.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Delete {IP}:7001/tcp, {IP}:7002/tcp from the pool?")
    dialog.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("Deleted 2 ports from the pool")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(delete).to_be_disabled()


@pytest.mark.expects_errors("status of 409", "Error Code 409")
def test_one_that_was_taken_meanwhile_is_refused_in_a_sentence(
    administrators_page: Page, lightd: Lightd, first: int
) -> None:
    page = administrators_page
    page.goto(f"/dashboard/ports/?ip={IP}")
    page.get_by_label(f"Select {IP}:7001/tcp").check()
    lightd.http.put(f"/network/ports/{IP}/7001/use", json={"in_use": True})

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.get_by_text(f"Port is in use: {IP}:7001/tcp")).to_be_visible()


def test_marking_by_hand_shows_in_the_table_and_in_the_picture(administrators_page: Page, first: int) -> None:
    page = administrators_page
    page.goto(f"/dashboard/ports/?ip={IP}")

    page.get_by_role("button", name=f"Mark {IP}:7002/tcp as used").click()

    expect(page.get_by_role("row", name=f"{IP}:7002/tcp").get_by_text("held by hand")).to_be_visible()
    expect(page.get_by_role("img", name=f"{IP} tcp: 2 of 3 ports free")).to_be_visible()
    free = page.get_by_role("button", name=f"Mark {IP}:7002/tcp as free")
    expect(free).to_be_focused()


def test_a_range_is_added_by_keyboard(administrators_page: Page, lightd: Lightd, first: int) -> None:
    page = administrators_page
    page.goto("/dashboard/ports/")
    page.get_by_role("link", name="Add ports").press("Enter")
    page.get_by_label("Address").fill(IP)
    page.get_by_label("Port", exact=True).fill("7010")
    page.get_by_label("Last port").fill("7012")
    page.keyboard.press("Enter")

    expect(page.get_by_text("3 ports are in the pool.")).to_be_visible()


def test_others_look_and_find_no_way_to_change_it(as_user: PersonFactory, first: int) -> None:
    page = as_user("bob").page
    page.goto(f"/dashboard/ports/?ip={IP}")

    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.get_by_role("checkbox")).to_have_count(0)
    expect(page.get_by_role("link", name="Add ports")).to_have_count(0)
