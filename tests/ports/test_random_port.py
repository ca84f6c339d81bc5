import pytest
from django.db import transaction

from accounts.models import User
from ports import pool
from ports.models import Port
from ports.pool import PortRequest
from rules.errors import Conflict
from tests.people import client_of, container_of

URL = "/network/ports/random"


def test_a_free_port_is_shown_and_stays_free(alice: User) -> None:
    pool.add("0.0.0.0", 100, "tcp")
    pool.add("0.0.0.0", 101, "tcp")
    pool.mark("0.0.0.0", 100, "tcp", in_use=True)

    answer = client_of(alice).get(URL).json()

    assert answer == {"ip": "0.0.0.0", "port": 101, "protocol": "tcp", "in_use": False, "internal_id": None}
    assert Port.objects.free().count() == 1


def test_the_protocol_can_be_chosen(alice: User) -> None:
    pool.add("0.0.0.0", 100, "udp")
    client = client_of(alice)

    assert client.get(f"{URL}?protocol=udp").status_code == 200
    assert client.get(f"{URL}?protocol=tcp").status_code == 404
    assert client.get(f"{URL}?protocol=sctp").status_code == 400


@pytest.mark.parametrize(("taken", "free"), [("0.0.0.0", "10.0.0.1"), ("10.0.0.1", "0.0.0.0")])
def test_what_is_shown_can_be_asked_for(alice: User, taken: str, free: str) -> None:
    """0.0.0.0 is every address: beside one that is in use, the same port of another is refused."""
    for ip in (taken, free):
        pool.add(ip, 100, "tcp")
    pool.mark(taken, 100, "tcp", in_use=True)

    answer = client_of(alice).get(URL)

    assert answer.status_code == 404
    with pytest.raises(Conflict), transaction.atomic():
        pool.take(container_of(alice), [PortRequest(ip=free, host_port=100)])
    pool.mark(taken, 100, "tcp", in_use=False)
    assert client_of(alice).get(URL).json()["port"] == 100


def test_without_a_free_port_it_says_so(alice: User) -> None:
    answer = client_of(alice).get(URL)

    assert answer.status_code == 404
    assert answer.json() == {"error": "No available ports in pool"}
