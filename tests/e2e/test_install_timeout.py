"""An install script that takes too long is ended; what it printed is kept."""

from collections.abc import Iterator

import pytest

from tests.e2e.server import Lightd
from tests.e2e.serving import serving
from tests.engine import Engine


@pytest.fixture(scope="module")
def impatient(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    folder = tmp_path_factory.mktemp("impatient")
    with serving(Lightd(folder, engine, {"LIGHTD_INSTALL_TIMEOUT": "5"})) as lightd:
        yield lightd


def test_it_fails_with_the_reason_and_the_output(impatient: Lightd) -> None:
    container = impatient.create(install_script="#!/bin/sh\necho still at it\nexec sleep infinity", wait="failed")

    assert impatient.get(container)["error"] == "The install script took too long and was ended"
    kept = impatient.http.get(f"/containers/{container}/install-log").json()
    assert kept == {"logs": "still at it\r\n", "exit_code": 137}
    assert not impatient.inspect(container)["State"]["Running"]


def test_one_that_ignores_every_signal_is_ended_too(impatient: Lightd) -> None:
    container = impatient.create(
        install_script="#!/bin/bash\ntrap '' TERM INT HUP\nwhile true; do read -r -t 60; done", wait="failed"
    )

    assert impatient.get(container)["error"] == "The install script took too long and was ended"


def test_a_server_that_runs_longer_is_not(impatient: Lightd) -> None:
    container = impatient.create(install_script="#!/bin/sh\ntrue")

    impatient.start_and_wait(container)
    slow = impatient.create(install_script="#!/bin/sh\nexec sleep infinity", wait="failed")

    assert impatient.get(slow)["install_state"] == "failed"
    assert impatient.state(container) == "running"
