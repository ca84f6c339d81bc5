import pytest

from accounts.models import User
from ports.models import Port
from tests.people import client_of

URL = "/network/ports"
PORT = {"ip": "0.0.0.0", "port": 25565, "protocol": "tcp"}


def test_one_port_is_added(admin: User) -> None:
    answer = client_of(admin).post(URL, PORT)

    assert answer.status_code == 201
    assert answer.json() == {"message": "Port added to pool", **PORT}
    assert str(Port.objects.get()) == "0.0.0.0:25565/tcp"


def test_a_range_is_added(admin: User) -> None:
    answer = client_of(admin).post(URL, {"ip": "0.0.0.0", "start": 1, "end": 65535, "protocol": "udp"})

    assert answer.status_code == 201
    assert answer.json()["added_count"] == 65535
    assert Port.objects.count() == 65535


def test_an_ipv6_address_is_stored_in_one_form(admin: User) -> None:
    client = client_of(admin)

    assert client.post(URL, {"ip": "0:0::1", "port": 1}).json()["ip"] == "::1"
    assert client.post(URL, {"ip": "::1", "port": 1}).status_code == 409


def test_a_port_that_is_there_is_a_conflict(admin: User) -> None:
    client = client_of(admin)
    client.post(URL, PORT)

    answer = client.post(URL, PORT)

    assert answer.status_code == 409
    assert answer.json() == {"error": "Port already exists in pool"}


def test_a_range_with_a_port_that_is_there_adds_nothing(admin: User) -> None:
    client = client_of(admin)
    client.post(URL, PORT)

    answer = client.post(URL, {"start": 25560, "end": 25570})

    assert answer.status_code == 409
    assert answer.json() == {
        "error": "Port already exists in pool",
        "details": {"start": ["0.0.0.0:25565/tcp is in the pool already."]},
    }
    assert Port.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**PORT, "port": 0}, "port"),
        ({**PORT, "port": 70000}, "port"),
        ({**PORT, "port": "25565"}, "port"),
        ({**PORT, "port": 2**70}, "port"),
        ({**PORT, "ip": "256.0.0.1"}, "ip"),
        ({**PORT, "ip": "localhost"}, "ip"),
        ({**PORT, "ip": "fe80::1%eth0"}, "ip"),
        ({**PORT, "protocol": "sctp"}, "protocol"),
        ({**PORT, "start": 1}, "port"),
        ({"start": 1}, "port"),
        ({"start": 2, "end": 1}, "start"),
        ({}, "port"),
        ({**PORT, "comment": ""}, "comment"),
    ],
)
def test_bad_input_is_refused_with_the_field_named(admin: User, body: dict[str, object], field: str) -> None:
    answer = client_of(admin).post(URL, body)

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]
    assert not Port.objects.exists()


def test_only_administrators_add_ports(alice: User, admin: User) -> None:
    assert client_of(alice).post(URL, PORT).status_code == 403
    assert client_of(admin, scopes=["power"]).post(URL, PORT).status_code == 403
    assert client_of(admin, scopes=["ports"]).post(URL, PORT).status_code == 201
