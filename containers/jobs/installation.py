"""The two ways an installation can end, whoever sees it: the worker, or the supervisor when the script exits."""

from __future__ import annotations

from containers import events, states
from containers.models import Container, Event
from containers.states import State

ONLY_INSTALLING = frozenset({State.INSTALLING})


def succeeded(container: Container, message: str, actor: str = "") -> None:
    """The container can be started, and is not by itself. Inside the caller's transaction."""
    if states.move(
        container.id,
        State.READY,
        only_from=ONLY_INSTALLING,
        installed=True,
        install_exit_code=0,
        deadline_at=None,
        error="",
    ):
        events.record(container, Event.Kind.INSTALLED, message, actor=actor)


def failed(container: Container, sentence: str, actor: str = "", exit_code: int | None = None) -> None:
    """Enter `failed`, with the reason. Inside the caller's transaction."""
    if states.move(
        container.id,
        State.FAILED,
        only_from=ONLY_INSTALLING,
        installed=False,
        install_exit_code=exit_code,
        deadline_at=None,
        error=sentence,
    ):
        events.record(container, Event.Kind.FAILED, sentence, actor=actor)
