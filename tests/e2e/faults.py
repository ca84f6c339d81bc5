"""The faults: what each does, and the state in which it leaves a container of each state.

docs/faults.md has a row for each; tests/test_faults_documented.py compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.e2e.fleet import STATES
from tests.e2e.server import Lightd
from tests.engine import PrivateEngine

Mode = Literal["default", "grown"]

UNCHANGED = {state: state for state in STATES}
ENDED = UNCHANGED | {"installing": "failed", "starting": "ready", "running": "ready", "stopping": "ready"}


@dataclass(frozen=True)
class Fault:
    """`name` is its row in the documentation; `after` the state that follows each state."""

    name: str
    mode: Mode
    hit: Callable[[Lightd], object]
    after: dict[str, str]

    def __str__(self) -> str:
        return self.name.replace(" ", "-").replace(",", "")


def kill_engine(lightd: Lightd) -> None:
    engine = private_engine(lightd)
    engine.kill()
    engine.start()


def restart_engine(lightd: Lightd) -> None:
    private_engine(lightd).restart()


def private_engine(lightd: Lightd) -> PrivateEngine:
    assert isinstance(lightd.engine, PrivateEngine)
    return lightd.engine


def kill_processes(lightd: Lightd) -> None:
    """Those of all its containers, from outside, past the server."""
    for one in lightd.in_docker():
        if one["State"] == "running":
            lightd.engine.client().kill(one["Id"], signal="SIGKILL")


# What is killed takes no process of a container along. Whoever starts our processes (systemd, say) brings them back:
# here `Lightd.start`, which starts what is missing.
OF_OURS = (
    Fault("workers", "default", lambda lightd: lightd.kill_role("workers"), UNCHANGED),
    Fault("server", "default", lambda lightd: lightd.kill_role("web"), UNCHANGED),
    Fault("everything", "default", lambda lightd: lightd.crash(), UNCHANGED),
    Fault("web apart", "grown", lambda lightd: lightd.kill_role("web"), UNCHANGED),
    Fault("workers apart", "grown", lambda lightd: lightd.kill_role("workers"), UNCHANGED),
    Fault("supervisor apart", "grown", lambda lightd: lightd.kill_role("supervisor"), UNCHANGED),
    Fault("everything apart", "grown", lambda lightd: lightd.crash(), UNCHANGED),
)
OF_THE_ENGINE = (
    Fault("engine", "default", kill_engine, ENDED),
    Fault("engine, by SIGTERM", "default", restart_engine, ENDED),
    Fault("container's process", "default", kill_processes, ENDED),
)
EVERY_FAULT = OF_OURS + OF_THE_ENGINE

# What each power action ends in, whoever is killed in the middle of it: the state, how often the process began, and how
# often it ended gracefully.
ENDS = {
    "start": ("running", 1, 0),
    "stop": ("ready", 1, 1),
    "restart": ("running", 2, 1),
    "kill": ("ready", 1, 0),
}
# What is killed meanwhile, and how often in a row.
TIMES = {"server": (1, 3), "everything": (3,)} | {fault.name: (1,) for fault in OF_OURS if fault.mode == "grown"}
IN_THE_MIDDLE = [(fault, times) for fault in OF_OURS for times in TIMES.get(fault.name, ())]
