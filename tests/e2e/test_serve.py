"""One command runs every part, and ends every part."""

import signal
import subprocess
import sys

import pytest

from lightd_site.server import CANNOT_SERVE
from tests.e2e.server import ROOT, Lightd


def test_first_run_again_shows_nothing(lightd: Lightd) -> None:
    assert lightd.manage("first_run") == ""


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_ends_every_process_cleanly(own_lightd: Lightd, by: signal.Signals) -> None:
    assert own_lightd.pids("power")
    assert own_lightd.pids("installs")

    assert own_lightd.stop(by=by) == 0  # fails if a process outlives it


def test_killed_workers_come_back(own_lightd: Lightd) -> None:
    killed = own_lightd.kill_role("workers")

    own_lightd.wait_ready()
    own_lightd.start_and_wait(own_lightd.create())

    assert not set(own_lightd.pids("workers")) & set(killed)


def test_a_killed_server_comes_back(own_lightd: Lightd) -> None:
    """Web and supervisor, that is: what looks after them begins them again."""
    root = own_lightd.process
    own_lightd.kill_role("web")

    own_lightd.start()  # nothing to start: it waits until somebody answers
    own_lightd.start_and_wait(own_lightd.create())

    assert own_lightd.process is root


def test_it_starts_again_with_all_it_had(own_lightd: Lightd) -> None:
    container = own_lightd.create()
    own_lightd.kill_root()

    own_lightd.start()

    own_lightd.start_and_wait(container)


def test_a_port_that_is_taken_ends_it_with_a_sentence(own_lightd: Lightd) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=own_lightd.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert second.returncode == CANNOT_SERVE
    assert f"lightd: cannot listen on 127.0.0.1:{own_lightd.url.rpartition(':')[2]}; is something" in second.stderr
