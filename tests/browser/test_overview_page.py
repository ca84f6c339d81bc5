"""The first page, in a browser: it keeps itself true, and holds still while it does."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PersonFactory
from tests.browser.samples import add_samples
from tests.e2e.server import Lightd

# What moved, and how far, as the browser itself notes it.
SHIFTS = """() => new Promise((resolve) => {
  const moved = ({ value, sources }) => [value, ...sources.map(({ node }) => node?.outerHTML)];
  const told = (list) => resolve(list.getEntries().map(moved));
  new PerformanceObserver(told).observe({ type: "layout-shift", buffered: true });
  setTimeout(resolve, 500, []);
})"""
SOON = 30_000  # milliseconds: what nobody watches yet is seen when the page asks again
PARTS = re.compile("/dashboard/overview/parts$")


def tally(page: Page, state: str) -> int:
    return int(page.locator(f"#tally-{state} .tally-number").inner_text())


def test_what_happens_is_seen_without_a_reload(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    page.goto("/")
    running = tally(page, "running")
    happened = page.locator("#part-events > li").first
    expect(happened).to_contain_text(container)

    lightd.act(container, "start")

    expect(page.locator("#tally-running .tally-number")).to_have_text(str(running + 1))
    expect(page.locator("#part-events > li").first).to_contain_text("Running")

    lightd.act(container, "kill")

    expect(page.locator("#tally-running .tally-number")).to_have_text(str(running))


def test_an_installation_is_followed(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    page.goto("/")
    container = lightd.create(install_script="sleep 60", wait=None)
    installation = page.locator("#part-installs > li").filter(has_text=container)

    expect(installation).to_contain_text("Running the install script", timeout=SOON)

    lightd.act(container, "kill")

    expect(installation).to_have_count(0, timeout=SOON)
    expect(page.locator("#part-events > li").first).to_contain_text(container)


def test_it_holds_still_and_keeps_the_focus_while_it_is_asked_for_again(
    administrators_page: Page, lightd: Lightd
) -> None:
    page = administrators_page
    lightd.create()
    page.goto("/")
    expect(page.locator("#bar-memory meter")).to_be_visible()
    page.locator("#tally-ready").focus()

    for _ in range(2):
        with page.expect_response(PARTS):
            pass

    expect(page.locator("#tally-ready")).to_be_focused()
    assert page.evaluate(SHIFTS) == []


@pytest.mark.expects_errors("ERR_FAILED", "htmx:sendError", "htmx:afterRequest")
def test_it_says_when_it_is_no_longer_up_to_date(administrators_page: Page) -> None:
    page = administrators_page
    page.goto("/")
    page.route(PARTS, lambda route: route.abort())
    stale = page.get_by_text("Not up to date: the server does not answer")

    expect(stale).to_be_visible(timeout=SOON)
    expect(page.locator("#toasts")).to_be_empty()

    page.unroute(PARTS)

    expect(stale).to_be_hidden(timeout=SOON)


def test_the_host_over_time_is_a_picture_and_a_table(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    add_samples(lightd, None)
    page.goto("/")

    chart = page.get_by_role("img", name=re.compile(r"^CPU: Average [\d.]+ now"))
    expect(chart).to_be_visible()
    expect(chart.locator("canvas")).to_be_visible()

    page.get_by_text("Memory as a table").click()
    table = page.get_by_role("region", name="Memory").get_by_role("table")
    expect(table.get_by_text("139 MiB")).to_be_visible()

    page.get_by_role("link", name="24h").click()

    expect(page).to_have_url(re.compile(r"/\?window=24h$"))
    expect(page.get_by_role("img", name=re.compile("^CPU: Average"))).to_be_visible()


def test_someone_who_is_new_sees_what_to_do_first(as_user: PersonFactory) -> None:
    page = as_user("newcomer").page

    page.goto("/")

    expect(page.get_by_text("Create your first container")).to_be_visible()
    expect(page.get_by_role("heading", name="Your quota")).to_be_visible()
    expect(page.get_by_role("heading", name="Host")).to_have_count(0)
