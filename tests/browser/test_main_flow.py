"""The life of one container from its first day to its last, by what a person sees; by mouse, and by keyboard alone."""

import re
import socket

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import Hands, Keyboard, Mouse
from tests.browser.terminal import command_box
from tests.e2e.server import Lightd
from tests.engine import IMAGE

# Writes a server into the volume: it greets whoever connects, answers what is typed, and does not stop once it is deaf.
SCRIPT = r"""#!/bin/sh
echo Unpacking the server
cat > server.pl <<'END'
use IO::Socket::INET;
$| = 1;
$SIG{TERM} = sub { exit };
my $port = IO::Socket::INET->new(LocalPort => 3000, Listen => 5) or die $!;
fork or do { while (my $guest = $port->accept) { print $guest "welcome\n" } };
print "listening\n";
while (<STDIN>) {
    chomp;
    print "you said <$_>\n";
    if ($_ eq "be deaf") { $SIG{TERM} = "IGNORE" }
    if ($_ eq "crash") { print "out of cheese\n"; exit 3 }
}
END
until [ -e go ]; do sleep 0.05; done
echo Unpacked
"""


def head(page: Page) -> Locator:
    return page.locator("#container-head")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def screen(page: Page) -> Locator:
    return page.locator(".xterm-rows")


def open_tab(page: Page, hands: Hands, name: str) -> None:
    hands.press(page.get_by_role("navigation", name="Container").get_by_role("link", name=name))
    expect(page).to_have_url(re.compile(f"/{name.lower()}$"))


def greeting_at(address: str) -> str:
    """What a client hears that connects to an address which the page shows."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        return connection.makefile().readline()


def sign_in(page: Page, hands: Hands, password: str) -> None:
    page.goto("/")
    hands.write(page.get_by_label("User name"), "admin")
    hands.write(page.get_by_label("Password"), password)
    hands.press(button(page, "Sign in"))
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def create(page: Page, hands: Hands, name: str, port: int) -> None:
    hands.press(page.get_by_role("link", name="New container").first)
    hands.write(page.get_by_label("Name", exact=True), name)
    hands.write(page.get_by_label("Image", exact=True), IMAGE)
    hands.write(page.get_by_label("Startup command"), "exec perl server.pl")
    hands.write(page.get_by_label("Start pattern"), "listen")
    hands.press(button(page, "Add a port"))
    row = page.get_by_role("group", name="Port 1")
    hands.write(row.get_by_label("Container port"), "3000")
    hands.write(row.get_by_label("Host port"), str(port))
    hands.write(page.get_by_label("Memory", exact=True), "128")
    hands.edit(page.locator(".cm-content"), SCRIPT)
    hands.press(button(page, "Create and install"))


def watch_it_install(page: Page, lightd: Lightd, name: str) -> None:
    expect(page.get_by_role("heading", name="Installing")).to_be_visible()
    page.locator("#install-output").scroll_into_view_if_needed()  # xterm.js draws what can be seen
    expect(screen(page)).to_contain_text("Unpacking the server")
    expect(page.locator("#installation li").filter(has_text="Install script")).to_contain_text("now")
    (lightd.files(name) / "go").touch()
    expect(page.get_by_role("heading", name="Installed")).to_be_visible()
    expect(screen(page)).to_contain_text("Unpacked")
    expect(head(page).get_by_text("ready")).to_be_visible()


def start(page: Page, hands: Hands) -> None:
    open_tab(page, hands, "Console")
    hands.press(button(page, "Start"))
    expect(head(page).get_by_text("running")).to_be_visible()
    expect(screen(page)).to_contain_text("listening")


def talk(page: Page, hands: Hands, words: str) -> None:
    expect(command_box(page)).to_be_enabled()
    hands.write(command_box(page), words)
    page.keyboard.press("Enter")
    expect(screen(page)).to_contain_text(f"you said <{words}>")


def change_memory(page: Page, hands: Hands, mebibytes: int) -> None:
    open_tab(page, hands, "Settings")
    hands.write(page.get_by_label("Memory", exact=True), str(mebibytes))
    hands.press(button(page, "Save").last)
    expect(page.get_by_text("Saved: memory.")).to_be_visible()
    expect(page.get_by_text("Limits applied, by admin")).to_be_visible()
    expect(head(page).get_by_text("running")).to_be_visible()


def move(page: Page, hands: Hands, port: int) -> str:
    """Returns the address that is shown afterwards."""
    open_tab(page, hands, "Network")
    hands.write(page.get_by_role("group", name="Port 1").get_by_label("Host port"), str(port))
    hands.press(button(page, "Show what will happen").last)
    expect(page.get_by_role("region", name="What will happen")).to_contain_text("It is stopped")
    hands.press(button(page, "Move now"))
    address = page.get_by_role("list", name="Addresses to connect to").get_by_role("button")
    expect(address).to_have_text(re.compile(f":{port}$"))
    expect(head(page).get_by_text("running")).to_be_visible()
    return address.inner_text()


def kill(page: Page, hands: Hands) -> None:
    open_tab(page, hands, "Console")
    talk(page, hands, "be deaf")
    hands.press(button(page, "Stop"))
    hands.press(head(page).get_by_role("button", name="Kill"))
    hands.press(page.get_by_role("dialog").get_by_role("button", name="Kill"))
    expect(head(page).get_by_text("stopped")).to_be_visible()
    expect(head(page)).to_contain_text("exit code 137")
    expect(screen(page)).to_contain_text("Exit code 137")
    expect(command_box(page)).to_be_disabled()


def crash(page: Page, hands: Hands) -> None:
    start(page, hands)
    talk(page, hands, "crash")
    expect(head(page)).to_contain_text("crashed")
    expect(head(page)).to_contain_text("exit code 3")
    open_tab(page, hands, "Activity")
    hands.press(page.get_by_text("Its last lines").first)
    expect(page.get_by_text("out of cheese")).to_be_visible()


def delete(page: Page, hands: Hands, name: str) -> None:
    open_tab(page, hands, "Danger")
    hands.write(page.get_by_label(f"Type {name} to delete it"), name)
    hands.press(button(page, f"Delete {name}"))
    expect(page.get_by_text(f"{name} is deleted.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=name)).to_have_count(0)


def find_volume(page: Page, hands: Hands, volume: str) -> None:
    hands.press(page.get_by_role("navigation", name="Site").get_by_role("link", name="Volumes"))
    expect(page.get_by_role("row").filter(has_text=volume[:8])).to_contain_text("nobody")


@pytest.mark.parametrize("kind", [Mouse, Keyboard])
def test_the_life_of_a_container(page: Page, lightd: Lightd, kind: type[Hands]) -> None:
    hands = kind(page)
    first_port, second_port = lightd.port_range(2)
    name = lightd.fresh_id("life")

    sign_in(page, hands, lightd.password)
    create(page, hands, name, first_port)
    watch_it_install(page, lightd, name)
    start(page, hands)
    talk(page, hands, "hello")
    volume = lightd.get(name)["volume_id"]

    change_memory(page, hands, 192)
    assert lightd.inspect(name)["HostConfig"]["Memory"] == 192 << 20

    assert greeting_at(move(page, hands, second_port)) == "welcome\n"
    kill(page, hands)
    crash(page, hands)
    delete(page, hands, name)
    find_volume(page, hands, volume)
