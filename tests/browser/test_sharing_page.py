"""Sharing a container, by what both sides see."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PersonFactory
from tests.e2e.server import Lightd

RUNS = "bash -c 'echo well; exec sleep infinity'"


def test_what_is_shared_is_there_at_once_and_gone_when_taken_back(
    administrators_page: Page, as_user: PersonFactory, lightd: Lightd
) -> None:
    page, guest, container = administrators_page, as_user("gina"), lightd.create()
    guest.page.goto("/dashboard/containers/")
    expect(guest.page.get_by_text(container)).to_have_count(0)
    page.goto(f"/dashboard/container/{container}/sharing")
    page.get_by_label("User name").fill(guest.username)
    page.get_by_role("form", name="Share with somebody").get_by_label("Start, stop, restart and kill it").check()
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_text(f"Shared with {guest.username}")).to_be_visible()

    guest.page.goto(f"/dashboard/container/{container}/")
    expect(guest.page.get_by_role("button", name="Start", exact=True)).to_be_enabled()
    expect(guest.page.get_by_role("link", name="Console", exact=True)).to_have_count(0)
    expect(guest.page.get_by_role("link", name="Sharing")).to_have_count(0)

    page.get_by_role("button", name=f"Change what {guest.username} may").click()
    form = page.get_by_role("form", name=guest.username)
    form.get_by_role("button", name="Viewer").click()
    expect(form.get_by_label("Start, stop, restart and kill it")).not_to_be_checked()
    expect(form.get_by_label("Read its console")).to_be_checked()
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name=f"Change what {guest.username} may")).to_be_visible()
    guest.page.reload()
    expect(guest.page.get_by_role("link", name="Console", exact=True)).to_be_visible()
    expect(guest.page.get_by_role("button", name="Start", exact=True)).to_have_count(0)

    page.get_by_role("button", name=f"Take back from {guest.username}").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Nobody else.")).to_be_visible()


@pytest.mark.expects_errors("status of 422")
def test_what_is_wrong_is_said_at_its_field(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    page.goto(f"/dashboard/container/{lightd.create()}/sharing")
    page.get_by_label("User name").fill("nobody-of-that-name")
    page.get_by_label("Read its files").check()
    page.get_by_role("button", name="Share", exact=True).click()

    expect(page.get_by_text("There is no such user.")).to_be_visible()
    expect(page.get_by_label("Read its files")).to_be_checked()


def test_a_console_token_opens_the_console_of_that_container(administrators_page: Page, lightd: Lightd) -> None:
    page, container = administrators_page, lightd.create(startup_command=RUNS)
    lightd.start_and_wait(container)
    page.goto(f"/dashboard/container/{container}/sharing")
    page.get_by_role("button", name="Make console token").click()
    address = page.locator("#address").inner_text()
    assert re.fullmatch(rf"ws://[\w.:]+/ws/{container}\?token=lightd_\w+", address)

    logs = page.evaluate(
        """address => new Promise((resolve) => {
            const socket = new WebSocket(address);
            socket.onopen = () => socket.send(JSON.stringify({ event: "request_logs" }));
            socket.onmessage = (message) => {
                const { event, data } = JSON.parse(message.data);
                if (event === "logs") resolve(data);
            };
        })""",
        address,
    )

    assert "well" in logs
