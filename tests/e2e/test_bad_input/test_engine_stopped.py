"""Without an engine the site answers, says what is missing, and begins nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Lightd
from tests.e2e.serving import serving
from tests.e2e.test_bad_input.conftest import everything
from tests.engine import Engine
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def without_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    folder: Path = tmp_path_factory.mktemp("without-engine")
    with serving(Lightd(folder, Engine(f"unix://{folder}/nobody.sock"))) as lightd:
        yield lightd


def test_a_create_is_refused_and_nothing_changes(without_engine: Lightd) -> None:
    before = everything(without_engine)

    answer = without_engine.http.post("/containers", json=without_engine.body(ports=[{}]))

    assert answer.status_code == 503
    assert answer.json() == {"error": "Docker engine unreachable"}
    assert answer.headers["Retry-After"]
    assert everything(without_engine) == before
    assert before["containers"] == {"containers": []}


def test_bad_input_is_still_bad_input(without_engine: Lightd) -> None:
    assert without_engine.http.post("/containers", json={}).status_code == 400
    assert without_engine.http.post("/containers/unknown/start").status_code == 404


def test_health_names_the_engine_alone(without_engine: Lightd) -> None:
    def report() -> dict[str, str]:
        said: dict[str, str] = without_engine.http.get("/health/ready").json()
        return said if said["workers"] == said["supervisor"] == "ok" else {}

    assert wait_until(report, 30, "the other parts are well") == {
        "error": "Not well: engine",
        "status": "degraded",
        "database": "ok",
        "engine": "Docker engine unreachable",
        "workers": "ok",
        "supervisor": "ok",
    }
    assert without_engine.http.get("/health/live").status_code == 200
