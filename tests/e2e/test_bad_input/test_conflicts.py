"""What is taken already, or not there to be taken."""

import pytest

from tests.e2e.server import Lightd
from tests.e2e.test_bad_input.conftest import Neighbour

pytestmark = pytest.mark.usefixtures("nothing_changes")


def test_an_id_that_is_taken(lightd: Lightd, neighbour: Neighbour) -> None:
    answer = lightd.http.post("/containers", json=lightd.body(neighbour.internal_id))

    assert answer.status_code == 409
    assert answer.json() == {"error": "Container already exists"}


def test_a_port_that_is_not_in_the_pool(lightd: Lightd, neighbour: Neighbour) -> None:
    create = lightd.http.post("/containers", json=lightd.body(ports=[{}, {"host_port": 1}]))
    rebind = lightd.http.post(f"/containers/{neighbour.internal_id}/rebind-network", json={"ports": [{"port": 1}]})

    for answer in (create, rebind):
        assert answer.status_code == 400
        assert answer.json() == {"error": "Port not found in network pool"}


def test_a_port_that_is_in_use(lightd: Lightd, neighbour: Neighbour) -> None:
    (mine,) = lightd.port_range(1)
    other = lightd.create(ports=[{"host_port": mine}])
    try:
        create = lightd.http.post("/containers", json=lightd.body(ports=[{}, {"host_port": neighbour.port}]))
        rebind = lightd.http.post(
            f"/containers/{neighbour.internal_id}/rebind-network", json={"ports": [{"port": mine}]}
        )
        for answer in (create, rebind):
            assert answer.status_code == 409
            assert answer.json() == {"error": "Port already in use"}
    finally:
        volume = lightd.get(other)["volume_id"]
        assert lightd.http.delete(f"/containers/{other}").status_code == 200
        assert lightd.http.delete(f"/volumes/{volume}").status_code == 200


def test_a_port_that_is_given_twice(lightd: Lightd) -> None:
    (port,) = lightd.port_range(1)

    answer = lightd.http.post("/containers", json=lightd.body(ports=[{"port": port}, {"host_port": port}]))

    assert answer.status_code == 400
    assert answer.json()["error"] == f"Port given twice: 0.0.0.0:{port}/tcp"


def test_what_a_stopped_container_cannot_do(lightd: Lightd, neighbour: Neighbour) -> None:
    for action in ("kill", "stop"):
        answer = lightd.http.post(f"/containers/{neighbour.internal_id}/{action}")
        assert answer.status_code == 409
        assert answer.json() == {"error": f"Cannot {action} while container is stopped"}


def test_a_volume_that_a_container_uses_is_not_deleted(lightd: Lightd, neighbour: Neighbour) -> None:
    answer = lightd.http.delete(f"/volumes/{neighbour.volume_id}")

    assert answer.status_code == 409
    assert neighbour.internal_id in answer.json()["error"]
