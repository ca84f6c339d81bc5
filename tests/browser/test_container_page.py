"""The page of one container: its head follows the state, its buttons ask for what the state allows."""

import json
import re

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.accessibility import assert_accessible
from tests.e2e.server import Lightd

DEAF = "exec bash -c 'trap \"\" TERM; echo deaf; while :; do sleep 0.1; done'"


def test_the_head_follows_the_state_and_the_buttons_act(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create(startup_command="bash -c 'trap \"exit 0\" TERM; echo up; while :; do sleep 0.1; done'")
    page.goto(f"/dashboard/container/{container}/")
    head = page.locator("#container-head")
    expect(head.get_by_text("ready")).to_be_visible()
    expect(head.get_by_role("button", name="Stop")).to_be_disabled()

    head.get_by_role("button", name="Start", exact=True).click()

    expect(head.get_by_text("running")).to_be_visible()
    expect(head.get_by_role("button", name="Start", exact=True)).to_be_disabled()

    head.get_by_role("button", name="Stop").click()

    expect(head.get_by_text("stopped")).to_be_visible()


def test_a_button_pressed_before_the_scripts_are_there_acts_once_they_are(
    administrators_page: Page, lightd: Lightd
) -> None:
    page = administrators_page
    container = lightd.create()
    held: list[Route] = []
    page.route("**/htmx.min.js", lambda route: held.append(route))
    page.goto(f"/dashboard/container/{container}/", wait_until="commit")
    head = page.locator("#container-head")

    head.get_by_role("button", name="Start", exact=True).click()

    page.wait_for_timeout(200)
    assert held
    assert lightd.state(container) == "ready"
    page.get_by_role("button", name="Account of admin").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()  # the browser's own work, which is not held
    held[0].continue_()
    expect(head.get_by_text("running")).to_be_visible()


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_button_that_is_pressed_while_the_page_changes_is_clicked(
    administrators_page: Page, lightd: Lightd, by: str
) -> None:
    page = administrators_page
    container = lightd.create()
    lightd.start_and_wait(container)
    page.goto(f"/dashboard/container/{container}/activity")
    stop = page.locator("#container-head").get_by_role("button", name="Stop")
    expect(stop).to_be_enabled()
    stop.focus()
    stop.hover()
    pressed = {"mouse": page.mouse.down, "keyboard": lambda: page.keyboard.down("Space")}
    let_go = {"mouse": page.mouse.up, "keyboard": lambda: page.keyboard.up("Space")}

    pressed[by]()
    with page.expect_response(re.compile(f"/container/{container}/head")) as anew:
        lightd.http.patch(f"/containers/{container}", json={"stop_timeout": 3}).raise_for_status()
    anew.value.finished()
    expect(page.locator("#activity tbody tr").first).to_contain_text("stop_timeout")  # a part that is not held up
    let_go[by]()

    expect(page.locator("#container-head").get_by_text("stopped")).to_be_visible()


def test_the_tab_of_the_browser_shows_the_state(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    page.goto(f"/dashboard/container/{container}/")
    icon = page.locator("link[rel=icon]")
    expect(page).to_have_title(f"ready · Console · {container} · Lightd")
    expect(icon).to_have_attribute("href", re.compile("/states/idle.svg$"))

    lightd.start_and_wait(container)

    expect(page).to_have_title(f"running · Console · {container} · Lightd")
    expect(icon).to_have_attribute("href", re.compile("/states/good.svg$"))


def test_on_a_phone_the_tab_that_is_shown_is_in_sight(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    page.set_viewport_size({"width": 375, "height": 812})
    page.goto(f"/dashboard/container/{lightd.create()}/danger")

    expect(page.get_by_role("link", name="Danger")).to_be_in_viewport(ratio=1)


def test_in_the_pause_before_a_restart_nothing_can_be_typed_and_stop_calls_it_off(
    administrators_page: Page, lightd: Lightd
) -> None:
    page = administrators_page
    container = lightd.create(startup_command="exit 3")
    lightd.http.patch(f"/containers/{container}", json={"restart_policy": "always"}).raise_for_status()
    page.goto(f"/dashboard/container/{container}/console")
    head = page.locator("#container-head")

    head.get_by_role("button", name="Start", exact=True).click()

    expect(head.get_by_text("(3 of 3)")).to_contain_text(re.compile(r"in \d+ s"))
    expect(head.get_by_text("restarting")).to_be_visible()
    expect(page.get_by_text("Nothing runs until it is restarted")).to_be_visible()
    assert_accessible(page)

    head.get_by_role("button", name="Stop").click()

    expect(head.get_by_text("stopped")).to_be_visible()


def test_one_that_starts_says_what_it_waits_for(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create(startup_command="bash -c 'echo Ready; sleep 300'", start_pattern="ready now")
    page.goto(f"/dashboard/container/{container}/console")
    head = page.locator("#container-head")

    head.get_by_role("button", name="Start", exact=True).click()

    expect(head.get_by_text("waits for")).to_contain_text("ready now")
    expect(page.locator(".xterm-rows")).to_contain_text("Ready")
    assert_accessible(page)
    head.get_by_role("link", name="Settings").click()
    expect(page.get_by_label("Sample output")).to_have_value(re.compile("Ready"))
    expect(page.get_by_text("no match")).to_be_visible()


@pytest.fixture
def deaf(lightd: Lightd) -> str:
    """A container that runs, and does not stop when it is asked to."""
    container = lightd.create(startup_command=DEAF, start_pattern="deaf")
    lightd.start_and_wait(container)
    return container


def test_what_one_agreed_to_is_done_though_the_head_was_put_anew_meanwhile(
    administrators_page: Page, lightd: Lightd, deaf: str
) -> None:
    page = administrators_page
    page.goto(f"/dashboard/container/{deaf}/statistics")
    head = page.locator("#container-head")
    head.get_by_role("button", name="Stop").click()
    head.get_by_role("button", name="Kill").click()
    with page.expect_response("**/head"):
        lightd.http.patch(f"/containers/{deaf}", json={"stop_timeout": 60}).raise_for_status()

    page.get_by_role("dialog").get_by_role("button", name="Kill").click()

    expect(head.get_by_text("stopped")).to_be_visible()
    expect(head.get_by_text("exit code 137")).to_be_visible()


def test_an_answer_that_was_overtaken_is_not_the_last(administrators_page: Page, lightd: Lightd, deaf: str) -> None:
    page = administrators_page
    sockets: list[WebSocketRoute] = []
    page.route_web_socket("**/live", lambda socket: sockets.append(socket))
    page.goto(f"/dashboard/container/{deaf}/statistics")
    page.evaluate("document.addEventListener('lightd:changed', () => (document.body.dataset.told = 'yes'))")

    def tell() -> None:
        page.evaluate("delete document.body.dataset.told")
        sockets[0].send(json.dumps({"event": "changed", "containers": [deaf]}))
        expect(page.locator("body")).to_have_attribute("data-told", "yes")

    def answer_late(route: Route) -> None:
        old = route.fetch()
        lightd.act(deaf, "kill")
        lightd.wait_state(deaf, "ready")
        tell()
        route.fulfill(response=old)

    page.route("**/head", answer_late, times=1)
    tell()

    expect(page.locator("#container-head").get_by_text("stopped")).to_be_visible()
