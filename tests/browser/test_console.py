"""The console of a container, by what a person sees and does there."""

import json
import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import PersonFactory
from tests.browser.keyboard import tab_to
from tests.browser.terminal import command_box, open_console, send
from tests.e2e.server import Lightd

# Answers what it is told; a few words have a meaning.
TALKER = r"""bash -c '
    printf "\e[32mgreen\e[0m server is up\n"
    while read -r line; do
        case $line in
            crash) exit 3 ;;
            ask) printf "\e[c\e[6n\e]11;?\a" ;;
            count*) for i in $(seq 1 ${line#count }); do echo "row $i of it"; done ;;
        esac
        echo "you said <$line>"
    done
'"""


@pytest.fixture(scope="module")
def talker(lightd: Lightd) -> str:
    container = lightd.create(lightd.fresh_id("talker"), startup_command=TALKER)
    lightd.start_and_wait(container)
    return container


def test_one_types_and_reads_the_answer_and_sees_it_crash(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create(startup_command=TALKER)
    screen = open_console(page, container)
    expect(page.get_by_text("Nothing runs: start it first")).to_be_visible()

    page.get_by_role("button", name="Start", exact=True).click()
    expect(screen).to_contain_text("green server is up")
    send(page, "hello")
    expect(screen).to_contain_text("you said <hello>")
    expect(command_box(page)).to_have_value("")

    command_box(page).fill("half a command")
    lightd.socket(container).command("crash")

    expect(screen).to_contain_text("lightd: Crashed: the process exited with code 3")
    expect(page.locator("#container-head")).to_contain_text("crashed")
    expect(page.locator("#container-head")).to_contain_text("exit code 3")
    expect(command_box(page)).to_be_disabled()
    expect(page.get_by_text("Nothing runs: start it first")).to_be_visible()
    expect(command_box(page)).to_have_value("half a command")
    expect(command_box(page)).to_have_css("color", "rgba(0, 0, 0, 0)")  # the reason stands there now


def test_a_command_that_was_refused_need_not_be_typed_again(administrators_page: Page, talker: str) -> None:
    page = administrators_page
    error = json.dumps({"event": "daemon_message", "data": "Error: the console takes no input now"})

    def refuse(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda said: socket.send(error) if "send_command" in str(said) else server.send(said))

    page.route_web_socket("**/ws/**", refuse)
    screen = open_console(page, talker)

    send(page, "save-all")

    expect(screen).to_contain_text("the console takes no input now")
    expect(command_box(page)).to_have_value("save-all")


def test_what_was_printed_before_is_there_and_asks_nobody_anything(administrators_page: Page, talker: str) -> None:
    page = administrators_page
    screen = open_console(page, talker)
    expect(screen.locator("span", has_text="green").first).to_have_css("color", "rgb(23, 107, 52)")
    send(page, "ask")
    expect(screen).to_contain_text("you said <ask>")

    page.reload()
    send(page, "after")

    # A terminal that answered would have typed before us.
    expect(screen).to_contain_text("you said <after>")


def test_it_follows_until_one_scrolls_up_and_then_says_what_came(
    administrators_page: Page, lightd: Lightd, talker: str
) -> None:
    page = administrators_page
    screen = open_console(page, talker)
    send(page, "count 200")
    expect(screen).to_contain_text("you said <count 200>")

    page.locator(".xterm-screen").hover()
    page.mouse.wheel(0, -600)
    expect(page.get_by_role("button", name="To the end")).to_be_visible()
    before = screen.inner_text()
    lightd.socket(talker).command("count 40")

    more = page.get_by_role("button", name="new lines")
    expect(more).to_contain_text("42 new lines")  # with what was typed, and the answer
    assert screen.inner_text() == before
    more.click()
    expect(screen).to_contain_text("you said <count 40>")
    expect(more).to_be_hidden()


def test_search_finds_what_is_scrolled_away(administrators_page: Page, talker: str) -> None:
    page = administrators_page
    screen = open_console(page, talker)
    send(page, "count 300")
    expect(screen).to_contain_text("you said <count 300>")

    page.keyboard.press("Control+f")
    box = page.get_by_role("searchbox", name="Search the console")
    expect(box).to_be_focused()
    page.keyboard.type("row 7 of")
    expect(screen).to_contain_text("row 7 of it")
    found = page.locator("[data-found]")
    expect(found).to_contain_text(" of ")
    box.fill("row 30")
    latest = found.inner_text()
    page.get_by_role("button", name="Previous").click()
    expect(found).not_to_have_text(latest)

    box.fill("no such thing")
    expect(found).to_have_text("Nothing found")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(page.locator("[data-open-search]")).to_be_focused()


def test_commands_are_recalled_and_can_be_forgotten(administrators_page: Page, talker: str) -> None:
    page = administrators_page
    open_console(page, talker)
    for command in ("first", "second", "first"):
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            send(page, command)

    page.reload()
    expect(command_box(page)).to_be_enabled()
    with page.expect_response("**/console/commands"):
        command_box(page).focus()
    command_box(page).fill("half written")
    page.keyboard.press("ArrowUp")
    expect(command_box(page)).to_have_value("first")
    page.keyboard.press("ArrowUp")
    expect(command_box(page)).to_have_value("second")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(command_box(page)).to_have_value("half written")

    page.get_by_role("button", name="Forget commands").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(page.get_by_text("The commands that you typed here are forgotten")).to_be_visible()
    command_box(page).fill("")
    command_box(page).press("ArrowUp")
    expect(command_box(page)).to_have_value("")


def test_a_selection_is_copied(administrators_page: Page, talker: str) -> None:
    page = administrators_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen = open_console(page, talker)
    send(page, "copyme")
    expect(screen).to_contain_text("you said <copyme>")

    line = screen.locator("> div", has_text="you said <copyme>").last.bounding_box()
    assert line
    page.mouse.dblclick(line["x"] + 100, line["y"] + 5)
    page.keyboard.press("Control+c")

    assert page.evaluate("navigator.clipboard.readText()") == "<copyme>"


def test_it_needs_no_mouse_and_says_more_to_a_screen_reader(administrators_page: Page, talker: str) -> None:
    page = administrators_page
    open_console(page, talker)
    tab_to(page, page.get_by_role("button", name="Screen reader"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Screen reader")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.get_by_role("button", name="Screen reader")).to_have_attribute("aria-pressed", "true")
    expect(command_box(page)).to_be_enabled()

    page.get_by_label(f"Console of {talker}").focus()
    tab_to(page, command_box(page))  # from the terminal, too
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")

    expect(page.locator(".xterm-accessibility-tree")).to_contain_text("you said <by keyboard>")
    assert_accessible(page)


def test_who_may_only_read_sees_it_and_cannot_type(lightd: Lightd, as_user: PersonFactory, talker: str) -> None:
    reader = as_user("reader")
    rights = {"permissions": ["console.read"]}
    lightd.http.put(f"/containers/{talker}/grants/{reader.username}", json=rights).raise_for_status()

    screen = open_console(reader.page, talker)
    lightd.socket(talker).command("to the reader")

    expect(screen).to_contain_text("you said <to the reader>")
    expect(reader.page.get_by_text("You may read this console, and not type into it.")).to_be_visible()
    expect(command_box(reader.page)).to_have_count(0)

    lightd.http.delete(f"/containers/{talker}/grants/{reader.username}").raise_for_status()

    expect(reader.page.get_by_text("You may not watch this container any more")).to_be_visible()


def test_what_it_uses_is_beside_it(administrators_page: Page, talker: str) -> None:
    page = administrators_page
    page.set_viewport_size({"width": 1440, "height": 900})
    open_console(page, talker)

    for name in ("CPU", "Memory", "Network", "Disk"):
        expect(page.locator(".console-usage .card", has=page.get_by_role("heading", name=name))).to_be_in_viewport(
            ratio=1
        )
    expect(page.locator("[data-figure=memory_usage]")).to_contain_text("iB")
    expect(page.locator("[data-figure=memory_limit]")).to_contain_text("iB")
    expect(page.locator("[data-chart=memory]")).to_have_accessible_name(re.compile("Memory .*iB now"))


# --- What a server says that cannot be brought about here ---------------------------


def test_whoever_finds_no_place_is_told_and_waits(administrators_page: Page, talker: str) -> None:
    page = administrators_page
    page.route_web_socket("**/ws/**", lambda socket: socket.close(code=4429, reason="You have 100 sockets open"))

    open_console(page, talker)

    expect(page.get_by_text("You have 100 sockets open. Reconnecting…")).to_be_visible()
    expect(page.get_by_role("button", name="Try now")).to_be_visible()
    expect(page.get_by_text("Not connected")).to_be_visible()


def test_output_that_is_no_longer_kept_is_not_passed_over(administrators_page: Page, talker: str) -> None:
    page = administrators_page
    asked: list[str] = []

    def answer(socket: WebSocketRoute) -> None:
        asked.append(socket.url)
        if len(asked) > 1:
            socket.send(json.dumps({"event": "console", "data": "late\n", "seq": 1_000_005}))
        socket.on_message(lambda _: socket.send(json.dumps({"event": "logs", "data": "", "seq": 0})))
        if len(asked) == 1:
            socket.close(code=1012)

    page.route_web_socket("**/ws/**", answer)

    screen = open_console(page, talker)

    expect(page.get_by_text("Back. Some of what was printed meanwhile is no longer kept.")).to_be_visible()
    expect(screen).to_contain_text("bytes of output are no longer kept")
    expect(screen).to_contain_text("late")
