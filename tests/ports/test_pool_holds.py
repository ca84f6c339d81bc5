"""Whatever is asked for in whatever order, no two containers have a port that clashes."""

import ipaddress
from itertools import combinations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from ports import pool
from ports.models import Port
from ports.pool import PortRequest
from rules.errors import LightdError
from tests.people import container_of

ADDRESSES = ("0.0.0.0", "127.0.0.1", "127.0.0.2")
NAMES = ("a", "b", "c")

request = st.builds(
    PortRequest,
    ip=st.sampled_from(ADDRESSES),
    host_port=st.none() | st.sampled_from([100, 101, 999]),
    protocol=st.sampled_from(["tcp", "udp"]),
)
step = st.tuples(
    st.sampled_from(["take", "rebind", "give up", "release"]),
    st.sampled_from(NAMES),
    st.lists(request, max_size=3),
)


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, max_size=12))
def test_no_two_containers_clash(steps: list[tuple[str, str, list[PortRequest]]]) -> None:
    with transaction.atomic():
        owner = User.objects.create_user("owner")
        containers = {name: container_of(owner, name) for name in NAMES}
        for ip in ADDRESSES:
            for protocol in ("tcp", "udp"):
                pool.add_range(ip, 100, 101, protocol)

        for action, name, requests in steps:
            container = containers[name]
            before = state()
            try:
                with transaction.atomic():
                    if action == "take":
                        pool.take(container, requests)
                    elif action == "release":
                        pool.release(container)
                    else:
                        wanted = pool.reserve(container, requests)
                        if action == "rebind":
                            pool.switch(container, wanted)
                            assert pool.bindings(container) == wanted
                        else:
                            pool.release_reserved(container)
                            assert state() == before
            except LightdError:
                assert state() == before
            assert_no_clash()
        transaction.set_rollback(True)


def state() -> list[tuple[object, ...]]:
    return list(Port.objects.order_by("pk").values_list())


def assert_no_clash() -> None:
    taken = Port.objects.in_use().order_by("pk")
    for one, other in combinations(taken, 2):
        if one.container_id != other.container_id and (one.port, one.protocol) == (other.port, other.protocol):
            assert one.ip != other.ip
            assert not ipaddress.ip_address(one.ip).is_unspecified
            assert not ipaddress.ip_address(other.ip).is_unspecified
