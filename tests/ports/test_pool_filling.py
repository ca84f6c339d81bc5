"""How full the pool is."""

from typing import Any

from accounts.models import User
from ports import pool
from ports.pool import Filling, PortRequest
from tests.people import container_of


def test_what_a_container_has_and_what_is_marked_by_hand_is_in_use(alice: User, django_assert_num_queries: Any) -> None:
    assert pool.filling() == Filling(used=0, total=0)
    pool.add_range("0.0.0.0", 30000, 30009, "tcp")
    pool.take(container_of(alice), [PortRequest(host_port=30000), PortRequest(host_port=30001)])
    pool.mark("0.0.0.0", 30005, "tcp", in_use=True)

    with django_assert_num_queries(1):
        assert pool.filling() == Filling(used=3, total=10)
