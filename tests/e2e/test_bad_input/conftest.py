"""Bad input changes nothing: everything that there is, before and after."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.server import Lightd


@dataclass(frozen=True)
class Neighbour:
    """A container that exists already, stopped, with a port."""

    internal_id: str
    port: int
    volume_id: str


@pytest.fixture(scope="session")
def neighbour(lightd: Lightd) -> Neighbour:
    internal_id = lightd.create(ports=[{}])
    container = lightd.get(internal_id)
    return Neighbour(internal_id, container["ports"][0]["port"], container["volume_id"])


@pytest.fixture
def nothing_changes(lightd: Lightd, neighbour: Neighbour) -> Iterator[None]:
    """Rows, pool, directories and Docker are after the test what they were before."""
    before = everything(lightd, neighbour.internal_id)
    yield
    assert everything(lightd, neighbour.internal_id) == before


def everything(lightd: Lightd, internal_id: str | None = None) -> dict[str, Any]:
    """What a request could have changed; of one container every field and event."""
    seen: dict[str, Any] = {name: lightd.http.get(url).json() for name, url in LISTS.items()}
    if internal_id:
        seen["container"] = lightd.get(internal_id)
        seen["events"] = lightd.happened(internal_id)
    seen["directories"] = {path.name for path in (lightd.folder / "storage" / "volumes").glob("*")}
    if lightd.engine.answers():
        seen["docker"] = {one["Id"] for one in lightd.in_docker()}
    return seen


LISTS = {"containers": "/containers", "pool": "/network/ports", "volumes": "/volumes"}
