"""The command palette: what is typed finds containers, what can be done to them, and pages."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.permissions import OF_A_CONTAINER, Permission
from containers.models import Container, Grant
from containers.states import State
from tests.people import browser_of, container_of

PALETTE = "/dashboard/palette"


@pytest.fixture
def browser(alice: User) -> Client:
    return browser_of(alice)


def make(owner: User, name: str, state: State = State.RUNNING) -> Container:
    container = container_of(owner, name)
    Container.objects.filter(pk=container.pk).update(state=state, installed=True)
    return container


def choices(client: Client, search: str = "", here: str = "") -> list[str]:
    answer = client.get(PALETTE, {"search": search, "here": here})
    assert answer.status_code == 200
    return re.findall(r'role="option".*?<span>(.*?)</span>', answer.content.decode())


def test_nothing_typed_leads_to_the_pages(browser: Client) -> None:
    found = choices(browser)

    assert found[:2] == ["Overview", "Containers"]
    assert {"Sessions", "New container", "Theme: dark"} < set(found)
    assert "Admin" not in found


def test_a_name_finds_the_container_and_what_can_be_done_to_it(browser: Client, alice: User) -> None:
    make(alice, "web-1")

    assert choices(browser, "web") == ["web-1", "Console of web-1", "Stop web-1", "Restart web-1", "Kill web-1"]


def test_names_that_begin_with_it_come_first(browser: Client, alice: User) -> None:
    for name in ("a-web", "web-2", "web-1"):
        make(alice, name)

    assert choices(browser, "web")[:3] == ["web-1", "web-2", "a-web"]


@pytest.mark.parametrize("typed", ["stop web", "web stop", "sto WEB"])
def test_a_verb_says_what_is_meant(browser: Client, alice: User, typed: str) -> None:
    make(alice, "web-1")
    make(alice, "web-2")
    make(alice, "web-3", State.READY)
    make(alice, "mail")

    assert choices(browser, typed) == ["Stop web-1", "Stop web-2"]


def test_nothing_typed_on_a_containers_page_is_about_that_container(browser: Client, alice: User) -> None:
    make(alice, "web-1", State.READY)

    assert choices(browser, here="web-1")[:3] == ["Console of web-1", "Start web-1", "Restart web-1"]


def test_pages_are_found_by_their_words(browser: Client) -> None:
    assert choices(browser, "dark") == ["Theme: dark"]
    assert choices(browser, "new cont") == ["New container"]
    assert choices(browser, "nowhere") == []


def test_whoever_has_no_right_finds_nothing_of_it(client: Client, alice: User, bob: User) -> None:
    make(alice, "web-1")
    client.force_login(bob)

    for typed in ("web", "stop web", "stop"):
        assert choices(client, typed) == []
    assert "web-1" not in " ".join(choices(client, here="web-1"))


@pytest.mark.parametrize("permission", sorted(OF_A_CONTAINER))
def test_one_grant_gives_what_it_gives(client: Client, alice: User, bob: User, permission: Permission) -> None:
    container = make(alice, "web-1")
    Grant.objects.create(container=container, user=bob, permissions=[permission.value])
    client.force_login(bob)
    able = {
        Permission.POWER: ["Stop web-1", "Restart web-1", "Kill web-1"],
        Permission.CONSOLE_READ: ["Console of web-1"],
    }

    assert choices(client, "web") == ["web-1", *able.get(permission, [])]


def test_more_containers_take_no_more_queries(
    browser: Client, alice: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    for number in range(20):
        make(alice, f"web-{number}")

    with django_assert_num_queries(6):  # session, user, and twice: containers with what they need, their ports
        browser.get(PALETTE, {"search": "web"})


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    assert client.get(PALETTE).status_code == 302
