"""An update of limits that the engine takes too long for: whatever it does yet, the next start is as the row says."""

from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import User
from containers.engine import client
from containers.engine.errors import EngineRefused, EngineUnavailable, Gone, TookTooLong
from containers.jobs import queue, run
from containers.models import Container, Event, Job, JobArgs
from containers.states import State
from rules.errors import LightdError
from tests.people import container_of
from work import lease

MIB = 1 << 20


@pytest.fixture
def update(alice: User, engine_here: None, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Of a container that runs, to 64 MiB, as the row says already."""

    def too_long(*_: object) -> None:
        raise TookTooLong("Docker engine unreachable")

    monkeypatch.setattr(client, "inspect", lambda _: SimpleNamespace(running=True))
    monkeypatch.setattr(client, "memory_in_use", lambda _: 0)
    monkeypatch.setattr(client, "update", too_long)
    container = container_of(alice)
    Container.objects.update(state=State.RUNNING, installed=True, docker_id="d" * 64, memory=64 * MIB)
    args: JobArgs = {"settings": {"memory": 64 * MIB}, "limits": {"Memory": 64 * MIB, "MemorySwap": 64 * MIB}}
    return queue.add(container, Job.Kind.UPDATE, None, args)


def tried(job: Job, times: int = lease.MAX_ATTEMPTS) -> Container:
    for _ in range(times):
        claimed = queue.claim(job.pk)
        assert claimed is not None
        run.attempt(claimed)
    job.refresh_from_db()
    assert job.status == Job.Status.FAILED
    return Container.objects.get()


def test_the_row_is_as_before_and_so_is_the_next_start(update: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "host_config", lambda _: {"Memory": 128 * MIB, "MemorySwap": 128 * MIB})

    container = tried(update)

    assert (container.memory, container.stale) == (128 * MIB, True)


def test_of_an_engine_that_does_not_say_what_it_has_the_next_start_is_as_asked(
    update: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(_: str) -> None:
        raise TookTooLong("Docker engine unreachable")

    monkeypatch.setattr(client, "host_config", too_long)

    container = tried(update)

    assert (container.memory, container.stale) == (64 * MIB, True)
    assert Event.objects.get(kind=Event.Kind.SETTINGS).message.startswith("Limits hold from the next start on")


@pytest.mark.parametrize("why", [Gone("No such container"), EngineRefused("server error"), EngineUnavailable("away")])
def test_one_that_is_refused_is_said_also_where_docker_does_not_say_what_it_has(
    update: Job, monkeypatch: pytest.MonkeyPatch, why: LightdError
) -> None:
    def refuse(error: LightdError) -> Any:
        raise error

    monkeypatch.setattr(client, "update", lambda *_: refuse(EngineRefused("not on this kernel")))
    monkeypatch.setattr(client, "host_config", lambda _: refuse(why))

    container = tried(update, 1)

    assert (container.memory, container.stale) == (64 * MIB, True)
    message = Event.objects.get(kind=Event.Kind.SETTINGS).message
    assert message == "Limits hold from the next start on: not on this kernel"
