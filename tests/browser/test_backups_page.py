"""Backups, by what a person sees: made, restored with one click, and planned."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.e2e.server import Lightd


def test_a_backup_is_made_and_restored_without_a_reload(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    level = lightd.files(container) / "level.dat"
    level.write_text("before")
    page.goto(f"/dashboard/container/{container}/backups")
    expect(page.get_by_text("No backups yet")).to_be_visible()

    page.get_by_label("Name").fill("before the update")
    page.get_by_role("button", name="Make a backup").click()
    row = page.get_by_role("row").filter(has_text="before the update")
    expect(row.get_by_text("good")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("")
    level.write_text("broken by the update")

    row.get_by_role("button", name="Restore: before the update").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("What is there now is kept as a backup first.")
    question.get_by_role("button", name="Restore").click()

    expect(page.get_by_text("The volume is as in before the update")).to_be_visible()
    assert (lightd.files(container) / "level.dat").read_text() == "before"
    expect(page.get_by_role("row").filter(has_text="before a restore").get_by_text("good")).to_be_visible()
    assert_accessible(page)

    with page.expect_download() as download:
        row.get_by_role("link", name="Download before the update").click()
    assert download.value.suggested_filename == "before the update.tar.zst"


def test_locked_by_the_keyboard_it_is_not_deleted(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    page.goto(f"/dashboard/container/{container}/backups")
    page.get_by_role("button", name="Make a backup").click()
    row = page.locator("#backups tbody tr")
    expect(row.get_by_text("good")).to_be_visible()

    row.get_by_role("button", name=re.compile("Lock")).focus()
    page.keyboard.press("Enter")
    expect(row.get_by_text("locked")).to_be_visible()
    expect(row.get_by_role("button", name=re.compile("Delete"))).to_have_count(0)

    row.get_by_role("button", name=re.compile("Unlock")).click()
    row.get_by_role("button", name=re.compile("Delete")).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No backups yet")).to_be_visible()


def test_while_the_container_runs_a_restore_is_off_and_why_is_said(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    page.goto(f"/dashboard/container/{container}/backups")
    page.get_by_role("button", name="Make a backup").click()
    expect(page.locator("#backups").get_by_text("good")).to_be_visible()
    restore = page.get_by_role("button", name=re.compile("^Restore: "))
    expect(restore).to_be_enabled()

    lightd.start_and_wait(container)

    expect(restore).to_be_disabled()
    expect(restore).to_have_accessible_description(f"To restore a backup here, stop {container} first.")
    page.get_by_role("button", name="Stop").click()
    expect(restore).to_be_enabled()


@pytest.mark.expects_errors("422")
def test_a_schedule_shows_when_it_is_due(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    volume = lightd.http.post("/volumes", json={}).json()["id"]
    page.goto(f"/dashboard/volumes/{volume}/backups")
    foreseen = page.locator("#foreseen")
    expect(foreseen).to_contain_text("At 04:00 every day")

    page.get_by_label("When").fill("0 25 * * *")
    expect(foreseen).to_have_text("The hour cannot be read.")
    page.get_by_role("button", name="Add the schedule").click()
    expect(page.get_by_text("The hour cannot be read.")).to_be_visible()

    page.get_by_label("When").fill("30 4 * * MON")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Add the schedule").click()
    schedule = page.locator("#schedules .rows > li")
    expect(schedule).to_contain_text("At 04:30 on Monday")
    expect(schedule).to_contain_text("Europe/Berlin, keeps 7; next")

    schedule.get_by_role("button", name=re.compile("Pause")).click()
    expect(schedule).to_contain_text("paused")
