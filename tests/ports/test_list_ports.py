import pytest

from accounts.models import User
from ports import pool
from ports.pool import PortRequest
from tests.people import client_of, container_of

URL = "/network/ports"


@pytest.fixture(autouse=True)
def _pool(alice: User) -> None:
    pool.add_range("0.0.0.0", 100, 102, "tcp")
    pool.take(container_of(alice), [PortRequest(host_port=101)])
    pool.mark("0.0.0.0", 102, "tcp", in_use=True)


def test_the_list_says_what_is_in_use_and_by_what(alice: User) -> None:
    common = {"ip": "0.0.0.0", "protocol": "tcp"}

    assert client_of(alice).get(URL).json() == {
        "ports": [
            {**common, "port": 100, "in_use": False, "internal_id": None},
            {**common, "port": 101, "in_use": True, "internal_id": "web-1"},
            {**common, "port": 102, "in_use": True, "internal_id": None},
        ]
    }


def test_whose_a_port_is_only_its_owner_and_administrators_see(bob: User, admin: User, alice: User) -> None:
    def shown_to(user: User, **token: list[str]) -> str | None:
        owner: str | None = client_of(user, **token).get(f"{URL}/0.0.0.0/101").json()["internal_id"]
        return owner

    assert shown_to(admin) == "web-1"
    assert shown_to(bob) is None
    assert shown_to(alice, containers=["another"]) is None


def test_a_page_comes_with_the_count_of_all(alice: User) -> None:
    answer = client_of(alice).get(f"{URL}?limit=1&offset=1").json()

    assert [port["port"] for port in answer["ports"]] == [101]
    assert answer["count"] == 3


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "offset=-1", "limit=1&offset=9999999999999"])
def test_a_page_that_cannot_be_is_refused(alice: User, query: str) -> None:
    assert client_of(alice).get(f"{URL}?{query}").status_code == 400


@pytest.mark.parametrize("name", ["0.0.0.0/99", "0.0.0.0/0", "0.0.0.0/x", "nowhere/100", "0.0.0.0/" + "1" * 50])
def test_an_unknown_port_is_not_found(alice: User, name: str) -> None:
    answer = client_of(alice).get(f"{URL}/{name}")

    assert answer.status_code == 404
    assert answer.json() == {"error": "Port not found in pool"}


def test_the_protocol_tells_two_ports_apart(alice: User) -> None:
    client = client_of(alice)

    assert client.get(f"{URL}/0.0.0.0/100?protocol=tcp").status_code == 200
    assert client.get(f"{URL}/0.0.0.0/100?protocol=udp").status_code == 404
    assert client.get(f"{URL}/0.0.0.0/100?protocol=sctp").status_code == 400
