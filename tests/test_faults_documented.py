"""docs/faults.md has the faults and states that the tests are parametrized with, what they expect, and real tests."""

import re
from pathlib import Path

from tests.answers import found
from tests.e2e.faults import ENDS, EVERY_FAULT, IN_THE_MIDDLE, OF_OURS
from tests.e2e.fleet import STATES
from tests.e2e.test_faults import test_no_state_changes_and_nothing_is_missed as of_ours
from tests.e2e.test_faults_engine import test_an_end_is_seen_in_every_state as of_the_engine

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/faults.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose head begins so, the head first."""
    lines = PAGE.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    end = lines.index("", begin)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[begin:end] if "---" not in line]


def test_every_fault_in_every_state() -> None:
    head, *rows = table("Killed")

    assert head[1:-1] == list(STATES)
    documented = [(name, [found(r"^\w+", cell) for cell in cells]) for name, *cells, _ in rows]
    assert documented == [(fault.name, [fault.after[state] for state in STATES]) for fault in EVERY_FAULT]


def test_each_row_names_the_test_that_runs_it() -> None:
    _, *rows = table("Killed")

    shown_by = {name: test.strip("`") for name, *_, test in rows}

    assert shown_by == {fault.name: (of_ours if fault in OF_OURS else of_the_engine).__name__ for fault in EVERY_FAULT}


def test_what_power_actions_end_in() -> None:
    _, *rows = table("Asked for")

    assert {action: tuple(ends) for action, *ends in rows} == {
        action: tuple(str(part) for part in ends) for action, ends in ENDS.items()
    }


def test_what_is_killed_in_the_middle() -> None:
    _, *rows = table("Killed meanwhile")

    assert [tuple(row) for row in rows] == [(fault.name, str(times)) for fault, times in IN_THE_MIDDLE]


def test_every_test_that_is_named_exists() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))

    named = set(re.findall(r"`(test_\w+)`", PAGE))

    assert {name for name in named if f"def {name}(" not in tests} == set()
