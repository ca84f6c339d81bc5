"""A console whose connection drops: it says so, comes back by itself, and no line is lost or there twice."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import sign_in
from tests.browser.terminal import command_box, numbers_in, open_console, send
from tests.browser.watch import SERVER_AWAY
from tests.e2e.server import Lightd

LINES = 400
# Counts, and hears meanwhile what is typed.
TALKER = f"""bash -c '
    (for i in $(seq 1 {LINES}); do echo tick $i; sleep 0.05; done; echo all said) &
    while read -r line; do echo "you said <$line>"; done
'"""

pytestmark = pytest.mark.expects_errors(*SERVER_AWAY)


@pytest.fixture
def lightd(own_lightd: Lightd) -> Lightd:
    return own_lightd


@pytest.mark.parametrize("end", [Lightd.stop, Lightd.crash])
def test_a_restart_of_the_server_loses_no_line_and_repeats_none(
    page: Page, lightd: Lightd, end: Callable[[Lightd], object]
) -> None:
    page.set_viewport_size({"width": 1200, "height": 30 * LINES})  # so that every line is on the screen
    sign_in(page, "admin", lightd.password)
    container = lightd.create(startup_command=TALKER)
    lightd.start_and_wait(container)
    screen = open_console(page, container)
    expect(screen).to_contain_text("tick 20")
    send(page, "before")
    expect(screen).to_contain_text("you said <before>")

    end(lightd)
    expect(page.get_by_text("Reconnecting…")).to_be_visible()
    expect(command_box(page)).to_be_disabled()
    lightd.start()

    expect(page.get_by_text("Back: nothing was lost.")).to_be_visible(timeout=60_000)
    send(page, "after")
    expect(screen).to_contain_text("you said <after>")
    expect(screen).to_contain_text("all said", timeout=60_000)
    assert numbers_in(screen, "tick") == list(range(1, LINES + 1))


def test_whoever_is_signed_out_meanwhile_is_led_to_sign_in(page: Page, lightd: Lightd) -> None:
    sign_in(page, "admin", lightd.password)
    container = lightd.create()
    open_console(page, container)
    expect(page.get_by_text("Nothing runs: start it first")).to_be_visible()

    lightd.manage("shell", "-c", "from accounts.models import Session; Session.objects.all().delete()")

    expect(page.get_by_label("User name")).to_be_visible()
    assert f"next=/dashboard/container/{container}/console" in page.url
