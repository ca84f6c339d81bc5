"""A Docker engine that goes and comes back: no page claims meanwhile to know how things are."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.people import sign_in
from tests.browser.terminal import command_box, open_console, send
from tests.e2e.server import Lightd
from tests.e2e.serving import LightdFactory
from tests.engine import PrivateEngine

NOTICED = 15_000  # milliseconds: the supervisor looks every two seconds, the web as often
ECHO = "bash -c 'echo up; while read -r line; do echo \"you said <$line>\"; done'"


@pytest.fixture
def lightd(make_lightd: LightdFactory, own_engine: PrivateEngine) -> Lightd:
    return make_lightd(own_engine)


def test_every_page_says_so_while_the_engine_is_away(page: Page, lightd: Lightd, own_engine: PrivateEngine) -> None:
    sign_in(page, "admin", lightd.password)
    container = lightd.create(startup_command=ECHO)
    lightd.start_and_wait(container)
    table = page.context.new_page()
    table.goto("/dashboard/containers/")
    memory = table.locator("[data-usage=memory_usage]")
    expect(memory).to_contain_text("iB")
    screen = open_console(page, container)
    send(page, "hello")
    expect(screen).to_contain_text("you said <hello>")
    command_box(page).fill("half a comm")

    own_engine.kill()

    for each in page, table:
        expect(each.get_by_text("Docker engine unreachable for")).to_be_visible(timeout=NOTICED)
        expect(each.locator("[data-engine-away]")).to_contain_text("Docker engine unreachable for under 1 min")
        assert_accessible(each)
    expect(memory).to_have_text("–")
    expect(command_box(page)).to_be_disabled()
    expect(command_box(page)).to_have_value("half a comm")
    expect(page.locator("#command-why")).to_have_text("Docker engine unreachable")
    expect(page.locator("[data-figure=memory_usage]")).to_have_text("–")
    other = page.context.new_page()
    other.goto("/dashboard/new-container")
    expect(other.get_by_text("none can be made, started or stopped")).to_be_in_viewport()

    own_engine.start()

    for each in page, table, other:
        expect(each.locator("[data-engine-away]")).to_be_hidden(timeout=NOTICED)
