"""The install script: where and as whom it runs, what of it stays, and what its end means."""

import pytest

from tests.e2e.server import Lightd
from tests.waiting import wait_until

# Waits, without a time of its own, until the test makes the file `go` in the volume.
GATE = "until [ -e go ]; do sleep 0.05; done"


def log(lightd: Lightd, internal_id: str) -> dict[str, object]:
    answer: dict[str, object] = lightd.http.get(f"/containers/{internal_id}/install-log").json()
    return answer


def lines(lightd: Lightd, internal_id: str) -> list[str]:
    return str(log(lightd, internal_id)["logs"]).splitlines()


def test_it_runs_as_root_in_the_volume_under_its_first_line(lightd: Lightd) -> None:
    container = lightd.create(install_script="#!/bin/bash\nid -u\npwd\necho ${BASH_VERSION:+bash}\necho $HOME")

    assert lines(lightd, container) == ["0", "/home/container", "bash", "/home/container"]


def test_any_interpreter_of_the_image_will_do(lightd: Lightd) -> None:
    container = lightd.create(install_script='#!/usr/bin/perl\nprint "this is perl\\n";')

    assert lines(lightd, container) == ["this is perl"]


def test_without_a_first_line_a_shell_runs_it(lightd: Lightd) -> None:
    container = lightd.create(install_script="echo plain")

    assert lines(lightd, container) == ["plain"]


def test_line_ends_of_windows_do_no_harm(lightd: Lightd) -> None:
    container = lightd.create(install_script="#!/bin/bash\r\nset -e\r\nif true; then\r\n  echo done\r\nfi\r\n")

    assert lines(lightd, container) == ["done"]


def test_without_a_script_it_is_ready_at_once(lightd: Lightd) -> None:
    container = lightd.create()

    assert lightd.happened(container) == ["installing", "created", "installed"]
    assert log(lightd, container) == {"logs": "", "exit_code": 0}


def test_what_it_installs_is_there_when_the_container_runs(lightd: Lightd) -> None:
    container = lightd.create(
        install_script="#!/bin/sh\nprintf '#!/bin/sh\\necho tool\\n' > /usr/local/bin/tool\n"
        "chmod +x /usr/local/bin/tool\necho kept > kept",
        startup_command="tool; cat kept; exec sleep infinity",
        start_pattern="tool\\s+kept",
    )
    assert lightd.get(container)["state"] == "ready", "it is not started by itself"

    lightd.start_and_wait(container)

    assert (lightd.files(container) / "kept").read_text() == "kept\n"
    lightd.act(container, "kill")


def test_its_limits_and_rights_are_those_of_the_server(lightd: Lightd) -> None:
    limit = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null"  # of v1, of v2
    look = f"{limit}; grep CapEff /proc/1/status"
    container = lightd.create(
        install_script=f"#!/bin/sh\n{look}",
        startup_command=f"{look}; exec sleep infinity",
        limits={"memory": 64 << 20, "cpu": 0.5},
    )
    while_installing = lines(lightd, container)
    lightd.start_and_wait(container)

    def while_running() -> list[str]:
        return console(lightd, container).splitlines()[len(while_installing) :]

    wait_until(lambda: len(while_running()) >= len(while_installing), 30, "it has printed them again")
    assert while_running() == while_installing
    assert while_installing[0] == str(64 << 20)
    lightd.act(container, "kill")


def console(lightd: Lightd, internal_id: str) -> str:
    return str(lightd.http.get(f"/containers/{internal_id}/logs").json()["logs"])


def test_the_data_directory_has_both_scripts_and_cannot_be_written(lightd: Lightd) -> None:
    container = lightd.create(install_script="#!/bin/sh\ncat /app/data/install.sh; touch /app/data/x || echo refused")
    assert lines(lightd, container)[-1] == "refused"

    lightd.start_and_wait(container)

    assert lightd.run_in(container, "ls", "/app/data").split() == ["entrypoint.sh", "install.sh"]
    lightd.run_in(container, "sh", "-c", "! touch /app/data/entrypoint.sh")
    lightd.act(container, "kill")


@pytest.mark.parametrize("code", [1, 3, 255])
def test_its_exit_code_is_honoured(lightd: Lightd, code: int) -> None:
    container = lightd.create(install_script=f"#!/bin/bash\necho it went wrong\nexit {code}", wait="failed")

    failed = lightd.get(container)
    assert failed["install_state"] == "failed"
    assert failed["error"] == f"The install script failed with exit code {code}"
    assert log(lightd, container) == {"logs": "it went wrong\r\n", "exit_code": code}
    assert lightd.happened(container)[-1] == "failed"
    for action in ("start", "restart"):
        refused = lightd.http.post(f"/containers/{container}/{action}")
        assert refused.status_code == 409
        sentence = f"Cannot {action}: the installation failed, reinstall the container first"
        assert refused.json() == {"error": sentence}


def test_an_interpreter_that_the_image_lacks_fails_it(lightd: Lightd) -> None:
    container = lightd.create(install_script="#!/usr/bin/nothing\necho hi", wait="failed")

    assert lightd.get(container)["error"].startswith("The install script failed with exit code 12")


def test_a_failed_one_is_repaired_by_a_reinstall_that_keeps_the_volume(lightd: Lightd) -> None:
    container = lightd.create(install_script="#!/bin/sh\necho first > kept\nexit 1", wait="failed")

    lightd.act(container, "reinstall", install_script="#!/bin/sh\ncat kept")

    repaired = lightd.wait_state(container, "ready")
    assert repaired["error"] is None
    assert repaired["install_state"] == "ready"
    assert log(lightd, container) == {"logs": "first\r\n", "exit_code": 0}

    lightd.act(container, "reinstall", install_script="")

    lightd.wait_state(container, "ready")
    assert log(lightd, container) == {"logs": "", "exit_code": 0}


def test_its_output_is_seen_live_and_kept(lightd: Lightd) -> None:
    container = lightd.create(install_script=f"#!/bin/sh\necho one\n{GATE}\necho two", wait=None)
    with lightd.socket(container, query="&since_seq=0") as viewer:
        viewer.wait_for_output("one\r\n")
        assert lightd.state(container) == "installing"
        assert log(lightd, container) == {"logs": "one\r\n", "exit_code": None}

        (lightd.files(container) / "go").touch()

        viewer.wait_for_output("two\r\n")
        viewer.wait_for_event("installed")
    assert lightd.wait_state(container, "ready")
    assert log(lightd, container) == {"logs": "one\r\ntwo\r\n", "exit_code": 0}


def test_it_can_be_answered_by_a_viewer(lightd: Lightd) -> None:
    container = lightd.create(install_script='#!/bin/sh\necho Sure?\nread -r answer\necho "said $answer"', wait=None)
    with lightd.socket(container, query="&since_seq=0") as viewer:
        viewer.wait_for_output("Sure?")
        viewer.command("yes")
        viewer.wait_for_output("said yes")
    lightd.wait_state(container, "ready")


def test_a_delete_cancels_it(lightd: Lightd) -> None:
    container = lightd.create(install_script=f"#!/bin/sh\necho begun\n{GATE}", ports=[{}], wait=None)
    wait_until(lambda: log(lightd, container)["logs"], 30, "it runs")
    port, files = lightd.get(container)["ports"][0]["port"], lightd.files(container)

    answer = lightd.http.delete(f"/containers/{container}")

    assert answer.status_code == 200
    assert lightd.in_docker(container) == []
    assert lightd.http.get(f"/containers/{container}").status_code == 404
    assert lightd.http.get(f"/network/ports/0.0.0.0/{port}").json()["in_use"] is False
    assert files.is_dir()
    # The id is free at once, and the old installation does nothing to the new one.
    lightd.create(container)
    assert len(lightd.in_docker(container)) == 1


def wait_gone_from_docker(lightd: Lightd, container: str) -> None:
    wait_until(lambda: lightd.in_docker(container) == [], 30, "nothing of it is left in Docker")


def test_a_delete_before_it_begins_cancels_it_too(lightd: Lightd) -> None:
    deleted = [lightd.create(install_script=f"#!/bin/sh\n{GATE}", wait=None) for _ in range(5)]
    for container in deleted:
        assert lightd.http.delete(f"/containers/{container}").status_code == 200

    lightd.create()  # queued behind them

    for container in deleted:
        wait_gone_from_docker(lightd, container)
        assert lightd.http.get(f"/containers/{container}").status_code == 404


def test_a_kill_fails_it(lightd: Lightd) -> None:
    container = lightd.create(install_script=f"#!/bin/sh\necho begun\n{GATE}", wait=None)
    wait_until(lambda: log(lightd, container)["logs"], 30, "it runs")

    lightd.act(container, "kill")

    failed = lightd.wait_state(container, "failed")
    assert failed["error"] == "The install script was killed (exit code 137)"
    assert log(lightd, container) == {"logs": "begun\r\n", "exit_code": 137}


def test_twenty_of_them_delay_no_power_action(lightd: Lightd) -> None:
    ready = lightd.create()
    installing = [lightd.create(install_script=f"#!/bin/sh\n{GATE}", wait=None) for _ in range(20)]

    lightd.start_and_wait(ready)

    assert {lightd.state(one) for one in installing} == {"installing"}
    for one in (ready, *installing):
        assert lightd.http.delete(f"/containers/{one}").status_code == 200
