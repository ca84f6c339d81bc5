import pytest
from django.db import transaction

from accounts.models import User
from ports import pool
from ports.models import Port
from ports.pool import Binding, PortRequest
from rules.errors import Conflict, Unavailable
from tests.at_once import at_once
from tests.people import container_of

ANY = "0.0.0.0"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_want_any_port_as_many_as_there_are_get_one() -> None:
    pool.add_range(ANY, 100, 109, "tcp")
    alice = User.objects.create_user("alice")
    containers = [container_of(alice, f"web-{index}") for index in range(40)]

    def take(index: int) -> list[Binding]:
        with transaction.atomic():
            return pool.take(containers[index], [PortRequest()])

    results = at_once(take, 40)

    won = [result[0].host_port for result in results if isinstance(result, list)]
    assert sorted(won) == list(range(100, 110))
    assert sum(isinstance(result, Unavailable) for result in results) == 30
    assert Port.objects.filter(container__isnull=False).values("container").distinct().count() == 10


@pytest.mark.django_db(transaction=True)
def test_of_many_who_want_one_port_under_two_addresses_one_gets_it() -> None:
    addresses = (ANY, "127.0.0.1")
    for address in addresses:
        pool.add(address, 100, "tcp")
    alice = User.objects.create_user("alice")
    containers = [container_of(alice, f"web-{index}") for index in range(20)]

    def take(index: int) -> list[Binding]:
        with transaction.atomic():
            return pool.take(containers[index], [PortRequest(ip=addresses[index % 2], host_port=100)])

    results = at_once(take, 20)

    assert sum(isinstance(result, list) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 19
    assert Port.objects.in_use().count() == 1
