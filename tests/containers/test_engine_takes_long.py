"""What a healthy engine does not answer in time is tried a few times; then its job has failed, and says so."""

from typing import Any

import pytest

from accounts.models import User
from containers.engine import client
from containers.engine.errors import TookTooLong
from containers.jobs import queue, run
from containers.models import Container, Job
from containers.states import State
from tests.people import container_of
from work import lease

SOON = 30  # seconds


@pytest.fixture
def start(alice: User, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Of a container that the engine takes too long to start."""

    def too_long(job: Job) -> None:
        raise TookTooLong("Docker engine unreachable")

    container = container_of(alice)
    Container.objects.filter(pk=container.pk).update(state=State.STARTING, installed=True, should_run=True)
    monkeypatch.setitem(run.DO, Job.Kind.START, too_long)
    return queue.add(container, Job.Kind.START, None)


def tried(job: Job, times: int) -> Job:
    for _ in range(times):
        claimed = queue.claim(job.pk)
        assert claimed is not None
        run.attempt(claimed)
    return Job.objects.select_related("container").get(pk=job.pk)


def test_an_answer_that_falls_silent_took_too_long(engine_here: None) -> None:
    docker = client._client(1)

    with pytest.raises(TookTooLong), client._translated():
        docker.get(f"{docker.base_url}/v{docker.api_version}/events", timeout=1)


def test_a_stream_that_falls_silent_took_too_long(engine_here: None) -> None:
    docker: Any = client._client(1)  # what its methods are made of is not in its types
    address = f"{docker.base_url}/v{docker.api_version}/events"
    events = docker.get(address, stream=True, timeout=SOON)  # of which there are none
    events.raw.connection.sock.settimeout(1)

    with pytest.raises(TookTooLong), client._translated():
        events.raw.read(1)


def test_the_job_is_given_up_after_some_attempts(engine_here: None, start: Job) -> None:
    assert tried(start, lease.MAX_ATTEMPTS - 1).status == Job.Status.QUEUED

    job = tried(start, 1)

    assert (job.status, job.container.state) == (Job.Status.FAILED, State.FAILED)
    assert "too long" in job.container.error


def test_a_stuck_engine_is_waited_for(engine_away: None, start: Job) -> None:
    job = tried(start, lease.MAX_ATTEMPTS + 1)

    assert (job.status, job.attempts) == (Job.Status.QUEUED, 0)
