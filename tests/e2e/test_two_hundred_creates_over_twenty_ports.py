"""Two hundred creates at once over twenty free ports: twenty succeed, and the others leave nothing behind."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.server import Lightd
from tests.e2e.serving import serving
from tests.engine import Engine
from tests.waiting import wait_until

CREATES = 200
PORTS = 20


@pytest.fixture(scope="module")
def crowded(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    """A server whose pool has twenty ports, and that lets one token ask as often as it likes."""
    with serving(Lightd(tmp_path_factory.mktemp("crowded"), engine, {"LIGHTD_TOKEN_RATE": "0"})) as lightd:
        lightd.use_free_ports(PORTS)
        yield lightd


async def create_at_once(lightd: Lightd, bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    async with httpx.AsyncClient(
        base_url=lightd.url, headers=lightd.http.headers, timeout=120, limits=httpx.Limits(max_connections=None)
    ) as client:
        return await asyncio.gather(*(client.post("/containers", json=body) for body in bodies))


async def test_any_free_port_will_do(crowded: Lightd) -> None:
    bodies = [crowded.body(ports=[{"container_port": 80}]) for _ in range(CREATES)]

    answers = await create_at_once(crowded, bodies)

    counted = Counter((answer.status_code, answer.json().get("error")) for answer in answers)
    assert counted == {(201, None): PORTS, (503, "No available ports in pool"): CREATES - PORTS}
    hold_what_was_given(crowded, answers)


async def test_each_port_is_wanted_by_ten(crowded: Lightd) -> None:
    bodies = [crowded.body(ports=[{"host_port": crowded.ports[index % PORTS]}]) for index in range(CREATES)]

    answers = await create_at_once(crowded, bodies)

    counted = Counter((answer.status_code, answer.json().get("error")) for answer in answers)
    assert counted == {(201, None): PORTS, (409, "Port already in use"): CREATES - PORTS}
    hold_what_was_given(crowded, answers)


def hold_what_was_given(lightd: Lightd, answers: list[httpx.Response]) -> None:
    """Rows, ports, volumes and Docker agree on the twenty; deleted, they leave nothing but their volumes."""
    made = {answer.json()["internal_id"] for answer in answers if answer.status_code == 201}
    for internal_id in made:
        lightd.wait_state(internal_id, "ready", timeout=120)

    containers = {one["internal_id"]: one for one in lightd.http.get("/containers").json()["containers"]}
    assert set(containers) == made
    owners = {port["port"]: port["internal_id"] for port in pool(lightd) if port["in_use"]}
    assert owners == {one["ports"][0]["port"]: internal_id for internal_id, one in containers.items()}
    assert set(owners) == set(lightd.ports)
    assert sorted(one["Labels"]["lightd.internal_id"] for one in lightd.in_docker()) == sorted(made)
    kept = {lightd.get(internal_id)["volume_id"] for internal_id in made}
    assert volumes(lightd) == kept

    for internal_id in made:
        assert lightd.http.delete(f"/containers/{internal_id}").status_code == 200
    assert lightd.in_docker() == []
    assert not [port for port in pool(lightd) if port["in_use"]]
    assert volumes(lightd) == kept
    wait_until(lambda: not directories(lightd, "containers"), 30, "the containers' own directories are gone")
    for volume in kept:
        assert lightd.http.delete(f"/volumes/{volume}").status_code == 200


def pool(lightd: Lightd) -> list[dict[str, Any]]:
    return [port for port in lightd.http.get("/network/ports").json()["ports"] if port["protocol"] == "tcp"]


def volumes(lightd: Lightd) -> set[str]:
    """The volumes that there are, as rows and as directories alike."""
    rows = {volume["volume_id"] for volume in lightd.http.get("/volumes").json()["volumes"]}
    assert directories(lightd, "volumes") == rows
    return rows


def directories(lightd: Lightd, of: str) -> set[str]:
    return {path.name for path in Path(lightd.folder / "storage" / of).glob("*")}
