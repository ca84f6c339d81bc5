"""The audit trail, by what an administrator sees."""

import csv
import re

from playwright.sync_api import Page, expect

from tests.e2e.server import Lightd


def test_it_is_looked_through_and_taken_away(administrators_page: Page, lightd: Lightd) -> None:
    page, container = administrators_page, lightd.create()
    lightd.http.patch(f"/containers/{container}", json={"stop_timeout": 42})
    lightd.http.post(f"/containers/{container}/kill")
    page.goto("/dashboard/audit/")
    rows = page.locator("tbody").get_by_role("row")

    page.get_by_label("Target").fill(container)

    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("Cannot kill while container is stopped")
    expect(rows.nth(1)).to_contain_text(re.compile(r"stop_timeout\s*10 42"))
    page.get_by_label("Outcome").select_option("accepted")
    expect(rows).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    with download.value.path().open(newline="") as file:
        assert [row["action"] for row in csv.DictReader(file)] == ["container.settings", "container.create"]

    page.reload()
    expect(page.get_by_label("Target")).to_have_value(container)
    expect(rows).to_have_count(2)
    rows.last.get_by_role("link", name="admin").click()
    expect(page.get_by_label("User")).to_have_value("admin")
