"""The statistics of a container, in a browser."""

import re

from playwright.sync_api import Page, expect

from tests.browser.samples import add_samples
from tests.e2e.server import Lightd

BUSY = "bash -c 'while :; do head -c 1000000 /dev/zero > /home/container/data; sleep 0.2; done'"
A_RATE = re.compile(r"^[\d.]+ [KM]?i?B/s$")


def test_figures_of_now_come_by_themselves_and_end_with_the_process(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create(startup_command=BUSY, limits={"memory": 256 << 20, "cpu": 0.5})
    page.goto(f"/dashboard/container/{container}/statistics")
    figures = page.locator("#figures")
    expect(figures).to_contain_text("It does not run now")

    lightd.act(container, "start")

    expect(figures.locator("[data-usage=memory_usage]")).to_contain_text("iB")
    expect(figures.locator("[data-rate=block_write]")).to_have_text(A_RATE)
    expect(figures.locator("[data-rate=network_rx]")).to_have_text(A_RATE)
    expect(figures).to_contain_text("of 50 %, 0.5 cores")
    assert float(figures.get_by_label("Memory, of its limit").evaluate("meter => meter.value")) > 0

    lightd.act(container, "kill")

    expect(figures).to_contain_text("It does not run now")
    expect(figures.locator("[data-usage]")).to_have_count(0)


def test_the_past_is_five_charts_each_with_its_table(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create(limits={"memory": 256 << 20})
    add_samples(lightd, container)
    page.goto(f"/dashboard/container/{container}/statistics")

    for name in (
        "CPU: Average 25.0 % now, at most 59.0 %; Highest 65.0 % now, at most 99.0 %",
        "Memory: Used 105 MiB now, at most 139 MiB; limit 256 MiB",
        "Network: In 1.0 KiB/s now, at most 1.0 KiB/s; Out 2.0 KiB/s now, at most 2.0 KiB/s",
        "Disk: Read 0 B/s now, at most 0 B/s; Written 1.0 MiB/s now, at most 1.0 MiB/s",
        "Volume size: Used 300 MiB now, at most 300 MiB",
    ):
        expect(page.get_by_role("img", name=name)).to_be_visible()

    page.get_by_text("Network as a table").click()
    rows = page.get_by_role("region", name="Network").get_by_role("row")
    expect(rows).to_have_count(36)
    expect(rows.nth(1)).to_contain_text("1.0 KiB/s")


def test_where_nothing_was_measured_it_says_so(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    page.goto(f"/dashboard/container/{container}/statistics")
    expect(page.get_by_text("Nothing was measured in this time")).to_have_count(5)

    add_samples(lightd, container, begin=90, end=100)
    page.get_by_role("link", name="24h").click()

    expect(page).to_have_url(re.compile(r"\?window=24h$"))
    expect(page.get_by_role("img", name="Volume size: Used 300 MiB now")).to_be_visible()
    expect(page.get_by_text("Nothing was measured in this time").first).to_be_hidden()


def test_a_value_is_read_with_the_pointer(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    add_samples(lightd, container)
    page.goto(f"/dashboard/container/{container}/statistics")
    chart = page.get_by_role("img", name=re.compile("^CPU: Average"))
    expect(chart.locator(".chart-values span").first).to_be_visible()

    chart.locator(".u-over").hover()

    expect(chart.locator(".chart-values")).to_have_text(
        re.compile(r"Average \d+\.\d %\s*Highest \d+\.\d %\s*\d+ \w+, \d\d:\d\d$")
    )
