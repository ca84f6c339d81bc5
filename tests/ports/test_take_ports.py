import pytest
from django.db import transaction

from accounts.models import User
from ports import pool
from ports.models import Port
from ports.pool import Binding, PortRequest
from rules.errors import Conflict, Invalid, LightdError, Unavailable
from tests.people import container_of

ANY = "0.0.0.0"


def test_the_port_asked_for_is_given(alice: User) -> None:
    pool.add(ANY, 25565, "tcp")
    container = container_of(alice)

    taken = pool.take(container, [PortRequest(host_port=25565, container_port=3000)])

    assert taken == [Binding(ANY, 25565, 3000, "tcp")]
    assert pool.bindings(container) == taken
    assert pool.find(ANY, 25565, "tcp").in_use


def test_without_a_container_port_it_is_the_host_port(alice: User) -> None:
    pool.add(ANY, 25565, "tcp")

    assert pool.take(container_of(alice), [PortRequest(host_port=25565)])[0].container_port == 25565


def test_without_a_host_port_the_lowest_free_one_is_given(alice: User) -> None:
    pool.add_range(ANY, 100, 103, "tcp")
    pool.mark(ANY, 100, "tcp", in_use=True)
    container = container_of(alice)

    taken = pool.take(container, [PortRequest(), PortRequest(host_port=101), PortRequest()])

    assert [binding.host_port for binding in taken] == [102, 101, 103]
    assert pool.bindings(container) == taken


def test_only_ports_of_the_protocol_and_address_asked_for_are_given(alice: User) -> None:
    pool.add(ANY, 100, "tcp")
    pool.add("127.0.0.1", 101, "udp")
    container = container_of(alice)

    for request in (PortRequest(protocol="udp"), PortRequest(ip="127.0.0.1")):
        with pytest.raises(Unavailable, match="No available ports in pool"):
            pool.take(container, [request])


def test_a_port_that_is_not_in_the_pool_is_refused(alice: User) -> None:
    with pytest.raises(Invalid, match=r"^Port not found in network pool$"):
        pool.take(container_of(alice), [PortRequest(host_port=25565)])


def test_a_port_of_another_container_is_refused(alice: User) -> None:
    pool.add(ANY, 25565, "tcp")
    pool.take(container_of(alice, "first"), [PortRequest(host_port=25565)])

    with pytest.raises(Conflict, match=r"^Port already in use$"):
        pool.take(container_of(alice, "second"), [PortRequest(host_port=25565)])


def test_a_port_marked_by_hand_is_refused(alice: User) -> None:
    pool.add(ANY, 25565, "tcp")
    pool.mark(ANY, 25565, "tcp", in_use=True)

    with pytest.raises(Conflict, match="Port already in use"):
        pool.take(container_of(alice), [PortRequest(host_port=25565)])


@pytest.mark.parametrize(("first", "second"), [(ANY, "127.0.0.1"), ("127.0.0.1", ANY), ("::", "::1")])
def test_every_address_includes_each_address(alice: User, first: str, second: str) -> None:
    pool.add(first, 25565, "tcp")
    pool.add(second, 25565, "tcp")
    pool.take(container_of(alice, "first"), [PortRequest(ip=first, host_port=25565)])
    container = container_of(alice, "second")

    with pytest.raises(Conflict):
        pool.take(container, [PortRequest(ip=second, host_port=25565)])
    with pytest.raises(Unavailable):
        pool.take(container, [PortRequest(ip=second)])


def test_two_addresses_may_have_the_same_port(alice: User) -> None:
    pool.add("127.0.0.1", 25565, "tcp")
    pool.add("127.0.0.2", 25565, "tcp")
    requests = [PortRequest(ip="127.0.0.1", host_port=25565), PortRequest(ip="127.0.0.2")]

    assert len(pool.take(container_of(alice), requests)) == 2


def test_tcp_and_udp_are_two_ports(alice: User) -> None:
    pool.add(ANY, 25565, "tcp")
    pool.add(ANY, 25565, "udp")
    requests = [PortRequest(host_port=25565), PortRequest(host_port=25565, protocol="udp")]

    assert len(pool.take(container_of(alice), requests)) == 2


@pytest.mark.parametrize("again", [ANY, "127.0.0.1"])
def test_a_port_given_twice_is_named(alice: User, again: str) -> None:
    pool.add(ANY, 25565, "tcp")
    requests = [PortRequest(host_port=25565), PortRequest(ip=again, host_port=25565)]

    with pytest.raises(Invalid, match=f"Port given twice: {again}:25565/tcp"):
        pool.take(container_of(alice), requests)


def test_all_or_none(alice: User) -> None:
    pool.add(ANY, 25565, "tcp")
    container = container_of(alice)

    with pytest.raises(LightdError), transaction.atomic():
        pool.take(container, [PortRequest(host_port=25565), PortRequest()])

    assert not Port.objects.in_use().exists()


def test_released_ports_are_free_again(alice: User) -> None:
    pool.add_range(ANY, 100, 101, "tcp")
    first = container_of(alice, "first")
    pool.take(first, [PortRequest(container_port=3000), PortRequest()])

    pool.release(first)

    assert pool.bindings(first) == []
    assert pool.take(container_of(alice, "second"), [PortRequest()])[0] == Binding(ANY, 100, 100, "tcp")
