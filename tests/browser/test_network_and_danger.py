"""Moving a container to other ports, and deleting one, by what a person sees."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.e2e.server import Lightd

SERVER = "bash -c 'trap \"exit 0\" TERM; echo up; while :; do sleep 0.1; done'"


def test_what_a_move_does_is_said_first_and_then_done(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    old, new = lightd.port_range(2)
    container = lightd.create(startup_command=SERVER, ports=[{"container_port": 3000, "host_port": old}])
    lightd.start_and_wait(container)
    page.goto(f"/dashboard/container/{container}/network")
    expect(page.get_by_role("button", name=f"Copy 127.0.0.1:{old}")).to_be_visible()
    page.get_by_role("group", name="Port 1").get_by_label("Host port").fill(str(new))
    page.get_by_role("button", name="Show what will happen").last.click()

    preview = page.get_by_role("region", name="What will happen")
    expect(preview).to_contain_text(f"0.0.0.0:{new}/tcp is taken from the pool, for port 3000 of the container")
    expect(preview).to_contain_text(f"0.0.0.0:{old}/tcp goes back to the pool")
    expect(preview).to_contain_text("It is stopped")
    assert [each["host_port"] for each in lightd.get(container)["ports"]] == [old]
    assert_accessible(page)
    preview.get_by_role("button", name="Move now").click()

    ports = page.get_by_role("region", name="Ports", exact=True)
    expect(ports.get_by_text("moved", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=f"Copy 127.0.0.1:{new}")).to_be_visible()
    expect(page.get_by_role("group", name="Port 1").get_by_label("Host port")).to_have_value(str(new))
    expect(page.locator("#container-head").get_by_text("running")).to_be_visible()


@pytest.mark.expects_errors("404")  # the head may be asked for once more before the next page is there
def test_its_name_has_to_be_typed(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    page.goto(f"/dashboard/container/{container}/danger")
    delete = page.get_by_role("button", name=f"Delete {container}")
    expect(delete).to_be_disabled()
    page.get_by_label(f"Type {container} to delete it").fill("something else")
    expect(delete).to_be_disabled()
    page.get_by_label(f"Type {container} to delete it").fill(container)
    expect(delete).to_be_enabled()
    page.get_by_label("Delete its volume and backups too").check()
    expect(delete).to_be_disabled()
    page.get_by_label(re.compile("to delete its volume and backups$")).fill(lightd.get(container)["volume_id"][:8])

    delete.click()

    expect(page.get_by_text(f"{container} is deleted, with its volume and its backups.")).to_be_visible()
    assert lightd.http.get(f"/containers/{container}").status_code == 404
