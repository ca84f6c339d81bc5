"""Whatever does something shows at once that it was pressed, before there is an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.pages import PUBLIC_KEY
from tests.browser.watch import SERVER_AWAY
from tests.e2e.server import Lightd

# Of the button that is pressed next: it is said on the console when it is dimmed and deaf to the mouse. A page that is
# about to be left answers no question.
SAY_BUSY = """() => addEventListener("click", ({ target }) => {
  const style = getComputedStyle(target.closest("button"));
  const isBusy = () => style.opacity < 1 && style.pointerEvents === "none";
  const look = () => (isBusy() ? console.log("it is busy") : requestAnimationFrame(look));
  look();
}, { capture: true, once: true })"""


@dataclass(frozen=True)
class Action:
    """A button, how its page is come to and made ready for it, and what it is called in the question that it asks."""

    path: str
    button: str
    fill: dict[str, str] = field(default_factory=dict)
    ready: Callable[[Page], object] | None = None
    asks: str = ""
    within: str = ""


def type_into_file(page: Page) -> None:
    page.locator(".cm-content").click()
    page.keyboard.type("# changed\n")


def choose_file(page: Page) -> None:
    page.get_by_role("checkbox", name="Choose server.properties", exact=True).check()


def press(name: str) -> Callable[[Page], object]:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def in_dialog(opener: str, **fields: str) -> Callable[[Page], object]:
    def open_it(page: Page) -> None:
        press(opener)(page)
        for label, text in fields.items():
            page.get_by_role("dialog").get_by_label(label).fill(text)

    return open_it


def compress(page: Page) -> None:
    choose_file(page)
    press("Compress")(page)


def resize(page: Page) -> None:
    page.get_by_role("region", name="Size of the volume").get_by_text("Resize").first.click()


def advanced(page: Page) -> None:
    page.get_by_text("Advanced: limits by Docker's own names").click()


def sftp(page: Page) -> None:
    page.get_by_text("SFTP", exact=True).click()


def account(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Account of")).click()


def stranger(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/account/sign-in")


NEW = {"Name": "new", "Image": "debian", "Startup command": "true"}
HOME = "/dashboard/container/{running}"
ACTIONS = {
    "restart": Action(f"{HOME}/console", "Restart"),
    "stop": Action(f"{HOME}/console", "Stop"),
    "start": Action("/dashboard/container/{stopped}/console", "Start"),
    "restart in the list": Action("/dashboard/containers/?search={running}", "Restart {running}"),
    "stop in the list": Action("/dashboard/containers/?search={running}", "Stop {running}"),
    "start in the list": Action("/dashboard/containers/?search={stopped}", "Start {stopped}"),
    "create": Action("/dashboard/new-container", "Create and install", NEW),
    "delete": Action(f"{HOME}/danger", "Delete {running}", {"Type {running} to delete it": "{running}"}),
    "reinstall": Action(f"{HOME}/install", "Reinstall", asks="Reinstall"),
    "show what a move does": Action(f"{HOME}/network", "Show what will happen"),
    "settings": Action(f"{HOME}/settings", "Save"),
    "limits": Action(f"{HOME}/settings", "Save these limits", ready=advanced),
    "share": Action(f"{HOME}/sharing", "Share", {"User name": "bob"}),
    "console token": Action(f"{HOME}/sharing", "Make console token"),
    "back up": Action(f"{HOME}/backups", "Make a backup"),
    "schedule": Action(f"{HOME}/backups", "Add the schedule"),
    "new folder": Action(f"{HOME}/files", "Create", ready=in_dialog("New folder", Name="world")),
    "compress": Action(f"{HOME}/files", "Compress", ready=compress, within="dialog[open]"),
    "delete a file": Action(f"{HOME}/files", "Delete", ready=choose_file, asks="Delete"),
    "save a file": Action(f"{HOME}/files?path=server.properties", "Save", ready=type_into_file),
    "SFTP password": Action(f"{HOME}/files", "Make a password", ready=sftp),
    "SFTP key": Action(f"{HOME}/files", "Add key", {"Public key": PUBLIC_KEY}, sftp),
    "create a volume": Action("/dashboard/volumes/create", "Create"),
    "resize a volume": Action("/dashboard/volumes/{volume}/files", "Resize", {"New size": "128"}, resize),
    "delete a volume": Action("/dashboard/volumes/{volume}/delete", "Delete", {"Type {short} to delete it": "{short}"}),
    "add ports": Action("/dashboard/ports/add", "Add", {"Port": "50000"}),
    "mark a port": Action("/dashboard/ports/", "Mark .* as used"),
    "pull an image": Action("/dashboard/images/", "Pull", {"Pull an image": "127.0.0.1:1/nobody/nothing"}),
    "token": Action("/dashboard/tokens/new", "Make token", {"Name": "deploy"}),
    "user": Action("/dashboard/users/new", "Create user", {"User name": "carol"}),
    "password": Action(
        "/account/password",
        "Change password",
        {"Current password": "old", "New password": "correct horse", "New password again": "correct horse"},
    ),
    "sign out everywhere": Action("/account/sessions", "Sign out everywhere"),
    "sign in": Action("/account/sessions", "Sign in", {"User name": "bob", "Password": "secret"}, stranger),
    "sign out": Action("/account/sessions", "Sign out", ready=account, within="#account-menu"),
}


@pytest.fixture(scope="module")
def places(lightd: Lightd) -> dict[str, str]:
    """What is acted on; nothing that is asked for reaches it."""
    running, stopped = lightd.create(), lightd.create()
    (lightd.files(running) / "server.properties").write_text("motd=Hello")
    lightd.start_and_wait(running)
    volume = str(lightd.http.post("/volumes", json={"size": 64}).json()["id"])
    return {"running": running, "stopped": stopped, "volume": volume, "short": volume[:8]}


# POST, and yet only ask: what a form amounts to, as it is being filled in.
ASKED = ("/call", "/foresee", "/try-pattern")


def changes(request: Request) -> bool:
    return request.method != "GET" and not request.url.endswith(ASKED)


@pytest.fixture
def page(administrators_page: Page) -> Page:
    return administrators_page


def button_of(page: Page, name: str, within: str) -> Locator:
    place = page.locator(within or "body")
    return place.get_by_role("button", name=re.compile(f"^{name}$")).locator("visible=true").last


@pytest.mark.expects_errors(*SERVER_AWAY, "htmx:sendAbort")
@pytest.mark.parametrize("name", ACTIONS)
def test_a_button_shows_at_once_that_it_is_busy(page: Page, places: dict[str, str], name: str) -> None:
    action = ACTIONS[name]
    held: list[Route] = []
    page.route("**/*", lambda route: held.append(route) if changes(route.request) else route.fallback())
    page.goto(action.path.format(**places))
    if action.ready:
        action.ready(page)
    for label, text in action.fill.items():
        page.get_by_label(label.format(**places), exact=True).fill(text.format(**places))
    button = button_of(page, action.button.format(**places), action.within)
    expect(button).to_be_enabled()
    page.evaluate(SAY_BUSY)

    with page.expect_request(changes), page.expect_console_message(lambda said: said.text == "it is busy"):
        button.click(no_wait_after=True)
        if action.asks:
            page.locator("#confirm").get_by_role("button", name=action.asks, exact=True).click(no_wait_after=True)

    for each in held:  # they never come to the server
        each.abort("aborted")
    page.close()
