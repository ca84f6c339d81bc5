"""What goes wrong in one step of the supervisor's round keeps no other from its turn."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from containers import outcomes, reconcile
from containers.engine.watch import AsyncEngine
from containers.jobs import cleanup
from containers.supervisor import supervisor as supervisors
from containers.supervisor.consoles import Consoles
from containers.supervisor.supervisor import Supervisor
from volumes import kept_uploads, trash, usage
from volumes.backups import deleting, schedules
from volumes.operations import queue as operations


@pytest.fixture
def supervisor(tmp_path: Path, settings: Settings) -> Supervisor:
    """One that has reached its engine."""
    settings.STORAGE_ROOT = tmp_path
    supervisor = Supervisor()
    supervisor._engine_error = None
    return supervisor


def failing(turns: list[str], name: str) -> Callable[[], None]:
    def step() -> None:
        turns.append(name)
        raise KeyError(name)

    return step


async def test_what_cannot_be_done_for_a_volume_keeps_no_container_past_its_deadline(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [
        (operations, "rescue"),
        (deleting, "settle"),
        (schedules, "begin_due"),
        (reconcile, "keep_deadlines"),
        (outcomes, "begin_due_restarts"),
    ]
    turns = list[str]()
    for module, name in steps:
        monkeypatch.setattr(module, name, failing(turns, name))

    await supervisor._keep_books()

    assert turns == [name for _, name in steps]


async def test_consoles_that_cannot_be_pruned_keep_nothing_from_being_swept(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = list[str]()
    supervisor._consoles = Consoles(AsyncEngine("tests"), supervisor)
    monkeypatch.setattr(supervisor._consoles, "prune", failing(turns, "consoles"))
    for module in (trash, kept_uploads, deleting, cleanup):
        monkeypatch.setattr(module, "ask_to_sweep", failing(turns, module.__name__))
    monkeypatch.setattr(usage, "ask_to_count", failing(turns, usage.__name__))
    monkeypatch.setattr(supervisors, "forget_rows", lambda: turns.append("rows"))

    await supervisor._prune()

    swept = [module.__name__ for module in (trash, kept_uploads, usage, deleting, cleanup)]
    assert turns == ["consoles", *swept, "rows"]
