import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from containers.models import Container
from ports import pool
from ports.models import Port
from ports.pool import Binding, PortRequest
from rules.errors import LightdError
from tests.people import container_of

ANY = "0.0.0.0"


@pytest.fixture
def container(alice: User) -> Container:
    """One that has 100 -> 3000 and 101 -> 101, of a pool from 100 to 105."""
    pool.add_range(ANY, 100, 105, "tcp")
    container = container_of(alice)
    pool.take(container, [PortRequest(host_port=100, container_port=3000), PortRequest(host_port=101)])
    return container


def host_ports(container: Container) -> list[int]:
    return [binding.host_port for binding in pool.bindings(container)]


def test_until_the_switch_the_container_keeps_what_it_has(container: Container) -> None:
    wanted = pool.reserve(container, [PortRequest(host_port=102)])

    assert wanted == [Binding(ANY, 102, 3000, "tcp")]
    assert host_ports(container) == [100, 101]
    assert pool.find(ANY, 102, "tcp").in_use


def test_the_switch_gives_the_old_ports_back(container: Container) -> None:
    wanted = pool.reserve(container, [PortRequest(host_port=102)])

    pool.switch(container, wanted)

    assert pool.bindings(container) == wanted
    assert [port.port for port in Port.objects.free()] == [100, 101, 103, 104, 105]


def test_giving_up_gives_the_new_ports_back(container: Container) -> None:
    pool.reserve(container, [PortRequest(host_port=102), PortRequest()])

    pool.release_reserved(container)

    assert host_ports(container) == [100, 101]
    assert [port.port for port in Port.objects.free()] == [102, 103, 104, 105]


def test_a_port_that_is_kept_may_change_place_and_container_port(container: Container) -> None:
    wanted = pool.reserve(
        container, [PortRequest(host_port=101, container_port=4000), PortRequest(host_port=100), PortRequest()]
    )

    pool.switch(container, wanted)

    expected = [Binding(ANY, 101, 4000, "tcp"), Binding(ANY, 100, 101, "tcp"), Binding(ANY, 102, 102, "tcp")]
    assert pool.bindings(container) == wanted == expected


def test_giving_up_leaves_a_kept_port_as_it_was(container: Container) -> None:
    before = pool.bindings(container)
    pool.reserve(container, [PortRequest(host_port=101, container_port=4000)])

    pool.release_reserved(container)

    assert pool.bindings(container) == before


def test_all_or_none_is_reserved(container: Container) -> None:
    with pytest.raises(LightdError), transaction.atomic():
        pool.reserve(container, [PortRequest(host_port=102), PortRequest(host_port=999)])

    assert [port.port for port in Port.objects.free()] == [102, 103, 104, 105]


def test_every_port_can_be_given_up(container: Container) -> None:
    pool.switch(container, pool.reserve(container, []))

    assert pool.bindings(container) == []
    assert Port.objects.free().count() == 6


def test_the_bindings_of_a_prefetched_list_cost_no_query(
    container: Container, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        assert [host_ports(each) for each in Container.objects.prefetch_related("ports")] == [[100, 101]]
