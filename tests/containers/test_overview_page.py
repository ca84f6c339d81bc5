"""The first page: what it says, to whom, and what that costs."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from containers import current, events, health
from containers.models import Container, Event, Grant, Heartbeat
from containers.states import State
from ports import pool
from ports.pool import PortRequest
from tests.answers import shown
from tests.people import browser_of, container_of
from volumes.models import Volume

Kind = Event.Kind
PAGE, PARTS = "/", "/dashboard/overview/parts"
GIB = 1 << 30
HOST = {
    "cpu_usage": 150.0,
    "memory_usage": 3 * GIB,
    "memory_limit": 4 * GIB,
    "disk_usage": 10 * GIB,
    "disk_limit": 200 * GIB,
    "load": 0.5,
    "cores": 2,
}


def in_state(owner: User, internal_id: str, state: State) -> Container:
    container = container_of(owner, internal_id)
    Container.objects.filter(pk=container.pk).update(state=state)
    return container


def shown_to(user: User, path: str = PAGE) -> str:
    return shown(browser_of(user).get(path))


def alive(engine: str = health.OK) -> None:
    for role in ("power", "installs"):
        health.beat(role, {})
    health.beat("supervisor", {"engine": engine})


@pytest.mark.parametrize("path", [PAGE, PARTS])
def test_strangers_are_led_to_sign_in(client: Client, db: None, path: str) -> None:
    response = client.get(path, headers={"Accept": "text/html"})

    assert response.status_code == 302
    assert response["Location"].startswith("/account/sign-in")


@pytest.mark.parametrize("path", [PAGE, PARTS])
def test_containers_are_counted_by_state_and_each_count_leads_to_them(alice: User, path: str) -> None:
    for number in range(3):
        in_state(alice, f"up-{number}", State.RUNNING)
    events.record(in_state(alice, "down", State.READY), Kind.CRASHED, "Crashed")

    page = shown_to(alice, path)

    assert 'href="/dashboard/containers/?state=running"> <b class="tally-number">3</b>' in page
    assert 'href="/dashboard/containers/?state=crashed"> <b class="tally-number">1</b>' in page
    assert '<span class="state state-crashed">crashed</span>' in page
    assert 'href="/dashboard/containers/?state=ready"> <b class="tally-number">0</b>' in page
    assert 'href="/dashboard/containers/?state=failed"> <b class="tally-number">0</b>' in page


def test_who_has_none_is_told_what_to_do_first(alice: User, bob: User) -> None:
    container_of(bob)

    for path in (PAGE, PARTS):
        page = shown_to(alice, path)
        assert "Create your first container" in page
        assert 'href="/dashboard/new-container"' in page
    assert "Create your first container" not in shown_to(bob)


def test_a_user_sees_nothing_of_others(alice: User, bob: User) -> None:
    theirs = in_state(bob, "bobs-server", State.INSTALLING)
    events.record(theirs, Kind.INSTALLING, "Installing from debian", actor="bob")
    current.remember({current.HOST: HOST})

    for path in (PAGE, PARTS):
        page = shown_to(alice, path)
        assert "bobs-server" not in page
        assert ">bob<" not in page
        assert "/host/stats" not in page
        assert "200 GiB" not in page


def test_with_a_grant_exactly_that_container(alice: User, bob: User) -> None:
    for name in ("shared", "secret"):
        events.record(in_state(bob, name, State.RUNNING), Kind.RUNNING, f"{name} runs")
    Grant.objects.create(
        container=Container.objects.get(internal_id="shared"), user=alice, permissions=[Permission.POWER]
    )

    page = shown_to(alice)

    assert "shared runs" in page
    assert "secret" not in page
    assert '<b class="tally-number">1</b>' in page


def test_administrators_see_the_host(admin: User) -> None:
    current.remember({current.HOST: HOST})

    page = shown_to(admin)

    assert "1.5 of 2 cores" in page
    assert "3.0 of 4.0 GiB" in page
    assert "10.0 of 200 GiB" in page
    assert '<meter min="0" max="100" low="69.99" high="89.99" optimum="0" value="75" aria-label="CPU">' in page
    assert 'data-history="/host/stats?window=1h" data-history-seconds="3600.0"' in page
    assert "Your quota" not in page


def test_without_a_supervisor_the_host_is_not_known(admin: User) -> None:
    assert shown_to(admin, PARTS).count("not known") == 3


def test_a_window_has_its_own_address(admin: User) -> None:
    page = shown_to(admin, "/?window=7d")

    assert 'data-history="/host/stats?window=7d"' in page
    assert 'href="?window=7d" aria-current="page"' in page


def test_a_window_that_there_is_not_is_refused(client: Client, admin: User) -> None:
    client.force_login(admin)

    assert client.get("/?window=2h", headers={"Accept": "text/html"}).status_code == 400


def test_the_use_of_a_quota(alice: User) -> None:
    alice.max_containers, alice.max_memory, alice.max_cpu, alice.max_ports = 4, 2 * GIB, 2.0, 10
    alice.save()
    container = container_of(alice)
    Container.objects.update(memory=GIB, cpu=1.5)
    Volume.objects.update(quota_mb=512)
    pool.add_range("0.0.0.0", 30000, 30019, "tcp")
    with transaction.atomic():
        pool.take(container, [PortRequest(host_port=30000)])

    for path in (PAGE, PARTS):
        page = shown_to(alice, path)
        for said in ("1 of 4", "1.0 of 2.0 GiB", "1.5 of 2 cores", "1 of 10", "512 MB, no limit"):
            assert f">{said}<" in page
        assert "1 of 20 in use, 19 free" in page


def test_an_installation_shows_its_last_step(alice: User) -> None:
    container = in_state(alice, "new", State.INSTALLING)
    events.record(container, Kind.INSTALLING, "Installing from debian")
    events.record(container, Kind.PULLING, "Pulling image debian: 40 % of 52.1 MB")

    page = shown_to(alice, PARTS)

    assert '<p class="install-now">Pulling image debian: 40 % of 52.1 MB</p>' in page
    assert page.count("Pulling image") == 1, "progress is no event worth a line of its own"
    assert 'href="/dashboard/container/new/"' in page


def test_the_events_of_what_is_gone_are_for_administrators(alice: User, admin: User) -> None:
    container = container_of(alice, "gone")
    events.record(container, Kind.DELETED, "Deleted", actor="alice")
    container.delete()

    assert "gone" not in shown_to(alice)
    page = shown_to(admin)
    assert '<span class="happened-where">gone</span>' in page


def test_trouble_is_marked(alice: User) -> None:
    events.record(container_of(alice), Kind.CRASHED, "Crashed: exit code 1")

    assert 'class="happened-what happened-trouble"' in shown_to(alice)


def test_what_was_printed_or_named_by_users_is_never_markup(admin: User, alice: User) -> None:
    events.record(container_of(alice), Kind.FAILED, "<script>alert(1)</script>", actor="<b>")

    page = shown_to(admin)

    assert "<script>alert" not in page
    assert "&lt;b&gt;" in page


def test_all_is_well(alice: User) -> None:
    alive()

    page = shown_to(alice)

    assert page.count("health-well") == 4
    assert "Not well" not in page


def test_an_engine_that_is_away_says_what_follows_and_administrators_what_to_do(admin: User, alice: User) -> None:
    alive(engine="Docker engine unreachable")

    for user, advice in ((admin, "systemctl status docker"), (alice, "Tell an administrator.")):
        page = shown_to(user, PARTS)
        assert page.count("health-well") == 3
        assert "Docker engine unreachable. Containers that run go on running" in page
        assert advice in page
    assert "systemctl" not in page


def test_without_a_supervisor_nothing_is_claimed_of_the_engine(admin: User) -> None:
    alive()
    Heartbeat.objects.filter(pk="supervisor").update(beat_at=timezone.now() - health.STALE_AFTER * 2)

    page = shown_to(admin, PARTS)

    assert "The supervisor last reported 20 s ago" in page
    assert "Not known" in page
    assert "systemctl status docker" not in page


@pytest.mark.parametrize("path", [PAGE, PARTS])
@pytest.mark.parametrize("who", ["admin", "alice"])
def test_as_many_queries_however_much_there_is(
    admin: User, alice: User, who: str, path: str, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    browser = Client()
    browser.force_login(User.objects.get(username=who))

    def happen(number: int) -> None:
        container = in_state(alice, f"c{number}", State.INSTALLING)
        events.record(container, Kind.INSTALLING, "Installing")

    happen(0)
    browser.get(path)  # the session is noted as seen
    with django_assert_max_num_queries(11) as queries:
        browser.get(path)
    for number in range(1, 20):
        happen(number)

    with django_assert_num_queries(len(queries)):
        browser.get(path)
