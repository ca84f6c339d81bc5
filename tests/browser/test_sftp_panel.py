"""SFTP as a person comes to it: made on the page, used by OpenSSH's own client, and taken away."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.keyboard import tab_to
from tests.e2e.server import Lightd
from tests.e2e.sftp.openssh import OpenSsh, make_key
from tests.services import accepts
from tests.waiting import wait_until


@pytest.fixture
def page(administrators_page: Page) -> Page:
    return administrators_page


def open_panel(page: Page, container: str) -> None:
    page.goto(f"/dashboard/container/{container}/files")
    page.get_by_text("SFTP", exact=True).click()
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()


def shown(page: Page, name: str) -> str:
    return page.locator(f"#{name}").inner_text()


def test_a_password_made_here_opens_the_files_to_openssh(page: Page, lightd: Lightd, tmp_path: Path) -> None:
    container = lightd.create()
    (lightd.files(container) / "motd.txt").write_text("hello")
    open_panel(page, container)
    page.get_by_role("button", name="Make a password").click()
    expect(page.get_by_text("This is the only time that you see it.")).to_be_visible()
    assert_accessible(page)

    username, password = shown(page, "sftp-username"), shown(page, "secret")
    assert shown(page, "sftp-address") == f"sftp://{username}@127.0.0.1:{lightd.sftp_port}"
    wait_until(lambda: accepts(lightd.sftp_port), 30, "SFTP has begun")
    ssh = OpenSsh(tmp_path, lightd.sftp_port, username, password=password)
    (tmp_path / "new.txt").write_text("new")
    assert "motd.txt" in ssh.sftp("put new.txt", "ls")
    assert (lightd.files(container) / "new.txt").read_text() == "new"

    page.reload()
    page.get_by_text("SFTP", exact=True).click()
    expect(page.get_by_text("It cannot be shown again.")).to_be_visible()
    expect(page.locator("#secret")).to_have_count(0)
    page.get_by_role("button", name="Take all away").click()
    page.get_by_role("dialog").get_by_role("button", name="Take away").click()
    expect(page.get_by_text("Nothing opens these files to you yet")).to_be_focused()
    ssh.sftp("ls", fails=True)


@pytest.mark.expects_errors("status of 422")
def test_a_key_opens_them_too_and_the_keyboard_is_enough(page: Page, lightd: Lightd, tmp_path: Path) -> None:
    container, key = lightd.create(), tmp_path / "id"
    line = make_key(key)
    open_panel(page, container)

    def add(text: str) -> None:
        tab_to(page, page.get_by_label("Public key"))
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(text)
        tab_to(page, page.get_by_role("button", name="Add key"))
        page.keyboard.press("Enter")

    add("hello")
    expect(page.get_by_text("A public key begins with one of")).to_be_visible()
    add(line)

    expect(page.get_by_role("heading", name="Keys")).to_be_focused()
    wait_until(lambda: accepts(lightd.sftp_port), 30, "SFTP has begun")
    ssh = OpenSsh(tmp_path, lightd.sftp_port, shown(page, "sftp-username"), key=key)
    ssh.sftp("mkdir made")
    assert (lightd.files(container) / "made").is_dir()

    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The key is removed")).to_be_visible()
    ssh.sftp("ls", fails=True)
