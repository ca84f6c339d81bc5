"""Startup commands that run as a user without rights: `LIGHTD_CONTAINER_USER`."""

from collections.abc import Iterator

import pytest

from tests.e2e.server import Lightd
from tests.e2e.serving import serving
from tests.engine import Engine

USER, GROUP = 1234, 2345


@pytest.fixture(scope="module")
def lightd(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    environment = {"LIGHTD_CONTAINER_USER": f"{USER}:{GROUP}"}
    with serving(Lightd(tmp_path_factory.mktemp("lightd"), engine, environment)) as running:
        yield running


def test_the_startup_command_has_no_rights(lightd: Lightd) -> None:
    container = lightd.create(startup_command="grep -E '^(Uid|Gid|CapEff|Groups)' /proc/self/status; exec cat")
    lightd.start_and_wait(container)
    viewer = lightd.socket(container, query="&since_seq=0")

    shown = dict(line.split(":", 1) for line in viewer.wait_for_output("CapEff").replace("\r", "").splitlines())

    assert shown["Uid"].split() == [str(USER)] * 4
    assert shown["Gid"].split() == [str(GROUP)] * 4
    assert shown["Groups"].split() == []
    assert int(shown["CapEff"], 16) == 0
    viewer.command("and it reads")
    viewer.wait_for_output("and it reads")
    lightd.act(container, "kill")


def test_what_the_install_script_leaves_in_the_volume_is_the_users(lightd: Lightd) -> None:
    container = lightd.create(
        install_script="#!/bin/sh\nset -e\n[ $(id -u) = 0 ]\nmkdir world\necho old > world/level\nln -s /etc/passwd .",
        startup_command="echo new >> world/level && echo saved; exec sleep infinity",
        start_pattern="saved",
    )

    lightd.start_and_wait(container)

    level = lightd.files(container) / "world" / "level"
    assert level.read_text() == "old\nnew\n"
    assert (level.stat().st_uid, level.stat().st_gid) == (USER, GROUP)
    assert lightd.run_in(container, "stat", "-c", "%u", "/etc/passwd").strip() == "0"
    lightd.act(container, "kill")


def test_a_failed_install_script_is_one(lightd: Lightd) -> None:
    container = lightd.create(install_script="#!/bin/sh\nexit 3", wait="failed")

    assert lightd.get(container)["error"] == "The install script failed with exit code 3"


def test_an_image_without_setpriv_says_so(lightd: Lightd) -> None:
    container = lightd.create(install_script="#!/bin/sh\nrm $(command -v setpriv)", startup_command="cat")
    lightd.act(container, "start")
    lightd.wait_state(container, "ready")

    logs = lightd.http.get(f"/containers/{container}/logs").json()["logs"]

    assert "LIGHTD_CONTAINER_USER needs setpriv, which this image lacks" in logs
    assert lightd.get(container)["exit_code"] == 126
