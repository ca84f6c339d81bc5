"""Django's admin on a running site: it acts through the same functions as everyone, and shows no secret."""

import re
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest

from tests.e2e.browser import Browser
from tests.e2e.server import Lightd

LIST = "/admin/containers/container/"


class Administrator(Browser):
    """Someone in the admin."""

    def act(self, internal_id: str, action: str, *, asks_first: bool = False) -> str:
        """Chooses the container in the list and asks for an action; returns the page that says what came of it."""
        row = re.search(r'name="_selected_action" value="([0-9a-f-]{36})"', self.page(f"{LIST}?q={internal_id}"))
        assert row, f"{internal_id} is not listed"
        chosen = {"action": action, "index": "0", "_selected_action": row[1]}
        answer = self.post(LIST, **chosen)
        if asks_first:
            assert answer.status_code == 200
            assert f">{internal_id}</a>" in answer.text
            answer = self.post(LIST, **chosen, confirmed="yes")
        assert answer.status_code == 302
        return self.page(LIST)


@pytest.fixture(scope="module")
def browser(lightd: Lightd) -> Iterator[Administrator]:
    with Administrator(lightd.url) as browser:
        yield browser.sign_in("admin", lightd.password)


def test_actions_reach_docker_and_are_recorded_with_their_actor(lightd: Lightd, browser: Administrator) -> None:
    container = lightd.create(startup_command="exec sleep infinity")

    assert f"Container {container}: start initiated" in browser.act(container, "start")
    lightd.wait_state(container, "running")
    assert lightd.inspect(container)["State"]["Running"]

    assert f"Container {container}: restart initiated" in browser.act(container, "restart")
    lightd.wait_state(container, "running")

    assert f"Container {container}: kill initiated" in browser.act(container, "kill")
    lightd.wait_state(container, "ready")
    assert not lightd.inspect(container)["State"]["Running"]

    events = lightd.http.get(f"/containers/{container}/events").json()["events"]
    assert {event["actor"] for event in events if event["message"] == "Kill requested"} == {"admin"}


def test_containers_are_reinstalled_and_deleted_after_a_question(lightd: Lightd, browser: Administrator) -> None:
    container = lightd.create()
    before = lightd.get(container)["container_id"]

    assert f"Container {container}: reinstall started" in browser.act(container, "reinstall", asks_first=True)
    lightd.wait_state(container, "ready")
    assert lightd.get(container)["container_id"] != before

    assert f"Container {container}: deleted" in browser.act(container, "delete", asks_first=True)
    assert lightd.http.get(f"/containers/{container}").status_code == 404


def test_a_refusal_is_shown_in_the_api_s_own_words(lightd: Lightd, browser: Administrator) -> None:
    container = lightd.create()

    assert f"Container {container}: Cannot kill while container is stopped" in browser.act(container, "kill")


def test_lists_are_searched_filtered_and_coloured(lightd: Lightd, browser: Administrator) -> None:
    stopped = lightd.create(ports=[{}])
    failed = lightd.create(install_script="#!/bin/sh\nexit 1", wait="failed")

    found = browser.page(f"{LIST}?q={stopped}")
    assert f"0.0.0.0:{lightd.get(stopped)['ports'][0]['port']}/tcp" in found
    assert failed not in found
    only_failed = browser.page(f"{LIST}?look=failed")
    assert failed in only_failed
    assert stopped not in only_failed
    assert "The install script failed with exit code 1" in only_failed
    colours = {re.search(r'<b class="(state-\w+)">', page) for page in (found, only_failed)}
    assert len({colour[1] for colour in colours if colour}) == 2


def test_every_list_opens_and_none_shows_a_secret(lightd: Lightd, browser: Administrator) -> None:
    lightd.create()
    key = (lightd.folder / "storage" / "secret_key").read_text().strip()
    lists = set(re.findall(r'href="(/admin/\w+/\w+/)"', browser.page("/admin/")))
    assert {LIST, "/admin/accounts/apitoken/", "/admin/ports/port/", "/admin/volumes/volume/"} <= lists

    for path in lists:
        page = browser.page(path)
        rows = re.findall(rf'href="({path}[^"?]+/change/)', page)
        for text in (page, *map(browser.page, rows[:3])):
            assert lightd.token not in text
            assert lightd.password not in text
            assert key not in text
            assert sha256(lightd.token.encode()).hexdigest() not in text


def test_only_administrators_come_in(lightd: Lightd) -> None:
    for path in ("/admin/", LIST):
        answer = httpx.get(f"{lightd.url}{path}", headers={"Authorization": f"Bearer {lightd.token}"}, timeout=30)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")
