"""The list of containers: found, followed, and acted on, one or many."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import PersonFactory
from tests.browser.keyboard import tab_to
from tests.browser.network import Network
from tests.browser.watch import SERVER_AWAY
from tests.e2e.server import Lightd

LIST = "/dashboard/containers/"
SHIFTS = "() => window.shifts"
# All that moves, but for a figure's own text, which is as long as it is.
NOTE_SHIFTS = """
() => {
  window.shifts = [];
  const moved = ({ node }) => node?.parentElement?.matches("[data-usage]") ? [] : [node?.parentElement?.outerHTML];
  new PerformanceObserver((list) => {
    for (const { sources } of list.getEntries()) window.shifts.push(...sources.flatMap(moved));
  }).observe({ type: "layout-shift" });
}
"""
TWO_HUNDRED = """
from accounts.models import User
from containers.models import Container
from volumes.models import Volume
owner = User.objects.get(username="admin")
Container.objects.bulk_create(
    Container(internal_id=f"row-{number:03d}", owner=owner, volume=volume, image="debian", startup_command="true",
              state="ready", installed=True)
    for number, volume in enumerate(Volume.objects.bulk_create(Volume(owner=owner) for _ in range(200)))
)
"""
AND_GONE = """
from containers.models import Container
from volumes.models import Volume
rows = Container.objects.filter(internal_id__startswith="row-")
volumes = list(rows.values_list("volume", flat=True))
rows.delete()
Volume.objects.filter(pk__in=volumes).delete()
"""


@pytest.fixture
def two_hundred(lightd: Lightd) -> Iterator[list[str]]:
    """The names of so many containers, which are rows and nothing else."""
    lightd.manage("shell", "-v", "0", "-c", TWO_HUNDRED)
    yield [f"row-{number:03d}" for number in range(200)]
    lightd.manage("shell", "-v", "0", "-c", AND_GONE)


def row(page: Page, container: str) -> Locator:
    return page.locator(f'tr[data-container="{container}"]')


def select(page: Page, *containers: str) -> None:
    for container in containers:
        page.get_by_label(f"Select {container}").check()


def bulk(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Selected containers").get_by_role("button", name=re.compile(f"^{name}"))


def test_an_empty_list_leads_to_the_first_container(as_user: PersonFactory) -> None:
    page = as_user("new").page
    page.goto(LIST)
    expect(page.get_by_text("No containers yet")).to_be_visible()
    assert_accessible(page)

    page.get_by_role("link", name="Create the first one").click()

    expect(page).to_have_url(re.compile("/dashboard/new-container$"))


def test_a_row_follows_its_container(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create(lightd.fresh_id("a.b"), limits={"memory": 64 << 20, "cpu": 0.5})
    page.goto(f"{LIST}?search={container}")
    page.evaluate(NOTE_SHIFTS)
    mine = row(page, container)
    expect(mine.get_by_text("ready")).to_be_visible()
    expect(mine.get_by_role("button", name=f"Stop {container}", exact=True)).to_be_disabled()

    mine.get_by_role("button", name=f"Start {container}", exact=True).click()

    expect(mine.get_by_text("running")).to_be_visible()
    expect(mine.get_by_role("button", name=f"Start {container}", exact=True)).to_be_disabled()
    expect(mine.locator("[data-usage=memory_usage]")).to_contain_text("iB")
    expect(mine.locator("polyline").last).to_have_attribute("points", re.compile(r"\d+\.\d,\d+"))
    expect(mine.get_by_role("meter").last).to_have_js_property("max", 100)
    expect(page).to_have_title("1 running · Containers · Lightd")
    expect(page.locator("#count-running")).to_have_text("1")
    assert page.evaluate(SHIFTS) == []

    mine.get_by_role("button", name=f"Stop {container}", exact=True).focus()
    lightd.act(container, "kill")

    expect(mine.get_by_text("stopped")).to_be_visible()
    expect(mine.locator("[data-usage=memory_usage]")).to_have_text("–")
    assert mine.evaluate("row => row.contains(document.activeElement)"), "the focus stays in the row"
    lightd.http.delete(f"/containers/{container}")
    expect(mine).to_have_count(0)


def test_what_is_asked_for_is_in_the_address(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    web, mail = lightd.create(lightd.fresh_id("sought-web")), lightd.create(lightd.fresh_id("sought-mail"))
    page.goto(f"{LIST}?search=sought")
    expect(row(page, mail)).to_be_visible()

    page.get_by_role("searchbox").press("End")
    page.get_by_role("searchbox").press_sequentially("-WEB")
    expect(row(page, mail)).to_have_count(0)
    expect(row(page, web)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?search=sought-WEB$"))
    expect(page.get_by_role("searchbox")).to_be_focused()

    page.locator("#chip-ready").click()
    expect(page.locator("#chip-ready")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="State").click()
    expect(page.get_by_role("columnheader", name="State")).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_label("Sort by")).to_have_value("state")
    expect(page).to_have_url(re.compile(r"/\?search=sought-WEB&state=ready&sort=state$"))

    page.locator("#chip-failed").click()
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.go_back()
    expect(row(page, web)).to_be_visible()
    expect(page.locator("#chip-ready")).to_have_attribute("aria-current", "true")

    page.locator("#chip-failed").click()
    page.get_by_role("link", name="Show all containers").click()
    expect(page).to_have_url(re.compile(f"{LIST}$"))
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_many_are_acted_on_at_once(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    names = sorted(lightd.create(lightd.fresh_id("many")) for _ in range(3))  # as the list has them
    page.goto(f"{LIST}?search=many")
    page.get_by_label(f"Select {names[0]}").check()
    page.get_by_label(f"Select {names[2]}").click(modifiers=["Shift"])
    expect(page.get_by_text("3 selected")).to_be_visible()
    expect(bulk(page, "Stop")).to_be_disabled()

    bulk(page, "Start 3").click()

    expect(page.get_by_text("Starting 3 containers")).to_be_visible()
    for name in names:
        expect(row(page, name).get_by_text("running")).to_be_visible()
        expect(page.get_by_label(f"Select {name}")).to_be_checked()
    assert_accessible(page)

    page.get_by_label(f"Select {names[0]}").uncheck()
    bulk(page, "Kill 2").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Kill these 2 containers?")
    expect(question.get_by_role("listitem")).to_have_text(names[1:])
    question.get_by_role("button", name="Cancel").click()
    expect(row(page, names[1]).get_by_text("running")).to_be_visible()

    bulk(page, "Delete 2").click()
    question.get_by_role("button", name="Delete 2 containers").click()

    expect(page.get_by_text("Deleted 2 containers")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert lightd.in_docker(names[1]) == lightd.in_docker(names[2]) == []
    assert lightd.state(names[0]) == "running"


@pytest.mark.expects_errors("status of 409")
def test_each_refusal_is_said_in_the_apis_own_sentence(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    names = [lightd.create(lightd.fresh_id("refuse")) for _ in range(2)]
    page.goto(f"{LIST}?search=refuse")
    select(page, *names)
    # A click that comes before the news that somebody else was first: the rows are never answered.
    page.route("**/containers/rows*", lambda route: None)
    lightd.start_and_wait(names[1])

    bulk(page, "Start 2").click()

    expect(page.get_by_text(f"{names[1]}: Cannot start while container is running")).to_be_visible()
    expect(page.get_by_text("Starting 1 of 2 containers")).to_be_visible()


@pytest.mark.expects_errors("Cannot read properties of undefined")
def test_a_mistake_of_the_page_is_not_shown_as_a_refusal(administrators_page: Page, lightd: Lightd) -> None:
    page, container = administrators_page, lightd.create(lightd.fresh_id("mistake"))
    page.goto(f"{LIST}?search=mistake")
    page.evaluate("window.fetch = async () => undefined")

    with page.expect_event("pageerror"):
        row(page, container).get_by_role("button", name=f"Start {container}", exact=True).click()
    select(page, container)
    with page.expect_event("pageerror"):
        bulk(page, "Start 1").click()

    expect(page.get_by_text("undefined")).to_have_count(0)
    expect(bulk(page, "Start 1")).to_be_visible()


def test_it_needs_no_mouse(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create(lightd.fresh_id("keys"))
    page.goto(f"{LIST}?search=keys")
    tab_to(page, page.get_by_label(f"Select {container}"))
    page.keyboard.press("Space")
    tab_to(page, bulk(page, "Start 1"))
    page.keyboard.press("Enter")
    expect(row(page, container).get_by_text("running")).to_be_visible()

    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Containers, actions and pages")).to_be_focused()
    page.keyboard.type(f"kill {container}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text(f"Kill {container}?")
    tab_to(page, page.get_by_role("button", name="Kill", exact=True))
    page.keyboard.press("Enter")

    expect(row(page, container).get_by_text("stopped")).to_be_visible()


def test_two_hundred_rows_follow_without_anything_moving(administrators_page: Page, two_hundred: list[str]) -> None:
    page = administrators_page
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    page.route_web_socket(re.compile("/live$"), between)
    page.goto(f"{LIST}?search=row-&rows=200")
    expect(page.locator("html[data-live=on]")).to_be_attached()
    expect(page.locator("tbody tr")).to_have_count(200)
    page.evaluate(NOTE_SHIFTS)

    for second in (1, 2, 3):
        figures = {
            name: {"cpu_usage": 33.3 * second + number, "memory_usage": number << 10 * second}
            for number, name in enumerate(two_hundred)
        }
        sockets[-1].send(json.dumps({"event": "stats", "containers": figures}))
        expect(row(page, two_hundred[-1]).locator("[data-usage=cpu_usage]")).to_have_text(
            f"{33.3 * second + 199:.0f} %"
        )
    sockets[-1].send(json.dumps({"event": "changed", "containers": two_hundred}))

    # As the server says: none of them runs.
    expect(page.locator("[data-usage=cpu_usage]", has_text="–")).to_have_count(200)
    assert page.evaluate(SHIFTS) == []


def test_one_tab_too_many_waits_and_asks_for_its_rows_when_it_is_let_in(
    administrators_page: Page, lightd: Lightd
) -> None:
    page = administrators_page
    container = lightd.create(lightd.fresh_id("crowd"))
    refused: list[WebSocketRoute] = []
    asked: list[str] = []

    def refuse_two(socket: WebSocketRoute) -> None:
        if len(refused) == 2:
            socket.connect_to_server()
        else:
            refused.append(socket)
            socket.close(code=4429, reason="You already have 100 sockets open, which is the most")

    page.route_web_socket(re.compile("/live$"), refuse_two)
    page.on("request", lambda request: asked.append(request.url) if "/containers/rows" in request.url else None)
    page.clock.install(time=0)
    page.clock.pause_at(1)
    page.goto(f"{LIST}?search={container}")
    for attempt in (1, 2):
        expect(page.locator("html[data-live=off]")).to_be_attached()
        page.clock.run_for(4900)
        assert (len(refused), asked) == (attempt, [])
        page.evaluate("document.documentElement.dataset.live = 'unknown'")
        page.clock.run_for(200)

    expect(page.locator("html[data-live=on]")).to_be_attached()
    with page.expect_request(re.compile("/containers/rows")):
        page.clock.run_for(5000)


@pytest.mark.expects_errors(*SERVER_AWAY)
def test_it_is_not_up_to_date_while_the_server_is_away(
    administrators_page: Page, lightd: Lightd, network: Network
) -> None:
    page = administrators_page
    container = lightd.create(lightd.fresh_id("away"))
    page.goto(f"{LIST}?search={container}")
    expect(page.locator("html[data-live=on]")).to_be_attached()

    network.cut()
    try:
        page.locator(f"#start-{container}").click()
        expect(page.get_by_text(f"{container}: The server does not answer")).to_be_visible()
        expect(page.get_by_text("Not up to date: the server does not answer")).to_be_visible()
    finally:
        network.mend()

    expect(page.get_by_text("Not up to date")).to_be_hidden()
    expect(page.locator("#toasts")).to_be_empty()


@pytest.mark.expects_errors("status of 401")
def test_whoever_is_signed_out_meanwhile_is_led_to_sign_in(signed_in_page: Page, lightd: Lightd) -> None:
    page = signed_in_page
    container = lightd.create(lightd.fresh_id("left"))
    page.goto(f"{LIST}?search=left")
    page.context.clear_cookies(name="sessionid")

    page.locator(f"#start-{container}").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
