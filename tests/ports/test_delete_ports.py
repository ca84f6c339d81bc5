import pytest

from accounts.models import User
from ports import pool
from ports.models import Port
from ports.pool import PortRequest
from tests.people import client_of, container_of

URL = "/network/ports"
ANY = "0.0.0.0"


@pytest.fixture(autouse=True)
def _pool(db: None) -> None:
    pool.add_range(ANY, 100, 102, "tcp")


def named(*ports: int) -> dict[str, object]:
    return {"ports": [{"ip": ANY, "port": port} for port in ports]}


def test_a_free_port_is_deleted(admin: User) -> None:
    answer = client_of(admin).delete(f"{URL}/{ANY}/100?protocol=tcp")

    assert answer.status_code == 200
    assert answer.json() == {"message": "Port deleted from pool"}
    assert Port.objects.count() == 2


def test_a_port_in_use_is_not(admin: User) -> None:
    pool.take(container_of(admin), [PortRequest(host_port=100)])
    pool.mark(ANY, 101, "tcp", in_use=True)
    client = client_of(admin)

    for port in (100, 101):
        assert client.delete(f"{URL}/{ANY}/{port}").status_code == 409
    assert Port.objects.count() == 3


def test_one_that_is_unknown_is_not_found(admin: User) -> None:
    answer = client_of(admin).delete(f"{URL}/{ANY}/100?protocol=udp")

    assert answer.status_code == 404
    assert answer.json() == {"error": "Port not found in pool"}


def test_several_are_deleted_at_once(admin: User) -> None:
    answer = client_of(admin).post(f"{URL}/bulk-delete", named(100, 101))

    assert answer.status_code == 200
    assert answer.json() == {"message": "Deleted 2 ports from pool", "deleted_count": 2}
    assert Port.objects.get().port == 102


@pytest.mark.parametrize(("ports", "status"), [((100, 102), 409), ((100, 999), 404), ((), 400), ((100, 0), 400)])
def test_several_are_deleted_all_or_none(admin: User, ports: tuple[int, ...], status: int) -> None:
    pool.take(container_of(admin), [PortRequest(host_port=102)])

    assert client_of(admin).post(f"{URL}/bulk-delete", named(*ports)).status_code == status
    assert Port.objects.count() == 3


def test_only_administrators_delete_ports(alice: User) -> None:
    client = client_of(alice)

    assert client.delete(f"{URL}/{ANY}/100").status_code == 403
    assert client.post(f"{URL}/bulk-delete", named(100)).status_code == 403
