import pytest

from accounts.models import User
from ports import pool
from ports.models import Port
from ports.pool import PortRequest
from tests.people import client_of, container_of

ANY = "0.0.0.0"
URL = f"/network/ports/{ANY}/100/use"


@pytest.fixture(autouse=True)
def _pool(db: None) -> None:
    pool.add(ANY, 100, "tcp")


def test_a_port_is_marked_and_cleared_by_hand(admin: User) -> None:
    client = client_of(admin)

    answer = client.put(URL, {"in_use": True})
    assert answer.status_code == 200
    assert answer.json() == {
        "message": "Port usage updated",
        "ip": ANY,
        "port": 100,
        "protocol": "tcp",
        "in_use": True,
    }
    assert not Port.objects.free().exists()

    assert client.put(URL, {"in_use": False}).json()["in_use"] is False
    assert Port.objects.free().exists()


def test_a_container_s_port_is_in_use_and_cannot_be_cleared(admin: User) -> None:
    container = container_of(admin)
    pool.take(container, [PortRequest(host_port=100)])
    client = client_of(admin)

    assert client.put(URL, {"in_use": True}).json()["in_use"] is True
    assert client.put(URL, {"in_use": False}).status_code == 409
    assert pool.bindings(container)

    pool.release(container)
    assert Port.objects.free().exists()


@pytest.mark.parametrize("body", [{}, {"in_use": 1}, {"in_use": None}, {"in_use": True, "by": "me"}])
def test_bad_input_is_refused(admin: User, body: dict[str, object]) -> None:
    assert client_of(admin).put(URL, body).status_code == 400
    assert Port.objects.free().exists()


def test_an_empty_form_says_nothing(admin: User) -> None:
    answer = client_of(admin).put(URL, "", content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 400


def test_only_administrators_mark_ports(alice: User) -> None:
    assert client_of(alice).put(URL, {"in_use": True}).status_code == 403
