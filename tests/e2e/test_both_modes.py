"""The main path and the console, as one process tree with SQLite and as four processes with Redis and PostgreSQL."""

import re

import pytest

from tests.e2e.server import Lightd
from tests.waiting import wait_until

pytestmark = pytest.mark.both_modes

SHELL = "bash -c 'echo Hello; while read line; do echo \"got $line\"; done; exec sleep infinity'"


def test_from_create_to_delete(lightd: Lightd) -> None:
    (port,) = lightd.port_range(1)
    container = lightd.create(
        install_script="#!/bin/bash\necho installing; touch /marker",
        startup_command="bash -c 'ls /marker; echo Hello; exec sleep infinity'",
        start_pattern="Hel+o",
        ports=[{"container_port": 3000, "host_port": port}],
    )
    viewer = lightd.socket(container)

    for _ in range(2):
        before = len(viewer.messages)
        lightd.act(container, "start")
        viewer.wait_for_event("running", after=before)
        lightd.act(container, "kill")
        viewer.wait_for_event("exit", after=before)
    lightd.wait_state(container, "ready")

    assert viewer.output.count("/marker") == 2
    assert lightd.http.delete(f"/containers/{container}").status_code == 200
    viewer.wait_for_event("deleted")


def test_what_is_typed_arrives_once_and_in_order(lightd: Lightd) -> None:
    container = lightd.create(startup_command=SHELL)
    viewer = lightd.socket(container)
    viewer.power("start")
    viewer.wait_for_output("Hello")

    for number in range(20):
        viewer.command(f"line {number:02}")
    viewer.wait_for_output("got line 19")

    assert re.findall(r"got line (\d\d)", viewer.output) == [f"{number:02}" for number in range(20)]


def test_a_viewer_that_comes_back_goes_on_at_its_cursor(lightd: Lightd) -> None:
    container = lightd.create(startup_command=SHELL)
    first = lightd.socket(container)
    lightd.start_and_wait(container)
    first.command("one")
    first.wait_for_output("got one")
    cursor = max(message["seq"] for message in first.messages if message["event"] == "console")
    first.close()

    second = lightd.socket(container, query=f"&since_seq={cursor}")
    second.command("two")
    second.wait_for_output("got two")

    assert "got one" not in second.output


def test_history_outlives_reinstall_rebind_and_recreate(lightd: Lightd) -> None:
    old, new = lightd.port_range(2)
    container = lightd.create(
        startup_command="bash -c 'echo \"run $RANDOM$RANDOM\"; exec sleep infinity'",
        install_script='#!/bin/bash\necho "install $RANDOM$RANDOM"',
        ports=[{"container_port": 3000, "host_port": old}],
    )

    def history(search: str) -> list[str]:
        answer = lightd.http.get(f"/containers/{container}/logs", params={"search": search})
        return [line.strip() for line in answer.json()["logs"].splitlines()]

    def run_once(times: int) -> None:
        lightd.start_and_wait(container)
        wait_until(lambda: len(history("RUN ")) == times, 30, "its line is kept")

    run_once(1)
    lightd.act(container, "rebind-network", ports=[{"port": new}])
    wait_until(lambda: [port["port"] for port in lightd.get(container)["ports"]] == [new], 30, "the port has changed")
    wait_until(lambda: len(history("RUN ")) == 2, 30, "it runs again")
    lightd.act(container, "kill")
    lightd.wait_state(container, "ready")
    lightd.act(container, "reinstall")
    lightd.wait_state(container, "ready")
    run_once(3)
    lightd.act(container, "kill")
    lightd.wait_state(container, "ready")
    settings = {"mount": {}, "startup_command": "bash -c 'echo \"run again\"; exec sleep infinity'"}
    assert lightd.http.patch(f"/containers/{container}", json=settings).status_code == 200
    run_once(4)

    assert len(set(history("run "))) == 4
    assert len(set(history("install "))) == 2


def test_metrics_come_from_every_part(lightd: Lightd) -> None:
    container = lightd.create()
    lightd.start_and_wait(container)

    def metrics() -> str:
        answer = lightd.http.get("/metrics", headers={"Accept": "text/plain"})
        assert answer.status_code == 200, answer.text
        return answer.text

    wait_until(lambda: 'lightd_jobs_finished_total{kind="start",status="done"}' in metrics(), 30, "the job is counted")
    text = metrics()
    assert "lightd_engine_reachable 1.0" in text
    assert re.search(r'lightd_containers\{state="running"\} [1-9]', text)
    assert re.search(r"lightd_console_bytes_total [1-9]", text)
    assert re.search(r"lightd_sweep_duration_seconds_count [1-9]", text)


def test_no_token_is_in_the_log(lightd: Lightd) -> None:
    container = lightd.create(wait=None)
    lightd.socket(container).close()
    lightd.http.get("/containers", params={"search": lightd.token})
    lightd.http.get(f"/containers/{container}")

    wait_until(lambda: f"path=/containers/{container}" in lightd.log_tail(), 30, "the last request is in the log")
    assert lightd.token not in lightd.log.read_text()
