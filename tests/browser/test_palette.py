"""The command palette, by keyboard."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import PersonFactory
from tests.e2e.server import Lightd


def test_it_opens_finds_and_goes_there(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create(lightd.fresh_id("palette"))
    page.goto("/")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Containers, actions and pages")
    expect(page.get_by_role("option", name="Overview")).to_have_attribute("aria-selected", "true")
    assert_accessible(page)

    field.press_sequentially(container)
    expect(page.get_by_role("option", name=f"{container} ready")).to_have_attribute("aria-selected", "true")
    assert_accessible(page)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name=f"Console of {container}")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"/dashboard/container/{container}/console$"))


def test_enter_waits_for_the_answer_to_what_was_typed(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    page.goto("/")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("option", name="Overview")).to_be_visible()

    page.keyboard.type("password")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/account/password$"))


def test_it_acts_on_the_container_whose_page_it_is(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    page.goto(f"/dashboard/container/{container}/activity")
    page.keyboard.press("Control+k")

    page.get_by_role("option", name=f"Start {container}", exact=True).click()

    expect(page.locator("#container-head").get_by_text("running")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_it_sets_the_theme_and_says_when_there_is_nothing(administrators_page: Page) -> None:
    page = administrators_page
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("no such thing")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Control+a")
    page.keyboard.type("theme: dark")
    page.keyboard.press("Enter")

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_it_finds_nothing_of_others(as_user: PersonFactory, lightd: Lightd) -> None:
    container = lightd.create(lightd.fresh_id("hidden"))
    page = as_user("bob").page
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type(container)

    expect(page.get_by_text("Nothing found")).to_be_visible()
    expect(page.get_by_role("option")).to_have_count(0)
