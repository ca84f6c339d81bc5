"""Making a container and watching it install, by what a person sees."""

import re
import subprocess

import pytest
from playwright.sync_api import APIResponse, Locator, Page, Route, WebSocketRoute, expect

from tests.browser.keyboard import tab_to
from tests.e2e.server import Lightd
from tests.engine import IMAGE

# Goes on when the test says so, which may see everything before that.
SCRIPT = "#!/bin/sh\npart=one; echo part $part\nuntil [ -e go ]; do sleep 0.05; done\necho part three\n"
# Fails the first time, for want of what the first time leaves in the volume.
FAILS_ONCE = "#!/bin/sh\nset -e\necho looking\ntest -e been-here || { touch been-here; exit 3; }\necho found\n"


def terminal(page: Page) -> Locator:
    return page.locator("#install-output .xterm-rows")


def fill(page: Page, name: str) -> None:
    page.goto("/dashboard/new-container")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Image", exact=True).fill(IMAGE)
    page.get_by_label("Startup command").fill("sleep infinity")


def test_a_container_is_made_and_its_installation_watched(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    (port,) = lightd.port_range(1)
    name = lightd.fresh_id("made")
    fill(page, name)
    page.get_by_role("button", name="Add a port").click()
    row = page.get_by_role("group", name="Port 1")
    expect(row.get_by_label("Container port")).to_be_focused()
    page.keyboard.type("3000")
    row.get_by_label("Host port").fill(str(port))
    page.get_by_role("button", name="1 GiB").click()
    page.get_by_role("button", name="1 core", exact=True).click()
    page.locator(".cm-content").fill(SCRIPT)
    expect(page.get_by_label("The same by curl")).to_contain_text('"memory": 1073741824')
    expect(page.get_by_label("The same by curl")).to_contain_text("part $part")

    page.get_by_role("button", name="Create and install").click()

    expect(page.get_by_role("heading", name="Installing")).to_be_visible()
    page.locator("#install-output").scroll_into_view_if_needed()  # xterm.js draws what can be seen
    expect(terminal(page)).to_contain_text("part one")
    expect(page.locator("#installation li").filter(has_text="Install script")).to_contain_text("now")
    (lightd.files(name) / "go").touch()
    expect(page.get_by_role("heading", name="Installed")).to_be_visible()
    expect(terminal(page)).to_contain_text("part three")
    expect(page.locator("#container-head").get_by_text("ready")).to_be_visible()
    made = lightd.get(name)
    assert made["limits"] == {"memory": 1 << 30, "cpu": 1.0}
    assert [(each["container_port"], each["host_port"]) for each in made["ports"]] == [(3000, port)]

    page.reload()

    page.locator("#install-output").scroll_into_view_if_needed()
    expect(terminal(page)).to_contain_text("part three")


def test_the_output_of_an_installation_comes_also_when_there_was_no_place_for_its_socket_at_first(
    administrators_page: Page, lightd: Lightd
) -> None:
    page = administrators_page
    refusals: list[int] = []

    def crowded_once(socket: WebSocketRoute) -> None:
        if refusals:
            socket.connect_to_server()
            return
        refusals.append(4429)
        socket.close(code=4429, reason="You have 20 sockets open; close one first")

    page.route_web_socket(re.compile("/ws/"), crowded_once)
    container = lightd.create(install_script="echo begun; exec sleep infinity", wait="installing")

    page.goto(f"/dashboard/container/{container}/install")

    page.locator("#install-output").scroll_into_view_if_needed()
    expect(terminal(page)).to_contain_text("begun")
    expect(page.get_by_role("heading", name="Installing")).to_be_visible()
    assert refusals == [4429]


def test_a_late_log_of_the_last_installation_does_not_replace_the_next_one(
    administrators_page: Page, lightd: Lightd
) -> None:
    page = administrators_page
    container = lightd.create(install_script="echo old")
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/install/output", lambda route: late.append((route, route.fetch())))
    page.goto(f"/dashboard/container/{container}/install")
    page.locator("#install-output").scroll_into_view_if_needed()
    lightd.act(container, "reinstall", install_script="echo new; until test -e go-on; do sleep 0.1; done; echo newer")
    expect(terminal(page)).to_contain_text("new")

    route, answer = late.pop()
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/install/output")):
        route.fulfill(response=answer)
    (lightd.files(container) / "go-on").touch()

    expect(terminal(page)).to_contain_text("newer")
    expect(terminal(page)).not_to_contain_text("old")


def test_a_script_that_fails_says_why_and_is_tried_again(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create(install_script=FAILS_ONCE, wait="failed")
    page.goto(f"/dashboard/container/{container}/install")
    installation = page.locator("#installation")
    expect(installation.get_by_role("heading", name="Not installed")).to_be_visible()
    failed = installation.get_by_role("listitem").filter(has_text="The install script failed with exit code 3")
    expect(failed).to_contain_text("failed")
    expect(terminal(page)).to_contain_text("looking")
    expect(page.locator("#install-said")).to_contain_text("exit code 3")

    installation.get_by_role("button", name="Retry").click()

    expect(installation.get_by_role("heading", name="Installed")).to_be_visible()
    expect(terminal(page)).to_contain_text("found")
    expect(page.get_by_role("button", name="Reinstall")).to_be_enabled()


def test_a_reinstall_asks_first_and_another_script_can_be_killed(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    page.goto(f"/dashboard/container/{container}/install")
    page.locator(".cm-content").fill("#!/bin/sh\necho waiting\nsleep 60\n")
    page.get_by_role("button", name="Reinstall").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Its volume is kept")

    question.get_by_role("button", name="Reinstall").click()

    expect(terminal(page)).to_contain_text("waiting")
    expect(page.get_by_role("button", name="Reinstall")).to_be_disabled()
    page.get_by_role("button", name="Kill").click()
    question.get_by_role("button", name="Kill").click()
    expect(page.locator("#installation")).to_contain_text("The install script was killed (exit code 137)")
    expect(page.get_by_role("button", name="Retry")).to_be_enabled()


def test_it_needs_no_mouse(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    name = lightd.fresh_id("keys")
    page.goto("/dashboard/new-container")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(name)
    tab_to(page, page.get_by_label("Image", exact=True))
    page.keyboard.type(IMAGE)
    tab_to(page, page.get_by_label("Startup command"))
    page.keyboard.type("sleep infinity")
    tab_to(page, page.get_by_role("button", name="Add a port"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Port 1").get_by_label("Container port")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Remove port 1"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Add a port")).to_be_focused()
    tab_to(page, page.locator(".cm-content"))
    page.keyboard.type("echo by keyboard")
    page.keyboard.press("Escape")  # what is suggested
    page.keyboard.press("Escape")  # the editor
    tab_to(page, page.get_by_role("button", name="Create and install"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Installed")).to_be_visible()
    expect(terminal(page)).to_contain_text("by keyboard")


def test_enter_in_a_field_creates_and_does_not_remove_a_port(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    fill(page, lightd.fresh_id("enter"))
    page.get_by_role("button", name="Add a port").click()
    expect(page.get_by_role("group", name="Port 1")).to_be_visible()

    page.get_by_label("Name", exact=True).press("Enter")

    expect(page.get_by_role("heading", name="Installed")).to_be_visible()
    expect(page.locator("#container-head").get_by_role("button", name="127.0.0.1:")).to_be_visible()


@pytest.mark.expects_errors("status of 409")
def test_a_name_that_is_taken_is_said_beside_it_and_nothing_is_lost(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    taken = lightd.create()
    fill(page, taken)
    page.locator(".cm-content").fill("echo kept")

    page.get_by_role("button", name="Create and install").click()

    expect(page.get_by_label("Name", exact=True)).to_have_accessible_description(
        re.compile("Container already exists$")
    )
    expect(page.locator(".cm-content")).to_contain_text("echo kept")


@pytest.mark.expects_errors("status of 400")
def test_what_is_wrong_further_down_is_come_to_and_not_said_any_more_once_it_is_mended(
    administrators_page: Page, lightd: Lightd
) -> None:
    page = administrators_page
    fill(page, lightd.fresh_id("wrong"))
    memory, cpu = page.get_by_label("Memory", exact=True), page.get_by_label("CPU", exact=True)
    memory.fill("1")
    cpu.fill("1000")

    page.get_by_role("button", name="Create and install").click()

    expect(memory).to_be_focused()
    expect(memory).to_have_accessible_description(re.compile("At least"))
    expect(memory).to_be_in_viewport()
    page.get_by_role("alert").get_by_role("link", name="CPU").click()
    expect(cpu).to_be_focused()
    page.get_by_role("button", name="1 GiB").click()
    expect(memory).to_have_accessible_description("")
    expect(page.locator("#id_memory_error")).to_be_hidden()
    expect(page.locator("#id_cpu_error")).to_be_visible()


def test_a_pattern_is_tried_while_it_is_typed(administrators_page: Page) -> None:
    page = administrators_page
    page.goto("/dashboard/new-container")
    page.get_by_label("Start pattern").fill(r"port \d+")
    page.get_by_text("Try it on some output").click()
    page.get_by_label("Sample output").fill("[12:00] Listening on port 25565\n")
    result = page.locator("#try-result")

    expect(result.locator("mark")).to_have_text("port 25565")

    page.get_by_label("Start pattern").fill("(?=port)")
    expect(result).to_contain_text("Invalid start_pattern: invalid perl operator")

    page.get_by_label("Start pattern").fill("Done")
    expect(result).to_contain_text("no match")


def test_the_call_that_is_shown_does_the_same(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    name = lightd.fresh_id("curl")
    fill(page, name)
    page.get_by_label("Startup command").fill("echo 'it works'\nsleep infinity")
    call = page.locator("#call-text")
    expect(call).to_contain_text("it works")

    answer = subprocess.run(
        ["bash", "-c", f"{call.text_content()} --silent --show-error"],
        env={"TOKEN": lightd.token, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Container creation started" in answer.stdout
    assert lightd.wait_state(name, "ready")["startup_command"] == "echo 'it works'\nsleep infinity"
