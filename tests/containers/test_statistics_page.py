"""The statistics of a container as a page."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.permissions import Permission
from containers.models import Container, Grant
from containers.states import State
from tests.answers import shown
from tests.people import browser_of, container_of
from volumes.models import Volume

PAGE = "/dashboard/container/web-1/statistics"
FIGURES = f"{PAGE}/figures"


@pytest.fixture(autouse=True)
def container(alice: User) -> Container:
    return container_of(alice)


def become(**columns: object) -> None:
    Container.objects.update(**columns)


def shown_to(user: User, path: str = PAGE) -> str:
    return shown(browser_of(user).get(path))


def test_it_asks_the_apis_own_route_for_the_past(alice: User) -> None:
    page = shown_to(alice)

    assert 'data-history="/containers/web-1/stats?window=1h" data-history-seconds="3600.0"' in page
    for chart in ("cpu", "memory", "network", "blocks", "disk"):
        assert f'data-chart="{chart}"' in page


def test_a_volume_is_measured_in_the_units_of_all_pages(alice: User) -> None:
    Volume.objects.update(quota_mb=1024)

    assert "of 1.0 GiB" in shown_to(alice)
    assert "of 1.0 GiB" in shown_to(alice, FIGURES)


def test_a_window_has_its_own_address(alice: User) -> None:
    page = shown_to(alice, f"{PAGE}?window=24h")

    assert 'data-history="/containers/web-1/stats?window=24h" data-history-seconds="86400.0"' in page
    assert 'href="?window=24h" aria-current="page"' in page


def test_a_window_that_there_is_not_is_refused(client: Client, alice: User) -> None:
    client.force_login(alice)

    assert client.get(f"{PAGE}?window=1y", headers={"Accept": "text/html"}).status_code == 400


@pytest.mark.parametrize("path", [PAGE, FIGURES])
def test_limits_are_beside_what_is_used(alice: User, path: str) -> None:
    become(state=State.RUNNING, memory=512 << 20, cpu=1.5)

    page = shown_to(alice, path)

    assert "of 512 MiB" in page
    assert "of 150 %, 1.5 cores" in page
    assert 'data-share="memory_usage" data-of="536870912"' in page
    assert 'data-share="cpu_usage" data-of="150.0"' in page


def test_the_memory_limit_is_a_line_of_the_chart(alice: User) -> None:
    assert "data-limit" not in shown_to(alice)

    become(memory=512 << 20)

    assert 'data-chart="memory" data-title="Memory" data-limit="536870912"' in shown_to(alice)


@pytest.mark.parametrize("path", [PAGE, FIGURES])
def test_it_says_when_it_does_not_run(alice: User, path: str) -> None:
    become(state=State.READY)
    stopped = shown_to(alice, path)
    become(state=State.RUNNING)
    running = shown_to(alice, path)

    assert "It does not run now" in stopped
    assert "data-usage" not in stopped
    assert "It does not run now" not in running
    assert 'data-usage="cpu_usage"' in running


def test_who_sees_the_container_sees_them(client: Client, bob: User, container: Container) -> None:
    client.force_login(bob)
    for path in (PAGE, FIGURES):
        assert client.get(path).status_code == 404
    Grant.objects.create(container=container, user=bob, permissions=[Permission.VIEW])

    assert f'href="{PAGE}" aria-current="page"' in shown_to(bob)
    assert 'id="figures"' in shown_to(bob, FIGURES)


def test_strangers_are_led_to_sign_in(client: Client) -> None:
    for path in (PAGE, FIGURES):
        assert client.get(path, headers={"Accept": "text/html"})["Location"].startswith("/account/sign-in")
