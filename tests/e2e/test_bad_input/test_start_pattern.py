"""Patterns that are none, and patterns that would hang a backtracking engine."""

import pytest

from tests.e2e.server import Lightd
from tests.waiting import wait_until

EXPONENTIAL = "(a|a)*$"
MANY = "head -c 100000 /dev/zero | tr '\\0' a"


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("pattern", ["(", "[a", "a**", "(?<name", "\\", "(?=a)", "(a)\\1"])
def test_an_invalid_pattern(lightd: Lightd, pattern: str) -> None:
    answer = lightd.http.post("/containers", json=lightd.body(start_pattern=pattern))

    assert answer.status_code == 400
    error = answer.json()
    assert error["error"].startswith("Invalid start_pattern: ")
    assert list(error["details"]) == ["start_pattern"]


@pytest.mark.usefixtures("nothing_changes")
def test_a_pattern_that_would_take_too_much_memory(lightd: Lightd) -> None:
    answer = lightd.http.post("/containers", json=lightd.body(start_pattern="((a{100}){100}){100}"))

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Invalid start_pattern: ")


def console(lightd: Lightd, container: str) -> str:
    return str(lightd.http.get(f"/containers/{container}/logs").json()["logs"])


def kill(lightd: Lightd, container: str) -> None:
    lightd.act(container, "kill")
    lightd.wait_state(container, "ready")


def test_an_exponential_pattern_matches_a_hundred_kilobytes(lightd: Lightd) -> None:
    container = lightd.create(start_pattern=EXPONENTIAL, startup_command=f'bash -c "{MANY}; echo; exec sleep infinity"')

    lightd.start_and_wait(container, timeout=30)

    wait_until(lambda: len(console(lightd, container)) >= 100_000, 30, "all of it was printed")
    kill(lightd, container)


def test_an_exponential_pattern_that_does_not_match_holds_nothing_up(lightd: Lightd) -> None:
    container = lightd.create(
        start_pattern="^(a|a)+b$",
        startup_command=f'bash -c "{MANY}; echo !; read -r line; exec sleep infinity"',
    )
    with lightd.socket(container) as viewer:
        lightd.act(container, "start")
        viewer.wait_for_output("!")
        assert lightd.state(container) == "starting"
        viewer.command("aaab")
        viewer.wait_for_event("running")
    kill(lightd, container)
