"""Six containers at once, one in each state, which a fault may meet.

`go` in a volume lets a script or a server go on. Each writes a line into its volume when it begins, so that a second
beginning shows.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.programs import STUBBORN
from tests.e2e.server import Lightd
from tests.e2e.truth import RETURN, untrue
from tests.waiting import wait_until

WAITS = "until [ -e go ]; do sleep 0.05; done"
INSTALL = f"#!/bin/sh\necho once >> installs\n{WAITS}\n"
SERVER = f"echo once >> starts; {WAITS}; echo Ready; exec sleep infinity"
NEVER_ENDING = f"echo once >> starts; {STUBBORN}"

STATES = ("installing", "ready", "starting", "running", "stopping", "failed")
WITH_PROCESS = ("installing", "starting", "running", "stopping")


@dataclass
class Fleet:
    """One container in each state; each is called by the state that it was brought into."""

    lightd: Lightd
    ids: dict[str, str]
    ports: dict[str, int]
    volumes: dict[str, Path]

    def let_go(self, name: str) -> None:
        (self.volumes[name] / "go").touch()

    def wait(self, name: str, state: str) -> None:
        """Within the time that recovery may take, the container is in `state`, and Docker and the pool agree."""
        wrong = ""

        def is_true() -> bool:
            nonlocal wrong
            wrong = self.wrong(name, state)
            return not wrong

        try:
            wait_until(is_true, RETURN, f"the container that was {name} is {state}")
        except AssertionError as error:
            error.add_note(f"{wrong}; {self.lightd.get(self.ids[name])}; {self.told()[name]}")
            raise

    def wrong(self, name: str, state: str) -> str:
        """What is not as it should be; empty if all is."""
        shown = self.lightd.state(self.ids[name])
        if shown != state:
            return f"is {shown}"
        if self.runs(name) != (state in WITH_PROCESS):
            return f"is {state}, and in Docker {self.docker(name)}"
        return untrue(self.lightd, self.ids[name])

    def docker(self, name: str) -> list[dict[str, Any]]:
        return self.lightd.in_docker(self.ids[name])

    def runs(self, name: str) -> bool:
        return any(one["State"] == "running" for one in self.docker(name))

    def kill_process(self, name: str) -> None:
        """From outside, past the server."""
        self.lightd.engine.client().kill(self.docker(name)[0]["Id"], signal="SIGKILL")

    def wait_for_end(self, name: str) -> None:
        """Until Docker says that the process has ended, whatever the server knows of it."""
        wait_until(lambda: not self.runs(name), 30, f"the process of the one that was {name} has ended")

    def wait_for_output(self, name: str, text: bytes) -> None:
        """Until Docker's log has `text`, whatever the server knows of it."""
        docker_id = self.docker(name)[0]["Id"]
        client = self.lightd.engine.client()
        wait_until(lambda: text in client.logs(docker_id), 30, f"{text!r} is printed")

    def told(self) -> dict[str, list[str]]:
        """The kinds of each one's events, oldest first."""
        return {name: self.lightd.happened(internal_id) for name, internal_id in self.ids.items()}

    def begun(self) -> dict[str, int]:
        """How often an install script or a server began, by the container in whose volume it says so."""
        files = {name: self.volumes[name] / ("installs" if name == "installing" else "starts") for name in STATES}
        return {name: len(file.read_text().splitlines()) for name, file in files.items() if file.exists()}

    def check_nothing_lost(self) -> None:
        """One Docker container each, and each port has the owner that it had."""
        rows = self.lightd.http.get("/network/ports").json()["ports"]
        owners = {row["port"]: row["internal_id"] for row in rows if row["protocol"] == "tcp"}
        for name, internal_id in self.ids.items():
            assert len(self.docker(name)) == 1, name
            assert owners[self.ports[name]] == internal_id, name

    def remove(self) -> None:
        for internal_id in self.ids.values():
            self.lightd.http.delete(f"/containers/{internal_id}").raise_for_status()
        self.lightd.ports += self.ports.values()  # free again


def make_fleet(lightd: Lightd) -> Fleet:
    """Bring a container into each of the states, and keep it there."""
    ports = dict(zip(STATES, lightd.port_range(len(STATES)), strict=True))
    volume_ids = {name: str(uuid.uuid4()) for name in STATES}
    volumes = {name: lightd.files_of(volume_id) for name, volume_id in volume_ids.items()}
    fleet = Fleet(lightd, {name: lightd.fresh_id(name) for name in STATES}, ports, volumes)
    commands = {"running": NEVER_ENDING, "stopping": NEVER_ENDING}
    scripts = {"installing": INSTALL, "failed": "#!/bin/sh\nexit 3\n"}
    for name, internal_id in fleet.ids.items():
        lightd.create(
            internal_id,
            wait=None,
            volume_id=volume_ids[name],
            startup_command=commands.get(name, SERVER),
            start_pattern="Ready",
            install_script=scripts.get(name, ""),
            ports=[{"container_port": 7000, "host_port": ports[name]}],
        )
    lightd.http.patch(f"/containers/{fleet.ids['stopping']}", json={"stop_timeout": 600}).raise_for_status()
    for name in ("starting", "running", "stopping"):
        lightd.wait_state(fleet.ids[name], "ready")
        lightd.act(fleet.ids[name], "start")
    lightd.wait_state(fleet.ids["stopping"], "running")
    lightd.act(fleet.ids["stopping"], "stop")
    wait_until(lambda: len(fleet.begun()) == len(WITH_PROCESS), 60, "each that has a process has begun")
    for name in STATES:
        fleet.wait(name, name)
    return fleet
