"""Changing the settings of a container, and seeing who did what to it, by what a person sees."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import PersonFactory
from tests.e2e.server import Lightd

SERVER = "bash -c 'trap \"exit 0\" TERM; echo up; while :; do sleep 0.1; done'"
MIB = 1 << 20


@pytest.fixture
def container(lightd: Lightd) -> str:
    internal_id = lightd.create(startup_command=SERVER, limits={"memory": 256 * MIB})
    lightd.start_and_wait(internal_id)
    return internal_id


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).last.click()


def test_a_limit_changes_while_it_runs_and_a_command_waits_for_a_restart(
    administrators_page: Page, lightd: Lightd, container: str
) -> None:
    page = administrators_page
    page.goto(f"/dashboard/container/{container}/settings")
    page.get_by_label("Memory", exact=True).fill("300")
    page.get_by_label("Startup command").fill(SERVER.replace("up", "up again"))
    save(page)

    expect(page.get_by_text("Saved: memory, startup command.")).to_be_visible()
    expect(page.get_by_text("Limits applied, by admin")).to_be_visible()
    assert lightd.inspect(container)["HostConfig"]["Memory"] == 300 * MIB
    waits = page.get_by_role("status").filter(has_text="Waits for a restart")
    expect(waits).to_contain_text("startup command")
    waits.get_by_role("button", name="Restart now").click()

    expect(waits).to_have_count(0)
    expect(page.locator("#container-head").get_by_text("running")).to_be_visible()
    assert "up again" in lightd.http.get(f"/containers/{container}/logs").json()["logs"]


def test_who_would_leave_with_unsaved_settings_is_asked_and_may_discard_them(
    administrators_page: Page, container: str
) -> None:
    page = administrators_page
    questions: list[str] = []

    def stay(question: Dialog) -> None:
        questions.append(question.type)
        question.dismiss()

    page.on("dialog", stay)
    page.goto(f"/dashboard/container/{container}/settings")
    expect(page.get_by_role("button", name="Save", exact=True).last).to_be_in_viewport()
    expect(page.get_by_text("Not saved yet.")).to_be_hidden()
    page.get_by_label("Stop timeout").fill("11")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()

    page.get_by_role("link", name="Activity").click()

    expect(page.get_by_label("Stop timeout")).to_have_value("11")
    assert questions == ["beforeunload"]

    page.get_by_role("link", name="Discard").click()

    expect(page.get_by_label("Stop timeout")).to_have_value("10")
    page.get_by_label("Stop timeout").fill("12")
    save(page)
    expect(page.get_by_text("Saved: stop timeout.")).to_be_visible()
    assert questions == ["beforeunload"]


@pytest.mark.expects_errors("status of 409")
def test_what_makes_it_anew_is_said_first_and_nobodys_change_is_lost(
    administrators_page: Page, lightd: Lightd, container: str
) -> None:
    page = administrators_page
    page.goto(f"/dashboard/container/{container}/settings")
    lightd.http.patch(f"/containers/{container}", json={"limits": {"memory": 512 * MIB}}).raise_for_status()
    page.get_by_label("Memory", exact=True).fill("")
    save(page)

    memory = page.get_by_label("Memory", exact=True)
    expect(memory).to_have_accessible_description(re.compile("made it 512 MiB meanwhile"))
    save(page)
    preview = page.get_by_role("region", name="What will happen")
    expect(preview).to_contain_text("the container is made anew")
    assert_accessible(page)
    assert lightd.get(container)["limits"]["memory"] == 512 * MIB
    preview.get_by_role("button", name="Save these changes").click()

    expect(page.get_by_text("Waits for a restart: memory.")).to_be_visible()
    assert lightd.get(container)["limits"]["memory"] is None


def test_activity_follows_and_leaves_open_what_one_reads(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create(startup_command="bash -c 'echo the last straw; exit 3'")
    page.goto(f"/dashboard/container/{container}/activity")
    expect(page.get_by_text("Installed (no install script)")).to_be_visible()

    lightd.act(container, "start")

    happened = page.locator("#activity")
    expect(happened.get_by_text("Crashed: the process exited with code 3")).to_be_visible()
    expect(page.get_by_role("row", name="Start requested")).to_contain_text("API, 127.0.0.1")
    page.get_by_text("Its last lines").click()
    expect(page.get_by_text("the last straw")).to_be_visible()

    lightd.http.patch(f"/containers/{container}", json={"stop_timeout": 77}).raise_for_status()

    expect(page.get_by_text("Changed stop_timeout")).to_be_visible()
    expect(page.get_by_text("the last straw")).to_be_visible()
    assert_accessible(page)

    page.get_by_role("link", name="Crashes").click()
    expect(page.get_by_text("Changed stop_timeout")).to_have_count(0)
    expect(happened.get_by_text("Crashed: the process")).to_be_visible()


@pytest.mark.expects_errors("404")
def test_who_looks_on_is_told_when_it_is_gone(as_user: PersonFactory, lightd: Lightd, container: str) -> None:
    viewer = as_user("viewer")
    rights = {"permissions": ["view"]}
    lightd.http.put(f"/containers/{container}/grants/{viewer.username}", json=rights).raise_for_status()
    viewer.page.goto(f"/dashboard/container/{container}/activity")
    expect(viewer.page.get_by_role("button", name="Stop")).to_have_count(0)

    lightd.http.delete(f"/containers/{container}").raise_for_status()

    expect(viewer.page.get_by_text("This container was deleted, or you may no longer see it.")).to_be_visible()
    expect(viewer.page).to_have_title(f"gone · Activity · {container} · Lightd")
    expect(viewer.page.get_by_role("navigation", name="Container")).to_be_hidden()
    expect(viewer.page.locator("#activity")).to_be_hidden()


@pytest.mark.expects_errors("404")
def test_its_owner_is_led_to_the_volume_that_is_kept(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    gone = lightd.create()
    (lightd.files(gone) / "world").touch()
    page.goto(f"/dashboard/container/{gone}/settings")

    lightd.http.delete(f"/containers/{gone}").raise_for_status()

    expect(page.get_by_role("button", name="Save")).to_be_hidden()
    assert_accessible(page)
    page.get_by_role("link", name="Files of its volume").click()
    expect(page.get_by_text("world")).to_be_visible()
