"""The list of containers: what is asked for is what there is, at the same number of queries however many there are."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.permissions import OF_A_CONTAINER, Permission
from containers import current, events
from containers.models import Container, Event, Grant
from containers.states import State
from ports.models import Port
from tests.people import browser_of, container_of

LIST = "/dashboard/containers/"
ROWS = "/dashboard/containers/rows"
COUNTS = "/dashboard/containers/counts"
# Session, user, counts, keys, rows with owners (and grants), ports; the engine, on a whole page.
QUERIES = 7


@pytest.fixture
def browser(alice: User) -> Client:
    return browser_of(alice)


def make(owner: User, name: str, state: State = State.READY, **columns: Any) -> Container:
    container = container_of(owner, name)
    for column, value in {"state": state, "installed": True, **columns}.items():
        setattr(container, column, value)
    container.save()
    return container


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def names(client: Client, query: str = "") -> list[str]:
    """Of the rows, in their order."""
    return re.findall(r'<tr id="row-([^"]+)"', text(client, LIST + query))


def count(client: Client, word: str, query: str = "") -> str:
    found = re.search(rf'id="count-{word}"[^>]*>([^<]*)<', text(client, LIST + query))
    assert found
    return found[1]


def test_a_row_shows_two_ports_and_a_button_opens_the_others(browser: Client, alice: User) -> None:
    container = make(alice, "web-1")
    for port in (2001, 2002, 2003, 2004):
        Port.objects.create(port=port, container=container)

    row, others = text(browser, LIST).split('id="ports-web-1"')

    assert [port for port in range(2001, 2005) if f'data-copy="{port}"' in row] == [2001, 2002]
    assert [port for port in range(2001, 2005) if f'data-copy="{port}"' in others] == [2003, 2004]
    assert 'popovertarget="ports-web-1" aria-label="2 more ports of web-1">+2</button>' in row


def test_the_search_looks_into_names_and_images(browser: Client, alice: User) -> None:
    make(alice, "web-1", image="nginx")
    make(alice, "db-1", image="postgres:16")
    make(alice, "web-2", image="caddy")

    assert names(browser, "?search=WEB") == ["web-1", "web-2"]
    assert names(browser, "?search=postgres") == ["db-1"]
    assert names(browser, "?search=%25") == []


def test_it_is_narrowed_by_the_word_that_a_row_shows(browser: Client, alice: User) -> None:
    make(alice, "new")
    for name, kind in (("stopped", Event.Kind.EXIT), ("crashed", Event.Kind.CRASHED)):
        events.record(make(alice, name), kind)
    make(alice, "running", State.RUNNING)

    assert names(browser, "?state=ready") == ["new"]
    assert names(browser, "?state=stopped") == ["stopped"]
    assert names(browser, "?state=crashed") == ["crashed"]
    assert names(browser, "?state=running") == ["running"]


def test_each_state_says_how_many_of_those_searched_for(browser: Client, alice: User) -> None:
    make(alice, "web-1", State.RUNNING)
    make(alice, "web-2", State.RUNNING)
    make(alice, "db-1", State.FAILED)

    assert [count(browser, word) for word in ("all", "running", "failed", "ready")] == ["3", "2", "1", "0"]
    assert [count(browser, word, "?search=web&state=failed") for word in ("all", "running", "failed")] == [
        "2",
        "2",
        "0",
    ]
    assert "<title>2 running · Containers · Lightd</title>" in text(browser, LIST)


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("", ["a", "b", "c"]),
        ("-name", ["c", "b", "a"]),
        ("state", ["c", "b", "a"]),
        ("-state", ["a", "b", "c"]),
        ("image", ["b", "c", "a"]),
        ("-image", ["a", "c", "b"]),
        ("created", ["a", "b", "c"]),
        ("-created", ["c", "b", "a"]),
    ],
)
def test_it_is_sorted_as_asked(browser: Client, alice: User, sort: str, wanted: list[str]) -> None:
    make(alice, "a", State.RUNNING, image="z")
    make(alice, "b", State.READY, image="x")
    make(alice, "c", State.FAILED, image="y")

    assert names(browser, f"?sort={sort}") == wanted


def test_pages_follow_each_other(browser: Client, alice: User) -> None:
    for number in range(120):
        container_of(alice, f"c-{number:03d}")

    assert names(browser)[::49] == ["c-000", "c-049"]
    assert names(browser, "?page=3") == [f"c-{number:03d}" for number in range(100, 120)]
    assert names(browser, "?page=99") == names(browser, "?page=3")
    assert len(names(browser, "?rows=200")) == 120


@pytest.mark.parametrize("query", ["?state=asleep", "?sort=memory", "?rows=7", f"?search={'x' * 256}"])
def test_what_there_is_not_is_refused_with_its_sentence(browser: Client, query: str) -> None:
    answer = browser.get(LIST + query, headers={"Accept": "text/html"})

    assert answer.status_code == 400
    assert "Error 400" in answer.content.decode()


def test_an_empty_list_says_what_to_do_first_and_a_search_in_vain_how_to_see_all(browser: Client, alice: User) -> None:
    assert 'href="/dashboard/new-container"' in text(browser, LIST)
    assert "No containers yet" in text(browser, LIST)

    make(alice, "web-1")

    assert "Nothing matches" in text(browser, LIST + "?search=mail")
    assert "Show all containers" in text(browser, LIST + "?search=mail")


@pytest.mark.parametrize("query", ["", "?search=c&state=ready&sort=-created&page=2"])
def test_more_containers_take_no_more_queries(
    browser: Client, alice: User, bob: User, django_assert_num_queries: Callable[..., Any], query: str
) -> None:
    for number in range(60):
        container = container_of(alice if number % 2 else bob, f"c-{number:03d}")
        Container.objects.filter(pk=container.pk).update(state=State.READY, installed=True)
        Grant.objects.create(container=container, user=bob if number % 2 else alice, permissions=["view"])
        Port.objects.create(port=2000 + number, container=container)

    with django_assert_num_queries(QUERIES):
        browser.get(LIST + query)
    with django_assert_num_queries(QUERIES - 3):
        browser.get(ROWS + "?container=c-001&container=c-002&container=c-003")
    with django_assert_num_queries(QUERIES - 4):
        browser.get(COUNTS)


def test_a_row_has_the_last_figures_and_what_they_are_measured_by(browser: Client, alice: User) -> None:
    container = make(alice, "web-1", State.RUNNING, cpu=1.5, memory=1 << 30)
    current.remember({container.pk: {"cpu_usage": 12.5, "memory_usage": 4096}})

    row = text(browser, ROWS + "?container=web-1")

    assert 'data-gauge="cpu_usage" data-now="12.5" data-limit="150.0"' in row
    assert f'data-gauge="memory_usage" data-now="4096" data-limit="{1 << 30}"' in row


def test_of_what_does_not_run_there_are_no_figures(browser: Client, alice: User) -> None:
    make(alice, "web-1")

    assert "data-now" not in text(browser, ROWS + "?container=web-1")


# --- Who sees what ------------------------------------------------------------


def test_whoever_has_no_right_sees_nothing_of_it(client: Client, alice: User, bob: User) -> None:
    make(alice, "web-1", State.RUNNING, image="secret-image")
    client.force_login(bob)

    for address in (LIST, LIST + "?search=web", LIST + "?state=running", ROWS + "?container=web-1"):
        assert "web-1" not in re.sub(r'value="[^"]*"', "", text(client, address)), address
        assert "secret-image" not in text(client, address)
    assert count(client, "running") == "0"
    assert ">0<" in text(client, COUNTS)
    assert ">1<" not in text(client, COUNTS)


@pytest.mark.parametrize("permission", sorted(OF_A_CONTAINER))
def test_one_grant_gives_what_it_gives(client: Client, alice: User, bob: User, permission: Permission) -> None:
    container = make(alice, "web-1", State.RUNNING)
    make(alice, "web-2", State.RUNNING)
    Grant.objects.create(container=container, user=bob, permissions=[permission.value])
    client.force_login(bob)
    able = {Permission.POWER: "stop restart kill", Permission.DELETE: "delete"}.get(permission, "")

    for address in (LIST, ROWS + "?container=web-1&container=web-2"):
        row = text(client, address)
        assert re.findall(r'data-can="([^"]*)"', row) == [able]
        assert ('data-act="restart"' in row) is (permission == Permission.POWER)
        assert "web-2" not in row
        assert "alice" not in row
    assert count(client, "running") == "1"


def test_an_administrator_sees_everyones_and_whose_they_are(client: Client, alice: User, admin: User) -> None:
    make(alice, "web-1")
    client.force_login(admin)

    assert names(client) == ["web-1"]
    assert "alice" in text(client, ROWS + "?container=web-1")


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    for address in (LIST, ROWS, COUNTS):
        assert client.get(address).status_code == 302


# --- Doing it -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "route"),
    [("POST", "/start"), ("POST", "/stop"), ("POST", "/restart"), ("POST", "/kill"), ("DELETE", "")],
)
def test_what_the_list_asks_of_the_api_wants_the_right_and_the_csrf_token(
    alice: User, bob: User, method: str, route: str
) -> None:
    container = make(alice, "web-1", State.RUNNING)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob)
    browser.get(LIST)
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}

    def ask(**headers: str) -> int:
        return browser.generic(method, f"/containers/web-1{route}", headers=headers).status_code

    assert ask() == 403
    assert ask(**token) == 404
    Grant.objects.create(container=container, user=bob, permissions=["view"])
    assert ask(**token) == 403
    assert Container.objects.get().state == State.RUNNING
