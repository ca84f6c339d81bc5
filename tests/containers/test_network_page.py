"""The Network tab: where a container is reached, and what a move will do, said before it does it."""

from typing import Any

import pytest

from accounts.models import AuditEntry, User
from accounts.permissions import Permission
from containers import events
from containers.models import Container, Event, Grant, Job
from containers.states import State
from ports import pool
from ports.models import Port
from ports.pool import PortRequest
from tests.people import browser_of, container_of

URL = "/dashboard/container/web-1/network"


@pytest.fixture
def container(alice: User) -> Container:
    """On port 25565, stopped; 25566 and 25567 are free."""
    for port in (25565, 25566, 25567):
        pool.add("0.0.0.0", port, "tcp")
    one = container_of(alice)
    pool.take(one, [PortRequest(host_port=25565, container_port=3000)])
    Container.objects.filter(pk=one.pk).update(state=State.READY, installed=True)
    one.refresh_from_db()
    return one


def rows(*ports: tuple[str, str]) -> dict[str, list[str]]:
    """Container port and host port of each."""
    return {
        "container_port": [inside for inside, _ in ports],
        "protocol": ["tcp"] * len(ports),
        "host_port": [outside for _, outside in ports],
    }


def shown(ports: list[pool.Binding]) -> list[str]:
    return [f"{each.host_port}>{each.container_port}" for each in ports]


def test_it_says_where_to_connect_to(container: Container) -> None:
    page = browser_of(container.owner).get(URL, headers={"Host": "localhost:8070"}).content.decode()

    assert 'data-copy="localhost:25565"' in page
    assert 'value="25565"' in page
    assert '<option value="25566" label="TCP">' in page


def test_of_many_addresses_three_are_beside_the_name_and_a_button_opens_the_others(container: Container) -> None:
    for port in range(25568, 25578):
        Port.objects.create(port=port, container=container)

    page = browser_of(container.owner).get(URL).content.decode()
    head, others = page[: page.index('id="tab"')].split('id="all-addresses"')

    assert head.count("data-copy=") == 3
    assert others.count("data-copy=") == 8
    assert 'popovertarget="all-addresses" aria-label="8 more addresses">+8</button>' in head


def test_only_who_may_change_it_sees_it(container: Container, bob: User) -> None:
    grant = Grant.objects.create(container=container, user=bob, permissions=[Permission.VIEW])
    client = browser_of(bob)
    for address in (URL, f"{URL}/ports"):
        assert client.get(address).status_code == 403
    assert client.post(f"{URL}/rebind").status_code == 403
    assert f'href="{URL}"' not in client.get("/dashboard/container/web-1/activity").content.decode()

    Grant.objects.filter(pk=grant.pk).update(permissions=[Permission.NETWORK])

    assert client.get(URL).status_code == 200


def test_the_preview_says_what_will_happen_and_nothing_does(container: Container) -> None:
    answer = browser_of(container.owner).post(URL, rows(("3000", "25566"), ("", "")))

    preview = answer.context["preview"]
    # Any free one is not one that is freed by this, since that one is still taken while it moves.
    assert shown(preview.taken) == ["25566>3000", "25567>25567"]
    assert shown(preview.freed) == ["25565>3000"]
    assert "does not run now" in answer.content.decode()
    assert [binding.host_port for binding in pool.bindings(container)] == [25565]
    assert Port.objects.free().count() == 2
    assert not Job.objects.exists()
    assert not Event.objects.exists()


def test_a_port_that_leads_elsewhere_and_one_that_stays(container: Container) -> None:
    client = browser_of(container.owner)

    elsewhere = client.post(URL, rows(("4000", "25565"))).context["preview"]
    as_it_is = client.post(URL, rows(("3000", "25565")))

    assert shown(elsewhere.redirected) == ["25565>4000"]
    assert not elsewhere.freed
    assert not as_it_is.context["preview"].changes
    assert "these are the ports that it has" in as_it_is.content.decode()


def test_one_that_runs_is_said_to_restart(container: Container) -> None:
    Container.objects.filter(pk=container.pk).update(state=State.RUNNING, should_run=True)

    page = browser_of(container.owner).post(URL, rows(("3000", "25566"))).content.decode()

    assert "It is stopped" in page
    assert "and started again" in page


def test_none_at_all_is_possible(container: Container) -> None:
    preview = browser_of(container.owner).post(URL, {"what": "none"}).context["preview"]

    assert shown(preview.freed) == ["25565>3000"]
    assert not preview.taken


@pytest.mark.parametrize(
    ("host_port", "status", "sentence"),
    [
        ("25567", 409, "Port already in use"),
        ("25999", 400, "Port not found in network pool"),
        ("many", 400, "A valid integer is required."),
    ],
)
def test_what_is_refused_is_said_in_its_row(container: Container, host_port: str, status: int, sentence: str) -> None:
    Port.objects.filter(port=25567).update(held=True)

    answer = browser_of(container.owner).post(URL, rows(("3000", "25565"), ("4000", host_port)))

    first, second = answer.context["form"].lists["ports"]
    assert answer.status_code == status
    assert answer.context["preview"] is None
    assert not first.errors
    assert second.errors == {"host_port": [sentence]}


def test_a_preview_that_is_refused_is_recorded(container: Container) -> None:
    browser_of(container.owner).post(URL, rows(("4000", "25999")))

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.outcome, entry.target) == ("container.rebind", "refused", "web-1")


def test_rows_come_and_go(container: Container) -> None:
    client = browser_of(container.owner)

    more = client.post(URL, {**rows(("3000", "25566")), "add_row": "ports"}).content.decode()
    none = client.post(URL, {**rows(("3000", "25566")), "remove_row": "ports.0"}).content.decode()

    assert more.count('name="container_port"') == 2
    assert 'value="25566"' in more
    assert 'name="container_port"' not in none


def test_it_moves_when_told_so(container: Container, engine_here: None) -> None:
    answer = browser_of(container.owner).post(f"{URL}/rebind", rows(("3000", "25566")))

    assert answer.headers["Location"] == URL
    assert Job.objects.get().kind == Job.Kind.REBIND
    page = browser_of(container.owner).get(URL).content.decode()
    assert "moving" in page
    assert "Show what will happen" not in page


def test_a_port_taken_after_the_preview_is_said_in_its_row(container: Container, engine_here: None) -> None:
    Port.objects.filter(port=25566).update(held=True)

    answer = browser_of(container.owner).post(f"{URL}/rebind", rows(("3000", "25566")))

    assert answer.status_code == 409
    (row,) = answer.context["form"].lists["ports"]
    assert row.errors == {"host_port": ["Port already in use"]}
    assert not Job.objects.exists()


def test_without_an_engine_nothing_moves(container: Container, engine_away: None) -> None:
    answer = browser_of(container.owner).post(f"{URL}/rebind", rows(("3000", "25566")))

    assert answer.status_code == 503
    assert answer.context["form"].non_field_errors()
    assert not Job.objects.exists()


def test_whoever_saw_it_move_gets_a_new_form_when_it_has(container: Container) -> None:
    events.record(container, Event.Kind.REBINDING, "Moving to 0.0.0.0:25566/tcp")
    client = browser_of(container.owner)
    moving = client.get(f"{URL}/ports?moving").content.decode()
    events.record(container, Event.Kind.REBIND_FAILED, "Ports are as before: address already in use")

    failed = client.get(f"{URL}/ports?moving").content.decode()
    later = client.get(f"{URL}/ports").content.decode()

    assert "?moving" in moving
    assert "Show what will happen" not in moving
    assert "Ports are as before: address already in use" in failed
    assert "Show what will happen" in failed
    assert "Show what will happen" not in later


def test_it_costs_as_many_queries_however_many_ports(container: Container, django_assert_num_queries: Any) -> None:
    client = browser_of(container.owner)
    with django_assert_num_queries(8) as few:
        client.get(URL)
    pool.add_range("0.0.0.0", 30000, 30100, "tcp")
    pool.switch(container, pool.reserve(container, [PortRequest(host_port=port) for port in range(30000, 30020)]))

    with django_assert_num_queries(len(few)):
        client.get(URL)
