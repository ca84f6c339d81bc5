"""The pool at a glance: a cell a port, or a run of them where there are too many."""

from typing import Any

import pytest

from accounts.models import User
from ports import picture, pool
from ports.models import Port
from ports.picture import MOST_CELLS, MOST_STRIPS, Use
from ports.pool import PortRequest
from tests.people import container_of

ANY = "0.0.0.0"


def uses(strip: picture.Strip) -> list[Use]:
    return [cell.use for cell in strip.cells]


def test_each_port_is_a_cell_that_says_what_it_is(alice: User) -> None:
    pool.add_range(ANY, 100, 104, "tcp")
    container = container_of(alice)
    pool.take(container, [PortRequest(host_port=101)])
    pool.reserve(container, [PortRequest(host_port=102)])
    pool.mark(ANY, 104, "tcp", in_use=True)

    drawn = picture.draw(Port.objects.all())

    (strip,) = drawn.strips
    assert (strip.ip, strip.protocol, strip.first, strip.last, strip.ports, strip.free) == (ANY, "tcp", 100, 104, 5, 2)
    assert uses(strip) == [Use.FREE, Use.USED, Use.RESERVED, Use.FREE, Use.HELD]
    assert [str(cell) for cell in strip.cells[3:]] == ["103 free", "104 held by hand"]
    assert drawn.uses == [Use.FREE, Use.USED, Use.RESERVED, Use.HELD]
    assert strip.width == 1


def test_each_address_and_protocol_is_a_strip(db: None) -> None:
    for ip, protocol in ((ANY, "udp"), (ANY, "tcp"), ("127.0.0.1", "tcp"), ("::", "tcp")):
        pool.add(ip, 100, protocol)

    strips = picture.draw(Port.objects.all()).strips

    assert [(strip.ip, strip.protocol) for strip in strips] == [
        (ANY, "tcp"),
        (ANY, "udp"),
        ("127.0.0.1", "tcp"),
        ("::", "tcp"),
    ]


def test_a_large_pool_is_drawn_in_runs(alice: User) -> None:
    pool.add_range(ANY, 10_000, 29_999, "tcp")
    container = container_of(alice)
    Port.objects.filter(port__range=(10_000, 10_009)).update(container=container)
    Port.objects.filter(port=10_010).update(container=container)

    drawn = picture.draw(Port.objects.all())

    (strip,) = drawn.strips
    assert strip.width == 10
    assert len(strip.cells) == 2000 == MOST_CELLS
    assert uses(strip)[:3] == [Use.USED, Use.MIXED, Use.FREE]
    assert str(strip.cells[1]) == "10010–10019 partly used"


def test_a_small_strip_beside_a_large_one_has_a_cell_for_each_port(db: None) -> None:
    pool.add_range(ANY, 10_000, 29_999, "tcp")
    pool.add_range(ANY, 100, 139, "udp")

    large, small = picture.draw(Port.objects.all()).strips

    assert (large.width, len(large.cells)) == (20, 1000)
    assert (small.width, len(small.cells)) == (1, 40)


def test_a_run_begins_where_its_ports_do(db: None) -> None:
    pool.add_range(ANY, 10_003, 13_999, "tcp")

    (strip,) = picture.draw(Port.objects.all()).strips

    assert (strip.cells[0].first, strip.cells[0].last) == (10_003, 10_003)
    assert (strip.cells[1].first, strip.cells[1].last) == (10_004, 10_005)
    assert len(strip.cells) <= MOST_CELLS


def test_of_more_addresses_than_are_drawn_it_says_how_many(db: None) -> None:
    Port.objects.bulk_create(Port(ip=f"10.0.0.{number}", port=80) for number in range(MOST_STRIPS + 3))

    drawn = picture.draw(Port.objects.all())

    assert len(drawn.strips) == MOST_STRIPS
    assert drawn.left_out == 3


@pytest.mark.parametrize("number", [1, 50])
def test_it_costs_two_queries(db: None, number: int, django_assert_num_queries: Any) -> None:
    pool.add_range(ANY, 100, 100 + number, "tcp")

    with django_assert_num_queries(2):
        picture.draw(Port.objects.all())


def test_an_empty_pool_is_an_empty_picture(db: None) -> None:
    assert picture.draw(Port.objects.all()).strips == []
